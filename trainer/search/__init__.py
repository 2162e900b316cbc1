"""Deductive synthesis: programs found from examples by reasoning backwards from the answers.

From the answers and the kind of the last node it follows what the node's inputs would have to be; that is a smaller
task of the same sort, with places where nothing is asked. A function from what a node should yield to what it should
read is a *witness function* (Polozov and Gulwani, "FlashMeta: a framework for inductive program synthesis", OOPSLA
2015). What can be read at all is enumerated bottom-up, one variable of each value vector (*observational equivalence*:
Albarghouthi, Gulwani, Kincaid, CAV 2013; Udupa et al., TRANSIT, PLDI 2013).

    terms      variables that a program could have, and what they are on a sample of the examples
    pool       which of them are enumerated, simplest first
    cells      answers that are a table of one or two variables
    rules      predicates that can be said in words: smaller, equal, first of its kind
    counts     witness of a number: it is the sum or difference of two counts
    rows       the same for counts that no rule says, by least squares
    predicates witness of a predicate: the keys that are never wrong
    copies     witness of a copy: which label each holder of the answer must have
    presence   witness of an answer that depends on whether something stands there
    lists      answers that the first variable of a list decides which has something to say
    events     witness of an answer that is never left: where it begins
    additive   answers that are a sum over what stands at each place
    merging    cells that no reader tells apart become one symbol
    solution   variables, and the weights that a readout gives them
    fitting    weights that are a convex problem
    placing    variables -> nodes at the places that the class has
    undecided  another program that is right on all examples, where they are few
    reasoning  what is tried, in which order
    synthesis  who is right on training and validation inputs, and when to stop

Beside it stands a *discrete search*, which improves a program that training has left, by what its loss says:

    stagewise           its stages: nodes added one by one, then each learned anew
    chains              variables over several layers, found whole
    relations           which there are, enumerated bottom-up and ranked by description length
    proposals           the best node for a place, alone or
    compounds           a head with the lookup that it reads
    wirings             a node whose inputs are chosen and whose table is to be learned
    coordinate_descent  one table learned: its rows and the readout's weights take turns
    attention_values    what a head could see, whatever its predicate
    unreached           cells that no training input reaches
    fitted              a program with the readout that fits it
    regression          the readout for given variables, a convex problem, and its rounding
    program_class       which node may stand where in a class, and what it may read
"""
