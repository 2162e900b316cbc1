"""Proofs that a node is dead, on programs of two or three nodes: each rule where it holds, and where it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyze.dead.proofs import Proofs, needed_without
from tests.programs import PROGRAMS, equal, everything
from tprog.ir.domains import Attend
from tprog.ir.program import Clause, Embedding, Head, Linear, Lookup, Node, Number, NumericHead, Program, Weights

SORT = PROGRAMS["sort"].program
VOCABULARY = SORT.vocabulary
POSITIONS = SORT.symbols("positions").values
VOTES = (3, 1, 4, 1, 5)

PICK = Lookup("pick", ("tokens",), (None,), ("x", "y"), ("x", "y", "x", "y", "x", "y", "x"))
COUNT = NumericHead("count", "tokens", "tokens", "ones", equal(VOCABULARY, VOCABULARY))
OF_PICK = (("a",), ("b",))
"""The keys that a head accepts for each value of `pick`."""


def _voting(*nodes: Node) -> Program:
    """These nodes alone, of which the last one votes, each of its values for another class."""
    program = replace(SORT, nodes=nodes, readout=replace(SORT.readout, terms=()), task=None)
    values = 1 if nodes[-1].name in _numbers(program) else len(program.symbols(nodes[-1].name))
    rows = tuple(tuple((vote * (at + 1)) % 7 for vote in VOTES) for at in range(values))
    return replace(program, readout=replace(SORT.readout, terms=(Weights(nodes[-1].name, rows),)))


def _numbers(program: Program) -> set[str]:
    return {node.name for node in program.nodes if node.kind in ("numeric head", "linear") or node.answers_numbers}


def _mates(*nodes: Node) -> dict[str, str]:
    return Proofs(_voting(*nodes)).mates


# Inert ################################################################################################################


@pytest.mark.parametrize(("value", "proven"), [(0, True), (1, False)])
def test_a_sum_of_zeros_is_the_same_wherever_it_looks(value: int, proven: bool) -> None:
    fixed = Lookup("fixed", ("tokens",), (None,), None, (value,) * len(VOCABULARY))
    total = NumericHead("total", "pick", "tokens", "fixed", OF_PICK)
    assert Proofs(_voting(PICK, fixed, total)).inert_at("pick", 0) is proven


@pytest.mark.parametrize(("default", "proven"), [(1, True), (0, False)])
def test_a_mean_of_ones_is_the_same_wherever_it_looks_if_its_default_is_one(default: Number, proven: bool) -> None:
    mean = NumericHead("mean", "pick", "tokens", "ones", OF_PICK, reduce="mean", default=default)
    assert Proofs(_voting(PICK, mean)).inert_at("pick", 0) is proven


@pytest.mark.parametrize(("default", "proven"), [(None, True), ("k", True), ("m", False)])
def test_a_head_that_copies_one_value_is_the_same_wherever_it_looks_unless_its_default_is_another(
    default: str | None, proven: bool
) -> None:
    only = Lookup("only", ("tokens",), (None,), ("k", "m"), ("k",) * len(VOCABULARY))
    copy = Head("copy", "pick", "tokens", "only", OF_PICK, default=default)
    assert Proofs(_voting(PICK, only, copy)).inert_at("pick", 0) is proven


def test_what_a_head_accepts_for_every_query_alike_may_be_asked_by_any() -> None:
    alike = Head("alike", "pick", "tokens", "tokens", (("a", "b"), ("a", "b")))
    assert Proofs(_voting(PICK, alike)).inert_at("pick", 0)
    assert not Proofs(_voting(PICK, replace(alike, predicate=OF_PICK))).inert_at("pick", 0)


def test_a_key_of_which_every_value_is_accepted_alike_may_be_any() -> None:
    every = Head("every", "tokens", "pick", "tokens", everything(VOCABULARY, ("x", "y")))
    assert Proofs(_voting(PICK, every)).inert_at("pick", 0)
    assert not Proofs(_voting(PICK, replace(every, predicate=(("x",),) * len(VOCABULARY)))).inert_at("pick", 0)


def test_a_head_that_never_matches_yields_its_default_whatever_it_would_copy() -> None:
    never = Head("never", "tokens", "tokens", "pick", ((),) * len(VOCABULARY), default="x")
    assert Proofs(_voting(PICK, never)).inert_at("pick", 0)
    assert not Proofs(_voting(PICK, replace(never, default=None))).inert_at("pick", 0)  # it copies from position 0


def test_a_head_never_matches_if_one_of_its_clauses_never_does() -> None:
    never = Clause("tokens", "tokens", ((),) * len(VOCABULARY))
    copy = Head("copy", "pick", "tokens", "pick", OF_PICK, also=(never,), default="x")
    assert Proofs(_voting(PICK, copy)).inert_at("pick", 0)
    assert not Proofs(_voting(PICK, replace(copy, also=()))).inert_at("pick", 0)


def test_what_a_head_compares_matters_where_it_may_match() -> None:
    ranked = Lookup("ranked", ("tokens",), (None,), (0, 1), (0, 1, 0, 1, 0, 1, 0))
    largest = Head(
        "largest", "tokens", "tokens", "tokens", everything(VOCABULARY, VOCABULARY), attend="largest", by="ranked"
    )
    assert not Proofs(_voting(ranked, largest)).inert_at("ranked", 0)
    never = replace(largest, predicate=((),) * len(VOCABULARY))
    assert Proofs(_voting(ranked, never)).inert_at("ranked", 0)


def test_a_head_one_of_whose_clauses_lacks_a_row_may_end_in_a_hole_so_it_is_no_constant() -> None:
    whole = Clause("tokens", "tokens", ((),) * len(VOCABULARY))
    lacking = replace(whole, predicate=(*whole.predicate[:-1], None))
    for other, value in ((whole, 0), (lacking, None)):
        count = NumericHead("count", "tokens", "tokens", "ones", whole.predicate, also=(other,))
        assert Proofs(_voting(count)).constant("count") == value


@pytest.mark.parametrize(("cells", "proven"), [(("low", "low"), True), (("low", "high"), False)])
def test_a_number_may_be_any_where_all_its_levels_are_answered_alike(cells: tuple[str, str], proven: bool) -> None:
    leveled = Lookup("leveled", ("count",), ((0, 3),), ("low", "high"), cells)
    assert Proofs(_voting(COUNT, leveled)).inert_at("count", 0) is proven


def test_the_largest_number_that_a_sum_can_be_is_looked_at_too() -> None:
    total = Linear("total", ("count", "ones"), (2, 1))
    most = _voting(COUNT, total).numeric("total").ends[1]
    for level, proven in ((most + 1, True), (most, False)):
        leveled = Lookup("leveled", ("total",), ((0, level),), ("low", "high"), ("low", "high"))
        assert Proofs(_voting(COUNT, total, leveled)).inert_at("count", 0) is proven


def test_a_combination_that_no_input_asks_for_makes_no_difference() -> None:
    only = Lookup("only", ("tokens",), (None,), ("k", "m"), ("k",) * len(VOCABULARY))
    pair = Lookup("pair", ("pick", "only"), (None, None), ("u", "v", "w"), ("v", "w", "u"), listed=((0, 1), (1, 1)))
    assert Proofs(_voting(PICK, only, pair)).inert_at("pick", 0)
    asked = replace(pair, listed=((0, 0), (1, 1)))
    assert not Proofs(_voting(PICK, only, asked)).inert_at("pick", 0)


@pytest.mark.parametrize(("coefficient", "proven"), [(0, True), (2, False)])
def test_a_sum_reads_a_number_only_with_a_coefficient(coefficient: int, proven: bool) -> None:
    total = Linear("total", ("count", "ones"), (coefficient, 1))
    assert Proofs(_voting(COUNT, total)).inert_at("count", 0) is proven


def test_weights_that_move_all_classes_alike_do_not_tell() -> None:
    program = _voting(PICK)
    for second, proven in (((4, 2, 5, 2, 6), True), ((4, 2, 5, 2, 5), False)):
        terms = (Weights("pick", (VOTES, second)),)
        told = replace(program, readout=replace(program.readout, terms=terms))
        assert Proofs(told).inert_at("pick", 0) is proven


def test_a_number_tells_unless_its_weights_are_the_same_for_all_classes() -> None:
    program = _voting(COUNT)
    for row, proven in (((2, 2, 2, 2, 2), True), ((2, 2, 2, 2, 3), False)):
        told = replace(program, readout=replace(program.readout, terms=(Weights("count", (row,)),)))
        assert Proofs(told).inert_at("count", 0) is proven


# Mergeable ############################################################################################################


def test_a_table_of_numbers_that_answers_each_with_itself_passes_it_on() -> None:
    levels = tuple(range(9))
    assert _mates(COUNT, Lookup("same", ("count",), (levels,), None, levels)) == {"same": "count"}
    assert _mates(COUNT, Lookup("same", ("count",), (levels,), None, (*levels[:2], 5, *levels[3:]))) == {}


def test_symbols_that_look_like_numbers_are_none_and_a_level_is_no_number() -> None:
    bits = tuple(at % 2 for at in range(len(VOCABULARY)))
    number = Lookup("number", ("tokens",), (None,), None, bits)
    assert _mates(number, Embedding("kind", (0, 1), bits)) == {}
    assert _mates(COUNT, Lookup("pair", ("tokens", "count"), (None, (0, 1)), (0, 1), (0, 1) * len(VOCABULARY))) == {}


def test_what_is_nearest_among_earlier_positions_is_the_last_and_never_the_first() -> None:
    first = Head("one", "tokens", "tokens", "tokens", everything(VOCABULARY, VOCABULARY), "before", attend="first")
    choices: tuple[tuple[Attend, str | None, dict[str, str]], ...] = (
        ("first", None, {"two": "one"}),
        ("last", None, {}),
        ("nearest", None, {}),
        ("largest", "ones", {}),
    )
    for attend, by, mates in choices:
        two = replace(first, name="two", attend=attend, by=by)
        assert _mates(first, two) == mates
        assert bool(_mates(replace(first, attend="last"), two)) is not bool(mates)


@pytest.mark.parametrize(("coefficient", "constant", "mates"), [(1, 0, {"total": "count"}), (2, 0, {}), (1, 1, {})])
def test_a_sum_of_one_number_as_it_is_passes_it_on(coefficient: int, constant: int, mates: dict[str, str]) -> None:
    assert _mates(COUNT, Linear("total", ("count", "ones"), (coefficient, 0), constant)) == mates


@pytest.mark.parametrize(
    ("added", "equal"), [((3, 0), True), ((3, -1), False), ((3, 1), False), ((2, 0), False), ((0, 3), False)]
)
def test_sums_are_equal_where_they_add_the_same(added: tuple[int, int], equal: bool) -> None:
    sees = NumericHead("sees", "tokens", "tokens", "ones", everything(VOCABULARY, VOCABULARY), "before")
    one, two = Linear("one", ("count",), (3,)), Linear("two", ("count", "sees"), added)
    assert _mates(COUNT, sees, one, two) == ({"two": "one"} if equal else {})


def test_a_variable_that_a_sum_adds_twice_counts_twice() -> None:
    again = replace(COUNT, name="again")
    sees = NumericHead("sees", "tokens", "tokens", "ones", everything(VOCABULARY, VOCABULARY), "before")
    one, two = Linear("one", ("count", "again", "sees"), (1, 2, 1)), Linear("two", ("count", "sees"), (3, 1))
    assert _mates(COUNT, again, sees, one, two) == {"again": "count", "two": "one"}


def test_a_head_passes_its_variable_on_only_if_it_sees_itself_and_accepts_nothing_else() -> None:
    echo = Head("echo", "tokens", "tokens", "tokens", equal(VOCABULARY, VOCABULARY))
    assert _mates(echo) == {"echo": "tokens"}
    assert _mates(replace(echo, mask="before")) == {}
    assert _mates(replace(echo, skip_first=True)) == {}
    wider = (*echo.predicate[:2], ("b", "c"), *echo.predicate[3:])
    assert _mates(replace(echo, predicate=wider)) == {}


def test_heads_that_differ_in_what_they_see_or_yield_are_not_the_same() -> None:
    later = replace(COUNT, name="later")
    assert _mates(COUNT, later) == {"later": "count"}
    assert _mates(COUNT, replace(later, mask="after")) == {}
    assert _mates(COUNT, replace(later, skip_first=True)) == {}
    assert _mates(COUNT, replace(later, predicate=everything(VOCABULARY, VOCABULARY))) == {}


# What is needed #######################################################################################################


def test_a_node_that_is_taken_out_needs_nothing_any_more() -> None:
    copy = Head("copy", "pick", "tokens", "tokens", OF_PICK)
    program = _voting(PICK, copy)
    assert needed_without(program, set(), ()) >= {"copy", "pick", "tokens"}
    assert needed_without(program, {"copy"}, ()) == set()
    assert needed_without(program, {"copy"}, {"pick"}) == {"pick", "tokens"}
