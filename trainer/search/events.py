"""Witness of an answer that is never left: an event, and that it has happened.

An *absorbing* class is one after which, in every example, no other comes. It begins at an event: a table of one or two
variables that is 1 where the class begins and 0 at every earlier position, also where nothing is asked; behind, it is
free. The class holds where the count of events so far is above 0. Before that, the other classes are a task of their
own, with less to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tprog.run.batch import Bools
from trainer.search.cells import deciding
from trainer.search.solution import Solution, spelled
from trainer.search.terms import Term, Workshop

OUTWEIGHS = 2
"""The weight of one event: more than all that the other answers weigh together, which is 1."""

Pairs = Callable[[], Iterator[tuple[Term, Term]]]


def absorbing(shop: Workshop) -> Iterator[tuple[int, Bools, NDArray[np.int64]]]:
    """The classes that are never left, each with where its event is asked for [B, n], and what it is there."""
    examples = shop.examples
    graded, answers = examples.graded, examples.answers
    n = answers.shape[1]
    for code in range(len(examples.classes)):
        here = (answers == code) & graded
        begins = np.where(here.any(axis=1), here.argmax(axis=1), n)
        behind = np.arange(n) >= begins[:, None]
        if not here.any() or (graded & behind & ~here).any() or not (graded & ~behind).any():
            continue
        asked = shop.present & (np.arange(n) <= begins[:, None])
        yield code, asked, (np.arange(n) == begins[:, None]).astype(np.int64)


def by_event(shop: Workshop, singles: Sequence[Term], pairs: Pairs) -> Iterator[Solution]:
    """An event and a table of the rest."""
    if not shop.language.numbers or not shop.language.sets:
        return
    classes = len(shop.examples.classes)
    for code, asked, event in absorbing(shop):
        rest = _rest(shop, code, singles, pairs)
        if rest is None:
            continue
        for cells, table in deciding(shop, singles, pairs(), asked, event):
            happens = cells.inputs[0]
            accepted = table
            if len(cells.inputs) > 1 or happens.numeric:
                happens, accepted = shop.table(cells.inputs, table.reshape(cells.sizes), 2), np.arange(2)
            query = shop.positions
            accepts = np.broadcast_to(accepted.astype(np.bool_), (query.size, len(accepted)))
            for mask in ("all",):
                so_far = shop.count(query, happens, accepts, mask)
                if not shop.fits(so_far):
                    continue
                weights = np.zeros((1, classes), dtype=np.int64)
                weights[0, code] = OUTWEIGHS
                solution = Solution("an event that is never left", ((so_far, weights), *rest.weights), rest.constant)
                if not solution.wrong(shop.examples):
                    yield solution
                    break


def _rest(shop: Workshop, code: int, singles: Sequence[Term], pairs: Pairs) -> Solution | None:
    """The other classes where they are asked for, by the simplest table."""
    examples = shop.examples
    at, classes = examples.graded & (examples.answers != code), len(examples.classes)
    found = np.unique(examples.answers[at])
    if len(found) == 1:
        constant = np.zeros(classes, dtype=np.int64)
        constant[found[0]] = 1
        return Solution("one class", (), constant)
    for cells, table in deciding(shop, singles, pairs(), at, examples.answers.astype(np.int64)):
        term = cells.inputs[0]
        if len(cells.inputs) == 1 and not term.numeric:
            return spelled("a table", term, table, classes)
        if classes <= shop.language.symbols:
            answer = shop.table(cells.inputs, table.reshape(cells.sizes), classes)
            return spelled("a table", answer, np.arange(classes), classes)
    return None
