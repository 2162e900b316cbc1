"""That no pass can miss a new kind of node: what the type checker must see stands in a form that it checks."""

from __future__ import annotations

import ast
from functools import cache
from typing import get_args

from tests.test_architecture import PACKAGES, ROOT
from tprog.ir.answering import Kind
from tprog.ir.nodes import Node

KINDS = {kind.__name__ for kind in get_args(Node)}

OF_ONE_KIND = {
    "analyze/blame/slice.py": "a head without a default copies from position 0",
    "analyze/dataflow.py": "an embedding stands before all layers",
    "analyze/dead/changes.py": "the two kinds of heads, which a match has told from the others",
    "analyze/dead/equals.py": "the two kinds of heads, which a match has told from the others",
    "analyze/diff/node_text.py": "the two kinds of heads, which a match has told from the others",
    "tprog/text/readout.py": "a head has the domain of what it copies",
    "tprog/edits/attended.py": "the edits of where a head that copies attends",
    "tprog/edits/coefficient.py": "the edits of coefficients",
    "tprog/edits/embedding_word.py": "the edits of words",
    "tprog/edits/lookup_cell.py": "the edits of cells",
    "tprog/edits/renaming.py": "values of embeddings get other names, also where a head copies them",
    "tprog/simplify/lookups.py": "it rewrites lookups",
    "tprog/simplify/predicates.py": "a head that copies may compare",
    "tprog/simplify/sums.py": "it shortens sums",
    "tprog/text/describe.py": "the two kinds of heads, which a match has told from the others",
    "tprog/text/dialects/published/module.py": "the self-match, which matters to heads that copy",
    "tprog/text/emit.py": "a head that copies may compare, and has the domain of what it copies",
    "tprog/text/needs.py": "a mean is a fraction",
    "trainer/search/program_class.py": "a head that copies is learned to attend to the nearest",
    "trainer/start.py": "the two kinds of heads, which a match has told from the others",
}
"""Files that compare `node.kind` with a word: what they do is of that kind alone, or another match stands above."""


@cache
def _trees() -> list[tuple[str, ast.AST]]:
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in files]


def _names(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}


def test_no_pass_asks_whether_a_node_is_of_a_kind_by_isinstance() -> None:
    """On such a question, the type checker is silent about a kind that it leaves out."""
    asking = [
        f"{name}:{node.lineno}"
        for name, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "isinstance"
        and _names(node.args[1]) & {*KINDS, "AttentionHead"}
    ]
    assert not asking, "ask the node (tprog/ir/answering.py), or match over all kinds and end in assert_never"


def test_every_match_over_kinds_of_nodes_ends_in_assert_never() -> None:
    open_ended = [
        f"{name}:{node.lineno}"
        for name, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Match)
        and any(_names(pattern.cls) & KINDS for pattern in ast.walk(node) if isinstance(pattern, ast.MatchClass))
        and "assert_never(" not in ast.unparse(node.cases[-1])
    ]
    assert not open_ended


def test_only_what_is_of_one_kind_compares_a_kind_with_a_word() -> None:
    words = {*get_args(Kind)}
    comparing = {
        name
        for name, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and ast.unparse(node.left).endswith(".kind")
        and any(isinstance(word, ast.Constant) and word.value in words for word in ast.walk(node))
        and not name.startswith("analyze/render/")  # kinds of what results hold are text
    }
    assert comparing == OF_ONE_KIND.keys()


def test_every_kind_of_node_has_a_name_of_its_own() -> None:
    assert len(get_args(Kind)) == len(KINDS)


def test_the_guide_names_how_a_kind_is_added() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert all(word in guide for word in ("tprog/ir/answering.py", "assert_never", "tests/test_node_kinds.py"))
