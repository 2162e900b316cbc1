"""What a sweep trains: rows of trials, from a TOML file.

Settings at the top level hold for all rows; a list means alternatives, and several lists all combinations. Each table
of ``[[rows]]`` is a row of its own, which adds settings or replaces them:

    task = "sort"
    seed = [0, 1, 2]

    [[rows]]
    name = "small"
    layers = 1

    [[rows]]
    name = "published"
    lr = [0.05, 0.02]

``name``, ``class`` and ``kind`` say what a row is called, which class its programs are of, and what is trained; left
out, a trial is in the row of its task, of no class, and trains a program. The best trial of a row is chosen by
validation, so the lists of a row are what is searched over. The path of a task of the user's own is taken from the
grid's folder.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tprog.errors import BadUsage
from tprog.files import read_text
from tprog.files.formats import read_toml
from tprog.tasks.own import is_own, own_path, task_name
from tprog.version import VERSION
from trainer.config import TrainConfig, shown

if TYPE_CHECKING:
    from trainer.baseline import BaselineConfig

PROGRAM, BASELINE = "program", "baseline"
"""The kinds of trials: a Transformer Program, and a standard Transformer beside it."""

LONGEST_NAME = 100
"""Letters of the name and of the class of a row."""

MOST_TRIALS = 100_000
"""Of a row: each takes a minute or more."""

KINDS = (PROGRAM, BASELINE)
"""What can be trained; `trainer.trial.TRAINERS` says how."""

_ROW_KEYS = ("name", "class", "kind")


@dataclass(frozen=True)
class Trial:
    """One set of settings, as a member of a row.

    Attributes:
        name, program_class: of the row.
        kind: one of `KINDS`.
    """

    name: str
    program_class: str
    config: TrainConfig | BaselineConfig
    kind: str = PROGRAM

    @cached_property
    def settings(self) -> dict[str, Any]:
        """All settings as JSON types."""
        return self.config.to_mapping()

    @cached_property
    def key(self) -> str:
        """sha256, in hexadecimal, of all that the outcome depends on: kind, settings, the tool's version and, where the
        task is a file of the user's own, what is in it.

        Raises:
            BadFile: that file cannot be read.
        """
        whole = {"tool": VERSION, "kind": self.kind, "settings": self.settings}
        if is_own(self.config.task):
            whole["task"] = read_text(own_path(self.config.task), "a task")
        canonical = json.dumps(whole, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def member(self) -> tuple[str, str, str]:
        """Name, class and key: no two trials of a sweep have the same."""
        return self.name, self.program_class, self.key

    def __str__(self) -> str:
        return " ".join(filter(None, (self.name, self.program_class, f"seed {self.settings.get('seed', '-')}")))


def configured(kind: str, settings: Mapping[str, Any]) -> TrainConfig | BaselineConfig:
    """The settings of a trial of a kind, from a parsed JSON or TOML table.

    Raises:
        BadUsage: an unknown key or a value that has no meaning.
    """
    if kind == PROGRAM:
        return TrainConfig.from_mapping(settings)
    from trainer.baseline import BaselineConfig  # it brings torch, which a table of results does without

    return BaselineConfig.from_mapping(settings)


def read_grid(path: Path | str) -> tuple[Trial, ...]:
    """The trials of a TOML file, in its order, each once.

    Raises:
        BadFile: no such file, or not TOML.
        BadUsage: an unknown key or a value that has no meaning; the message names the file and the key.
    """
    table = read_toml(path, "a grid of settings in TOML")
    rows = table.pop("rows", None)
    if rows is not None and not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        raise BadUsage(f"{path}: rows is {rows!r}; expected tables, each under a line [[rows]]")
    if rows == [] or not (table or rows):
        raise BadUsage(f'{path}: there is nothing to train; expected settings, such as task = "sort"')
    trials: dict[tuple[str, str, str], Trial] = {}
    for number, row in enumerate([{}] if rows is None else rows, start=1):
        where = f"{path}" if rows is None else f"{path}: row {number}" + (f" ({row['name']})" if "name" in row else "")
        for trial in _trials({**table, **row}, where, Path(path).parent):
            trials.setdefault(trial.member, trial)
    return tuple(trials.values())


def _trials(row: Mapping[str, Any], where: str, folder: Path) -> Iterator[Trial]:
    """Every combination of the alternatives of one row."""
    said = _said_of(row, where)
    kind = said.get("kind", PROGRAM)
    alternatives = _alternatives({key: value for key, value in row.items() if key not in said}, where)
    for combination in product(*alternatives.values()):
        settings = dict(zip(alternatives, combination, strict=True))
        task = settings.get("task")
        if isinstance(task, str) and is_own(task):
            settings["task"] = str(folder / task)
        try:
            config = configured(kind, settings)
        except BadUsage as error:
            raise BadUsage(f"{where}: {error}") from None
        yield Trial(said.get("name") or task_name(config.task), said.get("class", ""), config, kind)


def _alternatives(row: Mapping[str, Any], where: str) -> dict[str, list[Any]]:
    """Setting -> its alternatives.

    Raises:
        BadUsage: a setting has none, or there are too many combinations.
    """
    found = {key: value if isinstance(value, list) else [value] for key, value in row.items()}
    if empty := [key for key, values in found.items() if not values]:
        raise BadUsage(f"{where}: {empty[0]} is an empty list; expected at least one alternative")
    if (count := math.prod(map(len, found.values()))) > MOST_TRIALS:
        raise BadUsage(f"{where}: its lists have {shown(count)} combinations; expected at most {MOST_TRIALS:,}")
    return found


def _said_of(row: Mapping[str, Any], where: str) -> dict[str, str]:
    """What is said of a whole row: its name, its class, and what kind of model it trains."""
    said = {key: row[key] for key in _ROW_KEYS if key in row}
    for key, value in said.items():
        if not isinstance(value, str) or not value.strip():
            raise BadUsage(f"{where}: {key} is {value!r}; expected a text, the same for the whole row")
        if len(value) > LONGEST_NAME or not value.isprintable():
            raise BadUsage(
                f"{where}: {key} is {shown(value)}; expected at most {LONGEST_NAME} letters that can be shown"
            )
    if (kind := said.get("kind", PROGRAM)) not in KINDS:
        raise BadUsage(f"{where}: kind is {kind!r}; expected one of {', '.join(KINDS)}")
    return said


def chosen(trials: tuple[Trial, ...], text: str | None) -> tuple[Trial, ...]:
    """The trials whose row has this text in its name and class, such as ``sort published``; without a text, all.

    Raises:
        BadUsage: there is none.
    """
    if text is None:
        return trials
    kept = tuple(trial for trial in trials if holds(text, trial.name, trial.program_class))
    if not kept:
        names = ", ".join(dict.fromkeys(trial.name for trial in trials))
        raise BadUsage(f"no row's name or class holds {text!r}; the names are {names}")
    return kept


def holds(text: str, name: str, program_class: str) -> bool:
    """Whether a row has this text in its name, in its class, or in both with a blank between them."""
    return text in f"{name} {program_class}"


def seeded(
    name: str, program_class: str, config: TrainConfig | BaselineConfig, seeds: int, kind: str = PROGRAM
) -> Iterator[Trial]:
    """One trial for each of the seeds 0, 1, 2 ..."""
    for seed in range(seeds):
        yield Trial(name, program_class, dataclasses.replace(config, seed=seed), kind)
