"""Modules that an older version wrote, kept as they were, and what their own `run` answers.

``python -m tests.frozen v0_1`` runs the modules of a folder that have no record yet, and records the digest of their
answers. A record is never written anew: a program keeps its answers for ever.
"""

from __future__ import annotations

import hashlib
import json
import random
import runpy
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures"
RECORD = "answers.json"

MOST = 2_000
"""Inputs that are run: all there are, or so many that are drawn."""

MARKS = ("<s>", "</s>")


def inputs_of(vocabulary: Sequence[str], max_length: int) -> Iterator[list[str]]:
    """Whole inputs of a program whose inputs begin with ``<s>``, without the help of anything that may change."""
    symbols = [word for word in vocabulary if word not in MARKS] + ["never seen"] * ("<unk>" in vocabulary)
    end = ["</s>"] if "</s>" in vocabulary else []
    longest = max_length - 1 - len(end)
    if sum(len(symbols) ** length for length in range(1, longest + 1)) <= MOST:
        for length in range(1, longest + 1):
            for word in product(symbols, repeat=length):
                yield ["<s>", *word, *end]
        return
    # Only `random()` gives the same numbers in every version of Python.
    draw = random.Random(0).random
    for _ in range(MOST):
        length = 1 + int(draw() * longest)
        yield ["<s>", *(symbols[int(draw() * len(symbols))] for _ in range(length)), *end]


def digest(answers: Iterable[object]) -> str:
    """Of the answers to all inputs: lists, strings, ``{"hole": why}`` or ``{"refused": why}``."""
    text = "".join(json.dumps(answer) + "\n" for answer in answers)
    return hashlib.sha256(text.encode()).hexdigest()


def answers_of_run(path: Path) -> list[object]:
    """What the module itself answers: it is executed."""
    module: dict[str, Any] = runpy.run_path(str(path))
    answers: list[object] = []
    for tokens in inputs_of(module["VOCABULARY"], module["MAX_LENGTH"]):
        try:
            answers.append(module["run"](tokens))
        except LookupError as error:
            answers.append({"hole": str(error)})
        except ValueError as error:
            answers.append({"refused": str(error)})
    return answers


def recorded(folder: Path) -> dict[str, dict[str, Any]]:
    """Module -> how many inputs it was run on, how many it could not answer, and the digest of all answers."""
    path = folder / RECORD
    found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def main(folder: Path) -> None:
    """Record the modules of a folder that have no record."""
    records = recorded(folder)
    for path in sorted(folder.glob("*.py")):
        if path.name not in records:
            answers = answers_of_run(path)
            without = sum(isinstance(answer, dict) for answer in answers)
            records[path.name] = {"inputs": len(answers), "without an answer": without, "digest": digest(answers)}
    (folder / RECORD).write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(FIXTURES / sys.argv[1])
