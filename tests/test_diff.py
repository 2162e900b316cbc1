"""Diff: nodes matched by what they compute, and the inputs on which two programs differ."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tprog
from analyze.diff import diff
from analyze.diff.matching import heaviest
from analyze.fuzz import fuzz
from analyze.fuzz.oracles import against_program
from analyze.input_space import space_of
from analyze.render.diff import diff_document
from analyze.render.terminal import as_text
from analyze.results.diff import DiffResult, NodeMatch
from analyze.verify import verify
from cli.main import main
from tests.programs import PROGRAMS, lookup
from tests.strategies import programs
from tprog.edits.edit import CellEdit, WeightEdit, apply
from tprog.errors import BadUsage, TpdebugError
from tprog.ir.program import Head, Lookup, NumericHead, Program, Readout, Weights
from tprog.run.execute import execute
from tprog.tasks.builtin import inputs_for

SORT = PROGRAMS["sort"].program
FAULTY = PROGRAMS["sort_with_a_fault"].program
HOLEY = apply(FAULTY, CellEdit("rank", (2, 1), None))


def called(program: Program, names: dict[str, str]) -> Program:
    """The program with some nodes called otherwise."""

    def of(name: str) -> str:
        return names.get(name, name)

    nodes: list[Head | NumericHead | Lookup] = []
    for node in program.nodes:
        if isinstance(node, Lookup):
            nodes.append(replace(node, name=of(node.name), inputs=tuple(map(of, node.inputs))))
        else:
            assert isinstance(node, Head | NumericHead)
            query, key, value = map(of, node.reads)
            nodes.append(replace(node, name=of(node.name), query=query, key=key, value=value))
    terms = tuple(replace(term, variable=of(term.variable)) for term in program.weights)
    return replace(program, nodes=tuple(nodes), readout=replace(program.readout, terms=terms))


def kinds(result: DiffResult) -> dict[tuple[str | None, str | None], str]:
    return {
        (None if one.a is None else one.a.name, None if one.b is None else one.b.name): one.kind for one in result.nodes
    }


def match(result: DiffResult, name: str) -> NodeMatch:
    return next(one for one in result.nodes if one.a is not None and one.a.name == name)


# Structure ############################################################################################################


def test_names_and_places_do_not_matter() -> None:
    other = called(SORT, {"less": "h0", "same": "less", "rank": "mlp", "sorted": "out"})
    less, same, *rest = other.nodes
    result = diff(SORT, replace(other, nodes=(same, less, *rest)))
    found = {("less", "h0"): "same", ("same", "less"): "same", ("rank", "mlp"): "same", ("sorted", "out"): "same"}
    assert kinds(result) == found
    assert (result.differing, result.readout, result.inputs) == (0, (), ())
    assert "they answer alike on all 19,530 inputs" in as_text(diff_document(result))


def test_programs_that_part_at_the_first_position_alone_differ() -> None:
    """Where `<s>` is not forced, what stands there is an answer like any other."""
    program = Program(("<s>", "a"), ("x", "y"), 3, (), Readout((Weights("tokens", ((1, 0), (1, 0))),), forced=()))
    other = replace(program, readout=Readout((Weights("tokens", ((0, 1), (1, 0))),), forced=()))
    assert [one.positions for one in diff(program, other).inputs] == [(0,), (0,)]
    assert fuzz(against_program(space_of(program), other, "other")[0]).failing == 2
    marked = replace(other, readout=replace(other.readout, forced=("<s>",)))
    assert diff(program, marked).differing == 0


@given(programs())
def test_a_program_is_the_same_as_itself(program: Program) -> None:
    program = replace(program, task=None)
    result = diff(program, program, sample=200)
    assert result.differing == 0
    assert result.readout == ()
    assert result.left_out == result.checked.inputs or {one.kind for one in result.nodes} <= {"same"}


def test_an_edited_copy_shows_its_one_entry() -> None:
    result = diff(SORT, FAULTY)
    rank = match(result, "rank")
    assert (rank.kind, rank.differing, rank.differences) == ("similar", 1, ("1, 3: 5 | 4",))
    ranks = [execute(p, inputs_for(SORT).batch) for p in (SORT, FAULTY)]
    present = ranks[0].batch.present
    agreeing = int(((ranks[0].values["rank"] == ranks[1].values["rank"]) & present).sum())
    assert (rank.agreeing, rank.places) == (agreeing, int(present.sum()))
    assert (match(result, "less").kind, match(result, "sorted").differing) == ("same", 0)


def test_a_symbol_with_a_colon_and_a_bar_stands_whole_in_its_column() -> None:
    words = ("<s>", "a: b | c", "d")
    table = lookup("word", {"tokens": words}, lambda word: word, words)
    readout = Readout((Weights("word", ((0, 0), (1, 0), (0, 1))),))
    one = Program(words, ("x", "y"), 3, (table,), readout)
    other = apply(one, CellEdit("word", ("a: b | c",), "d"))
    result = diff(one, other)
    (node,) = result.nodes
    assert node.texts == (("'a: b | c'", "'a: b | c'", "'d'"),)
    assert "'a: b | c'   'a: b | c'   'd'" in as_text(diff_document(result))


def test_values_that_are_called_otherwise_are_a_renaming() -> None:
    rank, last = SORT.by_name["rank"], SORT.by_name["sorted"]
    assert isinstance(rank, Lookup)
    assert rank.symbols is not None
    assert isinstance(last, Head)
    words = {value: f"r{value}" for value in rank.symbols}
    cells = tuple(None if cell is None else words[cell] for cell in rank.cells)
    new_rank = replace(rank, symbols=tuple(words[value] for value in rank.symbols), cells=cells)
    predicate = tuple(None if row is None else tuple(words[key] for key in row) for row in last.predicate)
    other = replace(SORT, nodes=(*SORT.nodes[:2], new_rank, replace(last, predicate=predicate)))
    result = diff(SORT, other)
    found = match(result, "rank")
    assert found.kind == "renamed"
    assert set(found.renaming) <= {*words.items()}
    copied = match(result, "sorted")
    assert copied.kind == "equal"
    assert "1: {1} | {'r1'}" in copied.differences
    assert result.differing == 0


def test_a_node_without_a_partner_says_where_its_values_are() -> None:
    less = SORT.by_name["less"]
    twice = replace(SORT, nodes=(*SORT.nodes, replace(less, name="again")))
    result = diff(twice, SORT)
    alone = match(result, "again")
    assert alone.kind == "only a"
    assert "same as less of the second" in alone.note
    assert kinds(diff(SORT, twice))[None, "again"] == "only b"


@pytest.mark.parametrize(("swapped", "kind"), [(2, "similar"), (3, "only a")])
def test_nodes_are_matched_only_if_they_agree_clearly_more_than_chance(swapped: int, kind: str) -> None:
    """Of twelve letters half are told from the others; each swap of a letter of either half makes two differ."""
    letters = ("<s>", *"abcdefghijkl")
    cells = (0, *(0,) * 6, *(1,) * 6)
    other = (0, *(1,) * swapped, *(0,) * (6 - swapped), *(0,) * swapped, *(1,) * (6 - swapped))
    readout = Readout((Weights("half", ((1, 0), (0, 1))),), 1, False, ())
    one, two = (
        Program(letters, ("x", "y"), 2, (Lookup("half", ("tokens",), (None,), (0, 1), codes),), readout)
        for codes in (cells, other)
    )
    found = match(diff(one, two), "half")
    assert found.kind == kind  # kappa is 0.56 with two swaps, and 0.34 with three
    assert kind != "similar" or (found.agreeing, found.places) == (20, 24)


def test_a_changed_weight_is_shown_by_variable_in_logits() -> None:
    other = apply(SORT, WeightEdit("sorted", "b", "c", 2))
    result = diff(SORT, other)
    (found,) = result.readout
    assert (found.a, found.b, found.differing, found.examples) == ("sorted", "sorted", 1, ("'b': c: 0 | 2",))
    terms = (Weights("ones", ((1, 0, 0, 0, 0),)), *SORT.readout.terms)
    more = replace(SORT, readout=replace(SORT.readout, terms=terms))
    (extra,) = diff(SORT, more).readout
    assert (extra.a, extra.b) == (None, "ones")


@given(st.data())
def test_the_assignment_is_the_heaviest(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    drawn = data.draw(st.lists(st.integers(0, 4), min_size=rows * columns, max_size=rows * columns))
    weights = np.array(drawn, dtype=np.int64).reshape(rows, columns)
    found = heaviest(weights)
    assert len({row for row, _ in found}) == len({column for _, column in found}) == len(found)
    size = min(rows, columns)
    best = max(
        sum(int(weights[row, column]) for row, column in zip(some, order, strict=True))
        for some in combinations(range(rows), size)
        for order in permutations(range(columns), size)
    )
    assert sum(int(weights[row, column]) for row, column in found) == best


# Behaviour ############################################################################################################


def test_the_inputs_on_which_they_differ_are_counted_and_listed_smallest_first() -> None:
    result = diff(FAULTY, SORT, names=("faulty.py", "sort.py"))
    truth = verify(FAULTY, inputs_for(FAULTY))
    assert result.differing == len(result.inputs) == truth.wrong_inputs
    assert [one.tokens for one in result.inputs] == [one.tokens for one in truth.counterexamples]
    first = result.inputs[0]
    assert (first.a, first.expected, first.right) == (truth.counterexamples[0].got, first.b, "b")
    assert first.positions == truth.counterexamples[0].wrong
    assert result.tally is not None
    tally = (result.tally.both, result.tally.only_a, result.tally.only_b, result.tally.neither)
    assert tally == (19530 - 410, 0, 410, 0)
    shown = as_text(diff_document(diff(FAULTY, SORT, limit=2)))
    assert "... and 408 more inputs" in shown


def test_a_hole_is_no_answer_and_its_values_are_left_out() -> None:
    result = diff(HOLEY, FAULTY)
    assert result.differing == result.left_out == 5790
    assert {one.hole_a for one in result.inputs} == {"hole at rank, input 2, 1"}
    assert {one.kind for one in result.nodes} <= {"same", "equal"}
    assert diff(HOLEY, HOLEY).differing == 0


def test_the_order_of_the_vocabulary_and_of_the_classes_does_not_matter() -> None:
    one = PROGRAMS["no_nodes"].program
    other = replace(
        one,
        vocabulary=("b", "<s>", "a"),
        classes=("second", "first"),
        readout=Readout((Weights("tokens", ((1, 1), (0, 0), (2, 0))), Weights("ones", ((1, 1),)))),
    )
    result = diff(one, other)
    # At b both classes tie, and the first class wins: the order of the classes matters there.
    places = ((one.tokens, one.positions) for one in result.inputs)
    assert {tokens[place] for tokens, at in places if isinstance(at, tuple) for place in at} == {"b"}
    assert result.tally is None
    assert result.readout == ()


def test_programs_of_different_lengths_are_compared_on_what_both_take() -> None:
    one = PROGRAMS["no_nodes"].program
    result = diff(one, replace(one, max_length=2))
    assert (result.differing, result.checked.description) == (0, "all 2 inputs")
    assert "3 and 2" in result.notes[0]
    assert diff(replace(one, max_length=2), one).checked.inputs == 2


def test_programs_that_name_different_tasks_have_no_right_answers() -> None:
    result = diff(SORT, PROGRAMS["reverse"].program, sample=400, limit=1)
    assert (result.task, result.tally) == (None, None)
    assert "different tasks" in result.notes[0]
    assert not result.checked.exhaustive


@pytest.mark.parametrize(("other", "says"), [("hist", "tokens"), ("masks", "tokens"), ("question_type", "tokens")])
def test_programs_with_other_inputs_or_outputs_are_refused(other: str, says: str) -> None:
    with pytest.raises(BadUsage, match=f"different {says}"):
        diff(SORT, PROGRAMS[other].program)
    with pytest.raises(BadUsage, match="different classes"):
        diff(SORT, replace(SORT, classes=("z", *SORT.classes[1:])))
    pooled = replace(SORT, readout=replace(SORT.readout, pooled=True, forced=()))
    with pytest.raises(TpdebugError, match="one answer an input"):
        diff(SORT, pooled)


# Results and files ####################################################################################################


def test_a_result_comes_back_from_json() -> None:
    for result in (
        diff(HOLEY, SORT, sample=300),
        diff(SORT, FAULTY, limit=2),
        diff(SORT, PROGRAMS["reverse"].program, limit=9),
    ):
        assert DiffResult.from_json(json.loads(json.dumps(result.to_json(), allow_nan=False))) == result
        assert result.checked.description in as_text(diff_document(result))


def test_the_exit_code_says_whether_they_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, program in (("exact", SORT), ("faulty", FAULTY), ("hist", PROGRAMS["hist"].program)):
        (tmp_path / f"{name}.py").write_text(tprog.emit(program).text, encoding="utf-8")
    assert main(["diff", "exact.py", "faulty.py", "-o", "d.json"]) == 1
    assert len(json.loads((tmp_path / "d.json").read_text())["inputs"]) == 410
    assert main(["diff", "exact.py", "exact.py", "--sample", "50"]) == 0
    assert "sampled with seed 0, so this is no proof" in capsys.readouterr().out
    assert main(["diff", "exact.py", "hist.py"]) == 2
    assert main(["diff", "exact.py", "missing.py"]) == 2
    assert "missing.py" in capsys.readouterr().err
