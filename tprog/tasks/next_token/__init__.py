"""Tasks for models that predict the next token: those of Huang et al. (arXiv 2602.08857), and twelve of our own.

`get_next_token_task` gives one by name: its vocabulary, random inputs (`sample`), what is right (`oracle`, `expected`)
and what logits predict (`predicted`, `right`).
"""

from __future__ import annotations

from collections.abc import Mapping

from tprog.errors import BadUsage
from tprog.tasks.next_token.answers import ANSWERS, Answer
from tprog.tasks.next_token.further import FURTHER, LATER
from tprog.tasks.next_token.languages import LANGUAGES, Language
from tprog.tasks.next_token.task import BOS, EOS, MARKS, PAD, SEP, NextTokenTask, Sequences

__all__ = [
    "BOS",
    "EOS",
    "FURTHER",
    "LATER",
    "MARKS",
    "NEXT_TOKEN_TASKS",
    "PAD",
    "SEP",
    "Answer",
    "Language",
    "NextTokenTask",
    "Sequences",
    "get_next_token_task",
]

NEXT_TOKEN_TASKS: Mapping[str, NextTokenTask] = {task.name: task for task in (*ANSWERS, *LANGUAGES, *FURTHER, *LATER)}
"""All of them by name: the 28 of the paper, then ours."""


def get_next_token_task(name: str) -> NextTokenTask:
    """A task by name.

    Raises:
        BadUsage: there is none of that name.
    """
    if name not in NEXT_TOKEN_TASKS:
        raise BadUsage(f"there is no next-token task {name!r}; all of them are {', '.join(NEXT_TOKEN_TASKS)}")
    return NEXT_TOKEN_TASKS[name]
