"""Programs whose inputs do not begin with ``<s>``: position 0 holds the first symbol."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import tprog
from analyze.abstract.ranges import ranges
from analyze.dead import dead_nodes
from analyze.fuzz import fuzz
from analyze.fuzz.oracles import Relations
from analyze.fuzz.relations import relations_of
from analyze.input_space import space_of
from cli.main import main
from tests.programs import PROGRAMS, SORTED, copied, equal
from tests.test_emit import compiled
from tprog.edits.edit import CellEdit, apply
from tprog.errors import BadInput, BadProgram, BadSource
from tprog.ir.marks import Marks
from tprog.ir.program import BEGIN, END, Head, Program, Readout
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.simplify import simplify
from tprog.tasks.builtin import get_task, inputs_for, task_of
from tprog.text.emit import emit
from tprog.text.read import read_source
from tprog.text.tokens import parse_input, show_outputs

RIGHT = PROGRAMS["sort_without_begin"].program
WRONG = apply(RIGHT, CellEdit("rank", (1, 2), 2))
FIRST = Head("first", "positions", "positions", "tokens", ((0,),) * 6, default="a")
"""It copies what stands at position 0."""


def answers(program: Program, inputs: Sequence[Sequence[str]]) -> list[list[str] | str]:
    run = execute(program, encode(program, inputs))
    return [run.spelled(row) for row in range(len(inputs))]


def test_a_program_without_begin_sorts_every_input_as_it_is() -> None:
    inputs = [word for length in range(1, 7) for word in product(SORTED, repeat=length)]
    assert answers(RIGHT, inputs) == [sorted(word) for word in inputs]
    run = compiled(RIGHT)
    assert [run(list(word)) for word in inputs[:500]] == [sorted(word) for word in inputs[:500]]


@pytest.mark.parametrize(("marks", "around"), [(Marks(False, False), "ab"), (Marks(False, True), ["a", "b", END])])
def test_the_two_marks_do_not_depend_on_each_other(marks: Marks, around: Sequence[str]) -> None:
    program = Program(marks.around("ab"), ("a", "b"), 6, (FIRST,), Readout((), forced=marks.behind), causal=True)
    program = replace(program, readout=replace(program.readout, terms=(copied("first", program.vocabulary, "ab"),)))
    assert parse_input("ab", program) == list(around)
    assert answers(program, [list(marks.around("ba"))]) == [["b", "b", *marks.behind]]
    assert compiled(program)(list(marks.around("ba"))) == ["b", "b", *marks.behind]
    assert read_source(emit(program).text).program == program
    assert len(inputs_for(program).batch) == sum(2**n for n in range(1, 7 - marks.count))


def test_position_0_is_a_token_like_any_other_and_can_be_skipped() -> None:
    earlier = Head("earlier", "tokens", "tokens", "positions", equal(SORTED, SORTED), "before", True, default=5)
    program = replace(RIGHT, nodes=(FIRST, earlier), readout=Readout((), forced=()))
    run = execute(program, encode(program, ["abaa"]))
    assert [run.value("first", 0, i) for i in range(4)] == ["a"] * 4
    assert [run.value("earlier", 0, i) for i in range(4)] == [5, 5, 5, 2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nodes": (replace(FIRST, default=None),)}, "node 'first': it has no default for where it selects nothing"),
        ({"readout": Readout(())}, "the readout forces ['<s>']"),
        ({"vocabulary": ()}, "has no symbol; expected at least one"),
        ({"max_length": 0}, "max_length is 0; expected at least 1"),
    ],
)
def test_what_a_program_without_begin_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    plain: dict[str, Any] = {"nodes": (), "readout": Readout((), forced=())}
    with pytest.raises(BadProgram) as refused:
        replace(RIGHT, **(plain | changes))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "the input [] is empty; expected 1 to 6 symbols"),
        ("zab", "token 0 is 'z'; expected one of 'a', 'b', 'c', 'd'"),
        ("abz", "token 2 is 'z'; expected one of 'a', 'b', 'c', 'd'"),
        ("<s>ab", "token 0 is '<s>'; expected one of 'a', 'b', 'c', 'd'"),
        ("ab</s>", "token 2 is '</s>'; expected one of 'a', 'b', 'c', 'd'"),
        ("aaaaaaa", "token 6: the input is too long; expected at most 6 symbols"),
    ],
)
def test_a_bad_input_is_refused_at_its_own_position_by_program_and_module(typed: str, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_input(typed, RIGHT)
    assert str(refused.value) == message
    tokens = list(typed) if "<" not in typed else ["<s>", "a", "b"] if typed[0] == "<" else ["a", "b", "</s>"]
    with pytest.raises(ValueError, match=r"token|empty") as raised:
        compiled(RIGHT)(tokens)
    assert str(raised.value) == message


def test_without_a_begin_what_ends_in_a_mark_must_end_in_it() -> None:
    program = Program(("a", END), ("a",), 3, (), Readout((), forced=(END,)))
    for tokens, message in ((["a"], "is empty; expected 1 to 2"), (["a", "a"], "token 1 is 'a'; expected '</s>'")):
        with pytest.raises(BadInput, match=message):
            encode(program, [tokens])
    unknown = replace(program, vocabulary=("a", "<unk>", END), unknown_rule="refuse")
    with pytest.raises(BadInput, match="token 0 is 'z'; expected a word of the vocabulary"):
        encode(unknown, [["z", END]])
    assert answers(replace(unknown, unknown_rule="unk"), [["z", END]]) == [["a", END]]


def test_a_mark_that_is_an_answer_is_shown() -> None:
    assert show_outputs((BEGIN, "a"), ("a", "a"), spaced=False) == "<s>a"
    assert show_outputs((BEGIN, "a", END), (BEGIN, "b", END), spaced=False) == "a"
    assert show_outputs((BEGIN, "a", BEGIN), (BEGIN, "b", "b"), spaced=False) == "a<s>"
    assert show_outputs((BEGIN,), (BEGIN, "b"), spaced=False) == "<s>"
    assert show_outputs((None, "a", None), (BEGIN, "b", "b"), spaced=False) == "a"


def test_a_module_without_begin_runs_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(emit(RIGHT).text, encoding="utf-8")

    def run(*arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, "-I", "-S", str(path), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    assert run("cbab") == (0, "abbc\n", "")
    assert run("c", "b", "a") == (0, "abc\n", "")
    assert run("cbz") == (2, "", "token 2 is 'z'; expected one of 'a', 'b', 'c', 'd'\n")
    assert run() == (2, "", "the input [] is empty; expected 1 to 6 symbols\n")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tokens = _check_without_begin(", "tokens = check(", "`tokens = _check_without_begin(tokens, VOCABULARY"),
        (
            "sys.exit(_main_without_begin(",
            "sys.exit(main(",
            "a call of `main`; expected `_main_without_begin`, as the inputs do not begin with <s>",
        ),
        (', default="a")', ")", "node 'sorted': it has no default"),
        ("most = max_length - (", "most = (", "a `_check_without_begin` other than the one that tpdebug writes"),
    ],
)
def test_the_reader_refuses_a_module_that_takes_its_inputs_otherwise(old: str, new: str, message: str) -> None:
    text = emit(RIGHT).text
    assert text.count(old) == 1
    with pytest.raises(BadSource) as refused:
        read_source(text.replace(old, new))
    assert message in str(refused.value)


def test_ranges_know_that_position_0_holds_any_symbol() -> None:
    found = ranges(RIGHT).of["tokens"].possible
    assert found is not None
    assert found[:, 0].all()


# Tasks ################################################################################################################


@pytest.mark.parametrize(
    ("name", "symbols", "length"),
    [("sort", "abc", 4), ("hist", "ab", 5), ("dyck1", "()", 6), ("induction", "ab01", 5), ("most_freq", "abc", 4)],
)
def test_a_task_asks_about_the_symbols_whatever_marks_stand_around_them(name: str, symbols: str, length: int) -> None:
    marked = get_task(name)
    task = task_of(Program(tuple(symbols), _classes(name, symbols, length), length, (), Readout((), forced=()), name))
    assert task is not None
    assert (task.marks.count, task.domain.most) == (0, length)
    with_marks = get_task(name, {"sort": 6, "hist": 4, "most_freq": 5, "induction": 6}.get(name), _n(name, length))
    assert with_marks.symbols == task.symbols != marked.symbols or name == "dyck1"
    for tokens in task.sample(20):
        expected = with_marks.oracle(with_marks.marks.around(tokens))
        inside = expected[with_marks.marks.first : with_marks.marks.first + len(tokens)]
        assert task.oracle(tokens) == inside


def _n(name: str, length: int) -> int:
    return length + {"sort": 2, "induction": 0}.get(name, 1)


def _classes(name: str, symbols: str, length: int) -> tuple[str, ...]:
    counts = tuple(map(str, range(1, length + 1)))
    named = {"hist": counts, "dyck1": ("P", "T", "F"), "induction": ("0", "1", "<unk>"), "most_freq": (*symbols, BEGIN)}
    return named.get(name, tuple(symbols))


ORACLE = """
VOCABULARY, CLASSES, LONGEST = "abcd", "abcd", 6

def oracle(tokens):
    return sorted(tokens)
"""

FILES = {
    "oracle.py": ORACLE,
    "marked.py": ORACLE.replace('"abcd", "abcd"', '["<s>", *"abcd", "</s>"], "abcd"'),
    "rows.csv": "input,output\nbca,abc\nabbb,abbb\ndc,cd\n",
    "rows.json": json.dumps([{"input": list(w), "output": sorted(w)} for w in ("bca", "abbb", "dc")]),
    "rows.jsonl": "".join(
        json.dumps({"input": ["<s>", *w], "output": [None, *sorted(w)]}) + "\n" for w in ("bca", "abbb", "dc")
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a right and a wrong module, and files that say what is right."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "right.py").write_text(emit(RIGHT).text, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(emit(WRONG).text, encoding="utf-8")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("task", FILES)
def test_a_program_without_begin_is_judged_by_a_file(
    task: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "right.py", "--task", task]) == 0
    capsys.readouterr()
    assert main(["verify", "wrong.py", "--task", task, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {"tokens": ["a", "b", "b", "b"], "wrong": [3]}.items() <= found["counterexamples"][0].items()


# Verbs ################################################################################################################


@pytest.mark.parametrize(
    ("arguments", "code", "shown"),
    [
        (["run", "wrong.py", "--input", "abbb"], 0, "abba\n"),
        (["verify", "right.py"], 0, "right on all 5,460 inputs of the task sort"),
        (["verify", "wrong.py"], 1, "abbb    abbb       abba   3\n"),
        (["verify", "wrong.py", "--length", "3"], 0, "right on all 84 inputs"),
        (["trace", "wrong.py", "--input", "abbb"], 0, "predicts abba, expected abbb (wrong at position 3)"),
        (["graph", "wrong.py"], 0, "nearest rank = position"),
        (
            ["circuits", "wrong.py", "--where", "i == 0 and x[i] == token == 'b'"],
            0,
            "1,365 predictions on 1,365 inputs",
        ),
        (["circuits", "wrong.py", "--input", "abbb", "--position", "0"], 0, "1 prediction"),
        (["dead", "wrong.py"], 0, "15 of 54 entries"),
        (["coverage", "wrong.py"], 0, "are wrong"),
        (["fuzz", "wrong.py"], 1, "abbb       abbb       abba"),
        (["blame", "wrong.py", "--input", "abbb"], 0, "position 3: predicted 'a', expected 'b'"),
        (["blame", "wrong.py", "--input", "ab", "--expect", "bb"], 0, "position 0: predicted 'a', expected 'b'"),
        (["blame", "wrong.py", "--all"], 0, "rank, input 1, 2"),
        (["repair", "wrong.py", "-o", "mended.py"], 0, "repaired, right on all 5,460 inputs"),
        (["simplify", "wrong.py", "-o", "small.py"], 0, "predictions stay, on all 5,460 inputs"),
        (["diff", "right.py", "wrong.py"], 1, "they differ on 650 of 5,460 inputs"),
        (["emit", "wrong.py", "-o", "again.py"], 0, ""),
    ],
)
def test_every_verb_takes_the_inputs_as_they_are(
    arguments: list[str], code: int, shown: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, *["--no-database"] * (arguments[0] == "fuzz")]) == code, capsys.readouterr().err
    told = capsys.readouterr().out
    assert shown in told
    assert "<s>" not in told
    if "-o" in arguments:
        assert tprog.load(folder / arguments[-1]).vocabulary == SORTED


def test_related_inputs_are_compared_at_their_own_positions() -> None:
    space = space_of(WRONG)
    found = fuzz(Relations(space, relations_of(space)))
    assert found.buckets
    for bucket in found.buckets:
        failure = bucket.smallest
        assert failure.follow_up is not None
        assert len(failure.expected) == len(failure.got) == len(failure.follow_up)


def test_simplifying_keeps_the_default_of_a_head_that_never_needs_it() -> None:
    simplified = simplify(RIGHT, inputs_for(RIGHT)).program
    assert simplified.by_name["sorted"].kind == "head"
    assert read_source(emit(simplified).text).program == simplified


def test_what_is_dead_is_proven_without_a_begin() -> None:
    never = Head("never", "tokens", "tokens", "tokens", ((),) * 4, default="b")
    program = replace(RIGHT, nodes=(*RIGHT.nodes, never))
    assert "never" in dead_nodes(program, inputs_for(program))
