"""The options that verbs share, each with the one help text that it has everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from cli.output import Color
from tprog.errors import BadUsage


def complete_task(incomplete: str) -> list[str]:
    """The names of tasks that begin so; where none does, a shell offers files."""
    from tprog.tasks.builtin import TASKS

    return [name for name in TASKS if name.startswith(incomplete)]


ProgramArgument: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="PROGRAM", help="The program's module, the folder of a run, or RASP source.", show_default=False
    ),
]
ProgramOption: TypeAlias = Annotated[
    str | None, typer.Option("--program", metavar="PROGRAM", help="The same, as an option.", show_default=False)
]
InputOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--input", metavar="TEXT", help='One input: "abbc", "words with spaces", or a JSON list.', show_default=False
    ),
]
ExpectOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--expect", metavar="OUTPUT", help="The right answer, written like an input.", show_default="from the task"
    ),
]
PositionOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--position", min=0, metavar="INDEX", help="A position, from 0; <s>, if there, is at 0.", show_default=False
    ),
]
LoopOption: TypeAlias = Annotated[
    bool, typer.Option("--loop", help="Append what comes out last to the input, again and again.")
]
VisitedOption: TypeAlias = Annotated[
    bool, typer.Option("--loop", help="Look at the prefixes that a loop from each input visits, each a step by itself.")
]
StopOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--stop", metavar="CLASS", help="Of --loop: the class that ends it. Default: what is no token."),
]
StepsOption: TypeAlias = Annotated[
    int | None, typer.Option("--steps", metavar="N", min=1, help="Of --loop: steps at most. Default: 1000.")
]


def check_loop(loop: bool, stop: str | None, steps: int | None) -> None:
    """Refuse what says how to loop where nothing is looped."""
    if not loop and (stop is not None or steps is not None):
        raise BadUsage("--stop and --steps are about --loop; give that too, or leave them out")


OfOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--of", metavar="OUTPUT", help="Of several outputs: the one that is asked about.", show_default=False),
]
ClassOption: TypeAlias = Annotated[
    str | None, typer.Option("--class", metavar="CLASS", help="The predictions of this class.", show_default=False)
]
TokenOption: TypeAlias = Annotated[
    str | None, typer.Option("--token", metavar="TOKEN", help="The predictions at this token.", show_default=False)
]
SubProblemInputOption: TypeAlias = Annotated[
    str | None, typer.Option("--input", metavar="TEXT", help="The predictions on this input.", show_default=False)
]
WhereOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help='The predictions for which this holds: "predicted == right" (the right ones), "len(x) > 4 and x[0] == '
        '\'a\'" (x: the input), "i < 3" (the position), "token == \'b\'".',
        show_default=False,
    ),
]
TaskOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="TASK",
        help="What it should compute: a task's name, or the file of your own.",
        show_default="what it names",
        autocompletion=complete_task,
    ),
]
VerifyOnOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--verify-on",
        metavar="SPLIT",
        help="Say what edits do to inputs that they were not chosen on: a split of the corpus, or another corpus.",
        show_default=False,
    ),
]
VocabularyOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--vocabulary",
        metavar="TOKENS",
        help='The tokens of RASP source, as "abc" or a JSON list.',
        show_default="as it says",
    ),
]
LengthOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--length",
        min=1,
        metavar="N",
        help="Look at inputs of up to N tokens, marks included, as in tpdebug train; N is the longest of RASP source.",
        show_default="what the program takes",
    ),
]
SourceLengthOption: TypeAlias = Annotated[
    int | None,
    typer.Option("--length", min=1, metavar="N", help="The longest input of RASP source.", show_default="as it says"),
]
WeightsOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        metavar="FILE",
        help="The weights (CSV) of a module of the original research code.",
        show_default="beside the module, as it says",
    ),
]
SampleOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--sample", min=1, metavar="COUNT", help="Look at so many random inputs.", show_default="all inputs, if few"
    ),
]
SeedOption: TypeAlias = Annotated[
    int, typer.Option("--seed", min=0, metavar="SEED", help="The seed of what is random.")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
FileOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write a file: its ending picks the form.", show_default=False),
]
ForceOption: TypeAlias = Annotated[bool, typer.Option("--force", help="Overwrite a file that tpdebug did not write.")]
ColorOption: TypeAlias = Annotated[Color, typer.Option("--color", help="When to use colour.")]
