"""What is known of the kinds of a condition of --where, against all values that small kinds have."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest

from analyze.circuits import where as language
from analyze.circuits.where import kinds, numbers
from analyze.circuits.where.calls import METHOD_KINDS, kind_of_call, kind_of_sets
from analyze.circuits.where.kinds import Bag, Kind, Nothing, Number, Row, Stream, Text, Truth
from analyze.circuits.where.terms import Term
from analyze.circuits.where.values import FUNCTIONS, METHODS
from tests.test_where import LETTERS, where
from tprog.errors import BadUsage

SPANS = [(least, most) for least in range(-2, 4) for most in range(least, 4)]


def _words(letters: str, longest: int) -> list[str]:
    return ["".join(word) for length in range(longest + 1) for word in product(letters, repeat=length)]


def _text(letters: str, longest: int) -> tuple[Kind, list[Any]]:
    return Text(letters=frozenset(letters), longest=longest), _words(letters, longest)


def _among(*words: str) -> tuple[Kind, list[Any]]:
    return Text(among=frozenset(words)), [*words]


def _lists(of: tuple[Kind, list[Any]], longest: int) -> tuple[Row, list[Any]]:
    items = [[*row] for length in range(longest + 1) for row in product(of[1], repeat=length)]
    return Row(form="list", of=of[0], longest=longest), items


def _tuples(of: tuple[Kind, list[Any]], longest: int) -> tuple[Kind, list[Any]]:
    row, values = _lists(of, longest)
    return replace(row, form="tuple"), [*map(tuple, values)]


def _tuple(*parts: tuple[Kind, list[Any]]) -> tuple[Kind, list[Any]]:
    return Row(form="tuple", of=None, parts=tuple(kind for kind, _ in parts)), [*product(*(v for _, v in parts))]


def _sets(of: tuple[Kind, list[Any]]) -> tuple[Kind, list[Any]]:
    return Bag(of=of[0]), [set(some) for size in range(len(of[1]) + 1) for some in combinations(of[1], size)]


TRUTH: tuple[Kind, list[Any]] = (Truth(), [True, False])
SMALL: tuple[Kind, list[Any]] = (Number(least=0, most=1), [0, 1])
LARGE: tuple[Kind, list[Any]] = (Number(least=2, most=3), [2, 3])
A = _among("a")
B = _among("b", "ab")
POOL = [
    TRUTH, SMALL, LARGE, (Number(least=1, most=2), [1, 2]), A, B, _among("aa", "b"),
    _text("a", 1), _text("ab", 2), _text("b", 2), _lists(SMALL, 2), _lists(A, 1), _lists(TRUTH, 1),
    _tuple(SMALL, A), _tuple(SMALL, B), _tuple(LARGE, A), _tuple(A, A), _tuple(SMALL), _tuples(A, 2), _tuples(SMALL, 1),
    _sets(SMALL), _sets(A), _sets(LARGE),
    (Row(form="range", of=Number(least=0, most=1), longest=2), [range(0), range(1), range(2)]),
    (Row(form="list", of=None, longest=0), [[]]), (Bag(of=None), [set()]),
    _tuple(_lists(SMALL, 1)), _tuple(_sets(SMALL)),
]  # fmt: skip
"""Kinds, each with all its values."""


def _shape(value: Any) -> Any:
    """The types of a value and of what is in it; of what is in a list or set one, of a tuple all."""
    if isinstance(value, tuple):
        return tuple, *map(_shape, value)
    if isinstance(value, list | set):
        return type(value), next(map(_shape, value), None)
    return type(value)


def _fit(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_fit, one, other))
    return one is None or other is None or one == other


def _has(kind: Kind, value: Any) -> bool:
    """Whether a kind takes a value in."""
    match kind:
        case Number(least=least, most=most):
            return type(value) is int and (least is None or least <= value) and (most is None or value <= most)
        case Text(among=among, letters=letters, longest=longest):
            known = among is None or value in among
            return known and (letters is None or letters >= {*value}) and (longest is None or len(value) <= longest)
        case Truth():
            return isinstance(value, bool)
        case Row(parts=parts) if parts is not None:
            return len(parts) == len(value) and all(map(_has, parts, value))
        case Row(of=of, longest=longest):
            return (longest is None or len(value) <= longest) and all(of is not None and _has(of, v) for v in value)
        case Bag(of=of):
            return all(of is not None and _has(of, v) for v in value)
    return value is None


def _works(do: Callable[..., object], several: Iterable[tuple[Any, ...]]) -> bool:
    try:
        for values in several:
            do(*values)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize("at", range(len(POOL)))
def test_what_is_known_of_two_kinds_is_true_of_their_values(at: int) -> None:
    one, values = POOL[at]
    for other, others in POOL:
        alike = _fit(_shape(values[-1]), _shape(others[-1]))  # in the last one there is something, if ever
        assert kinds.alike(one, other) == alike
        merged = kinds.joined([one, other])
        assert (merged is not None) == alike
        if not alike:
            continue
        assert merged is not None
        assert all(_has(merged, value) for value in (*values, *others))
        if isinstance(one, Number):
            assert merged == Number(least=min(*values, *others), most=max(*values, *others))
            assert kinds.joined([one, Number()]) == kinds.joined([Number(), one]) == Number()
        if isinstance(one, Text) and isinstance(other, Text):
            assert isinstance(merged, Text)
            both = one.among is not None and other.among is not None
            assert merged.among == (frozenset((*values, *others)) if both else None)
            assert kinds.letters_of(merged) == frozenset("".join((*values, *others)))
        equal = any(a == b for a, b in product(values, others))
        assert kinds.can_equal(one, other) or not equal
        if isinstance(one, Number | Text) or (isinstance(one, Row) and one.parts is not None):
            assert kinds.can_equal(one, other) == equal or not isinstance(one, Number | Text)
        if isinstance(one, Text) and isinstance(other, Text):
            held = any(b in a for a, b in product(values, others))
            assert kinds.can_hold(one, other) or not held
            if other.among is not None:
                assert kinds.can_hold(one, other) == held
        assert kinds.has_order(one, other) == _works(operator.lt, product(values, others))


@pytest.mark.parametrize("at", range(len(POOL)))
def test_what_is_known_of_a_kind_is_true_of_its_values(at: int) -> None:
    kind, values = POOL[at]
    nested = "set" in str([*map(_shape, values)])
    assert kinds.sortable(kind) == (_works(operator.lt, product(values, values)) and not nested)
    assert kinds.hashable(kind) == _works(hash, ((value,) for value in values))
    if isinstance(kind, Text | Row):
        assert kinds.longest_of(kind) == max(map(len, values))
    if isinstance(kind, Text):
        assert {*(kinds.letters_of(kind) or ())} == {letter for word in values for letter in word}
    for nothing in (kinds.joined([kind, Nothing()]), kinds.joined([Nothing(), kind])):
        assert nothing is not None
        assert nothing.maybe
        assert kinds.alike(Nothing(), nothing)
        assert kinds.alike(nothing, Nothing())
    assert kinds.longest_of(Text(among=frozenset())) == 0
    assert not kinds.alike(Nothing(), kind)
    assert not kinds.alike(kind, Nothing())


def _term(kind: Kind) -> Term:
    parts = kind.parts if isinstance(kind, Row) else None
    return Term(ast.Name("it"), "it", kind, lambda scope: None, parts=tuple(map(_term, parts or ())))


def _in(kind: Kind, value: Any) -> bool:
    return (kind.maybe and value is None) or _has(kind, value)


@pytest.mark.parametrize("name", ["len", "min", "max", "sum", "sorted", "set", "list", "tuple", "any", "all", "abs"])
def test_a_function_yields_what_its_kind_says(name: str) -> None:
    called, taken = FUNCTIONS[name][2], 0
    for kind, values in POOL:
        found = kind_of_call(name, [_term(kind)])
        if isinstance(found, str):
            continue
        taken += 1
        results = [called(value) for value in values]
        assert all(_in(found, result) for result in results)
        if isinstance(found, Number) and name in ("len", "abs"):
            assert found.least == 0
            assert found.most == (None if isinstance(kind, Bag) else max(results))
        if isinstance(found, Row):
            assert kinds.longest_of(found) in (max(map(len, results)), None)
    assert taken == TAKEN[name]


TAKEN = {
    "len": 24, "min": 18, "max": 18, "sum": 9, "sorted": 20, "set": 19, "list": 17, "tuple": 17, "any": 3, "all": 3,
    "abs": 4,
}  # fmt: skip
"""How many of the kinds a function takes."""


@pytest.mark.parametrize("name", ["min", "max", "range"])
def test_a_function_of_two_yields_what_its_kind_says(name: str) -> None:
    for (one, values), (other, others) in product(POOL, POOL):
        found = kind_of_call(name, [_term(one), _term(other)])
        results = [FUNCTIONS[name][2](a, b) for a, b in product(values, others)] if not isinstance(found, str) else []
        assert all(_in(found, result) for result in results if not isinstance(found, str))
        numbers_both = isinstance(one, Number) and isinstance(other, Number)
        assert bool(results) == (numbers_both if name == "range" else kinds.alike(one, other) and kinds.sortable(one))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_yields_what_its_kind_says(name: str) -> None:
    taken = 0
    for (holder, values), (only, others) in product(POOL, POOL):
        found = METHOD_KINDS[name](_term(holder), _term(only))
        if isinstance(found, str):
            continue
        taken += 1
        assert all(_in(found, METHODS[name](a, b)) for a, b in product(values, others))
    assert taken == TAKEN_BY_METHODS[name]


TAKEN_BY_METHODS = {"count": 54, "index": 54, "startswith": 41, "endswith": 41}


@pytest.mark.parametrize("sign", ["-", "&", "|"])
def test_two_sets_make_a_set_of_what_is_in_either(sign: str) -> None:
    of = {"-": operator.sub, "&": operator.and_, "|": operator.or_}[sign]
    for (one, values), (other, others) in product(POOL, POOL):
        found = kind_of_sets(_term(one), sign, _term(other))
        both = isinstance(one, Bag) and isinstance(other, Bag) and kinds.alike(one, other)
        assert isinstance(found, str) is not both
        if both and not isinstance(found, str):
            assert all(_has(found, of(a, b)) for a, b in product(values, others))


def test_what_is_not_there_is_in_a_list_and_in_no_text() -> None:
    assert not where("x[5] in 'ab'").of_input("ab")
    assert where("x[5] not in 'ab'").of_input("ab")
    assert where("x[5] in [x[4], 'a']").of_input("ab")
    assert not where("x[5] in [x[0], 'a']").of_input("ab")
    assert where("x.index(x[5]) is None").of_input("ab")
    assert where("x.count(x[5]) == 0").of_input("ab")
    assert where("abs(i - 3) == 0").of_prediction("abc", 3, "c", "a", "b")


@pytest.mark.parametrize(("whole", "part"), [(80, 41), (81, 40)])
def test_a_message_repeats_80_characters_of_a_condition_and_40_of_a_part_of_it(whole: int, part: int) -> None:
    word = "a" * (part - len("len('')"))
    with pytest.raises(BadUsage) as refused:
        where(f"x == 'ab' or len('{word}')".ljust(whole - 4) + "== x")
    assert ('...", column' in str(refused.value)) == (whole > 80)
    assert (f"len('{word}'..." if part > 40 else f"len('{word}') is") in str(refused.value)


def test_a_text_begins_with_texts_and_what_it_holds_no_letter_of_it_holds_more_often_than_it_has_letters() -> None:
    for tuples in ("range(2)", "len(x) for s in x", "[s] for s in x"):
        with pytest.raises(BadUsage, match="startswith takes a text, or a tuple of texts, not an item of tuple"):
            where(f"x.startswith(tuple({tuples}))")
    assert where("x.endswith(tuple(sorted(x)))").of_input("ab")
    assert where("x.count('') == 7").of_input("abcabc")
    assert where("x.index('') == 0").of_input("abc")


def test_generators_are_alike_if_their_items_are() -> None:
    number, text = (Stream(of=kind, ordered=True) for kind in (Number(), Text()))
    assert kinds.alike(number, Stream(of=None, ordered=False))
    assert kinds.alike(Stream(of=None, ordered=False), text)
    assert not kinds.alike(number, text)
    assert not kinds.alike(number, Bag(of=Number()))


def test_numbers_lie_where_arithmetic_says_and_as_close_as_it_can() -> None:
    signs: dict[str, Callable[[int, int], int]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
    for one, other in product(SPANS, SPANS):
        spans = Number(least=one[0], most=one[1]), Number(least=other[0], most=other[1])
        pairs = [*product(range(one[0], one[1] + 1), range(other[0], other[1] + 1))]
        for sign, of in signs.items():
            results = [of(a, b) for a, b in pairs]
            assert numbers.arithmetic(spans[0], sign, spans[1]) == Number(least=min(results), most=max(results))
            assert numbers.arithmetic(spans[0], sign, Number()) == Number()
        rest = Number(least=0, most=other[1] - 1) if other[0] > 0 else Number()
        assert numbers.arithmetic(spans[0], "%", spans[1]) == rest
        assert all(_has(rest, a % b) for a, b in pairs if b)
        assert numbers.arithmetic(spans[0], "//", spans[1]) == Number()
        stepped = [n for a, b in pairs for n in range(a, b)]
        assert all(_has(numbers.stepped([*spans]), n) for n in stepped)
        assert numbers.stepped([*spans]) == Number(least=one[0], most=other[1] - 1)
        assert numbers.stepped([spans[1]]) == Number(least=0, most=other[1] - 1)
        assert numbers.negative(spans[0]) == Number(least=-one[1], most=-one[0])
        for count in range(1, 4):
            inside = any(-count <= index < count for index in range(one[0], one[1] + 1))
            assert numbers.within(spans[0], count) == inside


def test_where_only_some_symbols_are_one_letter_an_input_is_a_tuple() -> None:
    mixed = replace(LETTERS, vocabulary=("<s>", "a", "bc", "</s>"))
    names = language.names_of(mixed, judged=False)
    assert names.x(["<s>", "a", "bc"]) == ("a", "bc")
    assert language.Where("x[1] == 'bc'", names).of_input(("a", "bc"))


@pytest.mark.parametrize("condition", ["'a' in 'ab'", "1 < 2", "1 == 1", "'a' not in ('a', 'b')"])
def test_what_is_the_same_for_every_input_is_refused(condition: str) -> None:
    with pytest.raises(BadUsage, match="the same for every input"):
        where(f"len(x) > 1 and {condition}")


def test_an_item_of_a_tuple_of_different_kinds_is_refused_where_it_is_not_known_which() -> None:
    with pytest.raises(BadUsage, match=r"the items of \(1, 'a'\) are of different kinds; expected one kind"):
        where("(1, 'a')[i] == 1")
    assert where("(len(x), 'a')[0] == 1").of_input("a")


def test_a_condition_is_said_as_it_was_given() -> None:
    assert str(where("len(x)  >  2")) == "len(x)  >  2"
    assert language.names_of(LETTERS, judged=False).kinds.keys() == {"x", "i", "token", "predicted"}
