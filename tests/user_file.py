"""What a user of the API may write: checked by mypy in strict mode, with `import tpdebug` alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import tpdebug


def inspected(path: Path, text: str) -> Iterator[tuple[str, str]]:
    """What a trained program answers, and some of what can be asked about it."""
    config: tpdebug.TrainConfig = tpdebug.default_config("reverse")
    task: tpdebug.Task = tpdebug.find_task(config.task)
    program: tpdebug.Program = tpdebug.load(path)
    inputs: tpdebug.Inputs = tpdebug.inputs_for(program, sample=50)
    found = tpdebug.verify(program, inputs)
    tokens: list[str] = tpdebug.parse_input(text, program)
    traced = tpdebug.trace(program, tokens)
    outputs = tpdebug.execute(program, [tokens]).spelled(0)
    assert isinstance(outputs, list)
    yield text, "".join(outputs[1:-1])
    yield "wrong", str(found.wrong_inputs)
    columns: list[str] = [str(column) for column in found.to_frame("lengths").columns]
    shown: str | None = traced._repr_html_()
    assert columns
    assert shown
    assert task.name == "reverse"
