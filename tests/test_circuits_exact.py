"""The parts of the search for circuits, each against plain execution: margins, bounds, branch and bound, resampling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import analyze.abstract.possible_values
from analyze.abstract.possible_values import Interval, possible_values
from analyze.circuits import Exactly, SubProblem, find_circuits
from analyze.circuits import exact as exact_circuits
from analyze.circuits import search as circuit_search
from analyze.circuits.ablation import TriedSets, constants_of, trial_of
from analyze.circuits.exact import smaller_than
from analyze.circuits.margins import FewInputs, ablatable, members
from analyze.circuits.search import minimal
from analyze.circuits.subproblem import select
from analyze.dataflow import mattering
from analyze.outcome import ground, survey
from tests.interventions import listed
from tests.programs import PROGRAMS
from tests.strategies import programs, some_inputs
from tprog.errors import BadUsage
from tprog.ir.program import BEGIN, Linear, Lookup, NumericHead, Program, Quotients, Readout, Symbols, Weights
from tprog.run.execute import execute
from tprog.tasks.builtin import inputs_for

SORT = PROGRAMS["sort"].program
FAULTY = PROGRAMS["sort_with_a_fault"].program


def _trial(program: Program, data: st.DataObject | None = None, most: int = 25) -> TriedSets:
    """All predictions of a program on a few inputs.

    Args:
        data: draws what some nodes yield when ablated: any value that there is, where others yield their usual one.
    """
    inputs = listed(program, some_inputs(program, most))
    on = survey(program, inputs)
    try:
        pairs = select(on, SubProblem("all"))
    except BadUsage:
        assume(False)  # every input reaches a hole
    constants = constants_of(on, {})
    for name in constants:
        domain = program.variables[name].domain
        if data is not None and data.draw(st.booleans()) and not isinstance(domain, Quotients):
            low, high = (0, len(domain) - 1) if isinstance(domain, Symbols) else domain.ends
            constants[name] = data.draw(st.integers(low, high))
    return trial_of(on, pairs, constants, "all")


def _candidates(program: Program) -> int:
    relevant = mattering(program)
    return sum(1 << place for place, name in enumerate(ablatable(program)) if name in relevant)


@settings(max_examples=25)
@given(programs())
def test_a_survey_says_what_one_execution_of_everything_says(program: Program) -> None:
    inputs = listed(program, some_inputs(program, 40))
    on, whole = survey(program, inputs), ground(program, inputs)
    assert (on.outcomes == whole.outcomes).all()
    assert (on.graded == whole.graded).all()
    assert (on.in_hole == whole.intact.in_hole).all()
    assert on.modes == {name: whole.mode(name) for name in program.by_name}


@settings(max_examples=25)
@given(programs(), st.data())
def test_margins_say_of_any_set_what_execution_says(program: Program, data: st.DataObject) -> None:
    trial = _trial(program, data)
    rows = np.arange(len(trial.on.batch))
    for remember_shares in (True, False):
        few = FewInputs(trial.on, trial.pairs, trial.constants, rows, remember_shares=remember_shares)
        for _ in range(4):
            _check_margins(trial, few, data.draw(st.integers(0, (1 << len(few.nodes)) - 1)))


def _check_margins(trial: TriedSets, few: FewInputs, kept: int) -> None:
    failing = set(trial.failing(kept, np.arange(len(trial.on.batch))).tolist())
    assert few.keeps(kept) == (not failing)
    assert (found := set(few.failing(kept).tolist())) <= failing
    assert bool(found) == bool(failing)


@pytest.mark.parametrize("value", ["u", "v", "w"])
def test_a_node_whose_constant_has_no_row_of_weights_is_part_of_every_sufficient_set(value: str) -> None:
    first = Lookup("first", ("tokens",), (None,), ("u", "v"), ("u", "v", "u"))
    then = Lookup("then", ("first",), (None,), ("u", "v", "w"), ("v", "u"))
    readout = Readout((Weights("then", ((1, 0), (0, 1), None)),))
    program = Program((BEGIN, "a", "b"), ("x", "y"), 4, (first, then), readout)
    on = survey(program, listed(program, some_inputs(program, 8)))
    trial = trial_of(on, select(on, SubProblem("all")), constants_of(on, {"then": value}), "all")
    few = FewInputs(trial.on, trial.pairs, trial.constants, np.arange(len(trial.on.batch)))
    for kept in range(4):
        _check_margins(trial, few, kept)
    found = find_circuits(program, on.inputs, [SubProblem("all")], baseline={"then": value}, exactly=Exactly())
    assert (found.circuits[0].members, found.circuits[0].status) == (("first", "then"), "smallest")
    assert smaller_than(replace(trial, few=[0]), 3, 3).smallest == 3


def test_sets_are_counted_by_their_size_and_exchanged_one_node_for_another() -> None:
    for count in range(5):
        sizes = [kept.bit_count() for kept in range(1 << count)]
        for size in range(-1, 6):
            assert exact_circuits._exactly(count, size) == sizes.count(size)
            assert exact_circuits._up_to(count, size) == sum(one <= size for one in sizes)
    for kept in range(16):
        found = [*circuit_search._exchanges(kept, 0b1111)]
        one_other = [o for o in range(16) if o.bit_count() == kept.bit_count() and (o ^ kept).bit_count() == 2]
        assert sorted(found) == sorted(((other & ~kept).bit_length() - 1, other) for other in one_other)


def _check_possible(
    program: Program, choose: Callable[[int], Iterable[int]], data: st.DataObject | None = None
) -> None:
    """What nodes yield where some are ablated is possible, and adds no more to a margin than is said.

    Args:
        choose: the number of nodes -> sets of those that are kept.
        data: see `_trial`.
    """
    trial = _trial(program, data)
    few = FewInputs(trial.on, trial.pairs, trial.constants, np.arange(len(trial.on.batch)))
    could = possible_values(program, few.batch, few.given, few.constants)
    for kept in choose(len(few.nodes)):
        ablated = {name: code for bit, (name, code) in enumerate(few.constants.items()) if not kept >> bit & 1}
        run = execute(program, few.batch, overrides=ablated)
        fine = ~run.in_hole[:, None] & few.batch.present
        for node in members(kept):
            values, possible = run.values[few.nodes[node]].astype(np.int64), could[few.nodes[node]]
            if isinstance(possible, Interval):
                inside = (possible.low <= values) & (values <= possible.high)
            else:
                inside = np.take_along_axis(possible, values[:, :, None], axis=2)[:, :, 0]
            assert (inside | ~fine).all()
            known = few.of_node(node, kept)
            if known.holed is None and few.nodes[node] in few.terms:
                share = few.share_of(node, kept)
                assert (few.most(node, possible) >= (0 if share is None else share)).all()


@settings(max_examples=25)
@given(programs(), st.data())
def test_a_node_yields_nothing_that_was_not_possible(program: Program, data: st.DataObject) -> None:
    _check_possible(program, lambda nodes: (data.draw(st.integers(0, (1 << nodes) - 1)) for _ in range(4)), data)


@pytest.mark.parametrize("memory", [0, 1 << 20])
def test_sums_and_means_yield_nothing_that_was_not_possible_whatever_is_held(
    memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = (("a",),) * 3
    count = NumericHead("count", "tokens", "tokens", "ones", some)
    mean = NumericHead("mean", "tokens", "tokens", "count", some, mask="before", reduce="mean", default=Fraction(1, 2))
    total = Linear("total", ("count", "mean"), (-1, 2), 1)
    told = Lookup("told", ("total",), ((-1, 1, 2),), ("low", "middle", "high"), ("low", "middle", "high"))
    words = (BEGIN, "a", "b")
    readout = Readout((Weights("total", ((0, 1),)), Weights("told", ((1, 0), (0, 1), (2, 0)))))
    monkeypatch.setattr(analyze.abstract.possible_values, "MEMORY", memory)
    _check_possible(Program(words, ("x", "y"), 5, (count, mean, total, told), readout), lambda nodes: range(1 << nodes))


def _sufficient(trial: TriedSets) -> list[int]:
    """All sufficient sets, by execution of each."""
    rows = np.arange(len(trial.on.batch))
    return [kept for kept in range(1 << len(trial.constants)) if not len(trial.failing(kept, rows))]


@settings(max_examples=30)
@given(programs(), st.data())
def test_the_exact_search_finds_the_smallest_size_or_proves_that_there_is_none(
    program: Program, data: st.DataObject
) -> None:
    trial = _trial(program, data)
    smallest = min(kept.bit_count() for kept in _sufficient(trial))
    candidates = _candidates(program)
    # One more than there are, so that the smallest set itself is to be found.
    found = smaller_than(replace(trial, few=[0]), smallest + 1, candidates)
    assert found.complete
    assert found.smallest is not None
    assert found.smallest in _sufficient(trial)
    assert found.least == smallest == found.smallest.bit_count()
    none = smaller_than(replace(trial, few=[0]), smallest, candidates)
    assert (none.complete, none.smallest, none.least) == (True, None, smallest)
    assert none.excluded == none.sets


@settings(max_examples=25)
@given(programs(max_nodes=4))
def test_with_the_proof_asked_for_every_circuit_is_the_smallest(program: Program) -> None:
    trial = _trial(program)
    inputs = listed(program, some_inputs(program, 25))
    (circuit,) = find_circuits(replace(program, task=None), inputs, [SubProblem("all")], exactly=Exactly()).circuits
    assert circuit.status == "smallest"
    assert circuit.proof is not None
    assert circuit.proof.proven
    assert len(circuit.members) == min(kept.bit_count() for kept in _sufficient(trial))


def _copies(*, own: int, **weights: int) -> Program:
    """The exact sort program with several copies of its last head, each with a weight, and one for the own token."""
    *chain, copied = SORT.nodes
    (term,) = SORT.readout.terms
    values = {"tokens": own, **weights}
    terms = tuple(
        Weights(name, tuple(tuple(weight * w for w in row or ()) for row in term.rows))
        for name, weight in values.items()
    )
    nodes = (*chain, *(replace(copied, name=name) for name in weights))
    return replace(SORT, nodes=nodes, readout=Readout(terms, SORT.readout.scale, forced=SORT.readout.forced))


def _whole(program: Program) -> TriedSets:
    on = survey(program, inputs_for(program, sample=400))
    return trial_of(on, select(on, SubProblem("all")), constants_of(on, {}), "all")


def test_sufficiency_is_not_monotone_and_what_cancels_out_is_left_out_together() -> None:
    trial = _whole(_copies(own=0, one=1, against=-1, other=1))
    bit = {name: 1 << place for place, name in enumerate(trial.constants)}
    chain = bit["less"] | bit["same"] | bit["rank"]
    assert trial.suffices(chain | bit["one"])
    assert not trial.suffices(chain | bit["one"] | bit["against"])
    assert trial.suffices(chain | bit["one"] | bit["against"] | bit["other"])
    (smallest, *_), proof = circuit_search.small_sets(trial, (1 << len(bit)) - 1)
    assert smallest.bit_count() == 4
    assert proof.complete


def test_exchange_gets_out_of_a_set_in_which_elimination_ends() -> None:
    # Two halves do together what one node does alone; each is needed once that one has gone.
    trial = _whole(_copies(own=3, half=2, other=2, alone=4))
    names, every = list(trial.constants), (1 << len(trial.constants)) - 1
    stuck = minimal(trial, [names.index(name) for name in ("alone", "half", "other", "less", "same", "rank")], every)
    assert stuck is not None
    assert {names[node] for node in members(stuck)} == {"less", "same", "rank", "half", "other"}
    (smaller,) = circuit_search.exchange(trial, stuck, every)
    assert {names[node] for node in members(smaller)} == {"less", "same", "rank", "alone"}


def test_without_the_short_proof_the_sets_found_are_as_small_and_claimed_as_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inputs = inputs_for(FAULTY, sample=500)
    proven = find_circuits(FAULTY, inputs)
    monkeypatch.setattr(circuit_search, "BRANCHES", 0)
    found = find_circuits(FAULTY, inputs)
    assert {circuit.status for circuit in proven.circuits} == {"smallest"}
    assert [len(c.members) for c in found.circuits] == [len(c.members) for c in proven.circuits]
    for circuit in found.circuits:  # of the empty set there is nothing to prove
        assert circuit.status == ("smallest found, 1-minimal" if circuit.members else "smallest")


def test_out_of_time_the_answer_stays_and_says_what_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_search, "BRANCHES", 0)
    inputs = inputs_for(FAULTY, sample=200)
    (circuit,) = find_circuits(FAULTY, inputs, [SubProblem("all")], exactly=Exactly(seconds=0)).circuits
    assert circuit.status == "smallest found, 1-minimal"
    assert circuit.proof is not None
    assert not circuit.proof.proven
    assert (
        circuit.proof.excluded
        < circuit.proof.sets
        == sum(1 for size in range(len(circuit.members)) for _ in combinations(range(len(mattering(FAULTY))), size))
    )


def test_ctrl_c_ends_the_proofs_and_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_search, "BRANCHES", 0)
    inputs = inputs_for(FAULTY, sample=200)
    plain = find_circuits(FAULTY, inputs)
    told: list[tuple[str, int, int]] = []

    def stop(problem: str, index: int, count: int, share: float) -> None:
        told.append((problem, index, count))

    searched = exact_circuits._Search.run

    def interrupted(self: exact_circuits._Search) -> None:
        if self.left is None:  # the long search
            raise KeyboardInterrupt
        searched(self)

    monkeypatch.setattr(exact_circuits._Search, "run", interrupted)
    result = find_circuits(FAULTY, inputs, exactly=Exactly(progress=stop))
    assert [c.members for c in result.circuits] == [c.members for c in plain.circuits]
    needed = [index for index, circuit in enumerate(result.circuits) if circuit.members]
    for circuit in (result.circuits[index] for index in needed):
        assert circuit.proof is not None
        assert circuit.proof.interrupted
        assert not circuit.proof.proven
    assert [index for _, index, _ in told] == needed


def test_a_short_search_in_the_middle_does_not_swallow_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("analyze.circuits.exact._Search.run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        find_circuits(FAULTY, inputs_for(FAULTY, sample=50))


# Resampling ###########################################################################################################


def _statistic(sequence: Sequence[str], seed: int = 0) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    inputs = inputs_for(SORT, sample=600)
    problems = [SubProblem("class", name) for name in sequence]
    (circuit,) = find_circuits(SORT, inputs, problems, resample=seed).circuits
    assert circuit.resampled is not None
    assert circuit.resampled.predictions == circuit.pairs
    return circuit.resampled.stay, circuit.resampled.stay_without, circuit.resampled.alone


def test_resampling_is_a_statistic_that_a_seed_repeats() -> None:
    assert _statistic("c") == _statistic("c")
    assert _statistic("c") != _statistic("c", seed=1)
    stay, without, alone = _statistic("c")
    assert len(stay) == len(without) == 7
    assert max(without) < min(stay)
    assert alone == 0


def test_with_every_node_kept_resampling_changes_nothing_and_the_whole_chain_is_kept_for_a_letter() -> None:
    inputs = inputs_for(SORT)
    (circuit,) = find_circuits(SORT, inputs, [SubProblem("all")], resample=3).circuits
    assert circuit.members == ("less", "same", "rank", "sorted")
    assert circuit.resampled is not None
    assert set(circuit.resampled.stay) == {circuit.pairs}


def test_an_input_without_another_of_its_length_is_counted_or_refused() -> None:
    inputs = listed(SORT, [["<s>", "a", "</s>"], ["<s>", "b", "a", "</s>"], ["<s>", "b", "c", "</s>"]])
    (circuit,) = find_circuits(SORT, inputs, [SubProblem("all")], resample=0).circuits
    assert circuit.resampled is not None
    assert circuit.resampled.alone == 1
    with pytest.raises(BadUsage, match="no other input of 6 tokens"):
        find_circuits(SORT, inputs, [SubProblem("input", ("<s>", "e", "d", "a", "a", "</s>"))], resample=0)
