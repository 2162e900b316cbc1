"""The folder of a training run, as far as it is JSON: its settings and its figures, epoch by epoch.

The trainer writes it; here it is read without torch, for who wants to look at it. Anybody may have written it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tprog.errors import BadFile
from tprog.files import read_text
from tprog.files.formats import parse_json

CONFIG, METRICS, PROGRAM = "config.json", "metrics.jsonl", "program.py"
"""Of a run that trains a program: its settings, its figures, the module that came of it."""

GPT_SETTINGS = "training.json"
"""The settings of a run that trains a GPT."""

SEEDS = ("seed", "data_seed")
"""The settings that make a run another seed of the same."""


@dataclass(frozen=True)
class NotedRun:
    """What a run folder tells.

    Attributes:
        folder: where it is.
        settings: all of them.
        rows: one an epoch, or one an evaluation of a GPT.
    """

    folder: Path
    settings: Mapping[str, Any]
    rows: tuple[Mapping[str, Any], ...]

    @property
    def program(self) -> Path | None:
        """The module that came of it; None while there is none."""
        return self.folder / PROGRAM if (self.folder / PROGRAM).is_file() else None


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run."""
    return any((folder / name).is_file() for name in (CONFIG, GPT_SETTINGS)) and (folder / METRICS).is_file()


def runs_in(folder: Path) -> tuple[Path, ...]:
    """The run folders that are meant by a folder: itself, or all in it, by name.

    Raises:
        BadFile: it is none, and there is none in it.
    """
    if is_run(folder):
        return (folder,)
    found = tuple(sorted(each for each in folder.iterdir() if is_run(each))) if folder.is_dir() else ()
    if not found:
        raise BadFile(f"{folder}: no run; expected the folder of a run ({CONFIG}, {METRICS}), or one of such folders")
    return found


def read_run(folder: Path) -> NotedRun:
    """What a run folder tells.

    Raises:
        BadFile: a file of it cannot be read, or is not what a run writes.
    """
    file = folder / (GPT_SETTINGS if (folder / GPT_SETTINGS).is_file() else CONFIG)
    what = "the settings of a run"
    settings = parse_json(read_text(file, what), str(file), what)
    if not isinstance(settings, dict):
        raise BadFile(f"{file}: no settings; expected a JSON object")
    return NotedRun(folder, settings, tuple(_rows(folder / METRICS)))


def _rows(file: Path) -> Iterator[Mapping[str, Any]]:
    what = "the figures of a run"
    # A run whose program was found without training has noted no epoch.
    text = read_text(file, what) if file.stat().st_size else ""
    for number, line in enumerate(text.rstrip("\n").split("\n") if text else (), 1):
        row = parse_json(line, f"{file}:{number}", what)
        if not isinstance(row, dict) or not any(type(row.get(name)) is int for name in ("epoch", "step")):
            raise BadFile(f"{file}:{number}: no figures; expected a JSON object with an epoch or a step")
        yield row
