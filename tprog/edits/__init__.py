"""Edits: typed changes of a Program, the small ones of a node, and the names of what they change."""
