"""Every verb on sentences of words that another form could take for something else than words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cli.main import main
from tests.bench.random_program import word_program
from tests.test_clusters import HOSTILE, with_words
from tprog.escape import visible
from tprog.ir.program import Program
from tprog.text.emit import emit
from tprog.text.read import read_module


def hostile_program() -> Program:
    """All hostile words have one value in the first embedding."""
    program = with_words(word_program(120, variables=2, values=4, length=10, heads=2), HOSTILE)
    table = tuple(3 if word in HOSTILE else 1 for word in program.vocabulary)
    return replace(program, nodes=(program.by_name["emb_0"].with_answers(table), *program.nodes[1:]))


ASKS = (
    ("verify", "odd.py"),
    ("trace", "odd.py", "--input", json.dumps([*HOSTILE[:6]])),
    ("dead", "odd.py"),
    ("circuits", "odd.py", "--token", HOSTILE[0]),
    ("circuits", "odd.py", "--where", f"token == {HOSTILE[9]!r}"),
    ("coverage", "odd.py"),
    ("blame", "odd.py", "--all", "--limit", "3"),
    ("blame", "odd.py", "--input", json.dumps(["</script>", "NA"]), "--expect", '["O", "O"]', "--limit", "2"),
    ("repair", "odd.py", "--limit", "1", "--verify-on", "all", "-o", "mended.py"),
    ("fuzz", "odd.py", "--metamorphic", "--no-database"),
    ("fuzz", "odd.py", "--no-database", "--buckets-limit", "2", "-o", "test_odd.py"),
    ("diff", "odd.py", "odd.py"),
    ("graph", "odd.py", "-o", "odd.svg"),
    ("report", "odd.py", "-o", "odd.html"),
    ("simplify", "odd.py", "-o", "small.py"),
)
"""What is asked, beside the corpus."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("words")
    (made / "odd.py").write_text(emit(hostile_program(), "odd").text, encoding="utf-8")
    tags = ("B-PER", "O", "B-LOC", "I-LOC", "O", "B-ORG", "O")
    rows = [
        {"tokens": [HOSTILE[(at + k) % len(HOSTILE)] for k in range(2 + at % 6)], "tags": list(tags[: 2 + at % 6])}
        for at in range(20)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (made / "odd.jsonl").write_text(text, encoding="utf-8")
    return made


@pytest.mark.parametrize("ask", ASKS, ids=[" ".join(ask)[:40].replace("\x00", "") for ask in ASKS])
def test_a_verb_shows_hostile_words_as_what_they_are(
    ask: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*ask, "--corpus", "odd.jsonl"]) in (0, 1)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    for line in (out + err).split("\n"):
        assert visible(line) == line
    if ask[0] == "report":
        assert Path("odd.html").read_text(encoding="utf-8").count("</script>") == 2
    for made in ("mended.py", "small.py"):
        if made in ask and Path(made).exists():
            assert set(read_module(made).program.vocabulary) >= set(HOSTILE)
