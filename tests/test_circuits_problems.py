"""Sub-problems with conditions, several at once; overlaps; and circuits beside the source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyze.circuits import SubProblem, find_circuits, overlaps
from analyze.circuits.ablation import parse_baseline
from analyze.circuits.member_lines import circuit_source
from analyze.circuits.subproblem import both, select
from analyze.outcome import survey
from analyze.render.circuits import circuits_document
from analyze.render.pages import page_html
from analyze.render.terminal import as_text
from tests.interventions import listed
from tests.programs import PROGRAMS
from tprog.errors import BadUsage
from tprog.files import is_ours
from tprog.ir.program import Value
from tprog.tasks.builtin import inputs_for
from tprog.text.emit import emit
from tprog.text.read import read_source

SORT = PROGRAMS["sort"].program
FAULTY = PROGRAMS["sort_with_a_fault"].program


def _pairs(problem: SubProblem, name: str = "sort", sample: int | None = 700) -> list[tuple[str, int, str, str]]:
    """(text, position, predicted, right) of each pair."""
    program = PROGRAMS[name].program
    inputs = inputs_for(program, sample=sample)
    on = survey(program, inputs)
    found = []
    for row, place in zip(*select(on, problem).nonzero(), strict=True):
        words = on.batch.words(program, int(row))
        assert on.expected is not None
        right = program.classes[int(on.expected[row, place])]
        found.append(("".join(words[1:-1]), int(place), program.classes[int(on.outcomes[row, place])], right))
    return found


def test_where_selects_inputs_or_predictions() -> None:
    every = _pairs(SubProblem("all"))
    longer = _pairs(SubProblem("where", "len(x) > 4 and x.count('a') > 1"))
    assert longer == [pair for pair in every if len(pair[0]) > 4 and pair[0].count("a") > 1]
    own = _pairs(SubProblem("where", "i > 2 and token == x[i - 1] and predicted in {'b', 'c'}"))
    assert own == [pair for pair in every if pair[1] > 2 and pair[2] in "bc"]
    assert own
    wrong = _pairs(SubProblem("where", "predicted != right"), "sort_with_a_fault")
    assert wrong == [pair for pair in _pairs(SubProblem("all"), "sort_with_a_fault") if pair[2] != pair[3]]
    assert wrong


def test_several_conditions_must_all_hold() -> None:
    parts = [SubProblem("class", "b"), SubProblem("position", 3), SubProblem("where", "x[0] == 'a'")]
    problem = both(parts)
    assert problem is not None
    assert str(problem) == "predictions of 'b' at position 3 where x[0] == 'a'"
    expected = [p for p in _pairs(SubProblem("all")) if p[2] == "b" and p[1] == 3 and p[0][0] == "a"]
    assert _pairs(problem) == expected
    (circuit,) = find_circuits(SORT, inputs_for(SORT, sample=700), [problem]).circuits
    assert (circuit.kind, circuit.pairs) == ("several", len(expected))
    assert both([]) is None


def test_one_input_can_be_narrowed_to_a_position() -> None:
    tokens = ("<s>", "e", "a", "d", "</s>")
    problem = both([SubProblem("input", tokens), SubProblem("position", 2)])
    assert problem is not None
    (circuit,) = find_circuits(SORT, inputs_for(SORT, sample=300), [problem]).circuits
    assert (circuit.pairs, circuit.inputs) == (1, 1)
    with pytest.raises(BadUsage, match="on two inputs"):
        find_circuits(
            SORT,
            inputs_for(SORT, sample=300),
            [SubProblem("input", tokens, (SubProblem("input", ("<s>", "a", "</s>")),))],
        )


@pytest.mark.parametrize(
    ("name", "condition", "message"),
    [
        ("sort", "len(x) > 5 and len(x) < 2", "there is none among"),
        ("sort", "len(x) > 40", "is never true: len\\(x\\) is from 0 to"),
        ("rationals", "right == 'a'", "no task says what is right"),
        ("question_type", "i == 2", "a pooled program has no i"),
        ("sort", "len(x", "was never closed"),
    ],
)
def test_a_condition_that_means_nothing_here_is_refused(name: str, condition: str, message: str) -> None:
    program = PROGRAMS[name].program
    with pytest.raises(BadUsage, match=message):
        find_circuits(program, inputs_for(program, sample=50), [SubProblem("where", condition)])


def test_a_pooled_program_has_conditions_on_whole_inputs() -> None:
    program = PROGRAMS["question_type"].program
    inputs = inputs_for(program, sample=300)
    (circuit,) = find_circuits(program, inputs, [SubProblem("where", "len(x) > 2 and predicted != 'manner'")]).circuits
    assert circuit.pairs == circuit.inputs > 0


def test_overlaps_are_those_of_jaccard_and_two_empty_circuits_are_equal() -> None:
    result = find_circuits(FAULTY, inputs_for(FAULTY, sample=500))
    assert len(result.overlaps) == len(result.circuits) * (len(result.circuits) - 1) // 2
    for overlap in result.overlaps:
        one, other = (set(result.circuits[at].members) for at in (overlap.one, overlap.other))
        assert (overlap.shared, overlap.either) == (len(one & other), len(one | other))
        assert overlap.jaccard == (round(overlap.shared / overlap.either, 4) if one | other else 1.0)
    empty = [SubProblem("where", f"predicted == 'c' and len(x) == {n}") for n in (1, 2)]
    nothing = find_circuits(SORT, inputs_for(SORT), empty, baseline={"sorted": "c"})
    assert [circuit.members for circuit in nothing.circuits] == [(), ()]
    assert nothing.overlaps[0].jaccard == 1.0
    three, single = (replace(nothing.circuits[0], members=found) for found in (("less", "same", "rank"), ("rank",)))
    assert [(o.shared, o.either, o.jaccard) for o in overlaps([three, single])] == [(1, 3, 0.3333)]


@pytest.mark.parametrize(
    ("text", "node", "value"), [("sorted=c", "sorted", "c"), ("less = 8", "less", 8), ("rank=<s>", "rank", "<s>")]
)
def test_a_baseline_is_typed_as_node_and_value(text: str, node: str, value: Value) -> None:
    assert parse_baseline(SORT, text) == (node, value)


@pytest.mark.parametrize("text", ["sorted", "nowhere=3", "=3", "tokens=a"])
def test_a_baseline_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(BadUsage, match="expected NODE=VALUE, where NODE is one of less, same, rank, sorted"):
        parse_baseline(SORT, text)


@pytest.mark.parametrize("value", ["z", "1e999999999", "1/0", "1/3", "-1", "9" * 50])
def test_a_typed_baseline_that_is_no_value_of_its_node_is_refused(value: str) -> None:
    baseline = dict([parse_baseline(SORT, f"less={value}")])
    with pytest.raises(BadUsage, match="is not a value of 'less'"):
        find_circuits(SORT, inputs_for(SORT, sample=50), baseline=baseline)


def test_the_lines_of_members_are_lit_and_those_of_what_is_left_out_dim() -> None:
    module = read_source(emit(FAULTY).text, "faulty.py")
    inputs = inputs_for(FAULTY, sample=500)
    (circuit,) = (result := find_circuits(FAULTY, inputs, [SubProblem("position", 1)])).circuits
    source = circuit_source(result, module.path, module.text, module.blocks)
    at = {line.number: line for line in source.lines}
    for node in ("less", "same", "rank", "sorted"):
        mark = "lit" if node in circuit.members else "dim"
        for block in (("function", node), ("assignment", node)):
            first, last = module.blocks[block]
            assert {at[number].mark for number in range(first, last + 1)} == {mark}
    assert at[module.blocks["weights", "sorted", "a"][0]].mark == ("lit" if "sorted" in circuit.members else "dim")
    assert at[1].mark == ""
    assert [mark for mark, _ in source.legend] == ["lit", "dim"]
    assert [line.text for line in source.lines] == module.text.splitlines()


def test_of_several_circuits_the_margin_names_those_that_have_a_line_in_part() -> None:
    module = read_source(emit(FAULTY).text, "faulty.py")
    problems = [SubProblem("position", 1), SubProblem("class", "c")]
    result = find_circuits(FAULTY, inputs_for(FAULTY, sample=500), problems)
    one, other = (set(circuit.members) for circuit in result.circuits)
    assert one != other
    source = circuit_source(result, module.path, module.text, module.blocks)
    assert [mark for mark, _ in source.legend] == ["lit", "part", "dim"]
    (node, *_) = sorted(one ^ other)
    line = source.lines[module.blocks["assignment", node][0] - 1]
    assert (line.mark, line.margin) == ("part", "1" if node in one else "c")
    page = page_html(circuits_document(replace(result, source=source)))
    assert page.startswith("<!DOCTYPE html>")
    assert is_ours(page.encode("utf-8"))
    assert 'class="part"' in page
    text = as_text(circuits_document(replace(result, source=source)))
    assert f"{line.number} | {line.text}" in text


def test_several_circuits_show_their_overlap_and_their_statistics_as_text() -> None:
    result = find_circuits(FAULTY, inputs_for(FAULTY, sample=500), resample=0)
    text = as_text(circuits_document(result))
    assert "Jaccard" in text
    assert "a statistic, no verdict" in text
    assert "each smallest on these inputs, proven" in text


def test_inputs_that_reach_holes_are_part_of_no_sub_problem() -> None:
    program = PROGRAMS["partial"].program
    inputs = inputs_for(program, sample=200)
    on = survey(program, inputs)
    assert on.in_hole.any()
    assert not select(on, SubProblem("all"))[on.in_hole].any()
    result = find_circuits(program, listed(program, [on.batch.words(program, row) for row in range(len(on.batch))]))
    assert all(circuit.inputs <= int((~on.in_hole).sum()) for circuit in result.circuits)
