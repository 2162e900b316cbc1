"""`tpdebug help`: the documents that messages refer to are there, in a clone and installed."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import documents
from cli.documents import INSTALLED, TOPICS, document
from tests.said import Said
from tests.test_architecture import PACKAGES
from tprog.errors import BadFile

ROOT = Path(__file__).parents[1]


@pytest.fixture
def said(said: Said, monkeypatch: pytest.MonkeyPatch) -> Said:
    """Runs a command line on a terminal of 80 columns: exit code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "80")

    return said


def test_each_topic_is_printed_without_markup(said: Said) -> None:
    listed = said("help")[1]
    for topic in TOPICS:
        assert f"tpdebug help {topic} " in listed
        code, out, err = said("help", topic)
        assert (code, err) == (0, "")
        assert len(out.splitlines()) > 50
        assert not re.search(r"\]\([^)]*\.md|^#+ [A-Z]|\*\*[A-Z]", out, re.MULTILINE)
        assert max(map(len, out.splitlines())) <= 80


def test_a_section_is_printed_with_those_below_it(said: Said) -> None:
    out = said("help", "method", "circuits")[1]
    assert out.startswith("Circuits\n")
    assert "Dead nodes, entries and lines" not in out
    own = said("help", "own-task", "a python file")[1]
    assert "Ask" in own
    assert "VOCABULARY" in own
    assert "Examples in" not in own
    code, _, err = said("help", "method", "cooking")
    assert code == 2
    assert "no heading of method has 'cooking' in it; it has: " in err


def test_a_verb_is_explained_as_by_its_own_help(said: Said) -> None:
    assert said("help", "verify")[1] == said("verify", "--help")[1]


def test_another_topic_is_refused_with_what_there_is(said: Said) -> None:
    code, out, err = said("help", "cooking")
    assert (code, out) == (2, "")
    assert "there is no topic 'cooking'; expected tutorial, own-task, " in err


def test_links_between_documents_become_what_to_type(said: Said) -> None:
    assert "help messages" in said("help", "how-it-works")[1] + said("help", "messages")[1] + documents.linked(
        "see [messages.md](messages.md), [words](method.md#a) and [more](gallery/README.md)"
    )
    assert documents.linked("[a](messages.md)") == "a (`tpdebug help messages`)"
    assert documents.linked("[messages.md](messages.md)") == "`tpdebug help messages`"
    assert documents.linked("[the gallery](gallery/README.md)") == "the gallery"
    assert documents.linked("[a](https://example.org)") == "[a](https://example.org)"


def test_a_document_that_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadFile, match="is not installed"):
        document("nowhere")


# Cited ################################################################################################################


def _texts(path: Path) -> Iterator[str]:
    """The constants of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def test_messages_refer_to_topics_that_exist_and_never_to_files_of_the_clone() -> None:
    """What stands in backquotes is what a message tells a user to type."""
    cited: set[tuple[str, str]] = set()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for text in _texts(path):
                assert not re.search(r"\b(method|messages|training|own-task|tutorial|how-it-works)\.md", text), path
                cited |= set(re.findall(r"`tpdebug help ([a-z][\w-]*) ?(\w*)`", text))
    assert {("how-it-works", ""), ("method", "published")} <= cited
    for topic, section in cited:
        assert topic in TOPICS
        assert list(documents.sections(document(topic), topic, section))


# Installed ############################################################################################################


def test_a_wheel_carries_each_topic(tmp_path: Path) -> None:
    target = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    wanted = {f"docs/{topic}.md": f"cli/docs/{topic}.md" for topic in TOPICS}
    assert target["wheel"]["force-include"] == wanted
    assert INSTALLED == ROOT / "cli" / "docs"
    assert all((ROOT / source).is_file() for source in wanted)
    if importlib.util.find_spec("hatchling") is None:
        return  # what builds wheels is not here; the settings are as they should be
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert set(wanted.values()) <= set(archive.namelist())
