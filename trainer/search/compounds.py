"""A head found together with the lookup that it reads, and perhaps with a head that this lookup reads.

A lookup that only a head reads lowers no loss by itself, so one node at a time never finds the two. The lookup reads a
pair, and is the head's query: it says which key is wanted. One of the pair may be new as well: what a broadcast makes
known of the whole input, such as its length.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from tprog.ir.program import AttentionHead, Head, Lookup, Node, Program
from tprog.run.batch import Array, Batch
from tprog.run.evaluate import evaluate
from trainer.search.coordinate_descent import Learned
from trainer.search.program_class import ProgramClass, copies_of, lookups_of
from trainer.search.wirings import Candidate, with_cells


@dataclass(frozen=True, eq=False)
class Compounds:
    """What may be added to a program, on some inputs.

    Attributes:
        values: variable -> [B, n] what it is on the inputs.
    """

    program: Program
    places: ProgramClass
    batch: Batch
    values: Mapping[str, Array]

    def candidates(self, place: str) -> Iterator[Candidate]:
        """The heads for a free place; none if no lookup of two symbols has room before it."""
        free = [name for name in self.places.free(self.program) if self._precedes(name, place)]
        room = [node for node in lookups_of(self.places.nodes[name] for name in free) if node.levels[0] is None]
        if room:
            yield from self._through_pairs(place, room[0])

    def _precedes(self, name: str, place: str) -> bool:
        """Whether a node at `place` might read one at `name`."""
        probe = self.places.put(self.program, self.places.placeholder(self.program, name))
        return name in self.places.readable(probe, place)

    def _through_pairs(self, place: str, lookup: Lookup) -> Iterator[Candidate]:
        program, values = self.program, self.values
        ends = [
            dataclasses.replace(wired, query=lookup.name)
            for wired in self.places.broadcasts(program, place)
            if wired.mask == "all"
            and wired.key != wired.value
            and len(program.symbols(wired.key)) <= len(lookup.symbols or ())
        ]
        for first, second, codes, new in self._pairs(lookup):
            table = dataclasses.replace(lookup, inputs=(first, second), levels=(None, None))
            width = len(program.symbols(second if new is None else new.value))
            rows, count = values[first].astype(np.int64) * width + codes, len(program.symbols(first)) * width
            for wired in ends:
                keys, size = values[wired.key], len(program.symbols(wired.key))
                yield Candidate(wired, rows, count, keys, size, False, partial(self._finished, wired, table, new))

    def _pairs(self, lookup: Lookup) -> Iterator[tuple[str, str, Array, Head | None]]:
        """What the lookup might read: names, the codes of the second, and the head that makes it."""
        symbols = self.places.symbols(self.program, lookup.name)
        for index, first in enumerate(symbols):
            for second in symbols[index + 1 :]:
                yield first, second, self.values[second], None
        for head, codes in self._broadcast_symbols(lookup):
            for first in symbols:
                yield first, head.name, codes, head

    def _broadcast_symbols(self, lookup: Lookup) -> Iterator[tuple[Head, Array]]:
        """New heads, for the first free place, that copy from the nearest position which holds one certain key."""
        program = self.program
        free = copies_of(self.places.nodes[name] for name in self.places.free(program))
        rooms = [head for head in free if self._precedes(head.name, lookup.name)]
        # Where each position holds a certain key of its own, as ``positions`` do, nothing is told of the input.
        for wired in self.places.broadcast_copies(program, rooms[0]) if rooms else ():
            if wired.mask == "all" and wired.key not in (wired.value, "positions"):
                yield from self._copies(wired)

    def _copies(self, wired: Head) -> Iterator[tuple[Head, Array]]:
        for key in self.program.symbols(wired.key):
            head = dataclasses.replace(wired, predicate=((key,),) * len(self.program.symbols(wired.query)))
            yield head, evaluate(head, self.places.put(self.program, head), self.batch, self.values)[0]

    def _finished(self, wired: AttentionHead, table: Lookup, head: Head | None, learned: Learned) -> tuple[Node, ...]:
        """The lookup that says which key is wanted, and the head that attends it."""
        keys = self.program.symbols(wired.key).values
        rows = tuple((keys[min(code, len(keys) - 1)],) for code in range(len(table.symbols or ())))
        nodes = (with_cells(table, learned.table.argmax(axis=1)), dataclasses.replace(wired, predicate=rows))
        return nodes if head is None else (head, *nodes)
