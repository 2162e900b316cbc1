"""Programs with several outputs: what each verb says of them, checked against plain Python."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from analyze.blame import blame
from analyze.circuits import find_circuits
from analyze.circuits.subproblem import SubProblem
from analyze.dataflow import data_flow
from analyze.dead import find_dead
from analyze.diff import diff
from analyze.results.blame import BlameResult
from analyze.results.diff import DiffResult
from analyze.results.verify import VerifyResult
from analyze.trace import trace
from analyze.verify import verify
from cli.main import main
from tprog.errors import BadFile, BadProgram, BadSource, BadUsage
from tprog.ir.program import BEGIN, END, IMPLIED, Classify, Head, Lookup, NumericHead, Program, Weights
from tprog.ir.values import NOTHING
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.run.generate import generate
from tprog.simplify import simplify
from tprog.tasks.builtin import fitted, inputs_for
from tprog.tasks.own import find_task
from tprog.text.emit import emit
from tprog.text.read import read_source

LETTERS = ("a", "b")

BOTH = Program(
    vocabulary=(BEGIN, *LETTERS),
    classes=("yes", "no"),
    max_length=5,
    nodes=(
        Lookup("is_a", ("tokens",), (None,), None, (0, 1, 0)),
        NumericHead(
            "share", "tokens", "tokens", "is_a", (LETTERS,) * 3, "all", skip_first=True, reduce="mean", default=0
        ),
        Head("before", "tokens", "tokens", "tokens", ((), LETTERS, LETTERS), "before", skip_first=True, default=BEGIN),
        Lookup("last", ("before",), (None,), (NOTHING, *LETTERS), (NOTHING, *LETTERS)),
    ),
    readout=Classify((Weights("tokens", ((0, 0), (1, 0), (0, 1))),)),
    outputs=("share", "readout", "last"),
)
"""The share of a's; whether there is an a here; and the letter before, or nothing."""

TASK = """
from fractions import Fraction
VOCABULARY = ["a", "b"]
CLASSES = ["yes", "no", "a", "b", "nothing", "0", "1/4", "1/3", "1/2", "2/3", "3/4", "1"]
LONGEST = 4
OUTPUTS = ("last", "share", "readout")


def oracle(tokens):
    share = Fraction(tokens.count("a"), len(tokens))
    return {
        "share": [str(share)] * len(tokens),
        "readout": ["yes" if token == "a" else "no" for token in tokens],
        "last": ["nothing", *tokens][: len(tokens)],
    }
"""


@pytest.fixture
def task(tmp_path: Path) -> Path:
    path = tmp_path / "both.py"
    path.write_text(TASK, encoding="utf-8")
    return path


def edited() -> Program:
    """One cell is wrong: after b stands a."""
    last = BOTH.by_name["last"].with_answer(2, "a")
    return replace(BOTH, nodes=(*BOTH.nodes[:3], last))


def test_run_returns_a_dictionary_in_the_order_of_the_outputs() -> None:
    run = execute(BOTH, encode(BOTH, [[BEGIN, "a", "b", "b"]]))
    third = Fraction(1, 3)
    assert list(run.outputs(0)) == ["share", "readout", "last"]
    assert run.outputs(0) == {
        "share": [third] * 4,
        "readout": [BEGIN, "yes", "no", "no"],
        "last": [NOTHING, NOTHING, "a", "b"],
    }
    assert run.spelled(0)["last"] == ["nothing", "nothing", "a", "b"]
    assert BOTH.classes[:2] == BOTH.written_classes == ("yes", "no")


def test_of_no_input_there_are_no_predictions() -> None:
    batch = encode(BOTH, [[BEGIN, "a", "b"]])
    assert execute(BOTH, batch).predictions.shape == (1, 9)
    assert execute(BOTH, batch.take(slice(0, 0))).predictions.shape == (0, 9)


def test_the_module_prints_a_line_an_output_and_reads_back(tmp_path: Path) -> None:
    text = emit(BOTH).text
    assert 'return {"share": share, "readout": classify(READOUT, variables, CLASSES, FORCED), "last": last}' in text
    read = read_source(text).program
    assert read == BOTH
    assert emit(read).text == text
    path = tmp_path / "both_program.py"
    path.write_text(text, encoding="utf-8")
    ran = subprocess.run([sys.executable, str(path), "abb"], capture_output=True, text=True, check=True)
    assert ran.stdout == "share: 1/3 1/3 1/3\nreadout: yes no no\nlast: nothing a b\n"


def test_run_prints_what_the_module_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "both_program.py"
    path.write_text(emit(BOTH).text, encoding="utf-8")
    assert main(["run", str(path), "--input", "abb"]) == 0
    assert capsys.readouterr().out == "share: 1/3 1/3 1/3\nreadout: yes no no\nlast: nothing a b\n"
    assert main(["run", str(path), "--input", "a", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["prediction"]["last"] == ["nothing", "nothing"]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"share": share', '"other": share', "expected a variable under its own name"),
        ('"readout": classify(READOUT, variables, CLASSES, FORCED), ', "", "outputs without the readout"),
        (
            "_main_of_several(run",
            "main(run",
            "expected `_main_of_several`, as the inputs begin with <s> and",
        ),
    ],
)
def test_a_module_that_returns_something_else_is_refused(old: str, new: str, found: str) -> None:
    text = emit(BOTH).text
    assert old in text
    at = text.rindex(old)
    with pytest.raises(BadSource) as refused:
        read_source(text[:at] + new + text[at + len(old) :], "p.py")
    assert found in str(refused.value)


def test_what_run_returns_can_be_laid_side_by_side_only_if_it_has_each_output() -> None:
    places = BOTH.places
    row = tuple(range(places.count(2)))
    assert places.beside(places.apart(row)) == row
    with pytest.raises(ValueError, match="answers for share; expected them for"):
        places.beside({"share": row})
    with pytest.raises(ValueError, match="one answer; expected one for each of the outputs"):
        places.beside(row)


def test_outputs_that_cannot_stand_beside_each_other_are_refused() -> None:
    with pytest.raises(BadProgram, match="pooled readout, with one answer an input, comes out alone"):
        replace(BOTH, readout=replace(BOTH.readout, pooled=True, forced=()))
    with pytest.raises(BadProgram, match="expected the readout 'readout' among them"):
        replace(BOTH, outputs=("share", "last"))
    with pytest.raises(BadUsage, match="a loop goes on with the last output"):
        generate(BOTH, [BEGIN, "a"])


def test_the_readout_comes_out_alone_again_with_its_own_classes() -> None:
    alone = replace(BOTH, outputs=("readout",))
    assert (alone.classes, alone.readout.among) == (("yes", "no"), None)
    values = replace(BOTH, readout=IMPLIED, outputs=("share", "last"), classes=())
    assert (values.classes[0], values.classes[-1], values.written_classes) == ("0", "b", ())


# Analyses #############################################################################################################


def test_a_task_answers_a_dictionary_and_wrong_places_are_of_an_output(task: Path) -> None:
    right, wrong = (fitted_pair(program, task) for program in (BOTH, edited()))
    assert verify(right[0], inputs_for(*right[:1], task=right[1])).wrong_inputs == 0
    result = verify(wrong[0], inputs_for(wrong[0], task=wrong[1]))
    first = result.counterexamples[0]
    assert first.tokens == (BEGIN, "b", "a")
    assert first.wrong == {"share": (), "readout": (), "last": (2,)}
    assert (first.expected["last"], first.got["last"]) == ((None, "nothing", "b"), ("nothing", "nothing", "a"))  # type: ignore[call-overload]
    assert VerifyResult.from_json(json.loads(json.dumps(result.to_json()))) == result


def fitted_pair(program: Program, path: Path) -> tuple[Program, Any]:
    """The program with the task's classes, and the task fitted to it."""
    from tprog.tasks.classes import with_answers

    own = find_task(str(path))
    wide = with_answers(program, own.classes)
    return wide, fitted(own, wide)


def test_a_program_with_one_of_the_outputs_is_judged_by_that(task: Path) -> None:
    alone = replace(BOTH, outputs=("readout",))
    own = find_task(str(task))
    with pytest.raises(BadProgram, match="classes"):
        fitted(own, alone)  # the readout has not the answers of the others
    shares = replace(BOTH, readout=IMPLIED, outputs=("share",), classes=own.classes)
    assert verify(shares, inputs_for(shares, task=own)).wrong_inputs == 0
    other = replace(BOTH, readout=IMPLIED, outputs=("before", "last"), classes=own.classes)
    with pytest.raises(BadProgram, match="the program has no 'share'"):
        fitted(own, other)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('("last", "share", "readout")', '("last", "share")', "expected a dictionary with the keys 'last', 'share'"),
        ('OUTPUTS = ("last", "share", "readout")', "", "name them in OUTPUTS"),
        ('("last", "share", "readout")', '("last",)', "expected two names or more"),
        ('("last", "share", "readout")', '"last"', "expected the names of two outputs"),
        ('["nothing", *tokens][: len(tokens)]', '["nothing"]', "gives 1 answer; expected 2"),
    ],
)
def test_a_task_whose_answers_do_not_fit_its_outputs_is_refused(tmp_path: Path, old: str, new: str, found: str) -> None:
    path = tmp_path / "bad.py"
    path.write_text(TASK.replace(old, new), encoding="utf-8")
    with pytest.raises(BadFile, match=found):
        find_task(str(path)).oracle([BEGIN, "a", "b"])


EXAMPLES = {
    "both.jsonl": """{"input": "a b", "output": {"last": ["nothing", "a"], "share": ["1/2", "1/2"]}}
{"input": "b", "output": {"last": "nothing", "share": "0"}}
{"input": "b a", "output": {"last": ["nothing", "b"], "share": "1/2 1/2"}}
""",
    "both.csv": "input,output.last,output.share\na b,nothing a,1/2 1/2\nb,nothing,0\nb a,nothing b,1/2 1/2\n",
    "both.tsv": "w\tlast\tn\tshare\na b\tnothing a\t1\t1/2 1/2\nb\tnothing\t2\t0\nb a\tnothing b\t3\t1/2 1/2\n",
    "ended.csv": "input,output.last,output.share\n"
    "<s> a b </s>,x nothing a x,x 1/2 1/2 x\n<s> b </s>,x nothing x,x 0 x\n",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_file_of_examples_may_have_several_outputs(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(EXAMPLES[name], encoding="utf-8")
    own = find_task(f"{path}:w,last,share" if name == "both.tsv" else str(path))
    ends = [END] * (name == "ended.csv")
    assert own.outputs == ("last", "share")
    assert own.oracle([BEGIN, "a", "b", *ends]) == {
        "last": [None, "nothing", "a", *[None] * len(ends)],
        "share": [None, "1/2", "1/2", *[None] * len(ends)],
    }
    if not ends:
        program, fit = fitted_pair(edited(), path if name != "both.tsv" else Path(f"{path}:w,last,share"))
        result = verify(program, inputs_for(program, task=fit))
        assert [found.wrong for found in result.counterexamples] == [{"share": (), "readout": (), "last": (2,)}]


def test_one_label_an_input_and_answers_a_token_stand_beside_each_other(tmp_path: Path) -> None:
    path = tmp_path / "both.json"
    path.write_text(
        '[{"input": "a b", "output": {"tags": "x y", "label": "l"}},'
        ' {"input": "b", "output": {"tags": "y", "label": "m"}}]'
    )
    assert find_task(str(path)).oracle([BEGIN, "a", "b"]) == {"tags": [None, "x", "y"], "label": [None, None, "l"]}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (['{"p": "x", "q": "y"}', '"x"'], "line 2|:2: the output is .*; expected an object with the keys 'p', 'q'"),
        (['{"p": "x", "q": "y"}', '{"p": "x"}'], ":2: .*expected an object with the keys 'p', 'q'"),
        (['{"p": "x"}'], ":1: .*the names of two outputs or more"),
        (['{"p": "x", "a b": "y"}'], ":1: .*letters, digits and '_'"),
        (['{"p": "x", "q": ["y", "z"]}'], ":1, q: 1 tokens of input, but 2 of output"),
        (['{"p": "x", "q": "y"}', '{"p": "x", "q": "z"}'], ":2, q: the input of line 1, q again, with another output"),
    ],
)
def test_examples_whose_outputs_do_not_fit_are_refused_with_their_line(
    rows: list[str], found: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("".join(f'{{"input": "a", "output": {row}}}\n' for row in rows), encoding="utf-8")
    with pytest.raises(BadFile, match=found):
        find_task(str(path))


def test_rasp_source_may_ask_for_several_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    count, first = "number = selector_width(select(tokens, tokens, ==));", "first = tokens == tokens[0];"
    Path("two.rasp").write_text(f'vocabulary = "ab"; longest = 3;\n{count}\n{first}\n', encoding="utf-8")
    own = find_task("two.rasp:number,first")
    assert own.outputs == ("number", "first")
    assert own.oracle([BEGIN, *"aba"]) == {"number": [None, "2", "1", "2"], "first": [None, "T", "F", "T"]}
    assert main(["emit", "two.rasp:number,first", "-o", "two.py"]) == 0
    assert main(["verify", "two.py", "--task", "two.rasp:number,first"]) == 0
    assert "right on all 14 inputs" in capsys.readouterr().out
    assert main(["verify", "two.py", "--task", "two.rasp:first"]) == 2
    capsys.readouterr()
    for learner in (["train"], ["train-gpt"]):
        assert main([*learner, "two.rasp:number,first"]) == 2
        assert "asks for the outputs 'number', 'first'" in capsys.readouterr().err


def test_blame_finds_the_cell_of_the_one_output_that_is_wrong(task: Path) -> None:
    program, own = fitted_pair(edited(), task)
    inputs = inputs_for(program, task=own)
    expected = own.oracle([BEGIN, "b", "a"])
    result = blame(program, inputs, [BEGIN, "b", "a"], expected=expected)
    assert (result.position, result.output, result.wrong_outputs) == (2, "last", ("last",))
    assert (result.candidates[0].entry, result.candidates[0].restores) == ("last, input 'b'", True)
    assert result.account is None
    assert [fired.node for fired in result.chain][-1] == "last"
    assert BlameResult.from_json(json.loads(json.dumps(result.to_json()))) == result
    right = blame(program, inputs, [BEGIN, "b", "a"], expected=expected, position=2, output="readout")
    assert (right.right, right.account is None, right.chain) == (True, False, ())
    with pytest.raises(BadUsage, match="'x' is no output"):
        blame(program, inputs, [BEGIN, "a"], output="x")


def test_circuits_dead_nodes_and_simplify_keep_every_output() -> None:
    inputs = inputs_for(BOTH)
    (of_share,) = find_circuits(BOTH, inputs, [SubProblem("output", "share")]).circuits
    assert of_share.members == ("is_a", "share")
    (of_readout,) = find_circuits(BOTH, inputs, [SubProblem("output", "readout")]).circuits
    assert of_readout.members == ()
    (where,) = find_circuits(BOTH, inputs, [SubProblem("where", "output == 'last' and i == 2")]).circuits
    assert where.members == ("before", "last")
    assert find_dead(BOTH, inputs).to_json()["dead"] == []
    idle = Lookup("idle", ("tokens",), (None,), None, (0, 1, 0))
    smaller = simplify(replace(BOTH, nodes=(*BOTH.nodes, idle)), inputs).program
    assert smaller.outputs == BOTH.outputs
    assert "idle" not in smaller.by_name
    assert {"share", "last"} <= set(smaller.by_name)


def test_the_data_flow_ends_in_a_place_an_output() -> None:
    result = data_flow(BOTH)
    assert (result.output, result.outputs) == (None, BOTH.outputs)
    assert [node.name for node in result.nodes if node.kind in ("readout", "output")] == [
        "readout",
        "output share",
        "output last",
    ]


def test_trace_shows_each_output() -> None:
    result = trace(BOTH, [BEGIN, "a"], expected={"share": [None, "1"], "readout": [None, "no"], "last": [None, None]})
    assert result.table.wrong == {"share": (), "readout": (1,), "last": ()}


# Two programs #########################################################################################################


def test_outputs_are_compared_by_their_names() -> None:
    turned = replace(edited(), outputs=("last", "share", "readout"))
    result = diff(BOTH, turned)
    assert result.differing > 0
    assert result.inputs[0].positions == {"share": (), "readout": (), "last": (2,)}
    assert DiffResult.from_json(json.loads(json.dumps(result.to_json()))) == result
    assert diff(BOTH, replace(turned, nodes=BOTH.nodes)).differing == 0
    with pytest.raises(BadUsage, match="has the outputs 'share', 'readout', 'last', the second 'readout'"):
        diff(BOTH, replace(BOTH, outputs=("readout",)))


LETTER = Program(
    vocabulary=("a", "b"),
    classes=(),
    max_length=4,
    nodes=(Lookup("letter", ("tokens",), (None,), ("yes", "no"), ("yes", "no")),),
    readout=IMPLIED,
    outputs=("letter",),
)
"""Without a begin, and without a readout, what the readout of `BOTH` says."""


def test_programs_with_a_begin_and_without_are_compared_at_their_symbols() -> None:
    alone = replace(BOTH, outputs=("readout",))
    for one, other in ((alone, LETTER), (LETTER, alone)):
        result = diff(one, other)
        assert (result.differing, result.checked.inputs) == (0, 2 + 4 + 8 + 16)
        assert any("other marks" in note for note in result.notes)
    wrong = replace(LETTER, nodes=(LETTER.by_name["letter"].with_answer(1, "yes"),), classes=())
    result = diff(alone, wrong)
    assert result.inputs[0].tokens == (BEGIN, "b")
    assert result.inputs[0].positions == (1,)
    assert diff(wrong, alone).inputs[0].positions == (0,)


def test_fuzz_compares_a_readout_with_a_variable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = replace(LETTER, nodes=(LETTER.by_name["letter"].with_answer(1, "yes"),), classes=())
    for name, program in (("one", replace(BOTH, outputs=("readout",))), ("other", wrong)):
        (tmp_path / f"{name}.py").write_text(emit(program).text, encoding="utf-8")
    argv = ["fuzz", str(tmp_path / "one.py"), "--against", str(tmp_path / "other.py"), "--json", "--no-database"]
    assert main(argv) == 1
    buckets = json.loads(capsys.readouterr().out)["buckets"]
    assert min((bucket["smallest"]["tokens"] for bucket in buckets), key=len) == [BEGIN, "b"]
    assert buckets[0]["what"] == "position 1"


# The command line #####################################################################################################


def test_every_verb_takes_a_program_with_several_outputs(
    tmp_path: Path, task: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("both_program.py")
    path.write_text(emit(edited()).text, encoding="utf-8")
    given = [str(path), "--task", task.name]
    expected = '{"last": "nothing b", "share": ["1/2", "1/2"]}'
    for argv, code, said in (
        (["verify", *given], 1, "last: 2"),
        (["trace", *given, "--input", "ba"], 0, "wrong at position last: 2"),
        # share differs before, but it is right, and last does not come of it
        (["trace", *given, "--input", "ba", "--contrast"], 0, "they part at before, position 2"),
        (["blame", *given, "--input", "ba"], 0, "position 2 of last: predicted 'a', expected 'b'"),
        (["blame", *given, "--input", "ba", "--expect", expected], 0, "position 2 of last"),
        (["blame", *given, "--input", "ba", "--of", "share", "--position", "2", "--expect", "1/3"], 0, "of share"),
        (["blame", *given, "--all"], 0, "last, input 'b'"),
        (["circuits", *given, "--of", "share"], 0, "share"),
        (["circuits", *given], 0, "circuit of output share readout last line"),
        (["circuits", *given, "--class", "nothing"], 0, "last"),
        (["dead", *given], 0, ""),
        (["coverage", *given], 0, "never predicted: 1/12, 1/6, 5/12"),
        (["graph", *given], 0, "come out, each by its name"),
        (["fuzz", *given, "--no-database"], 1, "ba last nothing b nothing a"),
        (["repair", *given, "-o", str(tmp_path / "mended.py")], 0, ""),
        (["simplify", *given, "-o", str(tmp_path / "small.py")], 0, ""),
        (["diff", str(path), str(path), "--task", str(task)], 0, "answer alike"),
    ):
        assert main([*argv, "--color", "never"]) == code, argv
        out = capsys.readouterr().out
        assert said in " ".join(out.split()), argv
        assert argv[0] != "fuzz" or max(map(len, out.splitlines())) <= 81, out
    assert read_source((tmp_path / "mended.py").read_text(encoding="utf-8")).program.nodes == BOTH.nodes


def test_the_answers_of_an_option_name_their_outputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "both_program.py"
    path.write_text(emit(BOTH).text, encoding="utf-8")
    for expect, found in (("yes", "is no JSON object"), ('{"x": "yes"}', "is no JSON object")):
        assert main(["trace", str(path), "--input", "a", "--expect", expect]) == 2
        assert found in capsys.readouterr().err


def test_what_an_output_is_not_computed_from_is_left_out_of_its_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "both.py").write_text(TASK, encoding="utf-8")
    program, _ = fitted_pair(edited(), tmp_path / "both.py")
    (tmp_path / "two.py").write_text(emit(program).text, encoding="utf-8")
    given = [str(tmp_path / "two.py"), "--task", str(tmp_path / "both.py")]
    for output, nodes in (("last", {"before", "last"}), ("share", {"is_a", "share"}), ("readout", set())):
        assert main(["graph", *given, "--of", output, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        names = {node["name"] for node in told["nodes"]}
        assert names - {"tokens", "positions", "ones"} == nodes | {f"output {output}" if nodes else "readout"}
        assert {end for edge in told["edges"] for end in (edge["source"], edge["target"])} <= names
    assert main(["circuits", *given, "--of", "last", "-o", str(tmp_path / "last.dot")]) == 0
    assert "share" not in (tmp_path / "last.dot").read_text(encoding="utf-8").replace("two.py", "")
