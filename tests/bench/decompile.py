"""Decompile trained models, a row each: how far program and network agree, and what it cost.

Run: ``python -m tests.bench.decompile FOLDER [RESULTS.jsonl] [--only WORD]``. FOLDER holds model folders, as
`tpdebug train-gpt` makes them or as they lie in ``share/saved_models`` of lacoco-lab/decompiling_transformers, whose
names tell the task. Their weights have no licence: fetch them, and keep them out of any commit. A model that has a row
in RESULTS (FOLDER/decompile.jsonl unless named) is left alone, so what was stopped goes on.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from tprog.errors import TpdebugError
from tprog.text.emit import emit
from trainer.decompile.pipeline import Decompiled, Settings, decompile_folder
from trainer.gpt import CONFIG, WEIGHTS

TASKS = {
    "bin_majority": "binary_majority",
    "majority": "most_frequent_letter",
    "bin_majority_interleave": "interleaved_majority",
    "sort": "unique_sort",
    "aastar": "aa_star",
    "aaaastar": "aaaa_star",
    "ababstar": "abab_star",
    **{f"D{depth}": f"dyck1_depth{depth}" for depth in (2, 3, 4, 12)},
}
"""The published names of tasks -> ours, where they differ."""


def task_of(folder: Path) -> str | None:
    """The task that a published folder's name tells; None leaves it to the model."""
    if json.loads((folder / CONFIG).read_text(encoding="utf-8")).get("task"):
        return None
    name = re.split(r"-[@#%^]", folder.name)[0].removeprefix("bce_")
    return TASKS.get(name, name)


def row_of(folder: Path) -> dict[str, Any]:
    """Decompile one model; what cannot be is told."""
    begun = time.process_time()
    kept = folder.parent / "runs" / folder.name
    try:
        made = decompile_folder(folder, Settings(task_of(folder) or "", match=0.99, nodes=12), _quiet, kept, "program")
    except TpdebugError as error:
        return {"model": folder.name, "refused": str(error)}
    (kept / "program.py").write_text(_module(made), encoding="utf-8")
    assert made.measured is not None
    assert made.program is not None
    assert made.pruned is not None
    return {
        "model": folder.name,
        "task": made.settings.task,
        "accuracy": made.accuracy,
        "fresh": {row.on: round(row.by_input, 4) for row in made.measured.fresh},
        "positions": {row.on: round(row.by_position, 4) for row in made.measured.fresh},
        "elsewhere": {row.on: round(row.by_position, 4) for row in made.measured.elsewhere},
        "edges": [made.pruned.steps[0].edges, made.pruned.steps[-1].edges],
        "nodes": len(made.program.nodes),
        "lines": made.lines,
        "seconds": round(time.process_time() - begun, 1),
        "readout": [step.by for step in made.accepted if step.what == "readout"],
    }


def _module(made: Decompiled) -> str:
    assert made.program is not None
    return emit(made.program, "program").text


def _quiet(stage: str, what: str) -> None:
    """Nobody looks on."""


def markdown(rows: list[dict[str, Any]]) -> str:
    """The rows as a table."""
    lines = [
        "| model | accuracy by length | alike by length, shifted last | off the training distribution, by position "
        "| edges | nodes | lines | CPU-s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if "refused" in row:
            lines.append(f"| {row['model']} | {row['refused']} | | | | | | |")
            continue
        shown = [
            row["model"],
            ", ".join(f"{share:.3f}" for share in row["accuracy"]),
            ", ".join(f"{share:.3f}" for share in row["fresh"].values()),
            ", ".join(f"{name} {share:.3f}" for name, share in row["elsewhere"].items()),
            f"{row['edges'][0]:,} to {row['edges'][1]:,}",
            str(row["nodes"]),
            str(row["lines"]),
            f"{row['seconds']:.0f}",
        ]
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Do what is not done yet, the smallest models first, and print the table."""
    only = ""
    if "--only" in arguments:
        at = arguments.index("--only")
        only = arguments[at + 1]
        del arguments[at : at + 2]
    folder = Path(arguments[0])
    results = Path(arguments[1]) if len(arguments) > 1 else folder / "decompile.jsonl"
    rows = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()] if results.exists() else []
    done = {row["model"] for row in rows}
    found = [path.parent for path in folder.glob(f"*/{WEIGHTS}") if only in path.parent.name]
    for model in sorted(found, key=lambda each: ((each / WEIGHTS).stat().st_size, each.name)):
        if model.name in done:
            continue
        print(model.name, file=sys.stderr, flush=True)
        rows.append(row_of(model))
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(rows[-1]) + "\n")
    print(markdown(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
