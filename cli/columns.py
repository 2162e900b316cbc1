"""The option `--columns` of every verb that takes a task: which columns of a file of examples are meant."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, TypeVar

import typer

from cli.output import note
from cli.signatures import told
from tprog.errors import BadUsage

Verb = TypeVar("Verb", bound=Callable[..., Any])

ColumnsOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="INPUT,OUTPUT",
        help="The columns of a file of examples.",
        show_default="as their names tell",
    ),
]


def takes_columns(verb: Verb) -> Verb:
    """The verb with the option, which it gets as a part of its task: ``tags.csv:word,tags``."""
    signature = inspect.signature(verb, eval_str=True)
    option = inspect.Parameter("columns", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ColumnsOption)

    @functools.wraps(verb)
    def with_columns(*arguments: Any, columns: str | None = None, **named: Any) -> Any:
        if columns is not None:
            named["task"] = _joined(named.get("task"), columns)
        return verb(*arguments, **named)

    taking: Verb = told(with_columns, signature, [*signature.parameters.values(), option])
    return taking


def _joined(task: str | None, columns: str) -> str:
    from tprog.tasks.own import own_path
    from tprog.words.columns import ENDINGS as OF_COLUMNS
    from tprog.words.rows import ENDINGS, split_columns

    if task is None:
        raise BadUsage("--columns is about a file of examples; name the file on the command line too")
    if own_path(task).suffix.lower() not in (*ENDINGS, *OF_COLUMNS):
        raise BadUsage(
            f"--columns is about a file of examples ({', '.join(ENDINGS)}), and {task} is none; leave it out"
        )
    path, named = split_columns(task)
    joined = f"{path}:{columns}"
    if split_columns(joined)[1] is None:
        raise BadUsage(f"--columns {columns!r}: expected two names with a comma between, such as --columns word,tags")
    if named is not None and joined != task:
        raise BadUsage(f"{task} and --columns {columns} name columns; give one")
    return joined


def tell_reading(task: str) -> None:
    """Say how a file of examples is read, if there was a choice; of other tasks nothing, and no code of theirs runs."""
    from tprog.tasks.own import find_task, own_path
    from tprog.words.names import is_corpus
    from tprog.words.rows import ENDINGS

    if own_path(task).suffix.lower() in ENDINGS or is_corpus(task):
        for line in find_task(task).notes:
            note(line)
