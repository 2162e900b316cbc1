"""Results as text for a terminal or a pipe: the answer first, then a short table.

Each function takes a result and returns something that rich prints. Colour never says anything that a word or a sign
does not say too, our own words are ASCII, and nothing is read as markup, so that a token ``[b]`` is itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from analyze.render.circuits import circuits_text
from analyze.render.tables import BAD, GOOD, at_line, counted, evidence, page, table, typed
from analyze.render.trace import trace_text
from analyze.results import (
    MODULE,
    BlameResult,
    CallGraphResult,
    Candidate,
    Counterexample,
    DeadResult,
    GraphEdge,
    GraphResult,
    VerifyResult,
)

__all__ = ["blame_text", "calls_text", "circuits_text", "dead_text", "graph_text", "trace_text", "verify_text"]


UNPROVEN = (
    "that no other edit does better is not proven: these did best on a part of the inputs, and were counted on all"
)
"""What blame says of candidates that were chosen on a part of the inputs."""

NOT_ALL_TRIED = "not all rows of several keys, or numbers that a lookup does not answer yet, were tried"
"""What blame says where more edits of an entry are possible than it tried."""


# Verify ###############################################################################################################


def verify_text(result: VerifyResult) -> RenderableType:
    """Whether the program is right, both accuracies, and the counterexamples."""
    wrong = result.wrong_inputs
    total = result.inputs_right + wrong
    what = f"{result.program}: wrong on {wrong:,} of {counted(total, 'input')} of the task {result.task}"
    if not wrong:
        what = f"{result.program}: right on {'all ' * (total > 1)}{counted(total, 'input')} of the task {result.task}"
    accuracy = (
        f"per token {_percent(result.tokens_right, result.tokens)}, "
        f"whole sequence {_percent(result.inputs_right, total)}; {evidence(result.checked)}"
    )
    holes = table(
        ("hole", "inputs", "smallest"),
        [(h.hole, f"{h.inputs:,}", typed(h.example)) for h in result.holes],
        ("inputs",),
    )
    listed = table(
        ("input", "expected", "got", "wrong at position"),
        [(typed(c.tokens), _graded(c, c.expected), _graded(c, c.got), _where(c)) for c in result.counterexamples],
    )
    unlisted = wrong - len(result.counterexamples)
    return page(
        what,
        BAD if wrong else GOOD,
        accuracy,
        holes if result.holes else None,
        listed if result.counterexamples else None,
        f"... and {counted(unlisted, 'more wrong input')}" if unlisted else None,
    )


def _percent(part: int, whole: int) -> str:
    """A percentage that is 100 only if nothing is missing."""
    if whole == 0:
        return "none to grade"
    shown = f"{100 * part / whole:.3f}".rstrip("0").rstrip(".")
    if shown == "100" and part < whole:
        shown = "more than 99.999"
    return f"{shown} % ({part:,} of {whole:,})"


def _graded(found: Counterexample, answers: Sequence[str | None]) -> str:
    """The answers at the graded positions, together as an output is read."""
    if found.hole is not None and answers is found.got:
        return found.hole
    graded = [
        "-" if answer is None else answer
        for answer, right in zip(answers, found.expected, strict=True)
        if right is not None
    ]
    return ("" if all(len(answer) == 1 for answer in graded) else " ").join(graded)


def _where(found: Counterexample) -> str:
    return ", ".join(map(str, found.wrong))


# Graphs ###############################################################################################################


def graph_text(result: GraphResult) -> RenderableType:
    """Who reads whom. `*` marks what is highlighted."""
    reads: dict[str, list[GraphEdge]] = {}
    for edge in result.edges:
        reads.setdefault(edge.target, []).append(edge)
    rows = []
    for node in result.nodes:
        if node.kind in ("input", "readout"):
            continue
        sources = ", ".join(f"{edge.role} {edge.source}" for edge in reads.get(node.name, ()))
        marks = "*" * node.highlighted + (" dead" if node.dead else "")
        rows.append(
            (node.name + marks, node.reading, sources, f"{node.swing:.4g}" if node.swing else "-", at_line(node.line))
        )
    count = len(rows)
    listed = table(("node", "what it does", "reads", "readout", "line"), rows, ("readout", "line"))
    marked = sum(node.highlighted and node.kind not in ("input", "readout") for node in result.nodes)
    parts = [f"* {counted(marked, 'node')} highlighted"] if result.highlighted else []
    parts += [f"{counted(len(result.dead), 'dead node')}"] if result.dead else []
    return page(
        f"{result.program}: {counted(count, 'node')}" + (f"; {result.title}" if result.title else ""),
        "bold",
        "; ".join([*parts, *([evidence(result.checked)] if result.checked else [])]),
        listed,
        "readout: the most, in logits, by which the variable can move the difference between two classes",
    )


def calls_text(result: CallGraphResult) -> RenderableType:
    """Who calls and passes whom, and where two engines differ."""
    rows = []
    for node in result.nodes:
        out = {
            kind: [e.target for e in result.edges if e.source == node.name and e.kind == kind]
            for kind in ("calls", "passes")
        }
        if any(out.values()):
            rows.append((_function(node.name), ", ".join(out["calls"]), ", ".join(out["passes"]), at_line(node.line)))
    functions = sum(node.defined and node.name != MODULE for node in result.nodes)
    listed = table(("function", "calls", "passes as an argument", "line"), rows, ("line",))
    size = f"{counted(functions, 'function')}, {counted(len(result.edges), 'edge')}"
    if result.differences is None:
        return page(f"{result.program}: {size}, found by {result.engine}", "bold", listed)
    differ = table(
        ("only found by", "from", "to", "why"),
        [(d.only, _function(d.source), _function(d.target), d.reason) for d in result.differences],
    )
    says = (
        f"the two engines differ in {counted(len(result.differences), 'edge')}"
        if result.differences
        else "the two engines agree"
    )
    return page(
        f"{result.program}: {says}; {result.engine} finds {size}",
        "bold",
        differ if result.differences else None,
        listed,
    )


def _function(name: str) -> str:
    return "(top level)" if name == MODULE else name


# Dead nodes ###########################################################################################################


def dead_text(result: DeadResult) -> RenderableType:
    """The dead nodes with their verdicts, and the set that can go together."""
    rows = []
    for node in result.dead:
        for index, verdict in enumerate(node.verdicts):
            first = (node.name, at_line(node.line)) if index == 0 else ("", "")
            rows.append(
                (
                    first[0],
                    verdict.kind,
                    verdict.evidence,
                    "every input" if verdict.proof == "static" else "inputs tried",
                    first[1],
                )
            )
    together = counted(len(result.removable), "node")
    are = "is" if len(result.dead) == 1 else "are"
    answer = f"{result.program}: {len(result.dead)} of {counted(result.nodes, 'node')} {are} dead"
    removable = ", ".join(
        f"{r.name} -> {r.mate}" if r.mate is not None else f"{r.name} = {r.constant}" for r in result.removable
    )
    return page(
        answer,
        "bold",
        evidence(result.checked),
        table(("node", "verdict", "evidence", "holds for", "line"), rows, ("line",)) if rows else None,
        f"\n{together} can be removed together, no prediction changes: {removable}" if result.removable else None,
        f"only values that occur were tried for: {', '.join(result.untried)}" if result.untried else None,
    )


# Blame ################################################################################################################


def blame_text(result: BlameResult, shown: int = 10) -> RenderableType:
    """Why a prediction is what it is: the edits that mend it, or the entries that it depends on; then the account.

    Args:
        shown: how many candidates, dependences and shares to list.
    """
    where = "the prediction" if result.position is None else f"position {result.position}"
    got = f"a hole ({result.hole})" if result.predicted is None else repr(result.predicted)
    what = f"{result.program} on {typed(result.tokens)}, {where}: predicted {got}"
    if result.expected is None:
        answer, style = what, "bold"
    elif result.right:
        answer, style = f"{what}, which is right", GOOD
    else:
        answer, style = f"{what}, expected {result.expected!r}", BAD
    others = [w for w in result.wrong if w[0] != result.position]
    also = "; ".join(
        f"position {i}: predicted {'a hole' if p is None else repr(p)}, expected {e!r}" for i, e, p in others
    )
    parts: list[RenderableType | str | None] = [f"also wrong: {also}" if also else None, *_candidates(result, shown)]
    if result.dependences:
        parts += _dependences(result, shown)
    return page(answer, style, *parts, *_account(result, shown))


def _candidates(result: BlameResult, shown: int) -> list[RenderableType | str | None]:
    if result.right:
        return []
    if not result.candidates:
        if result.proven:
            return ["no single edit of an entry makes it right"]
        return [f"no edit of one key, cell, word, read, mask or weight makes it right; {NOT_ALL_TRIED}"]
    best = result.candidates[:shown]
    rows = [
        (
            index,
            c.entry,
            at_line(c.line),
            c.edit.removeprefix(f"{c.entry}: "),
            c.mended,
            c.broken,
            f"{c.net:+d}{' all' if c.restores else ''}",
        )
        for index, c in enumerate(best, 1)
    ]
    return [
        f"{counted(result.mending, 'single edit')} would make it right; {evidence(result.checked)}, "
        f"where {counted(result.wrong_before, 'prediction')} {'is' if result.wrong_before == 1 else 'are'} wrong",
        table(("", "entry", "line", "edit", "mends", "breaks", "net"), rows, ("", "line", "mends", "breaks", "net")),
        "all: with this edit no prediction is wrong any more" if any(c.restores for c in best) else None,
        None if result.proven else UNPROVEN,
        *_diff(best[0]),
    ]


def _diff(candidate: Candidate) -> list[RenderableType]:
    """The best edit as a change of the source; `+` and `-` say what colour says too."""
    if not candidate.diff:
        return []
    lines = [Text("\nthe first edit as a change of the source:")]
    for line in candidate.diff.rstrip("\n").splitlines():
        changed = {"+": "green", "-": "red"}.get(line[:1], "")
        style = "" if line.startswith(("+++", "---")) else changed
        lines.append(Text(line, style, no_wrap=True, overflow="ignore"))  # a change that is wrapped cannot be applied
    return list(lines)


def _dependences(result: BlameResult, shown: int) -> list[RenderableType | str | None]:
    matter = [d for d in result.dependences if d.matters]
    rows = [(d.entry, at_line(d.line), d.change.removeprefix(f"{d.entry}: ")) for d in matter[:shown]]
    more = len(matter) - len(rows)
    return [
        f"it reaches {counted(len(result.dependences), 'entry', 'entries')}; a single edit of "
        f"{len(matter)} of them changes the prediction",
        None if result.proven else f"of the others {NOT_ALL_TRIED}",
        table(("entry", "line", "a change that matters"), rows, ("line",)) if rows else None,
        f"... and {more} more" if more else None,
    ]


def _account(result: BlameResult, shown: int) -> list[RenderableType | str | None]:
    """The exact split of the logit gap, the strongest shares first."""
    account = result.account
    if account is None:
        return []
    shares = [share for share in account.shares if share.gap_float != 0]
    strongest = sorted(shares, key=lambda share: -abs(share.gap_float))[:shown]
    rows = [(s.variable, s.value, f"{s.gap_float:+.4g}", at_line(s.line)) for s in shares if s in strongest]
    rest = sum(share.gap_float for share in shares if share not in strongest)
    if len(shares) > len(strongest):
        rows.append((counted(len(shares) - len(strongest), "other"), "", f"{rest:+.4g}", ""))
    rows.append(("sum", "", f"{account.gap_float:+.4g}", ""))
    return [
        f"\nlogit of {account.expected!r} less logit of {account.predicted!r}, by variable (exact: {account.gap}):",
        table(("variable", "value", "share", "line"), rows, ("share", "line")),
        "a tie goes to the class that comes first" if account.gap_float == 0 else None,
    ]
