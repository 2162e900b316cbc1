"""How right models are, by length, at offset 0 and at random ones; published ones beside what is written with them.

    python -m tests.bench.gpt_models FOLDER [--count 2000] [--seed 0]

FOLDER holds folders of models (`config.json`, `model.safetensors`), each of a task that it names itself or whose name
its own begins with (`tests/bench/published_gpts.py`). Accuracy is that of whole inputs, in percent, of COUNT random
inputs of each third of the lengths. A figure that is further from the written one than three standard errors of the
difference of two such samples is marked with a star.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

from rich.console import Console

from tests.bench.published_gpts import task_named, told_accuracies
from tprog.tasks.next_token import NextTokenTask, get_next_token_task
from trainer.gpt import WEIGHTS, Gpt, accuracy, load
from trainer.threads import one_thread

PUBLISHED = 2000
"""Inputs of each of their samples."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=PUBLISHED)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(
        "| model | task | layers, heads, width | parameters | accuracy by third | written | at random offsets | CPU-s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    folders = sorted(path.parent for path in given.folder.glob(f"*/{WEIGHTS}"))
    with one_thread():
        for folder in folders:
            model = load(folder)
            name = model.config.task or task_named(folder)
            if name is None:
                Console(stderr=True).print(f"{folder}: no task is named; left out", markup=False)
                continue
            print(_row(folder, model, get_next_token_task(name), given.count, given.seed), flush=True)


def _row(folder: Path, model: Gpt, task: NextTokenTask, count: int, seed: int) -> str:
    started, config = time.process_time(), model.config
    found = [accuracy(model, task, lengths, count, seed).whole_sequence for lengths in task.bins]
    shifted = [accuracy(model, task, lengths, count, seed + 1, shifted=True).whole_sequence for lengths in task.bins]
    told = told_accuracies(folder)
    marks = [""] * 3 if told is None else ["*" * _parts(*pair, count) for pair in zip(found, told, strict=True)]
    cells = (
        folder.name,
        task.name,
        f"{config.layers}, {config.heads}, {config.width}",
        f"{config.parameters:,}",
        " / ".join(f"{100 * share:.1f}{mark}" for share, mark in zip(found, marks, strict=True)),
        "" if told is None else " / ".join(f"{100 * share:.1f}" for share in told),
        " / ".join(f"{100 * share:.1f}" for share in shifted),
        f"{time.process_time() - started:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _parts(found: float, told: float, count: int) -> bool:
    """Whether two shares of samples are further apart than luck would have it."""
    share = (found * count + told * PUBLISHED) / (count + PUBLISHED)
    error = math.sqrt(max(share * (1 - share), 1 / (count + PUBLISHED)) * (1 / count + 1 / PUBLISHED))
    return abs(found - told) > 3 * error


if __name__ == "__main__":
    main()
