"""The options that name a sub-problem, and what ablated nodes yield."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.subject import Subject

if TYPE_CHECKING:
    from analyze.circuits.subproblem import SubProblem
    from tprog.ir.program import Value


def sub_problem(
    subject: Subject,
    answer: str | None,
    position: int | None,
    token: str | None,
    text: str | None,
    where: str | None,
    output: str | None = None,
) -> SubProblem | None:
    """The sub-problem that the options name: where several do, the pairs that lie in all of them; None if none does."""
    from analyze.circuits.subproblem import SubProblem, both
    from analyze.circuits.where import Where, names_of
    from tprog.text.tokens import parse_input

    asked = []
    if answer is not None:
        asked.append(SubProblem("class", answer))
    if output is not None:
        asked.append(SubProblem("output", output))
    if position is not None:
        asked.append(SubProblem("position", position))
    if token is not None:
        asked.append(SubProblem("token", token))
    if text is not None:
        asked.append(SubProblem("input", tuple(parse_input(text, subject.program))))
    if where is not None:
        Where(where, names_of(subject.program, subject.task is not None))  # refuses before the work begins
        asked.append(SubProblem("where", where))
    return both(asked)


def named_baseline(subject: Subject, given: Sequence[str]) -> dict[str, Value]:
    """``NODE=VALUE`` texts as node -> value."""
    from analyze.circuits.ablation import parse_baseline

    return dict(parse_baseline(subject.program, text) for text in given)
