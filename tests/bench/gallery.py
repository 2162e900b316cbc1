"""Make docs/gallery: a program of each task, made smaller, with picture and record.

Run: ``python -m tests.bench.gallery runs/paper.sqlite [TASK ...]``. Of a task's programs that a sweep has stored, over
all classes, the one that is best on validation is taken; of those that are equally good, the one that is wrong on the
fewest inputs of the domain, and of those the smallest, once it is simplified.

Or: ``python -m tests.bench.gallery --train [NAME ...]``. The program is the one that ``tpdebug train`` makes; `TRAINED`
says of which task and size. Where the domain is too large to run, a program is not simplified, for what no input of a
sample needs some other input may; but that of dyck2 is, as all inputs can be judged (`tests.bench.dyck`).

The page's table is made anew each time; the words below it are kept.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

from cli.main import main as tpdebug
from tests.bench import dyck
from tprog.ir.program import Program
from tprog.simplify import simplify, told
from tprog.simplify.record import size
from tprog.tasks.builtin import ENUMERATED, TASKS, task_of
from tprog.text.emit import emit
from tprog.text.read import read_module
from tprog.version import VERSION
from trainer.grid import PROGRAM
from trainer.lines import Line
from trainer.presets import default_config
from trainer.record import Record
from trainer.store import Store

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"

RECORD = "record.json"

_16 = {"vocabulary_size": 16, "length": 16}

TRAINED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "most_freq": ("most_freq", {}),
    "dyck2": ("dyck2", {}),
    "sort_16": ("sort", _16),
    "most_freq_16": ("most_freq", _16),
}
"""The programs that `tpdebug train` makes: name -> task and settings beside those of the default preset."""

NAMES = (*TASKS, "sort_16", "most_freq_16")
"""In the order of the page."""

SEED = 1_000_003
"""Of the inputs that stand for a domain too large to run. Programs are trained and chosen on inputs of seed 0."""

WORDS = "\n## How "
"""Where the page's own words begin."""


def candidates(lines: Iterable[Line], task: str) -> list[Line]:
    """The programs of a task at its own size that are equally good, and best, on validation."""
    found = [
        line
        for line in lines
        if line.name == task and line.record.status == "done" and line.record.size and line.record.judged is not None
    ]
    top = max((line.record.judged.score for line in found if line.record.judged is not None), default=None)
    return [line for line in found if line.record.judged is not None and line.record.judged.score == top]


def stored(store: Store, task: str) -> list[tuple[Line, str]]:
    """The candidates of a task in a store, with their modules."""
    found = candidates(store.lines(), task)
    texts = [store.files(line.record.key).values() for line in found]
    if not texts:
        raise SystemExit(f"the store has no program for {task}")
    return [(line, text) for line, (text,) in zip(found, texts, strict=True)]


def trained(name: str) -> list[tuple[Line, str]]:
    """The one program that `tpdebug train` makes."""
    from trainer.trial import train_program  # with torch, which those who only look at the gallery do without

    task, sizes = TRAINED[name]
    config = dataclasses.replace(default_config(task), **sizes)
    with tempfile.TemporaryDirectory() as scratch:
        found = train_program(config, Path(scratch) / "run")
    (text,) = found.pop("files").values()
    record = Record("", VERSION, PROGRAM, dataclasses.asdict(config), "done", **found)
    return [(Line(name, "extended, deduced" if record.epochs == 0 else "extended", record), text)]


def make(name: str, found: Iterable[tuple[Line, str]]) -> None:
    """Write a folder of the gallery: module, picture, record."""
    folder = GALLERY / name
    folder.mkdir(parents=True, exist_ok=True)
    # In a folder of its own: what tpdebug writes is named as the user names it, without a path.
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        learned, simple, picture = (Path(f"{name}{end}") for end in ("_learned.py", ".py", ".svg"))
        made = []
        for place, (line, text) in enumerate(found):
            learned.write_text(text)
            simple.write_text(smaller(learned, simple))
            program = read_module(simple).program
            verdict = judged(program, simple)
            made.append((verdict["wrong_inputs"], size(program).lines, place, simple.read_text(), verdict, line))
        _, _, _, text, verdict, line = min(made, key=lambda one: one[:3])
        simple.write_text(text)
        _told("graph", simple, "-o", picture, "--force")
        program = read_module(simple).program
        (folder / simple).write_text(text)
        (folder / picture).write_text(picture.read_text())
    sizes = size(program)
    record = {
        "task": line.record.settings["task"],
        "class": line.program_class,
        "learned": {
            "settings": {key: value for key, value in line.record.settings.items() if value is not None},
            "cpu_seconds": round(line.record.cpu_seconds or 0, 1),
            "lines": line.record.size["lines"],
            **{split: vars(counts) for split, counts in line.record.counts.items()},
        },
        "nodes": sizes.nodes,
        "entries": sizes.entries,
        "lines": sizes.lines,
        **verdict,
    }
    (folder / RECORD).write_text(json.dumps(record, indent=2, default=vars) + "\n")


def smaller(learned: Path, simple: Path) -> str:
    """The text of a learned module, simplified if all its inputs can be judged."""
    program = read_module(learned).program
    if _all_run(program):
        _told("simplify", learned, "-o", simple, "--keep", "right", "--force")
        return simple.read_text()
    task = task_of(program)
    if task is not None and task.name.startswith("dyck"):
        program = told(simplify(program, dyck.varied(task), keep="right"), program).program
    return emit(program, simple.stem).text


def judged(program: Program, module: Path) -> dict[str, Any]:
    """What a record says of how right a program is: all inputs run, or proven, or else a sample."""
    task = task_of(program)
    if not _all_run(program) and task is not None and task.name.startswith("dyck"):
        found = dyck.prove(program, task)
        if found.wrong:
            raise SystemExit(f"{module} is wrong on {found.wrong:,} inputs")
        run = found.balanced + found.broken
        return {"inputs": task.size, "exhaustive": True, "wrong_inputs": 0, "proven_by_running": run}
    verified = Path("verified.json")
    sampled = () if _all_run(program) else ("--sample", ENUMERATED, "--seed", SEED)
    _told("verify", module, "-o", verified, "--force", *sampled)
    verdict = json.loads(verified.read_text())
    checked, seed = verdict["checked"], {"seed": SEED} if sampled else {}
    return {
        "inputs": checked["inputs"],
        "exhaustive": checked["exhaustive"],
        "wrong_inputs": verdict["wrong_inputs"],
        **seed,
    }


def _all_run(program: Program) -> bool:
    """Whether all inputs of a program's task are run."""
    task = task_of(program)
    return task is not None and task.size is not None and task.size <= ENUMERATED


def _told(*arguments: object) -> None:
    """Run tpdebug, which may find something wrong but must not refuse."""
    if tpdebug([str(argument) for argument in arguments]) > 1:
        raise SystemExit(f"{arguments[0]} failed")


def index() -> str:
    """The gallery's page down to its own words, from the records."""
    rows = []
    for name in NAMES:
        path = GALLERY / name / RECORD
        if path.exists():
            record = json.loads(path.read_text())
            checked = "all" if record["exhaustive"] else "a sample of"
            proven = ", proven" * ("proven_by_running" in record)
            rows.append(
                f"| [{name}]({name}/{name}.py) | [picture]({name}/{name}.svg) | {record['class']} | {record['nodes']} "
                f"| {record['entries']} | {record['lines']} | {record['wrong_inputs']:,} of {checked} "
                f"{record['inputs']:,}{proven} | {record['learned']['cpu_seconds']} |"
            )
    head = [
        "# Gallery",
        "",
        "A program of each task. Each runs by itself: `python docs/gallery/sort/sort.py cbab`. Lines count the",
        "primitives too, about 100 in each.",
        "",
        "- *searched*, and induction: the best that `tpdebug sweep --suite paper` learned, as",
        "  `tpdebug simplify --keep right` left it; `python -m tests.bench.gallery STORE` makes these. The",
        "  classes are explained in [docs/results.md](../results.md).",
        "- *deduced*: what `tpdebug train` makes with its default preset, whose search finds it before the",
        "  first epoch; `python -m tests.bench.gallery --train` makes these. Those of 16 are of",
        "  `--vocabulary-size 16 --length 16`. They are not simplified: what no input of a sample needs, some",
        "  other input may.",
        "",
        "| program | | class | nodes | entries | lines | wrong inputs | CPU-seconds to learn |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def main(arguments: list[str]) -> None:
    """The command line: a store or ``--train``, and perhaps the names to renew."""
    source, *names = arguments
    if source == "--train":
        for name in names or TRAINED:
            make(name, trained(name))
    else:
        with Store(source, read_only=True) as opened:
            for name in names or [task for task in TASKS if task not in TRAINED]:
                make(name, stored(opened, name))
    page = GALLERY / "README.md"
    page.write_text(index() + "".join(page.read_text().partition(WORDS)[1:]))


if __name__ == "__main__":
    main(sys.argv[1:])
