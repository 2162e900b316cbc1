"""Twenty tasks, written down before any learner was run on them.

They are not those of the published suite, and nothing of the trainer was made with them in view. They are run once, and
all are reported, whatever comes: ``python -m tests.bench.run_heldout``.
"""
