"""What stands behind a verdict."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Checked:
    """What stands behind a verdict.

    Attributes:
        inputs: how many inputs were tried.
        exhaustive: whether they are all that there are.
        description: the same in words, with the seed of a sample.
    """

    inputs: int
    exhaustive: bool
    description: str
