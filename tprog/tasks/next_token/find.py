"""Finding a next-token task: by its name, or by that of a task of another kind, which is then one of giving answers."""

from __future__ import annotations

import difflib

from tprog.errors import BadUsage
from tprog.tasks.builtin import TASKS
from tprog.tasks.next_token import NEXT_TOKEN_TASKS, NextTokenTask
from tprog.tasks.next_token.from_task import answer_task
from tprog.tasks.own import ENDINGS, find_task, is_own


def find_next_token_task(name: str, length: int | None = None) -> NextTokenTask:
    """A task by name, or by the path of a user's own (a Python file is executed).

    Args:
        name: one of `NEXT_TOKEN_TASKS`, of the tasks that programs learn, or the path of a user's own.
        length: the longest input, marks included, of a task that programs learn.

    Raises:
        BadUsage: no such task, or a size that it does not come in.
        BadFile, BadSource: a file that is no task.
    """
    if name in TASKS or is_own(name):
        return answer_task(find_task(name, length=length), name)
    if name not in NEXT_TOKEN_TASKS:
        known = (*NEXT_TOKEN_TASKS, *TASKS)
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        meant = f"; the nearest is {near[0]}" if near else ""
        raise BadUsage(
            f"there is no task {name!r}{meant}; the tasks are {', '.join(known)}, or a file of your own "
            f"({', '.join(ENDINGS)})"
        )
    if length is not None:
        raise BadUsage(f"length is {length}, but the lengths of {name} are fixed; leave it out")
    return NEXT_TOKEN_TASKS[name]
