"""The Program that grows: the nodes that are made so far, and the lookups that come of cells."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count, product

from tprog import primitives
from tprog.ir.nodes import Embedding, Lookup, Node
from tprog.ir.values import Symbol
from tprog.rasp.expressions import Expression
from tprog.rasp.functions import Dialect
from tprog.rasp.lower.cells import Cells
from tprog.rasp.lower.naming import identifier
from tprog.rasp.values import Value

_OWN = frozenset(
    {*dir(primitives), "run", "readout", "variables", "list", "range", "len", "min", "tokens", "positions"}
)


@dataclass(frozen=True)
class Frame:
    """What is said of the inputs.

    Attributes:
        tokens: the values of the vocabulary.
        words: their spelling.
        length: of the longest input.
    """

    tokens: tuple[Value, ...]
    words: tuple[str, ...]
    length: int
    causal: bool
    dialect: Dialect


class Growing:
    """The nodes, in the order of their making, and the expressions that they are made for."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self.nodes = frame, list[Node]()
        self.made_for: dict[str, Expression] = {}
        self.guards: dict[str, str] = {}
        self._holed: set[str] = set()

    def add(self, node: Node) -> str:
        """Add a node; its name."""
        self.nodes.append(node)
        return node.name

    def name(self, *exprs: Expression, suffix: str = "") -> str:
        """A free name of a node, after the expressions that it is made for."""
        told = "_".join(identifier(expr) for expr in exprs)[:40] + suffix
        if told in _OWN or keyword.iskeyword(told) or told.isupper():
            told += "_"
        name = next(each for each in chain([told], (f"{told}_{at}" for at in count(2))) if each not in self.made_for)
        self.made_for[name] = exprs[-1]
        return name

    def embedding(self, name: str, order: tuple[Symbol, ...], cells: Cells) -> Embedding:
        """A table of words: of what follows from the word, or from nothing."""
        places = range(len(self.frame.words))
        if cells.axes == ():
            return Embedding(name, order, (cells.answer(()),) * len(places))
        return Embedding(name, order, tuple(cells.answer((place,)) for place in places))

    def lookup(self, name: str, cells: Cells, symbols: tuple[Symbol, ...] | None) -> Lookup:
        """A lookup of these cells, which answers with symbols or, if None are given, with numbers.

        It lists the cells that are not as most, where that is shorter.
        """
        if cells.holed:
            self._holed.add(name)
        keys = list(product(*(range(len(axis.classes)) for axis in cells.axes)))
        inputs, levels = tuple(axis.variable for axis in cells.axes), tuple(axis.levels for axis in cells.axes)
        if len(inputs) > 1:
            otherwise = cells.otherwise
            listed = [key for key in keys if key not in cells.unreached and cells.answers[key] != otherwise]
            if 0 < len(listed) < len(keys) - 1:
                answers = (*map(cells.answer, listed), otherwise)
                return Lookup(name, inputs, levels, symbols, answers, tuple(listed))
        return Lookup(name, inputs, levels, symbols, tuple(map(cells.answer, keys)))

    def needed(self, outputs: Sequence[str]) -> list[Node]:
        """The nodes that the outputs are made of, and those that guard against inputs without a value."""
        wanted = {*outputs, *self.guards}
        found: list[Node] = []
        for node in reversed(self.nodes):
            if node.name in wanted or (node.partial and (node.selection is not None or node.name in self._holed)):
                wanted |= {node.name, *node.reads}
                found.append(node)
        return found[::-1]
