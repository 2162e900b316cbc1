"""Predicates and lookups as Python functions: equal rows grouped, tests in the order a person would write them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import TypeVar, assert_never

from tprog.escape import visible
from tprog.ir.entries import Entries, TableKey, ordinal
from tprog.ir.program import (
    Clause,
    Domain,
    Embedding,
    Head,
    Keys,
    Linear,
    Lookup,
    Node,
    Number,
    Numbers,
    NumericHead,
    Program,
    Symbols,
    Value,
    axis,
)
from tprog.text.builder import INDENT, Builder, literal, tuple_end
from tprog.text.combinations import amend_combinations, write_combinations
from tprog.text.describe import clause_reading, reading
from tprog.text.relations import EQUAL, Recognised, Relation, follows, said_in_code

Group = TypeVar("Group", bound=Hashable)


def comments(program: Program, node: Node, table: TableKey) -> list[str]:
    """The lines above a node's function: what the node does, in words; of several clauses, once, and then each."""
    first = table == next(iter(node.functions))
    made = [f"# {node.name}: {visible(reading(program, node))}"] if first else []
    if node.selection is not None and not node.selection.alone:
        made.append(f"# {table}: {visible(clause_reading(program, node.selection.clauses[table]))}")
    return made


def argument(variable: str) -> str:
    """What one value of a variable is called: tokens -> token, positions -> position."""
    return {"tokens": "token", "positions": "position", "ones": "one"}.get(variable, variable)


_WRITTEN: dict[tuple[Node, TableKey, tuple[Domain, ...]], tuple[str, ...]] = {}
"""Functions that were written before: a search over programs writes the same nodes again and again."""

_MOST_WRITTEN = 4096


def function_lines(program: Program, node: Node, table: TableKey) -> tuple[str, ...]:
    """The function of a predicate or lookup, without the comment above it.

    It follows from the node and the domains of what that reads. None of these ever changes, so the text is kept.
    """
    key = node, table, tuple(program.variables[name].domain for name in node.reads)
    written = _WRITTEN.get(key)  # once: to hash a node takes long
    if written is None:
        if len(_WRITTEN) >= _MOST_WRITTEN:
            _WRITTEN.clear()
        written = _WRITTEN[key] = _written(program, node, table)
    return written


def _written(program: Program, node: Node, table: TableKey) -> tuple[str, ...]:
    out = Builder()
    match node:
        case Lookup():
            _lookup(out, program, node)
        case Head() | NumericHead():
            _predicate(out, program, node.clauses[table], node.functions[table])
        case Embedding() | Linear():
            raise AssertionError(f"the entries of a node of the kind {node.kind} stand in no function")
        case _:
            assert_never(node)
    return tuple(out.lines)


def _pair(first: str, second: str, prefixes: tuple[str, str]) -> tuple[str, str]:
    one, two = argument(first), argument(second)
    return (prefixes[0] + one, prefixes[1] + two) if one == two else (one, two)


def _predicate(out: Builder, program: Program, clause: Clause, function: str) -> None:
    queries, keys = program.symbols(clause.query), program.symbols(clause.key)
    query, key = _pair(clause.query, clause.key, ("q_", "k_"))
    relation = said_in_code(queries.values, keys.values, clause.predicate, program.vocabulary)
    # Three queries or more that accept just themselves are said once: "the same letter".
    equal = follows(EQUAL, queries.values, keys.values, clause.predicate)
    said_once = sum(equal) >= 3
    groups: dict[Keys | None, list[Value]] = {}
    for value, accepted, itself in zip(queries, clause.predicate, equal, strict=True):
        if accepted is not None:
            groups.setdefault(None if itself and said_once else accepted, []).append(value)
    tested = list(groups.items())
    last: tuple[Keys | None, list[Value]] | None = None
    if not clause.partial:  # a query that is a hole must not fall into the branch without a test
        last = max(reversed(tested), key=lambda group: len(group[1]))
        tested.remove(last)
    with out.block(f"def {function}({query}, {key}):"):
        if relation is not None:
            _say_relation(out, (query, key), (queries, keys), clause, relation)
            return
        if not groups:
            out.line("return None")
        for accepted, values in tested:
            _if_equal(out, query, values)
            with out.block():
                _return_accepted(out, query, key, keys, accepted)
        if last is not None:
            _return_accepted(out, query, key, keys, last[0])


def _say_relation(
    out: Builder, names: tuple[str, str], domains: tuple[Symbols, Symbols], clause: Clause, found: Recognised
) -> None:
    """The rows that are exceptions, and then the relation that all others follow."""
    groups: dict[Keys | None, list[Value]] = {}
    for at in found.exceptions:
        groups.setdefault(clause.predicate[at], []).append(domains[0].values[at])
    for accepted, values in groups.items():
        _if_equal(out, names[0], values)
        with out.block():
            if accepted is None:
                out.line("return None")
            else:
                _return_exception(out, names[1], domains[1], accepted, found)
    assert isinstance(found.relation, Relation)
    query, key = (f"VOCABULARY.index({name})" if found.placed else name for name in names)
    test = found.relation.test(key, query)
    if found.aside:
        _return_apart(out, names[1], found.aside, f" and {test}")
    else:
        out.line(f"return {test}")


def _return_exception(out: Builder, key: str, keys: Symbols, accepted: Keys, found: Recognised) -> None:
    """The test of an exception: of all keys but those that are left aside, that it is none of these."""
    if found.placed and found.aside and len(accepted) == len(keys) - len(found.aside):
        _return_apart(out, key, found.aside, "")
    else:
        _return_test(out, key, keys, accepted)


def _return_apart(out: Builder, key: str, aside: Keys, also: str) -> None:
    """The test that a key is none of some, and another one."""
    if len(aside) == 1:
        out.line(f"return {key} != {literal(aside[0])}{also}")
    else:
        out.wrapped(f"return {key} not in {{", list(map(literal, aside)), f"}}{also}")


def _return_accepted(out: Builder, query: str, key: str, keys: Symbols, accepted: Keys | None) -> None:
    """The test of the key; None stands for the query's own value."""
    if accepted is None:
        out.line(f"return {key} == {query}")
    else:
        _return_test(out, key, keys, accepted)


def _return_test(out: Builder, key: str, keys: Symbols, accepted: Keys) -> None:
    if not accepted:
        out.line("return False")
    elif len(accepted) == len(keys):
        out.line("return True")
    elif len(accepted) == 1:
        out.line(f"return {key} == {literal(accepted[0])}")
    else:
        out.wrapped(f"return {key} in {{", [literal(k) for k in accepted], "}")


def _if_equal(out: Builder, name: str, values: Sequence[Value]) -> None:
    if len(values) == 1:
        out.line(f"if {name} == {literal(values[0])}:")
    else:
        out.wrapped(f"if {name} in {{", [literal(v) for v in values], "}:")


def levels_call(program: Program, entries: Entries, which: int) -> str | None:
    """How a numeric input is brought to its levels: by min, where they are 0..cap of a count, or by round_down."""
    levels = entries.levels[which]
    if levels is None:
        return None
    domain = program.variables[entries.asked[which]].domain
    counts = isinstance(domain, Numbers) and domain.denominator == 1 and domain.low >= 0
    return "min" if counts and tuple(levels) == tuple(range(len(levels))) else "round_down"


def _lookup(out: Builder, program: Program, node: Lookup) -> None:
    names = _argument_names(node.inputs)
    with out.block(f"def {node.functions[node.name]}({', '.join(names)}):"):
        for which, name in enumerate(names):
            _level(out, program, node.entries, which, name)
        axes = [_axis_of(name, tuple(axis(program.variables, node, w)), node.levels[w]) for w, name in enumerate(names)]
        if node.listed is not None:
            write_combinations(out, program, node, names)
        else:
            out.lines += _table_lines(axes, node.cells, out.depth)


def _argument_names(inputs: Sequence[str]) -> list[str]:
    """What the arguments of a lookup are called: as their variables, or, where two would be called alike, in order."""
    names = [argument(variable) for variable in inputs]
    if len(set(names)) == len(names):
        return names
    return [f"{ordinal(place)}_{name}" for place, name in enumerate(names)]


def level_lines(program: Program, entries: Entries, which: int, name: str) -> list[str]:
    """The statement that brings a numeric argument of that name to its levels; nothing for a categorical one."""
    out = Builder()
    _level(out, program, entries, which, name)
    return out.lines


def _level(out: Builder, program: Program, entries: Entries, which: int, name: str) -> None:
    levels = entries.levels[which]
    if levels is not None and levels_call(program, entries, which) == "min":
        out.line(f"{name} = min({name}, {len(levels) - 1})")
    elif levels is not None:
        out.wrapped(f"{name} = round_down({name}, (", [literal(v) for v in levels], f"{tuple_end(levels)})")


@dataclass(frozen=True, eq=False)
class _Axis:
    """One input of a lookup: the argument's name, its values or levels, and the levels again if it is numeric.

    They are made by `_axis_of` and so compare as what they are: a search asks for the branches of the same few.
    """

    name: str
    values: Sequence[Value]
    levels: Sequence[Number] | None

    def test(self, out: Builder, members: Sequence[int]) -> None:
        """The ``if`` line that is true for the values with these indices (ascending)."""
        values = [self.values[index] for index in members]
        first, last = members[0], members[-1]
        run = last - first + 1 == len(members) and len(members) > 1
        if self.levels is None or not run:
            _if_equal(out, self.name, values)
        elif first == 0:
            out.line(f"if {self.name} <= {literal(values[-1])}:")
        elif last == len(self.values) - 1:
            out.line(f"if {self.name} >= {literal(values[0])}:")
        elif len(values) > 2:
            out.line(f"if {literal(values[0])} <= {self.name} <= {literal(values[-1])}:")
        else:
            _if_equal(out, self.name, values)


_axis_of = lru_cache(maxsize=1024)(_Axis)


def _grouped(items: Sequence[Group]) -> tuple[dict[Group, list[int]], Group]:
    """Equal items with their indices, in the order of first appearance; and the most frequent one (ties: the first)."""
    groups: dict[Group, list[int]] = {}
    for index, item in enumerate(items):
        groups.setdefault(item, []).append(index)
    return groups, max(groups, key=lambda item: len(groups[item]))


@lru_cache(maxsize=2**15)
def _branch_lines(by: _Axis, cells: tuple[Value | None, ...], depth: int) -> tuple[str, ...]:
    """One input: a branch an answer; what most values answer comes last and without a test, unless there are holes.

    They are kept: a search writes many tables that differ in one row.
    """
    out = Builder(depth)
    groups, most = _grouped(cells)
    total = None not in cells
    for answer, members in groups.items():
        if answer is None or (total and answer == most):
            continue
        by.test(out, members)
        with out.block():
            out.line(f"return {literal(answer)}")
    if total:
        out.line(f"return {literal(most)}")
    elif len(groups) == 1:
        out.line("return None")
    return tuple(out.lines)


def _table_lines(axes: Sequence[_Axis], cells: tuple[Value | None, ...], depth: int) -> Sequence[str]:
    """Branches over one input, and within them over the others: over two, whichever nesting is shorter (ties: the
    first); over more, the first is the one whose values are treated alike the most."""
    if len(axes) == 1:
        return _branch_lines(axes[0], cells, depth)
    tables = [_slices(axes, cells, which) for which in range(len(axes))]
    if len(axes) > 2:
        kinds = [len(set(table)) for table in tables]
        which = min(range(len(axes)), key=lambda place: (kinds[place], place))
        return _outer_lines(axes[which], [*axes[:which], *axes[which + 1 :]], tables[which], depth)
    by_first = _outer_lines(axes[0], axes[1:], tables[0], 0)
    by_second = _outer_lines(axes[1], axes[:1], tables[1], 0)
    indent = INDENT * depth
    return [indent + line for line in (by_first if len(by_first) <= len(by_second) else by_second)]


def _slices(axes: Sequence[_Axis], cells: tuple[Value | None, ...], which: int) -> list[tuple[Value | None, ...]]:
    """The cells of each value of one input, in the order of those of the others."""
    inner = prod(len(axis.values) for axis in axes[which + 1 :])
    size = len(axes[which].values)
    block = inner * size
    if block == len(cells):
        return [cells[at * inner : (at + 1) * inner] for at in range(size)]
    if inner == 1:
        return [cells[at::size] for at in range(size)]
    return [
        tuple(cell for start in range(at * inner, len(cells), block) for cell in cells[start : start + inner])
        for at in range(size)
    ]


def _outer_lines(
    outer: _Axis, inner: Sequence[_Axis], table: Sequence[tuple[Value | None, ...]], depth: int
) -> list[str]:
    groups, most = _grouped(table)
    # Only where every other row answers always may one stand last without a test: a hole must not fall into it.
    untested = all(None not in row for row in groups if row != most)
    lines: list[str] = []
    for row, members in groups.items():
        if all(cell is None for cell in row) or (untested and row == most):
            continue
        lines += _test_lines(outer, tuple(members), depth)
        lines += _table_lines(inner, row, depth + 1)
    if untested:
        lines += _table_lines(inner, most, depth)
    return lines


@lru_cache(maxsize=2**14)
def _test_lines(axis: _Axis, members: tuple[int, ...], depth: int) -> tuple[str, ...]:
    """The test of some of the values of an input, kept as `_branch_lines` are."""
    out = Builder(depth)
    axis.test(out, members)
    return tuple(out.lines)


# Amendments ###########################################################################################################


def answer(program: Program, node: Node, table: TableKey, at: int, names: Sequence[str]) -> str:
    """The statement that gives the answer of one row or cell, in a function whose arguments have these names.

    Args:
        at: the row or cell, by its place; it is no hole.
    """
    out = Builder()
    found = node.tables[table].answers[at]
    assert found is not None
    if isinstance(found, tuple):
        assert node.selection is not None
        _return_test(out, names[1], program.symbols(node.selection.clauses[table].key), found)
    else:
        out.line(f"return {literal(found)}")
    return "\n".join(out.lines)


def amendments(program: Program, old: Node, new: Node, table: TableKey, names: Sequence[str]) -> list[str]:
    """Branches that say `new` before all branches of `old`, of the same kind; the first that fits answers.

    Args:
        table: whose function it is.
        names: what a person has called the arguments.
    """
    out = Builder()
    if old.selection is not None and new.selection is not None:
        _amended_rows(out, program, old.selection.clauses[table], new.selection.clauses[table], names)
    elif old.entries.listed is not None and new.entries.listed is not None:
        amend_combinations(out, program, old.entries, new.entries, names)
    else:
        _amended_cells(out, program, old, new, names)
    return out.lines


def _amended_rows(out: Builder, program: Program, old: Clause, new: Clause, names: Sequence[str]) -> None:
    groups: dict[Keys | None, list[Value]] = {}
    for query, one, other in zip(program.symbols(new.query), old.predicate, new.predicate, strict=True):
        if one != other:
            groups.setdefault(other, []).append(query)
    for accepted, queries in groups.items():
        _if_equal(out, names[0], queries)
        with out.block():
            if accepted is None:
                out.line("return None")
            else:
                _return_test(out, names[1], program.symbols(new.key), accepted)


def _amended_cells(out: Builder, program: Program, old: Node, new: Node, names: Sequence[str]) -> None:
    groups: dict[tuple[tuple[Value, ...], Value | None], list[Value]] = {}
    answers = old.entries.answers, new.entries.answers
    for at, one, other in zip(new.entries.keys(program.variables), *answers, strict=True):
        assert not isinstance(one, tuple)
        assert not isinstance(other, tuple)
        if one != other:
            groups.setdefault((at[:-1], other), []).append(at[-1])
    for (first, answer), values in groups.items():
        tests = [f"{name} == {literal(value)}" for name, value in zip(names, first, strict=False)]
        with out.block(f"if {' and '.join(tests)}:") if first else nullcontext():
            _if_equal(out, names[-1], values)
            with out.block():
                out.line(f"return {literal(answer)}")
