"""A program in a loop against its task, and what it does at each of its steps.

The task says of each prefix what comes next: its answer at the last position. A loop is right if every step that is
graded is. Prompts are the inputs of the task that it grades at their last position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from analyze.outcome import label
from analyze.results.checked import Checked
from analyze.results.loop import LoopCounterexample, LoopStep, TraceLoopResult, VerifyLoopResult
from analyze.trace import trace
from tprog.errors import BadUsage
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.run.batch import Array, encode
from tprog.run.generate import STEPS, Generated, generate, generate_all, stop_of
from tprog.tasks.builtin import UNGRADED, Inputs
from tprog.tasks.task import Task
from tprog.text.tokens import spacing


def verify_loop(
    program: Program,
    task: Task,
    inputs: Inputs,
    *,
    stop: str | None = None,
    steps: int = STEPS,
    limit: int | None = None,
    name: str | None = None,
) -> VerifyLoopResult:
    """Compare each step of a loop with what the task says of its prefix.

    Args:
        task: fitted to the program.
        inputs: those among which the prompts are.
        stop, steps: see `tprog.run.generate.generate`.
        limit: the most wrong prompts listed, the smallest first; None lists all.
        name: what the result calls the program.

    Raises:
        BadUsage: the program cannot be looped, or no input is graded at its last position.
    """
    ending = stop_of(program, stop)
    prompts = _prompts(program, inputs)
    loops = generate_all(program, prompts, stop=stop, steps=steps)
    wanted = _wanted(program, task, loops)
    wrong: list[LoopCounterexample] = []
    graded = right = 0
    for loop, answers in zip(loops, wanted, strict=True):
        said: tuple[str | None, ...] = (*loop.said, *([None] if loop.hole is not None else []))
        asked = [step for step, answer in enumerate(answers) if answer is not None and step < len(said)]
        failing = [step for step in asked if said[step] != answers[step]]
        graded, right = graded + len(asked), right + len(asked) - len(failing)
        if failing or loop.hole is not None:
            at = failing[0] if failing else len(loop.tokens)
            hole = None if loop.hole is None else str(loop.hole)
            wrong.append(LoopCounterexample(loop.prompt, loop.tokens[:at], answers[at], said[at], at, hole))
    endings = Counter(loop.ended for loop in loops)
    return VerifyLoopResult(
        program=label(program, name),
        task=task.name,
        checked=Checked(len(loops), inputs.exhaustive, _of_prompts(len(loops), inputs)),
        stop=ending,
        prompts_right=len(loops) - len(wrong),
        wrong_prompts=len(wrong),
        steps=graded,
        steps_right=right,
        endings=tuple(endings.most_common()),
        counterexamples=tuple(wrong[:limit]),
        spaced=spacing(program),
    )


def _of_prompts(count: int, inputs: Inputs) -> str:
    return f"{count:,} prompts of {inputs.description}"


def _prompts(program: Program, inputs: Inputs) -> list[list[str]]:
    """The inputs that are graded at their last position; without a task, all."""
    batch, expected = inputs.batch, inputs.expected
    rows = np.arange(len(batch))
    if expected is not None:
        rows = np.flatnonzero(expected[rows, batch.lengths - 1] != UNGRADED)
    if not len(rows):
        raise BadUsage("no input is graded at its last position, so the task does not say what comes next")
    return [batch.words(program, row) for row in rows.tolist()]


def _wanted(program: Program, task: Task, loops: Sequence[Generated]) -> list[list[str | None]]:
    """What the task says that comes next at each step of each loop; None where it does not say."""
    asked: dict[tuple[str, ...], str | None] = {}
    for loop in loops:
        for step in range(len(loop.tokens) + 1):
            if len(prefix := loop.prefix(step)) <= task.max_length:
                asked[prefix] = None
    prefixes = list(asked)
    if prefixes:
        batch = encode(program, prefixes)
        expected: Array = task.expected(batch)
        last = expected[np.arange(len(batch)), batch.lengths - 1].tolist()
        asked = {p: None if code == UNGRADED else task.classes[code] for p, code in zip(prefixes, last, strict=True)}
    return [[asked.get(loop.prefix(step)) for step in range(len(loop.tokens) + 1)] for loop in loops]


def visited(
    program: Program, inputs: Inputs, task: Task | None, *, stop: str | None = None, steps: int = STEPS
) -> Inputs:
    """The prefixes that loops from these prompts visit, each once, as the inputs of an analysis of single steps.

    Only the last position of each counts: what stands before it was said by an earlier step, or given.
    """
    stop_of(program, stop)
    loops = generate_all(program, _prompts(program, inputs), stop=stop, steps=steps)
    prefixes = list(dict.fromkeys(loop.prefix(step) for loop in loops for step in range(len(loop.tokens) + 1)))
    prefixes.sort(key=len)
    batch = encode(program, prefixes)
    expected = None
    if task is not None:
        expected = np.full(batch.tokens.shape, UNGRADED, dtype=np.int16)
        rows = np.flatnonzero(batch.lengths <= task.max_length)
        of_task = task.expected(batch.take(rows).cut())
        expected[rows, batch.lengths[rows] - 1] = of_task[np.arange(len(rows)), batch.lengths[rows] - 1]
    told = f"the {len(batch):,} prefixes that loops visit from {_of_prompts(len(loops), inputs)}"
    return Inputs(batch, expected, inputs.exhaustive, told, last_alone=True)


def trace_loop(
    program: Program,
    prompt: Sequence[str],
    *,
    stop: str | None = None,
    steps: int = STEPS,
    task: Task | None = None,
    lines: Mapping[Entry, int] | None = None,
    name: str | None = None,
) -> TraceLoopResult:
    """Each step of a loop, with the values of all variables at it.

    Args:
        stop, steps: see `tprog.run.generate.generate`.
        task: fitted to the program; it says what is right at each step, if it knows the prefix.
        lines: entry -> its line in the program's file.
        name: what the result calls the program.

    Raises:
        BadUsage, BadInput: as `tprog.run.generate.generate`.
    """
    loop = generate(program, prompt, stop=stop, steps=steps)
    (wanted,) = [[None] * (len(loop.tokens) + 1)] if task is None else _wanted(program, task, [loop])
    made = []
    for step in range(len(loop.tokens) + (loop.last is not None or loop.hole is not None)):
        table = trace(program, loop.prefix(step), lines=lines).table
        said = loop.said[step] if step < len(loop.said) else None
        made.append(LoopStep(said, wanted[step], table))
    hole = None if loop.hole is None else str(loop.hole)
    return TraceLoopResult(
        label(program, name), loop.prompt, loop.tokens, loop.ended, hole, tuple(made), spacing(program), program.sources
    )
