"""A program in a loop: what comes out at the last position is appended to the input, until a stop class comes.

So a program that has too few layers for a task can do it by writing down what it has so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tprog.errors import BadUsage
from tprog.ir.program import END, Program
from tprog.listing import listing
from tprog.run.batch import encode
from tprog.run.execute import Hole, execute

STEPS = 1000
"""Steps at most, unless told otherwise."""

Ending: TypeAlias = Literal["stop", "steps", "length", "hole"]
"""Why a loop ends: the stop class came; it made as many steps as it might; no longer input fits; a hole was reached."""


@dataclass(frozen=True)
class Generated:
    """What a loop made of a prompt.

    Attributes:
        prompt: the tokens that it began with, its marks included.
        tokens: those that were appended; the stop class is none.
        ended: why it went no further.
        hole: the hole, if that is why.
    """

    prompt: tuple[str, ...]
    tokens: tuple[str, ...]
    ended: Ending
    hole: Hole | None = None


def generate(program: Program, prompt: Sequence[str], *, stop: str | None = None, steps: int = STEPS) -> Generated:
    """Feed a program its own last output, from a prompt on.

    Args:
        prompt: a whole input, its marks included.
        stop: the class that ends the loop; left out, the one that is no token, if there is one.
        steps: how many times the program is run, at most.

    Raises:
        BadUsage: the program cannot be looped: it is pooled, its inputs end in ``</s>``, or it may say what is neither
            a token nor the stop class; or the stop class is none of its classes.
        BadInput: it cannot take the prompt, or what it says next, such as a mark.
    """
    ending = _stop_of(program, stop)
    made = encode(program, [prompt]).words(program, 0)
    begun = len(made)
    for _ in range(steps):
        run = execute(program, encode(program, [made]))
        if hole := run.hole(0):
            return Generated(tuple(made[:begun]), tuple(made[begun:]), "hole", hole)
        said = run.spelled(0)[-1]
        if said == ending:
            return Generated(tuple(made[:begun]), tuple(made[begun:]), "stop")
        if len(made) == program.max_length:
            return Generated(tuple(made[:begun]), tuple(made[begun:]), "length")
        made.append(said)
    return Generated(tuple(made[:begun]), tuple(made[begun:]), "steps")


def _stop_of(program: Program, stop: str | None) -> str | None:
    """The class that ends a loop of the program, None if nothing but its length does."""
    if program.places.several:
        names = listing(program.outputs)
        raise BadUsage(f"the program has the outputs {names}: a loop goes on with the last output, and so needs one")
    if program.readout.pooled:
        raise BadUsage("the program is pooled, with one answer an input: there is no last output to go on with")
    if program.marks.ends:
        raise BadUsage(f"the inputs of the program end in {END!r}, so nothing can be appended to them")
    if stop is not None and stop not in program.classes:
        raise BadUsage(f"the stop class {stop!r} is not a class; expected one of {listing(program.classes)}")
    others = [name for name in program.classes if name not in program.vocabulary and name != stop]
    if stop is None and len(others) == 1:
        return others[0]
    if others:
        raise BadUsage(
            f"the program may say {listing(others)}, which {'are no tokens' if len(others) > 1 else 'is no token'} "
            "and so cannot be appended; a loop needs classes that are tokens, and one that stops it"
        )
    return stop
