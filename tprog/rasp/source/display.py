"""What a console says: a definition with its values on the example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tprog.listing import bounded
from tprog.rasp.expressions import Expression, Selector, SOp
from tprog.rasp.source.session import Answered, Defined, Example, Problem, Session, Told
from tprog.rasp.source.syntax import Subset
from tprog.rasp.source.things import Evaluated, EvaluatedRows, RaspFunction, Thing
from tprog.rasp.values import Value, is_number, spelled_value, spelled_values

_LONGEST = 400  # characters of a value
_WIDEST = 60  # positions of a matrix


@dataclass(frozen=True)
class Shows:
    """What is shown with a definition.

    Attributes:
        sops, selectors: their values on the example.
        full: values one below its token.
    """

    sops: bool = True
    selectors: bool = True
    full: bool = False

    def switched(self, subset: Subset, on: bool) -> Shows:
        """With examples on or off."""
        return replace(
            self,
            sops=on if subset in ("both", "s-op") else self.sops,
            selectors=on if subset in ("both", "selector") else self.selectors,
        )

    def full_display(self, on: bool) -> Shows:
        """With the full display on or off."""
        return replace(self, full=on)


def told_lines(told: Told, session: Session, shows: Shows) -> list[str]:
    """What a statement has to say."""
    if isinstance(told, Problem):
        return [f"error: {told.error}"]
    if isinstance(told, Answered):
        return [f"  {line}" for line in _evaluated(told.thing, shows.full)]
    return list(_defined(told, session, shows))


def example_lines(session: Session, subset: Subset) -> list[str]:
    """The examples."""
    lines = []
    if subset in ("both", "s-op"):
        lines.append(f"s-op example: {shown_input(session.sop_example)}")
    if subset in ("both", "selector"):
        lines.append(f"selector example: {shown_input(session.selector_example)}")
    return lines


def _defined(told: Defined, session: Session, shows: Shows) -> Iterator[str]:
    name, thing = told.name, told.thing
    match thing:
        case SOp():
            yield f"s-op {name}"
            if shows.sops:
                values = session.evaluated(thing, session.sop_example)
                first, *rest = _evaluated(values, shows.full)
                yield f"  {name}({shown_input(session.sop_example)}) {first}"
                yield from (f"  {line}" for line in rest)
        case Selector():
            yield f"selector {name}"
            if shows.selectors:
                rows = session.evaluated(thing, session.selector_example)
                yield from (f"  {line}" for line in _evaluated(rows, shows.full))
        case RaspFunction():
            yield f"{thing}"
        case _:
            yield bounded(f"{name} = {shown_thing(thing)}", _LONGEST)


def _evaluated(thing: Thing, full: bool) -> list[str]:
    if isinstance(thing, EvaluatedRows):
        return _matrix(thing.given, thing)
    assert isinstance(thing, Evaluated)
    spelled = spelled_values(thing)
    listed = f"= {_repeated(spelled)} ({_kind(thing)})"
    if not full or len(set(spelled)) == 1:
        return [bounded(listed, _LONGEST * 4)]
    given = list(map(spelled_value, thing.given))
    width = max(map(len, (*given, *spelled)))
    rows = [" ".join(f"{word:>{width}}" for word in row) for row in (given, spelled)]
    return [f"({_kind(thing)})", f"  input:  {rows[0]}", f"  output: {rows[1]}"]


def _repeated(spelled: Sequence[str]) -> str:
    if len(spelled) > 1 and len(set(spelled)) == 1:
        return f"[{spelled[0]}]*{len(spelled)}"
    return f"[{', '.join(spelled)}]"


def _kind(values: Sequence[Value]) -> str:
    if all(isinstance(value, bool) for value in values):
        return "booleans"
    return "numbers" if all(map(is_number, values)) else "words"


def _matrix(given: Sequence[Value], rows: Sequence[int]) -> list[str]:
    """A row a query position, a column a key position: 1 where it is selected."""
    if len(given) > _WIDEST:
        return [f"= {len(given)} rows, {sum(row.bit_count() for row in rows)} positions selected in all"]
    words = list(map(spelled_value, given))
    width = max(map(len, words))
    lines = [" " * width + " | " + " ".join(f"{word:>{width}}" for word in words)]
    for word, row in zip(words, rows, strict=True):
        cells = ("1" if row >> place & 1 else "" for place in range(len(words)))
        lines.append(f"{word:>{width}} | " + " ".join(f"{cell:>{width}}" for cell in cells))
    return [line.rstrip() for line in lines]


def shown_thing(thing: Thing) -> str:
    """A thing in one line."""
    match thing:
        case str():
            return f'"{thing}"'
        case list():
            return f"[{', '.join(map(shown_thing, thing))}]"
        case dict():
            return "{" + ", ".join(f"{shown_thing(key)}: {shown_thing(value)}" for key, value in thing.items()) + "}"
        case Expression():
            return f"{thing.word} {thing}"
        case RaspFunction():
            return f"function {thing.name}"
        case bool():
            return str(thing)
    return spelled_value(thing)


def shown_input(given: Example) -> str:
    """An input as it is written in a source."""
    if all(isinstance(token, str) and len(token) == 1 for token in given):
        return bounded(f'"{"".join(map(str, given))}"', _LONGEST)
    return bounded(shown_thing(list(given)), _LONGEST)
