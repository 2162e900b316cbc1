"""The notebook of the docs, executed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
READ: Any = nbformat.read  # it leaves its types out in part


@pytest.mark.filterwarnings("ignore")  # what a kernel warns of is no matter of ours
def test_the_notebook_runs_and_each_cell_shows_one_thing_for_people_and_no_long_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = READ(NOTEBOOK, as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = {}
    for cell in notebook.cells:
        outputs = cell.get("outputs", ())
        assert len(outputs) <= 1, cell.source
        for output in outputs:
            data = output.get("data", {"text/plain": output.get("text", "")})
            assert 0 < len(data["text/plain"]) < 2500, cell.source
            shown[cell.source.rpartition("\n")[2]] = data
    assert "image/svg+xml" in shown["program"]
    assert "image/svg+xml" in shown["tpdebug.plot([folder])"]
    assert "<table" in shown["tpdebug.find_circuits(program, inputs)"]["text/html"]
    blamed = next(data for source, data in shown.items() if source.startswith("tpdebug.blame"))
    assert '<pre class="change">' in blamed["text/html"]


def test_the_notebook_uses_the_documented_api_alone_and_keeps_no_outputs() -> None:
    notebook = READ(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    imported = {line for cell in code for line in cell.source.split("\n") if line.startswith(("import ", "from "))}
    assert imported == {"import dataclasses", "import tempfile", "from pathlib import Path", "import tpdebug"}
    assert not any(cell.outputs for cell in code)
