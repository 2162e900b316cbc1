"""The options `--corpus` and `--split` of every verb that takes a task: sentences, instead of a task."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, TypeVar

import typer

from cli.signatures import told
from tprog.errors import BadUsage

Verb = TypeVar("Verb", bound=Callable[..., Any])

CorpusOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--corpus",
        metavar="FILE",
        help="Sentences, as the task: a corpus of tpdebug data by its name, a file (.conll, .jsonl, .csv ...), or a "
        "folder with train, valid and test.",
        show_default=False,
    ),
]
SplitOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--split",
        metavar="NAME",
        help="Of the corpus: train, valid, test, two of them as train,valid, or all.",
        show_default="valid, if it is split",
    ),
]


def takes_corpus(verb: Verb, split: bool = True) -> Verb:
    """The verb with the two options, which it gets as its task: ``corpus:tags.conll@valid``.

    Args:
        split: whether it asks about one split; training takes all of them.
    """
    signature = inspect.signature(verb, eval_str=True)
    keyword = inspect.Parameter.KEYWORD_ONLY
    options = [inspect.Parameter("corpus", keyword, default=None, annotation=CorpusOption)]
    if split:
        options.append(inspect.Parameter("split", keyword, default=None, annotation=SplitOption))

    @functools.wraps(verb)
    def with_corpus(*arguments: Any, corpus: str | None = None, split: str | None = None, **named: Any) -> Any:
        if corpus is not None or split is not None:
            named["task"] = _as_task(named.get("task"), corpus, split, named.get("columns"))
            if corpus is not None:
                named["columns"] = None
        return verb(*arguments, **named)

    taking: Verb = told(with_corpus, signature, [*signature.parameters.values(), *options])
    return taking


def _as_task(task: str | None, corpus: str | None, split: str | None, columns: str | None) -> str:
    from tprog.words.names import CorpusName, are_splits, is_corpus

    if corpus is None and (task is None or not is_corpus(task)):
        raise BadUsage("--split is about a corpus; name it with --corpus")
    if corpus is None:
        corpus, task = str(task), None
    if task is not None:
        raise BadUsage(f"the task {task} and --corpus {corpus} both say what is right; give one")
    if split is not None and not are_splits(split):
        raise BadUsage(f"--split {split}: expected train, valid, test, two of them as train,valid, or all")
    if columns is not None:
        corpus = f"{corpus}:{columns}"
    named = CorpusName.of(corpus)
    if split is not None and named.split not in (None, split):
        raise BadUsage(f"{corpus} and --split {split} name two splits; give one")
    return str(CorpusName.of(f"{named.source}@{split}") if split else named)
