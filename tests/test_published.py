"""Modules of the original research code: read without running them, and equal to their own `run` on every input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.published import Run, Writing, own_run, write
from tests.strategies import some_inputs
from tprog.ir.domains import UnknownRule
from tprog.ir.program import (
    BEGIN,
    END,
    PAD,
    UNKNOWN,
    Embedding,
    Head,
    Keys,
    Lookup,
    Node,
    Numbers,
    NumericHead,
    Program,
    Readout,
    Symbols,
    Value,
    Variable,
    Weights,
    domain_of,
)
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text.emit import emit
from tprog.text.read import read_module, read_source

VOCABULARY = (BEGIN, "a", "b", END)
CLASSES = ("a", "b")
HOLE = "a hole"


def weights(*values: int, half: int = 0) -> tuple[tuple[int, ...], ...]:
    """Rows for two classes that tell values apart, in tenths. The half in one row at each position keeps the logits
    apart: pandas adds floats, and breaks a tie of tenths as it comes."""
    return tuple((10 * value + half, -10 * value - half) for value in values)


def program(*nodes: Node, terms: Sequence[Weights] = (), **fields: Any) -> Program:
    """A Program of this dialect: its tokens and positions always have weights."""
    base: dict[str, Any] = {"vocabulary": VOCABULARY, "classes": CLASSES, "max_length": 5, "self_rule": "match-count"}
    base |= {key: value for key, value in fields.items() if key not in ("pooled", "rows_needed")}
    forced = () if fields.get("pooled") else tuple(mark for mark in (BEGIN, END) if mark in base["vocabulary"])
    own = [
        Weights("positions", weights(*range(3, 3 + base["max_length"]), half=5)),
        *terms,
    ]
    if not any(isinstance(node, Embedding) for node in nodes):
        own.insert(0, Weights("tokens", weights(*range(-3, -3 + len(base["vocabulary"])))))
    readout = Readout(tuple(own), 10, bool(fields.get("pooled")), forced, fields.get("rows_needed", "free"))
    return Program(nodes=nodes, readout=readout, **base)


SAME = Head("same", "tokens", "tokens", "positions", ((), ("a",), ("b",), ("a",)))
COPY = Head("copy", "positions", "positions", "tokens", ((1,), (2,), (), (0,), (4,)))
COUNT = NumericHead("count", "tokens", "tokens", "ones", (("a",), ("a",), ("b",), ()))
TOTAL = NumericHead("total", "tokens", "tokens", "count", (("a",), ("b",), ("a",), ("b",)))
TABLE = Lookup("table", ("copy", "positions"), (None, None), (0, 1, 2), tuple(i % 3 for i in range(20)))
NUMBERS = Lookup("numbers", ("count", "total"), ((0, 1, 2), (0, 1, 2, 3)), (0, 1), (1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0))
ONE = Lookup("one", ("count",), ((0, 1, 2),), (0, 1), (1, 1, 0))
ENUM = tuple(f"Emb0.V0{i}" for i in range(4))
WORDS = (BEGIN, UNKNOWN, "the", "cat, sat", 'a"b', "NA", END)

PLAIN = program(SAME, COPY, terms=(Weights("same", weights(5, -4, 3, -2, 1)), Weights("copy", weights(1, 2, -3, 4))))
NUMERIC = program(
    COUNT,
    TOTAL,
    NUMBERS,
    ONE,
    terms=(
        Weights("ones", weights(1)),
        Weights("count", weights(-7)),
        Weights("total", weights(3)),
        Weights("numbers", weights(2, -9)),
        Weights("one", weights(-1, 4)),
    ),
)
EMBEDDED = Embedding("var0_embeddings", ENUM, (ENUM[0], ENUM[1], ENUM[2], ENUM[2], ENUM[3], None, ENUM[0]))
BY_ENUM = Head("near", "var0_embeddings", "var0_embeddings", "var0_embeddings", (ENUM[1:2], (), ENUM[:1], ENUM[2:3]))
NUMBERED = Embedding("var0_embeddings", (0, 1, 2), (0, 1, 2, 2, 1, None, 0))
BY_NUMBER = Head("near", "var0_embeddings", "positions", "var0_embeddings", ((1,), (2,), ()))

UNKNOWN_WORD: UnknownRule = "refuse"
WORDED: dict[str, Any] = {"vocabulary": WORDS, "unknown_rule": UNKNOWN_WORD, "max_length": 4}

CASES: dict[str, tuple[Program, Writing]] = {
    "heads": (PLAIN, Writing()),
    "heads with a branch for each query": (PLAIN, Writing(open_rows=False)),
    "a self-match last": (replace(PLAIN, self_rule="last"), Writing()),
    "counts and lookups with a default": (NUMERIC, Writing(defaults={"numbers": 0, "one": 0})),
    "a lookup of two symbols": (
        program(COPY, TABLE, terms=(Weights("table", weights(1, -5, 2)),)),
        Writing(defaults={"table": 2}),
    ),
    "causal heads": (replace(PLAIN, causal=True), Writing()),
    "causal counts": (replace(NUMERIC, causal=True), Writing(defaults={"numbers": 0, "one": 0})),
    "no end mark": (
        program(COUNT, terms=(Weights("count", weights(-3)),), vocabulary=(BEGIN, "a", "b", "c")),
        Writing(),
    ),
    "embeddings in enums": (
        program(
            EMBEDDED,
            BY_ENUM,
            terms=(Weights("var0_embeddings", weights(1, 2, -3, 4)), Weights("near", weights(4, -3, 2, 1))),
            **WORDED,
        ),
        Writing(style="enum"),
    ),
    "embeddings in a table": (
        program(
            NUMBERED,
            BY_NUMBER,
            terms=(Weights("var0_embeddings", weights(1, 2, -3)), Weights("near", weights(4, -3, 2))),
            **WORDED,
        ),
        Writing(),
    ),
    "embeddings in the module": (
        program(
            replace(NUMBERED, table=(0, 1, 2, 2, 1, 2, 0)),
            BY_NUMBER,
            terms=(Weights("var0_embeddings", weights(1, 2, -3)), Weights("near", weights(4, -3, 2))),
            **WORDED,
        ),
        Writing(style="inline"),
    ),
    "pooled": (program(SAME, terms=(Weights("same", weights(5, -4, 3, -2, 1)),), pooled=True), Writing()),
    "padding as a class": (replace(PLAIN, classes=("a", PAD)), Writing()),
    "a position without weights": (
        replace(
            PLAIN,
            readout=replace(
                PLAIN.readout,
                terms=(
                    PLAIN.readout.terms[0],
                    Weights("positions", (None, *weights(1, 2, half=5), None, *weights(4, half=5))),
                    *PLAIN.readout.terms[2:],
                ),
                rows_needed="everywhere",
            ),
        ),
        Writing(),
    ),
    "a weight that pandas reads as missing": (
        replace(
            PLAIN,
            readout=replace(
                PLAIN.readout, terms=(Weights("tokens", ((0, 30), *weights(-2, -1, 0))), *PLAIN.readout.terms[1:])
            ),
        ),
        Writing(missing_weights={("tokens", BEGIN, 0): "NA"}),
    ),
    "rows that stand twice": (PLAIN, Writing(extra_rows=(("tokens", "_", "1", "2"), ("tokens", "_", "3", "4")))),
}


def outcome(run: Run, tokens: Sequence[str]) -> object:
    try:
        return run(tokens)
    except LookupError:
        return HOLE


def own_outcomes(program: Program, inputs: Sequence[Sequence[str]]) -> list[object]:
    execution = execute(program, encode(program, inputs))
    return [HOLE if execution.hole(row) else execution.outputs(row) for row in range(len(inputs))]


@pytest.mark.parametrize("name", CASES)
def test_a_module_read_means_the_program_it_was_written_from(name: str, tmp_path: Path) -> None:
    wanted, how = CASES[name]
    found = read_module(write(wanted, tmp_path, how=how)).program
    assert found == wanted


@pytest.mark.parametrize("name", CASES)
def test_a_module_read_equals_its_own_run(name: str, tmp_path: Path) -> None:
    wanted, how = CASES[name]
    path = write(wanted, tmp_path, how=how)
    inputs = some_inputs(wanted, 14)
    with own_run(path) as run:
        assert own_outcomes(read_module(path).program, inputs) == [outcome(run, tokens) for tokens in inputs]


@pytest.mark.parametrize("name", CASES)
def test_a_module_converted_equals_it_on_every_input(name: str, tmp_path: Path) -> None:
    wanted, how = CASES[name]
    path = write(wanted, tmp_path, how=how)
    before = read_module(path).program
    emitted = emit(before, "converted")
    assert read_source(emitted.text).program == before
    names: dict[str, Any] = {"__name__": "converted"}
    exec(compile(emitted.text, "converted.py", "exec"), names)
    inputs = some_inputs(before, 60)
    assert own_outcomes(before, inputs) == [outcome(names["run"], tokens) for tokens in inputs]


# Random modules #######################################################################################################


@st.composite
def expressible(draw: st.DrawFn) -> tuple[Program, Writing]:
    """A Program that the dialect can express, and how to write it."""
    words = draw(st.sampled_from([("a", "b"), ("0", "1", "2"), ("{", "}")]))
    frame = Program(
        vocabulary=(BEGIN, *words, *draw(st.sampled_from([(), (END,)]))),
        classes=draw(st.sampled_from([("x", "y"), ("1", "2", "3"), ("O", PAD)])),
        max_length=draw(st.integers(3, 5)),
        nodes=(),
        readout=Readout((), 1, draw(st.booleans()), ()),
        causal=draw(st.booleans()),
        self_rule=draw(st.sampled_from(["match-count", "match-count", "last"])),
    )
    known, made, defaults = dict(frame.variables), [], {}
    for name in ("attn_0_0", "num_attn_0_0", "mlp_0_0", "attn_1_0")[: draw(st.integers(0, 4))]:
        node = draw(made_node(name, known))
        known[name] = Variable(name, domain_of(node, known, frame))
        if isinstance(node, Lookup):
            defaults[name] = node.cells[-1]
        made.append(node)
    terms = []
    for name, variable in known.items():
        if name == "tokens" or draw(st.booleans()) or isinstance(variable.domain, Numbers):
            rows = len(variable.domain) if isinstance(variable.domain, Symbols) else 1
            row = st.tuples(*(st.integers(-9, 9) for _ in frame.classes))
            terms.append(Weights(name, tuple(draw(row) for _ in range(rows))))
    marks = tuple(mark for mark in (BEGIN, END) if mark in frame.vocabulary)
    pooled = frame.readout.pooled
    readout = Readout(tuple(terms), 1, pooled, () if pooled else marks)
    whole = replace(frame, nodes=tuple(made), readout=readout)
    return whole, Writing(
        defaults={k: v for k, v in defaults.items() if isinstance(v, int)}, open_rows=draw(st.booleans())
    )


@st.composite
def made_node(draw: st.DrawFn, name: str, known: dict[str, Variable]) -> Node:
    categorical = {n: v.domain for n, v in known.items() if isinstance(v.domain, Symbols)}
    numeric = [n for n, v in known.items() if isinstance(v.domain, Numbers)]
    if name.startswith("mlp"):
        inputs = tuple(draw(st.lists(st.sampled_from([*categorical, *numeric[1:]]), min_size=1, max_size=2)))
        levels = tuple(None if read in categorical else (0, 1, 2) for read in inputs)
        sizes = [len(categorical[read]) if read in categorical else 3 for read in inputs]
        size = sizes[0] * (sizes[1] if len(sizes) == 2 else 1)
        cells: list[Value] = list(draw(st.lists(st.integers(0, 2), min_size=size, max_size=size)))
        default = cells[-1]
        for index in range(size):
            places = [index] if len(sizes) == 1 else [index // sizes[1], index % sizes[1]]
            if any(found and place == 2 for found, place in zip(levels, places, strict=True)):
                cells[index] = default  # beyond its range the original code has the default
        return Lookup(name, inputs, levels, (0, 1, 2), tuple(cells))
    query, key = draw(st.sampled_from([*categorical])), draw(st.sampled_from([*categorical]))
    keys = st.sampled_from(categorical[key].values)
    row: st.SearchStrategy[Keys] = st.one_of(keys.map(lambda k: (k,)), keys.map(lambda k: (k,)), st.just(()))
    predicate = tuple(draw(row) for _ in categorical[query])
    if name.startswith("num"):
        return NumericHead(name, query, key, draw(st.sampled_from(numeric)), predicate)
    return Head(name, query, key, draw(st.sampled_from([*categorical])), predicate)


@settings(max_examples=60, deadline=None)
@given(case=expressible())
def test_random_modules_mean_what_they_were_written_from(case: tuple[Program, Writing]) -> None:
    wanted, how = case
    with TemporaryDirectory() as folder:
        found = read_module(write(wanted, Path(folder), how=how)).program
    inputs = some_inputs(wanted, 80)
    assert own_outcomes(found, inputs) == own_outcomes(wanted, inputs)


@settings(max_examples=12, deadline=None)
@given(case=expressible())
def test_random_modules_equal_their_own_run(case: tuple[Program, Writing]) -> None:
    wanted, how = case
    with TemporaryDirectory() as folder:
        path = write(wanted, Path(folder), how=how)
        inputs = some_inputs(wanted, 5)
        with own_run(path) as run:
            assert own_outcomes(read_module(path).program, inputs) == [outcome(run, tokens) for tokens in inputs]
