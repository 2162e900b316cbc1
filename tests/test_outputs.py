"""Programs whose output is a variable, and programs in a loop."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from analyze.blame import blame
from analyze.circuits import find_circuits
from analyze.circuits.subproblem import SubProblem
from analyze.dataflow import data_flow
from analyze.dead import find_dead
from analyze.diff import diff
from analyze.verify import verify
from cli.main import main
from tests.programs import PROGRAMS
from tprog.errors import BadInput, BadProgram, BadSource, BadUsage
from tprog.ir.program import BEGIN, END, IMPLIED, Lookup, NumericHead, Program
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.run.generate import generate
from tprog.simplify import simplify
from tprog.tasks.builtin import inputs_for
from tprog.text.emit import emit
from tprog.text.read import read_source

FRAC, PARITY = PROGRAMS["frac_prevs"].program, PROGRAMS["parity"].program


def without_readout(name: str, output: str) -> Program:
    return replace(PROGRAMS[name].program, classes=(), readout=IMPLIED, outputs=(output,))


SORTED = without_readout("sort", "sorted")
FAULTY = without_readout("sort_with_a_fault", "sorted")


# What comes out #######################################################################################################


def test_a_number_that_comes_out_is_the_share_of_x_so_far() -> None:
    words = ["".join(word) for n in range(1, 7) for word in product("xa", repeat=n)]
    run = execute(FRAC, encode(FRAC, [[BEGIN, *word] for word in words]))
    for row, word in enumerate(words):
        shares = [Fraction(word[:i].count("x"), i) for i in range(1, len(word) + 1)]
        assert run.outputs(row) == [0, *shares]
        assert run.spelled(row) == ["0", *map(str, shares)]


def test_a_module_without_a_readout_has_none_of_its_constants_and_reads_back() -> None:
    text = emit(FRAC).text
    assert "    return share\n" in text
    assert not any(name in text for name in ("CLASSES", "READOUT", "SCALE", "FORCED", "POOLED", "classify"))
    assert read_source(text).program == FRAC
    assert emit(read_source(text).program).text == text


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("return share", "return rank", "expected `return` and the name of a variable"),
        ("return share", "return [1]", "expected `return` and the name of a variable"),
        ("main(_spelled(run), ", "main(run, ", "expected `main(_spelled(run))`"),
        ("CAUSAL = True", "CAUSAL = True\nCLASSES = ('a',)", "a module without POOLED, FORCED, SCALE, READOUT"),
        ("CAUSAL = True", "CAUSAL = True\nROWS_NEEDED = 'free'", "found `ROWS_NEEDED` without READOUT"),
    ],
)
def test_a_module_that_mixes_the_two_ways_is_refused(old: str, new: str, found: str) -> None:
    text = emit(FRAC).text
    assert old in text
    with pytest.raises(BadSource) as refused:
        read_source(text.replace(old, new), "p.py")
    assert found in str(refused.value)


def test_an_output_that_is_no_variable_is_refused() -> None:
    for outputs, found in (
        (("other",), "have 'other', which is neither a variable nor the readout"),
        (("share", "share"), "name one twice"),
        ((), "there are no outputs"),
    ):
        with pytest.raises(BadProgram, match=found):
            replace(FRAC, outputs=outputs)


def test_an_output_of_more_numbers_than_can_be_told_apart_is_refused() -> None:
    many = Lookup("many", ("tokens",), (None,), None, (0, 1, Fraction(1, 20_000)))
    with pytest.raises(BadProgram, match="the output 'many' may have 20,001 values"):
        replace(FRAC, nodes=(many,), outputs=("many",))


def test_an_output_with_two_values_of_one_spelling_is_refused() -> None:
    both = Lookup("both", ("tokens",), (None,), (1, "1", 2), (1, "1", 2))
    with pytest.raises(BadProgram, match="two values that are both spelled '1'"):
        replace(FRAC, nodes=(both,), outputs=("both",))


def test_codes_of_outcomes_stay_where_an_edit_changes_what_may_come_out() -> None:
    low = Lookup("low", ("tokens",), (None,), None, (0, 1, 2))
    before = replace(FRAC, nodes=(low,), outputs=("low",), classes=())
    after = replace(before, nodes=(replace(low, cells=(-1, 1, 2)),))
    assert before.classes == ("0", "1", "2")
    assert after.classes == ("0", "1", "2", "-1")
    batch = encode(before, [[BEGIN, "x", "a"]])
    assert execute(before, batch).predictions.tolist() == [[0, 1, 2]]
    assert execute(after, batch).predictions.tolist() == [[3, 1, 2]]
    assert after == replace(after, classes=())


# Analyses #############################################################################################################


def test_a_program_without_a_readout_is_judged_by_its_task() -> None:
    assert verify(SORTED, inputs_for(SORTED)).wrong_inputs == 0
    assert verify(FAULTY, inputs_for(FAULTY)).wrong_inputs == PROGRAMS["sort_with_a_fault"].wrong


def test_without_a_readout_the_account_is_the_chain_of_rows_that_fired() -> None:
    result = blame(FAULTY, inputs_for(FAULTY, sample=200), [BEGIN, *"abbbb", END])
    assert (result.account, result.position) == (None, 5)
    # Position 5 finds no rank 5, so its head looks nowhere and copies from position 0.
    assert [(fired.entry, fired.position, fired.value) for fired in result.chain] == [("sorted, query 5", 5, BEGIN)]
    right = blame(FAULTY, inputs_for(FAULTY, sample=200), [BEGIN, *"abbbb", END], position=2)
    fired = [(one.node, one.position, one.value) for one in right.chain]
    assert fired == [("less", 2, 1), ("same", 2, 0), ("rank", 2, 2), ("sorted", 2, "b")]


def test_circuits_and_dead_nodes_of_a_number_that_comes_out() -> None:
    idle = NumericHead("idle", "tokens", "tokens", "ones", ((), (), ()))
    program = replace(FRAC, nodes=(*FRAC.nodes, idle))
    inputs = inputs_for(program)
    (circuit,) = find_circuits(program, inputs, [SubProblem("class", "1/2")]).circuits
    assert circuit.members == ("is_x", "share")
    assert "idle" in find_dead(program, inputs).to_json()["dead"][0]["name"]
    assert [*simplify(program, inputs).program.by_name] == ["is_x", "share"]


def test_the_data_flow_names_what_comes_out() -> None:
    result = data_flow(SORTED)
    assert result.output == "sorted"
    assert [edge.source for edge in result.edges if edge.role == "readout"] == ["sorted"]


# Loops ################################################################################################################


def test_parity_is_written_down_bit_by_bit_and_the_last_is_the_answer() -> None:
    for n in range(1, 5):
        for bits in product("01", repeat=n):
            found = generate(PARITY, [BEGIN, *bits, "="])
            running = ["EO"[bits[: i + 1].count("1") % 2] for i in range(n)]
            assert (list(found.tokens), found.ended) == (running, "stop")


def test_a_loop_ends_at_its_steps_and_at_the_longest_input() -> None:
    assert generate(PARITY, [BEGIN, *"011="], steps=2).ended == "steps"
    assert generate(PARITY, [BEGIN, *"011="], steps=2).tokens == ("E", "O")
    copy = replace(FRAC, nodes=(), outputs=("tokens",), classes=())
    found = generate(copy, [BEGIN, "x"], steps=100)
    assert (found.tokens, found.ended) == (("x",) * 5, "length")


def test_a_loop_that_reaches_a_hole_ends_there_and_names_it() -> None:
    holed = Lookup("holed", ("positions",), (None,), ("x", "a"), ("x", "x", "a", None, "x", "x", "x"))
    found = generate(replace(FRAC, nodes=(holed,), outputs=("holed",), classes=()), [BEGIN, "x"])
    assert (found.tokens, found.ended, str(found.hole)) == (("x", "a"), "hole", "hole at holed, input 3")


def test_a_loop_of_a_class_that_is_chosen_to_stop_ends_there() -> None:
    assert generate(PARITY, [BEGIN, *"11="], stop="stop").tokens == ("O", "E")
    with pytest.raises(BadUsage, match="the program may say 'stop', which is no token"):
        generate(PARITY, [BEGIN, *"11="], stop="O")
    with pytest.raises(BadUsage, match="the stop class 'x' is not a class"):
        generate(PARITY, [BEGIN, *"11="], stop="x")


def test_a_program_that_cannot_be_looped_is_refused() -> None:
    with pytest.raises(BadUsage, match="is pooled"):
        generate(PROGRAMS["question_type"].program, [BEGIN, "who"])
    with pytest.raises(BadUsage, match="end in '</s>'"):
        generate(SORTED, [BEGIN, "a", END])
    with pytest.raises(BadUsage, match="the program may say"):
        generate(FRAC, [BEGIN, "x"])
    with pytest.raises(BadInput, match="token 1 is 'z'"):
        generate(PARITY, [BEGIN, "z"])


def test_run_prints_what_the_module_prints_and_what_a_loop_appends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frac.py").write_text(emit(FRAC).text, encoding="utf-8")
    (tmp_path / "parity.py").write_text(emit(PARITY).text, encoding="utf-8")
    assert main(["run", "frac.py", "--input", "xax"]) == 0
    assert capsys.readouterr().out == "1 1/2 2/3\n"
    assert main(["run", "parity.py", "--loop", "--input", "011="]) == 0
    assert capsys.readouterr().out == "EOE\n"
    assert main(["run", "parity.py", "--loop", "--steps", "1", "--input", "011=", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["generated"], told["ended"], told["schema"]) == (["E"], "steps", "tpdebug.run-loop/1")
    assert main(["run", "parity.py", "--stop", "E", "--input", "011="]) == 2
    assert "--stop and --steps are about --loop" in capsys.readouterr().err


def test_a_test_that_fuzz_writes_of_a_number_fails_until_the_program_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = replace(FRAC, nodes=(FRAC.by_name["is_x"].with_answers((0, 2, 0)), FRAC.by_name["share"]), classes=())
    (tmp_path / "frac.py").write_text(emit(wrong).text, encoding="utf-8")
    (tmp_path / "right.py").write_text(emit(FRAC).text, encoding="utf-8")
    assert main(["fuzz", "frac.py", "--against", "right.py", "-o", "test_frac.py"]) == 1
    named: dict[str, Any] = {"__file__": str(tmp_path / "test_frac.py")}
    exec(compile((tmp_path / "test_frac.py").read_text(encoding="utf-8"), "test_frac.py", "exec"), named)
    with pytest.raises(AssertionError):
        named["test_failure_1"]()
    (tmp_path / "frac.py").write_text(emit(FRAC).text, encoding="utf-8")
    named["test_failure_1"]()


def test_two_programs_are_compared_where_one_may_say_more() -> None:
    is_x = FRAC.by_name["is_x"].with_answers((0, 2, 0))
    wrong = replace(FRAC, nodes=(is_x, FRAC.by_name["share"]), classes=())
    found = diff(FRAC, wrong)
    assert found.differing == sum(2**n - 1 for n in range(1, 7))  # all words but those without an x
