"""The call graph by pyan3, which runs beside tpdebug and is never imported."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any

import pytest

from analyze.pyan import cross_check, pyan_graph
from analyze.results.calls import MODULE
from tests.programs import PROGRAMS
from tests.test_callgraph import CASES, CLASSES, HELPERS
from tprog.errors import BadSource, BadUsage
from tprog.text.emit import emit

PUBLISHED = """
    import numpy as np
    import pandas as pd

    def select_closest(keys, queries, predicate):
        scores = [[False for _ in keys] for _ in queries]
        for i, q in enumerate(queries):
            matches = [j for j, k in enumerate(keys[: i + 1]) if predicate(q, k)]
            if not any(matches):
                scores[i][0] = True
            else:
                j = min(matches, key=lambda j: len(matches) if j == i else abs(i - j))
                scores[i][j] = True
        return scores

    def select(keys, queries, predicate):
        return [[predicate(q, k) for k in keys[: i + 1]] for i, q in enumerate(queries)]

    def aggregate(attention, values):
        return [[v for a, v in zip(attn, values) if a][0] for attn in attention]

    def run(tokens):
        classifier_weights = pd.read_csv("weights.csv", index_col=[0, 1], dtype={"feature": str})
        positions = list(range(len(tokens)))

        def predicate_0_0(q_position, k_token):
            if q_position in {0, 1}:
                return k_token == "a"

        attn_0_0_pattern = select_closest(tokens, positions, predicate_0_0)
        attn_0_0_outputs = aggregate(attn_0_0_pattern, tokens)

        def mlp_0_0(position, attn_0_0_output):
            key = (position, attn_0_0_output)
            if key in {(0, "a")}:
                return 3
            return 1

        mlp_0_0_outputs = [mlp_0_0(k0, k1) for k0, k1 in zip(positions, attn_0_0_outputs)]
        scores = classifier_weights.loc[[("mlp_0_0", str(v)) for v in mlp_0_0_outputs]]
        return pd.concat([df.reset_index() for df in [scores]])

    print(run(["<s>", "a"]))
"""

MODULES = {
    **{name: emit(PROGRAMS[name].program).text for name in ("sort", "induction", "question_type", "rationals")},
    "published": textwrap.dedent(PUBLISHED),
    "classes": textwrap.dedent(CLASSES)
    + "def a():\n  with Base(1) as b:\n    b.go()\n  c = Child(2)\n  c.step()\n  return c.ready\n",
    "constructs": HELPERS
    + "".join(
        f"def case_{i}():\n{textwrap.indent(source, '  ')}\n"
        for i, (name, (source, _)) in enumerate(CASES.items())
        if name not in ("global", "nonlocal", "a name local to a function hides a function")
    ),
}


@pytest.mark.parametrize("source", MODULES.values(), ids=MODULES.keys())
def test_pyan3_finds_no_edge_between_functions_that_we_lack(source: str) -> None:
    found = cross_check(source, "m.py")
    assert found.engine == "libcst"
    assert found.differences is not None
    lacking = [d for d in found.differences if d.only == "pyan3"]
    assert all("pseudo-node" in d.reason or "a base or" in d.reason for d in lacking), lacking
    assert len(found.differences) - len(lacking) < len(found.edges)


def test_the_cross_check_reports_the_pseudo_nodes_that_pyan3_adds() -> None:
    found = cross_check(MODULES["sort"], "m.py")
    assert found.differences is not None
    differ = {(d.source, d.target): d for d in found.differences}
    assert differ["run", "READOUT"].only == "pyan3"
    assert differ["run", "READOUT"].reason == "READOUT: pseudo-node: a variable, not a function"


def test_the_cross_check_reports_what_only_we_find() -> None:
    found = cross_check("def f(): pass\nt = {'x': f}\ndef a(): t['x']()\n", "m.py")
    assert found.differences is not None
    assert [(d.source, d.target, d.only, d.reason) for d in found.differences if d.source == "a"] == [
        ("a", "f", "libcst", "called"),
        ("a", "t", "pyan3", "t: pseudo-node: a variable, not a function"),
    ]


def test_a_local_name_that_pyan3_takes_for_a_function_is_told_apart() -> None:
    found = cross_check("def f(): pass\ndef a(x):\n  f = x + x\n  return [y for y in f]\n", "m.py")
    assert found.differences is not None
    assert all("matches by name" in d.reason for d in found.differences)


def test_its_graph_has_our_names_and_no_pseudo_nodes() -> None:
    graph = pyan_graph(MODULES["published"], "m.py")
    assert graph.engine == "pyan3"
    assert {node.name for node in graph.nodes} == {
        MODULE, "select_closest", "select", "aggregate", "run", "run.predicate_0_0", "run.mlp_0_0",
    }  # fmt: skip
    assert ("run", "run.mlp_0_0") in {(edge.source, edge.target) for edge in graph.edges}
    lines = {node.name: node.line for node in graph.nodes}
    assert lines["select_closest"] == 5
    assert lines[MODULE] is None


def test_pyan3_is_never_imported() -> None:
    pyan_graph("def f(): f()", "m.py")
    assert "pyan" not in sys.modules


def stub(monkeypatch: pytest.MonkeyPatch, returncode: int, stderr: str) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, returncode, "", stderr)

    monkeypatch.setattr("subprocess.run", run)


def test_without_pyan3_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stub(monkeypatch, 1, f"{sys.executable}: No module named pyan\n")
    with pytest.raises(BadUsage, match=r"pip install pyan3"):
        pyan_graph("x = 1", "m.py")


def test_a_failure_of_pyan3_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stub(monkeypatch, 3, "Traceback\n  ...\nValueError: what it says\n")
    with pytest.raises(BadUsage, match=r"^pyan3 failed on m.py with exit code 3: ValueError: what it says$"):
        pyan_graph("x = 1", "m.py")


def test_pyan3_is_given_up_after_its_time() -> None:
    with pytest.raises(BadUsage, match=r"more than 0.001 s on m.py"):
        pyan_graph("x = 1", "m.py", timeout=0.001)


def test_text_that_is_not_python_is_refused_before_pyan3_sees_it() -> None:
    with pytest.raises(BadSource, match=r"^m.py:2:"):
        pyan_graph("x = 1\ndef f(:\n", "m.py")
