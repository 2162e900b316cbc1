"""Python text, one line at a time: the only place that knows indentation and where a literal breaks (black style)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction

from tprog.escape import string_literal
from tprog.ir.values import Label, Nothing, Value

INDENT = "    "
LINE_LENGTH = 100


def literal(value: Value | None) -> str:
    """A value as Python source, strings in double quotes."""
    match value:
        case str():
            return string_literal(value)
        case int():  # most values; to ask whether one is a fraction takes longer
            return repr(value)
        case Fraction():
            whole = value.denominator == 1
            return str(value.numerator) if whole else f"Fraction({value.numerator}, {value.denominator})"
        case Nothing():
            return "NOTHING"
        case Label():
            return f"_Symbol({string_literal(repr(value))})"
        case _:
            return repr(value)


def tuple_literal(values: Sequence[Value]) -> str:
    """A tuple on one line; whole numbers from 0 up as a range."""
    if len(values) > 2 and all(type(v) is int for v in values) and tuple(values) == tuple(range(len(values))):
        return f"range({len(values)})"
    inner = ", ".join(literal(v) for v in values)
    return f"({inner}{tuple_end(values)}"


def tuple_end(values: Sequence[object]) -> str:
    """What closes a tuple: one value needs its comma."""
    return ",)" if len(values) == 1 else ")"


class Builder:
    """Collects lines at the current depth."""

    def __init__(self, depth: int = 0) -> None:
        self.lines: list[str] = []
        self._depth = depth

    @property
    def depth(self) -> int:
        """How deep the next line stands."""
        return self._depth

    def line(self, text: str = "") -> None:
        """One line; an empty one is not indented."""
        self.lines.append(INDENT * self._depth + text if text else "")

    @contextmanager
    def block(self, opening: str = "") -> Iterator[None]:
        """The lines written inside stand one level deeper, after the opening line if there is one."""
        if opening:
            self.line(opening)
        self._depth += 1
        yield
        self._depth -= 1

    def wrapped(self, head: str, items: Sequence[str], tail: str, trailing_comma: bool = True) -> None:
        """``head`` items ``tail`` on one line if it fits, or else one item a line, as black breaks a collection."""
        joined = head + ", ".join(items) + tail
        if len(INDENT) * self._depth + len(joined) <= LINE_LENGTH:
            self.line(joined)
            return
        with self.block(head):
            for index, item in enumerate(items):
                last = index == len(items) - 1
                self.line(item + ("" if last and not trailing_comma else ","))
        self.line(tail.lstrip(","))

    def text(self) -> str:
        """Everything written, ending in one line break."""
        return "\n".join(self.lines) + "\n"
