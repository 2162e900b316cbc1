"""One trial of a sweep, on a worker: train, evaluate over the domain, measure, and tell it as plain JSON."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from distributed import get_worker

from tprog.errors import TpdebugError
from tprog.ir.program import Program
from tprog.run.execute import predict
from tprog.run.outcome import wrong_at
from tprog.simplify.record import entries
from tprog.tasks.builtin import ENUMERATED, UNGRADED, Task, inputs_for
from tprog.tasks.own import find_task
from tprog.text.emit import emit
from tprog.version import VERSION
from trainer.baseline import BaselineConfig, train_baseline
from trainer.checkpoint import CHECKPOINT
from trainer.config import TrainConfig
from trainer.data import Accuracy
from trainer.fit import train
from trainer.grid import BASELINE, PROGRAM, configured
from trainer.record import GROWN, LONGEST_TEXT, SEARCHED, TRAINED, Counts, Record

SAMPLE_SEED = 1_000_003
"""Of the inputs that stand for a domain too large to enumerate: the same for all trials of a task."""

_SLICE = 2**16  # inputs evaluated at once


def run_trial(request: Mapping[str, Any]) -> dict[str, Any]:
    """Train and evaluate one trial. Runs on a worker; takes and returns JSON types.

    Args:
        request: ``tool``, ``key``, ``kind``, ``settings``, and ``runs``: the folder of run folders, or None for one
            that is thrown away.

    Returns:
        `Record.to_mapping`. A trial that is refused or diverges has failed, with the message as its reason.
    """
    told = {key: request[key] for key in ("key", "kind", "settings")} | {"tool": VERSION, "machine": _machine()}
    if request["tool"] != VERSION:
        return Record(**told, status="failed", message="another version of tpdebug").to_mapping()
    started = time.monotonic()
    try:
        config = configured(request["kind"], request["settings"])
        with _run_folder(request["runs"], request["key"]) as folder:
            found = TRAINERS[request["kind"]](config, folder)
    except TpdebugError as error:
        return Record(**told, status="failed", message=str(error)[:LONGEST_TEXT]).to_mapping()
    return Record(**told, status="done", seconds=time.monotonic() - started, **found).to_mapping()


def train_program(config: TrainConfig | BaselineConfig, folder: Path) -> dict[str, Any]:
    """Train a program in a run folder, or go on with the run that it holds: the fields of its `Record`."""
    assert isinstance(config, TrainConfig)
    resumed = (folder / CHECKPOINT).exists()
    before = time.process_time()
    result = train(config, folder, resume=resumed, progress=False)
    trained = time.process_time()
    counts = {split: _counts(accuracy) for split, accuracy in result.accuracies.items()}
    task = find_task(config.task, config.vocabulary_size, config.length)
    counts["domain"] = over_domain(result.program, task)
    emitted = emit(result.program, stem := f"{task.name}_program")
    return {
        "how": how(result.program),
        "counts": counts,
        "size": size(result.program, emitted.text),
        "epochs": result.epochs,
        "resumed": resumed,
        "cpu_seconds": trained - before,
        "evaluation_cpu_seconds": time.process_time() - trained,
        "files": {**emitted.side, f"{stem}.py": emitted.text},  # in the order in which they are written
    }


def train_standard(config: TrainConfig | BaselineConfig, folder: Path) -> dict[str, Any]:
    """Train a standard Transformer: the fields of its `Record`. It has no run folder and makes no program."""
    assert isinstance(config, BaselineConfig)
    before = time.process_time()
    result = train_baseline(config, progress=False)
    counts = {split: _counts(accuracy) for split, accuracy in result.accuracies.items()}
    counts["domain"] = Counts(0, 0, result.tried - result.wrong, result.tried, result.exhaustive)
    return {
        "counts": counts,
        "epochs": config.epochs,
        "cpu_seconds": result.seconds,
        "evaluation_cpu_seconds": time.process_time() - before - result.seconds,
    }


TRAINERS: Mapping[str, Callable[[TrainConfig | BaselineConfig, Path], dict[str, Any]]] = {
    PROGRAM: train_program,
    BASELINE: train_standard,
}
"""For each of `trainer.grid.KINDS`: settings and run folder -> the fields of a `Record` that training fills."""


def how(program: Program) -> str:
    """How a program of `train` came about, by its provenance: one of `trainer.record.HOW`."""
    if any(name == "searched" for name, _ in program.provenance):
        return SEARCHED
    if any(name == "polished" and text.startswith("grow") for name, text in program.provenance):
        return GROWN
    return TRAINED


def over_domain(program: Program, task: Task) -> Counts:
    """How much is right over the whole input domain or, where it has over a million inputs, over a million of them.

    An input that reaches a hole is wrong.
    """
    inputs = inputs_for(program, sample=ENUMERATED, seed=SAMPLE_SEED, task=task)
    assert inputs.expected is not None  # the task has an oracle
    tokens = tokens_right = right = 0
    for start in range(0, len(inputs.batch), _SLICE):
        rows = slice(start, start + _SLICE)
        predictions, in_hole = predict(program, inputs.batch.take(rows))
        expected = inputs.expected[rows]
        graded = expected != UNGRADED
        wrong = wrong_at(predictions, in_hole, expected)
        tokens += int(graded.sum())
        tokens_right += int(graded.sum() - wrong.sum())
        right += int((~wrong.any(axis=1) & ~in_hole).sum())
    return Counts(tokens_right, tokens, right, len(inputs.batch), inputs.exhaustive)


def size(program: Program, text: str) -> dict[str, int]:
    """Heads, entries (rows of predicates, cells, words, rows of weights; wirings apart) and lines of the module."""
    heads = sum(node.selection is not None for node in program.nodes)
    return {"heads": heads, "entries": entries(program), "lines": text.count("\n")}


def _counts(accuracy: Accuracy) -> Counts:
    return Counts(accuracy.tokens_right, accuracy.tokens, accuracy.sequences_right, accuracy.sequences)


@contextmanager
def _run_folder(runs: str | None, key: str) -> Iterator[Path]:
    """The trial's own run folder, kept if there is a place for it."""
    if runs is not None:
        yield Path(runs) / key[:16]
        return
    # What a killed worker leaves in its scratch folder, Dask sweeps away later.
    try:
        scratch: str | None = get_worker().local_directory
    except ValueError:  # called outside a worker
        scratch = None
    with tempfile.TemporaryDirectory(prefix="trial-", dir=scratch) as folder:
        yield Path(folder) / "run"


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
