"""What a program's class allows: which node may stand where, what it may read, and how its readers follow a change.

A learned Program names its nodes after their place (``num_attn_1_0``: the first numeric head of the second layer), and
a place sets what the node may read: everything from earlier layers, and a lookup the heads of its own layer too. Nodes
with other names may read whatever stands before them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tprog.errors import TpdebugError
from tprog.ir.domains import masks
from tprog.ir.program import (
    Embedding,
    Head,
    Keys,
    Lookup,
    Mask,
    Node,
    Numbers,
    NumericHead,
    Program,
    Readout,
    Symbol,
    Symbols,
)
from tprog.run.batch import Array
from trainer.search.attention_values import cell_codes
from trainer.search.relations import Feature

FAR = 1000.0
"""How far different symbols are from each other, in steps of a number."""

Wiring = Head | NumericHead | Lookup
"""A node of which only what it reads counts: its table is still to be learned."""


@dataclass(frozen=True)
class Change:
    """One entry of a node: the row of a predicate and a key, or a cell and its new answer."""

    node: str
    entry: int
    value: Symbol


@dataclass(frozen=True)
class ProgramClass:
    """The places for nodes in a class of programs.

    Attributes:
        nodes: place -> a node that stood there, in execution order; its kind and symbols stay.
        sets: whether a row of a predicate may accept any number of keys, or exactly one as published.
        masks: what heads may use.
        cap: numeric lookups read larger numbers as this one.
        counts: numeric heads may read ``ones`` alone.
    """

    nodes: Mapping[str, Node]
    sets: bool
    masks: tuple[Mask, ...]
    cap: int
    counts: bool = False

    @classmethod
    def of(cls, program: Program) -> ProgramClass:
        """The class of a Program: no more nodes than it has, sets and masks only if it has any."""
        heads = [node for node in program.nodes if isinstance(node, Head | NumericHead)]
        masked = any(head.mask != "all" for head in heads)
        tops = [int(lv[-1]) for node in program.nodes if isinstance(node, Lookup) for lv in node.levels if lv]
        return cls(
            nodes={node.name: node for node in program.nodes},
            sets=any(row is None or len(row) != 1 for head in heads for row in head.predicate),
            masks=masks(program.causal) if masked else ("all",),
            cap=max(tops, default=program.max_length),
        )

    @cached_property
    def learnable(self) -> tuple[str, ...]:
        """The places whose nodes can be learned anew: all but embeddings."""
        return tuple(name for name, node in self.nodes.items() if not isinstance(node, Embedding))

    def free(self, program: Program) -> tuple[str, ...]:
        """The places where the Program has no node."""
        return tuple(name for name in self.learnable if name not in program.by_name)

    def readable(self, program: Program, place: str) -> tuple[str, ...]:
        """The Program's variables that a node at a place may read."""
        embedded = any(isinstance(node, Embedding) for node in self.nodes.values())
        names = ["positions", "ones"] if embedded else ["tokens", "positions", "ones"]
        order, own = list(self.nodes), layer(place)
        for node in program.nodes:
            theirs = layer(node.name)
            earlier = theirs < own if own and theirs else order.index(node.name) < order.index(place)
            if earlier or isinstance(node, Embedding):
                names.append(node.name)
        return tuple(names)

    def symbols(self, program: Program, place: str) -> list[str]:
        """The categorical ones among `readable`."""
        return [n for n in self.readable(program, place) if isinstance(program.variables[n].domain, Symbols)]

    def numbers(self, program: Program, place: str) -> list[str]:
        """The numeric ones among `readable`."""
        if self.counts:
            return ["ones"]
        return [n for n in self.readable(program, place) if isinstance(program.variables[n].domain, Numbers)]

    def levels(self, program: Program, name: str) -> tuple[int, ...] | None:
        """How a lookup reads a variable: None if it is categorical."""
        domain = program.variables[name].domain
        if isinstance(domain, Symbols):
            return None
        return tuple(range(min(int(domain.low), self.cap), min(int(domain.high), self.cap) + 1))

    def wirings(self, program: Program, place: str) -> list[Wiring]:
        """All choices of what the node at a place reads, and through which mask."""
        node = self.nodes[place]
        if isinstance(node, Lookup):
            names = self.symbols(program, place) if node.levels[0] is None else self.numbers(program, place)
            names = [name for name in names if name != "ones"]
            pairs: list[tuple[str, ...]] = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
            pairs = pairs or [(name,) for name in names]
            return [
                dataclasses.replace(node, inputs=pair, levels=tuple(self.levels(program, name) for name in pair))
                for pair in pairs
            ]
        return [
            wired
            for query in self.symbols(program, place)
            for wired in self.broadcasts(program, place)
            for wired in [dataclasses.replace(wired, query=query)]
        ]

    def placeholder(self, program: Program, place: str) -> Node:
        """A node for a place that reads what is always there; it is well-formed and says nothing."""
        node, first = self.nodes[place], self.symbols(program, place)[0]
        if isinstance(node, Embedding):
            return node
        if isinstance(node, Lookup):
            answers = (node.symbols or (0,))[:1] * len(program.symbols(first))
            return dataclasses.replace(node, inputs=(first,), levels=(None,), cells=answers)
        rows = (program.symbols(first).values[:1],) * len(program.symbols(first))
        value = first if isinstance(node, Head) else "ones"
        return dataclasses.replace(node, query=first, key=first, value=value, predicate=rows)

    def broadcasts(self, program: Program, place: str) -> list[Head | NumericHead]:
        """All choices of key, value and mask; the query is the first there is, for a predicate whose rows are equal."""
        node = self.nodes[place]
        if not isinstance(node, Head | NumericHead):
            return []
        names = self.symbols(program, place)
        values = names if isinstance(node, Head) else self.numbers(program, place)
        return [
            dataclasses.replace(node, query=names[0], key=key, value=value, mask=mask)
            for key in names
            for value in values
            for mask in self.masks
        ]

    def changes(self, program: Program, values: Mapping[str, Array]) -> Iterator[Change]:
        """All changes of one entry that some inputs consult.

        A row accepts a key or not, or another one if it accepts one only; a cell answers another symbol.

        Args:
            values: variable -> [B, n] what it is on these inputs.
        """
        for node in program.nodes:
            if isinstance(node, Head | NumericHead):
                keys = program.symbols(node.key).values
                seen = [keys[code] for code in np.unique(values[node.key]).tolist()]
                for row in np.unique(values[node.query]).tolist():
                    yield from (Change(node.name, row, key) for key in seen)
            elif isinstance(node, Lookup):
                for cell in np.unique(cell_codes(program, node, values)[0]).tolist():
                    yield from (Change(node.name, cell, symbol) for symbol in node.symbols or ())

    def changed(self, program: Program, change: Change) -> Program | None:
        """The Program after a change; None if that is the same one."""
        old, at = program.by_name[change.node], change.entry
        node: Node
        if isinstance(old, Head | NumericHead):
            taken = set(old.predicate[at] or ()) ^ {change.value} if self.sets else {change.value}
            row = tuple(key for key in program.symbols(old.key).values if key in taken)
            node = dataclasses.replace(old, predicate=(*old.predicate[:at], row, *old.predicate[at + 1 :]))
        else:
            assert isinstance(old, Lookup)
            node = dataclasses.replace(old, cells=(*old.cells[:at], change.value, *old.cells[at + 1 :]))
        if node == old:
            return None
        return dataclasses.replace(program, nodes=tuple(node if n is old else n for n in program.nodes))

    def placed(self, program: Program, feature: Feature) -> tuple[Node, ...] | None:
        """The nodes that a derived feature needs, itself last, at the first free places; None if there is no room."""
        nodes: dict[str, Node] = {}  # by the feature's name

        def visit(wanted: Feature) -> bool:
            if not wanted.kind or wanted.name in nodes:
                return True
            if not all(visit(read) for read in wanted.reads):
                return False
            names = [nodes[read.name].name if read.kind else read.name for read in wanted.reads]
            grown = self.put(program, *nodes.values())
            for place in self.free(grown):
                if place.rsplit("_", 2)[0] == wanted.kind and set(names) <= set(self.readable(grown, place)):
                    nodes[wanted.name] = self._derived(grown, place, wanted, names)
                    return True
            return False

        return tuple(nodes.values()) if visit(feature) else None

    def _derived(self, program: Program, place: str, feature: Feature, names: Sequence[str]) -> Node:
        """The node of a feature, which reads variables of these names."""
        node = self.nodes[place]
        assert feature.table is not None
        if isinstance(node, Lookup):
            levels = tuple(self.levels(program, name) for name in names)
            assert node.symbols is not None
            sides = [
                np.arange(len(program.symbols(name))) if known is None else np.array(known)
                for name, known in zip(names, levels, strict=True)
            ]
            within = [np.clip(side, 0, size - 1) for side, size in zip(sides, feature.table.shape, strict=True)]
            cells = tuple(node.symbols[code] for code in feature.table[np.ix_(*within)].ravel().tolist())
            return dataclasses.replace(node, inputs=tuple(names), levels=levels, cells=cells)
        assert isinstance(node, Head | NumericHead)
        queries, keys = len(program.symbols(names[0])), program.symbols(names[1]).values
        rows = tuple(
            tuple(key for key, accepted in zip(keys, row, strict=False) if accepted)
            for row in feature.table[:queries].tolist()
        )
        value = names[2] if isinstance(node, Head) else "ones"
        return dataclasses.replace(node, query=names[0], key=names[1], value=value, predicate=rows, mask=feature.mask)

    def filled(self, program: Program, values: Mapping[str, Array]) -> Program:
        """The Program with the cells that no input reaches answering as the nearest one that is reached.

        Numbers are near each other as they differ; symbols have no order, so that a number gives way first.

        Args:
            values: variable -> [P] what it is on all inputs.
        """
        for node in program.nodes:
            if not isinstance(node, Lookup):
                continue
            reached = np.unique(cell_codes(program, node, values)[0])
            known = zip(node.inputs, node.levels, strict=True)
            sides = [len(program.symbols(name)) if levels is None else len(levels) for name, levels in known]
            places = np.stack(np.unravel_index(np.arange(len(node.cells)), sides))
            apart = np.zeros((len(node.cells), len(reached)))
            for place, levels in zip(places, node.levels, strict=True):
                off = np.abs(place[:, None] - place[reached])
                apart += off if levels is not None else FAR * (off > 0)
            cells = tuple(node.cells[cell] for cell in reached[apart.argmin(axis=1)].tolist())
            full = dataclasses.replace(node, cells=cells)
            nodes = tuple(full if other is node else other for other in program.nodes)
            program = dataclasses.replace(program, nodes=nodes)
        return program

    def put(self, program: Program, *nodes: Node) -> Program:
        """The Program with nodes at their places; readers of a changed domain follow it by code."""
        have = {**program.by_name, **{node.name: node for node in nodes}}
        ordered = tuple(have[name] for name in self.nodes if name in have)
        try:
            return dataclasses.replace(program, nodes=ordered)
        except TpdebugError:
            return _followed(program, ordered)


def layer(name: str) -> tuple[int, int] | None:
    """The layer that a learned node's name says, and 1 if it stands behind the layer's heads; None for other names."""
    found = re.fullmatch(r"(attn|num_attn|mlp|num_mlp)_(\d+)_\d+", name)
    return (int(found[2]), int("mlp" in found[1])) if found else None


def bare(program: Program) -> Program:
    """The Program without its readout's weights."""
    return dataclasses.replace(program, readout=Readout((), 1, program.readout.pooled, program.readout.forced))


def _followed(program: Program, nodes: Sequence[Node]) -> Program:
    """The Program of the nodes, each fitted to the domains of what it now reads: code for code, cut or extended."""
    grown = dataclasses.replace(program, nodes=())
    for node in nodes:
        if isinstance(node, Head | NumericHead):
            node = _followed_head(node, grown, program)
        elif isinstance(node, Lookup):
            node = _followed_lookup(node, grown, program)
        grown = dataclasses.replace(grown, nodes=(*grown.nodes, node))
    return grown


def _followed_head(node: Head | NumericHead, grown: Program, old: Program) -> Head | NumericHead:
    rows, keys = len(grown.symbols(node.query)), grown.symbols(node.key).values
    known = old.symbols(node.key).codes if node.key in old.variables else grown.symbols(node.key).codes
    followed: list[Keys] = []
    for row in (*node.predicate, *[node.predicate[-1]] * rows)[:rows]:
        codes = sorted({known[key] for key in row or () if key in known})
        kept = tuple(keys[code] for code in codes if code < len(keys))
        followed.append(kept or (keys[:1] if len(row or ()) == 1 else ()))
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
