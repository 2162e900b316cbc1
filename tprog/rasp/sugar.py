"""What Python's operators build of s-ops: ``tokens == "a"``, ``1 - indices``."""

from __future__ import annotations

from typing import Generic, TypeVar

Built = TypeVar("Built")


class Operators(Generic[Built]):
    """An s-op's operators, each of which maps one of the language over it and so builds an s-op."""

    def _map(self, symbol: str, *others: object, swapped: bool = False) -> Built:
        raise NotImplementedError

    def __eq__(self, other: object) -> Built:  # type: ignore[override]
        return self._map("==", other)

    def __ne__(self, other: object) -> Built:  # type: ignore[override]
        return self._map("!=", other)

    __hash__ = object.__hash__

    def __lt__(self, other: object) -> Built:
        return self._map("<", other)

    def __le__(self, other: object) -> Built:
        return self._map("<=", other)

    def __gt__(self, other: object) -> Built:
        return self._map(">", other)

    def __ge__(self, other: object) -> Built:
        return self._map(">=", other)

    def __add__(self, other: object) -> Built:
        return self._map("+", other)

    def __radd__(self, other: object) -> Built:
        return self._map("+", other, swapped=True)

    def __sub__(self, other: object) -> Built:
        return self._map("-", other)

    def __rsub__(self, other: object) -> Built:
        return self._map("-", other, swapped=True)

    def __mul__(self, other: object) -> Built:
        return self._map("*", other)

    def __rmul__(self, other: object) -> Built:
        return self._map("*", other, swapped=True)

    def __truediv__(self, other: object) -> Built:
        return self._map("/", other)

    def __rtruediv__(self, other: object) -> Built:
        return self._map("/", other, swapped=True)

    def __floordiv__(self, other: object) -> Built:
        return self._map("//", other)

    def __rfloordiv__(self, other: object) -> Built:
        return self._map("//", other, swapped=True)

    def __mod__(self, other: object) -> Built:
        return self._map("%", other)

    def __rmod__(self, other: object) -> Built:
        return self._map("%", other, swapped=True)

    def __pow__(self, other: object) -> Built:
        return self._map("^", other)

    def __rpow__(self, other: object) -> Built:
        return self._map("^", other, swapped=True)

    def __and__(self, other: object) -> Built:
        return self._map("and", other)

    def __rand__(self, other: object) -> Built:
        return self._map("and", other, swapped=True)

    def __or__(self, other: object) -> Built:
        return self._map("or", other)

    def __ror__(self, other: object) -> Built:
        return self._map("or", other, swapped=True)

    def __invert__(self) -> Built:
        return self._map("not")

    def __neg__(self) -> Built:
        return self._map("negative")

    def __pos__(self) -> Built:
        return self._map("positive")

    def __abs__(self) -> Built:
        return self._map("abs")

    def __round__(self) -> Built:
        return self._map("round")
