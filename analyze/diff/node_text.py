"""In what the texts of two nodes differ, where nodes that belong together count as having one name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeAlias, assert_never

from analyze.outcome import node_line
from analyze.results.diff import ReadoutDifference, Side
from tprog.ir.entries import Answer, ClauseOf, Read, TableKey
from tprog.ir.entry import Entry
from tprog.ir.program import Embedding, Head, Linear, Lookup, Node, NumericHead, Program, Symbols, Value, Weights
from tprog.ir.values import shown
from tprog.text.describe import reading

_Key: TypeAlias = tuple[tuple[str, ...], tuple[Value, ...]]
"""The clause, where there are several, and the values that pick an entry."""

_Table: TypeAlias = dict[_Key, str]
"""What each entry says."""

_GIVEN = ("tokens", "positions", "ones")


@dataclass(frozen=True)
class Names:
    """Two programs, and for each matched node of `b` its partner in `a`."""

    a: Program
    b: Program
    partners: Mapping[str, str]

    def of(self, name: str) -> str | None:
        """What `a` calls a variable of `b`; None if it has no partner."""
        return name if name in _GIVEN else self.partners.get(name)


def side(program: Program, node: Node, lines: Mapping[Entry, int] | None) -> Side:
    """A node as a result shows it."""
    return Side(node.name, node.kind, reading(program, node), node_line(lines, node.name))


class TextDifference(NamedTuple):
    """In what two nodes are written differently: where, and what stands there in the first and in the second."""

    where: str
    first: str
    second: str

    def __str__(self) -> str:
        return f"{self.where}: {self.first} | {self.second}"


def text_differences(names: Names, one: Node, other: Node) -> list[TextDifference]:
    """How two nodes are written differently: what they read, then entry by entry."""
    if type(one) is not type(other):
        return [TextDifference("kind", one.kind, other.kind)]
    found = list(_wiring_differences(names, _wiring(one), _wiring(other)))
    if any(difference.where.split(" of ")[0] == "query" or "input" in difference.where for difference in found):
        return found  # their entries stand for other things
    return [*found, *_entry_differences(_table(names.a, one), _table(names.b, other))]


def _wiring_differences(names: Names, mine: dict[str, str], theirs: dict[str, str]) -> Iterator[TextDifference]:
    for key in dict.fromkeys([*mine, *theirs]):
        here, there = mine.get(key, "none"), theirs.get(key, "none")
        is_read = key.split(" of ")[0] in _READS or key.startswith(("term", "input"))
        if is_read and names.of(there) == here:
            continue
        if is_read and there not in _GIVEN:
            there = f"{there} of the second"
        if here != there:
            yield TextDifference(key, here, there)


def _entry_differences(one: _Table, other: _Table) -> Iterator[TextDifference]:
    for at in dict.fromkeys([*one, *other]):
        here, there = _said(one, at), _said(other, at)
        if here != there:
            yield TextDifference(", ".join([*at[0], *map(shown, at[1])]) or "otherwise", here, there)


_OTHERWISE: _Key = ((), ())
"""The key of what a lookup that lists combinations answers to all others."""


def _said(table: _Table, at: _Key) -> str:
    """What a table says there; of a combination that it does not list, what it says of all those."""
    if at in table:
        return table[at]
    return f"{table[_OTHERWISE]}, as otherwise" if _OTHERWISE in table else "no entry"


_READS = ("query", "key", "value", "by", "other input")


def _role(node: Node, read: Read) -> str:
    match read.role:
        case "query" | "key" if node.selection is not None and not node.selection.alone:
            return f"{read.role} of {_clause([*node.selection.clauses][read.place])}"
        case "term":
            return f"term {read.place + 1}"
        case "input" if read.place < 2:
            return "other input" if read.place else "input"
        case "input":
            return f"input {read.place + 1}"
        case _:
            return read.role


def _wiring(node: Node) -> dict[str, str]:
    made = {_role(node, read): read.variable for read in node.roles}
    match node:
        case Embedding():
            return {}  # what it reads is fixed
        case Head() | NumericHead():
            made["mask"] = node.mask
            made["position 0"] = "skipped" if node.skip_first else "seen"
            if node.default is not None:
                made["default"] = shown(node.default)
            return made | ({"reduce": node.reduce} if node.kind == "numeric head" else {"attends": node.attend})
        case Lookup() | Linear():
            return made
        case _:
            assert_never(node)


def _clause(table: TableKey) -> str:
    """What a clause is called whatever the name of its head."""
    assert isinstance(table, ClauseOf)
    return f"clause {table.alternative}.{table.clause}"


def _table(program: Program, node: Node) -> _Table:
    found: _Table = {}
    for table, entries in node.tables.items():
        within = (_clause(table),) if isinstance(table, ClauseOf) else ()
        keys: Iterable[tuple[Value, ...]] = entries.keys(program.variables)
        if entries.named is not None:  # by place, since the other program has other names
            keys = ((place,) if key else ("constant",) for place, key in enumerate(entries.named, start=1))
        for at, answer in zip(keys, entries.answers, strict=True):
            found[within, at] = "hole" if answer is None else _answer(answer)
    return found


def _answer(answer: Answer) -> str:
    return "{" + ", ".join(sorted(map(shown, answer))) + "}" if isinstance(answer, tuple) else shown(answer)


# The readout ##########################################################################################################


def readout_differences(names: Names, most: int) -> tuple[ReadoutDifference, ...]:
    """The variables whose weights differ, in logits, with at most `most` examples each."""
    a, b = names.a, names.b
    terms_b = {names.of(term.variable) or f"\0{term.variable}": term for term in b.weights}
    found = []
    for term in a.weights:
        partner = terms_b.pop(term.variable, None)
        mine = _rows(a, term)
        theirs = {} if partner is None else _rows(b, partner)
        examples = [
            f"{'' if at is None else shown(at) + ': '}{_change(mine.get(at), theirs.get(at))}"
            for at in dict.fromkeys([*mine, *theirs])
            if (at in mine, mine.get(at)) != (at in theirs, theirs.get(at))  # a hole is not a row of zeros
        ]
        if examples:
            other = None if partner is None else partner.variable
            count = len({*mine, *theirs})
            told = () if partner is None else tuple(examples[:most])
            found.append(ReadoutDifference(term.variable, other, count, len(examples), told))
    for partner in terms_b.values():
        rows = len(_rows(b, partner))
        found.append(ReadoutDifference(None, partner.variable, rows, rows, ()))
    return tuple(found)


_Row: TypeAlias = dict[str, Fraction] | None


def _rows(program: Program, term: Weights) -> dict[Value | None, _Row]:
    """Value -> class -> weight in logits, None for a hole; rows of zeros left out. Numbers have one row, at None."""
    domain, scale = program.variables[term.variable].domain, program.readout.scale
    keys: tuple[Value | None, ...] = domain.values if isinstance(domain, Symbols) else (None,)
    rows = {
        at: None
        if row is None
        else {c: Fraction(w, scale) for c, w in zip(program.written_classes, row, strict=True) if w}
        for at, row in zip(keys, term.rows, strict=True)
    }
    return {at: row for at, row in rows.items() if row != {}}


def _change(one: _Row, other: _Row) -> str:
    """The class whose weight differs most, and how many others do."""
    mine, theirs = one or {}, other or {}
    changed = [name for name in dict.fromkeys([*mine, *theirs]) if mine.get(name, 0) != theirs.get(name, 0)]
    if not changed:
        return "hole | no weights"
    most = max(changed, key=lambda name: abs(mine.get(name, Fraction(0)) - theirs.get(name, Fraction(0))))
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return f"{most}: {_weight(mine.get(most))} | {_weight(theirs.get(most))}{more}"


def _weight(weight: Fraction | None) -> str:
    number = Fraction(0) if weight is None else weight
    return str(number) if number.denominator == 1 else f"{float(number):g}"
