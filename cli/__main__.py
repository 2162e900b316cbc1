"""The process of ``tpdebug``: its streams, the verb, its end. It is small, so that Ctrl-C is handled from the start."""

import gc
import os
import signal
import sys

from cli import INTERRUPTED

_UNCOLLECTED = 200_000
"""Objects made, less those freed, before Python looks for unreachable cycles. Syntax trees and programs have none. To
look after every 700 objects, as Python does, takes a fifth of the time in which a large module is read."""


def _leave(number: int, frame: object) -> None:
    """Ctrl-C while nothing has begun, or all is done: go without a word, whatever is being imported."""
    os._exit(INTERRUPTED)


def run() -> int:
    """Run the command line of this process and return its exit code: that of the answer, also where nobody reads it."""
    gc.set_threshold(_UNCOLLECTED, *gc.get_threshold()[1:])
    heeds = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # a shell's background job ignores Ctrl-C
    if heeds:
        signal.signal(signal.SIGINT, _leave)
    from cli.streams import checked_streams, written

    checked_streams()
    from cli.main import function, main, meant

    if (verb := meant(sys.argv[1:])) is not None:
        function(verb)
    try:
        if heeds:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = main()
        if heeds:
            signal.signal(signal.SIGINT, _leave)
    except KeyboardInterrupt:  # a second one, while `main` tells of the first
        return INTERRUPTED
    gc.freeze()  # else Python looks through all objects once more before it ends, and nothing is left to be done
    return written(code)


if __name__ == "__main__":
    sys.exit(run())
