"""The failures that `fuzz` found as a pytest file: one test a bucket, failing until the program is mended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap

from analyze.render.phrases import counted
from analyze.results.fuzz import Bucket, FuzzResult
from tprog.escape import docstring_text, string_literal, visible
from tprog.ir.places import ByOutput, by_output
from tprog.version import VERSION

LONGEST_LINE = 120


def failing_tests(result: FuzzResult, module: str, relations: Mapping[str, str] | None = None, task: str = "") -> str:
    """A file for plain pytest, in which tpdebug reads the module and never executes it.

    Args:
        module: the program's path, as seen from the folder that the file will be in.
        relations: name of a relation of the user's own -> its path, likewise.
        task: the task by which relations are told, if not the one that the program names: an expression.
    """
    cases = [bucket for bucket in result.buckets if bucket.smallest.expected or result.oracle == "relations"]
    related = result.oracle == "relations"
    made = [_head(result, module), _imports(related and any(b.smallest.relation for b in cases))]
    made.append(f"MODULE = Path(__file__).parent / {string_literal(module)}")
    noun = result.checked.noun
    if not cases:
        made.append(f"# No {noun} failed, so there is nothing to reproduce.")
    for number, bucket in enumerate(cases, 1):
        made.append("\n\n" + _test(number, bucket, relations or {}, task, noun))
    return "\n".join(made) + "\n"


def _head(result: FuzzResult, module: str) -> str:
    tried, noun = f"{result.failing:,} of {result.checked.description}", result.checked.noun
    said = (
        f"Compared with {visible(result.against)}: {tried} failed. One test a cause, with the smallest {noun} that is "
        "known; it passes once the program is mended. Run it with pytest; tpdebug must be installed."
    )
    lines = [
        f'"""{noun.capitalize()}s on which {docstring_text(module)} fails, '
        f"written by tpdebug {VERSION} (tpdebug fuzz).",
        "",
        *map(docstring_text, wrap(said, LONGEST_LINE)),
        '"""',
        "",
    ]
    return "\n".join(lines)


def _imports(relations: bool) -> str:
    lines = ["from pathlib import Path", "", "import tprog"]
    if relations:
        lines.append("from analyze.fuzz import still_broken")
    return "\n".join([*lines, ""])


def _test(number: int, bucket: Bucket, relations: Mapping[str, str], task: str, noun: str) -> str:
    failure = bucket.smallest
    comment = f"# {visible(bucket.what)}" + (f" (line {bucket.line})" if bucket.line is not None else "")
    comment += f": {counted(bucket.failures, noun)} of those tried"
    lines = [comment[:LONGEST_LINE], f"def test_failure_{number}():", f"    tokens = {_listed(failure.tokens)}"]
    if failure.relation is not None:
        own = relations.get(failure.relation)
        which = string_literal(failure.relation) if own is None else f"Path(__file__).parent / {string_literal(own)}"
        judged = f", task={task}" if task else ""
        lines.append(f"    assert not still_broken(tprog.load(MODULE), tokens, {which}{judged})")
    elif not any(answer is not None for _, row in by_output(failure.expected) for answer in row):
        lines.append("    tprog.execute(tprog.load(MODULE), [tokens]).spelled(0)  # raises LookupError at a hole")
    else:
        lines += _comparing(failure.expected)
    return "\n".join(lines)


def _comparing(expected: ByOutput[str | None]) -> list[str]:
    """The lines that compare what comes out with what should."""
    run = "    outputs = tprog.execute(tprog.load(MODULE), [tokens]).spelled(0)"
    if isinstance(expected, dict):
        named = ", ".join(f"{string_literal(name)}: {_listed(row)}" for name, row in expected.items())
        compared = "[None if e is None else o for o, e in zip(outputs[name], row)]"
        told = f"{{name: {compared} for name, row in expected.items()}}"
        return [f"    expected = {{{named}}}  # None: not graded", run, f"    assert {told} == expected"]
    return [
        f"    expected = {_listed(expected)}  # None: not graded",
        run,
        "    outputs = [outputs] if isinstance(outputs, str) else outputs",
        "    assert [None if e is None else o for o, e in zip(outputs, expected)] == expected",
    ]


def _listed(words: Sequence[str | None]) -> str:
    return "[" + ", ".join("None" if word is None else string_literal(word) for word in words) + "]"
