"""Files of the user's own that Python would take for one of its modules or of tpdebug's. A leaf: it needs no other."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

PACKAGES = ("tprog", "analyze", "trainer", "cli")

_HOUSE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""Where all packages of tpdebug stand, side by side."""


def leave_current_folder() -> None:
    """Take the current folder out of Python's path, to which ``python -m`` adds it before all others.

    The script of the distribution does without, too. A ``random.py`` or an ``analyze.py`` there is the user's own. The
    folder stays where tpdebug itself stands there, and where the user has asked for it.
    """
    try:
        here = os.getcwd()
    except OSError:  # it is gone, and in no path
        return
    if not sys.flags.safe_path and sys.path[0] == here and os.path.realpath(here) != os.path.realpath(_HOUSE):
        del sys.path[0]


def hidden() -> str | None:
    """Which file Python would import instead of a package of ours, on one line, and what to do; None if there is none.

    Python looks in the folder of a user's script, in the current one where it is asked for a module or a command, and
    in those of ``PYTHONPATH`` before it looks where tpdebug is installed. So an ``analyze.py`` there would be taken for
    ours.
    """
    for name in PACKAGES:
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):  # a module that somebody made by hand
            continue
        found = None if spec is None else spec.origin
        if found is not None and os.path.realpath(found) != os.path.join(os.path.realpath(_HOUSE), name, "__init__.py"):
            return _told(name, found)
    return None


def _told(name: str, found: str) -> str:
    file = os.path.relpath(found) if os.path.realpath(found).startswith(os.path.realpath(os.curdir) + os.sep) else found
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in file)
    place = os.path.dirname(os.path.abspath(found))
    if os.path.basename(found) == "__init__.py":
        place = os.path.dirname(place)
    how = "take its folder out of PYTHONPATH" if place in _python_path() else "start Python in another folder"
    return f"{shown} hides the package {name} that tpdebug is made of; rename it, or {how}"


def _python_path() -> list[str]:
    if sys.flags.ignore_environment:
        return []
    return [os.path.abspath(folder) for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
