"""The help page of a verb: PROGRAM first, the verb's own options, then those that all verbs share, in one order."""

from __future__ import annotations

import re
from typing import Any

from cli.values import Command

ASKED, OUTPUT = "Which inputs, and what is right", "Output"

SHARED: dict[str, tuple[str, ...]] = {
    "Arguments": ("program",),
    ASKED: ("task", "columns", "weights", "vocabulary", "length", "sample", "seed"),
    OUTPUT: ("file", "as_json", "force", "color"),
}
"""Heading -> the options that stand under it in every verb, by the names of their parameters, in this order."""

_BOUND = re.compile(r"-?[0-9.]+<=?x|x[<>]=?-?[0-9.]+|-?[0-9.]+<=?x<=?-?[0-9.]+")


class Verb(Command):
    """A verb with such a page, in plain text."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The arguments, then ``[OPTIONS]``, as they are typed."""
        options, *arguments = super().collect_usage_pieces(ctx)
        return [piece.strip("{}") for piece in arguments] + [options]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then the options, heading by heading."""
        groups: dict[str, list[tuple[int, tuple[str, str]]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            if (record := parameter.get_help_record(ctx)) is not None:
                heading, place = _place(parameter)
                groups.setdefault(heading, []).append((place, _plain(parameter, record)))
        last = [heading for heading in SHARED if heading != "Arguments"]
        for heading in sorted(groups, key=lambda heading: last.index(heading) if heading in last else -1):
            if rows := groups[heading]:
                with formatter.section(heading):
                    formatter.write_dl([record for _, record in sorted(rows, key=lambda row: row[0])])


def _place(parameter: Any) -> tuple[str, int]:
    """The heading under which a parameter stands, and its place there; those of equal place keep their order."""
    if (panel := getattr(parameter, "rich_help_panel", None)) is not None:
        return str(panel), 0
    if parameter.param_type_name == "argument":
        return "Arguments", -1
    for heading, names in SHARED.items():
        if parameter.name in names:
            return heading, names.index(parameter.name)
    return ("Options", 1) if parameter.name != "help" else (OUTPUT, len(SHARED[OUTPUT]))


def _plain(parameter: Any, record: tuple[str, str]) -> tuple[str, str]:
    """A row of the page without what typer adds: the Python type of an argument, bounds, and brackets in brackets."""
    name, text = record
    if parameter.param_type_name == "argument":
        name = name.partition(" <")[0]
    said, bracket, more = text.rpartition("  [")
    if not bracket:
        return name, text
    kept = [part for part in more.removesuffix("]").split("; ") if not _BOUND.fullmatch(part)]
    told = re.sub(r"^default: \((.*)\)$", r"default: \1", "; ".join(kept))
    return name, f"{said}  [{told}]" if told else said
