"""The search that stands before the first step of a run, and what it leaves in the run's folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from tprog.errors import BadFile
from tprog.files import read_bytes, write_atomic
from tprog.ir.program import Program
from tprog.run.batch import Array, Batch
from tprog.run.execute import predict
from tprog.tasks.builtin import Task
from tprog.text.emit import emit
from tprog.text.read import read_module
from trainer.config import TrainConfig
from trainer.data import Accuracy, Data, Split, task_of
from trainer.pooling import everywhere, labelled_everywhere, pooled, unpooled
from trainer.search.synthesis import Found, Progress, Say, synthesize

SEARCHED = "searched.py"
"""The module of what the search found, in the run's folder."""

SEARCH = "search.json"
"""Where a search stands that has not ended."""

NEAREST = "nearest.py"
"""The module of the best that such a search knows."""


@dataclass(frozen=True)
class Searched:
    """What the search found.

    Attributes:
        wrong: predictions on validation and training inputs, in the order in which they decide.
    """

    program: Program
    wrong: tuple[int, int]

    @property
    def exact(self) -> bool:
        """Whether there is nothing that training could do better."""
        return self.wrong == (0, 0)


def can_search(config: TrainConfig) -> bool:
    """Whether a search is asked for, in a class that it knows: of embedded tokens it knows nothing."""
    return config.search > 0 and config.embedding == "one-hot"


def search_first(blank: Program, config: TrainConfig, data: Data, folder: Path, say: Say, note: Say) -> dict[str, str]:
    """Search, and write the module of what is found.

    Args:
        blank: any program of the class.
        say, note: told what is tried, and how it ended if not well: see `trainer.search.synthesis.synthesize`.

    Returns:
        sha256 of each file that was written, by name; empty if nothing is found.
    """
    task = task_of(config)
    if task.pooled:
        blank, data = unpooled(blank), labelled_everywhere(data)
    train, validation = data.train, data.validation
    state = SearchState(folder, data)
    found = synthesize(
        blank,
        (train.batch, train.expected.numpy()),
        (validation.batch, validation.expected.numpy()),
        seconds=config.search,
        seed=config.seed,
        say=say,
        note=note,
        complete=data.test is None,
        fresh=None if data.test is None or task.examples else partial(fresh, task, config.data_seed + 1, data),
        start=state.load(),
        keep=state.save,
    )
    written = {}
    if found is not None:
        program = pooled(found.program) if task.pooled else found.program
        program = dataclasses.replace(program, provenance=(("searched", str(found)),))
        written = write_program(program, folder / SEARCHED)
    state.remove()
    return written


FRESH = 10_000
"""Inputs that a program which is right on all others is tried on, where the task can be asked for more."""


def fresh(task: Task, seed: int, data: Data) -> tuple[Batch, Array]:
    """Further inputs of the task, none of them held out, with the right answers."""
    batch = task.draw(FRESH, seed)
    held_out = {
        row[:length].tobytes()
        for split in (data.validation, data.test)
        if split is not None
        for row, length in zip(split.batch.tokens, split.batch.lengths, strict=True)
    }
    others = [
        place
        for place, (row, length) in enumerate(zip(batch.tokens, batch.lengths, strict=True))
        if row[:length].astype(data.train.batch.tokens.dtype).tobytes() not in held_out
    ]
    batch = batch.take(np.array(others, dtype=np.int64))
    expected = task.expected(batch)
    return batch, everywhere(batch, expected) if task.pooled else expected


class SearchState:
    """Where the search of a run stands, in its folder, so that it can go on after a stop."""

    def __init__(self, folder: Path, data: Data) -> None:
        self.file, self.nearest, self.data = folder / SEARCH, folder / NEAREST, data
        self._best: Found | None = None
        self._written: dict[str, str] = {}

    def save(self, progress: Progress) -> None:
        """Write where it stands, and the best so far if that is another one now."""
        best = progress.best
        if best is not None and best is not self._best:
            self._best, self._written = best, write_program(best.program, self.nearest)
        state = {
            **dataclasses.asdict(dataclasses.replace(progress, best=None)),
            "best": None if best is None else {"how": best.how, "seconds": best.seconds, "files": self._written},
            "inputs": self.data.digest,
        }
        write_atomic(self.file, json.dumps(state) + "\n", force=True)

    def load(self) -> Progress | None:
        """Where it stood; None if it begins.

        Raises:
            BadFile: a file is not what a search has written.
        """
        if not self.file.exists():
            return None
        try:
            state = json.loads(read_bytes(self.file, "a search that was stopped"))
            if state.pop("inputs") != self.data.digest:
                raise ValueError("of other inputs")
            best = state.pop("best")
            rows, revised = tuple(map(int, state.pop("rows"))), tuple(map(int, state.pop("revised")))
            doubted = tuple(map(int, state.pop("doubted")))
            if not all(0 <= row < len(self.data.train) + len(doubted) for row in rows):
                raise ValueError("no such inputs")
            if not all(0 <= row < FRESH for row in doubted):
                raise ValueError("no such inputs")
            layer, number, spent = int(state["layer"]), int(state["number"]), float(state["seconds"])
            progress = Progress(layer, number, rows, revised, doubted, spent)
            if best is None:
                return progress
            self._written = {str(name): str(digest) for name, digest in best["files"].items()}
            how, seconds = str(best["how"]), float(best["seconds"])
        except (ValueError, TypeError, KeyError, AttributeError):
            raise BadFile(
                f"{self.file} does not say where this run's search stands; delete it, and the search begins anew"
            ) from None
        program = read_written(self.nearest, self._written)
        if program is None:
            return None
        validation, train = wrong(program, self.data)
        self._best = Found(program, how, (train, validation), seconds)
        return dataclasses.replace(progress, best=self._best)

    def remove(self) -> None:
        """There is nothing left to go on with."""
        for name in (self.file.name, self.nearest.name, *self._written):
            (self.file.parent / name).unlink(missing_ok=True)


def load_searched(folder: Path, written: Mapping[str, str], data: Data) -> Searched | None:
    """What the search of a run found; None if it has not ended, or found nothing.

    Args:
        written: the digests of what the run has written, by name.

    Raises:
        BadFile: the module is another one by now.
    """
    program = read_written(folder / SEARCHED, written)
    return None if program is None else Searched(program, wrong(program, data))


def write_program(program: Program, file: Path) -> dict[str, str]:
    """Write a program's module, and its side files beside it: sha256 of each file, by name."""
    emitted = emit(program, file.stem)
    files = {**emitted.side, file.name: emitted.text}
    for name, text in files.items():
        write_atomic(file.parent / name, text, force=True)
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}


def read_written(module: Path, written: Mapping[str, str]) -> Program | None:
    """The Program of a module that a run has written; None if it has not, or if its module was taken away.

    Args:
        written: sha256 of each file that the run has written, by name; it holds those of other modules too.

    Raises:
        BadFile: a file was changed since.
    """
    if module.name not in written or not module.exists():
        return None
    for name, digest in written.items():
        path = module.with_name(name)
        if not name.startswith(module.stem):
            continue
        if not path.is_file() or hashlib.sha256(read_bytes(path, "a module")).hexdigest() != digest:
            raise BadFile(
                f"{path} is not what the run has written, it was changed since; an edited program is used by its own "
                f"path: move it, and train --resume writes the run's own again"
            )
    return read_module(module).program


def wrong(program: Program, data: Data) -> tuple[int, int]:
    """How many validation and training predictions are wrong."""
    validation, train = (program_accuracy(program, split) for split in (data.validation, data.train))
    return validation.tokens - validation.tokens_right, train.tokens - train.tokens_right


def program_accuracy(program: Program, split: Split) -> Accuracy:
    """How many of a Program's predictions are right."""
    predictions, _ = predict(program, split.batch)
    return split.accuracy(torch.as_tensor(predictions, dtype=torch.long))
