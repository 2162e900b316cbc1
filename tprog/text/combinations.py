"""A lookup that lists some combinations of its inputs, as a function: they are compared whole, `(a, b) in {(0, 1)}`.

A tuple of the arguments is compared nowhere else, which tells such a lookup from one with a cell for each combination.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tprog.ir.entries import Answer, Entries
from tprog.ir.program import Lookup, Program, Value
from tprog.text.builder import Builder, literal, tuple_end


def write_combinations(out: Builder, program: Program, node: Lookup, names: Sequence[str]) -> None:
    """A branch an answer, in the order of the first that has it; last, without a test, what is answered otherwise."""
    keys = node.entries.keys(program.variables)
    *listed, (_, otherwise) = zip(keys, node.cells, strict=True)
    _branches(out, names, listed)
    if otherwise is not None:
        out.line(f"return {literal(otherwise)}")


def amend_combinations(out: Builder, program: Program, old: Entries, new: Entries, names: Sequence[str]) -> None:
    """Branches that say `new` before those that say `old`, but for what is answered otherwise; none where a combination
    is not listed any more, which no branch in front can say."""
    was, becomes = (dict(zip(side.keys(program.variables), side.answers, strict=True)) for side in (old, new))
    if was.keys() <= becomes.keys():
        _branches(out, names, [(k, v) for k, v in becomes.items() if k and (k not in was or repr(was[k]) != repr(v))])


def _branches(out: Builder, names: Sequence[str], cells: Iterable[tuple[tuple[Value, ...], Answer | None]]) -> None:
    groups: dict[str, list[str]] = {}
    for key, answer in cells:
        assert not isinstance(answer, tuple)
        groups.setdefault(literal(answer), []).append(_tuple(map(literal, key)))
    for answered, written in groups.items():
        if len(written) == 1:
            out.line(f"if {_tuple(names)} == {written[0]}:")
        else:
            out.wrapped(f"if {_tuple(names)} in {{", written, "}:")
        with out.block():
            out.line(f"return {answered}")


def _tuple(items: Iterable[str]) -> str:
    written = list(items)
    return f"({', '.join(written)}{tuple_end(written)}"
