"""The words of a program as clusters: what its embeddings make of them, and other names for their values.

All that a program knows of a word, unless heads or the readout read tokens themselves, are its values: words with the
same value in each embedding are one to it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

from analyze.outcome import label, node_line
from analyze.results.checked import Checked
from analyze.results.words import ClusterShown, EmbeddingShown, FoundWord, WordsResult
from tprog.edits.edit import RenameEdit, apply
from tprog.errors import BadUsage
from tprog.ir.entry import Entry
from tprog.ir.program import UNKNOWN, Node, Program, Symbol
from tprog.ir.values import named
from tprog.listing import listing
from tprog.run.batch import Batch
from tprog.run.execute import execute
from tprog.run.pieces import chunks
from tprog.text.clusters import FIRST_WORDS, FREQUENT_FIRST, Cluster, clusters

NEAR = 10
"""Words of the vocabulary that are named where the one looked for is none."""


def find_words(
    program: Program,
    *,
    word: str | None = None,
    variable: str | None = None,
    value: str | None = None,
    limit: int | None = FIRST_WORDS,
    lines: Mapping[Entry, int] | None = None,
    name: str | None = None,
) -> WordsResult:
    """The clusters of a program's embeddings.

    Args:
        word: only the clusters that it is in, and what it reads as.
        variable: of this embedding alone.
        value: of this value alone, as it is printed.
        limit: words of a cluster that are told; None: all.
        lines: entry -> its line in the program's file.
        name: what the result calls the program.

    Raises:
        BadUsage: a program without embeddings, or no such variable or value.
    """
    nodes = _embeddings(program, variable)
    found = None if word is None else _found(program, word, limit)
    shown = []
    for node in nodes:
        kept = clusters(program, node) if value is None else _of_value(clusters(program, node), value)
        if found is not None:
            kept = tuple(each for each in kept if found.reads_as in each.words)
        if kept or value is None:
            shown.append(_shown(program, node, kept, limit, lines))
    if not shown:
        declared = dict.fromkeys(str(each) for node in nodes for each in node.declares or ())
        raise BadUsage(f"no embedding has the value {value!r}; expected one of {listing(list(declared))}")
    return WordsResult(
        program=label(program, name),
        vocabulary=len(program.vocabulary),
        frequent_first=FREQUENT_FIRST in program.provenance,
        variables=tuple(shown),
        found=found,
    )


def _of_value(found: Iterable[Cluster], value: str) -> tuple[Cluster, ...]:
    """The clusters of the value that is printed so."""
    return tuple(each for each in found if each.value is not None and named(value, [each.value]) is not None)


def _embeddings(program: Program, variable: str | None) -> list[Node]:
    nodes: list[Node] = [node for node in program.nodes if node.words is not None]
    if not nodes:
        raise BadUsage("the program has no embedding: its heads and lookups read words as they are")
    if variable is None:
        return nodes
    if variable in [node.name for node in nodes]:
        return [program.by_name[variable]]
    raise BadUsage(f"{variable!r} is no embedding; expected one of {listing([node.name for node in nodes])}")


def _shown(
    program: Program,
    node: Node,
    kept: Sequence[Cluster],
    limit: int | None,
    lines: Mapping[Entry, int] | None,
) -> EmbeddingShown:
    readers = [other.name for other in program.nodes if node.name in other.reads]
    if node.name in program.readout.reads and not program.readout.implied:
        readers.append(program.readout.name)
    told = tuple(ClusterShown(each.value, len(each.words), each.words[:limit]) for each in kept)
    return EmbeddingShown(node.name, node_line(lines, node.name), len(node.declares or ()), tuple(readers), told)


def _reads_as(program: Program, word: str) -> str | None:
    """The word of the vocabulary as which one is read; None where it is refused."""
    if word in program.vocabulary:
        return word
    return UNKNOWN if UNKNOWN in program.vocabulary and program.unknown_rule == "unk" else None


def _near(program: Program, word: str) -> tuple[str, ...]:
    """Words that have it in them, in letters of any case."""
    inside = word.casefold()
    return tuple(other for other in program.vocabulary if inside in other.casefold())[:NEAR]


def _found(program: Program, word: str, limit: int | None) -> FoundWord:
    near = () if word in program.vocabulary else _near(program, word)
    if (reads_as := _reads_as(program, word)) is None:
        return FoundWord(word, None, (), 0, near)
    tables = [node.words for node in program.nodes if node.words is not None]
    values = list(zip(*tables, strict=True))
    own = values[program.vocabulary.index(reads_as)]
    alike = [other for other, has in zip(program.vocabulary, values, strict=True) if has == own and other != reads_as]
    return FoundWord(word, reads_as, tuple(alike[:limit]), len(alike), near)


# Names ################################################################################################################


def parse_renaming(text: str, program: Program) -> RenameEdit:
    """What somebody types to give a value another name: ``emb_0:7=PERSON-LIKE``.

    A name that is a whole number is that number; in quotes it is the text.

    Raises:
        BadUsage: it is not of this form, or there is no such embedding or value.
    """
    variable, colon, rest = text.partition(":")
    if not colon or "=" not in rest:
        raise BadUsage(f"--rename {text!r}: expected VARIABLE:VALUE=NAME, as emb_0:7=PERSON-LIKE")
    (node,) = _embeddings(program, variable)
    values: tuple[Symbol, ...] = node.declares or ()
    # A value may have an equals sign in its name.
    for at in (at for at, character in enumerate(rest) if character == "="):
        if (value := named(rest[:at], values)) is not None:
            assert not isinstance(value, Mapping)
            return RenameEdit(variable, next(own for own in values if own is value), _name(rest[at + 1 :]))
    raise BadUsage(
        f"--rename {text!r}: {rest.partition('=')[0]!r} is no value of {variable}; expected one of "
        f"{listing(list(map(str, values)))}"
    )


def _name(text: str) -> Symbol:
    if text.removeprefix("-").isascii() and text.removeprefix("-").isdecimal() and str(int(text)) == text:
        return int(text)
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def _check_alike(program: Program, after: Program, batch: Batch) -> None:
    """Assert that two programs predict the same."""
    for _, part in chunks(batch):
        one, other = execute(program, part), execute(after, part)
        assert (one.predictions == other.predictions).all()
        assert (one.in_hole == other.in_hole).all()


def rename_values(
    program: Program,
    edits: Sequence[RenameEdit],
    batch: Batch,
    description: str,
    *,
    show: Callable[[Program], str] | None = None,
    lines: Mapping[Entry, int] | None = None,
    name: str | None = None,
) -> tuple[WordsResult, Program]:
    """The program in which values of embeddings have other names, and what this changes: no prediction.

    That is so by construction, and checked: the edits taken back give the program, and both predict alike.

    Args:
        batch: the inputs on which predictions are compared.
        description: which inputs these are.
        show: a changed program as a diff.

    Raises:
        BadUsage: see `RenameEdit`.
    """
    after = program
    for edit in edits:
        before, after = after, edit.apply(after)
        assert apply(after, edit.undo(before)) == before
    _check_alike(program, after, batch)
    told = find_words(after, lines=lines, name=name)
    variables = tuple(each for each in told.variables if each.variable in {edit.node for edit in edits})
    result = dataclasses.replace(
        told,
        variables=variables,
        renamed=tuple(edit.describe() for edit in edits),
        checked=Checked(len(batch), False, description),
        diff="" if show is None else show(after),
    )
    return result, after
