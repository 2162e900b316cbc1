"""One file a verb: its options, and the one analysis that it calls. Nothing is worked out here.

The packages that do the work are imported inside the functions, so that ``tpdebug --help`` and a bad option cost
nothing.
"""
