"""Dead entries and dead lines: what no input reaches, proven for every input where the static ranges prove it, else
found by counting over stated inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analyze.abstract.ranges import Ranges
from analyze.outcome import node_line
from analyze.reached_entries import Counts, entries_of, holes_of
from analyze.results.dead import DeadEntry, DeadLine, Proof, TableCount
from tprog.ir.entries import TableKey, owner
from tprog.ir.entry import Entry


@dataclass(frozen=True)
class Unreached:
    """The fields of `DeadResult` that are about entries and lines."""

    tables: tuple[TableCount, ...]
    dead_entries: tuple[DeadEntry, ...]
    lines_with_entries: int
    dead_lines: tuple[DeadLine, ...]


def unreached(found: Ranges, counts: Counts, tried: Proof, lines: Mapping[Entry, int] | None) -> Unreached:
    """What no input reaches.

    Args:
        found: the static ranges of the program.
        counts: how often the inputs tried consult each entry.
        tried: what it proves that none of the inputs tried consults an entry.
        lines: entry -> its line in the program's file.
    """
    lines_of = lines or {}
    tables, dead = [], []
    by_line: dict[int, list[DeadEntry | None]] = {}
    holes = holes_of(found.program)
    for table, entries in entries_of(found.program).items():
        reached = counts.tables[table][:, 0] > 0
        here = []
        for at in np.flatnonzero(~holes[table]).tolist():
            line = lines_of.get(entries[at])
            proof = tried if found.reachable[table][at] else "static"
            one = None if reached[at] else _dead_entry(entries[at], line, proof)
            if one is not None:
                here.append(one)
            if line is not None:
                by_line.setdefault(line, []).append(one)
        dead += here
        tables.append(
            TableCount(
                table=str(table),
                part=_part(entries[0]),
                line=_first_line(table, entries, lines_of),
                entries=int((~holes[table]).sum()),
                dead=len(here),
                static=sum(one.proof == "static" for one in here),
                missing=int(holes[table].sum()),
                missing_reached=int((holes[table] & reached).sum()),
            )
        )
    return Unreached(tuple(tables), tuple(dead), len(by_line), tuple(_dead_lines(by_line, tried)))


def _first_line(table: TableKey, entries: Sequence[Entry], lines: Mapping[Entry, int]) -> int | None:
    """The first line of a table; if its entries have none, that at which its node is assigned."""
    node = owner(table)
    assigned = None if node is None else node_line(lines, node)
    return min((lines[entry] for entry in entries if entry in lines), default=assigned)


def _dead_lines(by_line: Mapping[int, list[DeadEntry | None]], tried: Proof) -> list[DeadLine]:
    found = []
    for line, entries in sorted(by_line.items()):
        dead = [entry for entry in entries if entry is not None]
        if len(dead) == len(entries):
            proof: Proof = "static" if all(entry.proof == "static" for entry in dead) else tried
            found.append(DeadLine(line, tuple(entry.entry for entry in dead), proof))
    return found


def _dead_entry(entry: Entry, line: int | None, proof: Proof) -> DeadEntry:
    at = entry.at
    return DeadEntry(str(entry), entry.node, _part(entry), at, line, proof, clause=entry.clause)


def _part(entry: Entry) -> Literal["row", "cell", "word", "coefficient", "weights"]:
    assert entry.part != "wiring"
    assert entry.part != "self rule"
    assert entry.part != "names"
    return entry.part
