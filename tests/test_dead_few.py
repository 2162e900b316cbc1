"""Dead nodes, entries and lines of a program of two or three nodes, over few inputs: every field of the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

import analyze.dead.constants
import analyze.dead.suspects
import analyze.piecewise
import tprog.run.pieces
from analyze.dead import dead_nodes, find_dead
from analyze.dead.constants import failing, standing_constants
from analyze.dead.proofs import Proofs
from analyze.outcome import ground
from analyze.piecewise import Pieces
from analyze.results.dead import DeadResult
from tests.interventions import listed
from tests.programs import PROGRAMS, equal
from tprog.ir.entry import Entry
from tprog.ir.program import Embedding, Lookup, Node, NumericHead, Program, Quotients, Readout, Value, Weights
from tprog.run.batch import Batch
from tprog.run.execute import Execution, execute
from tprog.tasks.builtin import inputs_for

SMALL = PROGRAMS["no_nodes"].program
VOCABULARY = SMALL.vocabulary  # <s>, a, b
BIAS = Weights("ones", ((1, 0),))
A, B, BOTH = ["<s>", "a"], ["<s>", "b"], ["<s>", "a", "b"]


def _program(nodes: Sequence[Node], *terms: Weights) -> Program:
    return replace(SMALL, nodes=tuple(nodes), readout=Readout((BIAS, *terms)))


def _table(name: str, read: str, *cells: Value | None) -> Lookup:
    symbols = tuple(dict.fromkeys(cell for cell in cells if cell is not None))
    return Lookup(name, (read,), (None,), symbols, cells)


def _found(result: DeadResult) -> dict[str, list[tuple[str, str]]]:
    return {node.name: [(verdict.kind, verdict.proof) for verdict in node.verdicts] for node in result.dead}


def test_what_few_inputs_show_holds_for_them_alone() -> None:
    """On inputs without `b`, the table says one thing, as does what the program would make of it."""
    tells = _table("tells", "tokens", "x", "x", "y")
    program = _program([tells], Weights("tells", ((0, 0), (0, 9))))
    on_a, on_both = (find_dead(program, listed(program, inputs)) for inputs in ([A], [A, B, BOTH]))
    assert _found(on_a) == {"tells": [("constant", "enumerated"), ("inert", "enumerated")]}
    assert _found(on_both) == {}
    assert [(node.name, node.constant, node.mate) for node in on_a.removable] == [("tells", "x", None)]
    assert on_both.removable == ()
    assert dead_nodes(program, listed(program, [A])) == ["tells"]
    assert dead_nodes(program, listed(program, [A, B])) == []


def test_a_value_that_nothing_decides_is_inert_at_its_most_frequent_one() -> None:
    program = _program([_table("tells", "tokens", "x", "x", "y")], Weights("tells", ((0, 0), (1, 1))))
    result = find_dead(program, listed(program, [A, B, BOTH]))
    assert _found(result) == {"tells": [("unread", "static"), ("inert", "static")]}
    assert result.dead[0].verdicts[1].evidence == "fixed at 'x', no prediction changes"
    assert [(node.name, node.constant) for node in result.removable] == [("tells", "x")]


def test_votes_that_are_outvoted_on_these_inputs_are_inert_by_trial() -> None:
    program = _program([_table("tells", "tokens", "x", "x", "y")], Weights("tells", ((0, 0), (-4, 0))))
    assert _found(find_dead(program, listed(program, [A, B]))) == {}
    backed = _program([_table("tells", "tokens", "x", "x", "y")], Weights("tells", ((0, 0), (4, 0))))
    result = find_dead(backed, listed(backed, [A, B]))
    assert _found(result) == {"tells": [("inert", "enumerated")]}
    assert result.dead[0].verdicts[0].evidence == "fixed at 'x', no prediction changes on all 2 inputs listed"


def test_of_two_nodes_that_back_each_other_up_one_is_removed() -> None:
    nodes = [_table("one", "tokens", "x", "x", "y"), _table("two", "tokens", "x", "y", "y")]
    votes = ((0, 0), (0, 9))
    program = _program(nodes, Weights("one", votes), Weights("two", votes))
    result = find_dead(program, listed(program, [B]))
    assert {name: found[0] for name, found in _found(result).items()} == {
        "one": ("inert", "enumerated"),
        "two": ("inert", "enumerated"),
    }
    assert [(node.name, node.constant) for node in result.removable] == [("two", "x")]


def test_equal_constants_are_mergeable_and_others_are_not() -> None:
    same = [_table("one", "tokens", "x", "x", "x"), _table("two", "positions", "x", "x", "x")]
    assert Proofs(_program(same)).mates == {"two": "one"}
    other = [same[0], _table("two", "positions", "y", "y", "y")]
    assert Proofs(_program(other)).mates == {}
    texts = [_table("one", "tokens", 2, 2, 2), _table("two", "positions", "2", "2", "2")]
    assert Proofs(_program(texts)).mates == {}


def test_an_embedding_or_table_that_answers_each_word_with_itself_passes_it_on() -> None:
    itself = Embedding("itself", VOCABULARY, VOCABULARY)
    assert Proofs(_program([itself])).mates == {"itself": "tokens"}
    assert Proofs(_program([replace(itself, table=("<s>", "b", "a"))])).mates == {}
    table = Lookup("table", ("positions", "tokens"), (None, None), VOCABULARY, VOCABULARY * 3)
    assert Proofs(_program([table])).mates == {"table": "tokens"}
    assert Proofs(_program([replace(table, cells=(*VOCABULARY[:2], "a", *VOCABULARY * 2))])).mates == {
        "table": "tokens"  # no input has b where <s> stands
    }
    assert Proofs(_program([replace(table, cells=(*VOCABULARY * 2, "<s>", "a", "a"))])).mates == {}


def test_variables_that_these_inputs_do_not_tell_apart_are_mergeable_over_them() -> None:
    nodes = [_table("one", "tokens", "x", "y", "x"), _table("two", "tokens", "x", "y", "y")]
    votes = ((0, 0), (0, 9))
    program = _program(nodes, Weights("one", votes), Weights("two", votes))
    of_a = {
        node.name: {v.kind: v.mate for v in node.verdicts} for node in find_dead(program, listed(program, [A])).dead
    }
    assert of_a["two"]["mergeable"] == "one"
    of_all = find_dead(program, listed(program, [A, B])).dead
    assert not [verdict for node in of_all for verdict in node.verdicts if verdict.kind == "mergeable"]


def test_numbers_are_compared_as_numbers_whatever_denominators_they_have() -> None:
    one = Lookup("one", ("tokens", "positions"), (None, None), None, (0, 0, 0, 1, 1, 1, 0, 0, 0))
    two = replace(one, name="two", cells=(*one.cells[:-1], Fraction(1, 2)))
    program = _program([one, two], Weights("one", ((-1, 0),)), Weights("two", ((-3, 0),)))
    of_some, of_all = (find_dead(program, listed(program, inputs)) for inputs in ([A, B], [A, B, BOTH]))
    assert ("two", "one") in [(node.name, v.mate) for node in of_some.dead for v in node.verdicts]
    assert ("two", "one") in [(node.name, node.mate) for node in of_some.removable]
    assert "mergeable" not in [v.kind for node in of_all.dead for v in node.verdicts]


@pytest.mark.parametrize(("more", "mates"), [([], {"again": "mean"}), ([["<s>", "b", "a"]], {})])
def test_a_mean_without_a_common_denominator_is_compared_number_by_number(
    more: list[list[str]], mates: dict[str, str]
) -> None:
    """For b, the mean is that of a and b before it; the table answers 3/2 where b stands in `BOTH` alone."""
    long = replace(SMALL, max_length=43)
    number = Lookup("number", ("tokens",), (None,), None, (0, 1, 2))
    accepted = (("<s>",), ("a",), ("a", "b"))
    mean = NumericHead("mean", "tokens", "tokens", "number", accepted, reduce="mean", default=0)
    cells = tuple(
        Fraction(3, 2) if (word, position) == ("b", 2) else value
        for word, value in zip(VOCABULARY, (0, 1, 2), strict=True)
        for position in range(43)
    )
    again = Lookup("again", ("tokens", "positions"), (None, None), None, cells)
    votes = [
        Lookup(f"of_{read}", (read,), ((0, 1, Fraction(3, 2), 2),), (0, 1, 2, 3), (0, 1, 2, 3))
        for read in ("mean", "again")
    ]
    # The mean decides where it is 0 or 2, the table elsewhere, so that neither is inert.
    of_mean = Weights("of_mean", ((9, 0), (0, 0), (0, 0), (0, 9)))
    terms = (BIAS, of_mean, Weights("of_again", ((0, 0), (3, 0), (0, 3), (0, 0))))
    program = replace(long, nodes=(number, mean, again, *votes), readout=Readout(terms))
    assert isinstance(program.variables["mean"].domain, Quotients)
    result = find_dead(program, listed(program, [A, B, BOTH, *more]))
    assert {node.name: v.mate for node in result.dead for v in node.verdicts if node.name in ("mean", "again")} == mates
    assert ("again", mates.get("again")) in [(node.name, node.mate) for node in result.removable] or not mates


@pytest.mark.parametrize("which", [[A], [A, BOTH]])
def test_entries_and_lines_are_dead_where_no_input_comes(which: list[list[str]]) -> None:
    table = Lookup("table", ("tokens", "positions"), (None, None), ("x", "y"), ("x", "y", "x") * 3)
    program = _program([table], Weights("table", ((0, 0), (0, 9))))
    entries = [Entry("table", "cell", (word, place)) for word in VOCABULARY for place in range(3)]
    lines = {entry: 10 + at // 3 for at, entry in enumerate(entries)}
    result = find_dead(program, listed(program, which), lines=lines)
    dead = {entry.at: entry.proof for entry in result.dead_entries if entry.node == "table"}
    static = {("<s>", 1), ("<s>", 2), ("a", 0), ("b", 0)}  # <s> stands at position 0 alone
    unseen = {("a", 2), ("b", 1)} | ({("b", 2)} if BOTH not in which else set())
    assert dead == {**dict.fromkeys(static, "static"), **dict.fromkeys(unseen, "enumerated")}
    (counted,) = (found for found in result.tables if found.table == "table")
    assert (counted.entries, counted.dead, counted.static, counted.line) == (9, len(dead), 4, 10)
    assert result.lines_with_entries == 3
    assert [(found.line, found.proof) for found in result.dead_lines] == ([(12, "enumerated")] if which == [A] else [])


def test_a_table_none_of_whose_entries_has_a_line_begins_where_its_node_is_assigned() -> None:
    table = _table("table", "tokens", "x", "x", "y")
    program = _program([table], Weights("table", ((0, 0), (0, 9))))
    wired = {Entry("table", "wiring"): 5}
    for lines, line in ((wired, 5), ({**wired, Entry("table", "cell", ("b",)): 7}, 7), (None, None)):
        result = find_dead(program, listed(program, [A, BOTH]), lines=lines)
        assert {found.table: found.line for found in result.tables} == {
            "table": line,
            "readout of ones": None,
            "readout of table": None,
        }


def test_inputs_that_end_in_a_hole_are_told() -> None:
    partial = _table("partial", "tokens", "x", "y", None)
    program = _program([partial], Weights("partial", ((0, 0), (0, 9))))
    result = find_dead(program, listed(program, [A, B]))
    assert result.notes == ("1 of 2 inputs end in a hole; their outcome is that hole, and behind it nothing counts",)
    assert _found(result) == {}
    assert find_dead(program, listed(program, [A])).notes == ()
    assert find_dead(program, listed(program, [B])).notes == (
        "every input ends in a hole, so there is no prediction that anything could change; see verify",
    )


def test_a_count_is_tried_at_every_number_that_it_can_be() -> None:
    count = NumericHead("count", "tokens", "tokens", "ones", equal(VOCABULARY, VOCABULARY))
    program = _program([count], Weights("count", ((-1, 0),)))
    result = find_dead(program, listed(program, [A, B, BOTH]))
    told = [(verdict.kind, verdict.constant) for node in result.dead for verdict in node.verdicts]
    assert ("constant", 1) in told
    assert result.untried == ()


def test_a_count_may_be_inert_at_the_largest_number_that_it_can_be_alone() -> None:
    """Each lower number turns the class of `a` or of `b`, the largest leaves both to the tokens' own weights."""
    count = NumericHead("count", "tokens", "tokens", "ones", (("b",),) * 3)
    vote = Lookup("vote", ("count",), ((0, 1, 3),), ("up", "down", "none"), ("up", "down", "none"))
    own, votes = Weights("tokens", ((9, 0), (1, 0), (0, 2))), Weights("vote", ((3, 0), (0, 3), (0, 0)))
    program = replace(SMALL, nodes=(count, vote), readout=Readout((own, votes)))
    (found,) = (node for node in find_dead(program, listed(program, [A, B])).dead if node.name == "count")
    assert [(verdict.kind, verdict.constant) for verdict in found.verdicts] == [("inert", 3)]


def test_a_constant_that_is_tried_late_must_stand_on_earlier_inputs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """`x` fails at the last input alone, and `y`, tried next, at the second."""
    for module, name, value in (
        (analyze.dead.suspects, "SECOND_SAMPLE", 1),
        (analyze.piecewise, "KEPT", 0),
        (tprog.run.pieces, "CHUNK", 1),
    ):
        monkeypatch.setattr(module, name, value)
    margins, answers = ["firm"] * 9, ["x"] * 9  # of each word at each of three positions
    margins[3 + 1], margins[6 + 2], answers[6 + 2] = "up", "down", "y"
    both = ("tokens", "positions"), (None, None)
    own = Lookup("own", *both, ("firm", "up", "down"), tuple(margins))
    tells = Lookup("tells", *both, ("x", "y"), tuple(answers))
    votes = Weights("own", ((9, 0), (1, 0), (0, 1))), Weights("tells", ((3, 0), (0, 3)))
    program = replace(SMALL, nodes=(own, tells), readout=Readout(votes))
    inputs = listed(program, [B, A, ["<s>", "b", "b"]])
    assert "tells" not in _found(find_dead(program, inputs))


# What it takes ########################################################################################################


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many inputs each execution takes in which constants are tried."""
    sizes: list[int] = []

    def counted(program: Program, batch: Batch, **more: Any) -> Execution:
        sizes.append(len(batch))
        return execute(program, batch, **more)

    monkeypatch.setattr(analyze.dead.constants, "execute", counted)
    return sizes


def test_a_constant_is_tried_where_a_node_has_another_value_and_nowhere_else(executed: list[int]) -> None:
    program = _program([_table("tells", "tokens", "x", "x", "y")], Weights("tells", ((0, 0), (0, 9))))
    on = ground(program, listed(program, [A, B, BOTH]))
    assert failing(on, "tells", 0).tolist() == [1, 2]
    assert failing(ground(program, listed(program, [A])), "tells", 0).tolist() == []
    assert executed == [2]


@pytest.mark.parametrize(("held", "sizes"), [(10**6, [36]), (8, [8, 8, 8, 8, 4])])
def test_all_constants_are_tried_at_once_on_four_inputs_as_far_as_memory_allows(
    held: int, sizes: list[int], executed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sort = PROGRAMS["sort"].program
    pieces = Pieces(sort, inputs_for(sort, sample=50))
    monkeypatch.setattr(pieces, "most", held)
    assert standing_constants(pieces, pieces.some(slice(None)), ["rank"]) == {"rank": []}
    assert executed == sizes


def test_constants_are_tried_on_no_more_inputs_at_once_than_eight_of_the_largest_sample(
    executed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyze.dead.constants, "SECOND_SAMPLE", 1)
    sort = PROGRAMS["sort"].program
    pieces = Pieces(sort, inputs_for(sort, sample=3))
    standing_constants(pieces, pieces.some(slice(None)), ["rank"])
    assert max(executed) == 6


@pytest.mark.parametrize(("most", "tried"), [(4, True), (3, False)])
def test_numbers_of_few_values_are_tried_at_each_and_others_at_those_they_take(
    most: int, tried: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 2 alone, which no input takes, the class of no input turns; from 0 to 3 there are four numbers."""
    monkeypatch.setattr(analyze.dead.constants, "MOST_VALUES", most)
    number = Lookup("number", ("tokens",), (None,), None, (0, 1, 3))
    vote = Lookup("vote", ("number",), ((0, 1, 2, 3),), ("p", "q", "none"), ("q", "p", "none", "q"))
    own, votes = Weights("tokens", ((9, 0), (1, 0), (0, 2))), Weights("vote", ((3, 0), (0, 3), (0, 0)))
    program = replace(SMALL, nodes=(number, vote), readout=Readout((own, votes)))
    result = find_dead(program, listed(program, [A, B]))
    told = [
        (verdict.kind, verdict.constant) for node in result.dead if node.name == "number" for verdict in node.verdicts
    ]
    assert told == ([("inert", 2)] if tried else [])
    assert result.untried == (() if tried else ("number",))
