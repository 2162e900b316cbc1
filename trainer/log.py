"""A run's figures for TensorBoard, which is optional: nothing else here needs that package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tprog.errors import BadFile, BadUsage
from tprog.files import read_text
from tprog.files.formats import parse_json
from trainer.checkpoint import METRICS
from trainer.fields import Fields

FOLDER = "tensorboard"
"""Where the figures go, in the run folder."""

_EVENTS = "events.out.tfevents.*"


class _Shown(Protocol):
    """What `trainer.checkpoint.State` has, one row an epoch done."""

    @property
    def metrics(self) -> Sequence[Mapping[str, float | None]]: ...


@dataclass(frozen=True)
class _Noted:
    metrics: Sequence[Mapping[str, float | None]]


class TensorBoard:
    """Writes each figure of each epoch as a scalar to RUN/tensorboard.

    A run that goes on has its whole history in its state. So the first call writes all of it anew, in place of what an
    earlier, perhaps killed, process wrote: no epoch stands there twice.

    Args:
        folder: the run folder. Nothing is written before the first call of `on_epoch`.

    Raises:
        BadUsage: the package tensorboard is not there.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise BadUsage(
                f"--log tensorboard needs the package tensorboard ({error}); pip install tensorboard, or leave it out"
            ) from None
        self._make: Any = SummaryWriter
        self._metrics, self._folder = folder / METRICS, folder / FOLDER
        self._writer: Any = None

    def on_epoch(self, state: _Shown) -> None:
        """Write what is new since the last call; the first time, everything.

        Raises:
            BadFile: the folder cannot be written.
        """
        try:
            rows = state.metrics[-1:]
            if self._writer is None:
                rows = state.metrics
                for stale in self._folder.glob(_EVENTS):
                    stale.unlink()
                self._writer = self._make(log_dir=str(self._folder))
            for row in rows:
                epoch = int(row["epoch"] or 0)
                for name, value in row.items():
                    if name != "epoch" and value is not None:
                        self._writer.add_scalar(name, value, epoch)
            self._writer.flush()
        except OSError as error:
            raise BadFile(f"cannot write {self._folder}: {error.strerror or error}") from None

    def write_run(self) -> None:
        """Write all epochs that the run folder has noted, unless they were written one by one.

        Raises:
            BadFile: its metrics cannot be read, or the folder not be written.
        """
        if self._writer is None:
            # A run whose program was found without training has noted no epoch.
            noted = not self._metrics.exists() or self._metrics.stat().st_size > 0
            lines = read_text(self._metrics, "the figures of a run").splitlines() if noted else []
            self.on_epoch(_Noted([self._row(line) for line in lines]))
        self._writer.close()

    def _row(self, line: str) -> dict[str, float | None]:
        """The figures of an epoch, as the run has noted them."""
        where = str(self._metrics)
        told = Fields(parse_json(line, where, "the figures of an epoch"), where)
        epoch = told.whole("epoch", 1, 2**62)
        figures = {name: None if value is None else told.as_number(name, value) for name, value in told.rest().items()}
        return {"epoch": epoch, **figures}
