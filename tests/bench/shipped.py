"""Measure reading, verify, dead, simplify and repair on published programs.

Run: ``python -m tests.bench.shipped FOLDER [--only TEXT ...] [--verbs VERB ...] [--out FILE] [--limit STEPS]``. FOLDER
holds modules of the original research code, each with its weights beside it; a module is judged by the task that its
name says. Each verb runs in a process of its own, start-up included. Nothing is written but to a temporary folder and
to FILE, one JSON line a program, which a later run goes on with.

Lines are those of our module without its weights, so that they can be set beside the lines of a published module, whose
weights stand in a table of their own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from tprog.tasks.builtin import ENUMERATED, TASKS, get_task
from tprog.text.emit import emit
from tprog.text.read import read_module

Row: TypeAlias = dict[str, Any]

VERBS = ("verify", "dead", "simplify", "repair", "repair-domain")

SAMPLED = 20_000
"""Inputs where a domain is too large to enumerate."""

READOUT = "# Readout "

COLUMNS = ("program", "read s", "wrong", "dead", "nodes", "entries", "lines", "simplify s", "repaired", "steps", "s")


def modules(folder: Path, only: Sequence[str]) -> Iterator[Path]:
    """The modules with weights beside them, in the order of their paths."""
    for weights in sorted(folder.rglob("*_weights.csv")):
        module = weights.with_name(weights.name.replace("_weights.csv", ".py"))
        if module.exists() and (not only or any(text in str(module) for text in only)):
            yield module


def told(*arguments: object) -> tuple[Row, float, float]:
    """What a verb answers as JSON, and the wall and CPU seconds that it took."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-c", "import sys; from cli.main import main; sys.exit(main(sys.argv[1:]))"]
    done = subprocess.run([*command, *map(str, arguments), "--json"], capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode > 1:
        raise SystemExit(f"tpdebug {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found: Row = json.loads(done.stdout)
    return found, wall, cpu


def lines_without_weights(text: str) -> int:
    """The lines of a module that tpdebug wrote, less those of its readout's table."""
    lines = text.splitlines()
    start = next((at for at, line in enumerate(lines) if line.startswith(READOUT)), len(lines))
    end = next((at for at in range(start, len(lines)) if lines[at].startswith("def ")), len(lines))
    return len(lines) - (end - start)


def measure(module: Path, verbs: Sequence[str], limit: int, row: Row) -> Iterator[Row]:
    """Fill in a program's row, verb by verb."""
    start = time.perf_counter()
    program = read_module(module).program
    row["read_s"] = round(time.perf_counter() - start, 2)
    row["shipped_lines"] = len(module.read_text(encoding="utf-8").splitlines())
    task = module.stem if module.stem in TASKS else None
    size = get_task(task).size if task else None
    small = size is not None and size <= ENUMERATED
    row |= {"nodes": len(program.nodes), "task": task}
    judged = ("--task", task) if task else ()
    with tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch) / "out.py"
        for verb in verbs:
            if verb in row or (task is None and verb not in ("dead", "simplify")):
                continue
            if verb == "simplify":
                own = lines_without_weights(emit(program).text)
                sampled = () if small else ("--sample", SAMPLED)
                found, wall, cpu = told("simplify", module, *judged, *sampled, "-o", written, "--force")
                kept = {key: found[key] for key in ("before", "after", "inputs", "exhaustive", "changed")}
                row[verb] = {**kept, "lines": [own, lines_without_weights(written.read_text())]}
            elif verb.startswith("repair"):
                on = ("--on", "domain") if verb.endswith("domain") else ()
                if on and not small:
                    continue
                found, wall, cpu = told("repair", module, *judged, *on, "--limit", limit)
                steps = [{key: step[key] for key in ("kind", "net", "weights")} for step in found["steps"]]
                kept = {key: found[key] for key in ("chosen", "rest", "whole", "refused", "stopped")}
                row[verb] = {**kept, "steps": steps}
            elif verb == "verify":
                found, wall, cpu = told("verify", module, *judged, "--limit", 0)
                row[verb] = {key: found[key] for key in ("wrong_inputs", "inputs_right", "tokens_right", "tokens")}
            else:
                found, wall, cpu = told("dead", module, *judged)
                row[verb] = {"dead": len(found["dead"]), "removable": len(found["removable"])}
            row[verb] |= {"wall_s": round(wall, 1), "cpu_s": round(cpu, 1)}
            yield row


def cells(row: Row) -> list[str]:
    """A row as text."""
    verified, dead, smaller = row.get("verify"), row.get("dead"), row.get("simplify")
    found = [row["program"], f"{row['read_s']:.2f}", "", "", str(row["nodes"]), "", "", "", "", "", ""]
    if verified:
        found[2] = f"{verified['wrong_inputs']:,} of {verified['wrong_inputs'] + verified['inputs_right']:,}"
    if dead:
        found[3] = f"{dead['removable']} of {row['nodes']}"
    if smaller:
        before, after = smaller["before"], smaller["after"]
        found[4] = f"{before['nodes']} -> {after['nodes']}"
        found[5] = f"{before['entries']:,} -> {after['entries']:,}"
        found[6] = f"{smaller['lines'][0]:,} -> {smaller['lines'][1]:,}{'' if smaller['exhaustive'] else ' (sample)'}"
        found[7] = f"{smaller['wall_s']:.0f}"
    repairs = [row[verb] for verb in ("repair", "repair-domain") if verb in row]
    for place, text in (
        (8, [_repaired(repair) for repair in repairs]),
        (9, [str(len(repair["steps"])) for repair in repairs]),
        (10, [f"{repair['wall_s']:.0f}" for repair in repairs]),
    ):
        found[place] = "; ".join(text)
    return found


def _repaired(repair: Row) -> str:
    parts = [repair["whole"]] if repair["whole"] else [part for part in (repair["chosen"], repair["rest"]) if part]
    before, after = (sum(part[when]["wrong_inputs"] for part in parts) for when in ("before", "after"))
    return f"{before:,} -> {after:,}"


def markdown(rows: Sequence[Row]) -> str:
    """The table for docs/results.md."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    return "\n".join([*lines, *("| " + " | ".join(cells(row)) + " |" for row in rows)])


def plain(rows: Sequence[Row]) -> str:
    """The same for a terminal."""
    table = [COLUMNS, *(cells(row) for row in rows)]
    widths = [max(len(line[at]) for line in table) for at in range(len(COLUMNS))]
    return "\n".join("  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)) for line in table)


def main(arguments: Sequence[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[], help="programs whose path contains one of these texts")
    parser.add_argument("--verbs", nargs="*", default=list(VERBS), choices=VERBS)
    parser.add_argument("--out", type=Path, help="a file of JSON lines to keep the figures in, and to go on with")
    parser.add_argument("--limit", type=int, default=40, help="steps of a repair")
    chosen = parser.parse_args(arguments)
    known: dict[str, Row] = {}
    if chosen.out and chosen.out.exists():
        known = {row["program"]: row for row in map(json.loads, chosen.out.read_text().splitlines())}
    for module in modules(chosen.folder, chosen.only):
        name = str(module.relative_to(chosen.folder).parent)
        row = known.setdefault(name, {"program": name})
        for _ in measure(module, chosen.verbs, chosen.limit, row):
            if chosen.out:
                chosen.out.write_text("".join(json.dumps(one) + "\n" for one in known.values()))
        print("  ".join(cells(row)), flush=True)
    print(plain(list(known.values())), markdown(list(known.values())), sep="\n\n")


if __name__ == "__main__":
    main(sys.argv[1:])
