"""A readout of fewer variables, and with small weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, combinations

import numpy as np

from tprog.ir.program import Numbers, Program, Quotients, Symbols, Weights
from tprog.run.batch import Array
from tprog.simplify.parts import closure, pruned, with_terms
from tprog.simplify.record import entries, size
from tprog.simplify.search import Search
from tprog.simplify.separate import Patterns, separate, smaller

_TOGETHER = 3
"""The largest readouts that are looked for among all variables."""

_TRIED = 24
"""How many of those that could do are tried."""

_SPREAD = 4096
"""Patterns on which a set of variables must suffice before all are looked at."""


def smaller_readout(search: Search) -> None:
    """Read fewer variables, with weights as small as are found."""
    if search.program.readout.implied:
        return
    _drop_terms(search)
    if search.program.readout.pooled or not _all_whole(search.program):
        return
    names, patterns = _patterns(search)
    if not len(patterns.wanted):
        return
    _few_variables(search, names, patterns)
    _leave_out(search, names, patterns)
    _small_weights(search, names, patterns)


def _drop_terms(search: Search) -> None:
    """Leave out variables without which, as weights stand, no prediction changes."""
    for term in reversed(search.program.readout.terms):
        left = [other for other in search.program.readout.terms if other.variable != term.variable]
        if len(left) < len(search.program.readout.terms):
            candidate = pruned(with_terms(search.program, left))
            search.attempt(candidate, "readout", f"{term.variable} left out")


def _all_whole(program: Program) -> bool:
    """Whether every row is there and every number is whole: what `separate` can speak of."""
    domains = [variable.domain for variable in program.variables.values()]
    whole = all(domain.denominator == 1 for domain in domains if isinstance(domain, Numbers))
    return whole and not any(term.partial for term in program.readout.terms)


def _patterns(search: Search) -> tuple[list[str], Patterns]:
    """The distinct values of all variables that can be weighed, at the positions whose predictions must stay."""
    program = search.program
    names = [name for name, variable in program.variables.items() if not isinstance(variable.domain, Quotients)]
    columns: list[list[Array]] = [[] for _ in names]
    wanted = []
    for part, _, values in search.values(*names):
        predictions = part.wanted[:, program.of_readout]
        at = predictions >= 0
        wanted.append(predictions[at])
        for column, found in zip(columns, values, strict=True):
            column.append(found[at])
    domains = [program.variables[name].domain for name in names]
    sizes = [len(domain) if isinstance(domain, Symbols) else None for domain in domains]
    joined = [np.concatenate(column) for column in columns]
    every = Patterns(joined, sizes, np.concatenate(wanted).astype(np.intp), len(program.written_classes))
    distinct = every.only(range(len(names)))
    return names, every.take(np.zeros(0, np.intp)) if distinct is None else distinct


def _read(program: Program, names: Sequence[str], weights: Sequence[Array]) -> Program:
    """The program with such a readout, pruned."""
    order = {name: index for index, name in enumerate(program.variables)}
    terms = [
        Weights(name, tuple(tuple(map(int, row)) for row in rows.tolist()))
        for name, rows in sorted(zip(names, weights, strict=True), key=lambda item: order[item[0]])
    ]
    return pruned(replace(with_terms(program, terms), readout=replace(program.readout, terms=tuple(terms), scale=1)))


def _few_variables(search: Search, names: Sequence[str], patterns: Patterns) -> None:
    """The one to three variables from which the predictions follow, that need the fewest nodes."""
    program = search.program
    for _, chosen in sorted(_telling(program, names, patterns))[:_TRIED]:
        # The number that is 1 everywhere costs no node, and gives every class a bias.
        which = [*chosen, names.index("ones")] if any(patterns.sizes[i] is None for i in chosen) else [*chosen]
        part = patterns.only(which)
        weights = None if part is None else separate(part)[0]
        if part is not None and weights is not None:
            weights = smaller(part, weights)
            candidate = _read(program, [names[i] for i in which], weights)
            told = " and ".join(names[i] for i in chosen)
            if search.attempt(candidate, "readout", f"reads {told} alone, with weights of its own"):
                return


def _telling(
    program: Program, names: Sequence[str], patterns: Patterns
) -> Iterator[tuple[tuple[int, int], tuple[int, ...]]]:
    """The sets of few variables that cost less than what is read now and, as far as some patterns show, tell enough.

    Yields:
        what a set costs, and its indices in `names`. No set is larger than one that tells enough on all patterns.
    """
    own = _cost(program, list(program.readout.reads))
    some = patterns.some(_SPREAD)
    enough: list[set[int]] = []
    for chosen in _few_of(names):
        cost = _cost(program, [names[i] for i in chosen])
        if cost >= own or any(known <= set(chosen) for known in enough) or not some.tell(chosen):
            continue
        yield cost, chosen
        if len(chosen) < _TOGETHER and patterns.tell(chosen):
            enough.append(set(chosen))


def _few_of(names: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """The sets of few variables, as indices, small ones first; those of three only where there are not too many."""
    useful = [i for i, name in enumerate(names) if name != "ones"]
    most = _TOGETHER if len(useful) <= 24 else _TOGETHER - 1
    return chain.from_iterable(combinations(useful, count) for count in range(1, most + 1))


def _cost(program: Program, variables: Sequence[str]) -> tuple[int, int]:
    """The nodes that a readout and other outputs need, and how many variables it reads besides the bias."""
    return len(closure(program, [*variables, *program.variables_out])), len(set(variables) - {"ones"})


def _leave_out(search: Search, names: Sequence[str], patterns: Patterns) -> None:
    """Leave out one variable after the other, those that free the most nodes first; the others get new weights."""
    program = search.program
    read = list(program.readout.reads)
    every, _ = _cost(program, read)

    def freed(name: str) -> int:
        return every - _cost(program, [other for other in read if other != name])[0]

    hard = np.zeros(0, dtype=np.intp)
    for name in sorted(read, key=freed, reverse=True):
        terms = {term.variable: term for term in search.program.readout.terms}
        if name not in terms or len(terms) < 2:
            continue
        left = [other for other in terms if other != name]
        which = [names.index(other) for other in left]
        if not patterns.tell(which):
            continue
        # Not its distinct patterns: what is hard without one variable is hard without the next.
        part = patterns.of(which)
        weights, hard = separate(part, [_array(terms[other]) for other in left], hard)
        if weights is not None:
            candidate = _read(search.program, left, weights)
            search.attempt(candidate, "readout", f"{name} left out, with new weights for the others")


def _array(term: Weights) -> Array:
    return np.array(term.rows, dtype=np.int64)


def _small_weights(search: Search, names: Sequence[str], patterns: Patterns) -> None:
    """The same variables with smaller weights, if that makes the text shorter."""
    program = search.program
    terms = program.readout.terms
    read = [term.variable for term in terms]
    part = patterns.only([names.index(name) for name in read]) if read else None
    if part is None:
        return
    found = [smaller(part, list(map(_array, terms)))]
    if len(read) <= _TOGETHER + 1 and (anew := separate(part)[0]) is not None:
        found.append(smaller(part, anew))
    candidates = [_read(program, read, weights) for weights in found]
    best = min(candidates, key=_text, default=program)
    (lines, total), (old_lines, old_total) = _text(best), _text(program)
    # A little less would go on for long: weights are small enough when they do not get a tenth smaller.
    if (lines < old_lines or (lines == old_lines and total < 0.9 * old_total)) and entries(best) <= entries(program):
        search.attempt(best, "readout", "smaller weights")


def _text(program: Program) -> tuple[int, int]:
    """What the readout takes to write down: lines of the module, then the sum of all weights and the scale."""
    weights = (abs(w) for term in program.readout.terms for row in term.rows for w in row or ())
    return size(program).lines, sum(weights) + program.readout.scale
