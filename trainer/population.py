"""Many seeds, and at equal shapes many settings, trained as one batch of tensors.

Each member has its own parameters, noise, step size and temperature; all see the same batches. What a member learns
depends on its own settings and seed alone: adding members changes nothing but rounding.

Source: Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1). The temperature falls geometrically while choices are
soft, and the loss of a token is averaged over its sequence, as in arXiv 2306.01128, section 3 and appendix.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from tprog.errors import BadUsage
from tprog.tasks.builtin import UNGRADED
from trainer.choices import Choices
from trainer.clusters import Known, clustered, mapped, word_vectors
from trainer.config import TrainConfig
from trainer.data import Accuracy, Data, Split
from trainer.model import Network
from trainer.portable import cross_entropy
from trainer.touched import Touched
from trainer.unknown import Unknown

MEAN_DECAY, SQUARE_DECAY, LEAST_ROOT = 0.9, 0.999, 1e-8
"""Adam's beta 1, beta 2 and epsilon, as in its source."""

OWN_KEYS = ("seed", "lr", "tau_init", "tau_end", "tau_hard")
"""The settings in which members may differ: those that change no shape and no batch."""

TENSORS = ("now", "best", "mean", "square")
"""What a checkpoint holds of a population: parameters now and at their best, and Adam's two moments, each [S, P]."""


class Population:
    """S members in memory: parameters and optimiser, advanced step by step.

    Attributes:
        now: [S, P] the parameters.
        best: [S, P] the parameters of each member's best argmax model so far.
    """

    def __init__(self, members: Sequence[TrainConfig], data: Data) -> None:
        _expect_equal_shapes(members)
        config = members[0]
        self.config, self.members, self.data = config, tuple(members), data
        self.device = _device(config)
        self.network = Network.of(config, data.frame)
        layout = self.network.layout
        start = torch.stack([layout.initial(number(f"{member.seed} parameters")) for member in members])
        if config.clusters or config.vectors is not None:
            _begin_informed(self.network, data, members, start)
        if config.turns:
            _begin_in_turn(self.network, start)
        self.now = start.to(self.device).requires_grad_()
        self.best = self.now.detach().clone()
        self.mean, self.square = torch.zeros_like(self.best), torch.zeros_like(self.best)
        self.train, self.graded = _columns(data, self.device)
        self._lengths = torch.as_tensor(data.train.batch.lengths, dtype=torch.long)
        self._weights = self._balanced()
        self._unknown = Unknown.of(data, config.unknown)
        self._lr = torch.tensor([[member.lr] for member in members], device=self.device)
        self._order: tuple[int, Sequence[Tensor]] | None = None  # the current epoch and its batches
        self.steps_an_epoch = math.ceil(len(data.train) / config.batch)
        self.steps = self.steps_an_epoch * config.epochs

    def _balanced(self) -> Tensor | None:
        classes, balance = len(self.data.frame.classes), self.config.balance
        return class_weights(self.data.train.expected, classes, balance).to(self.device) if balance else None

    def is_hard(self, step: int) -> bool:
        """Whether a step, 0-based, trains with hard choices."""
        return step >= self.steps * (1 - self.config.hard)

    def is_quiet(self, step: int) -> bool:
        """Whether a step, 0-based, trains without noise."""
        return step >= self.steps * (1 - self.config.quiet)

    def temperature(self, step: int) -> Tensor:
        """[S, 1] tau of a step, 0-based: from tau_init, towards tau_end while choices are soft, then tau_hard."""
        soft_steps = max(self.steps * (1 - self.config.hard), 1)
        done = step / (max(self.steps - 1, 1) if self.is_hard(step) else soft_steps)
        ends = [member.tau_hard if self.is_hard(step) else member.tau_end for member in self.members]
        each = [m.tau_init * (end / m.tau_init) ** done for m, end in zip(self.members, ends, strict=True)]
        return torch.tensor(each, device=self.device).unsqueeze(1)

    def step(self, step: int) -> Tensor:
        """One step of Adam on one batch.

        Returns:
            [S] the losses before it.

        Raises:
            BadUsage: a loss is no longer a number.
        """
        epoch, place = divmod(step, self.steps_an_epoch)
        columns = self._batches(epoch)[place]
        tokens, graded = self._inputs(columns, step)
        part = Touched.of(self.network, tokens) if self.config.embedding == "learned" else None
        now = self.now if part is None else part.take(self.now.detach()).requires_grad_()
        network, tokens = (self.network, tokens) if part is None else (part.network, part.tokens)
        logits = network.logits(self._choices(step, network, now), tokens, self._dropped(step, tokens))
        losses = sequence_losses(logits, graded, self._weights)
        found = losses.detach()
        if not bool(torch.isfinite(found).all()):
            member = self.members[int((~torch.isfinite(found)).nonzero()[0])]
            raise BadUsage(
                f"the loss of seed {member.seed} became {float(found[~torch.isfinite(found)][0])} in step {step} of "
                f"{self.steps} (epoch {epoch + 1}); lower lr, which is {member.lr}, or raise tau_end, which is "
                f"{member.tau_end}"
            )
        now.grad = None
        losses.sum().backward()
        self._descend(step, now, part)
        return found

    @torch.no_grad()
    def _descend(self, step: int, now: Tensor, part: Touched | None) -> None:
        """One step of Adam, of all parameters or of those that the step reads."""
        grad = now.grad
        assert grad is not None
        mean, square = (self.mean, self.square) if part is None else (part.take(self.mean), part.take(self.square))
        mean.mul_(MEAN_DECAY).add_(grad * (1 - MEAN_DECAY))
        square.mul_(SQUARE_DECAY).add_(grad * grad * (1 - SQUARE_DECAY))
        root = (square / (1 - SQUARE_DECAY ** (step + 1))).sqrt_().add_(LEAST_ROOT)
        cooled = 1.0 if self.config.cooling == 1 else self.config.cooling ** (step / self.steps)
        now.sub_(self._lr * cooled / (1 - MEAN_DECAY ** (step + 1)) * mean / root)
        if part is not None:
            for whole, moved in ((self.now, now), (self.mean, mean), (self.square, square)):
                part.put(whole, moved)

    def _inputs(self, columns: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """The tokens [n, B] of a batch, some of them unknown, and what is right; in buckets, up to the longest."""
        tokens, graded = self.train[:, columns], self.graded[..., columns]
        if self.config.buckets > 1:
            longest = int(self._lengths[columns.cpu()].max())
            tokens, graded = tokens[:longest], graded if graded.dim() == 1 else graded[:longest]
        if self._unknown is not None:
            tokens = self._unknown.some(tokens, data_generator(self.config, f"unknown {step}"))
        return tokens, graded

    def _dropped(self, step: int, tokens: Tensor) -> Tensor | None:
        """[V, X] what each embedding variable is multiplied by at each token: 0 where it is dropped, else 1.

        What is kept is not made larger, as it often is: no value may be more than one value.
        """
        share = self.config.dropout
        if not share or self.is_quiet(step):
            return None
        random = data_generator(self.config, f"dropout {step}")
        kept = torch.rand(self.network.words, tokens.numel(), generator=random) >= share
        return kept.float().to(self.device)

    def _choices(self, step: int, network: Network, now: Tensor) -> Choices:
        """The network of a step, with parameters [S, P]."""
        layout = network.layout
        noise = None
        if not self.is_quiet(step):
            drawn = [layout.noise(generator(member, f"noise {step}")) for member in self.members]
            noise = torch.stack(drawn).to(self.device)
            noise = noise if self.config.noise == 1 else noise * self.config.noise
        return layout.trained(now, self.temperature(step), noise, self.is_hard(step))

    def evaluate(self, split: Split) -> list[Accuracy]:
        """The accuracy of each member's argmax model, its readout not yet rounded."""
        tokens = split.tokens.T.to(self.device)
        predictions = self.network.predict(self.now.detach(), tokens).cpu()
        return [split.accuracy(each.T if each.dim() == 2 else each) for each in predictions]

    def keep(self, places: Sequence[int]) -> None:
        """Go on with some of the members, by their places, alone."""
        rows = torch.tensor(places, device=self.device)
        self.members = tuple(self.members[place] for place in places)
        self.now = self.now.detach()[rows].requires_grad_()
        self.best, self.mean, self.square = self.best[rows], self.mean[rows], self.square[rows]
        self._lr = self._lr[rows]

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint holds, by the names in `TENSORS`."""
        return {"now": self.now.detach(), "best": self.best, "mean": self.mean, "square": self.square}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Take what a checkpoint holds, tensors of the shapes of `tensors()`."""
        with torch.no_grad():
            self.now.copy_(tensors["now"])
        for name in TENSORS[1:]:
            getattr(self, name).copy_(tensors[name])

    def _batches(self, epoch: int) -> Sequence[Tensor]:
        """The columns of each batch of an epoch."""
        if self._order is None or self._order[0] != epoch:
            random = data_generator(self.config, f"order {epoch}")
            order = epoch_order(self._lengths, self.config.length_exponent, random)
            batches = in_buckets(order, self._lengths, self.config.batch, self.config.buckets, random)
            self._order = (epoch, [batch.to(self.device) for batch in batches])
        return self._order[1]


def epoch_order(lengths: Tensor, exponent: float, random: torch.Generator) -> Tensor:
    """[N] the training inputs of an epoch in their order, as many as there are.

    Of n inputs of one length, their share of the epoch is proportional to n ** exponent. No input of a length is drawn
    once more than another, but for one turn. Source: sampling of languages by Conneau and Lample 2019
    (arXiv 1901.07291, section 3.1).

    Args:
        lengths: [N] of the training inputs.
    """
    if exponent == 1:
        return torch.randperm(len(lengths), generator=random)
    kinds, counts = lengths.unique(return_counts=True)
    shares = counts.double() ** exponent
    # Rounded by their sums, so that they add up to N.
    ends = (shares.cumsum(0) * (len(lengths) / shares.sum())).round().long()
    drawn = []
    for kind, times in zip(kinds, ends.diff(prepend=ends.new_zeros(1)).tolist(), strict=True):
        inputs = (lengths == kind).nonzero().flatten()
        turns, rest = divmod(times, len(inputs))
        drawn += [inputs] * turns + [inputs[torch.randperm(len(inputs), generator=random)[:rest]]]
    order = torch.cat(drawn)
    return order[torch.randperm(len(order), generator=random)]


def in_buckets(order: Tensor, lengths: Tensor, batch: int, buckets: int, random: torch.Generator) -> list[Tensor]:
    """The batches of an epoch, each of inputs of about one length, so that a step costs what its inputs hold.

    Args:
        order: [N] of the epoch.
        lengths: of all inputs.
        buckets: of so many batches at a time the inputs are sorted by length; 1: they stay in their order.
    """
    if buckets == 1:
        return list(torch.split(order, batch))
    found: list[Tensor] = []
    for some in torch.split(order, batch * buckets):
        found += torch.split(some[lengths[some].argsort(stable=True)], batch)
    return [found[place] for place in torch.randperm(len(found), generator=random).tolist()]


def class_weights(expected: Tensor, classes: int, balance: float) -> Tensor:
    """[C] what a graded position counts by its class: proportional to count ** -balance, 1 on average over positions.

    Args:
        expected: class codes or `UNGRADED`.
    """
    counts = torch.bincount(expected[expected != UNGRADED].flatten(), minlength=classes).double()
    weights = counts.clamp_min(1) ** -balance
    return (weights * (counts.sum() / (weights * counts).sum())).float()


def sequence_losses(logits: Tensor, expected: Tensor, weights: Tensor | None = None) -> Tensor:
    """[S] cross-entropy averaged over the graded positions of each sequence, then over the sequences that have any.

    Args:
        logits: [S, C, n, B]; pooled, [S, C, B].
        expected: [n, B] class codes or `UNGRADED`; pooled, [B].
        weights: [C] what a position counts by its class; None: all the same.
    """
    each = cross_entropy(logits, expected, UNGRADED)
    if weights is not None:
        each = each * weights[expected.clamp_min(0)]
    graded = expected != UNGRADED
    if expected.dim() == 1:
        return each.sum(dim=1) / graded.sum().clamp_min(1)
    count = graded.sum(dim=0)
    per_sequence = each.sum(dim=1) / count.clamp_min(1)
    return per_sequence.sum(dim=1) / (count > 0).sum().clamp_min(1)


def generator(config: TrainConfig, purpose: str) -> torch.Generator:
    """Random numbers of one member, unrelated for different purposes."""
    return _generator(f"{config.seed} {purpose}")


def data_generator(config: TrainConfig, purpose: str) -> torch.Generator:
    """Random numbers that all members share."""
    return _generator(f"{config.data_seed} {purpose}")


def number(purpose: str) -> int:
    """The seed of the random numbers for one purpose: unrelated for different ones."""
    return int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "little") >> 1


def _generator(purpose: str) -> torch.Generator:
    return torch.Generator().manual_seed(number(purpose))


def _columns(data: Data, device: torch.device) -> tuple[Tensor, Tensor]:
    """[n, B] training tokens and expected classes; pooled, [B] expected classes."""
    expected = data.train.expected[:, 0] if data.frame.pooled else data.train.expected.T
    return data.train.tokens.T.contiguous().to(device), expected.contiguous().to(device)


def _begin_informed(network: Network, data: Data, members: Sequence[TrainConfig], start: Tensor) -> None:
    """Let the embeddings of parameters [S, P] begin with clusters of words, or with a linear map of their vectors."""
    config = network.config
    vectors = None if config.vectors is None else word_vectors(config.vectors, data.frame.vocabulary)
    known = Known.of(data)
    for member, table in zip(members, network.layout.views(start)["embedding"], strict=True):
        if config.clusters:
            codes = clustered(known, vectors, network.words, network.d, number(f"{member.seed} clusters"))
            table.scatter_add_(
                2, torch.from_numpy(codes)[..., None], table.new_full((*codes.shape, 1), config.clusters)
            )
        elif vectors is not None:
            table += mapped(vectors, network.words, network.d, number(f"{member.seed} vectors"))


def _begin_in_turn(network: Network, start: Tensor) -> None:
    """Let each head of parameters [S, P] begin by copying what is its turn: see `turns` in `trainer.config`.

    Heads of different masks that stand side by side have the same turn, so that each variable is copied with each mask;
    a head behind another copies what that one did, with the same mask: from two positions away, and so on.
    """
    config, views = network.config, network.layout.views(start)
    for layer in range(config.layers):
        first = network.words + 1 + (layer - 1) * (config.cat_heads + config.cat_mlps + config.num_mlps)
        for head in range(config.cat_heads):
            turn = first + head if layer else head // len(network.mask_names) % network.words
            views[f"{layer}.value"][:, head, turn] += config.turns


def _device(config: TrainConfig) -> torch.device:
    if config.device == "cuda" and not torch.cuda.is_available():
        raise BadUsage("device is 'cuda', but torch finds no CUDA device here; leave it at 'cpu'")
    return torch.device(config.device)


def _expect_equal_shapes(members: Sequence[TrainConfig]) -> None:
    """Refuses members that differ in more than their own keys.

    Raises:
        BadUsage: the message names the key.
    """
    first = members[0]
    for other in members[1:]:
        for field in dataclasses.fields(TrainConfig):
            one, two = getattr(first, field.name), getattr(other, field.name)
            if field.name not in OWN_KEYS and one != two:
                raise BadUsage(
                    f"members differ in {field.name} ({one} and {two}); together they train only where no more than "
                    f"{', '.join(OWN_KEYS)} differ"
                )
