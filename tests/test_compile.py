"""Compiled Transformers answer what their Programs do, on every input that is tried, in both types of numbers."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import product
from types import ModuleType

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.bench.gallery import GALLERY
from tests.programs import PROGRAMS, mean_of_means
from tests.strategies import programs, some_inputs
from tests.test_rasp_lower import BY_NAME, MODES, rasp_of
from tprog.errors import NotExact
from tprog.ir.domains import SelfRule
from tprog.ir.program import BEGIN, Clause, Head, Linear, Lookup, NumericHead, Program, Readout, Weights
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text.read import read_module
from trainer.compile import DtypeName, TooNarrow, alternatives, attainable, compile_program, lookups
from trainer.compile.forward import answers, decided, forward, model_tokens
from trainer.compile.precision import PRECISIONS, Margin, checked, tightest
from trainer.compile.sizes import sizes
from trainer.compile.tensors import tensors

BOTH: tuple[DtypeName, ...] = ("float32", "float64")
REFUSED = {"mean_of_means"}
"""Programs of the table whose numbers lie too close together for float64."""

GALLERY_PROGRAMS = sorted(path.name for path in GALLERY.iterdir() if path.is_dir())


def agree(program: Program, inputs: list[list[str]], dtype: DtypeName) -> None:
    """Same answers, forced ones and holes among them; a causal program may tell a hole before the input ends."""
    weights = compile_program(program, dtype)
    batch = encode(program, inputs)
    run, (found, in_hole) = execute(program, batch), answers(weights, batch)
    assert in_hole.tolist() == run.in_hole.tolist()
    right = ~in_hole
    assert found[right].tolist() == run.predictions[right].tolist()


@pytest.mark.parametrize("dtype", BOTH)
@pytest.mark.parametrize("name", sorted(PROGRAMS.keys() - REFUSED))
def test_programs_written_by_hand_are_compiled_right(name: str, dtype: DtypeName) -> None:
    program = PROGRAMS[name].program
    agree(program, some_inputs(program, 150), dtype)


@pytest.mark.parametrize("name", GALLERY_PROGRAMS)
def test_the_gallery_is_compiled_right_on_its_first_inputs(name: str) -> None:
    program = read_module(GALLERY / name / f"{name}.py").program
    agree(program, some_inputs(program, 2_000), "float32")


@pytest.mark.parametrize(("name", "mode"), MODES)
def test_written_programs_of_all_dialects_are_compiled_right(name: str, mode: str) -> None:
    program = rasp_of(name).to_program(BY_NAME[name]["vocabulary"], 5, mode == "causal")
    agree(program, some_inputs(program, 150), "float32")


@settings(max_examples=60)
@given(programs())
def test_random_programs_are_compiled_right(program: Program) -> None:
    inputs = some_inputs(program, 40)
    for dtype in BOTH:
        try:
            agree(program, inputs, dtype)
        except NotExact:  # it says so, and of which node
            assume(False)


# At full length #######################################################################################################


def _at(length: int, size: int) -> Program:
    """Tokens of `size` words: how often each occurs before, the nearest equal one, and the last of the rarest."""
    words = tuple(f"w{at}" for at in range(size))
    vocabulary = (BEGIN, *words)
    alike = tuple((word,) if word != BEGIN else () for word in vocabulary)
    positions = tuple(range(length))
    classes = ("first", "again", "often")
    return Program(
        vocabulary=vocabulary,
        classes=classes,
        max_length=length,
        nodes=(
            NumericHead("seen", "tokens", "tokens", "ones", alike, mask="before"),
            Lookup("rank", ("seen",), (tuple(range(length)),), positions, positions),
            Head("before", "tokens", "tokens", "rank", alike, default=0),
            Head("rarest", "tokens", "tokens", "rank", alike, default=0, attend="largest", by="rank"),
            NumericHead("share", "rank", "rank", "seen", tuple(positions for _ in positions), reduce="mean", default=0),
            Lookup(
                "kind",
                ("before", "rarest", "share"),
                (None, None, (0, 1)),
                classes,
                tuple(
                    classes[2 if share else before == rarest]
                    for before in positions
                    for rarest in positions
                    for share in (0, 1)
                ),
            ),
        ),
        readout=Readout((Weights("seen", ((0, 0, 1),)), Weights("kind", ((3, 0, 0), (0, 3, 0), (0, 0, 3))))),
    )


def test_length_64_and_64_words_are_exact_in_float32() -> None:
    program = _at(64, 63)
    words = program.vocabulary[1:]
    inputs = [
        [BEGIN, *(words[(at * step + at // 7) % spread] for at in range(63))]
        for step in range(1, 9)
        for spread in (1, 2, 3, 5, 20, 63)
    ]
    agree(program, inputs, "float32")


# What is told of the weights ##########################################################################################

MARGINS: dict[str, dict[str, float]] = {
    "sort": {"thresholds": 432.4, "scores": 1380, "logits": 1.864e6, "whole numbers": 3.355e6},
    "rationals": {
        "thresholds": 32.18, "logits": 45.44, "scores": 5699, "whole numbers": 250_400, "sums": 254_200,
    },
    "masks": {"thresholds": 1035, "scores": 1101, "logits": 52_270, "sums": 599_200},
    "partial": {"thresholds": 2575, "scores": 916.6, "logits": 1.118e6, "whole numbers": 5.592e6},
    "most_freq": {"thresholds": 555.6, "scores": 1380, "logits": 838_900, "whole numbers": 3.355e6},
    "question_type": {
        "thresholds": 740.1, "means": 77.43, "scores": 916.6, "logits": 11_460, "whole numbers": 5.592e6,
    },
}  # fmt: skip
"""Program -> what numbers of it are apart, in float32 -> by how many times what is needed, at least."""


@pytest.mark.parametrize("name", MARGINS)
def test_the_margins_that_are_told_are_what_they_were(name: str) -> None:
    """They bound errors that no input may show, so nothing but their figures tells when a bound is wrong."""
    found: dict[str, float] = {}
    for margin in compile_program(PROGRAMS[name].program).lowered.margins:
        what = " ".join(margin.what.removeprefix("the ").split(" of ")[0].split()[:2]).removesuffix(" between")
        found[what] = min(margin.times, found.get(what, margin.times))
    assert found == pytest.approx(MARGINS[name], rel=1e-3)


@pytest.mark.parametrize("name", ["sort", "masks", "dyck1", "no_nodes"])
def test_sizes_are_those_of_the_tensors_as_they_are_and_padded(name: str) -> None:
    weights = compile_program(PROGRAMS[name].program)
    told, made = sizes(weights), [*tensors(weights).values()]
    assert told.parameters == sum(each.size for each in made)
    assert told.not_zero == sum(int(np.count_nonzero(each)) for each in made)
    assert told.uniform == sum(each.size for each in tensors(weights, uniform=True).values())
    assert told.width == weights.tokens.shape[1]
    assert told.layers == len(weights.layers) <= told.one_by_one


# What must not matter #################################################################################################


def test_padding_and_the_order_of_a_batch_change_no_logit() -> None:
    for name in ("sort", "partial", "question_type", "masks", "match_count", "shuffle_dyck2"):
        weights = compile_program(PROGRAMS[name].program)
        batch = encode(weights.lowered.program, some_inputs(weights.lowered.program, 60))
        together, in_hole = answers(weights, batch)
        for row in range(0, len(batch), 7):
            alone = batch.take(slice(row, row + 1)).cut()
            found, hole = answers(weights, alone)
            assert hole[0] == in_hole[row]
            if not hole[0]:
                wanted = together[row] if found.ndim == 1 else together[row, : alone.tokens.shape[1]]
                assert found[0].tolist() == wanted.tolist()
        turned = answers(weights, batch.take(slice(None, None, -1)))
        assert turned[0][::-1].tolist() == together.tolist()


def test_a_decoder_answers_for_each_prefix_what_the_program_answers_for_it() -> None:
    program = PROGRAMS["dyck1"].program
    weights = compile_program(program)
    batch = encode(program, some_inputs(program, 60)[:1])
    logits = forward(weights, model_tokens(weights, batch))
    for length in range(2, batch.tokens.shape[1] + 1):
        part = encode(program, [batch.words(program, 0)[:length]])
        shorter = forward(weights, model_tokens(weights, part))
        assert decided(weights, shorter, part)[0].tolist() == execute(program, part).predictions.tolist()
        assert (logits[:, : length + 1] == shorter).all()


# Refusals #############################################################################################################


def test_numbers_too_close_for_float64_are_refused_with_their_node() -> None:
    with pytest.raises(TooNarrow, match="node 'so_far' cannot be compiled to float64: the thresholds between its num"):
        compile_program(mean_of_means(32))


@pytest.mark.parametrize(
    ("module", "limit", "name", "what"),
    [
        (lookups, "MOST_UNITS", "sort", "hidden units"),
        (lookups, "MOST_CELLS", "sort", "cells"),
        (alternatives, "MOST_PAIRS", "apart", "combinations of values"),
    ],
)
def test_what_would_be_too_large_is_refused_with_its_node_and_all_else_is_not(
    module: ModuleType, limit: str, name: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, needed = PROGRAMS[name].program, 0

    def refused(most: int) -> int:
        """What is said to be needed where so much is allowed; 0 if that will do."""
        monkeypatch.setattr(module, limit, most)
        try:
            compile_program(program)
        except NotExact as error:
            said = rf"node '(\w+)' cannot be compiled: .* ([\d,]+) {what}; expected at most {most:,}: .*"
            node, told = re.findall(said, str(error))[0]
            return int(told.replace(",", "")) if node in program.by_name else 0
        return 0

    while more := refused(needed):
        assert more > needed
        needed = more
    assert refused(needed - 1) == needed > 0


def test_a_number_that_comes_out_takes_no_more_values_than_there_are_dimensions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    letters = ("a", "b")
    total = NumericHead("total", "tokens", "tokens", "ones", (("a",), letters))
    program = Program(letters, (), 5, (total,), outputs=("total",))
    monkeypatch.setattr(attainable, "MOST_NUMBERS", 6)
    agree(program, some_inputs(program, 60), "float32")
    monkeypatch.setattr(attainable, "MOST_NUMBERS", 5)
    with pytest.raises(NotExact, match="node 'total' cannot be compiled: each of its numbers needs a dimension"):
        compile_program(program)


def test_the_tightest_margin_of_each_kind_is_told_and_the_tightest_of_all_first() -> None:
    all_of = [
        Margin("a", "scores", 9.0),
        Margin("b", "scores", 4.0),
        Margin("a", "sums", 5.0),
        Margin("a", "scores", 3.0),
    ]
    assert tightest(all_of) == [all_of[3], all_of[1], all_of[2]]
    assert checked(Margin("a", "scores", 1.0), PRECISIONS["float32"]).times == 1
    with pytest.raises(
        TooNarrow, match=r"node 'a' cannot be compiled to float32: scores leave a margin of 0\.999 times"
    ):
        checked(Margin("a", "scores", 0.999), PRECISIONS["float32"])


@given(st.lists(st.fractions(-4, 4, max_denominator=3), min_size=1, max_size=4, unique=True), st.integers(1, 4))
def test_sums_and_means_are_those_of_every_choice_of_numbers(numbers: list[Fraction], most: int) -> None:
    chosen = [list(product(numbers, repeat=count)) for count in range(1, most + 1)]
    assert attainable.sums_of(numbers, most) == [sorted({sum(some, Fraction(0)) for some in each}) for each in chosen]
    means = {sum(some, Fraction(0)) / len(some) for each in chosen for some in each}
    assert attainable.means_of(numbers, most) == sorted(means)


def test_sums_that_are_too_many_to_try_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [Fraction(2), Fraction(5), Fraction(11)]  # in steps of 3, the largest 3 of them from the least
    monkeypatch.setattr(attainable, "MOST_BITS", 3 * (1 + 2 + 3 + 4))
    assert attainable.sums_of(numbers, 4) is not None
    assert attainable.sums_of(numbers, 5) is None
    assert attainable.means_of(numbers, 5) is None


@pytest.mark.parametrize("self_rule", ["last", "match-count"])
def test_where_nothing_is_selected_comes_what_position_0_holds_whatever_that_is(self_rule: SelfRule) -> None:
    words = (BEGIN, "a", "b")
    ahead = Head("ahead", "tokens", "tokens", "tokens", (("a", "b"), ("b",), ("a",)))  # at position 0 the token behind
    again = Head("again", "tokens", "tokens", "ahead", (("a",), ("a", "b"), (BEGIN,)), default=None)
    some = Head("some", "tokens", "tokens", "ahead", (("a",), (), ("b",)), default=None)
    for last in (again, some):
        readout = Readout((Weights(last.name, ((1, 0, 0), (0, 1, 0), (0, 0, 1))),), forced=())
        program = Program(words, words, 6, (ahead, last), readout, self_rule=self_rule)
        for dtype in BOTH:
            agree(program, [[BEGIN, *word] for n in range(1, 6) for word in product("ab", repeat=n)], dtype)


def test_of_what_is_always_a_hole_one_value_is_attained() -> None:
    hole = Lookup("hole", ("tokens",), (None,), ("x", "y", "z"), (None, None))
    program = Program(("a", "b"), (), 3, (hole,), outputs=("hole",))
    assert attainable.attained(program)["hole"] == ("x",)
    for dtype in BOTH:
        agree(program, some_inputs(program, 14), dtype)


def test_alternatives_of_a_count_are_counted_one_by_one_and_each_position_once() -> None:
    """Smaller, or equal and before; or, once more, equal and at the first position."""
    letters = ("a", "b", "c")
    alike = tuple((letter,) for letter in letters)
    smaller = tuple(letters[:at] for at in range(3))
    positions = tuple(range(5))
    earlier = tuple(positions[:at] for at in positions)
    node = NumericHead(
        "place", "tokens", "tokens", "ones", smaller,
        instead=(
            (Clause("tokens", "tokens", alike), Clause("positions", "positions", earlier)),
            (Clause("tokens", "tokens", alike), Clause("positions", "positions", tuple((0,) for _ in positions))),
        ),
    )  # fmt: skip
    program = Program(letters, (), 5, (node,), outputs=("place",))
    for dtype in BOTH:
        agree(program, some_inputs(program, 400), dtype)
    names = compile_program(program).dimensions
    assert not [name for name in names if name.startswith(("place.query", "place.key"))]


def test_what_nothing_is_asked_of_is_compiled_all_the_same() -> None:
    """A sum of which a lookup tells no numbers apart, listed or not; and a pooled readout that reads nothing."""
    whole = Linear("whole", ("ones",), (3,), Fraction(-2, 3))
    listed = Lookup("listed", ("whole", "tokens"), ((-5,), None), ("x", "y"), ("x", "y"), listed=((0, 1),))
    alone = Lookup("alone", ("whole",), ((0,),), None, (7,))
    program = Program((BEGIN, "a"), ("x", "y"), 4, (whole, listed, alone), Readout((Weights("alone", ((0, 1),)),)))
    nothing = Program((BEGIN, "a"), ("x",), 4, (), Readout((), pooled=True, forced=()))
    for dtype in BOTH:
        agree(program, some_inputs(program, 10), dtype)
        agree(nothing, some_inputs(nothing, 10), dtype)
