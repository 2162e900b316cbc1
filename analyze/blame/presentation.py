"""What a result of blame shows beside what was found: lines of the file, changes of its text, its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar

from analyze.outcome import entry_line
from analyze.results.blame import Candidate, Suspect
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.text.read import Module

Listed = TypeVar("Listed", Candidate, Suspect)


class Applicable(Protocol):
    """A change of a program."""

    def apply(self, program: Program) -> Program: ...


@dataclass(frozen=True, eq=False)
class Presentation:
    """How a program is shown.

    Attributes:
        name: what the result calls the program.
        text: the file, to be shown with what was found in its margin.
        lines: entry -> its line in the file.
        show: makes the diff of a change from the program after it.
        diffs: of how many changes, the best first, to make the diff; None: of all.
    """

    name: str | None = None
    text: str | None = None
    lines: Mapping[Entry, int] | None = None
    show: Callable[[Program], str] | None = None
    diffs: int | None = None

    @classmethod
    def of(cls, module: Module, diffs: int | None = 1) -> Presentation:
        """As a module that was read from a file is shown: its name, the lines of its entries, changes of its text.

        Args:
            diffs: of how many changes, the best first; None: of all.
        """
        from tprog.tasks.classes import change

        return cls(module.path, None, module.lines, partial(change, module), diffs)

    def line(self, where: Entry | None) -> int | None:
        """The line of an entry, if there is a file and it has one."""
        return entry_line(self.lines, where)

    def with_diffs(self, program: Program, edits: Iterable[tuple[Listed, Applicable]]) -> tuple[Listed, ...]:
        """Edits of a program that a result lists, the best first, with the diffs of those of which they are to be made.

        Args:
            edits: each as it is listed, and itself.
        """
        if self.show is None:
            return tuple(listed for listed, _ in edits)
        return tuple(
            listed
            if self.diffs is not None and place >= self.diffs
            else replace(listed, diff=self.show(edit.apply(program)))
            for place, (listed, edit) in enumerate(edits)
        )


PLAIN = Presentation()
"""Nothing beside what was found."""
