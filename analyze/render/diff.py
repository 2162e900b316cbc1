"""`diff` as a document."""

from __future__ import annotations

from collections.abc import Sequence

from analyze.render.document import BAD, GOOD, Cell, Document, Heading, Table, document, number, table
from analyze.render.phrases import answered, counted, positions_said, shorten, typed
from analyze.results.diff import DiffResult, InputDifference, NodeMatch, ReadoutDifference, Side


def diff_document(result: DiffResult) -> Document:
    """Whether the programs behave alike, where they do not, and which nodes belong together."""
    differing, checked = result.differing, result.checked
    unlisted = counted(differing - len(result.inputs), f"more {checked.noun}")
    some = 0 < len(result.inputs) < differing
    return document(
        f"{result.a} and {result.b}: {_answer(result)}",
        BAD if differing else GOOD,
        f"compared on {checked.description}" + ("" if checked.exhaustive else ", so this is no proof"),
        *(note[:1].upper() + note[1:] for note in result.notes),
        _tally(result),
        _inputs(result),
        f"... and {unlisted} on which they differ" if some else None,
        _nodes(result),
        _same(result),
        _left_out(result),
        _node_differences(result.nodes),
        _readout(result.readout),
        noun=checked.noun,
    )


def _answer(result: DiffResult) -> str:
    inputs = counted(result.checked.inputs, result.checked.noun)
    if result.differing:
        return f"they differ on {result.differing:,} of {inputs}"
    return f"they answer alike on {'all ' * result.checked.exhaustive}{inputs}"


def _labels(result: DiffResult) -> tuple[str, str]:
    """What columns call the two programs: their files, as long as that tells them apart."""
    a, b = (name.replace("\\", "/").rsplit("/", 1)[-1] for name in (result.a, result.b))
    return (a, b) if a != b else ("first", "second")


def _tally(result: DiffResult) -> Table | None:
    tally = result.tally
    if tally is None:
        return None
    a, b = _labels(result)
    columns = (f"{result.checked.noun}s of {result.task}", f"{b} right", f"{b} wrong")
    rows = [
        (f"{a} right", number(tally.both), number(tally.only_a)),
        (f"{a} wrong", number(tally.only_b), number(tally.neither)),
    ]
    return table(columns, rows, columns[1:])


def _inputs(result: DiffResult) -> Table:
    known = result.tally is not None
    columns = ("input", *_labels(result), *(("expected", "right") if known else ()), "differ at position")
    whole = () if result.spaced.inputs else ("input",)  # a sentence may be folded between its words
    return table(columns, [_input(result, one, known) for one in result.inputs], whole=whole, name="inputs")


def _input(result: DiffResult, one: InputDifference, known: bool) -> tuple[str, ...]:
    spaced = result.spaced
    answers = [
        one.hole_a or answered(one.a, one.a, spaced.outputs, one.positions),
        one.hole_b or answered(one.b, one.b, spaced.outputs, one.positions),
    ]
    a, b = _labels(result)
    right = {"a": a, "b": b, "neither": "neither", None: ""}[one.right]
    expected = one.expected or ()
    judged = (answered(expected, expected, spaced.outputs, one.positions), right) if known else ()
    return (typed(one.tokens, spaced.inputs), *answers, *judged, positions_said(one.positions))


def _same(result: DiffResult) -> Heading | None:
    """The nodes that need no row of their own."""
    same = [match.a.name for match in result.nodes if match.kind == "same" and match.a is not None]
    if not same:
        return None
    shown = shorten(", ".join(same))
    return Heading(f"the same in both, text and values: {shown} ({len(same)} of {len(result.nodes)} nodes)")


def _nodes(result: DiffResult) -> Table:
    a, b = _labels(result)
    columns = (a, "line", b, "line ", "by what they compute", "values that agree")
    rows = [
        (*_cells(match.a), *_cells(match.b), _kind(match, result), "" if not match.places else _agreeing(match))
        for match in result.nodes
        if match.kind != "same"
    ]
    return table(columns, rows, ("line", "line ", "values that agree"), optional=("line", "line "), name="nodes")


def _cells(side: Side | None) -> tuple[str | None, int | None]:
    return (None, None) if side is None else (side.name, side.line)


def _kind(match: NodeMatch, result: DiffResult) -> str:
    match match.kind:
        case "only a":
            return _noted(f"only in {_labels(result)[0]}", match.note)
        case "only b":
            return _noted(f"only in {_labels(result)[1]}", match.note)
        case "renamed":
            return f"equal, renamed: {', '.join(f'{one} = {other}' for one, other in match.renaming)}"
        case "same":
            return "same"
        case "equal" | "similar":
            kind = "equal values" if match.kind == "equal" else "similar"
            return (
                f"{kind}, {counted(match.differing, 'difference')} in the text"
                if match.differing
                else f"{kind}, same text"
            )


def _noted(text: str, note: str) -> str:
    return f"{text}; {note}" if note else text


def _agreeing(match: NodeMatch) -> Cell:
    share = match.agreeing / match.places
    if match.kind != "similar":
        return Cell(share, "all") if match.kind != "renamed" else Cell(None, "")
    shown = f"{100 * share:.2f}"
    return Cell(share, f"{'99.99' if shown == '100.00' else shown} %")


def _left_out(result: DiffResult) -> str | None:
    if not result.left_out:
        return None
    left_out = counted(result.left_out, result.checked.noun)
    return f"values compared where neither reaches a hole; {left_out} left out"


def _node_differences(nodes: Sequence[NodeMatch]) -> Table:
    """For nodes that are not renamings of each other, in what their texts differ."""
    rows: list[tuple[object, ...]] = []
    for match in nodes:
        if match.a is None or match.b is None or match.kind == "renamed":
            continue
        name = match.a.name if match.a.name == match.b.name else f"{match.a.name}, {match.b.name}"
        rows += [(Cell(name, name * (at == 0)), *difference) for at, difference in enumerate(match.texts)]
        if match.differing > len(match.differences):
            rows.append((Cell(name, ""), f"... and {match.differing - len(match.differences):,} more", None, None))
    return table(("node", "where", "first", "second"), rows, name="texts")


def _weights_that_differ(one: ReadoutDifference) -> tuple[str, str, str]:
    name = one.a or "" if one.a == one.b else f"{one.a}, {one.b}"
    more = f"; and {one.differing - len(one.examples):,} more" if one.differing > len(one.examples) else ""
    return name, f"{one.differing:,} of {one.rows:,}", "; ".join(one.examples) + more


def _readout(readout: Sequence[ReadoutDifference]) -> Table:
    rows = [_weights_that_differ(one) for one in readout if one.a is not None and one.b is not None]
    for which, alone in (
        ("first", [r for r in readout if r.b is None]),
        ("second", [r for r in readout if r.a is None]),
    ):
        if alone:
            rows.append(_read_out_alone(which, alone))
    return table(
        ("readout of", "rows that differ", "logit weights: first | second"), rows, ("rows that differ",), name="readout"
    )


def _read_out_alone(which: str, alone: Sequence[ReadoutDifference]) -> tuple[str, str, str]:
    """The variables that only one of the programs reads out."""
    names = ", ".join(one.a or one.b or "" for one in alone)
    said = f"read out in the {which} alone: {names}"
    return counted(len(alone), "variable"), f"{sum(one.rows for one in alone):,}", said
