"""The emitted module, the vectorised executor and the reader agree."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.programs import PROGRAMS
from tests.strategies import programs, some_inputs
from tprog.ir.program import Embedding, Lookup, NumericHead, Program, Readout, Weights
from tprog.ir.values import FALSE, NOTHING, TRUE, Label, Number, Symbol
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text.emit import emit
from tprog.text.needs import SIDE_ROWS
from tprog.text.patch import patched_files
from tprog.text.read import read_module, read_source

RUN_ALL = """
import json, runpy, sys
for path, inputs in json.load(sys.stdin):
    run = runpy.run_path(path)["run"]
    outputs = []
    for tokens in inputs:
        try:
            outputs.append(run(tokens))
        except LookupError as error:
            outputs.append({"hole": str(error)})
    print(json.dumps(outputs, default=lambda v: str(v) if type(v).__name__ == "Fraction" else ["symbol", str(v)]))
"""


def outcome(program: Program, inputs: list[list[str]]) -> list[object]:
    """What `execute` says of each input: its outputs, or the hole that it reaches."""
    run = execute(program, encode(program, inputs))
    return [{"hole": str(hole)} if (hole := run.hole(row)) else told(run.outputs(row)) for row in range(len(inputs))]


def told(answer: object) -> object:
    """An answer in which symbols that are neither text nor numbers, which a module has in a class of its own, are
    spelled, and set apart from the text of that spelling."""
    if not isinstance(answer, list):
        return answer
    return [v if isinstance(v, str | int | Fraction) else ("symbol", str(v)) for v in answer]


def compiled(program: Program) -> Callable[[list[str]], Any]:
    """`run` of the emitted module, compiled in a namespace of its own."""
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(emit(program).text, "emitted", "exec"), namespace)
    run: Callable[[list[str]], Any] = namespace["run"]
    return run


def emitted_outcome(run: Callable[[list[str]], Any], tokens: list[str]) -> object:
    try:
        return told(run(list(tokens)))
    except LookupError as error:
        return {"hole": str(error)}


@given(programs())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_emitted_module_equals_execute_on_every_input_tried_holes_included(program: Program) -> None:
    inputs = some_inputs(program, 40)
    run = compiled(program)
    assert [emitted_outcome(run, tokens) for tokens in inputs] == outcome(program, inputs)


@given(programs())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_reading_an_emitted_module_gives_the_program_back(program: Program) -> None:
    text = emit(program).text
    module = read_source(text)
    assert module.program == program
    assert emit(module.program).text == text


@given(st.lists(programs(), min_size=10, max_size=10))
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_fresh_interpreter_with_nothing_but_the_standard_library_agrees(
    tmp_path_factory: pytest.TempPathFactory, several: list[Program]
) -> None:
    folder = tmp_path_factory.mktemp("emitted")
    jobs, expected = [], []
    for index, program in enumerate(several):
        path = folder / f"program_{index}.py"
        path.write_text(emit(program).text, encoding="utf-8")
        inputs = some_inputs(program, 30)
        jobs.append((str(path), inputs))
        expected.append(outcome(program, inputs))
    # -I and -S: no site-packages, no working directory on the path, no environment
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", RUN_ALL],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == json.loads(json.dumps(expected, default=str))


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_shared_programs_survive_the_round_trip(name: str) -> None:
    program = PROGRAMS[name].program
    text = emit(program).text
    module = read_source(text)
    assert module.program == program
    assert emit(module.program).text == text
    inputs = some_inputs(program, 200)
    run = compiled(program)
    assert [emitted_outcome(run, tokens) for tokens in inputs] == outcome(program, inputs)


def test_the_text_depends_on_neither_hash_seed_nor_locale() -> None:
    script = (
        "from tests.programs import PROGRAMS; from tprog.text.emit import emit\n"
        "for case in PROGRAMS.values(): print(ascii(emit(case.program).text))"
    )
    texts = set()
    for seed, locale in (("0", "C"), ("1", "C.UTF-8"), ("2", "POSIX")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale}
        texts.add(
            subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True).stdout
        )
    assert len(texts) == 1


def test_every_entry_of_a_program_has_the_line_that_holds_it() -> None:
    program = PROGRAMS["sort"].program
    module = read_source(emit(program).text)
    lines = module.text.splitlines()
    for entry, number in module.lines.items():
        line = lines[number - 1]
        match entry.part:
            case "row" | "cell":
                assert line.strip().startswith(("return", "def "))
            case "wiring":
                assert line.strip().startswith(f"{entry.node} = ")
            case "weights":
                assert repr(entry.at[-1]).strip("'") in line
    heads = [node.selection for node in program.nodes if node.selection is not None]
    rows = [entry for entry in module.lines if entry.part == "row"]
    assert len(rows) == sum(len(node.predicate) for node in heads)


def test_a_module_prints_its_prediction_from_any_folder(tmp_path: Path) -> None:
    path = tmp_path / "sort_program.py"
    path.write_text(emit(PROGRAMS["sort"].program).text, encoding="utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, str(path), *arguments], capture_output=True, text=True, cwd="/")

    assert run("cbab").stdout == "abbc\n"
    assert run("c", "b", "a", "b").stdout == "abbc\n"
    bad = run("abz")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "token 3 is 'z'; expected one of 'a', 'b', 'c', 'd', 'e'\n"
    assert run().returncode == 2


def large_vocabulary_program() -> Program:
    words = tuple(f"word{index}" for index in range(SIDE_ROWS + 1))
    vocabulary = ("<s>", *words, "<unk>", "</s>")
    embedding = Embedding("emb_0", (0, 1), tuple(None if w == "word7" else len(w) % 2 for w in vocabulary))
    tokens = Weights("tokens", tuple(None if w == "word9" else (1, len(w)) for w in vocabulary))
    return Program(
        vocabulary, ("yes", "no"), 6, (embedding,), Readout((tokens, Weights("emb_0", ((3, 0), (0, 9)))), forced=())
    )


def test_a_side_file_holds_symbols_that_json_has_no_plain_form_for(tmp_path: Path) -> None:
    """The words' tables in JSON decode to what the module compares, and an edit of one rewrites its row alone."""
    plain = large_vocabulary_program()
    symbols: tuple[Symbol, ...] = ("nothing", NOTHING, FALSE, TRUE, Label(0.1), Label(nan))
    halves: tuple[Symbol, ...] = (1, Fraction(1, 2), Fraction(-7, 3), "1/2")
    tables = [tuple(among[at % len(among)] for at in range(len(plain.vocabulary))) for among in (symbols, halves)]
    nodes = Embedding("odd", symbols, tables[0]), Embedding("half", halves, tables[1])
    weights = (
        Weights("odd", tuple((at, 9 - at * at) for at in range(6))),
        Weights("half", ((0, 1), (1, 0), (7, 0), None)),
    )
    program = replace(plain, nodes=nodes, readout=replace(plain.readout, terms=weights))
    emitted = emit(program, "odd")
    ((name, side),) = emitted.side.items()
    assert '\n"word0": {"nothing": true},\n"word1": false,' in side
    (tmp_path / "odd.py").write_text(emitted.text, encoding="utf-8")
    (tmp_path / name).write_text(side, encoding="utf-8")
    module = read_module(tmp_path / "odd.py")
    assert module.program == program
    assert emit(module.program, "odd") == emitted
    inputs = [["<s>", *(f"word{at + k}" for k in range(4)), "</s>"] for at in range(12)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", RUN_ALL],
        input=json.dumps([(str(tmp_path / "odd.py"), inputs)]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == outcome(program, inputs)
    assert "half = '1/2'" in done.stdout
    changed = replace(program, nodes=(nodes[0].with_answer(1, TRUE), nodes[1].with_answer(2, Fraction(1, 2))))
    patched = patched_files(module, changed)
    lines = zip(emitted.text.splitlines(), patched[str(tmp_path / "odd.py")].splitlines(), strict=True)
    assert [old.split(":")[0] for old, new in lines if old != new] == [
        "#   nothing",  # the words of its values, which the comment tells
        "#       word54, ...",
        "#   T",
        "#   1/2",
        "#   -7/3",
    ]
    before, after = (text.splitlines() for text in (side, patched[str(tmp_path / name)]))
    assert [new for old, new in zip(before, after, strict=True) if old != new] == [
        '"word0": true,',
        '"word1": {"fraction": "1/2"},',
    ]
    again = module.reread(emitted.text, {name: patched[str(tmp_path / name)]})
    assert again.program == changed


def test_tables_of_a_large_vocabulary_go_to_a_file_beside_the_module(tmp_path: Path) -> None:
    program = large_vocabulary_program()
    emitted = emit(program, "classifier")
    ((name, side),) = emitted.side.items()
    assert re.fullmatch(r"classifier_tables-[0-9a-f]{8}\.json", name)
    assert len(emitted.text.splitlines()) < 200
    path = tmp_path / "classifier.py"
    path.write_text(emitted.text, encoding="utf-8")
    (tmp_path / name).write_text(side, encoding="utf-8")
    module = read_module(path)
    assert module.program == program
    assert emit(module.program, "classifier") == emitted
    inputs = [["<s>", w, "word1", "</s>"] for w in ("word7", "word9", "word33", "never seen")]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", RUN_ALL],
        input=json.dumps([(str(path), inputs)]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == outcome(program, inputs)
    assert "hole" in str(outcome(program, inputs)[0])


@pytest.mark.parametrize(
    ("alike", "said"),
    [
        ((0,), "if count == 0:"),
        ((3,), "if count == 3:"),
        ((8,), "if count == 8:"),
        ((0, 1), "if count <= 1:"),
        ((7, 8), "if count >= 7:"),
        ((1, 2, 3), "if 1 <= count <= 3:"),
        ((2, 3), "if count in {2, 3}:"),
        ((1, 3), "if count in {1, 3}:"),
        ((0, 2), "if count in {0, 2}:"),
        ((0, 8), "if count in {0, 8}:"),
    ],
)
def test_levels_that_follow_each_other_are_said_by_their_ends(alike: tuple[int, ...], said: str) -> None:
    count = NumericHead("count", "tokens", "tokens", "ones", (("a",), ("a",), ("a",)))
    cells = tuple(1 if level in alike else 2 for level in range(9))
    table = Lookup("table", ("count",), (tuple(range(9)),), None, cells)
    program = Program(("<s>", "a", "b"), ("x", "y"), 10, (count, table), Readout((Weights("table", ((0, 1),)),)))
    text = emit(program).text
    assert f"    {said}\n        return 1\n" in text
    assert read_source(text).program == program


@pytest.mark.parametrize(
    ("cells", "is_named"),
    [
        ((1, 2), False),
        ((1, Fraction(4, 2)), False),
        ((1, Fraction(1, 2)), True),
        ((Fraction(1, 3), Fraction(2, 3)), True),
        ((None, Fraction(-5, 7)), True),
    ],
)
def test_a_module_names_fractions_only_where_a_number_is_one(cells: tuple[Number | None, ...], is_named: bool) -> None:
    table = Lookup("table", ("tokens",), (None,), None, cells)
    program = Program(("<s>", "a"), ("x", "y"), 4, (table,), Readout((Weights("table", ((0, 1),)),)))
    text = emit(program).text
    assert ("from fractions import Fraction\n" in text) == is_named
    assert read_source(text).program == program
    assert emitted_outcome(compiled(program), ["<s>", "a"]) == outcome(program, [["<s>", "a"]])[0]
