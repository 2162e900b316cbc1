"""From a Program to the parameters of a network that computes it: the inverse of `trainer.extract`.

Every node takes a place of its kind in the first layer that may read its inputs; what a gate reads, a row accepts and a
cell answers gets a logit that noise seldom overcomes. The places left over start as in any other run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NoReturn, assert_never

import numpy as np
import torch
from torch import Tensor

from tprog.errors import BadUsage
from tprog.ir.program import Embedding, Head, Linear, Lookup, Node, Numbers, NumericHead, Program
from trainer.model import Network

CERTAIN: Final = 8.0
"""How far the logit of what the Program chooses is above all others: noise overcomes it once in 3,000 times."""


def started(program: Program, network: Network, theta: Tensor) -> Tensor:
    """Parameters [P] whose argmax network is the Program.

    Args:
        theta: [P] initial parameters, for all that the Program says nothing about.

    Raises:
        BadUsage: the class cannot hold the Program.
    """
    _expect_same_task(program, network)
    views = {name: view[0].clone() for name, view in network.layout.views(theta[None]).items()}
    start = _Start(program, network, views)
    for node in program.nodes:
        start.place(node)
    start.read_out()
    return torch.cat([views[slot.name].flatten() for slot in network.layout.slots])


def _refuse(what: str, do: str) -> NoReturn:
    raise BadUsage(f"the program given with --from does not fit the class: {what}; {do}")


def _expect_same_task(program: Program, network: Network) -> None:
    frame = network.frame
    if network.config.embedding != "one-hot":
        _refuse("its heads would read learned embeddings, not tokens", "set embedding to 'one-hot'")
    if program.variables_out:
        _refuse(f"{program.variables_out[0]!r} comes out, where the class has a readout", "give one that classifies")
    if program.self_rule != "last":
        _refuse("its heads count matches with themselves", "give one that tpdebug wrote")
    for what, theirs, ours in (
        ("vocabulary", program.vocabulary, frame.vocabulary),
        ("list of classes", program.classes, frame.classes),
        ("longest input", program.max_length, frame.max_length),
        ("setting of causal", program.causal, frame.causal),
        ("setting of pooled", program.readout.pooled, frame.pooled),
    ):
        if theirs != ours:
            _refuse(f"it has another {what} than the task", "name the task, and the size, that it was made for")


@dataclass
class _Start:
    """What has been set so far.

    Attributes:
        views: the parameters by slot; written in place.
        taken: what stands where: layer, kind and place within the kind.
        stages: of each variable of the Program, heads of layer l at 2l and lookups at 2l + 1.
    """

    program: Program
    network: Network
    views: dict[str, Tensor]
    stages: dict[str, int] = field(default_factory=lambda: {"tokens": -1, "positions": -1, "ones": -1})
    taken: dict[tuple[int, str, int], str] = field(default_factory=dict)

    def place(self, node: Node) -> None:
        """Give a node its place."""
        match node:
            case Embedding():
                _refuse(f"{node.name} embeds tokens", "give a program whose heads read tokens")
            case Linear():
                _refuse(f"{node.name} is a sum of variables", "a trained program has heads and lookups alone")
            case Lookup():
                self._lookup(node)
            case Head() | NumericHead():
                self._head(node)
            case _:
                assert_never(node)

    # Where

    def _free(
        self, node: Node, kind: str, count: int, reads: tuple[str, ...], fits: tuple[int, ...]
    ) -> tuple[int, int]:
        """The layer and the place within it."""
        late = 0 if node.selection is not None else 1
        for layer in range(self.network.config.layers):
            stage = 2 * layer + late
            for at in fits:
                if all(self.stages[read] < stage for read in reads) and (layer, kind, at) not in self.taken:
                    self.taken[layer, kind, at] = node.name
                    self.stages[node.name] = stage
                    return layer, at
        _refuse(
            f"there is no place left for {node.name} in {self.network.config.layers} layers of {count} {kind}",
            f"raise layers or {kind}" if fits else "set masks to 'learned'",
        )

    def _symbols(self) -> list[str]:
        config, found = self.network.config, ["tokens", "positions"]
        for layer in range(config.layers):
            for kind, count in (
                ("cat_heads", config.cat_heads),
                ("cat_mlps", config.cat_mlps),
                ("num_mlps", config.num_mlps),
            ):
                found += [self.taken.get((layer, kind, at), "") for at in range(count)]
        return found

    def _numbers(self) -> list[str]:
        config, found = self.network.config, ["ones"]
        for layer in range(config.layers):
            found += [self.taken.get((layer, "num_heads", at), "") for at in range(config.num_heads)]
        return found

    def _gate(self, slot: str, row: int, variable: int) -> None:
        logits = self.views[slot][row]
        logits[variable] = float(logits.max()) + CERTAIN

    # Nodes

    def _head(self, node: Head | NumericHead) -> None:
        config, network = self.network.config, self.network
        numeric = node.kind == "numeric head"
        kind, count = ("num_heads", config.num_heads) if numeric else ("cat_heads", config.cat_heads)
        self._expect_plain(node)
        offset = config.cat_heads if numeric else 0
        mask = network.mask_names.index(node.mask)
        learned = config.masks == "learned"
        fits = tuple(at for at in range(count) if learned or network.assigned[offset + at] == mask)
        layer, at = self._free(node, kind, count, (node.query, node.key, node.value), fits)
        row, symbols = offset + at, self._symbols()
        self._gate(f"{layer}.query", row, symbols.index(node.query))
        self._gate(f"{layer}.key", row, symbols.index(node.key))
        if numeric:
            self._gate(f"{layer}.number", at, self._numbers().index(node.value))
        else:
            self._gate(f"{layer}.value", at, symbols.index(node.value))
        if learned and f"{layer}.mask" in self.views:
            self._gate(f"{layer}.mask", row, mask)
        self._predicate(node, self.views[f"{layer}.predicate"][row])

    def _expect_plain(self, node: Head | NumericHead) -> None:
        if node.skip_first or (node.kind == "head" and node.default is not None):
            _refuse(f"{node.name} skips position 0, or has a default", "a trained head copies position 0 by default")
        if node.kind == "head" and node.attend != "nearest":
            _refuse(f"{node.name} attends to the {node.attend}", "a trained head attends to the nearest")
        if not node.alone:
            _refuse(f"{node.name} selects by several clauses", "a trained head has one")
        if node.mask not in self.network.mask_names:
            _refuse(f"{node.name} has the mask {node.mask!r}", "set masks to 'assigned' or 'learned'")

    def _predicate(self, node: Head | NumericHead, logits: Tensor) -> None:
        keys = self.program.symbols(node.key).values
        self._expect_room(node.query)
        self._expect_room(node.key)
        for code, row in enumerate(node.predicate):
            accepted = [keys.index(key) for key in row or ()]
            if self.network.config.predicates == "set":
                logits[code] = -CERTAIN
                logits[code, accepted] = CERTAIN
            elif len(accepted) != 1:
                _refuse(f"a row of {node.name} accepts {len(accepted)} keys", "set predicates to 'set'")
            else:
                logits[code, accepted[0]] = float(logits[code].max()) + CERTAIN

    def _expect_room(self, name: str) -> None:
        if (size := len(self.program.symbols(name))) > self.network.d:
            _refuse(f"{name} has {size} values", f"raise cardinality, which is {self.network.d}")

    def _lookup(self, node: Lookup) -> None:
        config = self.network.config
        numeric = [isinstance(self.program.variables[name].domain, Numbers) for name in node.inputs]
        if node.listed is not None:
            _refuse(f"{node.name} lists some combinations of what it reads", "a lookup has a cell for each of them")
        if len(node.inputs) > 2 or len(set(numeric)) != 1:
            _refuse(f"{node.name} reads {' and '.join(node.inputs)}", "a lookup reads one variable, or two of a kind")
        kind, prefix, count = (
            ("num_mlps", "num", config.num_mlps) if numeric[0] else ("cat_mlps", "cat", config.cat_mlps)
        )
        layer, at = self._free(node, kind, count, node.inputs, tuple(range(count)))
        if node.answers_numbers or node.partial:
            _refuse(f"{node.name} answers numbers, or has holes", "a lookup answers a symbol in each cell")
        self._expect_room(node.name)
        names = self._numbers() if numeric[0] else self._symbols()
        for row, name in ((at, node.inputs[0]), (count + at, node.inputs[-1])):
            self._gate(f"{layer}.{prefix}_reads", row, names.index(name))
        symbols = self.program.symbols(node.name).values
        answers = np.array([symbols.index(answer) for answer in node.cells])
        sides = [self._side(node, which) for which in range(len(node.inputs))]
        answers = answers.reshape([self._size(node, which) for which in range(len(node.inputs))])
        chosen = answers[np.ix_(*sides)] if len(sides) == 2 else np.repeat(answers[sides[0]][:, None], len(sides[0]), 1)
        table = self.views[f"{layer}.{prefix}_table"][at]
        where = torch.as_tensor(chosen, dtype=torch.long)[..., None]
        part = table[: len(chosen), : chosen.shape[1]]
        part.scatter_(2, where, float(table.max()) + CERTAIN)

    def _size(self, node: Lookup, which: int) -> int:
        levels = node.levels[which]
        return len(self.program.symbols(node.inputs[which])) if levels is None else len(levels)

    def _side(self, node: Lookup, which: int) -> list[int]:
        """The place among the cells of each value that the network's table has."""
        levels = node.levels[which]
        if levels is None:
            return list(range(len(self.program.symbols(node.inputs[which]))))
        if levels[-1] > self.network.cap:
            cap = self.network.cap
            _refuse(f"{node.name} tells numbers up to {levels[-1]} apart", f"raise numeric_cap, which is {cap}")
        found = np.searchsorted(np.array(levels), np.arange(self.network.cap + 1), side="right") - 1
        return [int(each) for each in np.maximum(found, 0)]

    def read_out(self) -> None:
        """The weights, in units of 1."""
        readout, symbols, numbers = self.program.readout, self._symbols(), self._numbers()
        self.views["readout"].zero_()
        self.views["number_readout"].zero_()
        for term in readout.terms:
            rows = torch.tensor(term.rows, dtype=torch.float64) / readout.scale
            if isinstance(self.program.variables[term.variable].domain, Numbers):
                self.views["number_readout"][:, numbers.index(term.variable)] = rows[0].to(self.views["readout"].dtype)
            else:
                where = self.views["readout"][:, symbols.index(term.variable)]
                where[:, : len(rows)] = rows.T.to(where.dtype)
