"""Lookups of any number of inputs, and those that list combinations: what they mean, how they are written and read."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

from analyze.abstract.ranges import ranges
from analyze.blame.presentation import Presentation
from analyze.blame.single_edits import node_edits
from analyze.blame.slice import reached_entries
from analyze.dead.proofs import Proofs
from analyze.diff.node_text import Names, text_differences
from analyze.repair import Division, repair
from tests.interventions import listed
from tests.programs import PROGRAMS, between
from tests.slow import slow_values
from tests.verbs import Asked, every_verb
from tprog.edits.edit import CellEdit, ReadEdit, apply
from tprog.errors import BadProgram, BadSource, BadUsage
from tprog.ir.entry import Entry
from tprog.ir.program import BEGIN, Lookup, NumericHead, Program, Readout, Value, Weights
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.run.outcome import outcomes
from tprog.simplify.lookups import shorter_lookups
from tprog.simplify.rewrite import Fixed, rewritten
from tprog.simplify.search import Search
from tprog.tasks.builtin import inputs_for
from tprog.text.emit import emit
from tprog.text.patch import patched
from tprog.text.read import read_source

WORDS = (BEGIN, "a", "b")


def alone(between_two: Sequence[str]) -> list[str]:
    """Whether a letter stands between two others, which are alike."""
    found = []
    for at, letter in enumerate(between_two):
        sides = [between_two[near] for near in (at - 1, at + 1) if 0 <= near < len(between_two)]
        found.append("y" if len(sides) == 2 and sides[0] == sides[1] != letter else "n")
    return found


def program_of(*nodes: Lookup, reads: str | None = None) -> Program:
    """With a count of the letter a, and the mean of these counts before."""
    some = (("a",),) * 3
    count = NumericHead("count", "tokens", "tokens", "ones", some)
    mean = NumericHead("mean", "tokens", "tokens", "count", some, mask="before", reduce="mean", default=Fraction(1, 2))
    readout = Readout((Weights(reads or nodes[-1].name, ((0, 1), (1, 0))),))
    return Program(WORDS, ("x", "y"), 5, (count, mean, *nodes), readout)


def listing(listed: Sequence[tuple[int, ...]], answers: Sequence[Value | None]) -> Lookup:
    """A lookup of a token, a count and a mean."""
    levels = (None, (0, 1, 2), (0, Fraction(1, 2), 1))
    return Lookup("pick", ("tokens", "count", "mean"), levels, ("n", "y"), tuple(answers), tuple(listed))


SOME = listing(((1, 1, 1), (1, 2, 0), (2, 1, 1)), ("y", "n", "y", "n"))
WRITTEN = """\
def lookup_pick(token, count, mean):
    count = min(count, 2)
    mean = round_down(mean, (0, Fraction(1, 2), 1))
    if (token, count, mean) in {("a", 1, Fraction(1, 2)), ("b", 1, Fraction(1, 2))}:
        return "y"
    if (token, count, mean) == ("a", 2, 0):
        return "n"
    return "n"
"""


# What they mean #######################################################################################################


def test_what_is_not_listed_is_answered_as_all_others() -> None:
    program = program_of(SOME)
    for letters in product("ab", repeat=3):
        tokens = [BEGIN, *letters]
        run, slow = execute(program, encode(program, [tokens])), slow_values(program, tokens)
        assert [run.value("pick", 0, at) for at in range(4)] == slow["pick"]


def test_fifteen_variables_of_twenty_values_are_read_though_their_product_leaves_int64() -> None:
    words = (BEGIN, *"abcdefghijklmnopqrst")
    draw = random.Random(0)
    asked = (1, *(3,) * 14)  # an a at position 3
    listed = tuple(sorted({asked, *((draw.randrange(21), *draw.choices(range(20), k=14)) for _ in range(500))}))
    answers = tuple(str(at % 7) for at in range(len(listed)))
    wide = Lookup("wide", ("tokens", *("positions",) * 14), (None,) * 15, tuple("0123456x"), (*answers, "x"), listed)
    program = Program(words, ("no", "yes"), 20, (wide,), Readout(()))
    run = execute(program, encode(program, [[BEGIN, *"aaaaa"], [BEGIN, *"bbbbb"]]))
    assert [run.value("wide", 0, at) for at in range(5)] == ["x", "x", "x", answers[listed.index(asked)], "x"]
    assert [run.value("wide", 1, at) for at in range(5)] == ["x"] * 5
    assert ranges(program).reachable["wide"][-1]


@pytest.mark.parametrize(
    ("listed", "cells", "found"),
    [
        ((), ("y",), "lists no combination"),
        (((1, 1),), ("y", "n"), "expected the place of a value of each input"),
        (((1, 3, 0),), ("y", "n"), r"it lists \(1, 3, 0\)"),
        (((1, -1, 0),), ("y", "n"), r"it lists \(1, -1, 0\)"),
        (((1, 1, 1), (1, 1, 1)), ("y", "y", "n"), "twice"),
        (((1, 1, 1), (1, 1, 0)), ("y", "y", "n"), "in their order"),
        (((1, 1, 1),), ("y",), "one for all others"),
        (((1, 1, 1),), ("y", "z"), "answers 'z'"),
    ],
)
def test_a_list_of_combinations_that_says_nothing_clear_is_refused_by_name(
    listed: tuple[tuple[int, ...], ...], cells: tuple[str, ...], found: str
) -> None:
    with pytest.raises(BadProgram, match=f"node 'pick'.*{found}"):
        program_of(listing(listed, cells))


# Written, read and said ###############################################################################################


def test_the_combinations_are_written_by_answers_and_the_others_last() -> None:
    program = program_of(SOME)
    text = emit(program).text
    assert WRITTEN in text
    module = read_source(text)
    assert module.program == program
    assert text.split("\n")[module.lines[CellEdit("pick", ("a", 2, 0), "y").entry] - 1].endswith('== ("a", 2, 0):')
    assert text.split("\n")[module.lines[CellEdit("pick", (), "y").entry] - 1] == '    return "n"'


def test_a_list_without_an_answer_for_the_others_has_a_hole_there() -> None:
    program = program_of(listing(SOME.listed or (), ("y", "n", None, None)))
    text = emit(program).text
    assert '== ("b", 1, Fraction(1, 2)):\n        return None\n\n' in text
    assert read_source(text).program == program
    run = execute(program, encode(program, [[BEGIN, "b"]]))
    assert str(run.hole(0)) == "hole at pick, input '<s>', 0, 1/2"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('== ("a", 2, 0)', '== ("c", 2, 0)', "a value of `token`"),
        ('== ("a", 2, 0)', '== ("a", 3, 0)', "a value of `count`: 0, 1, 2"),
        ('== ("a", 2, 0)', '== ("a", 2)', "a tuple of 3"),
        ('(token, count, mean) == ("a", 2, 0)', '(count, token, mean) == (2, "a", 0)', "(token, count, mean)"),
        ('(token, count, mean) == ("a", 2, 0)', 'token == "a"', "(token, count, mean)"),
        ('(token, count, mean) == ("a", 2, 0)', "(token, count, mean) > ()", "`==` or `in`"),
        ('    return "n"\n\n', '    return "n"\n    return "y"\n\n', "last what is answered otherwise"),
    ],
)
def test_the_reader_refuses_any_other_test_beside_those_of_combinations(old: str, new: str, found: str) -> None:
    text = emit(program_of(SOME)).text
    assert old in text
    with pytest.raises(BadSource) as refusal:
        read_source(text.replace(old, new))
    assert found in str(refusal.value)


def test_three_inputs_with_a_cell_for_each_combination_are_nested() -> None:
    cells = tuple("y" if count == 2 and token != mean else "n" for token, count, mean in product(range(3), repeat=3))
    program = program_of(Lookup("pick", SOME.inputs, SOME.levels, ("n", "y"), cells))
    text = emit(program).text
    assert read_source(text).program == program
    assert "    if count == 2:\n        if token ==" in text  # what counts below 2 say is the same
    assert "table of (tokens, count, mean)" in text


def test_a_combination_with_a_cell_of_its_own_is_shown_in_front_in_a_function_that_a_person_built() -> None:
    text = emit(program_of(SOME)).text
    one = '(token, count, mean) in {("a", 1, Fraction(1, 2)), ("b", 1, Fraction(1, 2))}:\n        return "y"'
    two = '(token, count, mean) == ("a", 1, Fraction(1, 2)):\n        return "y"\n'
    two += '    if (token, count, mean) == ("b", 1, Fraction(1, 2)):\n        return "y"'
    module = read_source(text.replace(one, two))
    assert module.program == program_of(SOME)
    after = apply(module.program, CellEdit("pick", ("b", 0, 0), "y"))
    shown = patched(module, after)
    assert (
        '    if (token, count, mean) == ("b", 0, 0):\n        return "y"\n    if (token, count, mean) == ("a", 1'
        in shown
    )
    assert read_source(shown).program == after


@pytest.mark.parametrize("was", ["n", None])
@pytest.mark.parametrize("becomes", ["y", None])
def test_what_is_answered_otherwise_changes_in_a_function_that_a_person_built(
    was: str | None, becomes: str | None
) -> None:
    program = program_of(replace(SOME, cells=(*SOME.cells[:-1], was)))
    text = emit(program).text.replace("    if (token, count, mean)", "    # mine\n    if (token, count, mean)  ")
    text = text.replace('        return "y"', '        return (  # so it is\n            "y"\n        )')
    module = read_source(text.replace("(token, count, mean) in", "(token,count,mean) in"))
    assert module.program == program
    after = apply(program, CellEdit("pick", (), becomes), CellEdit("pick", ("b", 2, 0), "y"))
    shown = patched(module, after)
    assert read_source(shown).program == after
    assert shown.count("# mine") == 2
    assert shown.count("# so it is") == 1


# Edits ################################################################################################################


def test_an_edit_of_a_combination_that_is_not_listed_gives_it_a_cell_and_undo_takes_that_away() -> None:
    program = program_of(SOME)
    edit = CellEdit("pick", ("b", 0, 0), "y")
    after = apply(program, edit)
    node = after.by_name["pick"]
    assert node == listing(((1, 1, 1), (1, 2, 0), (2, 0, 0), (2, 1, 1)), ("y", "n", "y", "y", "n"))
    assert apply(after, edit.undo(program)) == program
    assert patched(read_source(emit(program).text), after) == emit(after).text
    with pytest.raises(BadUsage, match="has no cell at"):
        apply(program, CellEdit("pick", ("b", 0, 5), "y"))


def test_a_difference_of_a_combination_that_one_does_not_list_shows_what_it_says_otherwise() -> None:
    program = program_of(SOME)
    after = apply(program, CellEdit("pick", ("b", 0, 0), "y"))
    names = Names(program, after, {name: name for name in program.by_name})
    found = text_differences(names, program.by_name["pick"], after.by_name["pick"])
    assert list(map(str, found)) == ["'b', 0, 0: 'n', as otherwise | 'y'"]


def test_blame_tries_a_cell_of_its_own_for_what_an_input_asks() -> None:
    program = program_of(SOME)
    run = execute(program, encode(program, [[BEGIN, "b", "b"]]))
    found = [edit for edit in node_edits(run, SOME, reached_entries(run).__contains__) if isinstance(edit, CellEdit)]
    line = Presentation(lines=read_source(emit(program).text).lines).line
    assert line(found[-1].entry) == line(found[0].entry) is not None
    assert [edit.at for edit in found] == [(), (BEGIN, 0, Fraction(1, 2)), ("b", 0, Fraction(1, 2))]


def test_repair_names_the_line_of_all_others_for_a_cell_of_its_own() -> None:
    program, lines = program_of(SOME), read_source(emit(program_of(SOME)).text).lines
    wanted = apply(program, CellEdit("pick", ("b", 0, Fraction(1, 2)), "y"))
    tokens = [[BEGIN, *letters] for length in (1, 2, 3, 4) for letters in product("ab", repeat=length)]
    inputs = replace(listed(program, tokens), expected=outcomes(execute(wanted, encode(program, tokens))))
    (step,) = repair(program, Division(inputs, None, None), lines=lines).result.steps
    (edit,) = step.edits
    assert (edit.at, edit.line) == (("b", 0, Fraction(1, 2)), lines[Entry("pick", "cell")])


# Fewer, and what is proven of them ####################################################################################


def test_the_range_of_a_list_knows_which_combinations_there_may_be() -> None:
    found = ranges(program_of(SOME))
    # No letter a stands behind <s> with a mean below 1/2: only the third says y.
    assert found.reachable["pick"].tolist() == [True, True, True, True]
    only = program_of(
        replace(
            SOME,
            inputs=("tokens", "ones", "ones"),
            levels=(None, (1,), (1,)),
            listed=((0, 0, 0), (1, 0, 0), (2, 0, 0)),
            cells=("y", "n", "y", "n"),
        )
    )
    assert ranges(only).reachable["pick"].tolist() == [True, True, True, False]


def test_equal_lists_are_proven_mergeable_and_one_that_says_the_same_everywhere_inert() -> None:
    alike = program_of(SOME, replace(SOME, name="other"), reads="pick")
    assert Proofs(alike).mates == {"other": "pick"}


def test_a_constant_input_is_taken_out_of_a_list() -> None:
    program = program_of(SOME)
    found = rewritten(program, {"count": Fixed(1)})
    assert found is None  # a mean reads it too
    fixed = rewritten(program, {"mean": Fixed(Fraction(1, 2))})
    assert fixed is not None
    assert fixed.by_name["pick"] == Lookup(
        "pick", ("tokens", "count"), (None, (0, 1, 2)), ("n", "y"), ("y", "y", "n"), ((1, 1), (2, 1))
    )
    gone = rewritten(program, {"mean": Fixed(1)})
    assert gone is not None
    assert gone.nodes == ()


def test_simplifying_lists_what_occurs_alone() -> None:
    cells = tuple("y" if count == 1 and token == 1 else "n" for token, count, mean in product(range(3), repeat=3))
    for node in (Lookup("pick", SOME.inputs, SOME.levels, ("n", "y"), cells), SOME):
        program = program_of(node)
        search = Search(program, inputs_for(program))
        shorter_lookups(search)
        shorter = search.program.by_name["pick"]
        assert len(emit(search.program).text) < len(emit(program).text)
        assert isinstance(shorter, Lookup)
        assert len(shorter.inputs) < 3


# Every verb ###########################################################################################################


def test_every_verb_knows_the_combinations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    right = PROGRAMS["between"].program
    wrong = apply(right, CellEdit("alone", ("a", "b", "a"), None, own=False))
    repaired = every_verb(Asked(right, wrong, alone, "ab", "ny", "aba"), capsys)
    assert repaired.by_name["alone"] == right.by_name["alone"]


def test_a_wiring_of_a_third_input_is_an_edit_like_others() -> None:
    program = program_of(SOME)
    after = apply(program, ReadEdit("pick", "third input", "count"))
    assert after.by_name["pick"].reads == ("tokens", "count", "count")
    assert between().by_name["alone"].reads == ("left", "tokens", "right")
