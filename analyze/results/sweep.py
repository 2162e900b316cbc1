"""What a sweep has stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from analyze.record import Result


@dataclass(frozen=True)
class SweepResult(Result):
    """The trials of a sweep.

    Attributes:
        trials: what is known of each, as JSON types, and whether it is the ``best`` of its row.
        spread: what is known of the seeds of each row, as JSON types, where that was asked for.
    """

    verb: ClassVar[str] = "sweep"

    trials: tuple[dict[str, Any], ...]
    spread: tuple[dict[str, Any], ...] = ()
