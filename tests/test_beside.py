"""A module and its side files: at every step of a write the old program stands there whole, or the new one."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.main import main
from tests.published import Writing, write
from tests.test_emit import large_vocabulary_program
from tests.test_published import CASES, PLAIN
from tprog.edits.edit import WeightEdit, apply
from tprog.errors import BadFile
from tprog.files.beside import Written, content_name, plain_name, write_together
from tprog.ir.program import Program
from tprog.text.emit import emit
from tprog.text.patch import patched_files
from tprog.text.read import Module, read_module
from tprog.text.side_names import with_free_names


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _changed(program: Program) -> Program:
    """Another program, with other tables beside it."""
    term = program.readout.terms[0]
    weight = next(iter(program.symbols(term.variable)))
    return apply(program, WeightEdit(term.variable, weight, program.classes[0], -123))


def _repaired(module: Module, after: Program, target: Path) -> tuple[str, dict[str, str]]:
    """The texts of a changed module, as `repair` makes them."""
    texts = patched_files(module, after)
    sides = {name: texts.get(str(module.side_path(name)), old) for name, old in module.sides.items()}
    found = with_free_names(module, texts[module.path], sides, after, target)
    assert found is not None
    return found


def published(folder: Path) -> tuple[Path, Callable[[], Written], Program]:
    """A published module, how its change is written over it, and what that means."""
    path = write(PLAIN, folder)
    module = read_module(path)
    after = _changed(module.program)
    return path, lambda: write_together(path, *_repaired(module, after, path), force=True), after


def tabled(folder: Path) -> tuple[Path, Callable[[], Written], Program]:
    """The same for a module of ours with its tables beside it."""
    path = folder / "words.py"
    before = large_vocabulary_program()
    emitted = emit(before, "words")
    write_together(path, emitted.text, emitted.side)
    after = _changed(before)
    new = emit(after, "words")
    return path, lambda: write_together(path, new.text, new.side), after


MADE = {"published": published, "tabled": tabled}

STEPS = ((tempfile, "mkstemp"), (os, "fsync"), (os, "chmod"), (os, "replace"), (os, "unlink"), (os, "open"))
"""The calls between which a write can be cut short."""


class Cut:
    """Fails, or ends the process, at one of the steps of what is done meanwhile."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, at: int, how: Callable[[], None], only: tuple[str, ...]
    ) -> None:
        self.left, self.how = at, how
        for module, name in STEPS:
            if name in only:
                monkeypatch.setattr(module, name, self._counted(getattr(module, name)))

    def _counted(self, call: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object, **options: object) -> object:
            self.left -= 1
            if self.left == 0:
                self.how()
            return call(*arguments, **options)

        return counted


def _full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _told(change: Callable[[], object]) -> str:
    try:
        change()
    except BadFile as error:
        return str(error)
    return ""


def _stopped() -> None:
    raise KeyboardInterrupt


WRITING = ("mkstemp", "fsync", "chmod", "replace")


@pytest.mark.parametrize("made", MADE)
def test_a_disk_that_is_full_at_any_step_leaves_the_old_program_and_nothing_else(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = []
    for at in range(1, 12):
        folder = tmp_path / str(at)
        folder.mkdir()
        path, change, after = MADE[made](folder)
        before, names = read_module(path).program, _names(folder)
        with monkeypatch.context() as patch:
            cut = Cut(patch, at, _full, WRITING)
            told = _told(change)
        if told:
            assert told.endswith("no space is left on the device; nothing was changed")
            assert _names(folder) == names
            failed.append(at)
        assert read_module(path).program == (before if told else after)
    # Of each of two files: make it, see it to the disk, set its mode, rename it. A folder that cannot be seen to the
    # disk (5 and 10) is no reason to fail.
    assert failed == [1, 2, 3, 4, 6, 7, 8, 9]
    assert cut.left > 0


@pytest.mark.parametrize("made", MADE)
def test_ctrl_c_at_any_step_leaves_one_whole_program(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, change, after = MADE[made](tmp_path)
    before, names, stopped = read_module(path).program, _names(tmp_path), 0
    for at in range(1, 60):
        with monkeypatch.context() as patch:
            cut = Cut(patch, at, _stopped, tuple(name for _, name in STEPS))
            with contextlib.suppress(KeyboardInterrupt):
                change()
        found = read_module(path).program
        assert found in (before, after)
        if found == after:
            break
        stopped += 1
        assert set(names) <= set(_names(tmp_path))
    assert stopped >= 8
    assert found == after
    assert cut.left <= 0


KILLED = """
import os, signal, sys
from pathlib import Path
import pytest
from tests import test_beside as t
from tprog.text.read import read_module

path, change, after = t.MADE[sys.argv[1]](Path(sys.argv[2]))
before, seen = read_module(path).program, []
for at in range(1, 60):
    child = os.fork()
    if not child:
        t.Cut(pytest.MonkeyPatch(), at, lambda: os.kill(os.getpid(), signal.SIGKILL), tuple(n for _, n in t.STEPS))
        change()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    found = read_module(path).program
    seen.append("old" if found == before else "new" if found == after else "neither")
    if not os.WIFSIGNALED(status):
        break
print(" ".join(seen))
"""


@pytest.mark.parametrize("made", MADE)
def test_a_process_that_is_killed_at_any_step_leaves_one_whole_program(made: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, made, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    seen = done.stdout.split()
    assert "neither" not in seen
    assert seen.count("old") >= 8
    assert seen[-1] == "new"
    left = [name for name in _names(tmp_path) if name.endswith(".part")]
    assert left == []  # the next writer has swept


def test_the_old_tables_go_once_nothing_names_them_and_stay_while_something_does(tmp_path: Path) -> None:
    path, change, _ = tabled(tmp_path)
    (old,) = (name for name in _names(tmp_path) if name.endswith(".json"))
    other = tmp_path / "other.py"
    other.write_bytes(path.read_bytes())
    written = change()
    assert old in _names(tmp_path)
    assert written.removed == ()
    other.unlink()
    write_together(path, emit(large_vocabulary_program(), "words").text, emit(large_vocabulary_program(), "words").side)
    (new,) = written.made[1:]
    assert old in _names(tmp_path)
    assert new.name not in _names(tmp_path)


def test_tables_that_somebody_has_edited_stay(tmp_path: Path) -> None:
    path, change, after = tabled(tmp_path)
    (old,) = tmp_path.glob("*.json")
    old.write_text(old.read_text() + "\n")
    assert change().removed == ()
    assert old.exists()
    assert read_module(path).program == after


def test_a_file_that_has_the_new_name_already_is_not_overwritten(tmp_path: Path) -> None:
    path, change, after = tabled(tmp_path)
    (new,) = emit(after, "words").side
    (tmp_path / new).write_text("precious")
    before = read_module(path).program
    with pytest.raises(BadFile, match="move it away"):
        change()
    assert (tmp_path / new).read_text() == "precious"
    assert read_module(path).program == before


def test_the_author_s_own_table_stays_and_the_second_repair_removes_that_of_the_first(tmp_path: Path) -> None:
    path, change, after = published(tmp_path)
    own = (tmp_path / "made_weights.csv").read_bytes()
    (_, first) = change().made
    assert first.name == content_name("made_weights.csv", first.read_text())
    module = read_module(path)
    assert module.program == after
    again = apply(module.program, WeightEdit("same", 1, "a", 77))
    written = write_together(path, *_repaired(module, again, path), force=True)
    assert written.removed == (first,)
    assert str(written).endswith(f"; removed {first}, which nothing names any more")
    assert read_module(path).program == again
    assert (tmp_path / "made_weights.csv").read_bytes() == own
    assert len(_names(tmp_path)) == 3


@pytest.mark.parametrize("case", CASES)
def test_a_changed_copy_in_the_same_folder_keeps_its_form_and_overwrites_nothing(case: str, tmp_path: Path) -> None:
    wanted, how = CASES[case]
    module = read_module(write(wanted, tmp_path, how=how))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    after = _changed(module.program)
    write_together(tmp_path / "copy.py", *_repaired(module, after, tmp_path / "copy.py"))
    copy = read_module(tmp_path / "copy.py")
    assert copy.program == after
    assert copy.dialect == "published"
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


def test_a_copy_in_another_folder_keeps_the_names(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    module = read_module(write(PLAIN, tmp_path / "here"))
    after = _changed(module.program)
    target = tmp_path / "there" / "copy.py"
    write_together(target, *_repaired(module, after, target))
    assert _names(tmp_path / "there") == ["copy.py", "made_weights.csv"]
    assert read_module(target).program == after


@pytest.mark.parametrize(
    "path",
    [
        "'out/run/made_weights.csv'",
        "r'out\\run\\made_weights.csv'",
        '"""made_weights.csv"""',
        "'made_' 'weights.csv'",
        "Path(__file__).parent / 'made_weights.csv'",
        "os.path.join(os.path.dirname(__file__), 'made_weights.csv')",
        "f'{Path(__file__).stem}_weights.csv'",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_path_of_any_form_names_the_new_table(tmp_path: Path, path: str, end: str) -> None:
    made = write(PLAIN, tmp_path)
    text = made.read_text()
    (call,) = (line for line in text.splitlines() if "read_csv" in line)
    old = call.split("read_csv(")[1].split(",")[0].strip()
    head = "import os\nfrom pathlib import Path\n# é\u2028\n"
    made.write_bytes((head + text.replace(old, path, 1)).replace("\n", end).encode())
    module = read_module(made)
    after = _changed(module.program)
    written = write_together(made, *_repaired(module, after, made), force=True)
    assert read_module(made).program == after
    assert len(written.made) == 2
    assert "é\u2028" in made.read_text(encoding="utf-8")


def test_names_tell_contents_and_a_date_is_no_digest() -> None:
    name = content_name("a_weights.csv", "1,2\n")
    assert name == "a_weights-6f6e2d7e.csv" or len(name) == len("a_weights-6f6e2d7e.csv")
    assert plain_name(name, "1,2\n") == "a_weights.csv"
    assert plain_name(name, "1,3\n") == name
    assert plain_name("a-20240131.csv", "1,2\n") == "a-20240131.csv"
    assert plain_name(content_name("table", "x"), "x") == "table"


# The command line #####################################################################################################


def test_repair_of_a_published_module_says_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(CASES["heads"][0], tmp_path, how=Writing())
    before = {name: (tmp_path / name).read_bytes() for name in _names(tmp_path)}
    arguments = ["repair", path.name, "--task", "sort", "-o", path.name, "--force", "--sample", "200", "--limit", "3"]
    assert main(arguments) in (0, 1)
    told = capsys.readouterr().err.splitlines()
    new = [name for name in _names(tmp_path) if name not in before and not name.startswith(".")]
    assert told[-1] == f"tpdebug: wrote {', '.join([path.name, *new])}"
    assert (tmp_path / "made_weights.csv").read_bytes() == before["made_weights.csv"]


def test_a_large_module_under_a_name_that_is_no_utf_8_is_written_and_read(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    emitted = emit(large_vocabulary_program(), name)
    write_together(tmp_path / f"{name}.py", emitted.text, emitted.side)
    assert read_module(tmp_path / f"{name}.py").program == large_vocabulary_program()
    assert all(side.startswith("caf__tables-") for side in emitted.side)
