"""Identity readouts: a module says them in one line, where that replaces sixteen rows or more."""

from __future__ import annotations

from string import ascii_lowercase
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tprog.edits.edit import WeightEdit, WeightRowEdit, apply
from tprog.errors import BadSource
from tprog.ir.entry import Entry
from tprog.ir.program import BEGIN, Head, Lookup, Program, Readout, Symbol, Weights
from tprog.ir.values import FALSE, TRUE
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text import identities
from tprog.text.emit import emit
from tprog.text.patch import diff, patched
from tprog.text.read import read_source

LETTERS = tuple(ascii_lowercase[:20])
WORDS = (BEGIN, *LETTERS)
RANKS = tuple(range(30))


def _diagonal(values: tuple[Symbol, ...], weight: int = 1, step: int = 0) -> list[tuple[int, ...] | None]:
    return [tuple(weight * (str(value) == LETTERS[(at - step) % 20]) for at in range(20)) for value in values]


def _copying(rows: list[tuple[int, ...] | None]) -> Program:
    """Copies the letter before, as far as `rows` let it."""
    before = Head("before", "positions", "positions", "tokens", tuple((max(at - 1, 0),) for at in range(30)))
    return Program(WORDS, LETTERS, 30, (before,), Readout((Weights("before", tuple(rows)),)))


def _said(program: Program) -> list[str]:
    lines = emit(program).text.splitlines()
    start = lines.index("READOUT = {")
    return lines[start + 1 : lines.index("}", start)]


def test_a_copying_readout_is_one_line() -> None:
    assert _said(_copying(_diagonal(WORDS, 3))) == ['    "before": _identity({}, VOCABULARY, CLASSES, 3),']
    assert "def _identity(rows, values, classes, weight):" in emit(_copying(_diagonal(WORDS))).text


@pytest.mark.parametrize(("step", "classes"), [(1, "CLASSES[-1:] + CLASSES[:-1]"), (-1, "CLASSES[1:] + CLASSES[:1]")])
def test_a_readout_that_counts_on_is_one_line(step: int, classes: str) -> None:
    rows = _diagonal(WORDS, 3, step)
    assert rows[3] == tuple(3 * (label == "dcb"[1 - step]) for label in LETTERS)  # of c: d, or b
    program = _copying(rows)
    assert _said(program) == [f'    "before": _identity({{}}, VOCABULARY, {classes}, 3),']
    after = apply(program, WeightEdit("before", "a", "b", 2))
    module = read_source(emit(program).text)
    back = read_source(patched(module, after))
    assert back.program == after
    assert patched(back, program) == module.text


def test_fewer_rows_of_classes_are_said_one_by_one_as_ever() -> None:
    rows = _diagonal(WORDS)
    rows[1:5] = [(0,) * 20] * 4
    assert _said(_copying(rows))[0] == '    "before": _identity('
    rows[5] = (0,) * 20
    assert len(_said(_copying(rows))) == len(WORDS) + 2
    assert "_identity" not in emit(_copying(rows)).text


def test_values_that_classes_do_not_spell_as_python_does_are_no_identity() -> None:
    values: tuple[Symbol, ...] = (*LETTERS[:18], FALSE, TRUE)
    assert identities.identity(values, LETTERS, _diagonal(values)) is None
    assert identities.identity(LETTERS, LETTERS, _diagonal(LETTERS)) == identities.Identity(1, ())


def test_rows_that_are_exceptions_and_missing_ones_come_first() -> None:
    rows = _diagonal(WORDS)
    rows[2], rows[4] = None, (5, *[0] * 19)
    assert _said(_copying(rows)) == [
        '    "before": _identity(',
        "        {",
        '            "b": None,',
        f'            "d": (5, {", ".join(["0"] * 19)}),',
        "        },",
        "        VOCABULARY,",
        "        CLASSES,",
        "        1,",
        "    ),",
    ]


@pytest.mark.parametrize(
    ("values", "named"), [(RANKS, "range(MAX_LENGTH)"), (tuple(range(25)), 'DOMAINS["rank"]'), (WORDS, "VOCABULARY")]
)
def test_the_values_are_named_by_where_they_stand_in_the_module(values: tuple[Symbol, ...], named: str) -> None:
    labels = tuple(map(str, values[1:]))
    rank = Lookup("rank", ("tokens",), (None,), tuple(range(25)), tuple(range(21)))
    variable = {RANKS: "positions", WORDS: "tokens"}.get(values, "rank")
    rows = tuple(tuple(int(str(value) == label) for label in labels) for value in values)
    program = Program(WORDS, labels, 30, (rank,), Readout((Weights(variable, rows),), forced=()))
    assert _said(program) == [f'    "{variable}": _identity({{}}, {named}, CLASSES, 1),']
    assert read_source(emit(program).text).program == program


@given(
    st.integers(-3, 3).filter(bool),
    st.sampled_from(identities.STEPS),
    st.dictionaries(st.integers(0, 20), st.one_of(st.none(), st.integers(-2, 2)), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_excepted_a_module_says_its_program(
    weight: int, step: int, exceptions: dict[int, int | None]
) -> None:
    rows = _diagonal(WORDS, weight, step)
    for at, other in exceptions.items():
        rows[at] = None if other is None else (other,) * 20
    program = _copying(rows)
    text = emit(program).text
    module = read_source(text)
    assert module.program == program
    assert emit(module.program).text == text
    there = {Entry("readout", "weights", ("before", value)) for value, row in zip(WORDS, rows, strict=True) if row}
    assert there <= {entry for entry in module.lines if entry.part == "weights"}
    names: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(text, "emitted", "exec"), names)
    assert names["READOUT"]["before"] == {v: row for v, row in zip(WORDS, rows, strict=True) if row is not None}
    inputs = [[BEGIN, *"abcdefg"], [BEGIN, *LETTERS]]
    run = execute(program, encode(program, inputs))
    for row, tokens in enumerate(inputs):
        if run.hole(row) is None:
            assert names["run"](tokens) == run.outputs(row)
        else:
            with pytest.raises(LookupError, match=str(run.hole(row)).replace("(", r"\(")):
                names["run"](tokens)


def test_an_edit_splits_off_an_exceptional_row_and_comments_stay() -> None:
    program = _copying(_diagonal(WORDS))
    said = '"before": _identity({}, VOCABULARY, CLASSES, 1),'
    text = emit(program).text
    module = read_source(text.replace(said, f"{said}  # copies"))
    after = apply(program, WeightEdit("before", "a", "b", 2))
    assert read_source(patched(module, after)).program == after
    changed = [line for line in diff(module, after).splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    row = f"(1, 2, {', '.join(['0'] * 18)})"
    became = said.replace("{}", f'{{"a": {row}}}')
    assert changed == [f"-    {said}  # copies", f"+    {became}  # copies"]
    back = read_source(patched(module, after))
    assert patched(back, program) == module.text
    emitted = read_source(emit(after).text)
    other = apply(after, WeightRowEdit("before", "c", (7, *[0] * 19)))
    assert read_source(patched(emitted, other)).program == other
    assert patched(emitted, other) == emit(other).text


def test_rows_of_version_0_1_read_as_ever() -> None:
    program = _copying(_diagonal(WORDS))
    lines = emit(program).text.splitlines()
    at = lines.index('    "before": _identity({}, VOCABULARY, CLASSES, 1),')
    rows = [f"        {word!r}: {row!r}," for word, row in zip(WORDS, _diagonal(WORDS), strict=True)]
    start = lines.index("def _identity(rows, values, classes, weight):")
    end = lines.index("def read_out(readout, variables, classes, positions):")
    text = "\n".join([*lines[:start], *lines[end:at], '    "before": {', *rows, "    },", *lines[at + 1 :], ""])
    assert "_identity" not in text
    assert read_source(text).program == program


CALL = "_identity({}, VOCABULARY, CLASSES, 1)"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (CALL, "_identity({}, CLASSES, CLASSES, 1)", "a tuple with the values of `before`"),
        (CALL, "_identity({}, VOCABULARY, CLASSES, 'a')", "the weight 'a'"),
        (CALL, "_identity({}, VOCABULARY, CLASSES)", r"expected `\{value: \(weight"),
        (CALL, "_identity({}, VOCABULARY, CLASSES[2:] + CLASSES[:2], 1)", r"expected `\{value: \(weight"),
        (CALL, "_identity({'z': None}, VOCABULARY, CLASSES, 1)", "a value of `before`"),
        ("label == str(value)", "label != str(value)", "a `_identity` other than the one that tpdebug writes"),
    ],
)
def test_what_a_person_may_break_is_told_by_name(old: str, new: str, message: str) -> None:
    text = emit(_copying(_diagonal(WORDS))).text
    assert old in text
    with pytest.raises(BadSource, match=message):
        read_source(text.replace(old, new, 1))


def test_one_line_stands_for_no_more_weights_than_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    program = _copying(_diagonal(WORDS))
    text = emit(program).text
    monkeypatch.setattr(identities, "MOST_WEIGHTS", 400)
    with pytest.raises(BadSource, match="420 weights; expected at most 400 in one `_identity`"):
        read_source(text)
    assert "_identity" not in emit(program).text


def test_what_python_would_not_know_yet_is_refused() -> None:
    text = emit(_copying(_diagonal(WORDS))).text
    start = text.index("READOUT = {\n")
    readout = text[start : text.index("\n}\n", start) + 3]
    moved = text.replace(readout, "").replace("VOCABULARY = (", f"{readout}VOCABULARY = (", 1)
    with pytest.raises(BadSource, match="before it is defined; expected READOUT behind all that it names"):
        read_source(moved)
    lines = text.splitlines()
    start = lines.index("def _identity(rows, values, classes, weight):")
    end = lines.index("def read_out(readout, variables, classes, positions):")
    with pytest.raises(BadSource, match="a module without the primitive `_identity`"):
        read_source("\n".join([*lines[:start], *lines[end:]]))
