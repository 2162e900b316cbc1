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
from tprog.run.execute import Execution, Hole, execute
from tprog.run.pieces import pieces_of

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
        last: what it said when it ended, which was not appended; None where it said nothing more.
    """

    prompt: tuple[str, ...]
    tokens: tuple[str, ...]
    ended: Ending
    hole: Hole | None = None
    last: str | None = None

    @property
    def said(self) -> tuple[str, ...]:
        """All that it said, the stop class and what did not fit included."""
        return self.tokens if self.last is None else (*self.tokens, self.last)

    def prefix(self, step: int) -> tuple[str, ...]:
        """The input of a step, from 0."""
        return (*self.prompt, *self.tokens[:step])


def generate(program: Program, prompt: Sequence[str], *, stop: str | None = None, steps: int = STEPS) -> Generated:
    """Feed a program its own last output, from a prompt on.

    Args:
        prompt: a whole input, its marks included.
        stop: the class that ends the loop; left out, the one that is no token, if there is one.
        steps: how many times the program is run, at most.

    Raises:
        BadUsage: the program cannot be looped: it is pooled, has several outputs, its inputs end in ``</s>``, or it may
            say what is neither a token nor the stop class; or the stop class is none of its classes.
        BadInput: it cannot take the prompt, or what it says next, such as a mark.
    """
    return generate_all(program, [prompt], stop=stop, steps=steps)[0]


def generate_all(
    program: Program, prompts: Sequence[Sequence[str]], *, stop: str | None = None, steps: int = STEPS
) -> list[Generated]:
    """The same from many prompts, whose steps are executed together; see `generate`."""
    ending = stop_of(program, stop)
    made = [_read(program, prompt) for prompt in prompts]
    begun = [len(tokens) for tokens in made]
    done: dict[int, tuple[Ending, Hole | None, str | None]] = {}
    for _ in range(steps):
        going = [at for at in range(len(made)) if at not in done]
        if not going:
            break
        for rows, piece in pieces_of(program, encode(program, [made[at] for at in going])):
            run = execute(program, piece)
            for row, at in enumerate(going[rows]):
                if (how := _step(run, row, made[at], ending)) is not None:
                    done[at] = how
    found = []
    for at, tokens in enumerate(made):
        ended, hole, last = done.get(at, ("steps", None, None))
        found.append(Generated(tuple(tokens[: begun[at]]), tuple(tokens[begun[at] :]), ended, hole, last))
    return found


def _read(program: Program, prompt: Sequence[str]) -> list[str]:
    return encode(program, [prompt]).words(program, 0)


def _step(
    run: Execution, row: int, tokens: list[str], ending: str | None
) -> tuple[Ending, Hole | None, str | None] | None:
    """Append what comes out last; or how the loop ends, and what it said then."""
    if hole := run.hole(row):
        return "hole", hole, None
    # The last token is a symbol, so its output is never forced.
    said = run.program.classes[run.predictions[row, len(tokens) - 1]]
    if said == ending:
        return "stop", None, said
    if len(tokens) == run.program.max_length:
        return "length", None, said
    tokens.append(said)
    return None


def stop_of(program: Program, stop: str | None) -> str | None:
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
