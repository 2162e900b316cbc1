"""What `fuzz` found: failing inputs in buckets, and the smallest of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from analyze.record import UNTOLD, Record, Result
from analyze.results.checked import Checked
from analyze.results.edit_text import becomes
from tprog.ir.places import ByOutput
from tprog.text.tokens import JOINED, Spacing

OracleKind = Literal["answers", "program", "relations"]
BucketKind = Literal["line", "no edit", "not blamed", "hole", "variable", "relation"]


@dataclass(frozen=True)
class Failure:
    """One failing input.

    Attributes:
        tokens: the whole input.
        relation: the name of the relation that is broken, else None.
        follow_up: the whole input that the relation makes of it, else None.
        expected: what is right, what the other program answers, or what the relation asks for: at each position of
            the input (with a relation: of the follow-up), None where nothing is said; empty if the other program has
            no answer.
        got: the answers there, None where the output is forced; all None at a hole.
        wrong: the positions at which they differ. Each of the three is by output where there are several.
        hole: the hole that the program reaches, or None.
    """

    tokens: tuple[str, ...]
    relation: str | None
    follow_up: tuple[str, ...] | None
    expected: ByOutput[str | None]
    got: ByOutput[str | None]
    wrong: ByOutput[int]
    hole: str | None


@dataclass(frozen=True)
class Bucket(Record):
    """Failing inputs that belong together.

    Attributes:
        kind: ``line``: the same top blamed line; ``no edit``: no single edit mends them; ``not blamed``: beyond the
            limit; ``hole``: the same hole; ``variable``: the same first variable in which two programs part;
            ``relation``: the same relation and position.
        what: the entry that is blamed, the hole, the variable, or the relation and position.
        line: where the entry stands, if the program has a file.
        edit: the best edit of a blamed entry, in words, else empty.
        failures: how many inputs are known to belong here.
        alike: how many more, which were not blamed, the edit of this bucket mends as well at their first wrong
            position; each counted once, at the edit with the best net effect.
        smallest: the smallest of them that is known.
        proven: whether no smaller input belongs here: none that is shorter, and none as long that comes before it in
            the order of the symbols.
        how: how the smallest was found, in words.
        becomes: of `edit`, what stands beside `what`; JSON tells it there.
    """

    kind: BucketKind
    what: str
    line: int | None
    edit: str
    failures: int
    alike: int
    smallest: Failure
    proven: bool
    how: str
    becomes: str = field(kw_only=True, metadata=UNTOLD)

    @classmethod
    def restored(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "becomes": becomes(fields["edit"], (fields["what"],))}


@dataclass(frozen=True)
class RelationCount:
    """A relation, and how many of the inputs tried break it, alone or beside others."""

    name: str
    statement: str
    failures: int


@dataclass(frozen=True)
class FuzzResult(Result):
    """Inputs tried against an oracle.

    Attributes:
        oracle: ``answers``: of the task; ``program``: another one; ``relations``: see `analyze.fuzz.relations`.
        against: what was compared with, in words.
        relations: those that were tried.
        checked: the inputs that were tried.
        failing: how many of them fail.
        known, known_failing: inputs that failed in an earlier run and were tried first, and how many still fail.
        first_at: after how many inputs, those known before not counted, the first failing one was found; None: there
            is none.
        not_blamed: how many failures were not blamed, being beyond the limit, those that are alike counted.
        buckets: the largest first.
        stopped: whether it was stopped before all were tried.
        notes: what else is to be said.
        spaced: how inputs and answers are shown.
    """

    verb: ClassVar[str] = "fuzz"

    program: str
    oracle: OracleKind
    against: str
    relations: tuple[RelationCount, ...]
    checked: Checked
    failing: int
    known: int
    known_failing: int
    first_at: int | None
    not_blamed: int
    buckets: tuple[Bucket, ...]
    stopped: bool
    notes: tuple[str, ...]
    spaced: Spacing = JOINED
