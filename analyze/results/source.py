"""The source of a module with a note beside each line: what analyses that speak of lines have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Mark: TypeAlias = Literal["", "lit", "part", "dim", "bad"]
"""What a line is to the question: nothing, of it, partly of it, not of it though it could be, or at fault."""


@dataclass(frozen=True)
class SourceLine:
    """One line.

    Attributes:
        number: 1-based.
        text: without its end.
        margin: what to print beside it, such as a count.
    """

    number: int
    text: str
    margin: str = ""
    mark: Mark = ""


@dataclass(frozen=True)
class AnnotatedSource:
    """A file with notes.

    Attributes:
        path: as the user gave it.
        heading: what the margin shows, in a word or two.
        legend: (mark, what it means here) pairs, in the order in which to explain them.
    """

    path: str
    heading: str
    legend: tuple[tuple[Mark, str], ...]
    lines: tuple[SourceLine, ...]
