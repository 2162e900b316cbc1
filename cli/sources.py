"""RASP source as the subject of a verb: evaluated, without a Program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.output import note
from tprog.errors import BadInput, BadUsage
from tprog.escape import json_text, spelled, visible
from tprog.listing import shortened
from tprog.rasp.names import split_outputs

if TYPE_CHECKING:
    from tprog.ir.program import Program
    from tprog.rasp.failures import Failed
    from tprog.rasp.program import RaspProgram
    from tprog.rasp.values import Value
    from tprog.text.read import Module


def evaluated(named: str, causal: bool, texts: Iterator[tuple[str, str]]) -> Iterator[Evaluated]:
    """What a source gives for each input.

    Args:
        named: its path, and perhaps the names of its outputs.
        texts: inputs, and where each stands, for messages.
    """
    from tprog.rasp.failures import Failed
    from tprog.rasp.source.files import load_program
    from tprog.rasp.source.inputs import parse_tokens

    path, outputs = split_outputs(named)
    program = None
    for text, where in texts:
        try:
            tokens = parse_tokens(text)
        except BadInput as error:
            raise BadInput(f"{where}{error}") from None
        if program is None:
            # The first input is one on which definitions are tried: numbers need not fit the word "hello".
            program = load_program(path, outputs, given=tokens)
            if causal:
                _warn(program, tokens)
        try:
            yield Evaluated(tokens, program.run(tokens, causal))
        except Failed as error:
            yield Evaluated(tokens, {}, error)


def program_of_source(
    named: str, vocabulary: str | None = None, length: int | None = None, causal: bool = False
) -> Program:
    """The Program of a source, over a vocabulary and up to a length: as given, else as its variables say.

    Args:
        named: its path, and perhaps the name of its output.

    Raises:
        BadUsage: neither says what the inputs are.
        NotLowered: no Program is made of it.
    """
    from tprog.rasp.source.files import read_file
    from tprog.rasp.source.inputs import vocabulary_of

    path, outputs = split_outputs(named)
    tokens = None if vocabulary is None else vocabulary_of(vocabulary)
    source = read_file(path, outputs, given=tokens)
    found: object = tokens if tokens is not None else source.variables.get("vocabulary")
    longest: object = length if length is not None else source.variables.get("longest")
    if found is None or longest is None:
        raise BadUsage(
            f'{path} does not say what its inputs are; expected variables such as vocabulary = "abc"; and '
            "longest = 6;, or the options --vocabulary abc --length 6"
        )
    if not isinstance(found, (str, list)):
        raise BadUsage(f"{path}: vocabulary is {shortened(found)}; expected a word, or a list of words and numbers")
    if not isinstance(longest, int) or isinstance(longest, bool):
        raise BadUsage(f"{path}: longest is {shortened(longest)}; expected a whole number")
    return source.program.to_program(list(found), longest, causal or source.variables.get("causal") is True)


def module_of_source(named: str, vocabulary: str | None = None, length: int | None = None) -> Module:
    """The module that `emit` would write of a source; arguments and errors as those of `program_of_source`."""
    from tprog.text.emit import emit
    from tprog.text.read import read_source

    stem = Path(split_outputs(named)[0]).stem
    emitted = emit(program_of_source(named, vocabulary, length), stem)
    note(f"{named} is looked at as the module that tpdebug emit writes of it")
    return read_source(emitted.text, f"{stem}.py", emitted.side.__getitem__)


def _warn(program: RaspProgram, tokens: list[Value]) -> None:
    """Say what the causal mask changes, on a smallest input over the tokens of one that was given."""
    from tprog.rasp.examine import changed

    for change in changed(program, tokens):
        note(str(change))


@dataclass(frozen=True)
class Evaluated:
    """What a source gives for one input.

    Attributes:
        values: output -> [position] its values.
        failure: why there are none.
    """

    tokens: list[Value]
    values: dict[str, list[Value]]
    failure: Failed | None = None

    @property
    def is_hole(self) -> bool:
        """Whether an expression has no value."""
        return self.failure is not None

    def line(self, as_json: bool) -> str:
        """The answer in one line: of one output its values, of several each behind its name."""
        from tprog.rasp.source.inputs import joined
        from tprog.rasp.values import spelled_values

        if as_json:
            from analyze.results.run import RunResult

            outputs: dict[str, tuple[str | None, ...]] = {
                name: tuple(spelled_values(values)) for name, values in self.values.items()
            }
            hole = None if self.failure is None else str(self.failure)
            tokens = tuple(spelled_values(self.tokens))
            return json_text(RunResult(tokens, next(iter(outputs.values()), None), outputs, hole).to_json())
        if self.failure is not None:
            return visible(str(self.failure))
        if len(self.values) == 1:
            return spelled(joined(next(iter(self.values.values()))))
        return "  ".join(f"{name}: {spelled(joined(values))}" for name, values in self.values.items())
