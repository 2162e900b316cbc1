"""Circuits: sufficient and 1-minimal, checked by plain removal; sub-problems; baselines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analyze.circuits import SubProblem, ablatable, find_circuits
from analyze.outcome import ground
from analyze.results.circuits import Circuit
from tests.interventions import answers, frozen, listed
from tests.programs import PROGRAMS
from tests.strategies import programs, some_inputs
from tprog.errors import BadInput, BadUsage
from tprog.ir.program import Program, Value
from tprog.run.execute import Hole, decode, execute
from tprog.tasks.builtin import Inputs, inputs_for

SORT = PROGRAMS["sort"].program
FAULTY = PROGRAMS["sort_with_a_fault"].program


def _suffices(
    program: Program, inputs: Inputs, problem: SubProblem, members: Iterable[str], constants: dict[str, Value]
) -> bool:
    """By plain execution of the program with all but the members replaced by tables."""
    ablated = {node: constants[node] for node in ablatable(program) if node not in members}
    before, after = answers(program, inputs), answers(frozen(program, ablated), inputs)
    for row, places in enumerate(before):
        words = [program.vocabulary[code] for code in inputs.batch.tokens[row] if code >= 0]
        for place, answer in places.items():
            position, output = program.places.position(place), program.places.output(place)
            if isinstance(answer, Hole):
                continue
            inside = {
                "all": True,
                "input": True,
                "class": answer == problem.value,
                "output": output in (None, problem.value),
                "position": position == problem.value,
                "token": problem.value in words if program.readout.pooled else words[position] == problem.value,
            }
            if inside[problem.kind] and after[row][place] != answer:
                return False
    return True


def _modes(program: Program, inputs: Inputs) -> dict[str, Value]:
    on = ground(program, inputs)
    return {node: decode(program, node, on.mode(node)) for node in ablatable(program)}


def _names(circuit: Circuit) -> set[str]:
    return set(circuit.members)


def test_the_circuits_of_the_exact_sort_program_are_sufficient_and_minimal_over_the_whole_domain() -> None:
    inputs = inputs_for(SORT)
    result = find_circuits(SORT, inputs)
    assert [circuit.value for circuit in result.circuits] == ["a", "b", "c", "d", "e"]
    constants = _modes(SORT, inputs)
    before = execute(SORT, inputs.batch).predictions

    def stays(letter: str, members: set[str]) -> bool:
        ablated = {node: constants[node] for node in ablatable(SORT) if node not in members}
        at = before == SORT.classes.index(letter)
        return bool((execute(frozen(SORT, ablated), inputs.batch).predictions == before)[at].all())

    for circuit in result.circuits:
        assert stays(circuit.value, _names(circuit))
        assert not any(stays(circuit.value, _names(circuit) - {member}) for member in _names(circuit))
    # Every letter needs the whole chain but one: with `sorted` fixed, the same letter is answered everywhere.
    assert [len(circuit.members) for circuit in result.circuits].count(0) == 1
    assert any("empty circuit suffices" in note for note in result.notes)


@settings(max_examples=50)
@given(st.data())
def test_every_circuit_is_sufficient_and_minimal_and_no_brute_force_set_contradicts_the_core(
    data: st.DataObject,
) -> None:
    program = replace(data.draw(programs(max_nodes=4)), task=None)
    inputs = listed(program, some_inputs(program, 25))
    constants = _modes(program, inputs)
    kinds = [SubProblem("all"), SubProblem("class", data.draw(st.sampled_from(program.classes)))]
    kinds.append(SubProblem("token", data.draw(st.sampled_from(program.vocabulary))))
    kinds.append(SubProblem("output", data.draw(st.sampled_from(program.outputs))))
    if not program.readout.pooled:
        kinds.append(SubProblem("position", data.draw(st.integers(0, program.max_length - 1))))
    problem = data.draw(st.sampled_from(kinds))
    try:
        (circuit,) = find_circuits(program, inputs, [problem]).circuits
    except BadUsage:
        assume(False)  # there is no such prediction
    for members in [_names(circuit), *map(set, circuit.alternatives)]:
        assert _suffices(program, inputs, problem, members, constants)
        assert not any(_suffices(program, inputs, problem, members - {node}, constants) for node in members)
        assert set(circuit.core) <= members
    assert {name for name, _ in circuit.ablated} | _names(circuit) == set(ablatable(program))


@pytest.mark.parametrize("name", ["hist", "double_hist", "dyck1", "sort", "rationals", "match_count"])
def test_on_these_programs_no_sufficient_set_is_smaller_than_the_one_found(name: str) -> None:
    program = PROGRAMS[name].program
    inputs = listed(program, some_inputs(program, 60))
    (circuit,) = find_circuits(program, inputs, [SubProblem("all")]).circuits
    constants, nodes = _modes(program, inputs), ablatable(program)
    smaller = [few for size in range(len(circuit.members)) for few in combinations(nodes, size)]
    assert not any(_suffices(program, inputs, SubProblem("all"), few, constants) for few in smaller)


def test_one_wrong_input_has_a_circuit_of_its_own() -> None:
    wrong = ("<s>", "a", "b", "b", "b", "b", "</s>")
    problem = SubProblem("input", wrong)
    inputs = inputs_for(FAULTY)
    (circuit,) = find_circuits(FAULTY, inputs, [problem]).circuits
    assert (circuit.inputs, circuit.pairs, circuit.value) == (1, 5, "<s> a b b b b </s>")
    alone = listed(FAULTY, [wrong])
    constants = _modes(FAULTY, inputs)
    assert _suffices(FAULTY, alone, problem, _names(circuit), constants)
    for member in _names(circuit):
        assert not _suffices(FAULTY, alone, problem, _names(circuit) - {member}, constants)


def test_an_input_outside_the_inputs_given_is_still_answered_and_takes_its_baseline_from_them() -> None:
    inputs = listed(SORT, [["<s>", "a", "</s>"], ["<s>", "b", "a", "</s>"]])
    (circuit,) = find_circuits(SORT, inputs, [SubProblem("input", ("<s>", "e", "d", "</s>"))]).circuits
    assert "sorted" in _names(circuit)


def test_a_position_keeps_its_predictions_alone() -> None:
    inputs = inputs_for(SORT, sample=500)
    problem = SubProblem("position", 1)
    (circuit,) = find_circuits(SORT, inputs, [problem]).circuits
    assert circuit.pairs == circuit.inputs == len(inputs.batch)
    assert _suffices(SORT, inputs, problem, _names(circuit), _modes(SORT, inputs))


def test_a_named_baseline_is_used_and_reported() -> None:
    inputs = inputs_for(SORT)
    result = find_circuits(SORT, inputs, [SubProblem("class", "c")], baseline={"sorted": "c", "less": 8})
    assert "sorted = c" in result.baseline
    assert result.circuits[0].members == ()  # the constant says it all
    assert dict(result.circuits[0].ablated)["less"] == 8


def test_the_same_question_gives_the_same_answer() -> None:
    inputs = inputs_for(PROGRAMS["most_freq"].program, sample=300)
    program = PROGRAMS["most_freq"].program
    assert find_circuits(program, inputs) == find_circuits(program, inputs)


def test_classes_that_are_never_predicted_are_named_instead() -> None:
    inputs = listed(SORT, [["<s>", "a", "</s>"]])
    result = find_circuits(SORT, inputs)
    assert [circuit.value for circuit in result.circuits] == ["a"]
    assert result.notes[0] == "never predicted: b, c, d, e"


def test_embeddings_are_never_ablated() -> None:
    program = PROGRAMS["question_type"].program
    result = find_circuits(program, inputs_for(program, sample=300))
    assert len(result.nodes) == 3
    assert all(not member.startswith("emb") for circuit in result.circuits for member in circuit.members)


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (SubProblem("class", "z"), "'z' is not a class"),
        (SubProblem("token", "z"), "'z' is not in the vocabulary"),
        (SubProblem("position", 0), "there is none among"),
        (SubProblem("position", 9), "there is none among"),
    ],
)
def test_a_sub_problem_without_predictions_is_refused(problem: SubProblem, message: str) -> None:
    with pytest.raises(BadUsage, match=message):
        find_circuits(SORT, inputs_for(SORT, sample=50), [problem])


def test_a_pooled_program_has_no_positions() -> None:
    program = PROGRAMS["question_type"].program
    with pytest.raises(BadUsage, match="at no position"):
        find_circuits(program, inputs_for(program, sample=50), [SubProblem("position", 1)])


def test_an_input_that_the_program_cannot_take_is_refused() -> None:
    with pytest.raises(BadInput):
        find_circuits(SORT, inputs_for(SORT, sample=50), [SubProblem("input", ("<s>", "?", "</s>"))])


@pytest.mark.parametrize("baseline", [{"sorted": "z"}, {"less": "a"}, {"less": 99}, {"nowhere": 1}])
def test_a_baseline_that_is_no_value_of_its_node_is_refused(baseline: dict[str, Value]) -> None:
    with pytest.raises(BadUsage, match="baseline"):
        find_circuits(SORT, inputs_for(SORT, sample=50), baseline=baseline)
