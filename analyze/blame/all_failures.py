"""Blame of all failures at once: which entries, edited, mend how many, and which failing inputs belong together.

Each small edit of each entry that a failing input reaches is executed on the failing inputs, once for all of them, and
each weight is bent by every amount that mends something. The order is that of `analyze.blame`; the edits are counted on
the other inputs in the order of the most that they may still gain, until the best edit is known of every failing input
and of as many entries as are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyze.blame.candidates import Blamed, candidate
from analyze.blame.effects import order_key
from analyze.blame.joint_search import BestOfEach, JointSearch
from analyze.blame.presentation import PLAIN, Presentation
from analyze.blame.responsibility import annotate_all
from analyze.blame.working_set import effects_over_all, hold
from analyze.outcome import checked_on, label
from analyze.results.blame import BlameAllResult, Bucket, VerifiedOn
from tprog.edits.edit import Edit
from tprog.errors import BadUsage
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.run.batch import Bools
from tprog.run.execute import predict
from tprog.run.outcome import wrong_at
from tprog.tasks.builtin import Inputs
from tprog.text.tokens import spacing

LIMIT = 20
"""Entries reported unless told otherwise."""

SEARCHED = 1000
"""Failing inputs on which edits are looked for: all of them, or so many that are evenly spread."""

SHOWN = 5
"""Inputs named of each bucket."""


def blame_all(
    program: Program,
    inputs: Inputs,
    *,
    limit: int = LIMIT,
    shown: Presentation = PLAIN,
    verify_on: Inputs | None = None,
) -> BlameAllResult:
    """Which entries are to blame for the failures of a program.

    Args:
        inputs: with right answers.
        limit: the most entries reported.
        shown: how the program is shown; of each entry, the diff of its best edit.
        verify_on: other inputs with right answers, on which each edit that is reported is counted as well.

    Raises:
        BadUsage: no right answers are known.
    """
    return all_explained(program, inputs, limit, shown, verify_on).result


def all_explained(
    program: Program, inputs: Inputs, limit: int, shown: Presentation, verify_on: Inputs | None
) -> Blamed[BlameAllResult]:
    """As `blame_all`, with the edits themselves."""
    if inputs.expected is None:
        raise BadUsage("nothing says what is right: the program names no task; name one with --task")
    held = hold(program, inputs)
    search = JointSearch(held.on, SEARCHED)
    best = BestOfEach(search, limit)
    effects = best.ranked
    if not held.whole:
        effects = effects_over_all(held, [effect.edit for effect in effects])
        effects.sort(key=lambda effect: order_key(program, effect))
    edits = [effect.edit for effect in effects]
    made = [candidate(program, effect, held.wrong, shown) for effect in effects]
    entries = shown.with_diffs(program, zip(made, edits, strict=True))
    verified = None
    if verify_on is not None:
        verified, counts = _verified(program, verify_on, edits)
        entries = tuple(replace(entry, verified=both) for entry, both in zip(entries, counts, strict=True))
    buckets = _buckets(search, best.top, shown)
    result = BlameAllResult(
        program=label(program, shown.name),
        checked=checked_on(inputs),
        wrong_inputs=held.failing,
        wrong=held.wrong,
        searched=len(search.rows),
        tried=len(search.contenders),
        unmended=sum(edit is None for edit in best.top),
        entries=entries,
        buckets=buckets,
        proven=best.proven and held.whole and len(search.rows) == held.failing,
        source=None if shown.text is None else annotate_all(label(program, shown.name), shown.text, entries, buckets),
        spaced=spacing(program),
        sources=program.sources,
        verified_on=verified,
    )
    return Blamed(program, result, dict(zip(entries, edits, strict=True)))


def _verified(program: Program, inputs: Inputs, edits: Sequence[Edit]) -> tuple[VerifiedOn, list[tuple[int, int]]]:
    """What is wrong on other inputs, and how many predictions each edit mends and breaks there."""
    if (expected := inputs.expected) is None:
        raise BadUsage(f"nothing says what is right on {inputs.description}, so no edit can be verified there")

    def wrong(edited: Program) -> Bools:
        predictions, lost = predict(edited, inputs.batch)
        return wrong_at(predictions, lost, expected)

    before = wrong(program)
    counts = []
    for edit in edits:
        after = wrong(edit.apply(program))
        counts.append((int((before & ~after).sum()), int((after & ~before).sum())))
    return VerifiedOn(checked_on(inputs), int(before.sum())), counts


def _buckets(search: JointSearch, top: Sequence[Edit | None], shown: Presentation) -> tuple[Bucket, ...]:
    """The failing inputs by the entry of their best edit, the fullest bucket first; those without an edit last."""
    batch, program = search.on.batch, search.on.program
    groups: dict[Entry | None, list[int]] = {}
    for index, edit in enumerate(top):
        groups.setdefault(None if edit is None else edit.entry, []).append(int(search.rows[index]))
    found = [
        Bucket(
            entry=None if where is None else str(where),
            node=None if where is None else where.node,
            line=shown.line(where),
            inputs=len(rows),
            examples=tuple(tuple(batch.words(program, row)) for row in rows[:SHOWN]),
        )
        for where, rows in groups.items()
    ]
    return tuple(sorted(found, key=lambda bucket: (bucket.entry is None, -bucket.inputs)))
