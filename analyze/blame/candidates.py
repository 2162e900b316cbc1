"""Effects of edits as the records of a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from analyze.blame.effects import Effect
from analyze.blame.presentation import Presentation
from analyze.blame.suspects import Redefinition
from analyze.results.blame import BlameAllResult, BlameResult, Candidate, Suspect
from tprog.edits.edit import Edit
from tprog.ir.program import Program
from tprog.text.describe import reading

Told = TypeVar("Told", BlameResult, BlameAllResult)


@dataclass(frozen=True, eq=False)
class Blamed(Generic[Told]):
    """What blame says of a program, and the edits that it speaks of.

    Attributes:
        changes: each edit that the result lists -> that edit.
    """

    program: Program
    result: Told
    changes: Mapping[Candidate | Suspect, Edit | Redefinition]

    def after(self, listed: Candidate | Suspect) -> Program:
        """The program after an edit of the result."""
        return self.changes[listed].apply(self.program)


def candidate(program: Program, effect: Effect, wrong_before: int, shown: Presentation) -> Candidate:
    """An edit with its effect; its diff is not made yet.

    Args:
        wrong_before: wrong predictions without any edit.
    """
    edit, where = effect.edit, effect.edit.entry
    return Candidate(
        entry=str(where),
        node=where.node,
        part=where.part,
        clause=where.clause,
        at=where.at,
        line=shown.line(where),
        edit=edit.describe(),
        kind=edit.kind,
        mended=effect.mended,
        broken=effect.broken,
        net=effect.net,
        restores=effect.restores(wrong_before),
        size=float(edit.size(program)),
        diff="",
        becomes=edit.becomes(),
    )


def suspect(program: Program, one: Redefinition, shown: Presentation) -> Suspect:
    """A redefinition; its diff is not made yet."""
    entries = one.entries(program)
    edits = tuple(edit.describe() for edit in one.edits)
    changed = tuple(_in_its_node(edit) for edit in one.edits)
    if one.head is not None:
        changed = (f"becomes {reading(one.apply(program), one.head)}",)
        edits = (f"{one.node}: {changed[0]}",)
    return Suspect(
        node=one.node,
        line=shown.line(entries[0] if entries else None),
        entries=tuple((where.node, where.part, where.at) for where in entries),
        edits=edits,
        mended=one.mended,
        broken=one.broken,
        net=one.net,
        price=one.price,
        mends=one.mends_asked,
        diff="",
        becomes=changed,
    )


def _in_its_node(edit: Edit) -> str:
    """What an edit says where its node is named already."""
    within = edit.entry.within
    return f"{within}: {edit.becomes()}" if within else edit.becomes()
