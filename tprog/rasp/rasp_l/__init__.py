"""RASP-L (Zhou et al., arXiv 2310.16028): `core`, `library`, and what `check` says of a program."""

from __future__ import annotations

from tprog.rasp.rasp_l.checking import Violation, check

__all__ = ["Violation", "check"]
