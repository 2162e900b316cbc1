"""The vectorised meaning of a Program over a batch of inputs: equal to the emitted module on every input.

Categorical values are computed as codes (indices in the variable's domain), numbers as whole multiples of
1 / denominator, logits as whole multiples of 1 / `Program.logit_scale`; all in int64 or smaller where the proven
domain allows, so that no step rounds. Shapes: [input, position], [input, query, key], [input, position, class].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from tprog.ir.entries import ClauseOf, Entries, TableKey, WeightsOf, owner, picked
from tprog.ir.program import Node, Program, Symbols, Value, Variable
from tprog.ir.values import spelling
from tprog.run.batch import Array, Batch, Bools, chosen
from tprog.run.evaluate import dtype_of, evaluate
from tprog.run.logits import missing_rows, read_out_at, summed_up, totals_on_top
from tprog.run.pieces import PIECE, inputs_at_once, pieces_of, slices

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
        holed: table -> [input, position] where a missing row of it is reached; only tables where one is, in execution
            order.
        totals: [input, position, class] logits, or [input, class], summed over positions, if pooled; numerators over
            `Program.logit_scale`. Without a readout there are none: no class, in that shape.
    """

    program: Program
    batch: Batch
    values: Mapping[str, Array]
    holed: Mapping[TableKey, Bools]
    totals: Array

    @cached_property
    def predictions(self) -> Array:
        """[input, place] class codes, `FORCED` where none is computed; or [input] if pooled. Ties: first class."""
        program = self.program
        if program.readout.pooled:
            return self._classified
        if not program.places.several:
            return self._of_output(*program.outputs)
        beside = np.stack([self._of_output(name) for name in program.outputs], axis=-1)
        return np.asarray(beside.reshape(len(self.batch), math.prod(beside.shape[1:])))  # also of no input

    @property
    def _classified(self) -> Array:
        best: Array = self.totals.argmax(axis=-1)
        return best

    def _of_output(self, name: str) -> Array:
        """[input, position] class codes of one output, which is not pooled."""
        if name in self.program.returned:
            return np.where(self.batch.present, outcome_codes(self.program, self.values, name), FORCED)
        return np.where(read_out_at(self.program, self.batch), self._classified, FORCED)

    @cached_property
    def in_hole(self) -> Bools:
        """[input]: whether the input reaches a missing row."""
        reached = np.zeros(len(self.batch), dtype=np.bool_)
        for at in self.holed.values():
            reached |= at.any(axis=1)
        return reached

    def lost_at(self, node: str) -> Bools:
        """[input, position]: where a node reaches a missing row, of any of its tables."""
        lost = np.zeros_like(self.batch.present)
        for table in self.program.by_name[node].tables:
            if table in self.holed:
                lost |= self.holed[table]
        return lost

    def hole(self, row: int) -> Hole | None:
        """The first missing row that input `row` reaches, in execution order, or None."""
        for table, at in self.holed.items():
            if at[row].any():
                position = int(at[row].argmax())
                values = [self.value(variable, row, position) for variable in self.asked(table)]
                if isinstance(table, WeightsOf):
                    return Hole("readout", position, f"{table.variable} = {values[0]!r}")
                return Hole(str(table), position, picked(self._entries(table).part, values))
        return None

    def asked(self, table: TableKey) -> tuple[str, ...]:
        """The variables whose values pick an entry of a table."""
        return (table.variable,) if isinstance(table, WeightsOf) else self._entries(table).asked

    def _entries(self, table: str | ClauseOf) -> Entries:
        return self.program.by_name[str(owner(table))].tables[table]

    def value(self, variable: str, row: int, position: int) -> Value:
        """One value of one variable."""
        return decode(self.program, variable, self.values[variable][row, position])

    def outputs(self, row: int) -> Any:
        """What `run` of the emitted module returns for input `row`.

        Returns:
            one value a position, as a list; of several outputs, name -> list; of a pooled program, one class.

        Raises:
            LookupError: the input reaches a hole.
        """
        if hole := self.hole(row):
            raise LookupError(str(hole))
        if self.program.readout.pooled:
            return self.program.classes[int(self.predictions[row])]
        if not self.program.places.several:
            return self._answers(self.program.outputs[0], row)
        return {name: self._answers(name, row) for name in self.program.outputs}

    def _answers(self, name: str, row: int) -> list[Value]:
        """One output of an input that reaches no hole."""
        words = self.batch.words(self.program, row)
        if name in self.program.returned:
            return [self.value(name, row, position) for position in range(len(words))]
        places = self.program.places
        first, behind = places.place(0, name), places.count(len(words))
        codes, classes = self.predictions[row, first : behind : places.each], self.program.classes
        return [word if code == FORCED else classes[code] for word, code in zip(words, codes, strict=True)]

    def spelled(self, row: int) -> Any:
        """The same, each value in its one spelling.

        Raises:
            LookupError: the input reaches a hole.
        """
        found = self.outputs(row)
        if isinstance(found, str):
            return found
        if isinstance(found, dict):
            return {name: list(map(spelling, values)) for name, values in found.items()}
        return list(map(spelling, found))


def outcome_codes(program: Program, values: Mapping[str, Array], name: str) -> Array:
    """[input, position] the places in `Program.classes` of a variable that comes out."""
    codes = np.array(program.returned[name].codes)
    # What lies behind the end of an input or downstream of a hole may be outside the domain.
    places = np.minimum(np.searchsorted(codes, values[name]), len(codes) - 1)
    return np.array(program.outcome_codes[name], dtype=np.int32)[places]


def decode(program: Program, variable: str, code: int) -> Value:
    """The value that a code (or numerator) of a variable stands for."""
    domain = program.variables[variable].domain
    if isinstance(domain, Symbols):
        return domain.values[code]
    return domain.number(int(code))


@dataclass(frozen=True, eq=False)
class _Layered(Mapping[str, Array]):
    """The values of a program's variables: those computed anew, else those of an earlier execution.

    An earlier one may itself fetch values when they are asked for, so what nobody asks for is not touched. What was
    asked for once is at hand: executions stand on each other, hundreds deep where a program is made smaller.
    """

    variables: Mapping[str, Variable]
    anew: dict[str, Array]
    earlier: Mapping[str, Array]
    fetched: dict[str, Array] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        found = self.anew.get(name)
        if found is None:
            found = self.fetched.get(name)
        if found is None:
            found = self.fetched[name] = self.earlier[name]
        return found

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
    overrides = overrides or {}
    size = inputs_at_once(program, batch.tokens.shape[1]) if len(batch) > 1 else 1
    # On top of a base little is computed anew; only where memory asks for it is that worth a division.
    if len(batch) > (2 * min(PIECE, size) if base is None and not overrides else size):
        return _in_pieces(program, batch, min(PIECE, size), overrides, base)
    if base is None:
        return _from_inputs(program, batch, overrides)
    return _on_top(program, batch, overrides, base)


def _from_inputs(program: Program, batch: Batch, overrides: Mapping[str, Array | int]) -> Execution:
    """Every node and every term of the readout computed."""
    values = _inputs(program, batch)
    holed: dict[TableKey, Bools] = {}
    for node in program.nodes:
        values[node.name] = _computed(node, program, batch, values, overrides, holed)
    holed |= missing_rows(program, batch, values)
    return Execution(program, batch, values, holed, summed_up(program, batch, values))


def _on_top(program: Program, batch: Batch, overrides: Mapping[str, Array | int], base: Execution) -> Execution:
    """Only what differs from an earlier execution computed, and what lies downstream of that."""
    anew: dict[str, Array] = {}
    values = _Layered(program.variables, anew, base.values)
    holed: dict[TableKey, Bools] = {}
    changed: set[str] = set()
    same = program is base.program
    for node in program.nodes:
        name, old = node.name, base.program.by_name.get(node.name)
        alike = same or (old is not None and program.variables[name].domain == base.program.variables[name].domain)
        if name not in overrides and (old is node or old == node) and changed.isdisjoint(node.reads):
            if base.holed:
                holed |= {table: base.holed[table] for table in node.tables if table in base.holed}
            alike_still = alike
        else:
            anew[name] = _computed(node, program, batch, values, overrides, holed)
            alike_still = alike and np.array_equal(anew[name], base.values[name])
        if not alike_still:
            changed.add(name)
    holed |= missing_rows(program, batch, values)
    return Execution(program, batch, values, holed, totals_on_top(program, batch, values, changed, base))


def _computed(
    node: Node,
    program: Program,
    batch: Batch,
    values: Mapping[str, Array],
    overrides: Mapping[str, Array | int],
    holed: dict[TableKey, Bools],
) -> Array:
    """What a node yields, overridden or not; adds the holes that it reaches to `holed`."""
    if node.name in overrides:
        dtype = dtype_of(program.variables[node.name].domain)
        return np.broadcast_to(np.asarray(overrides[node.name], dtype=dtype), batch.tokens.shape)
    found, missing = evaluate(node, program, batch, values)
    for table, at in missing.items():
        if (reached := at & batch.present).any():
            holed[table] = reached
    return found


@dataclass(frozen=True, eq=False)
class _Some(Mapping[str, Array]):
    """The values of some inputs, as wide as `width`; none is touched before somebody asks for it."""

    of_all: Mapping[str, Array]
    rows: slice | Array
    width: int
    taken: dict[str, Array] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        found = self.taken.get(name)
        if found is None:
            found = self.taken[name] = _cut(chosen(self.of_all[name], self.rows), self.width)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.of_all)

    def __len__(self) -> int:
        return len(self.of_all)


def _in_pieces(
    program: Program, batch: Batch, size: int, overrides: Mapping[str, Array | int], base: Execution | None
) -> Execution:
    """A large batch executed piece by piece, and put together again."""
    runs = []
    for rows in slices(len(batch), size):
        below = None if base is None else some_of(base, rows)
        runs.append(execute(program, batch.take(rows), overrides=_given(overrides, rows), base=below))
    totals = np.concatenate([run.totals for run in runs])
    return Execution(program, batch, _joined_values(program, runs, base), _joined_holes(program, runs), totals)


def _given(overrides: Mapping[str, Array | int], rows: slice) -> dict[str, Array | int]:
    """What nodes yield instead on some inputs."""
    return {
        name: codes[rows] if isinstance(codes, np.ndarray) and codes.ndim else codes
        for name, codes in overrides.items()
    }


def _joined_holes(program: Program, runs: Sequence[Execution]) -> dict[TableKey, Bools]:
    """The holes of all pieces, in execution order."""
    found = {name for run in runs for name in run.holed}
    return {
        name: np.concatenate([run.holed.get(name, np.zeros_like(run.batch.present)) for run in runs])
        for name in program.tables
        if name in found
    }


def _joined_values(program: Program, runs: Sequence[Execution], base: Execution | None) -> Mapping[str, Array]:
    """The values of all pieces; those that every piece has taken from the base stay there."""
    if base is None:
        return {name: np.concatenate([run.values[name] for run in runs]) for name in program.variables}
    computed = {name for run in runs if isinstance(run.values, _Layered) for name in run.values.anew}
    made = {name: np.concatenate([run.values[name] for run in runs]) for name in computed}
    return _Layered(program.variables, made, base.values)


def some_of(run: Execution, rows: slice | Array, *, cut: bool = False) -> Execution:
    """An execution of some of its inputs, in the order of `rows`; one may be there more than once.

    Args:
        cut: only as wide as the longest of them.
    """
    batch = run.batch.take(rows)
    batch = batch.cut() if cut else batch
    # Rows first: to cut all inputs, of which a few are chosen, takes longer than all the rest.
    width, totals = batch.tokens.shape[1], chosen(run.totals, rows)
    if not run.program.readout.pooled:
        totals = _cut(totals, width)
    holed = {name: _cut(chosen(at, rows), width) for name, at in run.holed.items()}
    return Execution(run.program, batch, _Some(run.values, rows, width), holed, totals)


def _cut(array: Array, width: int) -> Array:
    """An array [input, position, ...] of the first positions."""
    return array if array.shape[1] == width else np.ascontiguousarray(array[:, :width])


def predict(
    program: Program,
    batch: Batch,
    progress: Callable[[int], object] | None = None,
    seen: Callable[[Execution], object] | None = None,
) -> tuple[Array, Bools]:
    """The predictions alone, in memory that does not grow with the number of nodes.

    Args:
        progress: called after each chunk with the number of inputs done.
        seen: called with the execution of each chunk, which is then forgotten.

    Returns:
        predictions as `Execution.predictions`, in int16, and [input] whether the input reaches a hole.
    """
    pooled, width = program.readout.pooled, program.places.count(batch.tokens.shape[1])
    predictions = np.full(len(batch) if pooled else (len(batch), width), FORCED, dtype=np.int16)
    in_hole = np.zeros(len(batch), dtype=np.bool_)
    for rows, piece in pieces_of(program, batch):
        run = execute(program, piece)
        target = predictions[rows] if pooled else predictions[rows, : program.places.count(piece.tokens.shape[1])]
        target[...] = run.predictions
        in_hole[rows] = run.in_hole
        if seen:
            seen(run)
        if progress:
            progress(min(rows.stop, len(batch)))
    return predictions, in_hole


def _inputs(program: Program, batch: Batch) -> dict[str, Array]:
    tokens = np.maximum(batch.tokens, 0).astype(dtype_of(program.variables["tokens"].domain), copy=False)
    positions = np.broadcast_to(np.arange(tokens.shape[1], dtype=dtype_of(program.symbols("positions"))), tokens.shape)
    return {"tokens": tokens, "positions": positions, "ones": np.ones(tokens.shape, dtype=np.int8)}
