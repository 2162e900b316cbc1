"""Text is seen as what it is, and no two texts are seen as one."""

from __future__ import annotations

import ast
import html
import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests import hostile_text
from tests.hostile_text import raw
from tprog.escape import (
    docstring_text,
    html_text,
    json_text,
    markdown_text,
    shell_command,
    spelled,
    string_literal,
    visible,
    visible_lines,
)

anything = st.one_of(hostile_text.texts, st.text(st.characters(codec=None)))
"""Text of any characters, halves of surrogate pairs too."""


@pytest.mark.parametrize("text", hostile_text.PLAIN)
def test_letters_of_all_scripts_and_emoji_stay(text: str) -> None:
    assert visible(text) == spelled(text) == text
    assert json_text(text) == f'"{text}"'
    assert string_literal(text).strip('"') in (text, "\U0001f469\\u200d\U0001f4bb")


@pytest.mark.parametrize("character", hostile_text.CONTROLS)
def test_what_is_not_seen_is_written_as_python_escapes_it(character: str) -> None:
    shown = visible(f"a{character}b")
    assert shown == f"a{ascii(character)[1:-1]}b"
    assert ast.literal_eval(f"'{shown}'") == f"a{character}b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb", r"a\nb"),
        ("\u202eabc", r"\u202eabc"),
        ("\udcff", r"\udcff"),
        ("a\u200db", r"a\u200db"),
        ("\u200d\U0001f4bb", "\\u200d\U0001f4bb"),
        ("x\ufe0f", r"x\ufe0f"),
        ("[bold]", "[bold]"),
        ("C:\\temp", "C:\\temp"),
    ],
)
def test_the_rest_stays_as_it_is(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(anything)
def test_visible_text_is_visible_and_stays(text: str) -> None:
    for shown in (visible(text), spelled(text), string_literal(text), docstring_text(text), html_text(text)):
        assert not raw(shown)
        assert "\n" not in shown
        assert "\t" not in shown
        assert visible(shown) == shown
    lines = visible_lines(text)
    assert not raw(lines)
    assert lines.count("\n") == text.count("\n")


@given(anything, anything)
def test_no_two_texts_are_spelled_alike(one: str, other: str) -> None:
    assert (spelled(one) == spelled(other)) == (one == other)
    assert spelled(visible(one)) != spelled(one) or visible(one) == one


@given(anything)
def test_python_reads_a_literal_and_a_docstring_as_the_text(text: str) -> None:
    assert ast.literal_eval(string_literal(text)) == text
    assert ast.literal_eval(f'"""{docstring_text(text)}"""') == text


@given(anything)
def test_json_reads_what_json_text_writes_and_nothing_in_it_is_raw(text: str) -> None:
    written = json_text({text: [text, 1, None]}, indent=2)
    assert not raw(written)
    assert json.loads(written) == {text: [text, 1, None]}


@given(anything)
def test_html_shows_visible_text_and_no_element(text: str) -> None:
    written = html_text(text)
    assert not set(written) & set("<>\"'")
    assert html.unescape(written) == visible(text)


@given(anything)
def test_a_cell_of_markdown_shows_visible_text_and_nothing_else(text: str) -> None:
    cell = markdown_text(text)
    page = MarkdownIt("gfm-like", {"linkify": False}).parse(f"| head | two |\n|---|---|\n| {cell} | next |\n")
    cells = [token for token in page if token.type == "inline"]
    assert [token.content for token in cells[:2]] == ["head", "two"]
    assert len(cells) == 4
    assert cells[3].content == "next"
    parts = cells[2].children or []
    assert {part.type for part in parts} <= {"text", "text_special"}
    assert "".join(part.content for part in parts).strip() == visible(text).strip()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@given(st.lists(hostile_text.texts.filter(lambda text: "\0" not in text), min_size=1, max_size=5))
def test_a_shell_takes_a_command_word_by_word(words: list[str]) -> None:
    command = shell_command(["printf", "%s\\0", *words])
    assert not raw(command)
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == words
