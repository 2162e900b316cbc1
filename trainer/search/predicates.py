"""Witness of a predicate: for a head whose query, key and value are known, the keys that each query value may accept.

A key may be accepted if, wherever it is seen from that query value, it holds the answer. If then everyone that asks
sees an accepted key, the head is right, whichever of them is nearest.

Letters: B inputs of width n, Q query codes, K key codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tprog.ir.program import Mask
from tprog.run.batch import Bools
from trainer.search.solution import Solution, spelled
from trainer.search.terms import Copy, Term, Workshop

EVIDENCE = 5
"""Times that a key must have held the answer: by chance it does so once or twice."""

MASK: Mask = "all"

MOST_KEYS = 1500
"""Variables, the simplest, that are tried as keys: each costs an array [B, n, n]."""


def by_predicate(shop: Workshop, said: NDArray[np.int64], keys: Sequence[Term]) -> Iterator[Solution]:
    """Heads that copy tokens, with the widest predicate that is never wrong.

    Args:
        said: [token] the class that each says, negative if none.
    """
    if not shop.language.sets or not shop.language.copies:
        return
    classes = len(shop.examples.classes)
    seen = _Seen.of(shop, said)
    for key in keys[:MOST_KEYS]:
        shop.on_time()
        for query in (shop.tokens, shop.positions):
            for copy in _right(shop, query, key, said, seen):
                yield spelled("copies what every accepted key holds", copy, np.maximum(said, 0), classes)


@dataclass(frozen=True, eq=False)
class _Seen:
    """Who asks and what they see: one element for each graded position and each position that it sees.

    Attributes:
        asks, holds: places in the flattened sample.
        right: whether the one seen holds the answer of the one that asks.
    """

    asks: NDArray[np.int64]
    holds: NDArray[np.int64]
    right: Bools

    @classmethod
    def of(cls, shop: Workshop, said: NDArray[np.int64]) -> _Seen:
        examples = shop.examples
        seen = shop.windows[MASK] & shop.present[:, None, :] & examples.graded[:, :, None]
        seen[:, :, 0] = False  # position 0 serves those that find nothing
        at, asks, holds = np.nonzero(seen)
        right = said[shop.tokens.codes[at, holds]] == examples.answers[at, asks]
        width = seen.shape[1]
        return cls(at * width + asks, at * width + holds, right)


def _right(shop: Workshop, query: Term, key: Term, said: NDArray[np.int64], seen: _Seen) -> Iterator[Copy]:
    examples = shop.examples
    pair = query.codes.ravel()[seen.asks].astype(np.int64) * key.size + key.codes.ravel()[seen.holds]
    size = query.size * key.size
    total = np.bincount(pair, minlength=size)
    good = np.bincount(pair, seen.right, size)
    accepts = ((good >= EVIDENCE) & (good == total)).reshape(query.size, key.size)
    if not accepts.any():
        return
    copy = shop.copy(query, key, shop.tokens, accepts, MASK)
    if shop.fits(copy) and (said[copy.codes] == examples.answers)[examples.graded].all():
        yield copy
