"""The primitives: each definition by example, the check of an input, and what a module prints."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Sequence
from fractions import Fraction

import pytest

from tprog import primitives
from tprog.primitives import (
    aggregate,
    aggregate_mean,
    aggregate_sum,
    check,
    classify,
    classify_pooled,
    elementwise,
    embed,
    main,
    read_out,
    round_down,
    select,
    select_closest,
    select_closest_by_count,
    selector_width,
    visible,
)
from tprog.text.needs import primitive_texts


def predicate_same(query: str, key: str) -> bool | None:
    """Equal symbols; `?` as query is a hole."""
    return None if query == "?" else query == key


# Attention ############################################################################################################


@pytest.mark.parametrize(
    ("mask", "skip_first", "seen"),
    [
        ("all", False, [0, 1, 2, 3, 4]),
        ("all", True, [1, 2, 3, 4]),
        ("causal", False, [0, 1, 2]),
        ("causal", True, [1, 2]),
        ("before", False, [0, 1]),
        ("before", True, [1]),
        ("after", False, [3, 4]),
        ("after", True, [3, 4]),
    ],
)
def test_a_mask_is_a_range_of_positions(mask: str, skip_first: bool, seen: list[int]) -> None:
    assert list(visible(2, 5, mask, skip_first)) == seen


def test_select_finds_the_matching_positions_from_left_to_right() -> None:
    assert select("abca", "cab", predicate_same) == [[2], [0, 3], [1]]
    assert select("abca", "abca", predicate_same, mask="before") == [[], [], [], [0]]
    assert select("abca", "abca", predicate_same, skip_first=True) == [[3], [1], [2], [3]]


def test_a_missing_branch_is_a_hole_only_where_something_is_seen() -> None:
    with pytest.raises(LookupError, match=r"hole at same, query '\?'"):
        select("ab", "a?", predicate_same)
    assert select("ab", "?b", predicate_same, mask="before") == [[], []]


def test_the_closest_match_is_selected_ties_left_and_itself_last() -> None:
    assert select_closest("babab", "ccacc", predicate_same) == [None, None, 1, None, None]
    assert select_closest("abcba", "abcba", predicate_same) == [4, 3, 2, 1, 0]
    assert select_closest("aacaa", "aacaa", predicate_same) == [1, 0, 2, 4, 3]
    assert select_closest("xaxax", "bbabb", predicate_same)[2] == 1


def test_counted_a_self_match_is_as_far_as_there_are_matches() -> None:
    assert select_closest_by_count("aba", "aba", predicate_same) == [0, 1, 0]
    assert select_closest_by_count("abbba", "abbba", predicate_same) == [0, 2, 1, 2, 4]
    assert select_closest_by_count("a", "b", predicate_same) == [None]


def test_aggregate_copies_and_falls_back_to_the_default_or_to_position_0() -> None:
    assert aggregate([2, None, 0], ["x", "y", "z"]) == ["z", "x", "x"]
    assert aggregate([2, None, 0], ["x", "y", "z"], default="d") == ["z", "d", "x"]
    assert aggregate([None], [1], default=0) == [0]


def test_sums_means_and_widths_are_exact() -> None:
    selected = [[0, 1, 2], [], [2]]
    assert aggregate_sum(selected, [1, Fraction(1, 3), -2]) == [Fraction(-2, 3), 0, -2]
    assert aggregate_mean(selected, [1, Fraction(1, 3), -2], Fraction(1, 7)) == [Fraction(-2, 9), Fraction(1, 7), -2]
    assert selector_width(selected) == [3, 0, 1]


# Tables ###############################################################################################################


@pytest.mark.parametrize(
    ("number", "level"), [(-9, -1), (-1, -1), (0, 0), (1, 0), (2, 2), (99, 2), (Fraction(5, 2), 2)]
)
def test_a_number_reads_as_the_largest_level_that_does_not_exceed_it(number: int | Fraction, level: int) -> None:
    assert round_down(number, (-1, 0, 2)) == level


def lookup_pair(letter: str, number: int) -> str | None:
    return {("a", 1): "yes", ("b", 0): "no"}.get((letter, number))


def test_a_lookup_answers_at_each_position_or_names_the_hole() -> None:
    assert elementwise(lookup_pair, ["a", "b"], [1, 0]) == ["yes", "no"]
    with pytest.raises(LookupError, match=r"hole at pair, input 'b', 1$"):
        elementwise(lookup_pair, ["a", "b"], [1, 1])
    with pytest.raises(LookupError, match=r"hole at pair, input 'b', 1/2$"):
        elementwise(lookup_pair, ["b"], [Fraction(1, 2)])


def test_an_answer_that_is_false_is_no_hole() -> None:
    assert elementwise(lambda word: 0, ["a"]) == [0]


def test_a_word_without_an_embedding_is_a_hole() -> None:
    assert embed("emb_0", {"a": 1, "b": 0}, ["b", "a"]) == [0, 1]
    with pytest.raises(LookupError, match="hole at emb_0, word 'c'"):
        embed("emb_0", {"a": 1}, ["a", "c"])


# Readout ##############################################################################################################

VARIABLES = {"tokens": ["<s>", "a", "b"], "count": [1, 2, Fraction(1, 2)]}
ROWS = {"<s>": (9, 0), "a": (0, 3), "b": (1, 0)}
READOUT = {"tokens": ROWS, "count": (2, 1)}


def test_logits_add_up_weight_rows_and_multiples_of_numbers() -> None:
    assert read_out(READOUT, VARIABLES, "xy", [1, 2]) == [[4, 5], [2, Fraction(1, 2)]]
    assert read_out({}, VARIABLES, "xy", [1, 2]) == [[0, 0], [0, 0]]


def test_the_best_class_wins_and_ties_go_to_the_first() -> None:
    assert classify(READOUT, VARIABLES, ("x", "y"), ("<s>",)) == ["<s>", "y", "x"]
    assert classify(READOUT, VARIABLES, ("x", "y"), ()) == ["x", "y", "x"]
    assert classify({}, VARIABLES, ("x", "y"), ()) == ["x", "x", "x"]


def test_pooled_logits_are_added_over_all_positions() -> None:
    assert classify_pooled(READOUT, VARIABLES, ("x", "y")) == "x"
    assert classify_pooled({"tokens": ROWS | {"<s>": (0, 0)}}, VARIABLES, ("x", "y")) == "y"


def test_a_value_without_a_weight_row_is_a_hole_unless_its_position_is_forced() -> None:
    readout = {"tokens": {"a": (0, 1), "b": (1, 0)}}
    assert classify(readout, VARIABLES, ("x", "y"), ("<s>",)) == ["<s>", "y", "x"]
    with pytest.raises(LookupError, match="hole at readout, tokens = '<s>'"):
        classify(readout, VARIABLES, ("x", "y"), ())
    with pytest.raises(LookupError, match="hole at readout, tokens = '<s>'"):
        classify_pooled(readout, VARIABLES, ("x", "y"))


# Inputs ###############################################################################################################

LETTERS = ("<s>", "a", "b", "</s>")
OPEN = ("<s>", "a", "b")
WORDS = ("<s>", "the", "cat", "<unk>")


@pytest.mark.parametrize(
    ("tokens", "vocabulary", "read"),
    [
        (["<s>", "a", "b", "</s>"], LETTERS, ["<s>", "a", "b", "</s>"]),
        (["<s>", "a"], OPEN, ["<s>", "a"]),
        (["<s>", "the", "dog"], WORDS, ["<s>", "the", "<unk>"]),
        (["<s>", "<unk>"], WORDS, ["<s>", "<unk>"]),
    ],
)
def test_an_input_is_read(tokens: list[str], vocabulary: tuple[str, ...], read: list[str]) -> None:
    assert check(tokens, vocabulary, 5) == read


@pytest.mark.parametrize(
    ("tokens", "vocabulary", "message"),
    [
        ([], LETTERS, "the input [] is empty; expected 1 to 3 symbols"),
        (["<s>"], OPEN, "the input ['<s>'] is empty; expected 1 to 4 symbols"),
        (["<s>", "</s>"], LETTERS, "the input ['<s>', '</s>'] is empty; expected 1 to 3 symbols"),
        (["<s>", *"abab", "</s>"], LETTERS, "token 5: the input is too long; expected at most 3 symbols"),
        (["<s>", *"ababa"], OPEN, "token 5: the input is too long; expected at most 4 symbols"),
        (["<s>", "a", "z", "</s>"], LETTERS, "token 2 is 'z'; expected one of 'a', 'b'"),
        (["a", "b", "</s>"], LETTERS, "token 0 is 'a'; expected '<s>'"),
        (["<s>", "a", "b"], LETTERS, "token 2 is 'b'; expected '</s>'"),
        (["<s>", "a", "<s>", "</s>"], LETTERS, "token 2 is '<s>'; expected one of 'a', 'b'"),
        (["<s>", "</s>", "a", "</s>"], LETTERS, "token 1 is '</s>'; expected one of 'a', 'b'"),
        (["<s>", "</s>"], OPEN, "token 1 is '</s>'; expected one of 'a', 'b'"),
        (["dog", "cat"], WORDS, "token 0 is 'dog'; expected '<s>'"),
        (["<s>", "<s>"], WORDS, "token 1 is '<s>'; expected one of 'the', 'cat', '<unk>'"),
        (["<s>", "b"], ("<s>", "a"), "token 1 is 'b'; expected 'a'"),
    ],
)
def test_what_is_no_input_is_refused_by_token_and_index(
    tokens: list[str], vocabulary: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check(tokens, vocabulary, 5)


def test_a_large_vocabulary_is_not_printed_whole() -> None:
    with pytest.raises(ValueError, match=r"expected one of 'w0', .*, 'w19', \.\.\.$"):
        check(["<s>", "?"], ("<s>", *(f"w{i}" for i in range(100))), 5)


# What a module prints #################################################################################################


def _upper(tokens: Sequence[str]) -> list[str]:
    check(tokens, LETTERS, 5)
    return ["<s>", *(token.upper() for token in tokens[1:-1]), "</s>"]


@pytest.mark.parametrize(
    "arguments", [["ab"], ["a b"], ["a", "b"]], ids=["one symbol a character", "words", "arguments"]
)
def test_a_module_prints_its_prediction(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(_upper, LETTERS, arguments) == 0
    assert capsys.readouterr() == ("AB\n", "")


def test_words_and_labels_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(lambda tokens: ["<s>", "DET", "N"], WORDS, ["the cat"]) == 0
    assert main(lambda tokens: "animal", WORDS, ["the", "cat"]) == 0
    assert main(lambda tokens: tokens, WORDS, ["cat"]) == 0
    assert capsys.readouterr().out == "DET N\nanimal\ncat\n"


def test_bad_input_and_holes_are_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    def hole(tokens: Sequence[str]) -> list[str]:
        raise LookupError("hole at attn_0_1, query 'a'")

    assert main(_upper, LETTERS, ["az"]) == 2
    assert main(_upper, LETTERS, []) == 2
    assert main(hole, LETTERS, ["a"]) == 1
    assert capsys.readouterr() == (
        "",
        "token 2 is 'z'; expected one of 'a', 'b'\n"
        "the input ['<s>', '</s>'] is empty; expected 1 to 3 symbols\n"
        "hole at attn_0_1, query 'a'\n",
    )


def test_a_module_carries_each_primitive_whole() -> None:
    source = inspect.getsource(primitives)
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    assert primitive_texts() == {node.name: ast.get_source_segment(source, node) for node in functions}


def test_the_primitives_need_the_standard_library_alone() -> None:
    imported = [
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(inspect.getsource(primitives)))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert imported == ["sys", "fractions"]
