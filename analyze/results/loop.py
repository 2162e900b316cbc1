"""What `verify --loop` and `trace --loop` found: a program in a loop, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from analyze.record import Result
from analyze.results.checked import Checked
from analyze.results.trace import TraceTable
from tprog.ir.provenance import SourceLine
from tprog.text.tokens import JOINED, Spacing


@dataclass(frozen=True)
class LoopCounterexample:
    """A prompt from which a loop goes wrong.

    Attributes:
        prompt: the whole input that it began with.
        generated: what was appended, rightly, before.
        expected: what comes next; None if that is not known.
        got: what the program said; None at a hole.
        step: which step it was, from 0.
        hole: the hole that the loop ran into, if it did.
    """

    prompt: tuple[str, ...]
    generated: tuple[str, ...]
    expected: str | None
    got: str | None
    step: int
    hole: str | None


@dataclass(frozen=True)
class VerifyLoopResult(Result):
    """A program in a loop compared with its task, whose answer at the last position of a prefix is what comes next.

    Attributes:
        stop: the class that ends a loop; None if nothing but its length does.
        prompts_right, wrong_prompts: from how many prompts every graded step is right, and from how many one is not.
        steps, steps_right: graded steps, and those that are right. Behind a wrong one, steps are judged by what the
            program has made of its input.
        endings: why loops ended (see `tprog.run.generate.Ending`), and how many so.
        counterexamples: the first wrong step from each wrong prompt, the shortest prompts first.
    """

    verb: ClassVar[str] = "verify-loop"

    program: str
    task: str
    checked: Checked
    stop: str | None
    prompts_right: int
    wrong_prompts: int
    steps: int
    steps_right: int
    endings: tuple[tuple[str, int], ...]
    counterexamples: tuple[LoopCounterexample, ...]
    spaced: Spacing = JOINED


@dataclass(frozen=True)
class LoopStep:
    """One step of a loop.

    Attributes:
        said: what came out last; None at a hole.
        expected: what comes next, if a task says it.
        table: the values of all variables at it.
    """

    said: str | None
    expected: str | None
    table: TraceTable


@dataclass(frozen=True)
class TraceLoopResult(Result):
    """A loop step by step.

    Attributes:
        prompt, generated: what it began with, and what was appended.
        ended: why it went no further: see `tprog.run.generate.Ending`.
        steps: in their order.
        sources: where the nodes of a written program were written.
    """

    verb: ClassVar[str] = "trace-loop"

    program: str
    prompt: tuple[str, ...]
    generated: tuple[str, ...]
    ended: str
    hole: str | None
    steps: tuple[LoopStep, ...]
    spaced: Spacing = JOINED
    sources: tuple[SourceLine, ...] = ()
