"""The page of `report` in headless Chromium: what a person does there, and that hostile text does nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyze.render.report import report_html
from analyze.report import report
from tests import programs
from tests.bench.random_program import random_program, word_program
from tests.browser import CHROMIUM, Page, browser
from tests.programs import copied, equal
from tprog.ir.program import BEGIN, Embedding, Head, Program, Readout, Weights
from tprog.run.execute import predict
from tprog.tasks.builtin import inputs_for
from tprog.text.emit import emit
from tprog.text.read import read_module

FAULTY = programs.sort_with_a_fault()
WIDTHS = (1280, 800)
VIEWS = ("run", "whole", "read")

HOSTILE = (
    "</script><img src=x onerror=window.harmed=1>",
    "<!--<script>",
    "]]>",
    "\u202eabc\u202c",
    '" onmouseover="window.harmed=1',
    "'); window.harmed=1; ('",
    "${window.harmed=1}",
    "\u2028",
    "a" * 300,
    "مرحبا",
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if CHROMIUM is None:
        if os.environ.get("TPDEBUG_BROWSER") == "required":
            pytest.fail("these tests need Chromium, which is not installed")
        pytest.skip("there is no Chromium")
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def written(program: Program, folder: Path, *, sample: int | None = None, name: str = "program.py") -> Path:
    """The page of a program, as a file."""
    emitted = emit(program, Path(name).stem)
    for side, text in emitted.side.items():
        (folder / side).write_text(text, encoding="utf-8")
    (folder / name).write_text(emitted.text, encoding="utf-8")
    module = read_module(folder / name)
    result = report(module, module.program, inputs_for(module.program, sample=sample), name=name)
    file = folder / "report.html"
    file.write_text(report_html(result), encoding="utf-8")
    return file


@pytest.fixture
def faulty(page: Page, tmp_path: Path) -> Page:
    page.errors.clear()
    page.open(written(FAULTY, tmp_path))
    return page


def text(page: Page, selector: str) -> str:
    return str(page.answer(f"document.querySelector({selector!r}).textContent"))


def typed(page: Page, what: str) -> None:
    page.answer(
        f"document.getElementById('run-input').value = {what!r}; document.getElementById('run-form').requestSubmit()"
    )


def overflow(page: Page) -> dict[str, int]:
    """View -> by how much it is wider than the window."""
    found = {}
    for view in VIEWS:
        page.answer(f"document.getElementById('tab-{view}').click()")
        found[view] = int(page.answer("document.documentElement.scrollWidth - window.innerWidth"))
    return {view: by for view, by in found.items() if by > 0}


def test_a_wrong_input_shows_what_is_expected_and_where_it_parts_from_the_nearest_right_one(faulty: Page) -> None:
    assert "wrong" in text(faulty, "#run-verdict")
    assert faulty.answer("document.querySelectorAll('.answers .wrong').length > 0")
    assert faulty.answer("document.querySelectorAll('.chip.expected').length > 0")
    assert "The nearest right input is" in text(faulty, "#run-contrast")
    assert faulty.answer("document.querySelectorAll('#run-table .parts').length") == 1
    typed(faulty, "ba")
    assert "right at every graded position" in text(faulty, "#run-verdict")
    assert faulty.errors == []


def test_a_bad_input_is_told_and_the_last_one_stays(faulty: Page) -> None:
    before = text(faulty, "#run-table")
    typed(faulty, "abx")
    assert text(faulty, "#run-error") == 'token 3 is "x"; expected one of "a", "b", "c", "d", "e"'
    assert text(faulty, "#run-table") == before


def test_the_cursor_moves_by_keys_and_says_what_each_node_did(faulty: Page) -> None:
    typed(faulty, "cab")
    faulty.answer("tpdebug.app.runView.moveTo(3, 1)")
    assert faulty.answer("document.activeElement.className").startswith("cursor")
    assert text(faulty, "#run-told h3") == "less at position 1"
    faulty.press("ArrowRight")
    faulty.press("ArrowDown")
    name = FAULTY.nodes[1].name
    assert text(faulty, "#run-told h3") == f"{name} at position 2"
    assert "Row" in text(faulty, "#run-told")
    assert faulty.answer("document.querySelectorAll('#run-told .fired').length > 0")
    faulty.answer("document.getElementById('step-on').click()")
    assert text(faulty, "#run-told h3") == f"{FAULTY.nodes[2].name} at position 2"
    faulty.answer("tpdebug.app.runView.moveTo(6, 2)")
    assert faulty.answer("document.querySelectorAll('.arc:not(.pale)').length") == 1


def test_a_wrong_input_is_one_click_away(faulty: Page) -> None:
    typed(faulty, "a")
    faulty.answer("document.querySelector('#run-wrong button.input').click()")
    assert "wrong" in text(faulty, "#run-verdict")
    assert "instead of" in text(faulty, "#run-wrong summary")
    faulty.answer(
        "const ways = document.querySelector('#run-wrong select'); ways.value = 'node'; "
        "ways.dispatchEvent(new Event('change'))"
    )
    assert any(node.name in text(faulty, "#run-wrong summary") for node in FAULTY.nodes)


def test_the_picture_shows_a_node_its_table_its_readers_and_circuits(faulty: Page) -> None:
    faulty.answer("document.getElementById('tab-whole').click()")
    assert faulty.answer("document.querySelectorAll('.flow g.node').length") == len(FAULTY.variables)
    faulty.answer("document.querySelector('.flow g.node.head').focus()")
    faulty.press("Enter")
    assert "sorted" in text(faulty, "#whole-node h3")
    assert "is read by readout" in text(faulty, "#whole-node")
    assert "■" in text(faulty, "#whole-node table")
    assert faulty.answer("document.querySelectorAll('.flow .upstream').length > 2")
    faulty.answer(
        "const circuit = document.getElementById('whole-circuit'); circuit.selectedIndex = circuit.length - 1; "
        "circuit.dispatchEvent(new Event('change'))"
    )
    assert "suffice for" in text(faulty, "#whole-said")
    assert faulty.answer("document.querySelectorAll('.flow .member').length > 0")
    before = faulty.answer("tpdebug.app.wholeView.view.scale")
    faulty.answer("document.getElementById('zoom-in').click()")
    assert faulty.answer("tpdebug.app.wholeView.view.scale") > before
    assert faulty.errors == []


def test_lines_and_nodes_lead_to_each_other(faulty: Page) -> None:
    faulty.answer("document.querySelector('#run-told button.link').click()")
    assert faulty.answer("document.getElementById('tab-read').getAttribute('aria-selected')") == "true"
    assert faulty.answer("document.querySelectorAll('#read-source tr.target').length") == 1
    faulty.answer("document.querySelector('#read-source tr.target a').click()")
    assert faulty.answer("document.getElementById('tab-whole').getAttribute('aria-selected')") == "true"
    assert text(faulty, "#whole-node h3") in {node.name for node in FAULTY.nodes}
    faulty.answer("document.querySelector('[role=tab][aria-selected=true]').focus()")
    faulty.press("ArrowRight")
    assert faulty.answer("document.getElementById('view-read').hidden") is False


def test_a_loop_steps_on_and_back(page: Page, tmp_path: Path) -> None:
    page.errors.clear()
    page.open(written(programs.parity(), tmp_path))
    typed(page, "011=")
    before = text(page, "#run-table")
    assert page.answer("document.getElementById('loop').hidden") is False
    page.answer("document.getElementById('loop-on').click()")
    assert page.answer("document.getElementById('run-input').value") == "011=E"
    page.answer("document.getElementById('loop-back').click()")
    assert text(page, "#run-table") == before
    for _ in range(12):
        page.answer("document.getElementById('loop-on').click()")
    assert "The loop ends" in text(page, "#loop-said")
    assert page.errors == []


def test_every_control_has_a_name_and_the_layout_stands(faulty: Page) -> None:
    nameless = faulty.answer(
        "[...document.querySelectorAll('button, input, select, [role=button], [role=grid]')].filter((one) => "
        "!(one.textContent.trim() || one.getAttribute('aria-label') || (one.labels && one.labels.length > 0))).length"
    )
    assert nameless == 0
    assert overflow(faulty) == {}


def test_a_program_of_twenty_four_heads_stays_within_the_window(page: Page, tmp_path: Path) -> None:
    page.errors.clear()
    file = written(random_program(), tmp_path, sample=200)
    for width in WIDTHS:
        page.open(file, width=width)
        assert overflow(page) == {}
        page.answer("document.getElementById('tab-whole').click()")
        assert page.answer("document.querySelectorAll('.flow g.node').length") == 39
    assert page.errors == []


def test_hostile_names_run_nothing_and_leave_the_layout_as_it_is(page: Page, tmp_path: Path) -> None:
    vocabulary = (BEGIN, *HOSTILE)
    seen = Head("seen", "tokens", "tokens", "tokens", equal(vocabulary, vocabulary), default=HOSTILE[0])
    program = Program(vocabulary, HOSTILE, 6, (seen,), Readout((copied("seen", vocabulary, HOSTILE),)))
    page.errors.clear()
    file = written(program, tmp_path, sample=50, name="<img src=x onerror=window.harmed=1>.py")
    for width in WIDTHS:
        page.open(file, width=width)
        assert overflow(page) == {}
    page.answer("tpdebug.app.openNode(3)")
    page.answer("tpdebug.app.openLine(1)")
    page.answer("document.getElementById('tab-run').click()")
    typed(page, "nothing that it knows")
    assert "expected one of" in text(page, "#run-error")
    assert page.answer("typeof window.harmed") == "undefined"
    assert page.answer("document.querySelectorAll('img, iframe, object, script:not([type]) ~ script').length") == 0
    assert page.answer("performance.getEntriesByType('resource').length") == 0
    assert page.errors == []


def test_ten_thousand_symbols_are_cut_not_drawn(page: Page, tmp_path: Path) -> None:
    words = tuple(f"word{number}" for number in range(10_000))
    kinds = ("x", "y", "z")
    kind = Embedding("kind", kinds, (*(kinds[at % 3] for at in range(len(words) + 1)),))
    seen = Head("seen", "kind", "kind", "kind", equal(kinds, kinds), mask="before")
    weights = Weights("seen", ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    program = Program((BEGIN, *words), kinds, 6, (kind, seen), Readout((weights,)))
    page.errors.clear()
    file = written(program, tmp_path, sample=50)
    assert file.stat().st_size < 200_000
    page.open(file)
    assert overflow(page) == {}
    page.answer("tpdebug.app.openNode(3)")
    assert "3,333" in text(page, "#whole-node table")
    assert page.answer("document.querySelectorAll('*').length") < 20_000
    page.answer("document.getElementById('tab-run').click()")
    typed(page, "word1 word9999")
    assert text(page, "#run-error") == ""
    assert page.errors == []


def test_the_browser_executes_every_input_as_we_do(faulty: Page) -> None:
    inputs = inputs_for(FAULTY).batch
    found = faulty.answer(
        f"{inputs.tokens.tolist()}.map((row) => {{ const codes = row.filter((code) => code >= 0); "
        "return tpdebug.execute(tpdebug.app.machine, codes).predictions.join(); })"
    )
    wanted, _ = predict(FAULTY, inputs)
    expected = [",".join(map(str, wanted[row, :length])) for row, length in enumerate(inputs.lengths)]
    assert found == expected


def test_the_tokens_and_what_a_node_did_stay_in_sight_wherever_the_cursor_is(page: Page, tmp_path: Path) -> None:
    page.errors.clear()
    page.open(written(random_program(), tmp_path, sample=200), height=700)
    deep = "tpdebug.app.machine.variables.length - 1"
    page.answer(f"tpdebug.app.runView.moveTo({deep}, 2)")
    for there in ("#run-told h3", ".arcs", "#run-table tr.tokens td", "#run-table td.cursor"):
        box = f"document.querySelector({there!r}).getBoundingClientRect()"
        tabs = "document.querySelector('[role=tablist]').getBoundingClientRect().bottom"
        assert page.answer(f"{box}.top >= {tabs} && {box}.bottom <= window.innerHeight"), there


def test_an_embedding_of_many_words_is_shown_by_its_clusters(page: Page, tmp_path: Path) -> None:
    page.errors.clear()
    page.open(written(word_program(300, variables=1, values=4, length=8, heads=2), tmp_path, sample=20))
    page.answer("tpdebug.app.openNode(3)")
    rows = page.answer("[...document.querySelectorAll('#whole-node table')[0].rows].map((row) => row.cells.length)")
    assert rows == [4] * 5
    assert "…" in text(page, "#whole-node table td.text")
    page.answer("tpdebug.app.runView.moveTo(3, 1)")
    page.answer("document.getElementById('tab-run').click()")
    assert "stands for" in text(page, "#run-told")
    assert page.errors == []
