"""How well faults are found: ours beside spectrum-based fault localisation, on programs with planted faults.

``python -m tests.bench.localisation --mutants 1000 --seed 0 --write FILE``

Each tool is given one failing input and a sample of inputs with their right answers, and ranks the program's entries.
What an edit does is then measured on inputs that no tool has seen. ``--keep FILE`` notes each mutant as a JSON line; a
run that is stopped goes on from there.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np

from analyze.blame import blame
from analyze.blame.presentation import Presentation
from tests.bench.faults import OUTSIDE, WITHIN, Mutant, differing, restored
from tests.bench.spectra import all_entries, coverage, first_found, suspiciousness
from tests.programs import PROGRAMS
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.ir.values import Value
from tprog.run.batch import Array, Batch, Bools
from tprog.run.execute import execute
from tprog.run.outcome import outcomes
from tprog.run.pieces import chunks
from tprog.tasks.builtin import UNGRADED, Inputs, inputs_for
from tprog.text.read import read_module, read_source

T = TypeVar("T")

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"
DATA = Path(__file__).parent / "data"

SAMPLE = 200
"""Inputs with right answers that each tool is given, beside the failing one."""

WHOLE = 40_000
"""A domain of at most this many inputs is looked at whole; of a larger one, as many inputs are drawn."""

DRAWN = 20_000
"""How many those are."""

DEPTHS = (1, 3, 10)

OURS = "tpdebug"

UNDER_TRAINED = "under-trained"

Name: TypeAlias = tuple[str, str, tuple[Value, ...]]
"""An entry as results name it: node, part, at."""


# Subjects #############################################################################################################


@dataclass(frozen=True, eq=False)
class Subject:
    """A program that is right by definition.

    Attributes:
        inputs: its whole domain, or inputs drawn from it.
        expected: [input, place] what it answers itself, `UNGRADED` where nothing is graded or it has a hole.
    """

    name: str
    program: Program
    inputs: Inputs
    expected: Array


def subject(name: str, program: Program) -> Subject:
    """A program as its own oracle, on the domain of its task or on all sequences over its vocabulary."""
    every = inputs_for(program, limit=WHOLE)
    if not every.exhaustive:
        every = inputs_for(program, sample=DRAWN, seed=1)
    right = _answers(program, every.batch)
    if every.expected is not None:  # what the task does not grade is not graded here either
        right = np.where(every.expected == UNGRADED, UNGRADED, right)
    return Subject(name, program, every, right)


def _answers(program: Program, batch: Batch) -> Array:
    """[input, place] classes, `UNGRADED` for what is no class."""
    found = np.full((len(batch), 1 if program.readout.pooled else batch.tokens.shape[1]), UNGRADED)
    for rows, piece in chunks(batch):
        answered = outcomes(execute(program, piece))
        found[rows, : answered.shape[1]] = np.where(answered >= 0, answered, UNGRADED)
    return found


def subjects() -> list[Subject]:
    """Exact programs: the gallery's, those written by hand, and some in the manner of the published modules."""
    found = [subject(f"gallery {path.stem}", read_module(path).program) for path in sorted(GALLERY.glob("*/*.py"))]
    names = ("sort", "double_hist", "most_freq", "dyck1", "hist", "reverse", "induction", "dyck1_by_balance")
    found += [subject(name, PROGRAMS[name].program) for name in (*names, "question_type", "rationals", "match_count")]
    for name in ("sort", "reverse"):
        program = read_module(GALLERY / name / f"{name}.py").program
        found.append(subject(f"published {name}", replace(program, self_rule="match-count")))
    return found


# One mutant ###########################################################################################################


@dataclass(frozen=True)
class Score:
    """What the tools made of one mutant.

    Attributes:
        entries: how many there are.
        failing: inputs of the subject with a wrong prediction.
        rank: tool -> expected rank of the first entry at fault.
        top: tool -> the probability that it is among the first of each of `DEPTHS`.
        equivalent: our first edit leaves no prediction wrong on the subject's inputs, wherever it is.
        mends: one of our first three edits does.
        claims: our first edit leaves nothing wrong in the sample.
        held: and nothing on the inputs that were not seen.
        gained, lost: predictions, of those not seen, that our first edit makes right, and makes wrong.
        seconds: that ours took.
    """

    key: str
    subject: str
    kind: str
    entries: int
    failing: int
    rank: dict[str, float]
    top: dict[str, list[float]]
    equivalent: bool
    mends: bool
    claims: bool
    held: bool
    gained: int
    lost: int
    seconds: float


def score(on: Subject, mutant: Mutant, key: str, sample: int = SAMPLE) -> Score | None:
    """Give each tool what it may see of a mutant, and see what it makes of it; None if no output changes."""
    wrong = wrong_at(on, mutant.program)
    fails: Bools = np.logical_or.reduce(wrong, axis=1)
    if not fails.any():
        return None
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    asked = int(rng.choice(np.flatnonzero(fails)))
    others = np.delete(np.arange(len(fails)), asked)
    rows = np.append(rng.choice(others, min(sample, len(others)), replace=False), asked)
    entries = [_key(where) for where in all_entries(mutant.program)]
    truth = {_key(where) for where in mutant.truth}
    at_fault = [place for place, where in enumerate(entries) if where in truth]
    start = time.perf_counter()
    ranked, edited, claims = ours(on, mutant.program, rows)
    seconds = time.perf_counter() - start
    covered = coverage(execute(mutant.program, on.inputs.batch.take(rows)))
    scores = {
        OURS: _scored(ranked, entries),
        **suspiciousness(covered, fails[rows]),
        "random": np.zeros(len(entries)),
    }
    found = {tool: first_found(of, at_fault, DEPTHS) for tool, of in scores.items()}
    after = [wrong_at(on, program) for program in edited]
    unseen = np.delete(np.arange(len(fails)), rows)
    first = after[0] if after else wrong
    return Score(
        key=key,
        subject=on.name,
        kind=mutant.kind,
        entries=len(entries),
        failing=int(fails.sum()),
        rank={tool: place.rank for tool, place in found.items()},
        top={tool: [place.within[depth] for depth in DEPTHS] for tool, place in found.items()},
        equivalent=not first.any(),
        mends=any(not left.any() for left in after),
        claims=claims,
        held=claims and not first[unseen].any(),
        gained=int((wrong & ~first)[unseen].sum()),
        lost=int((first & ~wrong)[unseen].sum()),
        seconds=seconds,
    )


def ours(on: Subject, program: Program, rows: Array) -> tuple[list[Name], list[Program], bool]:
    """What blame says of the last of some inputs, with the others for a sample.

    Returns:
        the entries in its order; the program after each of its first three edits; and whether the first is said to
        leave nothing wrong.
    """
    batch = on.inputs.batch.take(rows)
    given = Inputs(batch, on.expected[rows], False, f"{len(rows)} inputs")
    graded = on.expected[rows[-1]][: 1 if program.readout.pooled else int(batch.lengths[-1])]
    answers = [None if code == UNGRADED else program.classes[code] for code in graded.tolist()]
    edited: list[Program] = []

    def keep(after: Program) -> str:
        edited.append(after)
        return ""

    tokens = batch.words(program, len(rows) - 1)
    many = len(all_entries(program)) * 50
    result = blame(
        program, given, tokens, expected=answers, limit=many, thorough=True, shown=Presentation(show=keep, diffs=3)
    )
    ranked = [where for found in result.suspects for where in found.entries]
    ranked += [(found.node, found.part, found.at) for found in result.candidates]
    if result.suspects:  # candidates are shown behind them
        edited = [*edited[len(result.candidates[:3]) :], *edited][:3]
        claims = result.suspects[0].mended == result.wrong_before and not result.suspects[0].broken
    else:
        claims = bool(result.candidates) and result.candidates[0].restores
    return ranked, edited, claims


def wrong_at(on: Subject, program: Program) -> Bools:
    """[input, place]: where a program does not answer as the subject does."""
    wrong = np.zeros(on.expected.shape, dtype=np.bool_)
    for rows, piece in chunks(on.inputs.batch):
        found = outcomes(execute(program, piece))
        expected = on.expected[rows, : found.shape[1]]
        wrong[rows, : found.shape[1]] = (found != expected) & (expected != UNGRADED)
    return wrong


def _key(where: Entry) -> Name:
    return where.node, where.part, where.at


def _scored(ranked: Sequence[Name], entries: Sequence[Name]) -> Array:
    """[entry] scores that fall in the order of first appearance; entries that do not appear share the lowest."""
    places = {name: len(ranked) - place for place, name in reversed([*enumerate(ranked)])}
    return np.array([float(places.get(name, 0)) for name in entries])


# All ##################################################################################################################

TRIES = 30
"""Plants of one kind in one subject that may change nothing, or be known, before the kind is given up there."""

BORROWED = 25
"""Failing inputs of each under-trained program that are asked about."""


Planted: TypeAlias = tuple[Subject, str, Mutant]
"""Where it was planted, its key, and the mutant."""


def mutants(on: Subject, kind: str, seed: int) -> Iterator[tuple[str, Mutant]]:
    """Different mutants of a subject, each with a key that tells it from all others."""
    rng = random.Random(f"{on.name}/{kind}/{seed}")
    plant = {**WITHIN, **OUTSIDE}[kind]
    known: set[Program] = {on.program}
    tries = index = 0
    while tries < TRIES:
        index += 1
        tries += 1
        program = plant(on.program, rng)
        if program is None or program in known:
            continue
        known.add(program)
        if truth := differing(on.program, program):
            if kind in ("head deleted", "head frozen"):  # whoever names its wiring has found it too
                truth |= {Entry(where.node, "wiring") for where in truth}
            yield f"{on.name}/{kind}/{seed}/{index}", Mutant(kind, program, truth)
            tries = 0


def under_trained(seed: int) -> Iterator[Planted]:
    """Programs of short training runs; at fault is the entry whose content in the long run's program mends most."""
    pairs = []
    for path in sorted(DATA.glob("*_short.py.txt")):  # no .py, so that nothing checks their style
        twin = read_source(path.with_name(path.name.replace("_short", "_long")).read_text()).program
        program = read_source(path.read_text()).program
        on = subject(f"learned {path.name.split('_')[0]}", twin)
        pairs.append((on, Mutant(UNDER_TRAINED, program, _mending_most(on, program))))
    for index in range(BORROWED):
        for on, mutant in pairs:
            yield on, f"{on.name}/{UNDER_TRAINED}/{seed}/{index}", mutant


def _mending_most(on: Subject, program: Program) -> frozenset[Entry]:
    left: dict[Entry, int] = {}
    for where in differing(on.program, program):
        if (made := restored(program, on.program, where)) is not None:
            left[where] = int(wrong_at(on, made).sum())
    least = min(left.values())
    return frozenset(where for where, wrong in left.items() if wrong == least)


def halves(seed: int, only: Sequence[str] = ()) -> tuple[Iterator[Planted], Iterator[Planted]]:
    """Single edits, and other faults, as long as there are any: kinds and subjects in turn."""
    every = [on for on in subjects() if not only or on.name in only]
    within = [_of_kind(every, kind, seed) for kind in WITHIN]
    outside = [_of_kind(every, kind, seed) for kind in OUTSIDE]
    if not only:
        outside.append(under_trained(seed))
    return roundrobin(within), roundrobin(outside)


def _of_kind(every: Sequence[Subject], kind: str, seed: int) -> Iterator[Planted]:
    return roundrobin([_of_subject(on, kind, seed) for on in every])


def _of_subject(on: Subject, kind: str, seed: int) -> Iterator[Planted]:
    for key, mutant in mutants(on, kind, seed):
        yield on, key, mutant


def roundrobin(sources: Iterable[Iterator[T]]) -> Iterator[T]:
    """One item of each source in turn, until all are spent."""
    left = list(sources)
    while left:
        for source in [*left]:
            try:
                yield next(source)
            except StopIteration:
                left.remove(source)


def measured(
    count: int, seed: int, keep: Path | None = None, sample: int = SAMPLE, only: Sequence[str] = ()
) -> list[Score]:
    """Scores of `count` mutants that change some output, half of them single edits.

    Args:
        keep: a file of scores; those it holds are not measured again.
        only: the subjects to use; none: all.
    """
    done = _kept(keep)
    found: list[Score] = []
    for half, most in zip(halves(seed, only), (count - count // 2, count // 2), strict=True):
        end = len(found) + most
        for on, key, mutant in half:
            if len(found) == end:
                break
            one = done[key] if key in done else score(on, mutant, key, sample)
            if keep is not None and key not in done:
                with keep.open("a") as file:
                    file.write(json.dumps({key: None if one is None else asdict(one)}) + "\n")
            if one is not None:
                found.append(one)
                _progress(f"{len(found)} of {count} mutants: {one.kind} in {one.subject}")
    _progress("")
    return found


def _kept(keep: Path | None) -> dict[str, Score | None]:
    if keep is None or not keep.exists():
        return {}
    lines = [json.loads(line) for line in keep.read_text().splitlines()]
    return {key: None if data is None else Score(**data) for line in lines for key, data in line.items()}


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


# The tables ###########################################################################################################

TOOLS = (OURS, "Ochiai", "DStar", "Tarantula", "random")


def page(scores: Sequence[Score], sample: int = SAMPLE) -> str:
    """The figures as Markdown."""
    kinds = [kind for kind in (*WITHIN, *OUTSIDE, UNDER_TRAINED) if any(s.kind == kind for s in scores)]
    groups: dict[str, list[Score]] = {
        "**single edits**": [s for s in scores if s.kind in WITHIN],
        "**no single edit**": [s for s in scores if s.kind not in WITHIN],
        **{kind: [s for s in scores if s.kind == kind] for kind in kinds},
    }
    groups = {name: of for name, of in groups.items() if of}
    names = sorted({s.subject for s in scores})
    parts = [
        f"{len(scores):,} mutants of {len(names)} programs; each tool is given one failing input and {sample} others "
        "with their right answers.",
        _table(
            ("fault", "mutants", *(f"{tool} top-{depth}" for tool in TOOLS for depth in DEPTHS)),
            [
                (name, len(of), *(_percent(np.mean([s.top[tool][i] for s in of])) for tool in TOOLS for i in range(3)))
                for name, of in groups.items()
            ],
        ),
        'Ties in a ranking are taken in random order, in expectation. "Single edits" are within the vocabulary of '
        '`Edit`, "no single edit" outside it.',
        "EXAM: the part of the entries to look at until the first that is at fault, mean (median).",
        _table(
            ("fault", "entries", *TOOLS),
            [
                (name, f"{np.median([s.entries for s in of]):.0f}", *(_exam(of, tool) for tool in TOOLS))
                for name, of in groups.items()
            ],
        ),
        "What our first edits do to inputs that were not seen.",
        _table(
            (
                "fault",
                "first edit at fault",
                "or restores all",
                "one of three restores all",
                "says it mends the sample",
                "of these hold on all unseen",
                "breaks more than it mends there",
                "seconds, median",
            ),
            [(name, *_edits(of)) for name, of in groups.items()],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _edits(of: Sequence[Score]) -> tuple[str, ...]:
    claims = [s for s in of if s.claims]
    return (
        _percent(np.mean([s.top[OURS][0] for s in of])),
        _percent(np.mean([max(s.top[OURS][0], s.equivalent) for s in of])),
        _percent(np.mean([s.mends for s in of])),
        _percent(len(claims) / len(of)),
        _percent(np.mean([s.held for s in claims])) if claims else "",
        _percent(np.mean([s.lost > s.gained for s in of])),
        f"{np.median([s.seconds for s in of]):.2f}",
    )


def _exam(of: Sequence[Score], tool: str) -> str:
    parts = [s.rank[tool] / s.entries for s in of]
    return f"{_percent(np.mean(parts))} ({_percent(np.median(parts))})"


def _percent(part: float | np.floating[Any]) -> str:
    return f"{100 * float(part):.1f} %"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a file of scores to go on from")
    parser.add_argument("--write", type=Path, help="a file for the tables")
    chosen = parser.parse_args(arguments)
    text = page(measured(chosen.mutants, chosen.seed, chosen.keep))
    if chosen.write is not None:
        chosen.write.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
