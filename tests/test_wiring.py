"""A node that was made to read another variable is refused where it reads it, in both dialects."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs import PROGRAMS
from tests.published import write
from tests.test_published import CASES
from tprog.errors import BadSource
from tprog.ir.program import BEGIN, Head, Lookup, Program, Readout, Weights
from tprog.text.emit import emit
from tprog.text.read import read_module, read_source

SORT = emit(PROGRAMS["sort"].program).text

REWIRED: dict[str, tuple[str, str, str]] = {
    "a query": (
        "select(tokens, tokens, predicate_less)",
        "select(tokens, positions, predicate_less)",
        "found `positions`, whose values are 0, 1, 2, 3, ...; expected a variable with values such as '<s>'",
    ),
    "a number for symbols": (
        "elementwise(lookup_rank, less, same)",
        "elementwise(lookup_rank, tokens, same)",
        "found `tokens`, whose values are '<s>', 'a', 'b', 'c', ...; expected a number: `lookup_rank`",
    ),
}


@pytest.mark.parametrize("name", REWIRED)
def test_a_rewired_node_is_refused_where_it_was_rewired(name: str) -> None:
    old, new, message = REWIRED[name]
    assert old in SORT
    text = SORT.replace(old, new)
    with pytest.raises(BadSource) as refused:
        read_source(text)
    assert message in str(refused.value)
    assert new in text.split("\n")[refused.value.line - 1]
    assert "in line" in str(refused.value) or "line " in str(refused.value)


@pytest.mark.parametrize(("symbols", "told"), [("pqrs", "'p', 'q', 'r', 's';"), ("pqrst", "'p', 'q', 'r', 's', ...;")])
def test_the_first_four_values_of_a_variable_are_told(symbols: str, told: str) -> None:
    kind = Lookup("kind", ("positions",), (None,), tuple(symbols), tuple(symbols))
    head = Head("near", "tokens", "tokens", "tokens", (("a",), ("b",), ("a",)))
    program = Program((BEGIN, "a", "b"), ("x",), len(symbols), (kind, head), Readout((Weights("near", ((1,),) * 3),)))
    text = emit(program).text.replace("select_closest(tokens, tokens,", "select_closest(kind, tokens,")
    with pytest.raises(BadSource) as refused:
        read_source(text)
    assert f"found `kind`, whose values are {told}" in str(refused.value)


def test_a_slip_of_the_pen_in_a_predicate_is_refused_where_it_is() -> None:
    text = SORT.replace('"c"', '"q"', 1)
    start = SORT.index("def predicate_")
    at = SORT.index('"c"', start)
    text = SORT[:at] + '"q"' + SORT[at + 3 :]
    with pytest.raises(BadSource, match="found 'q'; expected a value of") as refused:
        read_source(text)
    assert '"q"' in text.split("\n")[refused.value.line - 1]


def test_words_that_a_published_lookup_compares_by_size_are_refused_where_they_are_read(tmp_path: Path) -> None:
    wanted, how = CASES["counts and lookups with a default"]
    path = write(wanted, tmp_path, how=how)
    text = path.read_text(encoding="utf-8").replace(
        "    key = (a)\n", "    key = (a)\n        if a > 9:\n            return 1\n", 1
    )
    path.write_text(text, encoding="utf-8")
    read_module(path)
    old, new = "[lookup_one(k0) for k0 in count_outputs]", "[lookup_one(k0) for k0 in tokens]"
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadSource, match="found `tokens`, whose values are words; expected numbers: `lookup_one`") as e:
        read_module(path)
    assert new in path.read_text(encoding="utf-8").split("\n")[e.value.line - 1]
