"""A whole published module: its `run` from the first line to the last."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from tprog.ir.domains import BEGIN, END, RowsNeeded
from tprog.ir.program import Program
from tprog.text.dialects.parts import built
from tprog.text.dialects.published.assignments import listed, read_assignment
from tprog.text.dialects.published.defects import Defect
from tprog.text.dialects.published.frame import Sides, read_frame, read_sides
from tprog.text.dialects.published.functions import Members
from tprog.text.dialects.published.helpers import HELPERS, Helpers, read_helpers
from tprog.text.dialects.published.paths import Beside
from tprog.text.dialects.published.readout import read_scores, read_terms
from tprog.text.dialects.published.scope import Scope
from tprog.text.dialects.published.top import BUILTINS, Top, is_defined, read_top
from tprog.text.dialects.subset import Source, without_docstring
from tprog.text.syntax import walk


@dataclass(frozen=True, eq=False)
class Published:
    """A published module, read.

    Attributes:
        program: what `run` means, for inputs that begin with ``<s>`` (and end in ``</s>`` if a token is that).
        scope: where everything stands.
        defects: what it does otherwise than its network did.
        longest_example: the most tokens of an input that the file shows; 0 if it shows none.
        named: whether the path in the module says which file holds the weights.
    """

    program: Program
    scope: Scope
    defects: tuple[Defect, ...]
    longest_example: int
    named: bool


def read_published(source: Source, tree: ast.Module, text: str, beside: Beside) -> Published:
    """The Program that a published module means, and where its parts stand.

    Args:
        text: the source of `tree`.
        beside: the files beside the module.

    Raises:
        BadSource: anything outside the dialect, at its line and column, in the module or a side file.
        BadFile: a side file that cannot be read.
    """
    top = read_top(source, tree)
    helpers = read_helpers(source, top.helpers)
    sides, members = read_sides(source, top, text, beside)
    scope = _scope(source, top, helpers, members, sides)
    program = _run(scope, top, sides)
    _note_self_rule(scope, program)
    return Published(program, scope, tuple(scope.defects), top.longest_example, sides.named)


def _scope(source: Source, top: Top, helpers: Helpers, members: Members, sides: Sides) -> Scope:
    """What is known before the first statement of `run`."""
    frame = read_frame(source, top, helpers, sides)
    tokens = top.run.args.args[0].arg
    known = dict(frame.variables)
    scope = Scope(source, members, helpers, sides.weights, sides.words, frame, tokens, known, {tokens: "tokens"})
    scope.scored = _scored(top)
    scope.features["tokens"] = "tokens"
    scope.defects += sides.defects
    scope.undefined = _undefined(top)
    return scope


def _scored(top: Top) -> frozenset[str]:
    """The names of `run` whose values pick rows of weights."""
    return frozenset(
        node.iter.id
        for statement in top.run.body
        if isinstance(statement, ast.Assign) and ".loc[[" in ast.unparse(statement.value)
        for node in walk(statement)
        if isinstance(node, ast.comprehension) and isinstance(node.iter, ast.Name)
    )


def _undefined(top: Top) -> frozenset[str]:
    """The names that `run` reads and nothing binds."""
    names = [node for node in walk(top.run) if isinstance(node, ast.Name)]
    bound = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    bound |= {statement.name for statement in top.run.body if isinstance(statement, ast.FunctionDef)}
    bound |= {top.run.args.args[0].arg}
    return frozenset(name for name in {name.id for name in names} - bound if not is_defined(top, name))


# run ##################################################################################################################


def _run(scope: Scope, top: Top, sides: Sides) -> Program:
    """The statements of `run`, in order."""
    body = list(without_docstring(top.run.body))
    start = next((i for i, s in enumerate(body) if _target(s) == "feature_logits"), None)
    if start is None:
        scope.source.refuse(top.run, "a `run` that sums no scores", "`feature_logits = pd.concat(...)` near its end")
    for statement in body[:start]:
        _statement(scope, statement, sides)
    names = _summed(scope, body[start])
    forced = _ending(scope, body[start + 1 :])
    terms, scale = read_terms(scope, names)
    partial_at_marks = forced and any(term.partial for term in terms)
    rows_needed: RowsNeeded = "everywhere" if partial_at_marks else "free"
    readout = replace(scope.frame.readout, terms=terms, scale=scale, forced=forced, rows_needed=rows_needed)
    return built(scope.source, body[start], lambda: replace(scope.frame, nodes=tuple(scope.nodes), readout=readout))


def _target(statement: ast.stmt) -> str | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return None


def _statement(scope: Scope, statement: ast.stmt, sides: Sides) -> None:
    name = statement.name if isinstance(statement, ast.FunctionDef) else _target(statement)
    if name is None:
        scope.source.unexpected(statement, "`name = ...` or a predicate or lookup")
    if scope.taken(name) or name in _OWN:
        scope.source.refuse(statement, f"`{name}` a second time", "each name once")
    if isinstance(statement, ast.FunctionDef):
        scope.functions[name] = statement
        return
    assert isinstance(statement, ast.Assign)
    _assignment(scope, statement, name, sides)


def _assignment(scope: Scope, statement: ast.Assign, name: str, sides: Sides) -> None:
    value, text, tokens = statement.value, ast.unparse(statement.value), scope.tokens
    if text == f"list(range(len({tokens})))":
        scope.variables[name], scope.features["positions"] = "positions", name
    elif text == f"[1 for _ in range(len({tokens}))]":
        scope.variables[name], scope.features["ones"] = "ones", name
    elif statement in sides.read and (name == "classifier_weights") == (statement is sides.weights_at):
        scope.used.add(name)
        scope.embed_df = name if statement is sides.words_at else scope.embed_df
    elif scope.embed_df is not None and text == f"{scope.embed_df}.loc[{tokens}]":
        scope.used.add(name)
        scope.embeddings = name
    elif (term := read_scores(scope, value)) is not None:
        scope.scores[name] = term
    elif not read_assignment(scope, statement, name, value):
        scope.source.unexpected(value, "weights, scores, a pattern, an aggregate, a lookup or an embedding")


_OWN = BUILTINS | {"pd", "np", *HELPERS}
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
    heads = [node for node in program.nodes if node.kind == "head"]
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
