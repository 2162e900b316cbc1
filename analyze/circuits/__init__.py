"""Circuits: the heads and lookups that suffice for a sub-problem, every other one fixed at a baseline.

A circuit is *sufficient* if, with all other heads and lookups ablated, every prediction of its sub-problem stays. This
is not monotone (a set may suffice where a larger one does not), and smallest sets are not unique. Reported is the
smallest of the sets found (`analyze.circuits.search`), each of them 1-minimal: no single member can be left out. Both
claims are checked on every pair of the sub-problem. On demand, that no smaller set suffices is proven
(`analyze.circuits.exact`). Embeddings are never ablated: they are what a head reads of a word.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations
from operator import and_
from typing import Protocol

from analyze.circuits.ablation import TriedSets, constants_of, resampled, trial_of
from analyze.circuits.exact import Exhausted, smaller_than
from analyze.circuits.margins import ablatable, members
from analyze.circuits.search import small_sets
from analyze.circuits.subproblem import SubProblem, select, surveyed
from analyze.dataflow import mattering
from analyze.outcome import Survey, label, node_line, survey
from analyze.results.circuits import Circuit, CircuitNode, CircuitResult, Overlap, Proof
from tprog.ir.entry import Entry
from tprog.ir.program import Program, Value
from tprog.run.execute import decode
from tprog.run.groups import tallied
from tprog.tasks.builtin import Inputs, Task
from tprog.text.describe import reading

__all__ = ["DRAWS", "Exactly", "SubProblem", "ablatable", "find_circuits", "overlaps"]

DRAWS = 7
"""Draws of other inputs behind a statistic of resampling."""


class Progress(Protocol):
    """Told which sub-problem is worked on (0-based, of how many), and of its proof which share is done."""

    def __call__(self, problem: str, index: int, count: int, share: float) -> object: ...


@dataclass(frozen=True)
class Exactly:
    """The wish for a proof that no smaller circuit suffices.

    Attributes:
        seconds: the time limit, for all sub-problems together; None: as long as it takes.
        progress: called now and then.
    """

    seconds: float | None = None
    progress: Progress | None = None


def find_circuits(
    program: Program,
    inputs: Inputs,
    problems: Sequence[SubProblem] | None = None,
    *,
    baseline: Mapping[str, Value] | None = None,
    exactly: Exactly | None = None,
    resample: int | None = None,
    lines: Mapping[Entry, int] | None = None,
    name: str | None = None,
    task: Task | None = None,
) -> CircuitResult:
    """One circuit a sub-problem.

    Args:
        inputs: where the sub-problems' pairs and the baseline come from; one input as a sub-problem need not be there.
        problems: left out: one a class that is ever predicted, in the order of the classes; with several outputs, one
            an output.
        baseline: node -> the constant that it yields when ablated; for the others, their most frequent value.
        exactly: search all smaller sets to the end, not only where that is quick. Ctrl-C then ends that search, and
            the next ones are left out.
        resample: beside it, how many predictions stay when ablated nodes are resampled with this seed.
        lines: entry -> its line in the program's file.
        name: what the result calls the program.
        task: what grades one input as a sub-problem; left out, the task that the program names.

    Raises:
        BadUsage: a sub-problem without any pair, or a baseline that is not a value of its node.
        BadInput: an input that the program cannot take.
        NotExact: logits of 2**60 and more.
    """
    on = survey(program, inputs)
    constants = constants_of(on, baseline or {})
    problems, notes = _one_each(on) if problems is None else (problems, [])
    one_each = _OneEach(on, constants, exactly, resample, task)
    found = tuple(one_each.circuit(problem, index, len(problems)) for index, problem in enumerate(problems))
    if empty := [circuit.problem for circuit in found if not circuit.members]:
        notes.append(f"{'; '.join(empty)}: the empty circuit suffices, as they stay with every head and lookup ablated")
    return CircuitResult(
        program=label(program, name),
        checked=on.checked,
        baseline=f"the most frequent value of each node over {on.checked.description}{_exceptions(baseline or {})}",
        nodes=tuple(_described(program, node, lines) for node in constants),
        circuits=found,
        notes=tuple(notes),
        overlaps=overlaps(found),
    )


def _one_each(on: Survey) -> tuple[list[SubProblem], list[str]]:
    """One sub-problem an output, if there are several: what all of them may say is one list of classes, in which a
    class says little. Else one a class that is ever predicted, in the order of the classes; and a note on the others.
    """
    if on.program.places.several:
        return [SubProblem("output", name) for name in on.program.outputs], []
    predicted = set(tallied(on.outcomes[on.graded])[0])
    words = on.program.classes
    never = [word for code, word in enumerate(words) if code not in predicted]
    problems = [SubProblem("class", word) for code, word in enumerate(words) if code in predicted]
    return problems, [f"never predicted: {', '.join(never)}"] if never else []


def _exceptions(baseline: Mapping[str, Value]) -> str:
    """The constants that were asked for, in words."""
    return f", but {', '.join(f'{node} = {value}' for node, value in baseline.items())}" if baseline else ""


def overlaps(circuits: Sequence[Circuit]) -> tuple[Overlap, ...]:
    """How far each two circuits overlap, by the index of Jaccard (1912): members of both / members of either."""
    found = []
    for (at, one), (other_at, other) in combinations(enumerate(circuits), 2):
        shared = len(set(one.members) & set(other.members))
        either = len(set(one.members) | set(other.members))
        found.append(Overlap(at, other_at, shared, either, round(shared / either, 4) if either else 1.0))
    return tuple(found)


def _described(program: Program, name: str, lines: Mapping[Entry, int] | None) -> CircuitNode:
    node = program.by_name[name]
    return CircuitNode(name, node.kind, reading(program, node), node_line(lines, name))


class _OneEach:
    """Finds one circuit after the other."""

    def __init__(
        self,
        on: Survey,
        constants: Mapping[str, int],
        exactly: Exactly | None,
        resample: int | None,
        task: Task | None,
    ) -> None:
        self.on, self.constants, self.exactly, self.resample, self.task = on, constants, exactly, resample, task
        relevant = mattering(on.program)
        self.candidates = sum(1 << place for place, node in enumerate(constants) if node in relevant)
        self.seconds_left = None if exactly is None else exactly.seconds
        self.interrupted = False

    def circuit(self, problem: SubProblem, index: int, count: int) -> Circuit:
        on = surveyed(self.on, problem, self.task)
        trial = trial_of(on, select(on, problem), self.constants, str(problem))
        sets, quick = small_sets(trial, self.candidates)
        proof = replace(_proof(quick), seconds=None) if quick.complete else None
        if self.exactly is not None and proof is None:
            sets, proof = self._proven(trial, sets, index, count, self._telling(problem, index, count))
        best, *others = sets
        statistic = None
        if self.resample is not None:
            statistic = resampled(self.on, trial, self._named(best), DRAWS, self.resample)
        kept = self._named(best)
        return Circuit(
            problem=str(problem),
            kind=problem.kind if len(problem.parts) == 1 else "several",
            value=problem.named if len({part.kind for part in problem.parts}) == 1 else str(problem),
            pairs=int(trial.pairs.sum()),
            inputs=len(trial.on.batch),
            members=kept,
            ablated=self._ablated(kept),
            alternatives=tuple(map(self._named, others)),
            core=self._named(reduce(and_, sets)),
            status="smallest" if proof is not None and proof.proven else "smallest found, 1-minimal",
            proof=proof,
            resampled=statistic,
        )

    def _ablated(self, kept: Collection[str]) -> tuple[tuple[str, Value], ...]:
        """The other nodes, each with its constant."""
        ablated = ((node, code) for node, code in self.constants.items() if node not in kept)
        return tuple((node, decode(self.on.program, node, code)) for node, code in ablated)

    def _named(self, kept: int) -> tuple[str, ...]:
        names = list(self.constants)
        return tuple(names[node] for node in members(kept))

    def _telling(self, problem: SubProblem, index: int, count: int) -> Callable[[float], object] | None:
        if self.exactly is None or self.exactly.progress is None:
            return None
        progress, said = self.exactly.progress, str(problem)
        progress(said, index, count, 0.0)
        return lambda share: progress(said, index, count, share)

    def _proven(
        self, trial: TriedSets, sets: list[int], index: int, count: int, progress: Callable[[float], object] | None
    ) -> tuple[list[int], Proof]:
        """The sets, a smaller one first if there is one, and how far it was looked for."""
        # What is left of the time is shared evenly by the sub-problems that are left.
        share = None if self.seconds_left is None else self.seconds_left / (count - index)
        seconds = 0.0 if self.interrupted else share
        limit = sets[0].bit_count()
        found = smaller_than(trial, limit, self.candidates, seconds=seconds, progress=progress)
        if self.seconds_left is not None:
            self.seconds_left = max(0.0, self.seconds_left - found.seconds)
        self.interrupted = self.interrupted or found.interrupted
        if found.smallest is not None:
            sets = [found.smallest, *sets]
        return sets, replace(_proof(found), interrupted=self.interrupted and not found.complete)


def _proof(found: Exhausted) -> Proof:
    return Proof(found.complete, found.excluded, found.sets, found.least, round(found.seconds, 1), found.interrupted)
