"""The values of variables: which are equal, how each is spelled, and that none is taken for another."""

from __future__ import annotations

import copy
import math
import pickle
from fractions import Fraction

import pytest

from tprog.ir.values import FALSE, NOTHING, TRUE, Label, Value, spelling
from tprog.rasp.values import settled, spelled_value

DIFFERENT: tuple[Value, ...] = (
    *(0, 1, -4, Fraction(1, 2), "0", "1", "1/2", "T", "F", "nothing", "", "None", "nan"),
    *(FALSE, TRUE, NOTHING, Label(0.0), Label(1.0), Label(0.5), Label(math.nan), Label(math.inf), Label(-math.inf)),
)


def test_no_value_equals_another() -> None:
    for at, value in enumerate(DIFFERENT):
        assert [other == value for other in DIFFERENT].count(True) == 1, value
        assert [hash(other) == hash(value) and other == value for other in DIFFERENT].index(True) == at


def test_a_label_that_is_no_number_equals_itself() -> None:
    assert Label(math.nan) == Label(float("-nan"))
    assert len({Label(math.nan), Label(float("nan"))}) == 1
    assert Label(-0.0) == Label(0.0)
    assert Label(-0.0).text == "0.0"


@pytest.mark.parametrize("value", [FALSE, TRUE, NOTHING, Label(math.nan)])
def test_values_stay_themselves_when_they_are_copied_or_sent(value: Value) -> None:
    assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value


def test_every_value_has_one_spelling() -> None:
    values: tuple[Value, ...] = (1, -3, Fraction(1, 2), TRUE, FALSE, NOTHING, "nothing", "a b", Label(0.1))
    assert list(map(spelling, values)) == ["1", "-3", "1/2", "T", "F", "nothing", "nothing", "a b", "0.1"]


def test_values_print_as_a_person_is_to_read_them() -> None:
    assert [str(v) for v in (TRUE, FALSE, NOTHING, Label(0.1), Label(math.inf))] == [
        *("T", "F", "nothing", "label 0.1", "label inf")
    ]
    assert repr((TRUE, NOTHING)) == "(T, nothing)"


def test_nothing_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(NOTHING)
    assert bool(TRUE)
    assert not bool(FALSE)


@pytest.mark.parametrize("number", [1, True, Fraction(1, 2), "0.5", None])
def test_only_a_float_is_a_label(number: object) -> None:
    with pytest.raises(TypeError, match="a label is a float"):
        Label(number)  # type: ignore[arg-type]  # that is the point


def test_rasp_spells_values_as_programs_do() -> None:
    assert settled(None) is NOTHING
    assert [spelled_value(True), spelled_value(False)] == [spelling(TRUE), spelling(FALSE)]
    assert spelled_value(math.sqrt(2)) == spelling(Label(math.sqrt(2)))
    assert spelled_value(Fraction(2, 3)) == spelling(Fraction(2, 3))
