"""What `blame` found: the account of a prediction, and the edits that mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from analyze.record import UNTOLD, WHERE_TOLD, Record, Result
from analyze.results.checked import Checked
from analyze.results.edit_text import becomes
from analyze.results.source import AnnotatedSource
from tprog.ir.provenance import SourceLine
from tprog.ir.values import Value
from tprog.text.tokens import JOINED, Spacing


@dataclass(frozen=True)
class Share:
    """One variable's exact share in the logit gap, as a fraction in text and as a float.

    Attributes:
        value: the variable's value there (pooled: None, as all positions share).
        expected_logit, predicted_logit: what it adds to the two classes.
        gap: the first less the second.
    """

    variable: str
    value: Value | None
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
class Fired:
    """A row that fired on the way to a value that came out.

    Attributes:
        entry: in words.
        position: where its node asked it.
        value: what the node yielded there.
        line: where the row stands.
    """

    entry: str
    node: str
    position: int
    value: Value
    line: int | None


@dataclass(frozen=True)
class Candidate(Record):
    """An edit of one entry that makes the prediction right.

    Attributes:
        entry: the entry in words; node, part, at and clause name it (see `tprog.ir.entry.Entry`).
        line: where it stands.
        edit: the change in words.
        kind: predicate, lookup, embedding, wiring or readout.
        mended, broken, net: predictions over the inputs with known answers that it makes right, makes wrong, and the
            difference.
        restores: whether no prediction is wrong any more over those inputs.
        size: 1 for one key, cell or word, 2 for a wiring, the change of the logit weight for the readout.
        diff: the change of the source, or empty.
        verified: what it mends and breaks of the inputs that edits are verified on, if there are such.
        becomes: of `edit`, what the entry becomes; JSON tells it there.
    """

    entry: str
    node: str
    part: str
    at: tuple[Value, ...]
    line: int | None
    edit: str
    kind: Literal["predicate", "lookup", "embedding", "linear", "wiring", "readout"]
    mended: int
    broken: int
    net: int
    restores: bool
    size: float
    diff: str
    clause: tuple[int, int] | None = field(default=None, kw_only=True)
    verified: tuple[int, int] | None = field(default=None, kw_only=True, metadata=WHERE_TOLD)
    becomes: str = field(kw_only=True, metadata=UNTOLD)

    @classmethod
    def restored(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "becomes": becomes(fields["edit"], (fields["entry"], fields["node"]))}


@dataclass(frozen=True)
class Dependence(Record):
    """An entry that a prediction reaches.

    Attributes:
        matters: whether some single edit of it alone changes this prediction; of a wrong prediction: makes it right.
        change: the first such edit, in words, or empty.
        becomes: of `change`, what stands beside the entry; JSON tells it there.
    """

    entry: str
    node: str
    part: str
    at: tuple[Value, ...]
    line: int | None
    matters: bool
    change: str
    clause: tuple[int, int] | None = field(default=None, kw_only=True)
    becomes: str = field(kw_only=True, metadata=UNTOLD)

    @classmethod
    def restored(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "becomes": becomes(fields["change"], (fields["entry"],))}


@dataclass(frozen=True)
class Suspect(Record):
    """What would explain the failures best where no single edit mends them all: one edit, several of one node, or
    another head in the place of a node.

    Attributes:
        node: its name, or ``readout``.
        line: where the first of the entries stands.
        entries: (node, part, at) of each entry that is changed, the one that matters most first.
        edits: the changes in words.
        mended, broken, net: predictions of the inputs looked at.
        price: what it is charged for its size, in predictions: 1 an entry, 2 a wiring, 3 a head.
        mends: whether the prediction in question becomes right.
        diff: the change of the source, or empty.
        becomes: of `edits`, which entry of the node becomes what; JSON tells it there.
    """

    node: str
    line: int | None
    entries: tuple[tuple[str, str, tuple[Value, ...]], ...]
    edits: tuple[str, ...]
    mended: int
    broken: int
    net: int
    price: int
    mends: bool
    diff: str
    becomes: tuple[str, ...] = field(kw_only=True, metadata=UNTOLD)

    @classmethod
    def restored(cls, fields: dict[str, Any]) -> dict[str, Any]:
        node = fields["node"]
        within = [edit.removeprefix(f"{node}, ") for edit in fields["edits"]]
        return {**fields, "becomes": tuple(becomes(edit, (node,)) for edit in within)}


@dataclass(frozen=True)
class BlameResult(Result):
    """Why the prediction at one position is what it is.

    Attributes:
        position: None for the one prediction of a pooled program.
        output: of several outputs, the one that it is of.
        expected: the right class, None if it is not known.
        predicted: None at a hole.
        right: whether they are equal.
        wrong: all wrong positions of the input as (position, expected, predicted).
        wrong_outputs: of several outputs, that of each of these.
        account: the logit gap; None at a hole, with a single class, or without a readout.
        chain: without a readout the account: the rows that fired, from the tokens to the value that came out.
        mending: how many single edits mend the prediction: of one key, cell, word, read, mask or weight; where there is
            none of these, of one row, each with the fewest changed keys.
        candidates: the best of them, in order; exact figures.
        proven: whether no other of these edits ranks above the last candidate; if not, those that did best on a part of
            the inputs were chosen, and counted on all. Without candidates, whether no edit at all of a single entry
            mends (if right: whether none at all of a dependence that does not matter changes the prediction); if not,
            rows of several keys, or numbers that a lookup does not answer yet, are left.
        dependences: the dynamic slice: the entries it reaches, in execution order.
        suspects: by net effect less price, where no candidate restores all and it was looked for; else empty.
        looked_at: the inputs on which suspects were compared; 0 where none were looked for.
        checked: the inputs over which mended and broken are counted.
        wrong_before: wrong predictions over those inputs before any edit.
        source: the module with the slice and the candidates in its margin, if it was asked for.
        sources: where the nodes of a written program were written.
    """

    verb: ClassVar[str] = "blame"
    schema_version: ClassVar[int] = 2

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
    suspects: tuple[Suspect, ...] = ()
    looked_at: int = 0
    source: AnnotatedSource | None = None
    spaced: Spacing = JOINED
    chain: tuple[Fired, ...] = ()
    sources: tuple[SourceLine, ...] = ()
    output: str | None = field(default=None, metadata=WHERE_TOLD)
    wrong_outputs: tuple[str, ...] = field(default=(), metadata=WHERE_TOLD)


@dataclass(frozen=True)
class Bucket:
    """Failing inputs with the same top blamed entry.

    Attributes:
        entry: in words; None: no small edit makes the first wrong prediction of these right.
        inputs: how many there are.
        examples: some of them, as tokens.
    """

    entry: str | None
    node: str | None
    line: int | None
    inputs: int
    examples: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class VerifiedOn:
    """Inputs beside those that edits were looked for on.

    Attributes:
        wrong: wrong predictions there, without any edit.
    """

    checked: Checked
    wrong: int


@dataclass(frozen=True)
class BlameAllResult(Result):
    """Which entries are to blame for the failures of a program.

    Attributes:
        wrong_inputs, wrong: inputs with a wrong prediction, and wrong predictions.
        searched: how many of these inputs edits were looked for on; all, or as many, evenly spread.
        tried: how many edits make any of their predictions right.
        unmended: of the inputs searched, those whose first wrong prediction no edit of one key, cell, word, read, mask
            or weight makes right.
        entries: the best edit of each entry, by net effect, as `BlameResult.candidates` are ordered; those without a
            net gain are left out.
        buckets: the inputs searched by their top blamed entry: that of the best edit that makes their first wrong
            prediction right.
        proven: whether no other edit ranks above the last of `entries`, and above the top one of any bucket; if not,
            those that did best on a part of the inputs were chosen, and counted on all.
        source: the module with the failures that each line's best edit mends in its margin, if it was asked for.
        spaced: how inputs and answers are shown.
        sources: where the nodes of a written program were written.
        verified_on: the inputs, others than those, on which each of `entries` was counted as well; and how many
            predictions are wrong there.
    """

    verb: ClassVar[str] = "blame-all"
    schema_version: ClassVar[int] = 2

    program: str
    checked: Checked
    wrong_inputs: int
    wrong: int
    searched: int
    tried: int
    unmended: int
    entries: tuple[Candidate, ...]
    buckets: tuple[Bucket, ...]
    proven: bool
    source: AnnotatedSource | None = None
    spaced: Spacing = JOINED
    sources: tuple[SourceLine, ...] = ()
    verified_on: VerifiedOn | None = field(default=None, metadata=WHERE_TOLD)
