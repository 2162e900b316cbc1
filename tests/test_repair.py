"""Repair: what was planted is mended, what is right stays right, and what it says of itself is so."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from analyze.outcome import ground
from analyze.render.repair import SUITS_ALONE, repair_document
from analyze.render.terminal import as_text
from analyze.repair import Division, divide, repair
from analyze.repair.refit import patterns_of, refit
from analyze.results.repair import RepairResult
from analyze.verify import verify
from cli.main import main
from tests.interventions import listed
from tests.programs import PROGRAMS, equal, sort, sort_with_a_fault
from tprog.edits.edit import CellEdit, Change, RowEdit, SelfRuleEdit, WeightEdit, apply, candidates
from tprog.errors import BadProgram, BadUsage, NotExact
from tprog.ir.program import Head, Linear, Lookup, Program, Readout, Symbols, Weights
from tprog.run.batch import Bools
from tprog.tasks.builtin import Inputs, get_task, inputs_for
from tprog.text.emit import emit
from tprog.text.read import read_module

HIST = PROGRAMS["hist"].program


def _few(program: Program, count: int = 300) -> Division:
    """A small part of the domain, as if it were all of it."""
    some = inputs_for(program, sample=count)
    return Division(some, None, Inputs(some.batch, some.expected, True, f"all {count} inputs"))


def _wrong(program: Program, inputs: Inputs) -> int:
    return verify(program, inputs).wrong_inputs


def _edited(program: Program, *changes: Change) -> Program:
    for change in changes:
        program = apply(program, change)
    return program


# What is mended #######################################################################################################


def test_a_wrong_cell_is_found_on_the_training_split_and_mended_everywhere() -> None:
    program = sort_with_a_fault()
    repaired = repair(program, divide(program, sample=4000))
    assert _wrong(repaired.program, inputs_for(program)) == 0
    (step,) = repaired.result.steps
    assert (step.kind, step.edits[0].node) == ("lookup", "rank")
    assert step.broken == 0
    assert repaired.result.stopped == "nothing is wrong"
    assert repaired.result.rest is not None
    assert repaired.result.rest.before.wrong_inputs > 0
    assert repaired.result.rest.after.wrong_inputs == 0


def test_a_readout_that_reads_nothing_but_0_has_no_weights_to_refit() -> None:
    frame = Program(("a", "b"), ("x", "y"), 2, (), Readout((), forced=()))
    nothing = Linear("nothing", ("ones",), (0,))
    program = replace(frame, nodes=(nothing,), readout=Readout((Weights("nothing", ((1, 0),)),), forced=()))
    assert refit(ground(program, listed(program, [["a"], ["b"]], [[1], [1]]))) is None


def test_an_input_in_a_hole_stays_wrong_though_no_graded_prediction_is() -> None:
    readout = Readout((Weights("tokens", ((1, 0), None)),), forced=())
    program = Program(("a", "b"), ("x", "y"), 1, (), readout)
    inputs = listed(program, [["a"], ["b"]], [[1], [-1]])
    result = repair(program, Division(inputs, None, inputs)).result
    assert (result.wrong_inputs, result.chosen.after.wrong_predictions) == (1, 0)
    assert "nothing is wrong" not in as_text(repair_document(result))


def test_two_faults_in_two_nodes_take_two_steps() -> None:
    program = _edited(
        sort(), CellEdit("rank", (2, 1), 3), RowEdit("less", "c", ("<s>", "a")), WeightEdit("sorted", "e", "a", 0)
    )
    inputs = _few(program)
    assert _wrong(program, inputs.chosen) > 0
    repaired = repair(program, inputs)
    assert _wrong(repaired.program, inputs.chosen) == 0
    assert {step.edits[0].node for step in repaired.result.steps} == {"rank", "less"}


def _negated(program: Program) -> Program:
    """With all weights of one variable turned round."""
    (term, *others) = program.readout.terms
    rows = tuple(tuple(-weight for weight in row) for row in term.rows if row is not None)
    return replace(program, readout=replace(program.readout, terms=(replace(term, rows=rows), *others)))


def test_scrambled_weights_are_mended_by_one_refit() -> None:
    program = _negated(sort())
    inputs = _few(program)
    repaired = repair(program, inputs)
    assert _wrong(repaired.program, inputs.chosen) == 0
    (step,) = repaired.result.steps
    assert step.kind == "refit"
    assert step.weights >= len(step.edits) > 1


def test_the_self_rule_of_published_modules_is_mended_as_one_step() -> None:
    program = _copies_the_nearest_equal()
    faulty = replace(program, self_rule="match-count")
    inputs = _against(program, faulty)
    assert _wrong(faulty, inputs.chosen) > 0
    repaired = repair(faulty, inputs)
    assert repaired.program == program
    assert [step.kind for step in repaired.result.steps] == ["self rule"]


def _copies_the_nearest_equal() -> Program:
    """The position of the nearest token that is the same, as a class: the self rule decides where there are two."""
    letters = ("a", "b", "c")
    vocabulary = ("<s>", *letters)
    positions = tuple(range(7))
    classes = tuple(map(str, positions))
    return Program(
        vocabulary=vocabulary,
        classes=classes,
        max_length=7,
        nodes=(Head("same", "tokens", "tokens", "positions", equal(vocabulary, vocabulary)),),
        readout=Readout((Weights("same", tuple(tuple(int(i == j) for j in positions) for i in positions)),)),
    )


def _against(right: Program, faulty: Program) -> Division:
    """All inputs, with the answers of the first program as the right ones."""
    every = inputs_for(faulty)
    answers = ground(right, every).outcomes
    judged = Inputs(every.batch, answers, True, every.description)
    return Division(judged, None, judged)


def test_an_edit_that_lets_a_refit_gain_is_found() -> None:
    """The lookup answers alike where the answers must differ: no readout can be right, and no single edit helps,
    because the answer that would tell them apart has no weights."""
    vocabulary, classes = ("<s>", "a", "b", "c"), ("x", "y", "z")
    symbols = (0, 1, 2, 3)
    table = Lookup("kind", ("tokens",), (None,), symbols, (0, 1, 2, 3))
    rows = ((0, 0, 0), (9, 0, 0), (0, 9, 0), (0, 0, 9))
    right = Program(vocabulary, classes, 4, (table,), Readout((Weights("kind", rows),)))
    faulty = replace(
        right,
        nodes=(replace(table, cells=(0, 1, 2, 1)),),
        readout=Readout((Weights("kind", ((0, 0, 0), (9, 0, 0), (0, 9, 0), (9, 9, 0))),)),
    )
    inputs = _against(right, faulty)
    assert patterns_of(ground(faulty, inputs.chosen)).unavoidable > 0
    repaired = repair(faulty, inputs)
    assert repaired.result.whole is not None
    assert repaired.result.whole.after.wrong_inputs == 0
    assert [step.kind for step in repaired.result.steps] == ["edit and refit"]
    assert len(repaired.result.steps[0].edits) > 1


# What holds of every repair ###########################################################################################


@st.composite
def faulty_programs(draw: st.DrawFn) -> tuple[Program, Program]:
    """An exact program, and the same with one or two entries changed."""
    program = PROGRAMS[draw(st.sampled_from(["sort", "hist", "reverse"]))].program
    faulty = program
    for _ in range(draw(st.integers(1, 2))):
        node = draw(st.sampled_from(faulty.nodes))
        some = list(candidates(faulty, node))
        try:
            faulty = apply(faulty, draw(st.sampled_from(some)))
        except (BadProgram, NotExact):
            assume(False)
    return program, faulty


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(faulty_programs())
def test_no_step_makes_anything_worse_and_the_figures_are_those_of_verify(pair: tuple[Program, Program]) -> None:
    _, faulty = pair
    inputs = _few(faulty, 200)
    repaired = repair(faulty, inputs, limit=2)
    result = repaired.result
    assert result.whole is not None
    assert result.whole.before.wrong_inputs == _wrong(faulty, inputs.chosen)
    assert result.whole.after.wrong_inputs == _wrong(repaired.program, inputs.chosen)
    found = [result.whole.before, *(step.whole for step in result.steps)]
    for before, after in pairwise(found):
        assert before is not None
        assert after is not None
        assert after.wrong_inputs <= before.wrong_inputs
        assert after.wrong_predictions < before.wrong_predictions
    assert RepairResult.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_a_program_that_is_right_stays_as_it_is() -> None:
    repaired = repair(HIST, _few(HIST))
    assert repaired.program == HIST
    assert (repaired.result.steps, repaired.result.stopped) == ((), "nothing is wrong")


def test_a_step_that_would_make_the_whole_domain_worse_is_refused() -> None:
    program = sort_with_a_fault()
    every = inputs_for(program)
    on = ground(program, every)
    assert every.expected is not None
    failing = np.flatnonzero((on.outcomes != every.expected).any(axis=1))[:1]
    one = Inputs(every.batch.take(failing), every.expected[failing], False, "one input")
    # On one input alone much seems to help that breaks the others.
    guarded = repair(program, Division(one, None, every), limit=1)
    assert guarded.result.refused > 0
    assert _wrong(guarded.program, every) < _wrong(program, every)


def test_a_step_that_gains_nothing_on_the_inputs_that_accept_it_is_refused() -> None:
    program, every = sort_with_a_fault(), inputs_for(sort_with_a_fault())
    wrong = np.flatnonzero(_failing(program, every))
    right = np.flatnonzero(~_failing(program, every))
    chosen = every.take(wrong[:8], "some that fail")
    alone = repair(program, Division(chosen, None, None, every.take(right[:50], "some that are right")), limit=1).result
    assert alone.steps == ()
    assert alone.unaccepted > 0
    assert "because the inputs that accept them gained nothing" in as_text(repair_document(alone))
    both = repair(program, Division(chosen, None, None, every.take(wrong[8:16], "others that fail")), limit=1).result
    assert len(both.steps) == 1
    assert both.accepted is not None
    assert both.accepted.after.wrong_predictions < both.accepted.before.wrong_predictions
    assert RepairResult.from_json(both.to_json()) == both


def test_where_inputs_stand_for_others_a_step_has_to_gain_on_both_halves_of_them() -> None:
    program, every = sort_with_a_fault(), inputs_for(sort_with_a_fault())
    wrong, right = (np.flatnonzero(_failing(program, every) == failing)[:8] for failing in (True, False))
    one_half = every.take(np.stack([wrong, right], axis=1).ravel(), "every other one fails")
    alone = repair(program, Division(one_half, None, None, for_others=True), limit=1).result
    assert alone.steps == ()
    assert "because they gained nothing on one half of the inputs" in as_text(repair_document(alone))
    assert len(repair(program, Division(one_half, None, None), limit=1).result.steps) == 1
    both = every.take(np.concatenate([wrong, right]), "some fail")
    assert len(repair(program, Division(both, None, None, for_others=True), limit=1).result.steps) == 1


def _failing(program: Program, inputs: Inputs) -> Bools:
    on = ground(program, inputs)
    found: Bools = ((on.outcomes != on.expected) & on.graded).any(axis=1)
    return found


def test_a_repair_that_does_not_carry_over_says_so() -> None:
    program, every = sort_with_a_fault(), inputs_for(sort_with_a_fault())
    found = repair(program, Division(every.take(slice(0, 400)), every.take(slice(400, 900)), None), limit=1).result
    assert found.rest is not None
    assert found.carries_over == (found.rest.after.wrong_predictions <= found.rest.before.wrong_predictions)
    worse = replace(found.rest, before=found.rest.after, after=replace(found.rest.after, wrong_predictions=10**6))
    assert SUITS_ALONE in as_text(repair_document(replace(found, rest=worse)))
    less = replace(found, rest=replace(found.rest, f1=(0.8, 0.7)))
    assert SUITS_ALONE in as_text(repair_document(less))
    assert SUITS_ALONE not in as_text(repair_document(replace(found, rest=replace(found.rest, f1=(0.7, 0.8)))))


def test_ctrl_c_keeps_what_was_found() -> None:
    program = _edited(sort(), CellEdit("rank", (2, 1), 3), CellEdit("rank", (1, 2), 1))

    def stop_at_the_second(words: str) -> None:
        if words.startswith("step 2"):
            raise KeyboardInterrupt

    repaired = repair(program, _few(program), progress=stop_at_the_second)
    assert repaired.result.stopped == "interrupted"
    assert len(repaired.result.steps) == 1
    assert repaired.program != program


# The inputs ###########################################################################################################


def test_edits_are_chosen_on_the_split_that_a_training_run_trains_on() -> None:
    from trainer.config import TrainConfig
    from trainer.data import prepare

    data = prepare(TrainConfig(task="sort", data_seed=3))
    divided = divide(sort(), seed=3)
    assert np.array_equal(divided.chosen.batch.tokens, data.train.batch.tokens)


def test_the_rest_is_all_of_the_domain_that_edits_are_not_chosen_on() -> None:
    divided = divide(sort(), sample=500)
    assert divided.rest is not None
    assert divided.whole is not None
    parts = [*divided.chosen.batch.tokens.tolist(), *divided.rest.batch.tokens.tolist()]
    assert sorted(parts) == sorted(divided.whole.batch.tokens.tolist())


def test_a_domain_too_large_to_enumerate_leaves_the_rest_of_the_sample() -> None:
    dyck = PROGRAMS["dyck1"].program
    large = replace(dyck, max_length=32)
    with pytest.raises(BadUsage, match="too many inputs"):
        divide(large, get_task("dyck1", None, 32), on="domain")
    divided = divide(large, get_task("dyck1", None, 32), sample=100)
    assert divided.whole is None
    assert divided.rest is not None
    assert (len(divided.chosen.batch), len(divided.rest.batch)) == (80, 20)


# The refit ############################################################################################################


def test_a_refit_is_right_wherever_a_readout_can_be() -> None:
    flipped = _negated(HIST)
    on = ground(flipped, inputs_for(flipped, sample=400))
    found = refit(on)
    assert found is not None
    assert found.wrong == found.unavoidable == 0
    after = _edited(flipped, *found.edits)
    assert _wrong(after, on.inputs) == 0
    changed = sum(
        w != old
        for a, b in zip(after.readout.terms, flipped.readout.terms, strict=True)
        for row, was in zip(a.rows, b.rows, strict=True)
        for w, old in zip(row or (), was or (), strict=True)
    )
    assert found.weights == changed


def test_a_refit_leaves_a_pooled_program_and_one_that_is_right_alone() -> None:
    question = PROGRAMS["question_type"].program
    assert refit(ground(question, inputs_for(question, sample=50))) is None
    assert refit(ground(HIST, inputs_for(HIST, sample=50))) is None


# The self rule as an edit #############################################################################################


def test_the_self_rule_is_edited_and_undone() -> None:
    program = PROGRAMS["match_count"].program
    edit = SelfRuleEdit("last")
    assert apply(program, edit).self_rule == "last"
    assert apply(apply(program, edit), edit.undo(program)) == program
    assert "\n" not in edit.describe()


# The command line #####################################################################################################


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module of a faulty program, in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = Path("faulty.py")
    path.write_text(emit(sort_with_a_fault()).text)
    return path


def test_the_command_line_writes_a_module_that_is_right(faulty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repair", str(faulty), "-o", "mended.py", "--sample", "4000"]) == 0
    said = capsys.readouterr().out
    assert "repaired, right on all 19,530 inputs; before, 410 were wrong" in said
    assert "rank, input 1, 3" in said
    module = read_module("mended.py")
    assert _wrong(module.program, inputs_for(module.program)) == 0
    assert "repaired" in dict(module.program.provenance)


def test_comments_of_a_module_edited_by_hand_stay(faulty: Path) -> None:
    faulty.write_text(faulty.read_text().replace("\nimport sys", "\nimport sys  # mine"))
    assert main(["repair", str(faulty), "-o", "mended.py", "--sample", "4000"]) == 0
    assert "# mine" in Path("mended.py").read_text()
    assert _wrong(read_module("mended.py").program, inputs_for(sort())) == 0


def test_the_change_can_be_written_as_a_diff(faulty: Path) -> None:
    assert main(["repair", str(faulty), "-o", "fix.diff", "--sample", "2000"]) == 0
    changed = [line for line in Path("fix.diff").read_text().splitlines() if line[:1] in "+-"]
    assert changed[:2] == ["--- faulty.py", "+++ faulty.py"]
    assert len(changed) > 2


def test_the_exit_code_is_1_where_something_stays_wrong(faulty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = _edited(sort(), CellEdit("rank", (2, 1), 3), CellEdit("rank", (1, 2), 1))
    faulty.write_text(emit(broken).text)
    assert main(["repair", str(faulty), "--sample", "500", "--limit", "1", "--json"]) == 1
    result = RepairResult.from_json(json.loads(capsys.readouterr().out))
    assert len(result.steps) == 1
    assert result.stopped == "the limit is reached"
    assert result.wrong_inputs > 0
    assert "still wrong on" in as_text(repair_document(result))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--on", "domain", "--sample", "5"], "there is no sample to draw"),
        (["-o", "mended.md"], "expected the ending .py"),
        (["--task", "no_such"], "no_such"),
    ],
)
def test_what_makes_no_sense_is_refused(
    faulty: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["repair", str(faulty), *options]) == 2
    assert said in capsys.readouterr().err


def test_without_a_task_there_is_nothing_to_repair_for(faulty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faulty.write_text(emit(replace(sort(), task=None)).text)
    assert main(["repair", str(faulty)]) == 2
    assert "--task" in capsys.readouterr().err


def test_weights_are_named_as_the_numbers_they_stand_for() -> None:
    program = HIST
    term = program.readout.terms[0]
    domain = program.variables[term.variable].domain
    value = domain.values[0] if isinstance(domain, Symbols) else None
    row = term.rows[0]
    assert row is not None
    faulty_program = _edited(program, WeightEdit(term.variable, value, program.classes[0], row[0] + 1000))
    result = repair(faulty_program, _few(program)).result
    assert result.steps
    assert Fraction(result.steps[0].net) > 0
