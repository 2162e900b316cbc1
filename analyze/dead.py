"""Dead nodes: what a program computes without need, by four exact verdicts, and what can go together.

A node is *unread* if every path from it ends in weights that do not tell classes apart, *constant* if it has one value
over the inputs, *inert* if fixing it at some constant changes no prediction over them, *mergeable* if it equals an
earlier variable over them. Unread is a proof for every input; the others are checked on every input given: a sample of
inputs only refutes. An input that reaches a hole must go on reaching the same first hole (`analyze.outcome`), and so a
node that stands between an input and its hole is not unread.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from analyze.dataflow import reached_from, swing
from analyze.outcome import Ground, Rows, ground, kind_of, label, node_line, spread, take
from analyze.record import plain
from analyze.results import DeadNode, DeadResult, Removal, Verdict
from tprog.batch import Array
from tprog.entry import Entry
from tprog.execute import Execution, decode, execute
from tprog.nodes import INT64_LIMIT
from tprog.program import Embedding, Head, Lookup, Node, Numbers, NumericHead, Program, Symbols
from tprog.reading import reading
from tprog.tasks import Inputs

MOST_VALUES = 1024
"""A numeric node with more possible values than this is tried only at those that it takes."""

_FIRST_SAMPLE, _SECOND_SAMPLE = 48, 1024
"""Inputs on which a constant is tried before all of them: most constants fall on a few."""

_REFUTING = 256
"""The most inputs that one failed check adds to those that later attempts must pass first."""


@dataclass(frozen=True)
class Fix:
    """How a node is taken out: held at the code (or numerator) `code`, or given the values of the variable `mate`."""

    node: str
    code: int = 0
    mate: str | None = None


def find_dead(
    program: Program, inputs: Inputs, *, lines: Mapping[Entry, int] | None = None, name: str | None = None
) -> DeadResult:
    """All dead nodes with their verdicts, and a set of nodes that can be removed together.

    Args:
        inputs: the inputs over which verdicts hold.
        lines: entry -> its line in the program's file.
        name: what the result calls the program.
    """
    on = ground(program, inputs)
    unread_nodes = unread(program)
    verdicts: dict[str, tuple[Verdict, ...]] = {}
    fixes: dict[str, Fix] = {}
    untried = []
    for node in program.nodes:
        found, fix, complete = _judge(on, node, node.name in unread_nodes)
        if not complete:
            untried.append(node.name)
        if fix is not None:
            verdicts[node.name], fixes[node.name] = found, fix
    safe = {n for n, found in verdicts.items() if found[0].kind in ("unread", "constant")}
    safe |= {n for n, fix in fixes.items() if fix.mate is not None}
    together = _jointly(on, fixes, safe)
    return DeadResult(
        program=label(program, name),
        checked=on.checked,
        nodes=len(program.nodes),
        dead=tuple(
            DeadNode(n, kind_of(program.by_name[n]), reading(program, program.by_name[n]), node_line(lines, n), found)
            for n, found in verdicts.items()
        ),
        removable=tuple(
            Removal(fix.node, None if fix.mate else plain(decode(program, fix.node, fix.code)), fix.mate)
            for fix in together
        ),
        untried=tuple(untried),
    )


def unread(program: Program) -> set[str]:
    """The nodes from which every path ends in weights that do not tell classes apart, and in no hole."""
    telling = {term.variable for term in program.readout.terms if None in term.rows or swing(program, term) > 0}
    telling |= {node.name for node in program.nodes if _is_partial(node)}
    return {node.name for node in program.nodes if telling.isdisjoint(reached_from(program, [node.name]))}


def _is_partial(node: Node) -> bool:
    match node:
        case Embedding():
            return None in node.table
        case Head() | NumericHead():
            return None in node.predicate
        case Lookup():
            return None in node.cells
        case _:
            assert_never(node)


# Single verdicts ######################################################################################################


def _judge(on: Ground, node: Node, is_unread: bool) -> tuple[tuple[Verdict, ...], Fix | None, bool]:
    """The verdicts on one node, how to take it out, and whether all its possible constants were tried."""
    program, name = on.program, node.name
    found: list[Verdict] = []
    fix: Fix | None = None
    mode = on.mode(name)
    if is_unread:
        evidence = "no path from it leads to weights that tell classes apart"
        found.append(Verdict("unread", evidence, "static"))
        fix = Fix(name, mode)
    only = _only_value(on, name)
    if only is not None:
        shown = plain(decode(program, name, only))
        evidence = f"{shown!r} at every position of {on.checked.description}"
        found.append(Verdict("constant", evidence, "enumerated", constant=shown))
        fix = fix or Fix(name, only)
    complete, witness = True, mode if is_unread else only
    if witness is None:
        codes, complete = _codes_to_try(on, name, mode)
        witness = _inert_at(on, name, codes)
    if witness is not None:
        shown = plain(decode(program, name, witness))
        evidence = f"fixed at {shown!r}, no prediction changes on {on.checked.description}"
        found.append(Verdict("inert", evidence, "static" if is_unread else "enumerated", constant=shown))
        fix = fix or Fix(name, witness)
    if mate := _mate(on, name):
        evidence = f"equal to {mate} at every position of {on.checked.description}"
        found.append(Verdict("mergeable", evidence, "enumerated", mate=mate))
        fix = fix or Fix(name, mate=mate)
    return tuple(found), fix, complete or witness is not None


def _only_value(on: Ground, name: str) -> int | None:
    """The one code that a node ever yields, or None if there are several, none, or a hole."""
    values = on.intact.values[name][on.computed(name)]
    if name in on.intact.holed or not len(values) or (values != values[0]).any():
        return None
    return int(values[0])


def _codes_to_try(on: Ground, name: str, mode: int) -> tuple[list[int], bool]:
    """The constants at which to fix a node, its most frequent value first, and whether they are all there are."""
    domain = on.program.variables[name].domain
    complete = True
    if isinstance(domain, Symbols):
        codes = list(range(len(domain)))
    else:
        low, high = int(domain.low * domain.denominator), int(domain.high * domain.denominator)
        complete = high - low < MOST_VALUES
        taken = np.unique(on.intact.values[name][on.computed(name)]).tolist()
        codes = list(range(low, high + 1)) if complete else taken
    return [mode, *(code for code in codes if code != mode)], complete


def _inert_at(on: Ground, name: str, codes: Sequence[int]) -> int | None:
    """The first of the constants at which fixing the node changes no prediction."""
    left = list(codes)
    for most in (_FIRST_SAMPLE, _SECOND_SAMPLE):
        rows = spread(len(on.batch), most)
        left = [code for part in _parts(left, most) for code in _surviving(on, name, part, rows)]
    for code in left:
        if _surviving(on, name, [code], _touched(on, name, code)):
            return code
    return None


def _parts(codes: Sequence[int], rows: int) -> list[Sequence[int]]:
    """Codes in groups of which each makes a batch of bounded size."""
    size = max(1, 8 * _SECOND_SAMPLE // rows)
    return [codes[start : start + size] for start in range(0, len(codes), size)]


def _surviving(on: Ground, name: str, codes: Sequence[int], rows: Rows) -> list[int]:
    """The constants at which fixing the node changes no prediction on the inputs `rows`: all tried in one execution."""
    if not len(rows):
        return list(codes)
    tiled = np.tile(rows, len(codes))
    fixed = np.broadcast_to(np.repeat(codes, len(rows))[:, None], (len(tiled), on.batch.tokens.shape[1]))
    base = take(on.intact, tiled)
    run = execute(on.program, base.batch, overrides={name: fixed}, base=base)
    stays = on.same(run, tiled).reshape(len(codes), len(rows))
    return [code for code, kept in zip(codes, stays, strict=True) if kept.all()]


def _touched(on: Ground, name: str, code: int) -> Rows:
    """The inputs on which fixing the node changes its values, or takes away a hole at it."""
    touched = ((on.intact.values[name] != code) & on.batch.present).any(axis=1)
    if name in on.intact.holed:
        touched |= on.intact.holed[name].any(axis=1)
    return np.flatnonzero(touched)


def _mate(on: Ground, name: str) -> str | None:
    """The first earlier variable that equals the node over all inputs, or None."""
    if name in on.intact.holed:
        return None
    rows = spread(len(on.batch), _FIRST_SAMPLE)
    computed = on.computed(name)
    if not computed.any():
        return None
    for other in on.program.variables:
        if other == name:
            return None
        for some in (rows, slice(None)):
            both = _comparable(on, name, other, some)
            if both is None or (both[0] != both[1])[computed[some]].any():
                break
        else:
            return other
    return None


def _comparable(on: Ground, one: str, other: str, rows: Rows | slice) -> tuple[Array, Array] | None:
    """The values of two variables in one coding, or None if one is numeric and the other is not."""
    ours, theirs = on.program.variables[one].domain, on.program.variables[other].domain
    values, other_values = on.intact.values[one][rows], on.intact.values[other][rows]
    if isinstance(ours, Symbols) and isinstance(theirs, Symbols):
        return values, recode(ours, theirs).take(other_values)
    if isinstance(ours, Numbers) and isinstance(theirs, Numbers):
        common = math.lcm(ours.denominator, theirs.denominator)
        up, other_up = common // ours.denominator, common // theirs.denominator
        return _wide(values, ours.bound * up) * up, _wide(other_values, theirs.bound * other_up) * other_up
    return None


def _wide(numerators: Array, bound: int) -> Array:
    """Numerators in a type that holds numbers up to `bound`."""
    return numerators.astype(np.int64 if bound < INT64_LIMIT else object)


def recode(ours: Symbols, theirs: Symbols) -> Array:
    """For each code of `theirs`, the code of the same symbol in `ours`, or -1."""
    return np.array([ours.codes.get(symbol, -1) for symbol in theirs], dtype=np.int64)


# Together #############################################################################################################


def _jointly(on: Ground, fixes: Mapping[str, Fix], safe: set[str]) -> list[Fix]:
    """Fixes that change no prediction when applied together, in execution order.

    Greedy: first all at once; then one at a time, those of `safe` (which change no value that matters) first, the
    others from the last node back. Whatever fails on any input fails for good, so later attempts meet the inputs that
    refuted earlier ones first; the set is returned once it stands on all inputs. In the end, whatever only removed
    nodes read goes with them.
    """
    order = [name for name in on.program.by_name if name in fixes]
    refuting = spread(len(on.batch), _SECOND_SAMPLE)
    kept = [fixes[name] for name in order]
    if len(failing := _failing(on, kept, None)):
        refuting = np.union1d(refuting, failing[:_REFUTING])
        first = [name for name in order if name in safe]
        ranked = first + [name for name in reversed(order) if name not in safe]
        while True:
            kept = []
            for name in ranked:
                if not len(_failing(on, [*kept, fixes[name]], refuting)):
                    kept.append(fixes[name])
            if not len(failing := _failing(on, kept, None)):
                break
            refuting = np.union1d(refuting, failing[:_REFUTING])
    kept += _unread_without(on, kept)
    place = {name: index for index, name in enumerate(on.program.by_name)}
    return sorted(kept, key=lambda fix: place[fix.node])


def _failing(on: Ground, fixes: Sequence[Fix], rows: Rows | None) -> Rows:
    """The inputs, among `rows` or all, on which the fixes together change a prediction."""
    if not fixes:
        return np.zeros(0, dtype=np.intp)
    base = on.intact if rows is None else take(on.intact, rows)
    rows = np.arange(len(on.batch)) if rows is None else rows
    run, lost = run_without(on.program, base, fixes)
    return rows[~on.same(run, rows) | lost]


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
        mate = mates[name]
        ours, theirs = program.variables[name].domain, program.variables[mate].domain
        if isinstance(ours, Symbols) and isinstance(theirs, Symbols):
            values = recode(ours, theirs).take(run.values[mate])
            lost |= ((values < 0) & base.batch.present).any(axis=1)
            overrides[name] = np.maximum(values, 0)
        else:
            assert isinstance(ours, Numbers)
            assert isinstance(theirs, Numbers)
            scaled = _wide(run.values[mate], theirs.bound * ours.denominator) * ours.denominator
            lost |= ((scaled % theirs.denominator != 0) & base.batch.present).any(axis=1)
            overrides[name] = scaled // theirs.denominator
        run = execute(program, base.batch, overrides=overrides, base=run)
    return run, lost


def _unread_without(on: Ground, kept: Sequence[Fix]) -> list[Fix]:
    """Fixes for the nodes that nothing reads any more: every path from them ends in a node already taken out."""
    gone = {fix.node for fix in kept}
    mates = {fix.mate for fix in kept if fix.mate is not None}
    telling = {term.variable for term in on.program.readout.terms if None in term.rows or swing(on.program, term) > 0}
    telling |= {node.name for node in on.program.nodes if _is_partial(node)} | mates
    needed = set(telling) - gone | mates
    for node in reversed(on.program.nodes):
        if node.name in needed and node.name not in gone:
            needed |= set(node.reads)
    return [Fix(n, on.mode(n)) for n in on.program.by_name if n not in needed and n not in gone]
