"""The page's executor in a JavaScript engine that Python's registry has, and what it must equal."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from analyze.render.page import EXECUTOR, script
from tprog.ir.entries import WeightsOf
from tprog.ir.program import Program
from tprog.run.batch import encode
from tprog.run.coded import coded
from tprog.run.execute import Execution, execute

_HARNESS = """
let machine;
const plain = (column) => column.map((value) => (typeof value === "bigint" ? String(value) : value));
function ran(codes) {
  const run = execute(machine, codes);
  const totals = run.totals === null ? null : run.totals.map(plain);
  return { values: run.values.map(plain), hole: run.hole, predictions: run.predictions, totals };
}
function allRun(inputs) {
  return JSON.stringify(inputs.map(ran));
}
function columns(inputs) {
  const runs = inputs.map((codes) => execute(machine, codes));
  if (runs.some((run) => run.hole !== null)) return "null";
  const values = machine.variables.map((_, at) => plain(runs.flatMap((run) => run.values[at])));
  const predictions = runs.flatMap((run) => run.predictions);
  return JSON.stringify({ values, predictions, totals: plain(runs.flatMap((run) => run.totals ?? []).flat()) });
}
function allFired(inputs) {
  const made = [];
  for (const codes of inputs) {
    const run = execute(machine, codes);
    if (run.hole !== null) { made.push(null); continue; }
    made.push(machine.nodes.map((_, at) => codes.map((_, position) => {
      const { selected, from, entry } = fired(machine, run, at + 3, position);
      return { selected, from, entry };
    })));
  }
  return JSON.stringify(made);
}
function stepped(codes, stop) {
  return JSON.stringify(loopStep(machine, codes, stop));
}
function typed(text) {
  return JSON.stringify(encode(machine, parseInput(machine, text)));
}
function refused(text) {
  try {
    typed(text);
  } catch (error) {
    if (error instanceof BadInput) return error.message;
    throw error;
  }
  return null;
}
"""


class Engine:
    """V8 in a process of its own; see `tests.javascript_engine`."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.javascript_engine"]
        root = Path(__file__).parents[1]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)
        atexit.register(self.end)

    def eval(self, code: str) -> str | int | None:
        """The value of a script: a text, a number, or None for anything else."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        value: str | int | None = answer["value"]
        return value

    def end(self) -> None:
        """Let it end."""
        self._process.communicate()


@cache
def engine() -> Engine:
    """One engine for all tests of a process, with the executor in it."""
    made = Engine()
    made.eval(script(*EXECUTOR, "words.js", "known.js") + _HARNESS)
    return made


def call(function: str, *arguments: object) -> Any:
    """What a function of the harness or the executor answers to plain values; the result must be JSON or plain."""
    return engine().eval(f"{function}({', '.join(json.dumps(argument) for argument in arguments)})")


def value_of(expression: str) -> Any:
    """What an expression is, as plain values."""
    return json.loads(str(engine().eval(f"JSON.stringify({expression})")))


def load(program: Program) -> None:
    """Make this the program that is executed."""
    engine().eval(f"machine = prepare({json.dumps(coded(program))}); 0")


def refusal(text: str) -> str | None:
    """Why the page refuses what a person types, None if it does not."""
    found = call("refused", text)
    return None if found is None else str(found)


def disagreement(program: Program, inputs: Sequence[Sequence[str]]) -> str | None:
    """The first thing in which the page's executor and `execute` differ: a value, logit, prediction or hole."""
    load(program)
    batch = encode(program, inputs)
    run = execute(program, batch)
    codes = [batch.tokens[row, : batch.lengths[row]].tolist() for row in range(len(batch))]
    if not run.in_hole.any() and _alike(run, json.loads(call("columns", codes))):
        return None
    for row, found in enumerate(json.loads(call("allRun", codes))):
        if unlike := _unlike(run, row, found):
            return f"{inputs[row]}: {unlike}"
    return None


def _alike(run: Execution, found: dict[str, Any] | None) -> bool:
    """Whether nothing differs where no input reaches a hole: the quick way, since it is mostly so."""
    if found is None:
        return False
    present, pooled = run.batch.present, run.program.readout.pooled
    values = all(
        np.array_equal(np.array(column, dtype=np.int64), run.values[name][present])
        for name, column in zip(run.program.variables, found["values"], strict=True)
    )
    each = run.program.places.each
    predictions = run.predictions if pooled else run.predictions[np.repeat(present, each, axis=1)]
    totals = run.totals if pooled else run.totals[present]
    return (
        values
        and found["predictions"] == predictions.tolist()
        and np.array_equal(np.array(found["totals"], dtype=np.int64), totals.ravel())
    )


def _unlike(run: Execution, row: int, found: dict[str, Any]) -> str | None:
    program, n = run.program, int(run.batch.lengths[row])
    if (hole := _hole(run, row)) != (found["hole"] and (found["hole"]["table"], found["hole"]["position"])):
        return f"the hole is {found['hole']}, expected {hole}"
    if found["hole"]:
        asked = [list(program.variables)[variable] for variable in found["hole"]["asked"]]
        if asked != list(_asked(run, row)):
            return f"the hole asks {asked}"
    for name, values in zip(program.variables, found["values"], strict=False):
        wanted = run.values[name][row, :n].tolist()
        if [int(value) for value in values] != wanted:
            return f"{name} is {values}, expected {wanted}"
    if hole:
        return None
    shape = slice(None) if program.readout.pooled else slice(program.places.count(n))
    wanted = np.atleast_1d(run.predictions[row])[shape].tolist()
    if found["predictions"] != wanted:
        return f"predictions are {found['predictions']}, expected {wanted}"
    if not program.readout.implied:
        logits = [run.totals[row].tolist()] if program.readout.pooled else run.totals[row, :n].tolist()
        if [[int(total) for total in totals] for totals in found["totals"]] != logits:
            return f"logits are {found['totals']}, expected {logits}"
    return None


def _first_holed(run: Execution, row: int) -> tuple[Any, int] | None:
    return next(((table, int(at[row].argmax())) for table, at in run.holed.items() if at[row].any()), None)


def _hole(run: Execution, row: int) -> tuple[str, int] | None:
    found = _first_holed(run, row)
    if found is None:
        return None
    table, position = found
    return ("readout" if isinstance(table, WeightsOf) else str(table)), position


def _asked(run: Execution, row: int) -> tuple[str, ...]:
    found = _first_holed(run, row)
    assert found is not None
    return run.asked(found[0])
