"""Arithmetic that every x86-64 processor does alike: against torch's own, and from seed to bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import torch

from tprog.tasks.builtin import UNGRADED
from trainer import portable

ROOT = Path(__file__).parents[1]

LEVELS = ("default", "avx2", "avx512")
"""torch's sets of kernels: for any x86-64 processor, for those of 2013 on, and for what some have since 2017."""

EPOCH = """
import dataclasses, hashlib, sys
import torch
from trainer.config import TrainConfig
from trainer.data import prepare
from trainer.population import Population

print(torch.backends.cpu.get_cpu_capability())
torch.set_num_threads(1)
shared = dict(
    task="sort", vocabulary_size=6, length=6, layers=2, cat_heads=2, num_heads=2, cat_mlps=1, num_mlps=1, batch=32,
    epochs=1, dataset_size=400,
)
for more in (
    dict(predicates="one", masks="all"),
    dict(predicates="set", masks="learned", hard=0.5, quiet=0.2),
    dict(predicates="set", masks="assigned", embedding="learned", embedding_variables=2),
):
    config = TrainConfig(**shared, **more)
    population = Population([dataclasses.replace(config, seed=seed) for seed in (0, 1)], prepare(config))
    losses = [population.step(step) for step in range(population.steps)]
    tensors = (*losses, *population.tensors().values())
    print(hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in tensors)).hexdigest())
"""


@cache
def epoch(level: str) -> tuple[str, str]:
    """What torch says of its kernels, and the digests of an epoch with them."""
    environment = {**os.environ, "ATEN_CPU_CAPABILITY": level, "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-c", EPOCH], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    used, _, digests = run.stdout.partition("\n")
    return used.lower(), digests


@pytest.mark.parametrize("level", LEVELS[1:])
def test_an_epoch_gives_the_same_bytes_with_the_kernels_of_every_processor(level: str) -> None:
    used, digests = epoch(level)
    if used != level:
        pytest.skip(f"this processor has no {level}")
    assert digests == epoch("default")[1]


def test_an_epoch_gives_the_same_bytes_with_the_kernels_that_torch_picks_itself() -> None:
    run = subprocess.run(
        [sys.executable, "-c", EPOCH],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "ATEN_CPU_CAPABILITY"}
        | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.partition("\n")[2] == epoch("default")[1]


def random(*shape: int) -> torch.Tensor:
    return portable.normal(shape, seed=3).double().requires_grad_()


def test_softmax_and_sigmoid_are_those_of_torch_with_their_gradients() -> None:
    logits, weights = random(3, 4, 5), random(3, 4, 5).detach() + 1
    for ours, theirs in ((portable.softmax, lambda x: torch.softmax(x, dim=-1)), (portable.sigmoid, torch.sigmoid)):
        expected = theirs(logits)
        torch.testing.assert_close(ours(logits), expected)
        (one,) = torch.autograd.grad((ours(logits) * weights).sum(), logits)
        (two,) = torch.autograd.grad((expected * weights).sum(), logits)
        torch.testing.assert_close(one, two)


def test_softmax_takes_forbidden_options_and_sigmoid_takes_extremes() -> None:
    assert portable.softmax(torch.tensor([0.0, -torch.inf])).tolist() == [1.0, 0.0]
    assert portable.sigmoid(torch.tensor([-200.0, 200.0])).tolist() == [0.0, 1.0]


def test_cross_entropy_is_that_of_torch_with_its_gradient() -> None:
    logits = random(2, 5, 3, 4)
    expected = torch.tensor([[0, 1, 2, 3], [4, 4, UNGRADED, 0], [1, UNGRADED, UNGRADED, 2]])
    theirs = torch.nn.functional.cross_entropy(
        logits, expected.expand(2, 3, 4), ignore_index=UNGRADED, reduction="none"
    )
    ours = portable.cross_entropy(logits, expected, UNGRADED)
    torch.testing.assert_close(ours, theirs)
    weights = random(2, 3, 4).detach()
    (one,) = torch.autograd.grad((ours * weights).sum(), logits)
    (two,) = torch.autograd.grad((theirs * weights).sum(), logits)
    torch.testing.assert_close(one, two)
