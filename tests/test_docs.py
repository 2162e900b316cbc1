"""The documents name files, sections and pages that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_file_and_a_heading(name: str) -> None:
    here = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", here.read_text(encoding="utf-8")):
        if target.startswith(("http:", "https:")):
            continue
        path, _, anchor = target.partition("#")
        there = (here.parent / path).resolve() if path else here
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("name", NAMES)
def test_every_module_that_is_named_with_its_folder_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for path in re.findall(r"`((?:tprog|trainer|analyze|cli|tests|docs)/[\w/.-]*)`", text):
        assert (ROOT / path).exists(), path
    for module in re.findall(r"python -m (tests\.[\w.]+)", text):
        assert (ROOT / (module.replace(".", "/") + ".py")).exists(), module


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/how-it-works.md"])
def test_every_module_that_is_named_without_its_folder_exists(name: str) -> None:
    packages = ("tpdebug", "tprog", "trainer", "analyze", "cli", "tests")
    written = {"program.py"}  # of a run's folder
    there = {
        f"/{path.relative_to(ROOT)}" for package in packages for path in [ROOT / package, *(ROOT / package).rglob("*")]
    }
    for named in re.findall(r"`([\w/]+(?:\.py|/))`", (ROOT / name).read_text(encoding="utf-8")):
        folder_or_file = f"/{named.rstrip('/')}"
        assert named in written or any(path.endswith(folder_or_file) for path in there), named


def test_the_map_has_each_package_and_each_room() -> None:
    text = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `(\w+)/` \|", text, re.MULTILINE))
    rooms = {path.parent.name for path in (ROOT / "tprog").glob("*/__init__.py")} - {"files"}
    assert rows >= rooms | {"tpdebug", "tprog", "trainer", "analyze", "cli", "tests"}


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_every_module_that_a_docstring_or_a_document_names_exists_and_has_the_name() -> None:
    packages = ("tpdebug", "tprog", "trainer", "analyze", "cli", "tests")
    sources = {
        _dotted(path): path.read_text(encoding="utf-8")
        for package in packages
        for path in (ROOT / package).rglob("*.py")
    }
    texts = sources | {name: (ROOT / name).read_text(encoding="utf-8") for name in NAMES}
    lost = []
    for where, text in texts.items():
        for named in re.findall(rf"`((?:{'|'.join(packages)})(?:\.\w+)+)`", text):
            parts = named.split(".")
            known = max((n for n in range(1, len(parts) + 1) if ".".join(parts[:n]) in sources), default=0)
            module, rest = ".".join(parts[:known]), parts[known:]
            if parts[-1] != "py" and rest and not re.search(rf"\b{rest[0]}\b", sources.get(module, "")):
                lost.append(f"{where}: {named}")
    assert not lost
