"""How an s-op comes to its values on one input: each expression that it is made of, its values, and who reads whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tprog.errors import BadUsage
from tprog.rasp.evaluate import Run
from tprog.rasp.expressions import Constant, Expression, Selector, SOp, in_order
from tprog.rasp.values import Value, spelled_value, spelled_values

MOST_BOXES, MOST_CELLS = 300, 20_000
"""Expressions of a picture, and values that stand in it."""


@dataclass(frozen=True)
class Box:
    """An expression.

    Attributes:
        name: as its author calls it, else what it is in a few words.
        values: of an s-op, [position] its values as they are spelled; empty of a selector.
        rows: of a selector, [query position] the positions that are selected, as bits.
        reads: the places of the boxes that it reads.
    """

    name: str
    values: tuple[str, ...]
    rows: tuple[int, ...]
    reads: tuple[int, ...]


@dataclass(frozen=True)
class Drawing:
    """The computation of an s-op on one input.

    Attributes:
        tokens: the input as it is spelled.
        boxes: what is read before what reads it; the s-op itself last. Constants have none.
    """

    tokens: tuple[str, ...]
    boxes: tuple[Box, ...]

    @property
    def name(self) -> str:
        """The s-op."""
        return self.boxes[-1].name


def drawing(sop: SOp, tokens: Sequence[Value]) -> Drawing:
    """How an s-op comes to its values.

    Raises:
        Failed: it has no value there.
        BadUsage: it is made of too much for a picture.
    """
    shown = [each for each in in_order([sop]) if not isinstance(each, Constant) or each is sop]
    cells = sum(len(tokens) ** (2 if isinstance(each, Selector) else 1) for each in shown)
    if len(shown) > MOST_BOXES or cells > MOST_CELLS:
        raise BadUsage(
            f"{sop} on {len(tokens):,} tokens is {len(shown):,} expressions with {cells:,} values, too many to draw; "
            f"expected at most {MOST_BOXES} and {MOST_CELLS:,}"
        )
    run, at = Run(tokens), {id(each): place for place, each in enumerate(shown)}
    return Drawing(tuple(map(spelled_value, tokens)), tuple(_box(each, run, at) for each in shown))


def _box(shown: Expression, run: Run, at: dict[int, int]) -> Box:
    reads = tuple(dict.fromkeys(at[id(read)] for read in shown.sources() if id(read) in at))
    if isinstance(shown, Selector):
        return Box(str(shown), (), tuple(run.rows(shown)), reads)
    assert isinstance(shown, SOp)
    return Box(str(shown), tuple(spelled_values(run.values(shown))), (), reads)
