"""How Hypothesis runs here: a test says what is right, never how fast, and draws the same examples everywhere.

Fresh examples are drawn by `tests.soak`. Tracing for coverage doubles what some test files take. So property tests are
not traced, since a line that only chance reaches is not one that is tested, and of a test with many cases only the
first is.
"""

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from tests.said import said as said

settings.register_profile(
    "steady", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is not traced for coverage."""
    traced = set()
    for item in items:
        if isinstance(item, pytest.Function):
            test = item.nodeid.partition("[")[0]
            if test in traced or is_hypothesis_test(item.obj):
                item.add_marker("no_cover")
            traced.add(test)
