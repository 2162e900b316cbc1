"""Tokens and file names that mean harm, through every verb and into every kind of file."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from cli.main import VERBS, function, main
from tests.hostile_text import raw
from tprog.escape import json_text, spelled, string_literal, visible
from tprog.ir.domains import BEGIN, END, Keys
from tprog.ir.nodes import Embedding, Head, Lookup, NumericHead
from tprog.ir.program import Program
from tprog.ir.provenance import SourceLine
from tprog.ir.readout import Readout, Weights
from tprog.text.emit import emit
from trainer.record import Record
from trainer.store import Store

WORDS = (
    "\x1b[31mred\x1b]0;title\x07\x1b]52;c;aGVsbG8=\x07\x1b[2J",
    "\x9b31m\x85\x7f\x00\x08\r",
    "\u202eabc\u2066def\u061c",
    "a\nb\tc\x0b\x0cd\u2028e\u2029f",
    "[bold red]x[/bold red][link=http://evil.example]y[/link]:smile:",
    '<script>alert("1")</script>&lt;b&gt;\'><img src=x onerror=y>\\N',
    "a|b`c`*d* [e](http://evil.example) \u200b\ufeff\xad\U000e0041",
    "\xe9\u4e2d\U0001f600",
)
"""The tokens, and the classes."""

NAME = "evil \x1b[31m\x1b]0;t\x07\u202e\u2066\x9b\n[bold]<b>&\"'|`\\N\xe9.py"
"""The name of the module; that of its folder is like it."""


def hostile_program() -> Program:
    """Copies its input, but for one token that it takes for another; it has a node of each kind."""
    vocabulary = (BEGIN, *WORDS, END)
    own: tuple[Keys, ...] = tuple((word,) for word in vocabulary)
    first: tuple[Keys, ...] = tuple((WORDS[0],) for _ in vocabulary)
    seen = Embedding("seen", WORDS, (WORDS[0], *WORDS, WORDS[1]))
    near = Head("near", "tokens", "tokens", "seen", own, mask="before", default=WORDS[2])
    count = NumericHead("count", "tokens", "tokens", "ones", first)
    cells = tuple(cell for i, word in enumerate(WORDS) for cell in (word, WORDS[i - 1]))
    state = Lookup("state", ("seen", "count"), (None, (0, 1)), WORDS, cells)

    def weights(favourite: Mapping[str, str], by: int, values: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(by * (favourite.get(value) == word) for word in WORDS) for value in values)

    taken = {**{word: word for word in WORDS}, WORDS[0]: WORDS[1]}
    readout = Readout(
        (
            Weights("tokens", weights(taken, 4, vocabulary)),
            Weights("near", weights({word: word for word in WORDS}, 0, WORDS)),
            Weights("state", weights({word: word for word in WORDS}, 1, WORDS)),
        ),
        forced=(BEGIN, END),
    )
    return Program(
        vocabulary,
        WORDS,
        4,
        (seen, near, count, state),
        readout,
        "".join(WORDS),
        provenance=tuple(zip(WORDS, WORDS, strict=True)),
        sources=tuple(
            SourceLine(node, WORDS[i], 1, WORDS[5 - i]) for i, node in enumerate(("seen", "near", "readout"))
        ),
    )


TASK = f"""
VOCABULARY = {("<s>", *WORDS, "</s>")!r}
CLASSES = {WORDS!r}
LONGEST = 2
def oracle(tokens):
    return list(tokens)
"""

INPUT = json.dumps([WORDS[0], WORDS[4]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a hostile name, in it a module with one, a task, and a store of a sweep."""
    made = tmp_path_factory.mktemp("hostile") / NAME.removesuffix(".py")
    made.mkdir()
    program = hostile_program()
    (made / NAME).write_text(emit(program).text, encoding="utf-8")
    hole = replace(program.readout.terms[0], rows=(*program.readout.terms[0].rows[:-2], None, None))
    holed = replace(program, readout=replace(program.readout, terms=(hole, *program.readout.terms[1:])))
    (made / f"holed {NAME}").write_text(emit(holed).text, encoding="utf-8")
    (made / "copied.py").write_text(TASK, encoding="utf-8")
    for number, word in enumerate(WORDS[:2]):
        run = made / "runs" / f"run {number}"
        run.mkdir(parents=True)
        (run / "config.json").write_text(json.dumps({"task": NAME, word: word}), encoding="utf-8")
        (run / "metrics.jsonl").write_text('{"epoch": 1, "loss": 2.5}\n', encoding="utf-8")
    (made / f"{NAME[:-3]}.rasp").write_text(SOURCE, encoding="utf-8")
    with Store(made / "s.sqlite") as store:
        for index, word in enumerate(WORDS):
            record = Record(str(index), "0", "program", {"task": word, "seed": index, word: word}, "failed", word)
            store.add(record)
            store.enlist([(word, word, str(index))])
    return made


TASKED = ["--task", "copied.py"]
SOURCE = f'set example "{WORDS[4]}"\nsame = tokens;\n'
"""RASP source whose example is odd."""

ASKS: Mapping[str, Sequence[str]] = {
    "tasks": ["tasks"],
    "data": ["data", "synthetic"],
    "run": ["run", NAME, "--input", INPUT],
    "run to a hole": ["run", f"holed {NAME}", "--input", json.dumps([WORDS[-1]])],
    "run --json": ["run", NAME, "--input", INPUT, "--json"],
    "run -o txt": ["run", NAME, "--input", INPUT, "-o", "out.txt"],
    "run -o jsonl": ["run", NAME, "--input", INPUT, "-o", "out.jsonl"],
    "run of RASP source": ["run", f"{NAME[:-3]}.rasp:same", "--input", INPUT],
    "rasp": ["rasp", f"{NAME[:-3]}.rasp"],
    "emit": ["emit", NAME],
    "emit -o": ["emit", NAME, "-o", f"out{NAME}"],
    "trace": ["trace", NAME, "--input", INPUT, "--contrast", *TASKED],
    "graph": ["graph", NAME, *TASKED],
    "graph of an unknown task": ["graph", NAME],
    "graph --class": ["graph", NAME, "--class", WORDS[5], *TASKED],
    "graph --calls": ["graph", NAME, "--calls"],
    "circuits": ["circuits", NAME, *TASKED],
    "circuits --class": ["circuits", NAME, "--class", WORDS[1], "--annotate", "--ablation", "resample", *TASKED],
    "circuits --token": ["circuits", NAME, "--token", WORDS[3], *TASKED],
    "circuits --input": ["circuits", NAME, "--input", INPUT, *TASKED],
    "circuits --where": ["circuits", NAME, "--where", f"x[0] == {WORDS[4]!r}", *TASKED],
    "dead": ["dead", NAME, "--lines", *TASKED],
    "coverage": ["coverage", NAME, "--annotate", *TASKED],
    "fuzz": ["fuzz", NAME, "--no-database", *TASKED],
    "fuzz of holes": ["fuzz", f"holed {NAME}", "--no-database", *TASKED],
    "fuzz --against": ["fuzz", NAME, "--against", f"holed {NAME}", "--no-database"],
    "fuzz --metamorphic": ["fuzz", NAME, "--metamorphic", "--no-database", *TASKED],
    "blame": ["blame", NAME, "--input", INPUT, "--annotate", *TASKED],
    "blame --all": ["blame", NAME, "--all", "--annotate", *TASKED],
    "blame of a hole": ["blame", f"holed {NAME}", "--input", json.dumps([WORDS[-1]]), *TASKED],
    "repair": ["repair", NAME, *TASKED],
    "repair -o": ["repair", NAME, "-o", f"mended{NAME}", *TASKED],
    "repair -o diff": ["repair", NAME, "-o", "mended.diff", *TASKED],
    "simplify": ["simplify", NAME, *TASKED],
    "simplify --json": ["simplify", NAME, "--json", *TASKED],
    "simplify -o": ["simplify", NAME, "-o", f"small{NAME}", *TASKED],
    "diff": ["diff", NAME, f"holed {NAME}", *TASKED],
    "words": ["words", NAME],
    "words --find": ["words", NAME, "--find", WORDS[4]],
    "words --rename": ["words", NAME, "--rename", f"seen:{WORDS[3]}={NAME}"],
    "verify": ["verify", NAME, *TASKED],
    "verify of holes": ["verify", f"holed {NAME}", *TASKED],
    "sweep": ["sweep", "--table", "--store", "s.sqlite"],
    "compile": ["compile", NAME, "-o", "model"],
    "schema": ["schema"],
    "plot": ["plot", "runs"],
    "report": ["report", NAME, "-o", "page.html", *TASKED],
}
"""What is asked, by a short name."""

FORMS = {
    "trace": ("html", "csv", "txt", "json"),
    "graph": ("svg", "dot", "graphml", "html", "csv", "txt", "json"),
    "graph --class": ("svg", "dot", "graphml"),
    "graph --calls": ("svg", "dot", "graphml", "csv", "txt", "json"),
    "circuits": ("svg", "dot", "graphml", "html", "csv", "txt", "json"),
    "dead": ("html", "csv", "txt", "json"),
    "coverage": ("html", "csv", "txt", "json"),
    "fuzz": ("py", "html", "csv", "txt", "json"),
    "fuzz --metamorphic": ("py",),
    "blame": ("html", "csv", "txt", "json"),
    "blame --all": ("html", "csv", "txt", "json"),
    "repair": ("html", "csv", "json"),
    "simplify": ("html", "csv", "txt", "json"),
    "tasks": ("csv", "json"),
    "data": ("csv", "json"),
    "diff": ("html", "csv", "txt", "json"),
    "words": ("html", "csv", "txt", "json"),
    "verify": ("html", "csv", "txt", "json"),
    "plot": ("svg", "html", "csv", "txt", "json"),
    "sweep": ("md", "html", "csv", "txt", "json"),
}
"""The files that an answer goes to."""

WITHOUT_TABLES = {"train", "train-gpt", "emit", "run", "report", "rasp", "compile", "schema", "help"}
"""Verbs that print no table; a decompiled network is in tests/test_decompile.py."""

FAULTS: Mapping[str, Sequence[str]] = {
    "no such file": ["verify", f"no {NAME}"],
    "no such verb": [NAME],
    "no such option": ["verify", f"--{NAME}"],
    "too many arguments": ["verify", NAME, NAME],
    "no such choice": ["verify", NAME, "--color", NAME],
    "no whole number": ["circuits", NAME, "--position", NAME],
    "no such class": ["circuits", NAME, "--class", f"no {NAME}"],
    "no such token": ["circuits", NAME, "--token", f"no {NAME}"],
    "no such task": ["verify", NAME, "--task", f"no {NAME}"],
    "an unknown task": ["verify", NAME],
    "no such task of one's own": ["verify", NAME, "--task", "no.py\x1b.csv"],
    "no condition": ["circuits", NAME, "--where", NAME],
    "no such baseline": ["circuits", NAME, "--baseline", f"{NAME}={NAME}"],
    "no such value": ["circuits", NAME, "--baseline", f"near={NAME}"],
    "no such variable": ["graph", NAME, "--from", NAME],
    "no such input": ["run", NAME, "--input", json.dumps([NAME])],
    "no list": ["run", NAME, "--input", f"[{NAME}"],
    "no answer": ["trace", NAME, "--input", INPUT, "--expect", json.dumps([NAME])],
    "no such form": ["verify", NAME, "-o", f"out.{NAME}x"],
    "no such folder": ["verify", NAME, "-o", f"{NAME}/{NAME}.json"],
    "no such settings": ["train", "sort", "--config", NAME],
    "nothing to train": ["train", f"no {NAME}"],
    "no such grid": ["sweep", f"no {NAME}"],
    "no store": ["sweep", "--table", "--store", NAME],
    "no RASP source": ["rasp", NAME],
    "no such RASP source": ["run", f"no {NAME}.rasp", "--input", INPUT],
    "no UTF-8": ["verify", "no\udcff.py"],
}
"""What is refused, and echoes what was given."""

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def asked(arguments: Sequence[str], capsys: pytest.CaptureFixture[str], code: set[int]) -> tuple[str, str]:
    """What a command says on stdout and stderr: nothing raw, and in as many lines as it has of its own."""
    capsys.readouterr()
    assert main([*arguments]) in code
    told = capsys.readouterr()
    assert not raw(told.out)
    assert not raw(told.err)
    assert all(line.startswith("tpdebug: ") for line in told.err.splitlines())
    return told.out, told.err


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdin", io.StringIO())


def test_every_verb_is_asked() -> None:
    verbs = {function(verb).__name__ for verb in VERBS}
    assert verbs - {"train", "train_gpt", "decompile", "help", "help_"} <= {ask[0] for ask in ASKS.values()}


@pytest.mark.parametrize("name", ASKS)
def test_an_answer_holds_no_raw_character(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name for path in folder.iterdir()}
    out, err = asked(ASKS[name], capsys, {0, 1})
    assert out or err
    for made in {path.name for path in folder.iterdir()} - before - {".tpdebug"}:
        inside = [path for path in (folder / made).rglob("*") if path.suffix != ".safetensors"]
        for path in inside or [folder / made]:
            assert not raw(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("name", ["trace", "circuits", "coverage", "diff", "blame"])
def test_colours_are_the_only_terminal_codes_and_markup_is_text(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "2000")
    assert main([*ASKS[name], "--color", "always"]) in (0, 1)
    told = capsys.readouterr()
    plain = COLOURS.sub("", told.out)
    assert plain != told.out
    assert not raw(plain)
    assert WORDS[4] in plain


@pytest.mark.parametrize("name", FAULTS)
def test_a_refusal_echoes_nothing_raw(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = asked(FAULTS[name], capsys, {2})
    assert (out, bool(err)) == ("", True)


# Files ################################################################################################################


class _Page(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.values: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(f"{tag} {name}" for name, _ in attrs)}
        self.values |= {f"{name}={value}" for name, value in attrs if name in ("href", "src", "id")}

    def handle_comment(self, data: str) -> None:
        self.found.add("comment")

    def handle_data(self, data: str) -> None:
        self.text += data


ELEMENTS = re.compile(
    "html( lang)?|head|meta( charset| name| content)?|title|style|body|h1|h2|p( class)?|ul( class)?|li|span( class)?|"
    "table( class)?|tr( id| class)?|th( class| title)?|td( class)?|a( href)?|pre( class)?|div( class)?|"
    "img( class| alt| src)?|br"
)


def html_is_whole(text: str) -> None:
    page = _Page()
    page.feed(text)
    page.close()
    assert all(map(ELEMENTS.fullmatch, page.found))
    assert all(
        re.fullmatch(r"(href=#|id=)L\d+(-2)?|src=data:image/svg[+]xml;base64,[A-Za-z0-9+/=]+", value)
        for value in page.values
    )
    assert any(visible(text) in page.text for text in (NAME, *WORDS))  # a sweep and runs are of no module


def svg_is_whole(text: str) -> None:
    tree = ElementTree.fromstring(text)
    kinds = {element.tag.rpartition("}")[2] for element in tree.iter()}
    shapes = {"polygon", "path", "polyline", "ellipse", "rect", "circle"}
    assert kinds <= {"svg", "g", "a", "title", "desc", "text", *shapes}
    for element in tree.iter():
        names = {name.rpartition("}")[2] for name in element.attrib}
        assert not {name for name in names if name.startswith("on")} | names & {"href", "src", "style"}
    texts = [element.text or "" for element in tree.iter()]
    told = " ".join(texts).replace("\xa0", " ")
    assert any(visible(text) in told for text in (NAME, *WORDS))  # runs are of no module


def graphml_is_whole(text: str) -> None:
    tree = ElementTree.fromstring(text)
    kinds = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert kinds <= {"graphml", "desc", "key", "graph", "node", "edge", "data"}
    assert visible(NAME) in (tree[0].text or "")


def dot_is_whole(text: str) -> None:
    if shutil.which("dot") is None:
        return
    done = subprocess.run(["dot", "-Tdot_json"], input=text, capture_output=True, encoding="utf-8", check=True)
    graph = json.loads(done.stdout)
    known = {"tokens", "positions", "ones", "seen", "near", "count", "state", "readout", "(module)"}
    names = {found["name"] for found in graph["objects"] if not found["name"].startswith("%")}
    functions = re.compile(r"[a-z_]+|stage \d+|(predicate|lookup)_\w+")
    assert all(name in known or functions.fullmatch(name) for name in names)
    assert "evil" not in names
    for part in [graph, *graph["objects"], *graph.get("edges", ())]:
        assert not part.keys() & {"URL", "href", "image", "target", "edgeURL", "headURL", "tailURL", "shapefile"}
    assert not re.search(r"<(IMG|A)\b", text, re.IGNORECASE)


def markdown_is_whole(text: str) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
    parts = [f"{part}_{end}" for part in ("table", "thead", "tbody", "tr", "th", "td") for end in ("open", "close")]
    assert kinds <= {"html_block", "inline", "text", "text_special", *parts}
    assert [token.content.strip() for token in tokens if token.type == "html_block"] == ["<!-- written by tpdebug -->"]
    assert sum(token.type == "tr_open" for token in tokens) == 1 + len(WORDS)
    cells = ["".join(child.content for child in token.children or ()) for token in tokens if token.type == "inline"]
    assert all(" ".join(visible(word).split()) in [" ".join(cell.split()) for cell in cells] for word in WORDS)


def python_is_whole(text: str) -> None:
    compile(text, "tests", "exec")
    assert f"/ {string_literal(NAME)}\n" in text


def csv_is_whole(text: str) -> None:
    head, *rows = csv.reader(io.StringIO(text))
    assert all(len(row) == len(head) for row in rows)


WHOLE: Mapping[str, Callable[[str], object]] = {
    "csv": csv_is_whole,
    "html": html_is_whole,
    "svg": svg_is_whole,
    "graphml": graphml_is_whole,
    "dot": dot_is_whole,
    "md": markdown_is_whole,
    "py": python_is_whole,
    "json": json.loads,
    "txt": str,
}


@pytest.mark.parametrize(("name", "form"), [(name, form) for name, forms in FORMS.items() for form in forms])
def test_a_file_holds_text_as_text(name: str, form: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / f"out{NAME}.{form}"
    asked([*ASKS[name], "-o", file.name, "--force"], capsys, {0, 1})
    text = file.read_text(encoding="utf-8")
    assert not raw(text)
    WHOLE[form](text)


def test_every_table_of_every_verb_goes_to_csv(capsys: pytest.CaptureFixture[str]) -> None:
    with_csv = {ASKS[name][0] for name, forms in FORMS.items() if "csv" in forms}
    assert with_csv | WITHOUT_TABLES | {"decompile"} == set(VERBS)
    for verb in sorted({"repair", "simplify", "decompile", "data"}):
        assert main([verb, "--help"]) == 0
        assert ".csv" in capsys.readouterr().out


def test_tokens_are_shown_so_that_they_can_be_told_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = asked([*ASKS["run"]], capsys, {0})
    assert out == spelled(f"{WORDS[1]} {WORDS[4]}") + "\n"
    out, _ = asked([*ASKS["run --json"]], capsys, {0})
    assert json.loads(out)["prediction"] == [BEGIN, WORDS[1], WORDS[4], END]
    assert out == json_text(json.loads(out)) + "\n"
