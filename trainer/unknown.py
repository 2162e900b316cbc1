"""Words read as unknown now and then, so that a program learns what to make of words that it does not know.

Otherwise no training input holds an unknown word, as the vocabulary is that of the training inputs. A word that stands
there c times is read as unknown with the chance a / (a + c): the rarer, the more often. Source: Kiperwasser and
Goldberg 2016 (arXiv 1603.04351, section 4), with a = 0.25.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.data import Data


@dataclass(frozen=True)
class Unknown:
    """Which words can be read as unknown.

    Attributes:
        stands_in: [V] the code of the unknown word that each word of the vocabulary would be; its own for the marks and
            the unknown words themselves.
        chance: [V] of each.
    """

    stands_in: Tensor
    chance: Tensor

    @classmethod
    def of(cls, data: Data, a: float) -> Unknown | None:
        """Of a vocabulary without unknown words, or with a = 0: None."""
        if not a or data.stands_in is None:
            return None
        tokens = data.train.tokens
        counts = torch.bincount(tokens[tokens >= 0], minlength=len(data.stands_in))
        return cls(data.stands_in, a / (a + counts))

    def some(self, tokens: Tensor, random: torch.Generator) -> Tensor:
        """Tokens [n, B] with some of them replaced; negative codes stay."""
        codes = tokens.clamp_min(0)
        replaced = (torch.rand(tokens.shape, generator=random) < self.chance[codes]) & (tokens >= 0)
        return torch.where(replaced, self.stands_in[codes], tokens)
