"""The search that stands before the first step of a run, and what it leaves in the run's folder."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import torch

from tprog.emit import emit
from tprog.execute import predict
from tprog.files import write_atomic
from tprog.program import Program
from tprog.read import read_module
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


def search_first(blank: Program, config: TrainConfig, data: Data, folder: Path, say: Say) -> None:
    """Search, and write the module of what is found.

    Args:
        blank: any program of the class.
    """
    train, validation = data.train, data.validation
    found = synthesize(
        blank,
        (train.batch, train.expected.numpy()),
        (validation.batch, validation.expected.numpy()),
        seconds=config.search,
        seed=config.seed,
        say=say,
    )
    if found is not None:
        program = dataclasses.replace(found.program, provenance=(("searched", str(found)),))
        write_program(program, folder / SEARCHED)


def load_searched(folder: Path, data: Data) -> Searched | None:
    """What the search of a run found; None if it has not ended, or found nothing."""
    if not (folder / SEARCHED).exists():
        return None
    program = read_module(folder / SEARCHED).program
    return Searched(program, wrong(program, data))


def write_program(program: Program, file: Path) -> None:
    """Write a program's module, and its side files beside it."""
    emitted = emit(program, file.stem)
    for name, text in {**emitted.side, file.name: emitted.text}.items():
        write_atomic(file.parent / name, text, force=True)


def wrong(program: Program, data: Data) -> tuple[int, int]:
    """How many validation and training predictions are wrong."""
    validation, train = (program_accuracy(program, split) for split in (data.validation, data.train))
    return validation.tokens - validation.tokens_right, train.tokens - train.tokens_right


def program_accuracy(program: Program, split: Split) -> Accuracy:
    """How many of a Program's predictions are right."""
    predictions, _ = predict(program, split.batch)
    return split.accuracy(torch.as_tensor(predictions, dtype=torch.long))
