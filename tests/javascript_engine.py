"""A JavaScript engine as a process: a line of JSON in, a script; a line of JSON out, its value or why it has none.

It is no part of the tests' own process, because V8 reserves so much address space that a fork of that process, which
other tests limit to the memory that a module may take, could not even grow its stack.
"""

from __future__ import annotations

import json
import sys

from py_mini_racer import JSEvalException, MiniRacer


def serve() -> None:
    """Answer until there is no further line."""
    engine = MiniRacer()
    for line in sys.stdin:
        try:
            found = engine.eval(json.loads(line))
            answer = {"value": found if isinstance(found, str | int | None) else None}
        except JSEvalException as error:
            answer = {"error": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
