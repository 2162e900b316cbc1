"""An Edit: one typed change of a Program.

Blame proposes edits, repair applies them, the fault benchmark plants them. An edit says what its entry *becomes*, so
its inverse is an edit of the same kind that says what the entry was. Edits never change a node's domain in a way that
would make the tables that read it meaningless: a categorical read is re-wired only to a variable of exactly the same
domain (the same symbols in the same order); a numeric read, whose readers have levels of their own or weigh the number,
to any numeric variable. Whatever else a Program requires, its own checks refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, TypeVar, assert_never, overload

from tprog.edits.entry import Entry
from tprog.errors import BadUsage
from tprog.ir.program import (
    AttentionHead,
    Embedding,
    Head,
    Keys,
    Lookup,
    Mask,
    Node,
    NumericHead,
    Program,
    SelfRule,
    Symbol,
    Symbols,
    Value,
    Weights,
    cell_keys,
)
from tprog.listing import listing

Role: TypeAlias = Literal["query", "key", "value", "first input", "second input"]

T = TypeVar("T")


@dataclass(frozen=True)
class RowEdit:
    """A predicate's row for one query value becomes `keys`; None makes it a hole."""

    node: str
    query: Symbol
    keys: Keys | None


@dataclass(frozen=True)
class CellEdit:
    """A lookup's cell at the input values (or levels) `at` becomes `answer`; None makes it a hole."""

    node: str
    at: tuple[Value, ...]
    answer: Value | None


@dataclass(frozen=True)
class WordEdit:
    """An embedding's value for one word becomes `value`; None makes it a hole."""

    node: str
    word: str
    value: Symbol | None


@dataclass(frozen=True)
class WeightEdit:
    """One readout weight becomes `weight`, in units of 1 / `Readout.scale`.

    Attributes:
        value: the value whose row it stands in, None for a numeric variable.
        output: the class.
    """

    variable: str
    value: Symbol | None
    output: str
    weight: int


@dataclass(frozen=True)
class WeightRowEdit:
    """A whole readout row becomes `row`: one weight a class, in units of 1 / `Readout.scale`; None makes it a hole."""

    variable: str
    value: Symbol | None
    row: tuple[int, ...] | None


@dataclass(frozen=True)
class ReadEdit:
    """A node's query, key, value or lookup input becomes `variable`."""

    node: str
    role: Role
    variable: str


@dataclass(frozen=True)
class MaskEdit:
    """A head's mask becomes `mask` and `skip_first`."""

    node: str
    mask: Mask
    skip_first: bool


@dataclass(frozen=True)
class SelfRuleEdit:
    """How all heads rank a match at their own position becomes `rule`."""

    rule: SelfRule


NodeEdit: TypeAlias = RowEdit | CellEdit | WordEdit | ReadEdit | MaskEdit
ReadoutEdit: TypeAlias = WeightEdit | WeightRowEdit
Edit: TypeAlias = NodeEdit | ReadoutEdit
"""A change of one entry."""

Change: TypeAlias = Edit | SelfRuleEdit
"""A change of one entry, or of what holds for the whole program."""


# Apply ################################################################################################################


def apply(program: Program, edit: Change) -> Program:
    """The program after the edit.

    Raises:
        BadUsage: the edit names a node, value or variable that is not there, or re-wires to another domain.
        BadProgram, NotExact: the program would not be well-formed.
    """
    if isinstance(edit, SelfRuleEdit):
        return replace(program, self_rule=edit.rule)
    if isinstance(edit, WeightEdit | WeightRowEdit):
        weight_row(program, edit.variable, edit.value)  # refuses a row that is not there
        terms = tuple(_new_term(program, term, edit) for term in program.readout.terms)
        return replace(program, readout=replace(program.readout, terms=terms))
    node = edited_node(program, edit)
    return replace(program, nodes=tuple(node if old.name == node.name else old for old in program.nodes))


def edited_node(program: Program, edit: NodeEdit) -> Node:
    """The node that the edit makes; `program` itself says what stands before it.

    Raises:
        BadUsage: as `apply`.
    """
    match edit:
        case RowEdit(query=query, keys=keys):
            head = _head(program, edit.node)
            at = _code(program.symbols(head.query), query, edit)
            return replace(head, predicate=_replaced(head.predicate, at, keys))
        case CellEdit():
            lookup = _lookup(program, edit.node)
            return replace(lookup, cells=_replaced(lookup.cells, _cell(program, lookup, edit), edit.answer))
        case WordEdit():
            embedding = _embedding(program, edit.node)
            at = _code(program.symbols("tokens"), edit.word, edit)
            return replace(embedding, table=_replaced(embedding.table, at, edit.value))
        case ReadEdit():
            return _rewired(program, edit)
        case MaskEdit(mask=mask, skip_first=skip_first):
            head = _head(program, edit.node)
            return replace(head, mask=mask, skip_first=skip_first)
        case _:
            assert_never(edit)


@overload
def undo(program: Program, edit: Edit) -> Edit: ...


@overload
def undo(program: Program, edit: SelfRuleEdit) -> SelfRuleEdit: ...


def undo(program: Program, edit: Change) -> Change:
    """The edit that takes `apply(program, edit)` back to `program`.

    Raises:
        BadUsage: as `apply`.
    """
    match edit:
        case RowEdit(query=query):
            head = _head(program, edit.node)
            return replace(edit, keys=head.predicate[_code(program.symbols(head.query), query, edit)])
        case CellEdit():
            lookup = _lookup(program, edit.node)
            return replace(edit, answer=lookup.cells[_cell(program, lookup, edit)])
        case WordEdit(word=word):
            embedding = _embedding(program, edit.node)
            return replace(edit, value=embedding.table[_code(program.symbols("tokens"), word, edit)])
        case WeightEdit(output=output):
            row = weight_row(program, edit.variable, edit.value)
            if row is None:
                return WeightRowEdit(edit.variable, edit.value, None)
            return replace(edit, weight=row[_class(program, output)])
        case WeightRowEdit():
            return replace(edit, row=weight_row(program, edit.variable, edit.value))
        case ReadEdit(role=role):
            return replace(edit, variable=read_by(program, edit.node, role))
        case MaskEdit():
            head = _head(program, edit.node)
            return MaskEdit(head.name, head.mask, head.skip_first)
        case SelfRuleEdit():
            return SelfRuleEdit(program.self_rule)
        case _:
            assert_never(edit)


def weight_row(program: Program, variable: str, value: Symbol | None) -> tuple[int, ...] | None:
    """The readout's weights for a variable and, if it is categorical, value; None at a hole.

    Raises:
        BadUsage: there is no such row.
    """
    for term in program.readout.terms:
        if term.variable == variable:
            return term.rows[_weight_row_at(program, variable, value)]
    raise BadUsage(f"the readout does not read {variable!r}")


def read_by(program: Program, node: str, role: Role) -> str:
    """The variable that a node reads in a role.

    Raises:
        BadUsage: it has no such role.
    """
    for found, variable in roles(_any_node(program, node)):
        if found == role:
            return variable
    raise BadUsage(f"node {node!r} has no {role}")


def roles(node: Node) -> list[tuple[Role, str]]:
    """What a node reads, and as what; an embedding's fixed read of the tokens is none."""
    match node:
        case Embedding():
            return []
        case Head() | NumericHead():
            return [("query", node.query), ("key", node.key), ("value", node.value)]
        case Lookup():
            names: tuple[Role, ...] = ("first input", "second input")
            return list(zip(names, node.inputs, strict=False))
        case _:
            assert_never(node)


def _new_term(program: Program, term: Weights, edit: ReadoutEdit) -> Weights:
    if term.variable != edit.variable:
        return term
    at = _weight_row_at(program, edit.variable, edit.value)
    if isinstance(edit, WeightRowEdit):
        return replace(term, rows=_replaced(term.rows, at, edit.row))
    old = term.rows[at] or (0,) * len(program.classes)
    return replace(term, rows=_replaced(term.rows, at, _replaced(old, _class(program, edit.output), edit.weight)))


def _weight_row_at(program: Program, variable: str, value: Symbol | None) -> int:
    domain = program.variables[variable].domain
    if isinstance(domain, Symbols) != (value is not None):
        raise BadUsage(f"the readout of {variable!r} has one row a value exactly if {variable!r} is categorical")
    return 0 if value is None else _code(domain, value, f"the readout of {variable!r}")


def _class(program: Program, name: str) -> int:
    if name not in program.classes:
        raise BadUsage(f"{name!r} is not a class; expected one of {listing(program.classes)}")
    return program.classes.index(name)


def _replaced(column: Sequence[T], at: int, value: T) -> tuple[T, ...]:
    return (*column[:at], value, *column[at + 1 :])


def _any_node(program: Program, name: str) -> Node:
    if name not in program.by_name:
        raise BadUsage(f"the program has no node {name!r}; expected one of {', '.join(program.by_name)}")
    return program.by_name[name]


def _head(program: Program, name: str) -> AttentionHead:
    node = _any_node(program, name)
    if not isinstance(node, AttentionHead):
        raise BadUsage(f"node {name!r} is not a head, so it has no predicate and no mask")
    return node


def _lookup(program: Program, name: str) -> Lookup:
    node = _any_node(program, name)
    if not isinstance(node, Lookup):
        raise BadUsage(f"node {name!r} is not a lookup, so it has no cells")
    return node


def _embedding(program: Program, name: str) -> Embedding:
    node = _any_node(program, name)
    if not isinstance(node, Embedding):
        raise BadUsage(f"node {name!r} is not an embedding, so it has no words")
    return node


def _code(domain: object, value: Symbol, where: object) -> int:
    assert isinstance(domain, Symbols)
    if value not in domain.codes:
        raise BadUsage(f"{where}: {value!r} is not a value there; expected one of {domain.values!r}")
    return domain.codes[value]


def _cell(program: Program, lookup: Lookup, edit: CellEdit) -> int:
    for index, at in enumerate(cell_keys(program, lookup)):
        if at == edit.at:
            return index
    raise BadUsage(f"node {edit.node!r} has no cell at {edit.at!r}")


def _rewired(program: Program, edit: ReadEdit) -> Node:
    node = _any_node(program, edit.node)
    old = read_by(program, edit.node, edit.role)
    if edit.variable not in before(program, edit.node):
        raise BadUsage(f"node {edit.node!r} cannot read {edit.variable!r}: nothing before it provides that")
    if not may_replace(program, old, edit.variable):
        raise BadUsage(f"node {edit.node!r} cannot read {edit.variable!r} instead of {old!r}: the domains differ")
    if isinstance(node, Lookup):
        return replace(node, inputs=_replaced(node.inputs, int(edit.role == "second input"), edit.variable))
    assert isinstance(node, Head | NumericHead)
    match edit.role:
        case "query":
            return replace(node, query=edit.variable)
        case "key":
            return replace(node, key=edit.variable)
        case _:
            return replace(node, value=edit.variable)


def may_replace(program: Program, old: str, new: str) -> bool:
    """Whether a read of `old` may become a read of `new`: the same symbols in the same order, or both numeric."""
    was, becomes = program.variables[old].domain, program.variables[new].domain
    if isinstance(was, Symbols) or isinstance(becomes, Symbols):
        return was == becomes
    return True


def before(program: Program, node: str) -> list[str]:
    """The variables that stand before a node."""
    names = list(program.variables)
    return names[: names.index(node)]


# Describe #############################################################################################################


def entry(edit: Change) -> Entry:
    """The entry that an edit changes."""
    match edit:
        case RowEdit():
            return Entry(edit.node, "row", (edit.query,))
        case CellEdit():
            return Entry(edit.node, "cell", edit.at)
        case WordEdit():
            return Entry(edit.node, "word", (edit.word,))
        case WeightEdit() | WeightRowEdit():
            return Entry("readout", "weights", (edit.variable, *(() if edit.value is None else (edit.value,))))
        case ReadEdit() | MaskEdit():
            return Entry(edit.node, "wiring")
        case SelfRuleEdit():
            return Entry("program", "self rule")
        case _:
            assert_never(edit)


def describe(edit: Change) -> str:
    """An edit in words, on one line: the entry and what it becomes."""
    match edit:
        case RowEdit(keys=keys):
            what = "a hole" if keys is None else " or ".join(map(repr, keys)) or "nothing"
            return f"{entry(edit)}: accept {what}"
        case CellEdit(answer=answer):
            shown = "a hole" if answer is None else repr(answer) if isinstance(answer, str) else str(answer)
            return f"{entry(edit)}: answer {shown}"
        case WordEdit(value=value):
            return f"{entry(edit)}: value {'a hole' if value is None else repr(value)}"
        case WeightEdit():
            return f"{entry(edit)}: weight of {edit.output!r} becomes {edit.weight}"
        case WeightRowEdit(row=row):
            return f"{entry(edit)}: weights become {'a hole' if row is None else row}"
        case ReadEdit():
            return f"{edit.node}: {edit.role} becomes {edit.variable}"
        case MaskEdit():
            return f"{edit.node}: mask becomes {edit.mask}{', without position 0' if edit.skip_first else ''}"
        case SelfRuleEdit(rule=rule):
            how = "last" if rule == "last" else "as a distance of the number of matches"
            return f"{entry(edit)}: a match at a head's own position counts {how}"
        case _:
            assert_never(edit)
