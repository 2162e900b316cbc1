"""A module with responsibility in its margin: what blame found, line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyze.results.blame import Bucket, Candidate, Dependence
from analyze.results.source import AnnotatedSource, Mark, SourceLine
from tprog.text.syntax import python_lines


def annotate_prediction(
    path: str, text: str, candidates: Sequence[Candidate], dependences: Sequence[Dependence], right: bool
) -> AnnotatedSource:
    """The module, with the lines that one prediction consults lit, and those whose edit would mend it marked.

    Args:
        right: whether the prediction is: then the lines are told apart that alone can change it.
    """
    marks: dict[int, Mark] = {}
    margins: dict[int, str] = {}
    for found in dependences:
        if found.line is not None and marks.get(found.line) != "lit":
            marks[found.line] = "part" if right and not found.matters else "lit"
    for candidate in reversed(candidates):  # so that the best edit of a line is noted last
        if candidate.line is not None:
            marks[candidate.line], margins[candidate.line] = "bad", f"{candidate.net:+d}"
    legend: tuple[tuple[Mark, str], ...] = (
        (("lit", "a single edit here changes the prediction"), ("part", "the prediction depends on it"))
        if right
        else (
            ("bad", "an edit here makes the prediction right; beside it, what it mends less what it breaks"),
            ("lit", "the prediction depends on it"),
        )
    )
    return _source(path, text, "" if right else "net", legend, marks, margins)


def annotate_all(path: str, text: str, entries: Sequence[Candidate], buckets: Sequence[Bucket]) -> AnnotatedSource:
    """The module, with the failures that the best edit of each line mends."""
    marks: dict[int, Mark] = {}
    margins: dict[int, str] = {}
    for candidate in reversed(entries):
        if candidate.line is not None:
            marks[candidate.line], margins[candidate.line] = "part", str(candidate.mended)
    for bucket in buckets:
        if bucket.line is not None:
            marks[bucket.line] = "bad"
    legend: tuple[tuple[Mark, str], ...] = (
        ("bad", "the first suspect for some failing inputs; in the margin, the wrong predictions that its edit mends"),
        ("part", "an edit here would mend some as well"),
    )
    return _source(path, text, "mends", legend, marks, margins)


def _source(
    path: str,
    text: str,
    heading: str,
    legend: tuple[tuple[Mark, str], ...],
    marks: Mapping[int, Mark],
    margins: Mapping[int, str],
) -> AnnotatedSource:
    lines = enumerate(python_lines(text), 1)
    shown = tuple(SourceLine(at, line, margins.get(at, ""), marks.get(at, "")) for at, line in lines)
    return AnnotatedSource(path, heading, legend, shown)
