"""Make docs/gallery: the best program of each task that a sweep has stored, simplified, with picture and record.

Run: ``python -m tests.bench.gallery runs/paper.sqlite [TASK ...]``. Of a task's programs, over all classes, the one
that is best on validation is taken; of those that are equally good, the one that is wrong on the fewest inputs of the
domain, and of those the smallest, once it is simplified.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable
from contextlib import chdir
from pathlib import Path

from cli.main import main as tpdebug
from tprog.read import read_module
from tprog.simplify.record import size
from tprog.tasks import TASKS
from trainer.lines import Line
from trainer.store import Store

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"

RECORD = "record.json"


def candidates(lines: Iterable[Line], task: str) -> list[Line]:
    """The programs of a task at its own size that are equally good, and best, on validation."""
    found = [
        line
        for line in lines
        if line.name == task and line.record.status == "done" and line.record.size and line.record.judged is not None
    ]
    top = max((line.record.judged.score for line in found if line.record.judged is not None), default=None)
    return [line for line in found if line.record.judged is not None and line.record.judged.score == top]


def make(store: Store, task: str) -> None:
    """Write a task's folder: module, picture, record."""
    folder = GALLERY / task
    folder.mkdir(parents=True, exist_ok=True)
    lines = store.lines()
    texts = [store.files(line.record.key).values() for line in candidates(lines, task)]
    if not texts:
        raise SystemExit(f"the store has no program for {task}")
    # In a folder of its own: what tpdebug writes is named as the user names it, without a path.
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        learned, simple, picture, verified = (Path(f"{task}{end}") for end in ("_learned.py", ".py", ".svg", ".json"))
        made = []
        for place, (text,) in enumerate(texts):
            learned.write_text(text)
            _told("simplify", learned, "-o", simple, "--keep", "right", "--force")
            _told("verify", simple, "-o", verified, "--force")
            verdict = json.loads(verified.read_text())
            lines_left = size(read_module(simple).program).lines
            made.append((verdict["wrong_inputs"], lines_left, place, simple.read_text(), verdict))
        _, _, place, text, verdict = min(made, key=lambda found: found[:3])
        simple.write_text(text)
        _told("graph", simple, "-o", picture, "--force")
        program = read_module(simple).program
        (folder / simple).write_text(text)
        (folder / picture).write_text(picture.read_text())
    line = candidates(lines, task)[place]
    sizes = size(program)
    record = {
        "task": task,
        "class": line.program_class,
        "learned": {
            "settings": {key: value for key, value in line.record.settings.items() if value is not None},
            "cpu_seconds": round(line.record.cpu_seconds or 0, 1),
            "lines": line.record.size["lines"],
            **{name: vars(counts) for name, counts in line.record.counts.items()},
        },
        "nodes": sizes.nodes,
        "entries": sizes.entries,
        "lines": sizes.lines,
        "inputs": verdict["checked"]["inputs"],
        "exhaustive": verdict["checked"]["exhaustive"],
        "wrong_inputs": verdict["wrong_inputs"],
    }
    (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n")


def _told(*arguments: object) -> None:
    """Run tpdebug, which may find something wrong but must not refuse."""
    if tpdebug([str(argument) for argument in arguments]) > 1:
        raise SystemExit(f"{arguments[0]} failed")


def index() -> str:
    """The gallery's page, from the records."""
    rows = []
    for task in TASKS:
        path = GALLERY / task / RECORD
        if path.exists():
            record = json.loads(path.read_text())
            checked = "all" if record["exhaustive"] else "a sample of"
            rows.append(
                f"| [{task}]({task}/{task}.py) | [picture]({task}/{task}.svg) | {record['class']} | {record['nodes']} "
                f"| {record['entries']} | {record['lines']} | {record['wrong_inputs']:,} of {checked} "
                f"{record['inputs']:,} | {record['learned']['cpu_seconds']} |"
            )
    head = [
        "# Gallery",
        "",
        "The best program of each task, as `tpdebug sweep --suite paper` learned it and",
        "`tpdebug simplify --keep right` left it. Each runs by itself: `python docs/gallery/sort/sort.py cbab`.",
        "Lines count the primitives too.",
        "`python -m tests.bench.gallery STORE` wrote this page; the classes are explained in",
        "[docs/results.md](../results.md).",
        "",
        "| program | | class | nodes | entries | lines | wrong inputs | CPU-seconds to learn |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def main(arguments: list[str]) -> None:
    """The command line: a store, and perhaps the tasks to renew."""
    store, *tasks = arguments
    with Store(store, read_only=True) as opened:
        for task in tasks or TASKS:
            make(opened, task)
    (GALLERY / "README.md").write_text(index())


if __name__ == "__main__":
    main(sys.argv[1:])
