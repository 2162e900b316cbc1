"""What every result is: a frozen record of plain types that goes to JSON and back."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import repeat
from typing import Any, ClassVar, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from tprog import shown
from tprog.errors import BadFile
from tprog.ir.values import Boolean, Label, Nothing, json_value, value_of_json
from tprog.shown import Shown
from tprog.version import VERSION

UNTOLD: Final = shown.UNTOLD
"""Metadata of a field that JSON of this version of the schema says in other words: see `Record.restored`."""

WHERE_TOLD: Final = {"json": "where it is not its default"}
"""Metadata of a field that JSON has only where it says something: most programs have nothing to say there."""

R = TypeVar("R", bound="Told")


class Record:
    """Base of what has a field that JSON does not tell."""

    @classmethod
    def restored(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields that JSON has, with those that it does not tell (`UNTOLD`) made from them."""
        return fields


class Told(Record):
    """Base of what a verb tells as JSON.

    Attributes:
        verb: names the schema, with its version: ``tpdebug.<verb>/1``.
        schema_version: 2 where JSON has another shape than that of tpdebug 0.1: in records that hold values of
            variables, fractions were text, as words are; and those that tell where nodes were written did not.
        signed: whether JSON says which version of the tool made it. A line for each of many inputs does not.
    """

    verb: ClassVar[str]
    schema_version: ClassVar[int] = 1
    signed: ClassVar[bool] = True

    @classmethod
    def schema(cls) -> str:
        """The name of the schema, with its version."""
        return f"tpdebug.{cls.verb}/{cls.schema_version}"

    def to_json(self) -> dict[str, Any]:
        """The record as JSON types, with its schema and the version of the tool that made it."""
        signature = {"tool": VERSION} if self.signed else {}
        return {"schema": self.schema(), **signature, **_to_plain(self)}

    @classmethod
    def from_json(cls: type[R], data: Mapping[str, Any]) -> R:
        """The record that `to_json` wrote.

        Raises:
            BadFile: another schema, or fields that do not fit it.
        """
        wanted = cls.schema()
        if data.get("schema") != wanted:
            raise BadFile(f"the result has the schema {data.get('schema')!r}; expected {wanted!r}")
        fields = {key: value for key, value in data.items() if key not in ("schema", "tool")}
        try:
            record: R = _from_plain(cls, fields)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BadFile(f"the result does not fit its schema {wanted!r}: {error}") from None
        return record


class Result(Told, Shown):
    """Base of the result records. One shows itself in a notebook, to `print` and as a data frame."""


def _to_plain(value: Any) -> Any:
    if isinstance(value, Fraction | Boolean | Nothing | Label):
        return json_value(value)
    if dataclasses.is_dataclass(value):
        return {field.name: _to_plain(getattr(value, field.name)) for field in _told(value)}
    if isinstance(value, dict):
        return {key: _to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_to_plain(item) for item in value]
    return value


def _told(record: Any) -> list[dataclasses.Field[Any]]:
    """The fields of a record that JSON tells."""
    return [
        field
        for field in dataclasses.fields(record)
        if field.metadata != UNTOLD and (field.metadata != WHERE_TOLD or getattr(record, field.name) != field.default)
    ]


def _from_plain(kind: Any, value: Any) -> Any:
    """`value`, as JSON gave it, as the annotated type `kind`."""
    if dataclasses.is_dataclass(kind):
        return _record_from(kind, value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _of_union(arguments, value)
    if origin is dict:
        return {key: _from_plain(arguments[1], item) for key, item in value.items()}
    if origin is tuple:
        kinds = repeat(arguments[0], len(value)) if arguments[1:] == (Ellipsis,) else arguments
        return tuple(_from_plain(item_kind, item) for item_kind, item in zip(kinds, value, strict=True))
    return value


def _of_union(options: Sequence[Any], value: Any) -> Any:
    """The same as one of several types, of which None may be one."""
    if value is None and type(None) in options:
        return None
    if Fraction in options:  # a value of a variable
        return value_of_json(value)
    options = [option for option in options if option is not type(None)]
    if len(options) > 1:  # of one output, a row; of several, output -> row
        options = [option for option in options if (get_origin(option) is dict) == isinstance(value, dict)]
    return value if value is None or len(options) > 1 else _from_plain(options[0], value)


def _record_from(kind: Any, value: Any) -> Any:
    """A record of a kind, from its fields."""
    hints = get_type_hints(kind)
    fields = kind.restored(value) if isinstance(kind, type) and issubclass(kind, Record) else value
    return kind(**{key: _from_plain(hints[key], item) for key, item in fields.items()})
