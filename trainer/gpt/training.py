"""Training a decoder on a next-token task: AdamW on fresh random inputs, safe to stop at any time.

Everything random is a function of the seed, of what it is for, and of the number of the step: the parameters, the
inputs of step t, what dropout drops in it. So a training that is stopped goes on as if nothing had happened. On another
kind of processor, or with ``device`` ``cuda``, results are the same in law, not in bytes.

The loss is cross-entropy on the tokens of the answer; for a language, where a set of tokens is predicted, binary
cross-entropy on each token of the vocabulary at each place.

Source: Huang et al. (arXiv 2602.08857), section 4 and appendix: AdamW with a weight decay of 0.01, a learning rate of
1e-3 or 1e-4 that falls in a line to 0, batches of 64, at most 30,000 steps, random offsets. The clip of the gradient is
the default of HuggingFace's Trainer. What we chose: to stop once nothing is wrong any more.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tprog.errors import BadFile, BadUsage
from tprog.files import run_folder, write_atomic
from tprog.files.formats import parse_json
from tprog.tasks.next_token import Language, NextTokenTask, Sequences
from tprog.tasks.rules import UNGRADED, Array
from trainer.fields import Fields
from trainer.gpt.judge import accuracy, places, random_offsets
from trainer.gpt.model import Gpt, GptConfig
from trainer.gpt_settings import GptTraining
from trainer.memory import expect_room
from trainer.tensor_files import read_stamped, write_stamped

CHECKPOINT, METRICS, SETTINGS = "checkpoint.safetensors", run_folder.METRICS, run_folder.GPT_SETTINGS

FORMAT = 1
"""The version of the checkpoint's layout."""

WATCHED = 200
"""Random inputs of each range of lengths that an evaluation looks at."""

CLIP = 1.0
"""The longest gradient that is followed in full."""


@dataclass(frozen=True)
class Row:
    """One evaluation.

    Attributes:
        step: steps done.
        loss: the mean over the steps since the last one.
        right: share of whole inputs that are right, of each range of lengths.
    """

    step: int
    loss: float
    right: tuple[float, ...]


@dataclass(frozen=True)
class State:
    """Where a training stands, besides its tensors.

    Attributes:
        step: steps done.
        loss_sum: of the steps since the last evaluation.
        rows: the evaluations so far.
        digest: of the settings and of the first inputs.
    """

    step: int = 0
    loss_sum: float = 0.0
    rows: tuple[Row, ...] = ()
    digest: str = ""


def sizes(config: GptTraining, task: NextTokenTask) -> GptConfig:
    """Those of the model that is trained on a task."""
    return GptConfig(
        layers=config.layers,
        heads=config.heads,
        width=config.width,
        positions=0 if config.positions == "none" else task.positions,
        vocabulary_size=len(task.vocabulary),
        activation=config.activation,
        tied=config.tied,
        dropout=config.dropout,
        vocabulary=task.vocabulary,
        task=config.task,
    )


class Training:
    """A model and where its training stands, advanced step by step.

    Raises:
        BadUsage: settings that cannot be trained here.
    """

    def __init__(self, config: GptTraining, task: NextTokenTask) -> None:
        self.config, self.task = config, task
        self.drawn = task.trained_on or task
        self.lengths = task.bins[0]
        self.drawn.lengths(*self.lengths)  # refuses a task without inputs
        _check_memory(config, task)
        self.device = _device(config)
        model = Gpt(sizes(config, task))
        model.start(torch.Generator().manual_seed(_number(config.seed, "parameters")))
        self.model = model.to(self.device)
        matrices = [each for each in model.parameters() if each.ndim > 1]
        others = [each for each in model.parameters() if each.ndim == 1]
        groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}]
        self.adam = torch.optim.AdamW(groups, lr=config.lr, fused=True)
        self.state = State(digest=self._digest())

    @property
    def done(self) -> bool:
        """Whether there is nothing left to train."""
        return self.state.step >= self.config.steps or self._calm

    @property
    def _calm(self) -> bool:
        last = self.state.rows[-self.config.calm :] if self.config.calm else ()
        return len(last) == self.config.calm > 0 and all(share == 1 for row in last for share in row.right[:2])

    def step(self) -> None:
        """One step on fresh inputs.

        Raises:
            BadUsage: the loss is no longer a number.
        """
        config, step = self.config, self.state.step
        random = np.random.default_rng([config.seed, step])
        sequences = self.drawn.sample(config.batch, self.lengths, random)
        offsets = np.zeros(len(sequences), dtype=np.int64)
        if config.positions == "offset":
            offsets = random_offsets(self.model.config, sequences, random)
        if config.dropout:
            torch.manual_seed(_number(config.seed, f"dropout {step}"))
        self.model.train()
        self.adam.zero_grad()
        value = sum(self._learn(rows, sequences, offsets) for rows in _alike(sequences, self._parts))
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        for group in self.adam.param_groups:
            group["lr"] = config.lr * (1 - step / config.steps)
        self.adam.step()
        if not math.isfinite(value):
            raise BadUsage(f"the loss became {value} in step {step + 1}; lower lr, which is {config.lr}")
        self.state = dataclasses.replace(self.state, step=step + 1, loss_sum=self.state.loss_sum + value)

    def _learn(self, rows: Array, sequences: Sequences, offsets: Array) -> float:
        """Add to the gradient what some rows of a batch have to say; their part of its loss."""
        n = int(sequences.lengths[rows].max())
        some = Sequences(sequences.tokens[rows, :n], sequences.lengths[rows], sequences.expected[rows, :n])
        position = places(self.model.config, some, offsets[rows])
        graded = some.expected != UNGRADED
        logits = self.model(
            self._moved(some.tokens),
            None if position is None else position.to(self.device),
            self._moved(graded),
        )
        loss = _loss(logits, self._moved(some.expected[graded]), self.task)
        loss = loss / int((sequences.expected != UNGRADED).sum())
        loss.backward()
        return float(loss.item())

    @property
    def _parts(self) -> int:
        """Into how many parts of similar length a batch is cut: a CPU computes what stands behind the end, too."""
        if self.device.type != "cpu":
            return 1
        return 4 if self.config.width >= 32 else 2  # measured: 40 % and 5 % less time a step

    def evaluate(self) -> Row:
        """Note how right the model is now, on the same inputs each time."""
        before = self.state.rows[-1].step if self.state.rows else 0
        right = tuple(
            accuracy(self.model, self.task, lengths, WATCHED, seed=_number(self.config.seed, "evaluation"))
            for lengths in self.task.bins
        )
        shares = tuple(each.whole_sequence for each in right)
        row = Row(self.state.step, self.state.loss_sum / max(1, self.state.step - before), shares)
        self.state = dataclasses.replace(self.state, loss_sum=0.0, rows=(*self.state.rows, row))
        return row

    def to_the_end(
        self, interrupted: threading.Event, on_step: Callable[[State], object], keep: Callable[[], object]
    ) -> None:
        """Step until the last step, a calm or an interruption; `keep` is called at each evaluation and at the end."""
        while not self.done and not interrupted.is_set():
            self.step()
            if self.state.step % self.config.evaluate_every == 0 or self.state.step == self.config.steps:
                self.evaluate()
                keep()
            on_step(self.state)
        keep()

    def save(self, folder: Path) -> None:
        """Write the checkpoint and the metrics.

        Raises:
            BadFile: they cannot be written.
        """
        told = {"tool": "tpdebug", "format": FORMAT, **dataclasses.asdict(self.state)}
        write_stamped(folder / CHECKPOINT, json.dumps(told, allow_nan=False), self._tensors())
        rows = "".join(json.dumps(dataclasses.asdict(row)) + "\n" for row in self.state.rows)
        write_atomic(folder / METRICS, rows, force=True)

    def load(self, folder: Path) -> None:
        """Take the state from the folder's checkpoint.

        Raises:
            BadFile: none, or one that is damaged, or of other settings or inputs.
        """
        path = folder / CHECKPOINT
        shapes = {name: tuple(tensor.shape) for name, tensor in self._tensors().items()}
        state, tensors = read_stamped(
            path, lambda text: self._state(text, path), lambda state: shapes, folder / SETTINGS
        )
        for name, tensor in tensors.items():
            if not bool(torch.isfinite(tensor).all()) or (name.startswith("square.") and bool((tensor < 0).any())):
                raise BadFile(f"the checkpoint {path} has numbers in {name} that no training can have; train again")
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                parameter.copy_(tensors[f"now.{name}"])
                self.adam.state[parameter] = {
                    "step": torch.tensor(float(state.step), device=self.device),
                    "exp_avg": tensors[f"mean.{name}"].to(self.device),
                    "exp_avg_sq": tensors[f"square.{name}"].to(self.device),
                }
        self.state = state

    def _tensors(self) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for name, parameter in self.model.named_parameters():
            moments = self.adam.state.get(parameter, {})
            found[f"now.{name}"] = parameter
            found[f"mean.{name}"] = moments.get("exp_avg", torch.zeros_like(parameter))
            found[f"square.{name}"] = moments.get("exp_avg_sq", torch.zeros_like(parameter))
        return found

    def _state(self, text: str, path: Path) -> State:
        where = f"the state in {path}"
        told = Fields(parse_json(text, where, "the state of a training"), where)
        if told.take("tool") != "tpdebug" or told.take("format") != FORMAT:
            raise BadFile(f"{where} is of another version of tpdebug; train again")
        step = told.whole("step", 0, self.config.steps)
        state = State(
            step=step,
            loss_sum=told.number("loss_sum"),
            rows=tuple(self._row(Fields(each, f"{where}: rows"), step) for each in told.listed("rows")),
            digest=told.text("digest", 64),
        )
        told.end()
        if state.digest != self.state.digest:
            raise BadFile(
                f"{where} is of other settings, or the inputs or answers of the task {self.task.name} have changed; "
                "train again"
            )
        return state

    def _row(self, told: Fields, most: int) -> Row:
        right = told.listed("right")
        if len(right) != len(self.task.bins):
            told.refuse("right", right, f"{len(self.task.bins)} shares")
        row = Row(
            told.whole("step", 1, most),
            told.number("loss"),
            tuple(told.as_number("right", each, 0, 1) for each in right),
        )
        told.end()
        return row

    def _moved(self, codes: Array) -> Tensor:
        return torch.as_tensor(codes).to(self.device)

    def _digest(self) -> str:
        """sha256 of the settings, the device left out, and of the first inputs."""
        settings = {**dataclasses.asdict(self.config), "device": None}
        found = hashlib.sha256(json.dumps(settings).encode())
        first = self.drawn.sample(64, self.lengths, np.random.default_rng(0))
        for each in (first.tokens, first.expected):
            found.update(each.tobytes())
        return found.hexdigest()


def _loss(logits: Tensor, expected: Tensor, task: NextTokenTask) -> Tensor:
    """The sum over places of the loss there (of a language, the mean over the tokens).

    Args:
        logits: [k, V], at places that are judged.
        expected: [k] the right classes.
    """
    if isinstance(task, Language):
        legal = torch.as_tensor(task.legal, dtype=logits.dtype, device=logits.device)
        total = functional.binary_cross_entropy_with_logits(logits, legal[expected], reduction="sum")
        return total / logits.shape[1]
    return functional.cross_entropy(logits, expected, reduction="sum")


def _alike(sequences: Sequences, parts: int) -> list[Array]:
    """The rows of a batch in parts of similar length, none of them empty."""
    order = np.argsort(sequences.lengths, kind="stable")
    return np.array_split(order, min(parts, len(order)))


def _check_memory(config: GptTraining, task: NextTokenTask) -> None:
    """Refuses what fits no machine: the parameters with AdamW's moments, and what a step holds."""
    made = sizes(config, task)
    token = 12 * config.width + 2 * made.neurons + 3 * config.heads * task.positions
    step = config.batch * task.positions * (config.layers * token + 3 * made.vocabulary_size)
    expect_room(
        f"a decoder of {config.layers} layers",
        4 * (4 * made.parameters + step),
        "lower batch, layers, heads or width",
    )


def _device(config: GptTraining) -> torch.device:
    if config.device == "cuda" and not torch.cuda.is_available():
        raise BadUsage("device is 'cuda', but torch finds no CUDA device here; leave it at 'cpu'")
    return torch.device(config.device)


def _number(seed: int, purpose: str) -> int:
    """63 bits, unrelated for different purposes."""
    return int.from_bytes(hashlib.sha256(f"{seed} decoder {purpose}".encode()).digest()[:8], "little") >> 1
