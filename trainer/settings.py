"""Settings: frozen records that refuse unknown keys, values of another type and values out of range."""

from __future__ import annotations

import dataclasses
import difflib
import json
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self, TypeVar, get_args, get_type_hints

from tprog.errors import BadUsage

SEEDS = 2**63
"""Seeds are below this, as those of most tools."""

Value = TypeVar("Value")


def setting(value: Value, about: str, least: int | None = None, most: int | None = None, told: bool = True) -> Value:
    """The field of a setting.

    Args:
        value: where nobody says another one.
        about: what it is, as the command line's help tells it.
        least, most: of a whole number. What is more means hours for a step, or memory that no machine has: a slip of
            the pen, or a file that means harm. What several settings take together is told by `trainer.memory`.
        told: whether it is written down where it is as nobody chose it. Settings for words are not: runs on letters
            have the same files as before there were any.
    """
    limits = None if least is None or most is None else (least, most)
    return dataclasses.field(default=value, metadata={"about": about, "limits": limits, "told": told})


class BadSetting(BadUsage):
    """A setting whose value has no meaning.

    Attributes:
        key: its name, with which the message begins.
    """

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key} {problem}")
        self.key = key


@dataclass(frozen=True)
class Settings:
    """A record of settings, each a `setting` but the task.

    Raises:
        BadSetting: a value that has no meaning; the message names the key.
    """

    task: str

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, limits = getattr(self, field.name), field.metadata.get("limits")
            _check_type(type(self), field.name, value)
            if value is not None and limits is not None:
                check_range(field.name, value, *limits)

    def to_mapping(self) -> dict[str, Any]:
        """The settings by name, but for those that are not told where they are as nobody chose them."""
        fields = dataclasses.fields(self)
        untold = {each.name for each in fields if not each.metadata.get("told", True)}
        defaults = {each.name: each.default for each in fields if each.name in untold}
        found = dataclasses.asdict(self)
        return {key: value for key, value in found.items() if key not in untold or value != defaults[key]}

    def to_json(self) -> str:
        """`to_mapping` as JSON text, one setting a line."""
        return json.dumps(self.to_mapping(), indent=2) + "\n"

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> Self:
        """The settings from a parsed JSON or TOML table.

        Raises:
            BadUsage: an unknown key, no task, or a value that has no meaning (`BadSetting`).
        """
        known = [field.name for field in dataclasses.fields(cls)]
        if unknown := [key for key in settings if key not in known]:
            near = difflib.get_close_matches(unknown[0][:60], known, n=1, cutoff=0.5)
            meant = f"; the nearest known one is {near[0]}" if near else f"; known are {', '.join(known)}"
            raise BadUsage(f"unknown setting {shown(unknown[0])}{meant}")
        if "task" not in settings:
            raise BadUsage("the settings name no task; expected a key 'task'")
        return cls(**settings)


def check_range(key: str, value: int, least: int, most: int) -> None:
    """Refuse a whole number out of its range.

    Raises:
        BadSetting: the message names the key.
    """
    if value < least:
        raise BadSetting(key, f"is {shown(value)}; expected at least {least}")
    if value > most:
        raise BadSetting(key, f"is {shown(value)}; expected at most {most:,}")


def expect_shared(key: str, width: int, heads: int) -> None:
    """Refuse a width that the heads of a layer cannot share equally.

    Raises:
        BadSetting: the message names the key of the width.
    """
    if width % heads:
        raise BadSetting(key, f"is {width}, which {heads} heads cannot share equally; expected a multiple of heads")


def shown(value: object) -> str:
    """A value for a message, cut where it is long."""
    if isinstance(value, int) and abs(value) >= 10**20:
        return f"{'-' * (value < 0)}2 to the power of {value.bit_length() - 1} or more"
    text = _SHOWN.repr(value)
    return text if len(text) <= 60 else text[:56] + " ..."


_SHOWN = reprlib.Repr()
_SHOWN.maxstring = _SHOWN.maxother = 60


@cache
def _types(kind: type[Any]) -> Mapping[str, Any]:
    """The declared type of each setting."""
    return get_type_hints(kind)


def _check_type(kind: type[Settings], key: str, value: object) -> None:
    """Refuses a value whose type is not the one declared; true and false are not numbers."""
    declared = _types(kind)[key]  # type: ignore[arg-type]  # a class can be hashed
    options = get_args(declared)
    if options and all(isinstance(option, str) for option in options):
        if value not in options:
            raise BadSetting(key, f"is {shown(value)}; expected one of {', '.join(map(repr, options))}")
        return
    allowed = tuple(options) or ((int, float) if declared is float else (declared,))
    if not isinstance(value, allowed) or (isinstance(value, bool) and declared is not bool):
        names = " or ".join("nothing" if each is type(None) else each.__name__ for each in allowed)
        raise BadSetting(key, f"is {shown(value)}, a {type(value).__name__}; expected {names}")
