"""How a discrete choice is made: sampled softly while training, by argmax in the hardened network.

A relaxed choice is a vector of weights in [0, 1]; a hard one holds exactly one 1 (`pick`), or any number (`each`).

Source: the Gumbel-Softmax (Jang et al. 2017, arXiv 1611.01144) and the binary concrete (Maddison et al. 2017,
arXiv 1611.00712) distribution, with one sample a step as in arXiv 2306.01128, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

# Uniform noise is kept off 0 and 1, where its logarithms are infinite; 2**-24 is half a step of torch.rand.
_LEAST = 2.0**-24

# A choice that is not allowed gets its weight from this factor; small enough never to be sampled, and its logarithm
# is finite.
_FORBIDDEN = 1e-9


class Chooser(Protocol):
    """Turns logits into choices."""

    @property
    def exact(self) -> bool:
        """Whether the choices are hard."""

    def pick(self, logits: Tensor, allowed: Tensor | None = None, dim: int = -1) -> Tensor:
        """One option along a dimension. `allowed`, in [0, 1], broadcasts against the logits."""

    def each(self, logits: Tensor) -> Tensor:
        """For each option on its own, whether it is taken."""


@dataclass(frozen=True)
class Sampled:
    """Fresh noise at every call, so that no two steps see the same network.

    Attributes:
        temperature: tau; the lower, the closer a sample is to a hard choice.
        generator: the only source of the noise.
    """

    temperature: float
    generator: torch.Generator
    exact: bool = False

    def pick(self, logits: Tensor, allowed: Tensor | None = None, dim: int = -1) -> Tensor:
        gumbel = -torch.log(-torch.log(self._uniform(logits)))
        if allowed is not None:
            logits = logits + torch.log(allowed.detach().clamp_min(_FORBIDDEN))
        return torch.softmax((logits + gumbel) / self.temperature, dim=dim)

    def each(self, logits: Tensor) -> Tensor:
        return torch.sigmoid((logits + torch.logit(self._uniform(logits))) / self.temperature)

    def _uniform(self, like: Tensor) -> Tensor:
        noise = torch.rand(like.shape, generator=self.generator, dtype=like.dtype)
        return noise.clamp_(_LEAST, 1 - _LEAST)


@dataclass(frozen=True)
class Argmax:
    """The most likely choice; ties go to the first option, and even odds are a no."""

    exact: bool = True

    def pick(self, logits: Tensor, allowed: Tensor | None = None, dim: int = -1) -> Tensor:
        if allowed is not None:
            logits = logits.masked_fill(allowed == 0, -torch.inf)
        best = logits.argmax(dim=dim, keepdim=True)
        return torch.zeros_like(logits).scatter_(dim, best, 1.0)

    def each(self, logits: Tensor) -> Tensor:
        return (logits > 0).to(logits.dtype)


ARGMAX = Argmax()
