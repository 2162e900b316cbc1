"""Circuits of small programs, against ablating every set of nodes: sufficient, minimal, and smallest where so said."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import combinations, count
from math import comb

import numpy as np
import pytest

from analyze.circuits import Exactly, SubProblem, ablatable, find_circuits
from analyze.circuits import search as circuit_search
from analyze.circuits.ablation import TriedSets, _donors, constants_of, resampled, trial_of
from analyze.circuits.exact import smaller_than
from analyze.circuits.margins import FewInputs
from analyze.circuits.subproblem import select
from analyze.dataflow import mattering
from analyze.outcome import Survey, survey
from analyze.reached_entries import entries_of, reached
from analyze.results.circuits import Circuit
from tests.bench.brute_force import lacking
from tests.bench.circuits_exact import SHAPES, small_program
from tests.interventions import frozen, listed
from tests.programs import PROGRAMS
from tests.small_programs import small
from tests.strategies import some_inputs
from tprog.errors import BadUsage, NotExact
from tprog.ir.program import BEGIN, Head, Lookup, Program, Readout, Value, Weights
from tprog.run.batch import Bools, encode
from tprog.run.execute import decode, execute
from tprog.run.outcome import outcomes
from tprog.tasks.builtin import inputs_for

SEEDS, PARTS = 90, 5


def _program(seed: int) -> Program:
    """A small program: some pooled, some with a forced output or with two outputs, some that lack a few entries."""
    draw, program = random.Random(seed), small(seed)
    last = program.nodes[-1]
    if seed % 8 == 0:
        program = replace(program, readout=replace(program.readout, pooled=True))
    elif seed % 8 == 4:
        forced = tuple(word for word in program.vocabulary if word == BEGIN)
        program = replace(program, readout=replace(program.readout, forced=forced, rows_needed="everywhere"))
    elif seed % 8 == 2:
        program = replace(program, outputs=("readout", last.name) if isinstance(last, Head) else ("tokens", "readout"))
    if seed % 3 == 2 or seed % 4 == 0:
        gone = [
            (table, index)
            for table, entries in entries_of(program).items()
            for index, entry in enumerate(entries)
            if entry.part in ("row", "cell", "word") or (entry.part == "weights" and len(entry.at) > 1)
        ]
        program = lacking(program, draw.sample(gone, min(1 + seed % 2, len(gone))))
    return program


def _without_what_is_not_reached(program: Program) -> Program:
    """A program that lacks each entry that none of its inputs reaches: with nodes ablated, inputs come there."""
    run = execute(program, inputs_for(program).batch)
    counts = reached(run)
    return lacking(
        program,
        [
            (table, index)
            for table, entries in entries_of(program).items()
            for index, entry in enumerate(entries)
            if not counts.get(entry) and (entry.part in ("row", "cell", "word") or len(entry.at) > 1)
        ],
    )


@dataclass(frozen=True)
class Case:
    """A sub-problem of a program, and what each node yields when ablated."""

    on: Survey
    problem: SubProblem
    constants: Mapping[str, Value]

    @cached_property
    def pairs(self) -> Bools:
        return select(self.on, self.problem)

    @cached_property
    def sufficient(self) -> set[frozenset[str]]:
        """Every set of nodes that suffices, by executing the program with tables in place of the others."""
        program, batch, names = self.on.program, self.on.inputs.batch, list(self.constants)
        found = set()
        for size in range(len(names) + 1):
            for kept in combinations(names, size):
                ablated = {name: value for name, value in self.constants.items() if name not in kept}
                after = outcomes(execute(frozen(program, ablated), batch))
                if not ((after != self.on.outcomes) & self.pairs).any():
                    found.add(frozenset(kept))
        return found

    def is_minimal(self, kept: frozenset[str]) -> bool:
        return kept in self.sufficient and not any(kept - {name} in self.sufficient for name in kept)


def _cases(part: int) -> Iterator[Case]:
    for seed in range(part, SEEDS, PARTS):
        program, draw = _program(seed), random.Random(seed)
        if seed % 4 < 3:
            program = _without_what_is_not_reached(program)
        on = survey(program, inputs_for(program))
        problems = [SubProblem("all"), SubProblem("token", draw.choice(program.vocabulary))]
        problems.append(SubProblem("class", draw.choice(program.classes)))
        if not program.readout.pooled:
            problems.append(SubProblem("position", draw.randrange(program.max_length)))
        problem = draw.choice(problems)
        codes = dict(constants_of(on, {}))
        if seed % 3:
            run = execute(program, on.inputs.batch)
            codes = {name: draw.choice(sorted({*run.values[name][on.batch.present].tolist()})) for name in codes}
        constants = {name: decode(program, name, code) for name, code in codes.items()}
        case = Case(on, problem, constants)
        try:
            assert case.pairs.any()
        except BadUsage:
            continue  # there is no such prediction
        yield case


def _larger_cases() -> Iterator[Case]:
    """All predictions of programs of six nodes, of which several are needed."""
    for seed in range(SHAPES.index((3, 2, 0)), 8 * len(SHAPES), len(SHAPES)):
        program = small_program(seed)
        on = survey(program, listed(program, some_inputs(program, 25)))
        constants = {name: decode(program, name, code) for name, code in constants_of(on, {}).items()}
        yield Case(on, SubProblem("all"), constants)


HARD = ((86, SubProblem("class", "b"), 5), (96, SubProblem("all"), 4), (151, SubProblem("class", "b"), 0))
"""Programs of eight nodes, a sub-problem of each, and its smallest circuit, which no elimination comes to."""


@pytest.mark.parametrize(("seed", "problem", "least"), HARD)
def test_the_smallest_circuit_is_found_where_elimination_ends_in_a_larger_one(
    seed: int, problem: SubProblem, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = small_program(seed)
    on = survey(program, listed(program, some_inputs(program, 25)))
    case = Case(on, problem, {name: decode(program, name, code) for name, code in constants_of(on, {}).items()})
    assert min(map(len, case.sufficient)) == least
    for branches, exactly in ((40_000, None), (0, None), (0, Exactly())):
        monkeypatch.setattr(circuit_search, "BRANCHES", branches)
        (circuit,) = find_circuits(program, on.inputs, [problem], exactly=exactly).circuits
        _check_circuit(case, circuit)
        proven = bool(branches or exactly)
        assert circuit.status == ("smallest" if proven else "smallest found, 1-minimal")
        assert len(circuit.members) == least or not proven
        assert circuit.proof is None or circuit.proof.least == least


def _trial(case: Case) -> TriedSets:
    return trial_of(case.on, case.pairs, constants_of(case.on, case.constants), str(case.problem))


def _candidates(program: Program) -> int:
    relevant = mattering(program)
    return sum(1 << place for place, name in enumerate(ablatable(program)) if name in relevant)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("branches", [0, 40_000])
def test_what_is_found_suffices_is_minimal_and_is_the_smallest_where_it_is_proven(
    part: int, branches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit_search, "BRANCHES", branches)
    for case in _cases(part):
        for exactly in (None, Exactly()):
            result = find_circuits(
                case.on.program, case.on.inputs, [case.problem], baseline=case.constants, exactly=exactly
            )
            (circuit,) = result.circuits
            _check_circuit(case, circuit)
            least = min(map(len, case.sufficient))
            assert circuit.status == "smallest" or not (exactly or branches)
            if circuit.status == "smallest":
                assert len(circuit.members) == least
                assert circuit.proof is not None
                assert circuit.proof.least == least
                assert circuit.proof.excluded == circuit.proof.sets


def _check_circuit(case: Case, circuit: Circuit) -> None:
    found = [frozenset(names) for names in (circuit.members, *circuit.alternatives)]
    assert all(map(case.is_minimal, found))
    assert [len(names) for names in found] == sorted(map(len, found))
    assert len({*found}) == len(found)
    assert {*circuit.core} == reduce(frozenset.intersection, found)
    assert dict(circuit.ablated) == {n: value for n, value in case.constants.items() if n not in circuit.members}
    assert (circuit.pairs, circuit.inputs) == (case.pairs.sum(), case.pairs.any(axis=1).sum())


def test_of_larger_programs_what_is_found_is_the_smallest_however_it_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = set()
    for case in _larger_cases():
        for branches in (0, 40_000):
            monkeypatch.setattr(circuit_search, "BRANCHES", branches)
            program = case.on.program
            (circuit,) = find_circuits(program, case.on.inputs, [case.problem]).circuits
            _check_circuit(case, circuit)
            assert len(circuit.members) == min(map(len, case.sufficient))
            sizes.add(len(circuit.members))
        _check_search(case)
    assert max(sizes) >= 3


@pytest.mark.parametrize("part", range(PARTS))
def test_margins_and_the_exact_search_say_of_every_set_what_ablating_says(part: int) -> None:
    for case in _cases(part):
        _check_search(case)


def _check_search(case: Case) -> None:
    trial = _trial(case)
    names = list(trial.constants)
    every = {kept: frozenset(n for at, n in enumerate(names) if kept >> at & 1) for kept in range(1 << len(names))}
    for remember_shares in (True, False):
        rows = np.arange(len(trial.on.batch))
        few = FewInputs(trial.on, trial.pairs, trial.constants, rows, 1000, remember_shares=remember_shares)
        for kept, members in every.items():
            assert few.keeps(kept) == (members in case.sufficient)
            failing = trial.failing(kept, rows).tolist()
            assert bool(failing) == (members not in case.sufficient)
            assert {*few.failing(kept).tolist()} <= {*failing}
            assert len(few.failing(kept)) > 0 or not failing
    least = min(map(len, case.sufficient))
    candidates = _candidates(case.on.program)
    found = smaller_than(replace(trial, few=[0]), least + 1, candidates)
    assert found.smallest is not None
    assert every[found.smallest] in case.sufficient
    assert (found.complete, found.least, found.smallest.bit_count()) == (True, least, least)
    none = smaller_than(replace(trial, few=[0]), least, candidates)
    assert (none.complete, none.smallest, none.least, none.excluded) == (True, None, least, none.sets)


def test_one_circuit_a_class_that_is_predicted_or_an_output_and_how_far_they_overlap() -> None:
    for case in _cases(0):
        program, on = case.on.program, case.on
        result = find_circuits(program, on.inputs)
        predicted = {program.classes[code] for code in on.outcomes[on.graded & (on.outcomes >= 0)].tolist()}
        several = program.places.several
        asked = [*program.outputs] if several else [word for word in program.classes if word in predicted]
        assert [(one.value, one.kind) for one in result.circuits] == [
            (v, "output" if several else "class") for v in asked
        ]
        never = [word for word in program.classes if word not in predicted]
        note = f"never predicted: {', '.join(never)}"
        assert (note in result.notes) == (bool(never) and not several)
        found = {(one.one, one.other): one for one in result.overlaps}
        for (at, one), (other_at, other) in combinations(enumerate(result.circuits), 2):
            shared, either = {*one.members} & {*other.members}, {*one.members} | {*other.members}
            told = found[at, other_at]
            assert (told.shared, told.either) == (len(shared), len(either))
            assert told.jaccard == (round(len(shared) / len(either), 4) if either else 1)


def test_what_stays_when_nodes_are_resampled_is_what_each_other_input_leaves() -> None:
    for case in _cases(1):
        program, trial = case.on.program, _trial(case)
        kept = [*trial.constants][::2]
        try:
            donors, alone = _donors(case.on, trial, np.random.default_rng(3))
        except BadUsage:
            continue  # every input of that length reaches a hole
        batch, others = trial.on.batch, case.on.inputs.batch
        stay = {"members": 0, "none": 0}
        for row, donor in enumerate(donors.tolist()):
            words, given = batch.words(program, row), others.words(program, donor)
            assert len(words) == len(given)
            assert not case.on.in_hole[donor]
            assert (words == given) == (row in alone)
            other = execute(program, encode(program, [given]))
            for which, members in (("members", kept), ("none", [])):
                overrides = {name: other.values[name] for name in trial.constants if name not in members}
                after = outcomes(execute(program, encode(program, [words]), overrides=overrides))[0]
                width = len(after)
                same = after == trial.on.outcomes[row, :width]
                stay[which] += int((same & trial.pairs[row, :width]).sum())
        found = resampled(case.on, trial, kept, 1, 3)
        assert (found.stay, found.stay_without) == ((stay["members"],), (stay["none"],))
        assert (found.predictions, found.alone) == (trial.pairs.sum(), trial.pairs[alone].sum())


def test_inputs_that_come_to_a_hole_once_a_node_is_ablated_fail_and_no_others() -> None:
    """With `first` fixed at u, b is answered by what has no row of weights, and c by nothing."""
    words = (BEGIN, "a", "b", "c")
    first = Lookup("first", ("tokens",), (None,), ("u", "v"), ("u", "u", "v", "v"))
    cells = ("p", "p", "w", None, "p", "p", "q", "q")
    then = Lookup("then", ("first", "tokens"), (None, None), ("p", "q", "w"), cells)
    program = Program(words, ("x", "y"), 4, (first, then), Readout((Weights("then", ((1, 0), (0, 1), None)),)))
    on = survey(program, inputs_for(program))
    trial = trial_of(on, select(on, SubProblem("all")), constants_of(on, {"first": "u"}), "all")
    few = FewInputs(trial.on, trial.pairs, trial.constants, np.arange(len(trial.on.batch)))
    batch = trial.on.batch
    lost = [row for row in range(len(batch)) if {"b", "c"} & {*batch.words(program, row)}]
    assert few.failing(0b10).tolist() == lost == trial.failing(0b10, np.arange(len(batch))).tolist()
    assert [few.keeps(kept) for kept in (0b10, 0b11)] == [False, True]


def test_a_baseline_that_is_no_value_is_refused_with_what_the_values_are() -> None:
    program = PROGRAMS["sort"].program
    with pytest.raises(BadUsage, match="'less'; these are whole numbers from 0 to 8"):
        find_circuits(program, inputs_for(program, sample=5), baseline={"less": 9})


def test_one_input_is_graded_where_its_task_says_though_nothing_is_forced() -> None:
    sort = PROGRAMS["sort"].program
    program = replace(sort, readout=replace(sort.readout, forced=()))
    problem = SubProblem("input", ("<s>", "b", "a", "</s>"))
    (circuit,) = find_circuits(program, inputs_for(program, sample=20), [problem]).circuits
    assert circuit.pairs == 2


def test_logits_of_2_to_the_60_are_refused() -> None:
    for weight, refused in ((2**60 - 1, False), (2**60, True)):
        readout = Readout((Weights("tokens", ((weight, 0), (0, 0), (0, 0))),), forced=())
        program = Program((BEGIN, "a", "b"), ("x", "y"), 4, (), readout)
        inputs = inputs_for(program)
        if not refused:
            assert find_circuits(program, inputs).circuits
            continue
        with pytest.raises(NotExact, match=r"below 2\*\*60"):
            find_circuits(program, inputs)


def test_a_search_that_is_cut_off_excludes_the_more_sets_the_later() -> None:
    within = 0
    for case in _larger_cases():
        trial, least, candidates = _trial(case), min(map(len, case.sufficient)), _candidates(case.on.program)
        nodes, before = candidates.bit_count(), 0
        for branches in range(60):
            found = smaller_than(trial, least, candidates, branches=branches)
            smaller = [sum(comb(nodes, size) for size in range(most + 1)) for most in range(-1, nodes + 1)]
            assert before <= found.excluded <= found.sets
            assert smaller[found.least] <= found.excluded <= smaller[found.least + 1]
            within += found.excluded not in smaller
            before = found.excluded
            if found.complete:
                break
        assert before == found.sets
    assert within


@pytest.mark.parametrize(("step", "told"), [(0.0, False), (0.15, True), (0.25, True)])
def test_progress_is_told_five_times_a_second(step: float, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    times = count(0.0, step)
    monkeypatch.setattr("analyze.circuits.exact.time.monotonic", lambda: next(times))
    case = next(_larger_cases())
    shares: list[float] = []
    found = smaller_than(_trial(case), len(case.constants), _candidates(case.on.program), progress=shares.append)
    assert found.complete
    assert bool(shares) == told
    assert shares == sorted(shares)
