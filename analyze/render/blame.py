"""The text of `blame`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from analyze.render.annotated import Html, diff_lines, html_page, paragraph, source_html, source_text, table_html
from analyze.render.tables import BAD, GOOD, at_line, counted, evidence, page, shorten, table, typed
from analyze.render.written import written, written_html
from analyze.results.blame import Account, BlameResult, Candidate, Share, Suspect
from tprog.escape import html_text, spelled
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


def blame_text(result: BlameResult, shown: int = 10, number: int = 1) -> RenderableType:
    """Why a prediction is what it is: the edits that mend it, or the entries that it depends on; then the account.

    Args:
        shown: how many candidates, dependences and shares to list.
        number: of which edit of the list to show the change of the source.
    """
    parts: list[RenderableType | str | None] = [_also_wrong(result)]
    parts += [*_suspects(result, shown, number), *_candidates(result, shown, number)]
    if result.right and result.dependences:
        parts += _dependences(result, shown)
    parts.append(written(result.sources, _shown_nodes(result, shown)))
    parts += _account(result, shown)
    if not result.right and result.dependences:
        parts.append(_slice(result))
    if result.source is not None:
        parts += ["\nthe module, with what this prediction consults:", Text(""), source_text(result.source, AROUND)]
    return page(*_answer(result), *parts)


def _shown_nodes(result: BlameResult, shown: int) -> set[str]:
    """The nodes of the edits or dependences that are listed."""
    matter = [one for one in result.dependences if one.matters]
    return {one.node for one in (matter[:shown] if result.right else listed(result, shown))}


def _answer(result: BlameResult) -> tuple[str, str]:
    """What was predicted and what is right, and its style."""
    where = "the prediction" if result.position is None else _place(result.position, result.output)
    got = f"a hole ({result.hole})" if result.predicted is None else repr(result.predicted)
    what = f"{result.program} on {typed(result.tokens, result.spaced.inputs)}, {where}: predicted {got}"
    if result.expected is None:
        return what, "bold"
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


def blame_html(result: BlameResult, shown: int = 10) -> Html:
    """The same as a page that stands alone, with the whole module."""
    where = "" if result.position is None else f", {_place(result.position, result.output)}"
    answer = f"predicted {result.predicted!r}" + ("" if result.right else f", expected {result.expected!r}")
    parts = [paragraph(f"{typed(result.tokens, result.spaced.inputs)}{where}: {answer}; {evidence(result.checked)}")]
    if result.candidates:
        rows = [(c.entry, c.line, c.becomes, c.mended, c.broken, c.net) for c in result.candidates[:shown]]
        parts += ["<h2>Edits that make it right</h2>", table_html(EDITS, rows)]
    if result.account is not None:
        parts += _account_html(result.account)
    if result.chain:
        fired = [(f.position, f.entry, spelled(str(f.value)), f.line) for f in result.chain]
        parts += ["<h2>The rows that fired</h2>", table_html(_CHAIN, fired)]
    parts += written_html(result.sources, _shown_nodes(result, len(result.candidates)))
    if result.source is not None:
        parts += ["<h2>Source</h2>", source_html(result.source)]
    return html_page(f"Blame in {result.program}", *parts)


def _account_html(account: Account) -> list[str]:
    shares = [(s.variable, _value(s), s.gap_float, s.line) for s in account.shares if s.gap_float != 0]
    heading = f"<h2>Logit of {html_text(account.expected)} less logit of {html_text(account.predicted)}</h2>"
    rows = [*shares, ("sum", "", account.gap_float, None)]
    return [heading, table_html(("variable", "value", "share", "line"), rows)]


def _slice(result: BlameResult) -> str:
    """The dynamic slice of a wrong prediction, in a line."""
    lines = sorted({d.line for d in result.dependences if d.line is not None})
    at = f", in lines {shorten(ranges(lines))}" if lines else ""
    return f"\nit depends on {counted(len(result.dependences), 'entry', 'entries')} of the program{at}"


def ranges(lines: Sequence[int]) -> str:
    """Ascending numbers as ``1-3, 7``."""
    found: list[list[int]] = []
    for line in lines:
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def _candidates(result: BlameResult, shown: int, number: int) -> list[RenderableType | str | None]:
    if result.right:
        return []
    if not result.candidates:
        if result.proven:
            return ["no single edit of an entry makes it right"]
        return [f"no edit of one key, cell, word, read, mask or weight makes it right; {NOT_ALL_TRIED}"]
    best = result.candidates[:shown]
    first = len(listed(result, shown)) - len(best) + 1
    rows = [(index, *_candidate(found)) for index, found in enumerate(best, first)]
    return [
        f"{counted(result.mending, 'single edit')} would make it right; {evidence(result.checked)}, "
        f"where {counted(result.wrong_before, 'prediction')} {'is' if result.wrong_before == 1 else 'are'} wrong",
        table(("", *EDITS), rows, ("", "line", "mends", "breaks", "net")),
        "all: with this edit no prediction is wrong any more" if any(c.restores for c in best) else None,
        None if result.proven else UNPROVEN,
        *(diff_text(best[number - first].diff, number) if first <= number < first + len(best) else []),
    ]


def _candidate(found: Candidate) -> tuple[object, ...]:
    net = f"{found.net:+d}{' all' if found.restores else ''}"
    return found.entry, at_line(found.line), found.becomes, found.mended, found.broken, net


def _suspects(result: BlameResult, shown: int, number: int) -> list[RenderableType | str | None]:
    """What explains the failures where no single edit mends them all."""
    if not result.suspects:
        return []
    rows = [
        (
            index,
            one.node,
            at_line(one.line),
            "; ".join(one.becomes),
            one.mended,
            one.broken,
            f"{one.net:+d}{'' if one.mends else ' *'}",
        )
        for index, one in enumerate(result.suspects[: min(shown, SUSPECTS)], 1)
    ]
    here = any(not one.mends for one in result.suspects[: len(rows)])
    return [
        f"no single edit makes all predictions right; where to look first, on {counted(result.looked_at, 'input')}:",
        table(("", "node", "line", "changes", "mends", "breaks", "net"), rows, ("", "line", "mends", "breaks", "net")),
        "*: leaves this prediction wrong" if here else None,
        *(diff_text(result.suspects[number - 1].diff, number) if number <= len(rows) else []),
        "",
    ]


def diff_text(diff: str, number: int = 1) -> list[RenderableType]:
    """One edit of a list as a change of the source."""
    if not diff:
        return []
    which = "the first edit" if number == 1 else f"edit {number}"
    return [Text(f"\n{which} as a change of the source:"), *diff_lines(diff)]


def _dependences(result: BlameResult, shown: int) -> list[RenderableType | str | None]:
    matter = [d for d in result.dependences if d.matters]
    rows = [(d.entry, at_line(d.line), d.becomes) for d in matter[:shown]]
    more = len(matter) - len(rows)
    return [
        f"it reaches {counted(len(result.dependences), 'entry', 'entries')}; a single edit of "
        f"{len(matter)} of them changes the prediction",
        None if result.proven else f"of the others {NOT_ALL_TRIED}",
        table(("entry", "line", "a change that matters"), rows, ("line",)) if rows else None,
        f"... and {more} more" if more else None,
    ]


def _value(share: Share) -> Value | None:
    return spelled(share.value) if isinstance(share.value, str) else share.value


_CHAIN = ("position", "what fired", "gives", "line")


def _chain(result: BlameResult) -> list[RenderableType | str | None]:
    """The rows that fired on the way to the value that came out."""
    if not result.chain:
        return []
    rows = [(f.position, f.entry, spelled(str(f.value)), at_line(f.line)) for f in result.chain]
    head = "\nthe rows that fired, from the tokens to the value that came out:"
    return [head, table(_CHAIN, rows, ("position", "line"))]


def _account(result: BlameResult, shown: int) -> list[RenderableType | str | None]:
    """The exact split of the logit gap, the strongest shares first."""
    account = result.account
    if account is None:
        return _chain(result)
    shares = [share for share in account.shares if share.gap_float != 0]
    strongest = sorted(shares, key=lambda share: -abs(share.gap_float))[:shown]
    rows = [(s.variable, _value(s), f"{s.gap_float:+.4g}", at_line(s.line)) for s in shares if s in strongest]
    rest = sum(share.gap_float for share in shares if share not in strongest)
    if len(shares) > len(strongest):
        rows.append((counted(len(shares) - len(strongest), "other"), "", f"{rest:+.4g}", ""))
    rows.append(("sum", "", f"{account.gap_float:+.4g}", ""))
    return [
        f"\nlogit of {account.expected!r} less logit of {account.predicted!r}, by variable (exact: {account.gap}):",
        table(("variable", "value", "share", "line"), rows, ("share", "line")),
        "a tie goes to the class that comes first" if account.gap_float == 0 else None,
    ]
