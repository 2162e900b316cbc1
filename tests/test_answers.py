"""What ``--expect`` means."""

from __future__ import annotations

import dataclasses

import pytest

from tests.bench.random_program import random_program
from tprog.errors import BadInput
from tprog.ir.program import Program, Readout
from tprog.tasks.answers import parse_answer

SORTS = random_program(letters="abc", length=6, layers=1, heads=2, mlps=0)
MARKS = ("<s>", "</s>")
TOKENS = ("<s>", "b", "a", "c", "</s>")


def _pooled() -> Program:
    return dataclasses.replace(
        SORTS, classes=("yes", "no"), nodes=(), readout=Readout((), pooled=True, forced=()), task=None
    )


@pytest.mark.parametrize("text", ["abc", "a b c", '["a", "b", "c"]', '["<s>", "a", "b", "c", "</s>"]'])
def test_an_answer_is_read_as_letters_words_or_a_list(text: str) -> None:
    assert parse_answer(text, SORTS, TOKENS) == (None, "a", "b", "c", None)


def test_null_gives_no_answer_at_its_position() -> None:
    assert parse_answer('["a", null, "c"]', SORTS, TOKENS) == (None, "a", None, "c", None)


def test_one_class_answers_the_position_that_is_named() -> None:
    assert parse_answer("b", SORTS, TOKENS, position=2) == (None, None, "b", None, None)
    assert parse_answer("abc", SORTS, TOKENS, position=2) == (None, "a", "b", "c", None)


@pytest.mark.parametrize(
    ("tokens", "text", "position", "expected"),
    [
        (("<s>", "b", "</s>"), "yes", None, (None, "yes", None)),
        (("<s>", "b", "</s>"), "y", None, (None, "y", None)),
        (TOKENS, "yes", 2, (None, None, "yes", None, None)),
        (TOKENS, "yes", None, (None, "y", "e", "s", None)),
        (TOKENS, "yes y e", None, (None, "yes", "y", "e", None)),
    ],
)
def test_one_word_is_a_class_where_one_answer_is_asked_for_and_else_a_class_a_letter(
    tokens: tuple[str, ...], text: str, position: int | None, expected: tuple[str | None, ...]
) -> None:
    program = dataclasses.replace(SORTS, classes=("yes", "y", "e", "s"), nodes=(), readout=Readout((), forced=MARKS))
    assert parse_answer(text, program, tokens, position) == expected


def test_nobody_need_answer_at_a_mark_whose_output_is_not_forced() -> None:
    unforced = dataclasses.replace(SORTS, readout=dataclasses.replace(SORTS.readout, forced=()), task=None)
    assert parse_answer("abc", unforced, TOKENS) == (None, "a", "b", "c", None)
    assert parse_answer("babca", unforced, TOKENS) == ("b", "a", "b", "c", "a")


def test_a_pooled_program_has_one_answer() -> None:
    assert parse_answer("no", _pooled(), TOKENS) == ("no",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ab", "2 items; expected 3"),
        ("", "0 items"),
        ("abx", "item 2 of the expected output is 'x'"),
        ("[1, 2, 3]", "strings in double quotes"),
        ('["a", ', "not a JSON list"),
        ("[" * 100_000, "not a JSON list"),
        ("[" + "9" * 5000 + "]", "not a JSON list"),
    ],
)
def test_an_answer_that_fits_no_input_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        parse_answer(text, SORTS, TOKENS)


def test_of_several_outputs_a_json_object_or_one_name_says_which_are_answered() -> None:
    both = dataclasses.replace(SORTS, outputs=("tokens", "readout"), task=None)
    asked = parse_answer('{"readout": ["a", null, "c"], "tokens": "bac"}', both, TOKENS)
    assert asked == {"tokens": (None, "b", "a", "c", None), "readout": (None, "a", None, "c", None)}
    one = parse_answer("abc", both, TOKENS, output="readout")
    assert one == {"tokens": (None,) * 5, "readout": (None, "a", "b", "c", None)}
    for text in ('["a", "b", "c"]', "abc", '{"other": "abc"}', "3"):
        with pytest.raises(BadInput, match="is no JSON object; expected one with some of 'tokens', 'readout'"):
            parse_answer(text, both, TOKENS)
    with pytest.raises(BadInput, match="there is no output 'other'; expected one of 'tokens', 'readout'"):
        parse_answer("abc", both, TOKENS, output="other")


def test_a_position_behind_the_end_of_the_input_is_refused() -> None:
    for position in (5, 9):
        with pytest.raises(BadInput, match=f"no position {position}; the input's last is 4"):
            parse_answer("b", SORTS, TOKENS, position=position)
