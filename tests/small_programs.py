"""Small programs drawn by a seed: nodes of every kind, and all inputs there are cost nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from math import prod

from tprog.ir.domains import ATTENDING, RANKING, masks
from tprog.ir.program import (
    BEGIN,
    IMPLIED,
    Clause,
    Embedding,
    Head,
    Keys,
    Linear,
    Lookup,
    Node,
    NumericHead,
    Program,
    Readout,
    Symbol,
    Weights,
)

CLASSES = ("x", "y")


def small(seed: int) -> Program:
    """A program of one to four nodes, most of which do something that could be said shorter."""
    draw = random.Random(seed)
    vocabulary = (BEGIN, "a", "b") if seed % 3 == 0 else ("a", "b", "c")
    frame = Program(vocabulary, CLASSES, 4 if seed % 3 == 0 else 3, (), Readout((), forced=()))
    symbols: dict[str, tuple[Symbol, ...]] = {"tokens": vocabulary, "positions": tuple(range(frame.max_length))}
    numbers = ["ones"]
    nodes: list[Node] = []
    for name in ("first", "second", "third", "fourth")[: draw.randint(1, 4)]:
        node = _node(draw, name, symbols, numbers)
        nodes.append(node)
        if isinstance(node, Head):
            symbols[name] = symbols[node.value]
        elif node.declares is None:
            numbers.append(name)
        else:
            symbols[name] = node.declares
    if seed % 2:
        return replace(frame, nodes=tuple(nodes), classes=(), readout=IMPLIED, outputs=(nodes[-1].name,))
    terms = []
    for name in ("tokens", "positions", *(node.name for node in nodes)):
        if name == nodes[-1].name or draw.random() < 0.5:
            rows = len(symbols.get(name, "1"))
            terms.append(Weights(name, tuple(tuple(draw.randint(-2, 2) for _ in CLASSES) for _ in range(rows))))
    return replace(frame, nodes=tuple(nodes), readout=Readout(tuple(terms), forced=()))


def _node(draw: random.Random, name: str, symbols: dict[str, tuple[Symbol, ...]], numbers: Sequence[str]) -> Node:
    kind = draw.choice(["head", "head", "count", "lookup", "lookup", "embedding", "sum"])
    if kind == "embedding":
        return Embedding(name, ("p", "q"), tuple(draw.choice("pq") for _ in symbols["tokens"]))
    if kind == "sum":
        read = [*dict.fromkeys(draw.choices(numbers, k=2))]
        return Linear(name, (*read,), tuple(draw.choice([-1, 0, 1, 2]) for _ in read), draw.randint(-1, 1))
    if kind == "lookup":
        return _lookup(draw, name, symbols, numbers)
    own, more = _clause(draw, symbols), _clause(draw, symbols)
    also, instead = draw.choice([((), ()), ((), ()), ((more,), ()), ((), ((more,),))])
    mask, skip = draw.choice(masks(causal=False)), draw.random() < 0.3
    if kind == "count":
        return NumericHead(name, own.query, own.key, "ones", own.predicate, mask, skip, also=also, instead=instead)
    value, attend = draw.choice([*symbols]), draw.choice(ATTENDING)
    by = draw.choice([*symbols]) if attend in RANKING else None
    default = draw.choice(symbols[value])
    return Head(name, own.query, own.key, value, own.predicate, mask, skip, default, attend, by, also, instead)


def _clause(draw: random.Random, symbols: dict[str, tuple[Symbol, ...]]) -> Clause:
    query, key = draw.choice([*symbols]), draw.choice([*symbols])
    keys = symbols[key]

    def row() -> Keys:
        return draw.choice([(), keys, (draw.choice(keys),), tuple(one for one in keys if draw.random() < 0.5)])

    alike = row() if draw.random() < 0.3 else None
    return Clause(query, key, tuple(row() if alike is None else alike for _ in symbols[query]))


def _lookup(draw: random.Random, name: str, symbols: dict[str, tuple[Symbol, ...]], numbers: Sequence[str]) -> Lookup:
    inputs = [*dict.fromkeys(draw.choices([*symbols, *numbers[1:]], k=draw.randint(1, 3)))]
    levels = tuple(None if read in symbols else (0, 1, 2) for read in inputs)
    sizes = [3 if level else len(symbols[read]) for read, level in zip(inputs, levels, strict=True)]
    answers = tuple(draw.sample(["u", "v", "w"], 2))
    listed = None
    if len(inputs) > 1 and draw.random() < 0.4:
        places = {tuple(draw.randrange(size) for size in sizes) for _ in range(4)}
        listed = tuple(sorted(places))
    count = prod(sizes) if listed is None else len(listed) + 1
    return Lookup(name, (*inputs,), levels, answers, tuple(draw.choice(answers) for _ in range(count)), listed)
