"""What a head attends to, from its scores: tiers, relations and orders; and what a pruned network is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.small_networks import drawn, random_network
from trainer.decompile import attend
from trainer.decompile.attend import (
    MOST_COUNTED,
    MOST_TABLES,
    Hard,
    candidates,
    pattern,
    sides,
    symbols_of,
    tabled,
)
from trainer.decompile.edges import TOKENS, Answered, Edges, Feed, Moved, Read, Score, all_edges
from trainer.decompile.harden import inner_heads, mostly
from trainer.decompile.network import Inputs, network_of
from trainer.decompile.paths import Paths
from trainer.decompile.plain import plainness
from trainer.decompile.symbols import FIRST, Copied, Facts, Number, Ordinal, Pair, Selection, Symbolic, Tokens
from trainer.decompile.tables import Table, ordered, related, tiers

SYMBOLS = 50
SIZE = SYMBOLS + 4
ALL = np.ones(SIZE, dtype=np.bool_)


def test_keys_whose_scores_differ_by_little_are_of_one_tier() -> None:
    table = np.array([[5.0, 4.5, 1.0, -3.0], [0.0, 9.0, 0.0, 9.0]])
    seen = np.ones(2, dtype=np.bool_), np.ones(4, dtype=np.bool_)
    assert tiers(table, 1.0, 1, *seen) == ((1, 1, 0, 0), (0, 1, 0, 1))
    assert tiers(table, 1.0, 2, *seen) == ((2, 2, 1, 0), (1, 2, 1, 2))


def test_keys_that_no_input_has_are_in_no_tier() -> None:
    table = np.array([[5.0, 4.5, 1.0]])
    assert tiers(table, 1.0, 1, np.array([True]), np.array([False, True, True])) == ((0, 1, 0),)
    assert tiers(table, 1.0, 1, np.array([False]), np.array([True, True, True])) == ((0, 0, 0),)


@pytest.mark.parametrize("step", [0, 1, -1])
def test_a_table_that_mostly_accepts_the_key_at_one_distance_is_that_relation(step: int) -> None:
    table = np.zeros((SIZE, SIZE), dtype=np.int64)
    table[:SYMBOLS, :SYMBOLS] = np.eye(SYMBOLS, k=step, dtype=np.int64)
    table[SYMBOLS + 1, SYMBOLS] = 1
    wanted = tuple(map(tuple, table.tolist()))
    table[3, 7] = table[8, 20] = 1
    assert related(tuple(map(tuple, table.tolist())), SYMBOLS) == wanted


def test_a_table_without_a_relation_has_none() -> None:
    random = np.random.default_rng(0).integers(2, size=(SIZE, SIZE))
    assert related(tuple(map(tuple, random.tolist())), SYMBOLS) is None


def _by_token(scores: NDArray[Any]) -> Table:
    return Table(Tokens(), Tokens(), scores.astype(np.float32), ALL, ALL)


def _drawn_tokens() -> Facts:
    """40 inputs of 20 random symbols behind a mark."""
    tokens = np.concatenate([np.full((40, 1), SYMBOLS), np.random.default_rng(1).integers(SYMBOLS, size=(40, 20))], 1)
    whole = np.ones(tokens.shape, dtype=np.bool_)
    lengths, none = np.full(40, 21), np.zeros(40, dtype=np.int64)
    return Facts(Inputs(tokens, lengths, none, whole), SIZE, SYMBOLS)


@pytest.mark.parametrize("far", [0.0, 3.0])
def test_scores_that_fall_with_the_key_above_the_query_ask_for_the_least_greater_one(far: float) -> None:
    at = np.arange(SIZE)
    distance = (at[None, :] - at[:, None]).astype(np.float32)
    noise = np.random.default_rng(0).normal(size=distance.shape) * far  # of keys beside which a better one mostly is
    table = np.where(distance > 0, np.where(distance < 25, 80 - 3 * distance, noise), -30.0 + 0.01 * distance)
    ranks = ordered(_by_token(table), _drawn_tokens())
    assert ranks is not None
    row = ranks[10]
    assert row[11] > row[12] > row[SYMBOLS - 1] > 0
    assert row[10] == row[0] == row[SYMBOLS] == 0
    assert ranks[SYMBOLS][0] > ranks[SYMBOLS][1] > 0
    facts = Facts(_inputs([SYMBOLS, 4, 9, 2, 3]), SIZE, SYMBOLS)
    assert facts.codes(Copied(Selection(Tokens(), Tokens(), ranks), Tokens())).tolist() == [
        [SYMBOLS, SYMBOLS, SYMBOLS, 4, 4]
    ]


def test_scores_in_no_order_have_none() -> None:
    assert ordered(_by_token(np.random.default_rng(0).normal(size=(SIZE, SIZE))), _drawn_tokens()) is None


def _inputs(row: list[int]) -> Inputs:
    tokens = np.array([row])
    graded = np.ones(tokens.shape, dtype=np.bool_)
    return Inputs(tokens, np.array([len(row)]), np.zeros(1, dtype=np.int64), graded)


FACTS = Facts(_inputs([4, 0, 1, 2]), 8, 4)


def test_a_hard_head_that_selects_nothing_attends_to_the_first_position() -> None:
    facts = Facts(_inputs([3, 0, 1]), 6, 2)
    never = Selection(None, Tokens(), ((0, 1, 0, 0, 0, 0),))
    for copies in (True, False):
        assert pattern(facts, Hard(never, copies))[0].tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert pattern(facts, Hard(Selection(), False))[0, 2].tolist() == pytest.approx([1 / 3] * 3)
    assert pattern(facts, Hard(FIRST, True))[0, 2].tolist() == [1, 0, 0]


def test_candidates_come_once_and_begin_with_the_simplest() -> None:
    model = random_network.model(2, 1, 60)
    with torch.no_grad():
        model.weights()[0].query.mul_(20)  # scores that are far apart
    network = network_of(model)
    paths = Paths(network, drawn(network))
    edges = all_edges(network)
    made = paths.freeze_means(edges)
    facts = Facts(paths.inputs, len(network.tokens), 2)
    found = list(candidates(paths, made, edges, facts, (0, 0), {}))
    assert found[0] == Hard(Selection(), copies=False)
    assert found[1] == Hard(FIRST, copies=True)
    assert len(found) == len(set(found))
    assert any(hard.where.key == Tokens() and hard.where.query == Tokens() for hard in found)


def test_a_head_that_is_read_by_a_score_is_hardened_before_those_that_the_readout_reads() -> None:
    before = Moved(0, 0, TOKENS)
    edges: Edges = frozenset(
        {Score(1, 0, Answered(0), before), Feed(0, Moved(0, 1, TOKENS)), Read(Moved(1, 0, TOKENS)), Read(TOKENS)}
    )
    assert inner_heads(edges) == {(0, 0), (0, 1)}
    where = Selection(step=1)
    hardened = {(0, 0): Hard(where, copies=True), (0, 1): Hard(Selection(), copies=False, soft=True)}
    assert symbols_of(before, edges, hardened, FACTS) == [Copied(where, Tokens())]
    assert symbols_of(Moved(0, 1, TOKENS), edges, hardened, FACTS)[0] == Number(Selection(), None, 0, MOST_COUNTED)
    assert symbols_of(Moved(0, 2, TOKENS), edges, hardened, FACTS) == []


def test_what_takes_more_words_to_say_is_less_plain() -> None:
    before = Copied(Selection(step=1), Tokens())
    order: list[Symbolic] = [Tokens(), before, Pair(Tokens(), before), Ordinal(2)]
    costs = [plainness(each) for each in order]
    assert costs == sorted(costs)


def test_of_too_many_tables_the_plainest_are_made() -> None:
    copied: list[Symbolic] = [Copied(Selection(step=back), Tokens()) for back in range(1, 30)]
    made = tabled([Tokens(), *copied], [Tokens(), *copied], FACTS)
    assert len(made) == len(set(made)) == MOST_TABLES
    assert made[0] == (None, Tokens())
    assert (Tokens(), Tokens()) in made
    assert (copied[-1], copied[-1]) not in made
    pairs = [(query, key) for query in [None, *sides(copied, FACTS)] for key in sides(copied, FACTS)]
    much = [sum(plainness(side) for side in pair if side is not None) for pair in pairs]
    plainest = sorted(sorted(range(len(pairs)), key=much.__getitem__)[:MOST_TABLES])
    assert tabled(copied, copied, FACTS) == [pairs[at] for at in plainest]
    assert tabled([Tokens()], [Tokens()], FACTS) == [(None, Tokens()), (Tokens(), Tokens())]


def test_a_head_that_stays_soft_mostly_does_what_most_of_its_attention_is_at() -> None:
    back = np.arange(4)[:, None] - np.arange(4)[None, :]
    shares = np.where(back == 1, 4.0, np.where(back >= 0, 1.0, 0.0)).astype(np.float32)
    attended = (shares / shares.sum(axis=1, keepdims=True))[None]
    known = [Hard(Selection(), copies=False), *(Hard(Selection(step=step), copies=True) for step in (0, 1, 2))]
    assert mostly(known, attended, FACTS) == Hard(Selection(step=1), copies=True, soft=True)
    assert mostly(known[:1], attended, FACTS) == Hard(Selection(), copies=False, soft=True)


def test_a_table_may_select_the_first_or_never_the_own_position_where_the_scores_say_so() -> None:
    table = Selection(Tokens(), Tokens(), ((0, 1), (1, 1)))
    hard, ranked = Hard(table, copies=True), replace(table, ranks=((0, 1), (2, 1)))
    first, never = replace(hard, where=replace(table, first=True)), replace(hard, where=replace(table, before=True))
    assert [*attend._variants(hard, False, False)] == [hard]
    assert [*attend._variants(hard, True, False)] == [hard, first]
    assert [*attend._variants(hard, True, True)] == [hard, first, never]
    others = replace(hard, where=replace(table, others=True))
    assert [*attend._variants(others, True, True)] == [others, never]
    for plain in (replace(hard, copies=False), replace(hard, where=ranked)):
        assert [*attend._variants(plain, True, False)] == [plain]
