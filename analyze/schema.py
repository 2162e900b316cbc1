"""What the JSON of a result may be: a JSON Schema (draft 2020-12), made from its record.

A field is required where JSON always has it, and no other field may stand beside those of the record. What may be a
value of a variable is said once, as are all records within the result.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import types
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

import analyze.results
from analyze.record import UNTOLD, WHERE_TOLD, Told
from tprog.simplify.record import Simplification

Kind: TypeAlias = type[Told] | type[Simplification]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

VALUE: Final[Mapping[str, Any]] = {
    "description": "what a variable may be: text, a whole number, a truth, a fraction, a label, or nothing",
    "anyOf": [
        {"type": ["string", "integer", "boolean"]},
        *(
            {"type": "object", "properties": {name: said}, "required": [name], "additionalProperties": False}
            for name, said in (
                ("fraction", {"type": "string"}),
                ("label", {"type": "string"}),
                ("nothing", {"const": True}),
            )
        ),
    ],
}

_PLAIN: Final[Mapping[object, Mapping[str, Any]]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    Any: {},
}


def results() -> dict[str, Kind]:
    """The records of all results, by what their schemas are called: mostly a verb."""
    for module in pkgutil.iter_modules(analyze.results.__path__):
        importlib.import_module(f"{analyze.results.__name__}.{module.name}")
    found: list[Kind] = [*(kind for kind in _below(Told) if hasattr(kind, "verb")), Simplification]
    return {kind.verb: kind for kind in sorted(found, key=lambda kind: kind.verb)}


def schema_of(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of what `to_json` makes of a record."""
    definitions: dict[str, Any] = {}
    told = _record(kind, definitions)
    signature = {"tool": {"type": "string", "description": "the version of tpdebug"}} if kind.signed else {}
    head = {"schema": {"const": kind.schema()}, **signature}
    if issubclass(kind, Simplification):  # whose record has the program itself: the verb says of which module it is
        head["program"] = {"type": "string"}
    return {
        "$schema": DIALECT,
        "title": kind.schema(),
        **told,
        "properties": {**head, **told["properties"]},
        "required": [*head, *told["required"]],
        "$defs": dict(sorted(definitions.items())),
    }


def _below(kind: type[Told]) -> Iterator[type[Told]]:
    for found in kind.__subclasses__():
        yield found
        yield from _below(found)


def _record(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The object that a record is; records within it go to `definitions`."""
    hints = get_type_hints(kind)
    fields = [field for field in dataclasses.fields(kind) if field.metadata != UNTOLD]
    return {
        "description": (kind.__doc__ or "").split("\n\n")[0].replace("\n", " "),
        "type": "object",
        "properties": {field.name: _kind(hints[field.name], definitions) for field in fields},
        "required": [field.name for field in fields if field.metadata != WHERE_TOLD],
        "additionalProperties": False,
    }


def _kind(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """What an annotated type is in JSON."""
    if dataclasses.is_dataclass(kind):
        name = f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"  # type: ignore[union-attr]  # it is a class
        if name not in definitions:
            definitions[name] = {}  # a record may hold its like
            definitions[name] = _record(kind, definitions)
        return {"$ref": f"#/$defs/{name}"}
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return _either(arguments, definitions)
    if origin is dict:
        return {"type": "object", "additionalProperties": _kind(arguments[1], definitions)}
    if origin is tuple:
        return _row(arguments, definitions)
    return dict(_PLAIN[kind])


def _either(options: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    """One of several types; a fraction among them says that it is a value of a variable."""
    if Fraction in options:
        definitions["Value"] = dict(VALUE)
        found = [{"$ref": "#/$defs/Value"}]
        found += [_kind(option, definitions) for option in options if option is type(None)]
    else:
        found = [_kind(option, definitions) for option in options]
    return found[0] if len(found) == 1 else {"anyOf": found}


def _row(kinds: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    """A list: as long as it likes, of one type; or of as many entries as there are types."""
    if kinds[1:] == (Ellipsis,):
        return {"type": "array", "items": _kind(kinds[0], definitions)}
    entries = [_kind(each, definitions) for each in kinds]
    return {"type": "array", "prefixItems": entries, "minItems": len(entries), "maxItems": len(entries)}
