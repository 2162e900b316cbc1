"""Random RASP programs: the evaluator agrees with a second one, and keeps what it promises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import rasp_naive
from tests.rasp_strategies import Typed, inputs, programs
from tprog.errors import TpdebugError
from tprog.rasp.evaluate import Run, evaluate
from tprog.rasp.expressions import Selector, in_order
from tprog.rasp.failures import Failed
from tprog.rasp.functions import Dialect
from tprog.rasp.source.files import program_of_text

CAUSAL = [(each, causal) for each in Dialect for causal in (False, True) if causal or each is not Dialect.RASP_L]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=SLOW)

FAILED = "no value"


def ours(program: Typed, tokens: list[Any], causal: bool) -> Any:
    try:
        return evaluate(program.sop, tokens, causal)
    except Failed:
        return FAILED


def naive(program: Typed, tokens: list[Any], causal: bool) -> Any:
    try:
        return rasp_naive.values(program.sop, tokens, causal)
    except (rasp_naive.NoValue, TypeError):
        return FAILED


@pytest.mark.parametrize(("dialect", "causal"), CAUSAL)
@RELAXED
@given(data=st.data())
def test_the_evaluator_agrees_with_a_second_one(dialect: Dialect, causal: bool, data: st.DataObject) -> None:
    program = data.draw(programs(dialect))
    for _ in range(3):
        tokens = data.draw(inputs(program.vocabulary))
        assert ours(program, tokens, causal) == naive(program, tokens, causal)


@pytest.mark.parametrize("dialect", list(Dialect))
@RELAXED
@given(data=st.data())
def test_a_causal_value_depends_on_what_stands_up_to_it_alone(dialect: Dialect, data: st.DataObject) -> None:
    program = data.draw(programs(dialect))
    tokens = data.draw(inputs(program.vocabulary))
    whole, cut = ours(program, tokens, True), data.draw(st.integers(1, len(tokens)))
    if whole != FAILED:
        assert ours(program, tokens[:cut], True) == whole[:cut]


@RELAXED
@given(st.data())
def test_selectors_obey_the_laws_of_sets(data: st.DataObject) -> None:
    program = data.draw(programs(Dialect.TRACR))
    selectors = [node for node in in_order([program.sop]) if isinstance(node, Selector)][:4]
    run = Run(data.draw(inputs(program.vocabulary)), data.draw(st.booleans()))
    for a in selectors:
        for b in selectors:
            try:
                assert run.rows(~(a & b)) == run.rows(~a | ~b)
                assert run.rows(~~a) == run.rows(a)
            except Failed:
                return


# Source ###############################################################################################################

LEVELS: tuple[tuple[str, ...], ...] = (("and", "or"), ("==", "<", ">="), ("+", "-"), ("%",), ("*", "/"), ("^",))


@st.composite
def chains(draw: st.DrawFn, level: int = 0, depth: int = 1) -> tuple[str, str]:
    """An expression in two spellings: with the brackets that it needs, and with all that it could have."""
    if level < len(LEVELS):
        rest = [
            (draw(st.sampled_from(LEVELS[level])), draw(chains(level + 1, depth)))
            for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2])))
        ]
        return _chain((draw(chains(level + 1, depth)), rest))
    if depth and draw(st.integers(0, 4)) == 0:
        short, full = draw(chains(0, depth - 1))
        return f"({short})", full
    number = str(draw(st.integers(0, 3)))
    sign = draw(st.sampled_from(["", "", "-", "not", "+"]))
    return (f"{sign} {number}", f"({sign} {number})") if sign else (number, number)


def _chain(parts: tuple[tuple[str, str], list[tuple[str, tuple[str, str]]]]) -> tuple[str, str]:
    (short, full), rest = parts
    for symbol, (right, whole) in rest:
        short, full = f"{short} {symbol} {right}", f"({full} {symbol} {whole})"
    return short, full


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(chains(0))
def test_operators_bind_from_the_loosest_to_the_tightest_and_from_left_to_right(spelled: tuple[str, str]) -> None:
    def value(text: str) -> Any:
        try:
            return evaluate(program_of_text(f"a = {text}; indices * 0 + a;").outputs[-1][1], "x")
        except TpdebugError as error:
            return type(error)

    assert value(spelled[0]) == value(spelled[1])
