"""What a metamorphic relation is: follow-ups of inputs, and what a right program answers to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from analyze.input_space import InputSpace
from tprog.run.batch import Array

UNSAID = -1
"""The expected code at places of which a relation says nothing."""


@dataclass(frozen=True, eq=False)
class FollowUp:
    """One step of a relation, on many inputs.

    Attributes:
        rows: the inputs to which it applies.
        sequences: [row, place] what becomes of them.
        expected: [row, place] the class codes that a right program answers there, `UNSAID` elsewhere; [row, 1] if it
            is pooled.
    """

    rows: Array
    sequences: Array
    expected: Array


Steps: TypeAlias = Callable[[InputSpace, Array, Array], Iterator[FollowUp]]
"""A space, sequences of one length and the program's answers to them -> the steps."""


@dataclass(frozen=True)
class Relation:
    """A relation.

    Attributes:
        name: what the command line calls it: a word, or the path of a user's own.
        statement: what a right program keeps to.
        of_all: whether it is about all outputs of a program together, side by side; else about each by itself.
        beyond: whether its follow-ups count where nobody has listed them: a sentence that is not in a corpus is one.
    """

    name: str
    statement: str
    steps: Steps
    of_all: bool = False
    beyond: bool = False
