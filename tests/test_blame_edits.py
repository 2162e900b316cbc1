"""Any edit of the list of `tpdebug blame` can be shown and applied."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import tprog
from analyze.verify import verify
from cli.discovery import VARIABLE
from tests import programs
from tests.said import Said
from tprog.tasks.builtin import inputs_for
from tprog.text.read import read_source

FAULTY = tprog.emit(programs.sort_with_a_fault()).text
ASKED = ("blame", "faulty.py", "--input", "abbbb")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a faulty program."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faulty.py").write_text(FAULTY, encoding="utf-8")
    return tmp_path


def _wrong_predictions(module: str) -> int:
    """Over all inputs."""
    program = tprog.load(module)
    found = verify(program, inputs_for(program))
    return found.tokens - found.tokens_right


@pytest.mark.parametrize("asked", [ASKED, ("blame", "faulty.py", "--all")])
def test_any_edit_of_the_list_is_shown_as_a_change_and_written(asked: tuple[str, ...], said: Said) -> None:
    found = json.loads(said(*asked, "--json")[1])
    edits = found["candidates" if "candidates" in found else "entries"]
    wrong = _wrong_predictions("faulty.py")
    assert edits
    for number, edit in enumerate(edits[:2], 1):
        shown = said(*asked, "--show", str(number))[1]
        assert f"{'the first edit' if number == 1 else f'edit {number}'} as a change of the source:" in shown
        assert edit["diff"].rstrip("\n") in shown
        name = f"mended{number}.py"
        code, out, err = said(*asked, "--apply", str(number), "-o", name)
        assert (code, err) == (0, f"tpdebug: wrote {name}\n")
        assert out == shown
        assert _wrong_predictions(name) == wrong - edit["net"]
        assert edit["edit"] in dict(tprog.load(name).provenance)["edited"]


def test_a_change_is_written_alone_and_applies_with_patch(said: Said, folder: Path) -> None:
    for _ in range(2):  # the second time over a file of ours
        assert said(*ASKED, "--apply", "2", "-o", "second.diff")[0] == 0
    text = (folder / "second.diff").read_text(encoding="utf-8")
    assert "+++ faulty.py" in text
    if shutil.which("patch"):
        subprocess.run(["patch", "-s", "faulty.py", "second.diff"], check=True)
        assert tprog.load("faulty.py") != read_source(FAULTY, "faulty.py").program


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*ASKED, "--show", "99"), "there is no edit 99: the list has"),
        (
            ("blame", "faulty.py", "--input", "ab", "--show", "1"),
            "the prediction is right, so there is no list of edits",
        ),
        ((*ASKED, "--apply", "1"), "--apply 1 writes a module, or a .diff; name it with -o FILE"),
        ((*ASKED, "--apply", "1", "-o", "page.html"), "expected the ending .py"),
        ((*ASKED, "--apply", "1", "--show", "2", "-o", "new.py"), "are two edits; give one"),
        ((*ASKED, "-o", "new.py"), "the ending picks the form, and this verb writes"),
    ],
)
def test_an_edit_that_is_not_there_is_refused_in_one_line(
    arguments: tuple[str, ...], message: str, said: Said, folder: Path
) -> None:
    code, _, err = said(*arguments)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert not (folder / "new.py").exists()


def test_nothing_is_written_where_the_list_lacks_the_edit(said: Said, folder: Path) -> None:
    assert said(*ASKED, "--apply", "99", "-o", "new.py")[0] == 2
    assert said("blame", "faulty.py", "--all", "--apply", "99", "-o", "new.py")[0] == 2
    assert not (folder / "new.py").exists()
