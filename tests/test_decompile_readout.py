"""Readouts: which columns decide an answer, and whole-number weights that say how."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainer.decompile.columns import Offered
from trainer.decompile.examples import Examples, Relations, Trials
from trainer.decompile.fewest import fewest, polished, trimmed
from trainer.decompile.network import Inputs, Ints
from trainer.decompile.readout import Linear, Rows, fit, in_order, once, telling
from trainer.decompile.symbols import Copied, Counts, Facts, Ones, Ordinal, Pair, Selection, Tokens
from trainer.decompile.terms import Classes, Column, terms_of

SYMBOLS = 60
BOS, EOS = SYMBOLS, SYMBOLS + 2
BEFORE = Copied(Selection(step=1), Tokens())
EQUAL = Selection(Tokens(), Tokens(), tuple(map(tuple, np.eye(SYMBOLS + 4, dtype=int).tolist())))
AGAIN = Counts(EQUAL, None, (0,))
CLASSES = Classes((*((code,) for code in range(SYMBOLS)), (EOS,)), sets=False)


def _examples(seed: int, count: int = 150) -> Examples:
    """The number after the own one, 0 behind the last; the end where the own one has stood before."""
    random = np.random.default_rng(seed)
    x = random.integers(SYMBOLS, size=(count, 6))
    x[:, 4] = np.where(random.random(count) < 0.4, x[:, 2], x[:, 4])
    tokens = np.concatenate([np.full((count, 1), BOS), x], axis=1)
    graded = np.arange(7) == np.full((count, 1), 5)
    again = (x[:, 4:5] == x[:, :4]).any(axis=1)
    answers = np.full(tokens.shape, -1)
    answers[:, 5] = np.where(again, SYMBOLS, (x[:, 4] + 1) % SYMBOLS)
    inputs = Inputs(tokens, np.full(count, 7), np.zeros(count, dtype=np.int64), graded)
    return Examples((Facts(inputs, SYMBOLS + 4, SYMBOLS),), (answers,))


def test_in_a_large_vocabulary_columns_are_judged_by_the_relations_that_they_show() -> None:
    sight = Relations(_examples(0), CLASSES)
    every = Counts(Selection(), Tokens(), tuple(range(SYMBOLS)))
    assert sight.undecided([every]) > 0.3  # though no two rows of it are alike
    assert sight.undecided([Tokens(), AGAIN]) < 0.05
    assert sight.undecided([Tokens(), AGAIN]) < sight.undecided([Tokens()]) < sight.undecided([BEFORE])


def test_what_is_learned_of_some_tokens_holds_for_all() -> None:
    learned, judged = _examples(1), _examples(2)
    columns: list[Column] = [Tokens(), AGAIN]
    linear = fit(learned.facts, columns, learned.answers, CLASSES)
    assert judged.match(linear) >= 0.97
    assert linear.weights[0].shape == (SYMBOLS + 4, SYMBOLS + 1)


@pytest.mark.parametrize("classes", [[0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 1, 1], [3, 3, 2, 2, 0, 1]])
def test_classes_that_follow_each_other_as_a_number_grows_get_exact_weights(classes: list[int]) -> None:
    numbers: Ints = np.array([0, 1, 2, 3, 7, 9])
    zeros = np.zeros(6, dtype=np.int64)
    rows = Rows((numbers[:, None], zeros), np.array(classes), np.ones(6, dtype=np.int64))
    linear = in_order([AGAIN, Ones()], rows, 7)
    assert linear is not None
    logits = numbers[:, None] * linear.weights[0][0] + linear.weights[1][0]
    assert logits.argmax(axis=1).tolist() == classes


def test_a_class_that_comes_twice_as_a_number_grows_has_no_such_weights() -> None:
    rows = Rows((np.array([[0], [1], [2]]), np.zeros(3, dtype=np.int64)), np.array([0, 1, 0]), np.ones(3, dtype=int))
    assert in_order([AGAIN, Ones()], rows, 2) is None


def test_counts_of_what_is_no_token_have_a_weight_each() -> None:
    """A pair of few tokens has codes that are no tokens; none of them speaks for a class of its own."""
    examples = _examples(3, 30)
    facts = Facts(examples.facts[0].inputs, SYMBOLS + 4, SYMBOLS)
    pair = Pair(Tokens(), Tokens())
    column = Counts(Selection(), pair, tuple(code * (SYMBOLS + 5) for code in range(12)))
    linear = fit([facts], [column, Ones()], examples.answers, CLASSES)
    assert linear.weights[0].shape == (12, SYMBOLS + 1)


FEW = Classes(((0,), (1,)), sets=False)


def _counted(seed: int, count: int = 60, noise: int = 0) -> Examples:
    """Whether there are more 0 than 1 among four symbols; some of the answers are turned round."""
    random = np.random.default_rng(seed)
    x = random.integers(4, size=(count, 8))
    tokens = np.concatenate([np.full((count, 1), 4), x], axis=1)
    graded = np.arange(9) == np.full((count, 1), 8)
    answers = np.full(tokens.shape, -1)
    answers[:, 8] = (x == 0).sum(axis=1) > (x == 1).sum(axis=1)
    answers[:noise, 8] = 1 - answers[:noise, 8]
    inputs = Inputs(tokens, np.full(count, 9), np.zeros(count, dtype=np.int64), graded)
    return Examples((Facts(inputs, 7, 4),), (answers,))


def _of(*codes: int) -> Counts:
    return Counts(Selection(), Tokens(), codes)


def test_columns_are_added_one_by_one_until_they_will_do_and_no_more() -> None:
    trials = Trials(_counted(0), _counted(1), _counted(2), FEW)
    pool = [Offered(column, cost) for column, cost in ((_of(2), 1.0), (_of(1), 2.0), (Tokens(), 2.0), (_of(0), 3.0))]
    said: list[str] = []
    linear = fewest(pool, trials, 1.0, said.append)
    assert set(linear.columns) == {_of(0), _of(1), Ones()}
    assert trials.judged.match(linear) == 1.0
    sizes = [told.count(",") for told in said]
    assert sizes == sorted(sizes)
    assert max(sizes) == 1


def test_the_best_readout_is_told_where_none_will_do() -> None:
    trials = Trials(_counted(0, 300, noise=2), _counted(1, 300, noise=2), _counted(2), FEW)
    pool = [Offered(_of(code), 1.0) for code in (0, 1, 2)]
    linear = fewest(pool, trials, 1.0, lambda what: None)
    assert {_of(0), _of(1)} <= set(linear.columns)
    assert trials.judged.match(linear) > 0.98
    assert fewest(pool[2:], trials, 1.0, lambda what: None).columns == (_of(2), Ones())


def test_a_readout_does_without_the_counts_that_tell_nothing() -> None:
    trials = Trials(_counted(0), _counted(1), _counted(2), FEW)
    whole = trials.fit([_of(0, 1, 2), _of(5)])
    left = trimmed(whole, trials, lambda what: None)
    assert left.columns == (_of(0, 1), Ones())
    assert trials.judged.match(left) >= trials.judged.match(whole)
    best = polished(left, trials, lambda what: None)
    assert best.columns == left.columns
    assert trials.judged.match(best) == 1.0
    assert max(int(np.abs(weights).max()) for weights in best.weights) <= 2


SMALL = Classes(((0,), (1,), (0, 1)), sets=True)


@pytest.mark.parametrize(
    ("column", "classes"),
    [
        (Tokens(), CLASSES),
        (BEFORE, CLASSES),
        (Counts(Selection(), Tokens(), tuple(range(3, 20))), CLASSES),
        (Counts(Selection(), Tokens(), (0, 7, 9)), CLASSES),
        (AGAIN, SMALL),
        (Tokens(), SMALL),
        (Ordinal(3), SMALL),
    ],
    ids=str,
)
def test_what_a_descent_adds_is_what_the_weights_say_that_it_finds(column: Column, classes: Classes) -> None:
    """Rows of their own, weights tied in a large vocabulary, numbers made alike in size: all say it in the end."""
    (facts,) = _examples(4, 20).facts
    codes = facts.graded(column)
    terms = terms_of(column, codes, classes, facts)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in terms.parameters:
            parameter.normal_(0.0, 1.0, generator=generator)
    weights = terms.weights()
    said = codes @ weights if isinstance(column, Counts) else weights[codes]
    assert abs(said).max() > 0.01
    np.testing.assert_allclose(terms.added().detach().numpy(), said, rtol=0, atol=1e-9)


def test_in_a_large_vocabulary_a_token_speaks_for_itself_and_its_neighbours_and_marks_for_themselves() -> None:
    (facts,) = _examples(4, 20).facts
    terms = terms_of(Tokens(), facts.graded(Tokens()), CLASSES, facts)
    same, after, before = 100.0, 10.0, 1.0
    with torch.no_grad():
        terms.parameters[0].copy_(torch.tensor([same, after, before]))
    weights = terms.weights()
    for token in range(SYMBOLS + 4):
        expected = np.zeros(SYMBOLS + 1)
        for step, weight in ((0, same), (1, after), (-1, before)):
            if token < SYMBOLS and 0 <= token + step < SYMBOLS:
                expected[token + step] = weight
        assert weights[token].tolist() == expected.tolist()


def test_what_speaks_for_no_class_more_than_for_another_is_left_out() -> None:
    counts = Counts(Selection(), Tokens(), (4, 7, 9))
    linear = Linear(
        (counts, Tokens(), Ones()), (_rows((2, 0), (3, 3), (0, 1)), _rows((5, 5), (0, 0)), _rows((1, 0))), 0
    )
    left = telling(linear)
    assert left.columns == (Counts(Selection(), Tokens(), (4, 9)), Ones())
    assert [weights.tolist() for weights in left.weights] == [[[2, 0], [0, 1]], [[1, 0]]]
    nothing = Linear((Ones(),), (_rows((1, 1)),), 0)
    assert telling(nothing) is nothing


def _rows(*rows: tuple[int, ...]) -> Ints:
    return np.array(rows)


def test_what_most_tokens_weigh_alike_is_said_once() -> None:
    (facts,) = _examples(5, 20).facts
    size, classes = SYMBOLS + 4, SYMBOLS + 1
    following = np.eye(size, classes, k=1, dtype=np.int64)
    following[SYMBOLS - 1 :] = 0
    ending = np.zeros((1, classes), dtype=np.int64)
    ending[0, SYMBOLS] = 1
    weights = following + ending
    weights[BOS] = 0
    copied = np.eye(size, classes, dtype=np.int64)
    before = Linear((Tokens(), BEFORE), (weights, copied), 0.0)
    after = once(before)
    assert after.columns == (Tokens(), BEFORE, Ones())
    assert after.weights[0][:SYMBOLS].tolist() == following[:SYMBOLS].tolist()
    assert after.weights[0][BOS].tolist() == (-ending[0]).tolist()
    assert after.weights[1] is copied
    assert after.weights[2].tolist() == ending.tolist()
    assert after.predict(facts).tolist() == before.predict(facts).tolist()
    assert once(after) is after
    more = Linear((*before.columns, Ones()), (*before.weights, 2 * ending), 0.0)
    assert once(more).weights[2].tolist() == (3 * ending).tolist()


def test_weights_of_few_values_stay_as_they_are() -> None:
    linear = Linear((Ordinal(3),), (np.array([[1, 2], [1, 2], [1, 0]]),), 0.0)
    assert once(linear) is linear


def test_in_a_large_vocabulary_all_symbols_are_one_class_to_what_says_nothing_of_them_and_each_mark_its_own() -> None:
    assert CLASSES.groups(SYMBOLS).tolist() == [*[0] * SYMBOLS, 3]  # the third mark, behind all symbols
    assert SMALL.groups(SYMBOLS).tolist() == [0, 1, 2]
