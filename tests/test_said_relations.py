"""Predicates that a module says as a relation, where that replaces sixteen rows or more."""

from __future__ import annotations

import operator
from dataclasses import replace
from string import ascii_lowercase
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tprog.edits.edit import RowEdit, apply
from tprog.errors import BadSource
from tprog.ir.program import BEGIN, END, Head, Keys, NumericHead, Program, Readout, Symbol
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text.describe import reading
from tprog.text.emit import emit
from tprog.text.patch import diff, patched
from tprog.text.read import read_source
from tprog.text.relations import (
    DIFFERENT,
    GREATER,
    NOT_GREATER,
    NOT_SMALLER,
    SMALLER,
    Relation,
)

N = 20
PLACES = tuple(range(N))
RELATIONS = {
    "k_position != q_position": DIFFERENT,
    "k_position < q_position": SMALLER,
    "k_position > q_position": GREATER,
    "k_position >= q_position": NOT_SMALLER,
    "k_position <= q_position": NOT_GREATER,
    "k_position == q_position - 1": Relation("offset", -1),
    "k_position == q_position + 3": Relation("offset", 3),
    "(k_position - q_position) % 2 == 0": Relation("congruent", 0, 2),
    "(k_position - q_position) % 5 == 3": Relation("congruent", 3, 5),
}


def _rows(relation: Relation, places: tuple[Symbol, ...] = PLACES) -> tuple[Keys | None, ...]:
    return relation.rows(places, places, "place" if relation == DIFFERENT else "value")


def _program(rows: tuple[Keys | None, ...]) -> Program:
    head = Head("seen", "positions", "positions", "tokens", rows)
    return Program((BEGIN, "a", "b"), ("a", "b"), len(rows), (head,), Readout((), forced=()))


def _function(program: Program) -> list[str]:
    lines = emit(program).text.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("def predicate_"))
    return lines[start + 1 : lines.index("", start)]


@pytest.mark.parametrize("text", RELATIONS)
def test_each_relation_is_said_in_one_line(text: str) -> None:
    program = _program(_rows(RELATIONS[text]))
    assert _function(program) == [f"    return {text}"]
    assert read_source(emit(program).text).program == program


LETTERS = tuple(ascii_lowercase[:18])
ORDERS = {"<": operator.lt, ">": operator.gt, ">=": operator.ge, "<=": operator.le}


WORDS = {"<": "smaller token", ">": "greater token", ">=": "tokens >= token", "<=": "tokens <= token"}


def _of_words(vocabulary: tuple[str, ...], rows: tuple[Keys, ...]) -> Program:
    head = NumericHead("seen", "tokens", "tokens", "ones", rows)
    return Program(vocabulary, ("x", "y"), 5, (head,), Readout((), forced=()))


@pytest.mark.parametrize("sign", ORDERS)
@pytest.mark.parametrize("marks", [(), (BEGIN,), (BEGIN, END)])
def test_an_order_of_words_is_said_in_one_line_with_the_marks_aside(sign: str, marks: tuple[str, ...]) -> None:
    words = (*marks[:1], *LETTERS, *marks[1:])
    rows = tuple(tuple(key for key in LETTERS if query in LETTERS and ORDERS[sign](key, query)) for query in words)
    program = _of_words(words, rows)
    aside = {0: "", 1: 'k_token != "<s>" and ', 2: 'k_token not in {"<s>", "</s>"} and '}[len(marks)]
    # Marks sort before letters, so that none is larger than any.
    assert _function(program)[-1] == f"    return {aside if '<' in sign else ''}k_token {sign} q_token"
    assert len(_function(program)) <= 3
    assert read_source(emit(program).text).program == program
    assert reading(program, program.nodes[0]).startswith(f"counts {WORDS[sign]}")


def test_words_out_of_the_order_of_their_letters_are_compared_as_python_compares_them() -> None:
    words = ("ten", "two", "six", *LETTERS)
    rows = tuple(tuple(key for key in words if key < query) for query in words)
    program = _of_words(words, rows)
    assert _function(program) == ["    return k_token < q_token"]
    assert read_source(emit(program).text).program == program


@pytest.mark.parametrize("sign", ORDERS)
def test_words_in_the_order_of_the_vocabulary_are_compared_by_their_places(sign: str) -> None:
    numbers = tuple(map(str, range(20)))
    words = (BEGIN, *numbers, "<sep>")
    rows = tuple(tuple(key for key in numbers if ORDERS[sign](words.index(key), at)) for at in range(len(words)))
    rows = (*rows[:-1], numbers)  # what comes behind the letters asks for any of them
    program = _of_words(words, rows)
    said = _function(program)
    assert said[-1].endswith(f"VOCABULARY.index(k_token) {sign} VOCABULARY.index(q_token)")
    assert len(said) <= 6
    assert not any('"7"' in line for line in said)
    module = read_source(emit(program).text)
    assert module.program == program
    namespace: dict[str, Any] = {"__name__": "module"}
    exec(emit(program).text, namespace)
    holds = namespace["predicate_seen"]
    assert rows == tuple(tuple(key for key in words if holds(query, key)) for query in words)
    after = apply(module.program, RowEdit("seen", "7", ("3",)))
    assert read_source(patched(module, after)).program == after
    aside = " ('<s>' and '<sep>' aside)"
    assert WORDS[sign] in reading(program, program.nodes[0])
    assert aside in reading(program, program.nodes[0])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("VOCABULARY.index(q_token)", "VOCABULARY.count(q_token)", "a number, or `VOCABULARY.index(...)`"),
        ("VOCABULARY.index(q_token)", "CLASSES.index(q_token)", "a number, or `VOCABULARY.index(...)`"),
        ("VOCABULARY.index(q_token)", 'VOCABULARY.index("7")', "the argument `q_token`"),
    ],
)
def test_other_places_of_words_are_refused(old: str, new: str, message: str) -> None:
    words = tuple(map(str, range(20)))
    text = emit(_of_words(words, tuple(words[:at] for at in range(20)))).text
    assert old in text
    with pytest.raises(BadSource) as caught:
        read_source(text.replace(old, new))
    assert message in str(caught.value)


def test_places_of_what_is_no_word_of_the_vocabulary_are_refused() -> None:
    words = tuple(map(str, range(20)))
    text = emit(_of_words(words, tuple(words[:at] for at in range(20)))).text
    text = text.replace("select(tokens, tokens, predicate_seen", "select(tokens, positions, predicate_seen")
    text = text.replace("q_token", "q_position")
    with pytest.raises(BadSource, match="values are not all"):
        read_source(text)


def test_fewer_words_are_said_row_by_row_as_ever() -> None:
    rows = tuple(LETTERS[:at] for at in range(15))
    assert "<" not in "".join(_function(_of_words(LETTERS[:15], rows)))


def test_a_row_of_an_order_of_words_is_split_off_by_an_edit() -> None:
    words = (BEGIN, *LETTERS)
    rows = tuple(tuple(key for key in LETTERS if key < query) for query in words)
    module = read_source(emit(_of_words(words, rows)).text)
    after = apply(module.program, RowEdit("seen", "d", ("a",)))
    assert read_source(patched(module, after)).program == after
    changed = [line for line in diff(module, after).splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == [
        "-# seen: counts smaller tokens (marks aside)",
        "+# seen: counts smaller tokens (marks aside) but for 1 query",
        '+    if q_token == "d":',
        '+        return k_token == "a"',
    ]


def test_rows_that_are_exceptions_and_holes_come_first() -> None:
    rows = list(_rows(SMALLER))
    rows[3], rows[7], rows[9] = (19,), None, (19,)
    program = _program(tuple(rows))
    assert _function(program) == [
        "    if q_position in {3, 9}:",
        "        return k_position == 19",
        "    if q_position == 7:",
        "        return None",
        "    return k_position < q_position",
    ]
    assert read_source(emit(program).text).program == program


def test_fifteen_rows_are_said_one_by_one_as_ever() -> None:
    assert len(_function(_program(_rows(SMALLER, PLACES[:15])))) > 15
    assert len(_function(_program(_rows(SMALLER, PLACES[:16])))) == 1


def test_what_more_rows_are_alike_in_stands_last() -> None:
    rows = (*_rows(Relation("offset", -1))[:17], *(((0,),) * 3))
    assert _function(_program(rows))[-1] == "    return k_position == q_position - 1"
    nothing = (*_rows(Relation("offset", -1), tuple(range(40)))[:18], *(((),) * 22))
    assert _function(_program(nothing))[-1] == "    return False"


def test_an_edit_splits_off_an_exceptional_row() -> None:
    program = _program(_rows(Relation("offset", -1)))
    text = emit(program).text.replace("# seen: nearest position = position - 1, copies token", "# the one before")
    module = read_source(
        text.replace("return k_position == q_position - 1", "return k_position == q_position - 1  # so")
    )
    after = apply(program, RowEdit("seen", 5, (4, 6)))
    assert read_source(patched(module, after)).program == after
    changed = [line for line in diff(module, after).splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == ["+    if q_position == 5:", "+        return k_position in {4, 6}"]
    back = read_source(patched(module, after))
    assert patched(back, program) == module.text


@given(
    st.sampled_from([*RELATIONS.values()]),
    st.integers(16, 24),
    st.dictionaries(st.integers(0, 23), st.one_of(st.none(), st.sets(st.integers(0, 15), max_size=3)), max_size=5),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_excepted_a_module_says_its_program(
    relation: Relation, size: int, exceptions: dict[int, set[int] | None]
) -> None:
    rows = list(_rows(relation, tuple(range(size))))
    for at, keys in exceptions.items():
        if at < size:
            rows[at] = None if keys is None else tuple(sorted(keys))
    program = _program(tuple(rows))
    text = emit(program).text
    module = read_source(text)
    assert module.program == program
    assert emit(module.program).text == text
    assert {entry for entry in module.lines if entry.part == "row"} >= {
        RowEdit("seen", at, ()).entry for at in range(size)
    }
    names: dict[str, object] = {"__name__": "emitted"}
    exec(compile(text, "emitted", "exec"), names)
    predicate = names["predicate_seen"]
    assert callable(predicate)
    for query, row in enumerate(rows):
        said = [predicate(query, key) for key in range(size)]
        assert said == ([None] * size if row is None else [key in row for key in range(size)])


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("k_position == q_position * 2", r"expected \+ or -, or % and a whole number"),
        ("(k_position - q_position) % 0 == 0", r"expected \+ or -, or % and a whole number"),
        ("k_position == q_position - 'a'", "expected a whole number"),
        ("k_position + True == 3", "expected a string, a whole number"),
    ],
)
def test_other_arithmetic_is_refused_by_name(said: str, message: str) -> None:
    text = emit(_program(_rows(Relation("offset", -1)))).text
    with pytest.raises(BadSource, match=message):
        read_source(text.replace("k_position == q_position - 1", said))


def test_symbols_that_are_no_numbers_have_no_arithmetic() -> None:
    head = Head("seen", "tokens", "tokens", "tokens", ((), ("a",), ("b",)))
    program = replace(_program(_rows(SMALLER)), nodes=(head,))
    text = emit(program).text.replace("return k_token == q_token", "return k_token == q_token - 1")
    with pytest.raises(BadSource, match="arithmetic with `q_token`"):
        read_source(text.replace('return k_token == "b"', "return k_token == q_token - 1"))


def test_a_relation_with_exceptions_is_told_in_words() -> None:
    rows = list(_rows(SMALLER))
    rows[3], rows[7] = (19,), None
    program = _program(tuple(rows))
    assert reading(program, program.nodes[0]) == "nearest smaller position but for 2 queries, copies token"
    program = _program(_rows(Relation("congruent", 1, 3)))
    assert reading(program, program.nodes[0]) == "nearest position = position + 1 modulo 3, copies token"


def test_the_emitted_module_computes_what_execution_does() -> None:
    program = _program(_rows(Relation("congruent", 1, 3)))
    inputs = [[BEGIN, *"abbabaab"], [BEGIN, *"b" * 19], [BEGIN, "a"]]
    run = execute(program, encode(program, inputs))
    names: dict[str, object] = {"__name__": "emitted"}
    exec(compile(emit(program).text, "emitted", "exec"), names)
    emitted = names["run"]
    assert callable(emitted)
    assert [emitted(tokens) for tokens in inputs] == [run.outputs(row) for row in range(3)]
