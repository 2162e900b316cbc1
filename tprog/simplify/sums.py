"""Sums of fewer terms."""

from __future__ import annotations

from dataclasses import replace

from tprog.ir.program import Linear
from tprog.simplify.parts import pruned, with_node
from tprog.simplify.search import Search


def shorter_sums(search: Search) -> None:
    """Leave out the terms of each sum that make no difference, and then its constant."""
    for name in [node.name for node in search.program.nodes]:
        node = search.program.by_name.get(name)
        if node is None or node.kind != "linear":
            continue
        for variable in node.inputs:
            shorter = _without(node, variable)
            if shorter is not None and _becomes(search, shorter, f"does without {variable}"):
                node = shorter
        if node.constant:
            _becomes(search, replace(node, constant=0), "does without its constant")


def _without(node: Linear, variable: str) -> Linear | None:
    """The sum without one of its terms; None where that is the only one."""
    left = [(name, c) for name, c in zip(node.inputs, node.coefficients, strict=True) if name != variable]
    if not left:
        return None
    return replace(node, inputs=tuple(name for name, _ in left), coefficients=tuple(c for _, c in left))


def _becomes(search: Search, node: Linear, reason: str) -> bool:
    return search.attempt(pruned(with_node(search.program, node)), node.name, reason)
