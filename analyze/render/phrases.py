"""Words that renderers share: counts, evidence, inputs and outputs as people type them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyze.results.checked import Checked
from tprog.escape import spelled
from tprog.ir.places import ByOutput, by_output
from tprog.listing import counted as counted
from tprog.listing import every_one as every_one
from tprog.text.tokens import show_tokens

LONG = 200
"""Characters after which a value in a table is cut."""


def shorten(text: str, limit: int = LONG) -> str:
    """The text, its end cut where it is too long."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def as_called(text: str, noun: str) -> str:
    """A text of ours that speaks of inputs, where one of them is called `noun`."""
    if noun == "input":
        return text
    return re.sub(r"\b([Ii])nput(?=s?\b)", lambda found: noun if found[1] == "i" else noun.capitalize(), text)


def evidence(checked: Checked) -> str:
    return f"checked on {checked.description}" + ("" if checked.exhaustive else ", so this is no proof")


def typed(tokens: Sequence[str], spaced: bool) -> str:
    """An input or output as a person types it; one without symbols as its marks."""
    return show_tokens(tokens, spaced) or spelled(" ".join(tokens))


def answered(
    answers: ByOutput[str | None], where: ByOutput[str | None], spaced: bool, differ: ByOutput[int] = ()
) -> str:
    """The answers at the positions where something stands in `where`, together as an output is read.

    Args:
        differ: positions; of several outputs those alone are shown that have some, if any has.
    """
    told = {name for name, at in by_output(differ) if at}
    found = []
    for (name, row), (_, counts) in zip(by_output(answers), by_output(where), strict=True):
        if told and name not in told:
            continue
        shown = (
            "-" if answer is None else answer for answer, there in zip(row, counts, strict=True) if there is not None
        )
        found.append(named(name, spelled((" " if spaced else "").join(shown))))
    return "; ".join(found)


def named(output: str, what: str) -> str:
    """What there is of an output, after its name where there are several."""
    return f"{output}: {what}" if output else what


def positions_said(positions: ByOutput[int]) -> str:
    """Positions, of several outputs after the name of each that has any."""
    return "; ".join(named(name, ", ".join(map(str, row))) for name, row in by_output(positions) if row)
