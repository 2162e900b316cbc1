"""A task of another kind as one of giving an answer: ``<bos> x <sep> y <eos>``, where y are its answers in their order.

So every task that a program can learn can be given to a decoder: those that are built in, and a user's own (a Python
oracle, RASP source, examples). The inputs are those that the task draws, of all its lengths alike; one in ten is kept
back, to judge by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tprog.errors import BadUsage
from tprog.listing import counted, listing
from tprog.run.batch import Batch
from tprog.tasks.input_domain import framed
from tprog.tasks.next_token.answers import Answer, Random
from tprog.tasks.next_token.task import MARKS
from tprog.tasks.rules import UNGRADED
from tprog.tasks.task import SAMPLE, Task

LISTED = 100_000
"""A domain of at most so many inputs is taken whole; of a larger one, `SAMPLE` different ones are drawn."""

KEPT_BACK = 10
"""One input in so many is not trained on."""


def answer_task(task: Task, name: str) -> Answer:
    """A task as one of giving an answer: of the inputs kept back, those to train on being `Answer.trained_on`.

    Args:
        name: as on the command line.

    Raises:
        BadUsage: it asks for several outputs, uses a mark as a token, or has too few inputs.
    """
    task.of_one_output("a small GPT")
    task = replace(task, pooled=False)  # one label is an answer like any other
    symbols = (*task.symbols, *(word for word in task.classes if word not in task.symbols))
    if taken := [word for word in MARKS if word in symbols]:
        raise BadUsage(f"{name} has {listing(taken)} among its tokens, which is a mark here; rename it")
    known = _known(task, symbols)
    inputs = list(known)
    if len(inputs) < 2 * KEPT_BACK:
        raise BadUsage(f"{name} has {counted(len(inputs), 'input')} with answers; expected {2 * KEPT_BACK} or more")
    np.random.default_rng(0).shuffle(inputs)
    kept = len(inputs) // KEPT_BACK
    whole = Answer(
        name,
        f"the answers of {name} in their order",
        symbols,
        least=min(map(len, inputs)),
        longest=max(map(len, inputs)),
        thirds=False,
        rule=lambda x: known.get(tuple(x)) or _answers(task, symbols, x),
        most=max(len(x) + len(y) for x, y in known.items()),
    )
    return replace(_over(inputs[:kept], whole), trained_on=_over(inputs[kept:], whole))


def _known(task: Task, symbols: Sequence[str]) -> Mapping[tuple[int, ...], list[int]]:
    """Inputs of a task and their answers, as codes; those without any are left out."""
    batch = task.inputs() if task.size is not None and task.size <= LISTED else task.draw(SAMPLE, seed=0)
    code = {word: index for index, word in enumerate(task.symbols)}
    first, marks = task.marks.first, task.marks.count
    found = {}
    for row, length, answers in zip(batch.tokens, batch.lengths, _expected(task, symbols, batch), strict=True):
        if answers:
            words = (task.vocabulary[each] for each in row[first : first + length - marks].tolist())
            found[tuple(code[word] for word in words)] = answers
    return found


def _answers(task: Task, symbols: Sequence[str], x: list[int]) -> list[int] | None:
    """The answers to any x; None if there are none."""
    if any(code >= len(task.symbols) for code in x) or len(x) + task.marks.count > task.max_length:
        return None
    batch = framed(np.array([x], dtype=np.int64).reshape(1, len(x)), task.symbols, task.vocabulary)
    return _expected(task, symbols, batch)[0] or None


def _expected(task: Task, symbols: Sequence[str], batch: Batch) -> list[list[int]]:
    codes = [symbols.index(word) for word in task.classes]
    return [[codes[each] for each in row if each != UNGRADED] for row in task.expected(batch).tolist()]


def _over(inputs: Sequence[tuple[int, ...]], whole: Answer) -> Answer:
    """The task with these inputs alone to draw from."""
    by_length = defaultdict(list)
    for x in inputs:
        by_length[len(x)].append(x)

    def drawn(length: int, random: Random) -> tuple[int, ...]:
        return by_length[length][random.integers(len(by_length[length]))]

    lengths = frozenset(by_length)
    return replace(whole, drawn=drawn, lengths_of=lambda length: length in lengths)
