"""Blame of all failures: effects equal those of plain execution, buckets agree with blame of one input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analyze.blame.joint_search
import analyze.blame.working_set
from analyze.blame import blame
from analyze.blame.all_failures import blame_all
from analyze.blame.presentation import Presentation
from analyze.blame.suspects import Redefinition
from analyze.blame.weights import Bend, Bends, weight_rows
from analyze.blame.working_set import hold
from analyze.outcome import ground
from analyze.render.blame import blame_document, ranges
from analyze.render.blame_all import blame_all_document
from analyze.render.pages import page_html
from analyze.render.terminal import as_text
from analyze.results.blame import BlameAllResult
from tests.interventions import listed
from tests.programs import FAULT, PROGRAMS
from tests.strategies import programs, some_inputs
from tprog.edits.edit import CellEdit, Edit, RowEdit, WeightEdit, WeightRowEdit, apply
from tprog.errors import BadProgram, BadUsage, NotExact
from tprog.ir.entry import Entry
from tprog.ir.program import Linear, Lookup, NumericHead, Program, Readout, Weights
from tprog.run.execute import execute, predict
from tprog.run.outcome import outcomes
from tprog.run.pieces import held_bytes
from tprog.tasks.builtin import Inputs, inputs_for
from tprog.text.emit import emit
from tprog.text.read import read_source

SORT = PROGRAMS["sort"].program
TWO_FAULTS = apply(apply(SORT, CellEdit("rank", FAULT, 4)), RowEdit("sorted", 6, (5,)))


def _effect(before: Program, after: Program, inputs: Inputs) -> tuple[int, int]:
    on, then = ground(before, inputs), ground(after, inputs)
    assert on.expected is not None
    was, now = ((found.outcomes == on.expected) & on.graded for found in (on, then))
    return int((now & ~was).sum()), int((was & ~now).sum())


def _kept(after: list[Program]) -> Callable[[Program], str]:
    """In place of a diff: keep the edited program."""

    def keep(program: Program) -> str:
        after.append(program)
        return ""

    return keep


def _with_answers(data: st.DataObject) -> tuple[Program, Inputs]:
    """A small program, and inputs with answers that have nothing to do with it."""
    program = replace(data.draw(programs(max_nodes=2)), task=None)
    tokens = some_inputs(program, 12)
    width = program.places.count(program.max_length)
    answers = st.lists(st.integers(-1, len(program.classes) - 1), min_size=width, max_size=width)
    expected = [[code if place < len(row) else -1 for place, code in enumerate(data.draw(answers))] for row in tokens]
    return program, listed(program, tokens, expected)


def _printed(result: BlameAllResult) -> str:
    return as_text(blame_all_document(result), width=200)


def test_two_faults_lead_the_table_and_fill_buckets() -> None:
    inputs = inputs_for(TWO_FAULTS, sample=3000)
    after: list[Program] = []
    others = inputs_for(TWO_FAULTS, sample=400, seed=1)
    result = blame_all(TWO_FAULTS, inputs, shown=Presentation(show=_kept(after)), verify_on=others)
    assert result.entries[0].entry == result.buckets[0].entry == "sorted, query 6"
    assert "rank, input 1, 3" in {found.entry for found in result.entries}
    assert "rank, input 1, 3" in {bucket.entry for bucket in result.buckets}
    assert sum(bucket.inputs for bucket in result.buckets) == result.wrong_inputs == result.searched
    assert result.unmended == 0
    assert result.proven
    nets = [found.net for found in result.entries]
    assert nets == sorted(nets, reverse=True)
    assert len({found.entry for found in result.entries}) == len(result.entries)
    for program, found in zip(after, result.entries, strict=True):
        assert _effect(TWO_FAULTS, program, inputs) == (found.mended, found.broken)
        assert _effect(TWO_FAULTS, program, others) == found.verified


def test_the_top_entry_of_a_bucket_is_the_one_that_blame_of_its_inputs_names() -> None:
    inputs = inputs_for(TWO_FAULTS, sample=2000)
    buckets = blame_all(TWO_FAULTS, inputs).buckets
    assert buckets
    for bucket in buckets:
        one = blame(TWO_FAULTS, inputs, bucket.examples[0], limit=1)
        assert one.candidates[0].entry == bucket.entry


def test_a_right_program_has_no_failures() -> None:
    result = blame_all(SORT, inputs_for(SORT))
    assert (result.wrong, result.entries, result.buckets) == (0, (), ())
    assert "nothing is wrong; checked on all 19,530 inputs" in _printed(result)


def test_an_edit_after_which_numbers_would_not_be_exact_is_left_out() -> None:
    """That the constant becomes the coefficient would make 2**63 of it, which no program may."""
    total = Linear("total", ("ones",), (2**62,), 0)
    large = Lookup("large", ("total",), ((0, 1),), ("x", "y"), ("x", "y"))
    readout = Readout((Weights("large", ((1, 0), (0, 1))),), forced=())
    program = Program(("a",), ("x", "y"), 1, (total, large), readout)
    found = blame_all(program, listed(program, [["a"]], [[0]]))
    assert "total, coefficient of ones" in {entry.entry for entry in found.entries}


def test_without_answers_nothing_can_be_blamed() -> None:
    with pytest.raises(BadUsage, match="--task"):
        blame_all(SORT, replace(inputs_for(SORT, sample=5), expected=None))


@settings(max_examples=25)
@given(st.data())
def test_every_figure_equals_plain_execution(data: st.DataObject) -> None:
    program, inputs = _with_answers(data)
    after: list[Program] = []
    result = blame_all(program, inputs, limit=1000, shown=Presentation(show=_kept(after)))
    assert result.proven
    for edited, found in zip(after, result.entries, strict=True):
        assert _effect(program, edited, inputs) == (found.mended, found.broken)
        assert found.net > 0
    assert sum(bucket.inputs for bucket in result.buckets) == result.wrong_inputs
    assert result.unmended == sum(bucket.inputs for bucket in result.buckets if bucket.entry is None)


@settings(max_examples=25)
@given(st.data())
def test_what_a_bent_weight_does_equals_plain_execution(data: st.DataObject) -> None:
    program, inputs = _with_answers(data)
    every = _bends(program, inputs)
    _check_bends(program, inputs, data.draw(st.lists(st.sampled_from(every), max_size=8)) if every else [])


def test_what_a_weight_of_a_program_with_two_faults_does_up_or_down_equals_plain_execution() -> None:
    inputs = inputs_for(TWO_FAULTS, sample=1000)
    every = _bends(TWO_FAULTS, inputs)
    for sign in (1, -1):
        some = [bend for bend in every if bend.sign == sign]
        assert some
        _check_bends(TWO_FAULTS, inputs, some[:6])


def _bends(program: Program, inputs: Inputs) -> list[Bend]:
    bends = Bends(ground(program, inputs))
    return [bend for variable, value in weight_rows(program) for bend in bends.of(variable, value)]


def _check_bends(program: Program, inputs: Inputs, some: Sequence[Bend]) -> None:
    for bend in some:
        amounts, nets = bend.best_from()
        for amount in {int(amounts[0]), int(bend.mended[-1]), bend.midway(int(amounts[0]))}:
            try:
                edited = apply(program, bend.edit(amount))
            except (BadProgram, NotExact):
                continue
            assert _effect(program, edited, inputs) == bend.effect(amount)
        midway = bend.midway(int(amounts[0]))
        assert bend.effect(midway) == bend.effect(int(amounts[0]))
        if len(later := bend.broken[bend.broken > amounts[0]]):
            assert 0 <= (later.min() - midway) - (midway - amounts[0]) <= 1
        mended, broken = bend.effect(int(amounts[0]))
        assert mended - broken == nets[0] == max(np.subtract(*bend.effect(int(t))) for t in bend.mended)


def test_edits_that_go_over_the_inputs_together_are_ranked_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    program = TWO_FAULTS
    one_by_one = blame_all(program, inputs_for(program, sample=3000))
    monkeypatch.setattr(analyze.blame.joint_search, "_MANY", 0)
    together = blame_all(program, inputs_for(program, sample=3000))
    assert together == one_by_one


def test_the_inputs_are_looked_at_in_parts_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = inputs_for(TWO_FAULTS, sample=9000)
    whole = blame_all(TWO_FAULTS, inputs, limit=3)
    one = blame(TWO_FAULTS, inputs, ["<s>", "a", "b", "b", "b", "b", "</s>"], limit=3)
    monkeypatch.setattr(analyze.blame.working_set.hold, "__defaults__", ((), 1_500_000))
    parts = blame_all(TWO_FAULTS, inputs, limit=3)
    assert not parts.proven
    assert (parts.wrong, parts.wrong_inputs) == (whole.wrong, whole.wrong_inputs)
    assert [(e.edit, e.mended, e.broken) for e in parts.entries[:2]] == [
        (e.edit, e.mended, e.broken) for e in whole.entries[:2]
    ]
    again = blame(TWO_FAULTS, inputs, ["<s>", "a", "b", "b", "b", "b", "</s>"], limit=3)
    assert not again.proven
    assert again.wrong_before == one.wrong_before
    assert (again.candidates[0].edit, again.candidates[0].mended) == (one.candidates[0].edit, one.candidates[0].mended)


def test_of_many_inputs_those_in_a_hole_count_as_wrong_and_as_failing_held_or_not() -> None:
    program = PROGRAMS["partial"].program
    batch = inputs_for(program).batch
    predictions, in_hole = predict(program, batch)
    inputs = Inputs(batch, predictions, True, "all")  # whatever is computed there is what is expected
    whole, some = hold(program, inputs), hold(program, inputs, memory=held_bytes(program, batch.tokens.shape[1]) * 20)
    assert whole.whole
    assert not some.whole
    assert some.failing == whole.failing == int(in_hole.sum()) > 0
    assert some.wrong == whole.wrong
    assert in_hole[some.rows].any()


def test_a_search_that_is_cut_off_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyze.blame.joint_search, "_WORK", 0)
    inputs = inputs_for(TWO_FAULTS, sample=4000)
    after: list[Program] = []
    result = blame_all(TWO_FAULTS, inputs, limit=4, shown=Presentation(show=_kept(after)))
    assert not result.proven
    assert result.entries[0].entry == "sorted, query 6"
    for edited, found in zip(after, result.entries, strict=True):
        assert _effect(TWO_FAULTS, edited, inputs) == (found.mended, found.broken)


def test_a_missing_weight_row_is_blamed_for_the_inputs_that_end_there() -> None:
    program = apply(SORT, WeightRowEdit("sorted", "b", None))
    result = blame_all(program, inputs_for(program, sample=300), limit=2)
    assert result.entries[0].entry == "readout of sorted = 'b'"
    assert result.entries[0].restores or result.entries[0].mended > 0


# Beside the source ####################################################################################################


def _module(program: Program) -> tuple[str, dict[Entry, int]]:
    text = emit(program, "faulty").text
    return text, dict(read_source(text).lines)


def test_the_margin_holds_what_each_lines_best_edit_mends() -> None:
    text, lines = _module(TWO_FAULTS)
    result = blame_all(TWO_FAULTS, inputs_for(TWO_FAULTS, sample=2000), shown=Presentation("faulty.py", text, lines))
    assert result.source is not None
    first = result.entries[0]
    assert first.line == lines[Entry("sorted", "row", (6,))]
    line = result.source.lines[first.line - 1]
    assert (line.margin, line.mark, line.text) == (str(first.mended), "bad", text.splitlines()[first.line - 1])
    assert "the module, with what the best edit of each line mends" in _printed(result)
    page = page_html(blame_all_document(result))
    assert page.startswith("<!DOCTYPE html>")
    assert first.entry.split(",")[0] in page


def test_the_slice_of_a_wrong_prediction_is_lit_and_its_candidates_are_marked() -> None:
    text, lines = _module(TWO_FAULTS)
    tokens = ["<s>", "a", "b", "b", "b", "b", "</s>"]
    result = blame(TWO_FAULTS, inputs_for(TWO_FAULTS), tokens, limit=3, shown=Presentation("faulty.py", text, lines))
    assert result.source is not None
    reached = {found.line for found in result.dependences}
    assert lines[Entry("rank", "cell", FAULT)] in reached
    for line in result.source.lines:
        assert bool(line.mark) == (line.number in reached or line.number in {c.line for c in result.candidates})
    best = result.source.lines[(result.candidates[0].line or 0) - 1]
    assert (best.mark, best.margin) == ("bad", f"{result.candidates[0].net:+d}")
    assert "<!DOCTYPE html>" in page_html(blame_document(result))
    assert "it depends on" in as_text(blame_document(result), width=200)


def test_ranges_of_lines_are_shortened() -> None:
    assert ranges([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"


# Redefinitions ########################################################################################################


def test_a_head_that_selects_nothing_is_suspected_though_no_single_edit_mends_it() -> None:
    same = SORT.by_name["same"]
    assert isinstance(same, NumericHead)
    nothing = replace(same, predicate=((),) * len(same.predicate))
    deleted = replace(SORT, nodes=tuple(nothing if node is same else node for node in SORT.nodes))
    inputs = inputs_for(deleted, sample=200)
    on = ground(deleted, inputs)
    assert on.expected is not None
    row = int(((on.outcomes != on.expected) & on.graded).any(axis=1).argmax())
    after: list[Program] = []
    result = blame(deleted, inputs, on.batch.words(deleted, row), shown=Presentation(show=_kept(after)))
    assert not any(candidate.restores for candidate in result.candidates)
    first = result.suspects[0]
    assert first.node == "same"
    assert first.mended > 0.9 * result.wrong_before
    program = after[len(result.candidates)]
    assert _effect(deleted, program, inputs) == (first.mended, first.broken)
    assert result.looked_at == 200


def test_what_a_suspect_does_is_counted_on_the_inputs_that_it_was_compared_on() -> None:
    inputs = inputs_for(TWO_FAULTS, sample=150)
    on = ground(TWO_FAULTS, inputs)
    assert on.expected is not None
    row = int(((on.outcomes != on.expected) & on.graded).any(axis=1).argmax())
    tokens, after = on.batch.words(TWO_FAULTS, row), list[Program]()
    result = blame(TWO_FAULTS, inputs, tokens, shown=Presentation(show=_kept(after)))
    assert result.suspects
    scores = [found.net - found.price for found in result.suspects]
    assert scores == sorted(scores, reverse=True)
    for program, found in zip(after[len(result.candidates) :], result.suspects, strict=True):
        assert _effect(TWO_FAULTS, program, inputs) == (found.mended, found.broken)
        place = result.position
        assert place is not None
        right = outcomes(execute(program, on.batch))[row, place] == on.expected[row, place]
        assert bool(right) == found.mends


def test_where_a_single_edit_mends_all_nothing_else_is_suspected() -> None:
    program = apply(SORT, RowEdit("less", "c", ("a",)))
    inputs = inputs_for(program, sample=200)
    on = ground(program, inputs)
    assert on.expected is not None
    row = int(((on.outcomes != on.expected) & on.graded).any(axis=1).argmax())
    result = blame(program, inputs, on.batch.words(program, row))
    assert result.candidates[0].restores
    assert (result.suspects, result.looked_at) == ((), 0)


def test_a_redefined_head_changes_the_rows_that_differ_and_its_wiring_if_the_mask_does() -> None:
    same = SORT.by_name["same"]
    assert isinstance(same, NumericHead)
    rows = replace(same, predicate=(same.predicate[0], (), *same.predicate[2:]))
    for head, wiring in ((rows, []), (replace(rows, mask="all"), ["wiring of same"])):
        found = Redefinition("same", (), head, 1, 0, 0, False).entries(SORT)
        assert list(map(str, found)) == [f"same, query {SORT.vocabulary[1]!r}", *wiring]


def test_entries_of_edits_are_what_buckets_are_named_after() -> None:
    edit: Edit = WeightEdit("sorted", "b", "a", 3)
    assert str(edit.entry) == "readout of sorted = 'b'"
