"""A trace as text: variables down, positions across, in as many pieces as the terminal's width asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Column
from rich.text import Text

from analyze.render.tables import BAD, GAP, GOOD, Listing, counted, line, named, positions_said, shorten, typed, width
from analyze.render.written import written
from analyze.results.trace import Contrast, TraceResult, TraceTable
from tprog.escape import spelled
from tprog.ir.answering import VariableKind
from tprog.ir.places import ByOutput, by_output
from tprog.ir.values import Value
from tprog.text.tokens import Spacing, show_outputs

CELL = 12
"""Characters after which a value in a cell is cut."""

NOTHING = "-"
"""What stands where there is no value: behind a hole, or where nothing is predicted or graded."""


def trace_text(result: TraceResult) -> RenderableType:
    """Each variable's value at each position; with a contrast, the right input below the wrong one.

    A variable that differs has two rows, marked ``wrong`` and ``right``, and a star behind each differing value; ``>``
    marks the first in which they part.
    """
    table, contrast = result.table, result.contrast
    lines: list[RenderableType] = [_answer(result)]
    if contrast is not None:
        lines += map(line, _parting(contrast, result.spaced))
    if result.note:
        lines.append(line(result.note))
    rows = list(_rows(table) if contrast is None else _rows_beside(table, contrast))
    widest = max(len(table.tokens), 0 if contrast is None else len(contrast.table.tokens))
    beside = written(result.sources)
    more: list[RenderableType] = [] if beside is None else [Text(""), beside]
    return Group(*lines, Text(""), _Blocks(_headers(table, contrast, widest), tuple(rows)), *more)


def _answer(result: TraceResult) -> Text:
    table = result.table
    shown = typed(table.tokens, result.spaced.inputs)
    if table.hole is not None:
        return line(f"{result.program} on {shown}: {table.hole}", BAD)
    got = _outputs_shown(table.predicted, table, result.spaced)
    if table.expected is None:
        return line(f"{result.program} on {shown}: predicts {got}", "bold")
    if not any(row for _, row in by_output(table.wrong)):
        return line(f"{result.program} on {shown}: predicts {got}, which is right", GOOD)
    where = positions_said(table.wrong)
    at = "" if _is_one(table) else f" (wrong at position {where})"
    asked = _outputs_shown(table.expected, table, result.spaced)
    return line(f"{result.program} on {shown}: predicts {got}, expected {asked}{at}", BAD)


def _outputs_shown(answers: ByOutput[str | None], table: TraceTable, spaced: Spacing) -> str:
    """All outputs as text, of several each after its name."""
    rows = by_output(answers)
    return "; ".join(named(name, show_outputs(row, table.tokens, spaced.outputs)) for name, row in rows)


def _is_one(table: TraceTable) -> bool:
    """Whether there is one prediction for the whole input."""
    return len(table.predicted) == 1 < len(table.tokens) and not isinstance(table.predicted, dict)


def _parting(contrast: Contrast, spaced: Spacing) -> tuple[str, str]:
    shown = typed(contrast.table.tokens, spaced.inputs)
    apart = counted(contrast.distance, "position")
    says = f"nearest right input: {shown}, which differs in {apart} (looked for among {contrast.checked.description})"
    if contrast.parts_at is None:
        return says, "only what they hold differs: no head or lookup does, at any position that both have"
    where = ", ".join(map(str, contrast.positions))
    plural = "s" * (len(contrast.positions) != 1)
    return says, f"they part at {contrast.parts_at}, position{plural} {where}"


# Rows #################################################################################################################


@dataclass(frozen=True)
class _Row:
    """One line of the table. `first` asks for a rule above."""

    name: str
    which: str
    cells: tuple[str, ...]
    first: bool
    bold: bool = False


def _rows(table: TraceTable) -> Iterator[_Row]:
    previous: VariableKind | None = None
    for row in table.rows:
        yield _Row(row.variable, "", tuple(map(_cell, row.values)), _begins_layer(previous, row.kind))
        previous = row.kind
    yield from _outputs(table, "")


def _begins_layer(previous: VariableKind | None, kind: VariableKind) -> bool:
    """Whether a node stands in another layer than the one before: heads come before lookups in each."""
    if previous is None:
        return False
    here, before = _order(kind), _order(previous)
    return here < before or min(here, 2) > min(before, 2)


def _order(kind: VariableKind) -> int:
    match kind:
        case "input":
            return 0
        case "embedding":
            return 1
        case "head" | "numeric head":
            return 2
        case "lookup" | "linear":
            return 3
        case _:
            assert_never(kind)


def _outputs(table: TraceTable, which: str) -> Iterator[_Row]:
    if _is_one(table):
        return  # one prediction for the whole input: the answer above has it
    expected = {} if table.expected is None else dict(by_output(table.expected))
    for (name, row), (_, wrong) in zip(by_output(table.predicted), by_output(table.wrong), strict=True):
        predicted = tuple(_cell(value) + "*" * (i in wrong) for i, value in enumerate(row))
        yield _Row(f"predicted {name}".rstrip(), which, predicted, True, bold=True)
        if name in expected:
            yield _Row(f"expected {name}".rstrip(), which, tuple(map(_cell, expected[name])), False)


def _rows_beside(table: TraceTable, contrast: Contrast) -> Iterator[_Row]:
    previous: VariableKind | None = None
    for ours, theirs in zip(table.rows, contrast.table.rows, strict=True):
        begins = _begins_layer(previous, ours.kind)
        previous = ours.kind
        width = max(len(ours.values), len(theirs.values))
        differ = {i for i in range(width) if ours.values[i : i + 1] != theirs.values[i : i + 1]}
        if not differ:
            yield _Row(ours.variable, "", tuple(map(_cell, ours.values)), begins)
            continue
        parts = ours.variable == contrast.parts_at
        name = f"> {ours.variable}" if parts else ours.variable
        yield _Row(name, "wrong", _starred(ours.values, differ), begins, bold=parts)
        yield _Row("", "right", _starred(theirs.values, differ), False, bold=parts)
    yield from _outputs(table, "wrong")
    yield from _outputs(contrast.table, "right")


def _starred(values: Sequence[Value | None], differ: set[int]) -> tuple[str, ...]:
    return tuple(_cell(value) + "*" * (i in differ) for i, value in enumerate(values))


def _cell(value: Value | None) -> str:
    return NOTHING if value is None else shorten(spelled(str(value)), CELL)


def _headers(table: TraceTable, contrast: Contrast | None, widest: int) -> tuple[str, ...]:
    """The position and its token; of both inputs, where they differ."""
    headers = []
    for i in range(widest):
        tokens = [*table.tokens[i : i + 1], *(contrast.table.tokens[i : i + 1] if contrast is not None else ())]
        headers.append(f"{i}\n{' | '.join(_cell(token) for token in dict.fromkeys(tokens))}")
    return tuple(headers)


# Layout ###############################################################################################################


def _fitting(widths: Sequence[int], room: int) -> int:
    """How many columns fit beside each other: one at least."""
    count, taken = 1, widths[0]
    while count < len(widths) and taken + GAP + widths[count] <= room:
        taken += GAP + widths[count]
        count += 1
    return count


@dataclass(frozen=True)
class _Blocks:
    """A table in blocks of positions, one below the other, as many positions in each as fit the width.

    Each block has the names and its own header. A position that does not fit by itself makes lines that are longer
    than the terminal is wide; none is left out.
    """

    headers: tuple[str, ...]
    rows: tuple[_Row, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        names = [("position\ntoken", [row.name for row in self.rows])]
        if any(row.which for row in self.rows):
            names.append(("input", [row.which for row in self.rows]))
        left = sum(width(header, *cells) + GAP for header, cells in names)
        widths = [width(header, *self._cells(i)) for i, header in enumerate(self.headers)]
        start = 0
        while start < len(widths):
            stop = start + _fitting(widths[start:], options.max_width - left)
            if start:
                yield Text("")
            yield self._block([*names, *((self.headers[i], self._cells(i)) for i in range(start, stop))])
            start = stop

    def _cells(self, position: int) -> list[str]:
        """What the rows hold at a position; an input that is too short to have it holds nothing."""
        return ["".join(row.cells[position : position + 1]) for row in self.rows]

    def _block(self, columns: Sequence[tuple[str, Sequence[str]]]) -> Listing:
        block = Listing(
            *(Column(Text(header), no_wrap=True, min_width=width(header, *cells)) for header, cells in columns)
        )
        for index, row in enumerate(self.rows):
            if row.first:
                block.add_section()
            block.add_row(*(Text(cells[index]) for _, cells in columns), style="bold" if row.bold else "")
        return block
