"""`blame --all` as a document."""

from __future__ import annotations

from analyze.render.blame import AROUND, EDITS, UNPROVEN, change, edit_cells
from analyze.render.document import BAD, GOOD, Cell, Document, Heading, Part, Source, Table, document, table
from analyze.render.phrases import as_called, counted, evidence, typed
from analyze.render.written import written
from analyze.results.blame import BlameAllResult, Bucket, Candidate
from tprog.text.tokens import Spacing

THERE = ("mends there", "breaks there")
"""The columns of what an edit does to the inputs that edits are verified on."""

NONE = "no small edit"
"""What stands for the suspect of inputs that no single small edit mends."""


def blame_all_document(result: BlameAllResult, number: int = 1) -> Document:
    """Which entries to look at first, how much each mends, and which failing inputs belong together.

    Args:
        number: of which edit of the list to show the change of the source.
    """
    parts = [*_entries(result, number), *_buckets(result)]
    title, noun = f"Blame in {result.program}", result.checked.noun
    if not result.wrong:
        return document(
            f"{result.program}: nothing is wrong; {evidence(result.checked)}", GOOD, *parts, title=title, noun=noun
        )
    if result.source is not None:
        parts.append(Heading("the module, with what the best edit of each line mends:"))
        parts.append(Source(result.source, AROUND, ""))
    return document(_answer(result), BAD, evidence(result.checked), *parts, title=title, noun=noun)


def _answer(result: BlameAllResult) -> str:
    on = counted(result.wrong_inputs, result.checked.noun)
    found = f"{result.program}: {counted(result.wrong, 'wrong prediction')} on {on}"
    if not result.entries:
        return f"{found}; no single edit mends more than it breaks"
    best = result.entries[0]
    first = f"{found}; first suspect: {best.entry}" + ("" if best.line is None else f", line {best.line}")
    return first + (", whose edit mends all" if best.restores else f", whose edit mends {best.mended:,}")


def _entries(result: BlameAllResult, number: int) -> list[Part | str | None]:
    rows = [
        (index, *edit_cells(found), *(found.verified or (None, None))) for index, found in enumerate(result.entries, 1)
    ]
    numbers = ("", "line", "mends", "breaks", "net", *THERE)
    verified = result.verified_on is not None
    edits = table(("", *EDITS, *THERE), rows, numbers, ("line", *THERE), name="edits", seen=not verified)
    if not rows:
        return [edits]
    return [
        "the best edit of each entry, by what it mends less what it breaks",
        edits,
        _both(result) if verified else None,
        _verified(result),
        "all: with this edit no prediction is wrong any more" if any(c.restores for c in result.entries) else None,
        None if result.proven else as_called(UNPROVEN, result.checked.noun),
        written(result.sources, {entry.node for entry in result.entries}),
        *change(result.entries[number - 1].diff, number),
    ]


def _both(result: BlameAllResult) -> Table:
    """The edits with what they do on both kinds of inputs, so narrow that it fits a terminal of 80 columns."""
    rows = []
    for index, found in enumerate(result.entries, 1):
        entry, line, edit, _, _, net = edit_cells(found)
        rows.append((index, entry, line, edit, _mends(found.mended, found.broken), net, _told(found)))
    numbers = ("", "line", "here", "net", "verified")
    return table(("", "entry", "line", "edit", *numbers[2:]), rows, numbers, ("line",))


def _told(found: Candidate) -> str:
    return "" if found.verified is None else _mends(*found.verified)


def _mends(mended: int, broken: int) -> str:
    return f"+{mended:,} -{broken:,}"


def _verified(result: BlameAllResult) -> str | None:
    found = result.verified_on
    if found is None:
        return None
    wrong = counted(found.wrong, "prediction is", "predictions are")
    return f"+ mends, - breaks; verified on {found.checked.description}, where {wrong} wrong"


def _buckets(result: BlameAllResult) -> list[Part | str | None]:
    """The failing inputs by suspect."""
    noun = result.checked.noun
    part = "" if result.searched == result.wrong_inputs else f" ({result.searched:,} of them, evenly spread)"
    rows = [
        (bucket.inputs, bucket.entry or Cell(None, NONE), bucket.line, _examples(bucket, result.spaced))
        for bucket in result.buckets
    ]
    buckets = table(("inputs", "first suspect", "line", "such as"), rows, ("inputs", "line"), name="buckets")
    if not result.wrong:
        return [buckets]
    return [
        Heading(f"the failing {noun}s{part} by the entry whose edit mends their first wrong prediction best:"),
        buckets,
        f"{result.unmended:,} of these {noun}s no edit of one key, cell, word, read, mask or weight mends there"
        if result.unmended
        else None,
    ]


def _examples(bucket: Bucket, spaced: Spacing) -> str:
    more = ", ..." if bucket.inputs > len(bucket.examples) else ""
    return ", ".join(typed(tokens, spaced.inputs) for tokens in bucket.examples) + more
