"""From a trained decoder to a Program: what the network computes, as a small exact program that anybody can run.

The stages, each a module with a record of its own: `paths` runs the network as a sum over paths, `prune` leaves out the
edges that no prediction needs, `attend` says of each head which positions it looks at, `readout` says how classes
follow from what the heads bring, and `assemble` makes the Program. `pipeline` puts them in order.

A soft network is no Program: until all is hard, stages have records of their own.

Source: Huang et al., "Discovering Interpretable Algorithms by Decompiling Transformers to RASP" (arXiv 2602.08857).
Their programs are soft; norms that are frozen, hard heads and whole-number readouts are ours.
"""
