"""How a discrete choice is made: softly, by sampling, or by argmax.

Every choice in the network is one of parameters (which variable a gate reads, which keys a predicate accepts, what a
lookup's cell answers), so one vector of noise a step draws a whole network. Training goes through three phases:

- soft: a choice is the softmax (or sigmoid) of its noisy logits at a temperature; many programs are tried at once.
- hard: a choice is the argmax of its noisy logits, so the forward pass is that of a discrete program; the gradient is
  taken as if it were the softmax: the straight-through estimator. It closes the gap between soft and discrete.
- quiet: the same without noise, so that the argmax model itself is trained.

Source: the Gumbel-Softmax and its straight-through form (Jang et al. 2017, arXiv 1611.01144, section 2.2), the binary
concrete (Maddison et al. 2017, arXiv 1611.00712). What each phase gave is in docs/training.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from trainer.portable import normal, sigmoid, softmax

Kind: TypeAlias = Literal["pick", "set", "value"]
"""Exactly one option along the last dimension; each option on its own; or a plain number."""

# Uniform noise is kept off 0 and 1, where its logarithms are infinite; 2**-24 is half a step of torch.rand.
_LEAST = 2.0**-24

# A soft choice that is not allowed gets its weight from this factor; its logarithm is finite.
_FORBIDDEN = 1e-9


@dataclass(frozen=True)
class Slot:
    """One named tensor among a network's parameters.

    Attributes:
        shape: of one member's tensor.
        spread, start: standard deviation and mean of its initial values.
    """

    name: str
    shape: tuple[int, ...]
    kind: Kind
    spread: float = 0.0
    start: float = 0.0

    @property
    def size(self) -> int:
        """The number of its entries."""
        return math.prod(self.shape)


class Layout:
    """Where each slot lies in a vector of P parameters: first what is picked, then what is set, then plain values."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        rank: Mapping[Kind, int] = {"pick": 0, "set": 1, "value": 2}
        self.slots = tuple(sorted(slots, key=lambda slot: rank[slot.kind]))
        self.picks, self.sets, values = (sum(s.size for s in self.slots if s.kind == kind) for kind in rank)
        self.choices = self.picks + self.sets
        self.size = self.choices + values

    def __getitem__(self, name: str) -> Slot:
        return next(slot for slot in self.slots if slot.name == name)

    def initial(self, seed: int) -> Tensor:
        """[P] initial parameters."""
        drawn = torch.split(normal((self.size,), seed), [slot.size for slot in self.slots])
        return torch.cat([part * slot.spread + slot.start for slot, part in zip(self.slots, drawn, strict=True)])

    def views(self, theta: Tensor) -> dict[str, Tensor]:
        """The slots of parameters [S, P], each [S, ...], by name."""
        pieces = torch.split(theta, [slot.size for slot in self.slots], dim=1)
        return {slot.name: piece.view(len(theta), *slot.shape) for slot, piece in zip(self.slots, pieces, strict=True)}

    def noise(self, generator: torch.Generator) -> Tensor:
        """[choices] fresh noise: Gumbel where one is picked, logistic where each is taken on its own."""
        uniform = torch.rand(self.choices, generator=generator).clamp_(_LEAST, 1 - _LEAST)
        picked, taken = uniform[: self.picks], uniform[self.picks :]
        return torch.cat([-torch.log(-torch.log(picked)), torch.logit(taken)])

    def hard(self, theta: Tensor) -> Choices:
        """The argmax choices of parameters [S, P]: ties go to the first option, and even odds are a no."""
        return Choices(self.views(theta), hard=True, soft=False)

    def trained(self, theta: Tensor, temperature: Tensor, noise: Tensor | None, hard: bool) -> Choices:
        """Choices to train with.

        Args:
            temperature: [S, 1] tau; the lower, the closer a soft choice, or a hard one's gradient, is to one option.
            noise: [S, choices], or None for the argmax choices.
            hard: choose one option, with the gradient of the soft choice.
        """
        logits = theta[:, : self.choices]
        noisy = (logits if noise is None else logits + noise) / temperature
        views = self.views(torch.cat([noisy, theta[:, self.choices :]], dim=1))
        return Choices(views, hard=hard, soft=True, temperature=temperature)


@dataclass(frozen=True)
class Choices:
    """One discrete network a member.

    Attributes:
        logits: by slot, [S, ...]; noisy and divided by the temperature, if they are trained.
        hard: a choice is one option; else it is a mixture.
        soft: a choice has a gradient, that of the mixture.
    """

    logits: Mapping[str, Tensor]
    hard: bool
    soft: bool
    temperature: Tensor | None = None

    def __contains__(self, name: str) -> bool:
        return name in self.logits

    def __iter__(self) -> Iterator[str]:
        return iter(self.logits)

    def value(self, name: str) -> Tensor:
        """Plain numbers."""
        return self.logits[name]

    def pick(self, name: str, allowed: Tensor | None = None) -> Tensor:
        """One option along the last dimension. `allowed`, in [0, 1], broadcasts against the slot."""
        logits = self.logits[name]
        if allowed is not None and self.hard:
            logits = logits.masked_fill(allowed == 0, -torch.inf)
        elif allowed is not None:
            scale = 1.0 if self.temperature is None else self.temperature.view(-1, *[1] * (logits.dim() - 1))
            logits = logits + torch.log(allowed.detach().clamp_min(_FORBIDDEN)) / scale
        if not self.hard:
            return softmax(logits)
        one = torch.zeros_like(logits).scatter_(-1, logits.argmax(dim=-1, keepdim=True), 1.0)
        return self._through(one, softmax(logits)) if self.soft else one

    def each(self, name: str) -> Tensor:
        """For each option on its own, whether it is taken."""
        logits = self.logits[name]
        if not self.hard:
            return sigmoid(logits)
        taken = (logits > 0).to(logits.dtype)
        return self._through(taken, sigmoid(logits)) if self.soft else taken

    @staticmethod
    def _through(hard: Tensor, soft: Tensor) -> Tensor:
        return hard + (soft - soft.detach())
