"""Training: Adam on the soft network, judged by its argmax model, deterministic, and safe to stop at any time.

Of a run everything random is a function of the seed and of what it is for: the parameters, the order of epoch e, the
noise of step t. So a run that is killed goes on from its last checkpoint as if nothing had happened, and ends with the
same bytes.

Source: arXiv 2306.01128, section 3 and appendix: Adam, temperature falling geometrically from step to step, loss a
token averaged over each sequence.
"""

from __future__ import annotations

import dataclasses
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch

from tprog.emit import emit
from tprog.errors import BadFile, BadUsage
from tprog.execute import predict
from tprog.files import write_atomic
from tprog.half_written import remove_half_written
from tprog.program import Program
from tprog.read import read_module
from tprog.version import VERSION
from trainer.checkpoint import (
    CHECKPOINT,
    CONFIG,
    METRICS,
    State,
    expect_tensors,
    load_checkpoint,
    load_config,
    save_checkpoint,
    save_config,
)
from trainer.config import TrainConfig
from trainer.data import Accuracy, Data, Split, prepare
from trainer.extract import Member, Rounding, model_to_program
from trainer.polish import polish, polished
from trainer.population import Population
from trainer.progress import Bar, searching
from trainer.threads import one_thread

OnEpoch = Callable[[State], object]

MODULE = "program.py"
"""The module of a run that is done, in its folder."""


@dataclass(frozen=True)
class TrainResult:
    """What a training run ended with.

    Attributes:
        program: extracted from the best argmax model on the validation inputs.
        accuracies: of the Program itself, by split: ``train``, ``validation``, ``test``; of a run that trains on the
            whole domain, ``train`` alone.
        rounding: what rounding the readout changed on the validation and test inputs.
        folder: the run folder.
        seconds: wall-clock time of this call.
        interrupted: stopped by Ctrl-C before the last step; `train` with ``resume=True`` goes on.
        epochs: passes over the training inputs completed, over all calls.
    """

    program: Program
    accuracies: Mapping[str, Accuracy]
    rounding: Rounding
    folder: Path
    seconds: float
    interrupted: bool
    epochs: int


def train(
    config: TrainConfig,
    folder: Path | str,
    resume: bool = False,
    progress: bool = True,
    overwrite: bool = False,
    on_epoch: OnEpoch | None = None,
) -> TrainResult:
    """Train, writing the run to a folder.

    Args:
        resume: go on with the run in the folder, which must have the same settings. One that is done stays as it is.
        progress: show a bar on stderr.
        overwrite: replace a run that the folder holds already.
        on_epoch: told where the run stands after each epoch.

    Raises:
        BadUsage: settings that cannot be trained; the loss is no longer a number; other settings than the run's.
        BadFile: the folder cannot be written, holds a run already, or holds a damaged one.
        NotExact: the trained weights are too large for an exact Program.
    """
    folder = Path(folder)
    started = time.monotonic()
    data = prepare(config)
    with one_thread():
        run = _resumed(config, folder, data, may_begin=True) if resume else _begun(config, folder, data, overwrite)
        # Outside of the steps a Ctrl-C stops at once: nothing is lost, as a search begins anew where it is resumed.
        with _sigint() as interrupted, Bar(config.epochs, run.state, enabled=progress) as bar:
            watchers = (bar.show,) if on_epoch is None else (bar.show, on_epoch)
            run.to_the_end(folder, interrupted, watchers)
        with searching(enabled=progress and config.polish > 0 and run.state.step == run.steps):
            program, accuracies, rounding = run.finish(folder)
    seconds = time.monotonic() - started
    epochs = run.state.step // run.steps_an_epoch
    return TrainResult(program, accuracies, rounding, folder, seconds, run.state.step < run.steps, epochs)


def told(accuracies: Mapping[str, Accuracy]) -> dict[str, Accuracy]:
    """The accuracies that say something: those on inputs that were not trained on, or on the whole domain."""
    if set(accuracies) == {"train"}:
        return {"whole domain": accuracies["train"]}
    return {name: accuracy for name, accuracy in accuracies.items() if name != "train"}


def load_program(folder: Path | str) -> Program:
    """The Program of the best argmax model in a run folder, the run finished or not.

    Raises:
        BadFile: no run in the folder, or a damaged one.
    """
    folder = Path(folder)
    config = load_config(folder)
    with one_thread():
        return _resumed(config, folder, prepare(config)).finish(folder)[0]


class Run:
    """A training run in memory: a population and where it stands, advanced step by step."""

    def __init__(self, config: TrainConfig, data: Data) -> None:
        self.config, self.data = config, data
        self.members = [dataclasses.replace(config, seed=config.seed + index) for index in range(config.members)]
        self.population = Population(self.members, data)
        self.state = State(alive=tuple(range(config.members)))
        self.steps_an_epoch, self.steps = self.population.steps_an_epoch, self.population.steps
        self._losses = torch.zeros(config.members, dtype=torch.float64)  # of the current epoch

    def step(self) -> None:
        """One step on one batch.

        Raises:
            BadUsage: a loss is no longer a number.
        """
        self._losses += self.population.step(self.state.step).cpu()
        self.state = dataclasses.replace(self.state, step=self.state.step + 1)

    def end_epoch(self) -> bool:
        """Note the epoch just done, and keep each argmax model that is its member's best so far.

        Returns:
            Whether the models were evaluated.
        """
        epoch = self.state.step // self.steps_an_epoch
        halved = epoch in self._halvings
        evaluated = epoch % self.config.evaluate_every == 0 or epoch == self.config.epochs or halved
        found = self._keep_best(epoch) if evaluated else None
        row: dict[str, float | None] = {
            "epoch": epoch,
            "loss": float(self._losses.mean()) / self.steps_an_epoch,
            "temperature": float(self.population.temperature(self.state.step - 1)[0]),
            "validation_per_token": found.per_token if found else None,
            "validation_whole_sequence": found.whole_sequence if found else None,
        }
        self._losses.zero_()
        self.state = dataclasses.replace(self.state, metrics=(*self.state.metrics, row))
        if halved:
            self._keep(self._better_half())
        return evaluated

    @property
    def _halvings(self) -> set[int]:
        """The epochs after which the worse half of the members is dropped."""
        count, half = self.config.halvings, self.config.epochs / 2
        return {max(1, round(half * (index + 1) / count)) for index in range(count)}

    def _better_half(self) -> list[int]:
        """The places of the members whose best argmax models are the better half, in their order; of equals, the
        first."""
        scores = self.state.best_scores
        ranked = sorted(range(len(scores)), key=lambda place: scores[place], reverse=True)
        return sorted(ranked[: (len(scores) + 1) // 2])

    def _keep(self, places: Sequence[int]) -> None:
        self.population.keep(places)
        self._losses = self._losses[list(places)]
        self.state = dataclasses.replace(
            self.state,
            alive=tuple(self.state.alive[place] for place in places),
            best_scores=tuple(self.state.best_scores[place] for place in places),
            best_epochs=tuple(self.state.best_epochs[place] for place in places),
        )

    def _keep_best(self, epoch: int) -> Accuracy:
        """The accuracy of the argmax model that is best now."""
        found = self.population.evaluate(self.data.validation)
        scores, epochs = list(self.state.best_scores), list(self.state.best_epochs)
        for member, accuracy in enumerate(found):
            score = (accuracy.per_token, accuracy.whole_sequence)
            if not self.state.best_scores or score > scores[member]:
                self.population.best[member] = self.population.now[member].detach()
                scores[member : member + 1], epochs[member : member + 1] = [score], [epoch]
        self.state = dataclasses.replace(self.state, best_scores=tuple(scores), best_epochs=tuple(epochs))
        return max(found, key=lambda accuracy: (accuracy.per_token, accuracy.whole_sequence))

    def to_the_end(self, folder: Path, interrupted: threading.Event, watchers: Sequence[OnEpoch]) -> None:
        """Step until the last step or an interruption, with a checkpoint at each evaluation and at the end."""
        while self.state.step < self.steps and not interrupted.is_set():
            self.step()
            if self.state.step % self.steps_an_epoch == 0:
                evaluated = self.end_epoch()
                for watch in watchers:
                    watch(self.state)
                if evaluated and self.state.step < self.steps:
                    self.save(folder)
        self.save(folder)

    def save(self, folder: Path) -> None:
        """Write the checkpoint."""
        losses = tuple(self._losses.tolist())
        state = dataclasses.replace(self.state, loss_sums=losses, digest=self.data.digest)
        save_checkpoint(folder, state, self.population.tensors())

    def load(self, folder: Path) -> None:
        """Take the run's state from the folder's checkpoint."""
        state, tensors = load_checkpoint(folder)
        self.population.keep([member for member in state.alive if member < self.config.members])
        expect_tensors(folder, tensors, self.population.tensors())
        if state.digest != self.data.digest:
            raise BadUsage(f"the task's inputs or answers are no longer those of the run in {folder}; train anew")
        self.population.restore(tensors)
        self._losses = torch.tensor(state.loss_sums, dtype=torch.float64)
        self.state = state

    @property
    def chosen(self) -> int:
        """The place of the member whose argmax model is the best so far on validation; the first of equals."""
        scores = self.state.best_scores
        return scores.index(max(scores)) if scores else 0

    def finish(self, folder: Path) -> tuple[Program, dict[str, Accuracy], Rounding]:
        """The best argmax model as a Program, its own accuracies on each split, and what rounding changed.

        Before the first evaluation the best model is the current one. A run that is done is polished once, and its
        module is written to the folder.
        """
        parameters = self.population.best if self.state.best_scores else self.population.now
        member = Member.of(self.population.network, parameters[self.chosen])
        program, rounding = model_to_program(member, self.data.held_out)
        done = self.state.step == self.steps
        if done and (folder / MODULE).exists():
            program = read_module(folder / MODULE).program
        elif done and self.config.polish:
            found = polish(
                program, self.data.train, self.data.validation, moves=self.config.polish, seed=self.config.seed
            )
            program = dataclasses.replace(found.program, provenance=polished(found))
        accuracies = {name: _program_accuracy(program, split) for name, split in self.data.splits.items()}
        if not program.provenance or program.provenance[0][0] != "tool":
            steps = program.provenance
            program = dataclasses.replace(program, provenance=(*self._provenance(accuracies, rounding), *steps))
        if done and not (folder / MODULE).exists():
            emitted = emit(program, Path(MODULE).stem)
            for name, text in {**emitted.side, MODULE: emitted.text}.items():
                write_atomic(folder / name, text, force=True)
        return program, accuracies, rounding

    def _provenance(self, accuracies: Mapping[str, Accuracy], rounding: Rounding) -> tuple[tuple[str, str], ...]:
        config, frame = self.config, self.data.frame
        skipped = ("task", "vocabulary_size", "length", "epochs", "seed", "members", "halvings")
        settings = {k: v for k, v in dataclasses.asdict(config).items() if k not in skipped and v is not None}
        done = self.state.step // self.steps_an_epoch
        epochs = self.state.best_epochs
        at = f"best on validation after {epochs[self.chosen]}" if epochs else "not yet evaluated"
        seed = str(config.seed + self.state.alive[self.chosen])
        if config.members > 1:
            seed += f", best on validation of {config.seed} to {config.seed + config.members - 1}"
        return (
            ("tool", f"tpdebug {VERSION}"),
            ("task", f"{frame.task}, {len(frame.vocabulary)} tokens, N = {frame.max_length}"),
            ("seed", seed),
            ("settings", ", ".join(f"{key} = {value}" for key, value in settings.items())),
            ("epochs", f"{done} of {config.epochs}, {at}"),
            *((f"{name} accuracy", str(accuracy)) for name, accuracy in told(accuracies).items()),
            ("rounding", str(rounding)),
            ("training digest", f"sha256 {self.data.digest}"),
        )


def _program_accuracy(program: Program, split: Split) -> Accuracy:
    predictions, _ = predict(program, split.batch)
    return split.accuracy(torch.as_tensor(predictions, dtype=torch.long))


def _begun(config: TrainConfig, folder: Path, data: Data, overwrite: bool) -> Run:
    if (folder / CHECKPOINT).exists() and not overwrite:
        raise BadFile(f"{folder} holds a run already; --resume it, --force its end, or name another --run-folder")
    run = Run(config, data)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_half_written(folder)
        if any(folder.iterdir()) and not (folder / CONFIG).exists():
            raise BadFile(f"{folder} holds other things than a run; name a new or an empty folder for the run")
        # Of a run that is replaced nothing may survive, or the new settings would stand beside old weights.
        for stale in (CHECKPOINT, METRICS, MODULE):
            (folder / stale).unlink(missing_ok=True)
    except OSError as error:
        raise BadFile(f"cannot write the run folder {folder}: {error.strerror}") from None
    save_config(folder, config)
    return run


def _resumed(config: TrainConfig, folder: Path, data: Data, may_begin: bool = False) -> Run:
    stored = load_config(folder)
    for field in dataclasses.fields(TrainConfig):
        old, new = getattr(stored, field.name), getattr(config, field.name)
        if old != new:
            raise BadUsage(f"the run in {folder} has {field.name} = {old}, not {new}; resume it with its own settings")
    remove_half_written(folder)
    run = Run(config, data)
    if may_begin and not (folder / CHECKPOINT).exists():
        return run  # stopped before its first checkpoint
    run.load(folder)
    return run


@contextmanager
def _sigint() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second one stops at once. Outside the main thread, never set."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    previous = signal.getsignal(signal.SIGINT)

    def on_sigint(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, previous)

    signal.signal(signal.SIGINT, on_sigint)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, previous)
