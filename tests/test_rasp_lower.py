"""RASP programs as Programs: the evaluator, the Program and its emitted module answer alike on every input."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.rasp_programs import RASP_L, TRACR, cases, value_of
from tests.rasp_sources import SOURCES
from tests.rasp_strategies import programs
from tests.test_emit import compiled
from tprog.errors import BadUsage, NotExact
from tprog.ir.program import Embedding, Head, NumericHead, Program
from tprog.ir.values import spelling
from tprog.rasp.evaluate import Run
from tprog.rasp.expressions import SOp
from tprog.rasp.failures import Failed
from tprog.rasp.functions import Dialect
from tprog.rasp.lower import NotLowered, gathering, occurring, selecting, splitting
from tprog.rasp.lower.held import spelled
from tprog.rasp.lower.naming import identifier
from tprog.rasp.program import RaspProgram, program_of
from tprog.rasp.source.files import load_program, program_of_text
from tprog.rasp.tracr import language as tracr
from tprog.rasp.tracr import library as t
from tprog.rasp.tracr.language import (
    aggregate,
    best,
    full,
    indices,
    length,
    mapped,
    maximum,
    select,
    selector_width,
    sequence_map,
    tokens,
)
from tprog.rasp.values import Value, spelled_value
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text.emit import emit
from tprog.text.read import read_source

TRUTHS = {"T": "1", "F": "0"}
BY_NAME = {case["name"]: case for case in cases()["programs"]}


def rasp_of(name: str) -> RaspProgram:
    dialect = BY_NAME[name]["dialect"]
    if dialect == "rasp":
        return program_of(program_of_text(SOURCES[name]).outputs[-1][1])
    return program_of((TRACR if dialect == "tracr" else RASP_L)[name])


def alike(values: Sequence[Value] | None) -> list[str] | None:
    """Spelled, booleans as the numbers that they equal; None for an input without a value."""
    return None if values is None else [TRUTHS.get(word, word) for word in map(spelled_value, values)]


def evaluated(sop: SOp, given: Sequence[Any], causal: bool) -> list[Value] | None:
    try:
        return Run(given, causal).values(sop)
    except Failed:
        return None


def answered(run: Callable[[Any], Any], given: Any) -> list[str] | None:
    try:
        return [TRUTHS.get(word, word) for word in (spelling(each).removeprefix("label ") for each in run(given))]
    except LookupError:
        return None


def check(program: Program, wanted: Iterable[tuple[Sequence[Any], Sequence[Value] | None]], module: int = 40) -> None:
    """Compare with right values, None standing for none: the Program, and on some inputs its module."""
    listed = [(list(map(spelled_value, tokens_)), alike(values)) for tokens_, values in wanted]
    run = execute(program, encode(program, [tokens_ for tokens_, _ in listed]))
    emitted = compiled(program)
    for row, (tokens_, right) in enumerate(listed):
        assert answered(run.outputs, row) == right, tokens_
        if row % max(1, len(listed) // module) == 0:
            assert answered(emitted, tokens_) == right, ("module", tokens_)


def made_without_running(rasp: RaspProgram, vocabulary: Sequence[Any], longest: int, causal: bool) -> Program:
    """The Program as it is made where there are too many inputs to run them all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(occurring, "FEW_INPUTS", 0)
        return rasp.to_program(vocabulary, longest, causal)


def check_all(rasp: RaspProgram, vocabulary: Sequence[Any], longest: int, causal: bool) -> Program:
    inputs = [given for n in range(1, longest + 1) for given in product(vocabulary, repeat=n)]
    right = [(given, evaluated(rasp.outputs[0][1], given, causal)) for given in inputs]
    check(made_without_running(rasp, vocabulary, longest, causal), right)
    program = rasp.to_program(vocabulary, longest, causal)
    check(program, right)
    return program


MODES = [(name, mode) for name, case in BY_NAME.items() for mode in case["modes"]]


@pytest.mark.parametrize(("name", "mode"), MODES)
def test_a_program_answers_as_the_evaluator_and_as_computed_independently(name: str, mode: str) -> None:
    case, rasp = BY_NAME[name], rasp_of(name)
    longest, causal = 5, mode == "causal"
    program = rasp.to_program(case["vocabulary"], longest, causal)
    given = [each for each in case["cases"] if each["mode"] == mode and len(each["input"]) <= longest]
    right = [(each["input"], None if each["output"] is None else list(map(value_of, each["output"]))) for each in given]
    some = [word for n in range(1, 4) for word in product(case["vocabulary"][:3], repeat=n)]
    right += [(word, evaluated(rasp.outputs[0][1], word, causal)) for word in some]
    check(program, right)
    check(made_without_running(rasp, case["vocabulary"], longest, causal), right, module=5)


_of_three = mapped(lambda word, many, all_of: f"{word}{many}{all_of}", tokens, t.make_hist(), length)


_halves = mapped(lambda place, word: place // 2 + 10 * (word == "c"), indices, tokens)


@pytest.mark.parametrize(
    "sop",
    [
        t.make_reverse(tokens),
        t.shift_by(1, tokens),
        best(select(indices, indices, "<="), indices, by=tokens),
        maximum(select(indices, indices, "<"), tokens),
        aggregate(select(tokens, tokens, "<"), tokens),
        aggregate(select(tokens, tokens, "=="), tokens == "a"),
        mapped(lambda word, count: f"{word}{count}", tokens, selector_width(select(tokens, tokens, "=="))),
        selector_width(~(select(tokens, tokens, "==") | select(indices, indices, "<"))),
        aggregate(select(tokens, "b", "=="), tokens),
        aggregate(select(indices, t.shift_by(1, indices), lambda key, query: key == query), tokens),
        mapped(lambda n, i: 12 / (n - i - 2), length, indices),
        selector_width(select(tokens, t.shift_by(1, tokens), "==")),
        selector_width(select(tokens, mapped(lambda w: None if w == "b" else w, tokens), "<")),
        selector_width(select(_of_three, _of_three, "<")),
        tracr.last(select(_halves, 0, "=="), indices),
        aggregate(select(_halves, 0, "=="), indices),
        selector_width(select(t.shift_by(1, tokens), tokens, "<")),
    ],
    ids=str,
)
@pytest.mark.parametrize("causal", [False, True])
def test_a_program_answers_as_the_evaluator_on_every_input(sop: SOp, causal: bool) -> None:
    check_all(program_of(sop), "abc", 4, causal)


@pytest.mark.parametrize(
    ("sop", "vocabulary"),
    [
        (maximum(select(indices, indices, "True"), mapped(lambda x: math.sqrt(x), tokens)), [1, 2, 3]),
        (mapped(lambda x, y: (x, y), tokens, indices), "ab"),
        (aggregate(select(indices, indices, "True"), tokens), [True, 3]),
        (t.make_reverse(mapped(lambda x: x == 1 or None, tokens)), [1, 2]),
    ],
    ids=["labels", "tuples", "booleans among numbers", "nothing"],
)
def test_values_of_every_kind_are_lowered(sop: SOp, vocabulary: Any) -> None:
    check_all(program_of(sop), vocabulary, 4, causal=False)


@pytest.mark.parametrize("dialect", list(Dialect))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_random_program_answers_as_the_evaluator(dialect: Dialect, data: st.DataObject) -> None:
    typed = data.draw(programs(dialect, depth=data.draw(st.integers(1, 3))))
    causal = dialect is Dialect.RASP_L or data.draw(st.booleans())
    try:
        check_all(program_of(typed.sop), typed.vocabulary[:3], 3, causal)
    except (NotLowered, NotExact):
        event("refused")


@pytest.mark.parametrize(
    "text",
    [
        "w = tokens_str if indices < 2 else indices; aggregate(select(indices, indices, ==), w);",
        'aggregate(select(tokens_str, "b", ==), tokens_str);',
        'w = indices if tokens_str == "a" else tokens_str; selector_width(select(w, w, ==));',
        'aggregate(select(indices, indices + 1, ==), 1 if tokens_str == "a" else tokens_str, "x");',
        "aggregate(select(tokens_str, tokens_str, ==), tokens_str);",
        'aggregate(select(indices, indices, <), tokens_str == "a");',
    ],
)
@pytest.mark.parametrize("causal", [False, True])
def test_an_input_that_mixes_words_and_numbers_is_a_hole(text: str, causal: bool) -> None:
    check_all(program_of(program_of_text(text, given=["b"]).outputs[-1][1]), "abc", 4, causal)


@pytest.mark.parametrize(
    "vocabulary", [["1", "a", "3"], [0, 2, 5], [True, False], ["1.5", "2", "x"], [Fraction(1, 2), 3]]
)
@pytest.mark.parametrize("reading", ["str", "int", "float", "bool", "asis"])
def test_a_token_that_cannot_be_read_so_is_a_hole(reading: str, vocabulary: list[Any]) -> None:
    read = program_of_text(f"tokens_{reading};", given=[1]).outputs[-1][1]
    for sop in (read, program_of_text(f"tokens_{reading} == tokens_{reading};", given=[1]).outputs[-1][1]):
        check_all(program_of(sop), vocabulary, 3, False)


def test_a_vocabulary_of_which_nothing_can_be_read_is_refused() -> None:
    with pytest.raises(NotLowered, match="no token of the vocabulary can be read so"):
        program_of_text("tokens_int;", given=[1]).to_program("ab", 3)


_few, _more = select(tokens, tokens, "<"), select(tokens, 2, "==")
_a, _b = aggregate(_few, tokens, default=3), aggregate(_few, indices, default=Fraction(-1, 2))


@pytest.mark.parametrize(
    ("sop", "heads"),
    [
        (_a + _b, 1),
        (_a - _b, 1),
        (2 * _a + _b * 3 - 1, 1),
        (-(_a - _b) + _a, 1),
        ((_a + 1) * 2 - (3 - _b), 1),
        (_a + _a + _b, 1),
        (_a * 0 + _b, 1),
        (_a * _b, 2),
        (_a + aggregate(_more, indices, default=7), 2),
        (_a + aggregate(_few, indices, default=7, how="max"), 2),
        (_a / 2 + _b, 2),
        (_a + tokens, 1),
        (mapped(lambda one, other: one + other, _a, _b), 2),
    ],
)
def test_a_sum_of_means_is_one_mean_where_their_positions_are_the_same(sop: SOp, heads: int) -> None:
    program = made_without_running(program_of(sop), (1, 2, 3), 3, False)
    assert sum(isinstance(node, Head | NumericHead) for node in program.nodes) == heads
    check_all(program_of(sop), (1, 2, 3), 3, False)


_pairs = mapped(lambda token, place: 10 * token + place, tokens, indices)
_others = mapped(lambda token, count: 10 * token + count, tokens, selector_width(select(tokens, tokens, "==")))


@pytest.mark.parametrize("predicate", ["<", "<=", "==", "!=", ">", ">="])
@pytest.mark.parametrize("queries", [_pairs, _others])
def test_pairs_are_compared_as_clauses_and_what_is_always_selected_needs_no_default(
    predicate: str, queries: SOp
) -> None:
    selector, few = select(_pairs, queries, predicate), (1, 2, 3)
    for sop in (tracr.first(selector, tokens, default=9), tracr.last(selector, indices), selector_width(selector)):
        check_all(program_of(sop), few, 3, False)
    if queries is _pairs:
        made = made_without_running(program_of(tracr.first(selector, tokens, default=9)), few, 6, False)
        defaults = [node.default == 9 for node in made.nodes if isinstance(node, Head)]
        assert defaults == [predicate in ("<", ">", "!=")]


@pytest.mark.parametrize(("kinds", "split"), [(5, True), (6, False)])
def test_a_selector_is_split_into_four_kinds_beside_nothing_and_no_more(kinds: int, split: bool) -> None:
    blocks = np.tri(kinds, k=-1, dtype=np.bool_)[:, None, :, None]
    found = splitting._kinds(blocks)
    assert (found is not None) is split
    if found is not None:
        assert found[0].tolist() == [[0], [1], [2], [3], [4]]
        assert found[1].tolist() == blocks.reshape(5, 5).tolist()


COMPOSED = [
    "equal_or_first", "earlier_equal", "rasp_sort", "rasp_hist2_bos", "rasp_sort_bos", "rasp_dyck2_ptf",
    "rasp_mark_last_instance", "raspl_firsts",
]  # fmt: skip


@pytest.mark.parametrize("name", COMPOSED)
def test_selectors_that_are_large_together_become_clauses(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selecting, "FEW_PAIRS", 0)
    monkeypatch.setattr(splitting, "MOST_COMPARED", 0)
    case = BY_NAME[name]
    check_all(rasp_of(name), case["vocabulary"][:3], 4, case["modes"][0] == "causal")


@pytest.mark.parametrize("dialect", list(Dialect))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_random_program_of_clauses_answers_as_the_evaluator(dialect: Dialect, data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selecting, "FEW_PAIRS", 0)
        patch.setattr(splitting, "MOST_COMPARED", 0)
        typed = data.draw(programs(dialect, depth=3))
        causal = dialect is Dialect.RASP_L or data.draw(st.booleans())
        try:
            check_all(program_of(typed.sop), typed.vocabulary[:3], 3, causal)
        except (NotLowered, NotExact):
            event("refused")


def test_what_is_read_again_is_the_same_program(tmp_path: Path) -> None:
    path = tmp_path / "sorted.py"
    made = program_of(t.make_sort(tokens, tokens, max_seq_len=6, min_key=1)).to_module(path, [1, 2, 3], 6)
    assert path.read_text(encoding="utf-8") == emit(made, "sorted").text
    assert read_source(path.read_text(encoding="utf-8")).program == made


def rows(program: Program) -> int:
    return sum(len(entries) for node in program.nodes for entries in node.tables.values())


def test_programs_of_the_library_are_small() -> None:
    sizes = {
        "sort": program_of(TRACR["sort"]).to_program(range(1, 7), 32),
        "sort_freq": program_of(t.make_sort_freq(20)).to_program(range(1, 7), 20),
        "dyck2": program_of(t.make_shuffle_dyck2()).to_program("(){}", 20),
        "reverse": program_of(t.make_reverse(tokens)).to_program("abc", 20),
        "hist": program_of(t.make_hist()).to_program("abc", 20),
    }
    found = {name: (len(program.nodes), rows(program)) for name, program in sizes.items()}
    most = {"sort": (3, 108), "sort_freq": (5, 126), "dyck2": (11, 113), "reverse": (3, 234), "hist": (1, 3)}
    assert all(found[name][0] <= nodes and found[name][1] <= entries for name, (nodes, entries) in most.items()), found


SIZES: tuple[tuple[int, int, int, int], ...] = (
    (37, 157, 42, 171),
    (45, 665, 48, 723),
    (25, 125, 27, 156),
    (30, 104, 30, 108),
    (18, 90, 18, 90),
    (18, 110, 18, 110),
    (18, 112, 18, 137),
    (30, 504, 30, 513),
    (28, 1504, 28, 1558),
    (29, 178, 34, 214),
    (56, 710, 66, 1274),
    (27, 119, 27, 126),
)
"""Nodes and rows of each ten programs, where all inputs are run, and where they are too many for that.

What looks for less may find less still, so these are no goal.
"""


@pytest.mark.parametrize("part", range(len(SIZES)))
def test_programs_are_as_small_as_they_have_been(part: int) -> None:
    found = [0, 0, 0, 0]
    for name, mode in MODES[10 * part : 10 * (part + 1)]:
        case, rasp, causal = BY_NAME[name], rasp_of(name), mode == "causal"
        run = rasp.to_program(case["vocabulary"], 4, causal)
        not_run = made_without_running(rasp, case["vocabulary"], 4, causal)
        counted = (len(run.nodes), rows(run), len(not_run.nodes), rows(not_run))
        found = [all_of + own for all_of, own in zip(found, counted, strict=True)]
    assert all(size <= known for size, known in zip(found, SIZES[part], strict=True)), found


def test_all_programs_are_measured() -> None:
    assert len(SIZES) == math.ceil(len(MODES) / 10)


@pytest.mark.parametrize(
    ("vocabulary", "longest", "output", "said"),
    [
        ("a", 3, None, "expected two tokens or more"),
        ("ab", 0, None, "the longest input has 0 tokens"),
        ([1, "1"], 3, None, "two tokens of the vocabulary are both spelled '1'"),
        ([("a", 1), "b"], 3, None, "is a tuple; expected a word or a number"),
        (["a", "</s>"], 3, None, "'</s>' in the vocabulary is a mark of tpdebug's own"),
        ("ab", 3, "other", "there is no output 'other'; expected one of"),
    ],
)
def test_inputs_that_are_none_are_refused(vocabulary: Any, longest: int, output: str | None, said: str) -> None:
    with pytest.raises(BadUsage) as refused:
        program_of(t.make_hist()).to_program(vocabulary, longest, output=output)
    assert said in str(refused.value)


def test_one_of_several_outputs_is_named() -> None:
    both = program_of(t.make_hist(), t.make_reverse(tokens))
    alone, named = program_of(t.make_hist()), both.to_program("ab", 3, output="hist")
    assert replace(check_all(alone, "ab", 3, False), sources=()) == replace(named, sources=())


@pytest.mark.parametrize("few", [0, 20_000])
def test_several_outputs_come_out_side_by_side(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occurring, "FEW_INPUTS", few)
    hist, twice = t.make_hist(), t.make_reverse(tokens)
    rasp = RaspProgram(
        (("hist", hist), ("turned", twice), ("again", twice), ("also", hist), ("one", t.make_reverse(tokens) == tokens))
    )
    program = rasp.to_program("abc", 4)
    words = [list(word) for n in range(1, 5) for word in product("abc", repeat=n)]
    run, module = execute(program, encode(program, words)), compiled(program)
    for row, word in enumerate(words):
        right = [alike(values) for values in rasp.run(word).values()]
        for found in (run.outputs(row), module(word)):
            assert list(found) == list(program.outputs)
            assert [answered(lambda values: values, values) for values in found.values()] == right, word
    assert read_source(emit(program).text).program == program
    chosen = rasp.to_program("abc", 4, output=["turned", "hist"])
    assert len(chosen.outputs) == 2
    with pytest.raises(BadUsage, match="each once"):
        rasp.to_program("abc", 4, output=["hist", "hist"])


@pytest.mark.parametrize("few", [0, 20_000])
def test_of_several_outputs_one_without_a_value_makes_a_hole(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occurring, "FEW_INPUTS", few)
    program = program_of(mapped(lambda n: 1 / (n - 2), length), indices).to_program("ab", 3)
    run = execute(program, encode(program, [["a"], ["a", "b"], ["a", "b", "a"]]))
    assert run.in_hole.tolist() == [False, True, False]


@pytest.mark.parametrize(
    "text",
    [
        "s = indices; for i in range(60) { s = s + s; } s;",
        "s = aggregate(select(indices, indices, <), indices); for i in range(60) { s = s + s; } s;",
        "s = select(indices, indices, <); for i in range(60) { s = s or s; } selector_width(s);",
        "s = select(tokens, tokens, ==); for i in range(60) { s = not s and not s; } selector_width(s);",
        "s = select(indices, 0, ==); for i in range(60) { s = (s or select(tokens, tokens, ==)) and s; } has_focus(s);",
    ],
)
def test_what_is_read_twice_at_each_of_many_steps_is_looked_at_once(text: str) -> None:
    check_all(program_of(program_of_text(text, given=["b"]).outputs[-1][1]), "ab", 3, False)


def test_what_is_not_lowered_is_named_with_its_place() -> None:
    mixed = aggregate(select(tokens, tokens, "=="), mapped(lambda word: 1 if word == "a" else None, tokens))
    with pytest.raises(NotLowered) as refused:
        program_of(mixed).to_program("ab", 3)
    assert "test_rasp_lower.py" in str(refused.value)
    assert "is the mean of values of which some are numbers and one is nothing" in str(refused.value)


@pytest.mark.parametrize(
    "sop",
    [
        mapped(lambda value: isinstance(value, bool), aggregate(select(indices, indices, "<="), tokens)),
        selector_width(
            select(aggregate(select(indices, indices, "<="), tokens), 0, lambda key, _: isinstance(key, bool))
        ),
        selector_width(
            select(0, aggregate(select(indices, indices, "<="), tokens), lambda _, query: isinstance(query, bool))
        ),
    ],
)
def test_what_tells_apart_values_that_are_one_symbol_is_not_lowered(sop: SOp) -> None:
    with pytest.raises(NotLowered, match="of values that are equal, it tells some apart"):
        program_of(sop).to_program([True, 2], 3)


def test_what_has_a_value_for_some_of_the_values_that_are_one_symbol_is_not_lowered() -> None:
    mean = aggregate(select(indices, indices, "<="), tokens)
    whole = mapped(lambda value: 1 // (1 - isinstance(value, bool)), mean)
    with pytest.raises(NotLowered, match=r"of values that are equal, it takes some alone: .*ZeroDivisionError"):
        program_of(whole).to_program([True, 2], 3)


def test_what_follows_from_the_word_alone_is_a_table_of_words() -> None:
    made = mapped(lambda word, place, count: word == "a" or place > count, tokens, indices, length)
    (node,) = check_all(program_of(made), "abc", 4, False).nodes
    assert isinstance(node, Embedding)


@pytest.mark.parametrize(
    ("sop", "module", "limit", "said"),
    [
        (selector_width(select(tokens, tokens, "==")), selecting, "MOST_PAIRS", "it asks 3 x 3 pairs"),
        (aggregate(select(indices, indices, "<="), tokens), gathering, "MOST_MEANS", "it may have more than 1 values"),
    ],
)
def test_what_would_be_too_large_is_refused_with_its_place(
    sop: SOp, module: ModuleType, limit: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made_without_running(program_of(sop), "abc" if module is not gathering else (1, 2, 3), 3, False).nodes
    monkeypatch.setattr(module, limit, 1)
    with pytest.raises(NotLowered) as refused:
        made_without_running(program_of(sop), "abc" if module is not gathering else (1, 2, 3), 3, False)
    assert said in str(refused.value)
    assert "test_rasp_lower.py:" in str(refused.value)


def test_numbers_are_compared_where_as_many_words_would_be_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selecting, "MOST_PAIRS", 8)
    compared = program_of(selector_width(select(tokens, t.make_reverse(tokens), "<")))
    assert compared.to_program((1, 2, 3), 2).nodes
    with pytest.raises(NotLowered, match="it asks 3 x 3 pairs of values; expected at most 8"):
        compared.to_program("abc", 2)
    monkeypatch.setattr(selecting, "MOST_PAIRS", 9)
    assert compared.to_program("abc", 2).nodes


def test_a_node_is_called_after_what_it_is_made_for() -> None:
    named = {"a-b": "a_b", "2x": "sop_2x", "_x": "x", "é": "sop", "-": "sop", "x y": "x_y", "hist": "hist"}
    assert {name: identifier(tokens.named(name)) for name in named} == named
    told = {
        indices == 1: "equal", indices + 1: "sum", tracr.where(indices == 1, 1, 2): "chosen", full(2): "constant",
        selector_width(select(tokens, tokens, "==")): "count", mapped(lambda one: one, tokens): "mapped",
        aggregate(select(tokens, 1, "=="), tokens): "gathered", maximum(select(tokens, 1, "=="), tokens): "max",
        mapped(math.sqrt, tokens): "sqrt", tokens: "tokens", -indices: "difference",
    }  # fmt: skip
    assert {identifier(sop): name for sop, name in told.items()} == {name: name for name in told.values()}


def test_a_tuple_that_looks_like_a_word_is_spelled_apart() -> None:
    both: list[Value] = [("a", 1), "(a, 1)"]
    for values in (both, both[::-1]):
        assert list(map(spelled(values), both)) == ["(a, 1)'", "(a, 1)"]
    assert spelled([("a", 1)])(("a", 1)) == "(a, 1)"


def test_a_node_knows_the_line_that_it_was_written_in(tmp_path: Path) -> None:
    source = tmp_path / "turned.rasp"
    source.write_text("mirrored = length - indices - 1;\nturned = aggregate(select(indices, mirrored, ==), tokens);\n")
    program = load_program(source).to_program("abc", 4)
    assert [str(line) for line in program.sources] == [
        "turned.rasp:1: mirrored = length - indices - 1;",
        "turned.rasp:2: turned = aggregate(select(indices, mirrored, ==), tokens);",
    ]
    assert read_source(emit(program).text).program == program


def test_the_line_is_that_of_the_file_as_it_is_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = []
    for name, source in (("one", "up = indices + 2;"), ("other", "up =  indices + 1;")):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        Path("out.rasp").write_text(source)
        lines += [line.text for line in load_program("out.rasp").to_program("ab", 2).sources]
    assert lines[-1:] == ["up =  indices + 1;"]


def _made(sop: SOp, vocabulary: Sequence[Any] = (1, 2, 3), longest: int = 4, causal: bool = False) -> Program:
    return check_all(program_of(sop), vocabulary, longest, causal)


def test_the_position_before_is_the_nearest_of_all_before_it() -> None:
    *_, before = _made(aggregate(select(indices, indices - 1, "=="), tokens, default=0)).nodes
    assert isinstance(before, Head)
    assert (before.mask, before.query, len(set(before.predicate))) == ("before", "tokens", 1)
    *_, behind = _made(aggregate(select(indices, indices + 1, "=="), tokens, default=0)).nodes
    assert isinstance(behind, Head)
    assert behind.mask == "after"
    causal = _made(aggregate(select(indices, indices + 1, "=="), tokens, default=0), causal=True)
    assert not [node for node in causal.nodes if isinstance(node, Head) and node.mask == "after"]


@pytest.mark.parametrize(
    ("by", "distinct"),
    [
        (mapped(lambda word: word * word + 1, tokens), False),
        (mapped(lambda place: -3 * place, indices), True),
        (mapped(lambda place: place // 2, indices), False),
        (mapped(lambda word, place: 10 * place + word, tokens, indices), True),
        (mapped(lambda word, place: 2 * place + word, tokens, indices), False),
        (mapped(lambda many, place: many - place, length, indices), True),
        (mapped(lambda many, place, word: many - place + word, length, indices, tokens), False),
    ],
)
def test_one_head_finds_the_largest_where_no_two_positions_are_equal_and_else_it_takes_two(
    by: SOp, distinct: bool
) -> None:
    program = check_all(program_of(best(select(indices, indices, "True"), _pairs, by=by)), (1, 2, 3), 3, causal=False)
    assert [node.attend for node in program.nodes if isinstance(node, Head)][-1] == (
        "largest" if distinct else "nearest"
    )


def test_where_the_position_is_largest_is_the_last() -> None:
    every = select(tokens, 2, "==")
    for how, attend in (("largest", "last"), ("smallest", "first")):
        heads = [
            node
            for node in _made(best(every, tokens, by=indices, smallest=how == "smallest")).nodes
            if isinstance(node, Head)
        ]
        assert [(head.attend, head.by) for head in heads] == [(attend, None)]


def test_what_is_equal_to_what_it_reads_has_no_node_of_its_own() -> None:
    same = sequence_map(lambda token, place: token if place < 9 else 0, tokens, indices)
    program = _made(same, "abc")
    assert (program.nodes, program.outputs) == ((), ("tokens",))
    # the last position that a causal program sees is the own one
    own = aggregate(select(indices, length - 1, "=="), selector_width(select(tokens, tokens, "==")))
    (count, *others) = _made(own, causal=True).nodes
    assert isinstance(count, NumericHead)
    assert not [node for node in others if isinstance(node, Head)]


def test_of_several_outputs_each_has_a_variable_of_its_name() -> None:
    rasp = RaspProgram((("same", tokens.named("same")), ("other", selector_width(select(tokens, tokens, "==")))))
    assert "tokens" not in rasp.to_program((1, 2), 3).outputs
