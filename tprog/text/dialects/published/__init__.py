"""Reads the modules that the code of "Learning Transformer Programs" writes, without running them and without pandas.

Source: the code writer of github.com/princeton-nlp/TransformerPrograms (Friedman, Wettig, Chen, NeurIPS 2023). What a
module means is what its own `run` returns, its defects included; where `run` raises KeyError, the Program has a hole.

`tprog.text.read` imports the reader itself (`module`) only for a module of this dialect.
"""

from __future__ import annotations

import ast


def is_published(tree: ast.Module) -> bool:
    """Whether a module is one of this dialect rather than ours: it imports pandas."""
    imports = (alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names)
    return "pandas" in imports
