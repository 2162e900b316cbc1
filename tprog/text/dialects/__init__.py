"""One reader a dialect of Python module; `tprog.text.read` picks it."""
