"""Hypothesis as a shrinker: it replays given choices and makes what they make smaller.

Hypothesis draws no example of its own here and prints nothing; what it stores goes to a folder of tpdebug's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyze.input_space import Strategy

SHRINKS = 1_000
"""Inputs that Hypothesis tries to shrink one failure."""

_KEY = b"tpdebug"


def shrunk(
    strategy: Strategy, choices: Sequence[int], condition: Callable[[tuple[int, ...]], bool]
) -> tuple[int, ...] | None:
    """The smallest sequence that Hypothesis makes of given choices, so that it still meets a condition.

    Returns:
        None if the sequence of the choices itself does not meet it.
    """
    from hypothesis.database import choices_to_bytes

    # One choice too many: what Hypothesis replays to the letter, it takes for shrunk already.
    return _found(strategy, choices_to_bytes((*choices, 0)), condition)


def replayed(strategy: Strategy, entry: bytes) -> tuple[int, ...] | None:
    """The sequence that the strategy makes of stored choices; None if it makes none of them."""
    return _found(strategy, entry, lambda codes: True, shrink=False)


def _found(
    strategy: Strategy, entry: bytes, condition: Callable[[tuple[int, ...]], bool], shrink: bool = True
) -> tuple[int, ...] | None:
    from unittest import SkipTest

    from hypothesis import HealthCheck, Phase, Verbosity, find, settings
    from hypothesis.database import InMemoryExampleDatabase
    from hypothesis.errors import NoSuchExample

    start = InMemoryExampleDatabase()
    start.save(_KEY, entry)
    quiet = settings(
        database=start,
        phases=[Phase.reuse, Phase.shrink] if shrink else [Phase.reuse],
        max_examples=SHRINKS,
        derandomize=False,  # whatever profile is loaded: Hypothesis loads one of its own under continuous integration
        deadline=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    try:
        return find(strategy, condition, settings=quiet, database_key=_KEY)
    except (NoSuchExample, SkipTest):  # the second where the entry is no choices at all
        return None


@contextmanager
def own_folder(folder: Path | None) -> Iterator[None]:
    """While Hypothesis runs, what it stores beside examples goes to `folder`, or nowhere; not to ``.hypothesis``."""
    from hypothesis.configuration import set_hypothesis_home_dir

    if folder is not None:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)
        return
    with TemporaryDirectory() as nowhere, own_folder(Path(nowhere)):
        yield
