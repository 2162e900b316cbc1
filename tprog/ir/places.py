"""Where the outcomes of an input lie: one place a position, and with several outputs as many places a position.

Places of one position stand side by side, in the order of the outputs, so that the place of an answer does not depend
on how wide a batch is. A pooled program has one place an input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

T = TypeVar("T")

ByOutput: TypeAlias = tuple[T, ...] | dict[str, tuple[T, ...]]
"""What there is of an answer, as `run` returns it: a row of one output; of several, output -> row."""


@dataclass(frozen=True)
class Places:
    """The places of a program's answers.

    Attributes:
        outputs: the names of what comes out.
        pooled: whether an input has one place.
    """

    outputs: tuple[str, ...]
    pooled: bool = False

    @property
    def several(self) -> bool:
        """Whether there are several outputs."""
        return len(self.outputs) > 1

    @property
    def each(self) -> int:
        """How many places a position has."""
        return len(self.outputs)

    def count(self, length: int) -> int:
        """How many places an input, or a batch, of so many positions has."""
        return 1 if self.pooled else length * len(self.outputs)

    def position(self, place: int) -> int:
        """The position of a place; 0 of a pooled program."""
        return place // len(self.outputs)

    def output(self, place: int) -> str | None:
        """The output of a place; None where there is only one, which needs no name."""
        return self.outputs[place % len(self.outputs)] if self.several else None

    def place(self, position: int, output: str | None = None) -> int:
        """The place of an output, which may be left out where there is one, at a position."""
        return position * len(self.outputs) + (0 if output is None else self.outputs.index(output))

    def said(self, place: int) -> str:
        """A place in words."""
        of = f" of {self.output(place)}" if self.several else ""
        return f"position {self.position(place)}{of}"

    def apart(self, row: Sequence[T]) -> ByOutput[T]:
        """What stands at the places of an input, as `run` returns it."""
        if not self.several:
            return tuple(row)
        return {name: tuple(row[at :: len(self.outputs)]) for at, name in enumerate(self.outputs)}

    def positions(self, places: Iterable[int]) -> ByOutput[int]:
        """Some places of an input as positions, of several outputs each one's own."""
        if not self.several:
            return tuple(places)
        found: dict[str, list[int]] = {name: [] for name in self.outputs}
        for place in places:
            found[self.outputs[place % len(self.outputs)]].append(self.position(place))
        return {name: tuple(of_it) for name, of_it in found.items()}

    def beside(self, answers: Sequence[T] | Mapping[str, Sequence[T]]) -> tuple[T, ...]:
        """What `run` returned, side by side: the other way round than `apart`.

        Raises:
            ValueError: outputs that are not those of the program, or rows of several lengths.
        """
        if not isinstance(answers, Mapping):
            if self.several:
                raise ValueError(f"one answer; expected one for each of the outputs {', '.join(self.outputs)}")
            return tuple(answers)
        if set(answers) != set(self.outputs):
            raise ValueError(f"answers for {', '.join(answers)}; expected them for {', '.join(self.outputs)}")
        rows = [answers[name] for name in self.outputs]
        return tuple(item for at_position in zip(*rows, strict=True) for item in at_position)


def by_output(answers: ByOutput[T]) -> list[tuple[str, tuple[T, ...]]]:
    """Output and row; the name is empty where there is one output alone."""
    return list(answers.items()) if isinstance(answers, dict) else [("", answers)]
