"""The records of stages as JSON in a run's folder, so that what was stopped goes on.

Each file holds the settings that it belongs to and a digest of what it says: it finds damage, and is no signature.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tprog.errors import BadFile
from tprog.files import read_text, write_atomic
from tprog.files.formats import parse_json
from tprog.version import VERSION
from trainer.decompile import edges, harden, prune, readout, symbols, terms

T = TypeVar("T")

_WHAT = "a stage of decompiling, as tpdebug writes it"

_KINDS: Mapping[str, type[Any]] = {
    name: kind
    for module in (edges, prune, symbols, terms, readout, harden)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind)
}
"""All records of stages."""


class Kept:
    """The records of one run.

    Args:
        folder: None keeps nothing.
        settings: what the records depend on.
    """

    def __init__(self, folder: Path | None, settings: Mapping[str, Any]) -> None:
        self._folder = folder
        self._settings = {"version": VERSION, **settings}

    def _path(self, stage: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{stage}.json"

    def put(self, stage: str, record: object) -> None:
        """Keep a record.

        Raises:
            BadFile: it cannot be written.
        """
        path = self._path(stage)
        if path is None:
            return
        told = _written(record)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadFile(f"cannot make the folder {path.parent}: {(error.strerror or str(error)).lower()}") from None
        content = {"tool": "tpdebug", "settings": self._settings, "digest": _digest(told), "record": told}
        write_atomic(path, json.dumps(content, indent=None) + "\n", force=True)

    def get(self, stage: str, kind: type[T]) -> T | None:
        """A record that was kept; None without one, or where it belongs to other settings.

        Raises:
            BadFile: it is damaged.
        """
        path = self._path(stage)
        if path is None or not path.exists():
            return None
        content = parse_json(read_text(path, _WHAT), str(path), _WHAT)
        if not isinstance(content, dict) or content.get("digest") != _digest(content.get("record")):
            raise BadFile(f"{path} is damaged; expected {_WHAT}: delete it, and the stage is done again")
        if content.get("settings") != self._settings:
            return None
        record = _read(content["record"])
        if not isinstance(record, kind):
            raise BadFile(f"{path} holds another stage; expected {_WHAT}: delete it, and the stage is done again")
        return record


def _digest(told: object) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _written(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _written(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"kind": type(value).__name__, **fields}
    match value:
        case np.ndarray():
            return {"kind": "whole numbers", "numbers": value.tolist()}
        case frozenset():
            return {"kind": "set", "members": [_written(each) for each in sorted(value, key=str)]}
        case tuple():
            return [_written(each) for each in value]
        case _:
            assert value is None or isinstance(value, bool | int | float | str), value
            return value


def _read(told: Any) -> Any:
    match told:
        case list():
            return tuple(map(_read, told))
        case {"kind": "whole numbers", "numbers": numbers}:
            return np.array(numbers, dtype=np.int64)
        case {"kind": "set", "members": members}:
            return frozenset(map(_read, members))
        case {"kind": kind, **fields}:
            return _KINDS[kind](**{str(name): _read(value) for name, value in fields.items()})
        case _:
            return told
