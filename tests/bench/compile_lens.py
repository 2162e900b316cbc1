"""Compiled models in TransformerLens: ``python -m tests.bench.compile_lens --python PYTHON ...``.

Each PYTHON is that of an environment with TransformerLens: 3.9, which has `HookedTransformer`, or 4, which has
`TransformerBridge.boot_native`. Programs of the table and the gallery are compiled with ``--format transformer-lens``,
read there, and run on some inputs of each; their logits are compared with those of our own forward pass in NumPy, bit
by bit, and their answers with the executor. Pooled programs and holes have a mean in their logits, which is rounded: of
them answers alone are compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from tests.bench.gallery import GALLERY
from tests.programs import PROGRAMS
from tests.strategies import some_inputs
from tprog.ir.program import Program
from tprog.run.batch import Array, Batch, encode
from tprog.run.execute import execute
from tprog.text.read import read_module
from trainer.compile import Weights, compile_program
from trainer.compile.folder import write_model
from trainer.compile.forward import decided, forward, model_tokens

THERE = """
import json, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
import torch
from safetensors.torch import load_file, save_file

def hooked(config, state, dtype):
    from transformer_lens import HookedTransformer, HookedTransformerConfig
    model = HookedTransformer(HookedTransformerConfig(**config, dtype=dtype, device="cpu"))
    model.load_state_dict(state, strict=False)
    return model

def bridge(config, state, dtype):
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge
    from transformer_lens.utilities.tl_checkpoint_conversion import convert_tl_checkpoint
    model = TransformerBridge.boot_native(TransformerBridgeConfig(**config, dtype=dtype), dtype=dtype, device="cpu")
    model.load_state_dict(convert_tl_checkpoint(state, model.cfg), strict=True)
    return model

from importlib.metadata import version
build = hooked if int(version("transformer-lens").split(".")[0]) < 4 else bridge
print("TransformerLens", version("transformer-lens"), build.__name__, flush=True)
for folder in map(Path, sys.argv[1:]):
    told = json.loads((folder / "config.json").read_text())
    dtype = getattr(torch, told["dtype"])
    model = build(told["transformer_lens"], load_file(folder / "model.safetensors"), dtype)
    with torch.no_grad():
        logits = model(load_file(folder / "tokens.safetensors")["tokens"])
    save_file({"logits": logits.contiguous()}, folder / "logits.safetensors")
"""


def programs() -> Iterator[tuple[str, Program]]:
    """Those of the table that can be compiled and are no larger than need be, and those of the gallery."""
    for name, case in PROGRAMS.items():
        if name not in ("mean_of_means", "rationals"):
            yield name, case.program
    for path in sorted(GALLERY.iterdir()):
        if path.is_dir():
            yield f"gallery_{path.name}", read_module(path / f"{path.name}.py").program


def main() -> None:
    """A line for each environment, and one for each program that is not as it should be there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", nargs="+", required=True)
    parser.add_argument("--inputs", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        made = {}
        for name, program in programs():
            weights = compile_program(program)
            folder = Path(place) / name
            write_model(weights, folder, form="transformer-lens")
            batch = encode(program, some_inputs(program, options.inputs))
            tokens = model_tokens(weights, batch)
            save_file({"tokens": tokens}, folder / "tokens.safetensors")
            made[folder] = weights, batch, forward(weights, tokens)
        for python in options.python:
            compare(python, made)


def compare(python: str, made: Mapping[Path, tuple[Weights, Batch, Array]]) -> None:
    """What one environment makes of the models."""
    done = subprocess.run([python, "-c", THERE, *map(str, made)], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{python}: {done.stderr.strip().splitlines()[-1:]}")
        return
    counts: Counter[str] = Counter()
    for folder, (weights, batch, wanted) in made.items():
        logits = load_file(folder / "logits.safetensors")["logits"]
        read = weights.lowered.read
        exact = not (weights.lowered.program.readout.pooled or read.hole)
        rows = batch.present
        equal = bool(np.array_equal(logits[:, 1:][rows], wanted[:, 1:][rows]))
        run, (found, in_hole) = execute(weights.lowered.program, batch), decided(weights, logits, batch)
        right = in_hole.tolist() == run.in_hole.tolist() and bool((found == run.predictions)[~in_hole].all())
        counts["models"] += 1
        counts["answers as the program"] += right
        counts["logits equal"] += equal
        if not right or (exact and not equal):
            print(f"{folder.name}: answers {'right' if right else 'WRONG'}, logits {'equal' if equal else 'differ'}")
    print(f"{done.stdout.strip()}: {json.dumps(counts)}", flush=True)


if __name__ == "__main__":
    main()
