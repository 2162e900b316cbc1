"""The process of ``tpdebug``: that of `cli`, once it is sure that nothing hides it."""

import sys

from tpdebug.hidden import hidden, leave_current_folder


def run() -> int:
    """Run the command line of this process and return its exit code."""
    try:
        told = hidden()
        if told is None:
            from cli.__main__ import run as process
    except KeyboardInterrupt:  # before anything has begun
        return 130
    if told is None:
        return process()
    if sys.stderr is not None:
        print(f"tpdebug: {told}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    leave_current_folder()
    sys.exit(run())
