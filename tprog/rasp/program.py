"""A RASP program: its outputs, each an s-op with a name, in one dialect; and a program that runs in a loop.

Several s-ops make one program, because they may share what they read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tprog.errors import BadInput, BadUsage
from tprog.listing import shortened
from tprog.rasp.calls import Calls
from tprog.rasp.evaluate import Run, is_causal
from tprog.rasp.expressions import (
    Constant,
    Expression,
    Indices,
    SOp,
    Tokens,
    in_order,
)
from tprog.rasp.failures import Budget
from tprog.rasp.functions import Dialect, at
from tprog.rasp.values import Value, settled, spelled_value

if TYPE_CHECKING:
    from pathlib import Path

    from tprog.ir.program import Program

MOST_STEPS = 10_000
"""Tokens that a loop may append."""


@dataclass(frozen=True, eq=False)
class RaspProgram:
    """What a program computes, as one or several named outputs.

    Attributes:
        outputs: name -> s-op, in order.
        title: what it is called, or None; of a source file its stem.
        loop: how the program is run on to its own outputs, or None.
    """

    outputs: tuple[tuple[str, SOp], ...]
    title: str | None = None
    loop: Loop | None = None

    def __post_init__(self) -> None:
        if not self.outputs:
            raise BadUsage("a program needs at least one output")
        names = [name for name, _ in self.outputs]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise BadUsage(f"two outputs are called {twice!r}; expected different names")
        for name, sop in self.outputs:
            if not isinstance(sop, SOp):
                raise BadUsage(f"the output {name!r} is {shortened(sop)}; expected an s-op")
            if sop.dialect is not self.dialect:
                raise BadUsage(
                    f"{at(sop.where)}the output {name!r} is of {sop.dialect}, and another of {self.dialect}; "
                    "expected one dialect"
                )

    @property
    def dialect(self) -> Dialect:
        """The language that it is written in."""
        return self.outputs[0][1].dialect

    def nodes(self) -> list[Expression]:
        """All expressions, each once, what is read before what reads it."""
        return in_order(sop for _, sop in self.outputs)

    def run(
        self,
        tokens: Sequence[object],
        causal: bool | None = None,
        budget: Budget | None = None,
        calls: Calls | None = None,
    ) -> dict[str, list[Value]]:
        """Output -> [position] its values on one input; arguments and errors as those of `evaluate` and `Run`."""
        run = Run(tokens, is_causal(self.dialect, causal), budget, calls)
        return {name: run.values(sop) for name, sop in self.outputs}

    def to_program(
        self,
        vocabulary: Sequence[object],
        length: int,
        causal: bool | None = None,
        output: str | Sequence[str] | None = None,
    ) -> Program:
        """The Program that computes the same on all inputs; arguments and errors as `tprog.rasp.lower.lowered`."""
        from tprog.rasp.lower import lowered  # which reads programs

        return lowered(self, vocabulary, length, causal, output)

    def to_module(
        self,
        path: Path | str,
        vocabulary: Sequence[object],
        length: int,
        causal: bool | None = None,
        output: str | Sequence[str] | None = None,
    ) -> Program:
        """Write that Program as a module, which needs nothing but Python; the rest as `to_program`.

        Raises:
            BadFile: it cannot be written, or a file that is no such module stands there.
        """
        from pathlib import Path

        from tprog.files.beside import write_together
        from tprog.text.emit import emit

        made, file = self.to_program(vocabulary, length, causal, output), Path(path)
        written = emit(made, file.stem)
        write_together(file, written.text, written.side)
        return made

    @property
    def length(self) -> int:
        """Its length in operations: how many expressions there are that compute, shared ones counted once.

        Tokens, indices and constants compute nothing.
        """
        return sum(not isinstance(node, (Tokens, Indices, Constant)) for node in self.nodes())


def program_of(*sops: SOp, title: str | None = None) -> RaspProgram:
    """The program whose outputs these are, called by their names, else ``output``, ``output_2``, ...

    Raises:
        BadUsage: there is none, two have one name, or their dialects differ.
    """
    taken: list[str] = []
    for sop in sops:
        if not isinstance(sop, SOp):
            raise BadUsage(f"found {shortened(sop)}; expected an s-op")
        number = len(taken) + 1
        taken.append(sop.name or ("output" if number == 1 else f"output_{number}"))
    return RaspProgram(tuple(zip(taken, sops, strict=True)), title)


@dataclass(frozen=True)
class Loop:
    """A loop over single steps: the last value of the first output is appended to the input until a stop comes.

    Attributes:
        stop: the value that ends it; it is appended too.
        most: how many values are appended at most.
    """

    stop: Value
    most: int = 1000

    def __post_init__(self) -> None:
        object.__setattr__(self, "stop", settled(self.stop))
        if not 1 <= self.most <= MOST_STEPS:
            raise BadUsage(f"a loop of at most {self.most:,} steps; expected 1 to {MOST_STEPS:,}")


class NoStop(BadInput):
    """A loop did not come to its stop."""


def generated(program: RaspProgram, prompt: Sequence[object], causal: bool | None = True) -> list[Value]:
    """What a program appends to a prompt, the stop included.

    Args:
        causal: whether each step is evaluated so; the last value is the same with the mask and without it only where
            each selector's rows are.

    Raises:
        BadUsage: the program has no loop.
        NoStop: the stop does not come in time.
        Failed, BadInput: as `evaluate`.
    """
    if program.loop is None:
        raise BadUsage("the program does not run in a loop; expected one that names its stop")
    (_, sop), calls = program.outputs[0], Calls()
    tokens, causal = list(prompt), is_causal(program.dialect, causal)
    while len(tokens) - len(prompt) < program.loop.most:
        tokens.append(Run(tokens, causal, calls=calls).values(sop)[-1])
        if tokens[-1] == program.loop.stop:
            return list(map(settled, tokens[len(prompt) :]))
    raise NoStop(
        f"{program.loop.most:,} values were appended, and none is the stop {spelled_value(program.loop.stop)}; "
        "expected it before"
    )
