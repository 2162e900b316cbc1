"""What readers tell apart of each numeric variable: all of its numbers, some thresholds, or its size alone.

A count that is only ever compared with 2 needs no dimension for each number; and what is told apart less finely has
wider margins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias, assert_never

from tprog.ir.domains import Symbols
from tprog.ir.nodes import Embedding, Head, Linear, Lookup, Node, NumericHead
from tprog.ir.program import Program
from trainer.compile.attainable import Attained


@dataclass(frozen=True)
class Resolution:
    """What is asked of a numeric variable.

    Attributes:
        size: the number itself, as a linear reading, which may be rounded.
        exact: the same, not rounded.
        every: each number apart.
        thresholds: from which on numbers read otherwise.
    """

    size: bool = False
    exact: bool = False
    every: bool = False
    thresholds: frozenset[Fraction] = frozenset()

    def __or__(self, other: Resolution) -> Resolution:
        return Resolution(
            self.size or other.size,
            self.exact or other.exact,
            self.every or other.every,
            self.thresholds | other.thresholds,
        )


UNREAD = Resolution()


FEW_MEANS = 256
"""Up to so many numbers of a mean are told apart where only its size is asked for."""


Asked: TypeAlias = Iterator[tuple[str, Resolution]]


def resolutions(program: Program, among: Mapping[str, Attained]) -> Mapping[str, Resolution]:
    """What is asked of each numeric variable; what nothing reads is not in it."""
    asked: dict[str, Resolution] = {}

    def note(asks: Asked) -> None:
        for name, what in asks:
            if not isinstance(program.variables[name].domain, Symbols):
                asked[name] = asked.get(name, UNREAD) | what

    note(_by_outputs(program))
    for node in reversed(program.nodes):
        note(_by_node(node, asked.get(node.name, UNREAD), among))
    return asked


def _by_outputs(program: Program) -> Asked:
    for name in program.outputs if program.readout.implied else ():
        yield name, Resolution(every=True)
    for term in program.weights:
        yield term.variable, Resolution(size=True, exact=True)


def _by_node(node: Node, own: Resolution, among: Mapping[str, Attained]) -> Asked:
    match node:
        case Embedding():
            pass
        case Head():
            if node.by is not None:
                yield node.by, Resolution(every=True)
        case NumericHead():
            yield from _by_head(node, own, among)
        case Lookup():
            for name, levels in zip(node.inputs, node.levels, strict=True):
                yield name, Resolution(thresholds=frozenset(map(Fraction, (levels or ())[1:])))
        case Linear():
            if own != UNREAD:
                yield from ((name, Resolution(size=True, exact=own.exact)) for name in node.inputs)
        case _:
            assert_never(node)


def _by_head(node: NumericHead, own: Resolution, among: Mapping[str, Attained]) -> Asked:
    if node.reduce == "sum":
        yield node.value, Resolution(every=node.value != "ones")
        return
    yield node.value, Resolution(size=True)
    # A mean is known by the thresholds that it has reached, or as it is rounded.
    values = among[node.name]
    if own.exact or (own.size and values is not None and len(values) <= FEW_MEANS):
        yield node.name, Resolution(every=True)
