"""``docs/api.md``, made from docstrings: ``python -m tests.api_page`` writes it, a test says whether it is current."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tpdebug
from analyze.dataflow import data_flow
from analyze.render.columns import MEANINGS
from analyze.render.document import Table
from analyze.render.notebook import Notebook
from tests.api_results import results

PAGE = Path(__file__).parents[1] / "docs" / "api.md"

START = """# In Python

<!-- Made from docstrings by `python -m tests.api_page`; edit those, and the sections in tests/api_page.py. -->

`import tpdebug` gives all that the command line does as functions. They return frozen records of plain types.

```python
import tpdebug

program = tpdebug.load("sort_program.py")  # read, never executed
inputs = tpdebug.inputs_for(program)  # every input there is, or a sample where there are too many
print(tpdebug.verify(program, inputs).wrong_inputs)
```

A name brings its package when it is first used: the import itself brings none of them, and only `train`,
`load_program` and `load_model` bring torch. Other modules of tpdebug may be imported too; what is not on this page may
change.

A `Program` and every result show themselves in a notebook: a program its picture, `circuits` a table, `trace` a
coloured grid, `blame` the change of the source. `print` shows what a terminal shows. `to_json()` gives a result as
plain types, `to_frame()` its [tables](#tables) as data frames of pandas (the extra `frames`).
[notebook.ipynb](notebook.ipynb) is one to begin with.
"""


@dataclass(frozen=True)
class Section:
    """A part of the page: its heading, what stands below it, and its names."""

    heading: str
    names: str
    intro: str = ""


SECTIONS = (
    Section(
        "Programs",
        "load Program read_module Module emit parse_input encode Batch execute Execution Hole generate Generated apply "
        "RowEdit CellEdit WordEdit WeightEdit WeightRowEdit ReadEdit MaskEdit AttendEdit CoefficientEdit SelfRuleEdit "
        "RenameEdit Entry NOTHING FALSE TRUE Label spelling patched",
    ),
    Section("Tasks and inputs", "find_task Task inputs_for Inputs space_of inputs"),
    Section(
        "Analyses",
        "verify trace verify_loop trace_loop data_flow call_graph find_circuits SubProblem Exactly find_dead "
        "find_coverage fuzz Answers Relations relations_of against_program still_broken blame blame_all Presentation "
        "repair divide report diff find_words rename_values simplify plot Result",
    ),
    Section(
        "Training",
        "TrainConfig default_config train TrainResult load_program",
        "These need the extra `train`, but for the settings.",
    ),
    Section("Compiling", "compile_program write_model load_model"),
)

ERRORS = """
## Errors

Every error that is raised on purpose is a `TpdebugError`: its text is the one line that the command line prints.

Python looks in the current folder, or in that of the script, before it looks where tpdebug is installed. A file
`analyze.py`, `trainer.py` or a package `cli` or `tprog` there would be taken for tpdebug's own; `tpdebug` then says so,
with exit code 2, and `import tpdebug` raises ImportError with the same sentence.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([START, *map(_section, SECTIONS), *_tables(), ERRORS.lstrip("\n")])


def _section(section: Section) -> str:
    parts = [f"## {section.heading}\n"]
    if section.intro:
        parts.append(f"{section.intro}\n")
    parts += [_entry(name) for name in section.names.split()]
    return "\n".join(parts)


def _entry(name: str) -> str:
    lent = getattr(tpdebug, name)
    told = inspect.getdoc(lent if callable(lent) else type(lent)) or ""
    return f"### `{name}`\n\n{_signature(name, lent)}{_prose(told)}"


_FUNCTION = re.compile(r"<function .* at 0x[0-9a-f]+>")


def _signature(name: str, lent: object) -> str:
    """How a function is called. A record is made by who returns it, so its fields say enough."""
    if not inspect.isfunction(lent):
        return ""
    signature = inspect.signature(lent)
    written = [_FUNCTION.sub("...", str(parameter).replace("'", "")) for parameter in signature.parameters.values()]
    stars = [p.kind is p.KEYWORD_ONLY for p in signature.parameters.values()]
    if True in stars:
        written.insert(stars.index(True), "*")
    returned = str(signature.return_annotation).strip("'")
    line = f"{name}({', '.join(written)}) -> {returned}"
    if len(line) > 100:
        line = f"{name}(\n" + "".join(f"    {each},\n" for each in written) + f") -> {returned}"
    return f"```python\n{line}\n```\n\n"


_PART = re.compile(r"^(Args|Raises|Attributes|Yields|Returns):$", re.MULTILINE)


def _prose(doc: str) -> str:
    """A docstring in Markdown: paragraphs, and a list an argument, field or error."""
    text, *parts = _PART.split(doc)
    made = [_code(text).strip() + "\n"]
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        listed, _, after = body.strip("\n").partition("\n\n")
        made.append(f"{heading}:\n\n{''.join(_items(textwrap.dedent(listed)))}")
        if after.strip():
            made.append(_code(textwrap.dedent(after)).strip() + "\n")
    return "\n".join(made)


def _items(body: str) -> Iterator[str]:
    for item in re.split(r"\n(?=\S)", body):
        name, colon, said = " ".join(item.split()).partition(": ")
        yield f"- `{name}`: {_code(said)}\n" if colon else f"- {_code(name)}\n"


def _code(text: str) -> str:
    """Double backquotes as single ones; what would be HTML in code."""
    return re.sub(r"(?<![`\w])(<[/\w]+>)(?!`)", r"`\1`", text.replace("``", "`"))


# Tables ###############################################################################################################

_document = Notebook(data_flow).document


def tables() -> Mapping[str, Sequence[Table]]:
    """What is returned -> its tables, the first that which `to_frame()` means."""
    return {name: _document(result).tables for name, result in results().items()}


def _tables() -> Iterator[str]:
    yield (
        "## Tables\n\n`result.to_frame()` is the first table of a result, `result.to_frame(name)` that of the name; "
        "on\nthe command line `-o FILE.csv` and `-o FILE.NAME.csv` write the same. A column is there whether or not a "
        "row has\nsomething in it.\n"
    )
    found = tables()
    yield "| of | table | columns |\n|---|---|---|"
    for name, listed in found.items():
        for place, each in enumerate(listed):
            columns = ", ".join(f"`{column}`" for column in each.fields)
            yield f"| {f'`{name}`' if place == 0 else ''} | `{each.name}` | {columns} |"
    yield "\n| column | what it holds |\n|---|---|"
    used = {column for listed in found.values() for each in listed for column in each.fields}
    for column in sorted(used):
        yield f"| `{column}` | {MEANINGS.get(column, '')} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
