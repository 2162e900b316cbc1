"""Values out of JSON that anybody may have written (`tprog.files.formats`): each field of its type and range."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from tprog.errors import BadFile
from trainer.settings import shown

Value = TypeVar("Value")


class Fields:
    """The fields of a JSON object, each asked for once by its name and checked.

    Args:
        where: the file and what of it, for messages.

    Raises:
        BadFile: it is no object; the methods raise it for a field that is missing or not as it must be.
    """

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, Mapping):
            raise BadFile(f"{where} is {shown(value)}; expected an object of named fields")
        self.where, self._left = where, dict(value)

    def take(self, name: str) -> Any:
        """The value of a field, whatever it is."""
        if name not in self._left:
            raise BadFile(f"{self.where} lacks {name}")
        return self._left.pop(name)

    def refuse(self, name: str, value: object, expected: str) -> NoReturn:
        """Say what is wrong with a value."""
        raise BadFile(f"{self.where}: {name} is {shown(value)}; expected {expected}")

    def whole(self, name: str, least: int, most: int) -> int:
        """A whole number from `least` to `most`."""
        return self.as_whole(name, self.take(name), least, most)

    def as_whole(self, name: str, value: object, least: int, most: int) -> int:
        """The same of a value that stands in a list."""
        if type(value) is not int or not least <= value <= most:
            self.refuse(name, value, f"a whole number from {least} to {most:,}")
        return value

    def number(self, name: str, least: float = 0.0, most: float = math.inf) -> float:
        """A finite number from `least` to `most`."""
        return self.as_number(name, self.take(name), least, most)

    def as_number(self, name: str, value: object, least: float = 0.0, most: float = math.inf) -> float:
        """The same of a value that stands in a list."""
        if type(value) not in (int, float) or not least <= value <= most or abs(value) == math.inf:  # type: ignore[operator, arg-type]  # its type was just looked at
            self.refuse(name, value, f"a number from {least:g} to {most:g}")
        try:
            return float(value)  # type: ignore[arg-type]
        except OverflowError:
            self.refuse(name, value, "a number of double precision")

    def maybe(self, name: str, read: Callable[[str], Value]) -> Value | None:
        """What a method reads, or None where the field is null."""
        if name in self._left and self._left[name] is None:
            return self._left.pop(name)  # type: ignore[no-any-return]  # it is None
        return read(name)

    def optional(self, name: str, read: Callable[[str], Value]) -> Value | None:
        """The same, where the field may be missing too: it came later than some of what is stored."""
        return self.maybe(name, read) if name in self._left else None

    def text(self, name: str, longest: int) -> str:
        """A text of at most so many letters."""
        value = self.take(name)
        if not isinstance(value, str) or len(value) > longest:
            self.refuse(name, value, f"a text of at most {longest:,} letters")
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.take(name)
        if not isinstance(value, bool):
            self.refuse(name, value, "true or false")
        return value

    def listed(self, name: str) -> list[Any]:
        """A list."""
        value = self.take(name)
        if not isinstance(value, list):
            self.refuse(name, value, "a list")
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        """An object."""
        value = self.take(name)
        if not isinstance(value, dict):
            self.refuse(name, value, "an object of named fields")
        return value

    def rest(self) -> dict[str, Any]:
        """The fields that were not asked for."""
        return self._left

    def end(self) -> None:
        """Refuse fields that were not asked for."""
        for name in self._left:
            raise BadFile(f"{self.where} has an unknown field {shown(name)}")
