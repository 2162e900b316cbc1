"""Train a program for every held-out task, once, and say how many inputs each gets wrong.

Run: ``python -m tests.bench.run_heldout [-o FOLDER]``. Each task of ``tests/bench/heldout`` is trained with the default
preset and seed 0 in a process of its own, and verified on every input that it has. What is done is kept in the folder
(``runs/heldout``), so that a run that was stopped goes on; the table at the end is that of docs/results.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

TASKS = Path(__file__).parent / "heldout"


def tpdebug(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a verb with one thread a process."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments], capture_output=True, text=True, env=environment, check=False
    )


def trained(task: Path, folder: Path) -> dict[str, object]:
    """Train and verify one task; the record that is kept of it."""
    module = folder / f"{task.stem}.py"
    before = os.times()
    training = tpdebug(
        "train", str(task), "--preset", "default", "--run-folder", str(folder / task.stem), "-o", str(module)
    )
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    if not module.exists():
        return {"task": task.stem, "seconds": round(seconds, 1), "failed": training.stderr.strip()[-300:]}
    found = json.loads(tpdebug("verify", str(module), "--task", str(task), "--json").stdout)
    return {
        "task": task.stem,
        "seconds": round(seconds, 1),
        "wrong": found["wrong_inputs"],
        "inputs": found["wrong_inputs"] + found["inputs_right"],
    }


def main() -> None:
    """Train what is not done yet, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", dest="folder", type=Path, default=Path("runs/heldout"))
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    records = []
    for task in sorted(path for path in TASKS.glob("*.py") if path.stem != "__init__"):
        kept = folder / f"{task.stem}.json"
        if not kept.exists():
            print(f"{task.stem} ...", file=sys.stderr, flush=True)
            kept.write_text(json.dumps(trained(task, folder)), encoding="utf-8")
        records.append(json.loads(kept.read_text(encoding="utf-8")))
    print("| task | wrong inputs | of | CPU-s |\n|---|---|---|---|")
    for record in records:
        print(
            f"| {record['task']} | {record.get('wrong', 'failed')} | {record.get('inputs', '')} | {record['seconds']} |"
        )
    exact = sum(record.get("wrong") == 0 for record in records)
    print(f"\n{exact} of {len(records)} exact, on every input there is")


if __name__ == "__main__":
    main()
