"""The exact additive account of a logit gap: what each variable contributes to it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from analyze.blame.presentation import Presentation
from analyze.blame.slice import weights_entry
from analyze.results.blame import Account, Share
from tprog.ir.program import Symbols
from tprog.ir.values import Value
from tprog.run.execute import Execution


def account(run: Execution, position: int, wanted: int, predicted: int, shown: Presentation) -> Account:
    """The logit gap of the class `wanted` to the class `predicted`, of the one input of `run`.

    Args:
        position: where the readout was asked; 0 for a pooled program.
        wanted, predicted: class codes; if they are equal, the gap is that to the runner-up.
    """
    program = run.program
    one, other = wanted, predicted
    if one == other:
        totals = (run.totals[0] if program.readout.pooled else run.totals[0, position]).copy()
        totals[one] = np.iinfo(totals.dtype).min
        other = int(totals.argmax())
    found = []
    for term in program.readout.terms:
        mine, theirs = _share(run, position, term.variable, one), _share(run, position, term.variable, other)
        value: Value | None = None
        line = None
        if not program.readout.pooled:
            value = run.value(term.variable, 0, position)
            line = shown.line(weights_entry(program, term.variable, value))
        gap = mine - theirs
        found.append((gap, Share(term.variable, value, line, str(mine), str(theirs), str(gap), float(gap))))
    total = sum((gap for gap, _ in found), Fraction(0))
    found.sort(key=lambda pair: pair[0])
    names = program.written_classes
    return Account(names[one], names[other], str(total), float(total), tuple(share for _, share in found))


def _share(run: Execution, place: int, variable: str, output: int) -> Fraction:
    """What a variable adds to a class's logit (pooled: to its mean over positions)."""
    program = run.program
    domain = program.variables[variable].domain
    (term,) = (term for term in program.readout.terms if term.variable == variable)
    n = int(run.batch.lengths[0])
    positions = range(n) if program.readout.pooled else [place]
    total = Fraction(0)
    for position in positions:
        code = int(run.values[variable][0, position])
        row = term.rows[code if isinstance(domain, Symbols) else 0]
        number = Fraction(1) if isinstance(domain, Symbols) else Fraction(domain.number(code))
        total += (row[output] if row is not None else 0) * number
    return total / program.readout.scale / len(positions)
