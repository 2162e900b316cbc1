"""Taking nodes out of a program: each held at one value or given the values of another variable; and a set of them
that can go together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from analyze.dead.proofs import needed_without
from analyze.outcome import Ground, Rows, spread
from analyze.piecewise import Pieces, around
from tprog.ir.domains import INT64_LIMIT
from tprog.ir.program import Numbers, Numeric, Program, Symbols
from tprog.run.batch import Array, Bools
from tprog.run.execute import Execution, execute

_FIRST = 1024
"""Inputs, evenly spaced, on which a set is tried before all of them."""

_REFUTING = 256
"""The most inputs that one failed check adds to those that later attempts must pass first."""


@dataclass(frozen=True)
class Fix:
    """How a node is taken out: held at the code (or numerator) `code`, or given the values of the variable `mate`."""

    node: str
    code: int = 0
    mate: str | None = None


def run_without(program: Program, base: Execution, fixes: Sequence[Fix]) -> tuple[Execution, Array]:
    """The program with nodes taken out, on the batch of `base`, an intact execution.

    Returns:
        the execution, and [input] whether a mate yields a symbol that the node it stands for does not have.
    """
    overrides: dict[str, Array | int] = {fix.node: fix.code for fix in fixes if fix.mate is None}
    run = execute(program, base.batch, overrides=overrides, base=base)
    lost = np.zeros(len(base.batch), dtype=np.bool_)
    mates = {fix.node: fix.mate for fix in fixes if fix.mate is not None}
    for name in program.by_name:  # in execution order: the values of a mate are final before they are copied
        if name not in mates:
            continue
        overrides[name], foreign = _as_values_of(program, name, mates[name], run.values[mates[name]])
        lost |= (foreign & base.batch.present).any(axis=1)
        run = execute(program, base.batch, overrides=overrides, base=run)
    return run, lost


def _as_values_of(program: Program, name: str, mate: str, values: Array) -> tuple[Array, Bools]:
    """The values of one variable in the coding of another, and where that does not have them."""
    ours, theirs = program.variables[name].domain, program.variables[mate].domain
    if isinstance(ours, Symbols) and isinstance(theirs, Symbols):
        codes = _recode(ours, theirs).take(values)
        return np.maximum(codes, 0), codes < 0
    assert not isinstance(ours, Symbols)
    assert not isinstance(theirs, Symbols)
    if not (isinstance(ours, Numbers) and isinstance(theirs, Numbers)):
        return _recoded_numbers(ours, theirs, values)
    scaled = _wide(values, theirs.bound * ours.denominator) * ours.denominator
    return scaled // theirs.denominator, scaled % theirs.denominator != 0


def jointly(pieces: Pieces, fixes: Mapping[str, Fix], safe: set[str], modes: Mapping[str, int]) -> list[Fix]:
    """Fixes that change no prediction when applied together, in execution order.

    Greedy: first all at once; then one at a time, those of `safe` (which change no value that matters) first, the
    others from the last node back. Whatever fails on any input fails for good, so later attempts meet the inputs that
    refuted earlier ones first; the set is returned once it stands on all inputs. In the end, whatever only removed
    nodes read goes with them, held at its mode.
    """
    program = pieces.program
    place = {name: index for index, name in enumerate(program.by_name)}
    first = sorted(fixes.values(), key=lambda fix: place[fix.node])
    ranked = [fix for fix in first if fix.node in safe] + [fix for fix in reversed(first) if fix.node not in safe]
    kept = _standing(pieces, first, ranked)
    kept += [Fix(name, modes[name]) for name in _idle_without(program, kept)]
    return sorted(kept, key=lambda fix: place[fix.node])


def _idle_without(program: Program, kept: Sequence[Fix]) -> list[str]:
    """The nodes, beside those that are taken out, that nothing reads any more then."""
    gone = {fix.node for fix in kept}
    needed = needed_without(program, gone, {fix.mate for fix in kept if fix.mate is not None})
    return [name for name in program.by_name if name not in needed | gone]


def _standing(pieces: Pieces, first: Sequence[Fix], ranked: Sequence[Fix]) -> list[Fix]:
    """Fixes that stand together on all inputs: `first`, or those of `ranked` that do not fail where others did."""
    refuting = spread(len(pieces.inputs.batch), min(_FIRST, pieces.most))
    kept = _greedy(pieces.some(refuting), first, ranked)
    stood = 0
    for index in around(len(pieces)):
        if stood == len(pieces) or not kept:
            break
        failing = failing_rows(pieces[index], kept)
        if len(failing):
            refuting = np.union1d(refuting, pieces.starts[index] + failing[:_REFUTING])
            kept = _greedy(pieces.some(refuting), kept, ranked)
            stood = 0
        else:
            stood += 1
    return kept


def _greedy(on: Ground, first: Sequence[Fix], ranked: Sequence[Fix]) -> list[Fix]:
    """The fixes `first` if they stand together on these inputs; else as many of `ranked` as do, one after another."""
    if not len(failing_rows(on, first)):
        return list(first)
    kept: list[Fix] = []
    for fix in ranked:
        if not len(failing_rows(on, [*kept, fix])):
            kept.append(fix)
    return kept


def failing_rows(on: Ground, fixes: Sequence[Fix]) -> Rows:
    """The inputs on which the fixes together change an outcome."""
    if not fixes:
        return np.zeros(0, dtype=np.intp)
    run, lost = run_without(on.program, on.intact, fixes)
    return np.flatnonzero(~on.same(run, np.arange(len(on.batch))) | lost)


# Equal variables ######################################################################################################


def differ(on: Ground, one: str, other: str) -> bool:
    """Whether two variables differ anywhere where the first is computed, or are of different kinds."""
    both = _comparable(on, one, other)
    return both is None or bool((both[0] != both[1])[on.computed(one)].any())


def _comparable(on: Ground, one: str, other: str) -> tuple[Array, Array] | None:
    """The values of two variables in one coding, or None if one is numeric and the other is not."""
    ours, theirs = on.program.variables[one].domain, on.program.variables[other].domain
    values, other_values = on.intact.values[one], on.intact.values[other]
    if isinstance(ours, Symbols) and isinstance(theirs, Symbols):
        return values, _recode(ours, theirs).take(other_values)
    if isinstance(ours, Numbers) and isinstance(theirs, Numbers):
        common = math.lcm(ours.denominator, theirs.denominator)
        up, other_up = common // ours.denominator, common // theirs.denominator
        return _wide(values, ours.bound * up) * up, _wide(other_values, theirs.bound * other_up) * other_up
    if isinstance(ours, Symbols) or isinstance(theirs, Symbols):
        return None
    codes, foreign = _recoded_numbers(ours, theirs, other_values)
    return values, np.where(foreign, np.iinfo(np.int64).min, codes)


def _recoded_numbers(ours: Numeric, theirs: Numeric, values: Array) -> tuple[Array, Bools]:
    """Codes of one domain as those of another, one number at a time; and where that does not have it."""
    known, inverse = np.unique(values, return_inverse=True)
    codes, foreign = np.zeros(len(known), dtype=np.int64), np.ones(len(known), dtype=np.bool_)
    for place, code in enumerate(known.tolist()):
        with suppress(ValueError):  # behind the end of an input, a code may be that of no number
            if ours.holds(number := theirs.number(code)):
                codes[place], foreign[place] = ours.code(number), False
    return codes[inverse].reshape(values.shape), foreign[inverse].reshape(values.shape)


def _wide(numerators: Array, bound: int) -> Array:
    """Numerators in a type that holds numbers up to `bound`."""
    return numerators.astype(np.int64 if bound < INT64_LIMIT else object)


def _recode(ours: Symbols, theirs: Symbols) -> Array:
    """For each code of `theirs`, the code of the same symbol in `ours`, or -1."""
    return np.array([ours.codes.get(symbol, -1) for symbol in theirs], dtype=np.int64)
