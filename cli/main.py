"""The entry point of ``tpdebug``: the table of verbs, and how every outcome becomes an exit code.

0: done. 1: done, and the answer is "no". 2: bad usage or input, told in one line on stderr. 130: stopped with Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from cli import INTERRUPTED
from cli.columns import takes_columns
from cli.corpora import takes_corpus
from cli.layout import Verb
from cli.streams import checked_sizes
from cli.values import Group
from tprog.errors import TpdebugError
from tprog.escape import visible
from tprog.listing import bounded
from tprog.version import VERSION

VERBS = {
    "tasks": "List the tasks that a program can be trained on.",
    "data": "Prepare a corpus of sentences, or tell what one holds.",
    "train": "Train a program and write its module.",
    "train-gpt": "Train a small GPT, to decompile it.",
    "decompile": "Write what a trained decoder computes as a program.",
    "emit": "Write the module of a run, a compiled model or RASP source.",
    "run": "Run a program on inputs.",
    "sweep": "Train a grid of programs, on all CPUs or on a Dask cluster.",
    "verify": "Compare a program with its task.",
    "trace": "Show each variable's value at each position, for one input.",
    "graph": "Draw the data flow.",
    "circuits": "Find the heads and lookups that suffice for a sub-problem.",
    "dead": "Find the nodes, entries and lines that do nothing.",
    "coverage": "Show which lines, branches and entries inputs reach.",
    "fuzz": "Look for inputs that fail.",
    "blame": "Find the edits that mend a wrong prediction, or all.",
    "repair": "Mend wrong predictions by edits.",
    "simplify": "Make a program smaller, equal on every input.",
    "diff": "Compare two programs, node by node and by their answers.",
    "words": "List the words of each value of an embedding.",
    "report": "Write a page that runs the program.",
    "plot": "Draw learning curves, accuracy by length, and wrong inputs.",
    "rasp": "Open a console for RASP.",
    "compile": "Write a program as the weights of a Transformer.",
    "schema": "Print the JSON Schema of what a verb prints with --json.",
    "help": "Print a document, or a section of it.",
}
"""Verb -> its line on the help page, in this order.

The line is the first sentence of the verb's own page, which is not imported for it. Each verb is a function
of the module `cli.verbs` of its name.
"""

JUDGED = {
    "train", "train-gpt", "verify", "trace", "graph", "circuits", "dead", "coverage", "fuzz", "blame", "repair",
    "simplify", "diff", "report",
}  # fmt: skip
"""The verbs that take a task, which may be a file of examples."""


def meant(arguments: Sequence[str]) -> str | None:
    """The verb that a command line names, if it names one that there is."""
    return arguments[0] if arguments and arguments[0] in VERBS else None


def function(verb: str) -> Callable[..., object]:
    """What a verb does. Its module is imported: to import those of all verbs takes as long as some verbs do."""
    name = verb.replace("-", "_")
    found: Callable[..., object] = getattr(import_module(f"cli.verbs.{name}"), "help_" if verb == "help" else name)
    return found


def command(verb: str) -> Any:
    """A verb with its options, as typer makes it."""
    called = function(verb)
    if verb in JUDGED:
        called = takes_columns(called)
    if verb in JUDGED - {"train-gpt"}:
        called = takes_corpus(called, split=verb != "train")
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    alone.command(verb, cls=Verb)(called)
    return typer.main.get_command(alone)


class Commands(Mapping[str, Any]):
    """The commands of all verbs; each is made, and its module imported, when it is asked for."""

    def __getitem__(self, verb: str) -> Any:
        if verb not in VERBS:
            raise KeyError(verb)
        return command(verb)

    def __contains__(self, verb: object) -> bool:  # that of Mapping would make the command
        return verb in VERBS

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class Verbs(Group):
    """All verbs, of which the help page makes none: their lines stand in the table."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": Commands()})

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs, in the order of the help page."""
        return list(VERBS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a line a verb."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def app() -> typer.Typer:
    """The command line."""
    made = typer.Typer(
        name="tpdebug",
        cls=Verbs,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help: rich alone would take a third of the time that --help may
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="PROGRAM is a module's path, or the folder of a run. Left out, it is --program, $TPDEBUG_PROGRAM, "
        "[tool.tpdebug] program in pyproject.toml, the program last written or used in this folder, or the only one "
        "there; the choice is printed. `tpdebug help` prints the documents.",
    )
    made.callback(invoke_without_command=True)(tpdebug)
    return made


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tpdebug {VERSION}")
        raise typer.Exit


def tpdebug(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Learn Transformers that are readable programs; run, trace, prove and debug them."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (left out: the process's own) and return its exit code. Nothing escapes but bugs."""
    given = sys.argv[1:] if arguments is None else arguments
    checked_sizes()
    try:
        code = app()(given, prog_name="tpdebug", standalone_mode=False)
        sys.stdout.flush()
    except TpdebugError as error:
        return _refuse(str(error))
    except typer.TyperException as error:
        return _refuse(_usage(error))
    except typer.Abort:
        return _refuse("stopped: there was no answer")
    except OSError as error:
        return _refuse(_of_system(error))
    except MemoryError:
        return _refuse("out of memory; look at fewer inputs with --sample, or at a smaller program")
    except RecursionError:
        return _refuse("the program is nested too deeply to be read")
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        print("tpdebug: stopped; files written so far are whole and stay", file=sys.stderr)
    return code or 0


def _of_system(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def _usage(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "tpdebug"
    message = " ".join(error.format_message().split())  # choices stand on lines of their own
    return f"{message.rstrip('.')}; see {command} --help"


def _refuse(message: str) -> int:
    print(f"tpdebug: {bounded(visible(message))}", file=sys.stderr)
    return 2
