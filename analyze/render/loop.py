"""The documents of `verify --loop` and `trace --loop`."""

from __future__ import annotations

from analyze.render.document import BAD, GOOD, STRONG, Cell, Document, Heading, document, table
from analyze.render.phrases import counted, every_one, evidence, typed
from analyze.render.trace import trace_document
from analyze.results.loop import LoopCounterexample, TraceLoopResult, VerifyLoopResult
from analyze.results.trace import TraceResult

WHY = {
    "stop": "stopped",
    "steps": "made as many steps as they might",
    "length": "grew to the longest input",
    "hole": "ran into a hole",
}
"""Why loops end, in words."""


def verify_loop_document(result: VerifyLoopResult) -> Document:
    """Whether loops are right, and the first wrong step of each that is not."""
    wrong, total = result.wrong_prompts, result.prompts_right + result.wrong_prompts
    what = f"{result.program}, looped: wrong from {wrong:,} of {counted(total, 'prompt')} of the task {result.task}"
    if not wrong:
        what = f"{result.program}, looped: right from {every_one(total, 'prompt')} of the task "
        what += result.task
    endings = ", ".join(f"{count:,} {WHY[ended]}" for ended, count in result.endings)
    rows = [_row(result, one) for one in result.counterexamples]
    unlisted = wrong - len(rows)
    return document(
        what,
        BAD if wrong else GOOD,
        f"{result.steps_right:,} of {counted(result.steps, 'step')} right; of the loops, {endings}; "
        f"{evidence(result.checked)}",
        table(("prompt", "so far", "expected", "got", "step"), rows, ("step",), name="wrong"),
        f"... and {counted(unlisted, 'more wrong prompt')}" if unlisted else None,
    )


def _row(result: VerifyLoopResult, one: LoopCounterexample) -> tuple[str, str, str | Cell, str | Cell, int]:
    prompt, so_far = typed(one.prompt, result.spaced.inputs), typed(one.generated, result.spaced.inputs)
    return prompt, so_far, _said(one.expected), _said(one.hole or one.got), one.step


def _said(answer: str | None) -> str | Cell:
    return answer or Cell(None, "-")


def trace_loop_document(result: TraceLoopResult) -> Document:
    """All steps in a table, and the variables at the last of them."""
    shown = typed(result.prompt, result.spaced.inputs)
    made = typed(result.generated, result.spaced.inputs) if result.generated else "nothing"
    why = result.hole or WHY[result.ended].replace("they", "it")
    wrong = any(step.expected not in (None, step.said) for step in result.steps)
    steps = [
        (
            at,
            typed(step.table.tokens, result.spaced.inputs),
            _said(step.said or step.table.hole),
            _said(step.expected),
        )
        for at, step in enumerate(result.steps)
    ]
    last = trace_document(TraceResult(result.program, result.steps[-1].table, None, "", result.spaced, result.sources))
    return document(
        f"{result.program} on {shown}, looped: appends {made} in {counted(len(result.steps), 'step')}; {why}",
        BAD if wrong or result.hole else STRONG,
        table(("step", "input", "says", "expected"), steps, ("step",), ("expected",), name="steps"),
        Heading("the last step:"),
        last.answer,
        *last.parts,
    )
