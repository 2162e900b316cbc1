"""Reads the modules that the code of "Learning Transformer Programs" writes, without running them and without pandas.

Source: the code writer of github.com/princeton-nlp/TransformerPrograms (Friedman, Wettig, Chen, NeurIPS 2023). What a
module means is what its own `run` returns, its defects included; where `run` raises KeyError, the Program has a hole.
"""

from tprog.dialects.published.defects import Defect
from tprog.dialects.published.module import Published, is_published, read_published

__all__ = ["Defect", "Published", "is_published", "read_published"]
