"""What a program's class allows: which node may stand where, what it may read, and how its readers follow a change.

A learned Program names its nodes after their place (``num_attn_1_0``: the first numeric head of the second layer), and
a place sets what the node may read: everything from earlier layers, and a lookup the heads of its own layer too. Nodes
with other names may read whatever stands before them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TypeVar, assert_never

import numpy as np

from tprog.errors import BadUsage, TpdebugError
from tprog.ir.domains import masks
from tprog.ir.learned_names import learned_name
from tprog.ir.program import (
    AttentionHead,
    Classify,
    Embedding,
    Head,
    Keys,
    Linear,
    Lookup,
    Mask,
    Node,
    Numbers,
    NumericHead,
    Program,
    Symbols,
)

Wiring = Head | NumericHead | Lookup
"""A node of which only what it reads counts: its table is still to be learned."""

H = TypeVar("H", Head, NumericHead)


@dataclass(frozen=True)
class ProgramClass:
    """The places for nodes in a class of programs.

    Attributes:
        nodes: place -> a node that stood there, in execution order; its kind and symbols stay.
        sets: whether a row of a predicate may accept any number of keys, or exactly one as published.
        masks: what heads may use.
        cap: numeric lookups read larger numbers as this one.
    """

    nodes: Mapping[str, Node]
    sets: bool
    masks: tuple[Mask, ...]
    cap: int

    @classmethod
    def of(cls, program: Program) -> ProgramClass:
        """The class of a Program: no more nodes than it has, sets and masks only if it has any.

        Raises:
            BadUsage: it has a node that is never learned.
        """
        for node in program.nodes:
            if node.kind == "linear":
                raise BadUsage(f"{node.name} is a sum of variables; programs that are learned have none")
            if node.kind == "head" and node.attend != "nearest":
                raise BadUsage(
                    f"{node.name} attends to the {node.attend}; heads that are learned attend to the nearest"
                )
        heads = heads_of(program.nodes)
        if several := next((head.name for head in heads if not head.alone), None):
            raise BadUsage(f"{several} selects by several clauses; heads that are learned have one")
        return cls(
            nodes={node.name: node for node in program.nodes},
            sets=any(len(row or ()) != 1 for head in heads for row in head.predicate),
            masks=_masks(heads, program.causal),
            cap=_cap(program),
        )

    @cached_property
    def learnable(self) -> tuple[str, ...]:
        """The places whose nodes can be learned anew: all but embeddings."""
        return tuple(name for name, node in self.nodes.items() if node.words is None)

    @cached_property
    def answers(self) -> tuple[int, ...]:
        """How many symbols the lookups may answer; 0 for one that answers numbers."""
        return tuple(len(node.symbols or ()) for node in lookups_of(self.nodes.values()))

    def free(self, program: Program) -> tuple[str, ...]:
        """The places where the Program has no node."""
        return tuple(name for name in self.learnable if name not in program.by_name)

    def readable(self, program: Program, place: str) -> tuple[str, ...]:
        """The Program's variables that a node at a place may read."""
        embedded = any(node.words is not None for node in self.nodes.values())
        names = ["positions", "ones"] if embedded else ["tokens", "positions", "ones"]
        order, own = list(self.nodes), layer(place)
        for node in program.nodes:
            theirs = layer(node.name)
            earlier = theirs < own if own and theirs else order.index(node.name) < order.index(place)
            if earlier or node.words is not None:
                names.append(node.name)
        return tuple(names)

    def symbols(self, program: Program, place: str) -> list[str]:
        """The categorical ones among `readable`."""
        return [n for n in self.readable(program, place) if isinstance(program.variables[n].domain, Symbols)]

    def numbers(self, program: Program, place: str) -> list[str]:
        """The numeric ones among `readable`."""
        return [n for n in self.readable(program, place) if isinstance(program.variables[n].domain, Numbers)]

    def levels(self, program: Program, name: str) -> tuple[int, ...] | None:
        """How a lookup reads a variable: None if it is categorical."""
        domain = program.variables[name].domain
        if isinstance(domain, Symbols):
            return None
        return tuple(range(min(int(domain.low), self.cap), min(int(domain.high), self.cap) + 1))

    def wirings(self, program: Program, place: str) -> list[Wiring]:
        """All choices of what the node at a place reads, and through which mask."""
        if heads := self.broadcasts(program, place):
            return [dataclasses.replace(head, query=query) for query in self.symbols(program, place) for head in heads]
        wired: list[Wiring] = []
        for node in lookups_of([self.nodes[place]]):
            names = self.symbols(program, place) if node.levels[0] is None else self.numbers(program, place)
            names = [name for name in names if name != "ones"]
            wired += [self.reading(program, node, pair) for pair in combinations(names, min(2, len(names))) if pair]
        return wired

    def reading(self, program: Program, node: Lookup, names: Sequence[str]) -> Lookup:
        """A lookup that reads variables of these names; its cells are still those of others."""
        levels = tuple(self.levels(program, name) for name in names)
        return dataclasses.replace(node, inputs=tuple(names), levels=levels)

    def placeholder(self, program: Program, place: str) -> Node:
        """A node for a place that reads what is always there; it is well-formed and says nothing."""
        node, first = self.nodes[place], self.symbols(program, place)[0]
        rows = (program.symbols(first).values[:1],) * len(program.symbols(first))
        match node:
            case Embedding() | Linear():
                return node
            case Lookup():
                answers = (node.symbols or (0,))[:1] * len(program.symbols(first))
                return dataclasses.replace(node, inputs=(first,), levels=(None,), cells=answers)
            case Head():
                return dataclasses.replace(node, query=first, key=first, value=first, predicate=rows)
            case NumericHead():
                return dataclasses.replace(node, query=first, key=first, value="ones", predicate=rows)
            case _:
                assert_never(node)

    def broadcasts(self, program: Program, place: str) -> Sequence[AttentionHead]:
        """All choices of key, value and mask; the query is the first there is, for a predicate whose rows are equal."""
        node = self.nodes[place]
        match node:
            case Head():
                return self.broadcast_copies(program, node)
            case NumericHead():
                return self._broadcasts(program, node, self.numbers(program, place))
            case Embedding() | Lookup() | Linear():
                return []
            case _:
                assert_never(node)

    def broadcast_copies(self, program: Program, head: Head) -> list[Head]:
        """The same of a head that copies, for the place that it is named after."""
        return self._broadcasts(program, head, self.symbols(program, head.name))

    def _broadcasts(self, program: Program, head: H, values: Sequence[str]) -> list[H]:
        names = self.symbols(program, head.name)
        return [
            dataclasses.replace(head, query=names[0], key=key, value=value, mask=mask)
            for key in names
            for value in values
            for mask in self.masks
        ]

    def put(self, program: Program, *nodes: Node) -> Program:
        """The Program with nodes at their places; readers of a changed domain follow it by code."""
        have = {**program.by_name, **{node.name: node for node in nodes}}
        ordered = tuple(have[name] for name in self.nodes if name in have)
        try:
            return dataclasses.replace(program, nodes=ordered)
        except TpdebugError:
            return _followed(program, ordered)


def heads_of(nodes: Iterable[Node]) -> list[AttentionHead]:
    """Those that attend, in their order."""
    return [head for node in nodes if (head := node.selection) is not None]


def lookups_of(nodes: Iterable[Node]) -> list[Lookup]:
    """The lookups, in their order."""
    found = []
    for node in nodes:
        match node:
            case Lookup():
                found.append(node)
            case Embedding() | Head() | NumericHead() | Linear():
                pass
            case _:
                assert_never(node)
    return found


def copies_of(nodes: Iterable[Node]) -> list[Head]:
    """The heads that copy, in their order."""
    found = []
    for node in nodes:
        match node:
            case Head():
                found.append(node)
            case Embedding() | NumericHead() | Lookup() | Linear():
                pass
            case _:
                assert_never(node)
    return found


def _masks(heads: Sequence[AttentionHead], causal: bool) -> tuple[Mask, ...]:
    """All that there are, if one head has another than the plainest."""
    if all(head.mask == "all" for head in heads):
        return ("all",)
    return masks(causal)


def _cap(program: Program) -> int:
    """The largest number that a lookup tells from others; N where none reads numbers."""
    tops = [int(levels[-1]) for node in lookups_of(program.nodes) for levels in node.levels if levels]
    return max(tops, default=program.max_length)


def layer(name: str) -> tuple[int, int] | None:
    """The layer that a learned node's name says, and 1 if it stands behind the layer's heads; None for other names."""
    found = learned_name(name)
    return None if found is None else (found.layer, int(found.behind_heads))


def bare(program: Program) -> Program:
    """The Program without its readout's weights."""
    return dataclasses.replace(program, readout=Classify((), 1, program.readout.pooled, program.readout.forced))


def _followed(program: Program, nodes: Sequence[Node]) -> Program:
    """The Program of the nodes, each fitted to the domains of what it now reads: code for code, cut or extended."""
    grown = dataclasses.replace(program, nodes=())
    for node in nodes:
        match node:
            case Head() | NumericHead():
                node = _followed_head(node, grown, program)
            case Lookup():
                node = _followed_lookup(node, grown, program)
            case Embedding() | Linear():
                pass
            case _:
                assert_never(node)
        grown = dataclasses.replace(grown, nodes=(*grown.nodes, node))
    return grown


def _followed_head(node: AttentionHead, grown: Program, old: Program) -> AttentionHead:
    rows, keys = len(grown.symbols(node.query)), grown.symbols(node.key).values
    known = old.symbols(node.key).codes if node.key in old.variables else grown.symbols(node.key).codes
    followed: list[Keys] = []
    for row in (*node.predicate, *[node.predicate[-1]] * rows)[:rows]:
        codes = sorted(known[key] for key in set(row or ()) & known.keys())
        kept = tuple(keys[code] for code in codes if code < len(keys))
        followed.append(kept or keys[: len(row or ()) == 1])  # a row that accepts one key goes on to do so
    return dataclasses.replace(node, predicate=tuple(followed))


def _followed_lookup(node: Lookup, grown: Program, old: Program) -> Lookup:
    def sizes(program: Program) -> Iterator[int]:
        for name, levels in zip(node.inputs, node.levels, strict=True):
            known = program if name in program.variables else grown
            yield len(known.symbols(name)) if levels is None else len(levels)

    cells = np.arange(len(node.cells)).reshape(tuple(sizes(old)))
    for axis, size in enumerate(sizes(grown)):
        cells = cells.take(np.minimum(np.arange(size), cells.shape[axis] - 1), axis=axis)
    return dataclasses.replace(node, cells=tuple(node.cells[cell] for cell in cells.ravel().tolist()))
