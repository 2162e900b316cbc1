"""The entry point of ``tpdebug``: the table of verbs, and how every outcome becomes an exit code.

0: done. 1: done, and the answer is "no". 2: bad usage or input, told in one line on stderr. 130: stopped with Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Annotated

import typer

from cli import INTERRUPTED
from cli.columns import takes_columns
from cli.corpora import takes_corpus
from cli.layout import Verb
from tprog.errors import TpdebugError
from tprog.escape import visible
from tprog.listing import bounded
from tprog.version import VERSION

VERBS = (
    "tasks", "data", "train", "train-gpt", "decompile", "emit", "run", "sweep", "verify", "trace", "graph",
    "circuits", "dead", "coverage", "fuzz", "blame", "repair", "simplify", "diff", "words", "report", "plot", "rasp",
    "compile", "schema", "help",
)  # fmt: skip
"""In the order of the help page. Each is a function of the module `cli.verbs` of its name."""

JUDGED = {
    "train", "train-gpt", "verify", "trace", "graph", "circuits", "dead", "coverage", "fuzz", "blame", "repair",
    "simplify", "diff", "report",
}  # fmt: skip
"""The verbs that take a task, which may be a file of examples."""


def meant(arguments: Sequence[str]) -> tuple[str, ...]:
    """The verb that a command line names; all of them where it names none that there is, or asks for help with one."""
    named = arguments[0] if arguments else ""
    return (named,) if named in VERBS and named != "help" else VERBS


def function(verb: str) -> Callable[..., object]:
    """What a verb does. Its module is imported: to import those of all verbs takes as long as some verbs do."""
    name = verb.replace("-", "_")
    found: Callable[..., object] = getattr(import_module(f"cli.verbs.{name}"), "help_" if verb == "help" else name)
    return found


def app(verbs: Iterable[str] = VERBS) -> typer.Typer:
    """The command line, with these verbs."""
    made = typer.Typer(
        name="tpdebug",
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help: rich alone would take a third of the time that --help may
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="PROGRAM is a module's path, or the folder of a run. Left out, it is --program, $TPDEBUG_PROGRAM, "
        "[tool.tpdebug] program in pyproject.toml, the program last written or used in this folder, or the only one "
        "there; the choice is printed. `tpdebug help` prints the documents.",
    )
    made.callback(invoke_without_command=True)(tpdebug)
    for verb in verbs:
        called = function(verb)
        if verb in JUDGED:
            called = takes_columns(called)
        if verb in JUDGED - {"train-gpt"}:
            called = takes_corpus(called, split=verb != "train")
        made.command(verb, cls=Verb)(called)
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
    try:
        code = app(meant(given))(given, prog_name="tpdebug", standalone_mode=False)
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
