"""Options and help pages as all verbs have them: one name for one thing, one order; completion; folders as programs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tprog
from cli.discovery import VARIABLE, find_program, module_of
from cli.layout import ASKED, OUTPUT, SHARED
from tests import programs
from tests.said import Said
from tests.test_cli import VERBS
from tprog.errors import BadUsage
from tprog.files import is_ours
from tprog.files.run_folder import CONFIG, PROGRAM

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with an exact program, and a faulty one in the folder of a run."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exact.py").write_text(tprog.emit(programs.sort()).text, encoding="utf-8")
    run = tmp_path / "runs" / "sort-0"
    run.mkdir(parents=True)
    (run / CONFIG).write_text("{}", encoding="utf-8")
    (run / PROGRAM).write_text(tprog.emit(programs.sort_with_a_fault()).text, encoding="utf-8")
    return tmp_path


# Help pages ###########################################################################################################


def _sections(page: str) -> dict[str, list[str]]:
    """Heading -> the names of what stands under it."""
    found: dict[str, list[str]] = {}
    for line in page.splitlines():
        if re.fullmatch(r"\S.*:", line):
            found[line[:-1]] = []
        elif (row := re.match(r"  (-\S+|[A-Z]\S*)", line)) and found:
            list(found.values())[-1].append(row[1].rstrip(","))
    return found


@pytest.mark.parametrize("verb", VERBS)
def test_a_help_page_has_the_arguments_first_and_shared_options_last_in_one_order(verb: str, said: Said) -> None:
    page = said(verb, "--help")[1]
    sections = _sections(page)
    headings = list(sections)
    assert headings == sorted(headings, key=lambda h: (h != "Arguments", h in SHARED and h != "Arguments", h == OUTPUT))
    order = ["--task", "--columns", "--weights", "--vocabulary", "--length", "--sample", "--seed"]
    assert sections.get(ASKED, []) == [name for name in order if name in sections.get(ASKED, [])]
    output = ["-o", "--json", "--force", "--color", "-h"]
    assert sections[OUTPUT] == [name for name in output if name in sections[OUTPUT]]
    usage = page.splitlines()[0]
    assert usage.endswith(" [OPTIONS]")
    assert not re.search(r"x>=|<int range>|default: \(| <str>", page)
    assert max(map(len, page.splitlines())) <= 80


def test_a_first_sentence_fits_into_the_list_of_verbs(said: Said) -> None:
    assert "..." not in said("--help")[1].split("Commands:")[1]


def test_how_many_inputs_to_draw_has_one_name_everywhere(said: Said) -> None:
    for verb in VERBS:
        page = said(verb, "--help")[1]
        assert "--sampled" not in page
        assert "--examples" not in page
        if verb in ("verify", "trace", "graph", "circuits", "dead", "coverage", "fuzz", "blame", "repair", "simplify"):
            assert "--sample COUNT" in page


# Folders of runs ######################################################################################################


def test_a_program_may_be_the_folder_of_a_run(said: Said, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = said("verify", "runs/sort-0", "--limit", "1")
    assert code == 1
    assert out.startswith("runs/sort-0/program.py: wrong on")
    assert said("diff", "exact.py", "runs/sort-0", "--sample", "50")[0] in (0, 1)
    assert said("diff", "runs/sort-0", "runs/sort-0/", "--sample", "50")[0] == 0
    assert said("fuzz", "exact.py", "--against", "runs/sort-0", "--sample", "500", "--no-database")[0] == 1
    monkeypatch.setenv(VARIABLE, "runs/sort-0")
    assert find_program(None, None, folder).path == Path("runs/sort-0/program.py")


def test_a_folder_without_a_program_is_refused_with_what_to_do(folder: Path) -> None:
    (folder / "runs/sort-0" / PROGRAM).unlink()
    with pytest.raises(BadUsage, match=r"is not done.*tpdebug train --resume.*tpdebug emit runs/sort-0 -o FILE"):
        module_of("runs/sort-0")
    with pytest.raises(BadUsage, match="runs is a folder, and not that of a run"):
        module_of("runs")


# Answers of run #######################################################################################################


def test_the_answers_of_run_go_to_a_file(said: Said, folder: Path) -> None:
    code, out, err = said("run", "exact.py", "--input", "ba", "--input", "edc", "-o", "answers.jsonl")
    assert (code, out, err) == (0, "", "tpdebug: wrote answers.jsonl\n")
    lines = [json.loads(line) for line in (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["prediction"][1:-1] for line in lines] == [["a", "b"], ["c", "d", "e"]]
    assert said("run", "exact.py", "--input", "ba", "--json", "-o", "answers.jsonl")[1].startswith('{"schema"')
    assert said("run", "exact.py", "--input", "ba", "-o", "answers.txt")[0] == 0
    text = (folder / "answers.txt").read_bytes()
    assert is_ours(text)
    assert text.endswith(b"\n\nab\n")


def test_run_writes_no_other_form_and_over_no_file_of_somebody_else(said: Said, folder: Path) -> None:
    assert "this verb writes .txt, .jsonl" in said("run", "exact.py", "--input", "ba", "-o", "answers.csv")[2]
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    assert said("run", "exact.py", "--input", "ba", "-o", "mine.txt")[0] == 2
    assert (folder / "mine.txt").read_text(encoding="utf-8") == "mine"


# Completion ###########################################################################################################


def _completed(*words: str) -> list[str]:
    """What bash is offered for the last of the words."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_TPDEBUG_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("tpdebug", *words)),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-c", "import sys; from cli.main import main; sys.exit(main())"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.split()


def test_a_shell_is_offered_verbs_options_choices_and_tasks() -> None:
    assert _completed("ver") == ["verify"]
    assert _completed("verify", "--sam") == ["--sample"]
    assert _completed("circuits", "--ablation", "re") == ["resample"]
    assert _completed("train", "indu") == ["induction"]
    assert _completed("verify", "--task", "rev") == ["reverse"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_shown_for_each_shell_and_installed_for_one(
    shell: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    command = [sys.executable, "-c", "import sys; from cli.main import main; sys.exit(main())"]
    shown = subprocess.run([*command, "--show-completion", shell], capture_output=True, text=True, env=environment)
    assert shown.returncode == 0, shown.stderr
    assert "_TPDEBUG_COMPLETE" in shown.stdout
    installed = subprocess.run(
        [*command, "--install-completion", shell], capture_output=True, text=True, env=environment
    )
    assert installed.returncode == 0, installed.stderr
    written = [path.read_text() for path in folder.rglob("*tpdebug*") if path.is_file()]
    assert any("_TPDEBUG_COMPLETE" in text for text in written)
