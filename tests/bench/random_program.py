"""Programs of the shape and size that training gives, drawn at random: for measuring, not for meaning."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tprog.ir.program import (
    BEGIN,
    END,
    UNKNOWN,
    Embedding,
    Head,
    Lookup,
    Node,
    NumericHead,
    Program,
    Readout,
    Symbol,
    Weights,
)


class _Draw:
    """Grows the nodes of one program; `categorical` and `numeric` are the variables that the next node may read."""

    def __init__(self, seed: int, vocabulary: Sequence[str], length: int) -> None:
        self.random = random.Random(seed)
        self.values: dict[str, tuple[Symbol, ...]] = {
            "tokens": tuple(vocabulary),
            "positions": tuple(range(length)),
        }
        self.numeric = ["ones"]
        self.nodes: list[Node] = []
        self.length = length

    def predicate(self, query: str, key: str) -> tuple[tuple[Symbol, ...], ...]:
        return tuple((self.random.choice(self.values[key]),) for _ in self.values[query])

    def embeddings(self, vocabulary: Sequence[str], count: int, values: int) -> None:
        """Variables that heads and lookups read instead of the tokens."""
        symbols: tuple[Symbol, ...] = tuple(range(values))
        del self.values["tokens"]
        for number in range(count):
            table = tuple(self.random.choices(symbols, k=len(vocabulary)))
            self.nodes.append(Embedding(f"emb_{number}", symbols, table))
            self.values[f"emb_{number}"] = symbols

    def terms(self, classes: int) -> tuple[Weights, ...]:
        """Weights of all variables that may be read."""
        order = ["tokens", "positions", "ones", *(node.name for node in self.nodes)]
        found = []
        for name in order:
            if name not in self.values and name not in self.numeric:
                continue
            rows = len(self.values[name]) if name in self.values else 1
            weights = [tuple(self.random.randint(-3000, 3000) for _ in range(classes)) for _ in range(rows)]
            found.append(Weights(name, tuple(weights)))
        return tuple(found)

    def layer(self, layer: int, heads: int, mlps: int) -> None:
        """Half of the heads and half of the lookups are categorical, half numeric, as published."""
        names, numbers = list(self.values), list(self.numeric)
        added: list[Node] = []
        for head in range(heads // 2):
            query, key, value = (self.random.choice(names) for _ in range(3))
            added.append(Head(f"attn_{layer}_{head}", query, key, value, self.predicate(query, key)))
            self.values[f"attn_{layer}_{head}"] = self.values[value]
        for head in range(heads // 2):
            query, key = self.random.choice(names), self.random.choice(names)
            value = self.random.choice(numbers)
            added.append(NumericHead(f"num_attn_{layer}_{head}", query, key, value, self.predicate(query, key)))
            self.numeric.append(f"num_attn_{layer}_{head}")
        answers = tuple(range(self.length))
        names, numbers = list(self.values), list(self.numeric)
        for mlp in range(mlps // 2):
            inputs = tuple(self.random.choice(names) for _ in range(2))
            size = len(self.values[inputs[0]]) * len(self.values[inputs[1]])
            cells = tuple(self.random.choices(answers, k=size))
            added.append(Lookup(f"mlp_{layer}_{mlp}", inputs, (None, None), answers, cells))
            self.values[f"mlp_{layer}_{mlp}"] = answers
        levels = tuple(range(self.length + 1))
        for mlp in range(mlps // 2):
            inputs = tuple(self.random.choice(numbers) for _ in range(2))
            cells = tuple(self.random.choices(answers, k=len(levels) ** 2))
            added.append(Lookup(f"num_mlp_{layer}_{mlp}", inputs, (levels, levels), answers, cells))
            self.values[f"num_mlp_{layer}_{mlp}"] = answers
        self.nodes += added


def random_program(
    *, seed: int = 0, letters: str = "abcde", length: int = 8, layers: int = 3, heads: int = 8, mlps: int = 4
) -> Program:
    """A program on `letters` between ``<s>`` and ``</s>``, `length` tokens at most, the marks included."""
    vocabulary = (BEGIN, *letters, END)
    draw = _Draw(seed, vocabulary, length)
    for layer in range(layers):
        draw.layer(layer, heads, mlps)
    readout = Readout(draw.terms(len(letters)), scale=1000, forced=(BEGIN, END))
    return Program(vocabulary, tuple(letters), length, tuple(draw.nodes), readout, task="sort")


TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-MISC", "I-MISC")
"""The classes of a program that tags names."""


def word_program(
    words: int, *, seed: int = 0, variables: int = 4, values: int = 32, length: int = 32, heads: int = 8
) -> Program:
    """A program on `words` made-up words between ``<s>`` and ``</s>``, of the shape that tags names as published."""
    made = random.Random(seed)
    known = {BEGIN: None, END: None, UNKNOWN: None}
    while len(known) < words + 3:
        known["".join(made.choices("abcdefghijklmnopqrstuvwxyz", k=made.randint(2, 9)))] = None
    vocabulary = tuple(known)
    draw = _Draw(seed, vocabulary, length)
    draw.embeddings(vocabulary, variables, values)
    for layer in range(2):
        draw.layer(layer, heads, 2)
    readout = Readout(draw.terms(len(TAGS)), scale=1000, forced=(BEGIN, END))
    return Program(vocabulary, TAGS, length, tuple(draw.nodes), readout)
