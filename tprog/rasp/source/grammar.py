"""The grammar of a statement, for lark.

From the loosest to the tightest: ``in``; ``if else``; ``and`` and ``or`` on one level; comparisons; ``+ -``; ``%``;
``* /``; ``^``; ``not - +`` in front; an index or a call behind. All go from left to right, ``^`` and ``if else`` too,
so ``-2^2`` is 4, and ``not a == b`` is ``(not a) == b``. ``!=`` is known within ``select(`` alone, and no space stands
before the bracket of ``select(``, ``aggregate(``, ``range(``, ``zip(``, ``len(``.
"""

GRAMMAR = r"""
?statement: expr ";"                                                    -> show
    | names "=" exprs ";"                                               -> assign
    | _DRAW "(" expr ["," expr] ")" ";"                                 -> draw
    | _LOAD STRING ";"                                                  -> load
    | _DEF NAME "(" [names] ")" "{" body _RETURN exprs ";" "}"          -> define
    | _FOR names _IN expr "{" body "}"                                  -> for_each

body: statement*
names: NAME ("," NAME)*
exprs: expr ("," expr)*

?expr: membership
?membership: choice
    | choice (IN choice)+                                               -> chain
?choice: logic
    | logic (_IF expr _ELSE logic)+                                     -> choice
?logic: comparison
    | comparison ((AND | OR) comparison)+                               -> chain
?comparison: sum
    | sum ((EQ | LE | GE | GT | LT) sum)+                               -> chain
?sum: modulo
    | modulo ((PLUS | MINUS) modulo)+                                   -> chain
?modulo: product
    | product (MOD product)+                                            -> chain
?product: power
    | power ((TIMES | OVER) power)+                                     -> chain
?power: signed
    | signed (POWER signed)+                                            -> chain
?signed: postfix
    | (NOT | MINUS | PLUS)+ postfix                                     -> signs
?postfix: primary
    | primary (index | call)+                                           -> postfix
index: "[" expr "]"
call: "(" [exprs] ")"

?primary: "(" expr ")"
    | NAME                                                              -> name
    | INT                                                               -> whole
    | FLOAT                                                             -> decimal
    | STRING                                                            -> word
    | "[" [exprs] "]"                                                   -> list_of
    | "{" [pairs] "}"                                                   -> dict_of
    | "[" expr _FOR names _IN expr "]"                                  -> list_for
    | "{" expr ":" expr _FOR names _IN expr "}"                         -> dict_for
    | _SELECT expr "," expr "," (EQ | NE | LE | GE | GT | LT) ")"       -> select_of
    | _AGGREGATE expr "," expr ["," expr] ")"                           -> aggregate_of
    | (RANGE | ZIP) exprs ")"                                           -> built_in
    | LEN expr ")"                                                      -> built_in
    | (ROUND | INDICATOR) "(" expr ")"                                  -> built_in
pairs: pair ("," pair)*
pair: expr ":" expr

_SELECT.2: "select("
_AGGREGATE.2: "aggregate("
RANGE.2: "range("
ZIP.2: "zip("
LEN.2: "len("
ROUND: /round\b/
INDICATOR: /indicator\b/
_DRAW: /draw\b/
_LOAD: /load\b/
_DEF: /def\b/
_RETURN: /return\b/
_FOR: /for\b/
_IF: /if\b/
_ELSE: /else\b/
AND: /and\b/
OR: /or\b/
NOT: /not\b/
IN: /in\b/
_IN: /in\b/
EQ: "=="
NE: "!="
LE: "<="
GE: ">="
GT: ">"
LT: "<"
PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: "/"
MOD: "%"
POWER: "^"
NAME: /(?!(?:if|else|and|or|not|for|in|def|return|load|draw|round|indicator)\b)[a-zA-Z_][a-zA-Z_0-9]*/
FLOAT: /[0-9]+\.[0-9]+/
INT: /[0-9]+/
STRING: /"[^"\r\n]*"/
COMMENT: /#[^\r\n]*/
%ignore COMMENT
%ignore /[ \t\r\n]+/
"""
