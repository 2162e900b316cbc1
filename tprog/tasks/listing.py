"""The built-in tasks, each as one line of a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tprog.tasks.builtin import TASKS, get_task
from tprog.text.tokens import is_spaced, show_tokens


@dataclass(frozen=True)
class TaskLine:
    """One task.

    Attributes:
        inputs: how many there are.
        example, answer: an input as typed, and the right answers at the positions that are graded.
    """

    task: str
    symbols: tuple[str, ...]
    classes: tuple[str, ...]
    max_length: int
    inputs: int
    example: str
    answer: str


def listing() -> Iterator[TaskLine]:
    """All of them, in the order of `TASKS`."""
    for task in map(get_task, TASKS):
        example = task.sample(1, seed=3)[0]
        assert task.size is not None, "a built-in task has so many inputs as can be counted"
        answers = [answer for answer in task.oracle(example) if answer is not None]
        yield TaskLine(
            task=task.name,
            symbols=tuple(task.symbols),
            classes=tuple(task.classes),
            max_length=task.max_length,
            inputs=task.size,
            example=show_tokens(example, is_spaced(task.vocabulary)),
            answer=show_tokens(answers, is_spaced(task.classes)),
        )
