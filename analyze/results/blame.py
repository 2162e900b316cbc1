"""What `blame` found: the account of a prediction, and the edits that mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from analyze.record import Plain, Result
from analyze.results.checked import Checked


@dataclass(frozen=True)
class Share:
    """One variable's exact share in the logit gap, as a fraction in text and as a float.

    Attributes:
        value: the variable's value there (pooled: None, as all positions share).
        expected_logit, predicted_logit: what it adds to the two classes.
        gap: the first less the second.
    """

    variable: str
    value: Plain | None
    line: int | None
    expected_logit: str
    predicted_logit: str
    gap: str
    gap_float: float


@dataclass(frozen=True)
class Account:
    """The logit gap between two classes, split by variable; the shares add up to `gap` exactly.

    Attributes:
        expected: the right class; for a right prediction, the class predicted.
        predicted: the class predicted; for a right prediction, the runner-up.
        gap: logit of `expected` less logit of `predicted`, as a fraction in text.
        shares: sorted from the most harmful to `expected` to the most helpful.
    """

    expected: str
    predicted: str
    gap: str
    gap_float: float
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Candidate:
    """An edit of one entry that makes the prediction right.

    Attributes:
        entry: the entry in words; node, part and at name it.
        line: where it stands.
        edit: the change in words.
        kind: predicate, lookup, embedding, wiring or readout.
        mended, broken, net: predictions over the inputs with known answers that it makes right, makes wrong, and the
            difference.
        restores: whether no prediction is wrong any more over those inputs.
        size: 1 for one key, cell or word, 2 for a wiring, the change of the logit weight for the readout.
        diff: the change of the source, or empty.
    """

    entry: str
    node: str
    part: str
    at: tuple[Plain, ...]
    line: int | None
    edit: str
    kind: Literal["predicate", "lookup", "embedding", "wiring", "readout"]
    mended: int
    broken: int
    net: int
    restores: bool
    size: float
    diff: str


@dataclass(frozen=True)
class Dependence:
    """An entry that a prediction reaches.

    Attributes:
        matters: whether some single edit of it alone changes this prediction.
        change: the first such edit, in words, or empty.
    """

    entry: str
    node: str
    part: str
    at: tuple[Plain, ...]
    line: int | None
    matters: bool
    change: str


@dataclass(frozen=True)
class BlameResult(Result):
    """Why the prediction at one position is what it is.

    Attributes:
        position: None for the one prediction of a pooled program.
        expected: the right class, None if it is not known.
        predicted: None at a hole.
        right: whether they are equal.
        wrong: all wrong positions of the input as (position, expected, predicted).
        account: the logit gap; None at a hole, or with a single class.
        mending: how many single edits mend the prediction: of one key, cell, word, read, mask or weight; where there is
            none of these, of one row, each with the fewest changed keys.
        candidates: the best of them, in order; exact figures.
        proven: whether no other of these edits ranks above the last candidate; if not, those that did best on a part of
            the inputs were chosen, and counted on all. Without candidates, whether no edit at all of a single entry
            mends (if right: whether none at all of a dependence that does not matter changes the prediction); if not,
            rows of several keys, or numbers that a lookup does not answer yet, are left.
        dependences: for a right prediction, the entries it reaches, in execution order; else empty.
        checked: the inputs over which mended and broken are counted.
        wrong_before: wrong predictions over those inputs before any edit.
    """

    verb: ClassVar[str] = "blame"

    program: str
    tokens: tuple[str, ...]
    position: int | None
    expected: str | None
    predicted: str | None
    right: bool
    hole: str | None
    wrong: tuple[tuple[int | None, str, str | None], ...]
    account: Account | None
    mending: int
    candidates: tuple[Candidate, ...]
    proven: bool
    dependences: tuple[Dependence, ...]
    checked: Checked
    wrong_before: int
