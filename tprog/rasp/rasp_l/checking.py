"""What of a program is not RASP-L, and why (Zhou et al., section 3).

RASP-L is causal, has whole numbers alone, and does nothing with positions but compare them, and go to the one before or
behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tprog.rasp.expressions import (
    Aggregate,
    Constant,
    Elementwise,
    Expression,
    Indices,
    SOp,
    Tokens,
)
from tprog.rasp.functions import Dialect
from tprog.rasp.program import RaspProgram
from tprog.rasp.values import spelled_value

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_CORE_AGGREGATES = ("mean", "max", "min")


@dataclass(frozen=True)
class Violation:
    """A node that is not RASP-L.

    Attributes:
        node: the expression.
        reason: why, in words.
    """

    node: Expression
    reason: str

    def __str__(self) -> str:
        where = f"{self.node.where}: " if self.node.where is not None else ""
        return f"{where}{self.node}: {self.reason}"


def check(program: RaspProgram | SOp) -> list[Violation]:
    """Each node that is not RASP-L, what is read first before what reads it; none for a program that is.

    The rules are about how a program is written: a program of another dialect without violations computes the same
    with the functions of `tprog.rasp.rasp_l`, evaluated causally, where each aggregate has a default.
    """
    checked = program if isinstance(program, RaspProgram) else RaspProgram((("output", program),))
    nodes = checked.nodes()
    positions = _positions(nodes)
    return [Violation(node, reason) for node in nodes if (reason := _reason(node, positions)) is not None]


def _reason(node: Expression, positions: set[int]) -> str | None:
    match node:
        case Constant():
            if not isinstance(node.value, int) and not _is_whole(node.value):
                return f"the constant {spelled_value(node.value)} is no whole number, and RASP-L has no others"
        case Tokens():
            if node.reading in ("str", "float"):
                return (
                    f"tokens are read as {'words' if node.reading == 'str' else 'numbers'}, and RASP-L has whole ones"
                )
        case Elementwise():
            return _of_map(node, positions)
        case Aggregate():
            return _of_aggregate(node)
    return None


def _is_whole(value: object) -> bool:
    return isinstance(value, Fraction) and value.denominator == 1


def _of_map(node: Elementwise, positions: set[int]) -> str | None:
    symbol = node.function.symbol
    if symbol in ("/", "^", "round"):
        return f"{symbol} makes or rounds fractions, and RASP-L has whole numbers alone"
    if not any(id(read) in positions for read in node.inputs):
        return None
    if node.function.kind == "python":
        return (
            f"{symbol} computes with positions; RASP-L compares them, and goes to the one before or behind: "
            "write it with == != < <= > >= and + or - a whole number"
        )
    if symbol in (*_COMPARISONS, "where", "fill") or _is_step(node, positions):
        return None
    return f"{symbol} computes with positions; RASP-L compares them, and goes to the one before or behind"


def _is_step(node: Elementwise, positions: set[int]) -> bool:
    """Whether it goes some positions further: an index plus or minus a whole number."""
    if node.function.symbol not in ("+", "-") or len(node.inputs) != 2:
        return False
    left, right = node.inputs
    if node.function.symbol == "+" and id(left) not in positions:
        left, right = right, left
    return id(left) in positions and isinstance(right, Constant) and isinstance(right.value, int)


def _of_aggregate(node: Aggregate) -> str | None:
    if node.how not in _CORE_AGGREGATES:
        return f"it takes the value at the {node.how} position; RASP-L has mean, max and min"
    if node.how == "mean" and node.dialect is not Dialect.RASP_L:
        return "its mean may be a fraction; RASP-L cuts it off towards 0"
    if not isinstance(node.default, int):
        return f"where nothing is selected it is {spelled_value(node.default)}; RASP-L has a whole number there"
    return None


def _positions(nodes: list[Expression]) -> set[int]:
    """The ids of the s-ops that hold positions: indices, steps from one, and what an aggregate gathers of them."""
    found: set[int] = set()
    for node in nodes:
        match node:
            case Indices():
                is_position = True
            case Aggregate():
                is_position = id(node.sop) in found
            case Elementwise():
                is_position = _is_step(node, found) or (
                    node.function.symbol in ("where", "fill") and any(id(read) in found for read in node.inputs[-2:])
                )
            case _:
                is_position = False
        if is_position:
            found.add(id(node))
    return found
