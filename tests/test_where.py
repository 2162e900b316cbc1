"""The language of --where: what it says, what it refuses, and that it never does anything else."""

from __future__ import annotations

import operator
import re
import string
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyze.circuits import where as language
from analyze.circuits.where import Where, names_of
from analyze.circuits.where.kinds import Number, can_be
from tprog.errors import BadUsage
from tprog.ir.program import BEGIN, END, Program, Readout, Weights

_PLAIN = Readout((Weights("ones", ((0, 0, 0),)),), forced=(BEGIN, END))
LETTERS = Program((BEGIN, "a", "b", "c", END), ("a", "b", "c"), 8, (), _PLAIN)
"""Inputs of at most six letters, which are text in a condition."""
WORDS = Program((BEGIN, "cat", "saw", "the"), ("a", "b", "c"), 7, (), replace(_PLAIN, forced=(BEGIN,)))
"""Inputs of at most six words, which are a tuple."""
INPUTS = [a + b + c + d for a in "abc" for b in ("", *"abc") for c in ("", *"abc") for d in ("", *"abc", "ab")]


COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def where(condition: str, program: Program = LETTERS) -> Where:
    """A condition on a program's inputs and predictions, with a task."""
    return Where(condition, names_of(program, judged=True))


@pytest.mark.parametrize(
    ("condition", "same"),
    [
        ("len(x) > 4 and x.count('a') > 1", lambda x: len(x) > 4 and x.count("a") > 1),
        ("x[0] == x[-1]", lambda x: x[0] == x[-1]),
        ("x[0] < x[-1] <= 'c'", lambda x: x[0] < x[-1] <= "c"),
        ("sorted(x) == list(x)", lambda x: sorted(x) == list(x)),
        ("x == x[::-1]", lambda x: x == x[::-1]),
        ("'ab' in x or not 'c' in x", lambda x: "ab" in x or "c" not in x),
        ("set(x) <= {'a', 'b'}", lambda x: set(x) <= {"a", "b"}),
        ("len(set(x) - {'a'}) == 1", lambda x: len(set(x) - {"a"}) == 1),
        ("any(x[k] == x[k + 1] for k in range(len(x) - 1))", lambda x: any(a == b for a, b in pairwise(x))),
        ("sum(1 for s in x if s != 'a') % 2 == 1", lambda x: sum(s != "a" for s in x) % 2 == 1),
        ("max(x.count(s) for s in x) >= 3", lambda x: max(x.count(s) for s in x) >= 3),
        (
            "all(any(a < b for b in x) for a in x if a < 'c')",
            lambda x: all(any(a < b for b in x) for a in x if a < "c"),
        ),
        ("x.index('c') == 2 if 'c' in x else False", lambda x: x.find("c") == 2),
        ("x.startswith('ab') or x.endswith('ba')", lambda x: x.startswith("ab") or x.endswith("ba")),
        ("abs(x.count('a') - x.count('b')) * 2 // 3 == 1", lambda x: abs(x.count("a") - x.count("b")) * 2 // 3 == 1),
        ("(len(x), x[0]) in [(2, 'a'), (3, 'b')]", lambda x: (len(x), x[0]) in [(2, "a"), (3, "b")]),
        ("min(x) == 'b'\nand len(x) != 2", lambda x: min(x) == "b" and len(x) != 2),
    ],
)
def test_a_condition_says_of_each_input_what_python_would_say(condition: str, same: Callable[[str], bool]) -> None:
    asked = where(condition)
    assert not asked.about_a_prediction
    assert [asked.of_input(x) for x in INPUTS] == [same(x) for x in INPUTS]
    assert 0 < sum(map(same, INPUTS)) < len(INPUTS)


def test_words_of_several_letters_are_items_of_a_tuple() -> None:
    x = ("the", "cat", "the")
    assert where("x.count('the') == 2 and x[1] == 'cat' and 'cat' in x and len(x) == 3", WORDS).of_input(x)
    assert where("x[:2] == ('the', 'cat')", WORDS).of_input(x)
    assert where("'at' in x[1] and x[0][0] == 't'", WORDS).of_input(x)
    assert not where("'saw' in x", WORDS).of_input(x)


def test_what_is_not_there_is_none_and_no_order_holds_with_it() -> None:
    assert where("x[5] is None and x[-6] == None and x.index('c') is None").of_input("ab")
    for order in ("<", "<=", ">", ">="):
        assert not where(f"x[5] {order} 'b'").of_input("abc")
    assert where("x[5] != 'a'").of_input("abc")
    assert where("min(s for s in x if s > 'b') is None").of_input("ab")


def test_a_text_may_start_with_one_of_several() -> None:
    assert where("x.startswith(('a', 'bc'))").of_input("bca")
    assert not where("x.startswith(('a', 'bc'))").of_input("bac")
    assert where("x.endswith(('a', 'bc'))").of_input("abc")


def test_a_condition_on_a_prediction_splits_off_what_it_says_of_the_input() -> None:
    asked = where("len(x) == 3 and i > 1 and predicted != right and token == x[i - 1]")
    assert asked.names == {"x", "i", "token", "predicted", "right"}
    assert asked.about_a_prediction
    assert asked.of_input("abc")
    assert not asked.of_input("ab")
    assert asked.of_prediction("abc", 2, "b", "a", "b")
    assert not asked.of_prediction("abc", 2, "b", "b", "b")
    assert not asked.of_prediction("abc", 1, "a", "b", "a")


def test_what_stands_behind_a_condition_that_does_not_hold_is_not_asked() -> None:
    asked = where("i > 2 and 6 // (len(x) - 3) > 1")
    assert asked.of_input("abc")
    assert not asked.of_prediction("abc", 1, "a", "a", "a")
    with pytest.raises(BadUsage, match="a division by 0, on the input 'abc' at position 3"):
        asked.of_prediction("abc", 3, "c", "a", "a")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (
            "right",
            "right is a class, such as 'a', not a condition; write predicted == right where the program is right",
        ),
        ("len(x) > 2 and predicted", "column 16: predicted is a class.*write predicted == right"),
        ("not token", "token is a symbol, such as '</s>', not a condition; compare it, as in token == '</s>'"),
        ("x", "x is text, not a condition; compare it, as in len\\(x\\) > 0"),
        ("len(x)", "len\\(x\\) is a whole number, not a condition; compare it, as in len\\(x\\) > 0"),
        ("3", "3 is a whole number, not a condition"),
        ("'a'", "'a' is text, not a condition"),
        ("[1]", "\\[1\\] is a list, not a condition"),
        ("None", "None is None, not a condition"),
        ("True", "it names none of x, predicted, i, token, right, so it says nothing of an input"),
        ("x[0] == 'a' or 'b'", "'b' is text, not a condition; write x\\[0\\] in \\('a', 'b'\\)"),
        ("x.count('a') or i > 3", "x.count\\('a'\\) is a whole number, not a condition"),
        ("9 < (i if x[0] == 'a' else 2)", ": 9 < \\(i if x\\[0\\] == 'a' else 2\\) is never true"),
        ("(i if x[0] == 'a' else 2)", "compare it, as in \\(i if x\\[0\\] == 'a' else 2\\) > 0"),
        ("(x[0] if x else 'a') == 'a'", "x is text, not a condition"),
        ("any(x)", "any takes conditions, and an item of x is text"),
        ("all(s for s in x)", "all takes conditions"),
        ("[s for s in x if s] == ['a']", "s is text, not a condition"),
        ("x[0] == 3", "x\\[0\\] is text and 3 is a whole number; only values of one kind are compared"),
        ("len(x) == '3'", "only values of one kind are compared"),
        ("len(x) == True", "len\\(x\\) is a whole number and True is a condition; only values of one kind"),
        ("1 < len(x) == 'a'", "only values of one kind are compared"),
        (
            "sorted(x) == x",
            "sorted\\(x\\) is a list of texts and x is text; only values of one kind are compared; write list\\(x\\)",
        ),
        ("(len(x), 1) == [2, 1]", "is a tuple.*is a list.*write list\\("),
        ("set(x) == 'a'", "a set.*only values of one kind"),
        ("i is None", "i is never None"),
        ("len(x) is 3", "'is' asks about None alone; write =="),
        ("token == 'z'", "token is never 'z'; it is one of '</s>', '<s>', 'a', 'b', 'c'"),
        ("token != 'z'", "token is never 'z'"),
        ("predicted == 'z'", "predicted is never 'z'; it is one of 'a', 'b', 'c'"),
        ("x[1] == 'ab'", "x\\[1\\] is never 'ab'"),
        ("x == 'abz'", "x is never 'abz'; it has the letters abc, at most 6"),
        ("x == 'aaaaaaa'", "x is never 'aaaaaaa'; it has the letters abc, at most 6"),
        ("token in ('a', 'z')", "token is never 'z'"),
        ("token in ('a', 3)", "only values of one kind are compared"),
        ("token in ()", "is empty, so nothing is in it"),
        ("'z' in x", "'z' is never in x"),
        ("3 in x", "3 is a whole number, and text holds text alone"),
        ("x in len(x)", "in which nothing can be"),
        ("3 in set(x)", "only values of one kind are compared"),
        ("[1] in {(1, 2)}", "which cannot be in a set"),
        ("len({[1], [2]}) == len(x)", "a list cannot be in a set; expected texts, numbers or tuples"),
        ("max(s == 'a' for s in x)", "can be None, which is no condition; compare it with True"),
        ("(x, 'a')[2] == 'a'", "has at most 2 items"),
        ("x.count('z') == 0", "count finds nothing: 'z' is never in x"),
        ("x.count(3) == 0", "count finds nothing"),
        ("x.startswith('z')", "startswith is never true: 'z' is never in x"),
        ("x.startswith(['a'])", "startswith takes a text, or a tuple of texts"),
        ("i == 9", "i is never 9; i is from 0 to 7"),
        ("i < 0", "i < 0 is never true: i is from 0 to 7"),
        ("len(x) > 40", "len\\(x\\) > 40 is never true: len\\(x\\) is from 0 to 6"),
        ("x[6] == 'a'", "there is no x\\[6\\]: x has at most 6 items"),
        ("x[-7] == 'a'", "there is no x\\[-7\\]"),
        ("'a' == 'a' and i > 1", "'a' and 'a' are the same for every input"),
        ("x < 3", "x, text, and 3, a whole number, have no order"),
        ("x[0] < None", "have no order"),
        ("x + 'a' == 'aa'", "\\+ takes whole numbers, and x is text"),
        ("len(3) == 1", "len takes a text, tuple, list or set, not 3, which is a whole number"),
        ("len(s for s in x) == 1", "is a generator, which has no length"),
        ("x['a'] == 'a'", "an index takes whole numbers"),
        ("sum(x) == 1", "sum takes whole numbers"),
        ("len(set(x) | 3) == 1", "takes two sets here"),
        ("x[0] == 'a' & i < 3", "& takes two sets here.*between conditions write and"),
        ("len(x).count(3) == 1", "count takes a text, tuple or list before it"),
        ("max(x[0], 3) == 'a'", "max takes values of one kind"),
        ("sorted([1, 'a']) == [1]", "has items of different kinds"),
        ("list(set(x)) == ['a']", "a set has no order, so no list follows from it; write sorted\\(set\\(x\\)\\)"),
        ("[s for s in set(x)] == ['a']", "a set has no order"),
        ("[(s for s in x)] == [1]", "is a generator; write it in"),
    ],
)
def test_what_nobody_can_mean_is_refused_before_any_input_is_seen(condition: str, message: str) -> None:
    with pytest.raises(BadUsage, match=message) as refused:
        where(condition)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("sign", COMPARE)
def test_an_order_is_refused_if_no_numbers_within_the_bounds_have_it_and_only_then(sign: str) -> None:
    spans = [(least, most) for least in range(3) for most in range(least, 3)]
    for one, other in product(spans, repeat=2):
        numbers = [Number(least=least, most=most) for least, most in (one, other)]
        pairs = product(*(range(least, most + 1) for least, most in (one, other)))
        assert can_be(numbers[0], sign, numbers[1]) == any(COMPARE[sign](a, b) for a, b in pairs)
        assert can_be(numbers[0], sign, Number())
        assert can_be(Number(), sign, numbers[1])


def test_a_number_is_not_a_symbol_of_digits() -> None:
    digits = Program((BEGIN, "0", "1"), ("0", "1"), 4, (), Readout((Weights("ones", ((0, 0),)),)))
    with pytest.raises(BadUsage, match="only values of one kind are compared; write '1' if that is the symbol"):
        where("x[0] == 1", digits)


def test_words_have_no_beginning_of_letters() -> None:
    with pytest.raises(BadUsage, match=r"write x\[:2\] == \('the', 'cat'\), or x\[0\] in \('the', 'cat'\)"):
        where("x.startswith(('the', 'cat'))", WORDS)
    with pytest.raises(BadUsage, match="'at' is never an item of x; it is one of 'cat', 'saw', 'the'"):
        where("'at' in x", WORDS)


def test_names_that_a_program_does_not_have_are_refused_with_the_reason() -> None:
    with pytest.raises(BadUsage, match="no task says what is right; name one with --task"):
        Where("predicted == right", names_of(LETTERS, judged=False))
    pooled = replace(WORDS, readout=replace(_PLAIN, pooled=True, forced=()))
    with pytest.raises(BadUsage, match="a pooled program has no i: it makes one prediction an input"):
        where("i == 1", pooled)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("open('f')", "column 1: there is no function 'open'"),
        ("len(x) > 1 and x.__class__", "column 16: an attribute that is not called is not allowed"),
        ("x.join('a')", "column 1: there is no method 'join'"),
        ("(lambda: 1)()", "this call is not allowed"),
        ("2 ** 9", "the operator \\*\\* is not allowed"),
        ("1 / 2 > x", "the operator / is not allowed"),
        ("1.5 > 1", "the literal 1.5 is not allowed"),
        ("b'a' in x", "is not allowed"),
        ("'é' == y", "column 8: there is no 'y'"),
        ("len(x", "column 4: '\\(' was never closed"),
        ("x y", "column 3: invalid syntax"),
        ("", "invalid syntax"),
        ("x; x", "invalid syntax"),
        ("x = 3", "invalid syntax"),
        ("f'{x}' == 'a'", "an f-string is not allowed"),
        ("(z := 3) == 3", "an assignment is not allowed"),
        ("len(*x)", "a star is not allowed"),
        ("sorted(x, key=len)", "an argument with a name"),
        ("len(x, x)", "len takes one argument"),
        ("x.count()", "count takes one argument"),
        ("[x for x in x]", "'x' has a meaning already"),
        ("[a for a, b in x]", "a loop needs one variable"),
        ("all(any(any(a < b for a in x) for b in x) for c in x)", "more than 2 loops within each other"),
        ("- " * 60 + "1", "more than 40 operations"),
        ("(" * 300 + ")" * 300, "--where"),
        ("1" * 30, "a number beyond"),
        ("x" * 1001, "1,001 characters; expected at most 1,000"),
        ("\0", "null bytes"),
        ("+1", "this sign is not allowed"),
        ("__import__('os').system('true')", "there is no method 'system'"),
    ],
)
def test_anything_else_is_refused_with_its_column_and_what_is_allowed(condition: str, message: str) -> None:
    with pytest.raises(BadUsage, match=message):
        where(condition)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("x[len(x)] == 'a' or x.index('c') + 1 > x.index('a') * 2 // 0", "a division by 0, on the input 'abc'"),
        ("len(x) * 999999999 * 999999999 > 1", "a number beyond"),
        ("x[::len(x) - 3] == 'a'", "a slice with step 0"),
        ("1 // (len(x) - 3) == 1", "a division by 0"),
        ("len(range(len(x) * 100000)) > 1", "a range of more than 1,000"),
        ("x[4].count('a') == 1", "count has None before it or in it"),
        ("len(x) + min(s for s in range(3) if s > len(x)) > 1", "\\+ takes whole numbers, not None"),
        ("sorted([x[0], x[4]]) == ['a', 'b']", "values that have an order"),
    ],
)
def test_values_that_do_not_fit_are_refused_with_the_input(condition: str, message: str) -> None:
    with pytest.raises(BadUsage, match=message):
        where(condition).of_input("abc")


def test_a_condition_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "MOST_STEPS", 5000)
    asked = where("any(a * b == 9801 + len(x) - 3 for a in range(100) for b in range(100))")
    with pytest.raises(BadUsage, match="takes too long"):
        asked.of_input("abc")


def _refusal(condition: str, x: str | Sequence[str]) -> str:
    """Why a condition is refused, at once or on an input; empty if it is answered."""
    try:
        asked = where(condition, LETTERS if isinstance(x, str) else WORDS)
        assert asked.of_input(x) in (True, False)
        assert asked.of_prediction(x, 1, "a", "b", None) in (True, False)
    except BadUsage as error:
        return str(error)
    return ""


_PIECES = [
    *"xik0123456789()[]{}:,.<>=!+-*/%&|~^@ '\"\\\n\t#",
    "len(", "sum(", "range(", "sorted(", " for k in x", " if ", " else ", " and ", " or ", "not ", " in ", " is ",
    "x.count('a')", "set(x)", "token", "predicted", "right", "lambda:", ":=", "**", "//", "__class__", "f'{x}'",
    "await", "*x", "9" * 40, "1.5", "b'a'", "...", "==", "<=", ">=", "!=", "x[k]", "x[i]", "None", "yield",
]  # fmt: skip


@given(st.one_of(st.lists(st.sampled_from(_PIECES), max_size=25).map("".join), st.text(string.printable, max_size=60)))
@example("x[" * 90 + "0" + "]" * 90)
@example("'\\d' == x")
@example("1if 1else 2")
def test_any_text_is_a_condition_or_refused_with_one_message(text: str) -> None:
    assert len(_refusal(text, "abba")) < 700
    assert len(_refusal(text, ("the", "cat"))) < 700


def _mixed() -> st.SearchStrategy[str]:
    """Expressions of all kinds, most of which mean nothing."""
    leaf = st.sampled_from(
        ["x", "'a'", "x[0]", "x[-1]", "x[i]", "len(x)", "2", "i", "token", "set(x)", "None", "x[1:]", "right", "True"]
    )

    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        binary = st.sampled_from(
            ["==", "<", "in", "not in", "and", "or", "+", "-", "*", "//", "%", "&", "|", ">=", "is"]
        )
        call = st.sampled_from(
            ["len", "min", "max", "sum", "sorted", "set", "list", "tuple", "any", "all", "abs", "range", "not "]
        )
        return st.one_of(
            st.tuples(inner, binary, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            st.tuples(call, inner).map(lambda t: f"{t[0]}({t[1]})"),
            st.tuples(inner, inner).map(lambda t: f"({t[0]})[{t[1]}]"),
            st.tuples(inner, st.sampled_from(["count", "index"]), inner).map(lambda t: f"({t[0]}).{t[1]}({t[2]})"),
            st.tuples(inner, inner, inner).map(lambda t: f"[{t[0]} for k in {t[1]} if {t[2]}]"),
            st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        )

    return st.recursive(leaf, more, max_leaves=8)


@given(_mixed(), st.sampled_from(["abba", "c", ("the", "cat")]))
def test_any_well_formed_condition_is_answered_or_refused(condition: str, x: str | Sequence[str]) -> None:
    assert not (said := _refusal(condition, x)) or said.startswith("--where")


# Python itself as the judge ###########################################################################################


def _one_of(*parts: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    return st.one_of(*[st.just(part) if isinstance(part, str) else part for part in parts])


def _filled(form: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A form whose blanks are filled."""
    return st.tuples(*parts).map(lambda found: form.format(*found))


def _meaningful() -> st.SearchStrategy[str]:
    """Conditions of which most can be meant."""
    truth: st.SearchStrategy[str] = st.deferred(lambda: truths)
    number: st.SearchStrategy[str] = st.deferred(lambda: numbers)
    text: st.SearchStrategy[str] = st.deferred(lambda: texts)
    row: st.SearchStrategy[str] = st.deferred(lambda: rows)
    bag: st.SearchStrategy[str] = st.deferred(lambda: bags)
    over = _one_of("x", row, bag, _filled("({} for u in {})", text, row))
    same = st.sampled_from(["==", "!=", "==", "!=", "<", "<=", ">", ">="])
    within = st.sampled_from(["in", "not in"])
    texts = _one_of(
        "x[0]", "x[-1]", "x[i - 1]", "token", "predicted", "right", "'a'", "'b'", "x",
        _filled("x[{}]", number), _filled("{}[{}]", row, number), _filled("x[{}:{}]", number, number), "x[::-1]",
        _filled("min({})", over), _filled("max({}, {})", text, text), _filled("({} if {} else {})", text, truth, text),
    )  # fmt: skip
    numbers = _one_of(
        "i", "len(x)", "1", "2", "3", _filled("({} {} {})", number, st.sampled_from("+-*%"), number),
        _filled("({} // {})", number, number), _filled("x.count({})", text), _filled("{}.index({})", row, text),
        _filled("sum({} for v in {})", truth, over), _filled("sum(v == {} for v in {})", text, over),
        _filled("len({})", bag), _filled("abs({})", number), _filled("({} + {})", truth, truth),
        _filled("max(range({}))", number),
    )  # fmt: skip
    rows = _one_of(
        "list(x)", "['a', 'b', 'c']", _filled("sorted({})", over),
        _filled("[v for v in {} if v {} {}]", row, same, text),
        _filled("[{}, {}]", text, text), _filled("{}[{}:]", row, number), _filled("list({})", over),
    )  # fmt: skip
    bags = _one_of(
        "set(x)", "{'a', 'c'}", _filled("({} {} {})", bag, st.sampled_from("-&|"), bag), _filled("set({})", over),
        _filled("{{v for v in {} if v {} {}}}", over, same, text),
    )  # fmt: skip
    truths = _one_of(
        _filled("{} {} {}", text, same, text), _filled("{} {} {}", number, same, number),
        _filled("{} {} {} {} {}", number, same, number, same, number), _filled("({}) == ({})", truth, truth),
        _filled("{} {} {}", text, within, over), _filled("{} {} {}", row, same, row),
        _filled("{} {} {}", bag, same, bag),
        _filled("not ({})", truth), _filled("({}) and ({})", truth, truth), _filled("({}) or ({})", truth, truth),
        _filled("any(v == {} for v in {})", text, over), _filled("all(v {} {} for v in {})", same, text, over),
        _filled("x.startswith(({}, {}))", text, text), _filled("x.endswith({})", text),
        _filled("({} if {} else {})", truth, truth, truth),
    )  # fmt: skip
    return truths


_BUILTINS = {called.__name__: called for called in (len, min, max, sum, sorted, set, list, tuple, any, all, abs, range)}


def _agrees_with_python(condition: str, x: str | tuple[str, ...], program: Program) -> bool:
    """Whether a condition is accepted and Python answers it too; if so, both must say the same."""
    token = [*x, "</s>"][1] if isinstance(x, str) else [*x, "the"][1]
    names: dict[str, Any] = {"x": x, "i": 2, "token": token, "predicted": "b", "right": "a"}
    try:
        asked = where(condition, program)
        ours = asked.of_input(x) and asked.of_prediction(x, 2, token, "b", "a")
    except BadUsage:
        return False
    try:
        theirs = eval(condition, {"__builtins__": _BUILTINS, **names})
    except (IndexError, ValueError, TypeError, ZeroDivisionError):
        return False  # what is not there, which is None for us
    assert type(ours) is type(theirs) is bool
    assert ours == theirs
    return True


@given(_meaningful(), st.sampled_from(["abba", "c", "cab", "aabbcc"]))
def test_an_accepted_condition_on_letters_means_what_python_says(condition: str, x: str) -> None:
    _agrees_with_python(condition, x, LETTERS)


@given(_meaningful(), st.sampled_from([("cat", "the"), ("the", "saw", "the", "cat")]))
def test_an_accepted_condition_on_words_means_what_python_says(condition: str, x: tuple[str, ...]) -> None:
    words = {"'a'": "'the'", "'b'": "'cat'", "'c'": "'saw'"}
    _agrees_with_python(re.sub("'[abc]'", lambda found: words[found[0]], condition), x, WORDS)


@given(_mixed(), st.sampled_from(["abba", "c"]))
def test_an_accepted_condition_of_any_form_means_what_python_says(condition: str, x: str) -> None:
    _agrees_with_python(condition, x, LETTERS)
