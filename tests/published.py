"""Modules in the dialect of the original research code, written here: `tprog.text.dialects.published` reads them.

`write` puts a Program that the dialect can express beside its CSV files, as that code would; `own_run` is the module's
own `run`, executed with pandas. The text of these modules is ours; what it must look like is the dialect's.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tprog.ir.program import (
    END,
    AttentionHead,
    Embedding,
    Head,
    Lookup,
    Program,
    Symbol,
    Symbols,
    Value,
    cell_keys,
)

Style = Literal["csv", "enum", "inline"]

CLOSEST = """
def select_closest(keys, queries, predicate):
    rows = [[False for _ in keys] for _ in queries]
    for i, query in enumerate(queries):
        found = [at for at, key in enumerate({window}) if predicate(query, key)]
        if not any(found):
            rows[i][0] = True
        else:
            at = min(found, key=lambda at: {distance} if at == i else abs(i - at))
            rows[i][at] = True
    return rows
"""

SELECT = {
    False: "return [[predicate(query, key) for key in keys] for query in queries]",
    True: "return [[predicate(query, key) for key in keys[: i + 1]] for i, query in enumerate(queries)]",
}

AGGREGATES = """
def aggregate(attention, values):
    return [[value for attends, value in zip(row, values) if attends][0] for row in attention]


def aggregate_sum(attention, values):
    return [sum([value for attends, value in zip(row, values) if attends]) for row in attention]
"""


@dataclass(frozen=True)
class Writing:
    """How a module is written.

    Attributes:
        style: where embeddings stand.
        defaults: lookup -> the answer of its last line, left out of the branches.
        open_rows: whether a predicate leaves out the queries that accept nothing, as the original code does.
        extra_rows: lines put at the end of the weights' CSV.
        missing_weights: (feature, value, column) -> what stands there instead of a weight.
        examples: whether examples are printed behind `run`.
    """

    style: Style = "csv"
    defaults: dict[str, Symbol] = field(default_factory=dict)
    open_rows: bool = True
    extra_rows: tuple[tuple[str, ...], ...] = ()
    missing_weights: dict[tuple[str, str, int], str] = field(default_factory=dict)
    examples: bool = True
    folder: str = "programs/made"


def write(program: Program, folder: Path, stem: str = "made", how: Writing | None = None) -> Path:
    """Write a Program as a published module; returns the module's path."""
    writer = _Writer(program, stem, how or Writing())
    path = folder / f"{stem}.py"
    path.write_text(writer.module(), encoding="utf-8")
    for name, text in writer.sides.items():
        (folder / name).write_text(text, encoding="utf-8")
    return path


class _Writer:
    def __init__(self, program: Program, stem: str, how: Writing):
        self.program, self.stem, self.how = program, stem, how
        self.sides: dict[str, str] = {}
        self.embeddings = [node for node in program.nodes if isinstance(node, Embedding)]
        self.lines: list[str] = []

    def local(self, variable: str) -> str:
        given = variable in ("tokens", "positions", "ones") or any(e.name == variable for e in self.embeddings)
        return variable if given else f"{variable}_outputs"

    def module(self) -> str:
        program = self.program
        causal, last = program.causal, program.self_rule == "last"
        top = ["import numpy as np", "import pandas as pd"]
        if self.embeddings and self.how.style == "enum":
            names = ", ".join(self.enum(node) for node in self.embeddings)
            top.append(f"from {self.how.folder.replace('/', '.')}.{self.stem}_embeddings import {names}")
            self.sides[f"{self.stem}_embeddings.py"] = self.enums()
        window = "keys[: i + 1]" if causal else "keys"
        top += ["", CLOSEST.format(window=window, distance="len(keys)" if last else "len(found)")]
        top += ["", f"def select(keys, queries, predicate):\n    {SELECT[causal]}", "", AGGREGATES, ""]
        self.run()
        pooled = ", return_details=False" if program.readout.pooled else ""
        body = "\n".join(f"    {line}".rstrip() for line in self.lines)
        end = '\n\nexamples = [(["<s>"], ["<pad>"])]\nfor x, y in examples:\n    print(f"x: {x}")\n    y_hat = run(x)\n'
        return "\n".join(top) + f"\ndef run(tokens{pooled}):\n{body}\n" + (end if self.how.examples else "")

    def run(self) -> None:
        program, add = self.program, self.lines.append
        path = f"{self.how.folder}/{self.stem}_weights.csv"
        add(f'classifier_weights = pd.read_csv("{path}", index_col=[0, 1], dtype={{"feature": str}})')
        add("positions = list(range(len(tokens)))")
        add("ones = [1 for _ in range(len(tokens))]")
        if self.embeddings:
            self.embed()
        for node in program.nodes:
            if isinstance(node, Lookup):
                self.lookup(node)
            elif node.selection is not None:
                self.head(node.selection)
        self.readout()

    # Embeddings

    def enum(self, node: Embedding) -> str:
        return str(node.symbols[0]).split(".")[0]

    def enums(self) -> str:
        lines = ["from enum import Enum", ""]
        for node in self.embeddings:
            lines += ["", f"class {self.enum(node)}(Enum):"]
            for symbol in node.symbols:
                words = [w for w, v in zip(self.program.vocabulary, node.table, strict=True) if v == symbol]
                lines.append(f"\t{str(symbol).split('.')[1]} = {words or [str(symbol)]}")
        return "\n".join(lines) + "\n"

    def number(self, value: Symbol | None) -> int:
        if value is None:
            return 99  # no member has this number
        return value if isinstance(value, int) else int(str(value).rsplit(".V", 1)[1])

    def embed(self) -> None:
        add, vocabulary = self.lines.append, self.program.vocabulary
        if self.how.style == "inline":
            for node in self.embeddings:
                table = {w: v for w, v in zip(vocabulary, node.table, strict=True) if v is not None}
                add(f"w_to_{node.name} = {table}")
                add(f"{node.name} = [w_to_{node.name}[w] for w in tokens]")
            return
        rows = [["word", *(node.name for node in self.embeddings)], ["<pad>", *("0" for _ in self.embeddings)]]
        rows += [[w, *(str(self.number(n.table[i])) for n in self.embeddings)] for i, w in enumerate(vocabulary)]
        self.sides[f"{self.stem}_embeddings.csv"] = _csv(rows)
        add(f'embed_df = pd.read_csv("{self.how.folder}/{self.stem}_embeddings.csv").set_index("word")')
        add("embeddings = embed_df.loc[tokens]")
        for node in self.embeddings:
            if self.how.style == "enum":
                add(f'{node.name} = [{self.enum(node)}[f"V{{i:02}}"] for i in embeddings["{node.name}"]]')
            else:
                add(f'{node.name} = embeddings["{node.name}"].tolist()')

    # Nodes

    def value(self, value: Value) -> str:
        return str(value) if not isinstance(value, str) or ".V" in value else json.dumps(value, ensure_ascii=False)

    def members(self, values: Sequence[Value]) -> str:
        return "{" + ", ".join(map(self.value, values)) + "}"

    def head(self, node: AttentionHead) -> None:
        add, function = self.lines.append, f"predicate_{node.name}"
        add(f"def {function}(q, k):  # what {node.name} selects")
        word = "if"
        groups: dict[tuple[Symbol, ...], list[Symbol]] = {}
        for query, keys in zip(self.program.symbols(node.query), node.predicate, strict=True):
            assert keys is not None
            groups.setdefault(keys, []).append(query)
        for keys, queries in groups.items():
            if keys or not self.how.open_rows:
                add(f"    {word} q in {self.members(queries)}:")
                only = f"k == {self.value(keys[0])}" if len(keys) == 1 else f"k in {self.members(keys)}"
                add(f"        return {only if keys else False}")
                word = "elif"
        if word == "if":
            add("    return None")
        query, key, value = (self.local(name) for name in node.reads)
        select, aggregate = ("select_closest", "aggregate") if isinstance(node, Head) else ("select", "aggregate_sum")
        add(f"{node.name}_pattern = {select}({key}, {query}, {function})")
        add(f"{node.name}_outputs = {aggregate}({node.name}_pattern, {value})")

    def lookup(self, node: Lookup) -> None:
        add, default = self.lines.append, self.how.defaults.get(node.name)
        names = ["a", "b"][: len(node.inputs)]
        add(f"def lookup_{node.name}({', '.join(names)}):")
        add(f"    key = ({', '.join(names)})")
        groups: dict[Symbol, list[tuple[Value, ...]]] = {}
        for key, cell in zip(cell_keys(self.program, node), node.cells, strict=True):
            at_cap = any(ls is not None and v == ls[-1] for ls, v in zip(node.levels, key, strict=True))
            if cell is not None and not (at_cap and cell == default):
                assert isinstance(cell, str | int)
                groups.setdefault(cell, []).append(key)
        word = "if"
        for cell, keys in groups.items():
            if cell != default:
                tuples = [
                    "(" + ", ".join(map(self.value, key)) + ")" if len(key) > 1 else self.value(key[0]) for key in keys
                ]
                add(f"    {word} key in {{{', '.join(tuples)}}}:")
                add(f"        return {self.value(cell)}")
                word = "elif"
        if default is not None:
            add(f"    return {self.value(default)}")
        reads = [self.local(name) for name in node.inputs]
        loop = f"k0 in {reads[0]}" if len(reads) == 1 else f"k0, k1 in zip({', '.join(reads)})"
        add(f"{node.name}_outputs = [lookup_{node.name}({', '.join(f'k{i}' for i in range(len(reads)))}) for {loop}]")

    # Readout

    def readout(self) -> None:
        program, add = self.program, self.lines.append
        rows: list[list[str]] = []
        summed: list[str] = []
        for term in program.weights:
            name = self.local(term.variable)
            domain = program.variables[term.variable].domain
            if isinstance(domain, Symbols):
                values = [str(value) for value in domain]
                add(f'{name}_scores = classifier_weights.loc[[("{name}", str(v)) for v in {name}]]')
            else:
                values = ["_"]
                add(f'{name}_scores = classifier_weights.loc[[("{name}", "_") for v in {name}]].mul({name}, axis=0)')
            summed.append(f"{name}_scores")
            rows += [[name, v, *self.cells(name, v, row)] for v, row in zip(values, term.rows, strict=True) if row]
        if "tokens" not in {row[0] for row in rows} and not self.embeddings:
            rows += [["tokens", token, *("0" for _ in program.classes)] for token in program.vocabulary]
        if "positions" not in {row[0] for row in rows}:
            rows += [["positions", str(i), *("0" for _ in program.classes)] for i in range(program.max_length)]
        rows += [["unused", "_", *("0" for _ in program.classes)]]
        rows += [list(row) for row in self.how.extra_rows]
        self.sides[f"{self.stem}_weights.csv"] = _csv([["feature", "value", *program.classes], *rows])
        add(f"feature_logits = pd.concat([df.reset_index() for df in [{', '.join(summed)}]])")
        add("logits = feature_logits.groupby(level=0).sum(numeric_only=True).to_numpy()")
        add("classes = classifier_weights.columns.to_numpy()")
        self.ending()

    def cells(self, feature: str, value: str, row: Sequence[int]) -> list[str]:
        scale = self.program.readout.scale
        return [self.how.missing_weights.get((feature, value, i), str(w / scale)) for i, w in enumerate(row)]

    def ending(self) -> None:
        add, forced = self.lines.append, self.program.readout.forced
        if self.program.readout.pooled:
            add("token_predictions = classes[logits.argmax(-1)]")
            add("pooled = logits.mean(0)")
            add("prediction = classes[pooled.argmax(-1)]")
            add("if return_details:")
            add("    return prediction, logits, feature_logits, token_predictions")
            add("return prediction")
            return
        add("predictions = classes[logits.argmax(-1)]")
        for mark, place in (("<s>", 0), ("</s>", -1)):
            if mark in forced or END not in self.program.vocabulary:
                add(f'if tokens[{place}] == "{mark}":')
                add(f'    predictions[{place}] = "{mark}"')
        add("return predictions.tolist()")


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


# Files as Python runs them ############################################################################################

_RUNNER = """
import contextlib, io, json, pathlib, runpy, sys
told = json.load(sys.stdin)
found = []
for path, name in told["files"]:
    sys.path.insert(0, str(pathlib.Path(path).parent))
    before = set(sys.modules)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        names = runpy.run_path(path, run_name=name)
        outcomes = []
        for tokens in told["inputs"]:
            try:
                outcomes.append(names["run"](tokens))
            except LookupError:
                outcomes.append("a hole")
    sys.path.pop(0)
    for new in set(sys.modules) - before:
        if str(getattr(sys.modules[new], "__file__", "")).startswith(str(pathlib.Path(path).parent)):
            del sys.modules[new]
    found.append(outcomes)
print(json.dumps(found))
"""


def run_by_python(
    files: Sequence[tuple[Path, str]], inputs: Sequence[Sequence[str]], folder: Path
) -> list[list[object]]:
    """What the `run` of each file answers when Python executes the whole file in `folder`; "a hole" for LookupError.

    Args:
        files: each file, and the name that it runs under: ``__main__``, or that of an imported module.
    """
    told = json.dumps({"files": [(str(path), name) for path, name in files], "inputs": [list(x) for x in inputs]})
    done = subprocess.run(
        [sys.executable, "-c", _RUNNER], input=told, capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[list[object]] = json.loads(done.stdout)
    return found


# The module's own run #################################################################################################

Run = Callable[[Sequence[str]], Any]


@contextmanager
def own_run(path: Path, folder: str = "programs/made") -> Iterator[Run]:
    """The `run` of a published module itself, with pandas. KeyError becomes LookupError, which it is.

    The examples behind `run` are left out; nothing of the module is imported under a name that stays.
    """
    text = path.read_text(encoding="utf-8").split("\nexamples = ")[0]
    text = text.replace(f'"{folder}/', f'"{path.parent}/').replace(f"from {folder.replace('/', '.')}.", "from ")
    before = set(sys.modules)
    sys.path.insert(0, str(path.parent))
    try:
        names: dict[str, Any] = {}
        exec(compile(text, str(path), "exec"), names)
        yield names["run"]
    finally:
        sys.path.remove(str(path.parent))
        for name in set(sys.modules) - before:
            if getattr(sys.modules[name], "__file__", None) == str(path.parent / f"{name}.py"):
                del sys.modules[name]
