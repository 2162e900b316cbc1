"""A JavaScript engine as a process: a line of JSON in, a script; a line of JSON out, its value or why it has none.

It is no part of the tests' own process, because V8 reserves so much address space that a fork of that process, which
other tests limit to the memory that a module may take, could not even grow its stack. Where the process that asks for
it is limited so itself (`tests.trials`), it could not start, so it takes what it is allowed to.
"""

from __future__ import annotations

import json
import resource
import sys

from py_mini_racer import JSEvalException, MiniRacer


def serve() -> None:
    """Answer until there is no further line."""
    allowed = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
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
