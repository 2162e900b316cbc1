"""Numbers without a common denominator in int64: means beyond length 42, and means of means."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyze.abstract.ranges import ranges
from analyze.circuits.ablation import parse_baseline
from tests.programs import PROGRAMS, everything, mean_of_means
from tests.slow import slow_values
from tests.strategies import programs, some_inputs
from tests.test_edit import edits
from tests.test_emit import compiled, emitted_outcome, outcome
from tests.verbs import Asked, every_verb
from tprog.edits.edit import CellEdit, apply
from tprog.errors import BadProgram, NotExact
from tprog.ir.program import (
    BEGIN,
    Head,
    Linear,
    Lookup,
    Node,
    Numbers,
    NumericHead,
    Program,
    Quotients,
    Readout,
    Weights,
)
from tprog.ir.readout import IMPLIED
from tprog.run.batch import encode
from tprog.run.evaluate import _proper_fraction, _proper_fractions, level_codes
from tprog.run.execute import execute, predict
from tprog.simplify import simplify
from tprog.tasks.builtin import inputs_for
from tprog.text.emit import emit
from tprog.text.patch import patched
from tprog.text.read import read_source

WORDS = (BEGIN, "a", "b")
EVERY = everything(WORDS, WORDS)


def trends(letters: Sequence[str]) -> list[str]:
    """Of each prefix: whether the mean of the shares of a so far is a half, and the last share no less than it."""
    from fractions import Fraction

    found, shares = [], []
    for length in range(1, len(letters) + 1):
        shares.append(Fraction(letters[:length].count("a"), length))
        mean = sum(shares) / length
        trend = "h" if mean >= Fraction(1, 2) else "l"
        found.append(trend.upper() if shares[-1] >= mean else trend)
    return found


# The domain ###########################################################################################################


@given(
    st.fractions(-3, 3, max_denominator=6),
    st.fractions(0, 3, max_denominator=6),
    st.sampled_from([1, 2, 5, 6]),
    st.integers(6, 9),
    st.lists(st.fractions(-4, 4, max_denominator=80), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_codes_tell_all_quotients_apart_in_their_order(
    low: Fraction, span: Fraction, unit: int, most: int, levels: list[Fraction]
) -> None:
    domain = Quotients(low, low + span, unit, most)
    every = sorted(
        {
            number
            for count in range(1, most + 1)
            for whole in range(-7 * unit * most, 7 * unit * most)
            if low <= (number := Fraction(whole, unit * count)) <= low + span
        }
    )
    codes = [domain.code(number) for number in every]
    assert domain.codes == tuple(codes) == tuple(sorted(set(codes)))
    assert [domain.number(code) for code in codes] == every
    assert all(map(domain.holds, every))
    assert all(abs(code) <= domain.bound for code in codes)
    for level in levels:
        assert domain.holds(level) == (level in every)
        assert [code >= domain.first_from(level) for code in codes] == [number >= level for number in every]


def mean_at(length: int, *more: Node, causal: bool = False) -> Program:
    """The share of the letter a among all that a position sees."""
    nodes = (
        Lookup("is_a", ("tokens",), (None,), None, (0, 1, 0)),
        NumericHead("share", "tokens", "tokens", "is_a", EVERY, skip_first=True, reduce="mean", default=0),
        *more,
    )
    return Program(WORDS, ("n", "y"), length + 1, nodes, Readout(()), causal=causal)


def test_a_fraction_that_is_worked_out_is_the_one_in_the_table() -> None:
    """Where counts may be too large for a table."""
    wholes, counts = _proper_fractions(12)
    found = [_proper_fraction(12, code) for code in range(12**2)]
    assert found == list(zip(wholes.tolist(), counts.tolist(), strict=True))
    assert len(set(found)) > 12


def test_a_mean_has_a_common_denominator_up_to_length_42_and_beyond_it_1261_values_to_64() -> None:
    assert isinstance(mean_at(42).variables["share"].domain, Numbers)
    assert isinstance(mean_at(43).variables["share"].domain, Quotients)
    domain = mean_at(64).variables["share"].domain
    assert domain == Quotients(Fraction(0), Fraction(1), 1, 64)
    assert len(domain.codes or ()) == 1261


# What they mean #######################################################################################################


def test_means_of_means_at_length_32_are_what_plain_python_says() -> None:
    draw = random.Random(0)
    many = [draw.choices("ab", weights=(draw.random(), 0.5), k=draw.randint(20, 32)) for _ in range(300)]
    many += [["a"] * 16 + ["b"] * 16, ["b", "a"] * 16, [*"ab" * 16]]
    program = mean_of_means(32)
    assert isinstance(program.variables["so_far"].domain, Quotients)
    assert isinstance(program.variables["ahead"].domain, Quotients)
    run = execute(program, encode(program, [[BEGIN, *letters] for letters in many]))
    outputs = [run.outputs(row)[1:] for row in range(len(many))]
    assert outputs == [trends(letters) for letters in many]
    assert {trend for found in outputs for trend in found} == {"l", "L", "h", "H"}
    module = compiled(program)
    assert [module([BEGIN, *letters])[1:] for letters in many[:40]] == outputs[:40]
    assert read_source(emit(program).text).program == program


def test_they_are_on_all_short_inputs_too() -> None:
    program = mean_of_means(32)
    few = [list(letters) for length in range(1, 8) for letters in product("ab", repeat=length)]
    run = execute(program, encode(program, [[BEGIN, *letters] for letters in few]))
    assert [run.outputs(row)[1:] for row in range(len(few))] == [trends(letters) for letters in few]


def wide(length: int) -> Program:
    """Shares compared, chosen by, rounded, and subtracted, at a length where they have no common denominator."""
    before = NumericHead("before", "tokens", "tokens", "is_a", EVERY, "before", True, "mean", Fraction(2, 3))
    best = Head("best", "tokens", "tokens", "tokens", EVERY, skip_first=True, attend="largest", by="share")
    gained = Linear("gained", ("share", "before", "is_a"), (2, Fraction(-1, 2), 1), Fraction(1, 3))
    rank = Lookup("rank", ("share", "gained"), ((0, Fraction(1, 3), Fraction(30, 61)), (0, 1)), None, tuple(range(6)))
    readout = Readout((Weights("best", ((0, 0), (3, 0), (0, 0))), Weights("rank", ((0, 1),))))
    return replace(mean_at(length, before, best, gained, rank, causal=True), readout=readout)


def test_means_beyond_length_42_are_computed_compared_and_read_exactly() -> None:
    program, draw = wide(64), random.Random(1)
    assert isinstance(program.variables["gained"].domain, Quotients)
    many = [[BEGIN, *draw.choices("ab", k=draw.randint(40, 64))] for _ in range(40)]
    run, module = execute(program, encode(program, many)), compiled(program)
    for row, tokens in enumerate(many):
        slow = slow_values(program, tokens)
        for name in program.by_name:
            assert [run.value(name, row, at) for at in range(len(tokens))] == slow[name], name
        assert run.outputs(row) == module(tokens)
    found = ranges(program)
    for name in program.by_name:
        assert found.holds(name, run.values[name], run.batch.lengths)[run.batch.present].all()
    assert read_source(emit(program).text).program == program


@given(programs(lengths=st.integers(43, 50)), st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_programs_beyond_length_42_mean_what_plain_python_says(program: Program, data: st.DataObject) -> None:
    inputs = some_inputs(program, 8)
    run, module = execute(program, encode(program, inputs)), compiled(program)
    assert [emitted_outcome(module, tokens) for tokens in inputs] == outcome(program, inputs)
    assert read_source(emit(program).text).program == program
    found = ranges(program)
    right = np.flatnonzero(~run.in_hole).tolist()
    for row in right[:3]:
        slow = slow_values(program, inputs[row])
        for name in program.by_name:
            assert [run.value(name, row, at) for at in range(len(inputs[row]))] == slow[name]
    for name in program.by_name:
        assert (found.holds(name, run.values[name], run.batch.lengths) | ~run.batch.present)[right].all()
    edit = data.draw(edits(program))
    try:
        changed = apply(program, edit)
    except (BadProgram, NotExact):
        return
    assert apply(changed, edit.undo(program)) == program
    assert patched(read_source(emit(program).text), changed) == emit(changed).text


def test_the_level_of_each_quotient_is_the_largest_that_is_not_above_it() -> None:
    domain = Quotients(Fraction(0), Fraction(1), 1, 64)
    levels = tuple(Fraction(n, 61) for n in range(62))
    codes = domain.codes or ()
    read = level_codes(np.array(codes, dtype=np.int64), levels, domain)
    assert [levels[at] for at in read] == [max(level for level in levels if level <= domain.number(c)) for c in codes]


def test_a_lookup_tells_each_of_the_1261_means_up_to_length_64_apart() -> None:
    domain = mean_at(64).variables["share"].domain
    assert isinstance(domain, Quotients)
    every = tuple(map(domain.number, domain.codes or ()))
    program = mean_at(64, Lookup("same", ("share",), (every,), None, every[:]), causal=True)
    assert read_source(emit(program).text).program == program
    run = execute(program, encode(program, [[BEGIN, *"abbabaab" * 8]]))
    for at in range(65):
        assert run.value("same", 0, at) == run.value("share", 0, at)


@pytest.mark.parametrize("seed", range(8))
def test_what_random_nodes_make_of_means_is_what_plain_python_says(seed: int) -> None:
    draw = random.Random(seed)
    shares, some = ("share", "before", "is_a"), [Fraction(n, d) for d in (1, 2, 3, 41, 43) for n in range(-d, 2 * d)]

    def number() -> Fraction:
        return draw.choice(some)

    def levels() -> tuple[Fraction, ...]:
        return tuple(sorted(set(draw.choices(some, k=draw.randint(1, 5)))))

    read = draw.sample(shares, draw.randint(1, 3))
    total = Linear("total", tuple(read), tuple(draw.choice((1, -1, 2, Fraction(1, 3))) for _ in read), number())
    sides = levels(), levels()
    cells = tuple(number() for _ in product(*sides))
    nodes = (
        NumericHead("before", "tokens", "tokens", "is_a", EVERY, "before", True, "mean", abs(draw.choice(some[:6]))),
        total,
        Lookup("picked", (draw.choice(shares), "total"), sides, None, cells),
        Head("best", "tokens", "tokens", "tokens", EVERY, default="a", attend="smallest", by="total"),
    )
    program = mean_at(43, *nodes, causal=draw.random() < 0.5)
    many = [[BEGIN, *draw.choices("ab", k=length)] for length in (43, 30, 2, 1)]
    run, found = execute(program, encode(program, many)), ranges(program)
    for row, tokens in enumerate(many):
        slow = slow_values(program, tokens)
        for name in program.by_name:
            assert [run.value(name, row, at) for at in range(len(tokens))] == slow[name]
    for name in program.by_name:
        assert (found.holds(name, run.values[name], run.batch.lengths) | ~run.batch.present).all()
    assert read_source(emit(program).text).program == program


def test_a_mean_beyond_length_42_can_be_what_comes_out() -> None:
    program = replace(mean_at(64, causal=True), readout=IMPLIED, classes=(), outputs=("share",))
    tokens = [BEGIN, *"abbabaab" * 8]
    outputs = execute(program, encode(program, [tokens])).outputs(0)
    assert outputs[-3:] == [Fraction(1, 2), Fraction(32, 63), Fraction(1, 2)]
    assert outputs == compiled(program)(tokens)
    assert read_source(emit(program).text).program == program


# What is refused ######################################################################################################


@pytest.mark.parametrize(
    ("node", "found"),
    [
        (NumericHead("all", "tokens", "tokens", "share", EVERY), "node 'all' adds up numbers"),
        (
            NumericHead("all", "tokens", "tokens", "share", EVERY, reduce="mean", default=Fraction(1)),
            "node 'all' adds up numbers that were divided by counts up to 64",
        ),
        (Linear("more", ("share",), (2**60,)), "node 'more' can reach"),
    ],
)
def test_what_leaves_int64_is_refused_by_name(node: Node, found: str) -> None:
    with pytest.raises(NotExact, match=found):
        mean_at(64, node)


def test_a_readout_of_such_numbers_is_refused_by_name() -> None:
    with pytest.raises(NotExact, match="weighs 'share', whose numbers have no common denominator"):
        replace(mean_at(64), readout=Readout((Weights("share", ((0, 1),)),)))


def test_a_baseline_of_a_mean_is_one_of_its_quotients() -> None:
    assert parse_baseline(mean_at(64), "share=1/63") == ("share", Fraction(1, 63))


# Every verb ###########################################################################################################


def test_every_verb_knows_a_mean_of_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    right = PROGRAMS["mean_of_means"].program
    wrong = apply(right, CellEdit("trend", (Fraction(1, 2), 0), "L"))
    repaired = every_verb(Asked(right, wrong, trends, "ab", "lLhH", "ab"), capsys)
    assert repaired.by_name["trend"] == right.by_name["trend"]


def test_a_mean_whose_numbers_are_small_but_their_denominator_is_beyond_int64_is_exact() -> None:
    tiny = Fraction(1, 160_000_000_000_000_003)
    nought = Lookup("nought", ("tokens",), (None,), None, (0, 0, 0))
    none = NumericHead("none", "tokens", "tokens", "nought", ((),) * 3, reduce="mean", default=tiny)
    program = mean_at(5, nought, none)
    run = execute(program, encode(program, [[BEGIN, "a"]]))
    assert run.value("none", 0, 1) == tiny


def test_simplify_gives_no_weights_to_numbers_that_a_readout_cannot_weigh() -> None:
    words = ("<s>", "a", "b")
    of_a = Lookup("of_a", ("tokens",), (None,), None, (0, 1, 0))
    mean = NumericHead("mean", "tokens", "tokens", "of_a", (words,) * 3, reduce="mean", default=0)
    most = Lookup("most", ("mean",), ((0, Fraction(1, 2)),), ("no", "yes"), ("no", "yes"))
    readout = Readout((Weights("most", ((1, 0), (0, 1))),))
    program = Program(words, ("no", "yes"), 50, (of_a, mean, most), readout)
    # The mean alone tells these inputs apart, and its codes lie far from each other.
    batch = encode(program, [["<s>", *"bb", *"b" * 19, "a"], ["<s>", *"aa", *"a" * 19, "b"]])
    inputs = replace(inputs_for(program, sample=10), batch=batch, expected=None)
    smaller = simplify(program, inputs).program
    assert (predict(smaller, batch)[0] == predict(program, batch)[0]).all()
