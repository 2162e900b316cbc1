"""The results of the analyses: frozen, versioned and JSON-serialisable, and the only thing that renderers see.

Every record holds plain types only: str, int, float, bool, None, tuples of them and of other records. Positions are
0-based, lines 1-based (None: the program has no file). A *value* is a symbol, a whole number, or a fraction as text
(``1/3``). Verdicts carry their evidence: a `Checked` says how many inputs stand behind them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from analyze.record import Plain, Result


@dataclass(frozen=True)
class Checked:
    """What stands behind a verdict.

    Attributes:
        inputs: how many inputs were tried.
        exhaustive: whether they are all that there are.
        description: the same in words, with the seed of a sample.
    """

    inputs: int
    exhaustive: bool
    description: str


# Verify ###############################################################################################################


@dataclass(frozen=True)
class Counterexample:
    """An input on which the program is wrong.

    Attributes:
        tokens: the whole sequence.
        expected: the right class at each position, None where the task grades nothing.
        got: the prediction at each position, None where the output is forced; all None at a hole.
        wrong: the graded positions that are wrong.
        hole: the hole that the input reaches, or None.
    """

    tokens: tuple[str, ...]
    expected: tuple[str | None, ...]
    got: tuple[str | None, ...]
    wrong: tuple[int, ...]
    hole: str | None


@dataclass(frozen=True)
class HoleCount:
    """A missing row, how many inputs reach it first, and the smallest of them."""

    hole: str
    inputs: int
    example: tuple[str, ...]


@dataclass(frozen=True)
class VerifyResult(Result):
    """A program compared with its task. Both accuracies are fractions of 1; a hole counts as wrong.

    Attributes:
        tokens_right, tokens: graded predictions that are right, and all.
        inputs_right, wrong_inputs: inputs all of whose predictions are right, and the others.
        counterexamples: the smallest first; all of them unless a limit was given.
    """

    verb: ClassVar[str] = "verify"

    program: str
    task: str
    checked: Checked
    tokens_right: int
    tokens: int
    token_accuracy: float
    inputs_right: int
    wrong_inputs: int
    sequence_accuracy: float
    counterexamples: tuple[Counterexample, ...]
    holes: tuple[HoleCount, ...]


# Trace ################################################################################################################


@dataclass(frozen=True)
class TraceRow:
    """One variable on one input.

    Attributes:
        kind: input, embedding, head, numeric head or lookup.
        values: one a position; None from the first hole on.
    """

    variable: str
    kind: str
    reading: str
    line: int | None
    values: tuple[Plain | None, ...]


@dataclass(frozen=True)
class TraceTable:
    """All variables on one input.

    Attributes:
        predicted: what the program answers at each position (pooled: one), None at a hole.
        expected: the right answers, None where nothing is graded; None altogether if no task is known.
        wrong: the graded positions that are wrong.
        hole: the hole that the input reaches, or None.
    """

    tokens: tuple[str, ...]
    rows: tuple[TraceRow, ...]
    predicted: tuple[str | None, ...]
    expected: tuple[str | None, ...] | None
    wrong: tuple[int, ...]
    hole: str | None


@dataclass(frozen=True)
class Contrast:
    """A right input beside a wrong one.

    Attributes:
        table: the right input: of those of the same length (else of the nearest length), the one that differs in the
            fewest positions, the first in order of enumeration.
        distance: in how many positions the two differ.
        parts_at: the first node, in execution order, whose values differ at a position where both inputs hold the
            same token, so that the difference has left the tokens; else the first that differs at all; else None.
        positions: the positions at which it differs: those with the same token, if there are any.
        checked: the inputs among which the right one was looked for.
    """

    table: TraceTable
    distance: int
    parts_at: str | None
    positions: tuple[int, ...]
    checked: Checked


@dataclass(frozen=True)
class TraceResult(Result):
    """Each variable's value at each position. `note` says why there is no contrast, where one was asked for."""

    verb: ClassVar[str] = "trace"

    program: str
    table: TraceTable
    contrast: Contrast | None
    note: str


# Graphs ###############################################################################################################


@dataclass(frozen=True)
class GraphNode:
    """One variable, or the readout.

    Attributes:
        kind: input, embedding, head, numeric head, lookup or readout.
        stage: the column from left to right: inputs 0, embeddings 1, then heads on even and lookups on odd columns,
            each as early as what it reads allows; the readout last.
        layer: the 0-based Transformer layer of a head or lookup; None for the others.
        reading: what the node does, in words.
        swing: see `GraphEdge`; 0 where the readout does not read the variable.
        highlighted: whether the node belongs to the circuit or slice that was asked for.
    """

    name: str
    kind: str
    stage: int
    layer: int | None
    reading: str
    line: int | None
    swing: float
    dead: bool
    highlighted: bool


@dataclass(frozen=True)
class GraphEdge:
    """One read.

    Attributes:
        role: query, key, value, input or readout.
        swing: for a readout edge, the most, in logits, by which the variable's value can change the difference between
            two classes; 0 means that it does not tell classes apart. None for the others.
    """

    source: str
    target: str
    role: Literal["query", "key", "value", "input", "readout"]
    swing: float | None


@dataclass(frozen=True)
class GraphResult(Result):
    """The data flow of a program.

    Attributes:
        title: what is highlighted, in words.
        dead, highlighted: names of nodes.
        checked: the inputs on which dead nodes and a circuit were looked for; None where nothing was.
    """

    verb: ClassVar[str] = "graph"

    program: str
    title: str
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    dead: tuple[str, ...]
    highlighted: tuple[str, ...]
    checked: Checked | None = None


MODULE = "<module>"
"""The name of a module's own top level, as Python's tracebacks print it."""


@dataclass(frozen=True)
class CallNode:
    """A function (or ``<module>``, the top level) of a source file.

    Attributes:
        defined: whether this file defines it; others are builtins and imported names.
    """

    name: str
    line: int | None
    defined: bool


@dataclass(frozen=True)
class CallEdge:
    """`source` calls `target`, or passes it as an argument, at these lines."""

    source: str
    target: str
    kind: Literal["calls", "passes"]
    lines: tuple[int, ...]


@dataclass(frozen=True)
class CallDifference:
    """An edge that only one engine finds, and why, where that is known."""

    source: str
    target: str
    only: str
    reason: str


@dataclass(frozen=True)
class CallGraphResult(Result):
    """Who calls or passes whom. `differences` is None unless a cross-check was asked for."""

    verb: ClassVar[str] = "calls"

    program: str
    engine: str
    nodes: tuple[CallNode, ...]
    edges: tuple[CallEdge, ...]
    differences: tuple[CallDifference, ...] | None


# Dead nodes ###########################################################################################################


@dataclass(frozen=True)
class Verdict:
    """One reason why a node is dead.

    Attributes:
        kind: ``unread``: every path from it ends in weights that do not tell classes apart; ``constant``: one value;
            ``inert``: fixed at `constant`, no prediction changes; ``mergeable``: equal to the variable `mate`.
        evidence: in words.
        proof: ``static`` holds for every input; ``enumerated`` for the inputs that `DeadResult.checked` names.
    """

    kind: Literal["unread", "constant", "inert", "mergeable"]
    evidence: str
    proof: Literal["static", "enumerated"]
    constant: Plain | None = None
    mate: str | None = None


@dataclass(frozen=True)
class DeadNode:
    """A dead node and all its verdicts, in the order unread, constant, inert, mergeable."""

    name: str
    kind: str
    reading: str
    line: int | None
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Removal:
    """How one node of the jointly removable set goes: fixed at `constant`, or replaced by `mate`."""

    name: str
    constant: Plain | None
    mate: str | None


@dataclass(frozen=True)
class DeadResult(Result):
    """The dead nodes of a program.

    Attributes:
        nodes: how many nodes the program has.
        dead: each judged alone, in execution order.
        removable: a set removed together without any change of a prediction over the inputs checked.
        untried: numeric nodes with too many possible values to try all: only those that they take were tried.
    """

    verb: ClassVar[str] = "dead"

    program: str
    checked: Checked
    nodes: int
    dead: tuple[DeadNode, ...]
    removable: tuple[Removal, ...]
    untried: tuple[str, ...]


# Circuits #############################################################################################################


@dataclass(frozen=True)
class CircuitNode:
    """A head or lookup: what a circuit keeps or leaves out."""

    name: str
    kind: str
    reading: str
    line: int | None


@dataclass(frozen=True)
class Circuit:
    """The circuit of one sub-problem.

    Attributes:
        problem: the sub-problem in words.
        kind: class, position, token, input or all.
        value: which class, position (as text), token or input; empty for all.
        pairs, inputs: how many predictions, on how many inputs, it stands for; all were checked.
        members: the heads and lookups it keeps, in execution order. They suffice; with any one of them left out,
            they do not (1-minimal); no smaller set was found.
        ablated: (node, the constant it is fixed at), of all other heads and lookups.
        alternatives: the other 1-minimal sets found, smallest first.
        core: what all sets found have in common.
        status: how far the claim goes.
    """

    problem: str
    kind: Literal["class", "position", "token", "input", "all"]
    value: str
    pairs: int
    inputs: int
    members: tuple[str, ...]
    ablated: tuple[tuple[str, Plain], ...]
    alternatives: tuple[tuple[str, ...], ...]
    core: tuple[str, ...]
    status: Literal["smallest found, 1-minimal", "smallest"]


@dataclass(frozen=True)
class CircuitResult(Result):
    """Circuits, one a sub-problem.

    Attributes:
        checked: the inputs from which the sub-problems and the baseline were taken.
        baseline: what an ablated node yields, in words.
        nodes: all heads and lookups, in execution order.
        notes: what was left out, such as classes that are never predicted.
    """

    verb: ClassVar[str] = "circuits"

    program: str
    checked: Checked
    baseline: str
    nodes: tuple[CircuitNode, ...]
    circuits: tuple[Circuit, ...]
    notes: tuple[str, ...]


# Blame ################################################################################################################


@dataclass(frozen=True)
class Share:
    """One variable's exact share in the logit gap, as a fraction in text and as a float.

    Attributes:
        value: the variable's value there (pooled: None, as all positions share).
        expected_logit, predicted_logit: what it adds to the two classes.
        gap: the first less the second.
    """

    variable: str
    value: Plain | None
    line: int | None
    expected_logit: str
    predicted_logit: str
    gap: str
    gap_float: float


@dataclass(frozen=True)
class Account:
    """The logit gap between two classes, split by variable; the shares add up to `gap` exactly.

    Attributes:
        expected: the right class; for a right prediction, the class predicted.
        predicted: the class predicted; for a right prediction, the runner-up.
        gap: logit of `expected` less logit of `predicted`, as a fraction in text.
        shares: sorted from the most harmful to `expected` to the most helpful.
    """

    expected: str
    predicted: str
    gap: str
    gap_float: float
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Candidate:
    """An edit of one entry that makes the prediction right.

    Attributes:
        entry: the entry in words; node, part and at name it.
        line: where it stands.
        edit: the change in words.
        kind: predicate, lookup, embedding, wiring or readout.
        mended, broken, net: predictions over the inputs with known answers that it makes right, makes wrong, and the
            difference.
        restores: whether no prediction is wrong any more over those inputs.
        size: 1 for one key, cell or word, 2 for a wiring, the change of the logit weight for the readout.
        diff: the change of the source, or empty.
    """

    entry: str
    node: str
    part: str
    at: tuple[Plain, ...]
    line: int | None
    edit: str
    kind: Literal["predicate", "lookup", "embedding", "wiring", "readout"]
    mended: int
    broken: int
    net: int
    restores: bool
    size: float
    diff: str


@dataclass(frozen=True)
class Dependence:
    """An entry that a prediction reaches.

    Attributes:
        matters: whether some single edit of it alone changes this prediction.
        change: the first such edit, in words, or empty.
    """

    entry: str
    node: str
    part: str
    at: tuple[Plain, ...]
    line: int | None
    matters: bool
    change: str


@dataclass(frozen=True)
class BlameResult(Result):
    """Why the prediction at one position is what it is.

    Attributes:
        position: None for the one prediction of a pooled program.
        expected: the right class, None if it is not known.
        predicted: None at a hole.
        right: whether they are equal.
        wrong: all wrong positions of the input as (position, expected, predicted).
        account: the logit gap; None at a hole, or with a single class.
        mending: how many single edits mend the prediction: of one key, cell, word, read, mask or weight; where there is
            none of these, of one row, each with the fewest changed keys.
        candidates: the best of them, in order; exact figures.
        proven: whether no other of these edits ranks above the last candidate; if not, those that did best on a part of
            the inputs were chosen, and counted on all. Without candidates, whether no edit at all of a single entry
            mends (if right: whether none at all of a dependence that does not matter changes the prediction); if not,
            rows of several keys, or numbers that a lookup does not answer yet, are left.
        dependences: for a right prediction, the entries it reaches, in execution order; else empty.
        checked: the inputs over which mended and broken are counted.
        wrong_before: wrong predictions over those inputs before any edit.
    """

    verb: ClassVar[str] = "blame"

    program: str
    tokens: tuple[str, ...]
    position: int | None
    expected: str | None
    predicted: str | None
    right: bool
    hole: str | None
    wrong: tuple[tuple[int | None, str, str | None], ...]
    account: Account | None
    mending: int
    candidates: tuple[Candidate, ...]
    proven: bool
    dependences: tuple[Dependence, ...]
    checked: Checked
    wrong_before: int
