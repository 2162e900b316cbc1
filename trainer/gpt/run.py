"""A training in a folder: begun, gone on with, kept at Ctrl-C, and at its end a model that others can read.

The folder holds the model as it is (`config.json`, `model.safetensors`), `training.json`, the settings, and
`metrics.jsonl`, one line an evaluation, and `checkpoint.safetensors`, which nothing needs once training is done.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from tprog.errors import BadFile, BadUsage
from tprog.files import read_text, write_atomic
from tprog.files.formats import parse_json
from tprog.files.half_written import remove_half_written
from tprog.files.lock import locked
from tprog.tasks.next_token import NextTokenTask
from trainer.data import Accuracy
from trainer.gpt.folder import CONFIG, WEIGHTS, save
from trainer.gpt.judge import JUDGED, accuracy
from trainer.gpt.training import CHECKPOINT, METRICS, SETTINGS, State, Training
from trainer.gpt_settings import GptTraining
from trainer.stopping import sigint
from trainer.threads import one_thread

LOCK = ".lock"
"""Who trains in a folder holds the lock of this file in it."""

_OURS = (CONFIG, WEIGHTS, SETTINGS, METRICS, CHECKPOINT)


@dataclass(frozen=True)
class GptResult:
    """What a training ended with.

    Attributes:
        accuracies: of each range of lengths, at offset 0, on `JUDGED` random inputs; empty if interrupted.
        shifted: the same at random offsets; empty of a model that has no positions, too.
        steps: steps done, over all calls.
        parameters: numbers trained.
        seconds: of this call.
        interrupted: stopped by Ctrl-C before its end.
    """

    accuracies: tuple[tuple[tuple[int, int], Accuracy], ...]
    shifted: tuple[tuple[tuple[int, int], Accuracy], ...]
    steps: int
    parameters: int
    seconds: float
    interrupted: bool


def train_gpt(
    config: GptTraining,
    task: NextTokenTask,
    folder: Path,
    resume: bool = False,
    overwrite: bool = False,
    progress: bool = True,
    count: int = JUDGED,
) -> GptResult:
    """Train a decoder and write it to a folder. One that is done and resumed is judged again, and stays as it is.

    Args:
        task: the one that `config` names.
        resume: go on with the training in the folder, which must have the same settings, but for the device.
        overwrite: replace a model that the folder holds already.
        progress: show a bar on stderr.
        count: inputs of each range of lengths to judge by.

    Raises:
        BadUsage: settings that cannot be trained; the loss is no longer a number; other settings than those begun with.
        BadFile: the folder cannot be written, holds a model already, or a damaged one.
    """
    started = time.monotonic()
    with one_thread(), torch.random.fork_rng(devices=[]), _claimed(config, task, folder, resume, overwrite) as training:
        if not training.done:
            with sigint() as interrupted, _bar(training, progress) as show:

                def keep() -> None:
                    save(training.model, folder)
                    training.save(folder)

                training.to_the_end(interrupted, show, keep)
        judged = _judged(training, count) if training.done else ((), ())
    seconds = time.monotonic() - started
    return GptResult(*judged, training.state.step, training.model.config.parameters, seconds, not training.done)


def load_settings(folder: Path) -> GptTraining:
    """The settings of the training in a folder.

    Raises:
        BadFile: no training in the folder, or a damaged one.
    """
    path, what = folder / SETTINGS, "the settings of a training"
    if not path.is_file():
        raise BadFile(f"there is no {path}; expected the folder of a model that tpdebug has begun to train")
    settings = parse_json(read_text(path, what), str(path), what)
    if not isinstance(settings, dict):
        raise BadFile(f"{path} holds a {type(settings).__name__}; expected a table of settings")
    settings.pop("tool", None)
    try:
        return GptTraining.from_mapping(settings)
    except BadUsage as error:
        raise BadFile(f"{path}: {error}") from None


Judged = tuple[tuple[tuple[int, int], Accuracy], ...]


def _judged(training: Training, count: int) -> tuple[Judged, Judged]:
    """On other inputs than the evaluations: at offset 0, and at random ones if there are positions."""
    model, task, seed = training.model, training.task, training.config.seed + 1
    plain = tuple((lengths, accuracy(model, task, lengths, count, seed)) for lengths in task.bins)
    if not model.config.positions:
        return plain, ()
    return plain, tuple((lengths, accuracy(model, task, lengths, count, seed, shifted=True)) for lengths in task.bins)


@contextmanager
def _claimed(
    config: GptTraining, task: NextTokenTask, folder: Path, resume: bool, overwrite: bool
) -> Iterator[Training]:
    """The training in a folder, which nobody else trains in meanwhile."""
    training = Training(config, task)  # refuses impossible settings before anything is written
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from None
    with locked(folder / LOCK, f"the folder {folder}", "wait until it is done, or name another with -o"):
        remove_half_written(folder)
        if resume:
            _expect_same(config, folder)
            if (folder / CHECKPOINT).exists():  # else it was stopped before the first
                training.load(folder)
        else:
            _begin(config, folder, overwrite)
        yield training


def _expect_same(config: GptTraining, folder: Path) -> None:
    """Refuses other settings than those of the training in a folder; the device may be another."""
    stored = load_settings(folder)
    for field in dataclasses.fields(config):
        old, new = getattr(stored, field.name), getattr(config, field.name)
        if old != new and field.name != "device":
            raise BadUsage(
                f"the training in {folder} has {field.name} = {old}, not {new}; resume it with its own settings"
            )


def _begin(config: GptTraining, folder: Path, overwrite: bool) -> None:
    """Make the folder that of a new training."""
    try:
        there = {path.name for path in folder.iterdir()} - {LOCK}
        if foreign := sorted(there - {*_OURS}):
            raise BadFile(f"{folder} holds other things than a model, {foreign[0]}; name a new or an empty folder")
        if there and not overwrite:
            raise BadFile(f"{folder} holds a model already; --resume it, --force its end, or name another with -o")
        for name in there:
            (folder / name).unlink()
    except OSError as error:
        raise _cannot_write(folder, error) from None
    write_atomic(folder / SETTINGS, '{\n  "tool": "tpdebug",' + config.to_json()[1:], force=True)


def _cannot_write(folder: Path, error: OSError) -> BadFile:
    return BadFile(f"cannot write the folder {folder}: {(error.strerror or str(error)).lower()}")


@contextmanager
def _bar(training: Training, enabled: bool) -> Iterator[Callable[[State], object]]:
    """A bar over the steps on stderr, with the last evaluation behind it."""
    if not enabled:
        yield lambda state: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("step {task.completed:,.0f}/{task.total:,.0f}"),
        BarColumn(bar_width=24),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
    )
    with bar:
        shown = bar.add_task("", total=training.config.steps, completed=training.state.step)

        def show(state: State) -> None:
            row = state.rows[-1] if state.rows else None
            said = "" if row is None else f"loss {row.loss:.4f}  right {' / '.join(f'{s:.0%}' for s in row.right)}"
            bar.update(shown, completed=state.step, description=said)

        yield show
