"""CPU-seconds and peak memory of the verbs beside those of another checkout of this repository: a row a verb.

    python -m tests.bench.beside FOLDER

Both run by turns, each verb in a process of its own, start-up included, on a module that both read; the least of five
counts. The compiled form of Python's modules lies ready, as where tpdebug is installed, in a folder of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).parents[2]

VERBS: dict[str, tuple[str, ...]] = {
    "`--help`": ("--help",),
    "`verify`": ("verify", "{program}"),
    "`dead`": ("dead", "{program}"),
    "`circuits`": ("circuits", "{program}"),
    "`circuits --where`": ("circuits", "{program}", "--where", "len(x) > 4"),
    "`blame`, one wrong input": ("blame", "{program}", "--input", "{wrong}"),
    "`blame --all`": ("blame", "{program}", "--all"),
    "`simplify`": ("simplify", "{program}", "-o", "small.py", "--force"),
    "`report`": ("report", "{program}", "-o", "report.html", "--force"),
    "`graph -o`": ("graph", "{program}", "-o", "graph.svg", "--force"),
    "`coverage`": ("coverage", "{program}"),
}
"""What is measured, and its command line."""

MILLION = "`execute`, 1,000,000 random inputs of 8 letters"


_COMPILED = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
"""Where the compiled form of modules is kept until this process ends; each is found by the path of its file."""


def environment(checkout: Path) -> dict[str, str]:
    """That of a process which runs a checkout as where tpdebug is installed: modules need not be compiled anew."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(checkout), "PYTHONPYCACHEPREFIX": _COMPILED.name}


def measured(checkout: Path, module: Sequence[str], folder: Path) -> tuple[float, float]:
    """CPU-seconds and peak memory, in MB, of a module of a checkout run as a process."""
    command, own = [sys.executable, "-P", "-m", *module], environment(checkout)
    child = subprocess.Popen(command, cwd=folder, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    told = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} of {checkout} exited with {child.returncode}: {told.strip()}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (1000 if sys.platform != "darwin" else 10**6)


def rows(other: Path, program: Path, wrong: str, times: int, chosen: str) -> Iterator[tuple[str, ...]]:
    """The least that each verb took, there and here."""
    modules = {what: ("tpdebug", *line) for what, line in VERBS.items()}
    modules[MILLION] = ("tests.bench.bench_speed", "--million")
    with tempfile.TemporaryDirectory() as folder:
        for what, module in modules.items():
            if chosen not in what or (what == "`report`" and not (other / "cli/verbs/report.py").exists()):
                continue
            line = [part.format(program=program.absolute(), wrong=wrong) for part in module]
            found: dict[Path, list[tuple[float, float]]] = {other: [], HERE: []}
            for _ in range(times + 1):  # the first, which may have to compile, does not count
                for checkout, so_far in found.items():
                    so_far.append(measured(checkout, line, Path(folder)))
            (old, old_memory), (new, new_memory) = (map(min, zip(*each[1:], strict=True)) for each in found.values())
            yield (
                what,
                f"{old:.2f}",
                f"{new:.2f}",
                f"{new / old:.2f}",
                f"{old_memory:.0f}",
                f"{new_memory:.0f}",
                f"{new_memory / old_memory:.2f}",
            )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.beside", description=__doc__)
    parser.add_argument("other", type=Path, help="a checkout of the commit to compare with")
    parser.add_argument("--program", type=Path, default=HERE / "docs/examples/sort_program.py")
    parser.add_argument("--wrong", default="eed", help="an input that it gets wrong")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--only", default="", help="verbs whose name holds this")
    options = parser.parse_args()
    head = ("what", "CPU-s there", "here", "times", "MB there", "here", "times")
    found: list[tuple[str, ...]] = [head]
    for row in rows(options.other.absolute(), options.program, options.wrong, options.times, options.only):
        print("  ".join(row), file=sys.stderr, flush=True)
        found.append(row)
    from tests.bench.bench_speed import (
        markdown,
    )  # late: a child's peak is at least what this process has when it begins

    print(markdown(found))


if __name__ == "__main__":
    main()
