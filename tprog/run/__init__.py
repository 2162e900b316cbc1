"""What a Program computes: one node, a batch of inputs, and its outcome."""
