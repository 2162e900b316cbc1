"""A small program with a node of each kind: what the examples of edits are edits of."""

from __future__ import annotations

from dataclasses import replace

from tprog.ir.program import BEGIN, Classify, Embedding, Head, Linear, Lookup, NumericHead, Program, Weights

SAMPLE = Program(
    vocabulary=(BEGIN, "a", "b"),
    classes=("a", "b"),
    max_length=3,
    nodes=(
        Embedding("kind", ("vowel", "other"), ("other", "vowel", "other")),
        Head("same", "tokens", "tokens", "tokens", predicate=((BEGIN,), ("a",), ("b",))),
        NumericHead("count", "tokens", "tokens", "ones", predicate=((), ("a",), ("b",))),
        Lookup("many", ("count",), ((0, 1, 2),), ("no", "yes"), ("no", "no", "yes")),
        Linear("excess", ("count", "ones"), (2, -1), 3),
        Lookup("sum", ("tokens", "count"), (None, (0, 1)), None, (0, 0, 0, 1, 0, 2)),
    ),
    readout=Classify((Weights("many", (None, (0, 1))), Weights("sum", ((3, 0),)))),
)
"""Where a token stands twice, `many` says so; the readout has no row for where it does not."""

COMPARING = replace(
    SAMPLE,
    nodes=(
        *SAMPLE.nodes[:3],
        Head("often", "tokens", "tokens", "tokens", (("a", "b"),) * 3, attend="largest", by="count"),
        *SAMPLE.nodes[3:],
    ),
)
"""The same with a head that compares a variable, which no program with the self rule ``match-count`` can have."""

LISTING = replace(
    SAMPLE,
    nodes=(
        *SAMPLE.nodes,
        Lookup(
            "pair",
            ("tokens", "same", "count"),
            (None, None, (0, 1)),
            None,
            (1, 2, 0),
            listed=((1, 1, 1), (2, 1, 0)),
        ),
    ),
)
"""The same with a lookup of which most combinations of inputs have no cell of their own."""
