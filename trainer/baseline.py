"""A standard Transformer on the data of a Transformer Program: what the constraint to discrete modules costs.

The network of `trainer.transformer`, with learned positions, causal where the task is, a class predicted at every
position, trained by Adam on cross-entropy. The inputs, their
split and the two accuracies are those of `trainer.data`, so that the figures stand side by side.

The default size has the 3 layers and the MLPs of 64 neurons of most published Transformer Programs (arXiv 2306.01128,
table of results), with 4 heads and a width of 64 as in the scripts that train standard Transformers in the code
published with them: some 75,000 parameters. What we chose ourselves, for results in a minute on one core: batches of
128, a learning rate that warms up to 3e-3 and falls to nothing along a cosine, 12 epochs.

Letters in shapes: B inputs, n positions, D width, C classes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional

from tprog.errors import BadUsage
from tprog.run.pieces import chunks
from tprog.tasks.builtin import ENUMERATED, UNGRADED, Task
from tprog.tasks.own import find_task
from trainer.clusters import mapped, word_vectors
from trainer.config import TrainConfig
from trainer.data import Accuracy, Data, prepare
from trainer.memory import expect_room
from trainer.model import Frame
from trainer.population import in_buckets
from trainer.presets import default_config
from trainer.sentences import is_divided
from trainer.settings import SEEDS, BadSetting, Settings, expect_shared, setting
from trainer.threads import one_thread
from trainer.transformer import Shape, Stack
from trainer.unknown import Unknown

SAMPLE = 100_000
"""Inputs tried where the domain is too large to enumerate: half a minute of one core at N = 16."""

BUCKETS = 40
"""Batches of sentences that are sorted by length at a time, as of a program's run (`TrainConfig.buckets`)."""

WARM_UP = 0.1
"""The part of all steps in which the learning rate rises."""


@dataclass(frozen=True)
class BaselineConfig(Settings):
    """The settings of one standard Transformer; each field says what it is (`about`).

    Raises:
        BadUsage: a value that has no meaning; the message names the key.
    """

    task: str
    vocabulary_size: int | None = setting(None, "as of `TrainConfig`.", 2, 100_000)
    length: int | None = setting(None, "as of `TrainConfig`.", 2, 1000)
    layers: int = setting(3, "how many.", 1, 100)
    heads: int = setting(4, "how many in each layer.", 1, 256)
    d_model: int = setting(64, "D, the width of the residual stream; a multiple of heads.", 1, 4096)
    d_mlp: int = setting(64, "neurons of a layer's MLP.", 1, 16_384)
    lr: float = setting(3e-3, "Adam's step size at its highest.")
    batch: int = setting(128, "inputs a step.", 1, 1_000_000)
    epochs: int = setting(12, "passes over the training inputs.", 1, 1_000_000)
    seed: int = setting(0, "of the parameters and the order of the inputs.", 0, SEEDS - 1)
    dataset_size: int = setting(20_000, "inputs to sample, before the 80/10/10 split.", 10, 1_000_000)
    data_seed: int = setting(0, "of the data; that of the Transformer Programs that it is compared with.", 0, SEEDS - 1)
    unknown: float = setting(
        0.0, "as of `TrainConfig`; above 0 unknown words of a corpus are told apart by their shape.", told=False
    )
    dropout: float = setting(
        0.0, "share of the embeddings, the attention and what layers add that a step drops.", told=False
    )
    vectors: str | None = setting(
        None, "as of `TrainConfig`: the embeddings begin as a random linear map of them.", told=False
    )
    patience: int = setting(
        0, "epochs without a better network on validation after which training ends; 0: none.", 0, 1_000_000, told=False
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.lr < math.inf:
            raise BadSetting("lr", f"is {self.lr!r}; expected a finite number above 0")
        if not 0 <= self.dropout < 1:
            raise BadSetting("dropout", f"is {self.dropout!r}; expected a share from 0, below 1")
        if not 0 <= self.unknown < math.inf:
            raise BadSetting("unknown", f"is {self.unknown!r}; expected a finite number from 0")
        expect_shared("d_model", self.d_model, self.heads)


@dataclass(frozen=True)
class BaselineResult:
    """How good a standard Transformer became.

    Attributes:
        accuracies: at the epoch chosen, by split: ``train``, ``validation``, ``test``.
        wrong: inputs with at least one wrong prediction, of those tried.
        tried: the whole domain where it can be enumerated, else at most `SAMPLE` different ones that the task draws; of
            a corpus, the sentences of the test split.
        domain_size: inputs that there are; None if that is not known.
        seconds: CPU time of this process from the first step to the last, the validation after every epoch included;
            not the data's preparation and not the check over the domain.
        parameters: numbers trained.
        epoch: the one with the best validation accuracy, 1-based; the last of those that are equally good.
    """

    accuracies: Mapping[str, Accuracy]
    wrong: int
    tried: int
    domain_size: int | None
    seconds: float
    parameters: int
    epoch: int

    @property
    def exhaustive(self) -> bool:
        """Whether every input of the domain was tried."""
        return self.tried == self.domain_size


def train_baseline(config: BaselineConfig, progress: bool = False) -> BaselineResult:
    """Train a standard Transformer, choose its epoch by validation and try it on the whole domain.

    The same settings give the same parameters, and so the same result but for `seconds`, on the same machine.

    Args:
        progress: show a bar on stderr.

    Raises:
        BadUsage: settings that cannot be trained, as of `trainer.data.prepare`; the loss is no longer a number.
        BadFile: a task of a user's own that is none.
    """
    data = _data(config)
    network, epoch, seconds = trained(config, data, progress)
    with one_thread():
        accuracies = {name: split.accuracy(network.predict(split.tokens)) for name, split in data.splits.items()}
        wrong, tried, size = _over_domain(network, config, accuracies)
    parameters = sum(p.numel() for p in network.parameters())
    return BaselineResult(accuracies, wrong, tried, size, seconds, parameters, epoch)


def trained(config: BaselineConfig, data: Data, progress: bool = False) -> tuple[StandardTransformer, int, float]:
    """The network at its best epoch on validation, which that is, and the CPU-seconds: see `BaselineResult`.

    Args:
        data, progress: of `train_baseline`.

    Raises:
        BadUsage: it does not fit the memory; the loss is no longer a number.
        BadFile: the word vectors cannot be read.
    """
    _check_memory(config, data.frame)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(_seed(config, "parameters"))
        network = StandardTransformer(config, data.frame)
        if config.vectors is not None:
            _begin_with_vectors(network, config.vectors, config, data.frame)
        started = time.process_time()
        epoch = _fit(network, config, data, progress)
        return network, epoch, time.process_time() - started


def _begin_with_vectors(network: StandardTransformer, named: str, config: BaselineConfig, frame: Frame) -> None:
    """The embeddings of words that have a vector become its image under a random linear map; the others stay."""
    vectors = word_vectors(named, frame.vocabulary)
    (image,) = mapped(vectors, 1, config.d_model, _seed(config, "vectors"))
    has = torch.from_numpy((vectors != 0).any(axis=1))[:, None]
    with torch.no_grad():
        network.tokens.weight.copy_(torch.where(has, image, network.tokens.weight))


# The network ##########################################################################################################


class StandardTransformer(Stack):
    """Token codes [B, n] to logits [B, n, C], pooled [B, 1, C]; nothing attends to negative codes, which are behind the
    end."""

    def __init__(self, config: BaselineConfig, frame: Frame) -> None:
        super().__init__(
            Shape(
                tokens=len(frame.vocabulary),
                positions=frame.max_length,
                layers=config.layers,
                heads=config.heads,
                width=config.d_model,
                mlp=config.d_mlp,
                dropout=config.dropout,
            )
        )
        self.causal, self.pooled = frame.causal, frame.pooled
        self.readout = nn.Linear(config.d_model, len(frame.classes))

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits [B, n, C], which mean nothing behind the end of an input; pooled, of the mean over its positions."""
        n = tokens.shape[1]
        seen = (tokens >= 0)[:, None, None, :]  # [B, 1, 1, key]
        if self.causal:
            seen = seen & torch.ones(n, n, dtype=torch.bool).tril()  # [B, 1, query, key]
        normed = self.normed(tokens.clamp_min(0), None, seen)
        if self.pooled:
            inside = (tokens >= 0)[..., None]
            normed = (normed * inside).sum(dim=1, keepdim=True) / inside.sum(dim=1, keepdim=True)
        logits: Tensor = self.readout(normed)
        return logits

    @torch.no_grad()
    def predict(self, tokens: Tensor) -> Tensor:
        """[B, n] class codes, pooled [B, 1], in pieces that keep memory small."""
        self.eval()
        return torch.cat([self(some).argmax(dim=2) for some in torch.split(tokens, _PIECE)])


_PIECE = 4096  # inputs predicted at once


# Training #############################################################################################################


def _fit(network: StandardTransformer, config: BaselineConfig, data: Data, progress: bool) -> int:
    """Train, and leave the network as it was after its best epoch on the validation inputs, which is returned."""
    adam = torch.optim.Adam(network.parameters(), lr=config.lr, fused=True)
    steps_an_epoch = math.ceil(len(data.train) / config.batch)
    steps = config.epochs * steps_an_epoch
    schedule = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: _rate(step, steps))
    order = torch.Generator().manual_seed(_seed(config, "order"))
    unknown = Unknown.of(data, config.unknown)
    lengths, buckets = torch.as_tensor(data.train.batch.lengths), BUCKETS if is_divided(config.task) else 1
    improved, best_score, best_epoch, best = 0, (-1.0, -1.0), 0, network.state_dict()
    bar = track(
        range(1, config.epochs + 1),
        description="standard Transformer, epochs",
        console=Console(stderr=True),
        disable=not progress,
    )
    for epoch in bar:
        every = torch.randperm(len(data.train), generator=order)
        for rows in in_buckets(every, lengths, config.batch, buckets, order):
            longest = int(lengths[rows].max())
            tokens, expected = data.train.tokens[rows, :longest], data.train.expected[rows, :longest]
            if unknown is not None:
                tokens = unknown.some(tokens, order)
            value = _step(network, adam, tokens, expected)
            if not math.isfinite(value):
                raise BadUsage(f"the loss became {value} in epoch {epoch}; lower lr, which is {config.lr}")
            schedule.step()
        accuracy = data.validation.accuracy(network.predict(data.validation.tokens))
        score = accuracy.score
        if score > best_score:
            improved = epoch
        if score >= best_score:  # at 100 % of a small split, more training still mends inputs outside it
            best_score, best_epoch = score, epoch
            best = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        if config.patience and epoch - improved >= config.patience:
            break
    network.load_state_dict(best)
    return best_epoch


def _step(network: StandardTransformer, adam: torch.optim.Adam, tokens: Tensor, expected: Tensor) -> float:
    """One step on some inputs; the loss before it."""
    network.train()
    graded = expected != UNGRADED
    # Logits of graded positions alone; the mean of none would not be a number.
    logits = network(tokens)[graded]
    loss = functional.cross_entropy(logits, expected[graded], reduction="sum") / graded.sum().clamp_min(1)
    adam.zero_grad()
    loss.backward()
    adam.step()
    return float(loss.item())


def _rate(step: int, steps: int) -> float:
    """The learning rate of a step, 0-based, as a part of the highest: a line up, then half a cosine down to 0."""
    rising = max(1, round(WARM_UP * steps))
    if step < rising:
        return (step + 1) / rising
    return 0.5 + 0.5 * math.cos(math.pi * (step - rising) / max(1, steps - rising))


def _check_memory(config: BaselineConfig, frame: Frame) -> None:
    """Refuses what fits no machine: the parameters with Adam's moments, and what a step or a prediction holds."""
    d, n = config.d_model, frame.max_length
    parameters = config.layers * (4 * d * d + 2 * d * config.d_mlp) + (len(frame.vocabulary) + n) * d
    token = 12 * d + 2 * config.d_mlp + 3 * config.heads * n
    expect_room(
        f"a standard Transformer of {config.layers} layers",
        4 * (5 * parameters + n * token * max(config.batch * config.layers, _PIECE)),
        "lower layers, heads, d_model, d_mlp, batch or length",
    )


# Data and domain ######################################################################################################


def _data(config: BaselineConfig) -> Data:
    """The inputs that a Transformer Program with these settings trains on and is judged by."""
    common = {key: getattr(config, key) for key in ("vocabulary_size", "length", "batch", "data_seed")}
    if is_divided(config.task):
        start = default_config(config.task)
        sized = {key: value for key, value in common.items() if value is not None}
        return prepare(dataclasses.replace(start, **sized, shapes=config.unknown > 0))
    return prepare(
        TrainConfig(
            task=config.task,
            layers=1,  # nothing but the data is made from these settings
            cat_heads=1,
            num_heads=0,
            cat_mlps=0,
            num_mlps=0,
            seed=config.data_seed,
            dataset_size=config.dataset_size,
            **common,
        )
    )


def _over_domain(
    network: StandardTransformer, config: BaselineConfig, accuracies: Mapping[str, Accuracy]
) -> tuple[int, int, int | None]:
    """Inputs with a wrong prediction, of how many, and how many there are: see `BaselineResult`."""
    if is_divided(config.task):
        found = accuracies["test"]
        return found.sequences - found.sequences_right, found.sequences, None
    task = find_task(config.task, config.vocabulary_size, config.length).of_one_output("a network that is trained")
    task = dataclasses.replace(task, pooled=False)  # a label is predicted at the last token
    return *_wrong(network, task, config), task.size


def _wrong(network: StandardTransformer, task: Task, config: BaselineConfig) -> tuple[int, int]:
    """Inputs with a wrong prediction, of how many; a sample is not the one that was trained on."""
    whole = task.size is not None and task.size <= ENUMERATED
    inputs = task.inputs() if whole else task.draw(SAMPLE, _seed(config, "domain"))
    wrong = 0
    for _, piece in chunks(inputs):
        expected = torch.as_tensor(task.expected(piece), dtype=torch.long)
        predictions = network.predict(torch.as_tensor(piece.tokens, dtype=torch.long))
        wrong += int(((predictions != expected) & (expected != UNGRADED)).any(dim=1).sum())
    return wrong, len(inputs)


def _seed(config: BaselineConfig, purpose: str) -> int:
    """63 bits, unrelated for different purposes."""
    digest = hashlib.sha256(f"{config.seed} standard Transformer {purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1
