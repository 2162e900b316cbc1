"""Dead nodes: each kind of verdict planted and found, and every verdict checked by plain removal."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analyze.dead import find_dead, unread
from analyze.results import DeadResult, Removal, Verdict
from tests.interventions import answers, frozen, listed
from tests.programs import PROGRAMS, equal
from tests.strategies import programs, some_inputs
from tprog.execute import decode, execute
from tprog.program import Head, Lookup, Node, Numbers, NumericHead, Program, Readout, Symbols, Value, Weights
from tprog.tasks import Inputs, inputs_for

SORT = PROGRAMS["sort"].program
VOCABULARY = SORT.vocabulary


def _with(*extra: Node, terms: tuple[Weights, ...] = ()) -> Program:
    """The exact sort program with more nodes behind it."""
    readout = replace(SORT.readout, terms=(*SORT.readout.terms, *terms))
    return replace(SORT, nodes=(*SORT.nodes, *extra), readout=readout)


def _verdicts(result: DeadResult) -> dict[str, dict[str, Verdict]]:
    return {node.name: {verdict.kind: verdict for verdict in node.verdicts} for node in result.dead}


def _copy(name: str) -> Head:
    """Each token's nearest equal one: the token itself."""
    return Head(name, "tokens", "tokens", "tokens", equal(VOCABULARY, VOCABULARY))


def test_an_exact_program_has_no_dead_node() -> None:
    result = find_dead(SORT, inputs_for(SORT))
    assert result.dead == ()
    assert result.removable == ()
    assert (result.checked.inputs, result.checked.exhaustive) == (19530, True)


def test_a_node_that_nothing_reads_and_all_behind_it_is_unread() -> None:
    program = _with(_copy("first"), Head("second", "first", "first", "positions", equal(VOCABULARY, VOCABULARY)))
    found = _verdicts(find_dead(program, inputs_for(program)))
    assert found["first"]["unread"].proof == "static"
    assert set(found) == {"first", "second"}


def test_weights_that_are_the_same_for_all_classes_do_not_make_a_node_read() -> None:
    rows = tuple((value, value, value, value, value) for value in range(7))
    program = _with(_copy("echo"), terms=(Weights("echo", rows),))
    assert unread(program) == {"echo"}


def test_weights_that_are_the_same_for_all_values_do_not_make_a_node_read() -> None:
    program = _with(_copy("echo"), terms=(Weights("echo", ((1, 0, 2, 3, 0),) * 7),))
    assert unread(program) == {"echo"}
    different = (((1, 0, 2, 3, 0),) * 6) + ((0, 0, 0, 0, 0),)
    assert unread(_with(_copy("echo"), terms=(Weights("echo", different),))) == set()


def test_a_node_between_an_input_and_a_hole_is_not_unread() -> None:
    partial = Lookup("partial", ("echo",), (None,), (0,), (0, 0, 0, 0, None, 0, 0))
    assert unread(_with(_copy("echo"), partial)) == set()


def test_a_node_with_one_value_is_constant() -> None:
    nothing = NumericHead("nothing", "tokens", "tokens", "ones", ((),) * 7)
    program = _with(nothing, terms=(Weights("nothing", ((9, 1, 2, 3, 4),)),))
    found = _verdicts(find_dead(program, inputs_for(program)))
    assert found["nothing"]["constant"].constant == 0
    assert found["nothing"]["inert"].constant == 0


def test_a_node_whose_votes_never_decide_is_inert_and_the_constant_is_named() -> None:
    # The letter's own vote of 1 never beats what `sorted` adds once that is made 3.
    (heavy,) = SORT.readout.terms
    heavy = replace(heavy, rows=tuple(tuple(3 * w for w in row or ()) for row in heavy.rows))
    program = _with(_copy("echo"), terms=(Weights("echo", SORT.readout.terms[0].rows),))
    program = replace(program, readout=replace(program.readout, terms=(heavy, program.readout.terms[1])))
    inputs = inputs_for(program)
    found = _verdicts(find_dead(program, inputs))
    assert set(found["echo"]) == {"inert", "mergeable"}
    constant = found["echo"]["inert"].constant
    assert isinstance(constant, str)
    assert answers(frozen(program, {"echo": constant}), inputs) == answers(program, inputs)


def test_an_inert_constant_need_not_be_a_value_that_the_node_takes() -> None:
    # 1 backs the vote of a and 2 that of b; fixed at either, the other letter's prediction turns; at 0, neither does.
    backs = Lookup("backs", ("tokens",), (None,), (0, 1, 2), (0, 1, 2))
    program = replace(
        PROGRAMS["no_nodes"].program,
        nodes=(backs, replace(backs, name="same")),
        readout=Readout((Weights("tokens", ((0, 0), (1, 0), (0, 1))), Weights("same", ((0, 0), (3, 0), (0, 3))))),
    )
    inputs = listed(program, [["<s>", "a"], ["<s>", "b"], ["<s>", "a", "b"]])
    assert _verdicts(find_dead(program, inputs))["same"]["inert"].constant == 0


def test_a_node_that_equals_an_earlier_variable_is_mergeable() -> None:
    votes = Weights("again", tuple(tuple(5 * w for w in row or ()) for row in SORT.readout.terms[0].rows))
    again = replace(SORT.nodes[-1], name="again")
    found = _verdicts(find_dead(_with(again, terms=(votes,)), inputs_for(SORT)))
    assert found["again"]["mergeable"].mate == "sorted"
    assert find_dead(_with(again, terms=(votes,)), inputs_for(SORT)).removable[-1].name in ("sorted", "again")


def test_equal_numbers_are_mergeable_whatever_their_coding() -> None:
    halves = Lookup("halves", ("tokens",), (None,), None, (Fraction(1, 2), *(Fraction(1),) * 6))
    mean = NumericHead("mean", "tokens", "tokens", "halves", equal(VOCABULARY, VOCABULARY), reduce="mean", default=0)
    program = _with(halves, mean, terms=(Weights("mean", ((-7, 1, 2, 0, 5),)),))
    found = _verdicts(find_dead(program, inputs_for(program)))
    assert found["mean"]["mergeable"].mate == "halves"


def test_two_copies_that_back_each_other_up_are_inert_alone_but_not_removed_together() -> None:
    # Each copy outvotes nothing and loses nothing: one suffices, so either can go, but not both.
    again = replace(SORT.nodes[-1], name="again")
    program = _with(again, terms=(Weights("again", SORT.readout.terms[0].rows),))
    inputs = inputs_for(program)
    result = find_dead(program, inputs)
    found = _verdicts(result)
    assert "inert" in found["sorted"]
    assert "inert" in found["again"]
    taken = [removal.name for removal in result.removable]
    assert len({"sorted", "again"} & set(taken)) == 1 or any(removal.mate for removal in result.removable)
    assert _without(program, result.removable, inputs) == answers(program, inputs)


def test_what_only_removed_nodes_read_is_removed_with_them() -> None:
    # `feeder` decides what `reader` yields; with `reader` fixed, nothing reads `feeder`.
    feeder = NumericHead("feeder", "tokens", "tokens", "ones", equal(VOCABULARY, VOCABULARY))
    reader = Lookup("reader", ("feeder",), ((0, 1, 2),), ("x", "y"), ("x", "y", "x"))
    big = replace(
        SORT.readout.terms[0], rows=tuple(tuple(5 * w for w in row or ()) for row in SORT.readout.terms[0].rows)
    )
    votes = Weights("reader", ((0, 0, 0, 0, 0), (1, 0, 0, 0, 0)))
    program = replace(_with(feeder, reader), readout=replace(SORT.readout, terms=(big, votes)))
    result = find_dead(program, inputs_for(program))
    assert [removal.name for removal in result.removable] == ["feeder", "reader"]


def test_numbers_with_too_many_values_are_tried_at_those_they_take() -> None:
    wide = Lookup("wide", ("tokens",), (None,), None, (0, 1, 5000, 2, 3, 4, 5))
    program = _with(wide, terms=(Weights("wide", ((-1, 0, 0, 0, 0),)),))
    assert find_dead(program, inputs_for(program)).untried == ("wide",)


def _without(program: Program, removable: tuple[Removal, ...], inputs: Inputs) -> list[dict[int, object]]:
    """The answers of a program without the nodes, by plain tables; mates are followed to their own removal."""
    constants: dict[str, Value] = {r.name: r.constant for r in removable if r.constant is not None and not r.mate}
    program = frozen(program, constants)
    for removal in removable:
        if removal.mate:
            domain, theirs = program.variables[removal.name].domain, program.variables[removal.mate].domain
            if isinstance(domain, Symbols) and isinstance(theirs, Symbols):
                table = Lookup(removal.name, (removal.mate,), (None,), domain.values, theirs.values)
            else:
                levels = tuple(value for value in _values(program, removal.mate) if not isinstance(value, str))
                table = Lookup(removal.name, (removal.mate,), (levels,), None, levels)
            program = replace(program, nodes=tuple(table if n.name == removal.name else n for n in program.nodes))
    return answers(program, inputs)


@settings(max_examples=60)
@given(st.data())
def test_every_verdict_stands_a_check_by_removal_and_none_is_missed(data: st.DataObject) -> None:
    program = replace(data.draw(programs(max_nodes=4)), task=None)
    assume(program.nodes)
    inputs = listed(program, some_inputs(program, 30))
    result = find_dead(program, inputs)
    before = answers(program, inputs)
    found = _verdicts(result)
    run = execute(program, inputs.batch)
    for node in program.nodes:
        values = _values(program, node.name)
        inert = [value for value in values if answers(frozen(program, {node.name: value}), inputs) == before]
        verdicts = found.get(node.name, {})
        if values:  # otherwise there are too many to try
            assert ("inert" in verdicts) == bool(inert)
        if "unread" in verdicts:
            assert inert == values
        if "constant" in verdicts:
            held = run.values[node.name][~run.in_hole][inputs.batch.present[~run.in_hole]]
            assert len(np.unique(held)) <= 1
        if "inert" in verdicts:
            assert not values or str(verdicts["inert"].constant) in map(str, inert)
        if "mergeable" in verdicts:
            _check_equal(program, node.name, verdicts["mergeable"].mate or "", inputs)
    fixed: dict[str, Value] = {}
    for removal in result.removable:
        if removal.mate is not None:
            return  # followed in the tests with planted mates
        assert removal.constant is not None
        fixed[removal.name] = _exact(program, removal.name, removal.constant)
    assert answers(frozen(program, fixed), inputs) == before


def _values(program: Program, name: str) -> list[Value]:
    domain = program.variables[name].domain
    if isinstance(domain, Symbols):
        return list(domain.values)
    assert isinstance(domain, Numbers)
    low, high = int(domain.low * domain.denominator), int(domain.high * domain.denominator)
    return [decode(program, name, code) for code in range(low, high + 1)] if high - low < 60 else []


def _exact(program: Program, name: str, shown: str | int) -> Value:
    if isinstance(program.variables[name].domain, Symbols):
        return shown
    return Fraction(shown)


def _check_equal(program: Program, one: str, other: str, inputs: Inputs) -> None:
    run = execute(program, inputs.batch)
    for row in np.flatnonzero(~run.in_hole).tolist():
        for position in range(int(inputs.batch.lengths[row])):
            assert run.value(one, row, position) == run.value(other, row, position)


@pytest.mark.parametrize("name", ["partial", "question_type", "rationals", "match_count", "masks", "no_nodes"])
def test_the_jointly_removable_set_of_every_program_is_removable(name: str) -> None:
    program = PROGRAMS[name].program
    inputs = listed(program, some_inputs(program, 200))
    result = find_dead(program, inputs)
    if any(removal.mate for removal in result.removable):
        assert _without(program, result.removable, inputs) == answers(program, inputs)
        return
    fixed = {r.name: _exact(program, r.name, r.constant) for r in result.removable if r.constant is not None}
    assert answers(frozen(program, fixed), inputs) == answers(program, inputs)
