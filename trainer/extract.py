"""From the hardened network to a Program: gates become wiring, predicates rows, MLPs tables, the readout whole numbers.

Nothing is dropped: a head that no one reads is still in the Program, where the analysis of dead heads finds it. An MLP
that reads one variable twice becomes a lookup of one input, the diagonal of its table.

Rounding the readout is a pass of its own (`round_readout`), which counts the predictions that it changes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from tprog.errors import NotExact
from tprog.program import (
    Embedding,
    Head,
    Lookup,
    Node,
    NumericHead,
    Program,
    Readout,
    Symbols,
    Weights,
)
from trainer.choices import ARGMAX
from trainer.model import FLOAT64_LIMIT, UNREAD, Layer, Mlps, Network

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


def model_to_program(
    network: Network, tokens: Tensor, provenance: Sequence[tuple[str, str]] = ()
) -> tuple[Program, Rounding]:
    """The Program of a hardened network, and what rounding its readout changed.

    Args:
        network: hardened; it is left as it is.
        tokens: [B, n] the inputs on which to compare predictions.

    Raises:
        NotExact: numbers or logits too large for exact arithmetic.
    """
    rounded, rounding = round_readout(network, tokens)
    program = extract(rounded, rounding.scale)
    return dataclasses.replace(program, provenance=tuple(provenance)), rounding


def round_readout(network: Network, tokens: Tensor) -> tuple[Network, Rounding]:
    """A copy of a hardened network with a readout of whole numbers, in units of 1 / `Rounding.scale`.

    The scale is the finest power of ten, at most the configured one, at which the proven bound on every logit stays
    below `FLOAT32_LIMIT`.

    Raises:
        NotExact: even whole weights exceed the bound, or a weight is not finite.
    """
    weights = torch.cat([network.readout.flatten(), network.number_readout.flatten()])
    if not bool(torch.isfinite(weights).all()):
        raise NotExact("the readout has a weight that is not finite; the run has diverged: train with a lower lr")
    scale = network.config.readout_scale
    while True:
        rounded = network.hardened()
        with torch.no_grad():
            rounded.readout.mul_(scale).round_()
            rounded.number_readout.mul_(scale).round_()
        bound = extract(rounded, scale).logit_bound
        if bound < FLOAT32_LIMIT:
            break
        if scale == 1:
            raise NotExact(f"the logits can reach {bound}; expected less than 2**24: train with a lower lr")
        scale //= 10
    before, after = network.predict(tokens), rounded.predict(tokens)
    read = before != UNREAD
    return rounded, Rounding(scale, int((before != after).sum()), int(read.sum()))


def extract(network: Network, scale: int) -> Program:
    """The Program of a hardened network whose readout holds whole numbers, in units of 1 / `scale`."""
    frame = network.frame
    bare = Program(
        vocabulary=frame.vocabulary,
        classes=frame.classes,
        max_length=frame.max_length,
        nodes=(),
        readout=Readout((), scale, frame.pooled, frame.forced),
        task=frame.task,
        causal=frame.causal,
    )
    names, nodes = _embeddings(network)
    walk = _Walk(dataclasses.replace(bare, nodes=tuple(nodes)), [*names, "positions"], ["ones"])
    for index, layer in enumerate(network.each_layer):
        walk.add_heads(index, layer, network)
        walk.add_mlps(index, layer)
    for name in walk.numbers:
        if (bound := walk.program.numbers(name).bound) >= FLOAT64_LIMIT:
            raise NotExact(f"{name} can reach {bound}; the network is exact below 2**53: use fewer layers")
    readout = dataclasses.replace(walk.program.readout, terms=_terms(walk, network))
    return dataclasses.replace(walk.program, readout=readout)


def _embeddings(network: Network) -> tuple[list[str], list[Node]]:
    """The names of the variables that stand for the words, and their nodes."""
    if network.config.embedding == "one-hot":
        return ["tokens"], []
    symbols = tuple(range(network.d))
    nodes: list[Node] = [
        Embedding(f"emb_{index}", symbols, tuple(codes))
        for index, codes in enumerate(network.embedding.argmax(dim=-1).tolist())
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

    def add_heads(self, index: int, layer: Layer, network: Network) -> None:
        """Layer `index`'s heads, categorical first."""
        heads = layer.heads
        query, key = heads.query.argmax(dim=1).tolist(), heads.key.argmax(dim=1).tolist()
        value, number = heads.value.argmax(dim=1).tolist(), heads.number.argmax(dim=1).tolist()
        masks = [network.mask_names[code] for code in heads.masks(ARGMAX).argmax(dim=1).tolist()]
        named = [f"attn_{index}_{h}" for h in range(heads.cat)] + [f"num_attn_{index}_{h}" for h in range(heads.num)]
        nodes: list[Node] = []
        for h, name in enumerate(named):
            asked, key_name = self.symbols[query[h]], self.symbols[key[h]]
            queries, keys = self.program.symbols(asked), self.program.symbols(key_name)
            allowed = (torch.arange(network.d) < len(keys)).to(heads.predicate.dtype)
            logits = heads.predicate[h]
            table = ARGMAX.each(logits) * allowed if heads.sets else ARGMAX.pick(logits, allowed)
            rows = tuple(
                tuple(keys.values[slot] for slot in table[code].nonzero().flatten().tolist())
                for code in range(len(queries))
            )
            if h < heads.cat:
                nodes.append(Head(name, asked, key_name, self.symbols[value[h]], rows, masks[h]))
            else:
                read = self.numbers[number[h - heads.cat]]
                nodes.append(NumericHead(name, asked, key_name, read, rows, masks[h]))
        for node in nodes:
            self._add(node)
        self.symbols += named[: heads.cat]
        self.numbers += named[heads.cat :]

    def add_mlps(self, index: int, layer: Layer) -> None:
        """Layer `index`'s MLPs, categorical first."""
        added = []
        for prefix, mlps, variables in (
            ("mlp", layer.cat_mlps, self.symbols),
            ("num_mlp", layer.num_mlps, self.numbers),
        ):
            reads = mlps.reads.argmax(dim=1).tolist()
            for m in range(len(mlps.out)):
                inputs = tuple(dict.fromkeys(variables[code] for code in reads[2 * m : 2 * m + 2]))
                node = self._lookup(f"{prefix}_{index}_{m}", inputs, mlps, m, layer.cap)
                self._add(node)
                added.append(node.name)
        self.symbols += added

    def _lookup(self, name: str, reads: tuple[str, ...], mlps: Mlps, m: int, cap: int) -> Lookup:
        """MLP m as a table, by running it on everything that it can read."""
        levels: list[tuple[int, ...] | None] = []
        sides: list[Tensor] = []  # [value, width] what the network reads for each value of an input
        for read in reads:
            domain = self.program.variables[read].domain
            if isinstance(domain, Symbols):
                levels.append(None)
                sides.append(torch.eye(len(domain), mlps.width, dtype=mlps.first.dtype))
            else:
                # Sums of ones are whole; `ones` itself is 1 and no more.
                numbers = range(min(int(domain.low), cap), min(int(domain.high), cap) + 1)
                levels.append(tuple(numbers))
                sides.append(torch.tensor(numbers, dtype=mlps.first.dtype).unsqueeze(1))
        cells = list(product(*(range(len(side)) for side in sides)))
        # An MLP that reads one variable twice sees the same value on both sides.
        first, second = sides[0][[cell[0] for cell in cells]], sides[-1][[cell[-1] for cell in cells]]
        inputs = torch.cat([first, second], dim=1).T
        answers = mlps.logits(inputs.expand(len(mlps.out), -1, -1))[m].argmax(dim=0).tolist()
        return Lookup(name, reads, tuple(levels), tuple(range(mlps.out.shape[1])), tuple(answers))


def _terms(walk: _Walk, network: Network) -> tuple[Weights, ...]:
    """The readout's weights, in the order of the Program's variables."""
    rows: dict[str, list[list[int]]] = {}
    for name, table in zip(walk.symbols, network.readout.long().tolist(), strict=True):
        rows[name] = table[: len(walk.program.symbols(name))]
    for name, row in zip(walk.numbers, network.number_readout.long().tolist(), strict=True):
        rows[name] = [row]
    return tuple(
        Weights(name, tuple(tuple(row) for row in rows[name])) for name in walk.program.variables if name in rows
    )
