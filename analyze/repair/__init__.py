"""Repair: edits, one at a time, each the best net gain, until nothing is wrong or no edit gains.

Each step is chosen on stated inputs, a training split or the whole domain, and evaluated on the others. Tried are the
edits of one entry that mend some wrong prediction (`analyze.repair.proposals`), another self rule, and a refit of the
readout, which is convex (`analyze.repair.refit`); where none of them gains, an edit together with a refit
(`analyze.repair.lookahead`). Of what was tried, the step with the greatest net gain on the inputs chosen on is taken,
unless more of the whole domain were wrong with it, or the inputs that steps are accepted on did not gain too: then the
next best.

The sentences of a corpus stand for others like them, so what suits them alone is not wanted (`Division.for_others`):
there the refit is one whose pull to the old weights is chosen on held-out halves of them (`analyze.repair.pulled`), any
other step has to gain on both halves, and none is taken together with a refit. Where other sentences accept steps,
these decide instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from analyze.outcome import checked_on, entry_line, ground, label
from analyze.repair.division import Division, Verdicts, divide, f1, judge, some
from analyze.repair.lookahead import pairs
from analyze.repair.proposals import Proposal, Refits, again, proposals, single_edits
from analyze.results.repair import Compared, RepairEdit, RepairResult, RepairStep, Stopped
from tprog.edits.edit import Change
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.tasks.builtin import Inputs
from tprog.text.tokens import spacing

__all__ = ["LIMIT", "Division", "Repaired", "divide", "repair"]

LIMIT = 40
"""Steps taken unless told otherwise."""

SINGLE = ("predicate", "lookup", "embedding", "linear", "wiring", "readout")
"""The kinds of steps that edit one entry."""

SHOWN = 3
"""Inputs named for each step."""


@dataclass(frozen=True, eq=False)
class Repaired:
    """A repaired program, and what was done to it."""

    program: Program
    result: RepairResult


def repair(
    program: Program,
    inputs: Division,
    *,
    limit: int = LIMIT,
    show: Callable[[Program], str] | None = None,
    lines: Mapping[Entry, int] | None = None,
    name: str | None = None,
    progress: Callable[[str], object] | None = None,
) -> Repaired:
    """A program with fewer wrong predictions, and how it came about. Ctrl-C ends the search and keeps what was found.

    Args:
        inputs: see `divide`.
        limit: the most steps.
        show: makes the diff of the result from the repaired program.
        lines: entry -> its line in the program's file.
        name: what the result calls the program.
        progress: called with what is being done, in words.
    """
    search = _Search(program, inputs, lines, progress or (lambda words: None))
    stopped: Stopped = "the limit is reached"
    try:
        while len(search.steps) < limit and search.chosen.wrong.any():
            if not search.advance(limit):
                stopped = "no edit gains"
                break
        if not search.chosen.wrong.any():
            stopped = "nothing is wrong"
    except KeyboardInterrupt:
        stopped = "interrupted"
    return Repaired(search.program, _told(search, program, stopped, show, name))


class _Search:
    """The program as repaired so far, and the steps that led to it."""

    def __init__(
        self,
        program: Program,
        inputs: Division,
        lines: Mapping[Entry, int] | None,
        progress: Callable[[str], object],
    ) -> None:
        self.program, self.inputs, self.lines, self.progress = program, inputs, lines, progress
        self.steps: list[RepairStep] = []
        self.refused = self.unaccepted = 0
        self.asks_pulled = True  # until held-out inputs ask for no refit
        self.on = ground(program, inputs.chosen)
        self.chosen = Verdicts.of(self.on)
        self.whole = None if inputs.whole is None else judge(program, inputs.whole)
        self.accepted = None if inputs.accepted is None else judge(program, inputs.accepted)

    def advance(self, limit: int) -> bool:
        """Take the best step that gains, if there is one.

        After a single edit the others that were found with it are weighed anew, and taken as long as one of them
        gains: finding them is most of the work.
        """
        wrong = f"step {len(self.steps) + 1}: {self.chosen.figures.wrong_predictions:,} predictions wrong"
        self.progress(f"{wrong}, trying single edits")
        on = self.on
        effects = single_edits(on)
        steps = proposals(on, effects, first=not self.steps, refits=self._refits)
        self.asks_pulled &= any(step.kind == "refit" for step in steps)
        if self._take(steps):
            while self.steps[-1].kind in SINGLE and len(self.steps) < limit and self.chosen.wrong.any():
                self.progress(f"step {len(self.steps) + 1}: weighing the other edits anew")
                if not self._take(again(self.on, effects)):
                    break
            return True
        if self.inputs.for_others:
            return False
        self.progress(f"{wrong}, trying edits together with a refit")
        return any(self._take(sorted(steps, key=lambda step: step.key)) for steps in pairs(on, effects))

    @property
    def _refits(self) -> Refits:
        """The refit that may come next. A pulled one once only, as held-out inputs tell nothing of a second; and where
        they ask for none, an edit of one entry does not make them."""
        if not self.inputs.for_others:
            return "exact"
        return "pulled" if self.asks_pulled and all(step.kind != "refit" for step in self.steps) else "none"

    def _take(self, steps: Iterable[Proposal]) -> bool:
        for step in steps:
            whole = None if self.inputs.whole is None else judge(step.after, self.inputs.whole)
            if whole is not None and self.whole is not None and not whole.no_worse_than(self.whole):
                self.refused += 1
                continue
            accepted = None if self.inputs.accepted is None else judge(step.after, self.inputs.accepted)
            if accepted is not None and self.accepted is not None and not accepted.better_than(self.accepted):
                self.unaccepted += 1
                continue
            on = self.on.after(step.after)
            chosen = Verdicts.of(on)
            if self.inputs.for_others and step.held_out is None and not chosen.better_on_halves(self.chosen):
                self.unaccepted += 1
                continue
            self.steps.append(self._told(step, chosen, whole))
            self.program, self.on, self.chosen, self.whole, self.accepted = step.after, on, chosen, whole, accepted
            return True
        return False

    def _told(self, step: Proposal, chosen: Verdicts, whole: Verdicts | None) -> RepairStep:
        mended = some(self.chosen.failing & ~chosen.failing, SHOWN)
        broken = some(chosen.failing & ~self.chosen.failing, SHOWN)
        words = self.inputs.chosen.batch.words
        return RepairStep(
            kind=step.kind,
            edits=tuple(_edit(self.program, change, self.lines) for change in step.changes),
            weights=step.weights,
            mended=step.mended,
            broken=step.broken,
            net=step.net,
            mended_inputs=tuple(tuple(words(self.program, row)) for row in mended.tolist()),
            broken_inputs=tuple(tuple(words(self.program, row)) for row in broken.tolist()),
            chosen=chosen.figures,
            whole=None if whole is None else whole.figures,
            reason=_reason(step),
        )


def _edit(program: Program, change: Change, lines: Mapping[Entry, int] | None) -> RepairEdit:
    where = change.entry
    return RepairEdit(
        entry=str(where),
        node=where.node,
        part=where.part,
        clause=where.clause,
        at=where.at,
        line=entry_line(lines, where),
        edit=change.told(program),
        becomes=change.beside_entry(program),
    )


def _reason(step: Proposal) -> str:
    """Why a step was taken, in words."""
    effect = f"mends {step.mended:,} and breaks {step.broken:,}"
    match step.kind:
        case "refit" if step.held_out is not None:
            before, after = step.held_out
            return f"new weights near the old ones: {effect}; held-out ones would go from {before:,} wrong to {after:,}"
        case "refit":
            return f"new weights near the old ones: {effect}, more than any single edit"
        case "edit and refit":
            return f"no single edit and no refit gains; the two together: {effect}"
        case "self rule":
            return f"a match at a head's own position counts last: {effect}"
        case _:
            return effect


def _told(
    search: _Search, before: Program, stopped: Stopped, show: Callable[[Program], str] | None, name: str | None
) -> RepairResult:
    inputs = search.inputs

    def compared(on: Inputs | None) -> Compared | None:
        if on is None:
            return None
        checked = checked_on(on)
        figures = judge(before, on).figures, judge(search.program, on).figures
        scores = f1(before, on), f1(search.program, on)
        return Compared(checked, *figures, None if scores[0] is None or scores[1] is None else (scores[0], scores[1]))

    chosen = compared(inputs.chosen)
    assert chosen is not None
    return RepairResult(
        program=label(before, name),
        task=before.task or "",
        chosen=chosen,
        rest=compared(inputs.rest),
        whole=compared(inputs.whole),
        accepted=compared(inputs.accepted),
        steps=tuple(search.steps),
        refused=search.refused,
        unaccepted=search.unaccepted,
        stopped=stopped,
        diff="" if show is None or not search.steps else show(search.program),
        spaced=spacing(before),
    )
