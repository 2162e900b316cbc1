"""The self rule: how all heads rank a match at their own position."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from tprog.edits.change import Change, Example
from tprog.ir.entry import Entry
from tprog.ir.program import Program, SelfRule


@dataclass(frozen=True)
class SelfRuleEdit(Change):
    """How all heads rank a match at their own position becomes `rule`."""

    kind = "self rule"

    rule: SelfRule

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        counts = "self rule: a match at a head's own position counts"
        return (Example(cls("match-count"), f"{counts} as a distance of the number of matches", f"{counts} last"),)

    @property
    def entry(self) -> Entry:
        return Entry("program", "self rule")

    def apply(self, program: Program) -> Program:
        return replace(program, self_rule=self.rule)

    def undo(self, program: Program) -> SelfRuleEdit:
        return SelfRuleEdit(program.self_rule)

    def becomes(self) -> str:
        how = "last" if self.rule == "last" else "as a distance of the number of matches"
        return f"a match at a head's own position counts {how}"

    def size(self, program: Program) -> Fraction:
        return Fraction(2)
