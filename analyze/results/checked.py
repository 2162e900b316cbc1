"""What stands behind a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field

from analyze.record import WHERE_TOLD


@dataclass(frozen=True)
class Checked:
    """What stands behind a verdict.

    Attributes:
        inputs: how many inputs were tried.
        exhaustive: whether they are all that there are.
        description: the same in words, with the seed of a sample.
        noun: what one of them is: an input, or of a corpus a sentence.
    """

    inputs: int
    exhaustive: bool
    description: str
    noun: str = field(default="input", metadata=WHERE_TOLD)
