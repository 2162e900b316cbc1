"""One reader a dialect of Python module; `tprog.read` picks it."""
