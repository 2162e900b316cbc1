"""Options that a verb takes beside its own: typer makes them of the signature that a function tells."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any


def told(verb: Callable[..., Any], signature: inspect.Signature, parameters: Iterable[inspect.Parameter]) -> Any:
    """The function, which tells this signature with these parameters for its own."""
    verb.__signature__ = signature.replace(parameters=list(parameters))  # type: ignore[attr-defined]  # typer reads it; functions are not known to have it
    return verb
