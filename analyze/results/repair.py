"""What `repair` did: the edits, why each, and how many predictions are wrong before and after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from analyze.record import UNTOLD, WHERE_TOLD, Record, Result
from analyze.results.checked import Checked
from analyze.results.edit_text import becomes
from tprog.ir.values import Value
from tprog.text.tokens import JOINED, Spacing

StepKind: TypeAlias = Literal[
    "predicate", "lookup", "embedding", "linear", "wiring", "readout", "self rule", "refit", "edit and refit"
]
"""What a step changes: one entry, or all weights at once, or an entry and all weights, which gain only together."""

Stopped: TypeAlias = Literal["nothing is wrong", "no edit gains", "the limit is reached", "interrupted"]


@dataclass(frozen=True)
class Figures:
    """How many predictions and inputs are wrong; a hole makes all predictions of its input wrong."""

    inputs: int
    wrong_inputs: int
    predictions: int
    wrong_predictions: int


@dataclass(frozen=True)
class Compared:
    """A program before and after, on the same inputs.

    Attributes:
        f1: before and after, of entities, where the classes are tags of spans: see `analyze.results.verify.EntityLine`.
    """

    checked: Checked
    before: Figures
    after: Figures
    f1: tuple[float, float] | None = field(default=None, metadata=WHERE_TOLD)


@dataclass(frozen=True)
class RepairEdit(Record):
    """One edit of a step.

    Attributes:
        entry: the entry in words; node, part, at and clause name it (see `tprog.ir.entry.Entry`).
        line: where it stands in the module that was read.
        edit: the change in words.
        becomes: of `edit`, what stands beside the entry; JSON tells it there.
    """

    entry: str
    node: str
    part: str
    at: tuple[Value, ...]
    line: int | None
    edit: str
    clause: tuple[int, int] | None = field(default=None, kw_only=True)
    becomes: str = field(kw_only=True, metadata=UNTOLD)

    @classmethod
    def restored(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "becomes": becomes(fields["edit"], (fields["entry"],))}


@dataclass(frozen=True)
class RepairStep:
    """One step that was taken.

    Attributes:
        edits: the entry edited, then the rows of weights that a refit changes.
        weights: how many weights a refit changes; 0 without one.
        mended, broken, net: predictions on the inputs that the step was chosen on.
        mended_inputs, broken_inputs: the inputs among them that the step makes wholly right, or no longer wholly right;
            some of them.
        chosen: the figures on those inputs after the step.
        whole: those on the whole domain, if it is enumerated.
        reason: why this step, in words.
    """

    kind: StepKind
    edits: tuple[RepairEdit, ...]
    weights: int
    mended: int
    broken: int
    net: int
    mended_inputs: tuple[tuple[str, ...], ...]
    broken_inputs: tuple[tuple[str, ...], ...]
    chosen: Figures
    whole: Figures | None
    reason: str


@dataclass(frozen=True)
class RepairResult(Result):
    """A program repaired.

    Attributes:
        chosen: the inputs that the edits were chosen on.
        rest: all other inputs, or the part of a sample that was set aside; None if there are none.
        whole: the whole domain, if it is enumerated. Besides `rest` it played one part: a step after which more of it
            would be wrong was refused.
        accepted: the inputs on which a step had to gain as well to be taken; None if there were none.
        refused: how many steps were refused because more of the whole domain would have been wrong.
        unaccepted: how many were, because they gained nothing on the inputs that steps are accepted on.
        stopped: why no further step was taken.
        diff: the change of the module, or empty.
        spaced: how inputs and answers are shown.
    """

    verb: ClassVar[str] = "repair"
    schema_version: ClassVar[int] = 2

    program: str
    task: str
    chosen: Compared
    rest: Compared | None
    whole: Compared | None
    steps: tuple[RepairStep, ...]
    refused: int
    stopped: Stopped
    diff: str
    spaced: Spacing = JOINED
    accepted: Compared | None = field(default=None, metadata=WHERE_TOLD)
    unaccepted: int = field(default=0, metadata=WHERE_TOLD)

    @property
    def wrong_inputs(self) -> int:
        """Inputs that are wrong after, of all that were looked at."""
        if self.whole is not None:
            return self.whole.after.wrong_inputs
        return sum(part.after.wrong_inputs for part in self.parts)

    @property
    def parts(self) -> tuple[Compared, ...]:
        """What was looked at beside the whole domain, each input once."""
        return tuple(part for part in (self.chosen, self.accepted, self.rest) if part is not None)

    @property
    def carries_over(self) -> bool:
        """Whether the inputs that played no part in the choice are none the worse for it."""
        rest = self.rest
        if rest is None:
            return True
        less = rest.f1 is not None and rest.f1[1] < rest.f1[0]
        return rest.after.wrong_predictions <= rest.before.wrong_predictions and not less
