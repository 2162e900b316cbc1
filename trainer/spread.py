"""What the seeds of a row come to: how far the trials lie apart that differ in their seeds alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from tprog.escape import markdown_text
from tprog.files.run_folder import SEEDS
from trainer.lines import Line, varied
from trainer.record import HOW, Record


@dataclass(frozen=True)
class Spread:
    """The trials of a row that differ in their seeds alone, of which at least one is stored.

    Attributes:
        name, program_class: of the row.
        settings: those in which it differs from other spreads of its row, as text.
        records: of the trials that are done, by seed.
        failed: how many have failed.
    """

    name: str
    program_class: str
    settings: str
    records: tuple[Record, ...]
    failed: int

    @property
    def wrong(self) -> tuple[int, ...]:
        """Wrong inputs over the domain, or over the sample that stands for it, by seed."""
        return tuple(record.counts["domain"].wrong for record in self.records)

    @property
    def seconds(self) -> tuple[float, ...]:
        """CPU-seconds by seed. Of a run that was resumed, since then: see `resumed`."""
        return tuple(record.cpu_seconds or 0.0 for record in self.records)

    @property
    def resumed(self) -> bool:
        """Whether some CPU-seconds are not those of a whole run."""
        return any(record.resumed for record in self.records)

    @property
    def exact(self) -> int:
        """Trials without a wrong input."""
        return self.wrong.count(0)

    @property
    def inputs(self) -> int:
        """Inputs that were tried; 0 if nothing is done."""
        return self.records[0].counts["domain"].sequences if self.records else 0

    @property
    def exhaustive(self) -> bool:
        """Whether these are all inputs that there are, in every trial."""
        return all(record.counts["domain"].exhaustive for record in self.records)

    @property
    def how(self) -> dict[str, int]:
        """How many of the programs came about how, in the order of `trainer.record.HOW`; only what there is."""
        found = [record.how for record in self.records]
        return {word: found.count(word) for word in HOW if word in found}

    def to_mapping(self) -> dict[str, Any]:
        """The spread as JSON types; what nothing is known of is null."""
        done = bool(self.records)
        return {
            "name": self.name,
            "class": self.program_class,
            "settings": self.settings,
            "seeds": len(self.records),
            "failed": self.failed,
            "wrong": list(self.wrong),
            "best": min(self.wrong) if done else None,
            "median": median(self.wrong) if done else None,
            "worst": max(self.wrong) if done else None,
            "exact": self.exact,
            "inputs": self.inputs,
            "exhaustive": self.exhaustive,
            "how": self.how,
            "cpu_seconds": list(self.seconds),
            "cpu_seconds_median": median(self.seconds) if done else None,
            "cpu_seconds_worst": max(self.seconds) if done else None,
            "resumed": self.resumed,
        }


def spreads(lines: Iterable[Line]) -> tuple[Spread, ...]:
    """The spreads of what is stored, in the order of the grids."""
    kept = list(lines)
    differing = varied(kept, SEEDS)
    groups: dict[tuple[str, str, str], list[Line]] = {}
    for line in kept:
        keys = differing[line.name, line.program_class]
        told = json.dumps([line.record.kind, *(line.record.settings.get(key) for key in keys)])
        groups.setdefault((line.name, line.program_class, told), []).append(line)
    return tuple(_spread(found, differing[name, row]) for (name, row, _), found in groups.items())


def _spread(lines: list[Line], differing: list[str]) -> Spread:
    records = [line.record for line in lines]
    done = [record for record in records if record.status == "done" and "domain" in record.counts]
    return Spread(
        lines[0].name,
        lines[0].program_class,
        ", ".join(f"{key} = {records[0].settings.get(key)}" for key in differing),
        tuple(sorted(done, key=lambda record: tuple(record.settings.get(key) or 0 for key in SEEDS))),
        sum(record.status == "failed" for record in records),
    )


# Tables ###############################################################################################################

COLUMNS = (
    "name",
    "class",
    "settings",
    "seeds",
    "best",
    "median",
    "worst",
    "inputs",
    "exact",
    "CPU s",
    "worst CPU s",
    "how",
    "failed",
)
"""``best``, ``median`` and ``worst`` are wrong inputs of all that there are, or of a sample (``~``)."""

NUMBERS = ("seeds", "best", "median", "worst", "inputs", "exact", "CPU s", "worst CPU s", "failed")


def cells(found: Iterable[Spread]) -> list[tuple[str, ...]]:
    """The cells of a table with one line a spread, by `COLUMNS`."""
    return [_cells(spread) for spread in found]


def _cells(spread: Spread) -> tuple[str, ...]:
    row = (spread.name, spread.program_class, spread.settings, str(len(spread.records)))
    failed = str(spread.failed or "")
    if not spread.records:
        return (*row, *["-"] * 7, "", failed)
    about, since = "" if spread.exhaustive else "~", "+" if spread.resumed else ""
    return (
        *row,
        f"{min(spread.wrong):,}",
        f"{median(spread.wrong):,}".removesuffix(".0"),
        f"{max(spread.wrong):,}",
        f"{about}{spread.inputs:,}",
        f"{about}{spread.exact} of {len(spread.records)}",
        f"{median(spread.seconds):.1f}{since}",
        f"{max(spread.seconds):.1f}{since}",
        ", ".join(f"{count} {word}" for word, count in spread.how.items()),
        failed,
    )


def markdown(found: Iterable[Spread]) -> str:
    """The same table in Markdown."""
    rows = [[markdown_text(cell) for cell in row] for row in cells(found)]
    rule = ["---:" if column in NUMBERS else "---" for column in COLUMNS]
    return "".join(f"| {' | '.join(row)} |\n" for row in ([*COLUMNS], rule, *rows))
