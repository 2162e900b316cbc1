"""Dead nodes: each kind of verdict planted and found, and every verdict checked by plain removal."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import analyze.piecewise
import tprog.run.pieces
from analyze.dead import dead_nodes, find_dead, unread
from analyze.dead.proofs import Proofs
from analyze.reached_entries import entries_of
from analyze.render.dead import dead_document
from analyze.render.terminal import as_text
from analyze.results.dead import DeadResult, Verdict
from cli.main import main
from tests.bench.brute_force import answers as plain_answers
from tests.bench.brute_force import lacking, without
from tests.bench.planted_dead import Score, bases, judge
from tests.bench.planting import KINDS, Planter
from tests.interventions import answers, frozen, listed
from tests.programs import PROGRAMS, equal, everything
from tests.strategies import programs, some_inputs
from tprog.ir.program import (
    END,
    Embedding,
    Head,
    Lookup,
    Node,
    NumericHead,
    Program,
    Quotients,
    Readout,
    Symbols,
    Value,
    Weights,
)
from tprog.run.execute import decode, execute
from tprog.tasks.builtin import Inputs, inputs_for
from tprog.text.emit import emit
from tprog.text.read import read_source

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
    assert answers(without(program, result.removable), inputs) == answers(program, inputs)


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


def test_a_node_that_decides_which_row_is_missing_is_not_dead() -> None:
    told = Embedding("told", ("x", "y"), tuple("x" if word == "a" else "y" for word in VOCABULARY))
    count = NumericHead("count", "told", "tokens", "ones", (None, None), mask="before")
    program = _with(told, count, terms=(Weights("count", ((1, 0, 0, 0, 0),)),))
    result = find_dead(program, inputs_for(program))
    assert not {"told", "count"} & {node.name for node in result.dead}


@settings(max_examples=60)
@given(st.data())
def test_every_verdict_stands_a_check_by_removal_and_none_is_missed(data: st.DataObject) -> None:
    program = replace(data.draw(programs(max_nodes=4)), task=None)
    assume(program.nodes)
    inputs = listed(program, some_inputs(program, 30))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tprog.run.pieces, "CHUNK", data.draw(st.sampled_from([1, 7, 4096])))
        patch.setattr(analyze.piecewise, "KEPT", data.draw(st.sampled_from([0, 10**9])))
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
    batch = inputs.batch
    assert (plain_answers(without(program, result.removable), batch) == plain_answers(program, batch)).all()


def _values(program: Program, name: str) -> list[Value]:
    domain = program.variables[name].domain
    if isinstance(domain, Symbols):
        return list(domain.values)
    if isinstance(domain, Quotients):
        return [decode(program, name, code) for code in domain.codes or () if len(domain.codes or ()) < 60]
    low, high = domain.ends
    return [decode(program, name, code) for code in range(low, high + 1)] if high - low < 60 else []


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
    assert answers(without(program, result.removable), inputs) == answers(program, inputs)


# What holds for every input ###########################################################################################


def _proofs(program: Program, inputs: Inputs | None = None) -> dict[tuple[str, str], str]:
    result = find_dead(program, inputs or inputs_for(program))
    return {(node.name, verdict.kind): verdict.proof for node in result.dead for verdict in node.verdicts}


def test_a_count_that_can_be_only_one_number_is_dead_for_every_input_though_a_sample_was_tried() -> None:
    ends = NumericHead("ends", "tokens", "tokens", "ones", tuple((END,) for _ in VOCABULARY))
    program = _with(ends, terms=(Weights("ends", ((0, 0, 0, 0, -9),)),))
    result = find_dead(program, inputs_for(program, sample=50))
    (verdicts,) = (node.verdicts for node in result.dead if node.name == "ends")
    assert [(verdict.kind, verdict.proof) for verdict in verdicts] == [
        ("constant", "static"),
        ("inert", "static"),
        ("mergeable", "static"),
    ]
    assert (verdicts[0].constant, verdicts[2].mate) == (1, "ones")


def test_a_duplicate_is_mergeable_for_every_input_and_what_only_the_inputs_show_is_not() -> None:
    votes = Weights("again", tuple(tuple(5 * w for w in row or ()) for row in SORT.readout.terms[0].rows))
    program = _with(replace(SORT.nodes[-1], name="again"), terms=(votes,))
    assert _proofs(program)["again", "mergeable"] == "static"
    assert _proofs(program)["again", "inert"] == "enumerated"
    assert _proofs(program, inputs_for(program, sample=100))["again", "inert"] == "sampled"


def test_duplicates_of_duplicates_are_proven_mergeable_and_so_is_what_passes_a_variable_on() -> None:
    rank, last = SORT.nodes[-2:]
    assert isinstance(last, Head)
    program = _with(replace(rank, name="other"), replace(last, name="again", key="other"), _copy("echo"))
    assert Proofs(program).mates == {"other": "rank", "again": "sorted", "echo": "tokens"}


def test_a_head_whose_reader_says_the_same_whatever_it_yields_is_inert_for_every_input() -> None:
    head = Head("head", "tokens", "tokens", "tokens", everything(VOCABULARY, VOCABULARY), mask="before")
    blind = Lookup("blind", ("head", "tokens"), (None, None), ("x", "y"), ("x", "y", "x", "x", "x", "x", "x") * 7)
    rows = ((1, 0, 0, 0, 0), (0, 1, 0, 0, 0))
    program = _with(head, blind, terms=(Weights("blind", rows),))
    found = _verdicts(find_dead(program, inputs_for(program)))["head"]["inert"]
    assert found.proof == "static"
    assert found.evidence.endswith(", no reader can come out different")


@settings(max_examples=60)
@given(st.data())
def test_what_is_proven_for_every_input_holds_on_every_input(data: st.DataObject) -> None:
    program = replace(data.draw(programs(max_nodes=4)), task=None)
    few, every = listed(program, some_inputs(program, 5)), listed(program, some_inputs(program, 300))
    result, before = find_dead(program, few), answers(program, every)
    for node in result.dead:
        for verdict in node.verdicts:
            if verdict.proof != "static":
                continue
            if verdict.constant is not None:
                assert answers(frozen(program, {node.name: verdict.constant}), every) == before
            if verdict.kind == "mergeable":
                _check_equal(program, node.name, verdict.mate or "", every)
    dead = {entry.entry for entry in result.dead_entries if entry.proof == "static"}
    assert dead <= {entry.entry for entry in find_dead(program, every).dead_entries}


@settings(max_examples=60)
@given(st.data())
def test_the_nodes_drawn_as_dead_are_those_found_unread_constant_or_inert(data: st.DataObject) -> None:
    program = replace(data.draw(programs(max_nodes=5)), task=None)
    inputs = listed(program, some_inputs(program, 60))
    found = find_dead(program, inputs).dead
    assert dead_nodes(program, inputs) == [
        node.name for node in found if any(verdict.kind != "mergeable" for verdict in node.verdicts)
    ]


def test_a_number_of_very_many_values_is_judged_alike_whenever_those_it_takes_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("analyze.dead.constants.MOST_VALUES", 3)
    count = NumericHead("count", "tokens", "tokens", "ones", equal(VOCABULARY, VOCABULARY))
    for votes in (0, 10**6):
        program = _with(count, terms=(Weights("count", ((-votes, votes, 0, 0, 0),)),))
        found = []
        for at_once in (0, 2**14):
            monkeypatch.setattr("analyze.dead.constants._REFUTED_AT_ONCE", at_once)
            found.append(find_dead(program, inputs_for(program)))
        assert found[0] == found[1]
        assert found[0].untried == (() if votes else ("less", "same"))


# Entries and lines ####################################################################################################


def _ranks_that_occur() -> set[tuple[object, ...]]:
    run = execute(SORT, inputs_for(SORT).batch)
    return set(zip(*(run.values[name][run.batch.present].tolist() for name in ("less", "same")), strict=True))


def test_dead_entries_are_counted_by_table_and_named_with_their_line() -> None:
    module = read_source(emit(SORT).text)
    result = find_dead(SORT, inputs_for(SORT), lines=module.lines)
    tables = {found.table: found for found in result.tables}
    assert (tables["sorted"].entries, tables["sorted"].dead, tables["sorted"].part) == (8, 0, "row")
    occur = _ranks_that_occur()
    assert (tables["rank"].entries, tables["rank"].dead) == (54, 54 - len(occur))
    ranks = [entry for entry in result.dead_entries if entry.node == "rank"]
    assert len(ranks) == tables["rank"].dead
    for entry in ranks:
        assert entry.at not in occur
        assert entry.line is not None
        assert entry.line >= (tables["rank"].line or 0)


def test_a_line_is_dead_only_if_all_its_entries_are() -> None:
    module = read_source(emit(SORT).text)
    result = find_dead(SORT, inputs_for(SORT), lines=module.lines)
    dead = {entry.entry for entry in result.dead_entries}
    on_line: dict[int, set[str]] = {}
    for entry, line in module.lines.items():
        if entry.part != "wiring":
            on_line.setdefault(line, set()).add(str(entry))
    assert result.lines_with_entries == len(on_line)
    assert {found.line: set(found.entries) for found in result.dead_lines} == {
        line: entries for line, entries in on_line.items() if entries <= dead
    }


def test_missing_entries_are_counted_apart() -> None:
    table = Lookup("table", ("tokens", "positions"), (None, None), (0, 1), (None, *(0,) * 54, None))
    program = _with(table)
    result = find_dead(program, inputs_for(program))
    (found,) = (found for found in result.tables if found.table == "table")
    # Every input has <s> at position 0, and so none comes as far as the other.
    assert (found.entries, found.missing, found.missing_reached) == (54, 2, 1)
    assert not [entry for entry in result.dead_entries if entry.at in (("<s>", 0), ("</s>", 7))]
    assert "missing entries: 2, of which inputs run into 1 (table 2)" in as_text(dead_document(result))


def test_taking_all_dead_entries_away_at_once_changes_nothing() -> None:
    program = PROGRAMS["most_freq"].program
    inputs = inputs_for(program, sample=3000)
    result = find_dead(program, inputs)
    names = {entry.entry for entry in result.dead_entries}
    gone = [(t, i) for t, rows in entries_of(program).items() for i, row in enumerate(rows) if str(row) in names]
    assert len(gone) == len(names) > 50
    assert (plain_answers(lacking(program, gone), inputs.batch) == plain_answers(program, inputs.batch)).all()


def test_the_text_counts_first_and_lists_lines_when_asked() -> None:
    module = read_source(emit(SORT).text)
    result = find_dead(SORT, inputs_for(SORT), lines=module.lines, name="sort.py")
    dead, entries = len(result.dead_entries), sum(found.entries for found in result.tables)
    short, long = as_text(dead_document(result)), as_text(dead_document(result, lines=True))
    answer = f"sort.py: 0 of 4 nodes, {dead} of {entries} entries and {len(result.dead_lines)} of"
    assert short.startswith(answer)
    assert "--lines" in short
    for found in result.dead_lines:
        assert f"\n{found.line:>9}" in long
    assert "every input" in long


def test_the_command_line_tells_what_is_dead_and_writes_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sort.py").write_text(emit(SORT).text, encoding="utf-8")
    assert main(["dead", "sort.py"]) == 0
    short = capsys.readouterr().out
    assert main(["dead", "sort.py", "--lines"]) == 0
    long = capsys.readouterr().out
    assert main(["dead", "sort.py", "--json"]) == 0
    result = DeadResult.from_json(json.loads(capsys.readouterr().out))
    assert short.splitlines()[0] == long.splitlines()[0]
    assert "dead line" in long
    assert "dead line" not in short
    assert sum(found.dead for found in result.tables) == len(result.dead_entries) > 0
    text = Path("sort.py").read_text(encoding="utf-8").splitlines()
    # Branches of tables and rows of weights.
    assert all(text[found.line - 1].strip().startswith(("return", '"')) for found in result.dead_lines)


# The benchmark ########################################################################################################

BENCHED = {"sort #0", "partial #0", "question_type #0", "random 1", "random 2", "random 3"}


def _score(labels: set[str]) -> Score:
    score = Score()
    for label, program, seed, with_entries in bases(1):
        if label in labels:
            planter = Planter(program, seed)
            for kind in KINDS:
                planter.plant(kind)
            judge(score, label, planter, with_entries and label != "sort #0")
    return score


def test_no_planted_dead_head_is_missed_and_no_verdict_is_refuted_by_removal() -> None:
    score = _score(BENCHED)
    assert score.programs == len(BENCHED)
    assert sum(score.planted.values()) >= 3 * len(BENCHED)
    assert not [*score.missed, *score.refuted, *score.broken_sets, *score.wrong_entries]


def test_the_benchmark_notices_wrong_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Proofs, "inert_at", lambda self, name, code: True)
    assert _score({"random 1"}).refuted
    monkeypatch.undo()
    monkeypatch.setattr("analyze.dead.suspects.failing", lambda on, name, code: np.arange(1))
    assert _score({"random 1"}).missed
