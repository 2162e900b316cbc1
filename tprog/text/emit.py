"""Program -> a plain Python module that needs nothing but the standard library.

The text depends on the Program alone, never on hash seed, locale or the order of a set, and
``read(emit(P)) == P``. It is made of *blocks* (one function a predicate or lookup, one assignment a node, one line
a weight row ...), so that an Edit can be shown in a module that a person has changed by hand: see `tprog.text.patch`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias, assert_never

from tprog.files.beside import content_name
from tprog.ir.program import (
    AttentionHead,
    Domain,
    Embedding,
    Head,
    Linear,
    Lookup,
    Node,
    NumericHead,
    Program,
    Symbol,
    Symbols,
    Value,
)
from tprog.ir.values import json_value
from tprog.listing import listing
from tprog.run.attention import mask_word
from tprog.text.branches import comments, function_lines
from tprog.text.builder import Builder, literal, tuple_end, tuple_literal
from tprog.text.clusters import cluster_comments, cluster_head
from tprog.text.needs import (
    KEYED,
    SIDE_ROWS,
    WORDS,
    aggregator,
    checker,
    classifier,
    entrance,
    needs_fraction,
    needs_symbols,
    primitive_texts,
    primitives_used,
    selector,
    side_values,
    symbols_text,
)
from tprog.text.readout import identity_of, readout_lines, values_named
from tprog.text.told import docstring, source_lines, told_constants

_SURROGATE = re.compile("[\ud800-\udfff]")

Block: TypeAlias = tuple[Value, ...]
"""A block's name: ("function", node), of one of several clauses ("function", node, clause), ("assignment",
node), ("word", node, word) or ("weights", variable, *value)."""


@dataclass(frozen=True)
class Emitted:
    """A module's text and, for large tables, the text of the files that belong beside it (file name -> text)."""

    text: str
    side: Mapping[str, str]


def emit(program: Program, stem: str = "program") -> Emitted:
    """A Program as a module. `stem` is the module's file name without ``.py``; the side file's name begins so, if any.

    That name goes on with a digest of the side file's text: see `tprog.files.beside`.
    """
    if not _has_side(program):
        return Emitted(_module_text(program, None), {})
    side = side_text(program)
    side_name = content_name(f"{_SURROGATE.sub('_', stem)}_tables.json", side)
    return Emitted(_module_text(program, side_name), {side_name: side})


def module_lines(program: Program) -> int:
    """How many lines the module has. A side file, which may have very many more, is not written to know it."""
    return _module_text(program, "tables.json" if _has_side(program) else None).count("\n")


def _has_side(program: Program) -> bool:
    return len(program.vocabulary) > SIDE_ROWS


def _module_text(program: Program, side_name: str | None) -> str:
    out = Builder()
    docstring(out, program)
    _imports(out, program, side_name)
    _constants(out, program, side_name)
    _primitives(out, program)
    if any(node.functions for node in program.nodes):
        _heading(out, "Heads and lookups")
    for node in program.nodes:
        for table in node.functions:
            out.line()
            out.line()
            out.lines += comments(program, node, table)
            out.lines += function_lines(program, node, table)
    if program.readout.implied:
        _heading(out, "Run")
    else:
        _heading(out, "Readout")
        out.line()
        readout_lines(out, program, side_name)
    _run(out, program, beside=side_name is not None)
    return out.text()


def _heading(out: Builder, title: str) -> None:
    out.line()
    out.line()
    out.line(f"# {title} ".ljust(100, "#"))


# Frame ################################################################################################################


def _imports(out: Builder, program: Program, side_name: str | None) -> None:
    if side_name:
        out.line("import json")
    out.line("import sys")
    if needs_fraction(program):
        out.line("from fractions import Fraction")
    if side_name:
        out.line("from pathlib import Path")
    out.line()


def _constants(out: Builder, program: Program, side_name: str | None) -> None:
    _symbols(out, program)
    if side_name:
        out.line(f'TABLES = json.loads(Path(__file__).with_name({literal(side_name)}).read_text(encoding="utf-8"))')
        out.line()
    told_constants(out, program)
    if side_name:
        out.line('VOCABULARY = tuple(TABLES["VOCABULARY"])')
        out.line(f"{WORDS} = {KEYED}  # each is found at once, however many there are")
    else:
        out.wrapped("VOCABULARY = (", [literal(word) for word in program.vocabulary], tuple_end(program.vocabulary))
    if not program.readout.implied:
        out.wrapped(
            "CLASSES = (", [literal(word) for word in program.written_classes], tuple_end(program.written_classes)
        )
    out.line(f"MAX_LENGTH = {program.max_length}")
    out.line(f"CAUSAL = {program.causal}")
    if not program.readout.implied:
        out.line(f"POOLED = {program.readout.pooled}")
        out.line(f"FORCED = {tuple_literal(program.readout.forced)}")
        out.line(f"SCALE = {program.readout.scale}")
    _rules(out, program)
    _domains(out, program)
    _embeddings(out, program, side_name)
    source_lines(out, program)


def _symbols(out: Builder, program: Program) -> None:
    """The class of the symbols that are neither text nor numbers, and the function that finds them in a side file."""
    if not needs_symbols(program):
        return
    out.line()
    out.lines += symbols_text().split("\n")
    out.line()
    if side_values(program):
        out.line()
        out.lines += primitive_texts()["_words_of_json"].split("\n")
        out.line()
        out.line()


def _rules(out: Builder, program: Program) -> None:
    """What other modules do otherwise; a rule that goes without saying is not said."""
    for constant, rule, usual in (
        ("SELF_RULE", program.self_rule, "last"),
        ("UNKNOWN_RULE", program.unknown_rule, "unk"),
        ("ROWS_NEEDED", program.readout.rows_needed, "free"),
    ):
        if rule != usual:
            out.line(f"{constant} = {literal(rule)}")


def _domains(out: Builder, program: Program) -> None:
    if domains := [(node.name, node.declares) for node in program.nodes if node.declares]:
        out.line()
        out.line("# What each embedding and lookup may answer.")
        with out.block("DOMAINS = {"):
            for name, symbols in domains:
                if (written := tuple_literal(symbols)).startswith("range"):
                    out.line(f"{literal(name)}: {written},")
                else:
                    out.wrapped(f"{literal(name)}: (", [literal(s) for s in symbols], f"{tuple_end(symbols)},")
        out.line("}")


def _embeddings(out: Builder, program: Program, side_name: str | None) -> None:
    tables = {node.name: node.words for node in program.nodes if node.words is not None}
    if not tables:
        return
    out.line()
    _clusters(out, program)
    if side_name:
        written = 'TABLES["EMBEDDINGS"]'
        out.line(f"EMBEDDINGS = {f'_words_of_json({written})' if side_values(program) else written}")
        return
    with out.block("EMBEDDINGS = {"):
        for name, table in tables.items():
            with out.block(f"{literal(name)}: {{"):
                for word, value in zip(program.vocabulary, table, strict=True):
                    if value is not None:
                        out.line(f"{literal(word)}: {literal(value)},")
            out.line("},")
    out.line("}")


def _clusters(out: Builder, program: Program) -> None:
    """What each value of an embedding stands for, above tables in which a reader would not see it."""
    told = cluster_comments(program)
    if told:
        out.line(cluster_head(program))
    for name, by_value in told.items():
        out.line(f"# {name}")
        for lines in by_value.values():
            out.lines += lines


def side_text(program: Program) -> str:
    """The side file: JSON, one row a line, so that two versions can be compared."""
    words = [json.dumps(word) for word in program.vocabulary]
    tables = {node.name: _said_once(node.words) for node in program.nodes if node.words is not None}
    readout = {
        term.variable: [None if row is None else f"[{', '.join(map(str, row))}]" for row in term.rows]
        for term in program.weights
        if term.variable == "tokens"
    }

    def rows(table: Sequence[str | None]) -> str:
        said = (f"{word}: {row}" for word, row in zip(words, table, strict=True) if row is not None)
        return "{\n" + ",\n".join(said) + "\n}"

    def section(parts: Mapping[str, Sequence[str | None]]) -> str:
        return "{" + ",\n".join(f"{json.dumps(name)}: {rows(table)}" for name, table in parts.items()) + "}"

    vocabulary = "[\n" + ",\n".join(words) + "\n]"
    return (
        f'{{"tool": "tpdebug",\n"VOCABULARY": {vocabulary},\n'
        f'"EMBEDDINGS": {section(tables)},\n"READOUT": {section(readout)}}}\n'
    )


def _said_once(values: Sequence[Symbol | None]) -> list[str | None]:
    """Values of words as JSON, None for a hole: a few symbols, each said again and again."""
    said: dict[Symbol | None, str | None] = {
        value: None if value is None else json.dumps(json_value(value)) for value in dict.fromkeys(values)
    }
    return [said[value] for value in values]


def _primitives(out: Builder, program: Program) -> None:
    _heading(out, "Primitives: what a program is made of, the same in every module")
    used = {*primitives_used(program)}
    if any(identity_of(program, term) is not None for term in program.readout.terms):
        used.add("_identity")
    for name in (name for name in primitive_texts() if name in used):
        out.line()
        out.line()
        out.lines += primitive_texts()[name].split("\n")


# Readout and run ######################################################################################################


def assignment(program: Program, node: Node) -> str:
    """The line of `run` that computes a node."""
    match node:
        case Embedding():
            return f"{node.name} = embed({literal(node.name)}, EMBEDDINGS[{literal(node.name)}], tokens)"
        case Lookup():
            return f"{node.name} = elementwise({node.functions[node.name]}, {', '.join(node.inputs)})"
        case Linear():
            terms = [f"({literal(c)}, {name})" for name, c in zip(node.inputs, node.coefficients, strict=True)]
            terms += [f"constant={literal(node.constant)}"] * bool(node.constant)
            return f"{node.name} = _linear({', '.join(terms)})"
        case Head() | NumericHead():
            call = aggregator(node)
            values = "" if call == "selector_width" else f", {node.value}"
            default = "" if node.default is None else f", default={literal(node.default)}"
            return f"{node.name} = {call}({_selection(program, node)}{values}{default})"
        case _:
            assert_never(node)


def _selection(program: Program, node: AttentionHead) -> str:
    """The call that says which positions a head attends to; of several clauses, each is a selection of its own."""
    call = selector(program, node)
    compared = "" if node.kind != "head" or node.by is None else f", by={node.by}{_order(program, node.by)}"
    window = "" if (mask := mask_word(node, program)) == "all" else f", mask={literal(mask)}"
    window += ", skip_first=True" if node.skip_first else ""
    if node.alone:
        return f"{call}({node.key}, {node.query}, {node.functions[node.name]}{compared}{window})"
    asked = {
        table: f"select({clause.key}, {clause.query}, {node.functions[table]}{window})"
        for table, clause in node.clauses.items()
    }
    alternatives = (f"[{', '.join(asked[table] for table in tables)}]" for tables in node.by_alternative)
    return f"{call}(positions, positions, _any({', '.join(alternatives)}){compared})"


def _order(program: Program, by: str) -> str:
    """The option that names the order of a variable's domain; nothing where its values are in it as they are."""
    if in_order(program.variables[by].domain):
        return ""
    return f", order={values_named(program, by)}"


def in_order(domain: Domain) -> bool:
    """Whether the values of a domain compare as their places in it do: numbers, or symbols that ascend as such."""
    if not isinstance(domain, Symbols):
        return True
    numbers = [value for value in domain.values if isinstance(value, int | Fraction)]
    return len(numbers) == len(domain.values) and numbers == sorted(numbers)


def _run(out: Builder, program: Program, *, beside: bool) -> None:
    """`run`, and what answers a command line.

    Args:
        beside: whether the words stand in a side file.
    """
    out.line()
    out.line()
    with out.block("def run(tokens):"):
        such_as = ", ".join((*map(literal, program.marks.before), "...", *map(literal, program.marks.behind)))
        taken = f"a list such as [{such_as}]" if program.marks.count else "a list of words of VOCABULARY"
        out.line(f'"""{_returned(program)}; tokens is {taken}."""')
        for line in preamble(program, WORDS if beside else "VOCABULARY"):
            out.line(line)
        for node in program.nodes:
            out.line(assignment(program, node))
        if not program.readout.implied:
            names = ["tokens", *(name for name in program.readout.reads if name != "tokens")]
            out.wrapped("variables = {", [f"{literal(name)}: {name}" for name in names], "}")
        if program.places.several:
            out.wrapped("return {", [f"{literal(name)}: {_answer(program, name)}" for name in program.outputs], "}")
        else:
            out.line(f"return {_answer(program, *program.outputs)}")
    out.line()
    out.line()
    with out.block('if __name__ == "__main__":'):
        out.line(f"sys.exit({entrance(program)}, VOCABULARY, sys.argv[1:]))")


def preamble(program: Program, words: str) -> tuple[str, ...]:
    """The lines that `run` begins with.

    Args:
        words: the constant in which tokens are looked up.
    """
    return (
        f"tokens = {checker(program)}(tokens, {words}, MAX_LENGTH)",
        "positions = list(range(len(tokens)))",
        "ones = [1] * len(tokens)",
    )


def _returned(program: Program) -> str:
    if program.places.several:
        return f"{listing(program.outputs)} at each position, as lists by these names"
    if program.readout.implied:
        return f"The value of {program.outputs[0]} at each position"
    return "The predicted class of the input" if program.readout.pooled else "The predicted class at each position"


def _answer(program: Program, output: str) -> str:
    """The expression that is an output."""
    return output if output in program.variables_out else classifying(program)


def classifying(program: Program) -> str:
    """The call of the primitive by which a readout answers."""
    forced = "" if program.readout.pooled else ", FORCED"
    return f"{classifier(program)}(READOUT, variables, CLASSES{forced})"
