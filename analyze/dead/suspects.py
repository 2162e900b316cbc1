"""The nodes under suspicion: what is proven of each, and what no input has refuted so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from analyze.dead.constants import FIRST_SAMPLE, SECOND_SAMPLE, failing, is_wide, standing_constants, surviving
from analyze.dead.proofs import Proofs
from analyze.dead.removal import differ
from analyze.outcome import Ground, spread
from analyze.piecewise import Pieces, around
from tprog.ir.program import Node


@dataclass(eq=False)
class Suspect:
    """What is known of one node, and what is not refuted so far.

    Attributes:
        mode: its most frequent code (or numerator) on a few inputs.
        is_unread, constant, inert, mate: what is proven for every input; `inert` is the code at which it is.
        codes: constants at which it may be inert over the inputs, the one in question first.
        complete: whether `codes` began with all that there are.
        stood: pieces in a row on which the first of `codes` changed nothing.
        mates: earlier variables that may equal it over the inputs.
        low, high: the least and the largest code seen; `high` < `low`: none was.
        holed: whether an input reached a hole at it.
    """

    node: Node
    mode: int
    is_unread: bool
    constant: int | None
    inert: int | None
    mate: str | None
    codes: list[int]
    complete: bool
    mates: list[str]
    stood: int = 0
    low: int = field(default=2**63)
    high: int = field(default=-(2**63))
    holed: bool = False

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def only(self) -> int | None:
        """The one code that it ever yields over the inputs, or None if there are several, none, or a hole."""
        return self.low if self.low == self.high and not self.holed else None

    @property
    def witness(self) -> int | None:
        """A code at which it is inert, or None."""
        proven = self.mode if self.is_unread else self.constant if self.constant is not None else self.inert
        if proven is not None:
            return proven
        return self.only if self.only is not None else self.codes[0] if self.codes else None

    @property
    def is_open(self) -> bool:
        """Whether it may still be inert at a value that it never takes: those were not tried."""
        return not self.complete and self.witness is None

    def look(self, on: Ground) -> None:
        """Note the node's values on more inputs."""
        computed = on.computed(self.name)
        self.holed |= any(table in on.intact.holed for table in self.node.tables)
        if self.holed:
            self.mates = []
        self.mates = [mate for mate in self.mates if not differ(on, self.name, mate)]
        if computed.any():
            values = on.intact.values[self.name]
            values = values if computed.all() else values[computed]
            self.low, self.high = min(self.low, int(values.min())), max(self.high, int(values.max()))

    def try_on(self, on: Ground) -> None:
        """Fix the node on one more piece of the inputs; a constant that fails makes room for the next."""
        while self.codes:
            refuting = failing(on, self.name, self.codes[0])
            if not len(refuting):
                self.stood += 1
                return
            self.codes = surviving(on, self.name, self.codes[1:], refuting[:FIRST_SAMPLE])
            self.stood = 0


def all_suspects(pieces: Pieces, proofs: Proofs) -> Iterator[Suspect]:
    """All nodes with what is proven of them, and with what a few inputs do not refute."""
    program = pieces.program
    pilot = pieces.some(spread(len(pieces.inputs.batch), min(SECOND_SAMPLE, pieces.most)))
    in_question = [node.name for node in program.nodes if not _is_proven(proofs, pilot, node.name)]
    codes = standing_constants(pieces, pilot, in_question)
    order = list(program.variables)
    for node in program.nodes:
        name = node.name
        yield Suspect(
            node,
            pilot.mode(name),
            is_unread=name in proofs.unread,
            constant=proofs.constant(name),
            inert=None if name in codes or _is_idle(proofs, name) else pilot.mode(name),
            mate=proofs.mates.get(name),
            codes=codes.get(name, []),
            complete=name not in codes or not is_wide(program, name),
            mates=[] if name in proofs.mates else _like(pilot, name, order[: order.index(name)]),
        )


def _is_proven(proofs: Proofs, pilot: Ground, name: str) -> bool:
    """Whether a node is unread, constant, or inert at its most frequent value, for every input."""
    return _is_idle(proofs, name) or proofs.inert_at(name, pilot.mode(name))


def _is_idle(proofs: Proofs, name: str) -> bool:
    """Whether a node is unread or constant, for every input."""
    return name in proofs.unread or proofs.constant(name) is not None


def _like(on: Ground, name: str, others: Sequence[str]) -> list[str]:
    """The variables that do not differ from the node on these inputs."""
    return [other for other in others if not differ(on, name, other)]


def finish(pieces: Pieces, suspects: Sequence[Suspect]) -> None:
    """Go on until each constant in question has stood on every piece: those that came late have earlier ones left."""
    for index in around(len(pieces)):
        open_ones = [s for s in suspects if s.codes and s.witness == s.codes[0] and s.stood < len(pieces)]
        if not open_ones:
            return
        on = pieces[index]
        for suspect in open_ones:
            suspect.try_on(on)
