"""Suites: grids that come with tpdebug.

`paper` is the published suite (arXiv 2306.01128, section 4) in the published class, with categorical heads only, and in
the extended class; beside each task, a standard Transformer on the same data. Its rows are those of docs/results.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tprog.errors import BadUsage
from tprog.tasks.builtin import BRACKETS
from trainer.config import TrainConfig
from trainer.grid import BASELINE, Trial, configured, seeded
from trainer.presets import SEARCH_SECONDS, default_config, published_config


class Row(NamedTuple):
    """A row of a suite: a task in a class, and what is changed in the settings of that class."""

    name: str
    task: str
    program_class: str
    changes: Mapping[str, Any] = {}


PUBLISHED, CATEGORICAL, EXTENDED = "published", "categorical", "extended"
"""The classes: as published; with categorical heads and MLPs only; with set predicates and masks. The fourth is
`BASELINE`: a standard Transformer."""

SEARCHED = ", searched"
"""What is added to the name of a class whose programs are searched for: by deduction (`trainer.search`), and where that
finds none that is right, by the discrete search (`trainer.search.stagewise`), with one epoch of training to beat."""

SEARCH: Mapping[str, Any] = {"search": SEARCH_SECONDS, "epochs": 1, "members": 1, "halvings": 0, "polish": 100}

TRAINED: Mapping[str, Any] = {"search": 0, "polish": 0}
"""What all other programs are: trained alone."""

TASKS = ("reverse", "hist", "double_hist", "sort", "most_freq", "dyck1", "dyck2", "induction")

LARGE = ("reverse", "hist", "double_hist", "sort", "most_freq")
"""The tasks that come at k = N = 16 too."""

_LARGE: Mapping[str, Any] = {"vocabulary_size": 16, "length": 16}
_FEWER: Mapping[str, Any] = {"members": 4, "halvings": 2, "epochs": 5}
"""At N = 16 a step takes four to eight times as long."""

_EPOCHS: Mapping[str, Mapping[str, Any]] = {
    PUBLISHED: {"epochs": 10},
    CATEGORICAL: {"epochs": 6},
    EXTENDED: {"members": 8, "halvings": 2, "epochs": 20},
}
"""How long the classes are trained: the networks of the first two are twice as large, and slower."""


_LENGTHS: Mapping[tuple[str, str], Mapping[str, Any]] = {("sort", PUBLISHED): {"epochs": 22, "halvings": 0}}
"""The row that is timed against the published code: every seed to the end."""


def _paper() -> Iterator[Row]:
    """Names say the task; with a number, its k and N where they are not 8 and 8."""
    for task in TASKS:
        for program_class in (PUBLISHED, CATEGORICAL, EXTENDED):
            if task == "induction" and program_class != PUBLISHED:
                continue  # its published size has no other heads than categorical ones, and is exact
            changes = _LENGTHS.get((task, program_class), _EPOCHS.get(program_class, {}))
            changes = _FEWER if task in BRACKETS else changes
            yield Row(task, task, program_class, {**TRAINED, **changes})
            moves = {"polish": 12} if task == "most_freq" else {}  # unsolved; a hundred moves take over 11 minutes
            yield Row(task, task, program_class + SEARCHED, {**SEARCH, **moves})
        yield Row(task, task, BASELINE)
    for task in LARGE:
        for program_class in (PUBLISHED, EXTENDED):
            yield Row(f"{task} 16", task, program_class, {**_LARGE, **_FEWER, **TRAINED})
            yield Row(f"{task} 16", task, program_class + SEARCHED, {**_LARGE, **SEARCH, "polish": 12})
        yield Row(f"{task} 16", task, BASELINE, _LARGE)


PAPER = tuple(_paper())


def _categorical(task: str) -> TrainConfig:
    """The published size with all of its heads and MLPs categorical."""
    config = published_config(task)
    return dataclasses.replace(
        config,
        cat_heads=config.cat_heads + config.num_heads,
        num_heads=0,
        cat_mlps=config.cat_mlps + config.num_mlps,
        num_mlps=0,
    )


_CLASSES: Mapping[str, Callable[[str], TrainConfig]] = {
    PUBLISHED: published_config,
    CATEGORICAL: _categorical,
    EXTENDED: default_config,
}


def class_config(program_class: str, task: str) -> TrainConfig:
    """The settings of a class for a task."""
    return _CLASSES[program_class](task)


DATA_SEED = 0
"""Of the data of all rows, which is `TrainConfig`'s own: standard Transformers see what the programs see."""


# Seeds ################################################################################################################

SEEDS = 16
"""Trials of each row of the suite `seeds`; trial i has the seed i and the data seed i."""

BY_DEFAULT = ", by default"
"""What is added to the name of a class whose programs are made as `tpdebug train` makes them in its own class."""

_BY_DEFAULT = ("search", "members", "halvings", "epochs", "length_exponent", "refit", "polish")
"""The settings of the default preset that say how a program is made, not of which class it is."""


def by_default(task: str, program_class: str) -> TrainConfig:
    """The settings of a class for a task, searched for and trained as the default preset does."""
    preset = default_config(task)
    return dataclasses.replace(
        class_config(program_class, task), **{name: getattr(preset, name) for name in _BY_DEFAULT}
    )


def _seeds() -> Iterator[Trial]:
    """Seed by seed within a class and size, so that a sweep that is stopped has as many seeds of each of its rows.

    Induction comes once: its published size has no other heads than categorical ones, and is its extended class too.
    """
    for large in (False, True):
        for program_class in (EXTENDED, CATEGORICAL, PUBLISHED):
            for seed in range(SEEDS):
                for task in LARGE if large else TASKS:
                    if task == "induction" and program_class != PUBLISHED:
                        continue
                    changes = {**(_LARGE if large else {}), "seed": seed, "data_seed": seed}
                    config = dataclasses.replace(by_default(task, program_class), **changes)
                    yield Trial(f"{task} 16" if large else task, program_class + BY_DEFAULT, config)


# By name ##############################################################################################################

SUITES: Mapping[str, Callable[[], Iterator[Trial]]] = {
    "paper": lambda: (trial for row in PAPER for trial in _trials(row)),
    "seeds": _seeds,
}


def suite(name: str) -> tuple[Trial, ...]:
    """The trials of a suite.

    Raises:
        BadUsage: no such suite.
    """
    if name not in SUITES:
        raise BadUsage(f"there is no suite {name!r}; known are {', '.join(SUITES)}")
    return tuple(SUITES[name]())


def _trials(row: Row) -> Iterator[Trial]:
    if row.program_class == BASELINE:
        config = configured(BASELINE, {"task": row.task, "data_seed": DATA_SEED, **row.changes})
        return seeded(row.name, BASELINE, config, 1, BASELINE)
    settings = dataclasses.replace(class_config(row.program_class.removesuffix(SEARCHED), row.task), **row.changes)
    return seeded(row.name, row.program_class, settings, 1)
