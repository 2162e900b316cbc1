"""What is being done, and how far it is, while it is done: on a terminal's stderr, never in the answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from tprog.escape import visible

if TYPE_CHECKING:
    from analyze.circuits import Progress as Proven

Report: TypeAlias = Callable[[int, int], None]
"""Called by long work with how much is done, and how much there is in all."""


@contextmanager
def working(verb: str, over: str) -> Iterator[Report]:
    """While an analysis runs: what it works on, and that it does, on a terminal's stderr. Ctrl-C stops it.

    Yields:
        what an analysis that can tell calls as it goes: a bar then stands behind the words.
    """
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(visible(f"{verb}: {over}"), total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


@contextmanager
def status(verb: str) -> Iterator[Callable[[str], None]]:
    """What is being done, as it changes, on a terminal's stderr."""
    if not sys.stderr.isatty():
        yield lambda words: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status(verb) as status:
        yield lambda words: status.update(Text(visible(f"{verb}, {words} (Ctrl-C keeps what was found)")))


@contextmanager
def counting(verb: str, total: int, over: str) -> Iterator[Callable[[int], object] | None]:
    """A bar over the inputs that the module is run on, on a terminal's stderr."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task(f"{verb}: {over}", total=total)
        yield lambda done: bar.update(shown, completed=done)


@contextmanager
def proving(over: str) -> Iterator[Proven | None]:
    """On a terminal's stderr, a bar for the proof of one sub-problem after the other."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:.1f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task(f"circuits: {over}", total=None)

        def tell(problem: str, index: int, count: int, share: float) -> None:
            said = f"circuits: smaller sets excluded, {problem} ({index + 1} of {count}); Ctrl-C to go without"
            bar.update(shown, description=visible(said), total=1.0, completed=share)

        yield tell
