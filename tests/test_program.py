"""The records check themselves: what contradicts itself is refused by name, and what is proven holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from tests.programs import PROGRAMS
from tests.strategies import programs, some_inputs
from tprog.errors import BadProgram, NotExact, TpdebugError
from tprog.ir.domains import coded_alike
from tprog.ir.nodes import Node
from tprog.ir.program import (
    BEGIN,
    END,
    PAD,
    Embedding,
    Head,
    Lookup,
    Numbers,
    NumericHead,
    Program,
    Quotients,
    Readout,
    Symbols,
    Variable,
    Weights,
    cell_keys,
    domain_of,
)
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text.told import fits_lines, is_plain

WORDS = (BEGIN, "a", "b", END)
EACH = ((BEGIN,), ("a",), ("b",), (END,))
EMBEDDING = Embedding("kind", ("mark", "letter"), ("mark", "letter", "letter", "mark"))
HEAD = Head("near", "tokens", "tokens", "tokens", EACH)
COUNT = NumericHead("count", "tokens", "tokens", "ones", EACH)
MEAN = replace(COUNT, name="mean", reduce="mean", default=0)
PAIR = Lookup("pair", ("kind", "count"), (None, (0, 1, 2)), ("x", "y"), ("x", "y") * 3)
NUMBER = Lookup("number", ("kind",), (None,), None, (1, Fraction(1, 2)))
NODES: tuple[Node, ...] = (EMBEDDING, HEAD, COUNT, MEAN, PAIR, NUMBER)
WHOLE = Program(
    WORDS,
    ("p", "q"),
    5,
    NODES,
    Readout((Weights("ones", ((1, 0),)), Weights("kind", ((0, 1), (1, 0))), Weights("count", ((2, -3),)))),
)


def wrong(value: object) -> Any:
    """A value that the type checker would refuse before the record can."""
    return value


def test_the_program_that_the_refusals_start_from_is_well_formed() -> None:
    assert list(WHOLE.variables) == ["tokens", "positions", "ones", "kind", "near", "count", "mean", "pair", "number"]
    assert WHOLE.by_name["pair"] is PAIR
    assert WHOLE.marks.around("ab") == (BEGIN, "a", "b", END)


@pytest.mark.parametrize(
    ("text", "plain"),
    [("0 of 3", True), ("", False), (" 0", False), ("0 ", False), ("a\nb", False), ("a\u200bb", False)],
)
def test_what_is_told_of_a_program_stands_on_a_line_only_if_the_line_shows_all_of_it(text: str, plain: bool) -> None:
    assert is_plain(text) == plain
    assert fits_lines([("seed", "1"), ("test accuracy", text)]) == plain
    assert not fits_lines([("test: accuracy", "1")])


# Refusals #############################################################################################################


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocabulary": ("</s>",)}, "the vocabulary ('</s>',) has no symbol; expected at least one"),
        ({"vocabulary": (BEGIN, "a", "a", END)}, "'a' stands twice in the vocabulary"),
        ({"vocabulary": (BEGIN, "", "b", END)}, "must hold non-empty strings only"),
        ({"vocabulary": (BEGIN, 1, "b", END)}, "must hold non-empty strings only"),
        ({"vocabulary": (BEGIN, "a", PAD, END)}, "'<pad>' is never read"),
        ({"classes": ("p", "p")}, "'p' stands twice in the classes"),
        ({"classes": ()}, "there are no classes; expected at least one"),
        ({"outputs": ("near",)}, "the outputs are ('near',); expected the readout 'readout' among them"),
        ({"max_length": 2}, "max_length is 2; expected at least 3"),
        ({"self_rule": "first"}, "self_rule is 'first'; expected 'last' or 'match-count'"),
        ({"causal": True, "nodes": (replace(HEAD, mask="after"),)}, "node 'near': the mask 'after' looks ahead"),
    ],
)
def test_a_frame_that_contradicts_itself_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadProgram, match=re.escape(message)):
        replace(WHOLE, **({"readout": Readout(())} | changes))


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (replace(HEAD, name="two words"), "node 'two words': a name must be a plain Python identifier"),
        (replace(HEAD, name="lambda"), "node 'lambda': a name must be a plain Python identifier"),
        (replace(HEAD, name="_near"), "node '_near': a name must be a plain Python identifier"),
        (replace(HEAD, name="nähe"), "node 'nähe': a name must be a plain Python identifier"),
        (replace(HEAD, name="ones"), "node 'ones': the name is already taken; each variable is assigned once"),
        (replace(HEAD, name="kind"), "node 'kind': the name is already taken; each variable is assigned once"),
        (replace(HEAD, name="select"), "node 'select': the emitted module uses this name itself; choose another"),
        (replace(HEAD, name="READOUT"), "node 'READOUT': the emitted module uses this name itself"),
        (replace(HEAD, name="lookup_x"), "node 'lookup_x': the emitted module uses this name itself"),
        (replace(HEAD, query="later"), "node 'near' reads 'later', which no earlier node and no input provides"),
        (replace(HEAD, key="near"), "node 'near' reads 'near', which no earlier node and no input provides"),
        (replace(HEAD, query="ones"), "node 'near': its query 'ones' is numeric; expected a categorical variable"),
        (replace(HEAD, key="ones"), "node 'near': its key 'ones' is numeric; expected a categorical variable"),
        (replace(HEAD, value="ones"), "node 'near': its value 'ones' is numeric; expected a categorical variable"),
        (replace(HEAD, mask=wrong("left")), "node 'near': the mask is 'left'; expected 'all', 'before' or 'after'"),
        (replace(HEAD, predicate=EACH[:3]), "node 'near': its predicate has 3 rows; 'tokens' has 4 values"),
        (
            replace(HEAD, predicate=(*EACH[:3], ("c",))),
            "node 'near': query '</s>' accepts 'c', which is not a value of 'tokens'",
        ),
        (
            replace(HEAD, predicate=(*EACH[:3], ("b", "a"))),
            "node 'near': query '</s>' accepts ('b', 'a'); expected each key once, in the key's order",
        ),
        (replace(HEAD, predicate=(*EACH[:3], ("a", "a"))), "expected each key once, in the key's order"),
        (replace(HEAD, default="c"), "node 'near': the default 'c' is not a value of 'tokens'"),
        (replace(COUNT, value="tokens"), "node 'count': its value 'tokens' is categorical; expected a numeric"),
        (replace(COUNT, default=0), "node 'count': an empty sum is 0; a default belongs to a mean"),
        (replace(MEAN, default=None), "node 'mean': a mean needs a default for positions that select nothing"),
        (replace(COUNT, reduce=wrong("max")), "node 'count': reduce is 'max'; expected 'sum' or 'mean'"),
        (replace(COUNT, query="ones"), "node 'count': its query 'ones' is numeric"),
    ],
)
def test_a_head_that_contradicts_itself_is_refused_by_name(node: Node, message: str) -> None:
    with pytest.raises(BadProgram, match=re.escape(message)):
        Program(WORDS, ("p",), 5, (EMBEDDING, node), Readout(()))


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (replace(EMBEDDING, table=("mark",)), "node 'kind': its table has 1 entries; the vocabulary has 4"),
        (
            replace(EMBEDDING, table=("mark", "x", "letter", "mark")),
            "node 'kind': the word 'a' maps to 'x', which is not in its symbols",
        ),
        (replace(EMBEDDING, symbols=("mark", "mark")), "the value 'mark' stands twice in a categorical domain"),
        (replace(EMBEDDING, symbols=()), "a categorical domain is empty; expected at least one value"),
        (
            replace(EMBEDDING, symbols=wrong(("mark", 0.5))),
            "0.5 is a float; expected a whole number, a Fraction, or a Label of it",
        ),
        (
            replace(EMBEDDING, symbols=("mark", True)),
            "True is a bool, which Python takes for a number",
        ),
        (Lookup("pair", (), (), None, (1,)), "node 'pair': a lookup reads 1 variable or more"),
        (
            Lookup("pair", ("tokens",) * 3, (None,) * 2, None, (1,) * 64),
            "node 'pair': a lookup reads 1 variable or more, with one entry of levels each",
        ),
        (Lookup("pair", ("tokens",), (), None, (1,)), "with one entry of levels each"),
        (
            Lookup("pair", ("ones",), (None,), None, (1,)),
            "node 'pair': its input 'ones' is numeric, so it needs levels",
        ),
        (
            Lookup("pair", ("tokens",), ((0, 1),), None, (1, 1)),
            "node 'pair': its input 'tokens' is categorical, so it has no levels",
        ),
        (
            Lookup("pair", ("ones",), ((1, 0),), None, (1, 1)),
            "node 'pair': the levels of 'ones' must be ascending numbers, at least one",
        ),
        (Lookup("pair", ("ones",), ((),), None, ()), "must be ascending numbers, at least one"),
        (Lookup("pair", ("tokens",), (None,), None, (1,)), "node 'pair': it has 1 cells; its inputs make 4"),
        (
            Lookup("pair", ("tokens",), (None,), ("x",), ("x", "x", "x", "y")),
            "node 'pair': a cell answers 'y', which is not in its symbols",
        ),
        (
            Lookup("pair", ("tokens",), (None,), (1,), (1, 1, 1, Fraction(1))),
            "node 'pair': a cell answers Fraction(1, 1), which is not in its symbols",
        ),
        (
            Lookup("pair", ("tokens",), (None,), None, (1, 1, 1, "x")),
            "node 'pair': a cell answers 'x'; a lookup without symbols answers numbers",
        ),
    ],
)
def test_a_table_that_contradicts_itself_is_refused_by_name(node: Node, message: str) -> None:
    with pytest.raises(BadProgram, match=re.escape(message)):
        Program(WORDS, ("p",), 5, (node,), Readout(()))


@pytest.mark.parametrize(
    ("readout", "message"),
    [
        (Readout((), scale=0), "the readout's scale is 0; expected a whole number of at least 1"),
        (Readout((), forced=("a",)), "the readout forces ['a']; only '<s>' and '</s>', if present, can be forced"),
        (Readout((), pooled=True), "a pooled readout predicts one class for the whole input, so it forces no"),
        (Readout((Weights("later", ()),)), "the readout reads 'later', which is not a variable"),
        (
            Readout((Weights("kind", ((0, 1), (1, 0))), Weights("ones", ((1, 0),)))),
            "the readout's term 'ones' is out of order; expected the order of the variables",
        ),
        (Readout((Weights("ones", ((1, 0),)),) * 2), "the readout's term 'ones' is out of order"),
        (Readout((Weights("kind", ((0, 1),)),)), "the readout has 1 rows for 'kind'; expected 2"),
        (Readout((Weights("ones", ((0, 1), (0, 1))),)), "the readout has 2 rows for 'ones'; expected 1"),
        (Readout((Weights("ones", (None,)),)), "the readout of the number 'ones' has no row; leave the term out"),
        (
            Readout((Weights("kind", ((0, 1), (1, 0, 2))),)),
            "the readout of 'kind' has the row (1, 0, 2); expected 2 whole numbers, one a class",
        ),
        (Readout((Weights("ones", (wrong((0, 0.5)),)),)), "the readout of 'ones' has the row (0, 0.5)"),
    ],
)
def test_a_readout_that_contradicts_itself_is_refused(readout: Readout, message: str) -> None:
    with pytest.raises(BadProgram, match=re.escape(message)):
        replace(WHOLE, readout=readout)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("near", "'near', the name of a variable; expected another name"),
        ("ones", "'ones', the name of a variable"),
        ("two words", "'two words', no plain Python identifier"),
        ("nähe", "'nähe', no plain Python identifier"),
    ],
)
def test_a_readout_comes_out_under_a_name_of_its_own(name: str, found: str) -> None:
    with pytest.raises(BadProgram, match=re.escape(f"the readout is called {found}")):
        replace(WHOLE, readout=replace(WHOLE.readout, name=name), outputs=(name, "count"))
    own = replace(WHOLE, readout=replace(WHOLE.readout, name="best"), outputs=("count", "best"))
    assert list(range(6))[own.of_readout] == [1, 3, 5]


@pytest.mark.parametrize(
    ("outputs", "found"),
    [
        ((), "there are no outputs; expected one at least"),
        (("readout", "near", "near"), "the outputs ('readout', 'near', 'near') name one twice"),
        (("readout", "later"), "have 'later', which is neither a variable nor the readout; expected some of"),
    ],
)
def test_outputs_are_named_once_each_and_are_there(outputs: tuple[str, ...], found: str) -> None:
    with pytest.raises(BadProgram, match=re.escape(found)):
        replace(WHOLE, outputs=outputs)


def test_a_pooled_readout_comes_out_alone_and_none_has_no_places() -> None:
    pooled = replace(WHOLE, readout=replace(WHOLE.readout, pooled=True, forced=()))
    with pytest.raises(BadProgram, match="a pooled readout, with one answer an input, comes out alone"):
        replace(pooled, outputs=("readout", "near"))
    without = Program(WORDS, (), 5, NODES, outputs=("near",))
    assert list(range(6))[without.of_readout] == []
    assert without.weights == ()
    assert without.read_out == ("near",)


def test_an_end_mark_that_is_not_in_the_vocabulary_cannot_be_forced() -> None:
    with pytest.raises(BadProgram, match=re.escape("the readout forces ['</s>']")):
        Program((BEGIN, "a"), ("p",), 4, (), Readout((), forced=(BEGIN, END)))


def test_a_program_cannot_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        wrong(WHOLE).max_length = 9


# What is proven #######################################################################################################


@pytest.mark.parametrize(
    ("node", "low", "high", "denominator"),
    [
        (COUNT, 0, 5, 1),
        (replace(COUNT, skip_first=True), 0, 4, 1),
        (replace(COUNT, mask="before"), 0, 4, 1),
        (replace(COUNT, mask="before", skip_first=True), 0, 4, 1),
        (replace(COUNT, value="number"), 0, Fraction(5), 2),
        (replace(COUNT, value="signed"), -15, 10, 1),
        (replace(MEAN, default=Fraction(1, 7)), Fraction(1, 7), 1, 420),
        (replace(MEAN, value="signed", default=4, mask="after"), -3, 4, 12),
        (
            Lookup("cells", ("kind",), (None,), None, (Fraction(-1, 3), Fraction(1, 2))),
            Fraction(-1, 3),
            Fraction(1, 2),
            6,
        ),
        (Lookup("cells", ("kind",), (None,), None, (None, None)), 0, 0, 1),
    ],
)
def test_the_range_of_a_number_follows_from_its_node(node: Node, low: int, high: int, denominator: int) -> None:
    signed = Lookup("signed", ("kind",), (None,), None, (-3, 2))
    frame = Program(WORDS, ("p",), 5, (EMBEDDING, NUMBER, signed), Readout(()))
    assert domain_of(node, frame.variables, frame) == Numbers(Fraction(low), Fraction(high), denominator)


def test_what_is_proven_of_a_node_is_not_taken_over_where_another_program_has_it() -> None:
    longer = replace(WHOLE, max_length=9)
    assert longer.numeric("count") == Numbers(Fraction(0), Fraction(9))
    assert WHOLE.numeric("count") == Numbers(Fraction(0), Fraction(5))
    ahead = replace(HEAD, mask="after")
    assert replace(WHOLE, nodes=(ahead,), readout=Readout(())).by_name["near"] is ahead
    with pytest.raises(BadProgram, match="'after' looks ahead"):
        replace(WHOLE, nodes=(ahead,), readout=Readout(()), causal=True)
    with pytest.raises(BadProgram, match="accepts 'b', which is not a value of 'tokens'"):
        replace(WHOLE, vocabulary=(BEGIN, "a", "c", END), nodes=(HEAD,), readout=Readout(()))
    with pytest.raises(BadProgram, match="the name is already taken"):
        replace(WHOLE, nodes=(HEAD, HEAD), readout=Readout(()))
    with pytest.raises(BadProgram, match="which no earlier node"):
        replace(WHOLE, nodes=(PAIR,), readout=Readout(()))
    assert (replace(HEAD), repr(replace(HEAD))) == (HEAD, repr(HEAD))


def test_codes_are_places_in_a_domain() -> None:
    domain = WHOLE.symbols("kind")
    assert (list(domain), len(domain), domain.codes) == (["mark", "letter"], 2, {"mark": 0, "letter": 1})
    assert Numbers(Fraction(-3, 2), Fraction(1), 2).bound == 3
    assert WHOLE.variables["ones"] == Variable("ones", Numbers(Fraction(1), Fraction(1)))
    assert WHOLE.numbers("count").high == 5


@pytest.mark.parametrize("denominator", [1, 3])
def test_the_codes_of_numbers_are_their_numerators_in_their_order(denominator: int) -> None:
    domain = Numbers(Fraction(-2), Fraction(4, denominator), denominator)
    every = [Fraction(at, 2 * denominator) for at in range(-6 * denominator, 12)]
    inside = [number for number in every if -2 <= number <= Fraction(4, denominator)]
    held = [number for number in inside if (number * denominator).denominator == 1]
    assert [number for number in every if domain.holds(number)] == held
    first, last = domain.ends
    assert [domain.number(code) for code in range(first, last + 1)] == held
    assert [domain.code(number) for number in held] == list(range(first, last + 1))
    assert all(type(domain.number(domain.code(number))) is int for number in held if number.denominator == 1)
    for number in inside:
        assert domain.first_from(number) == min(domain.code(other) for other in held if other >= number)
    assert domain.bound == max(abs(first), abs(last))


def test_codes_are_alike_only_where_they_count_the_same_unit() -> None:
    whole, thirds = Numbers(Fraction(0), Fraction(3)), Numbers(Fraction(0), Fraction(3), 3)
    few, many = Quotients(Fraction(0), Fraction(1), 1, 50), Quotients(Fraction(0), Fraction(1), 1, 60)
    domains = (whole, thirds, few, many, replace(few, unit=2), Symbols(("a",)))
    for one in domains:
        for other in domains:
            assert coded_alike(one, other) == (one == other and one != domains[-1]), (one, other)
    assert coded_alike(whole, replace(whole, high=Fraction(9)))
    assert coded_alike(few, replace(few, low=Fraction(-9)))


def test_the_cells_of_a_lookup_are_in_the_order_of_their_inputs() -> None:
    assert list(cell_keys(WHOLE, PAIR)) == [(k, n) for k in ("mark", "letter") for n in (0, 1, 2)]


def test_the_logit_bound_is_the_sum_of_the_largest_shares() -> None:
    assert (WHOLE.logit_scale, WHOLE.logit_bound) == (1, 1 + 1 + 3 * 5)
    scaled = replace(WHOLE, readout=Readout((Weights("number", ((7, -8),)),), scale=10))
    assert (scaled.logit_scale, scaled.logit_bound) == (20, 8 * 2)
    pooled = replace(WHOLE, readout=replace(WHOLE.readout, pooled=True, forced=()))
    assert pooled.logit_bound == 5 * WHOLE.logit_bound
    assert replace(WHOLE, readout=Readout(())).logit_bound == 0


def test_logits_that_could_leave_the_exact_range_are_refused() -> None:
    largest = (2**63 - 1) // 5
    within = replace(WHOLE, readout=Readout((Weights("count", ((largest, 0),)),)))
    assert within.logit_bound < 2**63
    run = execute(within, encode(within, [[BEGIN, "a", "a", "a", END]]))
    assert int(run.totals[0, 1, 0]) == largest * 3
    with pytest.raises(NotExact, match=re.escape("needs less than 2**63: use a smaller scale")):
        replace(WHOLE, readout=Readout((Weights("count", ((largest + 1, 0),)),)))


@pytest.mark.parametrize(
    "change", [lambda m: replace(m, default=Fraction(1, 2**61)), lambda m: replace(m, default=2**60)]
)
def test_a_mean_that_could_leave_the_exact_range_is_refused(change: Callable[[NumericHead], NumericHead]) -> None:
    with pytest.raises(NotExact, match="node 'mean' can reach"):
        Program(WORDS, ("p",), 5, (change(MEAN),), Readout(()))


def test_a_table_of_numbers_beyond_the_exact_range_is_refused() -> None:
    with pytest.raises(NotExact, match="node 'big' can reach 9223372036854775808"):
        Program(WORDS, ("p",), 5, (Lookup("big", ("tokens",), (None,), None, (2**63, 0, 0, 0)),), Readout(()))


def _stays_within(program: Program) -> None:
    batch = encode(program, some_inputs(program, 60))
    run = execute(program, batch)
    right = ~run.in_hole
    assert not right.any() or int(np.abs(run.totals[right]).max(initial=0)) <= program.logit_bound
    for name, variable in program.variables.items():
        found = run.values[name][batch.present & right[:, None]]
        if isinstance(variable.domain, Symbols):
            low, high = Fraction(0), Fraction(len(variable.domain) - 1)
        else:
            low, high = map(Fraction, variable.domain.ends)
        assert all(low <= int(code) <= high for code in np.unique(found)), name


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_value_and_no_logit_of_a_shared_program_leaves_what_is_proven(name: str) -> None:
    _stays_within(PROGRAMS[name].program)


@settings(max_examples=60, deadline=None)
@given(programs())
def test_no_value_and_no_logit_leaves_what_is_proven(program: Program) -> None:
    _stays_within(program)


def test_a_bound_is_reached_where_all_inputs_can_reach_it() -> None:
    program = PROGRAMS["dyck1_by_balance"].program
    run = execute(program, encode(program, [[BEGIN, *"(" * 15], [BEGIN, *")" * 15]]))
    assert run.values["balance"][:, -1].tolist() == [15, -15]
    assert program.numbers("balance").high == 16  # `<s>` is worth 0, which the proof does not see


@pytest.mark.parametrize("words", [2, 128, 129, 300])
def test_the_bytes_of_a_position_are_those_that_its_values_take(words: int) -> None:
    """127 is the largest code of one byte, and a byte too few would let an analysis leave its share of memory."""
    vocabulary = (BEGIN, *(f"w{code}" for code in range(1, words)))
    program = Program(vocabulary, ("x",), words, (), Readout((), forced=(BEGIN,)))
    run = execute(program, encode(program, [(BEGIN, vocabulary[-1])]))
    assert program.value_bytes == sum(values.dtype.itemsize for values in run.values.values())


def test_every_refusal_is_an_error_for_the_user() -> None:
    assert issubclass(BadProgram, TpdebugError)
    assert issubclass(NotExact, TpdebugError)
