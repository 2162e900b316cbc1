"""`coverage` as a document."""

from __future__ import annotations

from collections.abc import Sequence

from analyze.render.document import STRONG, Cell, Document, Source, Table, document, number, table
from analyze.render.phrases import counted
from analyze.results.coverage import (
    CoverageContext,
    CoverageResult,
    CoveredEntry,
    CoveredFunction,
    Tally,
    UntakenBranch,
)
from tprog.escape import spelled

LISTED = 20
"""Rows of a list that a terminal shows."""


def coverage_document(result: CoverageResult) -> Document:
    """What inputs reach, by outcome and class; what they do not; and the source, if it was asked for."""
    own = {function.name for function in result.functions if function.own}
    unreached = [entry for entry in result.entry_counts if not entry.missing and not any(entry.counts)]
    untaken = [branch for branch in result.untaken if branch.function in own]
    sources = ((result.source, "Source"), (result.conversion, "What ran: its conversion"))
    return document(
        answer(result),
        STRONG,
        *_remarks(result),
        _contexts(result),
        _functions(result),
        _others(result),
        _unreached(unreached),
        _more(len(unreached), "more entry", "more entries"),
        _untaken(result.untaken, untaken),
        _more(len(untaken), "more branch", "more branches"),
        *(Source(source, title=title) for source, title in sources if source is not None),
        title=f"Coverage of {result.program}",
        noun=result.checked.noun,
    )


def answer(result: CoverageResult) -> str:
    """The whole in one line."""
    return (
        f"{result.program}: {result.checked.noun}s reach {_of(result.entries)} entries, {_of(result.own_lines)} lines "
        f"and {_of(result.own_branches)} branches of the program"
    )


def _remarks(result: CoverageResult) -> list[str]:
    what = "its conversion by tpdebug emit" if result.converted else "the module"
    counted_on = f"entries counted on {result.checked.description}"
    ran = f"lines and branches by coverage.py {result.version}, which ran {what} on {result.ran.description}"
    remarks = [f"{counted_on}; {ran}"]
    if result.lacking:
        remarks.append(f"this platform does not limit the child process by {', '.join(result.lacking)}")
    if any(context.lines is None for context in result.contexts):
        remarks.append("too many different sets of classes are predicted to tell the lines of each class apart")
    if never := [context.name for context in result.contexts if _never_predicted(context)]:
        remarks.append(f"never predicted: {', '.join(map(spelled, never))}")
    return remarks


def _never_predicted(context: CoverageContext) -> bool:
    return context.kind == "class" and not context.inputs


def _contexts(result: CoverageResult) -> Table:
    said = {"right": "are right", "wrong": "are wrong", "hole": "end in a hole", "answered": "are answered"}
    rows = [
        (
            said[context.name] if context.kind == "outcome" else f"predict {spelled(context.name)}",
            number(context.inputs),
            None if context.lines is None else number(context.lines),
            number(context.entries),
        )
        for context in result.contexts
        if not _never_predicted(context)
    ]
    columns = ("inputs that", "inputs", "lines", "entries")
    return table(columns, rows, columns[1:], name="contexts", title="Contexts")


def _of(tally: Tally) -> str:
    if not tally.whole:
        return "no"
    return f"all {tally.whole:,}" if tally.reached == tally.whole else f"{tally.reached:,} of {tally.whole:,}"


def _whole(function: CoveredFunction) -> bool:
    return all(t.reached == t.whole for t in (function.lines, function.branches, function.entries))


def _functions(result: CoverageResult) -> Table:
    """Those of the program in the order of the file, the primitives, which are alike in every module, behind them."""
    columns = ("function", "line", "lines", "branches", "entries")
    listed = sorted(result.functions, key=lambda function: not function.own)
    partial = [function for function in listed if function.own and not _whole(function)]
    rows, brief = map(_function, listed), map(_function, partial)
    return table(columns, rows, columns[1:], brief=brief, name="functions", title="Functions")


def _function(function: CoveredFunction) -> tuple[object, ...]:
    return (function.name, function.line, *map(_tally, (function.lines, function.branches, function.entries)))


def _tally(tally: Tally) -> Cell:
    """How many of how many are reached; as data, the share."""
    return Cell(tally.reached / tally.whole, _of(tally)) if tally.whole else Cell(None, "")


def _others(result: CoverageResult) -> str:
    whole = sum(function.own and _whole(function) for function in result.functions)
    lines = [function.lines for function in result.functions if not function.own]
    ran = Tally(sum(t.reached for t in lines), sum(t.whole for t in lines))
    first = f"reached whole: {counted(whole, 'other function')} of the program; " if whole else ""
    return f"{first}of the primitives, the same in every module, {_of(ran)} lines run"


def _unreached(entries: Sequence[CoveredEntry]) -> Table:
    rows = [(entry.text, entry.line) for entry in entries]
    columns, title = ("entry that no input reaches", "line"), "Entries that no input reaches"
    return table(columns, rows, ("line",), brief=rows[:LISTED], name="unreached", title=title)


def _untaken(branches: Sequence[UntakenBranch], own: Sequence[UntakenBranch]) -> Table:
    rows, brief = ([(b.line, b.function, b.text, b.never) for b in some] for some in (branches, own[:LISTED]))
    columns, title = ("line", "in", "source", "which is"), "Branches never taken"
    return table(columns, rows, ("line",), brief=brief, name="untaken", title=title)


def _more(count: int, one: str, many: str) -> str | None:
    left = count - LISTED
    return f"... and {counted(left, one, many)}; --json, -o FILE list all" if left > 0 else None
