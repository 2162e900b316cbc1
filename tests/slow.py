"""A second, slow evaluator, written from the definitions alone: one input at a time, in exact fractions.

It shares no code with `tprog.run.execute` nor with `tprog.primitives`, so that agreement with them says something.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tprog.ir.program import (
    AttentionHead,
    Clause,
    Embedding,
    Head,
    Keys,
    Linear,
    Lookup,
    Node,
    NumericHead,
    Program,
    Symbols,
    Value,
)
from tprog.ir.values import as_number


class Reached(Exception):
    """A hole, in the words of the design."""


@dataclass(frozen=True)
class Slow:
    """All values, logits by position (pooled: one, the mean), and the output, or outputs by name."""

    values: dict[str, list[Value]]
    logits: dict[int, list[Fraction]]
    outputs: Any


def _show(value: Value) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def _entry(program: Program, variable: str, table: Sequence[Keys | tuple[int, ...] | None], value: Value) -> int:
    domain = program.variables[variable].domain
    assert isinstance(domain, Symbols)
    assert len(table) == len(domain.values)
    return [type(v) is type(value) and v == value for v in domain.values].index(True)


def _seen(program: Program, node: AttentionHead, n: int, i: int) -> list[int]:
    return [
        j
        for j in range(n)
        if (node.mask == "all" or (node.mask == "before" and j < i) or (node.mask == "after" and j > i))
        and not (program.causal and j > i)
        and not (node.skip_first and j == 0)
    ]


def _row(program: Program, clause: Clause, values: dict[str, list[Value]], i: int) -> Keys | None:
    return clause.predicate[_entry(program, clause.query, clause.predicate, values[clause.query][i])]


def _selected(program: Program, node: AttentionHead, values: dict[str, list[Value]], i: int) -> list[int]:
    """M_i."""
    found = []
    for j in _seen(program, node, len(values["tokens"]), i):
        for clauses in [[Clause(node.query, node.key, node.predicate), *node.also], *node.instead]:
            rows = [_row(program, clause, values, i) for clause in clauses]
            if all(values[c.key][j] in (row or ()) for c, row in zip(clauses, rows, strict=True)) and j not in found:
                found.append(j)
    return found


def _consult(program: Program, node: AttentionHead, values: dict[str, list[Value]]) -> None:
    """Look up the rows of all clauses, one clause after the other."""
    several = bool(node.also or node.instead)
    for at, clauses in enumerate([[Clause(node.query, node.key, node.predicate), *node.also], *node.instead]):
        for place, clause in enumerate(clauses):
            for i, query in enumerate(values[clause.query]):
                sees = _seen(program, node, len(values["tokens"]), i)
                if sees and _row(program, clause, values, i) is None:
                    name = f"clause_{at}_{place}_of_{node.name}" if several else node.name
                    raise Reached(f"hole at {name}, query {query!r}")


def _head(program: Program, node: Head, values: dict[str, list[Value]], i: int) -> Value:
    matches = _selected(program, node, values, i)
    source = values[node.value]
    if not matches:
        return source[0] if node.default is None else node.default
    if node.attend == "first":
        return source[matches[0]]
    if node.attend == "last":
        return source[matches[-1]]
    if node.by is not None:
        domain, compared = program.variables[node.by].domain, values[node.by]
        size = {
            j: domain.codes[compared[j]] if isinstance(domain, Symbols) else Fraction(as_number(compared[j]))
            for j in matches
        }
        extreme = max(size.values()) if node.attend == "largest" else min(size.values())
        least = min(abs(i - j) for j in matches if size[j] == extreme)
        return source[min(j for j in matches if size[j] == extreme and abs(i - j) == least)]
    if program.self_rule == "last":
        others = [j for j in matches if j != i]
        if not others:
            return source[i]
        least = min(abs(i - j) for j in others)
        return source[i - least] if i - least in others else source[i + least]
    # The original research code: a self-match is as far away as there are matches; ties go left.
    distance = {j: len(matches) if j == i else abs(i - j) for j in matches}
    return source[min(j for j in matches if distance[j] == min(distance.values()))]


def _numeric(program: Program, node: NumericHead, values: dict[str, list[Value]], i: int) -> Value:
    found = [as_number(values[node.value][j]) for j in _selected(program, node, values, i)]
    total = sum((Fraction(number) for number in found), start=Fraction(0))
    if node.reduce == "sum":
        return total
    assert node.default is not None
    return total / len(found) if found else node.default


def _lookup(program: Program, node: Lookup, values: dict[str, list[Value]], i: int) -> Value:
    place = 0
    read: list[Value] = []
    at: list[int] = []
    for name, levels in zip(node.inputs, node.levels, strict=True):
        value = values[name][i]
        read.append(value)
        if levels is None:
            domain = program.symbols(name).values
            at.append(domain.index(value))
            place = place * len(domain) + at[-1]
        else:
            number = as_number(value)
            at.append(max(sum(level <= number for level in levels) - 1, 0))
            place = place * len(levels) + at[-1]
    if node.listed is not None:
        place = node.listed.index(tuple(at)) if tuple(at) in node.listed else -1
    answer = node.cells[place]
    if answer is None:
        raise Reached(f"hole at {node.name}, input {', '.join(map(_show, read))}")
    return answer


def _node(program: Program, node: Node, values: dict[str, list[Value]], i: int) -> Value:
    match node:
        case Embedding():
            word = values["tokens"][i]
            answer = node.table[list(program.vocabulary).index(str(word))]
            if answer is None:
                raise Reached(f"hole at {node.name}, word {word!r}")
            return answer
        case Head():
            return _head(program, node, values, i)
        case NumericHead():
            return _numeric(program, node, values, i)
        case Lookup():
            return _lookup(program, node, values, i)
        case Linear():
            shares = (
                c * Fraction(as_number(values[name][i])) for c, name in zip(node.coefficients, node.inputs, strict=True)
            )
            return sum(shares, start=Fraction(node.constant))


def slow_values(program: Program, tokens: Sequence[str]) -> dict[str, list[Value]]:
    """Every variable of an input that is in the vocabulary.

    Raises:
        Reached: the first hole.
    """
    n = len(tokens)
    values: dict[str, list[Value]] = {"tokens": list(tokens), "positions": list(range(n)), "ones": [1] * n}
    for node in program.nodes:
        if isinstance(node, Head | NumericHead):
            _consult(program, node, values)
        values[node.name] = [_node(program, node, values, i) for i in range(n)]
    return values


def slow_run(program: Program, tokens: Sequence[str]) -> Slow:
    """All that a Program says of an input that is in the vocabulary.

    Raises:
        Reached: the first hole.
    """
    values = slow_values(program, tokens)
    classes = program.written_classes
    logits, answer = ({}, None) if program.readout.implied else _classified(program, tokens, values, classes)
    outputs = {name: answer if name == program.readout.name else values[name] for name in program.outputs}
    (first, *more) = outputs.values()
    return Slow(values, logits, outputs if more else first)


def _classified(
    program: Program, tokens: Sequence[str], values: dict[str, list[Value]], classes: tuple[str, ...]
) -> tuple[dict[int, list[Fraction]], Any]:
    """The logits of the readout, and what it answers."""
    readout = program.readout
    free = [i for i, token in enumerate(tokens) if token not in readout.forced]
    needed = list(range(len(tokens))) if readout.rows_needed == "everywhere" else free
    logits = {i: [Fraction(0)] * len(classes) for i in free}
    for term in readout.terms:
        numeric = not isinstance(program.variables[term.variable].domain, Symbols)
        for i in needed:
            value = values[term.variable][i]
            row = term.rows[0 if numeric else _entry(program, term.variable, term.rows, value)]
            if row is None:
                raise Reached(f"hole at readout, {term.variable} = {value!r}")
            if i not in logits:
                continue  # a forced output has no logits
            by = as_number(value) if numeric else 1
            logits[i] = [old + Fraction(weight, readout.scale) * by for old, weight in zip(logits[i], row, strict=True)]
    if readout.pooled:
        means = [sum(column, start=Fraction(0)) / len(tokens) for column in zip(*logits.values(), strict=True)]
        return {0: means}, classes[means.index(max(means))]
    outputs = list(tokens)
    for i in free:
        outputs[i] = classes[logits[i].index(max(logits[i]))]
    return logits, outputs
