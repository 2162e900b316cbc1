"""What a simplification did, as a frozen record that goes to JSON."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, TypeAlias

from tprog.ir.program import Program
from tprog.ir.provenance import measured_before
from tprog.shown import UNTOLD, Shown
from tprog.text.emit import module_lines
from tprog.version import VERSION

Keep: TypeAlias = Literal["all", "right"]
"""Which predictions must stay: all, or only those that the task's oracle says are right."""


@dataclass(frozen=True)
class Size:
    """How large a program is.

    Attributes:
        nodes: embeddings, heads and lookups.
        entries: rows of predicates, cells of lookups, words of embeddings and rows of weights.
        lines: of the emitted module, its primitives included.
    """

    nodes: int
    entries: int
    lines: int

    def within(self, other: Size) -> bool:
        """Whether it is nowhere larger than another."""
        return self.nodes <= other.nodes and self.entries <= other.entries and self.lines <= other.lines


@dataclass(frozen=True)
class Step:
    """One accepted change.

    Attributes:
        node: what it changed, a node's name or ``readout``.
        reason: what was done, in words.
    """

    node: str
    reason: str


@dataclass(frozen=True)
class Simplification(Shown):
    """A simplified program and the evidence that it may stand for the original.

    Attributes:
        program: the result; no prediction that had to stay differs from the original's on any input looked at.
        inputs, exhaustive, description: how many inputs were looked at, whether there are others, and in words.
        predictions: how many predictions were compared.
        keep: which had to stay.
        changed: how many graded predictions differ from the original's: 0 unless `keep` is ``right``.
        wrong_before, wrong_after: inputs with a wrong prediction; None where no task says what is right.
        noun: what one of the inputs is, in a word.
    """

    verb: ClassVar[str] = "simplify"
    signed: ClassVar[bool] = True

    program: Program = field(metadata=UNTOLD)
    before: Size
    after: Size
    steps: tuple[Step, ...]
    inputs: int
    exhaustive: bool
    description: str
    predictions: int
    keep: Keep
    changed: int
    wrong_before: int | None
    wrong_after: int | None
    noun: str = field(default="input", metadata=UNTOLD)

    @classmethod
    def schema(cls) -> str:
        """The name of the schema, with its version."""
        return f"tpdebug.{cls.verb}/1"

    def to_json(self) -> dict[str, Any]:
        """Everything but the program itself, which has a module of its own, as JSON types."""
        told = {each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.metadata != UNTOLD}
        told |= {"before": dataclasses.asdict(self.before), "after": dataclasses.asdict(self.after)}
        told["steps"] = [dataclasses.asdict(step) for step in self.steps]
        return {"schema": self.schema(), "tool": VERSION, **told}


def told(result: Simplification, original: Program) -> Simplification:
    """The simplification with a program that says of itself what was done to it, and both sizes as modules have them.

    Args:
        original: the program as its module has it: its task and what it says of itself, whatever it was judged by.
    """
    same = result.keep == "all" and result.exhaustive
    provenance = original.provenance if same else measured_before(original.provenance, "simplifying")
    what = "predicts" if result.keep == "all" else "wherever that was right, predicts"
    nodes = f"from {result.before.nodes} nodes to {result.after.nodes}"
    claim = f"{nodes}; {what} as the program it was made from on {result.description}"
    program = replace(result.program, task=original.task, provenance=(*provenance, ("simplified", claim)))
    return replace(result, program=program, before=size(original), after=size(program))


def size(program: Program) -> Size:
    """The three counts of a program."""
    return Size(len(program.nodes), entries(program), module_lines(program))


def entries(program: Program) -> int:
    """Rows of predicates, cells of lookups, words of embeddings and rows of weights."""
    weights = sum(len(term.rows) for term in program.weights)
    return weights + sum(len(entries) for node in program.nodes for entries in node.tables.values())
