"""The executor that runs in a page equals `execute`: every value, logit, prediction and hole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import programs
from tests.bench.gallery import GALLERY
from tests.javascript import call, disagreement, load, refusal, value_of
from tests.strategies import programs as random_programs
from tests.strategies import returning, some_inputs
from tprog.errors import BadInput, BadUsage
from tprog.ir.program import END, Head, Program, Readout
from tprog.run.batch import encode
from tprog.run.coded import coded
from tprog.run.evaluate import attended, entry_codes
from tprog.run.execute import execute
from tprog.run.generate import generate
from tprog.tasks.builtin import inputs_for
from tprog.text.read import read_module
from tprog.text.tokens import parse_input

PROGRAMS = programs.PROGRAMS

TRIED = 20_000
"""Inputs that are tried of a gallery program, handed over in one text: all of a small domain, of others a sample."""

SAMPLED = 1_000
"""Inputs that are tried of domains that are not enumerated."""

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "sort_program.py"


@pytest.mark.parametrize("path", [*sorted(GALLERY.glob("*/*.py")), EXAMPLE], ids=lambda path: path.stem)
def test_the_page_executes_a_gallery_program_as_we_do(path: Path) -> None:
    program = read_module(path).program
    inputs = inputs_for(program, seed=1)
    count = len(inputs.batch) if inputs.exhaustive else SAMPLED
    rows = range(count) if count <= TRIED else sorted(np.random.default_rng(1).choice(count, TRIED, replace=False))
    assert disagreement(program, [inputs.batch.words(program, row) for row in rows]) is None


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_page_executes_the_shared_programs_as_we_do(name: str) -> None:
    program = PROGRAMS[name].program
    assert disagreement(program, some_inputs(program, 150)) is None


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_programs())
def test_the_page_executes_random_programs_as_we_do(program: Program) -> None:
    assert disagreement(program, some_inputs(program, 30)) is None


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_programs().flatmap(lambda program: returning(replace(program, sources=()), several=True)))
def test_the_page_returns_a_variable_as_we_do(program: Program) -> None:
    assert disagreement(program, some_inputs(program, 30)) is None


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_programs())
def test_what_a_node_is_said_to_have_done_is_what_it_attends_to_and_the_entry_that_it_picks(program: Program) -> None:
    load(program)
    inputs = some_inputs(program, 8)
    for tokens in inputs:
        batch = encode(program, [tokens])
        run = execute(program, batch)
        (found,) = json.loads(call("allFired", batch.tokens.tolist()))
        if run.in_hole[0]:
            assert found is None
            continue
        for node, at in zip(program.nodes, found, strict=True):
            if node.selection is not None:
                looked = attended(node.selection, program, batch, run.values)[0]
                selected = [np.flatnonzero(row).tolist() for row in looked]
                if isinstance(node, Head):
                    assert [[] if told["from"] < 0 else [told["from"]] for told in at] == selected
                else:
                    assert [told["selected"] for told in at] == selected
            elif node.kind != "linear":
                picked = entry_codes(node.entries, program, run.values)[0].tolist()
                assert [told["entry"] for told in at] == picked


def test_numbers_beyond_the_reach_of_floats_are_told_and_exact() -> None:
    small = programs.sort()
    (term, *others) = small.readout.terms
    rows = tuple(None if row is None else tuple(2**54 + 2 * weight + 1 for weight in row) for row in term.rows)
    large = replace(small, readout=replace(small.readout, terms=(replace(term, rows=rows), *others)))
    assert not coded(small)["big"]
    assert coded(large)["big"]
    assert disagreement(large, some_inputs(large, 100)) is None


def test_a_loop_goes_on_in_the_page_as_in_a_terminal() -> None:
    endings = set()
    for name in PROGRAMS:
        program = PROGRAMS[name].program
        for tokens in some_inputs(program, 6):
            try:
                told = generate(program, tokens, steps=20)
            except (BadUsage, BadInput):
                continue
            load(program)
            codes, ended, steps = encode(program, [tokens]).tokens[0].tolist(), None, 0
            others = [word for word in program.classes if word not in program.vocabulary]
            while ended is None and steps < 20:
                found = json.loads(call("stepped", codes, others[0] if others else None))
                codes, ended, steps = found["codes"], found["ended"], steps + 1
            assert [program.vocabulary[code] for code in codes] == [*told.prompt, *told.tokens]
            assert (ended or "steps") == told.ended
            endings.add(told.ended)
    assert len(endings) > 1


TYPED = st.one_of(
    st.text(alphabet='abcxyz<>/s ["],\\é\t', max_size=14),
    st.lists(st.sampled_from(["a", "b", "<s>", "</s>", "<unk>", "the", "(", "x"]), max_size=9).map(" ".join),
    st.lists(st.sampled_from(["a", "b", "<s>", "(", "x"]), max_size=9).map(json.dumps),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(sorted(PROGRAMS)), text=TYPED)
def test_an_input_is_typed_as_in_a_terminal(name: str, text: str) -> None:
    program = PROGRAMS[name].program
    load(program)
    try:
        wanted = encode(program, [parse_input(text, program)]).tokens[0].tolist()
    except BadInput:
        assert refusal(text) is not None, text
        return
    assert refusal(text) is None, text
    assert json.loads(call("typed", text)) == wanted


def test_a_bad_input_is_told_with_its_place_and_what_is_expected() -> None:
    load(programs.sort())
    assert refusal("abx") == 'token 3 is "x"; expected one of "a", "b", "c", "d", "e"'
    assert refusal("") == f"the input is empty; expected 1 to {programs.N - 2} symbols"
    assert "expected at most" in str(refusal("abcd" * 9))
    assert END in programs.sort().vocabulary


ODD = ("a", "[", '["a"]', "<s>x", "a b", '"', "]", "<unk>", "\u202e")


@pytest.mark.parametrize("words", [("<s>", "</s>", "a", "b"), ("<s>", *ODD), ODD, ("ab", "c", "[d"), ("a", "[")])
def test_what_the_page_writes_of_an_input_is_read_as_the_same_input(words: tuple[str, ...]) -> None:
    seen = Head("seen", "tokens", "tokens", "tokens", programs.equal(words, words), default=words[-1])
    program = Program(words, words, 5, (seen,), Readout((programs.copied("seen", words, words),), forced=()))
    load(program)
    for word in words[program.marks.count :]:
        for symbols in ([word], [word, word], [word, words[-1]]):
            codes = encode(program, [[*program.marks.before, *symbols, *program.marks.behind]]).tokens[0].tolist()
            assert value_of(f"encode(machine, parseInput(machine, typedText(machine, {codes})))") == codes
