"""Every verb on some written programs, judged by the evaluator; tests/bench/rasp_verbs.py has the whole library."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.rasp_verbs import VERBS, verbs


@pytest.mark.parametrize(
    ("name", "mode"),
    [("sort", "standard"), ("shuffle_dyck2", "causal"), ("rasp_hist_bos", "standard"), ("raspl_induct", "causal")],
)
def test_every_verb_answers_and_blame_names_a_planted_fault(
    name: str, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = verbs(name, mode, longest=4, tokens=3)
    assert {verb: float(found[verb]) >= 0 for verb in VERBS} == dict.fromkeys(VERBS, True)  # what is wrong is no number
    assert "<svg" in (tmp_path / "graph.svg").read_text(encoding="utf-8")
