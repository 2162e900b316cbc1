"""Predicates and lookups of published modules: what is compiled from a chain of tests answers as Python does."""

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tprog.ir.program import Symbols
from tprog.text.dialects.published.functions import Chain, Members, Predicate
from tprog.text.dialects.subset import Source

VALUES: tuple[str | int, ...] = ("a", "b", "c", 0, 1)
PAIRS = tuple(product(VALUES, VALUES))

pair_tests = st.lists(st.sampled_from(PAIRS), min_size=1, max_size=6).map(
    lambda pairs: f"key in {{{', '.join(map(repr, pairs))}}}"
)
value_tests = st.builds(
    lambda name, op, values: f"{name} {op} {{{', '.join(map(repr, values))}}}",
    st.sampled_from(("one", "other")),
    st.sampled_from(("in", "not in")),
    st.lists(st.sampled_from(VALUES), min_size=1, max_size=3),
)
equalities = st.builds(
    lambda name, op, value: f"{name} {op} {value!r}",
    st.sampled_from(("one", "other")),
    st.sampled_from(("==", "!=")),
    st.sampled_from(VALUES),
)
single = pair_tests | value_tests | equalities | st.just("one == other")
tests = single | st.builds(
    lambda left, op, right: f"{left} {op} {right}", single, st.sampled_from(("and", "or")), single
)


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _chains(bodies: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    """Lines with an ``if``, some ``elif``s and perhaps an ``else``, whose bodies are drawn."""
    branches = st.lists(st.tuples(tests, bodies), min_size=1, max_size=4)
    chain = st.builds(
        lambda found, last: (
            [
                line
                for which, (test, body) in enumerate(found)
                for line in (f"{'elif' if which else 'if'} {test}:", *_indented(body))
            ]
            + (["else:", *_indented(last)] if last else [])
        ),
        branches,
        st.none() | bodies,
    )
    return st.lists(chain, min_size=1, max_size=2).map(lambda chains: [line for lines in chains for line in lines])


returns = st.sampled_from(VALUES).map(lambda value: [f"return {value!r}"])
bodies = st.recursive(returns | st.just(["pass"]), _chains, max_leaves=12)


@given(_chains(bodies))
def test_a_chain_of_tests_answers_as_python_does_whichever_of_them_fit(body: list[str]) -> None:
    text = "\n".join(["def f(one, other):", "    key = (one, other)", *_indented(body)])
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    chain = Chain(Source("f.py", text), function, 2, Members({}))
    known: dict[str, object] = {}
    exec(text, known)
    for pair in product(VALUES, VALUES):
        answer = chain.answer(pair)
        said = None if answer is None or answer.value is None else ast.literal_eval(answer.value)
        assert (type(said), said) == (type(known["f"](*pair)), known["f"](*pair)), (text, pair)  # type: ignore[operator]


accepting = (tests | st.sampled_from(["True", "False", "None"])).map(lambda test: [f"return {test}"])
predicates = st.recursive(accepting | st.just(["pass"]), _chains, max_leaves=5)


@given(_chains(predicates))
@settings(max_examples=15, deadline=None)
def test_a_predicate_accepts_the_keys_that_python_lets_it_and_names_the_line_that_does(body: list[str]) -> None:
    lines = ["def f(one, other):", "    key = (one, other)", *_indented(body)]
    (function,) = ast.parse("\n".join(lines)).body
    assert isinstance(function, ast.FunctionDef)
    predicate = Predicate(Source("f.py"), function, Members({}))
    known: dict[str, Callable[[str | int, str | int], tuple[int, object] | None]] = {}
    exec("\n".join(line.replace("return ", f"return {at}, ") for at, line in enumerate(lines, 1)), known)
    for query in VALUES:
        answers = [(key, answer) for key in VALUES if (answer := known["f"](query, key)) is not None]
        accepted = [(key, line) for key, (line, says) in answers if says]
        line = accepted[0][1] if accepted else answers[0][1][0] if answers else None
        assert predicate.row(query, Symbols(VALUES)) == (tuple(key for key, _ in accepted), line), (lines, query)


TESTS = (
    *(
        "one == 'a'",
        "one != 'a'",
        "one in {'a', 1}",
        "one not in {'b'}",
        "other == 0",
        "other != 0",
        "other in {'a', 'b'}",
    ),
    *("other not in {0}", "one == other", "key in {('a', 'b'), (0, 1)}", "one == 'a' and other == 0", "not other == 1"),
)


def _python(text: str) -> Callable[[str | int, str | int], object]:
    known: dict[str, Callable[[str | int, str | int], object]] = {}
    exec(text, known)
    return known["f"]


@pytest.mark.parametrize("outer", TESTS)
def test_whatever_a_predicate_looks_at_first_each_key_is_asked_as_python_asks_it(outer: str) -> None:
    for inner, body in product(
        TESTS,
        ("if {}:\n  if {}:\n   return True", "if {}:\n  return False\n elif {}:\n  return True", "if {}:\n  return {}"),
    ):
        text = f"def f(one, other):\n key = (one, other)\n {body.format(outer, inner)}"
        (function,) = ast.parse(text).body
        assert isinstance(function, ast.FunctionDef)
        predicate, python = Predicate(Source("f.py"), function, Members({})), _python(text)
        for query in VALUES:
            wanted = tuple(key for key in VALUES if python(query, key))
            assert predicate.row(query, Symbols(VALUES))[0] == wanted, (text, query)
