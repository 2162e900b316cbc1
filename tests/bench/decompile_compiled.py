"""RASP programs compiled to at most three layers and decompiled again from their weights alone, a row each.

    python -m tests.bench.decompile_compiled [--only NAME] [--programs FOLDER]

Each is compiled as a decoder (`--causal`), from its source and over its own alphabet. What comes of its weights is
compared with it on all inputs, and its nodes are counted. FOLDER keeps the modules.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tprog.ir.program import Program
from tprog.rasp.source.files import program_of_text
from tprog.text.emit import emit
from trainer.compile import compile_program
from trainer.compile.folder import write_model
from trainer.decompile.pipeline import Decompiled, Settings, decompile_folder

PROGRAMS: Mapping[str, tuple[str, str, int]] = {
    "previous": ('aggregate(select(indices, indices - 1, ==), tokens, "-")', "abc", 7),
    "two_back": ('aggregate(select(indices, indices - 2, ==), tokens, "-")', "abc", 7),
    "first": ('aggregate(select(indices, 0, ==), tokens, "-")', "abc", 7),
    "length_so_far": ("selector_width(select(indices, indices, <=))", "abc", 7),
    "before": ("selector_width(select(indices, indices, <))", "abc", 7),
    "own_so_far": ("selector_width(select(tokens, tokens, ==))", "abc", 7),
    "seen": ("selector_width(select(tokens, tokens, ==) and select(indices, indices, <)) > 0", "abc", 7),
    "count_a": ('selector_width(select(tokens, "a", ==))', "abc", 7),
    "any_a": ('selector_width(select(tokens, "a", ==)) > 0', "abc", 7),
    "odd_a": ('selector_width(select(tokens, "a", ==)) % 2', "abc", 7),
    "more_a": ('selector_width(select(tokens, "a", ==)) > selector_width(select(tokens, "b", ==))', "ab", 7),
    "as_before": ('tokens == aggregate(select(indices, indices - 1, ==), tokens, "-")', "abc", 7),
}
"""Name -> the expression, its alphabet, and the longest input."""


def decompiled(name: str, kept: Path) -> tuple[Program, int, Decompiled, float]:
    """The program, the layers of its model, what came of its weights, and the seconds that it took."""
    source, alphabet, length = PROGRAMS[name]
    program = program_of_text(f"answer = {source};\n", name).to_program(tuple(alphabet), length, causal=True)
    weights = compile_program(program)
    write_model(weights, kept / name)
    begun = time.process_time()
    made = decompile_folder(kept / name, Settings("", match=1.0), _quiet, kept / "runs" / name, "program")
    return program, len(weights.layers), made, time.process_time() - begun


def _quiet(stage: str, what: str) -> None:
    """Nobody looks on."""


def row_of(name: str, kept: Path) -> tuple[Any, ...]:
    """What came of one."""
    program, layers, made, seconds = decompiled(name, kept)
    if made.program is None or made.measured is None:
        return name, layers, len(program.nodes), "none", "", f"{seconds:.0f}"
    (kept / f"{name}.py").write_text(emit(made.program, name).text, encoding="utf-8")
    row = made.measured.fresh[0]
    return (
        name,
        layers,
        len(program.nodes),
        len(made.program.nodes),
        f"{row.same_inputs:,}/{row.inputs:,}",
        f"{seconds:.0f}",
    )


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--programs", type=Path)
    given = parser.parse_args()
    print("| program | layers | nodes | nodes found | inputs equal | CPU-s |\n|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        kept = given.programs or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        for name in PROGRAMS:
            if given.only in name:
                print(f"| {' | '.join(map(str, row_of(name, kept)))} |", flush=True)


if __name__ == "__main__":
    main()
