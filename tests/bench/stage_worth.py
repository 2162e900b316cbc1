"""What each stage of the discrete search is worth: wrong answers with all of them, and with one switched off.

    python -m tests.bench.stage_worth published:reverse extended:sort

A task stands behind its class: published, categorical or extended. A program of one seed is trained on few inputs for
two epochs, without a deductive search before, so that there is much to improve; then the stages work on it. Those that
were not kept are not switched off. Wrong inputs are counted over the whole domain, or over 50,000 inputs of the
task's sampler where it has more than 400,000.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from tprog.ir.program import Program
from tprog.run.batch import Batch
from tprog.run.execute import predict
from tprog.tasks.builtin import UNGRADED
from tprog.tasks.own import find_task
from trainer.config import TrainConfig
from trainer.data import prepare
from trainer.fit import train
from trainer.search.stagewise import STAGES, improve
from trainer.suites import class_config

LISTED = 400_000
SAMPLED = 50_000


def inputs_of(config: TrainConfig) -> tuple[Batch, object]:
    """The inputs that programs are judged on, and their right answers."""
    task = find_task(config.task, config.vocabulary_size, config.length)
    batch = task.inputs() if task.size is not None and task.size <= LISTED else task.draw(SAMPLED, 10**6)
    return batch, task.expected(batch)


def lines(config: TrainConfig, moves: int) -> Iterator[str]:
    """One line for all stages, and one for each that is switched off."""
    with tempfile.TemporaryDirectory() as folder:
        start = train(config, Path(folder) / "run", progress=False).program
    data, (batch, expected) = prepare(config), inputs_of(config)

    def wrong(program: Program) -> int:
        predictions, _ = predict(program, batch)
        return int(((predictions != expected) & (expected != UNGRADED)).any(axis=1).sum())

    def improved(stages: Collection[str]) -> tuple[str, set[str]]:
        began = time.process_time()
        found = improve(start, data.train, data.validation, moves=moves, seed=config.seed, stages=stages)
        seconds = time.process_time() - began
        kept = {step.description for step in found.steps if step.kept}
        shown = f"{wrong(found.program):7,} wrong, {len(found.program.nodes):2} nodes"
        return f"{shown}, {found.moves:3} moves, {seconds:5.1f} CPU-s", kept

    yield f"as trained: {wrong(start):,} of {len(batch):,} wrong"
    text, kept = improved(tuple(STAGES))
    yield f"all stages:      {text}"
    for stage, description in STAGES.items():
        if description in kept:
            text, _ = improved([other for other in STAGES if other != stage])
            yield f"without {stage + ':':8} {text}"


def main() -> None:
    """Print the lines of each task."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="+", metavar="CLASS:TASK")
    parser.add_argument("--moves", type=int, default=30)
    parser.add_argument("--inputs", type=int, default=2000, help="before the split")
    given = parser.parse_args()
    for named in given.tasks:
        program_class, _, task = named.partition(":")
        config = dataclasses.replace(
            class_config(program_class, task),
            members=1,
            halvings=0,
            epochs=2,
            evaluate_every=1,
            search=0,
            polish=0,
            dataset_size=given.inputs,
        )
        for line in lines(config, given.moves):
            print(f"{named:22} {line}", flush=True)


if __name__ == "__main__":
    main()
