"""A program as tables for an executor in another language: where its numbers need more than a float of 64 bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.programs import PROGRAMS
from tests.strategies import some_inputs
from tprog.ir.program import IMPLIED, Head, Linear, Lookup, Node, NumericHead, Program, Readout, Weights
from tprog.run.batch import encode
from tprog.run.coded import EXACT_LIMIT, coded, shown_apart
from tprog.run.execute import execute

LETTERS = ("a", "b")
EVERY = (LETTERS, LETTERS)


def _of(*nodes: Node, length: int = 6) -> Program:
    return Program(LETTERS, (), length, nodes, IMPLIED, outputs=("tokens",))


def _worth(most: int) -> Lookup:
    return Lookup("worth", ("tokens",), (None,), None, (0, most))


SUMMED = NumericHead("total", "tokens", "tokens", "worth", EVERY)
MEAN = NumericHead("total", "tokens", "tokens", "worth", EVERY, reduce="mean", default=0)


@pytest.mark.parametrize(
    ("nodes", "big"),
    [
        ([_worth(EXACT_LIMIT - 1)], False),
        ([_worth(EXACT_LIMIT)], True),
        ([_worth(-EXACT_LIMIT)], True),
        ([_worth(EXACT_LIMIT // 100), SUMMED], False),
        ([_worth(EXACT_LIMIT // 2), SUMMED], True),
        ([_worth(EXACT_LIMIT // 10**4), MEAN], False),
        # No mean is as large as what it divides: the sum, over a common denominator.
        ([_worth(EXACT_LIMIT // 100), MEAN], True),
        # What comes out is 0, what is added up is not.
        ([Linear("less", ("ones",), (EXACT_LIMIT // 2,), -EXACT_LIMIT // 2)], True),
        ([Linear("less", ("ones",), (EXACT_LIMIT // 4,), -EXACT_LIMIT // 4)], False),
        ([_worth(EXACT_LIMIT // 2), Linear("less", ("ones", "worth"), (EXACT_LIMIT // 2, -1))], True),
        ([_worth(EXACT_LIMIT // 8), Linear("less", ("ones", "worth"), (EXACT_LIMIT // 8, -1))], False),
    ],
)
def test_a_program_is_big_if_a_number_on_the_way_may_be_as_well_as_one_that_comes_out(
    nodes: list[Node], big: bool
) -> None:
    assert coded(_of(*nodes))["big"] is big


def test_a_program_is_big_if_a_logit_may_be() -> None:
    for most, big in ((EXACT_LIMIT - 1, False), (EXACT_LIMIT, True)):
        readout = Readout((Weights("tokens", ((most, 0), (0, -most))),), forced=())
        assert coded(Program(LETTERS, ("x", "y"), 6, (), readout))["big"] is big


def test_what_a_float_cannot_hold_is_written_as_text() -> None:
    for most, written in ((EXACT_LIMIT - 1, EXACT_LIMIT - 1), (-EXACT_LIMIT, f"-{EXACT_LIMIT}")):
        assert coded(_of(_worth(most)))["nodes"][0]["cells"] == [0, written]


def test_values_that_are_spelled_alike_are_told_apart_by_quotes() -> None:
    assert shown_apart([1, "x"]) == ["1", "x"]
    assert shown_apart([1, "1"]) == ["1", "'1'"]


def test_a_variable_that_holds_the_words_of_the_vocabulary_does_not_list_them_again() -> None:
    seen = Head("seen", "tokens", "tokens", "tokens", EVERY, default="a")
    at = replace(seen, name="at", value="positions", default=0)
    told = coded(_of(seen, at, length=3))
    symbols = {one["name"]: told["domains"][one["domain"]] for one in told["variables"]}
    assert symbols["seen"] == symbols["tokens"] == {"symbols": None}
    assert symbols["at"] == {"symbols": ["0", "1", "2"]}


def test_an_output_tells_what_it_comes_of_and_nothing_else() -> None:
    """What a page greys out when an output is chosen."""
    one = Head("one", "tokens", "positions", "tokens", ((0,), (1,)), default="a")
    two = replace(one, name="two", query="one")
    three = NumericHead("three", "tokens", "tokens", "ones", EVERY)
    program = replace(_of(one, two, three, length=3), outputs=("two", "three"))
    told = coded(program)
    names = [variable["name"] for variable in told["variables"]]
    comes_of = {output["name"]: {names[at] for at in output["from"]} for output in told["outputs"]}
    assert comes_of == {
        "two": {"two", "one", "tokens", "positions"},
        "three": {"three", "tokens", "ones"},
    }


@pytest.mark.parametrize("name", ["double_hist", "rationals", "masks"])
def test_logits_are_what_the_tables_add_up_to(name: str) -> None:
    """Whatever the denominator of a number, its weights are in the unit of the logits."""
    program = PROGRAMS[name].program
    told, inputs = coded(program), some_inputs(program, 3)
    names = [variable["name"] for variable in told["variables"]]
    run = execute(program, encode(program, inputs))
    for row, tokens in enumerate(inputs):
        for position in range(len(tokens)):
            total = np.zeros(told["readout"]["classes"], dtype=np.int64)
            for term in told["readout"]["terms"]:
                value = int(run.values[names[term["variable"]]][row, position])
                total += value * np.array(term["rows"][0]) if term["number"] else np.array(term["rows"][value])
            assert total.tolist() == run.totals[row, position].tolist()
