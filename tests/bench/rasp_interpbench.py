"""The programs of InterpBench in our RASP: ``python -m tests.bench.rasp_interpbench --cases DIR --tracr DIR``.

DIR are clones of FlyingPumba/circuits-benchmark and google-deepmind/tracr; nothing of theirs is kept. Each case is run
twice, once with Tracr's own language and once with ours in its place. On 60 random inputs of its vocabulary, up to its
length, our evaluator is compared with theirs, and with our evaluator the Program that is made of it and its module.
Theirs computes with floats, so numbers are equal where they differ by no more than 1e-9 of their size. What the cases
need besides is stood for by names that do nothing. Everything is drawn by the name of the case: the table is the same
each time.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.machinery
import random
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.rasp_theirs import TRACR, imports, modules, same, unlike
from tprog.ir.values import NOTHING
from tprog.rasp.evaluate import Run
from tprog.rasp.expressions import Select
from tprog.rasp.failures import Failed
from tprog.rasp.program import program_of
from tprog.rasp.values import Value

INPUTS = 60
"""Random inputs of each case."""

THEIRS = "circuits_benchmark"
CASES = f"{THEIRS}.benchmark.cases"
READ = re.compile(rf"{THEIRS}(\.benchmark(\.(benchmark_case|tracr_benchmark_case|vocabs|common_programs|"
                  r"program_evaluation_type|cases(\.case_\d+)?))?)?")  # fmt: skip
"""The modules of theirs that are run; all others, and these packages, are stood for."""

ABSENT = ("torch", "jaxtyping", "transformer_lens", "iit", "absl", "tracr.compiler", "tracr.craft", "tracr.transformer")


def cases(folder: Path, tracr: Path, ours: bool) -> dict[str, Any]:
    """Name -> case, in the order of their numbers, built with our language or with theirs."""
    names = sorted((path.stem for path in folder.joinpath(*CASES.split(".")).glob("case_[0-9]*.py")), key=_number)
    own: dict[str, Any] = {"tracr": {}, "tracr__rasp": {}, "tracr__rasp__rasp": TRACR} if ours else {}
    with imports(folder, tracr, absent=_is_absent), modules(**own):
        found = (importlib.import_module(f"{CASES}.{name}") for name in names)
        return {name: getattr(each, f"Case{_number(name)}")() for name, each in zip(names, found, strict=True)}


def _is_absent(name: str) -> bool:
    if name.startswith(f"{THEIRS}."):
        return not READ.fullmatch(name)
    return any(name == each or name.startswith(f"{each}.") for each in ABSENT)


def _number(name: str) -> int:
    return int(name.rpartition("_")[2])


@dataclass
class Compared:
    """What came of a case; an empty word where it is as it should be.

    Attributes:
        evaluated, lowered: what is different, or why it is refused.
        nothing, label, selects: whether an answer is nothing, one a float that stands for itself, and whether the
            program has a selector.
        answers: how many values were compared.
    """

    name: str
    evaluated: str = ""
    lowered: str = ""
    nothing: bool = False
    label: bool = False
    selects: bool = False
    answers: int = 0


def compare(name: str, mine: Any, other: Any) -> Compared:
    """One case: evaluated by both, and lowered."""
    found = Compared(name)
    draw, longest = random.Random(name), mine.get_max_seq_len() - 1
    vocabulary = sorted(mine.get_vocab())
    words = [draw.choices(vocabulary, k=draw.randint(1, longest)) for _ in range(INPUTS)]
    program, theirs = program_of(mine.get_program()), other.get_program()
    right: list[list[Value] | None] = []
    for word in words:
        try:
            values: list[Value] | None = Run(word).values(program.outputs[0][1])
        except Failed as error:
            values, why = None, str(error)
        right.append(values)
        try:
            wanted = list(theirs(word))
        except Exception as error:  # code of theirs
            wanted = []
            found.evaluated = found.evaluated or ("" if values is None else f"theirs raises {error!r} on {word}")
            continue
        if values is None:
            found.evaluated = found.evaluated or f"ours has no value on {word}: {why}"
        elif not same(values, wanted):
            found.evaluated = found.evaluated or f"{word}: ours {values}, theirs {wanted}"
        found.answers += len(wanted)
    every = [value for values in right for value in values or ()]
    found.nothing = any(value is NOTHING for value in every)
    found.label = any(isinstance(value, float) for value in every)
    found.selects = any(isinstance(node, Select) for node in program.nodes())
    found.lowered = unlike(program, vocabulary, longest, words, right)
    return found


def main() -> int:
    """A line for each case that is not as it should be, and the table; 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True, metavar="DIR")
    parser.add_argument("--tracr", type=Path, required=True, metavar="DIR")
    options = parser.parse_args()
    sys.setrecursionlimit(5000)
    ours = cases(options.cases, options.tracr, ours=True)
    theirs = cases(options.cases, options.tracr, ours=False)
    found = [compare(name, ours[name], theirs[name]) for name in ours]
    for each in found:
        for what, told in (("evaluated", each.evaluated), ("lowered", each.lowered)):
            if told:
                print(f"{each.name}, {what}: {told}")
    counts = Counter(
        [("evaluated", "different" if each.evaluated else "equal") for each in found]
        + [("lowered", each.lowered.partition(":")[0].partition(" ")[0] or "equal") for each in found]
    )
    print(f"{len(found)} programs, {INPUTS} inputs each, {sum(each.answers for each in found):,} values; ", end="")
    print(f"without a selector {sum(not each.selects for each in found)}, ", end="")
    print(f"with nothing {sum(each.nothing for each in found)}, with labels {sum(each.label for each in found)}")
    for (what, how), count in sorted(counts.items()):
        print(f"{what} {how}: {count}")
    return int(any(each.evaluated or each.lowered for each in found))


if __name__ == "__main__":
    sys.exit(main())
