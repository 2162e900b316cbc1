"""The nodes of a published module: what each assignment of `run` computes."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product
from math import prod

from tprog.ir.domains import PAD, Keys, Numbers, Symbol, Symbols, Value
from tprog.ir.entry import Entry
from tprog.ir.nodes import Embedding, Head, Lookup, Node, NumericHead
from tprog.ir.program import Domain, Numeric, Variable, axis, domain_of
from tprog.text.dialects.parts import built
from tprog.text.dialects.published.defects import Defect
from tprog.text.dialects.published.embeddings import Words, column, inline_table
from tprog.text.dialects.published.functions import MOST_CELLS, MOST_PAIRS, Chain, Predicate
from tprog.text.dialects.published.scope import Chained, Scope, Selection, span

_NAME = r"([A-Za-z_]\w*)"
_ENUM_VALUES = re.compile(rf"\[{_NAME}\[f'V\{{{_NAME}:02\}}'\] for \2 in {_NAME}\['{_NAME}'\]\]")
_CSV_VALUES = re.compile(rf"{_NAME}\['{_NAME}'\]\.tolist\(\)")
_NUMERIC_MLP = re.compile(r"num_mlp_([0-9]{1,4})_[0-9]+")

SHOWN = 8
"""Values that a defect lists before it says how many more there are."""


def read_assignment(scope: Scope, statement: ast.Assign, name: str, value: ast.expr) -> bool:
    """Read one assignment of `run`. Returns False if it is none that makes a variable or pattern."""
    match value:
        case ast.Call(
            func=ast.Name(id="select_closest" | "select" as called), args=[key, query, function], keywords=[]
        ):
            if not isinstance(function, ast.Name) or function.id not in scope.functions:
                scope.source.unexpected(function, "a predicate defined above")
            _defined(scope, called, value)
            scope.patterns[name] = Selection(called == "select_closest", key, query, function.id)
        case ast.Call(func=ast.Name(id="aggregate" | "aggregate_sum" as called), args=[pattern, values], keywords=[]):
            _defined(scope, called, value)
            _head(scope, statement, name, called, pattern, values)
        case ast.ListComp(elt=ast.Call(func=ast.Name(id=function_name))) if function_name in scope.functions:
            _lookup(scope, statement, name, scope.functions[function_name], value)
        case ast.ListComp(
            elt=ast.Subscript(value=ast.Name(id=table), slice=ast.Name(id=word)),
            generators=[ast.comprehension(target=ast.Name(id=target), iter=ast.Name(id=words), ifs=[], is_async=0)],
        ) if table in scope.tables and word == target and words == scope.tokens:
            _inline_embedding(scope, statement, name, scope.tables[table])
        case ast.Dict():
            scope.tables[name] = value
        case _:
            text = ast.unparse(value)
            if match := _ENUM_VALUES.fullmatch(text):
                _embedding(scope, statement, name, match[3], match[4], match[1])
            elif match := _CSV_VALUES.fullmatch(text):
                _embedding(scope, statement, name, match[1], match[2], None)
            else:
                return False
    return True


def _defined(scope: Scope, helper: str, at: ast.expr) -> None:
    if helper not in scope.helpers.names:
        scope.source.refuse(at, f"a call of `{helper}`, which the module does not define", "its definition")


def _add(scope: Scope, statement: ast.Assign, name: str, node: Node) -> None:
    """Make a node known under the local name of its values."""
    domain = built(scope.source, statement, partial(domain_of, node, scope.known, scope.frame))
    scope.known[node.name] = Variable(node.name, domain)
    scope.variables[name] = node.name
    scope.features[node.name] = name
    scope.nodes.append(node)
    scope.lines[Entry(node.name, "wiring")] = statement.lineno
    scope.blocks["assignment", node.name] = (statement.lineno, statement.end_lineno or statement.lineno)


def _node_name(name: str) -> str:
    return name.removesuffix("_outputs") or name


# Heads ################################################################################################################


def _head(
    scope: Scope, statement: ast.Assign, name: str, called: str, pattern_at: ast.expr, values_at: ast.expr
) -> None:
    if not isinstance(pattern_at, ast.Name) or pattern_at.id not in scope.patterns:
        scope.source.unexpected(pattern_at, "a pattern made by `select` or `select_closest` above")
    selection = scope.patterns[pattern_at.id]
    if selection.closest != (called == "aggregate"):
        wanted = "`select_closest` for aggregate, `select` for aggregate_sum"
        scope.source.refuse(pattern_at, f"`{called}` over the other kind of pattern", wanted)
    node_name = _node_name(name)
    query, key, value = scope.variable(selection.query), scope.variable(selection.key), scope.variable(values_at)
    function = scope.functions[selection.function]
    predicate = _predicate(scope, node_name, function, (selection.query, selection.key))
    node: Node
    if called == "aggregate":
        _symbols(scope, values_at)
        node = Head(node_name, query, key, value, predicate)
    else:
        if not isinstance(scope.known[value].domain, Numbers):
            scope.source.unexpected(values_at, "a numeric variable: these are summed")
        node = NumericHead(node_name, query, key, value, predicate)
    _add(scope, statement, name, node)
    for read, at in zip(node.roles, (selection.query, selection.key, values_at), strict=True):
        scope.places[node_name, read.role, read.place] = span(at)


def _symbols(scope: Scope, at: ast.expr) -> Symbols:
    domain = scope.known[scope.variable(at)].domain
    if not isinstance(domain, Symbols):
        scope.source.unexpected(at, "a categorical variable here; this one is a number")
    return domain


def _predicate(
    scope: Scope, node: str, function: ast.FunctionDef, reads_at: tuple[ast.expr, ast.expr]
) -> tuple[Keys, ...]:
    """The rows of a predicate over the variables that are named at `reads_at`, the query's and the key's."""
    queries, keys = (_symbols(scope, at) for at in reads_at)
    predicate = Predicate(scope.source, function, scope.members)
    if not predicate.quick and len(queries) * len(keys) > MOST_PAIRS:
        found = f"a predicate over {len(queries):,} x {len(keys):,} values that is asked for each pair"
        scope.source.refuse(reads_at[0], found, "`return key == literal` under tests of the query, for so many values")
    _check_orders(scope, predicate.chain, (queries, keys), reads_at)
    rows: list[Keys] = []
    open_values: list[Symbol] = []
    for query in queries:
        accepted, line = predicate.row(query, keys)
        if line is None:
            open_values.append(query)
        rows.append(accepted)
        scope.lines[Entry(node, "row", (query,))] = function.lineno if line is None else line
    if open_values:
        text = f"no branch of `{function.name}` is for {listed(open_values)}: {node} selects nothing there"
        query = scope.variable(reads_at[0])
        defect = Defect("falls-through", node, None, function.lineno, text, query, open=tuple(open_values))
        scope.defects.append(defect)
    _note_function(scope, node, function, predicate.chain)
    return tuple(rows)


def _note_function(scope: Scope, node: str, function: ast.FunctionDef, chain: Chain) -> None:
    scope.blocks["function", node] = (function.lineno, function.end_lineno or function.lineno)
    if chain.steps:
        body = [s for s in function.body if isinstance(s, ast.If | ast.Return)]
        first = body[0]
        scope.chains[node] = Chained(
            first.lineno, first.col_offset, tuple(chain.names), chain.key_name if chain.key is not None else None
        )


def _check_orders(scope: Scope, chain: Chain, domains: tuple[Domain, ...], reads_at: Sequence[ast.expr]) -> None:
    """Refuse words that a function compares by size, where they are read: that is what may have been edited."""
    for place, at in chain.ordered.items():
        domain = domains[place]
        if isinstance(domain, Symbols) and any(isinstance(value, str) for value in domain):
            found = f"{scope.source.shown(reads_at[place])}, whose values are words"
            wanted = f"numbers: `{chain.function.name}` compares `{chain.names[place]}` by size in line {at.lineno}"
            scope.source.refuse(reads_at[place], found, wanted)


def listed(values: list[Symbol]) -> str:
    """Values as a person reads them, the first few of many."""
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN + 1 else ""
    return ", ".join(repr(value) for value in (values[:SHOWN] if more else values)) + more


# Lookups ##############################################################################################################


def _lookup(scope: Scope, statement: ast.Assign, name: str, function: ast.FunctionDef, call: ast.ListComp) -> None:
    node_name = _node_name(name)
    inputs_at = _inputs(scope, call)
    inputs = tuple(scope.variable(at) for at in inputs_at)
    chain = Chain(scope.source, function, len(inputs), scope.members)
    domains = tuple(scope.known[read].domain for read in inputs)
    _check_orders(scope, chain, domains, inputs_at)
    size = prod(len(d) if isinstance(d, Symbols) else _cap(chain, place, d) + 1 for place, d in enumerate(domains))
    if size > MOST_CELLS:
        read = f"a lookup of {size:,} cells, by what it reads here and says in line {function.lineno}"
        scope.source.refuse(statement, read, f"at most {MOST_CELLS:,}")
    levels = tuple(
        None if isinstance(domain, Symbols) else tuple(range(_cap(chain, place, domain) + 1))
        for place, domain in enumerate(domains)
    )
    answers = {id(node): _answer(chain, node) for node in chain.returns}
    shell = Lookup(node_name, inputs, levels, None, ())
    cells: list[Value | None] = []
    open_cells = 0
    for values in _cell_keys(scope, shell):
        answer = chain.answer(values)
        given = None if answer is None else answers[id(answer)]
        open_cells += given is None
        cells.append(given)
        scope.lines[Entry(node_name, "cell", values)] = function.lineno if answer is None else answer.lineno
    if open_cells:
        _check_unanswered(scope, name, function)
        text = (
            f"`{function.name}` answers nothing for {open_cells:,} of {len(cells):,} inputs; run raises KeyError there"
        )
        scope.defects.append(Defect("missing-row", node_name, None, function.lineno, text))
    _note_range(scope, node_name, function, inputs, chain)
    symbols = _answers(scope, name, list(answers.values()))
    _note_function(scope, node_name, function, chain)
    _add(scope, statement, name, Lookup(node_name, inputs, levels, symbols, tuple(cells)))
    for place, at in enumerate(inputs_at):
        scope.places[node_name, "input", place] = span(at)


def _cell_keys(scope: Scope, shell: Lookup) -> list[tuple[Value, ...]]:
    """The input values of each cell of a lookup that is not yet a node of the Program."""
    return list(product(*(axis(scope.known, shell, which) for which in range(len(shell.inputs)))))


def _inputs(scope: Scope, call: ast.ListComp) -> list[ast.expr]:
    """The variables that ``[f(a, b) for a, b in zip(x, y)]`` hands to f, in the order of f's arguments."""
    assert isinstance(call.elt, ast.Call)
    match call.generators:
        case [ast.comprehension(target=ast.Name(id=only), iter=source, ifs=[], is_async=0)]:
            variables: Mapping[str, ast.expr] = {only: source}
        case [
            ast.comprehension(
                target=ast.Tuple(elts=[ast.Name(id=one), ast.Name(id=other)]),
                iter=ast.Call(func=ast.Name(id="zip"), args=[first, second], keywords=[]),
                ifs=[],
                is_async=0,
            )
        ] if one != other:
            variables = {one: first, other: second}
        case _:
            scope.source.unexpected(call, "`[f(k) for k in x]` or `[f(k0, k1) for k0, k1 in zip(x, y)]`")
    found: list[ast.expr] = []
    for argument in call.elt.args:
        if not isinstance(argument, ast.Name) or argument.id not in variables:
            scope.source.unexpected(argument, "a name that the `for` binds")
        found.append(variables[argument.id])
    if call.elt.keywords or not 1 <= len(found) <= 2:
        scope.source.unexpected(call.elt, "a call with one or two plain arguments")
    return found


def _cap(chain: Chain, place: int, domain: Numeric) -> int:
    """The first number that reads like all larger ones: the `else` of the lookup."""
    numbers = [number + 1 for number in chain.numbers[place] if number >= 0]
    return min(max(numbers, default=0), domain.bound)


def _answer(chain: Chain, node: ast.Return) -> Symbol | None:
    if node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None):
        return None
    return chain.scalar(node.value)


def _check_unanswered(scope: Scope, name: str, function: ast.FunctionDef) -> None:
    """A lookup that answers None is a hole only if its scores are looked up: nothing else fails."""
    if name in scope.scored:  # pandas reads a row named None as missing, so that none is found
        return
    wanted = "a `return` at its end, because nothing fails where the function answers None"
    scope.source.refuse(function, f"`{function.name}`, which leaves inputs without an answer", wanted)


def _note_range(scope: Scope, node: str, function: ast.FunctionDef, inputs: tuple[str, ...], chain: Chain) -> None:
    match = _NUMERIC_MLP.fullmatch(function.name)
    for place, read in enumerate(inputs):
        domain = scope.known[read].domain
        if not isinstance(domain, Numbers):
            continue
        # The original code tries a number n_ctx times its layer, and leaves out those with the default's answer.
        layers = int(match[1]) + 1 if match else 0
        told = scope.frame.max_length * layers - 1 if match else max(chain.numbers[place], default=0)
        if domain.bound > told:
            subject = f"`{function.name}` was written for {read}"
            text = f"{subject} from 0 to {told}; larger numbers, bounded by {domain.bound}, would get its default"
            scope.defects.append(Defect("out-of-range", node, None, function.lineno, text, read, told, layers, subject))
            return


def _answers(scope: Scope, name: str, answers: list[Symbol | None]) -> tuple[Symbol, ...]:
    """What a lookup may answer: what it says, and the values that have weights."""
    given = [answer for answer in answers if answer is not None]
    numbers = {answer for answer in given if isinstance(answer, int)}
    words = [answer for answer in dict.fromkeys(given) if isinstance(answer, str)]
    if not words:
        numbers |= whole_values(scope, name)
    return (*sorted(numbers), *words) or (0,)


def whole_values(scope: Scope, feature: str) -> set[int]:
    """The whole numbers that have a row of weights under a feature."""
    return {int(v) for f, v in scope.weights.weights if f == feature and re.fullmatch("[1-9][0-9]{0,5}|0", v)}


# Embeddings ###########################################################################################################


def _embedding(scope: Scope, statement: ast.Assign, name: str, frame: str, column_name: str, enum: str | None) -> None:
    words = scope.words
    if words is None or scope.embeddings != frame:
        scope.source.unexpected(statement, "a column of `embeddings`, the rows of the tokens")
    if enum is not None and enum not in scope.members.enums:
        scope.source.refuse(statement, f"the enum `{enum}`", "one that the module imports")
    numbers = column(words, column_name)
    table: dict[str, Symbol | None] = {}
    if enum is None:
        table.update(numbers)
        symbols: tuple[Symbol, ...] = tuple(sorted(set(numbers.values()) | whole_values(scope, name)))
    else:
        members = scope.members.enums[enum]
        for word, number in numbers.items():
            member = members.get(f"V{number:02}")
            table[word] = None if member is None else f"{enum}.{member}"
        symbols = tuple(f"{enum}.{member}" for member in dict.fromkeys(members.values()))
    _note_absent(scope, name, words, table)
    for word in scope.frame.vocabulary:
        if word in words.rows:
            scope.side_lines[Entry(name, "word", (word,))] = (words.table.name, words.rows[word].line)
    scope.columns[name] = (words.table.column(column_name), enum)
    _add(scope, statement, name, Embedding(name, symbols, tuple(table.get(w) for w in scope.frame.vocabulary)))


def _note_absent(scope: Scope, name: str, words: Words, table: Mapping[str, Symbol | None]) -> None:
    """Name the words without an embedding: once those that pandas reads as missing, which all columns share."""
    read_as_missing = [word for word in words.missing if word in scope.frame.symbols("tokens").codes]
    if read_as_missing and all(node.words is None for node in scope.nodes):
        text = f"pandas reads {listed(list(read_as_missing))} as missing values: run raises KeyError at these words"
        line = words.missing[read_as_missing[0]]
        scope.defects.append(Defect("missing-row", name, words.table.name, line, text))
    without = [word for word in words.rows if word in table and table[word] is None]
    if without:
        text = f"{name} has no member for the words {listed(list(without))}: run raises KeyError there"
        scope.defects.append(Defect("missing-row", name, words.table.name, words.rows[without[0]].line, text))


def _inline_embedding(scope: Scope, statement: ast.Assign, name: str, table_at: ast.expr) -> None:
    table = inline_table(scope.source, table_at, scope.members)
    values = {value for word, (value, _) in table.items() if word != PAD}
    numbers = sorted({value for value in values if isinstance(value, int)} | whole_values(scope, name))
    symbols: tuple[Symbol, ...] = (*numbers, *sorted(value for value in values if isinstance(value, str)))
    for word, (_, line) in table.items():
        if word in scope.frame.symbols("tokens").codes:
            scope.lines[Entry(name, "word", (word,))] = line
    rows = tuple(table[word][0] if word in table else None for word in scope.frame.vocabulary)
    _add(scope, statement, name, Embedding(name, symbols, rows))
