"""Circuits against all sufficient sets, found by brute force.

Run: ``python -m tests.bench.circuits_exact [--programs COUNT] [--json]``. The programs are those of `tests.programs`
and of docs/gallery with at most 10 heads and lookups, and random ones; the sub-problems are their classes. Every set of
nodes is executed on every input of a universe (the whole domain, or `SAMPLE` of its inputs where it is larger than
`UNIVERSE`), which says which sets suffice there, and what the size of the smallest is. Counted is

- how often the default search finds that size, and how often it claims to have proven it (then it must have);
- how often the search with ``--exact`` finds it (it must);
- whether every circuit, and every other set that is named beside it, suffices and is 1-minimal;
- where the search is given a tenth of the universe, drawn at random: how often what it finds there suffices on the
  rest, and is 1-minimal there. On what it has not seen it proves nothing, so this is a measurement.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from analyze.circuits import Exactly, find_circuits
from analyze.circuits import search as circuit_search
from analyze.circuits.ablation import constants_of
from analyze.circuits.margins import ablatable
from analyze.outcome import Survey, survey
from tests.bench.random_program import random_program
from tests.programs import PROGRAMS
from tprog.ir.program import Program, Weights
from tprog.run.batch import Array, Bools
from tprog.run.execute import execute
from tprog.run.outcome import outcomes
from tprog.run.pieces import chunks
from tprog.tasks.builtin import Inputs, inputs_for
from tprog.text.read import read_module

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"

MOST_NODES = 10

UNIVERSE, SAMPLE = 20_000, 2_000

SEEN = 0.1
"""The share of the inputs on which the search looks for what is then checked on the rest."""

SHAPES = ((1, 4, 4), (2, 2, 2), (1, 6, 4), (2, 4, 0), (3, 2, 0))
"""Layers, heads and lookups a layer of the random programs: 6 to 10 nodes."""


@dataclass
class Tally:
    """Counts over all circuits.

    Attributes:
        smallest: those of the default search that have the smallest size.
        without_proof: those of elimination and exchange alone that have it.
        claimed: those of the default search that are said to be the smallest.
        wrong_claims: of these, those that are not.
        exact: those found with the proof that have the smallest size.
        sets: sets named, as circuits or beside them.
        sufficient, minimal: of these, those that suffice, and from which no single member can go.
        unseen: circuits found on a part of the inputs, with predictions on the rest.
        unseen_sufficient, unseen_minimal: of these, those that are so on the rest.
    """

    programs: int = 0
    circuits: int = 0
    smallest: int = 0
    without_proof: int = 0
    claimed: int = 0
    wrong_claims: int = 0
    exact: int = 0
    sets: int = 0
    sufficient: int = 0
    minimal: int = 0
    unseen: int = 0
    unseen_sufficient: int = 0
    unseen_minimal: int = 0


# Programs #############################################################################################################


def small_program(seed: int) -> Program:
    """A random program of 6 to 10 nodes on three letters, with few and small weights: sets differ, and ties occur."""
    draw = random.Random(seed)
    layers, heads, mlps = SHAPES[seed % len(SHAPES)]
    program = random_program(seed=seed, letters="abc", length=7, layers=layers, heads=heads, mlps=mlps)
    terms = []
    for term in program.readout.terms:
        if draw.random() < 0.6:
            rows = tuple(
                None if row is None else tuple(draw.choice((0, 0, -2, -1, 1, 2, 3)) for _ in row) for row in term.rows
            )
            terms.append(Weights(term.variable, rows))
    return replace(program, readout=replace(program.readout, terms=tuple(terms), scale=1), task=None)


def programs(count: int) -> Iterator[tuple[str, Program]]:
    """The programs by name: the table's, the gallery's, then so many random ones."""
    for name, case in PROGRAMS.items():
        yield name, case.program
    for path in sorted(GALLERY.glob("*/*.py")):
        yield path.name, read_module(path).program
    for seed in range(count):
        yield f"random {seed}", small_program(seed)


# Brute force ##########################################################################################################


class Universe:
    """All sets of a program's nodes, to be executed on all inputs. Bit k of a set is node k, in execution order."""

    def __init__(self, program: Program, inputs: Inputs, constants: Mapping[str, int] | None = None) -> None:
        self.on: Survey = survey(program, inputs)
        self.names = ablatable(program)
        self.constants = constants_of(self.on, {}) if constants is None else dict(constants)

    def staying(self, kept: int) -> Bools:
        """[input, place]: whether the outcome stays, with only the nodes of a set kept."""
        ablated: dict[str, Array | int] = {
            name: code for bit, (name, code) in enumerate(self.constants.items()) if not kept >> bit & 1
        }
        stays = np.zeros(self.on.outcomes.shape, dtype=np.bool_)
        for rows, piece in chunks(self.on.batch):
            found = outcomes(execute(self.on.program, piece, overrides=ablated))
            stays[rows, : found.shape[1]] = found == self.on.outcomes[rows, : found.shape[1]]
        return stays

    def sufficient(self, pairs: Sequence[Bools]) -> list[set[int]]:
        """For each sub-problem, all sets that suffice."""
        found: list[set[int]] = [set() for _ in pairs]
        for kept in range(1 << len(self.names)):
            stays = self.staying(kept)
            for sets, wanted in zip(found, pairs, strict=True):
                if not (wanted & ~stays).any():
                    sets.add(kept)
        return found

    def pairs(self, answer: str) -> Bools:
        at = self.on.program.classes.index(answer)
        found: Bools = self.on.graded & (self.on.outcomes == at)
        return found

    def bits(self, members: Sequence[str]) -> int:
        return sum(1 << self.names.index(name) for name in members)


def _minimal(sets: set[int], kept: int) -> bool:
    return all(kept ^ 1 << bit not in sets for bit in range(kept.bit_length()) if kept >> bit & 1)


# Measurement ##########################################################################################################


def measure(tally: Tally, program: Program, seed: int = 0) -> None:
    """Add one program's circuits to the tally."""
    inputs = inputs_for(program)
    if len(inputs.batch) > UNIVERSE:
        inputs = inputs_for(program, sample=SAMPLE)
    default, exact = find_circuits(program, inputs), find_circuits(program, inputs, exactly=Exactly())
    short, circuit_search.BRANCHES = circuit_search.BRANCHES, 0
    try:
        without = find_circuits(program, inputs)
    finally:
        circuit_search.BRANCHES = short
    universe = Universe(program, inputs)
    every = universe.sufficient([universe.pairs(circuit.value) for circuit in default.circuits])
    tally.programs += 1
    for found, plain, proven, sets in zip(default.circuits, without.circuits, exact.circuits, every, strict=True):
        size = min(kept.bit_count() for kept in sets)
        tally.circuits += 1
        tally.smallest += len(found.members) == size
        tally.without_proof += len(plain.members) == size
        tally.claimed += found.status == "smallest"
        tally.wrong_claims += found.status == "smallest" and len(found.members) != size
        tally.exact += len(proven.members) == size and proven.status == "smallest"
        for circuit in (found, plain, proven):
            for members in (circuit.members, *circuit.alternatives):
                kept = universe.bits(members)
                tally.sets += 1
                tally.sufficient += kept in sets
                tally.minimal += _minimal(sets, kept)
    _measure_unseen(tally, program, inputs, seed)


def _measure_unseen(tally: Tally, program: Program, inputs: Inputs, seed: int) -> None:
    """Search on some of the inputs, check on the rest."""
    shuffled = np.random.default_rng(seed).permutation(len(inputs.batch))
    count = max(1, round(SEEN * len(shuffled)))
    seen, unseen = (_part(inputs, np.sort(rows)) for rows in (shuffled[:count], shuffled[count:]))
    result = find_circuits(program, seen)
    other = Universe(program, unseen, constants_of(survey(program, seen), {}))
    for circuit in result.circuits:
        pairs = other.pairs(circuit.value)
        if pairs.any():
            kept = other.bits(circuit.members)
            tally.unseen += 1
            tally.unseen_sufficient += not (pairs & ~other.staying(kept)).any()
            without = [kept ^ 1 << bit for bit in range(kept.bit_length()) if kept >> bit & 1]
            tally.unseen_minimal += all((pairs & ~other.staying(fewer)).any() for fewer in without)


def _part(inputs: Inputs, rows: Array) -> Inputs:
    expected = None if inputs.expected is None else inputs.expected[rows]
    return Inputs(inputs.batch.take(rows), expected, False, f"{len(rows)} inputs")


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--programs", type=int, default=100, help="random programs")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    tally = Tally()
    for seed, (_, program) in enumerate(programs(options.programs)):
        if len(ablatable(program)) <= MOST_NODES:
            measure(tally, program, seed)
    if options.json:
        print(json.dumps(asdict(tally)))
        return
    rows = {
        "smallest size found by the default search": (tally.smallest, tally.circuits),
        "smallest size found by elimination and exchange alone": (tally.without_proof, tally.circuits),
        "proven the smallest by the default search": (tally.claimed, tally.circuits),
        "of these, wrongly": (tally.wrong_claims, tally.claimed),
        "smallest size found and proven with --exact": (tally.exact, tally.circuits),
        "sets named that suffice": (tally.sufficient, tally.sets),
        "sets named that are 1-minimal": (tally.minimal, tally.sets),
        "found on a tenth of the inputs: sufficient on the rest": (tally.unseen_sufficient, tally.unseen),
        "found on a tenth of the inputs: 1-minimal on the rest": (tally.unseen_minimal, tally.unseen),
    }
    print(f"{tally.programs} programs, {tally.circuits} circuits")
    for what, (count, of) in rows.items():
        print(f"{what:<55} {count:>6} of {of:>6}  {count / max(1, of):8.2%}")


if __name__ == "__main__":
    main()
