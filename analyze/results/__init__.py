"""The results of the analyses: frozen, versioned and JSON-serialisable, and the only thing that renderers see.

Every record holds plain types only: str, int, float, bool, None, tuples of them and of other records. Positions are
0-based, lines 1-based (None: the program has no file). A *value* is a symbol, a whole number, or a fraction as text
(``1/3``). Verdicts carry their evidence: a `Checked` says how many inputs stand behind them.
"""

from analyze.results.blame import Account, BlameResult, Candidate, Dependence, Share
from analyze.results.calls import MODULE, CallDifference, CallEdge, CallGraphResult, CallNode
from analyze.results.checked import Checked
from analyze.results.circuits import Circuit, CircuitNode, CircuitResult
from analyze.results.dead import DeadNode, DeadResult, Removal, Verdict
from analyze.results.graph import GraphEdge, GraphNode, GraphResult
from analyze.results.source import AnnotatedSource, Mark, SourceLine
from analyze.results.trace import Contrast, TraceResult, TraceRow, TraceTable
from analyze.results.verify import Counterexample, HoleCount, VerifyResult

__all__ = [
    "MODULE",
    "Account",
    "AnnotatedSource",
    "BlameResult",
    "CallDifference",
    "CallEdge",
    "CallGraphResult",
    "CallNode",
    "Candidate",
    "Checked",
    "Circuit",
    "CircuitNode",
    "CircuitResult",
    "Contrast",
    "Counterexample",
    "DeadNode",
    "DeadResult",
    "Dependence",
    "GraphEdge",
    "GraphNode",
    "GraphResult",
    "HoleCount",
    "Mark",
    "Removal",
    "Share",
    "SourceLine",
    "TraceResult",
    "TraceRow",
    "TraceTable",
    "Verdict",
    "VerifyResult",
]
