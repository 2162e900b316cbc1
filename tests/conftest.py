"""How Hypothesis runs here: a test says what is right, never how fast, and draws the same examples everywhere.

Fresh examples are drawn by `tests.soak`. Property tests are not traced for coverage: tracing makes their hundreds of
draws half as slow again, and a line that only chance reaches is not one that is tested.
"""

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

settings.register_profile(
    "steady", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark property tests."""
    for item in items:
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
            item.add_marker("no_cover")
