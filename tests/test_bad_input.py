"""Bad input: one clear line on stderr, exit code 2, nothing lost, never a traceback."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import tprog
from cli.discovery import VARIABLE
from cli.main import main
from tests import programs

MODULE = tprog.emit(programs.sort_with_a_fault()).text
NAMELESS = tprog.emit(replace(programs.sort(), task=None)).text


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder, and a check that a refused command leaves no litter in it."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".tmp", ".part")]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command line that must be refused, and returns the one line that says why."""

    def run(*arguments: str) -> str:
        code = main(arguments)
        shown = capsys.readouterr()
        assert code == 2, shown
        assert shown.out == ""
        lines = shown.err.splitlines()
        assert len(lines) == 1, shown.err
        assert lines[0].startswith("tpdebug: ")
        assert "Traceback" not in lines[0]
        return lines[0]

    return run


READERS = (
    ("run", "--input", "ab"),
    ("trace", "--input", "ab"),
    ("graph",),
    ("graph", "--calls"),
    ("circuits",),
    ("dead",),
    ("blame", "--input", "ab"),
    ("verify",),
    ("emit", "-o", "out.py"),
)


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_a_file_that_is_not_there_is_named_by_every_verb(
    command: tuple[str, ...], refused: Callable[..., str], folder: Path
) -> None:
    line = refused(command[0], "missing.py", *command[1:])
    assert "missing.py" in line
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"  \n\n", "empty"),
        (b"\x7fELF\x00\x01\x02", "binary"),
        (b"# \xe9t\xe9\n", "UTF-8"),
        (b"def run(tokens:\n", ":1:"),
        (b"x = 1\n\n  y = 2\n", ":3:"),
        (b"(" * 5000, ":1:"),
    ],
    ids=["empty", "blank", "binary", "latin-1", "syntax", "indentation", "deep nesting"],
)
def test_a_file_that_is_no_module_is_refused_with_the_reason(
    content: bytes, says: str, refused: Callable[..., str], folder: Path
) -> None:
    (folder / "bad.py").write_bytes(content)
    line = refused("verify", "bad.py")
    assert "bad.py" in line
    assert says in line


def test_a_folder_in_place_of_a_module_is_refused(refused: Callable[..., str], folder: Path) -> None:
    (folder / "folder.py").mkdir()
    assert "folder" in refused("verify", "folder.py")


ESCAPE = "__import__('pathlib').Path('executed').touch()"


@pytest.mark.parametrize(
    "statement",
    [
        f"import os; {ESCAPE}",
        f"for i in range(3):\n    {ESCAPE}",
        f"while {ESCAPE}:\n    pass",
        f"eval({ESCAPE!r})",
        f"exec({ESCAPE!r})",
        f"TOKENS = [{ESCAPE} for _ in range(2)]",
        f"def other(x={ESCAPE}):\n    pass",
        f"class Other({ESCAPE}):\n    pass",
    ],
    ids=["import", "for", "while", "eval", "exec", "comprehension", "default", "class"],
)
def test_python_outside_the_subset_is_refused_at_its_line_and_never_executed(
    statement: str, refused: Callable[..., str], folder: Path
) -> None:
    before, after = MODULE.split("\nVOCABULARY", 1)
    line_number = before.count("\n") + 2
    (folder / "program.py").write_text(f"{before}\n{statement}\nVOCABULARY{after}", encoding="utf-8")
    assert f"program.py:{line_number}:" in refused("verify", "program.py")
    assert not (folder / "executed").exists()


def test_a_loop_inside_run_is_refused_at_its_line(refused: Callable[..., str], folder: Path) -> None:
    before, after = MODULE.split("    same = ", 1)
    line_number = before.count("\n") + 1
    loop = f"    for token in tokens:\n        {ESCAPE}\n"
    (folder / "program.py").write_text(f"{before}{loop}    same = {after}", encoding="utf-8")
    assert f"program.py:{line_number}:" in refused("run", "program.py", "--input", "ab")
    assert not (folder / "executed").exists()


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8, 0.95])
def test_a_module_cut_short_is_refused(share: float, refused: Callable[..., str], folder: Path) -> None:
    (folder / "cut.py").write_text(MODULE[: int(share * len(MODULE))], encoding="utf-8")
    assert "cut.py" in refused("verify", "cut.py")


@pytest.mark.parametrize("branch", ['if q_token == "b":', 'return k_token == "a"'])
def test_a_predicate_branch_that_names_an_unknown_symbol_is_refused_at_its_line(
    branch: str, refused: Callable[..., str], folder: Path
) -> None:
    before, after = MODULE.split(branch, 1)
    unknown = re.sub(r'"."', '"q"', branch)
    (folder / "program.py").write_text(f"{before}{unknown}{after}", encoding="utf-8")
    line = refused("verify", "program.py")
    assert f"program.py:{before.count(chr(10)) + 1}:" in line
    assert "'q'" in line


def test_a_readout_row_with_too_few_weights_is_refused_at_its_line(refused: Callable[..., str], folder: Path) -> None:
    before, after = MODULE.split('"b": (0, 1, 0, 0, 0)', 1)
    (folder / "program.py").write_text(f'{before}"b": (0, 1, 0, 0){after}', encoding="utf-8")
    assert f"program.py:{before.count(chr(10)) + 1}:" in refused("verify", "program.py")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("axb", "'x'"),
        ("aaaaaaaaaaaa", "too long"),
        ("", "empty"),
        ("a <s> b", "<s>"),
        ('["a", "<s>", "b"]', "<s>"),
        ('["a", 3]', "3"),
        ('["a"', "JSON"),
        ("\udcff", "token 1"),
        ("a\nb\x1b[31m", "token"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "trace", "blame", "circuits"])
def test_an_input_that_the_program_cannot_take_is_refused(
    text: str, says: str, verb: str, refused: Callable[..., str], folder: Path
) -> None:
    (folder / "program.py").write_text(MODULE, encoding="utf-8")
    assert says in refused(verb, "program.py", "--input", text)


def test_a_position_behind_the_input_is_refused(refused: Callable[..., str], folder: Path) -> None:
    (folder / "program.py").write_text(MODULE, encoding="utf-8")
    assert "9" in refused("blame", "program.py", "--input", "ab", "--position", "9")


def test_blame_without_a_task_needs_the_right_answer(
    refused: Callable[..., str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "program.py").write_text(NAMELESS, encoding="utf-8")
    assert "--expect" in refused("blame", "program.py", "--input", "ba")
    assert "--task" in refused("verify", "program.py")
    assert main(["blame", "program.py", "--input", "ba", "--expect", "ab"]) == 0
    assert main(["verify", "program.py", "--task", "sort"]) == 0
    capsys.readouterr()


def test_an_unknown_task_is_refused_with_the_known_ones(refused: Callable[..., str], folder: Path) -> None:
    (folder / "program.py").write_text(MODULE, encoding="utf-8")
    assert "reverse" in refused("verify", "program.py", "--task", "sorting")
    assert "reverse" in refused("train", "sorting")


def test_two_programs_in_the_folder_are_both_named(refused: Callable[..., str], folder: Path) -> None:
    for name in ("one.py", "two.py"):
        (folder / name).write_text(MODULE, encoding="utf-8")
    line = refused("blame", "--input", "abbc")
    assert "one.py" in line
    assert "two.py" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["nosuchverb"],
        ["verify", "--nosuchoption"],
        ["verify", "--sample", "many"],
        ["verify", "--sample", "0"],
        ["trace"],
        ["verify", "a.py", "b.py"],
        ["graph", "--engine", "guess"],
    ],
    ids=" ".join,
)
def test_a_command_line_without_meaning_is_refused(arguments: list[str], refused: Callable[..., str]) -> None:
    assert "--help" in refused(*arguments)


# Writing ##############################################################################################################

WRITERS = (("graph", "out.svg"), ("graph", "out.dot"), ("verify", "out.json"), ("dead", "out.txt"), ("emit", "out.py"))


@pytest.mark.parametrize(("verb", "name"), WRITERS)
def test_a_path_that_cannot_be_written_is_refused(
    verb: str, name: str, refused: Callable[..., str], folder: Path
) -> None:
    (folder / "program.py").write_text(MODULE, encoding="utf-8")
    assert "nowhere" in refused(verb, "program.py", "-o", f"nowhere/{name}")
    (folder / name).mkdir()
    assert name in refused(verb, "program.py", "-o", name)


@pytest.mark.parametrize(("verb", "name"), WRITERS)
def test_a_name_that_leads_to_no_plain_file_or_is_too_long_is_refused(
    verb: str, name: str, refused: Callable[..., str], folder: Path
) -> None:
    (folder / "program.py").write_text(MODULE, encoding="utf-8")
    (folder / name).symlink_to("/dev/full")
    assert "a device or a pipe" in refused(verb, "program.py", "-o", name)
    (folder / name).unlink()
    (folder / name).symlink_to(name)
    assert "symbolic links" in refused(verb, "program.py", "-o", name)
    (folder / name).unlink()
    (folder / name).symlink_to(f"nowhere/{name}")
    assert "make it first" in refused(verb, "program.py", "-o", name)
    (folder / name).unlink()
    assert "too long" in refused(verb, "program.py", "-o", "a" * 300 + name)
    assert "not a directory" in refused(verb, "program.py", "-o", f"program.py/{name}")
    assert sorted(path.name for path in folder.iterdir() if path.name != ".tpdebug") == ["program.py"]


@pytest.mark.parametrize(("verb", "name"), WRITERS)
def test_a_link_stays_one_and_its_target_is_written(
    verb: str, name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "program.py").write_text(MODULE, encoding="utf-8")
    (folder / "there").mkdir()
    (folder / name).symlink_to(f"there/{name}")
    assert main([verb, "program.py", "-o", name]) in (0, 1)
    assert (folder / name).is_symlink()
    assert (folder / "there" / name).stat().st_size > 0
    capsys.readouterr()


@pytest.mark.parametrize(("verb", "name"), WRITERS)
def test_a_folder_that_cannot_be_written_is_told_and_stays_as_it_is(
    verb: str, name: str, refused: Callable[..., str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "program.py").write_text(MODULE, encoding="utf-8")

    def denied(*arguments: object, **options: object) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tempfile, "mkstemp", denied)  # root, as whom tests may run, is denied nothing
    assert "permission denied; nothing was changed" in refused(verb, "program.py", "-o", name)
    assert not (folder / name).exists()


@pytest.mark.parametrize(("verb", "name"), WRITERS)
def test_a_file_of_somebody_else_is_overwritten_only_when_told(
    verb: str, name: str, refused: Callable[..., str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "program.py").write_text(MODULE, encoding="utf-8")
    (folder / name).write_text("precious\n", encoding="utf-8")
    assert "--force" in refused(verb, "program.py", "-o", name)
    assert (folder / name).read_text(encoding="utf-8") == "precious\n"
    assert main([verb, "program.py", "-o", name, "--force"]) in (0, 1)
    assert main([verb, "program.py", "-o", name]) in (0, 1), "tpdebug overwrites what it wrote itself"
    assert (folder / name).read_text(encoding="utf-8") != "precious\n"
    capsys.readouterr()


@pytest.mark.parametrize(("verb", "name"), WRITERS)
def test_a_full_disk_leaves_the_old_file_whole(
    verb: str,
    name: str,
    refused: Callable[..., str],
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (folder / "program.py").write_text(MODULE, encoding="utf-8")
    assert main([verb, "program.py", "-o", name]) in (0, 1)
    capsys.readouterr()
    old = (folder / name).read_bytes()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert "no space" in refused(verb, "program.py", "-o", name).lower()
    assert (folder / name).read_bytes() == old


@pytest.mark.parametrize(
    ("verb", "name"), [("graph", "out.gif"), ("verify", "out.svg"), ("emit", "out.txt"), ("dead", "out")]
)
def test_an_ending_that_the_verb_cannot_write_is_refused_with_those_it_can(
    verb: str, name: str, refused: Callable[..., str], folder: Path
) -> None:
    (folder / "program.py").write_text(MODULE, encoding="utf-8")
    line = refused(verb, "program.py", "-o", name)
    assert name in line
    assert ".py" in line if verb == "emit" else ".json" in line


# Whole processes ######################################################################################################


def _process(*arguments: str | bytes, folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "import sys; from cli.main import main; sys.exit(main())", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(command, capture_output=True, check=False, cwd=folder, env=environment)


@pytest.mark.parametrize(
    "command",
    [
        ("verify", b"caf\xe9.py", "-o", b"caf\xe9.json"),
        ("graph", b"caf\xe9.py", "-o", b"caf\xe9.svg"),
        ("emit", b"caf\xe9.py", "-o", b"caf\xe9 2.py"),
        ("repair", b"caf\xe9.py", "--sample", "500", "-o", b"caf\xe9.diff"),
        ("fuzz", b"caf\xe9.py", "-o", b"caf\xe9.txt"),
        ("circuits", b"caf\xe9.py", "--where", b"\xe9 == 1"),
    ],
    ids=lambda command: str(command[0]),
)
def test_a_file_name_that_is_no_utf_8_is_a_file_name(command: tuple[str | bytes, ...], folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.py")).write_text(MODULE, encoding="utf-8")
    done = _process(*command, folder=folder)
    assert b"Traceback" not in done.stderr, done.stderr
    if command[-2] == "-o":
        assert done.returncode in (0, 1)
        assert (folder / os.fsdecode(command[-1])).stat().st_size > 0
        assert done.stderr.endswith(b"\n")
    else:
        assert done.returncode == 2
    if command[0] == "repair":
        assert b'--- "caf\\351.py"' in (folder / os.fsdecode(b"caf\xe9.diff")).read_bytes()


def test_a_refusal_reaches_the_shell_as_exit_code_2(folder: Path) -> None:
    command = [sys.executable, "-c", "import sys; from cli.main import main; sys.exit(main())", "verify", "missing.py"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
