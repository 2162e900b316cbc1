"""Tasks of examples, an input and an output each, from a table or JSON (see `tprog.tasks.own`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from tprog.errors import BadFile
from tprog.ir.program import END
from tprog.listing import shortened
from tprog.tasks.builtin import UNGRADED, Task
from tprog.tasks.examples import check_words, in_order, read_examples
from tprog.tasks.listed import Listed, looked_up, rectangle
from tprog.tasks.written import made_task
from tprog.words.rows import Columns


def example_task(name: str, path: Path, columns: Columns | None) -> Task:
    """The task of a file of examples.

    Raises:
        BadFile: it cannot be read, or is no task; the message names the line.
    """
    read = read_examples(path, columns)
    ended = _all_end(read.known)
    cut, each = int(ended), max(len(read.outputs), 1)
    known = {
        tokens[: len(tokens) - cut]: (where, answers[: len(answers) - cut * each])
        for tokens, (where, answers) in read.known.items()
    }
    symbols = in_order({token for tokens in known for token in tokens})
    classes = in_order({answer for _, answers in known.values() for answer in answers if answer is not None})
    _check_learnable(path, symbols, classes, known)
    code, answer_code = _codes(symbols), {None: UNGRADED, **_codes(classes)}
    table = {
        tuple(code[token] for token in tokens): [answer_code[answer] for answer in answers]
        for tokens, (_, answers) in known.items()
    }
    rows, most = list(table), max(map(len, table))
    domain = Listed(len(symbols), 1, most, lambda: rectangle(rows, most))
    rule = partial(looked_up, table, each=each)
    made = made_task(name, symbols, classes, most, ended, domain, rule, examples=True, notes=read.notes)
    return replace(made, outputs=read.outputs, pooled=read.labels)


def _all_end(examples: Mapping[tuple[str, ...], tuple[str, object]]) -> bool:
    """Whether the inputs end in ``</s>``: all of them, or none."""
    ended = [where for tokens, (where, _) in examples.items() if tokens[-1:] == (END,)]
    if 0 < len(ended) < len(examples):
        raise BadFile(f"{ended[0]}: the input ends in {END}, but not every input does; expected all or none")
    return bool(ended)


def _codes(words: Sequence[str]) -> dict[str | None, int]:
    return {word: index for index, word in enumerate(words)}


def _check_learnable(
    path: Path, symbols: Sequence[str], classes: Sequence[str], inputs: Collection[tuple[str, ...]]
) -> None:
    """Refuse examples that hold nothing to learn, words that are no tokens, and inputs that nobody divided into tokens.

    Raises:
        BadFile: which of these it is.
    """
    if not symbols:
        raise BadFile(f"{path}: the inputs hold no token")
    if len(classes) < 2:
        only = f"only the answer {classes[0]!r}" if classes else "no answer"
        raise BadFile(f"{path} gives {only}, so there is nothing to learn; expected two different ones or more")
    check_words(str(path), "the input", symbols)
    check_words(str(path), "the output", classes)
    if all(len(tokens) == 1 for tokens in inputs) and max(map(len, symbols)) > 1:
        longest = max(symbols, key=len)
        raise BadFile(
            f"{path}: each input is a single token, such as {shortened(longest)}; "
            "put spaces between the tokens, or write a JSON list"
        )
