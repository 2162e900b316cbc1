"""The command line as a user meets it: what is printed, what is written, and the exit code."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tprog
from cli import INTERRUPTED
from cli.discovery import VARIABLE
from cli.main import VERBS as LINES
from cli.main import function
from cli.progress import working
from tests import programs
from tests.said import Said
from tests.test_emit import large_vocabulary_program
from tprog.version import VERSION

ROOT = Path(__file__).parents[1]
EXACT = tprog.emit(programs.sort()).text
FAULTY = tprog.emit(programs.sort_with_a_fault()).text
WRONG = "abbbb"
"""An input that the faulty program gets wrong."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with an exact and a faulty program."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exact.py").write_text(EXACT, encoding="utf-8")
    (tmp_path / "faulty.py").write_text(FAULTY, encoding="utf-8")
    return tmp_path


def _python(code: str, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


RUN_MAIN = "import sys; from cli.__main__ import run; sys.exit(run())"


# Help #################################################################################################################


VERBS = [
    "tasks",
    "data",
    "train",
    "train-gpt",
    "decompile",
    "emit",
    "run",
    "sweep",
    "verify",
    "trace",
    "graph",
    "circuits",
    "dead",
    "coverage",
    "fuzz",
    "blame",
    "repair",
    "simplify",
    "diff",
    "words",
    "report",
    "plot",
    "rasp",
    "compile",
    "schema",
    "help",
]


def test_help_lists_every_verb_in_the_order_of_the_work(said: Said) -> None:
    code, out, _ = said("--help")
    assert code == 0
    commands = out.split("Commands:")[1].split("\n\n")[0]
    listed = [line.split()[0] for line in commands.splitlines() if line[:3] == "  " + line[2:3] != "   "]
    assert listed == VERBS
    assert said("-h")[1] == out == said()[1]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, said: Said) -> None:
    code, out, err = said(verb, "--help")
    assert (code, err) == (0, "")
    assert f"tpdebug {verb}" in out


@pytest.mark.parametrize("verb", VERBS)
def test_the_line_of_a_verb_is_the_first_sentence_of_its_page(verb: str) -> None:
    first, _, _ = " ".join((function(verb).__doc__ or "").split()).partition(". ")
    assert LINES[verb] == f"{first.rstrip('.')}."


def test_the_help_page_imports_no_verb() -> None:
    code = (
        f"{RUN_MAIN.replace('sys.exit(run())', 'run()')}; print([m for m in sys.modules if m.startswith('cli.verbs.')])"
    )
    assert _python(code, "--help").stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ("tasks",),
        ("run", "-", "--input", "ab", "--color", "never"),
        ("verify", "no.py", "--sample", "5", "--limit", "3", "-o", "told.md"),
    ],
)
def test_usual_values_are_taken_without_what_typer_checks_values_with(arguments: tuple[str, ...]) -> None:
    told = "print([name for name in sys.modules if name.startswith('pydantic')])"
    done = _python(f"{RUN_MAIN.replace('sys.exit(run())', 'run()')}; {told}", *arguments)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("verify", "--sample", "many"), "--sample"),
        (("verify", "--sample", "0"), "--sample"),
        (("verify", "--sample", "-1"), "--sample"),
        (("verify", "--sample", "1e3"), "--sample"),
        (("verify", "--color", "red"), "--color"),
        (("run", "--input"), "--input"),
        (("schema", "--nothing"), "--nothing"),
    ],
)
def test_a_value_that_is_not_what_is_meant_is_refused(given: tuple[str, ...], told: str, said: Said) -> None:
    code, out, err = said(*given)
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1


def test_the_version_is_printed(said: Said) -> None:
    assert said("--version") == (0, f"tpdebug {VERSION}\n", "")


def test_help_imports_nothing_heavy() -> None:
    heavy = ("numpy", "libcst", "rich.console", "torch", "graphviz")
    code = f"{RUN_MAIN.replace('sys.exit(run())', 'run()')}; print([m for m in {heavy} if m in sys.modules])"
    assert _python(code, "--help").stdout.splitlines()[-1] == "[]"


# Torch ################################################################################################################

WITHOUT_TORCH = """
import sys
from importlib.abc import MetaPathFinder

class Block(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "safetensors"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name.split(".")[0])

sys.meta_path.insert(0, Block())
from cli.main import main
print("codes", *[main(line.split()) for line in sys.argv[1].splitlines()])
"""


def test_only_train_and_emit_of_a_run_need_torch(folder: Path) -> None:
    (folder / "runs").mkdir()
    codes = {
        "tasks": 0,
        "run exact.py --input ba": 0,
        "trace exact.py --input ba": 0,
        "graph exact.py -o graph.svg": 0,
        "graph exact.py --calls": 0,
        "circuits exact.py": 0,
        "dead exact.py": 0,
        "blame exact.py --input ba": 0,
        "verify exact.py": 0,
        "emit exact.py -o again.py": 0,
        "emit runs -o again.py": 2,
        "train sort": 2,
    }
    done = _python(WITHOUT_TORCH, "\n".join(codes), folder=folder)
    assert done.stdout.splitlines()[-1].split() == ["codes", *map(str, codes.values())], done.stderr
    assert done.stderr.count("pip install '.[train]' in tpdebug's folder") == 2


# Answers ##############################################################################################################

ASKING: dict[str, tuple[str, ...]] = {
    "verify": ("verify", "faulty.py"),
    "trace": ("trace", "faulty.py", "--input", WRONG),
    "graph": ("graph", "faulty.py"),
    "calls": ("graph", "faulty.py", "--calls"),
    "dead": ("dead", "faulty.py"),
    "circuits": ("circuits", "faulty.py"),
    "blame": ("blame", "faulty.py", "--input", WRONG),
}


@pytest.mark.parametrize("schema", ASKING)
def test_every_analysis_answers_in_json_with_its_schema(schema: str, said: Said) -> None:
    code, out, err = said(*ASKING[schema], "--json")
    assert (code, err) == (int(schema == "verify"), "")
    changed = schema in ("dead", "circuits", "blame", "trace", "graph", "coverage", "diff", "repair")
    assert json.loads(out)["schema"] == f"tpdebug.{schema}/{1 + changed}"


@pytest.mark.parametrize("schema", ASKING)
def test_every_analysis_writes_the_same_json_and_text_to_a_file(schema: str, said: Said, folder: Path) -> None:
    _, printed, _ = said(*ASKING[schema], "--json")
    code, out, err = said(*ASKING[schema], "-o", "answer.json")
    assert (code, out, err) == (int(schema == "verify"), "", "tpdebug: wrote answer.json\n")
    assert (folder / "answer.json").read_text(encoding="utf-8") == printed
    said(*ASKING[schema], "-o", "answer.txt")
    _, text, _ = said(*ASKING[schema])
    assert text.splitlines()[0] in (folder / "answer.txt").read_text(encoding="utf-8")


def test_verify_says_no_with_exit_code_1_and_yes_with_0(said: Said) -> None:
    code, out, _ = said("verify", "faulty.py")
    assert code == 1
    assert WRONG in out
    assert "19,530" in out
    assert "390 more" in out
    assert len(json.loads(said("verify", "faulty.py", "--json")[1])["counterexamples"]) == 410
    assert len(json.loads(said("verify", "faulty.py", "--json", "--limit", "7")[1])["counterexamples"]) == 7
    assert said("verify", "exact.py")[0] == 0


def test_a_sample_is_stated(said: Said) -> None:
    found = json.loads(said("verify", "exact.py", "--sample", "100", "--seed", "3", "--json")[1])
    assert found["checked"]["exhaustive"] is False
    assert "seed 3" in found["checked"]["description"]


def test_colour_is_used_only_where_it_is_wanted(said: Said) -> None:
    assert "\x1b[" not in said("verify", "faulty.py")[1]
    assert "\x1b[" in said("verify", "faulty.py", "--color", "always")[1]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (("--class", "b"), "class"),
        (("--position", "2"), "position"),
        (("--token", "c"), "token"),
        (("--input", "abbc"), "input"),
    ],
)
def test_a_circuit_of_each_kind_of_sub_problem_is_found_and_drawn(
    options: tuple[str, str], kind: str, said: Said
) -> None:
    found = json.loads(said("circuits", "exact.py", *options, "--json")[1])
    assert [circuit["kind"] for circuit in found["circuits"]] == [kind]
    drawn = json.loads(said("graph", "exact.py", *options, "--json")[1])
    assert drawn["highlighted"] == found["circuits"][0]["members"]


def test_two_conditions_at_once_mean_the_predictions_of_both(said: Said) -> None:
    found = json.loads(said("circuits", "exact.py", "--class", "b", "--position", "2", "--json")[1])["circuits"]
    assert (
        found[0]["pairs"]
        < json.loads(said("circuits", "exact.py", "--class", "b", "--json")[1])["circuits"][0]["pairs"]
    )


def test_a_circuit_and_a_slice_at_once_are_refused(said: Said) -> None:
    assert said("graph", "exact.py", "--class", "b", "--from", "less")[0] == 2


def test_slices_are_highlighted(said: Said) -> None:
    forward = json.loads(said("graph", "exact.py", "--from", "less", "--json")[1])
    assert {"less", "rank", "readout"} <= set(forward["highlighted"])
    backward = json.loads(said("graph", "exact.py", "--to", "less", "--json")[1])
    assert set(backward["highlighted"]) == {"tokens", "ones", "less"}


def test_a_picture_is_svg_or_dot_by_its_ending(said: Said, folder: Path) -> None:
    for more in ((), ("--calls",)):
        assert said("graph", "exact.py", *more, "-o", "graph.svg") == (0, "", "tpdebug: wrote graph.svg\n")
        assert ElementTree.parse(folder / "graph.svg").getroot().tag.endswith("svg")
        assert said("graph", "exact.py", *more, "-o", "graph.dot")[0] == 0
        assert "digraph" in (folder / "graph.dot").read_text(encoding="utf-8")


def test_the_engines_of_the_call_graph_can_be_chosen_and_compared(said: Said) -> None:
    assert json.loads(said("graph", "exact.py", "--engine", "pyan3", "--json")[1])["engine"] == "pyan3"
    assert json.loads(said("graph", "exact.py", "--cross-check", "--json")[1])["differences"]


def test_trace_sets_the_nearest_right_input_beside_a_wrong_one(said: Said) -> None:
    found = json.loads(said("trace", "faulty.py", "--input", WRONG, "--contrast", "--json")[1])
    assert found["table"]["wrong"]
    assert found["contrast"]["parts_at"]
    assert not found["contrast"]["table"]["wrong"]


def test_blame_names_the_planted_fault_first(said: Said) -> None:
    found = json.loads(said("blame", "faulty.py", "--input", WRONG, "--json")[1])
    first = found["candidates"][0]
    assert (first["node"], first["at"], first["restores"]) == ("rank", list(programs.FAULT), True)
    assert FAULTY.splitlines()[first["line"] - 1].strip() == "return 4"


def test_an_expected_answer_replaces_the_task(said: Said, folder: Path) -> None:
    (folder / "nameless.py").write_text(tprog.emit(replace(programs.sort(), task=None)).text, encoding="utf-8")
    found = json.loads(said("blame", "nameless.py", "--input", "ba", "--expect", "bb", "--json")[1])
    assert (found["position"], found["expected"], found["predicted"]) == (1, "b", "a")
    found = json.loads(said("blame", "nameless.py", "--input", "ba", "--position", "2", "--expect", "a", "--json")[1])
    assert (found["position"], found["expected"], found["predicted"]) == (2, "a", "b")
    table = json.loads(said("trace", "nameless.py", "--input", "ba", "--expect", "bb", "--json")[1])["table"]
    assert table["wrong"] == [1]


# Running ##############################################################################################################


def test_run_prints_one_prediction_a_line(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said("run", "exact.py", "--input", "cab", "--input", "b a") == (0, "abc\nab\n", "")
    monkeypatch.setattr(sys, "stdin", io.StringIO("edcba\nb\n"))
    assert said("run", "exact.py") == (0, "abcde\nb\n", "")


def test_run_does_not_wait_for_a_person_to_type(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("cab\n"))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    code, _, err = said("run", "exact.py")
    assert code == 2
    assert "--input" in err


def test_run_answers_in_json_a_line(said: Said) -> None:
    _, out, _ = said("run", "exact.py", "--input", "ba", "--input", "c", "--json")
    told: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert [answer["prediction"][1:-1] for answer in told] == [["a", "b"], ["c"]]


def test_a_hole_is_told_as_the_outcome_of_its_input(said: Said, folder: Path) -> None:
    (folder / "partial.py").write_text(tprog.emit(programs.partial()).text, encoding="utf-8")
    code, out, _ = said("run", "partial.py", "--input", "a", "--input", "d")
    assert code == 1
    assert out.splitlines() == ["yes", "hole at kind, word 'd'"]
    told = json.loads(said("run", "partial.py", "--input", "d", "--json")[1])
    assert (told["prediction"], told["hole"]) == (None, "hole at kind, word 'd'")


def test_a_program_that_was_not_named_is_told(said: Said, folder: Path) -> None:
    said("verify", "faulty.py")
    assert said("run", "--input", "b") == (0, "b\n", "tpdebug: faulty.py (last written or used in this folder)\n")
    said("emit", "exact.py", "-o", "new.py")
    assert said("run", "--input", "b")[2] == "tpdebug: new.py (last written or used in this folder)\n"
    assert said("graph", "--calls", "--json")[2] == "tpdebug: new.py (last written or used in this folder)\n"


def test_a_program_that_was_not_named_is_told_beside_a_refusal_too(said: Said, folder: Path) -> None:
    said("emit", "exact.py", "-o", "new.py")
    for refused in (
        ("blame", "--input", "ba", "--apply", "4", "-o", "mended.py"),
        ("verify", "--task", "most_freq"),
        ("trace", "--input", "z"),
        ("circuits", "--class", "z"),
    ):
        code, out, err = said(*refused)
        assert (code, out) == (2, "")
        assert err.splitlines()[0] == "tpdebug: new.py (last written or used in this folder)"


def test_emit_writes_a_module_that_reads_the_same(said: Said, folder: Path) -> None:
    assert said("emit", "exact.py", "-o", "again.py") == (0, "", "tpdebug: wrote again.py\n")
    assert tprog.load(folder / "again.py") == programs.sort()
    assert said("emit", "exact.py") == (0, EXACT, "")


def test_a_module_that_needs_a_file_beside_it_is_not_printed(said: Said, folder: Path) -> None:
    large = tprog.emit(large_vocabulary_program(), "large")
    for name, text in {"large.py": large.text, **large.side}.items():
        (folder / name).write_text(text, encoding="utf-8")
    code, out, err = said("emit", "large.py")
    assert (code, out) == (2, "")
    assert "name the module with -o FILE" in err


def test_the_tasks_are_listed_with_an_example_each(said: Said) -> None:
    _, out, _ = said("tasks")
    assert "19,530" in out
    listed = json.loads(said("tasks", "--json")[1])["tasks"]
    assert [task["task"] for task in listed][:4] == ["reverse", "hist", "double_hist", "sort"]


# Training #############################################################################################################

SMALL = shlex.split("--search 0 --dataset-size 200 --batch 64 --layers 1 --epochs 2 --polish 0")


def test_a_run_is_kept_read_again_and_protected(said: Said, folder: Path) -> None:
    code, out, err = said("train", "sort", *SMALL, "-o", "learned.py")
    assert code == 0, err
    assert "test: " in out
    assert said("run", "--input", "abbc")[0] == 0
    learned = (folder / "learned.py").read_text(encoding="utf-8")

    assert said("emit", "runs/sort-0", "-o", "again.py")[0] == 0
    assert (folder / "again.py").read_text(encoding="utf-8") == learned

    code, _, err = said("train", "sort", *SMALL)
    assert (code, len(err.splitlines())) == (2, 1)
    assert said("train", "sort", "--resume", "-o", "learned.py")[0] == 0
    assert said("train", "sort", "--resume", "--epochs", "3")[0] == 2
    assert said("train", "reverse", "--resume", "--run-folder", "runs/sort-0")[0] == 2
    assert (folder / "learned.py").read_text(encoding="utf-8") == learned

    checkpoint = folder / "runs" / "sort-0" / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    for command in (("emit", "runs/sort-0", "-o", "cut.py"), ("train", "sort", "--resume")):
        code, _, err = said(*command)
        assert (code, len(err.splitlines())) == (2, 1)
        assert "checkpoint.safetensors" in err
    assert not (folder / "cut.py").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("sort", "--layres", "1"),
        ("sort", "--layers"),
        ("sort", "--layers", "many"),
        ("sort", "--layers", "0"),
        ("sort", "--preset", "published", "--batch", "0"),
        ("hist", "--preset", "demo"),
        ("sort", "-o", "program.txt"),
        ("sort", "--resume"),
        ("sort", "-o", "notes.py"),
    ],
    ids=" ".join,
)
def test_settings_without_meaning_are_refused_before_training(
    arguments: tuple[str, ...], said: Said, folder: Path
) -> None:
    (folder / "notes.py").write_text("print('mine')\n", encoding="utf-8")
    code, out, err = said("train", *arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1), err
    assert not (folder / "runs").exists()


def test_a_run_that_is_stopped_says_how_to_go_on(said: Said, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trainer import fit

    whole = fit.train

    def stopped(*arguments: Any, **options: Any) -> fit.TrainResult:
        return replace(whole(*arguments, **options), interrupted=True)

    monkeypatch.setattr(fit, "train", stopped)
    code, _, err = said("train", "sort", *SMALL)
    assert code == INTERRUPTED
    assert "tpdebug train sort --run-folder runs/sort-0 --resume -o sort_program.py" in err
    assert "tpdebug emit runs/sort-0 -o sort_program.py" in err
    assert not (folder / "sort_program.py").exists()  # half-trained, it must replace nothing


def test_where_an_exact_program_was_searched_for_and_none_came_of_it_the_answer_is_no(said: Said, folder: Path) -> None:
    small = shlex.split("--dataset-size 120 --batch 16 --layers 1 --vocabulary-size 5 --length 5 --epochs 1 --polish 0")
    small += shlex.split("--members 1 --halvings 0")
    code, out, err = said("train", "most_freq", *small, "--search", "1")
    assert code == 1
    first, last = remarks(err)
    assert first.startswith("tpdebug: the search found no program that is right on all its 95 inputs; ")
    assert first.endswith("; training begins")
    assert last.startswith("tpdebug: most_freq_program.py is the best so far, but wrong on ")
    assert " of 84 training inputs, " in last
    assert "wrote most_freq_program.py" in out
    before = (folder / "most_freq_program.py").read_bytes()
    code, _, err = said("train", "most_freq", "--resume")
    assert (code, remarks(err)) == (1, [last])
    assert (folder / "most_freq_program.py").read_bytes() == before
    none = "tpdebug: the search knows nothing of learned embeddings, so there is none; training begins"
    learned = ["--search", "1", "--embedding", "learned", "--cardinality", "5"]
    for unasked, notes in ((["--search", "0"], []), (learned, [none])):
        code, _, err = said("train", "most_freq", *small, *unasked, "--force")
        assert (code, remarks(err)) == (0, notes)


def remarks(err: str) -> list[str]:
    """What is said on stderr, without the bar."""
    return [line for line in err.splitlines() if line.startswith("tpdebug: ")]


def test_a_search_that_is_stopped_is_begun_anew_where_the_run_goes_on(
    said: Said, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trainer import run as running

    def stopped(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(running, "improve", stopped)
        code, out, err = said("train", "sort", *SMALL, "--polish", "3")
    assert (code, out) == (INTERRUPTED, "")
    assert "Go on with: tpdebug train sort --run-folder runs/sort-0 --resume -o sort_program.py" in err
    assert not (folder / "sort_program.py").exists()
    assert said("train", "sort", "--resume")[0] == 0
    assert "polished" in (folder / "sort_program.py").read_text(encoding="utf-8")


def test_a_module_that_a_person_edited_is_not_overwritten_unasked(said: Said, folder: Path) -> None:
    path = folder / "exact.py"
    assert said("emit", str(path), "-o", "copy.py")[0] == 0
    assert said("emit", str(path), "-o", "copy.py")[0] == 0  # as tpdebug wrote it: nothing is lost
    edited = (folder / "copy.py").read_text(encoding="utf-8").replace("READOUT = {", "# my notes\nREADOUT = {", 1)
    (folder / "copy.py").write_text(edited, encoding="utf-8")
    code, _, err = said("emit", str(path), "-o", "copy.py")
    assert (code, err) == (
        2,
        "tpdebug: copy.py is not, or no longer, as tpdebug writes it; use --force to overwrite it, or another name\n",
    )
    assert said("train", "sort", *SMALL, "-o", "copy.py")[0] == 2
    assert (folder / "copy.py").read_text(encoding="utf-8") == edited
    assert said("emit", str(path), "-o", "copy.py", "--force")[0] == 0


def test_inputs_on_stdin_are_answered_as_they_come_and_a_bad_line_is_named(
    said: Said, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ba\n\ncba\nxx\n"))
    code, out, err = said("run", str(folder / "exact.py"))
    assert (code, out) == (2, "ab\nabc\n")
    assert err == "tpdebug: line 4 of stdin: token 1 is 'x'; expected one of 'a', 'b', 'c', 'd', 'e'\n"


def test_a_run_folder_that_holds_other_things_is_left_alone(said: Said, folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "notes.txt").write_text("x", encoding="utf-8")
    code, _, err = said("train", "sort", *SMALL, "--run-folder", "mine")
    assert (code, err.count("holds other things than a run")) == (2, 1)
    assert [path.name for path in (folder / "mine").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("options", [("--class", "a"), ("--from", "run"), ("--task", "sort"), ("--sample", "9")])
def test_a_call_graph_takes_no_option_of_the_data_flow(options: tuple[str, ...], said: Said, folder: Path) -> None:
    code, _, err = said("graph", str(folder / "exact.py"), "--calls", *options)
    assert (code, err) == (2, f"tpdebug: {options[0]} is about the data flow; a call graph has no such thing\n")
    assert said("graph", str(folder / "exact.py"), "--cross-check", "-o", "x.svg")[0] == 2


# Outcomes #############################################################################################################


@pytest.mark.parametrize(
    ("raised", "code", "says"),
    [
        (KeyboardInterrupt(), INTERRUPTED, "stopped"),
        (MemoryError(), 2, "--sample"),
        (RecursionError(), 2, "nested"),
        (OSError(5, "Input/output error", "disk"), 2, "disk: Input/output error"),
        (EOFError(), 2, "stopped"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_stops_a_verb_is_told_in_one_line(
    raised: BaseException,
    code: int,
    says: str,
    said: Said,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("analyze.dead.find_dead", stop)
    found, out, err = said("dead", "exact.py")
    assert (found, out) == (code, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1


def test_a_terminal_without_unicode_shows_what_it_can(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-c", RUN_MAIN, "trace", "faulty.py", "--input", WRONG],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_picture_and_a_table_of_a_sample_say_that_they_are_no_proof(said: Said, folder: Path) -> None:
    path = str(folder / "exact.py")
    assert "checked on all 19,530 inputs\n" in said("graph", path)[1]
    assert "so this is no proof" in said("graph", path, "--sample", "2")[1]
    assert said("graph", path, "--sample", "2", "--class", "a", "-o", "x.dot")[0] == 0
    assert "so this is no proof" in (folder / "x.dot").read_text(encoding="utf-8")


def test_a_terminal_is_told_what_is_being_worked_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with working("dead", "all 9 inputs"):
        pass
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with working("dead", "all 9 inputs"):
        pass
    out, err = capsys.readouterr()
    assert out == ""
    assert "dead: all 9 inputs" in err
