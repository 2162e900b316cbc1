"""A task that somebody has written down, from its symbols, classes and inputs."""

from __future__ import annotations

from tprog.ir.program import BEGIN, END
from tprog.tasks.input_domain import InputDomain
from tprog.tasks.rules import Rule
from tprog.tasks.task import Task


def made_task(
    name: str,
    symbols: tuple[str, ...],
    classes: tuple[str, ...],
    longest: int,
    ends: bool,
    domain: InputDomain,
    rule: Rule,
    causal: bool = False,
    listable: bool = True,
    examples: bool = False,
    notes: tuple[str, ...] = (),
) -> Task:
    """A task whose inputs begin with ``<s>``.

    Args:
        longest: how many symbols the longest input has.
        ends: whether inputs end in ``</s>``.
        others: as of `Task`.
    """
    vocabulary = (BEGIN, *symbols, *([END] if ends else []))
    length = longest + 1 + int(ends)
    return Task(
        name,
        vocabulary,
        classes,
        length,
        causal,
        symbols,
        domain,
        classes,
        rule,
        listable,
        examples,
        notes,
    )
