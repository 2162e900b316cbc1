"""The text and the page of `coverage`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from analyze.render.annotated import Html, html_page, paragraph, source_html, source_text, table_html
from analyze.render.tables import at_line, counted, page, table
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

CONTEXTS = ("inputs that", "inputs", "lines", "entries")
FUNCTIONS = ("function", "line", "lines", "branches", "entries")
UNREACHED = ("entry that no input reaches", "line")
UNTAKEN = ("line", "in", "source", "which is")


def coverage_text(result: CoverageResult) -> RenderableType:
    """What inputs reach, by outcome and class; what they do not; and the source, if it was asked for."""
    partial = [function for function in result.functions if function.own and not _whole(function)]
    unreached, untaken = _unreached(result), _own_untaken(result)
    parts = page(
        answer(result),
        "bold",
        *_remarks(result),
        table(CONTEXTS, [_spelt(row) for row in _contexts(result)], ("inputs", "lines", "entries")),
        _table(FUNCTIONS, map(_function, partial), FUNCTIONS[1:]),
        _others(result),
        _table(UNREACHED, map(_entry, unreached[:LISTED]), ("line",)),
        _more(len(unreached), "more entry", "more entries"),
        _table(UNTAKEN, map(_branch, untaken[:LISTED]), ("line",)),
        _more(len(untaken), "more branch", "more branches"),
    )
    sources = [source_text(source) for source in (result.source, result.conversion) if source is not None]
    return Group(parts, *(part for source in sources for part in (Text(""), source)))


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[str]) -> RenderableType | None:
    """A table; None of no rows."""
    listed = list(rows)
    return table(columns, listed, right) if listed else None


def coverage_html(result: CoverageResult) -> Html:
    """A page that stands alone."""
    unreached = [_entry(entry) for entry in _unreached(result)]
    untaken = [_branch(branch) for branch in result.untaken]
    parts: list[Html] = [paragraph(answer(result))]
    parts += [paragraph(remark) for remark in _remarks(result) if remark]
    parts += ["<h2>Contexts</h2>", table_html(CONTEXTS, _contexts(result))]
    parts += ["<h2>Functions</h2>", table_html(FUNCTIONS, [_function(f) for f in _own_first(result)])]
    if unreached:
        parts += ["<h2>Entries that no input reaches</h2>", table_html(UNREACHED, unreached)]
    if untaken:
        parts += ["<h2>Branches never taken</h2>", table_html(UNTAKEN, untaken)]
    if result.source is not None:
        parts += ["<h2>Source</h2>", source_html(result.source)]
    if result.conversion is not None:
        parts += ["<h2>What ran: its conversion</h2>", _renamed(source_html(result.conversion))]
    return html_page(f"Coverage of {result.program}", *parts)


def _own_first(result: CoverageResult) -> list[CoveredFunction]:
    """The functions in the order of the file, the primitives, which are alike in every module, behind the others."""
    return sorted(result.functions, key=lambda function: not function.own)


def answer(result: CoverageResult) -> str:
    """The whole in one line."""
    return (
        f"{result.program}: inputs reach {_of(result.entries)} entries, {_of(result.own_lines)} lines and "
        f"{_of(result.own_branches)} branches of the program"
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


def _contexts(result: CoverageResult) -> list[tuple[object, ...]]:
    said = {"right": "are right", "wrong": "are wrong", "hole": "end in a hole", "answered": "are answered"}
    rows: list[tuple[object, ...]] = []
    for context in result.contexts:
        if _never_predicted(context):
            continue
        name = said[context.name] if context.kind == "outcome" else f"predict {spelled(context.name)}"
        rows.append((name, context.inputs, context.lines, context.entries))
    return rows


def _spelt(row: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(f"{value:,}" if isinstance(value, int) else value for value in row)


def _of(tally: Tally) -> str:
    if not tally.whole:
        return "no"
    return f"all {tally.whole:,}" if tally.reached == tally.whole else f"{tally.reached:,} of {tally.whole:,}"


def _whole(function: CoveredFunction) -> bool:
    return all(t.reached == t.whole for t in (function.lines, function.branches, function.entries))


def _function(function: CoveredFunction) -> tuple[object, ...]:
    tallies = (function.lines, function.branches, function.entries)
    return function.name, at_line(function.line), *(_of(t) if t.whole else "" for t in tallies)


def _others(result: CoverageResult) -> str:
    whole = sum(function.own and _whole(function) for function in result.functions)
    lines = [function.lines for function in result.functions if not function.own]
    ran = Tally(sum(t.reached for t in lines), sum(t.whole for t in lines))
    first = f"reached whole: {counted(whole, 'other function')} of the program; " if whole else ""
    return f"{first}of the primitives, the same in every module, {_of(ran)} lines run"


def _unreached(result: CoverageResult) -> list[CoveredEntry]:
    return [entry for entry in result.entry_counts if not entry.missing and not any(entry.counts)]


def _own_untaken(result: CoverageResult) -> list[UntakenBranch]:
    own = {function.name for function in result.functions if function.own}
    return [branch for branch in result.untaken if branch.function in own]


def _entry(entry: CoveredEntry) -> tuple[object, ...]:
    return entry.text, at_line(entry.line)


def _branch(branch: UntakenBranch) -> tuple[object, ...]:
    return at_line(branch.line), branch.function, branch.text, branch.never


def _more(number: int, one: str, many: str) -> str | None:
    left = number - LISTED
    return f"... and {counted(left, one, many)}; --json, -o FILE list all" if left > 0 else None


def _renamed(source: Html) -> Html:
    """The second source of a page, with anchors of its own. In its text, quotation marks are quoted."""
    return source.replace('id="L', 'id="ran-L').replace('href="#L', 'href="#ran-L')
