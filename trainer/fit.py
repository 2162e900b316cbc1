"""Training: Adam on the soft network, judged by its argmax model, deterministic, and safe to stop at any time.

Of a run everything random is a function of the seed and of what it is for: the parameters, the order of epoch e, the
noise of step t. So a run that is killed goes on from its last checkpoint as if nothing had happened, and ends with the
same bytes.

Source: arXiv 2306.01128, section 3 and appendix: Adam, temperature falling geometrically from step to step, loss a
token averaged over each sequence.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from tprog.errors import BadFile, BadUsage
from tprog.execute import predict
from tprog.program import Program
from tprog.tasks import UNGRADED
from tprog.version import VERSION
from trainer.checkpoint import (
    CHECKPOINT,
    CONFIG,
    State,
    expect_tensors,
    load_checkpoint,
    load_config,
    save_checkpoint,
    save_config,
)
from trainer.choices import Sampled
from trainer.config import TrainConfig
from trainer.data import Accuracy, Data, Split, prepare
from trainer.extract import Rounding, model_to_program
from trainer.model import Network
from trainer.progress import Bar

OnEpoch = Callable[[State], object]


@dataclass(frozen=True)
class TrainResult:
    """What a training run ended with.

    Attributes:
        program: extracted from the best argmax model on the validation inputs.
        accuracies: of the Program itself, by split: ``train``, ``validation``, ``test``.
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
    config: TrainConfig, folder: Path | str, resume: bool = False, progress: bool = True, overwrite: bool = False
) -> TrainResult:
    """Train, writing the run to a folder.

    Args:
        resume: go on with the run in the folder, which must have the same settings. One that is done stays as it is.
        progress: show a bar on stderr.
        overwrite: replace a run that the folder holds already.

    Raises:
        BadUsage: settings that cannot be trained; the loss is no longer a number; other settings than the run's.
        BadFile: the folder cannot be written, holds a run already, or holds a damaged one.
        NotExact: the trained weights are too large for an exact Program.
    """
    folder = Path(folder)
    started = time.monotonic()
    data = prepare(config)
    with _one_thread(), _sigint() as interrupted:
        run = _resumed(config, folder, data) if resume else _begun(config, folder, data, overwrite)
        with Bar(config.epochs, run.state, enabled=progress) as bar:
            run.to_the_end(folder, interrupted, bar.show)
        program, accuracies, rounding = run.finish()
    seconds = time.monotonic() - started
    epochs = run.state.step // run.steps_an_epoch
    return TrainResult(program, accuracies, rounding, folder, seconds, run.state.step < run.steps, epochs)


def load_program(folder: Path | str) -> Program:
    """The Program of the best argmax model in a run folder, the run finished or not.

    Raises:
        BadFile: no run in the folder, or a damaged one.
    """
    folder = Path(folder)
    config = load_config(folder)
    with _one_thread():
        return _resumed(config, folder, prepare(config)).finish()[0]


class Run:
    """A training run in memory: network, optimiser and state, advanced step by step."""

    def __init__(self, config: TrainConfig, data: Data) -> None:
        self.config, self.data = config, data
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_seed(config, "parameters"))
            self.network = Network(config, data.frame)
        self.trained = {name: p for name, p in self.network.named_parameters() if p.requires_grad and p.numel()}
        self.adam = torch.optim.Adam(self.trained.values(), lr=config.lr, fused=True)
        self.best = self._parameters()
        self.state = State()
        self.steps_an_epoch = math.ceil(len(data.train) / config.batch)
        self.steps = self.steps_an_epoch * config.epochs
        self._order: tuple[int, Tensor] | None = None  # the current epoch and the order of its inputs

    def _parameters(self) -> dict[str, Tensor]:
        return {name: p.detach().clone() for name, p in self.trained.items()}

    def temperature(self, step: int) -> float:
        """tau of a step, 0-based."""
        done = step / max(self.steps - 1, 1)
        return float(self.config.tau_init * (self.config.tau_end / self.config.tau_init) ** done)

    def step(self) -> None:
        """One step of Adam on one batch.

        Raises:
            BadUsage: the loss is no longer a number.
        """
        step = self.state.step
        epoch, place = divmod(step, self.steps_an_epoch)
        rows = self._epoch_order(epoch)[place * self.config.batch : (place + 1) * self.config.batch]
        choose = Sampled(self.temperature(step), _generator(self.config, f"noise {step}"))
        loss = sequence_loss(self.network(self.data.train.tokens[rows], choose), self.data.train.expected[rows])
        value = loss.item()
        if not math.isfinite(value):
            raise BadUsage(
                f"the loss became {value} in step {step} of {self.steps} (epoch {epoch + 1}); "
                f"lower lr, which is {self.config.lr}, or raise tau_end, which is {self.config.tau_end}"
            )
        self.adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
        self.adam.step()
        self.state = dataclasses.replace(self.state, step=step + 1, loss_sum=self.state.loss_sum + value)

    def end_epoch(self) -> bool:
        """Note the epoch just done, and keep the argmax model if it is the best so far.

        Returns:
            Whether the model was evaluated.
        """
        epoch = self.state.step // self.steps_an_epoch
        evaluated = epoch % self.config.evaluate_every == 0 or epoch == self.config.epochs
        accuracy = evaluate(self.network, self.data.validation) if evaluated else None
        row: dict[str, float | None] = {
            "epoch": epoch,
            "loss": self.state.loss_sum / self.steps_an_epoch,
            "temperature": self.temperature(self.state.step - 1),
            "validation_per_token": accuracy.per_token if accuracy else None,
            "validation_whole_sequence": accuracy.whole_sequence if accuracy else None,
        }
        state = dataclasses.replace(self.state, loss_sum=0.0, metrics=(*self.state.metrics, row))
        if accuracy:
            score = (accuracy.per_token, accuracy.whole_sequence)
            if state.best_score is None or score > state.best_score:
                state = dataclasses.replace(state, best_score=score, best_epoch=epoch)
                self.best = self._parameters()
        self.state = state
        return evaluated

    def to_the_end(self, folder: Path, interrupted: threading.Event, on_epoch: OnEpoch) -> None:
        """Step until the last step or an interruption, with a checkpoint at each evaluation and at the end."""
        while self.state.step < self.steps and not interrupted.is_set():
            self.step()
            if self.state.step % self.steps_an_epoch == 0:
                evaluated = self.end_epoch()
                on_epoch(self.state)
                if evaluated and self.state.step < self.steps:
                    self.save(folder)
        self.save(folder)

    def save(self, folder: Path) -> None:
        """Write the checkpoint."""
        save_checkpoint(folder, self.state, self._tensors())

    def load(self, folder: Path) -> None:
        """Take the run's state from the folder's checkpoint."""
        state, tensors = load_checkpoint(folder)
        expect_tensors(folder, tensors, self._tensors())
        for name, parameter in self.trained.items():
            with torch.no_grad():
                parameter.copy_(tensors[f"now.{name}"])
            self.adam.state[parameter] = {
                "step": torch.tensor(float(state.step)),
                "exp_avg": tensors[f"mean.{name}"].clone(),
                "exp_avg_sq": tensors[f"square.{name}"].clone(),
            }
            self.best[name] = tensors[f"best.{name}"].clone()
        self.state = state

    def _tensors(self) -> dict[str, Tensor]:
        """What a checkpoint holds: parameters now and at their best, and Adam's two moments."""
        tensors: dict[str, Tensor] = {}
        for name, parameter in self.trained.items():
            moments: Mapping[str, Any] = self.adam.state.get(parameter, {})
            tensors[f"now.{name}"] = parameter
            tensors[f"best.{name}"] = self.best[name]
            tensors[f"mean.{name}"] = moments.get("exp_avg", torch.zeros_like(parameter))
            tensors[f"square.{name}"] = moments.get("exp_avg_sq", torch.zeros_like(parameter))
        return tensors

    def finish(self) -> tuple[Program, dict[str, Accuracy], Rounding]:
        """The best argmax model as a Program, its own accuracies on each split, and what rounding changed.

        Before the first evaluation the best model is the current one.
        """
        network = Network(self.config, self.data.frame)
        chosen = self.best if self.state.best_score is not None else self._parameters()
        network.load_state_dict(chosen, strict=False)
        held_out = torch.cat([self.data.validation.tokens, self.data.test.tokens])
        program, rounding = model_to_program(network.hardened(), held_out)
        accuracies = {name: _program_accuracy(program, split) for name, split in self.data.splits.items()}
        provenance = self._provenance(accuracies, rounding)
        return dataclasses.replace(program, provenance=provenance), accuracies, rounding

    def _provenance(self, accuracies: Mapping[str, Accuracy], rounding: Rounding) -> tuple[tuple[str, str], ...]:
        config, frame = self.config, self.data.frame
        skipped = ("task", "vocabulary_size", "length", "epochs", "seed")
        settings = {k: v for k, v in dataclasses.asdict(config).items() if k not in skipped and v is not None}
        done = self.state.step // self.steps_an_epoch
        at = f"best on validation after {self.state.best_epoch}" if self.state.best_score else "not yet evaluated"
        return (
            ("tool", f"tpdebug {VERSION}"),
            ("task", f"{config.task}, {len(frame.vocabulary)} tokens, N = {frame.max_length}"),
            ("seed", str(config.seed)),
            ("settings", ", ".join(f"{key} = {value}" for key, value in settings.items())),
            ("epochs", f"{done} of {config.epochs}, {at}"),
            *((f"{name} accuracy", str(accuracies[name])) for name in ("validation", "test")),
            ("rounding", str(rounding)),
            ("training digest", f"sha256 {self.data.digest}"),
        )

    def _epoch_order(self, epoch: int) -> Tensor:
        if self._order is None or self._order[0] != epoch:
            order = torch.randperm(len(self.data.train), generator=_generator(self.config, f"order {epoch}"))
            self._order = (epoch, order)
        return self._order[1]


def sequence_loss(logits: Tensor, expected: Tensor) -> Tensor:
    """Cross-entropy averaged over the graded positions of each sequence, then over the sequences that have any.

    Args:
        logits: [B, n, C].
        expected: [B, n] class codes or `UNGRADED`.
    """
    # [C, B * n]: a softmax over few neighbours in memory is slow.
    by_class = logits.flatten(0, 1).T.contiguous()
    each = functional.cross_entropy(by_class[None], expected.view(1, -1), ignore_index=UNGRADED, reduction="none")
    graded = (expected != UNGRADED).sum(dim=1)
    per_sequence = each.view(expected.shape).sum(dim=1) / graded.clamp_min(1)
    return per_sequence.sum() / (graded > 0).sum().clamp_min(1)


def evaluate(network: Network, split: Split) -> Accuracy:
    """The accuracy of a network's argmax model, its readout not yet rounded."""
    return split.accuracy(network.hardened().predict(split.tokens))


def _program_accuracy(program: Program, split: Split) -> Accuracy:
    predictions, _ = predict(program, split.batch)
    return split.accuracy(torch.as_tensor(predictions, dtype=torch.long))


def _begun(config: TrainConfig, folder: Path, data: Data, overwrite: bool) -> Run:
    if (folder / CHECKPOINT).exists() and not overwrite:
        raise BadFile(f"{folder} holds a run already; --resume it, --force its end, or name another --run-folder")
    run = Run(config, data)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / CONFIG).exists():
            raise BadFile(f"{folder} holds other things than a run; name a new or an empty folder for the run")
        # Of a run that is replaced nothing may survive, or the new settings would stand beside old weights.
        (folder / CHECKPOINT).unlink(missing_ok=True)
    except OSError as error:
        raise BadFile(f"cannot write the run folder {folder}: {error.strerror}") from None
    save_config(folder, config)
    return run


def _resumed(config: TrainConfig, folder: Path, data: Data) -> Run:
    stored = load_config(folder)
    for field in dataclasses.fields(TrainConfig):
        old, new = getattr(stored, field.name), getattr(config, field.name)
        if old != new:
            raise BadUsage(f"the run in {folder} has {field.name} = {old}, not {new}; resume it with its own settings")
    run = Run(config, data)
    run.load(folder)
    return run


def _seed(config: TrainConfig, purpose: str) -> int:
    """63 bits, unrelated for different purposes."""
    digest = hashlib.sha256(f"{config.seed} {purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def _generator(config: TrainConfig, purpose: str) -> torch.Generator:
    return torch.Generator().manual_seed(_seed(config, purpose))


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread: the matrices are too small for more, and the order of sums, so every byte, stays the same."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


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
