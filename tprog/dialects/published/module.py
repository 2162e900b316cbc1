"""A whole published module: its top level, the frame of its Program, and `run` from the first line to the last."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tprog.dialects.parts import built
from tprog.dialects.published.defects import Defect
from tprog.dialects.published.embeddings import Words, read_enums, read_words
from tprog.dialects.published.functions import Members
from tprog.dialects.published.helpers import HELPERS, Helpers, read_helpers
from tprog.dialects.published.nodes import listed, read_assignment
from tprog.dialects.published.readout import read_scores, read_terms
from tprog.dialects.published.scope import Scope
from tprog.dialects.published.side import READ_AS_MISSING, Side, Table, decimal, read_table, side_name
from tprog.dialects.subset import Source, without_docstring
from tprog.nodes import BEGIN, END, PAD, UNKNOWN, Head, Readout, RowsNeeded
from tprog.program import Program

NO_VALUE = "_"
"""The value under which the original code writes the weights of numbers, and of codes that no token has."""

LONGEST = 4096
"""A position beyond this in a CSV is refused."""

_WEIGHTS = re.compile(r"pd\.read_csv\('([^'\\]+)', index_col=\[0, 1\], dtype=\{'feature': str\}\)")
_EMBED_DF = re.compile(r"pd\.read_csv\('([^'\\]+)'\)\.set_index\('([^'\\]+)'\)")
_EXAMPLE_LINES = re.compile(r"print\(.*\)|\w+ = run\(\w+\)", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Published:
    """A published module, read.

    Attributes:
        program: what `run` means, for inputs that begin with ``<s>`` (and end in ``</s>`` if a token is that).
        scope: where everything stands.
        defects: what it does otherwise than its network did.
    """

    program: Program
    scope: Scope
    defects: tuple[Defect, ...]


@dataclass(frozen=True, eq=False)
class _Top:
    """The top level: helpers, `run`, and the names imported from enums -> the import."""

    helpers: Mapping[str, ast.FunctionDef]
    run: ast.FunctionDef
    enums: Mapping[str, ast.ImportFrom]
    end: int


def read_published(source: Source, tree: ast.Module, side: Side) -> Published:
    """The Program that a published module means, and where its parts stand.

    Raises:
        BadSource: anything outside the dialect, at its line and column, in the module or a side file.
        BadFile: a side file that cannot be read.
    """
    top = _read_top(source, tree)
    helpers = read_helpers(source, top.helpers)
    members = _read_members(source, top, side)
    scope = _read_frame(source, top, helpers, members, side)
    program = _run(scope, top)
    _note_self_rule(scope, program)
    return Published(program, scope, tuple(scope.defects))


# Top level ############################################################################################################


def _read_top(source: Source, tree: ast.Module) -> _Top:
    helpers: dict[str, ast.FunctionDef] = {}
    enums: dict[str, ast.ImportFrom] = {}
    run: ast.FunctionDef | None = None
    for index, statement in enumerate(tree.body):
        match statement:
            case ast.Expr(value=ast.Constant(value=str())) if index == 0:
                pass
            case ast.Import() if ast.unparse(statement) in ("import numpy as np", "import pandas as pd"):
                pass
            case ast.ImportFrom(module=str(), names=names) if run is None and all(a.asname is None for a in names):
                for alias in names:
                    enums[alias.name] = statement
            case ast.FunctionDef(name=name) if name in HELPERS and run is None and name not in helpers:
                helpers[name] = statement
            case ast.FunctionDef(name="run") if run is None:
                run = statement
            case _ if run is not None and _is_example(source, statement):
                pass
            case _:
                wanted = f"imports, {', '.join(HELPERS)}, run, and then examples that are printed"
                source.unexpected(statement, wanted)
    if run is None:
        source.refuse(None, "a module without `run`", "`def run(tokens):`", "is the file cut short?")
    if pandas := [
        name for name in enums if name in ("pd", "np", "run", "str", "len", "list", "range", "zip", *HELPERS)
    ]:
        source.refuse(enums[pandas[0]], f"an import of `{pandas[0]}`", "enums of words only")
    return _Top(helpers, run, enums, tree.body[-1].lineno)


def _is_example(source: Source, statement: ast.stmt) -> bool:
    """Whether a statement behind `run` only shows examples, so that it changes nothing of what `run` means."""
    match statement:
        case ast.Assign(targets=[ast.Name(id="examples")], value=value):
            allowed = (ast.List, ast.Tuple, ast.Constant, ast.Load)
            return all(isinstance(node, allowed) for node in ast.walk(value))
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            return _only_calls(statement, {"print", "run"})
        case ast.For(target=target, iter=ast.Name(id="examples"), body=body, orelse=[]):
            plain = {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
            lines = all(_EXAMPLE_LINES.fullmatch(ast.unparse(line)) for line in body)
            bound = {
                t.id for line in body if isinstance(line, ast.Assign) for t in line.targets if isinstance(t, ast.Name)
            }
            names_kept = not (plain | bound) & {"run", "print", "examples", "pd", "np", *HELPERS}
            return lines and names_kept and _only_calls(statement, {"print", "run"})
    return False


def _only_calls(statement: ast.stmt, allowed: set[str]) -> bool:
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    strange = (
        ast.Lambda,
        ast.NamedExpr,
        ast.Await,
        ast.Yield,
        ast.YieldFrom,
        ast.ListComp,
        ast.GeneratorExp,
        ast.Attribute,
    )
    return all(isinstance(call.func, ast.Name) and call.func.id in allowed for call in calls) and not any(
        isinstance(node, strange) for node in ast.walk(statement)
    )


def _read_members(source: Source, top: _Top, side: Side) -> Members:
    """The enums that the module imports, each from a Python file beside it."""
    by_file: dict[str, dict[str, ast.AST]] = {}
    for name, statement in top.enums.items():
        file = f"{(statement.module or '').rsplit('.', 1)[-1]}.py"
        by_file.setdefault(file, {})[name] = statement
    enums: dict[str, Mapping[str, str]] = {}
    for file, wanted in by_file.items():
        enums.update(read_enums(Source(file, ""), side(file), wanted).enums)
    return Members(enums)


# Frame ################################################################################################################


def _read_frame(source: Source, top: _Top, helpers: Helpers, members: Members, side: Side) -> Scope:
    """Vocabulary, classes and length, which stand in the side files alone."""
    arguments = top.run.args
    tokens = arguments.args[0].arg if arguments.args else ""
    if (
        ast.unparse(arguments) not in (tokens, f"{tokens}, return_details=False")
        or not tokens
        or top.run.decorator_list
    ):
        source.refuse(top.run, f"`run({ast.unparse(arguments)})`", "`run(tokens)`")
    body = [s for s in top.run.body if isinstance(s, ast.Assign)]
    weights: Table | None = None
    words: Words | None = None
    inline: list[str] = []
    for statement in body:
        text = ast.unparse(statement.value)
        if match := _WEIGHTS.fullmatch(text):
            name = side_name(source, statement, match[1])
            weights = read_table(name, side(name), 2)
            if weights.header[:2] != ("feature", "value"):
                weights.refuse(None, f"the columns {', '.join(weights.header[:2])}", "feature and value first")
        elif match := _EMBED_DF.fullmatch(text):
            name = side_name(source, statement, match[1])
            words = read_words(read_table(name, side(name), 1), match[2])
        elif isinstance(statement.value, ast.Dict):
            inline += [
                k.value for k in statement.value.keys if isinstance(k, ast.Constant) and isinstance(k.value, str)
            ]
    if weights is None:
        wanted = "`classifier_weights = pd.read_csv(PATH, index_col=[0, 1], dtype={'feature': str})`"
        source.refuse(top.run, "a `run` that reads no weights", wanted)
    _check_columns(weights)
    known = [*words.rows, *(word for word in words.missing if word)] if words else inline
    vocabulary = _vocabulary(weights, known)
    pooled = "return_details" in ast.unparse(arguments)
    program = built(
        source,
        top.run,
        lambda: Program(
            vocabulary=vocabulary,
            classes=weights.header[2:],
            max_length=_longest(weights),
            nodes=(),
            readout=Readout((), 1, pooled, ()),
            causal=helpers.causal,
            self_rule=helpers.self_rule,
            unknown_rule="refuse" if UNKNOWN in vocabulary else "unk",
        ),
    )
    scored = {
        node.iter.id
        for statement in body
        if ".loc[[" in ast.unparse(statement.value)
        for node in ast.walk(statement)
        if isinstance(node, ast.comprehension) and isinstance(node.iter, ast.Name)
    }
    scope = Scope(
        source, members, helpers, weights, words, program, tokens, dict(program.variables), {tokens: "tokens"}
    )
    scope.scored = frozenset(scored)
    scope.features["tokens"] = "tokens"
    return scope


def _check_columns(weights: Table) -> None:
    """A word among the weights makes pandas leave its whole column out; numbers alone make an index of numbers."""
    for row in weights.rows:
        for place in range(2, len(weights.header)):
            decimal(weights, row, place)
    values = {row.cells[1] for row in weights.rows} - READ_AS_MISSING
    if not any(re.search(r"[^0-9.eE+-]", value) for value in values):
        weights.refuse(
            None, "nothing but numbers in the column 'value'", "a word or '_' among them, or no row is found"
        )


def _vocabulary(weights: Table, words: list[str]) -> tuple[str, ...]:
    """The tokens: the words of the embedding, else those that have weights. Missing ones are there, as holes."""
    found = words or [row.cells[1] for row in weights.rows if row.cells[0] == "tokens" and row.cells[1] != NO_VALUE]
    tokens = [token for token in dict.fromkeys(found) if token not in (BEGIN, END, PAD, "")]
    if BEGIN not in found:
        weights.refuse(None, f"no token {BEGIN!r}", f"rows of tokens, {BEGIN!r} among them: every input begins with it")
    return (BEGIN, *tokens, END) if END in found else (BEGIN, *tokens)


def _longest(weights: Table) -> int:
    """N: one more than the last position that has weights."""
    positions = [row for row in weights.rows if row.cells[0] == "positions" and re.fullmatch("[0-9]+", row.cells[1])]
    if not positions:
        weights.refuse(None, "no row of positions", "rows `positions,0,...`, which say how long an input may be")
    digits, last = max(((row.cells[1].lstrip("0"), row) for row in positions), key=lambda pair: (len(pair[0]), pair[0]))
    if len(digits) > len(str(LONGEST)) or int(digits or "0") >= LONGEST:
        weights.refuse(last, f"the position {last.cells[1][:40]}", f"at most {LONGEST - 1}")
    return int(digits or "0") + 1


# run ##################################################################################################################


def _run(scope: Scope, top: _Top) -> Program:
    """The statements of `run`, in order."""
    body = list(without_docstring(top.run.body))
    start = next((i for i, s in enumerate(body) if _target(s) == "feature_logits"), None)
    if start is None:
        scope.source.refuse(top.run, "a `run` that sums no scores", "`feature_logits = pd.concat(...)` near its end")
    for statement in body[:start]:
        _statement(scope, statement)
    names = _summed(scope, body[start])
    forced = _ending(scope, body[start + 1 :])
    terms, scale = read_terms(scope, names)
    partial_at_marks = forced and any(None in term.rows for term in terms)
    rows_needed: RowsNeeded = "everywhere" if partial_at_marks else "free"
    readout = replace(scope.frame.readout, terms=terms, scale=scale, forced=forced, rows_needed=rows_needed)
    return built(scope.source, body[start], lambda: replace(scope.frame, nodes=tuple(scope.nodes), readout=readout))


def _target(statement: ast.stmt) -> str | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return None


def _statement(scope: Scope, statement: ast.stmt) -> None:
    name = statement.name if isinstance(statement, ast.FunctionDef) else _target(statement)
    if name is None:
        scope.source.unexpected(statement, "`name = ...` or a predicate or lookup")
    if scope.taken(name) or name in _BUILTINS:
        scope.source.refuse(statement, f"`{name}` a second time", "each name once")
    if isinstance(statement, ast.FunctionDef):
        scope.functions[name] = statement
        return
    assert isinstance(statement, ast.Assign)
    value, text, tokens = statement.value, ast.unparse(statement.value), scope.tokens
    if text == f"list(range(len({tokens})))":
        scope.variables[name], scope.features["positions"] = "positions", name
    elif text == f"[1 for _ in range(len({tokens}))]":
        scope.variables[name], scope.features["ones"] = "ones", name
    elif name == "classifier_weights" and _WEIGHTS.fullmatch(text):
        scope.used.add(name)
    elif _EMBED_DF.fullmatch(text):
        scope.used.add(name)
        scope.embed_df = name
    elif scope.embed_df is not None and text == f"{scope.embed_df}.loc[{tokens}]":
        scope.used.add(name)
        scope.embeddings = name
    elif (term := read_scores(scope, value)) is not None:
        scope.scores[name] = term
    elif not read_assignment(scope, statement, name, value):
        scope.source.unexpected(value, "weights, scores, a pattern, an aggregate, a lookup or an embedding")


_BUILTINS = frozenset({"list", "range", "len", "str", "zip", "pd", "np", *HELPERS})
"""Names that `run` needs for itself."""


def _summed(scope: Scope, statement: ast.stmt) -> list[ast.expr]:
    """The scores in ``pd.concat([df.reset_index() for df in [a, b, ...]])``."""
    match statement:
        case ast.Assign(
            value=ast.Call(
                args=[ast.ListComp(generators=[ast.comprehension(iter=ast.List(elts=names), ifs=[], is_async=0)])]
            ) as call
        ):
            listed_names = ", ".join(ast.unparse(name) for name in names)
            if ast.unparse(call) == f"pd.concat([df.reset_index() for df in [{listed_names}]])":
                return names
    scope.source.unexpected(statement, "`feature_logits = pd.concat([df.reset_index() for df in [...]])`")


_SUM = "logits = feature_logits.groupby(level=0).sum(numeric_only=True).to_numpy()"
_CLASSES = "classes = classifier_weights.columns.to_numpy()"


def _ending(scope: Scope, body: list[ast.stmt]) -> tuple[str, ...]:
    """The lines behind the sum. Returns the marks that they put back."""
    tokens = scope.tokens
    if scope.frame.readout.pooled:
        wanted = [
            _SUM,
            _CLASSES,
            "token_predictions = classes[logits.argmax(-1)]",
            "pooled = logits.mean(0)",
            "prediction = classes[pooled.argmax(-1)]",
            "if return_details:\n    return (prediction, logits, feature_logits, token_predictions)",
            "return prediction",
        ]
        _match_lines(scope, body, wanted)
        return ()
    marks = {
        f"if {tokens}[0] == '<s>':\n    predictions[0] = '<s>'": BEGIN,
        f"if {tokens}[-1] == '</s>':\n    predictions[-1] = '</s>'": END,
    }
    forced = [marks[text] for s in body[3:-1] if (text := ast.unparse(s)) in marks]
    middle = [text for text, mark in marks.items() if mark in forced]
    wanted = [_SUM, _CLASSES, "predictions = classes[logits.argmax(-1)]", *middle, "return predictions.tolist()"]
    _match_lines(scope, body, wanted)
    return tuple(mark for mark in (BEGIN, END) if mark in forced and mark in scope.frame.vocabulary)


def _match_lines(scope: Scope, body: list[ast.stmt], wanted: list[str]) -> None:
    for statement, text in zip(body, wanted, strict=False):
        if ast.unparse(statement) != text:
            scope.source.unexpected(statement, f"`{text}`")
    if len(body) != len(wanted):
        at = body[len(wanted)] if len(body) > len(wanted) else None
        found = scope.source.shown(at) if at else "a `run` that is cut short"
        scope.source.refuse(at or (body[-1] if body else None), found, f"`{wanted[-1]}` at its end")


def _note_self_rule(scope: Scope, program: Program) -> None:
    """Name the heads for which it matters how far away a self-match is."""
    if program.self_rule == "last":
        return
    heads = [node for node in program.nodes if isinstance(node, Head)]
    # Each position occurs once, so that a head by one position never has a choice.
    several = [
        head.name
        for head in heads
        if (head.key != "positions" and any(head.predicate)) or any(len(row or ()) > 1 for row in head.predicate)
    ]
    if several:
        text = (
            "`select_closest` counts a match of a position with itself as far away as there are matches, where the "
            f"network has it last; it can matter for {listed(list(several))}"
        )
        scope.defects.append(Defect("self-match", several[0], None, scope.helpers.self_line, text))
