"""What comes out: the unembedding, the outputs that are forced, one output for a whole input, and the hole.

Logits are whole numbers, and the class that comes first among equal ones has a little more. A hole has an output of its
own, behind the classes: the last layer asks whether any position has reached one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from tprog.ir.program import Program, Symbols
from tprog.ir.readout import Weights
from trainer.compile.lowering import Lowering, always
from trainer.compile.scores import head
from trainer.compile.stream import Feature, Perceptron, Score, View, all_of, beside, constant, nothing

HOLE_WORD = "<hole>"
"""What stands for the output of an input that reaches a hole."""


@dataclass(frozen=True, eq=False)
class Read:
    """What the unembedding reads.

    Attributes:
        words: what comes out of each output, one a column: the classes, forced words that are none of them, and the
            hole if there is one.
        views: [word] the logits, one an output; they stand side by side.
        hole: whether the last column of each stands for a hole.
    """

    words: tuple[str, ...]
    views: tuple[View, ...]
    hole: bool

    @property
    def view(self) -> View:
        return beside(self.views)


def read_out(lowering: Lowering) -> Read:
    """The logits of a Program."""
    program = lowering.program
    words, views, bound = program.classes, {}, 1.0
    if not program.readout.implied:
        words, views[program.readout.name], bound = _classified(lowering)
    for name in program.variables_out:
        # A word that is forced alone comes out of no variable: its logit is that of all others.
        views[name] = _of_variable(lowering, name) @ np.eye(len(program.classes), len(words))
    found = tuple(views[name] for name in program.outputs)
    if not lowering.holes:
        return Read(words, found, False)
    hole = _hole(lowering, 2 * bound + 1)
    return Read((*words, HOLE_WORD), tuple(beside([view, hole]) for view in found), True)


def _of_variable(lowering: Lowering, name: str) -> View:
    """1 for the class that is spelled as the variable's value."""
    program, read = lowering.program, lowering.encoded[name]
    domain = program.variables[name].domain
    places = dict(zip(program.returned[name].codes, program.outcome_codes[name], strict=True))
    matrix = np.zeros((len(read.values), len(program.classes)))
    for at, value in enumerate(read.values):
        code = domain.codes[value] if isinstance(domain, Symbols) else domain.code(Fraction(value))  # type: ignore[arg-type]
        matrix[at, places[code]] = 1
    return read.columns @ matrix


# Weights ##############################################################################################################


def _classified(lowering: Lowering) -> tuple[tuple[str, ...], View, float]:
    program, readout = lowering.program, lowering.program.readout
    _find_holes(lowering)
    logits = _logits(lowering)
    count = len(program.written_classes)
    # Of equal logits the first class has the most: by less than one unit is worth, of a mean too.
    times = count * (program.max_length if readout.pooled else 1)
    view = logits @ (np.eye(count) * times) + constant([-float(at) for at in range(count)])
    bound = float(view.bounds.max())
    if readout.pooled:
        return program.classes, _pooled(lowering, view, bound), bound
    lowering.within(None, "the logits", bound)
    words = (*program.classes, *(word for word in readout.forced if word not in program.classes))
    forced = np.zeros((len(program.vocabulary), len(words)))
    for word in readout.forced:
        forced[program.vocabulary.index(word), words.index(word)] = 4 * bound + 1
    # What is forced alone, or a class of other outputs alone, has no logit elsewhere.
    others = constant([0.0] * count + [-4 * bound - 1] * (len(words) - count))
    placed = view @ np.eye(count, len(words)) + others
    if readout.forced:
        placed = placed + _tokens(lowering) @ (2 * forced)
    return words, placed, float(placed.bounds.max())


def _tokens(lowering: Lowering) -> View:
    return lowering.encoded["tokens"].columns


def _logits(lowering: Lowering) -> View:
    """[class] in the largest unit of which all shares are whole multiples."""
    program = lowering.program
    count = len(program.written_classes)
    shares = [_share(lowering, program, term) for term in program.weights]
    over = math.lcm(*(unit.denominator for _, _, unit in shares))
    wholes = [(view, table, int(unit * over)) for view, table, unit in shares]
    common = math.gcd(*(whole * abs(entry) for _, table, whole in wholes for row in table for entry in row)) or 1
    total = constant([0.0] * count)
    for view, table, whole in wholes:
        total = total + view @ np.array([[float(whole * entry // common) for entry in row] for row in table])
    return total


def _share(lowering: Lowering, program: Program, term: Weights) -> tuple[View, Sequence[Sequence[int]], Fraction]:
    """What the readout reads of a variable: a view, a row of whole weights for each of its columns, and their unit."""
    read, rows = lowering.encoded[term.variable], term.rows
    if isinstance(domain := program.variables[term.variable].domain, Symbols):
        of = [rows[domain.codes[value]] for value in read.values]
        return read.columns, [row or (0,) * len(program.written_classes) for row in of], Fraction(1)
    assert read.size is not None
    assert rows[0] is not None
    if read.size.error:
        lowering.margin(term.variable, "its numbers, which the logits need whole,", 0)
    return read.size.view, [rows[0]], read.size.unit


# One output for a whole input #########################################################################################


def _pooled(lowering: Lowering, view: View, bound: float) -> View:
    """The mean of the logits over all positions, by a head that looks at all alike."""
    program, precision = lowering.program, lowering.precision
    lowering.within(None, "the logits", bound)
    n, width = program.max_length, view.width
    # Two means of the same number of whole numbers that differ do so by 1, since they were multiplied by the length.
    error = Fraction(max(bound, 1)) * (precision.softmax + (n + 4) * precision.unit)
    lowering.margin(None, "the means of its logits", float(Fraction(1, 2) / error))
    pool = Feature("pool", program.classes, None, np.zeros(width), bound, exclusive=False, whole=False)
    head(lowering, "pool", None, [], -precision.gap, {pool: view}, {pool: np.zeros(width)})
    return all_of(pool)


# Holes ################################################################################################################


def _find_holes(lowering: Lowering) -> None:
    """The rows of weights that are missing, where they are read."""
    program, readout = lowering.program, lowering.program.readout
    everywhere = readout.rows_needed == "everywhere" or not readout.forced
    for term in program.weights:
        if not term.partial:
            continue
        read, domain = lowering.encoded[term.variable], program.symbols(term.variable)
        missing = read.columns @ np.array([[float(term.rows[domain.codes[value]] is None)] for value in read.values])
        if everywhere:
            lowering.holes.append(missing)
        else:
            free = np.array([[float(word not in readout.forced)] for word in program.vocabulary])
            name = f"readout.{term.variable}.hole"
            lowering.holes.append(both(lowering, name, None, missing, _tokens(lowering) @ free))


def both(lowering: Lowering, name: str, node: str | None, one: View, other: View) -> View:
    """[1] whether two views [1] are both 1."""
    feature = Feature(name, ("",), node)
    hidden = one + other + constant([-1.0])
    lowering.think(Perceptron(name, node, hidden, {feature: np.ones((1, 1))}))
    return all_of(feature)


def _hole(lowering: Lowering, height: float) -> View:
    """[1] the logit of the hole: above all others, or below."""
    gap = lowering.precision.gap
    total = nothing(1)
    for view in lowering.holes:
        total = total + view
    reached = Feature("hole", ("",), None, np.zeros(1), bound=2, whole=False)
    share = Score(always(), total @ np.array([[2.0 * gap]]), 2 * gap * float(total.bounds[0]))
    head(lowering, "hole", None, [share], gap, {reached: always()}, {reached: np.zeros(1)})
    return all_of(reached) @ np.array([[4 * height]]) + constant([-2 * height])
