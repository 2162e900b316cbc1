"""The frame of a published module's Program: vocabulary, classes and length, which stand in its side files alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tprog.errors import BadFile
from tprog.ir.domains import BEGIN, END, PAD, UNKNOWN
from tprog.ir.program import Program
from tprog.ir.readout import Classify
from tprog.text.dialects.parts import built
from tprog.text.dialects.published.defects import Defect
from tprog.text.dialects.published.embeddings import Words, read_enums, read_words
from tprog.text.dialects.published.functions import Members
from tprog.text.dialects.published.harmless import Needed, check_harmless
from tprog.text.dialects.published.helpers import Helpers
from tprog.text.dialects.published.paths import ADVICE, Beside, Paths
from tprog.text.dialects.published.side import READ_AS_MISSING, Table, decimal, read_table
from tprog.text.dialects.published.top import Top
from tprog.text.dialects.published.weights_dict import read_constants, read_dict
from tprog.text.dialects.subset import Source
from tprog.text.syntax import walk

NO_VALUE = "_"
"""The value under which the original code writes the weights of numbers, and of codes that no token has."""

LONGEST = 4096
"""A position beyond this in a CSV is refused."""

WEIGHTS = "`classifier_weights = pd.read_csv(PATH, index_col=[0, 1], dtype={'feature': str})`"


@dataclass(eq=False)
class Sides:
    """What stands beside a module, as far as its `run` reads it.

    Attributes:
        weights: the weights, and the statement that reads them.
        words: the words of an embedding, or None; and the statement, and its name for the table.
        inline: the words of dicts within `run`.
        paths: statements of `run` that make a path.
        named: whether the module's own path says which file holds the weights.
    """

    weights: Table
    weights_at: ast.stmt
    words: Words | None = None
    words_at: ast.stmt | None = None
    inline: list[str] = field(default_factory=list)
    paths: list[ast.stmt] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    named: bool = True

    @property
    def read(self) -> tuple[ast.stmt | None, ...]:
        """The statements that read a file, or say where it is."""
        return (self.weights_at, self.words_at, *self.paths)


# Side files ###########################################################################################################


def read_sides(source: Source, top: Top, text: str, beside: Beside) -> tuple[Sides, Members]:
    """The side files that a module reads.

    Raises:
        BadSource: `run` reads no weights, or otherwise than this dialect; or a file is not what it should be.
        BadFile: one of them is not there.
    """
    body = [s for s in top.run.body if isinstance(s, ast.Assign)]
    local = {s.targets[0].id: s for s in body if len(s.targets) == 1 and isinstance(s.targets[0], ast.Name)}
    tables, enums = _read_beside(source, top, beside)
    paths = Paths(source, text, dict(top.constants), top.imports, beside)
    sides = _all_weights(paths, top, tables, body, local)
    for statement in body:
        if (found := _words_call(statement.value)) is not None:
            used = _path_statements(found[0], local, statement)
            _add_words(sides, _with(paths, used), beside, *found)
            sides.words_at = statement
            sides.paths += used
        elif isinstance(statement.value, ast.Dict):
            sides.inline += _words_of(statement.value)
    return sides, Members(enums)


def _all_weights(
    paths: Paths,
    top: Top,
    tables: Mapping[str, tuple[Source, ast.expr]],
    body: list[ast.Assign],
    local: Mapping[str, ast.Assign],
) -> Sides:
    """The weights that `run` reads, from files or from a dictionary."""
    sides: Sides | None = None
    for statement in body:
        if (path := _weights_path(statement.value)) is not None:
            used = _path_statements(path, local, statement)
            sides = _read_weights(_with(paths, used), path, statement, sides)
            sides.paths += used
        elif (call := _weights_dict(statement.value)) is not None:
            sides = _dict_weights(paths.source, top, tables, call, statement, sides)
    if sides is None:
        paths.source.refuse(_other_reading(body) or top.run, "a `run` that reads no weights", WEIGHTS)
    return sides


def _add_words(sides: Sides, paths: Paths, beside: Beside, path: ast.expr, index: str) -> None:
    """Add the words of the table at a path, whose index column is `index`."""
    side = paths.side_file(path, "_embeddings.csv", index)
    sides.words = read_words(read_table(side.name, beside.text(side.name), 1), index)
    _note(sides, side.because, path)


def _words_of(table: ast.Dict) -> list[str]:
    keys = (key.value for key in table.keys if isinstance(key, ast.Constant))
    return [key for key in keys if isinstance(key, str)]


def _read_beside(
    source: Source, top: Top, beside: Beside
) -> tuple[dict[str, tuple[Source, ast.expr]], dict[str, Mapping[str, str]]]:
    """What the module imports from Python files beside it: constants, each with its file, and enums."""
    called = {node.id for node in walk(top.run) if isinstance(node, ast.Name)}
    by_file: dict[str, dict[str, ast.AST]] = {}
    for name, statement in top.beside.items():
        file = f"{(statement.module or '').rsplit('.', 1)[-1]}.py"
        by_file.setdefault(file, {})[name] = statement
    tables: dict[str, tuple[Source, ast.expr]] = {}
    enums: dict[str, Mapping[str, str]] = {}
    dicts = {name for statement in top.run.body for name in _dict_names(statement)}
    for file, wanted in by_file.items():
        side = Source(file, "")
        if wanted.keys() & dicts & called:
            constants = read_constants(side, beside.text(file))
            for name in wanted:
                if name not in constants:
                    side.refuse(None, f"a file without `{name}`", "each name that the module imports")
                tables[name] = (side, constants[name])
        else:
            enums.update(read_enums(side, beside.text(file), wanted).enums)
    return tables, enums


def _with(paths: Paths, statements: list[ast.Assign]) -> Paths:
    made = {target.id: s.value for s in statements for target in s.targets if isinstance(target, ast.Name)}
    return replace(paths, constants={**paths.constants, **made})


def _path_statements(path: ast.expr, local: Mapping[str, ast.Assign], before: ast.stmt) -> list[ast.Assign]:
    """The statements of `run` that make the path which another one reads, in their order."""
    found: dict[str, ast.Assign] = {}
    waiting = [path]
    while waiting:
        for node in walk(waiting.pop()):
            made = local.get(node.id) if isinstance(node, ast.Name) and node.id not in found else None
            if made is not None and isinstance(node, ast.Name) and made.lineno < before.lineno:
                found[node.id] = made
                waiting.append(made.value)
    return sorted(found.values(), key=lambda statement: statement.lineno)


def _read_weights(paths: Paths, path: ast.expr, statement: ast.Assign, before: Sides | None) -> Sides:
    source, beside = paths.source, paths.beside
    if before is not None:
        source.refuse(statement, "weights that are read a second time", "one table of weights")
    if beside.weights is not None:
        check_harmless(source, [ast.copy_location(ast.Expr(path), path)], Needed(), paths.imports)
        name, because = beside.weights, None
    else:
        side = paths.side_file(path, "_weights.csv", "feature,value")
        name, because = side.name, side.because
    try:
        text = beside.text(name)
    except BadFile as error:
        raise BadFile(f"{error}; {ADVICE}" if beside.weights is None else str(error)) from None
    weights = read_table(name, text, 2)
    if weights.header[:2] != ("feature", "value"):
        weights.refuse(None, f"the columns {', '.join(weights.header[:2])}", "feature and value first")
    _check_columns(weights)
    sides = Sides(weights, statement, named=beside.weights is None and because is None)
    _note(sides, because, path)
    return sides


def _dict_weights(
    source: Source,
    top: Top,
    tables: Mapping[str, tuple[Source, ast.expr]],
    call: ast.Call,
    statement: ast.Assign,
    before: Sides | None,
) -> Sides:
    if before is not None:
        source.refuse(statement, "weights that are read a second time", "one table of weights")
    at = call.args[0]
    assert isinstance(at, ast.Name)
    known = {**{name: (source, value) for name, value in top.constants.items()}, **tables}
    if at.id not in known:
        source.unexpected(at, "a dict of weights, in the module or in a Python file beside it")
    file, weights = known[at.id]
    columns = next((keyword.value for keyword in call.keywords if keyword.arg == "columns"), None)
    if isinstance(columns, ast.Name):
        if columns.id not in known or known[columns.id][0].path != file.path:
            source.unexpected(columns, "a list of classes, beside the weights")
        columns = known[columns.id][1]
    return Sides(read_dict(file, weights, columns), statement)


def _note(sides: Sides, because: str | None, at: ast.expr) -> None:
    if because is not None:
        sides.defects.append(Defect("lost-path", "readout", None, at.lineno, because))


# How `run` reads them -------------------------------------------------------------------------------------------------


def _weights_path(value: ast.expr) -> ast.expr | None:
    """The path in ``pd.read_csv(PATH, index_col=[0, 1], dtype={'feature': str})``."""
    match value:
        case ast.Call(func=func, args=[path], keywords=keywords) if ast.unparse(func) == "pd.read_csv":
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in keywords}
            if len(given) == len(keywords) and given == {"index_col": "[0, 1]", "dtype": "{'feature': str}"}:
                return path
    return None


def _words_call(value: ast.expr) -> tuple[ast.expr, str] | None:
    """The path and the name of the index in ``pd.read_csv(PATH).set_index('word')``."""
    match value:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=func, args=[path], keywords=[]), attr="set_index"),
            args=[ast.Constant(value=str() as index)],
            keywords=[],
        ) if ast.unparse(func) == "pd.read_csv":
            return path, index
    return None


def _weights_dict(value: ast.expr) -> ast.Call | None:
    """``pd.DataFrame.from_dict(NAME, orient='index', columns=...)``, if it is that."""
    match value:
        case ast.Call(func=func, args=[ast.Name()], keywords=keywords) if ast.unparse(func) == "pd.DataFrame.from_dict":
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in keywords}
            if given.pop("orient", "") == "'index'" and given.keys() <= {"columns"} and len(keywords) <= 2:
                return value
    return None


def _dict_names(statement: ast.stmt) -> list[str]:
    """The names that a statement makes a table of weights from."""
    call = _weights_dict(statement.value) if isinstance(statement, ast.Assign) else None
    return [] if call is None else [node.id for node in walk(call) if isinstance(node, ast.Name)]


def _other_reading(body: list[ast.Assign]) -> ast.expr | None:
    """Where `run` makes weights in another way, to point there."""
    return next((s.value for s in body if "classifier_weights" in map(ast.unparse, s.targets)), None)


# Frame ################################################################################################################


def read_frame(source: Source, top: Top, helpers: Helpers, sides: Sides) -> Program:
    """A Program with all that the side files say, and no nodes.

    Raises:
        BadSource: a `run` with other arguments; tables that say too little, or contradict themselves.
    """
    arguments = top.run.args
    tokens = arguments.args[0].arg if arguments.args else ""
    shown = ast.unparse(arguments)
    if shown not in (tokens, f"{tokens}, return_details=False") or not tokens or top.run.decorator_list:
        source.refuse(top.run, f"`run({shown})`", "`run(tokens)`")
    weights, words = sides.weights, sides.words
    known = [*words.rows, *(word for word in words.missing if word)] if words else sides.inline
    vocabulary = _vocabulary(weights, known)
    return built(
        source,
        top.run,
        lambda: Program(
            vocabulary=vocabulary,
            classes=weights.header[2:],
            max_length=_longest(weights),
            nodes=(),
            readout=Classify((), 1, "return_details" in shown, ()),
            causal=helpers.causal,
            self_rule=helpers.self_rule,
            unknown_rule="refuse" if UNKNOWN in vocabulary else "unk",
        ),
    )


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
