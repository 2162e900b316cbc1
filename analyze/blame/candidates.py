"""Effects of edits as the records of a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyze.blame.effects import Effect
from analyze.blame.suspects import Redefinition
from analyze.record import plain
from analyze.results.blame import Candidate, Suspect
from tprog.edits.entry import Entry
from tprog.ir.program import Program
from tprog.text.describe import reading


def candidate(
    program: Program,
    effect: Effect,
    wrong_before: int,
    show: Callable[[Program], str] | None,
    lines: Mapping[Entry, int] | None,
) -> Candidate:
    """An edit with its effect.

    Args:
        wrong_before: wrong predictions without any edit.
        show: makes the diff from the program after the edit; None leaves it out.
        lines: entry -> its line in the program's file.
    """
    where = effect.edit.entry
    return Candidate(
        entry=str(where),
        node=where.node,
        part=where.part,
        at=tuple(plain(value) for value in where.at),
        line=None if lines is None else lines.get(where),
        edit=effect.edit.describe(),
        kind=effect.edit.kind,
        mended=effect.mended,
        broken=effect.broken,
        net=effect.net,
        restores=effect.mended == wrong_before and not effect.broken,
        size=float(effect.edit.size(program)),
        diff="" if show is None else show(effect.edit.apply(program)),
    )


def suspect(
    program: Program,
    one: Redefinition,
    show: Callable[[Program], str] | None,
    lines: Mapping[Entry, int] | None,
) -> Suspect:
    """A redefinition, of which `show` makes the diff."""
    entries = one.entries(program)
    edits = tuple(edit.describe() for edit in one.edits)
    if one.head is not None:
        edits = (f"{one.node}: becomes {reading(one.applied(program), one.head)}",)
    return Suspect(
        node=one.node,
        line=None if lines is None or not entries else lines.get(entries[0]),
        entries=tuple((where.node, where.part, tuple(plain(value) for value in where.at)) for where in entries),
        edits=edits,
        mended=one.mended,
        broken=one.broken,
        net=one.net,
        price=one.price,
        mends=one.mends_asked,
        diff="" if show is None else show(one.applied(program)),
    )
