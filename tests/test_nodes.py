"""What a node answers of itself: what it reads, its entries, its layer, and copies with another read or answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.programs import PROGRAMS
from tprog.ir.entries import ClauseOf, Read, WeightsOf, ordinal, owner, picked
from tprog.ir.learned_names import LearnedName, learned_name
from tprog.ir.nodes import Embedding, Head, Linear, Lookup, Node, NumericHead
from tprog.ir.places import Places
from tprog.ir.program import Program

NODES = [(program, node) for case in PROGRAMS.values() for program in [case.program] for node in program.nodes]
HEAD = Head("attn_1_0", "tokens", "positions", "mlp_0_0", ((1,), None))
COUNT = NumericHead("num_attn_0_12", "tokens", "tokens", "ones", (("a",), ("b",)))
PAIR = Lookup("num_mlp_2_0", ("tokens", "count"), (None, (0, 1)), ("x", "y"), ("x", "y", "y", None))
WORDS = Embedding("attn_0_0", (1, 2), (2, None))
SUM = Linear("mlp_1_0", ("count", "total"), (2, -3), 1)


@pytest.mark.parametrize(("program", "node"), NODES)
def test_every_entry_is_picked_by_the_values_of_what_the_node_reads(program: Program, node: Node) -> None:
    for table, entries in node.tables.items():
        assert set(entries.asked) <= set(node.reads)
        assert len(list(entries.keys(program.variables))) == len(entries) == len(entries.answers)
        assert node.with_answers(entries.answers, table) == node
    assert node.partial == any(None in entries.answers for entries in node.tables.values())


@pytest.mark.parametrize(("program", "node"), NODES)
def test_a_node_that_reads_what_it_reads_is_itself(program: Program, node: Node) -> None:
    assert [read.variable for read in node.roles] == list(node.reads)
    assert all(node.with_read(read) == node for read in node.roles if read.role != "word")


def test_a_copy_differs_in_one_answer_alone() -> None:
    assert HEAD.with_answer(1, (0, 2)) == Head("attn_1_0", "tokens", "positions", "mlp_0_0", ((1,), (0, 2)))
    assert PAIR.with_answer(0, None).entries.answers == (None, "y", "y", None)
    assert WORDS.with_answer(1, 1).entries.answers == (2, 1)
    assert COUNT.with_answer(0, None).partial


def test_a_copy_differs_in_one_read_alone() -> None:
    assert HEAD.with_read(Read("key", "tokens")).reads == ("tokens", "tokens", "mlp_0_0")
    assert PAIR.with_read(Read("input", "other", 1)).reads == ("tokens", "other")


@pytest.mark.parametrize(
    ("node", "read"),
    [
        (WORDS, Read("word", "positions")),
        (HEAD, Read("input", "tokens")),
        (HEAD, Read("key", "tokens", 1)),
        (PAIR, Read("input", "tokens", 2)),
        (PAIR, Read("query", "tokens")),
        (PAIR, Read("input", "tokens", -1)),
        (SUM, Read("term", "ones", 2)),
        (SUM, Read("term", "ones", -1)),
        (SUM, Read("input", "ones")),
        (HEAD, Read("value", "tokens", 1)),
        (HEAD, Read("by", "tokens")),
    ],
)
def test_a_read_that_a_node_has_not_cannot_be_another(node: Node, read: Read) -> None:
    with pytest.raises(ValueError, match=f"has no {read.role} {read.place} to rewire"):
        node.with_read(read)


@pytest.mark.parametrize("node", [HEAD, COUNT, SUM, replace(PAIR, symbols=None, cells=(1, 2, 3, None))])
def test_symbols_are_renamed_only_where_a_node_declares_them(node: Node) -> None:
    assert node.declares is None
    with pytest.raises(ValueError, match=f"node {node.name!r}"):
        node.renamed({"a": "b"})


def test_only_heads_select_positions() -> None:
    assert HEAD.selection is HEAD
    assert COUNT.selection is COUNT
    assert WORDS.selection is None
    assert PAIR.selection is None


def test_a_node_declares_the_symbols_that_do_not_follow_from_what_it_reads() -> None:
    assert PAIR.declares == ("x", "y")
    assert WORDS.declares == (1, 2)
    assert HEAD.declares is None
    assert COUNT.declares is None


def test_renamed_symbols_are_declared_in_their_new_order_and_answered() -> None:
    assert PAIR.renamed({"y": "v", "x": "u"}) == replace(PAIR, symbols=("v", "u"), cells=("u", "v", "v", None))
    assert WORDS.renamed({2: 20, 1: 10}) == Embedding("attn_0_0", (20, 10), (20, None))


def test_an_embedding_answers_for_words_and_no_circuit_can_do_without_it() -> None:
    assert WORDS.words == (2, None)
    assert not WORDS.ablatable
    assert all(node.words is None and node.ablatable for node in (HEAD, COUNT, PAIR))


def test_each_kind_answers_for_itself() -> None:
    table = replace(PAIR, symbols=None, cells=(1, 2, 3, None))
    kinds = {HEAD: "head", COUNT: "numeric head", PAIR: "lookup", table: "lookup", WORDS: "embedding", SUM: "linear"}
    assert [node.kind for node in kinds] == list(kinds.values())
    assert [node for node in kinds if node.answers_numbers] == [table]
    assert [node for node in kinds if not node.ablatable] == [WORDS]
    assert [node for node in kinds if node.words is not None] == [WORDS]
    assert [node for node in kinds if node.partial] == [HEAD, PAIR, table, WORDS]
    assert [list(node.functions.values()) for node in kinds] == [
        *(["predicate_attn_1_0"], ["predicate_num_attn_0_12"], ["lookup_num_mlp_2_0"], ["lookup_num_mlp_2_0"], [], [])
    ]


def test_a_sum_has_an_entry_a_coefficient_and_one_for_its_constant() -> None:
    assert list(SUM.entries.keys({})) == [("count",), ("total",), ()]
    assert SUM.entries.answers == (2, -3, 1)
    assert SUM.with_answer(2, 7) == replace(SUM, constant=7)
    assert SUM.with_answer(0, 7) == replace(SUM, coefficients=(7, -3))
    assert SUM.with_read(Read("term", "ones", 1)).reads == ("count", "ones")
    assert SUM.layer is None


@pytest.mark.parametrize("outputs", [("readout",), ("share", "readout"), ("a", "b", "c")])
def test_the_places_of_an_input_are_its_positions_by_its_outputs(outputs: tuple[str, ...]) -> None:
    places, several = Places(outputs), len(outputs) > 1
    assert (places.several, places.each, places.count(4)) == (several, len(outputs), 4 * len(outputs))
    every = [(position, output) for position in range(4) for output in outputs]
    assert [places.place(*pair) for pair in every] == list(range(places.count(4)))
    assert [places.position(place) for place in range(len(every))] == [position for position, _ in every]
    assert [places.output(place) for place in range(len(every))] == [name if several else None for _, name in every]
    assert places.said(len(outputs)) == (f"position 1 of {outputs[0]}" if several else "position 1")
    assert places.place(3) == 3 * len(outputs)
    row = tuple(f"{position} {output}" for position, output in every)
    apart = places.apart(row)
    assert places.beside(apart) == row
    if several:
        assert apart == {name: tuple(f"{position} {name}" for position in range(4)) for name in outputs}
        assert places.positions(range(len(outputs) + 1)) == {
            name: (0, 1) if name == outputs[0] else (0,) for name in outputs
        }
    else:
        assert (apart, places.positions([1, 3])) == (row, (1, 3))
    assert Places(outputs, pooled=True).count(4) == 1


def test_the_layer_of_a_learned_node_is_the_one_of_its_name() -> None:
    assert [node.layer for node in (HEAD, COUNT, PAIR)] == [1, 0, 2]
    assert WORDS.layer is None  # embeddings stand before all layers, whatever they are called
    assert Lookup("attn_1_0", ("tokens",), (None,), ("x",), ("x",)).layer is None
    assert Head("own", "tokens", "tokens", "tokens", ()).layer is None


@pytest.mark.parametrize("name", ["attn_1_0", "num_attn_0_12", "mlp_99_3", "num_mlp_2_0"])
def test_the_name_of_a_learned_node_goes_to_its_place_and_back(name: str) -> None:
    assert str(learned_name(name)) == name


@pytest.mark.parametrize("name", ["attn_1", "attn_100_0", "lookup_0_0", "xattn_1_0", "attn_1_0_0"])
def test_any_other_name_tells_no_place(name: str) -> None:
    assert learned_name(name) is None


def test_lookups_stand_behind_the_heads_of_their_layer() -> None:
    assert LearnedName("num_mlp", 0, 0).behind_heads
    assert not LearnedName("num_attn", 0, 0).behind_heads


def test_what_picks_an_entry_is_said_in_one_way() -> None:
    assert picked("row", ("b",)) == "query 'b'"
    assert picked("cell", ("b", 2)) == "input 'b', 2"
    assert picked("word", ("b",)) == "word 'b'"
    assert picked("cell", ()) == "otherwise"
    assert picked("coefficient", ("count",)) == "coefficient of count"
    assert picked("coefficient", ()) == "constant"
    assert [ordinal(0), ordinal(8), ordinal(9)] == ["first", "ninth", "input10"]
    assert [owner(table) for table in ("near", ClauseOf("near", 0, 1), WeightsOf("tokens"))] == ["near", "near", None]
    assert str(WeightsOf("tokens")) == "readout of tokens"
