"""How long the inputs are that a module is judged on, and why.

A module of the original research code does not say how long its training inputs were. It has weights for as many
positions as its variables have values, which may be more: positions that training never used hold what chance put
there. So where nothing else is asked for, it is judged no further than it is known to have been trained.
"""

from __future__ import annotations

from dataclasses import dataclass

from tprog.errors import BadUsage
from tprog.listing import counted
from tprog.tasks.builtin import get_task, published_length
from tprog.tasks.input_domain import symbols_of
from tprog.text.read import Module


@dataclass(frozen=True)
class Length:
    """The longest input that is looked at.

    Attributes:
        tokens: marks included; None is all that the program takes.
        trained: the longest input that training is taken to have used; None is all that the program takes.
        note: why it is that, in words, where it is not all or reaches beyond what training is known to have used.
    """

    tokens: int | None = None
    trained: int | None = None
    note: str | None = None


def chosen_length(module: Module, task: str | None, asked: int | None) -> Length:
    """The length to judge a module at.

    Args:
        task: one of tpdebug's own that it is judged by; None without one.
        asked: N of the task, if the user says: marks included, but for induction.

    Raises:
        BadUsage: the program takes no input so long.
    """
    unmarked = int(task == "induction" and module.program.marks.begins)  # its N counts no <s>
    capacity = module.program.max_length - unmarked
    if asked is not None:
        _check_asked(module, asked, capacity, unmarked)
    if task is None or module.published is None:
        return Length(None if asked is None else asked + unmarked)
    usual = published_length(task)
    shown = module.published.longest_example - unmarked
    alike = len(symbols_of(module.program.vocabulary)) == len(get_task(task).symbols)
    known = capacity
    why = ""
    if capacity > usual:
        known, why = max(usual, shown), "its longest example" if shown > usual else f"the published length of {task}"
        if shown <= 0 and not alike:
            known, why = capacity, "nothing"
    known = min(known, capacity)
    used = known if asked is None else asked
    return Length(used + unmarked, known + unmarked, _told(used, known, why, capacity))


def _check_asked(module: Module, asked: int, capacity: int, unmarked: int) -> None:
    """Refuse a length that no input of the program has."""
    marks = module.program.marks
    if asked > capacity:
        raise BadUsage(
            f"--length {asked}: {module.path} takes inputs of up to {counted(capacity, 'token')}"
            f"{' without <s>' if unmarked else ', marks included' if marks.count else ''}"
        )
    if asked < (least := marks.count + 1 - unmarked):
        raise BadUsage(f"--length {asked}: expected at least {least}")


def _told(used: int, known: int, why: str, capacity: int) -> str | None:
    """What to say of a length: nothing where it is all that there is, and no longer than usual."""
    if why == "nothing":
        return (
            f"it has weights for {capacity} positions, and nothing in it says how many its training used; --length N "
            "looks at shorter inputs"
        )
    tokens = counted(known, "token")
    if used > known:
        return f"inputs of more than {tokens} are longer than its training is known to have used ({known} is {why})"
    if used == known < capacity:
        return (
            f"inputs of up to {tokens}, {why}: it has weights for {capacity} positions, and nothing says that its "
            "training used more; --length N looks at others"
        )
    return None
