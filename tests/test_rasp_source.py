"""RASP source: what it means, where it is wrong, and what a hostile one cannot do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rasp_programs import cases, value_of
from tests.rasp_sources import SOURCES
from tprog.errors import BadFile, BadSource, BadUsage, TpdebugError
from tprog.rasp import rasp_l
from tprog.rasp.evaluate import evaluate
from tprog.rasp.failures import Failed
from tprog.rasp.functions import Dialect
from tprog.rasp.program import RaspProgram
from tprog.rasp.source.bounds import (
    CALL_STEPS,
    DEEPEST_CALL,
    DEEPEST_NESTING,
    EXPRESSION_STEPS,
    LARGEST_SOURCE,
    LONGEST_STATEMENT,
    MOST_ITEMS,
    MOST_LOADS,
    MOST_STEPS,
    STATEMENT_STEPS,
    TRIAL_STEPS,
)
from tprog.rasp.source.files import BUNDLED, Loading, load_program, program_of_text
from tprog.rasp.source.interpreter import Interpreter
from tprog.rasp.source.session import Session, Told
from tprog.rasp.source.syntax import Statement
from tprog.rasp.source.things import SourceFile
from tprog.rasp.values import MOST_CHARACTERS


def output(text: str, tokens: Any = "hello", given: Any = None) -> list[Any]:
    """What the last s-op of a source gives."""
    (_, sop) = program_of_text(text, given=given).outputs[-1]
    return evaluate(sop, tokens)


def value(expression: str) -> Any:
    """What an expression of values is: it is held by an s-op, because programs have no other outputs."""
    return output(f"x = {expression}; tokens_asis == tokens_asis; indicator(True == indices) * 0 + 0 * length + x;")[0]


def refusal(text: str, root: Path | None = None) -> str:
    """What is said of a source that has no meaning."""
    with pytest.raises(TpdebugError) as caught:
        program_of_text(text, "x.rasp", root=root)
    assert isinstance(caught.value, (BadSource, BadUsage))
    return str(caught.value)


# Meaning ##############################################################################################################


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_gives_what_was_computed_independently(name: str) -> None:
    (told,) = [each for each in cases()["programs"] if each["name"] == name]
    programs: dict[Any, RaspProgram] = {}
    for case in told["cases"]:
        # Addition needs an example with a plus in it.
        program = programs.setdefault(None, program_of_text(SOURCES[name], given=case["input"]))
        (_, sop) = program.outputs[-1]
        assert sop.dialect is Dialect.RASP
        assert evaluate(sop, case["input"]) == list(map(value_of, case["output"])), case


def test_every_case_of_the_language_is_looked_at() -> None:
    assert {each["name"] for each in cases()["programs"] if each["dialect"] == "rasp"} == SOURCES.keys()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("-2^2", 4),
        ("2^3^2", 64),
        ("2^-1", Fraction(1, 2)),
        ("7 % 3 * 2", 1),
        ("1 - 2 - 3", -4),
        ("8 / 2 / 2", 2),
        ("1/3 + 1/3 + 1/3", 1),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("round(1.5) + round(2.5) + round(-0.5)", 4),
        ("1 if 2 > 1 else 3", 1),
        ("1 if False else 2 if False else 3", 3),
        ("1 if True else 2 if False else 3", 3),
        ("len([1, 2] + [3] * 2)", 4),
        ("[5, 6, 7][-1] + {1: 2}[1]", 9),
        ("len(zip([1, 2], [3, 4])[1])", 2),
        ("len(range(5)) + range(2, 9, 3)[1]", 10),
        ("[i * j for i, j in [[1, 2], [3, 4]]][1]", 12),
        ("{i: i + 1 for i in range(3)}[2]", 3),
        ("1 if 2 in [1, 2] else 0", 1),
        ("(0 or 5) + (0 and 5) + (2 and 3)", 8),
    ],
)
def test_values_are_computed_as_in_the_language_of_2021(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a" if indices % 2 == 1 else tokens;', ["h", "a", "l", "a", "o"]),
        ("not tokens == False;", [True] * 5),
        ("not indices == 0;", [False, True, True, True, True]),
        ("indices > 0 or indices == 0 and indices > 3;", [False, False, False, False, True]),
        ("tokens[0];", ["h"] * 5),
        ("tokens[-1];", ["o"] * 5),
        ("indices[9];", [0] * 5),
        ('{"h": 1, "e": 2, "l": 3, "o": 4}[tokens];', [1, 2, 3, 3, 4]),
        ('"abcdef"[indices];', list("abcde")),
        ('tokens in ["l", "h"];', [True, False, True, True, False]),
        ("3 in indices;", [True] * 5),
        ('not tokens in ["l"];', [False] * 5),
        ("aggregate(select(indices, 9, ==), indices);", [0] * 5),
        ("aggregate(select(indices, 1, <=), indices);", [Fraction(1, 2)] * 5),
        ("selector_width(select(indices, indices, !=));", [4] * 5),
        ("selector_width(not select(tokens, tokens, ==));", [4, 4, 3, 3, 4]),
        ("indicator(tokens) + round(indices / 2);", [1, 1, 2, 3, 3]),
        ("-indices ^ 2;", [0, 1, 4, 9, 16]),
        ("a = indices; b = a; a = a + 1; b;", [0, 1, 2, 3, 4]),
        ("max(indices, 2) - min(indices, 2);", [2, 1, 0, 1, 2]),
        ("average(indices);", [2] * 5),
        ("average((indices == 0) if indices < 1 else indices);", [Fraction(11, 5)] * 5),
        ("aggregate(select_next_identical(tokens), indices);", [0, 0, 3, 0, 0]),
        ("aggregate(select_from_first(tokens, tokens), indices, -1);", [2, 2, 2, 2, 2]),
    ],
)
def test_s_ops_are_computed_as_in_the_language_of_2021(text: str, expected: list[Any]) -> None:
    if "select_from_first" in text:
        text, expected = 'aggregate(select_from_first(tokens, "l"), indices);', [2] * 5
    assert output(text) == expected


@pytest.mark.parametrize(
    ("reading", "tokens", "expected"),
    [
        ("str", [1, Fraction(5, 2), True], ["1", "2.5", "True"]),
        ("int", ["1", "-2"], [1, -2]),
        ("float", ["1.5", "2"], [Fraction(3, 2), 2]),
        ("float", [Fraction(1, 3), True, 2], [Fraction(1, 3), 1, 2]),
        ("bool", [0, 2], [False, True]),
        ("bool", ["", "0"], [False, True]),
        ("asis", [3, 4], [3, 4]),
    ],
)
def test_tokens_are_read_in_five_ways(reading: str, tokens: list[Any], expected: list[Any]) -> None:
    assert output(f"tokens_{reading};", tokens, given=tokens) == expected


@pytest.mark.parametrize(
    ("reading", "said"), [("asis", []), ("int", []), ("bool", []), ("str", ["words"]), ("float", ["numbers"])]
)
def test_rasp_l_reads_whole_numbers(reading: str, said: list[str]) -> None:
    found = rasp_l.check(program_of_text(f"tokens_{reading};", given=[1]))
    assert [f"tokens are read as {each}, and RASP-L has whole ones" for each in said] == [each.reason for each in found]


@pytest.mark.parametrize(
    ("reading", "token"),
    [("int", "a"), ("int", "1.5"), ("int", ""), ("float", "a"), ("float", "1/2"), ("float", "inf"), ("float", "nan")],
)
def test_a_token_that_is_no_number_is_read_as_none(reading: str, token: str) -> None:
    (_, sop) = program_of_text(f"tokens_{reading};", given=[1]).outputs[-1]
    with pytest.raises(Failed, match=r"at position 1: the (token '.*' is no|number .*; expected a finite one)"):
        evaluate(sop, ["1", token])


def test_functions_see_the_scope_where_they_are_defined_and_change_none() -> None:
    text = """
        a = 1;
        def f(x) { def g(y) { return y + a; } a = 5; z = g(x), a; return z; }
        r, s = f(10);
        10000 * a + 100 * s + r + 0 * indices;
    """
    assert output(text)[0] == 10515


def test_a_function_may_call_itself_where_a_value_ends_it() -> None:
    assert output("def f(n) { return n * f(n - 1) if n > 0 else 1; } f(20) + 0 * indices;")[0] == 2432902008176640000


def test_loops_go_through_lists_and_dicts() -> None:
    assert output("a = 0; for i in range(4) { a = a + i; } a + 0 * indices;")[0] == 6
    assert output('a = ""; for k in {"x": 1, "y": 2} { a = a + k; } a if indices >= 0 else "";')[0] == "xy"


def test_the_outputs_are_what_the_last_statement_assigns_or_those_that_are_asked_for() -> None:
    text = "a, b = indices, tokens; c = 3; def f() { return 1; }"
    assert [name for name, _ in program_of_text(text).outputs] == ["a", "b"]
    assert [name for name, _ in program_of_text(text, outputs=["b"]).outputs] == ["b"]
    with pytest.raises(BadUsage, match="defines no 'z'; its s-ops are a, b"):
        program_of_text(text, outputs=["z"])
    with pytest.raises(BadUsage, match="'c' of source is a number; expected an s-op"):
        program_of_text(text, outputs=["c"])
    with pytest.raises(BadUsage, match="defines no s-op"):
        program_of_text("a = 3;")


def test_an_s_op_knows_its_line_and_the_name_of_its_variable() -> None:
    program = program_of_text("\nn = count(tokens,\n  'a');".replace("'", '"'), "x.rasp")
    ((name, sop),) = program.outputs
    assert (name, sop.name, str(sop.where)) == ("n", "n", "x.rasp:2:5")
    assert {str(node.where).partition(":")[0] for node in program.nodes()} <= {"x.rasp", "the language"}


def test_what_tpdebug_brings_is_read_and_can_be_loaded() -> None:
    assert [path.stem for path in sorted(BUNDLED.glob("*.rasp"))] == ["examples", "rasplib"]
    program = program_of_text('load "examples";', outputs=["most_freq", "double_hist"])
    assert program.run("abbc") == {"most_freq": ["b", "a", "c", "-"], "double_hist": [2, 1, 1, 2]}


# Errors ###############################################################################################################


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 3 +;", "x.rasp:1:8: found ';'; expected an expression"),
        ("a = 3;\n\n  b = (1;", "x.rasp:3:9: found ';'; expected ')'"),
        ("a = 1;\nb = [1,\n 2,\n  $];\n", "x.rasp:4:3: found '$'"),
        ("a = 1;\nb = [1,\n 2,\n  c];\n", "x.rasp:4:3: found the name 'c'"),
        ("a = 1; b = c;", "x.rasp:1:12: found the name 'c'"),
        ("a = 1;\r\n\r\n b = c;", "x.rasp:3:6: found the name 'c'"),
        ("# one\n# two\n\na = 1; # three\n b = c;", "x.rasp:5:6: found the name 'c'"),
        ("a = 3", "x.rasp:1:1: found the end of the file within a statement; expected ';' or '}'"),
        ("def f() { a = 1; }", "x.rasp:1:18: found '}'; expected 'return'"),
        ("a = 1 != 2;", "x.rasp:1:7: found '!='; expected an operator, ',' or ';'"),
        ("select (1, 2, ==);", "found '=='; expected an expression"),
        ("a = $;", "x.rasp:1:5: found '$'; expected an expression"),
        ('a = "x\n";', "found '\"'"),
        ("set example", "x.rasp:1:12: found the end of the statement; expected an expression"),
        ("show nothing", "found 'show nothing'; expected 'set example VALUE'"),
        ("a = b;", "x.rasp:1:5: found the name 'b', which stands for nothing here; expected a name that is defined"),
        ("length = 3;", "found the name 'length', which is reserved; expected another one"),
        ("out = 3;", "the name 'out', which is reserved"),
        ("a, b = 3;", "found a number; expected 2 values"),
        ("a, b = 1, 2, 3;", "found 3 values; expected 2, one for each name"),
        ("f = 3; f(1);", "found a number that is called; expected a function, an s-op or a selector"),
        ("count(tokens);", "found 1 values; expected 2, as count(seq, atom) takes"),
        ("indices(1, 2);", "found 2 inputs; expected one"),
        ("1 + tokens;", "+ of 1 and 'h': + takes two numbers or two words, not a whole number and a word"),
        ("1 + \"a\";", "+ takes two numbers or two words"),
        ("tokens < indices;", "which has no value on the example 'hello' at position 0: < of 'h' and 0"),
        ("aggregate(full_s, tokens);", "the mean of several values, and 'h' is a word; expected numbers"),
        ("aggregate(full_s, indices == 0);", "they hold booleans"),
        ("aggregate(select(indices, 1, ==) and select(indices, indices, ==), tokens);", "its values are of several"),
        ("aggregate(indices, tokens);", "found an s-op; expected a selector"),
        ("full_s + 1;", "found a selector; expected s-ops or values for +"),
        ("full_s and indices;", "found a selector and an s-op; expected two selectors for and"),
        ("indicator(3);", "found a number; expected an s-op for indicator"),
        ("range(1, 2, 0);", "found a step of 0"),
        ('range("a");', "found a word; expected whole numbers for range"),
        ("zip([1], [1, 2]);", "found lists of 1 and 2 items"),
        ("len(3);", "found a number; expected a list for len"),
        ("[1, 2][5];", "found the index 5, and there are 2 items"),
        ("{1: 2}[3];", "found the index 3, which is not in the dict"),
        ("tokens[indices];", "found an s-op as an index; expected a whole number"),
        ("{[1]: 2};", "found a list; expected a value as the key of a dict"),
        ("for i in 3 { a = i; }", "found a number; expected a list or a dict to go through"),
        ("1 / 0;", "a division by zero"),
        ("1 / indices;", "a division by zero"),
        ("tokens_int;", "the token 'h' is no int"),
        ('set example "ab"\n1 / indices;', "has no value on the example 'ab' at position 0"),
        ('set example ["ab", "c"]\n1 / indices;', """has no value on the example "['ab', 'c']" at position 0"""),
        ("1 / (indices - 2);", "found 1 / (indices - 2), which has no value on"),
        ('indices("");', "found an input of 0 tokens"),
        ("full_s in [1];", "found a selector; expected an s-op or a value before `in`"),
    ],
)  # fmt: skip
def test_an_error_says_where_what_was_found_and_what_was_expected(text: str, said: str) -> None:
    assert said in refusal(text)


def test_an_error_in_a_function_is_told_where_it_stands_and_one_of_the_library_where_it_is_called() -> None:
    assert refusal("def f(a) {\n  return a + 1;\n}\nf(tokens);").startswith("x.rasp:2:10: ")
    assert refusal("b = 2;\nb = average(tokens);").startswith("x.rasp:2:5: ")


def test_a_definition_is_tried_on_the_input_that_is_asked_about() -> None:
    assert output("tokens_int + 1;", "123", given="123") == [2, 3, 4]
    assert output('set example "123"\ntokens_int + 1;', "123") == [2, 3, 4]
    assert output("(tokens_int + 1)([1, 2]); indices;") == [0, 1, 2, 3, 4]
    assert "no value on this input" in refusal('set example "12"\n(tokens_int)("ab");')


def test_an_s_op_that_fails_on_some_inputs_alone_is_told_when_it_is_evaluated() -> None:
    sop = program_of_text("a = 1 / (length - 2);").outputs[0][1]
    with pytest.raises(Failed, match=r"position 0: / of 1 and 0: a division by zero"):
        evaluate(sop, "ab")


# Loading ##############################################################################################################


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.rasp"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_a_file_is_loaded_from_the_folder_of_the_source_or_beside_the_one_that_loads_it(tmp_path: Path) -> None:
    write(tmp_path, main='load "lib/a"; r = a + b;', lib__a='load "b"; a = b + indices;', lib__b="b = 10; _p = 1;")
    assert load_program(tmp_path / "main.rasp").run("xy") == {"r": [20, 21]}


def test_private_names_stay_in_their_file_and_names_of_the_loader_are_not_seen(tmp_path: Path) -> None:
    write(tmp_path, a="_p = 1; b = _p;", c="d = mine;")
    assert "the name '_p', which stands for nothing" in refusal('load "a"; _p;', tmp_path)
    said = refusal('mine = 3;\nload "c";', tmp_path)
    assert said == ("c.rasp:1:5: found a name that stands for nothing here; expected a name that is defined before")


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/../../secret", "..", ".", "", "C:/x", "a\\b", "link", "inside/secret"]
)
def test_nothing_outside_of_the_folder_is_loaded(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    write(tmp_path, secret="a = 1;")
    os.symlink(tmp_path / "secret.rasp", inner / "link.rasp")
    os.symlink(tmp_path, inner / "inside")
    said = refusal(f'load "{name}"; indices;', inner)
    assert "expected a path below the folder" in said or "expected a plain file" in said or "below the folder" in said


def test_a_file_that_loads_itself_is_refused(tmp_path: Path) -> None:
    write(tmp_path, a='load "b";', b='load "a";')
    assert refusal('load "a"; indices;', tmp_path).startswith("b.rasp:1:1: found the file a.rasp, which loads itself")


def test_a_message_does_not_quote_a_loaded_file(tmp_path: Path) -> None:
    for text in ("secret", "secret;", "a = secret + 1;", 'a = {"k": 1}["secret"];', '1 + "secret";', "def secret();"):
        (tmp_path / "a.rasp").write_text(text, encoding="utf-8")
        said = refusal('load "a"; indices;', tmp_path)
        assert said.startswith("a.rasp:1:")
        assert "secret" not in said


def test_a_file_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "big.rasp").write_text("#" * (LARGEST_SOURCE + 1), encoding="utf-8")
    (tmp_path / "binary.rasp").write_bytes(b"a\0b")
    (tmp_path / "folder.rasp").mkdir()
    for name in ("big", "binary", "folder"):
        said = refusal(f'load "{name}"; indices;', tmp_path)
        assert "a file that cannot be loaded" in said
        assert said.count("expected a RASP source") == 1
        with pytest.raises(BadFile):
            load_program(tmp_path / f"{name}.rasp")


# Hostile sources ######################################################################################################

BOMBS: dict[str, Callable[[], str]] = {
    "power": lambda: "a = 10^(10^10);",
    "power_of_s_op": lambda: "a = (indices + 10)^(10^10);",
    "squares": lambda: "a = 3; for i in range(10000) { a = a * a; }",
    "squares_of_s_op": lambda: "a = indices + 2; for i in range(10000) { a = a * a; }",
    "words": lambda: 'a = "ab"; for i in range(10000) { a = a + a; }',
    "repeat": lambda: 'a = "ab" * 10^9;',
    "lists": lambda: "a = [1]; for i in range(10000) { a = a + a; }",
    "range": lambda: "a = range(10^12);",
    "far_range": lambda: "a = range(10^30, 10^31);",
    "loops": lambda: "a = 0;" + "for i in range(9999) {" * 5 + "a = a + 1;" + "}" * 5,
    "comprehensions": lambda: "r = range(9999); a = [[[1 for i in r] for j in r] for k in r];",
    "calls": lambda: "def f(x) { return f(x); } f(1);",
    "tree": lambda: "def f(x) { return f(x - 1) + f(x - 1) if x > 0 else 1; } f(45);",
    "brackets": lambda: "a = " + "(" * 100_000 + ";",
    "nested": lambda: "a = " + "[" * 5000 + "]" * 5000 + ";",
    "not": lambda: "a = " + "not " * 10_000 + "1;",
    "chain": lambda: "a = 0" + "+ 1" * 5_000 + ";",
    "choices": lambda: "a = 1" + " if 1 else 1" * 3000 + ";",
    "indices": lambda: "a = x" + "[0]" * 3_000 + ";",
    "long": lambda: "a = " + "1" * 100_000 + ";",
    "digits": lambda: "a = " + "1" * 5_000 + ";",
    "open": lambda: "a = (\n" * 20_000,
    "statements": lambda: "a = indices + 1;\n" * 30_000,
    "long_example": lambda: "set example range(10000)\n" + "s = select(indices, indices, <);\n" * 1000,
    "chain_of_s_ops": lambda: "a = indices; for i in range(10000) { a = a + 1; } for i in range(3000) { a = a + 1; }",
    "blanks": lambda: " \n" * 400_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_goes_off_in_no_time(name: str) -> None:
    begun = time.process_time()
    with suppress(BadSource, BadUsage):
        program_of_text(BOMBS[name]() + "indices;", steps=MOST_STEPS // 20)
    assert time.process_time() - begun < 10


def nested(count: int) -> str:
    return "a = " + "[" * count + "]" * count + ";"


def calls(count: int) -> str:
    return f"def f(n) {{ return f(n - 1) if n > 1 else 0; }} a = f({count});"


BOUNDS: dict[str, tuple[Callable[[int], str], int]] = {
    "an item of a range": (lambda count: f"a = range({count});", MOST_ITEMS),
    "an item of a range from 5": (lambda count: f"a = range(5, {5 + 3 * count - 2}, 3);", MOST_ITEMS),
    "an item of a range downwards": (lambda count: f"a = range(0, -{count}, -1);", MOST_ITEMS),
    "an item of a list": (lambda count: f"a = range({count - 1}) + [0];", MOST_ITEMS),
    "an item of a list repeated": (lambda count: f"a = [1] * {count};", MOST_ITEMS),
    "a token": (lambda count: f"indices([1] * {count // 2} + [2] * {count - count // 2});", MOST_ITEMS),
    "a bracket": (nested, DEEPEST_NESTING),
    "a bracket of a command": (lambda count: "set example " + "(" * count + '"a"' + ")" * count, DEEPEST_NESTING),
    "an index": (lambda count: 'a = "b"' + "[0]" * count + ";", DEEPEST_NESTING),
    "a condition": (lambda count: "a = 1" + " if 1 else 1" * count + ";", DEEPEST_NESTING),
    "a digit": (lambda count: f"a = {'1' * count};", 1200),
    "a digit of a fraction": (lambda count: f"a = 1.{'1' * (count - 2)};", 1200),
    "a character of a word": (lambda count: f'a = "{"b" * count}";', MOST_CHARACTERS),
    "a character of a statement": (lambda count: f"a = 1{' ' * (count - 6)};", LONGEST_STATEMENT),
    "a call": (calls, DEEPEST_CALL),
}
"""What is bounded -> a source with so many of it, and the most."""


@pytest.mark.parametrize("name", BOUNDS)
def test_a_source_may_have_as_much_of_something_as_is_said_and_no_more(name: str) -> None:
    text, most = BOUNDS[name]
    program_of_text(text(most) + "\nindices;")
    assert refusal(text(most + 1) + "\nindices;").count("\n") == 0


def test_what_nests_deeper_than_python_goes_is_refused_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Interpreter._statement

    def deep(self: Interpreter, statement: Statement) -> list[Told]:
        if self.file.bundled:
            return run(self, statement)
        raise RecursionError

    monkeypatch.setattr(Interpreter, "_statement", deep)
    assert refusal("a = 1;") == "x.rasp:1:1: found expressions and calls that nest too deeply; expected flatter ones"


def test_so_many_files_are_loaded_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "a.rasp").write_text("b = 1;", encoding="utf-8")
    program_of_text('load "a";' * MOST_LOADS + "indices;", root=tmp_path)
    assert f"more than {MOST_LOADS} loads" in refusal('load "a";' * (MOST_LOADS + 1) + "indices;", tmp_path)


STEPS: dict[str, int] = {
    "1;": STATEMENT_STEPS + EXPRESSION_STEPS,
    "a = 1;": STATEMENT_STEPS + EXPRESSION_STEPS,
    "1; 2;": 2 * (STATEMENT_STEPS + EXPRESSION_STEPS),
    "[1, 2];": STATEMENT_STEPS + 3 * EXPRESSION_STEPS,
    "range(50);": STATEMENT_STEPS + 2 * EXPRESSION_STEPS + 50,
    "[0 for i in [1, 2, 3]];": STATEMENT_STEPS + 8 * EXPRESSION_STEPS + 3,
    "for i in [1, 2] { a = i; }": STATEMENT_STEPS + 5 * EXPRESSION_STEPS + 2,
    "def f(x) { return x; }": STATEMENT_STEPS,
    "def f(x) { return x; } f(1);": 2 * STATEMENT_STEPS + 4 * EXPRESSION_STEPS + CALL_STEPS,
    "indices;": STATEMENT_STEPS + EXPRESSION_STEPS + TRIAL_STEPS + len("hello"),
    "a = indices + 1;": STATEMENT_STEPS + 3 * EXPRESSION_STEPS + 4 * TRIAL_STEPS + 4 * len("hello"),
}


@pytest.mark.parametrize("text", STEPS)
def test_all_that_a_source_does_is_paid_for(text: str) -> None:
    session = Session()
    loading = Loading(session, None)
    before = session.budget.left
    loading.run(text, Interpreter(session, loading.scope(), SourceFile("x"), loading))
    assert before - session.budget.left == STEPS[text]


def test_a_message_about_a_large_number_is_short() -> None:
    assert len(refusal(BOMBS["squares_of_s_op"]())) < 600


@given(st.text(alphabet='ab1 "();,=[]{}+-*/%^<>!#\n.', max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_program_or_is_refused(text: str) -> None:
    with suppress(TpdebugError):
        program_of_text(text)


WORDS = """a b 1 2.5 "w" ( ) , ; = [ ] { } + - * / % ^ == < != and or not if else in for def return select( aggregate(
    range( len( zip( round indicator tokens indices length full_s : load draw set example show exit"""


@given(st.lists(st.sampled_from(WORDS.split()), max_size=25))
@settings(max_examples=300, deadline=None)
def test_any_words_of_the_language_are_a_program_or_are_refused(words: list[str]) -> None:
    with suppress(TpdebugError):
        program_of_text(" ".join(words))
