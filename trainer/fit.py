"""Training: Adam on the soft network, judged by its argmax model, deterministic, and safe to stop at any time.

Of a run everything random is a function of the seed and of what it is for: the parameters, the order of epoch e, the
noise of step t. So a run that is killed goes on from its last checkpoint as if nothing had happened, and ends with the
same bytes.

Source: arXiv 2306.01128, section 3 and appendix: Adam, temperature falling geometrically from step to step, loss a
token averaged over each sequence.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tprog.errors import BadFile, BadUsage
from tprog.files.half_written import remove_half_written
from tprog.files.lock import locked
from tprog.ir.program import Program
from trainer.checkpoint import CHECKPOINT, CONFIG, LOCK, METRICS, load_config, save_config
from trainer.config import TrainConfig
from trainer.data import Accuracy, Data, prepare
from trainer.extract import Rounding
from trainer.progress import EpochBar, searching
from trainer.run import MODULE, Agreement, OnEpoch, Run
from trainer.searched import NEAREST, SEARCH, SEARCHED, can_search
from trainer.stopping import sigint
from trainer.threads import one_thread


@dataclass(frozen=True)
class TrainResult:
    """What a training run ended with.

    Attributes:
        program: extracted from the best argmax model on the validation inputs.
        accuracies: of the Program itself, by split: ``train``, ``validation``, ``test``; of a run that trains on the
            whole domain, ``train`` alone.
        rounding: what rounding the readout changed on the validation and test inputs; None of a program that was not
            trained.
        folder: the run folder.
        seconds: wall-clock time of this call.
        interrupted: stopped by Ctrl-C before the last step; `train` with ``resume=True`` goes on.
        epochs: passes over the training inputs completed, over all calls.
        searched: a search was asked for, in a class that it knows.
        agreement: of a corpus, on how many predictions network and program are equal; None of other tasks, and where
            the program was polished.
        refitted: of a corpus, what came of fitting the readout anew (`trainer.refit_words`); None if it was not.
        refit_seconds: of CPU, what that took, if it was done in this call.
        begun: whether the program is the one searched or given before the first epoch; None if there was none.
    """

    program: Program
    accuracies: Mapping[str, Accuracy]
    rounding: Rounding | None
    folder: Path
    seconds: float
    interrupted: bool
    epochs: int
    searched: bool
    begun: bool | None = None
    agreement: Agreement | None = None
    refitted: str | None = None
    refit_seconds: float | None = None

    @property
    def wrong(self) -> dict[str, tuple[int, int]]:
        """Of each split the inputs with a wrong answer, and how many there are."""
        return {name: (each.sequences - each.sequences_right, each.sequences) for name, each in self.accuracies.items()}


def train(
    config: TrainConfig,
    folder: Path | str,
    resume: bool = False,
    progress: bool = True,
    overwrite: bool = False,
    on_epoch: OnEpoch | None = None,
    on_note: Callable[[str], object] | None = None,
    start: Program | None = None,
) -> TrainResult:
    """Train, writing the run to a folder.

    Args:
        resume: go on with the run in the folder, which must have the same settings. One that is done stays as it is.
        progress: show a bar on stderr.
        overwrite: replace a run that the folder holds already.
        on_epoch: told where the run stands after each epoch.
        on_note: told, before training begins, what should be known of the data (`trainer.data.Data.notes`), and of the
            search if it found nothing right, or had too few inputs to judge.
        start: the network begins as this Program; `config.search` is then 0.

    Raises:
        BadUsage: settings that cannot be trained; the loss is no longer a number; other settings than the run's.
        BadFile: the folder cannot be written, holds a run already, or holds a damaged one.
        NotExact: the trained weights are too large for an exact Program.
    """
    folder = Path(folder)
    started = time.monotonic()
    data = prepare(config)
    note = on_note or (lambda text: None)
    for each in data.notes:
        note(each)
    with one_thread(), _claimed(config, folder, data, resume, overwrite, start) as run:
        # Outside of the steps a Ctrl-C stops at once: nothing is lost, as a search keeps where it stands.
        with searching(enabled=progress and run.may_search(folder)) as say:
            run.search(folder, say, note)
        if not run.done(folder):
            with sigint() as interrupted, EpochBar(config.epochs, run.state, enabled=progress) as bar:
                watchers = (bar.show,) if on_epoch is None else (bar.show, on_epoch)
                run.to_the_end(folder, interrupted, watchers)
        with searching(enabled=progress and run.polishes):
            program, accuracies, rounding = run.finish(folder)
        agreement = run.agreement(program)
    seconds = time.monotonic() - started
    epochs = run.state.step // run.steps_an_epoch
    begun = None if run.searched(folder) is None else rounding is None
    return TrainResult(
        program,
        accuracies,
        rounding,
        folder,
        seconds,
        not run.done(folder),
        epochs,
        can_search(config),
        begun,
        agreement,
        run.state.refitted or None,
        run.refit_seconds,
    )


def load_program(folder: Path | str) -> Program:
    """The Program of the best argmax model in a run folder, the run finished or not. Nothing is written there.

    Raises:
        BadFile: no run in the folder, or a damaged one.
    """
    folder = Path(folder)
    config = load_config(folder)
    with one_thread():
        return _resumed(config, folder, prepare(config)).finish(folder, write=False)[0]


@contextmanager
def _claimed(
    config: TrainConfig, folder: Path, data: Data, resume: bool, overwrite: bool, start: Program | None
) -> Iterator[Run]:
    """The run in a folder, which nobody else trains in meanwhile."""
    if resume:
        _expect_same(config, folder)
    elif (folder / CHECKPOINT).exists() and not overwrite:
        raise _held_already(folder)
    new = None if resume else Run(config, data)  # refuses impossible settings before anything is written
    if new is not None and start is not None:
        new.begin_with(start)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from None
    with locked(folder / LOCK, f"the run folder {folder}", "wait until it is done, or name another --run-folder"):
        remove_half_written(folder)
        if new is None:
            yield _resumed(config, folder, data, may_begin=True)
        else:
            _begin(config, folder, overwrite)
            if start is not None:
                new.keep_beginning(folder, start)
            yield new


def _begin(config: TrainConfig, folder: Path, overwrite: bool) -> None:
    """Make the folder that of a new run."""
    if (folder / CHECKPOINT).exists() and not overwrite:
        raise _held_already(folder)
    try:
        if {path.name for path in folder.iterdir()} - {LOCK} and not (folder / CONFIG).exists():
            raise BadFile(f"{folder} holds other things than a run; name a new or an empty folder for the run")
        # Of a run that is replaced nothing may survive, or the new settings would stand beside old weights.
        for stale in (CHECKPOINT, METRICS, SEARCH, NEAREST, SEARCHED, MODULE):
            (folder / stale).unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from None
    save_config(folder, config)


def _held_already(folder: Path) -> BadFile:
    return BadFile(f"{folder} holds a run already; --resume it, --force its end, or name another --run-folder")


def _cannot_write(folder: Path, error: OSError) -> BadFile:
    return BadFile(f"cannot write the run folder {folder}: {error.strerror}")


def _expect_same(config: TrainConfig, folder: Path) -> None:
    """Refuses other settings than those of the run in a folder."""
    stored = load_config(folder)
    for field in dataclasses.fields(TrainConfig):
        old, new = getattr(stored, field.name), getattr(config, field.name)
        if old != new:
            raise BadUsage(f"the run in {folder} has {field.name} = {old}, not {new}; resume it with its own settings")


def _resumed(config: TrainConfig, folder: Path, data: Data, may_begin: bool = False) -> Run:
    """The run in a folder, where it stands; one that was stopped before its first checkpoint, if it may begin."""
    _expect_same(config, folder)
    run = Run(config, data)
    if not may_begin or (folder / CHECKPOINT).exists():
        run.load(folder)
    return run
