"""Which of the positions that it selects a head attends to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tprog.edits.change import Example, any_node
from tprog.edits.sample import COMPARING
from tprog.edits.wiring import Wiring, before
from tprog.errors import BadUsage
from tprog.ir.domains import RANKING, Attend
from tprog.ir.entry import Entry
from tprog.ir.program import Head, Node, Program


@dataclass(frozen=True)
class AttendEdit(Wiring):
    """A categorical head attends to another of the positions that it selects.

    Attributes:
        by: the variable that ``largest`` and ``smallest`` compare; None with the others.
    """

    node: str
    attend: Attend
    by: str | None = None

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example(cls("same", "last"), "same: attends to the last", "same: attends to the nearest", COMPARING),
            Example(
                cls("often", "smallest", "positions"),
                "often: attends to the one with the smallest positions",
                "often: attends to the one with the largest count",
                COMPARING,
            ),
        )

    @classmethod
    def near(cls, program: Program, node: Node, reached: Callable[[Entry], bool]) -> Iterator[AttendEdit]:
        """The head attends to the nearest, the first or the last, or compares what some head compares.

        Where all heads attend to the nearest, as in all that is learned or published, they go on doing so: such a
        program keeps to its class.
        """
        heads = [other for other in program.nodes if other.kind == "head"]
        if node.kind != "head" or all(head.attend == "nearest" for head in heads):
            return
        if not reached(Entry(node.name, "wiring")):
            return
        earlier = before(program, node.name)
        compared = dict.fromkeys(head.by for head in heads if head.by in earlier)
        choices: list[tuple[Attend, str | None]] = [("nearest", None), ("first", None), ("last", None)]
        choices += [(attend, by) for by in compared for attend in RANKING]
        yield from (cls(node.name, *choice) for choice in choices if choice != (node.attend, node.by))

    def edited_node(self, program: Program) -> Node:
        if self.by is not None and self.by not in before(program, self.node):
            raise BadUsage(f"node {self.node!r} cannot compare {self.by!r}: nothing before it provides that")
        return replace(_head(program, self.node), attend=self.attend, by=self.by)

    def undo(self, program: Program) -> AttendEdit:
        head = _head(program, self.node)
        return AttendEdit(head.name, head.attend, head.by)

    @property
    def subject(self) -> str:
        return self.node

    def becomes(self) -> str:
        which = self.attend if self.by is None else f"one with the {self.attend} {self.by}"
        return f"attends to the {which}"

    def recodes(self, program: Program) -> bool:
        return False


def _head(program: Program, name: str) -> Head:
    node = any_node(program, name)
    if node.kind != "head":
        raise BadUsage(f"node {name!r} is no categorical head, so it attends to no single position")
    return node
