"""The results of the analyses: frozen, versioned and JSON-serialisable, and the only thing that renderers see.

Every record holds plain types only: str, int, float, bool, None, tuples of them and of other records. Positions are
0-based, lines 1-based (None: the program has no file). A *value* is a symbol, a whole number, or a fraction as text
(``1/3``). Verdicts carry their evidence: a `Checked` says how many inputs stand behind them.
"""
