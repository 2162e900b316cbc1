"""Witness of a predicate: for a head whose query, key and value are known, the keys that each query value may accept.

A key may be accepted if, wherever it is seen from that query value, it holds the answer. If then everyone that asks
sees an accepted key, the head is right, whichever of them is nearest.

Letters: B inputs of width n, Q query codes, K key codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tprog.program import Mask
from trainer.search.solution import Solution, spelled
from trainer.search.terms import Copy, Term, Workshop

EVIDENCE = 5
"""Times that a key must have held the answer: by chance it does so once or twice."""

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
    for key in keys[:MOST_KEYS]:
        shop.on_time()
        for query in (shop.tokens, shop.positions):
            for copy in _right(shop, query, key, said):
                yield spelled("copies what every accepted key holds", copy, np.maximum(said, 0), classes)


def _right(shop: Workshop, query: Term, key: Term, said: NDArray[np.int64]) -> Iterator[Copy]:
    examples = shop.examples
    mask: Mask = "all"
    seen = shop.windows[mask] & shop.present[:, None, :] & examples.graded[:, :, None]
    seen[:, :, 0] = False  # position 0 serves those that find nothing
    at, asks, holds = np.nonzero(seen)
    right = said[shop.tokens.codes[at, holds]] == examples.answers[at, asks]
    pair = query.codes[at, asks].astype(np.int64) * key.size + key.codes[at, holds]
    size = query.size * key.size
    good, bad = np.bincount(pair[right], minlength=size), np.bincount(pair[~right], minlength=size)
    accepts = ((good >= EVIDENCE) & (bad == 0)).reshape(query.size, key.size)
    if not accepts.any():
        return
    copy = shop.copy(query, key, shop.tokens, accepts, mask)
    if shop.fits(copy) and (said[copy.codes] == examples.answers)[examples.graded].all():
        yield copy
