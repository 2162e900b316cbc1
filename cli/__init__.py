"""The command line: one thin function a verb."""

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C stopped, as shells have it."""
