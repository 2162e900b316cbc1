"""The published models of Huang et al. (arXiv 2602.08857): the task that a name means, and what they say of it.

The models have no licence, so none is kept here; they lie under share/saved_models of the code of the paper
(lacoco-lab/decompiling_transformers).
"""

from __future__ import annotations

import re
from pathlib import Path

TASKS = {
    "addition": "addition",
    "bin_majority": "binary_majority",
    "bin_majority_interleave": "interleaved_majority",
    "majority": "most_frequent_letter",
    "unique_copy": "unique_copy",
    "unique_reverse": "unique_reverse",
    "sort": "unique_sort",
    "unique_bigram_copy": "unique_bigram_copy",
    "repeat_copy": "repeat_copy",
    "count": "count",
    "parity": "parity",
    **{f"bce_tomita{number}": f"tomita{number}" for number in range(1, 8)},
    **{f"bce_D{depth}": f"dyck1_depth{depth}" for depth in (2, 3, 4, 12)},
    "bce_aastar": "aa_star",
    "bce_aaaastar": "aaaa_star",
    "bce_ababstar": "abab_star",
    "bce_abcde": "abcde",
    "bce_ab_d_bc": "ab_d_bc",
    "bce_012_0_2": "012_0_2",
}
"""What a folder's name begins with -> our name of the task."""


def task_named(folder: Path) -> str | None:
    """The task that the name of a published folder begins with; None if with none."""
    return TASKS.get(re.split(r"-[@#%^]", folder.name)[0])


def told_accuracies(folder: Path) -> list[float] | None:
    """The accuracies of whole inputs, by third of the lengths, that are written beside a published model."""
    path = folder / "acc.txt"
    if not path.is_file():
        return None
    return [float(each) for each in re.findall(r"eval_len[\d-]+_acc: ([\d.]+)", path.read_text(encoding="utf-8"))]
