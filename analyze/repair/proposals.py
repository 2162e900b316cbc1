"""What a repair may do next: mending edits of one entry, another self rule, a refit of the readout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np

from analyze.blame.effects import Effect, KnownAnswers
from analyze.blame.race import best_edits
from analyze.blame.single_edits import (
    TriedEdit,
    changed_by,
    row_trials,
    stays_exact,
    trials,
    weight_edits,
)
from analyze.blame.slice import consults, entries_at, reached_entries
from analyze.outcome import Ground, spread
from analyze.repair.pulled import pulled_refit
from analyze.repair.refit import Refit, refit
from analyze.results.repair import StepKind
from tprog.edits.edit import Change, Edit, SelfRuleEdit
from tprog.ir.program import Program
from tprog.run.batch import Batch
from tprog.run.execute import Execution, execute
from tprog.run.outcome import outcomes

Refits: TypeAlias = Literal["exact", "pulled", "none"]
"""The refit that is right on the most of the inputs chosen on (`analyze.repair.refit`), or the one that holds up on
held-out parts of them (`analyze.repair.pulled`)."""

FAILING = 16
"""Wrong inputs, evenly spaced, of which mending edits are sought."""

BEST = 12
"""Single edits that are considered, the best first."""

_RANK: dict[StepKind, int] = {"readout": 1, "refit": 2, "edit and refit": 3}


@dataclass(frozen=True, eq=False)
class Proposal:
    """A step that might be taken.

    Attributes:
        after: the program with it.
        mended, broken: predictions on the inputs chosen on.
        size: of the edit, as `Change.size`; for a refit the number of weights.
        weights: how many weights a refit changes.
        held_out: of a pulled refit, wrong predictions before it, and with one that was not fitted on them.
    """

    kind: StepKind
    changes: tuple[Change, ...]
    after: Program
    mended: int
    broken: int
    size: Fraction
    weights: int = 0
    held_out: tuple[int, int] | None = None

    @property
    def net(self) -> int:
        return self.mended - self.broken

    @property
    def key(self) -> tuple[int, int, Fraction]:
        """Less is better: the greatest net gain; then an entry before a weight before a refit; then the smaller."""
        return (-self.net, _RANK.get(self.kind, 0), self.size)


def single_edits(on: Ground) -> list[Effect]:
    """The best edits of one entry that mend some wrong prediction, whatever else they break; the best first."""
    domain = KnownAnswers(on)
    found: dict[Edit, None] = {}
    failing = np.flatnonzero(domain.wrong.any(axis=1))
    for row in failing[spread(len(failing), FAILING)].tolist():
        found.update(dict.fromkeys(_mending(on, domain, row)))
    return list(best_edits(domain, list(found), BEST).effects)


def _mending(on: Ground, domain: KnownAnswers, row: int) -> Iterator[Edit]:
    """The edits that make some wrong prediction of one input right."""
    length = int(on.batch.lengths[row])
    run = execute(on.program, Batch(on.batch.tokens[row : row + 1, :length], on.batch.lengths[row : row + 1]))
    tried = list(trials(run))
    hard = False
    for place in np.flatnonzero(domain.wrong[row]).tolist():
        wanted = int(domain.expected[row, place])
        edits: list[Edit] = [trial.edit for trial in tried if trial.outcomes[place] == wanted]
        edits += [edit for edit in weight_edits(run, place, wanted) if stays_exact(on.program, edit)]
        hard |= not edits
        yield from edits
    if hard:  # rows of several keys, where no small edit helps
        wrong = np.flatnonzero(domain.wrong[row])
        for trial in _whole_rows(run):
            if any(trial.outcomes[place] == domain.expected[row, place] for place in wrong):
                yield trial.edit


def _whole_rows(run: Execution) -> Iterator[TriedEdit]:
    reached = reached_entries(run)
    for node in run.program.nodes:
        if node.selection is not None:
            places = (p for p in range(int(run.batch.lengths[0])) if consults(run, node, p))
            for where in dict.fromkeys(e for p in places for e in entries_at(run, node, p)):
                if where in reached:
                    yield from row_trials(run, where)[0]


def proposals(on: Ground, effects: Sequence[Effect], first: bool, refits: Refits) -> list[Proposal]:
    """The steps that gain something on the inputs chosen on, the best first.

    Args:
        effects: the single edits, as `single_edits` found them.
        first: whether no step was taken before. Then, and where no single edit gains, the refit takes its time.
        refits: which refit is proposed.
    """
    found = []
    for effect in effects:
        after = changed_by(on.program, [effect.edit])
        if effect.net > 0 and after is not None:
            edit, size = effect.edit, effect.edit.size(on.program)
            found.append(Proposal(edit.kind, (edit,), after, effect.mended, effect.broken, size))
    if on.program.self_rule != "last":
        change = SelfRuleEdit("last")
        found.append(weighed(on, change.kind, (change,), change.apply(on.program), change.size(on.program)))
    if (step := _refit(on, quick=bool(found) and not first, refits=refits)) is not None:
        found.append(step)
    return sorted((step for step in found if step.net > 0), key=lambda step: step.key)


def _refit(on: Ground, quick: bool, refits: Refits) -> Proposal | None:
    """A refit of the readout as a step."""
    if refits == "pulled" and (pulled := pulled_refit(on)) is not None:
        after = changed_by(on.program, pulled.edits)
        step = (
            None
            if after is None
            else weighed(on, "refit", pulled.edits, after, Fraction(pulled.weights), pulled.weights)
        )
        return None if step is None else replace(step, held_out=pulled.held_out)
    if refits == "exact" and (fitted := refit(on, quick=quick)) is not None:
        return refitted(on, (), on.program, fitted)
    return None


def again(on: Ground, effects: Sequence[Effect]) -> list[Proposal]:
    """What single edits gain that were found on the program before another edit, weighed anew; the best first."""
    domain, found = KnownAnswers(on), []
    for edit in (effect.edit for effect in effects):
        after = changed_by(on.program, [edit])
        if after is not None:
            effect = domain.effect(edit)
            found.append(Proposal(edit.kind, (edit,), after, effect.mended, effect.broken, edit.size(on.program)))
    return sorted((step for step in found if step.net > 0), key=lambda step: step.key)


def refitted(on: Ground, before: tuple[Change, ...], program: Program, fitted: Refit) -> Proposal | None:
    """The step of some changes, which make `program`, and then a refit."""
    after = changed_by(program, fitted.edits)
    if after is None:
        return None
    kind: StepKind = "edit and refit" if before else "refit"
    size = Fraction(fitted.weights)
    return weighed(on, kind, (*before, *fitted.edits), after, size, fitted.weights)


def weighed(
    on: Ground, kind: StepKind, changes: tuple[Change, ...], after: Program, size: Fraction, weights: int = 0
) -> Proposal:
    """A step with its exact effect on the inputs chosen on."""
    assert on.expected is not None
    was = (on.outcomes == on.expected) | ~on.graded
    base = on.intact if after.self_rule == on.program.self_rule else None
    now = (outcomes(execute(after, on.batch, base=base)) == on.expected) | ~on.graded
    return Proposal(kind, changes, after, int((now & ~was).sum()), int((was & ~now).sum()), size, weights)
