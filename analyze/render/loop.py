"""The text of `verify --loop` and `trace --loop`."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from analyze.render.tables import BAD, GOOD, counted, evidence, line, page, table, typed
from analyze.render.trace import trace_text
from analyze.results.loop import LoopCounterexample, TraceLoopResult, VerifyLoopResult
from analyze.results.trace import TraceResult

WHY = {
    "stop": "stopped",
    "steps": "made as many steps as they might",
    "length": "grew to the longest input",
    "hole": "ran into a hole",
}
"""Why loops end, in words."""


def verify_loop_text(result: VerifyLoopResult) -> RenderableType:
    """Whether loops are right, and the first wrong step of each that is not."""
    wrong, total = result.wrong_prompts, result.prompts_right + result.wrong_prompts
    what = f"{result.program}, looped: wrong from {wrong:,} of {counted(total, 'prompt')} of the task {result.task}"
    if not wrong:
        what = f"{result.program}, looped: right from {'all ' * (total > 1)}{counted(total, 'prompt')} of the task "
        what += result.task
    endings = ", ".join(f"{count:,} {WHY[ended]}" for ended, count in result.endings)
    rows = [_row(result, one) for one in result.counterexamples]
    unlisted = wrong - len(rows)
    return page(
        what,
        BAD if wrong else GOOD,
        f"{result.steps_right:,} of {counted(result.steps, 'step')} right; of the loops, {endings}; "
        f"{evidence(result.checked)}",
        table(("prompt", "so far", "expected", "got", "step"), rows, ("step",)) if rows else None,
        f"... and {counted(unlisted, 'more wrong prompt')}" if unlisted else None,
    )


def _row(result: VerifyLoopResult, one: LoopCounterexample) -> tuple[str, str, str, str, str]:
    prompt, so_far = typed(one.prompt, result.spaced.inputs), typed(one.generated, result.spaced.inputs)
    return prompt, so_far, one.expected or "-", one.hole or one.got or "-", str(one.step)


def trace_loop_text(result: TraceLoopResult) -> RenderableType:
    """All steps in a table, and the variables at the last of them."""
    shown = typed(result.prompt, result.spaced.inputs)
    made = typed(result.generated, result.spaced.inputs) if result.generated else "nothing"
    why = result.hole or WHY[result.ended].replace("they", "it")
    wrong = any(step.expected not in (None, step.said) for step in result.steps)
    head = line(f"{result.program} on {shown}, looped: appends {made} in {counted(len(result.steps), 'step')}; {why}")
    head.stylize(BAD if wrong or result.hole else "bold")
    judged = any(step.expected is not None for step in result.steps)
    rows = [
        (
            str(at),
            typed(step.table.tokens, result.spaced.inputs),
            step.said or step.table.hole or "-",
            *([step.expected or "-"] if judged else []),
        )
        for at, step in enumerate(result.steps)
    ]
    columns = ("step", "input", "says", *(["expected"] if judged else []))
    last = TraceResult(result.program, result.steps[-1].table, None, "", result.spaced, result.sources)
    return Group(head, Text(""), table(columns, rows, ("step",)), Text(""), line("the last step:"), trace_text(last))
