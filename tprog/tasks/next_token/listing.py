"""The next-token tasks, each as one line of a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tprog.tasks.next_token import NEXT_TOKEN_TASKS, Language


@dataclass(frozen=True)
class NextTokenLine:
    """One task.

    Attributes:
        kind: ``language`` or ``answer``, which say how predictions are judged.
        about: it in words.
        symbols: the tokens that are no marks.
        longest: of the lengths.
        example: a whole sequence.
    """

    task: str
    kind: str
    about: str
    symbols: tuple[str, ...]
    longest: int
    example: tuple[str, ...]


def listing() -> Iterator[NextTokenLine]:
    """All of them, in the order of `NEXT_TOKEN_TASKS`."""
    for task in NEXT_TOKEN_TASKS.values():
        drawn = task.sample(1, (3, 6), np.random.default_rng(1))
        yield NextTokenLine(
            task=task.name,
            kind="language" if isinstance(task, Language) else "answer",
            about=task.about,
            symbols=task.symbols,
            longest=task.longest,
            example=tuple(task.vocabulary[code] for code in drawn.tokens[0].tolist()),
        )
