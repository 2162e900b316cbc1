"""RASP: programs over sequences, written down instead of learned.

`tprog.rasp.tracr`, `tprog.rasp.rasp_l` and `tprog.rasp.source` are the three dialects. `tprog.rasp.evaluate` says what
a program computes, and `tprog.rasp.program` what a program is.
"""
