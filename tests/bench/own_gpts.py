"""Train models of the twelve next-token tasks of our own: what decompiling is judged by that did not grow on them.

    python -m tests.bench.own_gpts FOLDER [TASK ...] [--device cuda] [--jobs 2] [--steps 30000]

For each task the sizes are tried in their order, smallest first, until one is right on 99 % of whole inputs of every
range of lengths, or none is left. Each model lies in FOLDER/TASK-SIZES; what came of it in FOLDER/own_gpts.jsonl. It is
resumable: what is done is not done again, and what was stopped goes on, also on another device. At the end a table, in
Markdown.

Of third-party packages it imports torch, numpy and safetensors alone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tprog.tasks.next_token import get_next_token_task
from trainer.gpt.run import train_gpt
from trainer.gpt.training import SETTINGS
from trainer.gpt_settings import GptTraining

RESULTS = "own_gpts.jsonl"

GOOD = 0.99
"""Share of whole inputs of each range of lengths from which on no larger size is tried."""

SIZES: Mapping[str, Sequence[tuple[int, int, int]]] = {
    "modulo_count": ((1, 2, 64), (2, 2, 64), (4, 4, 64)),
    "third_token": ((1, 1, 64), (2, 1, 64), (2, 2, 64), (4, 4, 64)),
    "shifted_copy": ((2, 1, 64), (2, 4, 64), (4, 2, 64)),
    "two_brackets": ((1, 2, 64), (2, 2, 64), (4, 4, 64)),
    "a_before_b": ((1, 1, 16), (1, 1, 64)),
    "second_most_frequent": ((1, 1, 64), (2, 2, 64), (4, 2, 64)),
    "small_sort": ((1, 1, 64), (1, 2, 64), (2, 2, 64)),
    "last_repeated": ((2, 1, 64), (2, 4, 64), (4, 4, 64)),
    "same_ends": ((1, 1, 32), (2, 1, 32)),
    "no_aba": ((1, 2, 32), (2, 1, 32)),
    "never_more_b": ((1, 1, 32), (2, 1, 32)),
    "behind_last_c": ((2, 1, 32), (2, 2, 64)),
}
"""Layers, heads and width, in the order in which they are tried: the least that could do, then more."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("tasks", nargs="*", default=list(SIZES), metavar="TASK")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--jobs", type=int, default=1, help="tasks at once")
    parser.add_argument("--steps", type=int, default=30_000)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    work = [(task, given.folder, given.device, given.steps) for task in given.tasks]
    if given.jobs == 1:
        for each in work:
            _learn(*each)
    else:
        with multiprocessing.get_context("spawn").Pool(given.jobs) as pool:
            pool.starmap(_learn, work, chunksize=1)
    print(_table(given.folder))


def _learn(name: str, folder: Path, device: str, steps: int) -> None:
    for layers, heads, width in SIZES[name]:
        into = folder / f"{name}-{layers}l{heads}h{width}d"
        found = _results(folder).get(into.name) or _train(name, into, (layers, heads, width), device, steps)
        if min(found["right"]) >= GOOD:
            return


def _train(name: str, into: Path, sizes: tuple[int, int, int], device: str, steps: int) -> Mapping[str, Any]:
    layers, heads, width = sizes
    config = GptTraining(
        name,
        layers=layers,
        heads=heads,
        width=width,
        steps=steps,
        device=device,  # type: ignore[arg-type]  # the parser has checked it
    )
    started = time.process_time()
    resume = (into / SETTINGS).exists()
    result = train_gpt(config, get_next_token_task(name), into, resume=resume, progress=False)
    if result.interrupted:
        raise KeyboardInterrupt
    found = {
        "model": into.name,
        "task": name,
        "sizes": sizes,
        "device": device,
        "steps": result.steps,
        "parameters": result.parameters,
        "seconds": round(result.seconds),
        "cpu_seconds": round(time.process_time() - started),
        "right": [accuracy.whole_sequence for _, accuracy in result.accuracies],
        "shifted": [accuracy.whole_sequence for _, accuracy in result.shifted],
    }
    with (into.parent / RESULTS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(found) + "\n")
    print(json.dumps(found), flush=True)
    return found


def _results(folder: Path) -> dict[str, Mapping[str, Any]]:
    path = folder / RESULTS
    if not path.is_file():
        return {}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["model"]: row for row in rows}


def _table(folder: Path) -> str:
    lines = [
        "| task | sizes | parameters | steps | inputs right, % | at random offsets | seconds, last call |",
        "|---|---|---|---|---|---|---|",
    ]
    order = list(SIZES)
    for row in sorted(_results(folder).values(), key=lambda row: (order.index(row["task"]), row["parameters"])):
        cells = (
            row["task"],
            ", ".join(map(str, row["sizes"])),
            f"{row['parameters']:,}",
            f"{row['steps']:,}",
            " / ".join(f"{100 * share:.1f}" for share in row["right"]),
            " / ".join(f"{100 * share:.1f}" for share in row["shifted"]),
            f"{row['seconds']:,} ({row['device']})",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
