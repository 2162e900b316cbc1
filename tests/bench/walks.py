"""Walks through the house: in which order a verb first calls our functions, and how often that goes back.

    python -m tests.bench.walks [--steps] [VERB ...]

A walk is the functions in the order of their first calls, without those that run while a module is imported. It returns
where the next function stands in another file than the one before it, and a function of that file was called earlier:
whoever reads along opens a file again. A caller that goes on after what it called is such a return, too. They are
counted by files and by rooms, which are folders. A call *climbs* where it is one of a room that stands above its
caller's in the house (`tests.test_architecture`), as where a verb has handed a function to an analysis.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import NamedTuple

from tests.test_architecture import HOUSE, room_of

HERE = Path(__file__).parents[2]

VERBS: dict[str, tuple[str, ...]] = {
    "blame": ("blame", "{program}", "--input", "eed"),
    "circuits --where": ("circuits", "{program}", "--where", "len(x) > 4"),
    "simplify": ("simplify", "{program}", "-o", "small.py", "--force"),
}
"""Each walk's command line."""

Step = tuple[str, str]
"""A module's file, relative to the checkout, and a function of it."""


class Walk(NamedTuple):
    """What a verb calls of ours.

    Attributes:
        steps: the functions in the order of their first calls.
        climbing: the calls that climb: the caller, and what it calls.
    """

    steps: list[Step]
    climbing: list[tuple[Step, Step]]


def walk(run: Callable[[], object]) -> Walk:
    """What is called while something runs."""
    steps: list[Step] = []
    climbing: list[tuple[Step, Step]] = []
    known: set[CodeType] = set()
    calls: set[tuple[CodeType, CodeType]] = set()

    def called(frame: FrameType, event: str, _: object) -> None:
        code, back = frame.f_code, frame.f_back
        if event != "call" or back is None or (back.f_code, code) in calls:
            return
        calls.add((back.f_code, code))
        step = _step(code)
        if step is None or _imported(frame, beneath):
            return
        if code not in known and not code.co_name.startswith("<"):
            steps.append(step)
        known.add(code)
        caller = _step(back.f_code)
        if caller is not None and climbs(caller[0], step[0]):
            climbing.append((caller, step))

    before, beneath = sys.getprofile(), sys._getframe()
    sys.setprofile(called)
    try:
        run()
    finally:
        sys.setprofile(before)
    return Walk(steps, climbing)


def _step(code: CodeType) -> Step | None:
    """A function of ours."""
    path = Path(code.co_filename)
    if not path.is_relative_to(HERE) or ".venv" in path.parts:
        return None
    return str(path.relative_to(HERE)), code.co_qualname


def climbs(caller: str, called: str) -> bool:
    """Whether a call from one file to another goes to a room that stands above the caller's."""
    of, to = (room_of(str(Path(file).with_suffix("")).replace("/", ".")) for file in (caller, called))
    return of in HOUSE and to in HOUSE and HOUSE.index(to) > HOUSE.index(of)


def _imported(frame: FrameType | None, beneath: FrameType) -> bool:
    """Whether a frame runs because a module is imported on top of the frame beneath."""
    while frame is not None and frame is not beneath:
        if frame.f_code.co_name == "<module>":
            return True
        frame = frame.f_back
    return False


def returns(places: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Where a walk goes back: from which place, and to which it had left."""
    seen: set[str] = set()
    before: str | None = None
    for place in places:
        if place != before:
            if before is not None and place in seen:
                yield before, place
            seen.add(place)
            before = place


def rooms(steps: Sequence[Step]) -> list[str]:
    """The folder of each step."""
    return [str(Path(file).parent) for file, _ in steps]


def called(line: Sequence[str], folder: Path) -> Walk:
    """The walk of a command line in a folder; `{program}` in it is the example of the documents."""
    from cli.main import main

    sys.argv = ["tpdebug", *(part.format(program=HERE / "docs/examples/sort_program.py") for part in line)]
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return walk(main)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.walks", description=__doc__)
    parser.add_argument("verbs", nargs="*", default=[*VERBS], metavar="VERB", help=", ".join(VERBS))
    parser.add_argument("--steps", action="store_true", help="print every step")
    options = parser.parse_args()
    for verb in options.verbs:
        with tempfile.TemporaryDirectory() as folder:
            steps, climbing = called(VERBS[verb], Path(folder))
        files = [file for file, _ in steps]
        if options.steps:
            print("\n".join(f"{file}: {function}" for file, function in steps))
        back, far = len([*returns(files)]), len([*returns(rooms(steps))])
        print(
            f"{verb}: {len(set(files))} modules, {len(steps)} functions, {back} returns to a module, {far} to a room "
            f"already left, {len(climbing)} calls that climb"
        )


if __name__ == "__main__":
    main()
