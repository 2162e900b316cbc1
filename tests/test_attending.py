"""Heads that attend to another than the nearest: what they mean, and that every verb knows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from analyze.dead.proofs import Proofs
from tests.programs import PROGRAMS, SORTED
from tests.verbs import Asked, every_verb
from tprog.errors import BadProgram, BadSource, BadUsage
from tprog.ir.domains import Attend
from tprog.ir.program import BEGIN, Head, Lookup, Program, Readout
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.simplify import simplify
from tprog.simplify.rewrite import Fixed, Same, Via, rewritten
from tprog.tasks.builtin import inputs_for
from tprog.text.describe import reading
from tprog.text.emit import emit
from tprog.text.read import read_source
from trainer.search.program_class import ProgramClass

INPUTS = [list(letters) for length in range(1, 6) for letters in product(SORTED, repeat=length)]


def next_larger(letters: Sequence[str]) -> list[str]:
    """Each letter's successor among those that stand there, sorted; the last one's is the first."""
    ascending = sorted(set(letters))
    return [next((other for other in ascending if other > letter), ascending[0]) for letter in letters]


def most_frequent(letters: Sequence[str]) -> list[str]:
    """At each place the letter that stands most often; of several the one that stands nearest, the left before."""
    most = max(letters.count(letter) for letter in letters)
    near = [[j for _, j in sorted((abs(i - j), j) for j in range(len(letters)))] for i in range(len(letters))]
    return [next(letters[j] for j in order if letters.count(letters[j]) == most) for order in near]


def head(program: Program, at: int = 1) -> Head:
    """One of its nodes, which is a categorical head."""
    node = program.nodes[at]
    assert isinstance(node, Head)
    return node


ORACLES: dict[str, Callable[[Sequence[str]], list[str]]] = {"next_larger": next_larger, "most_frequent": most_frequent}


@pytest.mark.parametrize("name", ORACLES)
def test_the_written_programs_say_what_plain_python_says(name: str) -> None:
    program = PROGRAMS[name].program
    run = execute(program, encode(program, [[BEGIN, *letters] for letters in INPUTS]))
    assert [run.outputs(row) for row in range(len(INPUTS))] == [[BEGIN, *ORACLES[name](letters)] for letters in INPUTS]


def test_letters_are_sorted_by_asking_for_the_next_again_and_again() -> None:
    program = PROGRAMS["next_larger"].program
    for letters in ("dbca", "cad", "b"):
        found, at = [min(letters)], letters.index(min(letters))
        while len(found) < len(letters):
            output = execute(program, encode(program, [[BEGIN, *letters]])).spelled(0)
            found.append(output[at + 1])
            at = letters.index(found[-1])
        assert found == sorted(letters)


# What is attended #####################################################################################################


def attended(attend: Attend, text: str, by: str | None = None, **how: object) -> list[object]:
    """The position that each letter of `<s>` + text attends to, among those with the letter a."""
    words = (BEGIN, "a", "b")
    reading_a = Head("head", "tokens", "tokens", "positions", (("a",),) * 3, attend=attend, by=by)
    program = Program(words, ("x",), 7, (replace(reading_a, **how),), Readout(()))  # type: ignore[arg-type]  # each test names fields that a head has
    run = execute(program, encode(program, [[BEGIN, *text]]))
    return [run.value("head", 0, i) for i in range(len(text) + 1)]


def test_the_first_and_the_last_may_be_oneself() -> None:
    assert attended("first", "baba") == [2] * 5
    assert attended("last", "baba") == [4] * 5
    assert attended("last", "baba", mask="before") == [0, 0, 0, 2, 2]
    assert attended("first", "bb", default=5) == [5, 5, 5]


def test_of_equals_the_nearest_is_attended_oneself_first_then_to_the_left() -> None:
    assert attended("largest", "aaba", by="ones") == [1, 1, 2, 2, 4]
    assert attended("smallest", "aaba", by="tokens") == [1, 1, 2, 2, 4]
    assert attended("smallest", "aaba", by="positions") == [1] * 5


def test_where_the_rule_counts_matches_every_head_attends_to_the_nearest() -> None:
    program = PROGRAMS["next_larger"].program
    with pytest.raises(BadProgram, match="attends to the smallest; with the self rule 'match-count'"):
        replace(program, self_rule="match-count")


@pytest.mark.parametrize(
    ("attend", "by", "found"),
    [
        ("largest", None, "attending to the largest needs a variable to compare"),
        ("last", "tokens", "attending to the last compares nothing, and so not 'tokens'"),
        ("farthest", None, "it attends to the 'farthest'; expected one of 'nearest', 'first'"),
        ("largest", "later", "reads 'later', which no earlier node"),
    ],
)
def test_what_a_head_compares_is_checked(attend: Attend, by: str | None, found: str) -> None:
    with pytest.raises(BadProgram, match=found):
        attended(attend, "a", by)


# Written, read and said ###############################################################################################

WORDS = emit(PROGRAMS["next_larger"].program).text
NUMBERS = emit(PROGRAMS["most_frequent"].program).text


def test_a_head_says_in_words_where_it_attends() -> None:
    program = PROGRAMS["most_frequent"].program
    assert reading(program, program.nodes[1]) == "position beyond 0 with the largest count, copies token"
    assert reading(program, replace(head(program), attend="last", by=None)) == ("last position beyond 0, copies token")


def test_symbols_are_compared_in_an_order_that_the_module_names_and_numbers_as_they_are() -> None:
    assert "_select_smallest(tokens, tokens, predicate_next, by=tokens, order=VOCABULARY)" in WORDS
    assert "_select_largest(tokens, tokens, predicate_most, by=count, skip_first=True)" in NUMBERS


@pytest.mark.parametrize(
    ("text", "old", "new", "found"),
    [
        (WORDS, ", order=VOCABULARY", "", "`tokens`, whose values Python does not order"),
        (WORDS, "order=VOCABULARY", "order=CLASSES", "a tuple with the values of `tokens` in their order"),
        (NUMBERS, "by=count", "by=count, order=VOCABULARY", "a tuple with the values of `count`"),
        (NUMBERS, "by=count, ", "", "`by=` and its name"),
        (NUMBERS, "by=count", "by=later", "the name of an input or of an earlier node"),
        (NUMBERS, "_select_largest(tokens", "_select_last(tokens", "the option `by`"),
        (WORDS, 'VOCABULARY = ("<s>", "a", "b", "c", "d")', 'VOCABULARY = {"<s>", "a", "b", "c", "d"}', "a tuple with"),
    ],
)
def test_the_reader_refuses_what_python_would_compare_otherwise(text: str, old: str, new: str, found: str) -> None:
    assert old in text
    with pytest.raises(BadSource) as refusal:
        read_source(text.replace(old, new))
    assert found in str(refusal.value)


# Simplified ###########################################################################################################


def compared(by: str) -> Program:
    """A program whose head compares the node `by`."""

    table = Lookup("turned", ("tokens",), (None,), ("d", "c", "b", "a"), ("a", "a", "b", "c", "d"))
    program = PROGRAMS["most_frequent"].program
    return replace(program, nodes=(program.nodes[0], table, replace(head(program), by=by)))


def test_what_stands_in_for_a_compared_variable_must_compare_alike() -> None:
    program = compared("turned")
    gone = rewritten(program, {"turned": Via("tokens", ("a", "a", "b", "c", "d"))})
    assert gone is None  # `<s>` and a were equal, and their order would decide
    falling = Lookup("turned", ("tokens",), (None,), ("d", "c", "b", "a", "<s>"), ("<s>", "a", "b", "c", "d"))
    falling_program = replace(program, nodes=(program.nodes[0], falling, program.nodes[2]))
    found = rewritten(falling_program, {"turned": Via("tokens", ("<s>", "a", "b", "c", "d"))})
    assert found is not None
    assert (head(found, 0).attend, head(found, 0).by) == ("smallest", "tokens")


def test_of_a_constant_the_nearest_is_left() -> None:
    program = PROGRAMS["most_frequent"].program
    fixed = rewritten(program, {"count": Fixed(1)})
    assert fixed is not None
    assert fixed.nodes == (replace(head(program), by="ones"),)
    before = replace(program, nodes=(program.nodes[0], replace(head(program), mask="before")))
    fixed = rewritten(before, {"count": Fixed(1)})
    assert fixed is not None
    assert fixed.nodes == (replace(head(before), attend="nearest", by=None),)
    same = rewritten(program, {"count": Same("ones")})
    assert same is not None
    assert same.nodes == (replace(head(program), by="ones"),)


# Every verb ###########################################################################################################


@pytest.mark.parametrize("name", ORACLES)
def test_every_verb_knows_the_written_programs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    right = PROGRAMS[name].program
    fault = (
        replace(head(right), attend="first", by=None)
        if name == "next_larger"
        else replace(head(right), attend="smallest")
    )
    wrong = replace(right, nodes=(right.nodes[0], fault))
    failing = "bac" if name == "next_larger" else "abbc"
    asked = Asked(right, wrong, ORACLES[name], "abcd", "abcd", failing)
    repaired = every_verb(asked, capsys)
    assert repaired.nodes == right.nodes


# Smaller, proven, and refused #########################################################################################


def test_a_comparison_that_makes_no_difference_is_simplified_away() -> None:
    program = PROGRAMS["most_frequent"].program
    last = replace(program, nodes=(replace(head(program), by="positions"),))
    found = simplify(last, inputs_for(last))
    assert (head(found.program, 0).attend, head(found.program, 0).by) == ("last", None)


def test_heads_that_attend_alike_are_proven_mergeable() -> None:
    most = replace(head(PROGRAMS["most_frequent"].program), name="largest", by="positions")
    last = replace(most, name="last", attend="last", by=None)
    near = replace(most, name="near", attend="nearest", by=None, mask="before")
    earlier = replace(near, name="earlier", attend="last")
    first = replace(near, name="first", attend="first")
    program = replace(PROGRAMS["most_frequent"].program, nodes=(most, last, near, earlier, first), readout=Readout(()))
    assert Proofs(program).mates == {"last": "largest", "earlier": "near"}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("most_frequent", "most attends to the largest"),
        ("shuffle_dyck2", "round is a sum of variables"),
        ("dyck2", "opener selects by several clauses"),
    ],
)
def test_the_class_of_what_is_learned_refuses_by_name_what_is_never_learned(name: str, found: str) -> None:
    with pytest.raises(BadUsage, match=found):
        ProgramClass.of(PROGRAMS[name].program)
