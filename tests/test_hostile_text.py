"""Whatever a program carries as text is data in every output: nothing of it is run, drawn or loaded."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import tokenize
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyze.render.failing_tests import failing_tests
from analyze.results.checked import Checked
from analyze.results.fuzz import Bucket, Failure, FuzzResult, OracleKind
from cli.main import main
from tests import hostile_text, published
from tests.hostile_text import raw, respelled, words_of
from tests.programs import PROGRAMS
from tests.strategies import programs, some_inputs
from tests.test_emit import outcome
from tests.test_published import CASES
from tprog.edits.edit import Change, WeightEdit, apply, candidates
from tprog.errors import BadProgram, BadSource, BadUsage, NotExact, TpdebugError
from tprog.escape import string_literal
from tprog.ir.program import Program, Readout, Symbols
from tprog.text.emit import emit
from tprog.text.needs import SIDE_ROWS
from tprog.text.patch import diff, patched_files
from tprog.text.read import read_module, read_source
from tprog.text.told import fits_lines, is_plain

FEW = settings(max_examples=60, suppress_health_check=list(HealthCheck))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Program, Program]:
    """A harmless program, and the same with hostile text in the place of each word, and about itself.

    The words of both are written in as many characters: where a line breaks may decide how a lookup is written.
    """
    made = draw(programs())
    old = words_of(made)
    new = draw(st.lists(hostile_text.texts, min_size=len(old), max_size=len(old), unique=True))
    same_length = [chr(0x100 + i).ljust(len(string_literal(word)) - 2, "x") for i, word in enumerate(new)]
    line, other = st.tuples(hostile_text.keys, hostile_text.lines), st.tuples(hostile_text.texts, hostile_text.texts)
    said = tuple(draw(st.lists(st.one_of(line, other), max_size=3)))
    plain, hostile = (respelled(made, dict(zip(old, words, strict=True))) for words in (same_length, new))
    plainly = tuple(("key" if fits_lines(said) else "no\nkey", "plain") for _ in said)
    return replace(plain, task="plain", provenance=plainly), replace(
        hostile, task=draw(hostile_text.texts), provenance=said
    )


def shape(text: str) -> str:
    """The statements of a module, all strings alike."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def constants(text: str) -> list[str]:
    """The names that a module assigns to outside its functions."""
    return [ast.unparse(node.targets[0]) for node in ast.parse(text).body if isinstance(node, ast.Assign)]


def comments(text: str) -> list[str]:
    """The comments of a module, up to the first quotation mark and the place where they are cut."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    found = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return [comment if "#####" in comment else comment.split(":")[0] for comment in found]


@given(pairs())
@FEW
def test_hostile_text_changes_no_statement_of_an_emitted_module(pair: tuple[Program, Program]) -> None:
    plain, hostile = pair
    text = emit(hostile).text
    assert not raw(text)
    assert shape(text) == shape(emit(plain).text)
    assert comments(text) == comments(emit(plain).text)
    in_lines = fits_lines(hostile.provenance)
    said = "".join(f"{key}: {words}\n" for key, words in hostile.provenance) if in_lines else ""
    task = hostile.task or ""
    head = f"A Transformer Program for the task {task if is_plain(task) else string_literal(task)}"
    whole = f"{head}, in the form that tpdebug writes and reads.\n" + (said and "\n" + said)
    assert ast.get_docstring(ast.parse(text), clean=False) == whole
    assert ("PROVENANCE" in constants(text)) != in_lines
    module = read_source(text)
    assert module.program == hostile
    assert emit(module.program).text == text


RUN_WATCHED = """
import fractions, json, pathlib, sys
jobs = json.load(sys.stdin)
texts = [(pathlib.Path(path).read_text(encoding="utf-8"), inputs) for path, inputs in jobs]
events = []
sys.addaudithook(lambda event, arguments: events.append(event))
for text, inputs in texts:
    module = {"__name__": "emitted"}
    exec(compile(text, "emitted", "exec"), module)
    outputs = []
    for tokens in inputs:
        try:
            outputs.append(module["run"](tokens))
        except LookupError as error:
            outputs.append({"hole": str(error)})
    seen = sorted(set(events) - {"compile", "exec"})
    print(json.dumps([outputs, seen]))
"""


def test_a_module_with_hostile_text_does_nothing_but_compute(tmp_path: Path) -> None:
    jobs: list[tuple[str, list[list[str]]]] = []
    expected: list[list[Any]] = []

    # One at a time: a list of programs is more than Hypothesis draws at once, and most are thrown away.
    @given(pairs())
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    def written(pair: tuple[Program, Program]) -> None:
        program, path = pair[1], tmp_path / f"program_{len(jobs)}.py"
        path.write_text(emit(program).text, encoding="utf-8")
        inputs = some_inputs(program, 20)
        jobs.append((str(path), inputs))
        expected.append([outcome(program, inputs), []])

    written()
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", RUN_WATCHED],
        input=json.dumps(jobs),
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=tmp_path,
    )
    assert len(jobs) >= 40
    assert [json.loads(line) for line in done.stdout.splitlines()] == json.loads(json.dumps(expected))
    assert {path.name for path in tmp_path.iterdir()} == {f"program_{index}.py" for index in range(len(jobs))}


@given(hostile_text.texts.filter(lambda text: not is_plain(text)))
@FEW
def test_what_no_line_can_say_of_a_program_is_a_string_of_its_module(text: str) -> None:
    program = replace(PROGRAMS["no_nodes"].program, task=text, provenance=(("note", text), (text, ""), (text, text)))
    written = emit(program).text
    assert not raw(written)
    assert read_source(written).program == program
    assert "\nnote: " not in (ast.get_docstring(ast.parse(written)) or "")


def test_a_docstring_takes_no_line_from_a_task() -> None:
    program = replace(PROGRAMS["no_nodes"].program, task="sort\nseed: 3\n", provenance=(("seed", "4"),))
    assert read_source(emit(program).text).program.provenance == (("seed", "4"),)


@pytest.mark.parametrize("told", ["", 3, ("a",)])
def test_what_is_no_text_is_no_task(told: Any) -> None:
    with pytest.raises(BadProgram, match=r"the task is .*; expected a text that names it, or none"):
        replace(PROGRAMS["no_nodes"].program, task=told)


@pytest.mark.parametrize("pair", [("a",), ("a", 3), ("a", "b", "c")])
def test_what_is_no_pair_of_texts_says_nothing_of_a_program(pair: Any) -> None:
    with pytest.raises(BadProgram, match=r"provenance .*; expected two texts"):
        replace(PROGRAMS["no_nodes"].program, provenance=(pair,))


HALF = "x\ud800"


@pytest.mark.parametrize("told", [{"task": HALF}, {"provenance": ((HALF, ""),)}, {"provenance": (("", HALF),)}])
def test_half_a_character_says_nothing_of_a_program(told: dict[str, Any]) -> None:
    with pytest.raises(BadProgram, match=r"'x\\ud800' in the (task|provenance) has half of a surrogate pair"):
        replace(PROGRAMS["no_nodes"].program, **told)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('"seed"', "a tuple of pairs"),
        ('("seed", "3")', "a set or tuple of literals"),
        ('(("seed", 3),)', "two strings, a key and what it says"),
        ('(("seed", "3"), ("x" + "y", "z"))', "`'x' + 'y'`"),
        ("(print(),)", "a set or tuple of literals"),
    ],
)
def test_a_provenance_that_is_no_pairs_of_strings_is_refused(written: str, message: str) -> None:
    text = emit(PROGRAMS["no_nodes"].program).text.replace("TASK = None", f"TASK = None\nPROVENANCE = {written}")
    with pytest.raises(BadSource) as refused:
        read_source(text)
    assert message in str(refused.value)


def test_half_a_character_is_no_word() -> None:
    program = PROGRAMS["sort"].program
    with pytest.raises(BadProgram, match=r"'x\\ud800' in the vocabulary has half of a surrogate pair"):
        replace(program, vocabulary=(*program.vocabulary, "x\ud800"))
    with pytest.raises(BadProgram, match=r"'x\\ud800' in the classes has half of a surrogate pair"):
        replace(program, classes=(*program.classes, "x\ud800"))


def test_half_a_character_is_no_symbol() -> None:
    with pytest.raises(BadProgram, match=r"'x\\ud800' has half of a surrogate pair"):
        Symbols(("a", "x\ud800"))


def test_code_in_a_task_is_a_string_in_every_module_that_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    attack = 'sort"""\nimport pathlib; pathlib.Path(\'CANARY\').touch()\n"""'
    text = emit(PROGRAMS["sort"].program).text
    assert 'TASK = "sort"' in text
    (tmp_path / "evil.py").write_text(text.replace('TASK = "sort"', f"TASK = {attack!r}"), encoding="utf-8")
    for verb in ("emit", "simplify"):
        assert main([verb, "evil.py", "-o", f"{verb}.py", "--force"]) == 0
        assert not raw((tmp_path / f"{verb}.py").read_text())
        assert read_module(tmp_path / f"{verb}.py").program.task == attack
        subprocess.run([sys.executable, f"{verb}.py", "ba"], cwd=tmp_path, check=True, capture_output=True)
    assert not raw("".join(capsys.readouterr()))
    assert not list(tmp_path.glob("CANARY*"))


@pytest.mark.parametrize(
    "stem", ["it's", 'say "x"', "tab\there", "line\nbreak", "back\\slash", "\u202etxt", "{x}", "\x1b[0m"]
)
def test_a_side_file_may_have_any_name_and_hold_any_word(stem: str, tmp_path: Path) -> None:
    plain = PROGRAMS["no_nodes"].program
    words = dict.fromkeys((*hostile_text.TEXTS, *(f"w{i}" for i in range(SIDE_ROWS))))
    program = replace(plain, vocabulary=(*plain.vocabulary, *words), readout=Readout((), forced=plain.readout.forced))
    emitted = emit(program, stem)
    (tmp_path / f"{stem}.py").write_text(emitted.text, encoding="utf-8")
    for name, text in emitted.side.items():
        assert not raw(text)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert not raw(emitted.text)
    assert read_module(tmp_path / f"{stem}.py").program == program
    command = [sys.executable, "-I", str(tmp_path / f"{stem}.py"), "w1"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_repair_of_a_module_that_a_person_has_changed_tells_of_it_in_its_strings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program = replace(PROGRAMS["sort_with_a_fault"].program, provenance=(("a\nb", '"""'), ("test accuracy", "99 %")))
    text = emit(program).text.replace("def run(tokens):", "# by hand\ndef run(tokens):")
    (tmp_path / "p.py").write_text(text, encoding="utf-8")
    assert main(["repair", "p.py", "-o", "mended.py"]) == 0
    mended = (tmp_path / "mended.py").read_text()
    assert "# by hand\n" in mended
    told = read_source(mended).program.provenance
    assert told[:2] == (("a\nb", '"""'), ("test accuracy before repair", "99 %"))
    assert len(told) == 3


# Patches ##############################################################################################################


def edited(program: Program, data: st.DataObject) -> Program:
    """The program after any one of its small edits, or as it is where that one makes none of it."""
    edits: list[Change] = [edit for node in program.nodes for edit in candidates(program, node)]
    for term in program.weights:
        domain = program.variables[term.variable].domain
        values = domain.values if isinstance(domain, Symbols) else (None,)
        edits += [WeightEdit(term.variable, value, program.classes[0], 7) for value in values]
    if not edits:
        return program
    try:
        return apply(program, data.draw(st.sampled_from(edits)))
    except (BadProgram, BadUsage, NotExact):
        return program


@given(pairs(), st.data())
@FEW
def test_an_edit_of_a_program_with_hostile_text_is_the_edited_program(
    pair: tuple[Program, Program], data: st.DataObject
) -> None:
    _, program = pair
    module = read_source(emit(program).text, "x.py")
    after = edited(program, data)
    text = patched_files(module, after)["x.py"]
    assert not raw(text)
    assert read_source(text, "x.py").program == after
    fraction = "from fractions import Fraction\n"  # it stays where an edit has left none
    assert shape(text.replace(fraction, "", 1)) == shape(emit(after).text.replace(fraction, "", 1))


@pytest.mark.parametrize(
    "name", ["heads", "a lookup of two symbols", "embeddings in the module", "embeddings in a table"]
)
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_an_edit_of_a_published_module_with_hostile_words_is_the_edited_program(
    name: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    plain, how = CASES[name]
    old = words_of(plain)
    new = data.draw(st.lists(hostile_text.texts, min_size=len(old), max_size=len(old), unique=True))
    try:
        program = respelled(plain, dict(zip(old, new, strict=True)))
        path = published.write(program, tmp_path_factory.mktemp("published"), how=how)
        module = read_module(path)
    except TpdebugError:
        return  # not every text can stand in such a module: pandas would read it as another
    after = edited(module.program, data)
    texts = {Path(name).name: text for name, text in patched_files(module, after).items()}
    sides = {**module.sides, **texts}
    assert read_source(texts[path.name], str(path), sides.__getitem__).program == after


def test_a_file_name_in_a_diff_is_a_name(tmp_path: Path) -> None:
    program = PROGRAMS["sort_with_a_fault"].program
    after = apply(program, next(candidates(program, program.nodes[0])))
    for name in (
        "a b.py",
        "x\n--- evil.py\n+++ evil.py\n@@ -0,0 +1 @@\n+import os\n.py",
        'say "x" \\ \x1b[0m.py',
        "\xe9.py",
    ):
        path = tmp_path / name
        path.write_text(emit(program).text, encoding="utf-8")
        change = diff(replace(read_module(path), path=name), after)
        assert not raw(change)
        subprocess.run(["patch", "-p0"], input=change, cwd=tmp_path, check=True, capture_output=True, encoding="utf-8")
        assert read_module(path).program == after
        assert not list(tmp_path.glob("evil*"))


# The export for pytest ################################################################################################


@st.composite
def fuzzed(draw: st.DrawFn) -> FuzzResult:
    """A result of `fuzz` with hostile text in every field."""
    text = hostile_text.texts
    kinds: list[OracleKind] = ["answers", "program", "relations"]
    kind = draw(st.sampled_from(kinds))
    buckets = []
    for _ in range(draw(st.integers(0, 3))):
        tokens = tuple(draw(st.lists(text, min_size=1, max_size=3)))
        relation = draw(text) if kind == "relations" else None
        failure = Failure(tokens, relation, None, tuple(draw(st.lists(text, max_size=3))), tokens, (0,), None)
        buckets.append(Bucket("line", draw(text), 3, draw(text), 1, 0, failure, False, draw(text), becomes=draw(text)))
    checked = Checked(10, False, draw(text))
    return FuzzResult(
        draw(text), kind, draw(text), (), checked, len(buckets), 0, 0, 1, 0, tuple(buckets), False, (draw(text),)
    )


@given(fuzzed(), hostile_text.texts)
@FEW
def test_exported_tests_hold_hostile_text_as_strings_only(result: FuzzResult, path: str) -> None:
    text = failing_tests(result, path)
    assert not raw(text)
    tree = ast.parse(text)
    kinds = [type(statement).__name__ for statement in tree.body]
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    imports = kinds.count("ImportFrom") + kinds.count("Import")
    assert kinds == ["Expr", *kinds[1 : 1 + imports], "Assign", *("FunctionDef" for _ in tests)]
    assert {ast.unparse(node) for node in tree.body[1 : 1 + imports]} <= {
        "from pathlib import Path",
        "import tprog",
        "from analyze.fuzz import still_broken",
    }
    assert ast.unparse(tree.body[1 + imports]) == f"MODULE = Path(__file__).parent / {path!r}"
    shown = [bucket for bucket in result.buckets if bucket.smallest.expected or result.oracle == "relations"]
    assert [test.name for test in tests] == [f"test_failure_{i}" for i, _ in enumerate(shown, 1)]
    for test, bucket in zip(tests, shown, strict=True):
        assert ast.unparse(test.body[0]) == f"tokens = {list(bucket.smallest.tokens)!r}"
        calls = {ast.unparse(node.func) for node in ast.walk(test) if isinstance(node, ast.Call)}
        known = {"tprog.load", "tprog.execute", "zip", "isinstance", "still_broken"}
        assert {call for call in calls if not call.endswith(".spelled")} <= known
