"""What simplify finds in written programs: ``python -m tests.bench.rasp_simplified --length 5 --tokens 3``.

Each program of tests/rasp_cases.json, in each of its modes, becomes a Program over the first tokens of its vocabulary,
up to the length, and `simplify` looks for a smaller one on all inputs. A line is a program in which it finds something:
nodes, entries and lines before and after, and the steps.
"""

from __future__ import annotations

import argparse
import time

from tests.test_rasp_lower import BY_NAME, MODES, rasp_of
from tprog.errors import TpdebugError
from tprog.simplify import simplify
from tprog.tasks.builtin import inputs_for


def main() -> None:
    """One line a program in which something is found, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=3)
    parser.add_argument("--steps", action="store_true", help="show what was found")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    whole = found = 0
    for name, mode in MODES:
        if options.only not in name:
            continue
        vocabulary = BY_NAME[name]["vocabulary"][: options.tokens]
        try:
            program = rasp_of(name).to_program(vocabulary, options.length, mode == "causal")
        except TpdebugError as error:
            print(f"{name}, {mode}: refused: {error}")
            continue
        inputs = inputs_for(program)
        assert inputs.exhaustive
        began = time.process_time()
        made = simplify(program, inputs)
        whole += 1
        if (old := made.before) != (new := made.after):
            found += 1
            print(
                f"{name}, {mode}: nodes {old.nodes} -> {new.nodes}, entries {old.entries} -> {new.entries}, "
                f"lines {old.lines} -> {new.lines}, {time.process_time() - began:.1f} CPU s",
                flush=True,
            )
            for step in made.steps if options.steps else ():
                print(f"    {step}")
    print(f"length {options.length}, {options.tokens} tokens: nothing is found in {whole - found} of {whole}")


if __name__ == "__main__":
    main()
