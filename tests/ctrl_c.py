"""Ctrl-C, and waiting for a state: no test sleeps for what it hopes is long enough."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType

HANG = 600.0
"""Seconds after which what a test waits for will never come: nothing is meant to take a tenth of it anywhere."""


def wait_for(what: Callable[[], object]) -> None:
    """Wait until something holds."""
    until = time.monotonic() + HANG
    while not what():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.005)


def press() -> None:
    """Raise SIGINT in this process, and go on when its handler has run.

    Where other threads run, Python may notice a signal only some steps after it was raised, and two raised by then are
    one.
    """
    handler = signal.getsignal(signal.SIGINT)
    assert callable(handler)
    handled = False

    def noting(number: int, frame: FrameType | None) -> None:
        nonlocal handled
        handled = True
        signal.signal(signal.SIGINT, handler)
        handler(number, frame)

    signal.signal(signal.SIGINT, noting)
    signal.raise_signal(signal.SIGINT)
    wait_for(lambda: handled)
