"""Single edits of a program, and what each makes of one input.

The edits of one node make few different outputs on one input, and those are executed together. An edit that
`node_edits` lists is small: one key, cell, word, read or mask. `row_trials` tries all other rows of a
predicate as well: on one input they differ only by the keys that occur in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from analyze.blame.edited_node import EditedNode
from analyze.blame.slice import asked_at, reached_entries, seen
from tprog.edits.edit import (
    CellEdit,
    Change,
    NodeEdit,
    ReadoutEdit,
    RowEdit,
    WeightEdit,
    WeightRowEdit,
    apply,
    candidates,
    weight_row,
)
from tprog.errors import BadProgram, NotExact
from tprog.ir.domains import INT64_LIMIT
from tprog.ir.entries import TableKey, WeightsOf
from tprog.ir.entry import Entry
from tprog.ir.program import (
    AttentionHead,
    Clause,
    Keys,
    Node,
    Program,
    Symbol,
    Symbols,
)
from tprog.run.batch import Array
from tprog.run.evaluate import Missing, any_missing, entry_codes, evaluate
from tprog.run.execute import Execution, execute, some_of
from tprog.run.outcome import SOME_HOLE, outcomes

MOST_ROWS = 4096
"""Rows of one predicate entry tried on one input: all of them where up to 12 different keys occur."""

MOST_APART = 64
"""Combinations that a lookup answers as all others, of which each is tried with a cell of its own."""

# On one input #########################################################################################################


@dataclass(frozen=True, eq=False)
class TriedEdit:
    """An edit and what it makes of one input: [place] outcomes, as `analyze.outcome` codes them."""

    edit: NodeEdit
    outcomes: Array


def node_edits(run: Execution, node: Node, reached: Callable[[Entry], bool]) -> Iterator[NodeEdit]:
    """Every small edit of a node, and more of a lookup's cells: numbers beyond those of its table, and cells for
    combinations that have none.

    Args:
        run: of the program; it tells which combinations there are, of which the first `MOST_APART` are tried.
        reached: which entries to edit.
    """
    yield from candidates(run.program, node, reached)
    yield from CellEdit.beyond(run.program, node, reached)
    for entries in node.tables.values():
        if entries.listed is None or not reached(Entry(node.name, "cell")):
            continue
        codes = entry_codes(entries, run.program, run.values)
        rows, positions = np.nonzero((codes == len(entries.listed)) & run.batch.present)
        read = np.stack([run.values[name][rows, positions].astype(np.int64) for name in entries.asked])
        first = np.sort(np.unique(read, axis=1, return_index=True)[1])
        asked = (asked_at(run, entries, int(rows[at]), int(positions[at])) for at in first)
        yield from CellEdit.apart(run.program, node.name, islice(dict.fromkeys(asked), MOST_APART))


def trials(run: Execution) -> Iterator[TriedEdit]:
    """What every single edit of a node, of an entry that the input reaches, makes of the one input of `run`.

    Edits that leave the node's output as it is are left out: they change no outcome. So are edits that a Program
    refuses.
    """
    reached = reached_entries(run)
    for node in run.program.nodes:
        plain_edits = []
        for edit in node_edits(run, node, reached.__contains__):
            if not edit.recodes(run.program):
                plain_edits.append(edit)
            elif (changed := changed_by(run.program, [edit])) is not None:
                yield TriedEdit(edit, outcomes(execute(changed, run.batch, base=run))[0])
        yield from _of_node(run, node, plain_edits)


def row_trials(run: Execution, where: Entry) -> tuple[list[TriedEdit], bool]:
    """What every other content of a row of a predicate makes of the one input of `run`, fewest changed keys first.

    Only the keys at the positions that are seen where that query stands make a difference, so only those are changed.

    Returns:
        trials, of the rows that make the same output only the first; rows that leave the output as it is are left
        out. And whether all rows were tried, which they are not where more than `MOST_ROWS` differ on this input.
    """
    program, n = run.program, int(run.batch.lengths[0])
    node, table, (query,) = program.by_name[where.node].selection, where.table, where.at
    assert node is not None
    assert table is not None
    clause = node.clauses[table]
    code = program.symbols(clause.query).codes[query]
    here = [position for position in range(n) if run.values[clause.query][0, position] == code]
    present = sorted({int(run.values[clause.key][0, j]) for position in here for j in seen(run, node, position)})
    rows = _rows_over(clause.predicate[code], program.symbols(clause.key), present)
    base, values, missing = _with_rows(run, node, table, np.full(len(rows), code), rows)
    complete = 2 ** len(present) <= MOST_ROWS
    if any_missing(missing, base.batch).any():
        return [], complete  # the row of another query value is a hole as well
    first = np.sort(np.unique(values, axis=0, return_index=True)[1])
    if not run.lost_at(node.name).any():
        first = first[(values[first] != run.values[node.name]).any(axis=1)]
    changed = execute(program, base.batch.take(first), overrides={node.name: values[first]}, base=some_of(base, first))
    found = outcomes(changed)
    edits = (RowEdit(node.name, query, rows[at], where.clause) for at in first.tolist())
    return [TriedEdit(edit, found[at]) for at, edit in enumerate(edits)], complete


_OWN_QUERY = " one row each"
"""A variable that no program has: it names the row that each copy of the input consults."""


def _rows_over(old: Keys | None, keys: Symbols, present: Sequence[int]) -> list[Keys]:
    """The rows that differ from `old` by keys of `present`, the nearest first; at most `MOST_ROWS`."""
    inside = {keys.codes[key] for key in old or ()}
    toggles = (set(some) for count in range(len(present) + 1) for some in combinations(present, count))
    chosen = list(islice(toggles, MOST_ROWS))
    chosen.sort(key=lambda some: (max(len(some - inside), len(some & inside)), len(some)))
    return [tuple(keys.values[code] for code in sorted(inside ^ some)) for some in chosen]


def changed_by(program: Program, changes: Sequence[Change]) -> Program | None:
    """The program after some changes, or None if it would not be well-formed or leave exact arithmetic."""
    try:
        return apply(program, *changes)
    except (BadProgram, NotExact):
        return None


def _of_node(run: Execution, node: Node, edits: Sequence[NodeEdit]) -> Iterator[TriedEdit]:
    by_output: dict[bytes, list[NodeEdit]] = {}
    found: list[Array] = []
    for edit, values in _outputs(run, node, edits):
        if values is None:
            if not run.lost_at(node.name).any():
                yield TriedEdit(edit, np.full(outcomes(run).shape[1], SOME_HOLE))
            continue
        key = values.tobytes()
        if key not in by_output:
            found.append(values)
        by_output.setdefault(key, []).append(edit)
    if not found:
        return
    base = some_of(run, np.zeros(len(found), dtype=np.intp))
    changed = execute(run.program, base.batch, overrides={node.name: np.stack(found)}, base=base)
    for edits_alike, outcome in zip(by_output.values(), outcomes(changed), strict=True):
        yield from (TriedEdit(edit, outcome) for edit in edits_alike)


def _outputs(run: Execution, node: Node, edits: Sequence[NodeEdit]) -> Iterator[tuple[NodeEdit, Array | None]]:
    """[position] what edits make a node yield on the one input of `run`, where it differs; None at a hole."""
    rows: list[RowEdit] = []
    head = node.selection
    if head is not None and not head.partial:
        rows = [edit for edit in edits if isinstance(edit, RowEdit) and edit.keys is not None]
        for table in head.tables:
            yield from _outputs_of_rows(run, head, table, [edit for edit in rows if edit.entry.table == table])
    done = set(rows)
    edited = EditedNode(run, node.name, np.zeros(1, dtype=np.intp))
    for edit, output in edited.outputs([edit for edit in edits if edit not in done]):
        if len(output.rows):
            yield edit, None if output.lost[0] else output.values[0]


def _outputs_of_rows(
    run: Execution, node: AttentionHead, table: TableKey, edits: Sequence[RowEdit]
) -> Iterator[tuple[NodeEdit, Array]]:
    """As `_outputs`, for rows of one predicate of a head without holes, all at once."""
    if not edits:
        return
    codes = np.array([edit.code(run.program) for edit in edits])
    _, values, _ = _with_rows(run, node, table, codes, [edit.keys for edit in edits])
    changed = np.flatnonzero((values != run.values[node.name]).any(axis=1))
    yield from ((edits[at], values[at]) for at in changed.tolist())


def _with_rows(
    run: Execution, node: AttentionHead, table: TableKey, codes: Array, rows: Sequence[Keys | None]
) -> tuple[Execution, Array, Missing]:
    """What a head yields on the one input if the row `codes` of a predicate becomes each of `rows`, all at once.

    Returns:
        the execution of the input once a row, the head's values [row, position], and what it lacks.
    """
    one_each, clause = np.zeros(len(rows), dtype=np.intp), node.clauses[table]
    # A query value of its own for each row stands for the one in question.
    queries = run.values[clause.query].astype(np.int64)[one_each]
    own = len(clause.predicate) + np.arange(len(rows))[:, None]
    made = node.with_clause(table, Clause(_OWN_QUERY, clause.key, (*clause.predicate, *rows)))
    base = some_of(run, one_each)
    asked = np.where(queries == codes[:, None], own, queries)
    return base, *evaluate(made, run.program, base.batch, {**base.values, _OWN_QUERY: asked})


# The readout ##########################################################################################################


def weight_edits(run: Execution, place: int, wanted: int) -> Iterator[ReadoutEdit]:
    """The least changes of one readout weight that make the one input of `run` predict class `wanted` at `place`.

    Either the wanted class's weight rises, or the weight of the class predicted falls (where the wanted class is the
    runner-up). An input that reaches a missing weight row, at whatever position, gets that row, with at most one
    weight that is not 0; one that reaches two, or another hole, is mended by none.
    """
    program, position = run.program, run.program.places.position(place)
    if program.readout.implied:
        return
    if program.places.output(place) in program.returned:
        yield from _plain_rows(run, place, wanted)
        return
    if wanted >= len(program.written_classes):  # another output may say it
        return
    if run.holed:
        yield from _filling_edits(run, position, wanted)
        return
    predicted = int(run.totals[0].argmax() if program.readout.pooled else run.totals[0, position].argmax())
    for variable, value in _weight_rows_at(run, position):
        row = weight_row(program, variable, value)
        assert row is not None
        per_weight = int(shares(run, variable, value)[0, position])
        for output in dict.fromkeys((wanted, predicted)):
            by = _least(run, position, output, wanted, per_weight)
            if by:
                yield WeightEdit(variable, value, program.written_classes[output], row[output] + by)


def _plain_rows(run: Execution, place: int, wanted: int) -> Iterator[ReadoutEdit]:
    """The row of zeros that an input lacks in the readout, if that is all that is wrong with another output."""
    missing = _missing_weight_rows(run)
    if len(missing) == 1 and int(run.predictions[0, place]) == wanted:
        yield WeightRowEdit(*missing[0], (0,) * len(run.program.written_classes))


def _filling_edits(run: Execution, place: int, wanted: int) -> Iterator[ReadoutEdit]:
    """The row that an input lacks, with the least weight that makes it predict `wanted`, if it lacks nothing else."""
    missing = _missing_weight_rows(run)
    for variable, value in missing if len(missing) == 1 else ():
        rise = _least(run, place, wanted, wanted, int(shares(run, variable, value)[0, place]))
        if rise is not None:
            made = tuple(rise if code == wanted else 0 for code in range(len(run.program.written_classes)))
            yield WeightRowEdit(variable, value, made)


def stays_exact(program: Program, edit: ReadoutEdit) -> bool:
    """Whether the edited program's logits stay below the limit of exact arithmetic."""
    domain = program.variables[edit.variable].domain
    number = 1 if isinstance(domain, Symbols) else domain.bound
    places = program.max_length if program.readout.pooled else 1
    more = max(map(abs, edit.weights), default=0) * number * program.logit_scale * places
    # Far below the limit, as nearly always, the edited program need not be built to be sure.
    return program.logit_bound + more < INT64_LIMIT or changed_by(program, [edit]) is not None


def _missing_weight_rows(run: Execution) -> list[tuple[str, Symbol | None]]:
    """(variable, value) of each missing weight row that the input reaches; none if it reaches another hole too."""
    found: dict[tuple[str, Symbol | None], None] = {}
    for table, at in run.holed.items():
        if not isinstance(table, WeightsOf):
            return []
        variable = table.variable
        domain = run.program.variables[variable].domain
        for code in run.values[variable][0, at[0]].tolist():
            found[variable, domain.values[code] if isinstance(domain, Symbols) else None] = None
    return list(found)


def _weight_rows_at(run: Execution, place: int) -> list[tuple[str, Symbol | None]]:
    """(variable, value) of each weight row that a prediction adds up."""
    program = run.program
    positions = range(int(run.batch.lengths[0])) if program.readout.pooled else (place,)
    found: dict[tuple[str, Symbol | None], None] = {}
    for term in program.readout.terms:
        domain = program.variables[term.variable].domain
        for position in positions:
            code = run.values[term.variable][0, position]
            found[term.variable, domain.values[code] if isinstance(domain, Symbols) else None] = None
    return list(found)


def shares(run: Execution, variable: str, value: Symbol | None) -> Array:
    """[input, position], or [input, 1] if pooled: by how much one unit of a weight of this row moves a logit, over
    `Program.logit_scale`."""
    program, domain = run.program, run.program.variables[variable].domain
    unit = program.logit_scale // program.readout.scale
    if isinstance(domain, Symbols):
        assert value is not None
        moved: Array = (run.values[variable] == domain.codes[value]) * np.int64(unit)
    else:
        moved = run.values[variable].astype(np.int64) * (unit // program.numbers(variable).denominator)
    return np.where(run.batch.present, moved, 0).sum(axis=1, keepdims=True) if program.readout.pooled else moved


def rivals(totals: Array, output: int) -> tuple[Array, Array]:
    """The best logit among the other classes, in int64, and the first class that has it; totals are [..., class]."""
    others = totals.copy()
    others[..., output] = np.iinfo(totals.dtype).min
    rival = others.argmax(axis=-1)
    best = np.take_along_axis(others, rival[..., None], axis=-1)[..., 0]
    return best.astype(np.int64, copy=False), rival


def _least(run: Execution, place: int, output: int, wanted: int, per_weight: int) -> int | None:
    """The least change of a weight of class `output` that makes `wanted` win, or None if none does."""
    if len(run.program.written_classes) == 1:
        return 0
    totals = run.totals[0] if run.program.readout.pooled else run.totals[0, place]
    best, rival = (int(found) for found in rivals(totals, output))
    own = int(totals[output])
    if output == wanted:
        needed = max(best - own + int(rival < wanted), 0)
    elif rival == wanted:
        needed = -max(own - best + int(output < wanted), 0)
    else:
        return None
    if needed == 0:
        return 0
    if per_weight == 0:
        return None
    steps = -(-abs(needed) // abs(per_weight))
    return steps if (needed > 0) == (per_weight > 0) else -steps
