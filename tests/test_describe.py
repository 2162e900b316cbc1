"""Readings: what a node does, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.programs import PROGRAMS, equal, everything, predicate
from tests.strategies import programs
from tprog.ir.program import Head, Keys, Lookup, Node, NumericHead, Program
from tprog.ir.values import as_number
from tprog.text.describe import LIMIT, reading

SORT = PROGRAMS["sort"].program
VOCABULARY = SORT.vocabulary
POSITIONS = tuple(range(8))
LATER = predicate(VOCABULARY, VOCABULARY, lambda query, key: VOCABULARY.index(str(key)) > VOCABULARY.index(str(query)))
LESS = tuple(VOCABULARY[:at] for at in range(len(VOCABULARY)))
ODD: tuple[Keys, ...] = (("a",), ("c",), ("a",), ("b", "e"), (), ("e",), ("b",))


def _shifted(by: int) -> tuple[Keys, ...]:
    return predicate(POSITIONS, POSITIONS, lambda query, key: key == as_number(query) + by)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (
            Head("h", "tokens", "tokens", "tokens", equal(VOCABULARY, VOCABULARY), mask="before"),
            "nearest earlier equal token, copies token",
        ),
        (Head("h", "positions", "positions", "tokens", _shifted(1)), "nearest position = position + 1, copies token"),
        (Head("h", "positions", "positions", "tokens", _shifted(-2)), "nearest position = position - 2, copies token"),
        (Head("h", "positions", "tokens", "positions", (("b",),) * 8), "nearest token = 'b', copies position"),
        (
            Head("h", "tokens", "tokens", "positions", ODD, mask="after"),
            "nearest later token = f(token), copies position",
        ),
        (
            Head("h", "positions", "tokens", "tokens", tuple((word,) for word in (*VOCABULARY, "a"))),
            "nearest token = f(position), copies token",
        ),
        (Head("h", "tokens", "tokens", "tokens", ((),) * 7), "selects nothing, copies tokens at 0"),
        (Head("h", "tokens", "tokens", "tokens", ((),) * 7, default="a"), "selects nothing, always 'a'"),
        (Head("h", "tokens", "tokens", "tokens", LATER), "nearest greater token (marks aside), copies token"),
        (NumericHead("n", "tokens", "tokens", "ones", LESS), "counts smaller tokens (marks aside)"),
        (
            NumericHead("n", "tokens", "tokens", "ones", equal(VOCABULARY, VOCABULARY), mask="before"),
            "counts earlier equal tokens",
        ),
        (NumericHead("n", "tokens", "tokens", "ones", ODD, mask="before"), "counts earlier tokens = f(token)"),
        (NumericHead("n", "tokens", "tokens", "ones", everything(VOCABULARY, VOCABULARY)), "counts positions"),
        (NumericHead("n", "tokens", "tokens", "ones", ((),) * 7), "selects nothing, always 0"),
        (NumericHead("n", "tokens", "tokens", "less", (("a",),) * 7), "sums less at tokens = 'a'"),
        (
            NumericHead("n", "tokens", "tokens", "less", (("a",),) * 7, reduce="mean", default=0),
            "mean of less at tokens = 'a', else 0",
        ),
        (NumericHead("n", "tokens", "tokens", "ones", (None, *((),) * 6)), "counts tokens = f(token)"),
    ],
)
def test_a_node_is_said_in_words(node: Node, expected: str) -> None:
    program = replace(SORT, nodes=(*SORT.nodes, node))
    assert reading(program, node) == expected


def test_the_sort_program_reads_as_one_would_say_it() -> None:
    assert [reading(SORT, node) for node in SORT.nodes] == [
        "counts smaller tokens (marks aside)",
        "counts earlier equal tokens (marks aside)",
        "table of (less, same)",
        "nearest rank = position, copies token",
    ]


def test_what_a_window_and_a_default_do_is_said_too() -> None:
    skipping = NumericHead("n", "tokens", "tokens", "ones", everything(VOCABULARY, VOCABULARY), skip_first=True)
    assert reading(replace(SORT, nodes=(*SORT.nodes, skipping)), skipping) == "counts positions beyond 0"
    head = Head("h", "tokens", "tokens", "tokens", equal(VOCABULARY, VOCABULARY), mask="before", default="a")
    shown = "nearest earlier equal token, copies token, else 'a'"
    assert reading(replace(SORT, nodes=(*SORT.nodes, head)), head) == shown
    causal = PROGRAMS["dyck1"].program
    assert reading(causal, causal.nodes[0]) == "counts tokens = '(' so far"


def test_an_order_is_named_only_where_the_domain_ascends() -> None:
    for symbols, expected in (((0, 1, 2), "counts smaller u"), ((2, 1, 0), "counts u = f(u)")):
        table = Lookup("u", ("tokens",), (None,), symbols, (0, 1, 2, 0, 1, 2, 0))
        smaller = NumericHead("n", "u", "u", "ones", ((), symbols[:1], symbols[:2]))
        program = replace(SORT, nodes=(table, smaller), readout=replace(SORT.readout, terms=()))
        assert reading(program, smaller) == expected


def test_embeddings_say_how_many_values_they_have() -> None:
    program = PROGRAMS["question_type"].program
    assert reading(program, program.nodes[0]) == "embeds tokens in 5 values"


@given(programs())
def test_every_reading_is_one_short_line(program: Program) -> None:
    for node in program.nodes:
        text = reading(program, node)
        assert text
        assert len(text) <= LIMIT
        assert "\n" not in text
