"""From a trained member to a Program: gates become wiring, predicates rows, cells answers, the readout whole numbers.

Nothing is dropped: a head that no one reads is still in the Program, where the analysis of dead heads finds it. A
lookup that reads one variable twice becomes one of one input, the diagonal of its table.

Rounding the readout is a pass of its own (`round_readout`), which counts the predictions that it changes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import torch
from torch import Tensor

from tprog.errors import NotExact
from tprog.ir.program import (
    Classify,
    Embedding,
    Head,
    Keys,
    Lookup,
    Node,
    NumericHead,
    Program,
    Symbols,
    Weights,
)
from tprog.run.batch import Array
from trainer.model import UNREAD, Network

FLOAT64_LIMIT = 2**53
"""Whole numbers below this are exact in float64, whatever the order of a sum."""

FLOAT32_LIMIT = 2**24
"""Whole numbers up to this are exact in float32; the proven bound on the logits of what is extracted stays below."""


@dataclass(frozen=True)
class Rounding:
    """What rounding the readout did to the predictions on some inputs.

    Attributes:
        scale: a weight w of the Program stands for w / scale.
        changed: how many predictions differ between the readout as trained and as rounded.
        total: how many predictions were compared.
    """

    scale: int
    changed: int
    total: int

    def __str__(self) -> str:
        return f"readout rounded to 1/{self.scale}: {self.changed} of {self.total} predictions changed"


@dataclass(frozen=True)
class Member:
    """One member of a population, hardened: its argmax network.

    Attributes:
        theta: [P] its parameters as float64, in which all that the network computes from whole weights is exact.
    """

    network: Network
    theta: Tensor

    @classmethod
    def of(cls, network: Network, theta: Tensor) -> Member:
        """From parameters [P] of any type, on any device."""
        return cls(network, theta.detach().to("cpu", torch.float64))

    def __getitem__(self, name: str) -> Tensor:
        """The parameters of a slot."""
        return self.network.layout.views(self.theta[None])[name][0]

    def has(self, name: str) -> bool:
        """Whether the network has a slot of that name; one without entries it has not."""
        return any(slot.name == name for slot in self.network.layout.slots)

    def chosen(self, name: str) -> list[int]:
        """What a slot picks along its last dimension, for a slot of two dimensions; empty if it is not there."""
        return [int(code) for code in self[name].argmax(dim=-1)] if self.has(name) else []

    def predict(self, tokens: Tensor) -> Tensor:
        """Predictions [B, n] on inputs [B, n]: see `Network.predict`; pooled, [B]."""
        found = self.network.predict(self.theta[None], tokens.T)[0]
        return found.T if found.dim() == 2 else found

    def with_readout(self, change: Callable[[Tensor], Tensor]) -> Member:
        """A copy whose readout weights are changed."""
        views = self.network.layout.views(self.theta[None])
        pieces = [
            (change(views[slot.name]) if slot.kind == "value" else views[slot.name]).flatten()
            for slot in self.network.layout.slots
        ]
        return Member(self.network, torch.cat(pieces))


def model_to_program(
    member: Member, tokens: Tensor, provenance: Sequence[tuple[str, str]] = ()
) -> tuple[Program, Rounding]:
    """The Program of a member, and what rounding its readout changed.

    Args:
        tokens: [B, n] the inputs on which to compare predictions.

    Raises:
        NotExact: numbers or logits too large for exact arithmetic.
    """
    rounded, rounding = round_readout(member, tokens)
    program = extract(rounded, rounding.scale)
    return dataclasses.replace(program, provenance=tuple(provenance)), rounding


def round_readout(member: Member, tokens: Tensor) -> tuple[Member, Rounding]:
    """A member with a readout of whole numbers, in units of 1 / `Rounding.scale`.

    The scale is the finest power of ten, at most the configured one, at which the proven bound on every logit stays
    below `FLOAT32_LIMIT`.

    Raises:
        NotExact: even whole weights exceed the bound, or a weight is not finite.
    """
    if not bool(torch.isfinite(member.theta).all()):
        raise NotExact("a weight is not finite; the run has diverged: train with a lower lr")
    scale = member.network.config.readout_scale
    while True:
        rounded = member.with_readout(partial(_rounded, scale=scale))
        bound = extract(rounded, scale).logit_bound
        if bound < FLOAT32_LIMIT:
            break
        if scale == 1:
            raise NotExact(f"the logits can reach {bound}; expected less than 2**24: train with a lower lr")
        scale //= 10
    before, after = member.predict(tokens), rounded.predict(tokens)
    read = before != UNREAD
    return rounded, Rounding(scale, int((before != after).sum()), int(read.sum()))


def _rounded(weights: Tensor, scale: int) -> Tensor:
    return (weights * scale).round()


def extract(member: Member, scale: int) -> Program:
    """The Program of a member whose readout holds whole numbers, in units of 1 / `scale`."""
    walk = _walked(member, scale)
    readout = dataclasses.replace(walk.program.readout, terms=_terms(walk, member))
    return dataclasses.replace(walk.program, readout=readout)


def put_readout(member: Member, weights: Mapping[str, Array]) -> Member:
    """A copy of a member that reads out with other weights: what `extract` reads, the other way round.

    Args:
        weights: of each variable that the Program's readout reads, [row, class], in units of 1.
    """
    walk, theta = _walked(member, 1), member.theta.clone()
    views = member.network.layout.views(theta[None])
    symbols, numbers = views["readout"][0], views["number_readout"][0]  # [class, variable, slot], [class, variable]
    for at, name in enumerate(walk.symbols):
        symbols[:, at, : len(weights[name])] = torch.as_tensor(weights[name].T)
    for at, name in enumerate(walk.numbers):
        numbers[:, at] = torch.as_tensor(weights[name][0])
    return Member(member.network, theta)


def _walked(member: Member, scale: int) -> _Walk:
    """The Program without what it reads out, and its variables."""
    network = member.network
    frame = network.frame
    bare = Program(
        vocabulary=frame.vocabulary,
        classes=frame.classes,
        max_length=frame.max_length,
        nodes=(),
        readout=Classify((), scale, frame.pooled, frame.forced),
        task=frame.task,
        causal=frame.causal,
    )
    names, nodes = _embeddings(member)
    walk = _Walk(dataclasses.replace(bare, nodes=tuple(nodes)), [*names, "positions"], ["ones"])
    for layer in range(network.config.layers):
        walk.add_heads(layer, member)
        walk.add_lookups(layer, member)
    for name in walk.numbers:
        if (bound := walk.program.numbers(name).bound) >= FLOAT64_LIMIT:
            raise NotExact(f"{name} can reach {bound}; the network is exact below 2**53: use fewer layers")
    return walk


def _embeddings(member: Member) -> tuple[list[str], list[Node]]:
    """The names of the variables that stand for the words, and their nodes."""
    if member.network.config.embedding == "one-hot":
        return ["tokens"], []
    symbols = tuple(range(member.network.d))
    nodes: list[Node] = [
        Embedding(f"emb_{index}", symbols, tuple(codes))
        for index, codes in enumerate(member["embedding"].argmax(dim=-1).tolist())
    ]
    return [node.name for node in nodes], nodes


@dataclass
class _Walk:
    """The Program so far, and the network's variables in the order of its gates.

    A variable's slot c in the network is the value with code c in the Program.
    """

    program: Program
    symbols: list[str]
    numbers: list[str]

    def _add(self, node: Node) -> None:
        self.program = dataclasses.replace(self.program, nodes=(*self.program.nodes, node))

    def add_heads(self, layer: int, member: Member) -> None:
        """A layer's heads, categorical first."""
        network = member.network
        cat, num = network.config.cat_heads, network.config.num_heads
        query, key, value, number = (member.chosen(f"{layer}.{role}") for role in ("query", "key", "value", "number"))
        masks = member.chosen(f"{layer}.mask") or network.assigned
        named = [f"attn_{layer}_{h}" for h in range(cat)] + [f"num_attn_{layer}_{h}" for h in range(num)]
        nodes: list[Node] = []
        for h, name in enumerate(named):
            asked, key_name, mask = self.symbols[query[h]], self.symbols[key[h]], network.mask_names[masks[h]]
            rows = self._rows(member[f"{layer}.predicate"][h], asked, key_name, network.config.predicates == "set")
            if h < cat:
                nodes.append(Head(name, asked, key_name, self.symbols[value[h]], rows, mask))
            else:
                nodes.append(NumericHead(name, asked, key_name, self.numbers[number[h - cat]], rows, mask))
        for node in nodes:
            self._add(node)
        self.symbols += named[:cat]
        self.numbers += named[cat:]

    def _rows(self, logits: Tensor, query: str, key: str, sets: bool) -> tuple[Keys, ...]:
        """A predicate: for each query value, the key values that it accepts."""
        keys = self.program.symbols(key)
        slots = logits[: len(self.program.symbols(query)), : len(keys)]
        taken = slots > 0 if sets else torch.zeros_like(slots).scatter_(1, slots.argmax(dim=1, keepdim=True), 1)
        return tuple(tuple(keys.values[slot] for slot in row.nonzero().flatten().tolist()) for row in taken)

    def add_lookups(self, layer: int, member: Member) -> None:
        """A layer's lookups, categorical first."""
        added = []
        for prefix, kind, variables in (("mlp", "cat", self.symbols), ("num_mlp", "num", self.numbers)):
            reads = member.chosen(f"{layer}.{kind}_reads")
            count = len(reads) // 2
            for m in range(count):
                inputs = tuple(dict.fromkeys((variables[reads[m]], variables[reads[count + m]])))
                table = member[f"{layer}.{kind}_table"][m].argmax(dim=-1)
                node = self._lookup(f"{prefix}_{layer}_{m}", inputs, table, member.network)
                self._add(node)
                added.append(node.name)
        self.symbols += added

    def _lookup(self, name: str, reads: tuple[str, ...], table: Tensor, network: Network) -> Lookup:
        """The cells that the inputs can reach, of a table [first, second] of answers."""
        levels: list[tuple[int, ...] | None] = []
        sides: list[range] = []  # the rows, or columns, of the table that an input can read
        for read in reads:
            domain = self.program.variables[read].domain
            if isinstance(domain, Symbols):
                levels.append(None)
                sides.append(range(len(domain)))
            else:
                # Sums of ones are whole; `ones` itself is 1 and no more.
                sides.append(range(min(int(domain.low), network.cap), min(int(domain.high), network.cap) + 1))
                levels.append(tuple(sides[-1]))
        # A lookup that reads one variable twice sees the same value on both sides.
        cells = product(*sides) if len(sides) == 2 else ((code, code) for code in sides[0])
        answers = tuple(int(table[cell]) for cell in cells)
        return Lookup(name, reads, tuple(levels), tuple(range(network.d)), answers)


def _terms(walk: _Walk, member: Member) -> tuple[Weights, ...]:
    """The readout's weights, in the order of the Program's variables."""
    rows: dict[str, list[list[int]]] = {}
    for name, table in zip(walk.symbols, member["readout"].permute(1, 2, 0).long().tolist(), strict=True):
        rows[name] = table[: len(walk.program.symbols(name))]
    for name, row in zip(walk.numbers, member["number_readout"].T.long().tolist(), strict=True):
        rows[name] = [row]
    return tuple(
        Weights(name, tuple(tuple(row) for row in rows[name])) for name in walk.program.variables if name in rows
    )
