"""The search that stands before the first step of a run, and what it leaves in the run's folder."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from tprog.errors import BadFile
from tprog.files import read_bytes, write_atomic
from tprog.ir.program import Program
from tprog.run.execute import predict
from tprog.text.emit import emit
from tprog.text.read import read_module
from trainer.config import TrainConfig
from trainer.data import Accuracy, Data, Split
from trainer.search.synthesis import Say, synthesize

SEARCHED = "searched.py"
"""The module of what the search found, in the run's folder."""


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
    train, validation = data.train, data.validation
    found = synthesize(
        blank,
        (train.batch, train.expected.numpy()),
        (validation.batch, validation.expected.numpy()),
        seconds=config.search,
        seed=config.seed,
        say=say,
        note=note,
        complete=data.test is None,
    )
    if found is None:
        return {}
    program = dataclasses.replace(found.program, provenance=(("searched", str(found)),))
    return write_program(program, folder / SEARCHED)


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
