"""Programs with a planted fault: the mutants of the localisation benchmark, each with the entries that are at fault.

Half of the kinds are single edits, which blame searches; half are not, so that the search cannot find them by
construction. What is at fault is told by comparison: the entries in which the mutant differs from the program that it
was made from.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from analyze.reached_entries import entries_of
from tprog.edits.edit import (
    CellEdit,
    Edit,
    MaskEdit,
    NodeEdit,
    ReadEdit,
    RowEdit,
    WeightEdit,
    WeightRowEdit,
    WordEdit,
    apply,
)
from tprog.errors import BadProgram, BadUsage, NotExact, TpdebugError
from tprog.ir.entries import WeightsOf
from tprog.ir.entry import Entry
from tprog.ir.program import (
    AttentionHead,
    Embedding,
    Head,
    Linear,
    Lookup,
    Node,
    NumericHead,
    Program,
    Symbols,
    Value,
    cell_keys,
)
from tprog.text.emit import emit
from tprog.text.read import read_source

Plant: TypeAlias = Callable[[Program, random.Random], Program | None]
"""Plants one fault at random; None where the program has no place for it."""


@dataclass(frozen=True)
class Mutant:
    """A program with a fault.

    Attributes:
        kind: of the fault; a key of `WITHIN` or `OUTSIDE`, or ``under-trained``.
        program: what the tools see.
        truth: the entries at fault; a tool that names any of them has found it.
    """

    kind: str
    program: Program
    truth: frozenset[Entry]


# What differs #########################################################################################################


def differing(before: Program, after: Program) -> frozenset[Entry]:
    """The entries of `after` whose content is not that in `before`.

    The wiring stands for what a node reads and how: variables, mask, default. A node of another kind differs in all
    its entries, and its wiring counts too.
    """
    found: set[Entry] = set()
    for node in after.nodes:
        old = before.by_name[node.name]
        table, old_table = entry_contents(after, node), entry_contents(before, old)
        if type(node) is not type(old) or table.keys() != old_table.keys():
            found.update(table)
            found.add(Entry(node.name, "wiring"))
            continue
        found.update(where for where, content in table.items() if content != old_table[where])
        if _wiring(node) != _wiring(old):
            found.add(Entry(node.name, "wiring"))
    weights, old_weights = weight_contents(after), weight_contents(before)
    found.update(where for where, row in weights.items() if old_weights.get(where) != row)
    return frozenset(found)


def entry_contents(program: Program, node: Node) -> dict[Entry, Any]:
    """entry -> what stands there, of a node's rows, cells or words."""
    match node:
        case Embedding():
            words = zip(program.vocabulary, node.table, strict=True)
            return {Entry(node.name, "word", (word,)): value for word, value in words}
        case Head() | NumericHead():
            queries = program.symbols(node.query)
            return {Entry(node.name, "row", (query,)): row for query, row in zip(queries, node.predicate, strict=True)}
        case Lookup():
            keys = cell_keys(program, node)
            return {Entry(node.name, "cell", at): cell for at, cell in zip(keys, node.cells, strict=True)}
        case Linear():
            numbers = zip(node.entries.named or (), node.entries.answers, strict=True)
            return {Entry(node.name, "coefficient", at): number for at, number in numbers}


def weight_contents(program: Program) -> dict[Entry, Any]:
    """entry -> weight row of the readout."""
    tables = entries_of(program)
    return {
        where: row
        for term in program.readout.terms
        for where, row in zip(tables[WeightsOf(term.variable)], term.rows, strict=True)
    }


def _wiring(node: Node) -> object:
    match node:
        case Head() | NumericHead():
            return replace(node, predicate=())
        case Lookup():
            return node.inputs, node.levels
        case Linear():
            return node.inputs
        case Embedding():
            return None


# Within the vocabulary of Edit ########################################################################################


def _edited(program: Program, edits: Sequence[Edit], rng: random.Random) -> Program | None:
    for edit in rng.sample(edits, min(len(edits), 20)):
        try:
            return apply(program, edit)
        except (BadProgram, NotExact, BadUsage):
            continue
    return None


def _of_all(
    program: Program,
    rng: random.Random,
    kinds: Sequence[type[NodeEdit]],
    wanted: Callable[[Any], bool] = lambda edit: True,
) -> Program | None:
    """One of the single edits of a node, drawn node by node so that large tables do not drown small ones."""
    nodes = list(program.nodes)
    rng.shuffle(nodes)
    for node in nodes:
        edits = [edit for kind in kinds for edit in kind.near(program, node, lambda where: True) if wanted(edit)]
        if edits and (made := _edited(program, edits, rng)) is not None:
            return made
    return None


def _row_sizes(program: Program, edit: RowEdit) -> tuple[int, int]:
    """Keys of the row before and after."""
    return len(edit.undo(program).keys or ()), len(edit.keys or ())


def predicate_key(program: Program, rng: random.Random) -> Program | None:
    """A key of a predicate's row becomes another."""

    def replaced(edit: RowEdit) -> bool:
        before, after = _row_sizes(program, edit)
        return before == after > 0

    return _of_all(program, rng, (RowEdit,), replaced)


def set_member(program: Program, rng: random.Random) -> Program | None:
    """A row accepts one key more, or one less."""

    def changed(edit: RowEdit) -> bool:
        before, after = _row_sizes(program, edit)
        return before != after

    return _of_all(program, rng, (RowEdit,), changed)


def lookup_cell(program: Program, rng: random.Random) -> Program | None:
    return _of_all(program, rng, (CellEdit, WordEdit))


def weight_sign(program: Program, rng: random.Random) -> Program | None:
    """A weight of the readout changes its sign."""
    found: list[Edit] = []
    for term in program.readout.terms:
        domain = program.variables[term.variable].domain
        values = domain.values if isinstance(domain, Symbols) else (None,)
        for value, row in zip(values, term.rows, strict=True):
            for output, weight in zip(program.classes, row or (), strict=False):
                if weight:
                    found.append(WeightEdit(term.variable, value, output, -weight))
    return _edited(program, found, rng)


def _read(role: str) -> Plant:
    def plant(program: Program, rng: random.Random) -> Program | None:
        return _of_all(program, rng, (ReadEdit,), lambda edit: edit.role.endswith(role))

    return plant


def mask(program: Program, rng: random.Random) -> Program | None:
    return _of_all(program, rng, (MaskEdit,))


WITHIN: Mapping[str, Plant] = {
    "predicate key": predicate_key,
    "set member": set_member,
    "lookup cell": lookup_cell,
    "weight sign": weight_sign,
    "query variable": _read("query"),
    "key variable": _read("key"),
    "value variable": _read("value"),
    "mask": mask,
}
"""Kinds of faults that one `Edit` undoes."""


# Outside ##############################################################################################################


def two_faults(program: Program, rng: random.Random) -> Program | None:
    """Two of the faults above, at different entries."""
    first, second = (WITHIN[kind](program, rng) for kind in rng.choices(list(WITHIN), k=2))
    if first is None or second is None:
        return None
    if len(differing(program, first) | differing(program, second)) < 2:
        return None
    nodes = tuple(
        changed if changed != old else other
        for old, changed, other in zip(program.nodes, first.nodes, second.nodes, strict=True)
    )
    readout = first.readout if first.readout != program.readout else second.readout
    return _well_formed(lambda: replace(program, nodes=nodes, readout=readout))


def predicates_exchanged(program: Program, rng: random.Random) -> Program | None:
    """Two heads that read the same domains have each other's predicate."""
    heads = [node for node in program.nodes if isinstance(node, AttentionHead)]
    pairs = [
        (one, other)
        for place, one in enumerate(heads)
        for other in heads[place + 1 :]
        if one.predicate != other.predicate
        and program.symbols(one.query) == program.symbols(other.query)
        and program.symbols(one.key) == program.symbols(other.key)
    ]
    if not pairs:
        return None
    one, other = rng.choice(pairs)
    return _with(
        program,
        {one.name: replace(one, predicate=other.predicate), other.name: replace(other, predicate=one.predicate)},
    )


def head_deleted(program: Program, rng: random.Random) -> Program | None:
    """A head that selects nothing: a count is 0, a copy that of position 0 (or the default)."""
    heads = [node for node in program.nodes if isinstance(node, AttentionHead)]
    if not heads:
        return None
    head = rng.choice(heads)
    return _with(program, {head.name: replace(head, predicate=((),) * len(head.predicate))})


def head_frozen(program: Program, rng: random.Random) -> Program | None:
    """A head in whose place stands a table that says the same of every word."""
    heads = [node for node in program.nodes if isinstance(node, AttentionHead)]
    if not heads:
        return None
    head = rng.choice(heads)
    domain = program.variables[head.name].domain
    table: Node
    if isinstance(domain, Symbols):
        table = Embedding(head.name, domain.values, (rng.choice(domain.values),) * len(program.vocabulary))
    else:
        value: Value = rng.randint(0, min(3, int(domain.high)))
        table = Lookup(head.name, ("tokens",), (None,), None, (value,) * len(program.vocabulary))
    return _with(program, {head.name: table})


def three_cells_shifted(program: Program, rng: random.Random) -> Program | None:
    """Three neighbouring cells of a lookup hold each other's answers, moved on by one."""
    lookups = [node for node in program.nodes if isinstance(node, Lookup) and len(node.cells) >= 3]
    if not lookups:
        return None
    node = rng.choice(lookups)
    at = rng.randrange(len(node.cells) - 2)
    one, two, three = node.cells[at : at + 3]
    cells = (*node.cells[:at], three, one, two, *node.cells[at + 3 :])
    return _with(program, {node.name: replace(node, cells=cells)})


def text_corrupted(program: Program, rng: random.Random) -> Program | None:
    """A digit or a letter of a quoted symbol in the source becomes another, and the reader still accepts the module."""
    text = emit(program, "mutant").text
    start = text.index("\ndef predicate") if "\ndef predicate" in text else text.index("\nREADOUT")
    end = text.index("\nif __name__", start)
    symbols = "".join(sorted(word for word in program.vocabulary if len(word) == 1 and word.isalpha()))
    places = [found.start() for found in re.finditer(r"\d|(?<=\")[a-z](?=\")", text[start:end])]
    for _ in range(40):
        at = start + rng.choice(places)
        old = text[at]
        others = [new for new in ("0123456789" if old.isdigit() else symbols) if new != old]
        if not others:
            continue
        new = rng.choice(others)
        try:
            made = read_source(text[:at] + new + text[at + 1 :]).program
        except TpdebugError:
            continue
        if _frame(made) == _frame(program) and made != program:
            return replace(made, task=program.task, provenance=program.provenance)
    return None


OUTSIDE: Mapping[str, Plant] = {
    "two faults": two_faults,
    "predicates exchanged": predicates_exchanged,
    "head deleted": head_deleted,
    "head frozen": head_frozen,
    "three cells shifted": three_cells_shifted,
    "text corrupted": text_corrupted,
}
"""Kinds of faults that no single `Edit` undoes, but for some of the last."""


def _frame(program: Program) -> object:
    return (
        program.vocabulary,
        program.classes,
        program.max_length,
        program.causal,
        program.self_rule,
        tuple((node.name, type(node)) for node in program.nodes),
        tuple(term.variable for term in program.readout.terms),
        (program.readout.scale, program.readout.pooled, program.readout.forced),
    )


def _with(program: Program, changed: Mapping[str, Node]) -> Program | None:
    nodes = tuple(changed.get(node.name, node) for node in program.nodes)
    return _well_formed(lambda: replace(program, nodes=nodes))


def _well_formed(made: Callable[[], Program]) -> Program | None:
    try:
        return made()
    except (BadProgram, NotExact):
        return None


# Restoring ############################################################################################################


def restored(mutant: Program, twin: Program, where: Entry) -> Program | None:
    """The mutant with one entry as its twin has it; None where that is not well-formed, or not an entry of both."""
    if where.part == "weights":
        variable, *value = where.at
        row = weight_contents(twin).get(where)
        assert isinstance(variable, str)
        if not isinstance(row, tuple):
            return None
        symbol: Any = value[0] if value else None  # a weight row's value is a symbol
        return _well_formed(lambda: apply(mutant, WeightRowEdit(variable, symbol, row)))
    node, old = mutant.by_name[where.node], twin.by_name[where.node]
    if type(node) is not type(old):
        return None
    if where.part == "wiring":
        rewired: Node
        if isinstance(node, Head | NumericHead) and isinstance(old, Head | NumericHead) and type(node) is type(old):
            rewired = replace(old, predicate=node.predicate)
        elif isinstance(node, Lookup) and isinstance(old, Lookup):
            rewired = replace(old, cells=node.cells, symbols=node.symbols)
        elif isinstance(node, Linear) and isinstance(old, Linear):
            rewired = replace(node, inputs=old.inputs)
        else:
            return None
        return _with(mutant, {node.name: rewired})
    contents = entry_contents(twin, old)
    if where not in contents:
        return None
    table = tuple({**entry_contents(mutant, node), where: contents[where]}.values())
    return _with(mutant, {node.name: node.with_answers(table)})
