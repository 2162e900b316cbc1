"""A small version of the benchmark of circuits against brute force."""

from __future__ import annotations

from tests.bench.circuits_exact import Tally, measure, small_program
from tests.programs import PROGRAMS


def test_circuits_are_those_of_brute_force() -> None:
    tally = Tally()
    for name in ("partial", "rationals", "match_count", "masks", "question_type"):
        measure(tally, PROGRAMS[name].program)
    for seed in (1, 3, 4):
        measure(tally, small_program(seed))
    assert tally.programs == 8
    assert tally.circuits >= 15
    assert tally.exact == tally.circuits
    assert tally.smallest == tally.circuits
    assert tally.wrong_claims == 0
    assert tally.sufficient == tally.minimal == tally.sets
    assert tally.unseen > 0
