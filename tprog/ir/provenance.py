"""What a Program says of where it comes from, as far as more than one module must know it.

A provenance is pairs of a key and a text. Some say how good the program was when it was made. A change of it takes such
a figure from the program as it is to the program that it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tprog.errors import BadProgram
from tprog.escape import half_a_pair

ROUNDING = "rounding"
"""The key of what rounding the weights of the readout has changed."""

_ACCURACY = " accuracy"


@dataclass(frozen=True)
class SourceLine:
    """Where a node of a written program was written.

    Attributes:
        node: its name.
        file: what the text stands in: the name of a file, or what else says where it is.
        line: the line there, from 1.
        text: what stands there.
    """

    node: str
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def accuracy_key(split: str) -> str:
    """The key of the accuracy on a split of the inputs."""
    return split + _ACCURACY


def is_measured(key: str) -> bool:
    """Whether a key is that of a figure which was measured on the program's predictions."""
    return key == ROUNDING or key.endswith(_ACCURACY)


def measured_before(provenance: Iterable[tuple[str, str]], what: str) -> tuple[tuple[str, str], ...]:
    """The provenance of a program after a change, which names its measured figures as those before it.

    Args:
        what: the change, in a word or two that a key may hold.
    """
    return tuple((f"{key} before {what}" if is_measured(key) else key, text) for key, text in provenance)


def check_told(task: str | None, provenance: Iterable[tuple[str, str]]) -> None:
    """Refuse what a Program cannot say of itself: it may be any text, which every writer quotes.

    Raises:
        BadProgram: it is no text, or none that a file can hold.
    """
    if task is not None and (type(task) is not str or not task):
        raise BadProgram(f"the task is {task!r}; expected a text that names it, or none")
    texts = [] if task is None else [("the task", task)]
    for pair in provenance:
        if len(pair) != 2 or any(type(text) is not str for text in pair):
            raise BadProgram(f"provenance {pair!r}; expected two texts, a key and what it says")
        texts += [("the provenance", text) for text in pair]
    if half := next((each for each in texts if half_a_pair(each[1])), None):
        raise BadProgram(f"{half[1]!r} in {half[0]} has half of a surrogate pair, which no file in UTF-8 can hold")


def check_sources(sources: Sequence[SourceLine], nodes: Sequence[str]) -> None:
    """Refuse source lines but one for each of some nodes, in their order.

    Args:
        nodes: the names of all, in execution order.

    Raises:
        BadProgram: the message names the node.
    """
    order = {name: place for place, name in enumerate(nodes)}
    for source in sources:
        if source.node not in order:
            raise BadProgram(f"the source line {str(source)!r} is of {source.node!r}, which is no node")
        texts = (source.file, source.text)
        if any(type(text) is not str for text in texts) or not source.file:
            raise BadProgram(f"the source line of {source.node!r} is {texts!r}; expected a file's name and a text")
        if type(source.line) is not int or source.line < 1:
            raise BadProgram(f"the source line of {source.node!r} is line {source.line!r}; expected a number from 1")
        if half := next(filter(half_a_pair, texts), None):
            raise BadProgram(f"{half!r} in the source line of {source.node!r} has half of a surrogate pair")
    for one, other in pairwise(sources):
        if order[one.node] >= order[other.node]:
            raise BadProgram(
                f"the source line of {other.node!r} stands behind that of {one.node!r}; expected one a node, in order"
            )
