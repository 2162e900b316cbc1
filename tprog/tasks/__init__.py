"""Tasks: which inputs there are and what should come out; built in, or a file of the user's own."""
