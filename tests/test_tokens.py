"""Inputs as typed, outputs as shown."""

from __future__ import annotations

import re

import pytest

from tests.programs import PROGRAMS
from tprog.errors import BadInput
from tprog.ir.program import BEGIN, END, UNKNOWN, Program, Readout
from tprog.tasks.builtin import get_task
from tprog.text.tokens import Spacing, is_spaced, parse_input, show_tokens, spacing

SORT = PROGRAMS["sort"].program
HIST = PROGRAMS["hist"].program
WORDS = PROGRAMS["question_type"].program


@pytest.mark.parametrize(
    "text",
    [
        "abbc",
        " abbc\n",
        "a b b c",
        '["a", "b", "b", "c"]',
        "<s>abbc</s>",
        "<s> a b b c </s>",
        '["<s>","a","b","b","c"]',
    ],
)
def test_an_input_can_be_written_in_several_ways(text: str) -> None:
    assert parse_input(text, SORT) == [BEGIN, "a", "b", "b", "c", END]


def test_the_end_mark_is_added_only_where_the_program_wants_it() -> None:
    assert parse_input("abbc", HIST) == [BEGIN, "a", "b", "b", "c"]
    assert parse_input("())(", PROGRAMS["dyck1"].program) == [BEGIN, "(", ")", ")", "("]


def test_a_single_symbol_is_an_input() -> None:
    assert parse_input("a", SORT) == [BEGIN, "a", END]


def test_words_are_separated_by_spaces() -> None:
    assert parse_input("who is the king", WORDS) == [BEGIN, "who", "is", "the", "king"]


@pytest.mark.parametrize("word", ["king", "queen"])
def test_one_word_is_that_word_where_symbols_are_words(word: str) -> None:
    assert parse_input(word, WORDS) == [BEGIN, word]


def test_an_unknown_word_is_left_for_the_program_to_read() -> None:
    assert parse_input("who is the queen", WORDS)[-1] == "queen"
    assert parse_input(f"{UNKNOWN} is", WORDS) == [BEGIN, UNKNOWN, "is"]


def test_letters_with_an_unknown_mark_are_still_letters() -> None:
    program = Program((BEGIN, "a", "b", UNKNOWN), ("x",), 6, (), Readout(()))
    assert parse_input(f"ab{UNKNOWN}z", program) == [BEGIN, "a", "b", UNKNOWN, "z"]


def test_square_brackets_may_be_symbols() -> None:
    program = Program((BEGIN, "[", "]", "1"), ("x",), 6, (), Readout(()))
    assert parse_input("[1]", program) == [BEGIN, "[", "1", "]"]
    assert parse_input("[[1", program) == [BEGIN, "[", "[", "1"]
    assert parse_input('["1", "["]', program) == [BEGIN, "1", "["]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"the input \['<s>', '</s>'\] is empty; expected 1 to 6 symbols"),
        ("  ", "is empty"),
        ("[]", "is empty"),
        ("<s></s>", "is empty"),
        ("abz", "token 3 is 'z'; expected one of 'a', 'b', 'c', 'd', 'e'"),
        ("ab<s>c", "token 3 is '<s>'; expected one of 'a'"),
        ("a b </s> c", "token 3 is '</s>'; expected one of 'a'"),
        ("a bc", "token 2 is 'bc'; expected one of 'a'"),
        ("abcdabc", "token 8: the input is too long; expected at most 6 symbols"),
        ('["a", 1]', "is not a JSON list of tokens: item 1 is 1; expected strings in double quotes"),
        ('["a", ', "is not a JSON list of tokens: Expecting value"),
        ("[" * 100_000, "is not a JSON list of tokens"),
        ('["ab"]', "token 1 is 'ab'"),
    ],
)
def test_what_is_no_input_gives_one_clear_line(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        parse_input(text, SORT)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("length", "shown"), [(60, "1" * 59), (61, "1" * 59 + "...")])
def test_of_a_long_input_that_is_no_list_the_beginning_is_shown(length: int, shown: str) -> None:
    with pytest.raises(BadInput, match=re.escape(f"the input '[{shown}' is not a JSON list of tokens: ")):
        parse_input(f"[{'1' * (length - 1)}", SORT)


def test_an_end_mark_is_refused_where_the_program_has_none() -> None:
    with pytest.raises(BadInput, match="token 3 is '</s>'"):
        parse_input("ab</s>", HIST)


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ([BEGIN, "a", "b", END], "ab"),
        ([BEGIN, "1", "2"], "12"),
        ([BEGIN, "b", "a", BEGIN, BEGIN], "ba<s><s>"),
        (["a", "b"], "ab"),
        ([BEGIN], ""),
    ],
)
def test_tokens_are_shown_without_the_marks_at_the_ends(tokens: list[str], text: str) -> None:
    assert show_tokens(tokens, spaced=False) == text


def test_one_long_symbol_in_the_vocabulary_spaces_all_that_is_shown() -> None:
    numbers = Program((BEGIN, "2", "9", "19"), ("1", "10"), 8, (), Readout(()))
    letters = Program((BEGIN, "a", "<unk>", END), ("a", "b"), 8, (), Readout(()))
    assert spacing(numbers) == Spacing(inputs=True, outputs=True)
    assert spacing(letters) == Spacing(inputs=False, outputs=False)
    for tokens, text in (([BEGIN, "2", "2", "9"], "2 2 9"), ([BEGIN, "19", "2", "9"], "19 2 9"), ([BEGIN, "2"], "2")):
        assert show_tokens(tokens, is_spaced(numbers.vocabulary)) == text
        assert parse_input(text, numbers) == tokens


@pytest.mark.parametrize("name", ["sort", "hist", "dyck2", "induction"])
def test_what_is_shown_can_be_typed(name: str) -> None:
    task = get_task(name)
    program = Program(task.vocabulary, task.classes, task.max_length, (), Readout(()))
    inputs = task.sample(50)
    assert inputs
    for tokens in inputs:
        assert tuple(parse_input(show_tokens(tokens, spacing(program).inputs), program)) == tokens
