"""What a source may cost: it is text of anybody's, and is run where it is named."""

from __future__ import annotations

from typing import Final

LARGEST_SOURCE: Final = 2**20
"""Bytes of a file."""

LONGEST_STATEMENT: Final = 2**16
"""Characters of a statement."""

DEEPEST_NESTING: Final = 100
"""Brackets within brackets, in a statement; conditions in a chain of them."""

DEEPEST_CALL: Final = 50
"""Functions that call functions."""

MOST_LOADS: Final = 100
"""Files that are loaded, each as often as it is."""

MOST_STEPS: Final = 20_000_000
"""Steps of one run, which take some seconds in all: a value computed, a pair of positions compared, an item made."""

EXPRESSION_STEPS: Final = 20
"""Steps that an expression takes, beside what it computes."""

TRIAL_STEPS: Final = 100
"""Steps that trying an s-op or a selector on an example takes, beside what it computes."""

CALL_STEPS: Final = 100
"""Steps that a call takes, beside what it computes."""

STATEMENT_STEPS: Final = 1000
"""Steps that reading a statement takes."""

MOST_ITEMS: Final = 10_000
"""Items of a list or a dict."""

MOST_DRAWN: Final = 20
"""What ``draw`` asks for of which pictures are made: the last of them."""
