"""`fuzz` as a document."""

from __future__ import annotations

from collections.abc import Iterator

from analyze.render.document import BAD, GOOD, Cell, Document, Table, again, document, number, table
from analyze.render.phrases import answered, counted, typed
from analyze.results.fuzz import Bucket, Failure, FuzzResult
from tprog.ir.places import ByOutput, by_output
from tprog.text.tokens import Spacing

UNBLAMED = "not blamed (--buckets-limit)"

MENDED = "mended alike"


def fuzz_document(result: FuzzResult) -> Document:
    """Whether an input fails, over how many that was looked for, and the buckets."""
    failing, tried, noun = result.failing, result.checked.inputs, result.checked.noun
    if failing:
        what = f"{result.program}: {failing:,} of {counted(tried, noun)} {'fails' if failing == 1 else 'fail'}"
    else:
        what = f"{result.program}: no failure among {counted(tried, noun)}"
    return document(
        what + f"; against {result.against}",
        BAD if failing else GOOD,
        _evidence(result),
        _known(result),
        *result.notes,
        _relations(result),
        _buckets(result),
        _smallest(result),
        *_explained(result),
        noun=noun,
    )


def _evidence(result: FuzzResult) -> str:
    tried = f"tried {result.checked.description}"
    if result.stopped:
        tried += "; stopped before the end"
    elif result.checked.exhaustive:
        return tried + (": these are all that fail" if result.failing else ", so there is none")
    if result.failing and result.first_at is None:
        return f"{tried}; only those that were known fail"
    if result.failing:
        return f"{tried}; the first failing one after {counted(result.first_at or 0, result.checked.noun)}"
    return tried + ", so this is no proof"


def _known(result: FuzzResult) -> str | None:
    if not result.known:
        return None
    still = "none fails any more" if not result.known_failing else f"{result.known_failing:,} still"
    still += "" if not result.known_failing else " fails" if result.known_failing == 1 else " fail"
    return f"{counted(result.known, 'failure')} of earlier runs tried first: {still}"


def _relations(result: FuzzResult) -> Table:
    rows = [(one.name, one.statement, number(one.failures)) for one in result.relations]
    columns = ("relation", "what a right program keeps to", "inputs that break it")
    return table(columns, rows, columns[2:], name="relations")


def _buckets(result: FuzzResult) -> Table:
    """The buckets with their smallest failures, whose answers have a table of their own where outputs are several."""
    becomes = ("becomes",) if result.oracle == "relations" else ()
    answers = () if _of_several(result) else _compared(result)
    columns = ("cause", "best edit", "line", "failures", MENDED, "smallest", *becomes, *answers)
    rows = [_row(bucket, bool(becomes), result.spaced)[: len(columns)] for bucket in result.buckets]
    numbers, optional = ("line", "failures", MENDED), ("best edit", "line", MENDED)
    whole = () if result.spaced.inputs else ("smallest", "becomes")  # a sentence may be folded between its words
    return table(columns, rows, numbers, optional, whole, name="buckets", main=True)


def _compared(result: FuzzResult) -> tuple[str, str]:
    """What the answers that are compared are called."""
    return ("other program", "this one") if result.oracle == "program" else ("expected", "got")


def _of_several(result: FuzzResult) -> bool:
    return any(isinstance(bucket.smallest.got, dict) for bucket in result.buckets)


def _smallest(result: FuzzResult) -> Table:
    """The answers of outputs that are wrong on the smallest failures, where outputs are several."""
    columns = ("smallest", "output", *_compared(result))
    buckets = result.buckets if _of_several(result) else ()
    rows = [row for bucket in buckets for row in _wrong_outputs(bucket.smallest, result.spaced)]
    whole = ("output",) if result.spaced.inputs else ("smallest", "output")
    return table(columns, rows, whole=whole, name="smallest")


def _wrong_outputs(failure: Failure, spaced: Spacing) -> Iterator[tuple[object, ...]]:
    """(input, output, what is right, what comes out) of each output that is wrong, or of all."""
    first = Cell(typed(failure.tokens, spaced.inputs), typed(failure.tokens, spaced.inputs))
    expected, got = dict(by_output(failure.expected)), dict(by_output(failure.got))
    for name in [name for name, at in by_output(failure.wrong) if at] or list(got):
        where = expected.get(name) or got[name]
        right = answered(expected[name], where, spaced.outputs) if expected.get(name) else "no answer"
        yield first, name, right, failure.hole or answered(got[name], where, spaced.outputs)
        first = again(first.value)


def _explained(result: FuzzResult) -> list[str]:
    """What stands in the table, and how its smallest failures were found."""
    said = []
    if any(bucket.alike for bucket in result.buckets):
        said.append(f"{MENDED}: failures that the best edit of the cause mends as well; they were not blamed alone")
    by_how: dict[str, list[str]] = {}
    for bucket in result.buckets:
        by_how.setdefault(bucket.how, []).append(typed(bucket.smallest.tokens, result.spaced.inputs))
    if len(by_how) == 1:
        return [*said, f"how the smallest was found: {next(iter(by_how))}"]
    return [*said, *(f"how the smallest was found, {', '.join(which)}: {how}" for how, which in by_how.items())]


def _row(bucket: Bucket, related: bool, spaced: Spacing) -> tuple[object, ...]:
    failure = bucket.smallest
    becomes = ("" if failure.follow_up is None else typed(failure.follow_up, spaced.inputs),) if related else ()
    return (
        _cause(bucket),
        bucket.becomes,
        bucket.line,
        number(bucket.failures),
        Cell(bucket.alike, f"{bucket.alike:,}") if bucket.alike else None,
        typed(failure.tokens, spaced.inputs),
        *becomes,
        _answers(failure, failure.expected, spaced.outputs) if failure.expected else "no answer",
        failure.hole or _answers(failure, failure.got, spaced.outputs),
    )


def _cause(bucket: Bucket) -> str:
    match bucket.kind:
        case "line":
            return bucket.what
        case "not blamed":
            return UNBLAMED
        case "variable":
            return f"they part at {bucket.what}" if bucket.what.isidentifier() else bucket.what
        case _:
            return bucket.what


def _answers(failure: Failure, answers: ByOutput[str | None], spaced: bool) -> str:
    """The answers at the positions that count, together as an output is read."""
    return answered(answers, failure.expected or failure.got, spaced)
