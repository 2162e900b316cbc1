"""The progress of a training run, on stderr: a bar while it trains, a note while it searches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from tprog.escape import visible
from trainer.checkpoint import State


class Bar:
    """A bar of something long, while it goes on.

    Attributes:
        _bar: set by those that are made of it.
    """

    _bar: Progress

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()


class EpochBar(Bar):
    """Shows loss, temperature and the argmax model's validation accuracy, epoch by epoch."""

    def __init__(self, epochs: int, state: State, enabled: bool) -> None:
        self._bar = Progress(
            TextColumn("epoch {task.completed:.0f}/{task.total:.0f}"),
            BarColumn(bar_width=24),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
            disable=not enabled,
        )
        self._task = self._bar.add_task("", total=epochs, completed=len(state.metrics))

    def show(self, state: State) -> None:
        """Show where the run stands."""
        row = state.metrics[-1]
        key, what = ("validation_f1", "F1") if "validation_f1" in row else ("validation_per_token", "per token")
        found = [value for r in state.metrics if (value := r[key]) is not None]
        accuracy = f"  argmax model {found[-1]:.2%} {what}" if found else ""
        text = f"loss {row['loss']:.3f}  temperature {row['temperature']:.3f}{accuracy}"
        self._bar.update(self._task, completed=len(state.metrics), description=text)


@contextmanager
def searching(enabled: bool) -> Iterator[Callable[[str], object]]:
    """Say, to a terminal alone, that a search goes on; what is yielded says what is tried now."""
    if not enabled:
        yield lambda text: None
        return
    about = "searching for a program; Ctrl-C stops, --resume goes on"
    with Console(stderr=True).status(about) as status:
        yield lambda text: status.update(Text(visible(f"{about}: {text}")))
