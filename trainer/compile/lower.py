"""From a Program to operations on the residual stream, node by node."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

import numpy as np

from tprog.ir.nodes import AttentionHead, Embedding, Head, Linear, Lookup, Node, NumericHead
from tprog.ir.program import Program
from tprog.run.attention import mask_word, preference, windows
from tprog.run.batch import Array
from trainer.compile.attainable import at_first_position, attained
from trainer.compile.heads import copying_head
from trainer.compile.lookups import embedding, lookup
from trainer.compile.lowering import Encoded, Lowering, Size, always, labelled
from trainer.compile.numbers import linear, numeric_head
from trainer.compile.precision import Margin, Precision
from trainer.compile.readout import Read, both, read_out
from trainer.compile.resolution import resolutions
from trainer.compile.scores import Selected, head, scores
from trainer.compile.stream import Feature, Operation, View, all_of


@dataclass(frozen=True, eq=False)
class Lowered:
    """A Program as operations.

    Attributes:
        given: feature -> [word, dimension] what the token embedding holds.
        placed: feature -> [position, dimension] what the position embedding holds.
        operations: in an order in which they can be done.
        read: the unembedding.
        margins: all that were looked at.
    """

    program: Program
    precision: Precision
    given: dict[Feature, Array]
    placed: dict[Feature, Array]
    operations: list[Operation]
    read: Read
    margins: list[Margin]


def lower(program: Program, precision: Precision) -> Lowered:
    """A Program as operations whose margins hold in a floating-point type.

    Raises:
        TooNarrow: they do not.
        NotExact: it takes too many dimensions or units; the message names the node.
    """
    among = attained(program)
    lowering = Lowering(program, precision, among, resolutions(program, among), at_first_position(program))
    _inputs(lowering)
    for node in program.nodes:
        lowering.encoded[node.name] = _node(lowering, node)
        if (heading := node.selection) is not None and heading.partial:
            _holes(lowering, heading)
    read = read_out(lowering)
    return Lowered(program, precision, lowering.given, lowering.placed, lowering.operations, read, lowering.margins)


def _inputs(lowering: Lowering) -> None:
    program = lowering.program
    tokens = Feature("tokens", labelled(program.vocabulary))
    positions = Feature("positions", tuple(map(str, range(program.max_length))))
    lowering.given[tokens] = np.eye(tokens.size)
    lowering.placed[positions] = np.eye(positions.size)
    one = Size(always(), Fraction(1))
    lowering.encoded |= {
        "tokens": Encoded(program.vocabulary, all_of(tokens)),
        "positions": Encoded(tuple(range(program.max_length)), all_of(positions)),
        "ones": Encoded((Fraction(1),), always(), one),
    }


def _node(lowering: Lowering, node: Node) -> Encoded:
    match node:
        case Embedding():
            return embedding(lowering, node)
        case Head():
            return copying_head(lowering, node)
        case NumericHead():
            return numeric_head(lowering, node)
        case Lookup():
            return lookup(lowering, node)
        case Linear():
            return linear(lowering, node)
        case _:
            assert_never(node)


# Holes of heads #######################################################################################################


def _holes(lowering: Lowering, node: AttentionHead) -> None:
    """The rows that clauses lack, at positions that see any other."""
    program = lowering.program
    sees = _sees(lowering, node)
    for table, clause in node.clauses.items():
        if not clause.partial:
            continue
        read, codes = lowering.encoded[clause.query], program.symbols(clause.query).codes
        missing = read.columns @ np.array([[float(clause.predicate[codes[value]] is None)] for value in read.values])
        name = f"{table}.hole"
        lowering.holes.append(missing if sees is None else both(lowering, name, node.name, missing, sees))


def _sees(lowering: Lowering, node: AttentionHead) -> View | None:
    """[1] whether a position may attend to any other, whatever its clauses say; None if each does."""
    program = lowering.program
    n, word = program.max_length, mask_word(node, program)
    window = windows(n, word, node.skip_first)
    least = program.marks.count + 1
    if bool(np.all(window[:, :least].any(axis=1))) and word != "after":
        return None
    # Of keys up to its own a position is sure: an input that has it has them.
    sure = np.logical_or.reduce(np.tril(window), axis=1)
    if program.causal or word == "before":
        return lowering.positions() @ np.array([[float(each)] for each in sure])
    gap = lowering.precision.gap
    feature = Feature(f"{node.name}.sees", ("",), node.name, np.zeros(1))
    ranks = gap * (preference(n, "first").astype(np.float64) - 1)
    height = 2 * gap * (n + 1)
    shares = scores(lowering, Selected((), window), height, ranks)
    head(lowering, feature.name, node.name, shares, height // 2, {feature: always()}, {feature: np.zeros(1)})
    return all_of(feature)
