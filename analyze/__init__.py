"""The analyses: one module each, from a Program and stated inputs to a frozen result record.

Importing any of them registers who draws Programs and results.
"""

from __future__ import annotations

from tprog.shown import Renderer, register


def _renderer() -> Renderer:
    from analyze.dataflow import data_flow
    from analyze.render.notebook import Notebook

    return Notebook(data_flow)


register(_renderer)
