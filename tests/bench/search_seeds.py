"""What the deductive search finds from different samples of the examples: wrong inputs and CPU seconds, seed by seed.

    python -m tests.bench.search_seeds sort most_freq:16 --seeds 16

A task's name may be followed by its size, both k and N. Wrong inputs are counted over the whole domain, or over 200,000
inputs of the task's sampler where it has more than 400,000. Memory is the most that the process has had until the run
was done: ask for one task and one seed, and for examples with --set '{"dataset_size": 16000}'.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tprog.run.execute import predict
from tprog.tasks.builtin import UNGRADED
from tprog.tasks.own import find_task
from trainer.config import TrainConfig
from trainer.fit import train
from trainer.presets import default_config

SAMPLED = 200_000
LISTED = 400_000

UNIT = 2**30 if sys.platform == "darwin" else 2**20
"""In which the system counts memory, in GiB."""


def config_of(name: str, size: int | None, seed: int, changes: dict[str, Any]) -> TrainConfig:
    """The default preset with seed and data seed, and no training behind the search."""
    sizes: dict[str, Any] = {"vocabulary_size": size, "length": size}
    fresh: dict[str, Any] = {"seed": seed, "data_seed": seed, "members": 1, "halvings": 0, "epochs": 1, "polish": 0}
    return dataclasses.replace(default_config(name), **sizes, **fresh, **changes)


def judged(config: TrainConfig) -> dict[str, Any]:
    """One run."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        result = train(config, Path(folder) / "run", progress=False)
    seconds = time.process_time() - began
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNIT, 2)
    task = find_task(config.task, config.vocabulary_size, config.length)
    batch = task.inputs() if task.size is not None and task.size <= LISTED else task.draw(SAMPLED, 10**6)
    expected = task.expected(batch)
    predictions, _ = predict(result.program, batch)
    wrong = int(((predictions != expected) & (expected != UNGRADED)).any(axis=1).sum())
    how = dict(result.program.provenance).get("searched", "trained")
    return {"wrong": wrong, "inputs": len(batch), "cpu_seconds": round(seconds, 1), "peak_gib": peak, "how": how}


def main() -> None:
    """One line a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="+", metavar="TASK[:SIZE]")
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--set", default="{}", help="further settings, as JSON")
    given = parser.parse_args()
    for named in given.tasks:
        name, _, size = named.partition(":")
        for seed in range(given.seeds):
            config = config_of(name, int(size) if size else None, seed, json.loads(given.set))
            print(named, seed, json.dumps(judged(config)), flush=True)


if __name__ == "__main__":
    main()
