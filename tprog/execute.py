"""The vectorised meaning of a Program over a batch of inputs: equal to the emitted module on every input.

Categorical values are computed as codes (indices in the variable's domain), numbers as whole multiples of
1 / denominator, logits as whole multiples of 1 / `Program.logit_scale`; all in int64 or smaller where the proven
domain allows, so that no step rounds. Shapes: [input, position], [input, query, key], [input, position, class].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tprog import primitives
from tprog.batch import Array, Batch, Bools, chunks
from tprog.program import (
    AttentionHead,
    Embedding,
    Head,
    Lookup,
    Node,
    Number,
    Numbers,
    NumericHead,
    Program,
    SelfRule,
    Symbols,
    Value,
    Variable,
    Weights,
)

FORCED = -1
"""The prediction code at positions whose output is forced, and behind the end of an input."""


@dataclass(frozen=True)
class Hole:
    """Where an input leaves a partial program: the first missing row that it reaches, in execution order."""

    node: str
    position: int
    what: str

    def __str__(self) -> str:
        return f"hole at {self.node}, {self.what}"


@dataclass(frozen=True, eq=False)
class Execution:
    """All that a Program computes on a batch.

    Attributes:
        values: variable -> [input, position] codes or numerators; meaningless behind the end of an input and
            downstream of a hole.
        holed: node, or ``readout``, -> [input, position] or, for a single readout term, where a missing row is
            reached. Only nodes that reach one have an entry; readout terms are keyed ``readout <variable>``.
        totals: [input, position, class] logits, or [input, class], summed over positions, if pooled; numerators over
            `Program.logit_scale`.
    """

    program: Program
    batch: Batch
    values: Mapping[str, Array]
    holed: Mapping[str, Bools]
    totals: Array

    @cached_property
    def predictions(self) -> Array:
        """[input, position] class codes, `FORCED` where none is computed; or [input] if pooled. Ties: first class."""
        best: Array = self.totals.argmax(axis=-1)
        if self.program.readout.pooled:
            return best
        return np.where(read_out_at(self.program, self.batch), best, FORCED)

    @cached_property
    def in_hole(self) -> Bools:
        """[input]: whether the input reaches a missing row."""
        reached = np.zeros(len(self.batch), dtype=np.bool_)
        for at in self.holed.values():
            reached |= at.any(axis=1)
        return reached

    def hole(self, row: int) -> Hole | None:
        """The first missing row that input `row` reaches, in execution order, or None."""
        for name, at in self.holed.items():
            if at[row].any():
                position = int(at[row].argmax())
                return Hole(name.split()[0], position, self._missing(name, row, position))
        return None

    def _missing(self, name: str, row: int, position: int) -> str:
        if name.startswith("readout "):
            variable = name.removeprefix("readout ")
            return f"{variable} = {self.value(variable, row, position)!r}"
        match self.program.by_name[name]:
            case Embedding():
                return f"word {self.value('tokens', row, position)!r}"
            case Head(query=query) | NumericHead(query=query):
                return f"query {self.value(query, row, position)!r}"
            case Lookup(inputs=inputs):
                shown = (self.value(read, row, position) for read in inputs)
                return "input " + ", ".join(repr(v) if isinstance(v, str) else str(v) for v in shown)

    def value(self, variable: str, row: int, position: int) -> Value:
        """One value of one variable."""
        return decode(self.program, variable, self.values[variable][row, position])

    def outputs(self, row: int) -> list[str] | str:
        """What `run` of the emitted module returns for input `row`.

        Raises:
            LookupError: the input reaches a hole.
        """
        if hole := self.hole(row):
            raise LookupError(str(hole))
        classes = self.program.classes
        if self.program.readout.pooled:
            return classes[int(self.predictions[row])]
        words = self.batch.words(self.program, row)
        codes = self.predictions[row, : len(words)]
        return [word if code == FORCED else classes[code] for word, code in zip(words, codes, strict=True)]


def decode(program: Program, variable: str, code: int) -> Value:
    """The value that a code (or numerator) of a variable stands for."""
    domain = program.variables[variable].domain
    if isinstance(domain, Symbols):
        return domain.values[code]
    number = Fraction(int(code), domain.denominator)
    return int(number) if number.denominator == 1 else number


def read_out_at(program: Program, batch: Batch) -> Bools:
    """[input, position]: whether logits are read there: within the input and, unless pooled, not forced."""
    if program.readout.pooled or not program.readout.forced:
        return batch.present
    forced = [program.vocabulary.index(word) for word in program.readout.forced]
    return batch.present & ~np.isin(batch.tokens, forced)


@dataclass(frozen=True, eq=False)
class _Layered(Mapping[str, Array]):
    """The values of a program's variables: those computed anew, else those of an earlier execution.

    An earlier one may itself fetch values when they are asked for, so what nobody asks for is not touched.
    """

    variables: Mapping[str, Variable]
    anew: dict[str, Array]
    earlier: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        found = self.anew.get(name)
        return self.earlier[name] if found is None else found

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)


def execute(
    program: Program,
    batch: Batch,
    *,
    overrides: Mapping[str, Array | int] | None = None,
    base: Execution | None = None,
) -> Execution:
    """Evaluate a Program on every input of a batch.

    Args:
        overrides: node -> the codes (or numerators) that it yields instead, [input, position] or one for all. The
            node itself is not evaluated and so reaches no hole.
        base: an execution of the same batch, by this program or one with the same frame; nodes that are equal in both
            and whose inputs have not changed are taken from it, overridden values too: a second ablation on top of a
            first one starts from the first.
    """
    if base is None and not overrides and len(batch) > 2 * _PIECE:
        return _in_pieces(program, batch)
    overrides = overrides or {}
    shape = batch.tokens.shape
    anew: dict[str, Array] = _inputs(program, batch) if base is None else {}
    values = anew if base is None else _Layered(program.variables, anew, base.values)
    holed: dict[str, Bools] = {}
    changed: set[str] = set() if base is not None else set(_GIVEN)
    for node in program.nodes:
        name, domain = node.name, program.variables[node.name].domain
        old = base.program.by_name.get(name) if base is not None else None
        if base is not None and name not in overrides and old == node and changed.isdisjoint(node.reads):
            if name in base.holed:
                holed[name] = base.holed[name]
            if domain != base.program.variables[name].domain:
                changed.add(name)
            continue
        if name in overrides:
            anew[name] = np.broadcast_to(np.asarray(overrides[name], dtype=_dtype(domain)), shape)
        else:
            anew[name], missing = evaluate(node, program, batch, values)
            if missing is not None and (missing := missing & batch.present).any():
                holed[name] = missing
        same = base is not None and old is not None and domain == base.program.variables[name].domain
        if not (same and base is not None and np.array_equal(anew[name], base.values[name])):
            changed.add(name)
    totals = _read_out(program, batch, values, holed, changed, base)
    return Execution(program, batch, values, holed, totals)


_PIECE = 2048
"""Inputs of a large batch evaluated at once: what stands between two steps then stays in a core's cache."""


def _in_pieces(program: Program, batch: Batch) -> Execution:
    """A large batch executed piece by piece, and put together again."""
    pieces = [batch.take(slice(start, start + _PIECE)) for start in range(0, len(batch), _PIECE)]
    runs = [execute(program, piece) for piece in pieces]
    found = {name for run in runs for name in run.holed}
    order = [*program.by_name, *(f"readout {term.variable}" for term in program.readout.terms)]
    holed = {
        name: np.concatenate([run.holed.get(name, np.zeros_like(run.batch.present)) for run in runs])
        for name in order
        if name in found
    }
    values = {name: np.concatenate([run.values[name] for run in runs]) for name in program.variables}
    return Execution(program, batch, values, holed, np.concatenate([run.totals for run in runs]))


def predict(program: Program, batch: Batch, progress: Callable[[int], object] | None = None) -> tuple[Array, Bools]:
    """The predictions alone, in memory that does not grow with the number of nodes.

    Args:
        progress: called after each chunk with the number of inputs done.

    Returns:
        predictions as `Execution.predictions`, in int16, and [input] whether the input reaches a hole.
    """
    shape = (len(batch),) if program.readout.pooled else batch.tokens.shape
    predictions = np.full(shape, FORCED, dtype=np.int16)
    in_hole = np.zeros(len(batch), dtype=np.bool_)
    for rows, piece in chunks(batch):
        run = execute(program, piece)
        target = predictions[rows] if program.readout.pooled else predictions[rows, : piece.tokens.shape[1]]
        target[...] = run.predictions
        in_hole[rows] = run.in_hole
        if progress:
            progress(min(rows.stop, len(batch)))
    return predictions, in_hole


# Nodes ################################################################################################################

_GIVEN = ("tokens", "positions", "ones")


def _inputs(program: Program, batch: Batch) -> dict[str, Array]:
    tokens = np.maximum(batch.tokens, 0).astype(_dtype(program.variables["tokens"].domain), copy=False)
    positions = np.broadcast_to(np.arange(tokens.shape[1], dtype=_dtype(program.symbols("positions"))), tokens.shape)
    return {"tokens": tokens, "positions": positions, "ones": np.ones(tokens.shape, dtype=np.int8)}


@cache
def _dtype(domain: Symbols | Numbers) -> np.dtype[Any]:
    """The smallest signed integer type that holds every code, or every numerator, of a domain."""
    largest = len(domain) - 1 if isinstance(domain, Symbols) else domain.bound
    return np.min_scalar_type(-largest - 1)  # int8 holds -128 but not 128


def evaluate(node: Node, program: Program, batch: Batch, values: Mapping[str, Array]) -> tuple[Array, Bools | None]:
    """A node's values [input, position], and where it reaches a missing row (None: the node has no hole)."""
    match node:
        case Embedding():
            table, missing = _codes(node.table, Symbols(node.symbols))
            return table[values["tokens"]], None if missing is None else missing[values["tokens"]]
        case Head():
            return _head(node, program, batch, values)
        case NumericHead():
            return _numeric_head(node, program, batch, values)
        case Lookup():
            return _lookup(node, program, values)


def _codes(column: Sequence[Value | None], domain: Symbols | Numbers) -> tuple[Array, Bools | None]:
    """A column of a table as codes or numerators, holes as 0; and where the holes are, None if nowhere."""
    if isinstance(domain, Symbols):
        found = [0 if value is None else domain.codes[value] for value in column]
    else:
        found = [0 if value is None else _numerator(value, domain) for value in column]
    holes = np.array([value is None for value in column])
    return np.array(found, dtype=_dtype(domain)), holes if holes.any() else None


def _numerator(value: Value, domain: Numbers) -> int:
    assert not isinstance(value, str)
    return int(value * domain.denominator)


@cache
def _windows(n: int, mask: str, skip_first: bool) -> Bools:
    """[query, key]: whether the query's position may see the key's; the same ranges as `primitives.visible`."""
    allowed = np.zeros((n, n), dtype=np.bool_)
    for i in range(n):
        allowed[i, list(primitives.visible(i, n, mask, skip_first))] = True
    return allowed


def mask_word(node: AttentionHead, program: Program) -> str:
    """The mask as the primitives name it: in a causal program, ``all`` that a position sees is ``causal``."""
    return "causal" if program.causal and node.mask == "all" else node.mask


def _selected(
    node: AttentionHead, program: Program, batch: Batch, values: Mapping[str, Array]
) -> tuple[Bools, Bools | None]:
    """M as [input, query, key], and [input, query] where a row that is missing is consulted."""
    query, key = values[node.query], values[node.key]
    keys = program.symbols(node.key)
    table = np.zeros((len(node.predicate), len(keys)), dtype=np.bool_)
    for code, row in enumerate(node.predicate):
        table[code, [keys.codes[k] for k in row or ()]] = True
    window = _windows(query.shape[1], mask_word(node, program), node.skip_first)
    matches = _accepted(table, query, key)
    if not window.all():
        matches &= window
    if (batch.lengths < query.shape[1]).any():
        matches &= batch.present[:, None, :]
    if None not in node.predicate:
        return matches, None
    absent = np.array([row is None for row in node.predicate])
    sees = (window & batch.present[:, None, :]).any(axis=2)
    return matches, absent[query] & sees


def _accepted(table: Bools, query: Array, key: Array) -> Bools:
    """[input, query, key]: whether the row [query value] of the table [query value, key value] holds the key."""
    width = table.shape[1]
    bits = next((bits for bits in (8, 16, 32, 64) if width <= bits), None)
    if bits is None:
        flat = query.astype(np.intp)[:, :, None] * width + key[:, None, :]
        gathered: Bools = table.ravel().take(flat)
        return gathered
    # A row as a bit set: one byte a pair where there are eight keys, and no gathering of single truth values.
    kind = np.dtype(f"u{bits // 8}")
    bit = np.left_shift(np.ones(width, dtype=kind), np.arange(width, dtype=kind))
    rows = np.where(table, bit, np.zeros_like(bit)).sum(axis=1, dtype=kind)
    found: Bools = (rows.take(query)[:, :, None] & bit.take(key)[:, None, :]) != 0
    return found


@cache
def _order(n: int) -> NDArray[np.int8]:
    """[query, key] ranks: a nearer key is higher, left above right at equal distance, oneself lowest; none is 0."""
    rank = np.zeros((n, n), dtype=np.int64)
    for i in range(n):
        by_preference = sorted((j for j in range(n) if j != i), key=lambda j: (abs(i - j), j))
        for place, j in enumerate([*by_preference, i]):
            rank[i, j] = n - place
    return rank.astype(np.min_scalar_type(-n - 1))


def _head(node: Head, program: Program, batch: Batch, values: Mapping[str, Array]) -> tuple[Array, Bools | None]:
    matches, missing = _selected(node, program, batch, values)
    n = matches.shape[2]
    if n == 0:
        return values[node.value], missing
    closest = _closest(matches, program.self_rule)
    copied = np.take_along_axis(values[node.value], closest, axis=1)
    if node.default is not None:
        copied = np.where(matches.any(axis=2), copied, program.symbols(node.value).codes[node.default])
    return copied.astype(_dtype(program.variables[node.name].domain), copy=False), missing


def _closest(matches: Bools, self_rule: SelfRule) -> Array:
    """[input, query]: the attended position, 0 where nothing matches."""
    n = matches.shape[2]
    closest: Array
    match self_rule:
        case "last":
            closest = (matches * _order(n)).argmax(axis=2)
        case "match-count":
            kind, own = np.min_scalar_type(-2 * n - 1), np.arange(n)
            apart = np.abs(own[:, None] - own).astype(kind)
            distance = np.where(matches, apart, kind.type(2 * n))
            counts = np.count_nonzero(matches, axis=2).astype(kind)
            distance[:, own, own] = np.where(matches[:, own, own], counts, kind.type(2 * n))
            closest = distance.argmin(axis=2)
    return closest


def _numeric_head(
    node: NumericHead, program: Program, batch: Batch, values: Mapping[str, Array]
) -> tuple[Array, Bools | None]:
    matches, missing = _selected(node, program, batch, values)
    domain = program.numbers(node.name)
    if node.value == "ones":
        sums: Array = np.count_nonzero(matches, axis=2)
    else:
        sums = np.einsum("bqk,bk->bq", matches, values[node.value].astype(np.int64))
    if node.reduce == "mean":
        counts = np.count_nonzero(matches, axis=2)
        assert node.default is not None
        # The domain's denominator is a multiple of every count that can occur, so this division is exact.
        sums = sums * (domain.denominator // program.numbers(node.value).denominator) // np.maximum(counts, 1)
        sums = np.where(counts > 0, sums, _numerator(node.default, domain))
    return sums.astype(_dtype(domain), copy=False), missing


def _lookup(node: Lookup, program: Program, values: Mapping[str, Array]) -> tuple[Array, Bools | None]:
    cells, missing = _codes(node.cells, program.variables[node.name].domain)
    flat: Array | None = None
    for name, levels in zip(node.inputs, node.levels, strict=True):
        domain = program.variables[name].domain
        if isinstance(domain, Symbols):
            place: Array = values[name].astype(np.int32)
            size = len(domain)
        else:
            assert levels is not None
            place, size = _level(values[name], levels, domain), len(levels)
        flat = place if flat is None else flat * size + place
    assert flat is not None
    return cells[flat], None if missing is None else missing[flat]


def _level(numerators: Array, levels: Sequence[Number], domain: Numbers) -> Array:
    """The index of the level that each number reads as."""
    # level <= x/d  <=>  ceil(level * d) <= x, so the comparison stays in whole numbers.
    starts = np.array([min(-int(-level * domain.denominator // 1), np.iinfo(np.int64).max) for level in levels])
    return np.maximum(np.searchsorted(starts, numerators, side="right") - 1, 0)


# Readout ##############################################################################################################


def _read_out(
    program: Program,
    batch: Batch,
    values: Mapping[str, Array],
    holed: dict[str, Bools],
    changed: set[str],
    base: Execution | None,
) -> Array:
    """The logits' numerators; adds the holes that the readout reaches to `holed`."""
    reusable = base is not None and base.program.logit_scale == program.logit_scale
    reusable = reusable and base is not None and len(base.program.classes) == len(program.classes)
    reusable = reusable and base is not None and base.program.readout.scale == program.readout.scale
    terms = {term.variable: term for term in program.readout.terms}
    read_at: Bools | None = None
    if any(None in term.rows for term in terms.values()):
        read_at = batch.present if program.readout.rows_needed == "everywhere" else read_out_at(program, batch)
    for name, term in terms.items():
        if read_at is not None and None in term.rows:
            absent = np.array([row is None for row in term.rows])
            if (missing := absent[values[name]] & read_at).any():
                holed[f"readout {name}"] = missing
    if not reusable or base is None:
        totals = np.zeros((len(program.classes), *batch.tokens.shape), dtype=np.int64)
        for name, term in terms.items():
            _add_term(totals, program, term, values[name])
        return _shape_totals(program, batch, totals)
    old_terms = {term.variable: term for term in base.program.readout.terms}
    stale = [n for n in {**old_terms, **terms} if n in changed or old_terms.get(n) != terms.get(n)]
    difference = np.zeros((len(program.classes), *batch.tokens.shape), dtype=np.int64)
    for name in stale:
        if name in terms:
            _add_term(difference, program, terms[name], values[name])
        if name in old_terms:
            _add_term(difference, base.program, old_terms[name], base.values[name], sign=-1)
    return base.totals + _shape_totals(program, batch, difference)


def _add_term(totals: Array, program: Program, term: Weights, values: Array, sign: int = 1) -> None:
    """Add one variable's share to totals [class, input, position]."""
    domain = program.variables[term.variable].domain
    unit = sign * program.logit_scale // program.readout.scale
    for code in range(len(program.classes)):
        column = np.array([0 if row is None else row[code] for row in term.rows], dtype=np.int64)
        if isinstance(domain, Symbols):
            totals[code] += (column * unit).take(values)
        else:
            totals[code] += values * (column[0] * (unit // domain.denominator))


def _shape_totals(program: Program, batch: Batch, totals: Array) -> Array:
    """[class, input, position] -> [input, position, class], or [input, class] summed over positions if pooled."""
    if program.readout.pooled:
        summed: Array = np.where(batch.present, totals, 0).sum(axis=2)
        return summed.T
    return np.moveaxis(totals, 0, -1)
