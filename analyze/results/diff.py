"""What `diff` found: which nodes of two programs belong together, and the inputs on which they differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from analyze.record import UNTOLD, Record, Result
from analyze.results.checked import Checked
from tprog.ir.answering import Kind
from tprog.ir.places import ByOutput
from tprog.ir.values import Value
from tprog.text.tokens import JOINED, Spacing

MatchKind = Literal["same", "equal", "renamed", "similar", "only a", "only b"]


@dataclass(frozen=True)
class Side:
    """A node of one of the programs.

    Attributes:
        kind: embedding, head, numeric head or lookup.
        reading: what it does, in words.
        line: where it stands, if the program has a file.
    """

    name: str
    kind: Kind
    reading: str
    line: int | None


@dataclass(frozen=True)
class NodeMatch(Record):
    """Nodes that belong together by what they compute, or one that has no partner.

    Attributes:
        kind: ``same``: equal values, and the same text but for names; ``equal``: equal values, another text;
            ``renamed``: equal values up to a one-to-one renaming of them; ``similar``: the values mostly agree;
            ``only a`` and ``only b``: no partner.
        agreeing, places: of how many (input, position) pairs both have the same value, and of how many in all; 0 of 0
            without a partner.
        renaming: for ``renamed``, each value that the first takes and what the second has in its place.
        differences: in what the texts differ: reads, and entries as ``where: first | second``; some of `differing`.
        differing: how many such differences there are.
        note: what else is to be said of it.
        texts: `differences` as (where, first, second); JSON tells them there.
    """

    kind: MatchKind
    a: Side | None
    b: Side | None
    agreeing: int
    places: int
    renaming: tuple[tuple[Value, Value], ...]
    differences: tuple[str, ...]
    differing: int
    note: str
    texts: tuple[tuple[str, str, str], ...] = field(kw_only=True, metadata=UNTOLD)

    @classmethod
    def restored(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "texts": tuple(map(_parts, fields["differences"]))}


def _parts(difference: str) -> tuple[str, str, str]:
    where, _, both = difference.partition(": ")
    first, _, second = both.partition(" | ")
    return where, first, second


@dataclass(frozen=True)
class ReadoutDifference:
    """One variable's weights.

    Attributes:
        a, b: the variable in each program; None where it is not read out there or has no partner.
        rows: weight rows of both together, by value.
        differing: how many of them differ, in logits.
        examples: some of those, as ``value: class: first | second``.
    """

    a: str | None
    b: str | None
    rows: int
    differing: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class InputDifference:
    """An input on which the programs differ.

    Attributes:
        a, b: their answers at each position, None where none is compared; all None at a hole.
        expected: the right answers, None where none is known.
        positions: where the answers differ. Each of the four is by output where there are several.
        right: which of the two is right at all graded positions; None if no task is known.
        hole_a, hole_b: the hole that each runs into, or None.
    """

    tokens: tuple[str, ...]
    a: ByOutput[str | None]
    b: ByOutput[str | None]
    expected: ByOutput[str | None] | None
    positions: ByOutput[int]
    right: Literal["a", "b", "neither"] | None
    hole_a: str | None
    hole_b: str | None


@dataclass(frozen=True)
class Tally:
    """Inputs by which of the two programs is right on them."""

    both: int
    only_a: int
    only_b: int
    neither: int


@dataclass(frozen=True)
class DiffResult(Result):
    """Two programs compared.

    Attributes:
        a, b: what the programs are called.
        task: what they should compute, if that is known.
        checked: the inputs on which they were compared.
        differing: on how many they differ.
        tally: which of them is right where; None without a task.
        inputs: those on which they differ, the smallest first; all of them unless a limit was given.
        nodes: those of the first program in execution order, then what is only in the second.
        readout: the variables whose weights differ.
        left_out: inputs that reach a hole in one of them, so that their values were not compared.
        notes: what else is to be said.
        spaced: how inputs and answers are shown.
    """

    verb: ClassVar[str] = "diff"
    schema_version: ClassVar[int] = 2

    a: str
    b: str
    task: str | None
    checked: Checked
    differing: int
    tally: Tally | None
    inputs: tuple[InputDifference, ...]
    nodes: tuple[NodeMatch, ...]
    readout: tuple[ReadoutDifference, ...]
    left_out: int
    notes: tuple[str, ...]
    spaced: Spacing = JOINED
