"""RASP-L programs that go on by themselves: random prompts of up to 40 tokens, what is right computed here."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.rasp_programs import LOOPS
from tprog.ir.program import Program
from tprog.ir.values import spelling
from tprog.rasp.program import generated
from tprog.run.batch import encode
from tprog.run.execute import execute

Prompt = tuple[list[int], list[int]]
"""A prompt, and what is right behind it."""


def _counted(draw: random.Random, longest: int) -> Prompt:
    low = draw.randint(0, 20)
    high = low + draw.randint(0, longest - 4)
    return [-1, low, high], [*range(low, high + 1), -2]


def _added(draw: random.Random, longest: int, reverse: bool) -> Prompt:
    width = draw.randint(2, (longest - 3) // 4)
    numbers = [draw.randint(0, 10 ** (width - 1) - 1) for _ in range(2)]
    if draw.random() < 0.3:
        numbers[1] = 10 ** (width - 1) - 1 - numbers[0] + draw.randint(0, 1)  # nines, or one carried through all digits
    one, other, total = (_hinted(number, width) for number in (*numbers, sum(numbers)))
    pairs = [total[at : at + 2] for at in range(0, len(total), 2)]
    answer = [token for pair in (pairs[::-1] if reverse else pairs) for token in pair]
    return [-1, *one, -2, *other, -3], [*answer, -5]


def _hinted(number: int, width: int) -> list[int]:
    return [token for place, digit in enumerate(f"{number:0{width}}") for token in (-100 - place, int(digit))]


def _copied(draw: random.Random, longest: int) -> Prompt:
    values = draw.sample(range(60), draw.randint(1, longest - 2))
    return [-1, *values, -3], [*values, -5]


def _sorted(draw: random.Random, longest: int) -> Prompt:
    prompt, answer = _copied(draw, longest)
    return prompt, [*sorted(answer[:-1]), -5]


def _most_frequent(draw: random.Random, longest: int) -> Prompt:
    values = draw.choices(range(6), k=draw.randint(1, longest - 3))
    most = max(map(values.count, values))
    often = sorted({value for value in values if values.count(value) == most})
    if len(often) > 1:
        values.insert(draw.randint(0, len(values)), often[0])
    return [-1, *values, -3], [often[0], -5]


def _parity(draw: random.Random, longest: int) -> Prompt:
    bits = draw.choices([0, 1], k=draw.randint(1, longest - 2))
    notes = [token for at in range(len(bits)) for token in (-100 - at, sum(bits[: at + 1]) % 2)]
    return [-1, *bits, -3], [*notes, -4, sum(bits) % 2, -5]


PROMPTS: dict[str, Callable[[random.Random, int], Prompt]] = {
    "raspl_count_loop": _counted,
    "raspl_addition_forward": lambda draw, longest: _added(draw, longest, reverse=False),
    "raspl_addition_reverse": lambda draw, longest: _added(draw, longest, reverse=True),
    "raspl_copy_unique": _copied,
    "raspl_sort_loop": _sorted,
    "raspl_mode_loop": _most_frequent,
    "raspl_parity_scratchpad": _parity,
}


def test_every_loop_has_prompts() -> None:
    assert PROMPTS.keys() == LOOPS.keys()


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_is_right_on_random_prompts(name: str) -> None:
    draw = random.Random(name)
    prompts = [PROMPTS[name](draw, longest) for longest in (12, 16, 20, 24, 40)]
    assert max(len(prompt) + len(answer) for prompt, answer in prompts) > 20
    for prompt, answer in prompts:
        assert len(prompt) <= 40
        assert generated(LOOPS[name], prompt) == answer, prompt


VOCABULARIES: dict[str, list[int]] = {
    "raspl_count_loop": [-1, *range(26)],
    "raspl_addition_forward": [-1, -2, -3, *range(10), -100, -101],
    "raspl_addition_reverse": [-1, -2, -3, *range(10), -100, -101],
    "raspl_copy_unique": [-1, -3, *range(60)],
    "raspl_sort_loop": [-1, -3, *range(60)],
    "raspl_mode_loop": [-1, -3, *range(6)],
    "raspl_parity_scratchpad": [-1, -3, -4, 0, 1, *range(-103, -99)],
}
"""Loop -> the tokens of its Program: those of short prompts, and what it says but the stop."""


def _said(program: Program, prompt: list[int], stop: str) -> list[int]:
    """What a Program appends, the stop included; it may know answers that are no tokens, which no prompt leads to."""
    words = list(map(str, prompt))
    while words[-1] != stop:
        words.append(spelling(execute(program, encode(program, [words])).outputs(0)[-1]))
    return list(map(int, words[len(prompt) :]))


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_of_the_program_says_the_same(name: str) -> None:
    loop, draw, tried = LOOPS[name].loop, random.Random(name), 0
    assert loop is not None
    program = LOOPS[name].to_program(VOCABULARIES[name], 15)
    while tried < 8:
        prompt, answer = PROMPTS[name](draw, 12)
        if len(prompt) + len(answer) <= 16:  # the stop is never an input
            assert _said(program, prompt, str(loop.stop)) == answer, prompt
            tried += 1
