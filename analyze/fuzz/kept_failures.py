"""Failing inputs kept from run to run, in Hypothesis' own database, in a folder of tpdebug's.

An entry is the choices with which the program's strategy makes the input, so that Hypothesis can replay and shrink it;
a program with other inputs leaves it unread.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analyze.fuzz.oracles import Oracle
from analyze.fuzz.shrinking import replayed
from tprog.errors import BadFile
from tprog.run.batch import Array

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

KEPT = 20
"""Failing inputs kept for one program and oracle."""


LARGEST = 2**20
"""Bytes of one of them: the choices of an input are a few."""


def _check(folder: Path) -> None:
    """Refuse a folder in which Hypothesis, which opens whatever is there, would find anything but small plain files."""
    for above, _, names in os.walk(folder):
        for name in names:
            found = os.lstat(path := Path(above, name))
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
                raise BadFile(f"{path} is no failure that fuzz has kept; remove it, or leave it out with --no-database")


class KnownFailures:
    """The inputs on which a program failed before, asked the same: other relations have failures of their own.

    Args:
        folder: of the database; None keeps nothing.
        name: the program's path.

    Raises:
        BadFile: the folder holds other things than failures.
    """

    def __init__(self, folder: Path | None, oracle: Oracle, name: str) -> None:
        self._space = oracle.space
        asked = ", ".join([oracle.kind, oracle.against, *(one.name for one in oracle.relations)])
        self._key = f"{Path(name).absolute()}: {asked}".encode("utf-8", "surrogateescape")
        self._database: ExampleDatabase | None = None
        if folder is not None and self._space.kind != "drawn":
            from hypothesis.database import DirectoryBasedExampleDatabase

            _check(folder)
            self._database = DirectoryBasedExampleDatabase(folder)

    def sequences(self) -> Array:
        """[input, place]: the known failures that are inputs of the program."""
        if self._database is None:
            return np.zeros((0, self._space.domain.most), dtype=np.int64)
        most, rows = self._space.domain.most, set()
        for entry in self._database.fetch(self._key):
            row = replayed(self._space.strategy(), entry)
            # What an entry does not say, Hypothesis draws: such an input never failed.
            if row is not None and len(row) <= most and self._entry(row) == entry:
                rows.add(row)
        found = sorted(rows, key=lambda row: (len(row), row))
        if not found:
            return np.zeros((0, most), dtype=np.int64)
        made = np.array([self._space.sequence(row) for row in found])
        return np.asarray(made[self._space.contains(made)])

    def replace(self, failing: Array, first: list[Array]) -> None:
        """Keep these in place of what was kept: those in `first`, then the smallest others."""
        if self._database is None:
            return
        wanted: dict[bytes, None] = {}
        for row in [*first, *failing[:KEPT]]:
            entry = self._entry(row.tolist())
            if entry is not None and len(wanted) < KEPT:
                wanted[entry] = None
        for old in set(self._database.fetch(self._key)) - wanted.keys():
            self._database.delete(self._key, old)
        for entry in wanted:
            self._database.save(self._key, entry)

    def _entry(self, row: Sequence[int]) -> bytes | None:
        """What is kept of a sequence; None where no choices make it."""
        from hypothesis.database import choices_to_bytes

        choices = self._space.choices(row)
        return None if choices is None else choices_to_bytes(choices)
