"""The analyses: one module each, from a Program and stated inputs to a frozen result record."""
