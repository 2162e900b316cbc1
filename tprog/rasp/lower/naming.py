"""Names of nodes, after the expressions that they are made for."""

from __future__ import annotations

import re

from tprog.rasp.expressions import Aggregate, Constant, Elementwise, Expression, SelectorWidth

_SYMBOLS = {"==": "equal", "!=": "unequal", "<": "less", ">": "more", "<=": "at_most", ">=": "at_least"} | {
    "+": "sum", "-": "difference", "*": "product", "/": "ratio", "//": "quotient", "%": "rest", "^": "power",
    "&": "both", "|": "either", "and": "both", "or": "either", "not": "opposite", "~": "opposite", "where": "chosen",
    "<lambda>": "mapped",
}  # fmt: skip


def identifier(expr: Expression) -> str:
    """A name for the node of an expression: its own, where that is one."""
    match expr:
        case _ if expr.name is not None:
            told = expr.name
        case Elementwise():
            told = _SYMBOLS.get(expr.function.symbol, expr.function.symbol)
        case Aggregate():
            told = "gathered" if expr.how in ("mean", "single") else expr.how
        case SelectorWidth():
            told = "count"
        case Constant():
            told = "constant"
        case _:
            told = str(expr)
    plain_ = re.sub(r"\W+", "_", told, flags=re.ASCII).strip("_")
    return plain_ if plain_[:1].isalpha() else f"sop_{plain_}".strip("_")
