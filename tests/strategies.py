"""Hypothesis strategies: random Programs of every node kind, and inputs for them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import inf, nan, prod
from typing import TypeVar, cast

from hypothesis import strategies as st

from tprog.errors import BadProgram, NotExact
from tprog.ir.domains import ATTENDING, RANKING, Attend, masks
from tprog.ir.program import (
    BEGIN,
    END,
    IMPLIED,
    UNKNOWN,
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
    Quotients,
    Readout,
    RowsNeeded,
    Symbol,
    Symbols,
    Value,
    Variable,
    Weights,
    domain_of,
)
from tprog.ir.provenance import SourceLine
from tprog.ir.values import FALSE, NOTHING, TRUE, Boolean, Label

WORDS = ("a", "b", "c", "the cat", "it's", 'say "x"', "\\n", "é", "0", "<pad")
SYMBOLS: tuple[Symbol, ...] = ("a", "b", "low", "it's", 0, 1, 2, 3, -4)
SPECIAL: tuple[Symbol, ...] = (
    *(NOTHING, FALSE, TRUE, Fraction(1, 2), Fraction(-7, 3), Label(0.1), Label(nan), Label(-inf)),
    *("nothing", "T", "1/2", "1", "label 0.1", 1, 0),
)
NUMBERS: tuple[Number, ...] = (0, 1, 2, 3, -1, -5, Fraction(1, 2), Fraction(-2, 3), Fraction(7, 4))
TOLD: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("seed", "3"), ("note", 'a "quoted" \\ text: é')),
    (("seed", "3"), ("a\tb", "\n")),
)
FINE = Fraction(1, 160_000_000_000_000_003)
"""Means of five or six have no common denominator with it below 2**63."""
NAMES = ("seen", "count", "rank", "state", "mixed", "other", "last", "score")


WRITTEN = ("tokens;", "", 'say("x") # """\n', "\\ \x1b[0m \u202e", "é")
"""Source texts."""


T = TypeVar("T")


def symbol_lists() -> st.SearchStrategy[tuple[Symbol, ...]]:
    """What an embedding or lookup may answer: one to four symbols, of every kind or of words and numbers alone."""
    return st.sampled_from([SYMBOLS, SYMBOLS, SPECIAL]).flatmap(
        lambda among: st.lists(st.sampled_from(among), min_size=1, max_size=4, unique=True).map(_told_apart)
    )


def _told_apart(symbols: list[Symbol]) -> tuple[Symbol, ...]:
    """Without the numbers, where F or T is among them: a domain has not both."""
    if any(isinstance(symbol, Boolean) for symbol in symbols):
        symbols = [symbol for symbol in symbols if not isinstance(symbol, int | Fraction)]
    return tuple(symbols)


def with_holes(entries: st.SearchStrategy[T], partial: bool) -> st.SearchStrategy[T | None]:
    """Entries of which, in a partial program, about one in twelve is a hole: most inputs still get through."""
    if not partial:
        return entries
    return st.integers(0, 11).flatmap(lambda n: st.none() if n == 11 else entries)


@st.composite
def predicates(draw: st.DrawFn, queries: Symbols, keys: Symbols, partial: bool) -> tuple[Keys | None, ...]:
    one = st.sampled_from(keys.values).map(lambda key: (key,))
    some = st.sets(st.sampled_from(keys.values)).map(lambda chosen: tuple(key for key in keys if key in chosen))
    row = with_holes(st.one_of(one, one, some), partial)
    return tuple(draw(row) for _ in queries)


@st.composite
def clauses(draw: st.DrawFn, known: dict[str, Variable], categorical: list[str], partial: bool) -> Clause:
    query, key = draw(st.sampled_from(categorical)), draw(st.sampled_from(categorical))
    query_domain, key_domain = known[query].domain, known[key].domain
    assert isinstance(query_domain, Symbols)
    assert isinstance(key_domain, Symbols)
    return Clause(query, key, draw(predicates(query_domain, key_domain, partial)))


@st.composite
def beyond(
    draw: st.DrawFn, known: dict[str, Variable], categorical: list[str], partial: bool
) -> tuple[tuple[Clause, ...], tuple[tuple[Clause, ...], ...]]:
    """What a selection has beyond its first clause: of three in four, nothing."""
    also, *instead = draw(st.sampled_from([*[(0,)] * 6, (1,), (0, 1), (1, 2)]))
    one = clauses(known, categorical, partial)
    return (
        tuple(draw(one) for _ in range(also)),
        tuple(tuple(draw(one) for _ in range(count)) for count in instead),
    )


@st.composite
def nodes(draw: st.DrawFn, name: str, frame: Program, known: dict[str, Variable], partial: bool) -> Node:
    categorical = [n for n, v in known.items() if isinstance(v.domain, Symbols)]
    numeric = [n for n, v in known.items() if not isinstance(v.domain, Symbols)]
    kind = draw(st.sampled_from(["head", "head", "numeric", "numeric", "lookup", "lookup", "embedding", "linear"]))
    if kind == "linear":
        inputs = tuple(draw(st.lists(st.sampled_from(numeric), min_size=1, max_size=3, unique=True)))
        return Linear(
            name, inputs, tuple(draw(st.sampled_from(NUMBERS)) for _ in inputs), draw(st.sampled_from(NUMBERS))
        )
    if kind == "embedding":
        symbols = draw(symbol_lists())
        entry = with_holes(st.sampled_from(symbols), partial)
        return Embedding(name, symbols, tuple(draw(entry) for _ in frame.vocabulary))
    if kind == "lookup":
        return draw(lookups(name, known, categorical, numeric, partial))
    own = draw(clauses(known, categorical, partial))
    query, key, predicate = own.query, own.key, own.predicate
    also, instead = draw(beyond(known, categorical, partial))
    mask, skip_first = draw(st.sampled_from(masks(frame.causal))), draw(st.booleans())
    if kind == "head":
        value = draw(st.sampled_from(categorical))
        value_domain = known[value].domain
        assert isinstance(value_domain, Symbols)
        values = st.sampled_from(value_domain.values)
        default = draw(st.one_of(st.none(), values) if frame.marks.begins else values)
        attend = "nearest" if frame.self_rule != "last" else draw(st.sampled_from([*["nearest"] * 4, *ATTENDING]))
        by = draw(st.sampled_from([*categorical, *numeric])) if attend in RANKING else None
        how = cast(Attend, attend), by
        return Head(name, query, key, value, predicate, mask, skip_first, default, *how, also, instead)
    value = draw(st.sampled_from(numeric))
    if draw(st.booleans()):
        return NumericHead(name, query, key, value, predicate, mask, skip_first, also=also, instead=instead)
    at_none = draw(st.one_of(st.sampled_from(NUMBERS), st.just(FINE)))
    return NumericHead(name, query, key, value, predicate, mask, skip_first, "mean", at_none, also, instead)


@st.composite
def lookups(
    draw: st.DrawFn, name: str, known: dict[str, Variable], categorical: list[str], numeric: list[str], partial: bool
) -> Lookup:
    inputs = tuple(draw(st.lists(st.sampled_from([*categorical, *numeric]), min_size=1, max_size=4)))
    levels: list[tuple[int | Fraction, ...] | None] = []
    sizes: list[int] = []
    for read in inputs:
        domain = known[read].domain
        if isinstance(domain, Symbols):
            levels.append(None)
            sizes.append(len(domain))
        else:
            counts: st.SearchStrategy[tuple[Number, ...]] = st.integers(0, 4).map(lambda cap: tuple(range(cap + 1)))
            any_numbers = st.sets(st.sampled_from(NUMBERS), min_size=1, max_size=4).map(lambda s: tuple(sorted(s)))
            found: tuple[Number, ...] = draw(st.one_of(counts, any_numbers))
            levels.append(found)
            sizes.append(len(found))
    symbols = draw(st.one_of(st.none(), symbol_lists()))
    answers: tuple[Value, ...] = NUMBERS if symbols is None else symbols
    few = draw(st.lists(st.sampled_from(answers), min_size=1, max_size=3))
    cell = with_holes(st.sampled_from(few), partial)
    listed: tuple[tuple[int, ...], ...] | None = None
    if (len(inputs) > 2 and prod(sizes) > 40) or draw(st.integers(0, 3)) == 0:
        places = st.tuples(*(st.integers(0, size - 1) for size in sizes))
        listed = tuple(sorted(draw(st.sets(places, min_size=1, max_size=6))))
    count = prod(sizes) if listed is None else len(listed) + 1
    cells: list[Value | None] = draw(st.lists(cell, min_size=count, max_size=count))
    if listed is not None and partial and draw(st.booleans()):
        cells[-1] = None
    return Lookup(name, inputs, tuple(levels), symbols, tuple(cells), listed)


@st.composite
def programs(
    draw: st.DrawFn, max_nodes: int = 5, lengths: st.SearchStrategy[int] | None = None, several: bool = True
) -> Program:
    """A random Program: causal or not, pooled or not, partial or not, with a begin or without, and any mix of nodes.

    Args:
        lengths: of the longest input; left out: 3 to 6.
        several: whether it may have several outputs.
    """
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True))
    begin = draw(st.sampled_from([(BEGIN,), (BEGIN,), ()]))
    vocabulary = (*begin, *words, *draw(st.sampled_from([(), (END,), (UNKNOWN,), (UNKNOWN, END)])))
    partial, pooled = draw(st.sampled_from([False, False, True])), draw(st.sampled_from([False, False, True]))
    marks = [mark for mark in (BEGIN, END) if mark in vocabulary]
    forced = () if pooled else tuple(mark for mark in marks if draw(st.booleans()))
    classes = tuple(draw(st.lists(st.sampled_from([*WORDS, BEGIN]), min_size=1, max_size=4, unique=True)))
    frame = Program(
        vocabulary=vocabulary,
        classes=classes,
        max_length=draw(st.integers(3, 6) if lengths is None else lengths),
        nodes=(),
        readout=Readout((), draw(st.sampled_from([1, 10, 1000])), pooled, forced),
        task=draw(st.sampled_from([None, "sort", "my task", 'two\nlines: """'])),
        causal=draw(st.booleans()),
        self_rule=draw(st.sampled_from(["last", "last", "match-count"])),
        provenance=draw(st.sampled_from(TOLD)),
        unknown_rule=draw(st.sampled_from(["unk", "unk", "refuse"])),
    )
    known = dict(frame.variables)
    made: list[Node] = []
    for name in NAMES[: draw(st.integers(0, max_nodes))]:
        node = draw(nodes(name, frame, known, partial))
        try:
            known[name] = Variable(name, domain_of(node, known, frame))
        except NotExact:
            continue
        made.append(node)
    terms = []
    for name, variable in known.items():
        if draw(st.integers(0, 3)) and _weighable(variable.domain):
            rows = len(variable.domain) if isinstance(variable.domain, Symbols) else 1
            row = st.tuples(*(st.integers(-2, 2) for _ in classes))
            row_or_hole = with_holes(row, partial and isinstance(variable.domain, Symbols))
            terms.append(Weights(name, tuple(draw(row_or_hole) for _ in range(rows))))
    written = draw(st.sampled_from([False, False, True]))
    names = [name for name in (*(node.name for node in made), "readout") if written and draw(st.booleans())]
    sources = tuple(SourceLine(name, "my program.rasp", 3, draw(st.sampled_from(WRITTEN))) for name in names)
    if draw(st.integers(0, 3)) == 0:
        of_nodes = tuple(source for source in sources if source.node != "readout")
        return draw(returning(replace(frame, nodes=tuple(made), sources=of_nodes), several))
    rows_needed: RowsNeeded = draw(st.sampled_from(["free", "everywhere"]))
    readout = Readout(tuple(terms), frame.readout.scale, pooled, forced, rows_needed)
    whole = replace(frame, nodes=tuple(made), readout=readout, sources=sources)
    return whole if pooled or not several or draw(st.integers(0, 3)) else draw(with_more_outputs(whole))


def _weighable(domain: Domain) -> bool:
    """Whether the readout's logits stay far below 2**63 with any weights drawn here."""
    match domain:
        case Symbols():
            return True
        case Numbers():
            return domain.denominator < FINE.denominator
        case Quotients():
            return False


@st.composite
def returning(draw: st.DrawFn, program: Program, several: bool = False) -> Program:
    """The program without its readout: one of its variables comes out, or several do."""
    outputs = draw(_some_variables(program, draw(st.sampled_from([1, 1, 2, 3])) if several else 1))
    try:
        return replace(program, classes=(), readout=IMPLIED, outputs=outputs)
    except BadProgram:  # more numbers than can be told apart
        return replace(program, classes=(), readout=IMPLIED, outputs=("tokens",))


@st.composite
def with_more_outputs(draw: st.DrawFn, program: Program) -> Program:
    """The program with variables that come out beside its readout, before it or behind it."""
    outputs = [*draw(_some_variables(program, draw(st.integers(1, 2))))]
    outputs.insert(draw(st.integers(0, len(outputs))), "readout")
    try:
        return replace(program, outputs=tuple(outputs))
    except BadProgram:
        return replace(program, outputs=("readout", "tokens"))


def _some_variables(program: Program, most: int) -> st.SearchStrategy[tuple[str, ...]]:
    names = st.sampled_from(list(program.variables))
    return st.lists(names, min_size=1, max_size=most, unique=True).map(tuple)


def some_inputs(program: Program, most: int) -> list[list[str]]:
    """Whole token sequences, shortest first: all of them up to the count `most`, and one as long as may be."""
    symbols = [word for word in program.vocabulary if word not in (BEGIN, END)]
    marks = program.marks
    longest = program.max_length - marks.count
    made = [list(marks.around((symbols * longest)[:longest]))]
    for length in range(1, longest + 1):
        for letters in product(symbols, repeat=length):
            if len(made) >= most:
                return made
            made.append(list(marks.around(letters)))
    return made
