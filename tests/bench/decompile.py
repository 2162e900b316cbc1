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
from trainer.decompile.pipeline import Settings, decompile_folder
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
    if made.program is None or made.measured is None or made.pruned is None:
        paths = made.linked.paths if made.linked is not None else 0
        return {"model": folder.name, "refused": f"{paths:,} paths are needed", "seconds": _since(begun)}
    (kept / "program.py").write_text(emit(made.program, "program").text, encoding="utf-8")
    errors = made.measured.errors
    return {
        "model": folder.name,
        "task": made.settings.task,
        "accuracy": made.accuracy,
        "fresh": {row.on: round(row.by_input, 4) for row in made.measured.fresh},
        "where right": {row.on: _rounded(row.where_right) for row in made.measured.fresh},
        "positions": {row.on: round(row.by_position, 4) for row in made.measured.fresh},
        "elsewhere": {row.on: round(row.by_position, 4) for row in made.measured.elsewhere},
        "edges": [made.pruned.steps[0].edges, made.pruned.steps[-1].edges],
        "errors": None if errors is None else [errors.network, errors.program, errors.both, errors.alike],
        "nodes": len(made.program.nodes),
        "lines": made.lines,
        "seconds": _since(begun),
        "readout": [step.by for step in made.accepted if step.what == "readout"],
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _since(begun: float) -> float:
    return round(time.process_time() - begun, 1)


def _told(errors: list[int] | None) -> str:
    """How well the program tells where the network errs: precision, recall, and of how many inputs."""
    if errors is None or not errors[0]:
        return ""
    network, program, both, alike = errors
    precision = f"{both / program:.2f}" if program else "none"
    return f"{precision}, {both / network:.2f} ({network:,} inputs, {alike:,} wrong alike)"


def _quiet(stage: str, what: str) -> None:
    """Nobody looks on."""


def markdown(rows: list[dict[str, Any]]) -> str:
    """The rows as a table."""
    lines = [
        "| model | accuracy by length | alike by length, shifted last | of those that the model is right on "
        "| off the training distribution, by position | errors: precision, recall | edges | nodes | lines | CPU-s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if "refused" in row:
            lines.append(f"| {row['model']} | {row['refused']} | | | | | | | | {row.get('seconds', '')} |")
            continue
        shown = [
            row["model"],
            ", ".join(f"{share:.3f}" for share in row["accuracy"]),
            ", ".join(f"{share:.3f}" for share in row["fresh"].values()),
            ", ".join("none" if share is None else f"{share:.3f}" for share in row["where right"].values()),
            ", ".join(f"{name} {share:.3f}" for name, share in row["elsewhere"].items()),
            _told(row.get("errors")),
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
