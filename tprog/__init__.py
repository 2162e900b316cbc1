"""The Program and everything that gives it meaning. Never imports torch."""
