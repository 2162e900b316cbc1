"""What the reader accepts from a person's hand, and what it refuses: by line and column, without running anything."""

from __future__ import annotations

import ast
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.programs import PROGRAMS
from tests.test_emit import large_vocabulary_program
from tprog.errors import BadFile, BadSource, TpdebugError
from tprog.ir.entry import Entry
from tprog.ir.program import BEGIN, Head, Lookup, Program, Readout, Symbols, Weights
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text import syntax
from tprog.text.builder import literal
from tprog.text.dialects import calls as reading_calls
from tprog.text.emit import emit
from tprog.text.read import read_module, read_source

SMALL = '''"""A program written by hand.

author: a person
Not a key and so left alone.
"""

import sys

TASK = None
VOCABULARY = ("<s>", "a", "b")
CLASSES = ("yes", "no")
MAX_LENGTH = 4
CAUSAL = False
POOLED = False
FORCED = ("<s>",)
SCALE = 1
DOMAINS = {"state": ("low", "high")}


def predicate_seen(q_token, k_token):
    """Equal letters."""
    return q_token == k_token and not k_token == "<s>"


def lookup_state(count):
    count = min(count, 3)
    if count > 1:
        return "high"
    elif count == 1 or count == 0:
        return "low"
    else:
        return "high"


READOUT = {"state": {"low": (0, 1), "high": (1, 0)}}


def run(tokens):
    tokens = check(tokens, VOCABULARY, MAX_LENGTH)
    positions = list(range(len(tokens)))
    ones = [1] * len(tokens)
    seen = selector_width(select(tokens, tokens, predicate_seen))
    state = elementwise(lookup_state, seen)
    variables = {"tokens": tokens, "state": state}
    return classify(READOUT, variables, CLASSES, FORCED)
'''


def with_primitives(text: str) -> str:
    """The text with the standard primitives before its first function."""
    whole = emit(PROGRAMS["sort"].program).text
    start, end = whole.index("def visible"), whole.index("# Heads and lookups")
    width = "def selector_width(selected):\n    return [len(matches) for matches in selected]\n\n\n"
    primitives = whole[start:end]
    extra = "" if "def selector_width" in primitives else width
    return text.replace("def predicate_seen", primitives + extra + "def predicate_seen", 1)


def refusal(text: str) -> BadSource:
    with pytest.raises(BadSource) as caught:
        read_source(text, "p.py")
    return caught.value


def test_a_module_written_by_hand_means_what_python_makes_of_it() -> None:
    text = with_primitives(SMALL)
    program = read_source(text).program
    namespace: dict[str, object] = {"__name__": "by_hand"}
    exec(compile(text, "by_hand", "exec"), namespace)
    run = namespace["run"]
    assert callable(run)
    inputs = [["<s>", *letters] for letters in ("a", "ab", "aa", "aba", "bbb", "abb")]
    executed = execute(program, encode(program, inputs))
    assert [run(tokens) for tokens in inputs] == [executed.outputs(row) for row in range(len(inputs))]
    assert executed.outputs(2) == ["<s>", "yes", "yes"]
    assert program.provenance == (("author", "a person"),)


CHANGES = {
    "an import": ('"""\n\nimport sys', '"""\n\nimport os\nimport sys', "`import os`"),
    "an import from": ("import sys\n", "from os import path\nimport sys\n", "`from os import path`"),
    "a loop": ("READOUT = {", "for x in ():\n    pass\n\nREADOUT = {", "`for x in ()"),
    "a call of eval": ("TASK = None", 'TASK = eval("1")', "`eval('1')`"),
    "a class": ("READOUT = {", "class X:\n    pass\n\nREADOUT = {", "`class X"),
    "a decorator": ("def predicate_seen", "@print\ndef predicate_seen", "`print`"),
    "a default argument": ("(q_token, k_token)", "(q_token, k_token=open('x'))", "`open('x')`"),
    "an annotation": ("(count):", "(count: print()):", "`print()`"),
    "a call in a predicate": ('return q_token == k_token and not k_token == "<s>"', "return print(q_token)", "`print("),
    "an unknown key symbol": ('not k_token == "<s>"', 'not k_token == "z"', "'z'"),
    "an unknown query symbol": (
        "return q_token == k_token",
        'if q_token in {"a", "q"}:\n        return False\n    return q_token == k_token',
        "'q'",
    ),
    "a level beyond the cap": ("count == 1 or", "count == 9 or", "9"),
    "an answer outside the domain": ('return "low"', 'return "middle"', "'middle'"),
    "an order of words and numbers": ("q_token == k_token and", "q_token < 3 and", "found `tokens`, whose values are"),
    "an unknown name": ("return q_token == k_token", "return q_tokens == k_token", "`q_tokens`"),
    "a number without levels": ("    count = min(count, 3)\n", "", "`if count > 1"),
    "a row with too few weights": ('"low": (0, 1)', '"low": (0,)', "a row of 1 weights"),
    "a row with a fraction": ('"low": (0, 1)', '"low": (0, 0.5)', "`0.5`"),
    "a weight for an unknown value": ('"low": (0, 1)', '"lower": (0, 1)', "'lower'"),
    "a weight for an unknown variable": ('READOUT = {"state"', 'READOUT = {"stat"', "'stat' in READOUT"),
    "a value twice": ('"low": (0, 1),', '"low": (0, 1), "low": (0, 1),', "a second time"),
    "a constant twice": ("TASK = None", "TASK = None\nTASK = None", "a second time"),
    "a function twice": ("READOUT = {", "def lookup_state(count):\n    return None\n\n\nREADOUT = {", "a second time"),
    "a foreign function": ("READOUT = {", "def other():\n    return None\n\n\nREADOUT = {", "the function `other`"),
    "a changed primitive": ("start, stop = ", "start, stop = print() or ", "a `visible` other than"),
    "a decorated primitive": ("def visible(", "@print\ndef visible(", "a `visible` other than"),
    "a missing constant": ("MAX_LENGTH = 4\n", "", "without MAX_LENGTH"),
    "a missing import": ("import sys\n", "", "without `import sys`"),
    "a look ahead in a causal program": ("CAUSAL = False", "CAUSAL = True", "the mask 'all'"),
    "an undefined function": (
        "def lookup_state(",
        "def lookup_other(",
        "`lookup_state`, which the module does not define",
    ),
    "another node's function": (
        "select(tokens, tokens, predicate_seen)",
        "select(tokens, tokens, lookup_state)",
        "`lookup_state`",
    ),
    "an unknown variable": ("elementwise(lookup_state, seen)", "elementwise(lookup_state, scene)", "`scene`"),
    "a readout variable left out": ('{"tokens": tokens, "state": state}', '{"tokens": tokens}', "without 'state'"),
    "a variable that stands for another": ('"state": state}', '"state": tokens}', "`tokens`"),
    "a changed preamble": ("ones = [1] * len(tokens)", "ones = [2] * len(tokens)", "`ones = [2]"),
    "a changed ending": ("return classify(READOUT", "return tokens or classify(READOUT", "`return tokens or"),
    "a loop before the return": (
        "    return classify(",
        "    for token in tokens:\n        pass\n    return classify(",
        "`for token in tokens",
    ),
    "a side effect in run": ("    state = elem", "    print(tokens)\n    state = elem", "`print(tokens)`"),
    "a query that answers some keys only": (
        "return q_token ==",
        'if k_token == "a":\n        return q_token ==',
        "leaves keys open",
    ),
    "an unknown option": ("predicate_seen)", 'predicate_seen, maks="before")', "the option `maks`"),
    "a vocabulary without what is forced": ('("<s>", "a", "b")', '("a", "b")', "the readout forces"),
    "numbers that leave int64": ('"low": (0, 1)', f'"low": (0, {2**63})', "2**63"),
    "a file cut short": ("    variables = ", "    variables = (", "a syntax error"),
    "half a character": ('("<s>", "a", "b")', '("<s>", "a", "\\ud800")', "half of a surrogate pair in a string"),
    "a number of many bits": ("SCALE = 1", f"SCALE = {2**256}", "a number of 257 bits"),
    "a word that is none": ('("<s>", "a", "b")', '("<s>", "a", 1)', "1 in VOCABULARY; expected strings"),
    "a length in words": ("MAX_LENGTH = 4", 'MAX_LENGTH = "4"', "MAX_LENGTH = '4'; expected a whole number"),
    "a length that nothing attends over": ("MAX_LENGTH = 4", "MAX_LENGTH = 2049", "expected at most 2048"),
    "a flag that is a number": ("POOLED = False", "POOLED = 0", "POOLED = 0; expected True or False"),
    "tables below what reads them": ("TASK = None", "TASK = None\nTABLES = 1", "`TABLES` after other constants"),
    "tables of no side file": ("TASK = None", "TABLES = 1\nTASK = None", "`1`; expected a side file beside"),
    "words that are not those of the vocabulary": ("SCALE = 1", "SCALE = 1\nWORDS = ()", "`dict.fromkeys(VOCABULARY)`"),
    "words above the vocabulary": (
        "TASK = None",
        "WORDS = dict.fromkeys(VOCABULARY)\nTASK = None",
        "below VOCABULARY",
    ),
    "a list for a tuple": ('("yes", "no")', '["yes", "no"]', "expected a set or tuple of literals"),
    "a domain that runs": ('("low", "high")}', "print()}", "`print()`"),
    "a domain of nothing that runs": ('("low", "high")}', '("low", "high"), print(): 1}', "`print()`"),
    "a domain of nothing that is a name": ('("low", "high")}', '("low", "high"), "x": open}', "`open`"),
    "domains from elsewhere": ('("low", "high")}', '("low", "high"), **open}', "`open`"),
    "a range that ends before it begins": ('("low", "high")}', "range(-1)}", "`range(-1)`"),
    "a range of too many": ('("low", "high")}', "range(1_000_001)}", "`range(1000001)`; expected a set or tuple"),
    "an answer that is no number": ('{"state": (', '{"other": (', "the answer 'high'; expected a number; or list"),
    "a number for symbols": ("select(tokens, tokens,", "select(ones, tokens,", "the number `ones`; expected a categ"),
    "a selection without keys": ("(tokens, tokens, pre", "(tokens, pre", "select(keys, queries, predicate_seen))`"),
    "a flag in a call": ("predicate_seen)", "predicate_seen, skip_first=1)", "`1`; expected True or False"),
    "an option of another call": (
        "lookup_state, seen)",
        "lookup_state, seen, cap=3)",
        "the option `cap`; expected none;",
    ),
    "an option twice": ("predicate_seen)", "predicate_seen, **x)", "the option `None`"),
    "a lookup of nothing": ("lookup_state, seen)", "lookup_state)", "over 1 variable or more"),
    "a call of something else": ("elementwise(lookup_state, seen)", "open(lookup_state, seen)", "a call of `open`"),
    "two names at once": ("    seen = ", "    seen, x = ", "expected `name = primitive(...)`: one line a node"),
    "a cap of a million": ("min(count, 3)", "min(count, 1_000_000)", "expected a cap below 1,000,000"),
    "a cap below nothing": ("min(count, 3)", "min(count, -1)", "`count = min(count, CAP)` first"),
    "a cap of another number": ("min(count, 3)", "min(counts, 3)", "`count = min(count, CAP)` first"),
    "levels that are no numbers": ("min(count, 3)", 'round_down(count, ("a",))', "a number needs its levels"),
    "an identity of objects": (
        "q_token == k_token and",
        "q_token is k_token and",
        "`q_token is k_token`; expected one",
    ),
    "a part of a word": ("q_token == k_token and", 'q_token in "ab" and', "expected a set or tuple of literals"),
    "a number as a test": ("q_token == k_token and", "1 and", "`1`; expected a comparison of an argument"),
    "an order of words as of numbers": ("q_token == k_token and", '"a" < 3 and', "`'a'`; expected a number to compare"),
    "a statement in a lookup": (
        "    if count > 1:",
        "    x = 1\n    if count > 1:",
        "`x = 1`; expected `if` with a test",
    ),
    "an argument that hides a primitive": ("(count):", "(min):", "the argument `min` of `lookup_state`"),
    "an argument too many": ("(count):", "(count, other):", "`lookup_state` with 2 arguments; expected 1"),
    "any number of arguments": ("(count):", "(*count):", "`count`; expected `lookup_state` with plain arguments"),
    "weights from elsewhere": ('"low": (0, 1),', "**x,", "`**x`; expected keys and values written out"),
    "weights in a list": ('{"state": {"low": (0, 1), "high": (1, 0)}}', "[1]", "`[1]`; expected a dict written out"),
    "a weight that is a word": ('"low": (0, 1)', '"low": (0, "a")', "a row of 2 weights; expected 2 whole numbers"),
    "a number with a row a value": ('READOUT = {"state"', 'READOUT = {"seen"', "expected a set or tuple of literals"),
    "a readout without tokens": ('{"tokens": tokens, ', "{", "`variables` without 'tokens'"),
    "other names for the readout": ("    variables = {", "    names = {", "expected `variables = {...}`, and then"),
    "variables by a call": (
        '{"tokens": tokens, "state": state}',
        "dict(tokens=tokens)",
        "expected `variables = {...}`",
    ),
    "no return": (
        "    return classify(READOUT, variables, CLASSES, FORCED)\n",
        "    pass\n",
        "`pass`; expected `return",
    ),
    "another argument of run": ("def run(tokens)", "def run(words)", "a `run` that is not whole"),
    "two arguments of run": ("def run(tokens)", "def run(tokens, other)", "`run` with 2 arguments"),
    "a run that is cut short": (
        "    seen = selector",
        "    return 1\n\n\ndef lookup_x():\n    seen = selector",
        "not whole",
    ),
    "a rule for matches that is none": ("TASK = None", 'TASK = None\nSELF_RULE = "first"', "self_rule is 'first'"),
    "a rule for words that is none": ("TASK = None", 'TASK = None\nUNKNOWN_RULE = "x"', "unknown_rule is 'x'"),
    "a rule for rows that is none": ("TASK = None", 'TASK = None\nROWS_NEEDED = "x"', "rows_needed is 'x'"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_reader_refuses(what: str) -> None:
    old, new, found = CHANGES[what]
    text = with_primitives(SMALL)
    assert text.count(old) >= 1
    message = str(refusal(text.replace(old, new, 1)))
    assert message.startswith("p.py:")
    assert found in message
    assert "\n" not in message


OTHERS = {
    "a count by levels of a mean": (
        "rationals",
        "round_down(fraction_x, (0, Fraction(1, 2), Fraction(4, 7)))",
        "min(fraction_x, 3)",
        "expected `round_down(fraction_x, (...))`: not a count",
    ),
    "a default that is no number": ("rationals", "default=Fraction(1, 3)", 'default="a"', "'a'; expected a number"),
    "a primitive that is not there": ("rationals", "def round_down(", "def lookup_(", "without the primitive `round_"),
    "fractions that are not imported": ("rationals", "from fractions import Fraction\n", "", "without `from fractions"),
    "heads that attend by two rules": (
        "sort",
        "select_closest(rank",
        "select_closest_by_count(rank",
        "as SELF_RULE is",
    ),
    "a level of a fraction": (
        "rationals",
        "fraction_x == Fraction(1, 2)",
        "fraction_x == Fraction(1, 3)",
        "found Fraction(1, 3); expected a value of `fraction_x`: 0, 1/2, 4/7;",
    ),
    "a word of few": ("sort", 'q_token == "a"', 'q_token == "z"', "expected a value of `q_token`: '</s>', '<s>', 'a'"),
    "an embedding by another's table": ("question_type", '"], tokens)', '"], emb_0)', "`embed('emb_0', EMBEDDINGS"),
    "an embedding without a table": ("question_type", '    "emb_0": {', '    "emb_9": {', "which EMBEDDINGS does not"),
    "an embedding without a domain": (
        "question_type",
        '    "emb_0": (',
        '    "emb_9": (',
        "which DOMAINS does not list",
    ),
    "a word of no vocabulary": (
        "question_type",
        '        "how": "manner"',
        '        "x": "manner"',
        "the word 'x' in the",
    ),
    "a word that is a number": (
        "question_type",
        '        "how": "manner"',
        '        3: "manner"',
        "3: 'manner'; expected",
    ),
    "a word with a value of no domain": ("question_type", '"how": "manner"', '"how": "x"', "'x'"),
}
"""Modules with parts that the small one lacks: which, what is changed, and what the refusal says."""


@pytest.mark.parametrize("what", OTHERS)
def test_the_reader_refuses_in_other_modules(what: str) -> None:
    name, old, new, found = OTHERS[what]
    text = emit(PROGRAMS[name].program).text
    assert old in text
    assert found in str(refusal(text.replace(old, new, 1)))


@pytest.mark.parametrize("count", [12, 13])
def test_of_the_values_that_an_argument_may_have_twelve_are_named(count: int) -> None:
    words = (BEGIN, *(f"w{at:02}" for at in range(1, count)))
    head = Head("near", "tokens", "tokens", "tokens", (("w01",), *((),) * (count - 1)))
    text = emit(Program(words, ("x",), 4, (head,), Readout((Weights("tokens", ((1,),) * count),)))).text
    message = str(refusal(text.replace('k_token == "w01"', 'k_token == "z"')))
    assert f"'w11'{', ...' if count > 12 else ''}; tpdebug reads" in message


MIXED = Lookup("mixed", ("tokens",), (None,), ("a", 1, 2, 3), (1, "a", 2, 3))
OVER_MIXED = Program(
    (BEGIN, "a", "b", "c"),
    ("x", "y"),
    4,
    (MIXED, Head("near", "mixed", "mixed", "tokens", ((1,), (2,), (3,), ("a",)))),
    Readout((Weights("near", ((0, 1),) * 4),)),
)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("k_mixed < 2", "an order on `k_mixed`; expected == or in: its values are not all numbers"),
        ("2 <= q_mixed", "an order on `q_mixed`"),
        (
            "k_mixed == q_mixed + 1",
            "arithmetic with `q_mixed`; expected == or in: its values are not all whole numbers",
        ),
        ('k_mixed < "b"', "an order on `k_mixed`"),
        ("VOCABULARY.index(k_mixed) < 1", "the place of `k_mixed` in VOCABULARY"),
    ],
)
def test_an_argument_that_may_be_a_word_has_no_order_and_no_sum(said: str, found: str) -> None:
    text = emit(OVER_MIXED).text
    start = text.index("def predicate_near(")
    end = text.index("\n\n\n", start)
    own = f"def predicate_near(q_mixed, k_mixed):\n    return {said}"
    assert found in str(refusal(text[:start] + own + text[end:]))


def test_half_a_character_in_a_text_is_refused_and_no_traceback() -> None:
    assert "cannot parse" in str(refusal("TASK = '\ud800'"))


@pytest.mark.parametrize(
    ("calls", "steps", "found"),
    [
        (9, 28, None),
        (8, 28, "`predicate_seen`, 3 statements for 9 combinations"),
        (9, 27, "`lookup_state`, 7 statements for 4 combinations"),
    ],
)
def test_a_function_is_read_up_to_the_work_that_it_may_take(
    calls: int, steps: int, found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_calls, "MOST_CALLS", calls)
    monkeypatch.setattr(reading_calls, "MOST_STEPS", steps)
    text = with_primitives(SMALL)
    if found is None:
        read_source(text)
    else:
        assert found in str(refusal(text))


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_entry_is_found_on_the_line_that_says_it(name: str) -> None:
    module = read_source(emit(PROGRAMS[name].program).text)
    lines = module.text.splitlines()
    for kind, *rest in module.blocks:
        first, last = module.blocks[(kind, *rest)]
        begins = {"assignment": f"    {rest[0]} = ", "function": "def ", "word": "        ", "weights": "    "}[
            str(kind)
        ]
        assert lines[first - 1].startswith(begins), (kind, rest)
        assert first <= last
        if kind in ("word", "weights") and "_identity" not in lines[first - 1]:
            said = rest[1] if rest[1:] else rest[0]
            assert lines[first - 1].lstrip().startswith(f"{literal(said)}: "), (kind, rest)
    for entry, line in module.lines.items():
        if entry.part == "weights" and "_identity" not in lines[line - 1]:
            assert lines[line - 1].lstrip().startswith(f"{literal(entry.at[-1])}: "), entry
    for term in module.program.weights:
        domain = module.program.variables[term.variable].domain
        values = [(value,) for value in domain] if isinstance(domain, Symbols) else [()]
        for value, row in zip(values, term.rows, strict=True):
            entry = Entry("readout", "weights", (term.variable, *value))
            assert (row is not None) == (entry in module.lines) == (("weights", term.variable, *value) in module.blocks)


def test_a_node_cannot_take_a_name_that_run_needs() -> None:
    text = with_primitives(SMALL).replace("seen", "check")
    assert "uses this name itself" in str(refusal(text))


def test_code_behind_the_last_line_is_refused_at_its_own_line() -> None:
    text = f"{emit(PROGRAMS['sort'].program).text}\nmine = 1\n"
    error = refusal(text)
    assert text.splitlines()[error.line - 1] == "mine = 1"
    assert "`mine = 1`; expected nothing behind" in str(error)


def test_a_refusal_names_line_and_column() -> None:
    text = with_primitives(SMALL).replace('not k_token == "<s>"', 'not k_token == "z"')
    error = refusal(text)
    line = text.splitlines()[error.line - 1]
    assert line[error.column - 1 :].startswith('"z"')


@pytest.mark.parametrize("text", ["", "# nothing", with_primitives(SMALL).replace("import sys\n", "")])
def test_a_refusal_of_a_file_as_a_whole_stands_at_its_beginning(text: str) -> None:
    error = refusal(text)
    assert (error.line, error.column) == (1, 1)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "sort",
            "`return classify(READOUT, variables, CLASSES, FORCED)`, or several outputs: `return {'name': ..., ...}`",
        ),
        (
            "frac_prevs",
            "`return` and the name of a variable; a module without READOUT returns one of its variables, or",
        ),
    ],
)
def test_what_run_must_return_is_told_by_whether_there_is_a_readout(name: str, told: str) -> None:
    text = emit(PROGRAMS[name].program).text
    start = text.rindex("    return ")
    assert f"found `return 7`; expected {told}" in str(
        refusal(f"{text[:start]}    return 7{text[text.index(chr(10), start) :]}")
    )


def test_a_row_that_no_branch_lists_is_a_hole_and_not_an_error() -> None:
    text = with_primitives(SMALL).replace(
        'return q_token == k_token and not k_token == "<s>"',
        'if q_token in {"a", "<s>"}:\n        return k_token == q_token',
    )
    program = read_source(text).program
    run = execute(program, encode(program, [["<s>", "a"], ["<s>", "b"]]))
    assert run.hole(0) is None
    assert str(run.hole(1)) == "hole at seen, query 'b'"


@pytest.mark.parametrize("cut", range(0, 100, 3))
def test_a_module_cut_short_anywhere_is_refused_or_whole_but_never_a_traceback(cut: int) -> None:
    text = emit(PROGRAMS["sort"].program).text
    shorter = text[: len(text) * cut // 100]
    with pytest.raises(BadSource):
        read_source(shorter)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_module_is_read_or_refused_but_never_a_traceback(data: st.DataObject) -> None:
    text = emit(PROGRAMS[data.draw(st.sampled_from(["sort", "dyck1"]))].program).text
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text)))
        end = place + data.draw(st.integers(0, 12))
        text = text[:place] + data.draw(st.text("(){}[]:=,.'\"0aif \n\t\\<>", max_size=3)) + text[end:]
    with suppress(TpdebugError):  # a refusal is as good as a Program; anything else fails the test
        read_source(text)


def test_deep_nesting_is_refused() -> None:
    for text in ("(" * 10_000 + ")" * 10_000, "x = " + "-" * 100_000 + "1", "TASK = " + "[" * 90 + "]" * 90):
        assert str(refusal(text)).startswith("p.py:")


def test_a_number_of_words_and_signs_is_read_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syntax, "MOST_TOKENS", 5)
    assert ast.unparse(syntax.parse_python("a = 1 + 2", "p.py")) == "a = 1 + 2"
    with pytest.raises(BadSource, match=r"p\.py:1:1: found more than 5 words and signs"):
        syntax.parse_python("a = 1 + -2", "p.py")


@pytest.mark.parametrize("depth", [95, 96, 97, 98, 99])
def test_a_text_is_nested_to_a_stated_depth_and_refused_where_it_is_deeper(depth: int) -> None:
    """A module, its statement, the list's own nodes: each is a level."""
    text = f"x = {'[' * depth}{']' * depth}"
    levels = 2 + depth
    if levels <= syntax.DEEPEST:
        assert ast.unparse(syntax.parse_python(text, "p.py")) == text
    else:
        with pytest.raises(BadSource, match=r"p\.py:1:[0-9]+: found expressions nested too deep; expected at most 100"):
            syntax.parse_python(text, "p.py")


def test_rasp_source_is_told_from_a_module(tmp_path: Path) -> None:
    (tmp_path / "a.RASP").write_text("tokens;")
    with pytest.raises(BadFile, match=r"a\.RASP is RASP source, not a program's module; `tpdebug emit` makes one of"):
        read_module(tmp_path / "a.RASP")


def test_a_module_whose_side_file_is_not_at_hand_says_which() -> None:
    emitted = emit(large_vocabulary_program(), "words")
    ((name, side),) = emitted.side.items()
    with pytest.raises(BadFile, match=rf"words\.py: its side file '{name}' is not at hand"):
        read_source(emitted.text, "words.py")
    module = read_source(emitted.text, "words.py", lambda _: side)
    assert module.reread(emitted.text, {}).program == module.program
    with pytest.raises(BadFile, match=r"its side file 'other\.json' is not at hand"):
        module.reread(emitted.text.replace(name, "other.json"), {})


def test_reading_does_not_execute(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    path = tmp_path / "hostile.py"
    path.write_text(f"open({str(witness)!r}, 'w').close()\n" + with_primitives(SMALL), encoding="utf-8")
    with pytest.raises(BadSource):
        read_module(path)
    assert not witness.exists()


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda side: side[:200], "not JSON"),
        (lambda side: "[]", "not the tables"),
        (lambda side: side.replace('"word5": 1', '"word5": [1]'), "table of words"),
        (lambda side: side.replace('"word5": [1, 5]', '"word5": [1]'), "the row [1]"),
        (lambda side: side.replace('"VOCABULARY": [', '"VOCABULARY": [1,'), "no VOCABULARY"),
    ],
)
def test_a_damaged_side_file_is_refused_by_name(tmp_path: Path, damage: object, found: str) -> None:
    emitted = emit(large_vocabulary_program(), "words")
    (tmp_path / "words.py").write_text(emitted.text, encoding="utf-8")
    assert callable(damage)
    ((name, side),) = emitted.side.items()
    (tmp_path / name).write_text(damage(side), encoding="utf-8")
    with pytest.raises(BadFile, match="words") as caught:
        read_module(tmp_path / "words.py")
    assert found in str(caught.value)


def test_a_side_file_stands_beside_the_module_and_nowhere_else(tmp_path: Path) -> None:
    emitted = emit(large_vocabulary_program(), "words")
    (tmp_path / "words.py").write_text(emitted.text.replace(next(iter(emitted.side)), ".."), encoding="utf-8")
    with pytest.raises(BadFile, match="plain file name"):
        read_module(tmp_path / "words.py")
    (tmp_path / "words.py").write_text(emitted.text, encoding="utf-8")
    with pytest.raises(BadFile, match=r"words_tables-[0-9a-f]{8}\.json"):
        read_module(tmp_path / "words.py")


def test_an_edit_by_hand_changes_just_its_entry() -> None:
    text = emit(PROGRAMS["sort"].program).text
    module = read_source(text)
    head = next(n for n in module.program.nodes if isinstance(n, Head))
    lookup = next(n for n in module.program.nodes if isinstance(n, Lookup))
    first, _ = module.blocks["function", lookup.name]
    assert f"def lookup_{lookup.name}" in text.splitlines()[first - 1]
    assert module.lines[next(e for e in module.lines if e.node == head.name and e.part == "row")] > 0
