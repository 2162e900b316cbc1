"""Values of the command line that are what they should be as they come: nothing is imported to say so."""

from __future__ import annotations

from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup

_LONG = 18
"""Digits of a number that typer has to look at."""


class _AsItComes:
    """Takes such a value as it is, and leaves every other to typer."""

    def __init__(self, parameter: Any) -> None:
        self._parameter = parameter

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        several = param.multiple or param.nargs != 1
        if value is None:
            return () if several else None
        if not several and _is_as_meant(value, param):
            return value
        if not several and isinstance(value, str) and (meant := _read(value, param.type_descriptor)) is not None:
            return meant
        return type(self._parameter).get_runtime_param(self._parameter).coerce(value, param=param, ctx=ctx)


def _is_as_meant(value: Any, parameter: Any) -> bool:
    """Whether a value is text where text is meant, or the default of the option, which we wrote."""
    descriptor = parameter.type_descriptor
    meant = descriptor.annotation
    if descriptor.parameter_info.parser is not None or not isinstance(meant, type) or not isinstance(value, meant):
        return False
    return meant is str or (value is parameter.default and issubclass(meant, int | float | Enum))


def _read(value: str, descriptor: Any) -> Path | int | None:
    """A path, or a whole number within its bounds; None where typer has to look, or to refuse."""
    if descriptor.parameter_info.parser is not None:
        return None
    if descriptor.annotation is Path:
        return _path(value, descriptor.parameter_info)
    return _whole(value, descriptor.parameter_info) if descriptor.annotation is int else None


def _path(value: str, info: Any) -> Path | None:
    """A path of which nothing is asked."""
    asked = info.exists or info.resolve_path or info.allow_dash or not (info.file_okay and info.dir_okay)
    return None if asked else Path(value)


def _whole(value: str, info: Any) -> int | None:
    """A number in plain digits, within its bounds."""
    if info.clamp or not (value.isascii() and value.isdecimal() and len(value) < _LONG):
        return None
    number = int(value)
    low, high = number if info.min is None else info.min, number if info.max is None else info.max
    return number if low <= number <= high else None


def _spared(parameters: list[Any]) -> list[Any]:
    """The parameters, which have only such values checked that need it.

    typer checks each with pydantic, which it imports for that; to import it takes as long as to import NumPy.
    """
    for parameter in parameters:
        if hasattr(parameter, "get_runtime_param"):
            parameter.get_runtime_param = partial(_AsItComes, parameter)
    return parameters


class Command(TyperCommand):
    """A command whose values are taken so."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The arguments and options."""
        return _spared(super().get_params(ctx))


class Group(TyperGroup):
    """A group whose values are taken so."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The options."""
        return _spared(super().get_params(ctx))
