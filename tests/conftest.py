"""How Hypothesis runs here: a test says what is right, never how fast, and draws the same examples everywhere.

Fresh examples, and many more of them, are drawn by `tests.soak`.

Tracing for coverage doubles what some test files take. So property tests are not traced, since a line that only chance
reaches is not one that is tested, and of a test with many cases only the first is.

Python's collector of garbage would look through all test modules and what they import, torch too, again and again: a
sixth of all the processor time. They stay until the end, so it is told to pass them over.
"""

import gc
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from tests.said import said as said

settings.register_profile(
    "steady",
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import the test modules without collecting garbage, and set them aside for good."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is not traced for coverage."""
    traced = set()
    for item in items:
        if isinstance(item, pytest.Function):
            test = item.nodeid.partition("[")[0]
            if test in traced or is_hypothesis_test(item.obj):
                item.add_marker("no_cover")
            traced.add(test)
