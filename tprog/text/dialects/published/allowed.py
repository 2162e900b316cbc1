"""What code around `run` may use, by name: none of it can change what `run` means. See `harmless`."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BUILT_IN = frozenset(dir(builtins)) - {"_"}
"""All builtins. A console of Python and Jupyter keep their last answer in `builtins._`, which is none."""

BUILTINS = _words(
    """
    abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate exit filter float format
    frozenset hash hex id input int isinstance issubclass iter len list map max min next oct ord pow print quit range
    repr reversed round set slice sorted str sum tuple zip NotImplemented Ellipsis
    """
) | {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)}
"""Builtins that change nothing but their own arguments."""

READABLE = frozenset({"__name__", "__file__", "__doc__"})
"""Names with two underscores that may be read. None may be bound."""

DOTTED: Mapping[str, frozenset[str]] = {
    "collections": _words("Counter OrderedDict defaultdict deque"),
    "copy": _words("copy deepcopy"),
    "csv": _words("DictReader reader"),
    "functools": _words("partial reduce"),
    "itertools": _words(
        """
        accumulate chain combinations combinations_with_replacement count cycle islice permutations product repeat
        starmap takewhile zip_longest
        """
    ),
    "json": _words("dumps load loads"),
    "math": _words("ceil comb exp factorial floor inf isclose isnan log log10 log2 nan perm pi prod sqrt"),
    "numpy": _words(
        """
        all any arange argmax argmin argsort array array_equal asarray average bincount concatenate count_nonzero equal
        float32 float64 full int32 int64 isnan linspace max mean median min nan nonzero ones prod random.choice
        random.default_rng random.permutation random.rand random.randint random.randn random.seed random.shuffle
        random.uniform round stack std sum unique var vstack where zeros
        """
    ),
    "os": _words(
        """
        fspath getcwd linesep listdir path.abspath path.basename path.dirname path.exists path.isdir path.isfile
        path.join path.normpath path.realpath path.splitext sep
        """
    ),
    "os.path": _words("abspath basename dirname exists isdir isfile join normpath realpath splitext"),
    "pandas": _words("DataFrame Series concat isna notna read_csv unique"),
    "pathlib": _words("Path Path.cwd PurePath"),
    "pprint": _words("pformat pprint"),
    "random": _words("Random choice choices randint random randrange sample seed shuffle uniform"),
    "re": _words("compile findall fullmatch match search split sub"),
    "statistics": _words("fmean mean median stdev"),
    "string": _words("ascii_letters ascii_lowercase ascii_uppercase digits punctuation"),
    "sys": _words("argv exit maxsize platform stderr stdin stdout version version_info"),
    "textwrap": _words("dedent indent"),
    "time": _words("monotonic perf_counter process_time sleep strftime time"),
}
"""What may be used of other modules: none of it writes a file, gives out a module or changes how another behaves."""

ATTRIBUTES = _words(
    # of text, lists, dicts and sets; of arrays and tables; of paths, files that are read, matches, random generators
    """
    add append appendleft capitalize clear copy count decode difference discard encode endswith extend find format get
    index insert intersection isalpha isdigit isspace issubset items join keys ljust lower lstrip most_common partition
    pop popleft remove replace reverse rfind rjust rpartition rsplit rstrip setdefault sort split splitlines startswith
    strip symmetric_difference title union update upper values zfill

    T all any argmax argmin astype columns cumsum dtype empty fillna flatten from_dict from_records groupby head iloc
    integers item iterrows itertuples loc max mean min ndim permutation ravel reset_index reshape round set_index shape
    size std sum tail to_dict to_list to_numpy tolist unique value_counts

    absolute as_posix choice choices close end exists flush glob group groups is_dir is_file iterdir joinpath name
    parent parents randint random randrange read read_text readline readlines resolve sample seed shuffle start stem
    suffix uniform with_name with_suffix write
    """
)
"""Attributes, whatever they are of. `write` is only had of streams: no file is opened for writing."""

OF_PATHS = frozenset({"copy", "replace"})
"""Those of them that move or write a file where they are of a `pathlib.Path`."""

PLAIN = (
    ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Starred, ast.Subscript, ast.Slice, ast.Compare,
    ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.JoinedStr, ast.FormattedValue, ast.ListComp, ast.SetComp,
    ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.NamedExpr, ast.keyword, ast.Yield, ast.YieldFrom,
    ast.arguments, ast.Lambda, ast.Expr, ast.Assign, ast.AugAssign, ast.For, ast.While, ast.If, ast.With, ast.withitem,
    ast.Try, ast.Assert, ast.Raise, ast.Pass, ast.Break, ast.Continue, ast.Return, ast.Delete, ast.Nonlocal,
    ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop,
)  # fmt: skip
"""Syntax that is harmless where its parts are."""

FUTURE = _words("absolute_import annotations division generators print_function with_statement")
"""Names of `__future__` that change nothing but annotations."""


def is_known(dotted: str) -> bool:
    """Whether ``module.name`` may be used."""
    parts = dotted.split(".")
    return any(".".join(parts[place:]) in DOTTED.get(".".join(parts[:place]), ()) for place in range(1, len(parts)))
