"""Blame: planted faults are found, effects equal those of plain execution, and the account adds up."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import analyze.blame.race
import analyze.blame.single_edits
from analyze.blame import blame
from analyze.blame.effects import KnownAnswers
from analyze.blame.presentation import Presentation
from analyze.blame.race import best_edits
from analyze.blame.single_edits import stays_exact, trials, weight_edits
from analyze.blame.slice import dynamic_slice, reached_entries
from analyze.outcome import ground
from analyze.render.blame import blame_document
from analyze.render.terminal import as_text
from analyze.results.blame import BlameResult
from tests.interventions import listed
from tests.programs import FAULT, PROGRAMS
from tests.strategies import programs, some_inputs
from tprog.edits.edit import (
    CellEdit,
    Edit,
    MaskEdit,
    NodeEdit,
    ReadEdit,
    RowEdit,
    WeightEdit,
    WeightRowEdit,
    apply,
    candidates,
)
from tprog.errors import BadProgram, BadUsage, NotExact
from tprog.ir.entry import Entry
from tprog.ir.program import IMPLIED, Embedding, Head, Lookup, NumericHead, Program, Readout, Symbols, Weights
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.run.outcome import graded_at, outcomes
from tprog.tasks.builtin import Inputs, inputs_for

SORT = PROGRAMS["sort"].program


def _first_wrong(program: Program, inputs: Inputs) -> list[str]:
    on = ground(program, inputs)
    assert on.expected is not None
    wrong = ((on.outcomes != on.expected) & on.graded).any(axis=1)
    return on.batch.words(program, int(wrong.argmax()))


# Planted faults #######################################################################################################


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (RowEdit("less", "c", ("a",)), "predicate"),
        (RowEdit("less", "c", ("a", "b", "d")), "predicate"),
        (RowEdit("sorted", 3, (2,)), "predicate"),
        (CellEdit("rank", (2, 1), 7), "lookup"),
        (MaskEdit("less", "before", False), "wiring"),
        (MaskEdit("same", "all", False), "wiring"),
        (ReadEdit("rank", "second input", "less"), "wiring"),
        (WeightEdit("sorted", "c", "c", -1), "readout"),
    ],
)
def test_the_first_candidates_restore_a_program_with_one_fault(fault: Edit, kind: str) -> None:
    program = apply(SORT, fault)
    inputs = inputs_for(program)
    tokens = _first_wrong(program, inputs)
    result = blame(program, inputs, tokens, limit=3)
    assert not result.right
    restoring = [candidate for candidate in result.candidates if candidate.restores]
    assert restoring
    assert result.candidates[0].restores
    assert any((c.kind, c.entry) == (kind, str(fault.entry)) for c in restoring)
    assert result.candidates[0].net == result.wrong_before
    assert result.checked.exhaustive


def test_the_wrong_cell_of_the_faulty_sort_program_is_blamed_with_its_line_and_diff() -> None:
    program = PROGRAMS["sort_with_a_fault"].program
    lines = {Entry("rank", "cell", FAULT): 42}
    tokens = ["<s>", "a", "b", "b", "b", "b", "</s>"]
    result = blame(
        program,
        inputs_for(program),
        tokens,
        shown=Presentation(lines=lines, show=lambda after: f"same as sort: {after == SORT}"),
    )
    first = result.candidates[0]
    assert (first.entry, first.line, first.restores) == ("rank, input 1, 3", 42, True)
    assert first.edit == "rank, input 1, 3: answer 5"
    assert first.diff == "same as sort: True"
    assert (result.position, result.expected) == (5, "b")
    assert result.wrong == ((5, "b", result.predicted),)


def test_nets_come_first_then_the_readout_last_then_smaller_edits() -> None:
    program = PROGRAMS["sort_with_a_fault"].program
    result = blame(program, inputs_for(program), ["<s>", "a", "b", "b", "b", "b", "</s>"], limit=40)
    keys = [(-c.net, c.kind == "readout", c.size) for c in result.candidates]
    assert keys == sorted(keys)
    assert result.proven


# Against plain execution ##############################################################################################


def _all_edits(program: Program) -> list[NodeEdit]:
    return [edit for node in program.nodes for edit in candidates(program, node)]


def _sound(program: Program, edit: Edit) -> Program | None:
    try:
        return apply(program, edit)
    except (BadProgram, NotExact):
        return None


@settings(max_examples=40)
@given(st.data())
def test_the_edits_found_to_mend_an_input_are_those_that_do(data: st.DataObject) -> None:
    program = replace(data.draw(programs(max_nodes=3)), task=None)
    _check_trials(program, data.draw(st.sampled_from(some_inputs(program, 20))))


def _check_trials(program: Program, tokens: list[str]) -> None:
    run = execute(program, encode(program, [tokens]))
    before = outcomes(run)[0]
    found = {trial.edit: trial.outcomes for trial in trials(run)}
    reached = reached_entries(run)
    for edit in _all_edits(program):
        if (changed := _sound(program, edit)) is None:
            assert edit not in found
            continue
        after = outcomes(execute(changed, run.batch))[0]
        if edit in found:
            assert np.array_equal(found[edit] >= 0, after >= 0)
            assert np.array_equal(np.maximum(found[edit], -1), np.maximum(after, -1))
        else:
            assert np.array_equal(np.maximum(after, -1), np.maximum(before, -1))
            assert edit.entry in reached or np.array_equal(after, before)


@settings(max_examples=40)
@given(st.data())
def test_effects_equal_those_of_plain_execution_and_the_ranking_is_theirs(data: st.DataObject) -> None:
    program = replace(data.draw(programs(max_nodes=3)), task=None)
    listed_inputs = some_inputs(program, 20)
    width = program.places.count(program.max_length)
    answers = st.lists(st.integers(-1, len(program.classes) - 1), min_size=width, max_size=width)
    expected = [
        [code if place < len(tokens) else -1 for place, code in enumerate(data.draw(answers))]
        for tokens in listed_inputs
    ]
    on = ground(program, listed(program, listed_inputs, expected))
    domain = KnownAnswers(on)
    edits: list[Edit] = [edit for edit in _all_edits(program) if _sound(program, edit)]
    for term in program.weights:
        of = program.variables[term.variable].domain
        value = data.draw(st.sampled_from(of.values)) if isinstance(of, Symbols) else None
        edits.append(WeightEdit(term.variable, value, data.draw(st.sampled_from(program.written_classes)), 5))
    edits = data.draw(st.lists(st.sampled_from(edits), unique=True, max_size=12)) if edits else []
    assert on.expected is not None
    was = (on.outcomes == on.expected) & on.graded
    truth = {}
    for edit in edits:
        now = (outcomes(execute(apply(program, edit), on.batch)) == on.expected) & on.graded
        truth[edit] = (int((now & ~was).sum()), int((was & ~now).sum()))
    ranking = best_edits(domain, edits, len(edits))
    assert {effect.edit: (effect.mended, effect.broken) for effect in ranking.effects} == truth
    wanted = sorted(
        edits,
        key=lambda e: (truth[e][1] - truth[e][0], e.kind == "readout", e.size(program), edits.index(e)),
    )
    assert [effect.edit for effect in ranking.effects] == wanted
    assert [effect.edit for effect in best_edits(domain, edits, 3).effects] == wanted[:3]


@settings(max_examples=60)
@given(st.data())
def test_a_readout_edit_is_the_least_change_of_its_weight_that_mends(data: st.DataObject) -> None:
    program = replace(data.draw(programs(max_nodes=3)), task=None)
    tokens = data.draw(st.sampled_from(some_inputs(program, 20)))
    run = execute(program, encode(program, [tokens]))
    assume(run.hole(0) is None)
    graded = np.flatnonzero(outcomes(run)[0] >= 0)
    assume(len(graded))
    place, wanted = (
        int(data.draw(st.sampled_from(graded.tolist()))),
        data.draw(st.integers(0, len(program.classes) - 1)),
    )
    assume(outcomes(run)[0, place] != wanted)
    for edit in weight_edits(run, place, wanted):
        assert isinstance(edit, WeightEdit)
        assert outcomes(execute(apply(program, edit), run.batch))[0, place] == wanted
        old = next(t for t in program.weights if t.variable == edit.variable)
        at = 0 if edit.value is None else program.symbols(edit.variable).codes[edit.value]
        row = old.rows[at]
        assert row is not None
        weight = row[program.written_classes.index(edit.output)]
        nearer = replace(edit, weight=edit.weight + (1 if edit.weight < weight else -1))
        assert outcomes(execute(apply(program, nearer), run.batch))[0, place] != wanted


@settings(max_examples=40)
@given(st.data())
def test_nothing_outside_the_slice_of_a_prediction_changes_it(data: st.DataObject) -> None:
    program = replace(data.draw(programs(max_nodes=3)), task=None)
    tokens = data.draw(st.sampled_from(some_inputs(program, 20)))
    run = execute(program, encode(program, [tokens]))
    places = np.flatnonzero(outcomes(run)[0] >= 0)
    assume(len(places))
    place = int(data.draw(st.sampled_from(places.tolist())))
    inside = set(dynamic_slice(run, place))
    for trial in trials(run):
        where = trial.edit.entry
        if where.part != "wiring" and trial.outcomes[place] != outcomes(run)[0, place]:
            assert where in inside


# The account ##########################################################################################################


def _adds_up(result: BlameResult) -> None:
    assert result.account is not None
    assert sum((Fraction(share.gap) for share in result.account.shares), Fraction(0)) == Fraction(result.account.gap)
    for share in result.account.shares:
        assert Fraction(share.expected_logit) - Fraction(share.predicted_logit) == Fraction(share.gap)


@pytest.mark.parametrize("name", ["sort_with_a_fault", "rationals", "question_type", "masks", "match_count"])
def test_the_account_of_the_gap_adds_up_exactly(name: str) -> None:
    program = PROGRAMS[name].program
    tokens = some_inputs(program, 40)[30]
    run = execute(program, encode(program, [tokens]))
    place = 0 if program.readout.pooled else len(tokens) - 2
    predicted = int(outcomes(run)[0, place])
    expected: list[str | None] = [None] * (1 if program.readout.pooled else len(tokens))
    for code in range(len(program.classes)):
        expected[place] = program.classes[code]
        inputs = replace(inputs_for(replace(program, task=None), sample=20), expected=None)
        result = blame(program, inputs, tokens, expected=expected)
        _adds_up(result)
        assert result.account is not None
        gap = Fraction(result.account.gap)
        totals = run.totals[0] if program.readout.pooled else run.totals[0, place]
        other = program.classes.index(result.account.predicted)
        positions = len(tokens) if program.readout.pooled else 1
        assert gap == Fraction(int(totals[code] - totals[other]), program.logit_scale * positions)
        assert result.right == (code == predicted)
        assert (gap <= 0) if not result.right else (gap >= 0)


# Cases ################################################################################################################


def test_a_right_prediction_names_what_it_depends_on() -> None:
    result = blame(SORT, inputs_for(SORT), ["<s>", "b", "a", "</s>"], position=2)
    assert result.right
    assert result.candidates == ()
    assert (result.position, result.expected) == (2, "b")
    matters = {dependence.entry for dependence in result.dependences if dependence.matters}
    assert "sorted, query 2" in matters
    assert "readout of sorted = 'b'" in matters
    assert "less, query 'b'" in matters
    assert "rank, input 1, 0" in matters
    reached = {dependence.entry for dependence in result.dependences}
    assert "sorted, query 1" not in reached
    assert all(dependence.change for dependence in result.dependences if dependence.matters)
    _adds_up(result)


def test_a_position_can_be_chosen_and_all_wrong_ones_are_listed() -> None:
    program = apply(SORT, RowEdit("less", "b", ()))
    tokens = ["<s>", "c", "b", "a", "</s>"]
    inputs = inputs_for(program)
    first = blame(program, inputs, tokens)
    assert [place for place, _, _ in first.wrong] == [1, 2]
    assert first.position == 1
    last = blame(program, inputs, tokens, position=first.wrong[-1][0])
    assert last.position == first.wrong[-1][0]
    with pytest.raises(BadUsage, match="position 0 is not graded"):
        blame(program, inputs, tokens, position=0)


def test_a_hole_is_blamed_and_filled() -> None:
    program = apply(SORT, CellEdit("rank", (1, 0), None))
    inputs = inputs_for(program)
    result = blame(program, inputs, ["<s>", "a", "b", "</s>"])
    assert result.hole == "hole at rank, input 1, 0"
    assert result.predicted is None
    assert result.account is None
    assert (result.candidates[0].edit, result.candidates[0].restores) == ("rank, input 1, 0: answer 2", True)


def test_a_predicate_that_is_a_hole_is_filled() -> None:
    program = apply(SORT, RowEdit("sorted", 2, None))
    result = blame(program, inputs_for(program), ["<s>", "a", "b", "</s>"])
    assert result.candidates[0].edit == "sorted, query 2: accept 2"
    assert result.candidates[0].restores


def test_a_missing_weight_row_is_filled_with_the_least_weight() -> None:
    program = apply(SORT, WeightRowEdit("sorted", "b", None))
    result = blame(program, inputs_for(program), ["<s>", "b", "</s>"])
    assert result.candidates[0].edit == "readout of sorted = 'b': weights become (0, 1, 0, 0, 0)"
    assert result.candidates[0].restores


def test_without_a_task_the_expected_output_decides_and_only_this_input_counts() -> None:
    program = replace(PROGRAMS["sort_with_a_fault"].program, task=None)
    tokens = ["<s>", "a", "b", "b", "b", "b", "</s>"]
    inputs = inputs_for(program, sample=100)
    with pytest.raises(BadUsage, match="--expect"):
        blame(program, inputs, tokens)
    result = blame(program, inputs, tokens, expected=[None, *"abbbb", None])
    assert result.checked.inputs == 1
    assert result.candidates[0].restores
    with pytest.raises(BadUsage, match="expected 7, one a position"):
        blame(program, inputs, tokens, expected=list("abbbb"))
    with pytest.raises(BadUsage, match="'z' is not a class"):
        blame(program, inputs, tokens, expected=[None, *"abbbz", None])
    with pytest.raises(BadUsage, match="no position of this input is graded"):
        blame(program, inputs, tokens, expected=[None] * 7)


def test_an_input_that_the_sample_lacks_is_added_to_it() -> None:
    program = PROGRAMS["sort_with_a_fault"].program
    tokens = ["<s>", "a", "b", "b", "b", "b", "</s>"]
    two = [["<s>", "a", "</s>"], ["<s>", "b", "</s>"]]
    others = Inputs(encode(program, two), np.array([[-1, 0, -1], [-1, 1, -1]]), False, "2 inputs")
    result = blame(program, others, tokens)
    assert result.checked.description == "2 inputs and this input"
    assert result.checked.inputs == 3
    assert result.wrong_before == len(result.wrong)


def test_a_pooled_prediction_has_no_position_and_its_mean_logits_are_accounted_for() -> None:
    program = PROGRAMS["question_type"].program
    tokens = ["<s>", "who", "is", "the", "king"]
    result = blame(program, inputs_for(program, sample=50), tokens, expected=["place"])
    assert result.position is None
    assert (result.expected, result.predicted) == ("place", "person")
    _adds_up(result)
    for candidate in result.candidates:
        assert candidate.mended == 1
    assert {candidate.kind for candidate in result.candidates} & {"embedding", "predicate", "lookup", "wiring"}


def test_a_ranking_that_is_cut_off_says_so_and_still_finds_the_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyze.blame.race, "_WORK", 0)
    program = apply(SORT, RowEdit("less", "c", ("a",)))
    inputs = inputs_for(program)
    result = blame(program, inputs, _first_wrong(program, inputs), limit=3)
    assert not result.proven
    assert result.candidates[0].restores


def test_a_program_with_one_class_has_no_gap() -> None:
    program = Program(("<s>", "a"), ("only",), 3, (), Readout((Weights("tokens", ((0,), (0,))),)))
    result = blame(program, inputs_for(program), ["<s>", "a"], expected=[None, "only"])
    assert result.right
    assert result.account is None


def test_an_answer_that_is_given_counts_for_its_input_in_place_of_the_tasks() -> None:
    tokens = ["<s>", "b", "a", "</s>"]
    given_answer = [None, "b", "b", None]
    result = blame(SORT, inputs_for(SORT), tokens, expected=given_answer)
    assert (result.position, result.predicted, result.expected) == (1, "a", "b")
    assert result.wrong_before == 1
    assert result.candidates
    assert all(candidate.mended >= 1 for candidate in result.candidates)
    assert result.checked.description == "all 19,530 inputs, this one with the answer as given"


def test_of_several_outputs_the_wrong_ones_are_named_and_a_missing_weight_row_mends_the_others() -> None:
    program = replace(_readout_of_tokens((0, 1), (0, 1), None), outputs=("readout", "tokens"))
    inputs = replace(inputs_for(program), expected=None)
    wanted: dict[str, list[str | None]] = {"readout": [None, "y", "y"], "tokens": ["<s>", "a", "b"]}
    found = blame(program, inputs, ["<s>", "a", "b"], expected=wanted, output="tokens", position=1)
    assert [c.edit for c in found.candidates] == ["readout of tokens = 'b': weights become (0, 0)"]
    assert found.wrong_outputs == ("tokens", "readout", "tokens", "readout", "tokens")
    right = blame(program, inputs, ["<s>", "a"], expected={"readout": [None, "x"], "tokens": ["<s>", "a"]})
    assert (right.wrong_outputs, right.predicted, right.expected) == (("readout",), "y", "x")


# What counts as an edit that mends ####################################################################################

ROWS = ((0, 0), (0, 1), None, None)
WORDS = ("<s>", "a", "b", "c")


def _readout_of_tokens(*rows: tuple[int, ...] | None, pooled: bool = False) -> Program:
    forced: tuple[str, ...] = () if pooled else ("<s>",)
    return Program(
        WORDS[: len(rows)], ("x", "y"), 4, (), Readout((Weights("tokens", rows),), pooled=pooled, forced=forced)
    )


TWO_STEPS = Program(
    ("a", "b"),
    ("x", "y"),
    3,
    (
        Head("h", "tokens", "tokens", "tokens", (("a",), ("b",)), default="b"),
        Lookup("l", ("h", "tokens"), (None, None), ("u", "v"), ("u", "v", "v", "u")),
    ),
    Readout((Weights("l", ((0, 1), (1, 0))),), forced=()),
)


@pytest.mark.parametrize("row", [("a",), (), None])
def test_what_every_edit_does_to_short_inputs_is_what_execution_says(row: tuple[str, ...] | None) -> None:
    counting = _counting(row)
    for program in (TWO_STEPS, replace(TWO_STEPS, readout=IMPLIED, outputs=("h", "l"), classes=()), counting):
        for tokens in some_inputs(program, 7):
            _check_trials(program, tokens)


def test_a_weight_near_the_limit_of_exact_arithmetic_may_fall_and_not_rise() -> None:
    large = _readout_of_tokens((0, 0), (3 * 2**61, 0))
    assert stays_exact(large, WeightEdit("tokens", "a", "x", 3 * 2**61 - 1))
    assert not stays_exact(large, WeightEdit("tokens", "a", "x", 2**63))


def _blamed(program: Program, symbols: str, *expected: str | None, position: int | None = None) -> BlameResult:
    tokens = ["<s>", *symbols]
    inputs = replace(inputs_for(program), expected=None)
    return blame(program, inputs, tokens, expected=expected, position=position, limit=1000)


def test_only_the_missing_weight_row_mends_an_input_that_ends_there_wherever_it_stands() -> None:
    program = _readout_of_tokens(*ROWS[:3])
    assert [c.entry for c in _blamed(program, "ab", None, "y", "y", position=2).candidates] == [
        "readout of tokens = 'b'"
    ]
    found = _blamed(program, "ab", None, "y", "x", position=1)
    assert [c.edit for c in found.candidates] == ["readout of tokens = 'b': weights become (0, 0)"]
    assert _blamed(program, "ab", None, "x", "y", position=1).candidates == ()
    assert _blamed(_readout_of_tokens((0, 0), (1, 0)), "a", None, "y").predicted == "x"


@pytest.mark.parametrize("pooled", [False, True])
def test_one_of_two_missing_weight_rows_does_not_mend(pooled: bool) -> None:
    program = _readout_of_tokens(*ROWS, pooled=pooled)
    found = _blamed(program, "bc", *(["y"] if pooled else [None, "y", "y"]))
    assert (found.mending, found.candidates, found.proven) == (0, (), True)


def _counting(row: tuple[str, ...] | None, symbols: tuple[str, ...] | None = ("lo", "hi")) -> Program:
    """Says y where two tokens or more are selected; only the query c selects any."""
    count = NumericHead("n", "tokens", "tokens", "ones", ((), (), (), row))
    table = Lookup("z", ("n",), ((0, 1, 2),), symbols, ("lo", "lo", "hi") if symbols else (0, 0, 1))
    weights = Weights("z", ((1, 0), (0, 1)) if symbols else ((0, 1),))
    return Program(WORDS, ("x", "y"), 4, (count, table), Readout((weights,), forced=("<s>",)))


def test_a_hole_that_only_a_row_of_two_keys_mends_is_filled_with_them() -> None:
    found = _blamed(_counting(None), "ac", None, None, "y")
    assert (found.candidates[0].edit, found.candidates[0].size) == ("n, query 'c': accept '<s>' or 'a'", 2.0)
    assert found.proven


def test_a_row_matters_to_a_right_prediction_if_two_keys_at_once_change_it() -> None:
    found = _blamed(_counting(()), "ac", None, None, "x")
    assert {d.entry: d.change for d in found.dependences}["n, query 'c'"] == "n, query 'c': accept '<s>' or 'a'"
    assert found.proven


def test_what_was_not_tried_is_not_proven_to_be_useless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyze.blame.single_edits, "MOST_ROWS", 3)
    for row, answer in ((None, "y"), ((), "x")):
        found = _blamed(_counting(row), "ac", None, None, answer)
        assert not found.proven
        assert "not all rows of several keys" in as_text(blame_document(found), width=300)


def test_that_no_edit_mends_is_not_proven_where_a_lookup_may_answer_other_numbers() -> None:
    program = apply(apply(_counting((), None), CellEdit("z", (0,), None)), CellEdit("z", (2,), 0))
    assert _blamed(program, "aa", None, None, "y").candidates[0].edit == "z, input 0: answer 1"
    weights = Weights("z", ((1, 0, -1),))  # whatever the number, y does not win, but not all numbers are tried
    program = replace(program, classes=("x", "y", "w"), readout=Readout((weights,), forced=("<s>",)))
    found = _blamed(program, "aa", None, None, "y")
    assert (found.mending, found.proven) == (0, False)


def test_what_keeps_an_input_out_of_a_hole_elsewhere_is_a_dependence() -> None:
    nodes = (Embedding("e", ("p", "q"), ("p", "p", "p")), Lookup("l", ("e",), (None,), ("u", "v"), ("u", None)))
    program = Program(WORDS[:3], ("x", "y"), 4, nodes, Readout((Weights("l", ((1, 0), (0, 1))),), forced=("<s>",)))
    found = _blamed(program, "ab", None, "x", "x", position=1)
    assert {"e, word 'a'", "e, word 'b'", "e, word '<s>'"} <= {d.entry for d in found.dependences if d.matters}


def test_a_row_whose_position_sees_nothing_is_not_reached() -> None:
    head = Head("h", "tokens", "tokens", "tokens", ((), None, ("a",)), mask="before", skip_first=True, default="a")
    program = Program(
        WORDS[:3], ("x", "y"), 4, (head,), Readout((Weights("h", ((1, 0), (1, 0), (0, 1))),), forced=("<s>",))
    )
    found = _blamed(program, "ab", None, "x", "x", position=1)
    assert {d.entry for d in found.dependences} & {"h, query '<s>'", "h, query 'a'"} == set()


def test_a_ranking_cut_off_that_leaves_nothing_out_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyze.blame.race, "_WORK", 0)
    program = apply(SORT, RowEdit("less", "c", ("a",)))
    inputs = inputs_for(program)
    found = blame(program, inputs, _first_wrong(program, inputs), limit=500)
    assert (len(found.candidates), found.proven) == (found.mending, True)


@settings(max_examples=60)
@given(st.data())
def test_every_edit_that_is_called_mending_mends_and_where_there_is_none_no_edit_does(data: st.DataObject) -> None:
    program = replace(data.draw(programs(max_nodes=2)), task=None)
    tokens = data.draw(st.sampled_from(some_inputs(program, 20)))
    run = execute(program, encode(program, [tokens]))
    places = np.flatnonzero(graded_at(program, run.batch, None)[0]).tolist()
    assume(places)
    place, wanted = data.draw(st.sampled_from(places)), data.draw(st.sampled_from(program.classes))
    every = range(program.places.count(len(tokens)))
    expected = program.places.apart([wanted if i == place else None for i in every])
    code = program.classes.index(wanted)
    assume(outcomes(run)[0, place] != code)
    after: list[Program] = []

    def show(edited: Program) -> str:
        after.append(edited)
        return ""

    inputs = replace(inputs_for(program, sample=20), expected=None)
    found = blame(program, inputs, tokens, expected=expected, limit=1000, shown=Presentation(show=show))
    assert len(after) == len(found.candidates) == found.mending
    assert all(outcomes(execute(edited, run.batch))[0, place] == code for edited in after)
    if found.mending:
        return
    small: list[Edit] = list(_all_edits(program))
    for term in program.weights:
        of = program.variables[term.variable].domain
        for value, row in zip(of.values if isinstance(of, Symbols) else [None], term.rows, strict=True):
            if row is None:
                filled = tuple(10**6 * int(name == wanted) for name in program.written_classes)
                small += [
                    WeightRowEdit(term.variable, value, filled),
                    WeightRowEdit(term.variable, value, (0,) * len(filled)),
                ]
    for edit in small:
        if (changed := _sound(program, edit)) is not None:
            assert outcomes(execute(changed, run.batch))[0, place] != code
