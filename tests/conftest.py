"""How Hypothesis runs here: a test says what is right, never how fast, and draws the same examples everywhere.

Fresh examples are drawn by `tests.soak`.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")
