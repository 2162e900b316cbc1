"""Compiled models beside Tracr's: ``python -m tests.bench.compile_tracr --tracr DIR --cases DIR --python PYTHON``.

DIR are clones of google-deepmind/tracr and FlyingPumba/circuits-benchmark, PYTHON that of an environment in which Tracr
runs (jax 0.10.2, dm-haiku 0.0.17, chex 0.1.92, networkx 3.6.1 and numpy 2.4.6 do); nothing of theirs is kept. Four
programs of both libraries are compiled for 20 tokens, each in a fresh process, and run. Seconds are those of the
processor, one thread, with all imports. Then come Tracr's own cases and InterpBench's programs, compiled by us and
compared with what our executor says, which `rasp_originals` and `rasp_interpbench` compare with theirs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.rasp_interpbench import INPUTS, cases
from tests.bench.rasp_originals import tracr_cases
from tprog.errors import TpdebugError
from tprog.ir.program import Program
from tprog.rasp.evaluate import checked_input
from tprog.rasp.program import program_of
from tprog.rasp.values import spelled_value
from tprog.run.batch import encode
from tprog.run.execute import execute
from trainer.compile import compile_program
from trainer.compile.forward import answers

LENGTH = 20

PROGRAMS: dict[str, tuple[str, list[Any]]] = {
    "dyck2": ("lib.make_shuffle_dyck(['()', '{}'])", list("(){}")),
    "sort": (f"lib.make_sort(rasp.tokens, rasp.tokens, max_seq_len={LENGTH}, min_key=1)", [1, 2, 3, 4, 5, 6, 7, 8]),
    "hist": ("lib.make_hist()", list("abcd")),
    "reverse": ("lib.make_reverse(rasp.tokens)", list("abcd")),
}
"""Name -> the program, as both libraries write it, and its vocabulary."""

RANDOM, FORWARDS = 200, 1_000
"""Random inputs on which answers are compared, and sequences of a forward pass."""

OURS = """
import json, sys, time
{build}
from tprog.rasp.program import program_of
from trainer.compile import compile_program
given = json.load(sys.stdin)
program = program_of({program}).to_program(given["vocabulary"], given["length"])
weights = compile_program(program)
compiled = time.process_time()
from trainer.compile.forward import forward, model_tokens
from trainer.compile.sizes import sizes
from tprog.run.batch import encode
batch = encode(program, [list(map(str, word)) for word in given["words"]])
tokens = model_tokens(weights, batch)
before = time.process_time()
logits = forward(weights, tokens)
spent = time.process_time() - before
words = [[weights.lowered.read.words[at] for at in row[1:]] for row in logits.argmax(-1).tolist()]
print(json.dumps(dict(compiled=compiled, each=spent / len(tokens), parameters=sizes(weights).parameters,
    layers=sizes(weights).layers, dtype=weights.lowered.precision.name, words=words)))
"""

THEIRS = """
import json, sys, time
{build}
from tracr.compiler import compiling
import jax
given = json.load(sys.stdin)
model = compiling.compile_rasp_to_model({program}, vocab=set(given["vocabulary"]), max_seq_len=given["length"],
    compiler_bos="BOS")
compiled = time.process_time()
parameters = sum(each.size for each in jax.tree_util.tree_leaves(model.params))
model.apply(["BOS", *given["words"][0]])
before = time.process_time()
words = [[None if each is None else str(each) for each in model.apply(["BOS", *word]).decoded[1:]]
    for word in given["words"]]
spent = time.process_time() - before
print(json.dumps(dict(compiled=compiled, each=spent / len(words), parameters=int(parameters), words=words)))
"""


def asked(python: str, script: str, path: Path | None, given: dict[str, Any]) -> dict[str, Any]:
    """What a script says of an input, in a fresh process."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "JAX_PLATFORMS": "cpu"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    command = [python, "-W", "ignore", "-c", script]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def beside(name: str, tracr: Path, python: str) -> None:
    """The rows of one program."""
    program, vocabulary = PROGRAMS[name]
    draw = random.Random(name)
    words = [draw.choices(vocabulary, k=draw.randint(1, LENGTH)) for _ in range(RANDOM)]
    full = [draw.choices(vocabulary, k=LENGTH) for _ in range(FORWARDS)]
    given = {"vocabulary": vocabulary, "length": LENGTH}
    build = "from tprog.rasp.tracr import library as lib, language as rasp"
    ours = asked(sys.executable, OURS.format(build=build, program=program), None, {**given, "words": full})
    answered = asked(sys.executable, OURS.format(build=build, program=program), None, {**given, "words": words})
    build = "from tracr.rasp import rasp; from tracr.compiler import lib"
    theirs = asked(python, THEIRS.format(build=build, program=program), tracr, {**given, "words": words})
    right = _right(name, words)
    print(f"{name} at {LENGTH}")
    print(f"  compile, CPU s: Tracr {theirs['compiled']:.2f}, ours {ours['compiled']:.3f}")
    print(f"  {FORWARDS:,} sequences, CPU s: Tracr {theirs['each'] * FORWARDS:.1f}, ours {ours['each'] * FORWARDS:.3f}")
    print(f"  parameters: Tracr {theirs['parameters']:,}, ours {ours['parameters']:,}")
    wrong = [sum(_differ(each["words"][at], right[at]) for at in range(RANDOM)) for each in (theirs, answered)]
    print(f"  wrong of {RANDOM} random inputs: Tracr {wrong[0]}, ours {wrong[1]}", flush=True)


def _right(name: str, words: Sequence[Sequence[Any]]) -> list[list[str]]:
    """What the evaluator says."""
    from tprog.rasp.evaluate import Run
    from tprog.rasp.tracr import language as rasp
    from tprog.rasp.tracr import library as lib

    sop = eval(PROGRAMS[name][0], {"lib": lib, "rasp": rasp})
    return [list(map(spelled_value, Run(word).values(sop))) for word in words]


def _differ(found: Sequence[str | None], right: Sequence[str]) -> bool:
    """Whether an answer is another, numbers compared as numbers."""
    return [_plain(word) for word in found[: len(right)]] != [_plain(word) for word in right]


def _plain(word: str | None) -> object:
    named = {"True": "T", "False": "F", None: "nothing", "None": "nothing"}
    if word in named:
        return named[word]
    assert word is not None
    try:
        return round(float(word), 6)
    except ValueError:
        return word


# All cases ############################################################################################################


def compiled_right(program: Program, words: Sequence[Sequence[str]]) -> str:
    """An empty word if the model answers as the program does; else what is wrong."""
    try:
        weights = compile_program(program)
    except TpdebugError as error:
        return f"refused: {error}"
    batch = encode(program, words)
    run, (found, in_hole) = execute(program, batch), answers(weights, batch)
    if in_hole.tolist() != run.in_hole.tolist():
        return "holes differ"
    return "" if (found == run.predictions)[~in_hole].all() else "answers differ"


def all_cases(tracr: Path, benchmark: Path) -> None:
    """Tracr's cases, and InterpBench's programs at their lengths."""
    counts: Counter[str] = Counter()
    for case, given, causal in tracr_cases(tracr):
        longest = max(case["max_seq_len"], len(given))
        program = program_of(case["program"]).to_program(sorted(case["vocab"]), longest, causal)
        counts[compiled_right(program, [list(map(spelled_value, checked_input(given)))]) or "right"] += 1
    print(f"Tracr's cases, those that it refuses among them: {dict(counts)}")
    counts.clear()
    for name, case in cases(benchmark, tracr, ours=True).items():
        draw, longest = random.Random(name), case.get_max_seq_len() - 1
        vocabulary = sorted(case.get_vocab())
        words = [draw.choices(vocabulary, k=draw.randint(1, longest)) for _ in range(INPUTS)]
        program = program_of(case.get_program()).to_program(vocabulary, longest)
        told = compiled_right(program, [list(map(spelled_value, checked_input(word))) for word in words])
        counts[told or "right"] += 1
        if told:
            print(f"{name}: {told}")
    print(f"InterpBench's programs, {INPUTS} inputs each: {dict(counts)}")


def main() -> None:
    """Both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracr", type=Path, required=True, metavar="DIR")
    parser.add_argument("--cases", type=Path, required=True, metavar="DIR")
    parser.add_argument("--python", required=True)
    options = parser.parse_args()
    sys.setrecursionlimit(5000)
    for name in PROGRAMS:
        beside(name, options.tracr, options.python)
    all_cases(options.tracr, options.cases)


if __name__ == "__main__":
    main()
