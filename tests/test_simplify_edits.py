"""What each edit of the simplifier makes of a table, whether or not it is of use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.small_programs import small
from tprog.ir.program import BEGIN, IMPLIED, Clause, Embedding, Head, Lookup, NumericHead, Program, Readout, Weights
from tprog.run.batch import encode
from tprog.simplify import lookups, predicates, readout, separate, stand_ins, wide_lookups
from tprog.simplify import read_through as read_through_module
from tprog.simplify.parts import closure, pruned
from tprog.simplify.read_through import read_through
from tprog.simplify.record import Size
from tprog.simplify.rewrite import Via, rewritten
from tprog.simplify.search import Search
from tprog.simplify.separate import Patterns
from tprog.simplify.tables import merged_rows, most_common
from tprog.tasks.builtin import Inputs, inputs_for

# Lookups ##############################################################################################################

WORDS, SHAPE = ("a", "b", "c"), (2, 3)
BY_TWO = Lookup("by_two", ("mark", "tokens"), (None, None), tuple("pqrstu"), tuple("pqrstu"))
MARK = Embedding("mark", ("m", "n"), ("m", "n", "n"))
PROGRAM = Program(WORDS, (), 3, (MARK, BY_TWO), IMPLIED, outputs=("by_two",))


def cells(made: Lookup | None) -> str | None:
    return None if made is None else "".join("-" if cell is None else str(cell) for cell in made.cells)


@pytest.mark.parametrize(
    ("at", "other", "made"),
    [
        (0, 1, "qqrstu"),
        (1, 0, "pprstu"),
        (5, 2, "pqrstr"),
        (2, 5, "pqustu"),
        (0, -1, None),
        (5, 6, None),
        (0, 0, "pqrstu"),
    ],
)
def test_a_cell_may_answer_as_another(at: int, other: int, made: str | None) -> None:
    assert cells(lookups._as_neighbour(at, other, BY_TWO)) == made


@pytest.mark.parametrize(
    ("across", "at", "other", "made"),
    [(True, 0, 2, "rqrutu"), (True, 1, 0, "pprssu"), (False, 0, 1, "stustu"), (False, 1, 0, "pqrpqr")],
)
def test_a_row_or_column_may_be_as_another(across: bool, at: int, other: int, made: str) -> None:
    assert cells(lookups._as_other(SHAPE, across, at, other, BY_TWO)) == made


@pytest.mark.parametrize(
    ("table", "at", "across", "made"),
    [
        ("ppqqqq", 2, False, "pppqqq"),
        ("ppqqqq", 2, True, "ppqqqq"),
        ("ppqqqq", 0, True, "ppqqqq"),
        ("pqpqqq", 2, True, "pqpqqq"),
        ("pppqqq", 4, False, "pppqqq"),
        ("pqqppp", 0, False, "qqqppp"),
        ("pqqppp", 4, False, "pqqppp"),
        ("pqqppp", 4, True, "pqqpqp"),
    ],
)
def test_a_cell_may_answer_as_most_of_its_row_or_column(table: str, at: int, across: bool, made: str) -> None:
    node = replace(BY_TWO, cells=tuple(table))
    assert cells(lookups._as_most(SHAPE, at, across, node)) == made


@pytest.mark.parametrize(
    ("across", "near", "made"),
    [(False, False, "pqppqp"), (False, True, "pqqpqq"), (True, False, "pqqpqq"), (True, True, "pqqpqq")],
)
def test_what_no_input_reads_is_filled(across: bool, near: bool, made: str) -> None:
    reached = [[True, True, False], [False, False, False]]
    assert cells(lookups._filled(SHAPE, reached, across, near, BY_TWO)) == made


def test_a_level_is_left_out_and_what_read_as_it_reads_as_the_next_lower_one() -> None:
    number = NumericHead("number", "tokens", "tokens", "ones", (("a",),) * 3)
    node = Lookup("node", ("number", "tokens"), ((0, 1, 3), None), tuple("pqrstuvwx"), tuple("pqrstuvwx"))
    turned = Lookup("node", ("tokens", "number"), (None, (0, 1, 3)), tuple("pqrstuvwx"), tuple("pqrstuvwx"))
    alone = Lookup("node", ("number",), ((0, 1, 3),), tuple("pqr"), tuple("pqr"))
    program = Program(WORDS, (), 3, (number, node), IMPLIED, outputs=("node",))
    for at, levels, told in ((-1, (0, 1), "pqrstu"), (-2, (0, 3), "pqrvwx")):
        made = lookups._without_level(program, 0, at, node)
        assert made is not None
        assert (made.levels, cells(made)) == ((levels, None), told)
    made = lookups._without_level(replace(program, nodes=(number, turned)), 1, -1, turned)
    assert made is not None
    assert (made.levels, cells(made)) == ((None, (0, 1)), "pqstvw")
    made = lookups._without_level(replace(program, nodes=(number, alone)), 0, -2, alone)
    assert made is not None
    assert (made.levels, cells(made)) == (((0, 3),), "pr")
    for at in (-3, 0, -4):  # below the lowest there is none
        assert lookups._without_level(program, 0, at, node) is None


def test_one_input_in_place_of_two_answers_as_is_read_most_often() -> None:
    batch = encode(PROGRAM, [list("aab"), list("abb"), list("acb")])
    search = Search(PROGRAM, Inputs(batch, None, False, "some"))
    # m goes with a alone, which stands four times; n with b, four times, and c.
    made = {reason: edit(BY_TWO) for reason, edit in lookups._input_edits(search, BY_TWO)}
    of_tokens, of_mark = made["reads tokens alone"], made["reads mark alone"]
    assert of_tokens is not None
    assert of_mark is not None
    assert (of_tokens.inputs, cells(of_tokens)) == (("tokens",), "ptu")
    assert (of_mark.inputs, cells(of_mark)) == (("mark",), "pt")
    (_, edit), *_ = lookups._input_edits(search, BY_TWO)
    assert edit(replace(BY_TWO, cells=tuple("pppppp"))) is None
    assert lookups._counts(search, BY_TWO).tolist() == [[4, 0, 0], [0, 4, 1]]


WIDE = Lookup("wide", ("mark", "tokens"), (None, None), tuple("pqr"), ("p", "q", "q", "r"), ((0, 0), (0, 2), (1, 1)))


def test_a_lookup_lists_what_is_read_but_what_most_have() -> None:
    program = replace(PROGRAM, nodes=(MARK, WIDE), outputs=("wide",))
    reads = {(0, 0): 5, (0, 2): 0, (1, 1): 2, (): 3}
    made = wide_lookups._listing(program, reads, WIDE)
    assert made is not None
    assert (made.listed, made.cells) == (((0, 0), (1, 1)), ("p", "q", "r"))
    unread = wide_lookups._listing(program, {**reads, (): 0}, WIDE)
    assert unread is not None
    assert (unread.listed, unread.cells) == (((1, 1),), ("q", "p"))
    assert wide_lookups._listing(program, {(0, 0): 5, (): 3}, WIDE) is None
    whole = wide_lookups._listing(PROGRAM, {(x, y): int(y != 1) for x in range(2) for y in range(3)}, BY_TWO)
    assert whole is not None
    assert (whole.listed, whole.cells) == (((0, 2), (1, 0), (1, 2)), ("r", "s", "u", "p"))


def test_a_lookup_without_an_input_answers_as_is_read_most_often() -> None:
    reads = {(0, 0): 1, (0, 2): 4, (1, 1): 2, (): 3}
    made = wide_lookups._without_input(reads, WIDE, 1, WIDE)
    assert made is not None
    assert (made.inputs, made.levels, made.listed, made.cells) == (("mark",), (None,), ((0,), (1,)), ("q", "q", "r"))
    made = wide_lookups._without_input(reads, WIDE, 0, WIDE)
    assert made is not None
    assert (made.inputs, made.listed, made.cells) == (("tokens",), ((0,), (1,), (2,)), ("p", "q", "q", "r"))
    whole = wide_lookups._without_input({(x, y): x * y for x in range(2) for y in range(3)}, BY_TWO, 0, BY_TWO)
    assert whole is not None
    assert (whole.inputs, whole.listed, cells(whole)) == (("tokens",), None, "utu")
    assert wide_lookups._without_input(reads, WIDE, 0, BY_TWO) is None


def test_a_lookup_is_read_through_others() -> None:
    # The tokens become a variable of which the first two values mean c, the third a; the mark is fixed at its second.
    assert read_through(PROGRAM, BY_TWO, [[1], [2, 2, 0]], [True, False]) == (None, ("u", "u", "s"))
    assert read_through(PROGRAM, WIDE, [[0], [2, 2, 0]], [True, False]) == (((0,), (1,), (2,)), ("q", "q", "p", "r"))
    assert read_through(PROGRAM, WIDE, [[0, 1], [1]], [False, True]) == (((1,),), ("q", "r"))
    assert read_through(PROGRAM, WIDE, [[1], [1]], [True, True]) == ((), ("q",))


def test_a_lookup_lists_no_more_than_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    program, through = replace(PROGRAM, nodes=(MARK, WIDE), outputs=("wide",)), {"mark": Via("tokens", ("m", "n", "n"))}
    monkeypatch.setattr(read_through_module, "MOST_LISTED", 4)
    assert rewritten(program, through) is not None
    monkeypatch.setattr(read_through_module, "MOST_LISTED", 3)
    assert rewritten(program, through) is None


def reasons(edits: Iterable[tuple[str, Any]]) -> Counter[str]:
    """How often each edit is proposed, symbols and names aside."""
    return Counter(re.sub(r"'\w+'|\b(tokens|mark|count|\d)\b", "_", reason) for reason, _ in edits)


def test_all_edits_of_a_lookup_are_proposed() -> None:
    search = Search(PROGRAM, inputs_for(PROGRAM))
    assert reasons(lookups._input_edits(search, BY_TWO)) == {"reads _ alone": 2}
    assert reasons(lookups._cell_edits(search, BY_TWO)) == {
        "says nothing of inputs that do not occur": 4,
        "_ in place of _": 6 * 5,
        "two of its inputs are treated alike": 3 * 2 + 2 * 1,
        "a cell answers as its neighbour": 6 * 4,
        "a cell answers as most do": 6 * 2,
    }
    assert not [*lookups._level_edits(search, BY_TWO)]
    assert not [*lookups._input_edits(search, replace(BY_TWO, inputs=("tokens",)))]
    count = NumericHead("count", "tokens", "tokens", "ones", (("a",),) * 3)
    for levels, found in (((0, 1, 2), 3), ((0, 2, 3), 6)):  # of a cap, the cap alone is lowered
        node = Lookup("node", ("tokens", "count"), (None, levels), ("p",), ("p",) * 9)
        program = replace(PROGRAM, nodes=(count, node), outputs=("node",))
        assert reasons(lookups._level_edits(Search(program, inputs_for(program)), node)) == {
            "_ has fewer levels": found
        }
    wide = Search(replace(PROGRAM, nodes=(MARK, WIDE), outputs=("wide",)), inputs_for(PROGRAM))
    assert reasons(wide_lookups.wide_edits(wide, WIDE)) == {
        "does without _": 2,
        "lists what occurs alone": 1,
        "_ in place of _": 3 * 2,
    }


def test_all_edits_of_a_head_are_proposed() -> None:
    head = Head("head", "tokens", "tokens", "tokens", (("a",),) * 3, default="a", attend="largest", by="positions")
    program = Program(WORDS, (), 3, (head,), IMPLIED, outputs=("head",))
    begun = replace(program, vocabulary=(BEGIN, "b", "c"), nodes=(replace(head, predicate=((),) * 3, default="b"),))
    relations = {"equal", "different", "smaller", "greater", "not greater", "not smaller", "one less", "one more"}
    of_rows = {"_ accepts nothing": 3, "_ accepts everything": 3, "_ accepts _ alone": 9, "_ accepts _, or no more": 9}
    always = {"accepts every key": 1, "accepts no key": 1, "accepts _ alone": 3, "_ accepts what _ does": 6, **of_rows}
    others = {"says nothing of pairs that no input shows it": 3, "no mask": 1, "position _ not left out": 1}
    attending = {f"attends to the {which}, whatever the positions": 1 for which in ("nearest", "first", "last")}
    wanted = {**always, **others, **attending, **{f"accepts {relation} keys": 1 for relation in relations}}
    assert reasons(predicates._edits(Search(program, inputs_for(program)), head)) == wanted
    other = begun.nodes[0].selection
    assert other is not None
    marked = reasons(predicates._edits(Search(begun, inputs_for(begun)), other))
    wanted |= {f"accepts {relation} keys, marks aside": 1 for relation in relations} | {"no default": 1}
    assert {re.sub("'<s>'", "_", reason): 1 for reason in marked} == dict.fromkeys(wanted, 1)


# Predicates ###########################################################################################################

KEYS: Any = ("a", "b", "c")
CLAUSE = Clause("tokens", "tokens", (("a",), ("a", "c"), None))


def test_rows_of_a_predicate_are_exchanged_one_by_one() -> None:
    assert predicates._as_row(0, ("b",), CLAUSE).predicate == (("b",), ("a", "c"), None)
    assert predicates._as_row(2, (), CLAUSE).predicate == (("a",), ("a", "c"), ())
    assert predicates._as_other_row(0, 1, CLAUSE).predicate == (("a", "c"), ("a", "c"), None)
    assert predicates._as_rows(((),) * 3, CLAUSE).predicate == ((), (), ())
    assert predicates._toggled(KEYS, 0, "b", CLAUSE).predicate == (("a", "b"), ("a", "c"), None)
    assert predicates._toggled(KEYS, 1, "a", CLAUSE).predicate == (("a",), ("c",), None)
    assert predicates._toggled(KEYS, 2, "c", CLAUSE).predicate == (("a",), ("a", "c"), ("c",))


def test_what_is_asked_of_no_query_is_asked_of_the_tokens() -> None:
    alike = Clause("positions", "tokens", (("a",), ("a",)))
    assert predicates._without_query(3, alike) == Clause("tokens", "tokens", (("a",),) * 3)
    assert predicates._without_query(3, replace(alike, query="tokens")) is None
    assert predicates._without_query(3, replace(alike, predicate=(("a",), ()))) is None


@pytest.mark.parametrize(
    ("filling", "rows"),
    [
        (None, (("a", "b"), ("a", "b"), ("c",))),
        (True, (("a", "b"), ("a", "b"), ("b", "c"))),
        (False, (("a", "b"), ("a", "b"), ("c",))),
    ],
)
def test_pairs_that_no_input_shows_make_rows_alike(filling: bool | None, rows: tuple[Any, ...]) -> None:
    reached = np.array([[True, False, True], [False, True, False], [True, False, True]])
    clause = Clause("tokens", "tokens", (("a",), ("b", "c"), ("c",)))
    made = predicates._filled(KEYS, reached, filling, clause)
    assert made is not None
    assert made.predicate == rows


def test_alternatives_and_clauses_are_left_out_one_by_one() -> None:
    first, second, third = (Clause("tokens", "tokens", ((key,),) * 3) for key in KEYS)
    head = NumericHead(
        "head", "tokens", "tokens", "ones", first.predicate, also=(second,), instead=((third,), (second,))
    )
    assert head.alternatives == ((first, second), (third,), (second,))
    left = [predicates._without_alternative(at, head) for at in range(4)]
    assert [None if made is None else made.alternatives for made in left] == [
        ((third,), (second,)), ((first, second), (second,)), ((first, second), (third,)), None,
    ]  # fmt: skip
    alone = predicates._without_alternative(1, head.selecting(((first,), (second,))))
    assert alone is not None
    assert predicates._without_alternative(0, alone) is None
    fewer = [predicates._without_clause(0, place, head) for place in range(3)]
    assert [None if made is None else made.alternatives[0] for made in fewer] == [(second,), (first,), None]
    assert predicates._without_clause(1, 0, head) is None
    assert predicates._without_clause(3, 0, head) is None


def test_pairs_are_reached_where_a_head_may_look() -> None:
    for mask, skip, wanted in (
        ("all", False, {"aa", "ab", "ba", "bb"}),
        ("before", False, {"ba"}),
        ("after", False, {"ab"}),
        ("all", True, {"ab", "bb"}),
    ):
        head = NumericHead("head", "tokens", "tokens", "ones", (("a",),) * 3, mask, skip)  # type: ignore[arg-type]
        program = Program(WORDS, (), 3, (head,), IMPLIED, outputs=("head",))
        search = Search(program, Inputs(encode(program, [list("ab")]), None, False, "one"))
        reached = predicates._reached(search, head, Clause("tokens", "tokens", head.predicate))
        found = {WORDS[query] + WORDS[key] for query, key in np.argwhere(reached).tolist()}
        assert found == wanted, (mask, skip)


# Tables ###############################################################################################################


def test_rows_that_contradict_nowhere_become_one() -> None:
    grid: list[list[Any]] = [[1, None], [None, 2], [2, 2], [1, 3]]
    assert merged_rows(grid) == [[1, 2], [1, 2], [2, 2], [1, 3]]
    grid = [[1, None], [2, None], [None, 3]]
    assert merged_rows(grid) == [[1, None], [2, 3], [2, 3]]  # joins the nearest
    assert (most_common([None, 2, 1, 1, 2], 7), most_common([None], 7)) == (2, 7)


# The readout ##########################################################################################################


def test_weights_are_shifted_to_zero_and_made_coarser() -> None:
    assert separate._shifted(np.array([[3, 3, 5], [1, 2, 2]])).tolist() == [[0, 0, 2], [-1, 0, 0]]
    assert separate._shifted(np.array([[7]])).tolist() == [[0]]
    patterns = Patterns([np.array([0, 1])], [2], np.array([0, 1]), 2)
    (coarse,) = separate._coarser(patterns, [np.array([[300, 0], [0, 200]])], False)
    assert coarse.tolist() == [[1, 0], [0, 1]]
    (kept,) = separate._coarser(patterns, [np.array([[1, 0], [0, 1]])], False)
    assert kept.tolist() == [[1, 0], [0, 1]]


def test_of_many_patterns_some_are_taken_evenly() -> None:
    patterns = Patterns([np.arange(9)], [9], np.zeros(9, np.intp), 2)
    assert patterns.some(3).columns[0].tolist() == [0, 4, 8]
    assert patterns.some(9) is patterns
    assert patterns.some(10) is patterns


def test_the_earlier_of_two_classes_wins_a_tie() -> None:
    logits, wanted = np.array([[1, 1], [1, 1], [2, 1], [1, 2]]), np.array([0, 1, 0, 0])
    assert separate.not_on_top(logits, wanted).tolist() == [True, True, False, True]
    assert separate.not_on_top(logits, wanted, ties=True).tolist() == [False, True, False, True]


def test_patterns_are_told_apart_by_numbers_and_by_symbols() -> None:
    numbers = Patterns([np.array([-2, -1, 1, 2]), np.array([0, 1, 0, 1])], [None, 2], np.array([0, 0, 1, 1]), 2)
    weights, _ = separate.separate(numbers)
    assert weights is not None
    assert not numbers.wrong(weights).any()
    small = separate.smaller(numbers, [rows * 60 for rows in weights])
    assert not numbers.wrong(small).any()
    assert max(int(np.abs(rows).max()) for rows in small) == 1
    assert small[1].tolist() == [[0, 0], [0, 0]]  # the symbols tell nothing
    products = separate._inner_products(numbers)
    assert products.tolist() == [[5, 2, -1, -4], [2, 2, -1, -1], [-1, -1, 2, 2], [-4, -1, 2, 5]]


def test_a_readout_costs_the_nodes_that_it_needs() -> None:
    chain = [Embedding("one", ("p", "q"), ("p", "q", "q"))]
    chain_of = Lookup("two", ("one",), (None,), ("p", "q"), ("p", "q"))
    other = Embedding("other", ("p", "q"), ("p", "q", "q"))
    program = Program(
        WORDS, ("x", "y"), 3, (*chain, chain_of, other), Readout((Weights("two", ((1, 0), (0, 1))),), forced=())
    )
    assert closure(program, ["two"]) == {"one", "two"}
    assert readout._cost(program, ["two", "ones"]) == (2, 1)
    assert readout._cost(program, ["two", "other"]) == (3, 2)
    assert [node.name for node in pruned(program).nodes] == ["one", "two"]
    assert readout._text(program)[1] == 2 + 1
    assert [*readout._few_of(["tokens", "ones", "one"])] == [(0,), (2,), (0, 2)]
    assert max(map(len, readout._few_of([f"v{at}" for at in range(24)]))) == 3
    assert max(map(len, readout._few_of([f"v{at}" for at in range(25)]))) == 2


# Nodes ################################################################################################################


def test_nodes_are_taken_out_in_three_orders() -> None:
    sizes = {"small": 2, "large": 9, "other": 3}
    marks = ("m", "n", "o")[:2]
    nodes = (
        Embedding("embedding", marks, ("m", "n", "n")),
        Lookup("small", ("embedding",), (None,), ("p",), ("p",) * sizes["small"]),
        Head("head", "tokens", "tokens", "tokens", (WORDS,) * 3, default="a"),
        Lookup("large", ("tokens", "head"), (None, None), ("p",), ("p",) * sizes["large"]),
        Lookup("other", ("tokens",), (None,), ("p",), ("p",) * sizes["other"]),
    )
    program = Program(WORDS, (), 3, nodes, IMPLIED, outputs=("other",))
    assert stand_ins._first_first(program) == ["embedding", "small", "head", "large", "other"]
    assert stand_ins._last_first(program) == ["other", "large", "head", "small", "embedding"]
    assert [name for name in stand_ins._largest_first(program) if name in sizes] == ["large", "other", "small"]


def test_nodes_are_taken_out_in_the_order_that_leaves_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    left = []
    for few in (1, 100):  # with more nodes than that, one order alone is tried
        monkeypatch.setattr(stand_ins, "_FEW", few)
        search = Search(small(261), inputs_for(small(261)))
        readout.smaller_readout(search)
        stand_ins.fewer_nodes(search)
        left.append((search.size.nodes, search.size.entries))
    assert left == [(1, 9), (1, 3)]


def test_a_size_is_within_another_where_it_is_nowhere_larger() -> None:
    size = Size(2, 3, 4)
    assert size.within(size)
    for what in ("nodes", "entries", "lines"):
        assert not size.within(replace(size, **{what: getattr(size, what) - 1}))
    assert size.within(Size(3, 4, 5))


def test_a_table_of_numbers_is_guessed_from_what_is_most_often_seen() -> None:
    count = NumericHead("count", "tokens", "tokens", "ones", (("a",),) * 3)
    high = Lookup("high", ("count",), ((0, 2),), ("n", "y"), ("n", "y"))
    program = Program(WORDS, (), 3, (count, high), IMPLIED, outputs=("high",))
    search = Search(program, inputs_for(program))
    table = stand_ins._table(search, "high", "count")
    assert table is not None
    assert (table.unlike, table.codes.tolist(), table.low, table.levels) == (0, [0, 0, 1, 1], 0, (0, 1, 2, 3))
    assert table.look_up({"count": np.array([-1, 0, 1, 2, 3, 9])}).tolist() == [0, 0, 0, 1, 1, 1]
    assert stand_ins._reached(search, "count") == (0, 3)
    assert stand_ins._frequent(search, "high") == [0, 1]
    assert stand_ins._reached(Search(program, Inputs(encode(program, []), None, False, "none")), "count") == (0, 0)
    assert search.size is search.size  # which takes the whole text
    assert not stand_ins._equal(search, "count", "ones")
    assert stand_ins._equal(search, "count", "count")
    from_one = replace(count, predicate=(WORDS,) * 3)  # as many as there are: one at least
    counted = Search(replace(program, nodes=(from_one, high)), inputs_for(program))
    table = stand_ins._table(counted, "high", "count")
    assert table is not None
    assert (table.unlike, table.codes.tolist(), table.low, table.levels) == (0, [0, 1, 1], 1, (1, 2, 3))
    assert table.look_up({"count": np.array([0, 1, 2, 3, 4])}).tolist() == [0, 0, 1, 1, 1]
    by_tokens = stand_ins._table(search, "high", "tokens")
    assert by_tokens is not None
    assert by_tokens.unlike > 0
    assert by_tokens.levels is None
