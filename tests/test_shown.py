"""Programs and results in notebooks, printed, as pages, CSV files and data frames."""

from __future__ import annotations

import csv
import importlib
import io
import pkgutil
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

import analyze.results
import tpdebug
from analyze.dataflow import data_flow
from analyze.record import Result
from analyze.render import shown as homes
from analyze.render.data import csv_text
from analyze.render.document import Document, Table, document, number, table
from analyze.render.heat import Heat, heat_svg
from analyze.render.notebook import Notebook
from analyze.render.pages import page_html
from cli.main import main
from tests import api_results
from tests.api_results import FAULTY, INPUT, RIGHT
from tests.test_api import python
from tprog.errors import BadUsage, TpdebugError
from tprog.escape import spelled
from tprog.ir.program import BEGIN, END, Embedding, Program, Readout
from tprog.shown import LONGEST, Shown
from tprog.text.emit import emit

_document = Notebook(data_flow).document


@pytest.fixture(scope="module")
def results() -> dict[str, Shown]:
    """One of each kind, and one of a program that is right."""
    return {**api_results.results(), "right": tpdebug.verify(RIGHT, tpdebug.inputs_for(RIGHT, sample=50))}


class _Page(HTMLParser):
    """Its text, and the tags that are open."""

    VOID = ("meta", "img", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_kind_of_result_has_a_document() -> None:
    for module in pkgutil.iter_modules(analyze.results.__path__):
        importlib.import_module(f"analyze.results.{module.name}")
    kinds = {kind.__name__ for kind in Result.__subclasses__() if kind.__module__.startswith("analyze.results.")}
    assert kinds | {"Simplification"} == homes._HOMES.keys()


def test_everything_shows_text_and_html_in_a_notebook_and_nothing_prints_thousands_of_characters(
    results: dict[str, Shown],
) -> None:
    for name, result in results.items():
        bundle = result._repr_mimebundle_()
        answer = _document(result).answer
        assert bundle["text/plain"].split("\n")[0][:60] == answer[:60], name
        assert len(bundle["text/plain"]) < 2500, name
        page = _Page(bundle["text/html"])
        assert not page.open, name
        assert answer in page.text, name
        assert "script" not in page.tags, name
        assert result._repr_html_() == bundle["text/html"]
        assert len(repr(result)) <= LONGEST, name


def test_a_program_shows_its_picture_and_blame_the_diff(results: dict[str, Shown]) -> None:
    program, blamed = results["Program"]._repr_mimebundle_(), results["blame"]._repr_mimebundle_()
    assert program["image/svg+xml"].endswith("</svg>\n")
    assert 'src="data:image/svg+xml;base64,' in program["text/html"]
    assert '<pre class="change">' in blamed["text/html"]
    assert "+++ " in blamed["text/html"]
    assert '<td class="bad">' in results["trace"]._repr_mimebundle_()["text/html"]


def test_print_shows_what_a_terminal_shows(results: dict[str, Shown]) -> None:
    text = str(results["verify"])
    assert text.startswith("sort: wrong on ")
    assert "whole sequence" in text
    assert not text.endswith("\n")


def test_a_frame_has_the_same_columns_whether_or_not_there_are_rows(
    results: dict[str, Shown],
) -> None:
    wrong, right = results["verify"].to_frame(), results["right"].to_frame()
    assert list(wrong.columns) == list(right.columns) == ["input", "expected", "got", "wrong at position"]
    assert len(right) == 0 < len(wrong)
    lengths = results["right"].to_frame("lengths")
    assert lengths["inputs"].sum() == 50
    assert lengths["per token"].tolist() == [1.0] * len(lengths)
    assert set(results["find_circuits"].to_frame()["circuit of"]) >= {"predictions of 'b'", "predictions of 'e'"}
    values = results["trace"].to_frame()
    assert values[values["variable"] == "tokens"]["value"].tolist() == INPUT


def test_a_table_that_is_not_there_is_refused_with_the_names_of_those_that_are(
    results: dict[str, Shown],
) -> None:
    with pytest.raises(BadUsage, match="no table 'lenghts'; expected one of 'wrong', 'holes', "):
        results["verify"].to_frame("lenghts")


def test_a_frame_without_pandas_says_what_to_install(
    results: dict[str, Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(importlib.import_module("sys").modules, "pandas", None)
    with pytest.raises(TpdebugError, match=r"needs pandas; expected it installed: pip install 'tpdebug\[frames\]'"):
        results["verify"].to_frame()


def test_without_an_analysis_a_program_is_shown_by_its_short_repr(tmp_path: Path) -> None:
    (tmp_path / "sort.py").write_text(emit(FAULTY).text, encoding="utf-8")
    script = "import tprog; p = tprog.load('sort.py'); assert str(p) == repr(p) == p._repr_mimebundle_()['text/plain']"
    assert python("-c", script, folder=tmp_path) == (0, "", "")


# Files ################################################################################################################


def test_a_table_as_csv_holds_values_and_not_how_they_are_shown() -> None:
    made = table(("name", "inputs", "line"), [("a,b", number(1234), None), ('say "x"', number(5), 7)], name="t")
    assert list(csv.reader(io.StringIO(csv_text(made)))) == [
        ["name", "inputs", "line"],
        ["a,b", "1234", ""],
        ['say "x"', "5", "7"],
    ]


def test_no_two_words_are_written_alike_in_csv() -> None:
    words = ("a\tb", "a\\tb", "a\\\\tb")
    seen = Embedding("seen", words, (words[0], *words, words[0]))
    program = Program((BEGIN, *words, END), words, 5, (seen,), Readout((), forced=(BEGIN, END)))
    listed = _document(tpdebug.find_words(program))
    assert sorted(_column(listed, "word")) == sorted(map(spelled, program.vocabulary))
    traced = _document(tpdebug.trace(program, [BEGIN, *words, END]))
    assert _column(traced, "token")[1:4] == _column(traced, "value")[1:4] == [spelled(word) for word in words]
    assert tuple(row[3].value for row in traced.tables[0].rows[1:4]) == words  # as frames hold them


def _column(shown: Document, name: str) -> list[str]:
    return [row[name] for row in csv.DictReader(io.StringIO(csv_text(shown.tables[0])))]


def test_a_file_name_asks_for_one_of_several_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faulty.py").write_text(emit(FAULTY).text, encoding="utf-8")
    verify = ["verify", "faulty.py", "--sample", "300", "-o"]
    assert main([*verify, "v.csv"]) == 1
    told = "wrote v.csv, the table wrong; others: -o v.holes.csv, "
    assert told in capsys.readouterr().err
    assert (tmp_path / "v.csv").read_text(encoding="utf-8").startswith("input,expected,got,wrong at position\n")
    assert main([*verify, "v.lengths.csv"]) == 1
    assert (tmp_path / "v.lengths.csv").read_text(encoding="utf-8").startswith("symbols,inputs,wrong,")
    assert main([*verify, "v.csv"]) == 2  # a table carries no mark, so it is not known to be ours
    assert "--force" in capsys.readouterr().err


def test_every_result_goes_to_a_page_and_the_page_holds_all_rows_of_a_table_that_a_terminal_cuts() -> None:
    rows = [(f"row {place}",) for place in range(40)]
    made = document("the answer", "good", table(("name",), rows, brief=rows[:3], title="Rows"))
    page = _Page(page_html(made))
    assert "row 39" in page.text
    assert not page.open


def test_only_tables_with_a_name_are_data() -> None:
    shown, named = table(("a",), [(1,)]), table(("b",), [(2,)], name="data", seen=False)
    assert document("x", "", shown, named).tables == (named,)
    assert isinstance(named, Table)
    assert isinstance(document("x", ""), Document)
    assert "<td>2" not in page_html(document("x", "", shown, named))


def test_a_picture_of_scores_tells_words_apart_that_look_alike() -> None:
    words = ("a\tb", "a\\tb", "=1", "<b>")
    scores = tuple(tuple(float(row == column) for column in range(4)) for row in range(4))
    picture = ElementTree.fromstring(heat_svg([Heat("attn_0_0", (), words, words, scores, (1.0,))], "scores"))
    told = [text for each in picture.iter() if each.tag.endswith("text") and (text := each.text) is not None]
    assert [told.count(spelled(word)) for word in words] == [2] * 4  # a row and a column each
    titles = [text for each in picture.iter() if each.tag.endswith("title") and (text := each.text) is not None]
    pairs = [f"{spelled(query)} to {spelled(key)}" for query in words for key in words]
    assert all(any(title.startswith(pair) for title in titles) for pair in pairs)
