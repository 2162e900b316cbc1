"""Hypothesis strategies: random well-typed RASP programs of each dialect, and inputs for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hypothesis import strategies as st

from tprog.rasp.expressions import (
    Aggregate,
    Constant,
    How,
    Indices,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorWidth,
    SOp,
    Tokens,
    elementwise,
)
from tprog.rasp.functions import EVERY, NONE, Dialect, comparison

WORDS = ("a", "b", "c")
NUMBERS = (0, 1, 2, 3)

Kind: TypeAlias = Literal["word", "number", "boolean"]


@dataclass(frozen=True)
class Typed:
    """A program with the tokens that it reads.

    Attributes:
        kind: what its values are; *nothing* may stand among them in `tracr`.
        vocabulary: the tokens.
    """

    sop: SOp
    kind: Kind
    vocabulary: tuple[Any, ...]


@st.composite
def programs(draw: st.DrawFn, dialect: Dialect, depth: int = 4) -> Typed:
    """A program over words or numbers; `rasp-l` has numbers alone."""
    words = dialect is not Dialect.RASP_L and draw(st.booleans())
    builder = _Builder(draw, dialect, "word" if words else "number")
    kind: Kind = draw(st.sampled_from(builder.kinds))
    return Typed(builder.sop(kind, depth), kind, WORDS if words else NUMBERS)


@st.composite
def inputs(draw: st.DrawFn, vocabulary: tuple[Any, ...], longest: int = 7) -> list[Any]:
    """An input."""
    return draw(st.lists(st.sampled_from(vocabulary), min_size=1, max_size=longest))


class _Builder:
    """Draws expressions of a kind that have a value on every input, if no comparison meets *nothing*."""

    def __init__(self, draw: st.DrawFn, dialect: Dialect, tokens: Kind) -> None:
        self._draw, self._dialect = draw, dialect
        reading: Any = "str" if tokens == "word" and dialect is Dialect.RASP else "asis"
        self._tokens, self._token_kind = Tokens(dialect=dialect, reading=reading), tokens
        self._indices = Indices(dialect=dialect)
        self.kinds: tuple[Kind, ...] = ("number", "boolean", "word") if tokens == "word" else ("number", "boolean")
        self._made: dict[Kind, list[SOp]] = {"word": [], "number": [], "boolean": []}

    def sop(self, kind: Kind, depth: int) -> SOp:
        """An s-op of that kind; one in four is one that is there already, so that programs share parts."""
        if self._made[kind] and self._draw(st.integers(0, 3)) == 0:
            return self._draw(st.sampled_from(self._made[kind]))
        found = self._leaf(kind) if depth <= 0 else self._draw(st.sampled_from(self._ways(kind)))(kind, depth - 1)
        self._made[kind].append(found)
        return found

    def _ways(self, kind: Kind) -> list[Any]:
        shared = [self._leaf_of, self._where, self._gathered]
        match kind:
            case "word":
                return shared
            case "boolean":
                return [self._compared, self._joined, self._opposite, self._leaf_of, self._where]
        return [*shared, self._computed, self._width, self._width, self._extreme]

    def _constant(self, value: Any) -> SOp:
        return Constant(dialect=self._dialect, value=value)

    def _leaf_of(self, kind: Kind, depth: int) -> SOp:
        return self._leaf(kind)

    def _leaf(self, kind: Kind) -> SOp:
        if kind == "boolean":
            return elementwise(self._draw(st.sampled_from(["==", "<", ">="])), self._indices, self._constant(1))
        if kind == self._token_kind and self._draw(st.booleans()):
            return self._tokens
        if kind == "word":
            return self._draw(st.sampled_from([self._tokens, self._constant("a"), self._constant("b")]))
        return self._draw(st.sampled_from([self._indices, self._constant(2), self._constant(-1)]))

    def _where(self, kind: Kind, depth: int) -> SOp:
        return elementwise("where", self.sop("boolean", depth), self.sop(kind, depth), self.sop(kind, depth))

    def _compared(self, kind: Kind, depth: int) -> SOp:
        of: Kind = self._draw(st.sampled_from([each for each in self.kinds if each != "boolean"]))
        symbol = self._draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
        return elementwise(symbol, self.sop(of, depth), self.sop(of, depth))

    def _joined(self, kind: Kind, depth: int) -> SOp:
        symbol = self._draw(st.sampled_from(["and", "or"]))
        return elementwise(symbol, self.sop("boolean", depth), self.sop("boolean", depth))

    def _opposite(self, kind: Kind, depth: int) -> SOp:
        return elementwise("not", self.sop("boolean", depth))

    def _computed(self, kind: Kind, depth: int) -> SOp:
        symbol = self._draw(st.sampled_from(["+", "-", "*", "negative"]))
        count = 1 if symbol == "negative" else 2
        return elementwise(symbol, *(self.sop("number", depth) for _ in range(count)))

    def _width(self, kind: Kind, depth: int) -> SOp:
        return SelectorWidth(dialect=self._dialect, selector=self.selector(depth))

    def _extreme(self, kind: Kind, depth: int) -> SOp:
        how: How = self._draw(st.sampled_from(["mean", "max", "min"]))
        return self._aggregate(how, self.sop("number", depth), self._draw(st.sampled_from([0, 7])), depth)

    def _gathered(self, kind: Kind, depth: int) -> SOp:
        """The value at one position that is selected."""
        if self._dialect is Dialect.RASP_L:
            return self._extreme(kind, depth)
        how: How = self._draw(st.sampled_from(["first", "last", "nearest", "largest", "smallest"]))
        default = {"word": "c", "number": 5, "boolean": False}[kind]
        if self._dialect is Dialect.TRACR and self._draw(st.integers(0, 3)) == 0:
            default = None
        return self._aggregate(how, self.sop(kind, depth), default, depth)

    def _aggregate(self, how: How, sop: SOp, default: Any, depth: int) -> SOp:
        by = self.sop("number", depth) if how in ("largest", "smallest") else None
        return Aggregate(dialect=self._dialect, selector=self.selector(depth), sop=sop, default=default, how=how, by=by)

    def selector(self, depth: int) -> Selector:
        """A selector."""
        if depth <= 0:
            of: Kind = self._token_kind
            symbol = self._draw(st.sampled_from(["==", "<", ">="]))
            keys, queries = self._leaf(of), self._leaf(of)
            return Select(dialect=self._dialect, keys=keys, queries=queries, predicate=comparison(symbol))
        match self._draw(st.sampled_from(["select", "select", "and", "or", "not", "every", "none"])):
            case "and":
                return SelectorAnd(
                    dialect=self._dialect, first=self.selector(depth - 1), second=self.selector(depth - 1)
                )
            case "or":
                return SelectorOr(
                    dialect=self._dialect, first=self.selector(depth - 1), second=self.selector(depth - 1)
                )
            case "not":
                return SelectorNot(dialect=self._dialect, inner=self.selector(depth - 1))
            case "every" | "none" as named:
                predicate = EVERY if named == "every" else NONE
                return Select(dialect=self._dialect, keys=self._indices, queries=self._indices, predicate=predicate)
        of = self._draw(st.sampled_from(self.kinds))
        symbol = self._draw(st.sampled_from(["==", "!="] if of == "boolean" else ["==", "!=", "<", "<=", ">", ">="]))
        return Select(
            dialect=self._dialect,
            keys=self.sop(of, depth - 1),
            queries=self.sop(of, depth - 1),
            predicate=comparison(symbol),
        )
