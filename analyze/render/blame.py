"""`blame` as a document."""

from __future__ import annotations

from collections.abc import Sequence

from analyze.render.document import (
    BAD,
    GOOD,
    STRONG,
    Cell,
    Change,
    Document,
    Heading,
    Part,
    Source,
    Tone,
    document,
    table,
)
from analyze.render.phrases import as_called, counted, evidence, shorten, typed
from analyze.render.written import written
from analyze.results.blame import BlameResult, Candidate, Share, Suspect
from tprog.escape import spelled
from tprog.ir.values import Value

EDITS = ("entry", "line", "edit", "mends", "breaks", "net")

AROUND = 2
"""Lines of the module shown around each that is marked."""

SUSPECTS = 5
"""Suspects shown at most."""

UNPROVEN = (
    "that no other edit does better is not proven: these did best on a part of the inputs, and were counted on all"
)
"""What blame says of candidates that were chosen on a part of the inputs."""

NOT_ALL_TRIED = "not all rows of several keys, or numbers that a lookup does not answer yet, were tried"
"""What blame says where more edits of an entry are possible than it tried."""


def listed(result: BlameResult, shown: int) -> tuple[Suspect | Candidate, ...]:
    """What a list of at most so many edits holds, in its order: what `blame_text` numbers from 1."""
    suspects = result.suspects[: min(shown, SUSPECTS)]
    return (*suspects, *(() if result.right else result.candidates[:shown]))


def blame_document(result: BlameResult, shown: int = 10, number: int = 1) -> Document:
    """Why a prediction is what it is: the edits that mend it, or the entries that it depends on; then the account.

    Args:
        shown: how many candidates, dependences and shares to list.
        number: of which edit of the list to show the change of the source.
    """
    return document(
        *_answer(result),
        _also_wrong(result),
        *_suspects(result, shown, number),
        *_candidates(result, shown, number),
        *_dependences(result, shown),
        written(result.sources, _shown_nodes(result, shown)),
        *_account(result, shown),
        *_chain(result),
        _slice(result),
        *_source(result),
        title=f"Blame in {result.program}",
        noun=result.checked.noun,
    )


def _source(result: BlameResult) -> list[Part]:
    if result.source is None:
        return []
    return [Heading("the module, with what this prediction consults:"), Source(result.source, AROUND, "")]


def _shown_nodes(result: BlameResult, shown: int) -> set[str]:
    """The nodes of the edits or dependences that are listed."""
    matter = [one for one in result.dependences if one.matters]
    return {one.node for one in (matter[:shown] if result.right else listed(result, shown))}


def _answer(result: BlameResult) -> tuple[str, Tone]:
    """What was predicted and what is right, and its style."""
    where = "the prediction" if result.position is None else _place(result.position, result.output)
    got = f"a hole ({result.hole})" if result.predicted is None else repr(result.predicted)
    what = f"{result.program} on {typed(result.tokens, result.spaced.inputs)}, {where}: predicted {got}"
    if result.expected is None:
        return what, STRONG
    return (f"{what}, which is right", GOOD) if result.right else (f"{what}, expected {result.expected!r}", BAD)


def _also_wrong(result: BlameResult) -> str | None:
    outputs: tuple[str | None, ...] = result.wrong_outputs or (None,) * len(result.wrong)
    also = "; ".join(
        f"{_place(i, output)}: predicted {'a hole' if p is None else repr(p)}, expected {e!r}"
        for (i, e, p), output in zip(result.wrong, outputs, strict=True)
        if (i, output) != (result.position, result.output)
    )
    return f"also wrong: {also}" if also else None


def _place(position: int | None, output: str | None) -> str:
    """Where a prediction is, of several outputs after the name of its own."""
    return f"position {position}" + ("" if output is None else f" of {output}")


def _slice(result: BlameResult) -> Heading | None:
    """The dynamic slice of a wrong prediction, in a line."""
    if result.right or not result.dependences:
        return None
    lines = sorted({d.line for d in result.dependences if d.line is not None})
    at = f", in lines {shorten(ranges(lines))}" if lines else ""
    return Heading(f"it depends on {counted(len(result.dependences), 'entry', 'entries')} of the program{at}")


def ranges(lines: Sequence[int]) -> str:
    """Ascending numbers as ``1-3, 7``."""
    found: list[list[int]] = []
    for line in lines:
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def _candidates(result: BlameResult, shown: int, number: int) -> list[Part | str | None]:
    best = () if result.right else result.candidates[:shown]
    first = len(listed(result, shown)) - len(best) + 1
    rows = [(index, *edit_cells(found)) for index, found in enumerate(best, first)]
    edits = table(("", *EDITS), rows, ("", "line", "mends", "breaks", "net"), name="edits", main=True)
    if result.right:
        return [edits]
    if not result.candidates:
        if result.proven:
            return ["no single edit of an entry makes it right", edits]
        return [f"no edit of one key, cell, word, read, mask or weight makes it right; {NOT_ALL_TRIED}", edits]
    return [
        f"{counted(result.mending, 'single edit')} would make it right; {evidence(result.checked)}, "
        f"where {counted(result.wrong_before, 'prediction')} {'is' if result.wrong_before == 1 else 'are'} wrong",
        edits,
        "all: with this edit no prediction is wrong any more" if any(c.restores for c in best) else None,
        None if result.proven else as_called(UNPROVEN, result.checked.noun),
        *(change(best[number - first].diff, number) if first <= number < first + len(best) else []),
    ]


def edit_cells(found: Candidate) -> tuple[object, ...]:
    """The cells of `EDITS`."""
    net = Cell(found.net, f"{found.net:+d}{' all' if found.restores else ''}")
    return found.entry, found.line, found.becomes, found.mended, found.broken, net


def _suspects(result: BlameResult, shown: int, number: int) -> list[Part | str | None]:
    """What explains the failures where no single edit mends them all."""
    rows = [
        (
            index,
            one.node,
            one.line,
            "; ".join(one.becomes),
            one.mended,
            one.broken,
            Cell(one.net, f"{one.net:+d}{'' if one.mends else ' *'}"),
        )
        for index, one in enumerate(result.suspects[: min(shown, SUSPECTS)], 1)
    ]
    columns = ("", "node", "line", "changes", "mends", "breaks", "net")
    suspects = table(columns, rows, ("", "line", "mends", "breaks", "net"), name="suspects")
    if not rows:
        return [suspects]
    here = any(not one.mends for one in result.suspects[: len(rows)])
    on = counted(result.looked_at, result.checked.noun)
    return [
        f"no single edit makes all predictions right; where to look first, on {on}:",
        suspects,
        "*: leaves this prediction wrong" if here else None,
        *(change(result.suspects[number - 1].diff, number) if number <= len(rows) else []),
    ]


def change(diff: str, number: int = 1) -> list[Part]:
    """One edit of a list as a change of the source."""
    which = "the first edit" if number == 1 else f"edit {number}"
    return [Heading(f"{which} as a change of the source:"), Change(diff)] if diff else []


def _dependences(result: BlameResult, shown: int) -> list[Part | str | None]:
    matter = [d for d in result.dependences if d.matters] if result.right else []
    rows = [(d.entry, d.line, d.becomes) for d in matter]
    columns = ("entry", "line", "a change that matters")
    listing = table(columns, rows, ("line",), brief=rows[:shown], name="dependences")
    if not result.right or not result.dependences:
        return [listing]
    more = len(matter) - len(rows[:shown])
    return [
        f"it reaches {counted(len(result.dependences), 'entry', 'entries')}; a single edit of "
        f"{len(matter)} of them changes the prediction",
        None if result.proven else f"of the others {NOT_ALL_TRIED}",
        listing,
        f"... and {more} more" if more else None,
    ]


def _value(share: Share) -> Value | None:
    return spelled(share.value) if isinstance(share.value, str) else share.value


def _chain(result: BlameResult) -> list[Part]:
    """The rows that fired on the way to the value that came out."""
    rows = [(f.position, f.entry, spelled(str(f.value)), f.line) for f in result.chain]
    fired = table(("position", "what fired", "gives", "line"), rows, ("position", "line"), name="fired")
    head = Heading("the rows that fired, from the tokens to the value that came out:")
    return [head, fired] if rows else [fired]


_SHARES = ("variable", "value", "share", "line")


def _account(result: BlameResult, shown: int) -> list[Part | str | None]:
    """The exact split of the logit gap; in a terminal, the strongest shares."""
    account = result.account
    if account is None:
        return [table(_SHARES, (), name="account")]
    shares = [share for share in account.shares if share.gap_float != 0]
    strongest = sorted(shares, key=lambda share: -abs(share.gap_float))[:shown]
    brief = [_share(share) for share in shares if share in strongest]
    rest = sum(share.gap_float for share in shares if share not in strongest)
    if len(shares) > len(strongest):
        brief.append((counted(len(shares) - len(strongest), "other"), None, _gap(rest), None))
    total = ("sum", None, _gap(account.gap_float), None)
    return [
        Heading(
            f"logit of {account.expected!r} less logit of {account.predicted!r}, by variable (exact: {account.gap}):"
        ),
        table(
            _SHARES,
            [*map(_share, shares), total],
            ("share", "line"),
            brief=[*brief, total],
            name="account",
        ),
        "a tie goes to the class that comes first" if account.gap_float == 0 else None,
    ]


def _share(share: Share) -> tuple[object, ...]:
    return share.variable, _value(share), _gap(share.gap_float), share.line


def _gap(gap: float) -> Cell:
    return Cell(gap, f"{gap:+.4g}")
