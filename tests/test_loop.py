"""Programs in a loop, judged and shown step by step: the parity of bits, written down bit by bit."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from analyze.circuits import find_circuits
from analyze.circuits.subproblem import SubProblem
from analyze.coverage.entry_counts import entry_counts
from analyze.dead import find_dead
from analyze.loop import trace_loop, verify_loop, visited
from analyze.results.loop import TraceLoopResult, VerifyLoopResult
from cli.main import main
from tests.programs import PROGRAMS
from tprog.errors import BadInput, BadUsage
from tprog.ir.program import BEGIN, Program, Readout, Weights
from tprog.run.generate import generate, generate_all
from tprog.simplify import simplify
from tprog.tasks.builtin import Inputs, fitted, inputs_for
from tprog.tasks.classes import with_answers
from tprog.tasks.own import find_task
from tprog.tasks.task import Task
from tprog.text.emit import emit

PARITY = PROGRAMS["parity"].program

TASK = """
from itertools import product

VOCABULARY = ["0", "1", "=", "E", "O"]
CLASSES = ["E", "O", "stop"]
LONGEST = 9


def inputs():
    return [[*bits, "="] for n in range(1, 5) for bits in product("01", repeat=n)]


def oracle(tokens):
    if "=" not in tokens:
        return [None] * len(tokens)
    at = tokens.index("=")
    bits, made = tokens[:at], tokens[at + 1 :]
    following = "stop" if len(made) >= len(bits) else "EO"[bits[: len(made) + 1].count("1") % 2]
    return [None] * (len(tokens) - 1) + [following]
"""


@pytest.fixture
def judged(tmp_path: Path) -> tuple[Program, Task, Inputs]:
    path = tmp_path / "parity_task.py"
    path.write_text(TASK, encoding="utf-8")
    own = find_task(str(path))
    program = with_answers(PARITY, own.classes)
    task = fitted(own, program)
    return program, task, inputs_for(program, task=own)


def _broken(program: Program) -> Program:
    """One that never says O after an E."""
    node = program.nodes[-1]
    answers = tuple("E" if answer == "O" else answer for answer in node.entries.answers)
    return replace(program, nodes=(*program.nodes[:-1], node.with_answers(answers)))


def test_many_loops_at_once_are_those_of_each_alone() -> None:
    prompts = [[BEGIN, *bits, "="] for n in range(1, 5) for bits in product("01", repeat=n)]
    assert generate_all(PARITY, prompts) == [generate(PARITY, prompt) for prompt in prompts]


def test_a_mark_that_a_loop_would_go_on_with_is_refused() -> None:
    readout = Readout((Weights("tokens", ((0, 0), (0, 1), (1, 0))),), forced=(BEGIN,))
    program = Program((BEGIN, "a", "b"), ("a", BEGIN), 5, (), readout)
    assert generate(program, [BEGIN, "b"], steps=1).said == ("a",)
    with pytest.raises(BadInput, match="token 3 is '<s>'"):  # a says the mark
        generate(program, [BEGIN, "b"])


def test_a_loop_is_right_if_each_step_is_what_the_task_says_comes_next(judged: tuple[Program, Task, Inputs]) -> None:
    program, task, inputs = judged
    result = verify_loop(program, task, inputs)
    assert (result.wrong_prompts, result.prompts_right, result.stop) == (0, 30, "stop")
    # n bits and the stop, from 2**n prompts
    assert (result.steps, result.steps_right) == (2 * 2 + 3 * 4 + 4 * 8 + 5 * 16,) * 2
    assert result.endings == (("stop", 30),)
    assert VerifyLoopResult.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_the_first_wrong_step_of_a_loop_is_told(judged: tuple[Program, Task, Inputs]) -> None:
    program, task, inputs = judged
    result = verify_loop(_broken(program), task, inputs, limit=1)
    assert result.wrong_prompts > 1
    (first,) = result.counterexamples
    assert (first.prompt, first.generated, first.expected, first.got, first.step) == (
        (BEGIN, "1", "="), (), "O", "E", 0,
    )  # fmt: skip


def test_other_analyses_look_at_the_prefixes_that_loops_visit(judged: tuple[Program, Task, Inputs]) -> None:
    program, task, inputs = judged
    found = visited(program, inputs, task)
    assert len(found.batch) == 2 * 2 + 3 * 4 + 4 * 8 + 5 * 16
    assert found.description.startswith("the 128 prefixes that loops visit from 30 prompts of all 30 inputs")
    assert found.expected is not None
    assert ((found.expected >= 0).sum(axis=1) == 1).all()
    assert find_dead(program, found).checked.inputs == 128


def test_of_a_prefix_that_a_loop_visits_the_last_position_alone_counts_whether_a_task_is_known_or_not(
    judged: tuple[Program, Task, Inputs],
) -> None:
    program, task, inputs = judged
    known = visited(program, inputs, task)
    unknown = visited(program, replace(inputs, expected=None), None)
    assert len(known.batch) == len(unknown.batch) == 128
    for found in (known, unknown, unknown.take(np.arange(128)), unknown.cut()):
        assert np.array_equal(np.argwhere(found.graded(program))[:, 1], found.batch.lengths - 1)
    for problem, pairs in ((SubProblem("all"), 128), (SubProblem("input", (BEGIN, "0", "1", "=")), 1)):
        same = [find_circuits(program, found, [problem], task=task).circuits[0] for found in (known, unknown)]
        assert [circuit.pairs for circuit in same] == [pairs, pairs]
        assert same[0] == same[1]
    assert simplify(program, unknown).predictions == 128
    assert find_dead(program, unknown).removable == find_dead(program, known).removable
    counts = [entry_counts(program, found) for found in (known, unknown)]
    assert np.array_equal(counts[0].member[:, 3:], counts[1].member[:, 2:])


def test_a_trace_of_a_loop_has_a_table_a_step(judged: tuple[Program, Task, Inputs]) -> None:
    program, task, _ = judged
    result = trace_loop(program, [BEGIN, *"011="], task=task)
    assert [(step.said, step.expected) for step in result.steps] == [(word, word) for word in (*"EOE", "stop")]
    assert result.steps[1].table.tokens == (BEGIN, *"011=", "E")
    assert TraceLoopResult.from_json(json.loads(json.dumps(result.to_json()))) == result


SORT_TASK = """
from itertools import product

VOCABULARY = ["=", "a", "b", "c"]
CLASSES = ["a", "b", "c", "stop"]
LONGEST = 7


def inputs():
    return [[*letters, "="] for letters in product("abc", repeat=3)]


def oracle(tokens):
    if "=" not in tokens:
        return [None] * len(tokens)
    ordered = [*sorted(tokens[:3]), "stop"]
    return [None] * 3 + [ordered[min(at, 3)] for at in range(len(tokens) - 3)]
"""


def test_letters_that_repeat_are_sorted_by_a_count_and_the_smallest_key_that_is_larger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    program = PROGRAMS["sort_onwards"].program
    assert len(program.nodes) == 2
    Path("sort_task.py").write_text(SORT_TASK, encoding="utf-8")
    Path("right.py").write_text(emit(program).text, encoding="utf-8")
    assert main(["verify", "right.py", "--task", "sort_task.py", "--loop"]) == 0
    assert "right from all 27 prompts" in " ".join(capsys.readouterr().out.split())
    for verb in (["dead"], ["circuits"], ["coverage"], ["simplify", "-o", "small.py"], ["trace", "--input", "bab="]):
        assert main([verb[0], "right.py", *verb[1:], "--task", "sort_task.py", "--loop"]) == 0, verb
    assert "appends abb in 4 steps" in " ".join(capsys.readouterr().out.split())


def test_what_cannot_be_looped_or_judged_is_refused(judged: tuple[Program, Task, Inputs]) -> None:
    program, task, inputs = judged
    ungraded = Inputs(inputs.batch, np.full(inputs.batch.tokens.shape, -1), True, "")
    with pytest.raises(BadUsage, match="no input is graded at its last position"):
        verify_loop(program, task, ungraded)
    sort = PROGRAMS["sort"].program
    with pytest.raises(BadUsage, match="end in '</s>'"):
        verify_loop(sort, task, inputs_for(sort, sample=3))


def test_verify_and_trace_follow_a_loop_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("parity_task.py").write_text(TASK, encoding="utf-8")
    for name, program, code, said in (
        ("right.py", PARITY, 0, "looped: right from all 30 prompts of the task parity_task"),
        ("wrong.py", _broken(PARITY), 1, "1= O E 0"),
    ):
        Path(name).write_text(emit(program).text, encoding="utf-8")
        assert main(["verify", name, "--task", "parity_task.py", "--loop"]) == code
        assert said in " ".join(capsys.readouterr().out.split())
    assert main(["trace", "right.py", "--task", "parity_task.py", "--loop", "--input", "011="]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "appends EOE in 4 steps; stopped" in shown
    assert "3 011=EOE stop stop" in shown
    for verb in (["dead"], ["circuits"], ["coverage"], ["simplify", "-o", "small.py"], ["blame", "--all"]):
        assert main([verb[0], "right.py", *verb[1:], "--task", "parity_task.py", "--loop", "--stop", "stop"]) == 0
        told = " ".join("".join(capsys.readouterr()).split())
        assert "128 prefixes that loops visit from 30 prompts" in told, verb
    assert main(["dead", "right.py", "--stop", "stop"]) == 2
    assert "--stop is about --loop" in capsys.readouterr().err
    assert main(["trace", "right.py", "--loop", "--contrast", "--input", "011="]) == 2
    assert "about one step" in capsys.readouterr().err
    assert main(["verify", "right.py", "--stop", "E"]) == 2
    assert "--stop and --steps are about --loop" in capsys.readouterr().err
