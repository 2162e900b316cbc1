"""Modules changed at random, byte by byte and token by token, through the reader.

``python -m tests.bench.mutated_modules --count 50000``: none may crash the reader, make it hang or raise anything but
a TpdebugError; and what it still accepts must mean what Python means: of those, some are run by Python itself (in the
child process of `analyze.coverage.sandbox`) and must answer as the Program that was read, and as what `emit` makes of
it.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from types import FrameType

import tprog
from analyze.coverage.sandbox import Limits, run_confined
from tests.programs import PROGRAMS
from tprog.errors import TpdebugError
from tprog.ir.program import Program
from tprog.run.execute import execute
from tprog.tasks.builtin import inputs_for
from tprog.text.read import Module, read_module, read_source

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"

SECONDS = 20
"""After which reading one module counts as a hang: the largest takes a tenth of a second."""

MEMORY = 2 * 2**30
"""Bytes of address space that a process of readers may take."""

INPUTS = 40
"""Inputs on which an accepted module is run."""

PIECE = 250
"""Modules that are read in one go, by a process that a crash would end."""

ODD = ("1e999999999", "10**10**10", "9" * 5000, "0x" + "f" * 2000, "-1", "2**63", "1_000_000", "1j", "0", "True", "1.0")

Edit = Callable[[random.Random, bytes, bytes], bytes]


# Mutations ############################################################################################################


def _span(rng: random.Random, size: int, longest: int = 40) -> tuple[int, int]:
    start = rng.randrange(size + 1)
    return start, min(size, start + rng.randint(1, longest))


def flip(rng: random.Random, data: bytes, other: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(rng: random.Random, data: bytes, other: bytes) -> bytes:
    start, stop = _span(rng, len(data))
    return data[:start] + data[stop:]


def repeat(rng: random.Random, data: bytes, other: bytes) -> bytes:
    start, stop = _span(rng, len(data), 200)
    return data[:stop] + data[start:stop] * rng.choice((1, 1, 1, 50)) + data[stop:]


def insert(rng: random.Random, data: bytes, other: bytes) -> bytes:
    start = rng.randrange(len(data) + 1)
    return data[:start] + rng.randbytes(rng.randint(1, 5)) + data[start:]


def splice(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """The beginning of one module and the end of another, at line ends."""
    head, tail = data.split(b"\n"), other.split(b"\n")
    return b"\n".join(head[: rng.randrange(len(head))] + tail[rng.randrange(len(tail)) :])


def lines(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """A line away, twice, elsewhere, or from the other module."""
    rows = data.split(b"\n")
    at, to = rng.randrange(len(rows)), rng.randrange(len(rows))
    match rng.randrange(4):
        case 0:
            del rows[at]
        case 1:
            rows.insert(at, rows[at])
        case 2:
            rows[at], rows[to] = rows[to], rows[at]
        case _:
            rows[at] = rng.choice(other.split(b"\n"))
    return b"\n".join(rows)


def tokens(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """Tokens away, twice, exchanged, or replaced: by one of the same kind, or by a huge number."""
    text = data.decode()
    found = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.string.strip()]
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    spots = [(starts[t.start[0] - 1] + t.start[1], starts[t.end[0] - 1] + t.end[1], t) for t in found]
    # Rather the end of a module, where what the program means stands, than the primitives.
    own = [spot for spot in spots if spot[2].start[0] > text.count("\n") // 3] if rng.random() < 0.8 else spots
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        start, stop, token = rng.choice(own)
        _, _, mate = rng.choice([spot for spot in spots if spot[2].type == token.type])
        kind = rng.randrange(8)
        new = {0: "", 1: f"{token.string} {token.string}", 2: rng.choice(ODD)}.get(kind, mate.string)
        if kind == 3 and token.string in _EXCHANGES:
            new = rng.choice(_EXCHANGES[token.string])
        text = text[:start] + new + text[stop:]
        own = [spot for spot in own if spot[1] <= start] or own[:1]
    return text.encode()


def near(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """A literal or an operator of a predicate, a lookup or a weight exchanged for one that stands nearby."""
    text = data.decode()
    begin = text.find("\n# Heads and lookups")
    found = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.start[0] > text.count("\n", 0, begin)]
    kinds = (tokenize.NUMBER, tokenize.STRING)
    token = rng.choice([t for t in found if t.type in kinds or t.string in _COMPARED])
    if token.type in kinds:
        new = rng.choice([t.string for t in found if t.type == token.type and abs(t.start[0] - token.start[0]) < 12])
    else:
        new = rng.choice(_COMPARED)
    rows = text.splitlines(keepends=True)
    row, start, stop = token.start[0] - 1, token.start[1], token.end[1]
    rows[row] = rows[row][:start] + new + rows[row][stop:]
    return "".join(rows).encode()


_COMPARED = ("==", "!=", "<", "<=", ">", ">=", "in", "not in", "is")
_EXCHANGES = dict.fromkeys(_COMPARED, _COMPARED) | {
    "and": ("or",),
    "or": ("and",),
    "if": ("elif", "while", "if not"),
    "return": ("yield", "pass;", "return not", "return None;"),
    "min": ("max", "round_down", "abs"),
    "select": ("select_closest", "select_closest_by_count"),
    "aggregate": ("aggregate_sum", "aggregate_mean"),
    "True": ("False", "None", "1"),
    "False": ("True", "None", "0"),
}

MUTATIONS: tuple[Edit, ...] = (
    flip,
    cut,
    repeat,
    insert,
    splice,
    lines,
    lines,
    tokens,
    tokens,
    tokens,
    tokens,
    near,
    near,
    near,
)


def mutated(seed: int, sources: Sequence[bytes]) -> bytes:
    """The module of a seed: one of the sources, changed once or, one time in four, twice."""
    rng = random.Random(seed)
    data = rng.choice(sources)
    for _ in range(1 + (rng.random() < 0.25)):
        try:
            data = rng.choice(MUTATIONS)(rng, data, rng.choice(sources)) or b"\n"
        except (UnicodeDecodeError, tokenize.TokenError, SyntaxError, IndexError):
            data = flip(rng, data, data)  # no tokens left to change
    return data


def own_sources() -> list[bytes]:
    """The test programs and the gallery, as modules."""
    written = [tprog.emit(known.program).text.encode() for known in PROGRAMS.values()]
    return written + [path.read_bytes() for path in sorted(GALLERY.glob("*/*.py"))]


# Reading ##############################################################################################################


@dataclass
class Tally:
    """What came of modules.

    Attributes:
        counts: accepted, refused, crash, hang -> how many.
        faults: (seed, what happened) of every crash and hang.
        slowest: (seconds, seed), of one module.
        accepted: seeds.
    """

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)
    accepted: list[int] = field(default_factory=list)
    peak: int = 0

    def add(self, other: Tally) -> None:
        self.counts += other.counts
        self.faults += other.faults
        self.slowest = max(self.slowest, other.slowest)
        self.accepted += other.accepted
        self.peak = max(self.peak, other.peak)


class Hang(BaseException):
    """Reading took too long. Not an Exception, so that nothing on the way takes it for its own."""


def _alarm(signum: int, frame: FrameType | None) -> None:
    raise Hang


def read_mutants(seeds: Sequence[int], sources: Sequence[bytes]) -> Tally:
    """Read the modules of seeds, each within `SECONDS`."""
    tally = Tally()
    before = signal.signal(signal.SIGALRM, _alarm)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutant.py"
        for seed in seeds:
            path.write_bytes(mutated(seed, sources))
            start = time.perf_counter()
            signal.alarm(SECONDS)
            try:
                read_module(path)
                outcome = "accepted"
                tally.accepted.append(seed)
            except TpdebugError as error:
                outcome = "refused"
                if "\n" in str(error) or not str(error):
                    tally.faults.append((seed, f"a message that is not one line: {error!r}"))
            except Hang:
                outcome = "hang"
                tally.faults.append((seed, f"a hang of more than {SECONDS} s"))
            except BaseException as error:
                outcome = "crash"
                tally.faults.append((seed, repr(error)[:200]))
            finally:
                signal.alarm(0)
            tally.counts[outcome] += 1
            tally.slowest = max(tally.slowest, (time.perf_counter() - start, seed))
    signal.signal(signal.SIGALRM, before)
    tally.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return tally


def _bounded(seeds: Sequence[int], sources: Sequence[bytes]) -> Tally:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    return read_mutants(seeds, sources)


def read_in_processes(count: int, first: int, sources: Sequence[bytes], workers: int) -> Iterator[Tally]:
    """The tallies of `count` seeds from `first` on, a piece at a time; one that ends its process is a crash."""
    pieces = [range(at, min(at + PIECE, first + count)) for at in range(first, first + count, PIECE)]
    spawn = multiprocessing.get_context("spawn")
    while pieces:
        with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
            running = [(piece, pool.submit(_bounded, piece, sources)) for piece in pieces]
            pieces = []
            for piece, future in running:
                try:
                    yield future.result()
                except BrokenProcessPool:
                    if len(piece) == 1:
                        yield Tally(Counter(crash=1), [(piece[0], "the process of the reader was ended")])
                    else:
                        half = len(piece) // 2
                        pieces += [piece[:half], piece[half:]]


# Meaning ##############################################################################################################


def disagreement(module: Module, seed: int, count: int = INPUTS) -> str | None:
    """Where a module that was read does not mean what Python means, or None.

    The Program, what `emit` makes of it, and the module itself are run on the same inputs.
    """
    program = replace(module.program, task=None)
    inputs = inputs_for(program, sample=count, seed=seed)
    batch = inputs.batch
    words = [batch.words(program, row) for row in range(len(batch))]
    execution = execute(program, batch)
    read = [None if execution.in_hole[row] else execution.spelled(row) for row in range(len(batch))]
    job = {
        "job": "answers",
        "module": "module.py",
        "vocabulary": program.vocabulary,
        "inputs": [
            tokens[:length] for tokens, length in zip(batch.tokens.tolist(), batch.lengths.tolist(), strict=True)
        ],
    }
    for what, text in (("module", module.text), ("emitted module", tprog.emit(program).text)):
        try:
            found = run_confined(what, {"module.py": text}, job, Limits(seconds=60)).values["answers"]
        except TpdebugError as error:
            return str(error)
        said = [[str(value) for value in one] if isinstance(one, list) else one for one in found]
        for tokens, by_run, by_reading in zip(words, said, read, strict=True):
            if by_run != by_reading:
                return f"on {' '.join(tokens)} the {what} answers {by_run}, and reading it {by_reading}"
    return None


def check_meaning(seeds: Sequence[int], sources: Sequence[bytes]) -> tuple[int, list[tuple[int, str]]]:
    """How many of the accepted modules with these seeds were run, and each disagreement."""
    originals = _meanings(tuple(sources))
    wrong, ran = [], 0
    for seed in seeds:
        module = read_source(mutated(seed, sources).decode("utf-8-sig"))
        if _meaning(module.program) in originals:
            continue  # only a comment or a name changed
        ran += 1
        if found := disagreement(module, seed):
            wrong.append((seed, found))
    return ran, wrong


@cache
def _meanings(sources: tuple[bytes, ...]) -> frozenset[str]:
    return frozenset(_meaning(read_source(data.decode()).program) for data in sources)


def _meaning(program: Program) -> str:
    plain = replace(program, task=None, provenance=())
    return repr([getattr(plain, field.name) for field in fields(plain)])  # that of a Program is cut short


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000, help="modules to read")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--run", type=int, default=1000, help="accepted modules with another meaning to run")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--also", type=Path, nargs="*", default=[], help="further modules to change")
    options = parser.parse_args(arguments)
    sources = own_sources() + [path.read_bytes() for path in options.also]
    start, whole = time.perf_counter(), Tally()
    for tally in read_in_processes(options.count, options.first, sources, options.workers):
        whole.add(tally)
        print(f"\r{sum(whole.counts.values()):,} of {options.count:,}", end="", file=sys.stderr)
    print(file=sys.stderr)
    for outcome in ("accepted", "refused", "crash", "hang"):
        print(f"{outcome:>9} {whole.counts[outcome]:,}")
    seconds, seed = whole.slowest
    print(f"the slowest took {seconds:.2f} s (seed {seed}); {time.perf_counter() - start:.0f} s in all; ", end="")
    print(f"at most {whole.peak / 1024:.0f} MiB")
    random.Random(options.first).shuffle(whole.accepted)
    ran, wrong = 0, list[tuple[int, str]]()
    for seed in whole.accepted:
        if ran >= options.run:
            break
        more, found = check_meaning([seed], sources)
        ran, wrong = ran + more, wrong + found
    print(f"{ran:,} accepted modules with a meaning of their own were run: {len(wrong)} disagree")
    for seed, fault in [*whole.faults, *wrong]:
        print(f"seed {seed}: {fault}")
    return int(bool(whole.faults or wrong))


if __name__ == "__main__":
    sys.exit(main())
