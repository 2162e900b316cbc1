"""What every result is: a frozen record of plain types that goes to JSON and back."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from fractions import Fraction
from itertools import repeat
from typing import Any, ClassVar, Final, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from tprog.errors import BadFile
from tprog.ir.program import Value
from tprog.version import VERSION

Plain: TypeAlias = str | int
"""A value of a variable: a symbol, a whole number, or a fraction as text."""

SCHEMA_VERSION = 1

UNTOLD: Final = {"json": False}
"""Metadata of a field that JSON of this version of the schema says in other words: see `Record.restored`."""

R = TypeVar("R", bound="Result")


def plain(value: Value) -> Plain:
    """A value as JSON holds it."""
    return str(value) if isinstance(value, Fraction) else value


class Record:
    """Base of what has a field that JSON does not tell."""

    @classmethod
    def restored(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields that JSON has, with those that it does not tell (`UNTOLD`) made from them."""
        return fields


class Result(Record):
    """Base of the result records. `verb` names the schema: ``tpdebug.<verb>/1``."""

    verb: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """The record as JSON types, with its schema and the version of the tool that made it."""
        return {"schema": f"tpdebug.{self.verb}/{SCHEMA_VERSION}", "tool": VERSION, **_to_plain(self)}

    @classmethod
    def from_json(cls: type[R], data: Mapping[str, Any]) -> R:
        """The record that `to_json` wrote.

        Raises:
            BadFile: another schema, or fields that do not fit it.
        """
        wanted = f"tpdebug.{cls.verb}/{SCHEMA_VERSION}"
        if data.get("schema") != wanted:
            raise BadFile(f"the result has the schema {data.get('schema')!r}; expected {wanted!r}")
        fields = {key: value for key, value in data.items() if key not in ("schema", "tool")}
        try:
            record: R = _from_plain(cls, fields)
        except (AttributeError, KeyError, TypeError) as error:
            raise BadFile(f"the result does not fit its schema {wanted!r}: {error}") from None
        return record


def _to_plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        told = (field.name for field in dataclasses.fields(value) if field.metadata != UNTOLD)
        return {name: _to_plain(getattr(value, name)) for name in told}
    if isinstance(value, tuple):
        return [_to_plain(item) for item in value]
    return value


def _from_plain(kind: Any, value: Any) -> Any:
    """`value`, as JSON gave it, as the annotated type `kind`."""
    if dataclasses.is_dataclass(kind):
        return _record_from(kind, value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        options = [option for option in arguments if option is not type(None)]
        return value if value is None or len(options) > 1 else _from_plain(options[0], value)
    if origin is tuple:
        kinds = repeat(arguments[0], len(value)) if arguments[1:] == (Ellipsis,) else arguments
        return tuple(_from_plain(item_kind, item) for item_kind, item in zip(kinds, value, strict=True))
    return value


def _record_from(kind: Any, value: Any) -> Any:
    """A record of a kind, from its fields."""
    hints = get_type_hints(kind)
    fields = kind.restored(value) if isinstance(kind, type) and issubclass(kind, Record) else value
    return kind(**{key: _from_plain(hints[key], item) for key, item in fields.items()})
