"""What `verify` found: both accuracies, every wrong input, every hole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from analyze.record import WHERE_TOLD, Result
from analyze.results.checked import Checked
from tprog.ir.places import ByOutput
from tprog.text.tokens import JOINED, Spacing


@dataclass(frozen=True)
class Counterexample:
    """An input on which the program is wrong.

    Attributes:
        tokens: the whole sequence.
        expected: the right class at each position, None where the task grades nothing.
        got: the prediction at each position, None where the output is forced; all None at a hole.
        wrong: the graded positions that are wrong. Each of the three is by output where there are several.
        hole: the hole that the input reaches, or None.
    """

    tokens: tuple[str, ...]
    expected: ByOutput[str | None]
    got: ByOutput[str | None]
    wrong: ByOutput[int]
    hole: str | None


@dataclass(frozen=True)
class HoleCount:
    """A missing row, how many inputs reach it first, and the smallest of them."""

    hole: str
    inputs: int
    example: tuple[str, ...]


@dataclass(frozen=True)
class LengthCount:
    """The inputs of one length.

    Attributes:
        symbols: how many symbols each has, marks not counted.
        inputs, wrong_inputs: how many inputs there are, and on how many the program is wrong.
        tokens, tokens_right: graded predictions, and those that are right.
    """

    symbols: int
    inputs: int
    wrong_inputs: int
    tokens: int
    tokens_right: int


@dataclass(frozen=True)
class EntityLine:
    """Entities of one type, or of all: spans of tags that begin, end and are called alike.

    Attributes:
        kind: the type; empty for all of them.
        right, predicted, expected: spans predicted exactly, all that are predicted, and all there are.
        precision, recall, f1: as fractions of 1, as the scorer of CoNLL counts them.
    """

    kind: str
    right: int
    predicted: int
    expected: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class VerifyResult(Result):
    """A program compared with its task. Both accuracies are fractions of 1; a hole counts as wrong.

    Attributes:
        tokens_right, tokens: graded predictions that are right, and all.
        inputs_right, wrong_inputs: inputs all of whose predictions are right, and the others.
        counterexamples: the smallest first; all of them unless a limit was given.
        notes: what the module is known to do otherwise than its network did, one line each.
        lengths: the same counts for the inputs of each length, the shortest first.
        spaced: how inputs and answers are shown.
        read: how the sentences of a corpus were read, one line each.
        entities: the scores of entities, all types together first, where the classes are tags of spans.
    """

    verb: ClassVar[str] = "verify"

    program: str
    task: str
    checked: Checked
    tokens_right: int
    tokens: int
    token_accuracy: float
    inputs_right: int
    wrong_inputs: int
    sequence_accuracy: float
    counterexamples: tuple[Counterexample, ...]
    holes: tuple[HoleCount, ...]
    notes: tuple[str, ...] = ()
    lengths: tuple[LengthCount, ...] = ()
    spaced: Spacing = JOINED
    entities: tuple[EntityLine, ...] = ()
    read: tuple[str, ...] = field(default=(), metadata=WHERE_TOLD)
