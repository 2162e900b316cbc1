"""How fast tpdebug is, beside its goals: ``make bench``.

A goal is reached or not on the machine at hand; the ratio says by how much. A program of the published size is trained
first (half a minute); ``--program`` measures another module instead, ``--write FILE`` puts the tables between the
marks ``<!-- speed -->`` and ``<!-- /speed -->``.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import random
import resource
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import tprog
from analyze.circuits import find_circuits
from analyze.dead import find_dead
from tests.bench.beside import environment
from tests.bench.random_program import random_program, word_program
from tests.browser import CHROMIUM, Page, browser
from tests.rasp_programs import TRACR
from tests.test_rasp_lower import BY_NAME, rasp_of
from tprog.ir.program import Program
from tprog.rasp.program import program_of
from tprog.run.batch import Batch
from tprog.run.execute import predict
from tprog.tasks.builtin import Inputs, inputs_for

OPEN, CLOSE = "<!-- speed -->", "<!-- /speed -->"
COLUMNS = ("what", "measured", "goal", "measured / goal", "")


@dataclass(frozen=True)
class Figure:
    """One measured figure and the goal that it should stay under, both in `unit`."""

    what: str
    measured: float
    goal: float
    unit: str

    def row(self) -> tuple[str, ...]:
        verdict = "reached" if self.measured < self.goal else "not reached"
        ratio = f"{self.measured / self.goal:.2f}"
        return self.what, f"{self.measured:.3g} {self.unit}", f"< {self.goal:g} {self.unit}", ratio, verdict


def _best(action: Callable[[], object], times: int) -> float:
    """The least wall time of several runs, in seconds: the one that other work on the machine disturbed least."""
    durations = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        durations.append(time.perf_counter() - start)
    return min(durations)


def whole_domain(program: Program) -> Figure:
    batch = inputs_for(program).batch
    seconds = _best(lambda: predict(program, batch), 3)
    return Figure(f"`execute`, all {len(batch):,} inputs", seconds, 0.5, "s")


def a_million() -> tuple[float, float]:
    """Seconds and peak memory in GB of 1,000,000 random inputs; to be run in a process of its own."""
    letters = "abcdefgh"
    program = random_program(letters=letters, length=len(letters) + 2)
    count, width = 1_000_000, program.max_length
    tokens = np.random.default_rng(0).integers(1, 1 + len(letters), (count, width), dtype=np.int32)
    tokens[:, 0], tokens[:, -1] = 0, len(letters) + 1
    start = time.perf_counter()
    predict(program, Batch(tokens, np.full(count, width)))
    return time.perf_counter() - start, _peak()


def _peak() -> float:
    """The most memory that this process has held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1) / 1e6


def _a_million_apart() -> Iterator[Figure]:
    told = _run([sys.executable, "-m", "tests.bench.bench_speed", "--million"]).split()
    what = "`execute`, 1,000,000 random inputs of 8 letters"
    yield Figure(what, float(told[0]), 30, "s")
    yield Figure(f"{what}, peak memory", float(told[1]), 1, "GB")


def one_call(path: Path, program: Program) -> Figure:
    """The median over 2,000 inputs of one call of the emitted `run`, its checks of the input included.

    Of each input the quickest of three calls counts, far apart: one pass takes a second, in which anything may happen.
    """
    spec = importlib.util.spec_from_file_location("measured_program", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    batch = inputs_for(program).batch
    rows = random.Random(0).sample(range(len(batch)), min(2000, len(batch)))
    inputs = [batch.words(program, row) for row in rows]
    quickest = np.full(len(inputs), np.inf)
    for _ in range(3):
        for place, tokens in enumerate(inputs):
            start = time.perf_counter()
            module.run(tokens)
            quickest[place] = min(quickest[place], time.perf_counter() - start)
    return Figure("one call of the emitted `run`", 1e3 * float(np.median(quickest)), 1, "ms")


def _run(command: list[str], folder: Path | None = None) -> str:
    own = environment(Path(__file__).parents[2])
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=own)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} exited with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def _tpdebug(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "tpdebug", *arguments]


def help_page() -> Figure:
    durations = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _run(_tpdebug("--help"))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        durations.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return Figure("`tpdebug --help`, CPU", min(durations), 0.25, "s")


def _measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Wall seconds and peak memory in GB of one process, start-up included."""
    own = environment(Path(__file__).parents[2])
    start = time.perf_counter()
    child = subprocess.Popen(command, cwd=folder, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    told = child.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} exited with {child.returncode}: {told.strip()}")
    return time.perf_counter() - start, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2) / 1e3


VERBS: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("verify", (), 1),
    ("dead", (), 2),
    ("circuits", (), 10),
    ("graph -o", ("graph", "{program}", "-o", "graph.svg", "--force"), 3),
    ("blame, one wrong input", ("blame", "{program}", "--input", "{wrong}"), 1),
    ("blame --all", ("blame", "{program}", "--all"), 60),
    ("simplify", ("simplify", "{program}", "-o", "small.py", "--force"), 60),
    ("report", ("report", "{program}", "-o", "report.html", "--force"), 8),
)
"""What is measured, its command line where the name alone does not say it, and the goal in seconds."""


def verbs(path: Path, program: Program) -> Iterator[Figure]:
    """Each verb on the whole domain in a process of its own, the best of three; and the most memory that any took."""
    inputs = inputs_for(program)
    predictions, _ = predict(program, inputs.batch)
    assert inputs.expected is not None
    wrong = int(((predictions != inputs.expected) & (inputs.expected >= 0)).any(axis=1).argmax())
    words = "".join(inputs.batch.words(program, wrong)[1:-1])
    most = (0.0, "")
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments, goal in VERBS:
            line = [part.format(program=path.absolute(), wrong=words) for part in arguments or (name, "{program}")]
            found = [_measured(_tpdebug(*line), Path(folder)) for _ in range(1 if goal > 10 else 3)]
            yield Figure(f"`tpdebug {name}`", min(seconds for seconds, _ in found), goal, "s")
            most = max(most, (max(memory for _, memory in found), name))
    yield Figure(f"peak memory of these, which is that of `{most[1]}`", most[0], 1, "GB")


def page_of(path: Path, program: Program) -> Iterator[Figure]:
    """The page of `report` in Chromium: until it is there, and every input executed; none without a browser."""
    if CHROMIUM is None:
        return
    batch = inputs_for(program).batch
    codes = [batch.tokens[row, :length].tolist() for row, length in enumerate(batch.lengths)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "report.html"
        _run(_tpdebug("report", str(path.absolute()), "-o", str(file)))
        yield Figure("its page", file.stat().st_size / 1e6, 1, "MB")
        with browser(Path(folder)) as page:
            yield Figure("its page in Chromium, until it takes an input", min(_opened(page, file)), 1, "s")
            page.answer(f"globalThis.inputs = {codes}; 0")
            timed = (
                "(() => { const start = performance.now(); for (const codes of inputs) "
                "tpdebug.execute(tpdebug.app.machine, codes); return performance.now() - start; })()"
            )
            seconds = min(page.answer(timed) for _ in range(3)) / 1e3
    yield Figure(f"its page in Chromium, all {len(codes):,} inputs executed", seconds, 2, "s")


def sentences(program: Program, count: int) -> Batch:
    """Made-up sentences of 1 to 30 words, about 14 in the middle, whose words are as frequent as those of a text."""
    drawn = np.random.default_rng(0)
    lengths = np.clip(drawn.gamma(2.2, 6.5, count).astype(np.int64) + 1, 1, 30) + 2
    ranks = (drawn.pareto(1.0, (count, int(lengths.max()))) * 20).astype(np.int64)
    tokens = np.minimum(ranks, len(program.vocabulary) - 4).astype(np.int32) + 3
    tokens[:, 0] = 0
    tokens[np.arange(count), lengths - 1] = 1
    tokens[np.arange(tokens.shape[1]) >= lengths[:, None]] = -1
    return Batch(tokens, lengths)


def one_step(words: int = 20_000, times: int = 20) -> tuple[float, float]:
    """CPU-seconds of one training step of that shape, the best of 20, on 32 sentences of 30 words that are drawn by
    Zipf's law, as texts have them; and peak memory in GB. To be run in a process of its own."""
    import torch

    from trainer.data import Data, Split
    from trainer.model import Frame
    from trainer.population import Population
    from trainer.presets import published_config
    from trainer.threads import one_thread

    vocabulary = ("<s>", "</s>", *(f"w{n}" for n in range(words)))
    frame = Frame(vocabulary, tuple("abcdefghi"), 32)
    config = replace(published_config("synthetic"), epochs=1, buckets=1)
    draw = np.random.default_rng(0)
    chances = 1 / np.arange(1, words + 1)
    tokens = draw.choice(words, (config.batch * times, 32), p=chances / chances.sum()) + 2
    tokens[:, 0], tokens[:, -1] = 0, 1
    answers = torch.as_tensor(draw.integers(0, 9, tokens.shape))
    split = Split(Batch(tokens, np.full(len(tokens), 32)), torch.as_tensor(tokens), answers)
    taken = []
    with one_thread():
        population = Population([config], Data(frame, split, split, None, ""))
        for each in range(population.steps):
            started = time.process_time()
            population.step(each)
            taken.append(time.process_time() - started)
    return min(taken), _peak()


def of_words() -> Iterator[Figure]:
    """A program of the published shape for names, L2 H8 M1 with 4 x 32 values, on 20,000 words."""
    told = _run([sys.executable, "-m", "tests.bench.bench_speed", "--step"]).split()
    what = "words: one step of training, 32 sentences of 30 words"
    yield Figure(f"{what}, CPU", 1e3 * float(told[0]), 60, "ms")
    yield Figure(f"{what}, peak memory", float(told[1]), 1, "GB")
    program = word_program(20_000)
    many = sentences(program, 10_000)
    yield Figure("words: `execute`, 10,000 sentences", _best(lambda: predict(program, many), 3), 2, "s")
    some = Inputs(sentences(program, 3_000), None, False, "3,000 sentences")
    yield Figure("words: `circuits` on 3,000 sentences", _best(lambda: find_circuits(program, some), 1), 15, "s")
    yield Figure("words: `dead` on 3,000 sentences", _best(lambda: find_dead(program, some), 1), 15, "s")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tagger.py"
        emitted = tprog.emit(program, path.stem)
        for name, text in {path.name: emitted.text, **emitted.side}.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        start = time.perf_counter()
        run = runpy.run_path(str(path))["run"]
        yield Figure("words: import of the emitted module", time.perf_counter() - start, 0.5, "s")
        longest = np.flatnonzero(many.lengths == many.lengths.max())[:100]
        for what, rows in (("one sentence tagged by it", range(500)), ("one of 30 words", longest.tolist())):
            durations = []
            for tokens in (many.words(program, row) for row in rows):
                start = time.perf_counter()
                run(tokens)
                durations.append(time.perf_counter() - start)
            yield Figure(f"words: {what}", 1e3 * statistics.median(durations), 5, "ms")
        yield from _page_of_words(path)


def _page_of_words(path: Path) -> Iterator[Figure]:
    """The page of `report` of a program of 20,000 words, and in Chromium the time until it takes an input."""
    file = path.with_name("report.html")
    _run(_tpdebug("report", str(path), "--sample", "1000", "-o", str(file)))
    yield Figure("words: its page", file.stat().st_size / 1e6, 1, "MB")
    if CHROMIUM is not None:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, browser(Path(folder)) as page:
            yield Figure("words: its page in Chromium, until it takes an input", min(_opened(page, file)), 1, "s")


def _opened(page: Page, file: Path) -> Iterator[float]:
    """Seconds from the call of a page until it takes an input, three times."""
    for _ in range(3):
        page.open(file)
        yield page.answer("performance.getEntriesByName('ready')[0].startTime") / 1e3


CURVE = (10_000, 100_000, 1_000_000)
"""Inputs of the curve."""


def curve(path: Path) -> Iterator[tuple[str, ...]]:
    """Seconds and peak memory of verbs over growing samples: a row a verb, from the smallest sample to the largest."""
    with tempfile.TemporaryDirectory() as folder:
        for verb in ("verify", "dead", "circuits", "blame --all"):
            cells = []
            for count in CURVE:
                line = [*verb.split()[:1], str(path.absolute()), *verb.split()[1:], "--sample", str(count)]
                seconds, memory = _measured(_tpdebug(*line), Path(folder))
                cells.append(f"{seconds:.1f} s, {memory:.2f} GB")
            yield (f"`{verb}`", *cells)


def written() -> Iterator[Figure]:
    """RASP programs made into Programs, and one of these on many inputs."""
    brackets = "(){}"
    dyck2 = program_of(TRACR["shuffle_dyck2"])
    yield Figure(
        "`to_program`, shuffle_dyck2 up to length 20", _best(lambda: dyck2.to_program(brackets, 20), 3), 0.5, "s"
    )
    library = [(rasp_of(name), case["vocabulary"], case["modes"][0] == "causal") for name, case in BY_NAME.items()]

    def whole() -> None:
        for rasp, vocabulary, causal in library:
            rasp.to_program(vocabulary, 10, causal)

    yield Figure(f"`to_program`, {len(library)} programs up to length 10", _best(whole, 1), 5, "s")
    program, count = dyck2.to_program(brackets, 20), 10_000
    tokens = np.random.default_rng(0).integers(0, len(brackets), (count, 20), dtype=np.int32)
    batch = Batch(tokens, np.full(count, 20))
    yield Figure(
        f"`execute`, shuffle_dyck2, {count:,} inputs of length 20", _best(lambda: predict(program, batch), 3), 2, "s"
    )


def measure(path: Path) -> Iterator[Figure]:
    program = tprog.load(path)
    yield whole_domain(program)
    yield from _a_million_apart()
    yield one_call(path, program)
    yield help_page()
    yield from verbs(path, program)
    yield from page_of(path, program)
    yield from written()
    yield from of_words()


TRAINED = ("--preset", "published", "--batch", "64")
"""One seed of the published class, L3 H8 M4."""


def trained(path: Path, *options: str) -> Path:
    """A sort program of that class, written to `path`."""
    _run(_tpdebug("train", "sort", *TRAINED, *options, "-o", str(path), "--run-folder", path.stem), path.parent)
    return path


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a table; the first is its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _told(rows: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        print("  ".join(row), file=sys.stderr, flush=True)
        yield row


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--program", type=Path, help="a module to measure; left out: one that is trained first")
    parser.add_argument("--write", type=Path, help="a Markdown file with the two marks")
    parser.add_argument("--million", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--step", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--words", action="store_true", help="the figures of programs of words alone")
    options = parser.parse_args()
    if options.million or options.step:
        print(*(a_million() if options.million else one_step()))
        return
    if options.words:
        print(f"\n{markdown([COLUMNS, *_told(figure.row() for figure in of_words())])}")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = options.program or trained(Path(folder) / "sort_l3.py", "--epochs", "15")
        figures = [COLUMNS, *_told(figure.row() for figure in measure(path))]
        large = trained(Path(folder) / "sort_l3_8.py", "--epochs", "1", "--vocabulary-size", "11", "--length", "10")
        curves = [("verb", *(f"{count:,} inputs" for count in CURVE)), *_told(curve(large))]
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}"
    what = f"`{options.program.name}`" if options.program else f"sort, {' '.join(TRAINED)} --epochs 15, L3 H8 M4"
    text = (
        f"Measured on {what}; {machine}.\n\n{markdown(figures)}\n\n"
        "Growing samples of the inputs of a program for eight letters (N = 10, L3 H8 M4, one epoch):\n\n"
        f"{markdown(curves)}"
    )
    print(f"\n{text}")
    if options.write:
        page = options.write.read_text(encoding="utf-8")
        before, rest = page.split(OPEN, 1)
        after = rest.split(CLOSE, 1)[1]
        options.write.write_text(f"{before}{OPEN}\n{text}\n{CLOSE}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
