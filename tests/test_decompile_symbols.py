"""Discrete variables mean, as arrays, what they mean as the nodes of a Program."""

from __future__ import annotations

import typing
from dataclasses import replace

import numpy as np
import pytest

from tests.small_networks import drawn, random_network
from tprog.tasks.next_token import get_next_token_task
from trainer.decompile import keeping
from trainer.decompile.assemble import assembled
from trainer.decompile.harden import HardNetwork
from trainer.decompile.measure import said
from trainer.decompile.network import Inputs, Ints
from trainer.decompile.pipeline import Decompiled, Settings
from trainer.decompile.readout import Linear
from trainer.decompile.samples import TaskSource
from trainer.decompile.symbols import (
    FIRST,
    MOST_SELECTIONS,
    Copied,
    Counts,
    Facts,
    Number,
    Ordinal,
    Pair,
    Place,
    Selection,
    Symbolic,
    Tokens,
    key_order,
)
from trainer.decompile.terms import Classes, Column

LANGUAGE = TaskSource(get_next_token_task("012_0_2"), None)
ANSWER = TaskSource(get_next_token_task("binary_majority"), None)

AT_2_OR_3 = tuple(int(at in (2, 3)) for at in range(max(LANGUAGE.longest, ANSWER.longest)))


def _table(source: TaskSource, seed: int, queries: int | None = None, most: int = 1) -> tuple[tuple[int, ...], ...]:
    random = np.random.default_rng(seed)
    size = len(source.task.vocabulary)
    order = random.integers(1, most + 1, size=size)
    accepted = random.random((queries or 1, size)) < 0.5
    return tuple(tuple(int(rank) for rank in row) for row in order * accepted)


def _columns(source: TaskSource) -> dict[str, Column]:
    size = len(source.task.vocabulary)
    asked = Selection(Tokens(), Tokens(), _table(source, 1, size))
    before = Copied(Selection(step=1), Tokens())
    return {
        "tokens": Tokens(),
        "the place modulo 3": Ordinal(3),
        "the position": Place(),
        "a number as a symbol": Number(Selection(), Tokens(), 0, 3),
        "how many are selected": Counts(Selection(Tokens(), Tokens(), _table(source, 8, size)), None, (0,)),
        "how many stand before": Number(Selection(before=True), None, 0, 4),
        "a table of what stands before": Copied(
            Selection(Tokens(), Tokens(), _table(source, 9, size), before=True), Tokens()
        ),
        "a table over positions": Copied(Selection(None, Place(), (AT_2_OR_3,)), Tokens()),
        "two places before": Copied(Selection(step=2), Tokens()),
        "the first": Copied(FIRST, Tokens()),
        "a table": Copied(asked, Tokens()),
        "a table, its own position last": Copied(replace(asked, others=True), before),
        "the first in a table": Copied(replace(asked, first=True), Tokens()),
        "a table that no query changes": Copied(Selection(None, Tokens(), _table(source, 2)), Tokens()),
        "tiers": Copied(Selection(Tokens(), Tokens(), _table(source, 3, size, 3)), Tokens()),
        "tiers that no query changes": Copied(Selection(None, Tokens(), _table(source, 4, None, 3)), before),
        "a table over what was copied": Copied(Selection(Tokens(), before, _table(source, 5, size)), Tokens()),
        "a pair": Pair(Tokens(), before),
        "a table over a pair": Copied(Selection(None, Pair(Tokens(), before), _pairs(source)), Tokens()),
        "counts": Counts(Selection(), Tokens(), (0, 1, source.task.bos)),
        "counts of what was copied": Counts(Selection(), before, (0, 1)),
        "counts in a table": Counts(asked, Tokens(), (0, 1)),
        "counts of one variable where a table accepts another": Counts(asked, before, (0, 1)),
        "counts at distances": Counts(Selection(step=1, modulus=2), Tokens(), (0, 1)),
        "counts at distances in a table": Counts(
            Selection(Tokens(), Tokens(), _table(source, 6, size), step=0, modulus=3), Tokens(), (0, 1)
        ),
        "counts of places at distances in a table": Counts(
            Selection(Tokens(), Tokens(), _table(source, 6, size), step=1, modulus=2), Place(), (0, 1, 2)
        ),
        "a count of all in a table that no query changes": Counts(
            Selection(None, Tokens(), _table(source, 2)), None, (0,)
        ),
    }


def _pairs(source: TaskSource) -> tuple[tuple[int, ...], ...]:
    size = len(source.task.vocabulary)
    return (tuple(int(held) for held in np.random.default_rng(7).random(size * size) < 0.4),)


@pytest.mark.parametrize("source", [LANGUAGE, ANSWER], ids=["language", "answer"])
@pytest.mark.parametrize("name", list(_columns(LANGUAGE)))
def test_a_hard_network_and_its_program_predict_alike(name: str, source: TaskSource) -> None:
    column = _columns(source)[name]
    random = np.random.default_rng(0)
    classes = Classes(tuple((code,) for code in range(len(source.task.symbols))), sets=False)
    columns: tuple[Column, ...] = (column,) if column == Tokens() else (Tokens(), column)
    inputs = source.random_strings(60, (1, 20), 0)
    facts = Facts(inputs, len(source.words), source.symbols, source.longest)
    sizes = [len(c.codes) if isinstance(c, Counts) else facts.size(c) for c in columns]
    weights: tuple[Ints, ...] = tuple(random.integers(-3, 4, size=(size, len(classes.labels))) for size in sizes)
    hard = HardNetwork(Linear(columns, weights, 0.0), classes, 1.0, ())
    predicted = hard.readout.predict(facts)
    got = said(assembled(hard, source), source, inputs)
    assert (got[inputs.graded] == predicted).all()


@pytest.mark.parametrize("what", [*typing.get_args(Symbolic), Counts, Selection])
def test_what_a_readout_may_read_can_be_kept(what: type) -> None:
    assert what.__name__ in keeping._KINDS


def test_ranks_that_no_order_of_keys_alone_gives_have_none() -> None:
    assert key_order(Selection(Tokens(), Tokens(), ((1, 2, 0), (2, 1, 0)))) is None
    assert key_order(Selection(Tokens(), Tokens(), ((1, 2, 0), (0, 3, 2)))) == (0, 2, 1)


def test_a_selection_says_how_many_tiers_it_has_if_more_than_one() -> None:
    one, two = (Selection(Tokens(), Tokens(), ((0, 1, 0), (most, 1, 0))) for most in (1, 2))
    assert (Selection().tiers, one.tiers, two.tiers) == (0, 1, 2)
    assert "tiers" not in str(one)
    assert "in 2 tiers" in str(two)


def test_what_stands_behind_an_input_is_not_looked_at() -> None:
    tokens = np.array([[4, 0, 1, 2, 0]])
    lengths, graded = np.array([3]), np.array([[True, True, True, False, False]])
    whole = Inputs(tokens, lengths, np.zeros(1, dtype=np.int64), graded)
    counts = Counts(Selection(), Tokens(), (0,))
    assert Facts(whole, 7, 3).graded(counts).tolist() == [[0], [1], [1]]
    assert whole.rows(slice(0, 1)).tokens.tolist() == [[4, 0, 1]]


def test_a_selection_that_is_forgotten_is_made_again() -> None:
    inputs = drawn(random_network(1, 1, 60))
    facts = Facts(inputs, 6, 2)
    selections = [Selection(step=back) for back in range(2 * MOST_SELECTIONS)]
    first = [facts.selected(each) for each in selections]
    assert len(facts._selected) == MOST_SELECTIONS
    for each, made in zip(selections, first, strict=True):
        assert np.array_equal(facts.selected(each), made)


def test_the_place_modulo_a_number_takes_few_lines_however_long_inputs_are() -> None:
    readout = Linear((Ordinal(4),), (np.eye(4, 2, dtype=np.int64),), 0.0)
    program = assembled(HardNetwork(readout, Classes(((0,), (1,)), sets=False), 1.0, ()), LANGUAGE)
    made = Decompiled(Settings("012_0_2"), (), program=program)
    assert program.max_length > 100
    assert made.lines is not None
    assert made.lines < 40


def test_values_of_a_pair_that_weigh_alike_are_one_value() -> None:
    pair = Pair(Tokens(), Ordinal(3))
    weights: Ints = np.repeat(np.random.default_rng(1).integers(-3, 4, size=(len(ANSWER.words), 2)), 3, axis=0)
    weights[1] = 5, 6
    hard = HardNetwork(Linear((pair,), (weights,), 0.0), Classes(((0,), (1,)), sets=False), 1.0, ())
    program = assembled(hard, ANSWER)
    assert "like 0 0" in program.symbols("both").values
    assert "0 1" in program.symbols("both").values
    inputs = ANSWER.random_strings(60, (1, 20), 0)
    predicted = hard.readout.predict(Facts(inputs, len(ANSWER.words), ANSWER.symbols))
    assert (said(program, ANSWER, inputs)[inputs.graded] == predicted).all()
