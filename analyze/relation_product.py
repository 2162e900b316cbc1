"""Products of relations, as arrays of truth values."""

from __future__ import annotations

import numpy as np

from tprog.run.batch import Bools


def composed(left: Bools, right: Bools) -> Bools:
    """[..., i, j]: whether some k has left[..., i, k] and right[..., k, j]."""
    # As a product of numbers, for which there is BLAS; counts below 2**24 are exact in float32. What its kernels
    # compute beside the answer, to fill a register, may raise the processor's flag for an invalid operation.
    with np.errstate(invalid="ignore"):
        found: Bools = np.matmul(left.astype(np.float32), right.astype(np.float32)) > 0
    return found
