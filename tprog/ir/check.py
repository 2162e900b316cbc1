"""What makes a Program well-formed, and the proof of each variable's domain."""

from __future__ import annotations

import keyword
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Protocol, assert_never

from tprog import primitives
from tprog.errors import BadProgram
from tprog.escape import half_a_pair
from tprog.ir.answering import LOOKUP, PREDICATE, Proven
from tprog.ir.domains import (
    ATTENDING,
    BEGIN,
    END,
    PAD,
    RANKING,
    Domain,
    Number,
    Numeric,
    SelfRule,
    Symbols,
    UnknownRule,
    Variable,
)
from tprog.ir.entries import Listed
from tprog.ir.marks import Marks
from tprog.ir.nodes import AttentionHead, Embedding, Head, Linear, Lookup, Node, NumericHead
from tprog.ir.numeric import linear_domain, mean_domain, sum_domain, table_domain
from tprog.ir.provenance import check_told
from tprog.ir.readout import Classify
from tprog.ir.selections import Clause
from tprog.ir.values import as_number


class Frame(Protocol):
    """All of a Program but its nodes: what a node is checked against."""

    @property
    def vocabulary(self) -> tuple[str, ...]: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def max_length(self) -> int: ...
    @property
    def readout(self) -> Classify: ...
    @property
    def causal(self) -> bool: ...
    @property
    def self_rule(self) -> SelfRule: ...
    @property
    def unknown_rule(self) -> UnknownRule: ...
    @property
    def outputs(self) -> tuple[str, ...]: ...
    @property
    def written_classes(self) -> tuple[str, ...]: ...
    @property
    def task(self) -> str | None: ...
    @property
    def provenance(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def marks(self) -> Marks: ...


_RESERVED = frozenset({*dir(primitives), "run", "readout", "variables", "list", "range", "len", "min"})
"""Names that `run` of an emitted module needs for itself."""


def check_frame(program: Frame) -> None:
    """What a Program says about its inputs and outputs, before any node."""
    _check_words("vocabulary", program.vocabulary)
    _check_words("classes", program.classes)
    if PAD in program.vocabulary:
        raise BadProgram(f"{PAD!r} is never read: leave it out of the vocabulary")
    if not program.marks.begins and not set(program.vocabulary) - {END}:
        raise BadProgram(f"the vocabulary {program.vocabulary!r} has no symbol; expected at least one")
    least = program.marks.count + 1
    if program.max_length < least:
        raise BadProgram(f"max_length is {program.max_length}; expected at least {least}")
    check_told(program.task, program.provenance)
    if program.self_rule not in ("last", "match-count"):
        raise BadProgram(f"self_rule is {program.self_rule!r}; expected 'last' or 'match-count'")
    if program.unknown_rule not in ("unk", "refuse"):
        raise BadProgram(f"unknown_rule is {program.unknown_rule!r}; expected 'unk' or 'refuse'")


def _check_words(what: str, words: tuple[str, ...]) -> None:
    if not (set(map(type, words)) <= {str} and all(words)):
        raise BadProgram(f"the {what} {words!r} must hold non-empty strings only")
    _check_spelling(what, words)


@lru_cache(maxsize=256)  # a search makes thousands of programs of one vocabulary
def _check_spelling(what: str, words: tuple[str, ...]) -> None:
    if half := next(filter(half_a_pair, words), None):
        raise BadProgram(f"{half!r} in the {what} has half of a surrogate pair, which no file in UTF-8 can hold")
    if len(set(words)) != len(words):
        twice = next(w for w in words if words.count(w) > 1)
        raise BadProgram(f"{twice!r} stands twice in the {what}")


@lru_cache(maxsize=1024)  # a search makes thousands of programs whose nodes have the same names
def _check_spelled_name(name: str) -> None:
    if not (name.isidentifier() and name.isascii()) or keyword.iskeyword(name) or name.startswith("_"):
        raise BadProgram(f"node {name!r}: a name must be a plain Python identifier without a leading underscore")
    if name in _RESERVED or name.isupper() or name.startswith((PREDICATE, LOOKUP)):
        raise BadProgram(f"node {name!r}: the emitted module uses this name itself; choose another")


def _check_name(node: Node, known: Mapping[str, Variable]) -> None:
    name = node.name
    _check_spelled_name(name)
    if name in known:
        raise BadProgram(f"node {name!r}: the name is already taken; each variable is assigned once")
    for read in node.reads:
        if read not in known:
            raise BadProgram(f"node {name!r} reads {read!r}, which no earlier node and no input provides")


def check_functions(nodes: Sequence[Node]) -> None:
    """Refuse a node whose function in an emitted module would have the name of another's."""
    whose: dict[str, str] = {}
    for node in nodes:
        for function in node.functions.values():
            if function in whose:
                raise BadProgram(
                    f"node {node.name!r}: its function {function!r} has the name of one of node {whose[function]!r}; "
                    "choose another name"
                )
            whose[function] = node.name


def domain_of(node: Node, known: Mapping[str, Variable], frame: Frame) -> Domain:
    """Checks a node against the variables known before it, and proves the domain of its own.

    Args:
        frame: any Program with the same vocabulary, length and causality; its nodes are not looked at.

    Raises:
        BadProgram, NotExact: as `Program`.
    """
    _check_name(node, known)
    given = (frame.vocabulary, frame.max_length, frame.causal, frame.self_rule, [known[n].domain for n in node.reads])
    if node.proven is None or node.proven.given != given:
        # A search makes thousands of programs that share most of their nodes, and nodes never change.
        proven = Proven(given, _domain_of(node, known, frame))
        object.__setattr__(node, "proven", proven)
        return proven.domain
    return node.proven.domain


def _domain_of(node: Node, known: Mapping[str, Variable], frame: Frame) -> Domain:
    match node:
        case Embedding():
            return _embedding_domain(node, frame)
        case Head():
            _check_selection(node, known, frame)
            _check_attended(node, frame)
            _check_fallback(node, frame)
            value = _categorical(node, "value", node.value, known)
            if node.default is not None and not value.holds(node.default):
                raise BadProgram(f"node {node.name!r}: the default {node.default!r} is not a value of {node.value!r}")
            return value
        case NumericHead():
            _check_selection(node, known, frame)
            return _numeric_head_domain(node, known, frame)
        case Lookup():
            return _lookup_domain(node, known)
        case Linear():
            return _linear_domain(node, known)
        case _:
            assert_never(node)


def _categorical(node: Node, role: str, name: str, known: Mapping[str, Variable]) -> Symbols:
    domain = known[name].domain
    if not isinstance(domain, Symbols):
        raise BadProgram(f"node {node.name!r}: its {role} {name!r} is numeric; expected a categorical variable")
    return domain


def _embedding_domain(node: Embedding, frame: Frame) -> Domain:
    symbols = Symbols(node.symbols)
    if len(node.table) != len(frame.vocabulary):
        raise BadProgram(
            f"node {node.name!r}: its table has {len(node.table)} entries; the vocabulary has {len(frame.vocabulary)}"
        )
    for word, value in zip(frame.vocabulary, node.table, strict=True):
        if value is not None and not symbols.holds(value):
            raise BadProgram(f"node {node.name!r}: the word {word!r} maps to {value!r}, which is not in its symbols")
    return symbols


def _check_selection(node: AttentionHead, known: Mapping[str, Variable], frame: Frame) -> None:
    """Queries, keys, predicates and mask of a head."""
    if node.mask not in ("all", "before", "after"):
        raise BadProgram(f"node {node.name!r}: the mask is {node.mask!r}; expected 'all', 'before' or 'after'")
    if node.mask == "after" and frame.causal:
        raise BadProgram(f"node {node.name!r}: the mask 'after' looks ahead, which a causal program cannot")
    if () in node.instead:
        raise BadProgram(f"node {node.name!r}: one of its alternatives has no clause; expected one at least")
    for table, clause in node.clauses.items():
        _check_clause(node, "its predicate" if node.alone else f"{table}, its predicate", clause, known)


def _check_clause(node: AttentionHead, what: str, clause: Clause, known: Mapping[str, Variable]) -> None:
    query = _categorical(node, "query", clause.query, known)
    key = _categorical(node, "key", clause.key, known)
    if len(clause.predicate) != len(query):
        raise BadProgram(
            f"node {node.name!r}: {what} has {len(clause.predicate)} rows; {clause.query!r} has {len(query)} values"
        )
    types = key.types  # as `Symbols.holds` has it, without a call for each of very many keys
    seen = {id(None)}  # rows that are one object are checked once: thousands of words may share a few
    for value, keys in zip(query, clause.predicate, strict=True):
        if keys is None or id(keys) in seen:
            continue
        seen.add(id(keys))
        for accepted in keys:
            if types.get(accepted) is not type(accepted):
                raise BadProgram(
                    f"node {node.name!r}: query {value!r} accepts {accepted!r}, which is not a value of {clause.key!r}"
                )
        codes = [key.codes[accepted] for accepted in keys]
        if any(left >= right for left, right in pairwise(codes)):
            raise BadProgram(
                f"node {node.name!r}: query {value!r} accepts {keys!r}; expected each key once, in the key's order"
            )


def _check_attended(node: Head, frame: Frame) -> None:
    if node.attend not in ATTENDING:
        listed = ", ".join(map(repr, ATTENDING))
        raise BadProgram(f"node {node.name!r}: it attends to the {node.attend!r}; expected one of {listed}")
    if (node.attend in RANKING) != (node.by is not None):
        wanted = "needs a variable to compare" if node.by is None else f"compares nothing, and so not {node.by!r}"
        raise BadProgram(f"node {node.name!r}: attending to the {node.attend} {wanted}")
    if node.attend != "nearest" and frame.self_rule != "last":
        raise BadProgram(
            f"node {node.name!r} attends to the {node.attend}; with the self rule {frame.self_rule!r}, every head "
            "attends to the nearest"
        )


def _check_fallback(node: Head, frame: Frame) -> None:
    if node.copies_first and not frame.marks.begins:
        raise BadProgram(
            f"node {node.name!r}: it has no default for where it selects nothing; without {BEGIN!r} in the vocabulary, "
            "position 0 is a token like any other, and a head needs one"
        )


def _numeric(node: Node, role: str, name: str, known: Mapping[str, Variable]) -> Numeric:
    domain = known[name].domain
    if isinstance(domain, Symbols):
        raise BadProgram(f"node {node.name!r}: its {role} {name!r} is categorical; expected a numeric variable")
    return domain


def _numeric_head_domain(node: NumericHead, known: Mapping[str, Variable], frame: Frame) -> Domain:
    value = _numeric(node, "value", node.value, known)
    most = frame.max_length - max(int(node.mask != "all"), int(node.skip_first))
    match node.reduce:
        case "sum":
            if node.default is not None:
                raise BadProgram(f"node {node.name!r}: an empty sum is 0; a default belongs to a mean")
            return sum_domain(node.name, value, most)
        case "mean":
            if node.default is None or not _is_number(node.default):
                raise BadProgram(f"node {node.name!r}: a mean needs a default for positions that select nothing")
            return mean_domain(node.name, value, most, Fraction(node.default))
        case other:
            raise BadProgram(f"node {node.name!r}: reduce is {other!r}; expected 'sum' or 'mean'")


def _lookup_domain(node: Lookup, known: Mapping[str, Variable]) -> Domain:
    if not node.inputs or len(node.levels) != len(node.inputs):
        raise BadProgram(f"node {node.name!r}: a lookup reads 1 variable or more, with one entry of levels each")
    sizes = [
        _told_apart(node, name, levels, known[name].domain)
        for name, levels in zip(node.inputs, node.levels, strict=True)
    ]
    if node.listed is not None:
        _check_listed(node, node.listed, sizes)
    elif len(node.cells) != (size := math.prod(sizes)):
        raise BadProgram(f"node {node.name!r}: it has {len(node.cells)} cells; its inputs make {size}")
    if node.symbols is None:
        return _number_cells(node)
    symbols = Symbols(node.symbols)
    types = symbols.types
    for cell in node.cells:
        if cell is not None and types.get(cell) is not type(cell):
            raise BadProgram(f"node {node.name!r}: a cell answers {cell!r}, which is not in its symbols")
    return symbols


def _check_listed(node: Lookup, listed: Listed, sizes: Sequence[int]) -> None:
    """Refuse combinations that are none of its inputs', out of order or there twice, and answers too few or many."""
    if not listed:
        raise BadProgram(f"node {node.name!r}: it lists no combination of its inputs; expected one at least")
    for key in listed:
        if len(key) != len(sizes) or any(
            type(at) is not int or not 0 <= at < size for at, size in zip(key, sizes, strict=True)
        ):
            raise BadProgram(
                f"node {node.name!r}: it lists {key!r}; expected the place of a value of each input, below {sizes!r}"
            )
    for earlier, later in pairwise(listed):
        if earlier >= later:
            found = f"{later!r} twice" if earlier == later else f"{later!r} behind {earlier!r}"
            raise BadProgram(f"node {node.name!r}: it lists {found}; expected each combination once, in their order")
    if len(node.cells) != len(listed) + 1:
        raise BadProgram(
            f"node {node.name!r}: it has {len(node.cells)} cells; expected one for each of {len(listed)} combinations "
            "that it lists, and one for all others"
        )


def _told_apart(node: Lookup, name: str, levels: tuple[Number, ...] | None, domain: Domain) -> int:
    """How many values, or levels, of one of its inputs a lookup tells apart."""
    if isinstance(domain, Symbols):
        if levels is not None:
            raise BadProgram(f"node {node.name!r}: its input {name!r} is categorical, so it has no levels")
        return len(domain)
    if levels is None:
        raise BadProgram(f"node {node.name!r}: its input {name!r} is numeric, so it needs levels")
    if not levels or not all(map(_is_number, levels)) or any(a >= b for a, b in pairwise(levels)):
        raise BadProgram(f"node {node.name!r}: the levels of {name!r} must be ascending numbers, at least one")
    return len(levels)


def _linear_domain(node: Linear, known: Mapping[str, Variable]) -> Domain:
    if not node.inputs or len(node.coefficients) != len(node.inputs) or len(set(node.inputs)) != len(node.inputs):
        raise BadProgram(
            f"node {node.name!r}: it sums {node.inputs!r} with the coefficients {node.coefficients!r}; expected one "
            "variable at least, each once and with one coefficient"
        )
    if not all(map(_is_number, (*node.coefficients, node.constant))):
        raise BadProgram(f"node {node.name!r}: its coefficients and its constant must be exact numbers")
    terms = [
        (coefficient, _numeric(node, "term", name, known))
        for name, coefficient in zip(node.inputs, node.coefficients, strict=True)
    ]
    return linear_domain(node.name, terms, node.constant)


def _is_number(value: object) -> bool:
    """Exact numbers only: no float, and no bool, which Python counts as a whole number."""
    return type(value) in (int, Fraction)


def _number_cells(node: Lookup) -> Numeric:
    numbers: list[Fraction] = []
    for cell in node.cells:
        if cell is not None and not _is_number(cell):
            raise BadProgram(f"node {node.name!r}: a cell answers {cell!r}; a lookup without symbols answers numbers")
        if cell is not None:
            numbers.append(Fraction(as_number(cell)))
    return table_domain(node.name, numbers)
