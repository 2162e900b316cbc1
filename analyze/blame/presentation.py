"""What a result of blame shows beside what was found: lines of the file, changes of its text, its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tprog.edits.entry import Entry
from tprog.ir.program import Program
from tprog.text.read import Module


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
        from tprog.text.patch import diff

        return cls(module.path, None, module.lines, lambda after: diff(module, after), diffs)

    def line(self, where: Entry | None) -> int | None:
        """The line of an entry, if there is a file and it has one.

        A combination that a lookup does not list is answered in the line of all others.
        """
        if where is None or self.lines is None:
            return None
        return self.lines.get(where, self.lines.get(Entry(where.node, where.part)))

    def diff(self, place: int, after: Callable[[], Program]) -> str:
        """The diff of the change that stands at a place of a list, 0-based; empty where it is not to be made."""
        if self.show is None or (self.diffs is not None and place >= self.diffs):
            return ""
        return self.show(after())


PLAIN = Presentation()
"""Nothing beside what was found."""
