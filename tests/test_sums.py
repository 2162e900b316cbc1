"""Sums of variables: what they mean, how they are written and read, and that every verb knows them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

from analyze.abstract.ranges import ranges
from analyze.dead.proofs import Proofs
from tests.programs import PROGRAMS, shuffle_dyck2
from tests.verbs import Asked, every_verb
from tprog.edits.edit import CoefficientEdit, apply
from tprog.errors import BadProgram, BadSource, NotExact
from tprog.ir.program import BEGIN, Linear, Number, Numbers, NumericHead, Program, Readout, Weights
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.simplify.rewrite import Fixed, Same, rewritten
from tprog.simplify.search import Search
from tprog.simplify.sums import shorter_sums
from tprog.tasks.builtin import inputs_for
from tprog.text.describe import reading
from tprog.text.emit import emit
from tprog.text.read import read_source


def balanced(brackets: Sequence[str]) -> list[str]:
    """F once one is closed that was not open, T where all are closed, P in between; each kind by itself."""
    found, open_, fallen = [], {"(": 0, "[": 0}, False
    for bracket in brackets:
        kind = {")": "(", "]": "["}.get(bracket, bracket)
        open_[kind] += 1 if bracket == kind else -1
        fallen = fallen or min(open_.values()) < 0
        found.append("F" if fallen else "P" if any(open_.values()) else "T")
    return found


def answers(program: Program, inputs: Sequence[Sequence[str]]) -> list[list[str] | str]:
    run = execute(program, encode(program, [[BEGIN, *brackets] for brackets in inputs]))
    return [run.spelled(row) for row in range(len(inputs))]


def test_two_kinds_of_brackets_are_told_as_plain_python_tells_them() -> None:
    few = [list(brackets) for length in range(1, 7) for brackets in product("()[]", repeat=length)]
    assert answers(shuffle_dyck2(6), few) == [[BEGIN, *balanced(brackets)] for brackets in few]


def test_they_are_at_length_32_as_well() -> None:
    draw = random.Random(0)
    many = [draw.choices("()[]", weights=(3, 2, 3, 2), k=draw.randint(20, 32)) for _ in range(2000)]
    # Pairs shuffled into one another, so that the end is balanced, and mostly all before it.
    for _ in range(500):
        one, other = (list("()" * 8) if draw.random() < 0.5 else list("((()))()" * 2), list("[[]][]" * 2 + "[[]]"))
        many.append([(one if one and (not other or draw.random() < 0.5) else other).pop(0) for _ in range(32)])
    program = shuffle_dyck2(32)
    assert answers(program, many) == [[BEGIN, *balanced(brackets)] for brackets in many]
    assert {found[-1] for found in answers(program, many)} == {"F", "P", "T"}


# What they mean #######################################################################################################

WORDS = (BEGIN, "a", "b")


def program_of(*nodes: Linear) -> Program:
    """With a count of the letter a, and the mean of ones at a before."""
    some = (("a",),) * 3
    count = NumericHead("count", "tokens", "tokens", "ones", some)
    mean = NumericHead("mean", "tokens", "tokens", "count", some, mask="before", reduce="mean", default=Fraction(1, 2))
    return Program(WORDS, ("x", "y"), 5, (count, mean, *nodes), Readout((Weights(nodes[-1].name, ((0, 1),)),)))


def total(inputs: tuple[str, ...], coefficients: tuple[Number, ...], constant: Number = 0) -> Program:
    return program_of(Linear("total", inputs, coefficients, constant))


def test_a_sum_is_exact_and_so_is_its_domain() -> None:
    program = total(("count", "mean"), (Fraction(-1, 3), 2), Fraction(1, 4))
    run = execute(program, encode(program, [[BEGIN, "a", "b", "a"]]))
    assert [run.value("total", 0, i) for i in range(4)] == [
        Fraction(-2, 3) + 1 + Fraction(1, 4),
        Fraction(-2, 3) + 1 + Fraction(1, 4),
        Fraction(-2, 3) + 4 + Fraction(1, 4),
        Fraction(-2, 3) + 4 + Fraction(1, 4),
    ]
    assert total(("count",), (Fraction(-1, 2),), 3).numbers("total") == Numbers(Fraction(1, 2), Fraction(3), 2)


@pytest.mark.parametrize(
    ("inputs", "coefficients", "found"),
    [
        ((), (), "one variable at least"),
        (("count", "count"), (1, 2), "each once"),
        (("count",), (1, 2), "with one coefficient"),
        (("tokens",), (1,), "its term 'tokens' is categorical"),
        (("count",), (1.5,), "must be exact numbers"),
    ],
)
def test_a_sum_that_says_nothing_exact_is_refused(
    inputs: tuple[str, ...], coefficients: tuple[Number, ...], found: str
) -> None:
    with pytest.raises(BadProgram, match=found):
        total(inputs, coefficients)


def test_a_sum_whose_parts_could_leave_the_exact_range_is_refused_though_they_cancel_out() -> None:
    large = 2**60
    with pytest.raises(NotExact, match="'less' can reach"):
        program_of(Linear("more", ("count",), (large,)), Linear("less", ("more", "count"), (2, -large * 2)))


def test_the_range_of_a_sum_keeps_the_gaps_of_what_it_adds() -> None:
    found = ranges(total(("count",), (3,), 1)).of["total"].anywhere
    assert found is not None
    assert found.tolist() == [1, 4, 7, 10, 13]


# Written, read and said ###############################################################################################


@pytest.mark.parametrize(
    ("coefficients", "constant", "said", "written"),
    [
        ((1, -1), 0, "count - mean", "_linear((1, count), (-1, mean))"),
        ((-1, 2), 3, "-count + 2 mean + 3", "_linear((-1, count), (2, mean), constant=3)"),
        (
            (0, Fraction(1, 2)),
            Fraction(-1, 3),
            "1/2 mean - 1/3",
            "_linear((0, count), (Fraction(1, 2), mean), constant=Fraction(-1, 3))",
        ),
        ((0, 0), 0, "0", "_linear((0, count), (0, mean))"),
    ],
)
def test_a_sum_is_said_as_one_writes_it(
    coefficients: tuple[Number, ...], constant: Number, said: str, written: str
) -> None:
    program = total(("count", "mean"), coefficients, constant)
    assert reading(program, program.by_name["total"]) == said
    text = emit(program).text
    assert f"    total = {written}\n" in text
    assert read_source(text).program == program


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ("_linear()", "`_linear((number, variable), ...)`"),
        ("_linear((1, tokens))", "the symbols of `tokens`"),
        ("_linear((1.5, count))", "a string, a whole number or a Fraction"),
        ("_linear(('1', count))", "a number"),
        ("_linear((count, 1))", "`(number, variable)`"),
        ("_linear((1, later))", "the name of an input or of an earlier node"),
        ("_linear((1, count), scale=2)", "the option `scale`; expected only constant;"),
        ("_linear((1, count), (1, count))", "each once"),
    ],
)
def test_the_reader_refuses_any_other_sum(new: str, found: str) -> None:
    text = emit(total(("count",), (1,))).text
    assert "_linear((1, count))" in text
    with pytest.raises(BadSource) as refusal:
        read_source(text.replace("_linear((1, count))", new))
    assert found in str(refusal.value)


# Less of them #########################################################################################################


def test_a_sum_that_is_a_variable_or_another_sum_is_proven_mergeable() -> None:
    program = program_of(
        Linear("same", ("count", "mean"), (1, 0)),
        Linear("one", ("count", "mean"), (2, 1), 1),
        Linear("other", ("mean", "same"), (1, 2), 1),
    )
    assert Proofs(program).mates == {"same": "count", "other": "one"}


def test_what_stands_in_for_a_term_is_folded_in() -> None:
    program = total(("count", "mean"), (2, Fraction(1, 2)), 1)
    fixed = rewritten(program, {"mean": Fixed(3)})
    assert fixed is not None
    assert fixed.by_name["total"] == Linear("total", ("count",), (2,), Fraction(5, 2))
    same = rewritten(program, {"mean": Same("count")})
    assert same is not None
    assert same.by_name["total"] == Linear("total", ("count",), (Fraction(5, 2),), 1)
    for inputs, coefficients, folded in ((("mean",), (2,), 2), (("mean", "count"), (2, 3), 5)):
        other = rewritten(total(inputs, coefficients), {"mean": Same("count")})
        assert other is not None
        assert other.by_name["total"] == Linear("total", ("count",), (folded,), 0)
    both = rewritten(program_of(Linear("total", ("count",), (2,), 1)), {"count": Fixed(Fraction(1, 2))})
    assert both is not None
    assert both.nodes == ()


def test_simplifying_leaves_out_terms_that_make_no_difference() -> None:
    program = total(("count", "mean", "ones"), (2, 0, 1), Fraction(1, 3))
    readout = Readout((Weights("ones", ((2, 0),)), Weights("total", ((0, 1),))))
    search = Search(replace(program, readout=readout), inputs_for(program))
    shorter_sums(search)
    # Of an a, 2 and what is left; it must be more than 2 alone.
    assert search.program.by_name["total"] == Linear("total", ("count",), (2,), Fraction(1, 3))
    assert [step.reason for step in search.steps] == ["does without mean", "does without ones"]


# Every verb ###########################################################################################################


def test_every_verb_knows_the_sums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    right = PROGRAMS["shuffle_dyck2"].program
    wrong = apply(right, CoefficientEdit("square", "square_closed", 1))
    repaired = every_verb(Asked(right, wrong, balanced, "()[]", "FPT", "([])"), capsys)
    assert repaired.by_name["square"] == right.by_name["square"]
