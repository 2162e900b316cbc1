"""A trace as a document: variables down, positions across."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from analyze.render.document import BAD, GOOD, STRONG, Document, Grid, GridRow, Table, Tone, document, table, word
from analyze.render.phrases import counted, named, positions_said, shorten, typed
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


def trace_document(result: TraceResult) -> Document:
    """Each variable's value at each position; with a contrast, the right input below the wrong one.

    A variable that differs has two rows, marked ``wrong`` and ``right``, and a star behind each differing value; ``>``
    marks the first in which they part.
    """
    traced, contrast = result.table, result.contrast
    rows = _rows(traced) if contrast is None else _rows_beside(traced, contrast)
    widest = max(len(traced.tokens), 0 if contrast is None else len(contrast.table.tokens))
    return document(
        *_answer(result),
        *(() if contrast is None else _parting(contrast, result.spaced)),
        result.note,
        Grid(_headers(traced, contrast, widest), tuple(rows), _data(traced, contrast)),
        written(result.sources),
        title=f"{result.program} on {typed(traced.tokens, result.spaced.inputs)}",
    )


def _answer(result: TraceResult) -> tuple[str, Tone]:
    table = result.table
    shown = typed(table.tokens, result.spaced.inputs)
    if table.hole is not None:
        return f"{result.program} on {shown}: {table.hole}", BAD
    got = _outputs_shown(table.predicted, table, result.spaced)
    if table.expected is None:
        return f"{result.program} on {shown}: predicts {got}", STRONG
    if not any(row for _, row in by_output(table.wrong)):
        return f"{result.program} on {shown}: predicts {got}, which is right", GOOD
    where = positions_said(table.wrong)
    at = "" if _is_one(table) else f" (wrong at position {where})"
    asked = _outputs_shown(table.expected, table, result.spaced)
    return f"{result.program} on {shown}: predicts {got}, expected {asked}{at}", BAD


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
    checked = contrast.checked
    says = f"nearest right {checked.noun}: {shown}, which differs in {apart} (looked for among {checked.description})"
    if contrast.parts_at is None:
        return says, "only what they hold differs: no head or lookup does, at any position that both have"
    where = ", ".join(map(str, contrast.positions))
    which = "position" if len(contrast.positions) == 1 else "positions"
    return says, f"they part at {contrast.parts_at}, {which} {where}"


# Rows #################################################################################################################


def _rows(table: TraceTable) -> Iterator[GridRow]:
    previous: VariableKind | None = None
    for row in table.rows:
        yield GridRow(row.variable, "", tuple(map(_cell, row.values)), rule=_begins_layer(previous, row.kind))
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


def _outputs(table: TraceTable, which: str) -> Iterator[GridRow]:
    if _is_one(table):
        return  # one prediction for the whole input: the answer above has it
    expected = {} if table.expected is None else dict(by_output(table.expected))
    for (name, row), (_, wrong) in zip(by_output(table.predicted), by_output(table.wrong), strict=True):
        cells = tuple(map(_cell, row))
        yield GridRow(f"predicted {name}".rstrip(), which, cells, frozenset(wrong), rule=True, strong=True)
        if name in expected:
            yield GridRow(f"expected {name}".rstrip(), which, tuple(map(_cell, expected[name])))


def _rows_beside(table: TraceTable, contrast: Contrast) -> Iterator[GridRow]:
    previous: VariableKind | None = None
    for ours, theirs in zip(table.rows, contrast.table.rows, strict=True):
        begins = _begins_layer(previous, ours.kind)
        previous = ours.kind
        width = max(len(ours.values), len(theirs.values))
        differ = frozenset(i for i in range(width) if ours.values[i : i + 1] != theirs.values[i : i + 1])
        here, there = tuple(map(_cell, ours.values)), tuple(map(_cell, theirs.values))
        if not differ:
            yield GridRow(ours.variable, "", here, rule=begins)
            continue
        parts = ours.variable == contrast.parts_at
        name = f"> {ours.variable}" if parts else ours.variable
        yield GridRow(name, "wrong", here, _within(differ, here), begins, parts)
        yield GridRow("", "right", there, _within(differ, there), False, parts)
    yield from _outputs(table, "wrong")
    yield from _outputs(contrast.table, "right")


def _within(differ: frozenset[int], cells: Sequence[str]) -> frozenset[int]:
    """The positions that an input has."""
    return frozenset(position for position in differ if position < len(cells))


def _cell(value: Value | None) -> str:
    return NOTHING if value is None else shorten(spelled(str(value)), CELL)


def _headers(table: TraceTable, contrast: Contrast | None, widest: int) -> tuple[tuple[str, str], ...]:
    """The position and its token; of both inputs, where they differ."""
    headers = []
    for i in range(widest):
        tokens = [*table.tokens[i : i + 1], *(contrast.table.tokens[i : i + 1] if contrast is not None else ())]
        headers.append((str(i), " | ".join(_cell(token) for token in dict.fromkeys(tokens))))
    return tuple(headers)


# Data #################################################################################################################


def _data(traced: TraceTable, contrast: Contrast | None) -> Table:
    """A row for each variable, output and expected output at each position, of each input."""
    whose = "the input" if contrast is None else "wrong"
    rows = [*_values(traced, whose), *(() if contrast is None else _values(contrast.table, "right"))]
    return table(("variable", "of", "position", "token", "value"), rows, ("position",), name="values")


def _values(traced: TraceTable, whose: str) -> Iterator[tuple[object, ...]]:
    for name, values in _named_rows(traced):
        tokens = traced.tokens if len(values) == len(traced.tokens) else ()
        for position, value in enumerate(values):
            token = word(tokens[position]) if tokens else None
            plain = value if value is None or type(value) is int else word(str(value))
            yield name, whose, position if tokens else None, token, plain


def _named_rows(traced: TraceTable) -> Iterator[tuple[str, Sequence[Value | None]]]:
    yield from ((row.variable, row.values) for row in traced.rows)
    for what, answers in (("predicted", traced.predicted), ("expected", traced.expected)):
        for output, row in () if answers is None else by_output(answers):
            yield f"{what} {output}".rstrip(), row
