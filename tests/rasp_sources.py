"""The programs of `rasp_cases.json` in the language of 2021: name -> source, whose last statement is the output."""

from __future__ import annotations

BEGINS = """
# The first token is a mark. A position that selects, with it, n others in all, finds it with a share of 1/n.
def others(sel) {
    share = aggregate(sel or select(indices, 0, ==), indicator(indices == 0));
    return round(1 / share) - 1;
}

def sorted_behind(seq, key) {
    ahead = select(key, key, <) or (select(key, key, ==) and select(indices, indices, <));
    place = -1 if indices == 0 else others(ahead);
    there = select(place, indices - 1, ==) or (select(indices, 0, ==) and select(indices, indices, ==));
    return aggregate(there, seq);
}

often = others(select(tokens_str, tokens_str, ==));
seen = others(select(tokens_str, tokens_str, ==) and select(indices, indices, <)) > 0;
"""

BRACKETS = """
so_far = select(indices, indices, <=);

def so_many(what) {
    return round((indices + 1) * aggregate(so_far, indicator(what)));
}

def told(depth, wrong) {
    return "F" if so_many(wrong) > 0 else ("T" if depth == 0 else "P");
}
"""

ADDITION = """
digits = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8, "9": 9};
number = -1;
for d in digits {
    number = digits[d] if tokens == d else number;
}

plus = aggregate(select(tokens, "+", ==), indices);
second = number if indices > plus else 0;
first = aggregate(select(indices + length - plus, indices, ==), number, 0);
sums = first + second;

# A carry runs through nines from the nearest sum on the right that is none.
keeps = round(indices * aggregate(select(indices, indices, <), indicator(sums < 9)));
behind = select(indices, indices, >) and select(keeps, keeps, ==);
carries = sums > 9 or (sums == 9 and aggregate(behind, indicator(sums > 9)) > 0);
total = sums + indicator(aggregate(select(indices, indices + 1, ==), carries, False));
total if total < 10 else total - 10;
"""

SOURCES = {
    "rasp_count": 'count(tokens, "a");',
    "rasp_contains": 'contains(tokens, "a");',
    "rasp_shift": 'shift(tokens, 2, "-");',
    "rasp_load_from_location": "load_from_location(indices, indices + 1);",
    "rasp_mark_last_instance": 'mark_last_instance(tokens, "a");',
    "rasp_sort": "sort(tokens, tokens);",
    "rasp_hist_nobos": "selector_width(select(tokens, tokens, ==));",
    "rasp_reverse": 'load "examples"; reversed;',
    "rasp_hist_bos": BEGINS + "often;",
    "rasp_sort_bos": BEGINS + "sorted_behind(tokens, tokens);",
    "rasp_hist2_bos": BEGINS + "others(select(often, often, ==) and select(seen, False, ==));",
    "rasp_sort_by_most_freq": BEGINS + 'sorted_behind("§" if seen else tokens, indicator(seen) * 300 - often);',
    "rasp_dyck1_ptf": BRACKETS + 'depth = so_many(tokens == "(") - so_many(tokens == ")"); told(depth, depth < 0);',
    "rasp_dyck2_ptf": 'load "examples"; dyck2;',
    "rasp_long_addition": ADDITION,
}
