"""What an edit says that its entry becomes, where JSON has only the whole sentence."""

from __future__ import annotations

from collections.abc import Iterable


def becomes(said: str, subjects: Iterable[str]) -> str:
    """The rest of what an edit says, without the entry or the node that it begins with.

    Only for records that come from JSON, whose schema has the sentence alone; edits themselves are asked
    (`tprog.edits.change.Change.becomes`).
    """
    for subject in subjects:
        if said.startswith(f"{subject}: "):
            return said.removeprefix(f"{subject}: ")
    return said
