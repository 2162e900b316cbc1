"""The call graph as pyan3 finds it, and where it differs from ours.

pyan3 is under the GNU General Public Licence, so it runs as a separate program on a copy of the text and is never
imported. It reads the text; it does not execute it.
"""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analyze.callgraph import call_graph
from analyze.results.calls import MODULE, CallDifference, CallEdge, CallGraphResult, CallNode
from tprog.errors import BadSource, BadUsage

ENGINE = "pyan3"

TIMEOUT = 120.0
"""Seconds after which pyan3 is given up; it takes a tenth of a second on a published program."""

_STEM = "module"  # pyan3 begins every name with the file's stem, and dislikes stems that are not identifiers
_NODE = re.compile(r'^\s*"(?P<id>[^"]+)" \[label="[^"]*",.* tooltip="(?P<tip>[^"]*)"\];$', re.MULTILINE)
_EDGE = re.compile(r'^\s*"(?P<source>[^"]+)" -> "(?P<target>[^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class _PyanNode:
    """A node of pyan3's: a pseudo-node is neither a function, nor a method, nor a class, nor the module."""

    name: str
    line: int | None
    pseudo: bool
    is_class: bool = False


def pyan_graph(source: str, path: str, timeout: float = TIMEOUT) -> CallGraphResult:
    """The call graph of a module by pyan3, without its pseudo-nodes.

    pyan3 has one kind of edge, "uses", which is shown as `calls`; it gives no lines.

    Args:
        source: the module's text.
        path: its name in the result and in error messages.
        timeout: seconds that pyan3 may take.

    Raises:
        BadUsage: pyan3 is not installed, or it fails or takes too long.
        BadSource: the text is not Python.
    """
    nodes, edges = _graph(source, path, timeout)
    real = {node.name: node for node in nodes.values() if not node.pseudo}
    return CallGraphResult(
        program=path,
        engine=ENGINE,
        nodes=tuple(
            CallNode(node.name, node.line, True) for node in sorted(real.values(), key=lambda n: (n.line or 0, n.name))
        ),
        edges=tuple(CallEdge(a, b, "calls", ()) for a, b in sorted(edges) if a in real and b in real),
        differences=None,
    )


def _why_theirs(pseudo: Sequence[str], is_class: bool) -> str:
    """Why only pyan3 has an edge, of whose ends some are no functions, or which ends at a class."""
    if pseudo:
        return f"{' and '.join(pseudo)}: pseudo-node: a variable, not a function"
    if is_class:
        return "a class that is named as a base or in an annotation, neither called nor passed"
    return "the scopes show no such reference; pyan3 matches by name"


def cross_check(source: str, path: str, timeout: float = TIMEOUT) -> CallGraphResult:
    """Our call graph, with the edges that only one of the two engines finds as its `differences`.

    Raises:
        BadUsage, BadSource: see `pyan_graph`.
    """
    ours = call_graph(source, path)
    nodes, theirs = _graph(source, path, timeout)
    pseudo = {node.name for node in nodes.values() if node.pseudo}
    classes = {node.name for node in nodes.values() if node.is_class}
    kinds = {(edge.source, edge.target): edge.kind for edge in ours.edges}
    differences = []
    for a, b in kinds.keys() - theirs:
        reason = "passed on as a value" if kinds[a, b] == "passes" else "called"
        differences.append(CallDifference(a, b, ours.engine, reason))
    for a, b in theirs - kinds.keys():
        ends = [end for end in dict.fromkeys((a, b)) if end in pseudo]
        differences.append(CallDifference(a, b, ENGINE, _why_theirs(ends, b in classes)))
    differences.sort(key=lambda d: (d.only, d.source, d.target))
    return dataclasses.replace(ours, differences=tuple(differences))


def _graph(source: str, path: str, timeout: float) -> tuple[dict[str, _PyanNode], set[tuple[str, str]]]:
    """id -> node, and the edges by name."""
    dot = _run(source, path, timeout)
    nodes = {found["id"]: _node(found["tip"]) for found in _NODE.finditer(dot)}
    edges = {
        (nodes[found["source"]].name, nodes[found["target"]].name)
        for found in _EDGE.finditer(dot)
        if found["source"] in nodes and found["target"] in nodes
    }
    return nodes, edges


def _node(tooltip: str) -> _PyanNode:
    """A node from its tooltip: name, file and line, and what it is, one a line."""
    name, *rest = tooltip.split("\\n")
    if name == _STEM:
        return _PyanNode(MODULE, None, False)
    line = re.search(r":(\d+)$", rest[0]) if rest else None
    kind = rest[1] if len(rest) > 1 else ""
    pseudo = not re.match(r"(function|class|\w*method|property)\b", kind)
    return _PyanNode(name.removeprefix(f"{_STEM}."), int(line[1]) if line else None, pseudo, kind.startswith("class "))


def _run(source: str, path: str, timeout: float) -> str:
    """pyan3's DOT for the text."""
    try:
        compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        raise BadSource(path, line, column, "text that is not Python", "a Python module", error.msg) from None
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, f"{_STEM}.py")
        copy.write_text(source, encoding="utf-8")
        # -P: the folder of the copy is no place to import from.
        command = [sys.executable, "-P", "-m", "pyan", "--dot", "--no-defines", "--keep-subsumed-edges", copy.name]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, encoding="utf-8", timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            raise BadUsage(f"pyan3 took more than {timeout:g} s on {path}; leave out --engine pyan3") from None
    if done.returncode == 0:
        return done.stdout
    if "No module named pyan" in done.stderr:
        raise BadUsage("pyan3 is not installed here; expected it for this engine: pip install pyan3")
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    raise BadUsage(f"pyan3 failed on {path} with exit code {done.returncode}: {last}")
