"""The settings to start from: of the tasks that are built in, of tasks of one's own, and of corpora."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tprog.errors import BadUsage
from trainer.config import TrainConfig
from trainer.word_presets import default_words, published_words

# Layers, heads and MLPs of the published programs (see the table of results in arXiv 2306.01128); half of the heads
# and half of the MLPs are numeric.
_PUBLISHED_SIZES: Mapping[str, tuple[int, int, int]] = {
    "reverse": (3, 8, 2),
    "hist": (1, 4, 2),
    "double_hist": (3, 4, 2),
    "sort": (3, 8, 4),
    "most_freq": (3, 8, 4),
    "dyck1": (3, 8, 2),
    "dyck2": (3, 4, 4),
}


SEARCH_SECONDS = 60
"""Twice what the slowest of the published tasks takes: most_freq with 16 tokens."""

LENGTH_EXPONENT = 0.5
"""Of the training inputs of reverse, one in a hundred has three letters, and programs never learn those; with this, one
in twenty has (docs/training.md)."""

# The share of steps with hard choices that did best on validation (docs/training.md); for the others, a quarter.
_HARD: Mapping[str, float] = {"sort": 1.0, "reverse": 0.5}

UNKNOWN_LAYERS = 3
"""Layers of the extended class for a user's own task: nobody knows how many it needs."""

# Layers of the extended class: the least that are known to hold an exact program.
_LAYERS: Mapping[str, int] = {"hist": 1, "most_freq": 3, "dyck2": 3}


def published_config(task: str, seed: int = 0) -> TrainConfig:
    """The published class and size: one key a query value, no masks; trained as everything here is.

    Raises:
        BadUsage: a task that was not published.
    """
    if task == "induction":
        return TrainConfig(
            task,
            layers=2,
            cat_heads=1,
            num_heads=0,
            cat_mlps=0,
            num_mlps=0,
            seed=seed,
            epochs=20,
            members=8,
            halvings=2,
        )
    if (tagged := _tagged(task)) is not None:
        return published_words(task, tagged, seed)
    if task not in _PUBLISHED_SIZES:
        known = ", ".join([*_PUBLISHED_SIZES, "induction"])
        raise BadUsage(f"there is no published size for the task {task!r}; known are {known}")
    layers, heads, mlps = _PUBLISHED_SIZES[task]
    half, few = heads // 2, mlps // 2
    return TrainConfig(
        task,
        layers=layers,
        cat_heads=half,
        num_heads=half,
        cat_mlps=few,
        num_mlps=few,
        hard=_HARD.get(task, 0.25),
        seed=seed,
        members=8,
        halvings=2,
        epochs=20,
        length_exponent=LENGTH_EXPONENT,
        refit=True,
    )


def default_config(task: str, seed: int = 0) -> TrainConfig:
    """What `tpdebug train TASK` makes: a program of the extended class (set predicates, masks), searched for first.

    Only where the search finds none that is right on all training and validation inputs is one trained, then polished.
    """
    from tprog.tasks.own import is_own  # it needs numpy, and the help of the command line does not

    if task == "induction":
        return dataclasses.replace(published_config(task, seed), search=SEARCH_SECONDS)
    if (tagged := _tagged(task)) is not None:
        return default_words(task, tagged, seed)
    return TrainConfig(
        task,
        layers=UNKNOWN_LAYERS if is_own(task) else _LAYERS.get(task, 2),
        num_mlps=2,
        predicates="set",
        masks="assigned",
        hard=_HARD.get(task, 0.25),
        seed=seed,
        members=4,
        halvings=2,
        epochs=20,
        length_exponent=LENGTH_EXPONENT,
        search=SEARCH_SECONDS,
        refit=True,
        polish=100,
    )


def _tagged(task: str) -> bool | None:
    """Whether the words of a corpus have a tag each, not its sentences one label; None of any other task."""
    from tprog.words.names import is_corpus

    if not is_corpus(task):
        return None
    from tprog.words.read import read_corpus

    return read_corpus(task).tagged


def demo_config(seed: int = 0) -> TrainConfig:
    """A small sort program, trained within half a minute and right but for a few inputs: something to debug.

    So it goes without what makes the others exact: the search, the refit, and short inputs trained on more often.
    """
    config = default_config("sort", seed)
    return dataclasses.replace(
        config,
        vocabulary_size=8,
        length=8,
        length_exponent=1.0,
        epochs=12,
        halvings=1,
        search=0,
        refit=False,
        polish=0,
    )
