"""Tags that tell spans, in the schemes IOB, IOB2 and BIOES, read as IOB2.

In IOB a span begins with ``I-`` unless one of its type ends right before it; in IOB2 every span begins with ``B-``;
in BIOES it ends in ``E-``, and one of a single word is ``S-`` (``L-`` and ``U-`` are the same in other letters). A tag
that cannot stand where it does, such as ``I-PER`` behind ``O`` in IOB2, is a *broken transition*: it is counted, and
read by the rule of the CoNLL scorer (conlleval): a span begins where its type does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

IOB, IOB2, BIOES = "IOB", "IOB2", "BIOES"

OUTSIDE = "O"

_TAG = re.compile(r"([BIESLU])-(.+)", re.DOTALL)
_ENDS = {"L": "E", "U": "S"}


@dataclass(frozen=True)
class ReadTags:
    """The tags of a corpus as IOB2.

    Attributes:
        scheme: in which they were written.
        broken: transitions that it does not have.
        rows: the tags of each sentence, in IOB2.
    """

    scheme: str
    broken: int
    rows: tuple[tuple[str, ...], ...]


def is_span_tag(tag: str) -> bool:
    """Whether a tag is of a scheme for spans: ``O``, or a letter, ``-`` and a type."""
    return tag == OUTSIDE or _TAG.fullmatch(tag) is not None


def parts(tag: str) -> tuple[str, str]:
    """The letter of a tag, `E` and `S` for `L` and `U`, and its type; ``O`` and whatever is no tag: ("O", "")."""
    found = _TAG.fullmatch(tag)
    return (OUTSIDE, "") if found is None else (_ENDS.get(found[1], found[1]), found[2])


def read_tags(rows: Sequence[Sequence[str]]) -> ReadTags:
    """Rows of tags, all of them `is_span_tag`, as IOB2."""
    letters = {parts(tag)[0] for tags in rows for tag in tags}
    if letters & {"E", "S"}:
        return ReadTags(BIOES, sum(map(_broken_bioes, rows)), tuple(map(_as_iob2, rows)))
    begun = sum(1 for tags in rows for letter, _, inside in _looked_at(tags) if letter == "I" and not inside)
    needless = any(letter == "B" and not same for tags in rows for letter, same, _ in _looked_at(tags))
    if begun and not needless:
        return ReadTags(IOB, 0, tuple(map(_as_iob2, rows)))
    return ReadTags(IOB2, begun, tuple(map(_as_iob2, rows)))


def _looked_at(tags: Sequence[str]) -> Iterator[tuple[str, bool, bool]]:
    """Of each tag: its letter, whether a span of its type stands right before it, and whether it can go on."""
    before = (OUTSIDE, "")
    for tag in tags:
        letter, kind = parts(tag)
        same = letter != OUTSIDE and before[1] == kind
        yield letter, same, same and before[0] in "BI"
        before = (letter, kind)


def _as_iob2(tags: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        tag if letter == OUTSIDE else f"{'I' if letter in 'IE' and inside else 'B'}-{parts(tag)[1]}"
        for tag, (letter, _, inside) in zip(tags, _looked_at(tags), strict=True)
    )


def _broken_bioes(tags: Sequence[str]) -> int:
    """Tags that go on with no span, and spans that do not end, in BIOES."""
    broken, is_open = 0, False
    for letter, _, inside in _looked_at(tags):
        broken += not inside if letter in ("I", "E") else is_open
        is_open = letter in ("B", "I")
    return broken + is_open
