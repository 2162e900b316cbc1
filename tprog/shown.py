"""What a Program and a result show of themselves in a notebook, to `print`, and as a data frame.

They hold no picture and no table: a renderer that knows how to draw them is registered by who has one (`analyze` does).
So nothing here imports upward, and nothing is imported before somebody looks.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas

UNTOLD = {"json": False}
"""Metadata of a field of a record that its JSON does not have, or says in other words."""

LONGEST = 500
"""Characters of a `repr`."""


class Renderer(Protocol):
    """Who knows how things look."""

    def text(self, shown: object) -> str:
        """As a terminal shows it."""

    def bundle(self, shown: object) -> dict[str, str]:
        """MIME type -> what a notebook shows."""

    def frame(self, shown: object, table: str | None) -> pandas.DataFrame:
        """One of its tables; None is the first."""


_renderers: list[Callable[[], Renderer]] = []


def register(renderer: Callable[[], Renderer]) -> None:
    """Name who renders, from now on.

    Args:
        renderer: called when something is looked at, so that it may import what it needs only then.
    """
    _renderers[:] = [renderer]


class Shown:
    """Base of what shows itself. Without a renderer it is shown as its `repr`, which is short."""

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__repr__ = Shown.__repr__  # type: ignore[method-assign]  # or a dataclass makes one that tells everything

    def __repr__(self) -> str:
        told = (f"{field.name}={_SHORT.repr(getattr(self, field.name))}" for field in fields(self) if field.repr)  # type: ignore[arg-type]  # those that show themselves are dataclasses
        text = f"{type(self).__name__}({', '.join(told)})"
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]}...)"

    def __str__(self) -> str:
        return _renderers[0]().text(self) if _renderers else repr(self)

    def _repr_html_(self) -> str | None:
        return self._repr_mimebundle_().get("text/html")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """What a notebook shows; it chooses among the types itself."""
        return _renderers[0]().bundle(self) if _renderers else {"text/plain": repr(self)}

    def to_frame(self, table: str | None = None) -> pandas.DataFrame:
        """One of the tables as a data frame of pandas; `docs/api.md` lists them and their columns.

        Args:
            table: its name; left out, the first.

        Raises:
            BadUsage: there is no such table; the message names those that there are.
            NoPandas: pandas is not installed.
        """
        if not _renderers:
            raise NotImplementedError("nothing is registered that makes tables; import tpdebug first")
        return _renderers[0]().frame(self, table)


class _Short(reprlib.Repr):
    """Of everything the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 2
        self.maxtuple = self.maxlist = self.maxdict = 3
        self.maxstring = self.maxother = 60


_SHORT = _Short()
