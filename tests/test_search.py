"""What the witness functions conclude on small examples, and that what the search finds is right everywhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from tprog.ir.program import BEGIN, Head, Lookup, Node, NumericHead, Program, Readout
from tprog.run.batch import Array, Batch, encode
from tprog.run.execute import execute, predict
from tprog.tasks.builtin import UNGRADED, Task, get_task
from tprog.text.relations import ANYTHING, EQUAL, NOT_GREATER, SMALLER
from tprog.text.tokens import parse_input
from trainer.search.cells import Cells, decided, nearest
from trainer.search.copies import Asked, by_tables, classes_of
from trainer.search.counts import FREE, Sums, Wanted
from trainer.search.events import absorbing
from trainer.search.lists import by_lists
from trainer.search.merging import grouped
from trainer.search.placing import NoRoom, language_of, placed
from trainer.search.pool import Pool
from trainer.search.predicates import by_predicate
from trainer.search.presence import Presence
from trainer.search.program_class import ProgramClass
from trainer.search.rows import zero_one
from trainer.search.rules import Only, Rule, accepted, rules
from trainer.search.solution import Solution, spelled
from trainer.search.synthesis import Found, Progress, sampled, synthesize
from trainer.search.terms import Copy, Count, Examples, Given, Language, Term, Workshop
from trainer.search.undecided import parted

LETTERS = ("<s>", "a", "b", "c")
WIDE = Language(3, True, ("all", "before", "after"), 8)


def examples(
    inputs: Sequence[str], answers: Sequence[str], classes: Sequence[str] = ("a", "b", "c"), causal: bool = False
) -> Examples:
    """Letters behind ``<s>``, with one answer a letter; ``.`` where nothing is asked."""
    width = 1 + max(map(len, inputs))
    tokens, expected = np.full((len(inputs), width), -1), np.full((len(inputs), width), UNGRADED)
    tokens[:, 0] = 0
    for row, (letters, said) in enumerate(zip(inputs, answers, strict=True)):
        tokens[row, 1 : 1 + len(letters)] = [LETTERS.index(letter) for letter in letters]
        expected[row, 1 : 1 + len(said)] = [UNGRADED if a == "." else classes.index(a) for a in said]
    batch = Batch(tokens, np.array([1 + len(letters) for letters in inputs]))
    return Examples(batch, expected, LETTERS, tuple(classes), 8, causal)


def workshop(inputs: Sequence[str], answers: Sequence[str], causal: bool = False) -> Workshop:
    return Workshop(examples(inputs, answers, causal=causal), WIDE)


def asked(shop: Workshop, query: Term | None = None) -> Asked:
    found = classes_of(shop, shop.tokens)
    assert found is not None
    return Asked(shop, query or shop.positions, shop.tokens, found[0])


# Labels of copies #####################################################################################################


def test_the_first_holder_serves_the_first_that_asks() -> None:
    wanted = asked(workshop(["bab"], ["abb"])).labelled("in order")
    assert wanted is not None
    assert wanted.number[0].tolist() == [FREE, 2, 1, 3]
    assert wanted.demands == 3


def test_the_first_holder_serves_the_last_that_asks_when_mirrored() -> None:
    wanted = asked(workshop(["abb"], ["bba"])).labelled("mirrored")
    assert wanted is not None
    assert wanted.number[0].tolist() == [FREE, 3, 2, 1]


def test_of_more_holders_than_needed_the_last_ones_serve_from_behind() -> None:
    wanted = asked(workshop(["bbb"], ["bb."])).labelled("from behind")
    assert wanted is not None
    assert wanted.number[0].tolist() == [FREE, FREE, 1, 2]


def test_all_holders_serve_the_only_one_that_asks() -> None:
    wanted = asked(workshop(["bab"], ["b.."])).labelled("in order")
    assert wanted is not None
    assert wanted.number[0].tolist() == [FREE, 1, FREE, 1]
    assert wanted.demands == 1


def test_labels_that_could_be_given_out_in_several_ways_may_be_left_open() -> None:
    wanted = asked(workshop(["abb"], ["bba"])).labelled("certain")
    assert wanted is not None
    assert wanted.number[0].tolist() == [FREE, 3, FREE, FREE]
    assert wanted.demands == 1


def test_a_predicate_accepts_the_keys_that_always_hold_the_answer() -> None:
    inputs = ["abc", "bca", "cab", "acb", "bac", "cba", "abb", "caa"]
    shop = workshop(inputs, [letters[0] * 3 for letters in inputs])
    found = classes_of(shop, shop.tokens)
    assert found is not None
    solution = next(by_predicate(shop, [(shop.tokens, found[0])], [shop.tokens], [Cells(shop, (shop.positions,))]))
    copy = solution.terms[-1]
    assert isinstance(copy, Copy)
    accepted = {place for row in copy.accepts for place in np.flatnonzero(row)}
    assert accepted == {1}


def solved(
    inputs: Sequence[str], answers: Sequence[str], classes: Sequence[str], keys: Sequence[str]
) -> list[Solution]:
    """Heads of which a predicate is the widest that is never wrong."""
    shop = Workshop(examples(inputs, answers, classes), WIDE)
    found = classes_of(shop, shop.tokens)
    assert found is not None
    known = {"tokens": shop.tokens, "positions": shop.positions}
    given = [Cells(shop, (known[name],)) for name in keys]
    return list(by_predicate(shop, [(shop.tokens, found[0])], [shop.tokens], given))


def words(count: int, letters: str = "abc", longest: int = 6) -> list[str]:
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(list(letters), size=rng.integers(1, longest + 1))) for _ in range(count)]


def test_who_finds_no_larger_letter_copies_the_begin_which_says_that_there_is_none() -> None:
    inputs = words(80)
    answers = ["".join(next((x for x in w[i:] if x > w[i]), "-") for i in range(len(w))) for w in inputs]
    solution = solved(inputs, answers, "abc-", ["tokens"])[0]
    copy = solution.terms[-1]
    assert isinstance(copy, Copy)
    assert copy.mask == "after"
    larger = np.array([[key > query for key in range(4)] for query in range(4)])
    assert (copy.accepts == larger).all()  # a relation, so it is known where nothing was seen


def test_a_key_that_is_nearer_and_wrong_is_given_up_though_it_is_right_elsewhere() -> None:
    # The nearest a or b is not what is wanted: only the nearest a is.
    inputs = [w for w in words(60) if "a" in w[:-1]]
    answers = ["." * (len(w) - 1) + "a" for w in inputs]
    copies = [found.terms[-1] for found in solved(inputs, answers, "abc", ["tokens"])]
    assert copies
    assert all(isinstance(copy, Copy) and copy.accepts[1:, 1].all() for copy in copies)
    assert not any(isinstance(copy, Copy) and copy.accepts[1:, 2:].any() for copy in copies)


def test_where_no_predicate_is_right_none_is_found() -> None:
    assert not solved(["ab", "ab"], ["ab", "ba"], "abc", ["tokens", "positions"])


def test_a_class_holds_where_an_event_is_seen() -> None:
    inputs = words(80)
    answers = ["." * (len(w) - 1) + ("a" if "b" in w else "c") for w in inputs]
    shop = workshop(inputs, answers)
    solution = next(Presence(shop, [Cells(shop, (shop.tokens,))], (None,)).solutions())
    assert solution.wrong(shop.examples) == 0
    head = solution.terms[-1]
    assert isinstance(head, Count)
    assert set(np.flatnonzero(head.accepts[0])) == {LETTERS.index("b")}


def test_classes_that_are_present_are_asked_for_one_after_the_other() -> None:
    inputs = words(80)
    answers = ["." * (len(w) - 1) + ("a" if "a" in w else "b" if "b" in w else "c") for w in inputs]
    shop = workshop(inputs, answers)
    solution = next(Presence(shop, [Cells(shop, (shop.tokens,))], (None,)).solutions())
    assert solution.wrong(shop.examples) == 0


def test_three_variables_decide_one_after_the_other() -> None:
    inputs = words(200, longest=7)
    answers = [
        "".join("a" if i == 0 else "c" if w[i - 1] != w[i] else "b" if w[i] == "a" else "c" for i in range(len(w)))
        for w in inputs
    ]
    shop = workshop(inputs, answers)
    pool = Pool(shop)
    pool.grow()
    solution = next(by_lists(shop, pool.symbols))
    assert solution.wrong(shop.examples) == 0


def test_the_sample_has_rare_answers_too() -> None:
    inputs = ["ab"] * 990 + ["ba"] * 10
    every = examples(inputs, ["aa"] * 990 + ["bb"] * 10)
    assert (sampled(every, 40, 0).answers == 1).any(axis=1).sum() == 10


def test_a_copy_that_nobody_can_serve_is_refused() -> None:
    assert not asked(workshop(["ab"], ["ac"])).feasible
    assert asked(workshop(["ab"], ["ba"])).feasible


def test_those_that_ask_alike_must_want_the_same() -> None:
    shop = workshop(["aba"], ["aab"])
    assert asked(shop).feasible
    assert not asked(shop, shop.tokens).feasible


def test_who_holds_fewer_than_are_asked_for_gets_no_labels() -> None:
    assert asked(workshop(["ab"], ["aa"])).labelled("in order") is None


def test_the_begin_says_the_one_class_that_no_letter_says() -> None:
    shop = Workshop(examples(["ab"], ["a?"], ("a", "b", "c", "?")), WIDE)
    found = classes_of(shop, shop.tokens)
    assert found is not None
    assert found[1] == 3


# Numbers ##############################################################################################################


def numbers(shop: Workshop, number: Array) -> Wanted:
    demand = np.where(number == FREE, -1, np.cumsum(number != FREE).reshape(number.shape) - 1)
    return Wanted(number, demand, int((number != FREE).sum()))


def test_a_number_is_the_count_of_smaller_letters() -> None:
    shop = workshop(["cab", "bca", "aab"], ["...", "...", "..."])
    wanted = numbers(shop, np.array([[FREE, 2, 0, 1], [FREE, 1, 2, 0], [FREE, 0, 0, 2]]))
    found = next(Sums(Cells(shop, (shop.tokens,)), wanted).found())
    assert (found.first, found.second, found.constant) == ((Rule((SMALLER,)), "all"), None, 0)


def test_a_number_may_be_anything_where_it_is_free() -> None:
    shop = workshop(["cab", "bca", "aab"], ["...", "...", "..."])
    wanted = numbers(shop, np.array([[FREE, 2, FREE, 1], [FREE, 1, 2, 0], [FREE, FREE, 0, 2]]))
    assert next(Sums(Cells(shop, (shop.tokens,)), wanted).found()).first == (Rule((SMALLER,)), "all")


def test_a_number_that_is_no_sum_of_counts_is_refused() -> None:
    shop = workshop(["cab", "cab", "aab"], ["...", "...", "..."])
    wanted = numbers(shop, np.array([[FREE, 2, 0, 1], [FREE, 7, 5, 6], [FREE, 0, 0, 2]]))
    assert not list(Sums(Cells(shop, (shop.tokens,)), wanted).found())


def test_a_rank_counts_smaller_letters_behind_and_equal_ones_before_too() -> None:
    shop = workshop(["bab", "cba", "abc", "bbb", "cac"], ["abb", "abc", "abc", "bbb", "acc"])
    wanted = asked(shop).labelled("in order")
    assert wanted is not None
    found = list(Sums(Cells(shop, (shop.tokens,)), wanted).found())
    before_and_after = [each for each in found if each.second is not None]
    assert {(each.first[0].relations, each.constant) for each in before_and_after} == {((NOT_GREATER,), 1)}


def test_a_row_of_zeros_and_ones_is_recovered_though_its_columns_depend_on_each_other() -> None:
    rng = np.random.default_rng(0)
    columns = rng.integers(0, 4, size=(60, 8)).astype(float)
    columns[:, 7] = columns[:, 0] + columns[:, 1]
    wanted = np.array([1, 1, 0, 1, 0, 0, 1, 0])
    found = zero_one(columns, columns @ wanted)
    assert found is not None
    assert (columns @ found == columns @ wanted).all()
    assert zero_one(columns, columns @ wanted + 0.3 + columns[:, 2] / 2) is None


def test_ranks_in_an_order_that_no_rule_says_come_from_tables() -> None:
    order = "bca"  # a cycle of the order of the codes: neither rising nor falling
    rng = np.random.default_rng(0)
    inputs = ["".join(rng.choice(list("abc"), size=rng.integers(1, 7))) for _ in range(150)]
    answers = ["".join(sorted(letters, key=order.index)) for letters in inputs]
    shop = workshop(inputs, answers)
    wanted = asked(shop).labelled("in order")
    assert wanted is not None
    cells = Cells(shop, (shop.tokens,))
    assert not list(Sums(cells, wanted).found())
    assert next(by_tables(asked(shop), wanted, cells)).wrong(shop.examples) == 0


# Cells ################################################################################################################


def test_cells_that_would_have_to_answer_twice_decide_nothing() -> None:
    shop = workshop(["ab", "aa"], ["ab", "ab"])
    at = shop.examples.graded
    assert decided(Cells(shop, (shop.tokens,)), at, shop.examples.answers) is None
    table = decided(Cells(shop, (shop.positions,)), at, shop.examples.answers)
    assert table is not None
    assert table[1:3].tolist() == [0, 1]


def test_a_cell_that_was_not_seen_answers_as_the_number_next_to_it() -> None:
    shop = workshop(["ab"], ["ab"])
    count = shop.count(shop.tokens, shop.tokens, np.ones((4, 4), dtype=np.bool_), "all")
    table = nearest(Cells(shop, (count,)), np.array([1, 5]), np.array([7, 9]))
    assert table.tolist() == [7, 7, 7, 7, 9, 9, 9, 9, 9]


def test_cells_that_no_reader_tells_apart_become_one_symbol() -> None:
    shop = workshop(["abc"], ["abc"])
    codes, fit = grouped(Cells(shop, (shop.tokens,)), np.array([[0, 0], [1, 0], [0, 1], [1, 0]]))
    assert fit
    assert codes.tolist() == [0, 1, 2, 1]


def test_more_groups_than_symbols_do_not_fit() -> None:
    shop = Workshop(examples(["abc"], ["abc"]), dataclasses.replace(WIDE, symbols=2))
    codes, fit = grouped(Cells(shop, (shop.tokens,)), np.eye(4))
    assert not fit
    assert codes.max() == 1


def test_rules_compare_components_in_order_as_words_are() -> None:
    values = np.array([[0, 1], [1, 0], [1, 1]])
    assert Rule((SMALLER, SMALLER), first=0).accepts(values, values).tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0]]
    assert Rule((ANYTHING, EQUAL), Only(0, False)).accepts(values, values).tolist() == [[0, 0, 1], [0, 1, 0], [0, 0, 1]]


@pytest.mark.parametrize("components", [1, 2])
def test_all_rules_at_once_accept_what_each_one_accepts(components: int) -> None:
    values = np.array(list(product(range(3), repeat=components)))
    together = np.array([accepted(query, values) for query in values])
    for at, rule in enumerate(rules(components)):
        assert (together[:, at] == rule.accepts(values, values)).all(), rule


# Events ###############################################################################################################


def test_an_event_is_asked_for_up_to_where_its_class_begins_and_free_behind() -> None:
    shop = workshop(["aba", "aab"], ["abb", "aaa"], causal=True)
    ((code, at, event),) = absorbing(shop)
    assert code == 1
    assert at.tolist() == [[True, True, True, False], [True, True, True, True]]
    assert event[at].tolist() == [0, 0, 1, 0, 0, 0, 0]


def test_a_class_that_is_left_again_has_no_event() -> None:
    assert not list(absorbing(workshop(["aba"], ["aba"], causal=True)))


# Variables and nodes ##################################################################################################

SORT = get_task("sort", 6, 6)


def blank(task: Task, layers: int, heads: int = 4, lookups: int = 3, masks: bool = True) -> Program:
    """A program of a class of sets and masks, which says nothing."""
    size = max(task.max_length, len(task.vocabulary))
    rows = ((task.vocabulary[:2]),) * len(task.vocabulary)
    nodes: list[Node] = []
    for at in range(layers):
        nodes += [Head(f"attn_{at}_{h}", "tokens", "tokens", "tokens", rows, "before") for h in range(heads)]
        nodes += [NumericHead(f"num_attn_{at}_{h}", "tokens", "tokens", "ones", rows, "before") for h in range(heads)]
        for which in range(lookups):
            nodes.append(Lookup(f"mlp_{at}_{which}", ("tokens",), (None,), tuple(range(size)), (0,) * len(rows)))
            levels = tuple(range(task.max_length + 1))
            answers = (0,) * len(levels)
            name = f"num_mlp_{at}_{which}"
            nodes.append(Lookup(name, (f"num_attn_{at}_0",), (levels,), tuple(range(size)), answers))
    forced = tuple(word for word in (BEGIN, "</s>") if word in task.vocabulary)
    readout = Readout((), 1, False, forced)
    return Program(task.vocabulary, task.classes, task.max_length, tuple(nodes), readout, task.name, task.causal)


def one_key(program: Program) -> Program:
    """The same class with one key a row and no masks, as published."""
    nodes = []
    for node in program.nodes:
        if isinstance(node, Head | NumericHead):
            rows = tuple((row or ())[:1] for row in node.predicate)
            node = dataclasses.replace(node, predicate=rows, mask="all")
        nodes.append(node)
    return dataclasses.replace(program, nodes=tuple(nodes))


def language(program: Program) -> Language:
    found = language_of(ProgramClass.of(program), program)
    assert found is not None
    return found


def test_what_the_search_takes_a_variable_to_be_is_what_its_node_yields() -> None:
    program = blank(SORT, 2)
    batch = SORT.draw(60, 0)
    sample = Examples(batch, SORT.expected(batch), SORT.vocabulary, SORT.classes, SORT.max_length, SORT.causal)
    pool = Pool(Workshop(sample, language(program)))
    assert pool.grow()
    assert pool.grow()
    assert not pool.grow()
    rng = np.random.default_rng(0)
    some = [*pool.numbers[::9], *(pool.symbols[at] for at in rng.permutation(len(pool.symbols))[:30])]
    for term in some:
        weights = np.ones((1 if term.numeric else term.size, len(program.classes)), dtype=np.int64)
        solution = Solution("", ((term, weights),), np.zeros(len(program.classes), dtype=np.int64))
        grown = placed(solution, ProgramClass.of(program), program)
        assert isinstance(grown, Program)
        name = term.name if isinstance(term, Given) else grown.nodes[-1].name
        values = execute(grown, batch).values[name]
        assert (values == term.codes)[batch.present].all(), name


def test_variables_that_are_the_same_on_the_sample_are_kept_once() -> None:
    shop = workshop(["aa"], ["aa"])
    pool = Pool(shop)
    accepts = np.ones((4, 4), dtype=np.bool_)
    assert pool.add(shop.count(shop.tokens, shop.tokens, accepts, "all"))
    assert not pool.add(shop.count(shop.positions, shop.tokens, np.ones((8, 4), dtype=np.bool_), "all"))


def test_a_solution_that_needs_a_later_layer_than_there_is_has_no_place() -> None:
    program = blank(SORT, 1)
    shop = Workshop(Examples(SORT.draw(9, 0), SORT.expected(SORT.draw(9, 0)), *frame(SORT)), WIDE)
    equal = np.eye(len(SORT.vocabulary), dtype=np.bool_)
    first = shop.copy(shop.tokens, shop.tokens, shop.tokens, equal, "before")
    second = shop.copy(first, first, shop.tokens, equal, "before")
    said = np.zeros(second.size, dtype=np.int64)
    found = placed(spelled("", second, said, len(SORT.classes)), ProgramClass.of(program), program)
    assert isinstance(found, NoRoom)
    assert "not in this class" in str(found)


def frame(task: Task) -> tuple[tuple[str, ...], tuple[str, ...], int, bool]:
    return task.vocabulary, task.classes, task.max_length, task.causal


# Whole tasks ##########################################################################################################


def searched(task: Task, program: Program, count: int = 600) -> Found | None:
    batch = task.draw(count, 3)
    half = len(batch) // 2
    first, second = batch.take(np.arange(half)), batch.take(np.arange(half, len(batch)))
    return synthesize(program, (first, task.expected(first)), (second, task.expected(second)), complete=True)


def wrong(program: Program, task: Task) -> int:
    batch = task.inputs()
    predictions, _ = predict(program, batch)
    expected = task.expected(batch)
    return int(((predictions != expected) & (expected != UNGRADED)).sum())


@pytest.mark.parametrize(
    ("name", "layers"),
    [("reverse", 2), ("hist", 1), ("double_hist", 2), ("sort", 2), ("most_freq", 3), ("dyck1", 2), ("dyck2", 3)],
)
def test_a_program_that_is_right_on_every_input_is_found(name: str, layers: int) -> None:
    sizes = (None, 8) if name.startswith("dyck") else (6, 6)
    task = get_task(name, *sizes)
    found = searched(task, blank(task, layers), 2000)
    assert found is not None
    assert found.wrong == (0, 0)
    assert wrong(found.program, task) == 0


def test_induction_is_found_without_numeric_heads_in_two_layers() -> None:
    task = get_task("induction", 6, 5)
    program = blank(task, 2, heads=1)
    nodes = tuple(node for node in program.nodes if isinstance(node, Head))
    found = searched(task, dataclasses.replace(program, nodes=nodes))
    assert found is not None
    assert wrong(found.program, task) == 0


@pytest.mark.parametrize(("name", "layers"), [("reverse", 2), ("double_hist", 2), ("dyck1", 3), ("sort", 2)])
def test_where_a_row_accepts_one_key_it_is_found_too(name: str, layers: int) -> None:
    sizes = (None, 8) if name.startswith("dyck") else (6, 6)
    task = get_task(name, *sizes)
    found = searched(task, one_key(blank(task, layers, heads=6)), 2000)
    assert found is not None
    assert wrong(found.program, task) == 0
    heads = [node.selection for node in found.program.nodes if node.selection]
    assert all(len(row or ()) == 1 for head in heads for row in head.predicate)


@pytest.mark.parametrize(("name", "size", "lookups"), [("hist", 6, 5), ("sort", 6, 0)])
def test_heads_that_only_copy_find_sums_over_the_places(name: str, size: int, lookups: int) -> None:
    task = get_task(name, size, size)
    whole = blank(task, 1, heads=size - 1, lookups=lookups)
    nodes = tuple(node for node in whole.nodes if node.name.startswith(("attn", "mlp")))
    found = searched(task, dataclasses.replace(whole, nodes=nodes), 2000)
    assert found is not None
    assert wrong(found.program, task) == 0


def test_the_same_examples_and_seed_give_the_same_program() -> None:
    program = blank(SORT, 2)
    one, two = searched(SORT, program), searched(SORT, program)
    assert one is not None
    assert two is not None
    assert one.program == two.program


def test_with_one_layer_a_task_that_needs_more_is_not_found() -> None:
    task = get_task("most_freq", 5, 5)
    found = searched(task, blank(task, 1), 200)
    assert found is None or sum(found.wrong) > 0


def told(task: Task, program: Program, count: int, complete: bool = False, seconds: float = 60.0) -> list[str]:
    """How a search ends, in words."""
    batch = task.draw(count, 0)
    inputs, notes = (batch, task.expected(batch)), list[str]()
    synthesize(program, inputs, inputs, seconds=seconds, note=notes.append, complete=complete)
    return notes


def test_of_few_examples_it_is_said_what_they_leave_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.search.synthesis.RIVAL_SECONDS", 600.0)  # on a slow machine too
    task = get_task("hist", 7, 6)
    program = blank(task, 1)
    (line,) = told(task, program, 12)
    assert line.startswith("the search had only 24 inputs with answers, fewer than 300; they leave open: on the input ")
    assert told(task, program, 12, complete=True) == []
    assert told(task, program, 150) == []


def test_the_input_that_parts_two_programs_is_answered_by_both_as_it_says() -> None:
    task = get_task("hist", 5, 5)
    found = searched(task, blank(task, 1), 40)
    assert found is not None
    one = found.program
    silent = dataclasses.replace(one, readout=Readout((), 1, False, one.readout.forced))
    batch = task.draw(40, 0)
    sample = Examples(batch, task.expected(batch), *frame(task))
    assert parted(one, one, sample, 0) is None
    found_apart = parted(one, silent, sample, 0)
    assert found_apart is not None
    inputs = encode(one, [parse_input(found_apart.text, one)])
    for program, said in zip((one, silent), found_apart.answers, strict=True):
        assert program.classes[predict(program, inputs)[0][0, found_apart.place]] == said


def test_where_nothing_right_is_found_it_is_said_what_came_nearest_and_why_it_ended() -> None:
    task = get_task("most_freq", 4, 4)
    (line,) = told(task, blank(task, 1), 40)
    assert line.startswith("the search found no program that is right on all its 28 inputs; all it knows was tried; ")
    assert line.endswith("; training begins")
    narrow = blank(task, 1)
    single = tuple(
        dataclasses.replace(n, predicate=tuple((row or ())[:1] for row in n.predicate))
        if not isinstance(n, Lookup)
        else n
        for n in narrow.nodes
        if isinstance(n, Head | NumericHead | Lookup)
    )
    (line,) = told(task, dataclasses.replace(narrow, nodes=single), 40)
    assert "; all it knows was tried, which is little where a row accepts one key; " in line
    (line,) = told(task, blank(task, 1), 40, seconds=0)
    assert "; CPU time of 0 s was not enough; nothing comes near; " in line


def test_what_is_right_on_all_examples_is_tried_on_fresh_inputs_where_there_are_some() -> None:
    program = blank(SORT, 1)
    batch = SORT.inputs()
    letters = [SORT.vocabulary.index(word) for word in SORT.classes]
    next_letter = dict(zip(letters, [*range(1, len(letters)), 0], strict=True))
    answers = np.array([[next_letter.get(code, UNGRADED) for code in row] for row in batch.tokens.tolist()])
    known = np.flatnonzero(~(batch.tokens == letters[-1]).any(axis=1))
    inputs = batch.take(known), answers[known]
    found = synthesize(program, inputs, inputs)
    assert found is not None
    assert found.exact
    assert (predict(found.program, batch)[0] != answers)[answers != UNGRADED].any()
    kept = list[Progress]()
    found = synthesize(program, inputs, inputs, fresh=lambda: (batch, answers), keep=kept.append)
    assert found is not None
    assert found.exact
    assert not (predict(found.program, batch)[0] != answers)[answers != UNGRADED].any()
    assert kept[-1].doubted
    again = synthesize(program, inputs, inputs, fresh=lambda: (batch, answers), start=kept[-1])
    assert again is not None
    assert again.program == found.program


def test_a_search_without_time_ends_with_nothing() -> None:
    task = get_task("most_freq", 6, 6)
    batch = task.draw(200, 0)
    inputs = batch, task.expected(batch)
    assert synthesize(blank(task, 3), inputs, inputs, seconds=0) is None
