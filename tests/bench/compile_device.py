"""Compiled models on a device: whether they answer there what their Programs do, in both types of numbers.

    python -m tests.bench.compile_device [--device cuda] [--inputs 20000]

Programs: the gallery, and those of the table of programs written by hand. Each is compiled, written, loaded as a module
of PyTorch and asked about its inputs (all, or as many as --inputs), in two sizes of batches and, shuffled, with several
threads; every answer is compared with that of the executor. One line a program, then the sums.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch

from tests.bench.gallery import GALLERY
from tests.programs import PROGRAMS
from tests.strategies import some_inputs
from tprog.errors import NotExact
from tprog.ir.program import Program
from tprog.run.batch import Array, Bools, encode
from tprog.run.execute import execute
from tprog.text.read import read_module
from trainer.compile import DtypeName, compile_program, load
from trainer.compile.folder import write_model
from trainer.compile.forward import decided, model_tokens

BATCHES = (512, 4096)
THREADS = (1, 4)


def main() -> None:
    """A line a program and type; exit status 1 if any answer differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--inputs", type=int, default=20_000)
    given = parser.parse_args()
    named = {
        path.name: read_module(path / f"{path.name}.py").program for path in sorted(GALLERY.iterdir()) if path.is_dir()
    }
    named |= {f"{name}, by hand": made.program for name, made in PROGRAMS.items()}
    asked = wrong = refused = 0
    for name, program in named.items():
        kinds: tuple[DtypeName, ...] = ("float32", "float64")
        for dtype in kinds:
            began = time.perf_counter()
            try:
                answers, different = compared(program, dtype, given.device, given.inputs)
            except NotExact as error:
                print(f"{name}, {dtype}: refused, {error}", flush=True)
                refused += 1
                continue
            asked, wrong = asked + answers, wrong + different
            spent = time.perf_counter() - began
            print(f"{name}, {dtype}: {different:,} of {answers:,} answered otherwise, {spent:.1f} s", flush=True)
    print(f"{given.device}, torch {torch.__version__}: {wrong:,} of {asked:,} answered otherwise; {refused} refused")
    raise SystemExit(bool(wrong))


def compared(program: Program, dtype: DtypeName, device: str, most: int) -> tuple[int, int]:
    """How many inputs were answered, in all sizes and orders of batches, and how many not as by the executor."""
    weights = compile_program(program, dtype)
    with tempfile.TemporaryDirectory() as folder:
        write_model(weights, Path(folder) / "model")
        model = load(Path(folder) / "model").to(device)
    batch = encode(program, some_inputs(program, most))
    run, tokens = execute(program, batch), torch.from_numpy(model_tokens(weights, batch))
    answered = different = 0
    for size, threads, shuffled in ((BATCHES[0], THREADS[0], False), (BATCHES[1], THREADS[1], True)):
        torch.set_num_threads(threads)
        order = torch.randperm(len(tokens)) if shuffled else torch.arange(len(tokens))
        logits = torch.cat([model(tokens[part].to(device)).cpu() for part in order.split(size)])
        found, in_hole = decided(weights, logits[order.argsort()].numpy(), batch)
        same = (in_hole == run.in_hole) & (in_hole | _equal(found, run.predictions))
        answered, different = answered + len(same), different + int((~same).sum())
    return answered, different


def _equal(found: Array, wanted: Array) -> Bools:
    equal: Bools = (found == wanted).reshape(len(found), -1).all(axis=1)
    return equal


if __name__ == "__main__":
    with torch.no_grad():
        main()
