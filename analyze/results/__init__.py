"""The results of the analyses: frozen, versioned and JSON-serialisable, and the only thing that renderers see.

Every record holds plain types only: str, int, float, bool, None, tuples of them and of other records. Positions are
0-based, lines 1-based (None: the program has no file). A *value* is a symbol, a whole number, or a fraction as text
(``1/3``). Verdicts carry their evidence: a `Checked` says how many inputs stand behind them.
"""

from analyze.results.blame import Account, BlameAllResult, BlameResult, Bucket, Candidate, Dependence, Share, Suspect
from analyze.results.calls import MODULE, CallDifference, CallEdge, CallGraphResult, CallNode
from analyze.results.checked import Checked
from analyze.results.circuits import Circuit, CircuitNode, CircuitResult, Overlap, Proof, Resampled
from analyze.results.coverage import (
    CoverageContext,
    CoverageResult,
    CoveredEntry,
    CoveredFunction,
    CoveredLine,
    Tally,
    UntakenBranch,
)
from analyze.results.dead import DeadEntry, DeadLine, DeadNode, DeadResult, Removal, TableCount, Verdict
from analyze.results.diff import DiffResult
from analyze.results.fuzz import FuzzResult
from analyze.results.graph import GraphEdge, GraphNode, GraphResult
from analyze.results.repair import Compared, Figures, RepairEdit, RepairResult, RepairStep
from analyze.results.source import AnnotatedSource, Mark, SourceLine
from analyze.results.trace import Contrast, TraceResult, TraceRow, TraceTable
from analyze.results.verify import Counterexample, HoleCount, VerifyResult

__all__ = [
    "MODULE",
    "Account",
    "AnnotatedSource",
    "BlameAllResult",
    "BlameResult",
    "Bucket",
    "CallDifference",
    "CallEdge",
    "CallGraphResult",
    "CallNode",
    "Candidate",
    "Checked",
    "Circuit",
    "CircuitNode",
    "CircuitResult",
    "Compared",
    "Contrast",
    "Counterexample",
    "CoverageContext",
    "CoverageResult",
    "CoveredEntry",
    "CoveredFunction",
    "CoveredLine",
    "DeadEntry",
    "DeadLine",
    "DeadNode",
    "DeadResult",
    "Dependence",
    "DiffResult",
    "Figures",
    "FuzzResult",
    "GraphEdge",
    "GraphNode",
    "GraphResult",
    "HoleCount",
    "Mark",
    "Overlap",
    "Proof",
    "Removal",
    "RepairEdit",
    "RepairResult",
    "RepairStep",
    "Resampled",
    "Share",
    "SourceLine",
    "Suspect",
    "TableCount",
    "Tally",
    "TraceResult",
    "TraceRow",
    "TraceTable",
    "UntakenBranch",
    "Verdict",
    "VerifyResult",
]
