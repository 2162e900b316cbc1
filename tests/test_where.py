"""The language of --where: what it says, what it refuses, and that it never does anything else."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyze.circuits import where as language
from analyze.circuits.where import Where
from tprog.errors import BadUsage


@pytest.mark.parametrize(
    ("condition", "same"),
    [
        ("len(x) > 4 and x.count('a') > 1", lambda x: len(x) > 4 and x.count("a") > 1),
        ("x[0] == x[-1]", lambda x: x[0] == x[-1]),
        ("x[0] < x[-1] <= 'c'", lambda x: x[0] < x[-1] <= "c"),
        ("sorted(x) == x", lambda x: sorted(x) == list(x)),
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
    where = Where(condition)
    inputs = [a + b + c + d for a in "abc" for b in ("", *"abc") for c in ("", *"abc") for d in ("", *"abc", "ab")]
    assert not where.about_a_prediction
    assert [where.of_input(x) for x in inputs] == [same(x) for x in inputs]
    assert 0 < sum(map(same, inputs)) < len(inputs)


def test_words_of_several_letters_are_items_of_a_tuple() -> None:
    x = ("the", "cat", "the")
    assert Where("x.count('the') == 2 and x[1] == 'cat' and 'cat' in x and len(x) == 3").of_input(x)
    assert not Where("'at' in x").of_input(x)
    assert Where("x.startswith(('the', 'cat'))").of_input(x)
    assert not Where("x.startswith('the')").of_input(x)


def test_what_is_not_there_is_none_and_no_order_holds_with_it() -> None:
    assert Where("x[7] is None and x[-8] == None and x.index('z') is None").of_input("abc")
    for order in ("<", "<=", ">", ">="):
        assert not Where(f"x[7] {order} 'b'").of_input("abc")
    assert Where("x[7] != 'a'").of_input("abc")
    assert Where("min(s for s in x if s > 'q') is None").of_input("abc")


def test_a_condition_on_a_prediction_splits_off_what_it_says_of_the_input() -> None:
    where = Where("len(x) == 3 and i > 1 and predicted != right and token == x[i - 1]")
    assert where.names == {"x", "i", "token", "predicted", "right"}
    assert where.about_a_prediction
    assert where.of_input("abc")
    assert not where.of_input("ab")
    assert where.of_prediction("abc", 2, "b", "a", "b")
    assert not where.of_prediction("abc", 2, "b", "b", "b")
    assert not where.of_prediction("abc", 1, "a", "b", "a")


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
        Where(condition)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("x < 3", "'abc' and 3 have no order, on the input 'abc'"),
        ("x + 'a'", "\\+ takes whole numbers, not 'abc'"),
        ("x * 1000000", "\\* takes whole numbers"),
        ("len(3)", "len takes a sequence or a set, not 3"),
        ("x['a']", "an index takes whole numbers"),
        ("x[::0]", "a slice with step 0"),
        ("1 // (len(x) - 3)", "a division by 0"),
        ("range(100000)", "a range of more than 1,000"),
        ("999999999 * 999999999", "a number beyond"),
        ("sum(x)", "sum takes whole numbers"),
        ("set(x) | 3", "takes two sets here"),
        ("len(x).count(3)", "count takes a sequence, not 3"),
        ("max(x[0], 3)", "values that have an order"),
        ("sorted([1, 'a'])", "values that have an order"),
    ],
)
def test_values_that_do_not_fit_are_refused_with_the_input(condition: str, message: str) -> None:
    with pytest.raises(BadUsage, match=message):
        Where(condition).of_input("abc")


def test_a_condition_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "MOST_STEPS", 5000)
    where = Where("any(a * b < 0 for a in range(100) for b in range(100))")
    with pytest.raises(BadUsage, match="takes too long"):
        where.of_input("abc")


def _refusal(condition: str, x: str | Sequence[str]) -> str:
    """Why a condition is refused, at once or on an input; empty if it is answered."""
    try:
        where = Where(condition)
        assert where.of_input(x) in (True, False)
        assert where.of_prediction(x, 1, "a", "b", None) in (True, False)
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


def _conditions() -> st.SearchStrategy[str]:
    leaf = st.sampled_from(
        ["x", "'a'", "x[0]", "x[-1]", "x[i]", "len(x)", "2", "i", "token", "set(x)", "None", "x[1:]"]
    )

    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        binary = st.sampled_from(
            ["==", "<", "in", "not in", "and", "or", "+", "-", "*", "//", "%", "&", "|", ">=", "is"]
        )
        call = st.sampled_from(["len", "min", "max", "sum", "sorted", "set", "any", "all", "abs", "range", "not "])
        return st.one_of(
            st.tuples(inner, binary, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            st.tuples(call, inner).map(lambda t: f"{t[0]}({t[1]})"),
            st.tuples(inner, inner).map(lambda t: f"({t[0]})[{t[1]}]"),
            st.tuples(inner, st.sampled_from(["count", "index"]), inner).map(lambda t: f"({t[0]}).{t[1]}({t[2]})"),
            st.tuples(inner, inner, inner).map(lambda t: f"[{t[0]} for k in {t[1]} if {t[2]}]"),
            st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        )

    return st.recursive(leaf, more, max_leaves=8)


@given(_conditions(), st.sampled_from(["abba", "c", ("the", "cat")]))
def test_any_well_formed_condition_is_answered_or_refused(condition: str, x: str | Sequence[str]) -> None:
    assert not (said := _refusal(condition, x)) or said.startswith("--where")
