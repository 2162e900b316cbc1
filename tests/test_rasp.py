"""RASP in Python: the two dialects, exact values, and what is refused."""

from __future__ import annotations

import doctest
import importlib
import inspect
import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from tests.rasp_programs import LOOPS, RASP_L, TRACR, cases, value_of
from tprog.errors import BadInput, BadUsage
from tprog.ir.values import NOTHING
from tprog.rasp import rasp_l
from tprog.rasp.calls import Calls
from tprog.rasp.evaluate import Run, evaluate, shown
from tprog.rasp.expressions import Aggregate, Elementwise, Select, SOp, in_order
from tprog.rasp.failures import Budget, Failed, Spent
from tprog.rasp.functions import OPERATORS, Dialect, Function
from tprog.rasp.program import Loop, NoStop, RaspProgram, generated, program_of
from tprog.rasp.rasp_l import core as c
from tprog.rasp.rasp_l import library as lib
from tprog.rasp.tracr import language as tracr
from tprog.rasp.tracr import library as t
from tprog.rasp.tracr.language import (
    aggregate,
    best,
    constant_sop,
    first,
    full,
    indices,
    length,
    mapped,
    nearest,
    numerical,
    select,
    selector_width,
    tokens,
    where,
)
from tprog.rasp.values import settled, spelled_values

EXAMPLES = ("tracr.language", "tracr.library", "rasp_l.core", "rasp_l.library")

# Conformance ##########################################################################################################


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_of_each_function_is_right(name: str) -> None:
    module = importlib.import_module(f"tprog.rasp.{name}")
    public = [each for each in vars(module).values() if getattr(each, "__module__", None) == module.__name__]
    functions = [each for each in public if callable(each) and not isinstance(each, type) and each.__name__[0] != "_"]
    assert all(">>> " in (each.__doc__ or "") for each in functions)
    found = doctest.testmod(module, extraglobs={"shown": shown})
    assert found.attempted >= len({each.__name__ for each in functions}) > 10
    assert found.failed == 0


@pytest.mark.parametrize("name", [*TRACR, *RASP_L])
def test_an_evaluation_gives_what_was_computed_independently(name: str) -> None:
    (told,) = [each for each in cases()["programs"] if each["name"] == name]
    sop = (TRACR | RASP_L)[name]
    for case in told["cases"]:
        causal = None if told["dialect"] == "rasp-l" else case["mode"] == "causal"
        assert evaluate(sop, case["input"], causal) == list(map(value_of, case["output"])), case


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_gives_what_was_computed_independently(name: str) -> None:
    (told,) = [each for each in cases()["loops"] if each["name"] == name]
    for case in told["cases"]:
        if len(case["prompt"]) <= 23:
            assert generated(LOOPS[name], case["prompt"]) == case["answer"], case


def test_every_program_of_tracr_and_rasp_l_is_looked_at() -> None:
    named = {each["name"] for each in cases()["programs"] if each["dialect"] != "rasp"}
    assert named == TRACR.keys() | RASP_L.keys()


# What Tracr's compiler gets wrong or refuses ##########################################################################


def test_a_width_of_ten_and_more_is_right() -> None:
    word = "abcdefghijklmnopqrstuvwxyz"
    assert evaluate(t.make_reverse(tokens), word) == list(word[::-1])
    assert evaluate(t.make_hist(), "a" * 30) == [30] * 30


def test_a_fraction_is_compared_exactly() -> None:
    share = t.make_frac_prevs(tokens == "T")
    assert evaluate(share > 0.5, "TFTT") == [True, False, True, True]
    assert evaluate(share == Fraction(2, 3), "TFTT") == [False, False, True, False]
    assert evaluate(share * 0.1, "TF") == [Fraction(1, 10), Fraction(1, 20)]


def test_nothing_passes_through_arithmetic() -> None:
    assert evaluate(t.shift_by(1, tokens) + 1, [1, 2, 3]) == [NOTHING, 2, 3]


def test_balanced_brackets_stay_balanced_up_to_twenty() -> None:
    assert evaluate(t.make_shuffle_dyck2(), "({)}" * 5) == [True] * 20


def test_two_widths_are_selected_by_their_values() -> None:
    hist, later = t.make_hist(), selector_width(select(indices, indices, ">"))
    assert evaluate(selector_width(select(hist, later, "==")), "aab") == [2, 1, 0]


def test_a_mapped_number_as_a_key_selects_tokens_alone() -> None:
    share = mapped(lambda x: "much" if x > 0.5 else "little", t.make_frac_prevs(tokens == "a"))
    assert evaluate(selector_width(select(share, "little", "==")), "baab") == [3, 3, 3, 3]


@pytest.mark.parametrize(
    ("sop", "expected"),
    [
        (aggregate(select(tokens, tokens, "True"), numerical(mapped(lambda x: x, tokens))), [2, 2, 2]),
        (numerical(aggregate(select(tokens, tokens, "True"), tokens)), [2, 2, 2]),
        (numerical(aggregate(select(tokens, tokens, "True"), numerical(tokens), default=0)), [2, 2, 2]),
        (numerical(aggregate(select(indices, indices, "=="), tokens, default=1)), [3, 1, 2]),
        (selector_width(select(numerical(tokens), numerical(tokens), "<")), [2, 0, 1]),
        (numerical(indices + numerical(tokens)), [3, 2, 4]),
        (tracr.LinearSequenceMap(indices, tokens, 1, 1), [3, 2, 4]),
        (numerical(tokens), [3, 1, 2]),
        (numerical(indices), [0, 1, 2]),
    ],
)
def test_what_tracr_refuses_has_its_meaning(sop: SOp, expected: list[int]) -> None:
    assert evaluate(sop, [3, 1, 2]) == expected


def test_selectors_with_different_keys_and_queries_are_joined() -> None:
    either = select(tokens, "a", "==") | select(indices, indices, "<")
    assert evaluate(selector_width(either & ~select(indices, 1, "==")), "bba") == [1, 2, 2]


# Exact values #########################################################################################################


@pytest.mark.parametrize(
    ("sop", "told"),
    [
        (1 / (tokens - 2), "1 / (tokens - 2)"),
        (1 / tokens - 2, "1 / tokens - 2"),
        (1 - (tokens - 2), "1 - (tokens - 2)"),
        (1 - tokens - 2, "1 - tokens - 2"),
        ((tokens + 1) * tokens, "(tokens + 1) * tokens"),
        (2**tokens * 3, "2 ^ tokens * 3"),
        ((2**tokens) ** 3, "(2 ^ tokens) ^ 3"),
        ((tokens == 1) == 2, "(tokens == 1) == 2"),
        (1 / (tokens - 2).named("gap"), "1 / gap"),
        (1 / (tokens * indices - tokens * 12345), "1 / (s-op)"),
        (-(tokens - 2), "-(tokens - 2)"),
    ],
)
def test_an_expression_is_told_in_brackets_where_it_would_be_read_as_another(sop: SOp, told: str) -> None:
    assert str(sop) == told


def test_a_selector_is_told_in_brackets_where_it_would_be_read_as_another() -> None:
    one, two, three = (select(tokens, tokens, "==").named(name) for name in "abc")
    made = ((one | two) & three, one | two & three, ~(one & two), ~one & two, (one | two).named("d") & three)
    assert [str(each) for each in made] == ["(a or b) and c", "a or b and c", "not (a and b)", "not a and b", "d and c"]


@pytest.mark.parametrize(
    "make",
    [
        lambda one: Elementwise(dialect=Dialect.TRACR, function=one, inputs=(tokens, tokens)),
        lambda one: Select(dialect=Dialect.TRACR, predicate=one, keys=tokens, queries=tokens),
    ],
)
def test_a_function_of_one_value_is_none_of_two(make: Callable[[Function], object]) -> None:
    one = OPERATORS[Dialect.TRACR]["negative"]
    with pytest.raises(BadUsage, match="- takes 1 value"):
        make(one)


def test_functions_of_a_user_divide_exactly() -> None:
    assert evaluate(mapped(lambda x: x / 3 + x / 6, tokens), [1, 2]) == [Fraction(1, 2), 1]
    assert evaluate(mapped(lambda x: (x == 1) / 3, tokens), [1]) == [Fraction(1, 3)]
    assert evaluate(mapped(lambda x: 0.1 * x + 0.2, tokens), [1]) == [Fraction(3, 10)]
    assert evaluate(mapped(lambda x: -(x**-2), tokens), [3]) == [Fraction(-1, 9)]


def test_an_operator_keeps_its_operands_in_their_order() -> None:
    assert [str(made) for made in (2 - tokens, True & tokens)] == ["2 - tokens", "and(T, tokens)"]
    numbers = [2 - tokens, 8 / tokens, 7 // tokens, 7 % tokens, 2**tokens]
    assert [evaluate(made, [4])[0] for made in numbers] == [-2, 2, 1, 3, 16]
    assert [evaluate(mapped(lambda x: 2 - x, tokens), [4]), evaluate(mapped(lambda x: 7 % x, tokens), [4])] == [
        [-2],
        [3],
    ]
    assert evaluate(tokens * 2, "ab") == evaluate(2 * tokens, "ab") == ["aa", "bb"]


@pytest.mark.parametrize(
    ("call", "symbol"),
    [
        (operator.add, "+"), (operator.sub, "-"), (operator.mul, "*"), (operator.truediv, "/"), (operator.mod, "%"),
        (operator.floordiv, "//"), (operator.pow, "^"), (operator.and_, "and"), (operator.or_, "or"),
        (operator.eq, "=="), (operator.ne, "!="), (operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"),
        (operator.ge, ">="),
    ],
)  # fmt: skip
def test_each_operator_of_python_is_one_of_the_language(call: Callable[[Any, Any], Any], symbol: str) -> None:
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}  # as Python asks the other then
    for one, other in ((tokens, 2), (2, tokens), (tokens, indices)):
        made, told = call(one, other), (symbol, [str(one), str(other)])
        if one is not tokens and symbol in turned:
            told = (turned[symbol], [str(other), str(one)])
        assert (made.function.symbol, list(map(str, made.inputs))) == told


def test_answers_of_functions_are_forgotten_where_they_would_be_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Calls, "MOST", 2)
    calls = Calls()
    twice = mapped(lambda x: 2 * x, tokens)
    assert Run(range(1, 9), calls=calls).values(twice) == [2 * x for x in range(1, 9)]
    assert 1 <= len(calls._known) <= 3


def test_a_number_that_a_function_sees_is_one_of_python() -> None:
    def asked(x: Any) -> bool:
        exact = x / 2 * 2 == x and 0.1 * x == Fraction(3, 10) and round(x / 2) == 2 and ~x & 5 == 4 and 1 << x == 8
        return isinstance(x, int) and "abcd"[x] == "d" and f"{x:02d}" == "03" and {3: True}[x] and exact

    assert evaluate(mapped(asked, tokens), [3]) == [True]
    assert evaluate(mapped(lambda b: (isinstance(b, bool), str(b), b + 1), tokens == 1), [1]) == [(True, "True", 2)]


def test_an_irrational_number_is_a_label() -> None:
    (root, two) = evaluate(mapped(lambda x: math.sqrt(x), tokens), [2, 4])
    assert (root, two) == (math.sqrt(2), 2)
    assert isinstance(root, float)
    assert evaluate(mapped(math.sqrt, tokens) + 1, [2]) == [math.sqrt(2) + 1]


def test_a_value_keeps_its_kind() -> None:
    kinds = evaluate(aggregate(select(indices, indices, "=="), tokens == "a"), "ab")
    assert [type(value) for value in kinds] == [bool, bool]
    assert spelled_values([True, Fraction(1, 2)]) == ["1", "1/2"]
    assert spelled_values([True, NOTHING, False]) == ["T", "nothing", "F"]


def test_nothing_is_no_hole_and_has_no_truth_value() -> None:
    assert settled(None) is NOTHING
    with pytest.raises(TypeError):
        bool(NOTHING)


def test_a_function_is_asked_once_for_each_value() -> None:
    asked: list[Any] = []

    def noted(value: Any) -> Any:
        asked.append(value)
        return value

    evaluate(mapped(noted, tokens), "abab")
    assert asked == ["a", "b"]


def test_the_nearest_is_the_left_one_of_two_and_the_own_only_if_it_is_alone() -> None:
    assert evaluate(nearest(select(tokens, "a", "=="), indices, -1), "aba") == [2, 0, 0]
    assert evaluate(nearest(select(indices, indices, "=="), indices), "ab") == [0, 1]
    assert evaluate(best(select(indices, indices, "True"), indices, by=tokens), [5, 1, 5, 5]) == [2, 0, 3, 2]


# Refusals #############################################################################################################


def failure(sop: SOp, given: Any, causal: bool | None = None) -> str:
    with pytest.raises(Failed) as caught:
        evaluate(sop, given, causal)
    return str(caught.value)


def test_a_failure_names_the_node_the_place_and_why() -> None:
    said = failure(tokens.named("word") + 1, "ab")
    assert "test_rasp.py:" in said
    assert "word + 1 has no value at position 0: + of 'a' and 1: + takes two numbers or two words" in said
    assert "ZeroDivisionError" in failure(mapped(lambda x: 1 // x, tokens), [0])
    assert "is no value of RASP" in failure(mapped(lambda x: [x], tokens), [0])
    assert "expected a finite" in failure(mapped(lambda x: float("inf"), tokens), [0])
    assert "it gives 'a'; expected a truth" in failure(selector_width(select(tokens, tokens, lambda k, q: k)), "a")
    assert "and one is nothing" in failure(selector_width(select(t.shift_by(1, tokens), tokens, "==")), "ab")
    assert "< compares two values of a kind" in failure(selector_width(select(tokens, indices, "<")), "ab")
    assert "the mean of several values, and 'a' is a word" in failure(aggregate(select(tokens, 0, "!="), tokens), "ab")
    assert "bits" in failure(tokens**10**9, [10])
    single = aggregate(select(tokens, 0, "!="), tokens, how="single")
    assert "2 positions are selected, 0, 1; expected one" in failure(single, "ab")
    assert "5 positions are selected, 0, 1, 2, 3, 4; expected one" in failure(single, "abcde")
    assert "6 positions are selected, 0, 1, 2, 3, 4, ...; expected one" in failure(single, "abcdef")
    largest = best(select(tokens, 0, "!="), tokens, by=mapped(lambda word: 1 if word == "a" else word, tokens))
    assert "> compares two values of a kind, not a word and a whole number" in failure(largest, "ab")
    with pytest.raises(Failed) as caught:
        evaluate((1 / (tokens - 2)).named("share"), [1, 3, 2])
    assert (str(caught.value.node), caught.value.position) == ("share", 2)
    assert caught.value.reason == "/ of 1 and 0: a division by zero"


NO_FUNCTION: Any = "x"
NO_SELECTOR: Any = tokens
NO_SOP: Any = select(tokens, 1, "==")
NO_REDUCTION: Any = "sum"


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: tokens + c.tokens, "which is of rasp-l; expected one dialect"),
        (lambda: program_of(tokens, c.tokens), "expected one dialect"),
        (lambda: mapped(lambda x, y: x, tokens), "cannot be called with 1 value"),
        (lambda: mapped(NO_FUNCTION, tokens), "expected a function of 1 value"),
        (lambda: select(tokens, tokens, "=<"), "the predicate '=<'; expected one of ==, <, <="),
        (lambda: select(select(tokens, 1, "=="), 1, "=="), "an operator takes s-ops and values; found the selector"),
        (lambda: aggregate(NO_SELECTOR, tokens), "an aggregate takes a selector here; found the s-op tokens"),
        (lambda: tokens if tokens == "a" else indices, "has no truth value before there is an input"),
        (lambda: select(tokens, 1, "==") & 1, "& joins two selectors; found 1"),
        (lambda: full([1]), "which is no value of RASP"),
        (lambda: tokens.named(""), "of an expression"),
        (lambda: t.detect_pattern(tokens, ""), "expected one value or more"),
        (lambda: t.make_shuffle_dyck(["(", ")"]), "an opening and a closing token"),
        (lambda: aggregate(select(tokens, 1, "=="), tokens, how="largest"), "largest without it"),
        (lambda: c.tokens / 2, "rasp-l has whole numbers alone"),
        (lambda: lib.where(NO_FUNCTION, c.tokens, c.tokens), "where takes a s-op here; found 'x'"),
        (lambda: where(NO_FUNCTION, 1, 2), "where takes a s-op here; found 'x'"),
        (lambda: c.select(c.tokens, c.tokens, c.equals, causal=False), "position i sees none behind it"),
        (
            lambda: c.aggr(c.select(c.tokens, c.tokens, c.equals), c.tokens, reduction=NO_REDUCTION),
            "expected mean, max",
        ),
        (lambda: evaluate(c.tokens, [1], causal=False), "is causal"),
        (lambda: evaluate(NO_SOP, "a"), "only an s-op has values"),
        (lambda: program_of(), "at least one output"),
        (lambda: program_of(tokens.named("a"), indices.named("a")), "two outputs are called 'a'"),
        (lambda: Loop(1, most=0), "expected 1 to"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_is_written(build: Callable[[], Any], said: str) -> None:
    with pytest.raises(BadUsage, match=said.replace("(", r"\(").replace("[", r"\[")):
        build()


TRACR_SAMPLES: dict[str, Any] = {"SOp": tokens, "Selector": select(tokens, tokens, "=="), "object": 1, "Any": 1}
RASP_L_SAMPLES: dict[str, Any] = {"SOp": c.tokens, "Selector": c.select(c.tokens, c.tokens, c.equals), "int": 1}
FUNCTIONS: dict[str, Any] = {
    "Callable[..., Any]": lambda *values: values[0],
    "Callable[[Any], Any]": lambda value: value,
    "Callable[[Any, Any], Any]": lambda one, other: one,
    "Comparison | str | Callable[[Any, Any], Any]": "==",
    "Predicate": c.equals,
    "Sequence[object]": "ab",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_function_refuses_another_kind_and_another_dialect_where_it_is_called(name: str) -> None:
    module, refused = importlib.import_module(f"tprog.rasp.{name}"), 0
    samples, others = (TRACR_SAMPLES, RASP_L_SAMPLES) if "tracr" in name else (RASP_L_SAMPLES, TRACR_SAMPLES)
    for function in {each for each in vars(module).values() if getattr(each, "__module__", None) == module.__name__}:
        if isinstance(function, type) or not callable(function) or function.__name__[0] == "_":
            continue
        asked = [each for each in inspect.signature(function).parameters.values() if each.default is each.empty]
        given = {each.name: (samples | FUNCTIONS).get(each.annotation) for each in asked}
        for each in asked:
            other_kind = {"SOp": "Selector", "Selector": "SOp"}.get(each.annotation)
            if other_kind is None:
                continue
            for wrong, said in ((samples[other_kind], " takes "), (others[each.annotation], "expected one dialect")):
                if wrong is tokens and function in (c.full, c.indices):  # which read nothing of it
                    continue
                values = given | {each.name: wrong}
                named = {one.name: values.pop(one.name) for one in asked if one.kind is one.KEYWORD_ONLY}
                with pytest.raises(BadUsage) as caught:
                    function(*values.values(), **named)
                assert said in str(caught.value), (function, each)
                assert str(caught.value).startswith(f"{__file__}:"), (function, each)
                refused += 1
    assert refused >= 20


@pytest.mark.parametrize("given", ["", [], [None], [[1]], {"a": 1}, 5, ["a"] * 10_001, [float("nan")]])
def test_what_is_no_input_is_refused(given: Any) -> None:
    with pytest.raises(BadInput, match="the input"):
        evaluate(tokens, given)


def test_a_budget_bounds_an_evaluation() -> None:
    with pytest.raises(Spent, match="more than 100 steps"):
        Run("a" * 50, budget=Budget(100)).values(t.make_sort_unique(indices, indices))


# Causal evaluation and structure ######################################################################################


def test_a_causal_evaluation_masks_what_selectors_select() -> None:
    assert evaluate(selector_width(~select(tokens, "a", "==")), "bba", causal=True) == [1, 2, 2]
    assert evaluate(length, "aaa", causal=True) == [1, 2, 3]


def test_a_predicate_is_not_asked_about_what_may_not_be_seen() -> None:
    later = selector_width(select(tokens, indices, lambda key, query: key[query] == "x"))
    assert "IndexError" in failure(later, ["xyz", "xy", "x"])
    assert evaluate(later, ["xyz", "xyz", "xyz"], causal=True) == [1, 0, 0]


def test_an_expression_knows_where_it_was_written() -> None:
    sop = (tokens == "a").named("is_a")
    assert sop.where is not None
    assert sop.where.file == __file__
    constant = full(5).where
    assert constant is not None
    assert constant.file == __file__
    assert isinstance(sop, Elementwise)
    assert str(sop) == "is_a"
    assert str(where(sop, indices, -1)) == "where(is_a, indices, -1)"
    assert sop.annotated(seen=1).annotations == (("seen", 1),)


def test_the_length_of_a_program_counts_what_computes() -> None:
    hist = t.make_hist()
    assert program_of(hist).length == 2
    assert program_of(hist * 2 + hist).length == 4
    assert len(in_order([hist, hist])) == 3


@pytest.mark.parametrize("steps", [60, 5000])
def test_an_expression_that_reads_another_twice_at_each_of_many_steps_is_told_in_a_few_words(steps: int) -> None:
    sop: SOp = indices
    for _ in range(steps):
        sop = sop + sop
    assert repr(sop) == "<s-op (s-op) + (s-op) + ((s-op) + (s-op))>"


def test_long_chains_are_evaluated() -> None:
    sop: SOp = indices
    for _ in range(5000):
        sop = sop + 1
    assert evaluate(sop, "ab") == [5000, 5001]


def test_an_input_of_the_wrong_length_for_a_constant_is_refused() -> None:
    assert "there are 2 values for 3 positions" in failure(constant_sop("ab"), "abc")
    assert evaluate(constant_sop("abc", check_length=False), "ab") == ["a", "b"]
    assert "there are 2 values for 3 positions" in failure(constant_sop("ab", check_length=False), "abc")


# RASP-L ###############################################################################################################


def test_the_examples_of_rasp_l_are_rasp_l() -> None:
    for sop in RASP_L.values():
        assert rasp_l.check(sop) == []


def test_what_is_not_rasp_l_is_named_with_the_reason() -> None:
    def reasons(sop: SOp) -> list[str]:
        return [violation.reason for violation in rasp_l.check(sop)]

    x = c.tokens
    assert reasons(lib.shift_right(x, 1)) == []
    assert reasons(lib.where(x == 1, x, x) * 2) == []
    assert "computes with positions" in reasons(c.indices(x) * 2)[0]
    assert "computes with positions" in reasons(lib.where(x == 1, c.indices(x), c.indices(x)) * 2)[0]
    assert "computes with positions" in reasons(lib.firsts(x, x) + c.indices(x))[0]
    assert "computes with positions" in reasons(c.tok_map(c.indices(x), lambda i: i % 2))[0]
    assert "fractions" in reasons(tokens / 2)[0]
    assert "cuts it off" in reasons(aggregate(select(tokens, 1, "=="), tokens, 0))[0]
    assert "nearest" in reasons(nearest(select(tokens, 1, "=="), tokens, 0))[0]
    assert "is nothing" in reasons(tracr.maximum(select(tokens, 1, "=="), tokens))[0]
    assert "'a'" in str(rasp_l.check(tokens == "a")[0])


i_, here = c.indices(c.tokens), select(tokens, tokens, "==")


@pytest.mark.parametrize(
    ("sop", "said"),
    [
        (i_ + 1, None),
        (1 + i_, None),
        (i_ - 2, None),
        (i_ + True, None),
        (1 - i_, "- computes with positions"),
        (i_ + c.tokens, "+ computes with positions"),
        (i_ - c.tokens, "- computes with positions"),
        (i_ * 1, "* computes with positions"),
        (-i_, "- computes with positions"),
        ((i_ + 1) + 1, None),
        ((i_ + 1) * 2, "* computes with positions"),
        ((c.tokens + 1) * 2, None),
        (i_ <= c.tokens, None),
        ((i_ <= c.tokens) * 2, None),
        (lib.where(c.tokens == 1, i_, c.tokens), None),
        (lib.where(c.tokens == 1, i_, c.tokens) % 2, "% computes with positions"),
        (lib.where(c.tokens == 1, c.tokens, i_) % 2, "% computes with positions"),
        (lib.where(i_ == 1, c.tokens, c.tokens) % 2, None),
        (c.kqv(c.tokens, c.tokens, i_) // 2, "// computes with positions"),
        (c.kqv(i_, i_, c.tokens) // 2, None),
        (c.sel_width(c.select(i_, i_, c.leq)) // 2, None),
        (tracr.fill(indices, 0), None),
        (tracr.fill(indices, 0) * 2, "* computes with positions"),
        (c.tok_map(c.tokens, lambda value: value * 2), None),
        (c.tok_map(i_, lambda value: value * 2), "<lambda> computes with positions; RASP-L compares them"),
        (full(1), None),
        (full(Fraction(4, 2)), None),
        (full(Fraction(1, 2)), "the constant 1/2 is no whole number"),
        (full("a"), "the constant a is no whole number"),
        (tokens / 2, "/ makes or rounds fractions"),
        (tokens**2, "^ makes or rounds fractions"),
        (round(tokens), "round makes or rounds fractions"),
        (aggregate(here, tokens, 0), "its mean may be a fraction"),
        (aggregate(here, tokens, 0, how="max"), None),
        (aggregate(here, tokens, 0, how="min"), None),
        (aggregate(here, tokens, how="max"), "where nothing is selected it is nothing; RASP-L has a whole number"),
        (aggregate(here, tokens, 0, how="last"), "it takes the value at the last position"),
        (aggregate(here, tokens, 0, how="single"), "it takes the value at the single position"),
    ],
)
def test_each_rule_of_rasp_l_is_told_of_what_breaks_it_alone(sop: SOp, said: str | None) -> None:
    found = rasp_l.check(program_of(sop))
    assert (len(found), found == rasp_l.check(sop)) == (0 if said is None else 1, True)
    if said is not None:
        assert f"{__file__}:" in str(found[0])
        assert said in str(found[0])


def test_what_is_read_first_is_told_first() -> None:
    assert [violation.reason.partition(" ")[0] for violation in rasp_l.check((tokens / 2) ** 2)] == ["/", "^"]


def test_rasp_l_computes_with_whole_numbers_as_arrays_do() -> None:
    x = c.tokens
    assert evaluate((x == 1) + (x == 2), [1, 2, 3]) == [True, True, False]
    assert evaluate(~(x == 1), [1, 2]) == [False, True]
    assert evaluate(~x & 3 | 8, [1]) == [~1 & 3 | 8]
    assert evaluate(-x // 2, [3]) == [-2]
    assert evaluate(c.tok_map(x, lambda a: -a / 2), [3]) == [-1]
    assert "rasp-l computes with whole numbers" in failure(x + 1, "a")


def test_a_loop_that_does_not_stop_is_told() -> None:
    with pytest.raises(NoStop, match="10 values were appended, and none is the stop 7"):
        generated(RaspProgram((("next", c.tokens),), loop=Loop(7, most=10)), [1])
    with pytest.raises(BadUsage, match="does not run in a loop"):
        generated(program_of(c.tokens), [1])


def test_an_aggregate_of_rasp_l_is_zero_where_nothing_is_selected() -> None:
    sop = c.kqv(c.tokens, c.tokens, c.tokens, c.gt)
    assert isinstance(sop, Aggregate)
    assert evaluate(sop, [1, 2]) == [0, 0]
    assert evaluate(first(select(tokens, tokens, ">"), tokens), [1, 2]) == [2, NOTHING]
