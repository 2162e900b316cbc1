"""A Program as Python source, and back: written, read, and changed in place; inputs and nodes in words."""
