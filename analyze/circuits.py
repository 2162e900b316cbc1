"""Circuits: the heads and lookups that suffice for a sub-problem, every other one fixed at a baseline.

A circuit is *sufficient* if, with all other heads and lookups ablated, every prediction of its sub-problem stays. This
is not monotone (a set may suffice where a larger one does not), and smallest sets are not unique. Reported is the
smallest of the sets found by several orders of elimination, each of them 1-minimal: no single member can be left out.
Both claims are checked on every pair of the sub-problem. Embeddings are never ablated: they are what a head reads of a
word.

How: a few inputs stand for all while members are eliminated. The set that is left is then checked on all; where it
fails, failing inputs join the few and the elimination is repeated. A removal that fails on the few fails on all, so
the set that passes in the end is 1-minimal on all.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from analyze.dataflow import READOUT, reaching, swing
from analyze.outcome import Ground, Rows, ground, kind_of, label, node_line, outcomes, spread, take
from analyze.record import plain
from analyze.results import Circuit, CircuitNode, CircuitResult
from tprog.batch import Array, Bools, encode
from tprog.entry import Entry
from tprog.errors import BadUsage
from tprog.execute import Execution, decode, execute
from tprog.program import Embedding, Program, Symbols, Value
from tprog.reading import reading
from tprog.tasks import UNGRADED, Inputs, Task, task_of

ProblemKind: TypeAlias = Literal["class", "position", "token", "input", "all"]

_FIRST_FEW = 64
"""Inputs that stand for all before any has refuted a set."""

_REFUTING = 32
"""The most inputs that one failed check adds to the few."""

_CHECKED_AT_ONCE = 4096
"""Inputs of the full check executed at once, so that a set that fails is given up early."""

_SHUFFLES = 2
"""Random orders of elimination, beside the four planned ones."""


@dataclass(frozen=True)
class SubProblem:
    """A set of predictions, as (input, position) pairs; ungraded ones and inputs that reach a hole are left out.

    Attributes:
        kind: ``class``: where the intact program predicts it; ``position``: at it (0-based); ``token``: where it stands
            (pooled: on inputs that hold it); ``input``: on one input; ``all``.
        value: the class, position, token or whole token sequence.
    """

    kind: ProblemKind
    value: str | int | tuple[str, ...] = ()

    def __str__(self) -> str:
        match self.kind:
            case "class":
                return f"predictions of {self.value!r}"
            case "position":
                return f"predictions at position {self.value}"
            case "token":
                return f"predictions at token {self.value!r}"
            case "input":
                assert isinstance(self.value, tuple)
                return f"predictions on {' '.join(self.value)}"
            case "all":
                return "all predictions"


def find_circuits(
    program: Program,
    inputs: Inputs,
    problems: Sequence[SubProblem] | None = None,
    *,
    baseline: Mapping[str, Value] | None = None,
    lines: Mapping[Entry, int] | None = None,
    name: str | None = None,
    task: Task | None = None,
) -> CircuitResult:
    """One circuit a sub-problem.

    Args:
        inputs: where the sub-problems' pairs and the baseline come from; one input as a sub-problem need not be there.
        problems: left out: one a class that is ever predicted, in the order of the classes.
        baseline: node -> the constant that it yields when ablated; for the others, their most frequent value.
        lines: entry -> its line in the program's file.
        name: what the result calls the program.
        task: what grades one input as a sub-problem; left out, the task that the program names.

    Raises:
        BadUsage: a sub-problem without any pair, or a baseline that is not a value of its node.
        BadInput: an input that the program cannot take.
    """
    on = ground(program, inputs)
    constants = {node: _baseline(on, node, baseline or {}) for node in ablatable(program)}
    for asked in baseline or {}:
        if asked not in constants:
            raise BadUsage(f"the baseline names {asked!r}, which is no head or lookup of the program")
    notes: list[str] = []
    if problems is None:
        predicted = set(np.unique(on.outcomes[on.graded]).tolist())
        problems = [SubProblem("class", word) for code, word in enumerate(program.classes) if code in predicted]
        if never := [word for code, word in enumerate(program.classes) if code not in predicted]:
            notes.append(f"never predicted: {', '.join(never)}")
    found = tuple(_circuit(on, problem, constants, task) for problem in problems)
    notes += [
        f"{circuit.problem}: the empty circuit suffices, as they stay with every head and lookup ablated"
        for circuit in found
        if not circuit.members
    ]
    named = f", but {', '.join(f'{n} = {plain(v)}' for n, v in baseline.items())}" if baseline else ""
    return CircuitResult(
        program=label(program, name),
        checked=on.checked,
        baseline=f"the most frequent value of each node over {on.checked.description}{named}",
        nodes=tuple(_described(program, node, lines) for node in constants),
        circuits=found,
        notes=tuple(notes),
    )


def _described(program: Program, name: str, lines: Mapping[Entry, int] | None) -> CircuitNode:
    node = program.by_name[name]
    return CircuitNode(name, kind_of(node), reading(program, node), node_line(lines, name))


def ablatable(program: Program) -> list[str]:
    """The heads and lookups, in execution order."""
    return [node.name for node in program.nodes if not isinstance(node, Embedding)]


def _baseline(on: Ground, node: str, named: Mapping[str, Value]) -> int:
    """The code (or numerator) that an ablated node yields."""
    if node not in named:
        return on.mode(node)
    domain, value = on.program.variables[node].domain, named[node]
    if isinstance(domain, Symbols):
        if value in domain.codes:
            return domain.codes[value]
    elif not isinstance(value, str) and domain.low <= value <= domain.high and not value * domain.denominator % 1:
        return int(value * domain.denominator)
    raise BadUsage(f"the baseline {value!r} is not a value of {node!r}")


def select(on: Ground, problem: SubProblem) -> Bools:
    """[input, place]: the pairs of a sub-problem.

    Raises:
        BadUsage: it names what is not there, or has no pair.
    """
    pairs = on.graded & (on.outcomes >= 0)
    kind, value = problem.kind, problem.value
    if kind == "class":
        if value not in on.program.classes:
            raise BadUsage(f"{value!r} is not a class; expected one of {', '.join(on.program.classes)}")
        pairs &= on.outcomes == on.program.classes.index(str(value))
    elif kind == "token":
        if value not in on.program.vocabulary:
            raise BadUsage(f"{value!r} is not in the vocabulary; expected one of {', '.join(on.program.vocabulary)}")
        stands = on.batch.tokens == on.program.vocabulary.index(str(value))
        pairs &= stands.any(axis=1, keepdims=True) if on.program.readout.pooled else stands
    elif kind == "position":
        if on.program.readout.pooled:
            raise BadUsage("a pooled program makes one prediction an input, at no position")
        pairs &= np.arange(pairs.shape[1]) == value
    if not pairs.any():
        raise BadUsage(f"{problem}: there is none among {on.inputs.description}")
    return pairs


# Search ###############################################################################################################


@dataclass(eq=False)
class _Trial:
    """A sub-problem, and the sets of members tried on it so far.

    Attributes:
        on: its inputs alone.
        pairs: [input, place] its pairs.
        constants: node -> what it yields when ablated.
        few: the inputs that stand for all, in the order in which they were added.
        refuted: sets that failed somewhere.
        confirmed: sets that keep every pair.
    """

    on: Ground
    pairs: Bools
    constants: Mapping[str, int]
    few: list[int]
    refuted: set[frozenset[str]] = field(default_factory=set)
    confirmed: set[frozenset[str]] = field(default_factory=set)

    def run(self, members: frozenset[str], rows: Rows, base: Execution | None = None) -> Execution:
        """The inputs `rows` with only `members` left; `base` is a run of the same inputs with more members."""
        ablated: dict[str, Array | int] = {node: code for node, code in self.constants.items() if node not in members}
        batch = self.on.batch.take(rows) if base is None else base.batch
        return execute(self.on.program, batch, overrides=ablated, base=base)

    def failing(self, run: Execution, rows: Rows) -> Rows:
        """The inputs, among the executed `rows`, of which a pair does not keep its prediction."""
        unlike = (outcomes(run) != self.on.outcomes[rows]) & self.pairs[rows]
        return np.compress(unlike.any(axis=1), rows)

    def suffices_on_few(self, members: frozenset[str], base: Execution) -> Execution | None:
        """A run of the few inputs with only `members` left, unless one of them refutes the set.

        Args:
            base: as `run`, over the few inputs.
        """
        if members in self.refuted:
            return None
        rows = np.array(self.few, dtype=np.intp)
        run = self.run(members, rows, base)
        if len(self.failing(run, rows)):
            self.refuted.add(members)
            return None
        return run

    def suffices(self, members: frozenset[str]) -> bool:
        """Whether a set keeps every pair; if not, inputs that refute it join the few."""
        if members in self.confirmed:
            return True
        rows = np.arange(len(self.on.batch))
        for start in range(0, len(rows), _CHECKED_AT_ONCE):
            # Strided, so that each part holds short and long inputs and a set that fails does so early.
            part = rows[start // _CHECKED_AT_ONCE :: -(-len(rows) // _CHECKED_AT_ONCE)]
            failing = self.failing(self.run(members, part), part)
            if len(failing):
                chosen = failing[spread(len(failing), _REFUTING)]
                self.few.extend(sorted(set(chosen.tolist()) - set(self.few)))
                self.refuted.add(members)
                return False
        self.confirmed.add(members)
        return True

    def minimal(self, order: Sequence[str]) -> frozenset[str]:
        """A sufficient, 1-minimal set: all members, less each that can go, tried in this order until none can."""
        while True:
            kept, base = frozenset(order), take(self.on.intact, np.array(self.few, dtype=np.intp))
            smaller = True
            while smaller:
                smaller = False
                for node in order:
                    if node in kept and (run := self.suffices_on_few(kept - {node}, base)):
                        kept, base = kept - {node}, run
                        smaller = True
            if self.suffices(kept):
                return kept


def _circuit(on: Ground, problem: SubProblem, constants: Mapping[str, int], task: Task | None) -> Circuit:
    """The smallest circuit found for one sub-problem."""
    program = on.program
    if problem.kind == "input":
        assert isinstance(problem.value, tuple)
        on = _one_input(program, problem.value, task)
    pairs = select(on, problem)
    rows = np.flatnonzero(pairs.any(axis=1))
    alone = Inputs(on.batch.take(rows), None, False, str(problem))
    few = spread(len(rows), _FIRST_FEW).tolist()
    trial = _Trial(Ground(program, alone, take(on.intact, rows)), pairs[rows], constants, few)
    sets = {trial.minimal(order) for order in _orders(trial)}
    place = {node: index for index, node in enumerate(constants)}
    ranked = sorted((sorted(found, key=place.__getitem__) for found in sets), key=lambda found: (len(found), found))
    core = [node for node in ranked[0] if all(node in found for found in sets)]
    return Circuit(
        problem=str(problem),
        kind=problem.kind,
        value=" ".join(problem.value) if isinstance(problem.value, tuple) else str(problem.value),
        pairs=int(pairs.sum()),
        inputs=len(rows),
        members=tuple(ranked[0]),
        ablated=tuple(
            (node, plain(decode(program, node, code))) for node, code in constants.items() if node not in ranked[0]
        ),
        alternatives=tuple(tuple(found) for found in ranked[1:]),
        core=tuple(core),
        status="smallest found, 1-minimal",
    )


def _one_input(program: Program, tokens: Sequence[str], task: Task | None) -> Ground:
    """A single input, graded as its task says."""
    batch = encode(program, [tokens])
    task = task or task_of(program)
    expected = None if task is None else task.expected(batch)
    if expected is not None and not (expected != UNGRADED).any():
        expected = None
    return ground(program, Inputs(batch, expected, False, " ".join(tokens)))


def _orders(trial: _Trial) -> Iterator[list[str]]:
    """Orders in which to eliminate: what comes first is most likely to go."""
    program = trial.on.program
    nodes = list(trial.constants)
    useful = reaching(program, [READOUT])
    swings = {term.variable: swing(program, term) for term in program.readout.terms}
    few = np.array(trial.few, dtype=np.intp)
    base = take(trial.on.intact, few)
    harm = {n: len(trial.failing(trial.run(frozenset(nodes) - {n}, few, base), few)) for n in nodes}
    place = {node: index for index, node in enumerate(nodes)}
    yield sorted(nodes, key=lambda n: (n in useful, -place[n]))
    yield sorted(nodes, key=lambda n: (n in useful, place[n]))
    yield sorted(nodes, key=lambda n: (n in useful, swings.get(n, 0), -place[n]))
    yield sorted(nodes, key=lambda n: (n in useful, harm[n], swings.get(n, 0), -place[n]))
    for seed in range(_SHUFFLES):
        shuffled = list(nodes)
        random.Random(seed).shuffle(shuffled)
        yield shuffled
