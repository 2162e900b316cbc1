"""Our RASP beside the originals: ``python -m tests.bench.rasp_originals --rasp DIR --tracr DIR --np-rasp DIR``.

Each DIR is a clone of tech-srl/RASP, google-deepmind/tracr, apple/ml-np-rasp; nothing of theirs is kept.

- RASP: the scripts under ``tests/in`` are typed into our console; the values are those of the transcripts under
  ``tests/tgt``, layout apart, and an error stands where one stands there.
- Tracr: its own test cases, with our functions in the place of its language and library; evaluated, as Programs and
  as their modules. For those that its compiler refuses its evaluator says what is right.
- np_rasp: its functions on random arrays, and its programs for addition and counting in a loop.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.bench.rasp_theirs import TRACR, executed, imports, modules, same, unlike
from tprog.errors import TpdebugError
from tprog.rasp.evaluate import evaluate
from tprog.rasp.expressions import Selector, SOp
from tprog.rasp.program import Loop, RaspProgram, generated, program_of
from tprog.rasp.rasp_l import core, library
from tprog.rasp.source.console import Console
from tprog.rasp.source.session import Answered, Defined, Problem
from tprog.rasp.source.things import Evaluated, EvaluatedRows, RaspFunction
from tprog.rasp.tracr import library as tracr_library
from tprog.rasp.values import Value

# The language of 2021 #################################################################################################

_PROMPT = re.compile(r"^(?:(?:>>|\.\.) +)+")
_ERROR = re.compile(r"!!|something went wrong|not implemented this command")
_VALUE = re.compile(r"^\s*value: (\w+) =\s+(.*)$")
_DEFINED = re.compile(r"^\s*(s-op|selector|list|dict): (\w+)")
_FUNCTION = re.compile(r"^\s*\S+ function: (\w+)\(")
_EXAMPLE = re.compile(r"^\s*Example: \w+\(.*?\) = (\[.*\).*)$")
_ANSWER = re.compile(r"^\s*=\s+(\[.*\)).*$")


def expected_events(text: str) -> list[tuple[str, ...]]:
    """What a transcript shows: ``(kind, name)`` or ``(kind, name, values)``, ``("error",)``."""
    found: list[tuple[str, ...]] = []
    for whole in text.split("\n"):
        line = _PROMPT.sub("", whole)
        if _ERROR.search(line):
            found.append(("error",))
        elif match := _VALUE.match(line):
            found.append(("value", match[1], match[2].strip()))
        elif match := _DEFINED.match(line):
            found.append((match[1], match[2]))
        elif match := _FUNCTION.match(line):
            found.append(("function", match[1]))
        elif (match := _EXAMPLE.match(line)) and found:
            found[-1] = (*found[-1], match[1])
        elif match := _ANSWER.match(line):
            found.append(("answer", match[1]))
    return found


def our_events(console: Console) -> Iterator[tuple[str, ...]]:
    """The same of our console."""
    for said in console.said:
        match said:
            case Problem():
                yield ("error",)
            case Answered(Evaluated() as given):
                yield ("answer", as_original(given))
            case Answered(EvaluatedRows()):
                yield ("answer", "rows")
            case Defined(name, SOp() as sop):
                try:
                    values = console.example_values(sop)
                except TpdebugError:
                    yield ("s-op", name)
                    continue
                yield ("s-op", name, as_original(values))
            case Defined(name, Selector()):
                yield ("selector", name)
            case Defined(name, RaspFunction()):
                yield ("function", name)
            case Defined(name, list()):
                yield ("list", name)
            case Defined(name, dict()):
                yield ("dict", name)
            case Defined(name, thing):
                yield ("value", name, f'"{thing}"' if isinstance(thing, str) else str(thing))


def as_original(values: list[Value]) -> str:
    """Values in the layout of the transcripts."""
    words = [_word(value) for value in values]
    kinds = {bool: "bools", int: "ints", str: "strings"}
    kind = next((name for kind, name in kinds.items() if all(isinstance(value, kind) for value in values)), "floats")
    listed = f"[{words[0]}]*{len(words)}" if len(words) > 1 and len(set(values)) == 1 else f"[{', '.join(words)}]"
    return f"{listed} ({kind})"


def _word(value: Value) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    return str(round(float(value), 3)) if isinstance(value, (Fraction, float)) else str(value)


def compare_transcripts(folder: Path) -> int:
    """How many scripts give other values than their transcripts."""
    wrong = 0
    for script in sorted((folder / "tests" / "in").glob("*.txt")):
        expected = expected_events((folder / "tests" / "tgt" / script.name).read_text(encoding="utf-8"))
        console = TypedInto(folder)
        for line in script.read_text(encoding="utf-8").split("\n"):
            if console.done:
                break
            console.feed(line)
        found = console.events
        same = len(found) == len(expected) and all(map(_alike, found, expected))
        wrong += not same
        print(f"{script.name:32} {len(expected):4} events  {'same' if same else 'DIFFERENT'}")
        if not same:
            for ours, theirs in zip(found + [()] * len(expected), expected + [()] * len(found), strict=False):
                if ours or theirs:
                    print(f"    {'' if _alike(ours, theirs) else '* '}{ours}   {theirs}")
    return wrong


def _alike(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """A transcript does not show the values of what is loaded."""
    return bool(theirs) and ours[: len(theirs)] == theirs


class TypedInto(Console):
    """A console that notes what a transcript would show, when it would show it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.events: list[tuple[str, ...]] = []

    def feed(self, line: str) -> list[str]:
        before = len(self.said)
        lines = super().feed(line)
        new, self.said[before:] = self.said[before:], []
        kept, self.said = self.said, new
        self.events += our_events(self)
        self.said = kept
        return lines


# Tracr ################################################################################################################


CASES = {"TEST_CASES": False, "CAUSAL_TEST_CASES": True, "UNSUPPORTED_TEST_CASES": False}
"""The lists of Tracr's cases, and whether they are causal."""


def _in_our_language(folder: Path) -> dict[str, Any]:
    """The file of Tracr's cases, with our language in the place of its own."""
    lib = vars(tracr_library)
    with modules(tracr={}, tracr__rasp={}, tracr__compiler={}, tracr__rasp__rasp=TRACR, tracr__compiler__lib=lib):
        return executed(folder / "tracr" / "compiler" / "test_cases.py")


def given_to(case: dict[str, Any]) -> list[Any]:
    """The input of a case."""
    return case.get("test_input") or list(itertools.islice(itertools.cycle([2, 3, 1]), case["max_seq_len"]))


def tracr_cases(folder: Path) -> Iterator[tuple[dict[str, Any], list[Any], bool]]:
    """Tracr's cases in our language, their inputs, and whether they are causal."""
    cases = _in_our_language(folder)
    for kind, causal in CASES.items():
        for case in cases[kind]:
            yield case, given_to(case), causal


def compare_tracr(folder: Path) -> int:
    """How many of Tracr's cases come out otherwise: evaluated, as a Program, or as its module.

    What its compiler refuses has no output there; what is right is what its evaluator says.
    """
    cases = _in_our_language(folder)
    with imports(folder, absent=lambda name: name.partition(".")[0] == "absl"), modules():
        lib = executed(folder / "tracr" / "compiler" / "lib.py")
        with modules(tracr__compiler={}, tracr__compiler__lib=lib):
            theirs = executed(folder / "tracr" / "compiler" / "test_cases.py")
    wrong = 0
    for kind, causal in CASES.items():
        for case, other in zip(cases[kind], theirs[kind], strict=True):
            given = given_to(case)
            expected = case["expected_output"] if "expected_output" in case else list(other["program"](given))
            wrong += _case_differs(case, given, expected, causal)
        print(f"{kind}: {len(cases[kind])} cases")
    return wrong


def _case_differs(case: dict[str, Any], given: list[Any], expected: list[Any], causal: bool) -> bool:
    """Whether one case does, and how."""
    found, told = evaluate(case["program"], given, causal), []
    if not same(found, expected):
        told.append(f"evaluated {found}, not {expected}")
    longest = max(case["max_seq_len"], len(given))
    told.append(unlike(program_of(case["program"]), sorted(case["vocab"]), longest, [given], [found], causal))
    for each in filter(None, told):
        print(f"{case['testcase_name']}: {each}")
    return any(told)


# np_rasp ##############################################################################################################

_PREDICATES = ("equals", "leq", "lt", "geq", "gt")


def compare_np_rasp(folder: Path, count: int = 300) -> int:
    """How many calls of np_rasp's functions give other arrays than ours, on random input."""
    import numpy as np

    sys.path.insert(0, str(folder / "src"))
    import np_rasp  # type: ignore[import-not-found]  # in the folder that was named

    rng, wrong = random.Random(0), 0
    calls: dict[str, Any] = {
        "shift_right": lambda m, x: m.shift_right(x, 2, default=7),
        "cumsum": lambda m, x: m.cumsum(x == 1),
        "where": lambda m, x: m.where(x > 2, x, m.indices(x)),
        "mask": lambda m, x: m.mask(x, x > 2, 9),
        "maximum": lambda m, x: m.maximum(x),
        "minimum": lambda m, x: m.minimum(x),
        "mean": lambda m, x: m.kqv(x, x, x, m.geq),
        "min of larger": lambda m, x: m.kqv(x, x, m.indices(x), m.gt, default=-3, reduction="min"),
        "num_prev": lambda m, x: m.num_prev(x, m.full(x, 2)),
        "has_seen": lambda m, x: m.has_seen(x, m.full(x, 2)),
        "firsts": lambda m, x: m.firsts(x, x),
        "lasts": lambda m, x: m.lasts(x, x - 1),
        "index_select": lambda m, x: m.index_select(x, x, default=-1),
        "first_true": lambda m, x: m.first_true(x == 3),
        "binary_mode": lambda m, x: m.binary_mode(x),
        "induct": lambda m, x: m.induct(x, x, offset=1),
        "induct_prev": lambda m, x: m.induct_prev(x, x, offset=-1),
        "halves": lambda m, x: m.tok_map(x, lambda a: a / 2 - 1),
        "products": lambda m, x: m.seq_map(x, m.indices(x), lambda a, b: a * b - a % 3),
        "operators": lambda m, x: ((x == 1) | (x > 2)) * 3 - (~(x < 1)) * x + (x // 2) % 3 - (-x),
        "predicates": lambda m, x: sum(m.sel_width(m.select(x, x, getattr(m, name))) for name in _PREDICATES),
    }

    class Ours:
        def __getattr__(self, name: str) -> Any:
            return getattr(library, name) if hasattr(library, name) else getattr(core, name)

    for name, call in calls.items():
        sop = call(Ours(), core.tokens)
        for _ in range(count):
            given = [rng.randint(-2, 4) for _ in range(rng.randint(1, 14))]
            theirs = np.asarray(call(np_rasp, np.array(given))).tolist()
            if evaluate(sop, given) != theirs:
                wrong += 1
                print(f"{name}({given}): {evaluate(sop, given)}, not {theirs}")
                break
    print(f"{len(calls)} functions on {count} arrays each")
    return wrong + _compare_loops(folder, np, count // 10)


def _compare_loops(folder: Path, np: Any, count: int) -> int:
    """np_rasp's example programs with our functions in the place of its own, in loops on random prompts."""
    ours = {name: value for module in (core, library) for name, value in vars(module).items() if name[0] != "_"}
    theirs = executed(folder / "examples" / "add.py"), executed(folder / "examples" / "count.py")
    with modules(np_rasp=ours):
        add, count_file = executed(folder / "examples" / "add.py"), executed(folder / "examples" / "count.py")
    rng, wrong = random.Random(1), 0
    for reverse in (True, False):
        program = RaspProgram((("next", add["next_tok_addition"](core.tokens, reverse)),), loop=Loop(-5))
        for _ in range(count):
            prompt = _sum(rng)
            expected = _looped(lambda x, way=reverse: theirs[0]["next_tok_addition"](x, way), prompt, -5, np)
            wrong += _differs("addition", generated(program, prompt), expected)
    program = RaspProgram((("next", count_file["count"](core.tokens)),), loop=Loop(-2))
    for _ in range(count):
        low = rng.randint(0, 40)
        prompt = [-1, low, rng.randint(low, 60)]
        wrong += _differs("count", generated(program, prompt), _looped(theirs[1]["count"], prompt, -2, np))
    print(f"3 loops on {count} prompts each")
    return wrong


def _sum(rng: random.Random) -> list[int]:
    width = rng.randint(2, 8)
    numbers = [[0, *(rng.randint(0, 9) for _ in range(width - 1))] for _ in range(2)]
    hinted = [[token for place, digit in enumerate(number) for token in (-100 - place, digit)] for number in numbers]
    return [-1, *hinted[0], -2, *hinted[1], -3]


def _looped(step: Any, prompt: list[int], stop: int, np: Any) -> list[int]:
    given = list(prompt)
    while given[-1] != stop and len(given) < 500:
        given.append(int(step(np.array(given))[-1]))
    return given[len(prompt) :]


def _differs(name: str, found: list[Value], expected: list[int]) -> bool:
    if found != expected:
        print(f"{name}: {found}, not {expected}")
    return found != expected


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("rasp", "tracr", "np-rasp"):
        parser.add_argument(f"--{name}", type=Path, metavar="DIR")
    options = parser.parse_args()
    wrong = 0
    for folder, compare in (
        (options.rasp, compare_transcripts),
        (options.tracr, compare_tracr),
        (options.np_rasp, compare_np_rasp),
    ):
        if folder is not None:
            wrong += compare(folder)
    print(f"{wrong} differ")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
