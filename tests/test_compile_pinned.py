"""Compiled weights are the same to the bit from version to version, and so is what is told of them.

The Program of a compiled model is read back by compiling it again: a folder that an earlier version wrote is refused
where a single weight is another now. So where one of these digests moves, models that people have are read no more.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests.programs import PROGRAMS
from tests.small_programs import small
from tests.strategies import some_inputs
from tests.test_compile import BOTH, agree
from tests.test_sums import total
from tprog.errors import NotExact
from tprog.ir.program import Lookup, Program, Readout
from tprog.ir.program import Weights as Weighed
from tprog.run.batch import Array
from trainer.compile import compile_program, resolution
from trainer.compile.assemble import Weights
from trainer.compile.circuit import ground_truth
from trainer.compile.sizes import sizes
from trainer.compile.tensors import tensors
from trainer.compile.transformer_lens import lens_config, lens_tensors

Pinned = tuple[int, str, str, str, float]
"""How many of some programs can be compiled; digests of their weights, of those for TransformerLens, and of what is
told: dimensions, sizes and circuits; and the logarithms of all their margins, added up."""

SMALL: tuple[Pinned, ...] = (
    (20, "bae78031b011", "1926d661c4cf", "e38a205d4e4a", 644.408),
    (20, "9f2a28b2bd8d", "7d3bf25536af", "9f75c87e0bb1", 596.327),
    (20, "9308f4207e6c", "a335cbecebb7", "1d1a275e7b4a", 765.028),
    (20, "7265a445d5aa", "98089d52bc5d", "02508d0fdf64", 935.953),
    (20, "d11925ab7d1c", "d7788c7cd1cf", "2d8580a70958", 587.828),
    (20, "de0d868b9be1", "3c5a4f2eae2d", "13fda39cb652", 834.478),
    (20, "a33d2fc66846", "231473c0dd7f", "453f8362c940", 677.205),
    (20, "01665ffc59a6", "fec09e5393bf", "86df944ec68c", 740.986),
    (20, "a7f0f380aaaf", "255f0c9cfed8", "880594c8bcf6", 614.997),
    (20, "5632728a61fb", "a7070c64da1e", "1ea2d1168c1d", 556.957),
    (20, "896aa48f908d", "fa4162109341", "557a47a98929", 519.821),
    (20, "0bfca3c39478", "278c85cf74f8", "1741276f3b9d", 721.234),
)
"""Of each twenty of the small programs."""

WRITTEN: dict[str, Pinned] = {
    "apart": (1, "1fa251aa588a", "e0e993947943", "13f72fc7da7b", 38.744),
    "between": (1, "e410259b67c9", "8c092a93ff9c", "dc3ca315bce2", 51.925),
    "detect_pattern": (1, "86258aff4650", "d56433f3c443", "38aa63daf873", 36.742),
    "double_hist": (1, "4f977617fc67", "69b83a81daec", "81a3eacad053", 131.703),
    "dyck1": (1, "ace9a8bed397", "a119574109ff", "c7b86f79041c", 180.553),
    "dyck1_by_balance": (1, "e8a3ef539bea", "aa38d0ff3807", "82ca08001d03", 202.299),
    "dyck2": (1, "77a7f692c3ac", "3d73d4c33d05", "c32084522fee", 232.527),
    "frac_prevs": (1, "a57bc1be52ed", "0ca18d63cbc8", "2f5761d6df68", 67.273),
    "hist": (1, "cc8727208013", "8d13bca53310", "25145bb40db0", 48.648),
    "induction": (1, "ad7524496dda", "d7f07c0da0b9", "cf9f34990e88", 33.505),
    "masks": (1, "7993c16c6957", "e6ac327d3ae2", "11416423b531", 428.09),
    "match_count": (1, "946af7430126", "32de86ae8cd9", "9305f12fe159", 76.578),
    "most_freq": (1, "a62bdfe84c06", "319336f072ad", "164364cc98c0", 223.071),
    "most_frequent": (1, "1bec17c519ae", "d9358d4dc0e1", "c4f7e28d339f", 61.266),
    "next_larger": (1, "97d31af29e12", "16abde74fafc", "5c1a8df2b845", 42.223),
    "no_nodes": (1, "5d38e9d9c3b9", "88757078f1d1", "c8ae5ce3bd31", 6.526),
    "parity": (1, "81e81b30f3e7", "8412c09a977d", "7ee3498d91f4", 69.454),
    "partial": (1, "b9837bd5bba3", "65366bf7130e", "40aad0ece025", 124.471),
    "question_type": (1, "c0391cd5f581", "43b8e5d35b6c", "c2060fd663f2", 84.812),
    "reverse": (1, "8b468f95bd53", "93df2a3f3b2f", "3be0f2d42ff8", 52.425),
    "shuffle_dyck2": (1, "b00e3edeecce", "8211a42d7edf", "839c71740598", 196.372),
    "sort": (1, "f8870c782e2b", "2168210e34bc", "5fb82fbe6f27", 117.543),
    "sort_onwards": (1, "74434814b790", "485809498188", "a5ecd4398a1a", 110.648),
    "sort_with_a_fault": (1, "6915d3fb6464", "c2ec98827092", "30096b8697d0", 117.543),
    "sort_without_begin": (1, "0ecccc384c52", "74621f1f37b0", "3799b74dc48f", 109.925),
}
"""Of the programs written by hand, but for one of very large numbers."""


def pinned(programs: Iterator[Program]) -> Pinned:
    count, digests, margins = 0, [hashlib.sha256() for _ in range(3)], 0.0
    for program in programs:
        try:
            weights = compile_program(program)
        except NotExact:
            continue
        count += 1
        for digest, made in zip(digests, (_as_they_are(weights), lens_tensors(weights)), strict=False):
            for name, matrix in made.items():
                digest.update(f"{name} {matrix.dtype} {matrix.shape}".encode() + np.ascontiguousarray(matrix).tobytes())
        told = (weights.dimensions, sizes(weights), ground_truth(weights), lens_config(weights))
        digests[2].update(repr(told).encode())
        margins += sum(math.log10(max(margin.times, 1e-9)) for margin in weights.lowered.margins)
    whole, lens, said = (digest.hexdigest()[:12] for digest in digests)
    return count, whole, lens, said, round(margins, 3)


def _as_they_are(weights: Weights) -> dict[str, Array]:
    padded = {f"padded {name}": matrix for name, matrix in tensors(weights, uniform=True).items()}
    return tensors(weights) | padded


@pytest.mark.parametrize("part", range(len(SMALL)))
def test_small_programs_are_compiled_to_the_weights_that_they_were(part: int) -> None:
    assert pinned(small(seed) for seed in range(20 * part, 20 * (part + 1))) == SMALL[part]


SUMS: dict[int, Pinned] = {
    256: (10, "acce4f093cdf", "1adeffe2cae3", "1c05a2d22184", 1474.68),
    1: (10, "76ae3fc2be9a", "94bd586daf1d", "3231c1f60e10", 1082.539),
}
"""Of sums of counts and means, by how many numbers of a mean are told apart."""


@pytest.mark.parametrize("few", SUMS)
def test_sums_are_compiled_to_the_weights_that_they_were(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolution, "FEW_MEANS", few)
    assert pinned(sums()) == SUMS[few]
    for program in sums():
        for dtype in BOTH:
            agree(program, some_inputs(program, 60), dtype)


def sums() -> Iterator[Program]:
    """Each weighed as it is, and asked only whether it is in the upper half of what it could be."""
    third, half = Fraction(1, 3), Fraction(1, 2)
    for program in (
        total(("count", "mean"), (-third, 2), Fraction(1, 4)),
        total(("count", "mean", "ones"), (half, -1, third)),
        total(("mean",), (3,), -half),
        total(("count",), (third,), 1),
        total(("count", "mean"), (0, 1)),
    ):
        yield program
        numbers = program.numbers("total")
        middle = (numbers.low + numbers.high) / 2
        high = Lookup("high", ("total",), ((numbers.low, middle),), ("x", "y"), ("x", "y"))
        readout = Readout((Weighed("high", ((1, 0), (0, 1))),))
        yield replace(program, nodes=(*program.nodes, high), readout=readout)


@pytest.mark.parametrize("name", WRITTEN)
def test_programs_written_by_hand_are_compiled_to_the_weights_that_they_were(name: str) -> None:
    assert pinned(iter([PROGRAMS[name].program])) == WRITTEN[name]
