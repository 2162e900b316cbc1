"""What `dead` found: verdicts with their evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from analyze.record import Plain, Result
from analyze.results.checked import Checked


@dataclass(frozen=True)
class Verdict:
    """One reason why a node is dead.

    Attributes:
        kind: ``unread``: every path from it ends in weights that do not tell classes apart; ``constant``: one value;
            ``inert``: fixed at `constant`, no prediction changes; ``mergeable``: equal to the variable `mate`.
        evidence: in words.
        proof: ``static`` holds for every input; ``enumerated`` for the inputs that `DeadResult.checked` names.
    """

    kind: Literal["unread", "constant", "inert", "mergeable"]
    evidence: str
    proof: Literal["static", "enumerated"]
    constant: Plain | None = None
    mate: str | None = None


@dataclass(frozen=True)
class DeadNode:
    """A dead node and all its verdicts, in the order unread, constant, inert, mergeable."""

    name: str
    kind: str
    reading: str
    line: int | None
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Removal:
    """How one node of the jointly removable set goes: fixed at `constant`, or replaced by `mate`."""

    name: str
    constant: Plain | None
    mate: str | None


@dataclass(frozen=True)
class DeadResult(Result):
    """The dead nodes of a program.

    Attributes:
        nodes: how many nodes the program has.
        dead: each judged alone, in execution order.
        removable: a set removed together without any change of a prediction over the inputs checked.
        untried: numeric nodes with too many possible values to try all: only those that they take were tried.
    """

    verb: ClassVar[str] = "dead"

    program: str
    checked: Checked
    nodes: int
    dead: tuple[DeadNode, ...]
    removable: tuple[Removal, ...]
    untried: tuple[str, ...]
