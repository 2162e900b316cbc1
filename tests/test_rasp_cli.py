"""RASP on the command line: `run` of a source, the console, and a source as a task."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from cli.discovery import VARIABLE
from tests.programs import PROGRAMS
from tests.said import Said
from tprog.errors import BadFile, BadUsage
from tprog.rasp.drawing import MOST_BOXES, drawing
from tprog.rasp.expressions import SOp
from tprog.rasp.source.console import Console
from tprog.rasp.source.inputs import parse_tokens
from tprog.rasp.tracr.language import aggregate, full, indices, length, select, tokens
from tprog.tasks.builtin import Task, get_task
from tprog.tasks.own import find_task, task_name
from tprog.text.emit import emit

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder of our own, with a source in it."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    Path("reverse.rasp").write_text("r = load_from_location(tokens, length - 1 - indices);", encoding="utf-8")
    return tmp_path


# run ##################################################################################################################


def test_a_source_is_evaluated(said: Said) -> None:
    assert said("run", "reverse.rasp", "--input", "hey") == (0, "yeh\n", "")
    assert said("run", "reverse.rasp", "--input", "the cat sat")[1] == "sat cat the\n"
    code, out, _ = said("run", "reverse.rasp", "--input", '["a", " "]', "--json")
    assert code == 0
    assert json.loads(out) == {
        "schema": "tpdebug.run/1",
        "tokens": ["a", " "],
        "prediction": [" ", "a"],
        "outputs": {"r": [" ", "a"]},
        "hole": None,
    }


def test_several_outputs_are_named(said: Said) -> None:
    Path("two.rasp").write_text("a = tokens_int + 1; share = a / length; b = 3;", encoding="utf-8")
    assert said("run", "two.rasp:a,share", "--input", "12")[1] == "a: 23  share: 1 3/2\n"
    assert "'b' of two.rasp is a number; expected an s-op" in said("run", "two.rasp:b", "--input", "12")[2]


def test_a_source_is_evaluated_causally_if_so_asked(said: Said) -> None:
    Path("n.rasp").write_text("length;", encoding="utf-8")
    code, out, err = said("run", "n.rasp", "--input", "aba", "--causal")
    assert (code, out) == (0, "123\n")
    assert err.endswith("the causal mask changes length: on the input 'a a' it is '1 2', not '2 2'\n")
    assert said("run", "n.rasp", "--input", "a", "--causal")[2] == ""
    assert "--causal is about RASP source" in said("run", "x.py", "--input", "abc", "--causal")[2]


def test_an_input_without_a_value_is_a_hole(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("half.rasp").write_text("1 / (length - 2);", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO("abc\n\nab\n"))
    code, out, _ = said("run", "half.rasp")
    assert code == 1
    assert out.splitlines()[0] == "111"
    assert "half.rasp:1:1" in out.splitlines()[1]
    assert "a division by zero" in out.splitlines()[1]


def test_a_mistake_is_told_in_one_line(said: Said) -> None:
    Path("bad.rasp").write_text("a = 3;\nb = a +;", encoding="utf-8")
    code, out, err = said("run", "bad.rasp", "--input", "a")
    assert (code, out) == (2, "")
    assert err == "tpdebug: bad.rasp:2:8: found ';'; expected an expression\n"
    assert "there is no file no.rasp" in said("run", "no.rasp", "--input", "a")[2]
    assert "the input is no JSON list" in said("run", "reverse.rasp", "--input", '["a",]')[2]


@pytest.mark.parametrize(
    "verb", ["verify", "dead", "circuits", "graph", "coverage", "fuzz", "repair", "simplify", "emit"]
)
def test_another_verb_asks_what_the_inputs_of_a_source_are(said: Said, verb: str) -> None:
    code, out, err = said(verb, "reverse.rasp")
    assert (code, out) == (2, "")
    assert err.startswith("tpdebug: reverse.rasp does not say what its inputs are; expected variables such as vocabul")


REVERSED = "reversed = aggregate(select(indices, length - indices - 1, ==), tokens_str);\n"


def test_a_source_is_written_as_a_module(said: Said) -> None:
    Path("turned.rasp").write_text(REVERSED, encoding="utf-8")
    assert said("emit", "turned.rasp", "--vocabulary", "abc", "--length", "5", "-o", "turned.py")[0] == 0
    assert said("run", "turned.py", "--input", "abcca")[:2] == (0, "accba\n")
    assert said("run", "turned.py", "--input", "abccab")[0] == 2
    _, out, _ = said("emit", "turned.rasp", "--vocabulary", '["a", "bc"]', "--length", "3", "--causal")
    assert 'VOCABULARY = ("a", "bc")' in out
    assert "CAUSAL = True" in out


def test_what_is_about_a_source_or_not_about_one_is_refused(said: Said) -> None:
    Path("turned.rasp").write_text(REVERSED, encoding="utf-8")
    assert said("emit", "turned.rasp", "--vocabulary", "abc", "--length", "5", "-o", "turned.py")[0] == 0
    assert "are about RASP source, and turned.py is none" in said("emit", "turned.py", "--length", "5")[2]
    assert "--weights and --task are not about RASP source" in said("emit", "turned.rasp", "--task", "sort")[2]
    assert "--weights is about a module" in said("dead", "turned.rasp", "--weights", "w.csv")[2]
    assert (
        "--vocabulary is about RASP source, and turned.py is none" in said("dead", "turned.py", "--vocabulary", "ab")[2]
    )
    refused = said("diff", "turned.py", "turned.py", "--vocabulary", "ab")[2]
    assert "--vocabulary is about RASP source, and turned.py is none" in refused
    assert "turned.rasp does not say what its inputs are" in said("diff", "turned.py", "turned.rasp")[2]
    tests = said("fuzz", "turned.rasp", "--vocabulary", "ab", "--length", "3", "-o", "test_it.py")[2]
    assert "a test is of a module, and turned.rasp is RASP source; write its module first" in tests


@pytest.mark.parametrize("verb", ["verify", "dead", "graph", "coverage", "trace", "blame", "simplify", "circuits"])
def test_a_source_that_says_what_its_inputs_are_is_debugged_like_a_module(said: Said, verb: str) -> None:
    Path("turned.rasp").write_text('vocabulary = "abc";\nlongest = 4;\n' + REVERSED, encoding="utf-8")
    more = {"trace": ["--input", "abc"], "blame": ["--input", "abc"]}.get(verb, [])
    task = ["--task", "turned.rasp"] if verb in ("verify", "blame") else []
    code, out, err = said(verb, "turned.rasp", *task, *more)
    assert code == 0, err
    assert "turned.py" in out
    assert "tpdebug: turned.rasp is looked at as the module that tpdebug emit writes of it\n" in err


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        (
            "length;",
            ["--vocabulary", "[]"],
            "--vocabulary is written like an input, as abc or a JSON list of tokens: the",
        ),
        ("length;", ["--vocabulary", "[[1], 2]"], "token 0 of the input is a list"),
        ("length;", ["--vocabulary", "[a, b]"], "the input is no JSON list of tokens"),
        ("length;", ["--vocabulary", "aa"], "the vocabulary has 'a' twice"),
        ('vocabulary = {"a": 1}; length;', [], "x.rasp: vocabulary is {'a': 1}; expected a word, or a list of words"),
        ('vocabulary = "ab"; longest = True; length;', None, "x.rasp: longest is True; expected a whole number"),
        ('vocabulary = "ab"; longest = 10^12; length;', None, "the longest input has 1000000000000 tokens"),
    ],
)
def test_inputs_that_are_none_are_told(said: Said, text: str, options: list[str] | None, told: str) -> None:
    Path("x.rasp").write_text(text, encoding="utf-8")
    code, out, err = said("dead", "x.rasp", *([] if options is None else [*options, "--length", "3"]))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_brackets_that_hold_no_list_are_tokens_themselves() -> None:
    assert parse_tokens("[()]") == ["[", "(", ")", "]"]
    assert parse_tokens('["a", 1]') == ["a", 1]


def test_a_call_graph_is_of_python(said: Said) -> None:
    Path("x.rasp").write_text('vocabulary = "ab"; longest = 3; length;', encoding="utf-8")
    assert "a call graph is of a Python file, and x.rasp is RASP source" in said("graph", "x.rasp", "--calls")[2]


ASKED = {"trace": ["--input", "abc"], "blame": ["--input", "abc"], "fuzz": ["--no-database"]}
JUDGED = ("verify", "blame", "fuzz", "repair")


@pytest.mark.parametrize(
    "verb",
    ["verify", "dead", "graph", "coverage", "trace", "blame", "simplify", "circuits", "fuzz", "repair"],
)
def test_each_verb_takes_the_inputs_of_a_source_as_options(said: Said, verb: str) -> None:
    Path("turned.rasp").write_text(REVERSED, encoding="utf-8")
    task = ["--task", "turned.rasp"] if verb in JUDGED else []
    line = [verb, "turned.rasp", *task, *ASKED.get(verb, []), "--vocabulary", "abc", "--length", "3"]
    code, out, err = said(*line)
    assert code == 0, err
    assert "turned.py" in out
    if verb not in ("trace", "blame"):
        assert "39 inputs" in " ".join(out.split())  # 3 + 9 + 27


def test_options_go_before_what_a_source_says(said: Said) -> None:
    Path("turned.rasp").write_text('vocabulary = "abc";\nlongest = 4;\n' + REVERSED, encoding="utf-8")
    judged = ["--task", "turned.rasp", "--vocabulary", "xy", "--length", "3"]
    assert "right on all 14 inputs" in said("verify", "turned.rasp", *judged)[1]
    assert "on all 120 inputs" in said("dead", "turned.rasp")[1]


def test_two_versions_of_a_source_are_compared(said: Said) -> None:
    Path("one.rasp").write_text(REVERSED, encoding="utf-8")
    Path("other.rasp").write_text(REVERSED.replace("- 1", '- 1 - indicator(tokens_str == "c")'), encoding="utf-8")
    inputs = ["--vocabulary", "abc", "--length", "3"]
    code, out, _ = said("diff", "one.rasp", "other.rasp", *inputs)
    assert code == 1
    assert out.startswith("one.rasp and other.rasp: they differ on 23 of 39 inputs")
    assert said("emit", "one.rasp", *inputs, "-o", "one.py")[0] == 0
    assert said("diff", "one.py", "one.rasp", *inputs)[0] == 0
    assert said("fuzz", "one.py", "--against", "one.rasp", "--no-database", *inputs)[0] == 0
    assert said("fuzz", "one.py", "--against", "other.rasp", "--no-database", *inputs)[0] == 1


def test_a_source_may_be_the_program_of_a_project(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("turned.rasp").write_text('vocabulary = "abc";\nlongest = 4;\n' + REVERSED, encoding="utf-8")
    monkeypatch.setenv(VARIABLE, "turned.rasp:reversed")
    assert said("dead")[0] == 0


# The console ##########################################################################################################


def typed(text: str, root: Path | None = None) -> list[str]:
    """The lines that a console answers."""
    console = Console(root)
    return [line for typed in text.split("\n") for line in console.feed(typed)] + console.close()


def test_the_console_answers_each_statement() -> None:
    assert typed("indices\n + 1;\na = [1, 'x'];\na, b = 1/3, \"w\";\nb;".replace("'", '"')) == [
        "s-op out",
        '  out("hello") = [1, 2, 3, 4, 5] (numbers)',
        'a = [1, "x"]',
        "a = 1/3",
        'b = "w"',
        'b = "w"',
    ]
    assert typed('{"x": 1, "y": [2]};') == ['out = {"x": 1, "y": [2]}']
    assert typed('select(indices, indices, <)("abc");') == [
        "    | a b c",
        "  a |",
        "  b | 1",
        "  c | 1 1",
    ]
    assert typed("def f(x, y) {\n  return x; # first\n}\nf(tokens, 1)(\"ab\");") == [
        "console function: f(x, y)",
        "  = [a, b] (words)",
    ]  # fmt: skip


def test_a_mistake_is_told_and_the_rest_goes_on() -> None:
    assert typed("a = b;\na = 2;\n1 2;\na;\n(3") == [
        "error: console:1:5: found the name 'b', which stands for nothing here; expected a name that is defined before",
        "a = 2",
        "error: console:3:3: found '2'; expected an operator, ',' or ';'".replace(", ','", ""),
        "a = 2",
        "error: console:5:1: found the end within a statement; expected ';' or '}'",
    ]


def test_commands_set_what_is_shown() -> None:
    assert typed("set example [1, 2]\nshow example\nexamples off\nindices;\ns-op examples on\nfull_s;\nindices;") == [
        "s-op example: [1, 2]",
        "selector example: [1, 2]",
        "s-op indices",
        "selector full_s",
        "s-op indices",
        "  indices([1, 2]) = [0, 1] (numbers)",
    ]
    commands = 'full seq display on\ntokens("ab");\nset selector example "x"\nshow selector example\nexit\nindices;'
    assert typed(commands) == [
        "  (words)",
        "    input:  a b",
        "    output: a b",
        'selector example: "x"',
    ]  # fmt: skip


ANSWERS: dict[str, list[str]] = {
    "selector examples off\nfull_s;\nlength;": [
        "selector full_s", "s-op length", '  length("hello") = [5]*5 (numbers)',
    ],
    's-op examples off\nset example "ab"\nfull_s;\nlength;': [
        "selector full_s", "    | a b", "  a | 1 1", "  b | 1 1", "s-op length",
    ],
    "examples off\nselector examples on\nlength;": ["s-op length"],
    "examples off\nexamples on\nlength;": ["s-op length", '  length("hello") = [5]*5 (numbers)'],
    'set s-op example "ab"\nshow example\nset selector example "xy"\nshow s-op example\nshow selector example\n'
    "indices; select(indices, indices, ==);": [
        's-op example: "ab"', 'selector example: "hello"', 's-op example: "ab"', 'selector example: "xy"',
        "s-op indices", '  indices("ab") = [0, 1] (numbers)', "selector out", "    | x y", "  x | 1", "  y |   1",
    ],
    'set example ["ab", "c"]\ntokens;': ["s-op tokens", '  tokens(["ab", "c"]) = [ab, c] (words)'],
    '[indices, full_s, sort, 1, True, "a", 1/2, {1: 2}, []];': [
        'out = [s-op indices, selector full_s, function sort, 1, True, "a", 1/2, {1: 2}, []]',
    ],
    'indices("a");\n(indices == indices)("ab");\n(indices == 0)("ab");\ntokens("ab");': [
        "  = [0] (numbers)", "  = [T]*2 (booleans)", "  = [T, F] (booleans)", "  = [a, b] (words)",
    ],
    "full_s(range(61));": ["  = 61 rows, 3721 positions selected in all"],
    "select(indices, 0, ==)([1, 22]);": ["     |  1 22", "   1 |  1", "  22 |  1"],
    'full seq display on\n(indices * 50)("abc");\n(indices == 1)("ab");\nlength("ab");\nset example "xyz"\nindices;\n'
    'full seq display off\nindices("ab");': [
        "  (numbers)", "    input:    a   b   c", "    output:   0  50 100",
        "  (booleans)", "    input:  a b", "    output: F T", "  = [2]*2 (numbers)",
        "s-op indices", '  indices("xyz") (numbers)', "    input:  x y z", "    output: 0 1 2", "  = [0, 1] (numbers)",
    ],
    "exit\nindices;": [],
    "quit()\nindices;": [],
    "def f() {\n return 1;\n}\nf; f();": ["console function: f()", "console function: f()", "out = 1"],
    '# first\n  a = # then\n 1;\n$;\n': [
        "a = 1", "error: console:4:1: found '$'; expected an expression, 'def', 'draw', 'for' or 'load'",
    ],
    'set example "12"\nset selector example "ab"\nselect(tokens_int, 1, ==);\n1;': [
        "error: the language:0: tokens_int has no value at position 0: the token 'a' is no int", "out = 1",
    ],
    "set example 3\nset example []\nset example [1, \"a\"]\nset example [[1]]\nset example {1: 2}\nshow s-op example": [
        "error: console:1:13: found a number; expected a word or a list of values as an input",
        "error: console:2:13: found an input of 0 tokens; expected 1 to 10,000",
        "error: console:3:13: found an input of words and numbers; expected tokens of one kind",
        "error: console:4:13: found an input with other things than values in it; expected values alone",
        "s-op example: [1]",
    ],
    'draw(1, "ab");\ndraw(tokens, 3);\ndraw(tokens_int, "1");\ndraw(full_s);\ndraw("a");': [
        "  = [1]*2 (numbers)",
        "error: console:2:14: found a number; expected a word or a list of values as an input",
        "  = [1] (numbers)",
        "error: console:4:6: found a selector; expected an s-op or a value",
        "  = [a]*5 (words)",
    ],
}  # fmt: skip
"""What is typed -> the lines of the answer."""


@pytest.mark.parametrize("text", ANSWERS)
def test_what_is_typed_is_answered(text: str) -> None:
    assert typed(text) == ANSWERS[text]


def test_a_matrix_of_sixty_is_shown_and_long_lines_are_cut() -> None:
    assert len(typed("full_s(range(60));")) == 61
    (line,) = typed("a = range(1000);")
    assert 300 < len(line) <= 450
    (line,) = typed("indices(range(1000));")
    assert 1500 < len(line) <= 1650


def test_a_console_knows_whether_it_waits_what_it_said_and_what_went_wrong() -> None:
    console = Console(None)
    waiting = []
    for line in ("a = (", "1", ");", "", "b", "=", "c;", "tokens;", "draw(length);"):
        console.feed(line)
        waiting.append(console.waiting)
    assert waiting == [True, True, False, False, True, True, False, False, False]
    assert (console.errors, len(console.said), console.done) == (1, 4, False)
    assert (console.scope.find("a"), console.close()) == (1, [])
    assert console.example_values(console.scope.find("length")) == [5] * 5
    assert [each.name for each in console.drawings()] == ["length"]
    console.feed("exit")
    assert console.done


def test_a_statement_that_never_ends_is_forgotten() -> None:
    console = Console(None)
    assert console.feed("a = (" + " " * 60_000) == []
    (line,) = console.feed(" " * 10_000)
    assert line.startswith("error: console:1:1: found a statement of 70,007 characters")
    assert (console.waiting, console.feed("1;")) == (False, ["out = 1"])


def test_a_drawing_has_a_box_for_all_that_is_read_and_none_for_constants() -> None:
    shifted = aggregate(select(indices, indices - 1, "=="), tokens, default="-").named("shifted")
    found = drawing(shifted, "ab")
    assert (found.tokens, found.name) == (("a", "b"), "shifted")
    assert [(box.name, box.values, box.rows, box.reads) for box in found.boxes] == [
        ("indices", ("0", "1"), (), ()),
        ("indices - 1", ("-1", "0"), (), (0,)),
        ("select(indices, indices - 1, ==)", (), (0, 1), (0, 1)),
        ("tokens", ("a", "b"), (), ()),
        ("shifted", ("-", "a"), (), (2, 3)),
    ]
    assert [(box.values, box.reads) for box in drawing(full(7), "ab").boxes] == [(("7", "7"), ())]


def test_a_drawing_is_no_larger_than_can_be_looked_at() -> None:
    long: SOp = indices
    for _ in range(MOST_BOXES - 1):
        long = long + indices
    assert len(drawing(long, "a").boxes) == MOST_BOXES
    with pytest.raises(BadUsage, match="is 301 expressions with 301 values, too many to draw"):
        drawing(long + 1, "a")
    assert len(drawing(length, [0] * 140).boxes) == 3
    with pytest.raises(BadUsage, match="with 20,163 values"):
        drawing(length, [0] * 141)


def test_drawing_shows_values_and_writes_nothing(folder: Path) -> None:
    before = sorted(folder.iterdir())
    assert typed('draw(indices + 1, "ab");\ndraw(length);') == ["  = [1, 2] (numbers)", "  = [5]*5 (numbers)"]
    assert sorted(folder.iterdir()) == before


def test_what_is_drawn_becomes_a_picture_where_one_is_asked_for(
    said: Said, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('draw(r, "abc"); a = indices; draw(a + 1, "<&>");\n'))
    code, _, err = said("rasp", "reverse.rasp", "-o", "flow.svg")
    assert (code, err) == (0, "tpdebug: wrote flow.svg\ntpdebug: wrote flow-2.svg\n")
    drawn, other = ((folder / name).read_text(encoding="utf-8") for name in ("flow.svg", "flow-2.svg"))
    assert all(f">{word}<" in drawn for word in ("tokens_str", "indices", "length", "r", "c", "●"))
    assert "&lt;" in other
    monkeypatch.setattr("sys.stdin", io.StringIO("draw(length, [1, 2]);"))
    assert said("rasp", "-o", "flow.dot")[0] == 0
    assert "digraph" in (folder / "flow.dot").read_text(encoding="utf-8")


def test_what_cannot_be_drawn_writes_nothing(said: Said, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(folder.iterdir())
    monkeypatch.setattr("sys.stdin", io.StringIO("length;"))
    assert "nothing was drawn, so flow.svg is not written" in said("rasp", "-o", "flow.svg")[2]
    assert "the ending picks the form, and this verb writes .svg, .dot" in said("rasp", "-o", "flow.png")[2]
    monkeypatch.setattr("sys.stdin", io.StringIO('draw(indices, "ab"); draw(length, range(200));'))
    code, _, err = said("rasp", "-o", "flow.svg")
    assert (code, "too many to draw; expected at most 300" in err) == (2, True)
    assert sorted(folder.iterdir()) == before
    (folder / "mine.svg").write_text("mine", encoding="utf-8")
    assert said("rasp", "-o", "mine.svg")[0] == 2
    assert (folder / "mine.svg").read_text(encoding="utf-8") == "mine"


def test_what_is_loaded_is_told_once_at_its_end(folder: Path) -> None:
    Path("lib.rasp").write_text("a = 1; a = a + 1; _p = 3; b = indices;", encoding="utf-8")
    assert typed('load "lib";', folder) == ["a = 2", "s-op b"]


def test_the_console_reads_stdin(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('r("abc");\n'))
    code, out, err = said("rasp", "reverse.rasp")
    assert (code, out.splitlines(), err) == (0, ["s-op r", "  = [c, b, a] (words)"], "")
    monkeypatch.setattr("sys.stdin", io.StringIO("a = ;\n"))
    assert said("rasp")[0] == 1
    assert "is no RASP source" in said("rasp", "x.py")[2]
    assert "there is no file x.rasp" in said("rasp", "x.rasp")[2]


# A task ###############################################################################################################

SORT = 'vocabulary = ["a", "b", "c", "</s>"];\nlongest = 3;\nsorted = sort(tokens, tokens);\n'


def task(text: str, name: str = "mine") -> Task:
    path = Path(f"{name.partition(':')[0]}.rasp")
    path.write_text(text, encoding="utf-8")
    _, colon, output = name.partition(":")
    return find_task(f"{path}{colon}{output}")


def test_a_source_is_a_task() -> None:
    found, own = task(SORT, "sort"), get_task("sort", vocabulary_size=6, length=5)
    assert (found.name, found.vocabulary, found.classes, found.max_length) == (
        "sort_rasp", own.vocabulary, own.classes, own.max_length,
    )  # fmt: skip
    inputs = own.inputs()
    assert np.array_equal(found.inputs().tokens, inputs.tokens)
    assert np.array_equal(found.expected(inputs), own.expected(inputs))
    assert task_name("x/sort.rasp") == "sort_rasp"
    assert task_name("x/mine.rasp:hist") == "mine"


def test_numbers_and_booleans_are_spelled() -> None:
    found = task("vocabulary = [3, 1, 2]; longest = 2; s = tokens_asis + 1 > 2; t = tokens_asis / 2;", "n:s")
    assert (found.symbols, found.classes) == (("3", "1", "2"), ("F", "T"))
    assert find_task("n.rasp:t").classes == ("1", "1/2", "3/2")
    assert found.oracle(["<s>", "1", "3"]) == [None, "F", "T"]


def test_a_causal_task_is_evaluated_causally() -> None:
    found = task('vocabulary = "ab"; longest = 3; causal = True; length;')
    assert found.causal
    assert found.oracle(["<s>", "a", "b"]) == [None, "1", "2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("indices;", "a task needs the variables vocabulary"),
        ('vocabulary = "ab"; indices;', "longest is None; expected a whole number"),
        ('vocabulary = "ab"; longest = 0; indices;', "longest is 0; expected a whole number"),
        ('vocabulary = 3; longest = 2; indices;', "vocabulary is 3; expected a word, or a list"),
        ('vocabulary = "a"; longest = 2; indices;', "vocabulary holds only 'a'; expected two tokens or more"),
        ('vocabulary = "aba"; longest = 2; indices;', "'a' twice"),
        ('vocabulary = "ab"; longest = 2; causal = 1; indices;', "causal is 1; expected True or False"),
        ('vocabulary = "ab"; longest = 2; classes = 3; indices;', "classes is 3; expected a word"),
        ('vocabulary = "ab"; longest = 2; indices * 0;', "gives only the answer '0'"),
        ('vocabulary = "ab"; longest = 20; indices;', "more than the 20,000 that are tried"),
        ('vocabulary = "ab"; longest = 2; 1 / (length - 2);', "there is no answer to ['a', 'a']"),
    ],
)  # fmt: skip
def test_a_source_that_is_no_task_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadFile) as caught:
        task(text)
    assert said in str(caught.value)


def test_an_answer_that_is_no_class_is_told() -> None:
    found = task('vocabulary = "ab"; longest = 20; classes = ["0", "1"]; indices;')
    with pytest.raises(BadFile, match=r"the answer to .* is '2'; expected one of '0', '1'"):
        found.oracle(["<s>", "a", "a", "a"])
    shutil.copy("mine.rasp", "sort.py")
    with pytest.raises(BadUsage, match="rename the file"):
        find_task("sort.py")


def test_a_program_is_judged_by_a_source(said: Said) -> None:
    program = PROGRAMS["sort"].program
    Path("p.py").write_text(emit(program).text, encoding="utf-8")
    symbols = ", ".join(f'"{word}"' for word in program.vocabulary if word[0] != "<")
    Path("sort.rasp").write_text(SORT.replace('"a", "b", "c"', symbols), encoding="utf-8")
    code, out, _ = said("verify", "p.py", "--task", "sort.rasp")
    assert (code, "right on all" in out) == (0, True)
    fuzzed = " ".join(said("fuzz", "p.py", "--task", "sort.rasp")[1].split())
    assert "against the right answers of the task sort_rasp" in fuzzed
    assert "which is right" in said("blame", "p.py", "--task", "sort.rasp", "--input", "ab")[1]
