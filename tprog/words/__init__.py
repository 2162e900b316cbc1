"""Corpora: sentences of words with a tag a word, or with one label, read from the files that people have.

How they come to a program, in the order of the code:

- `tprog.words.corpus.Corpus`: sentences by split (``train``, ``valid``, ``test``; or ``all``), each a `Sentence` of
  words and answers; `Corpus.vocabulary` counts the words of the training split alone; `Corpus.divided` splits what
  has no splits; `Corpus.sha256` is the hash of what was read.
- `tprog.words.read.read_corpus(name)`: a prepared corpus by its name (``ner``), a folder of splits, or a file: CoNLL
  columns, JSONL of tokens and tags (or of text and label), CSV of text and label.
- `tprog.words.word_form.WordForm`: how a word is read before it is looked up: runs of digits as ``@``, lower case.
- `tprog.words.scores.entity_scores`: precision, recall and F1 of exact spans.

A corpus is asked about as a task: `tprog.tasks.corpus_task.corpus_task(corpus, split, vocabulary=…)` gives a `Task`
whose inputs are the sentences of a split, ``<s>`` and ``</s>`` around them, words that the vocabulary does not have as
``<unk>``; `Task.answered()` gives all of them with the answers of each, [sentence, place]. `find_task("ner")`,
`find_task("own.conll")` and `find_task("corpus:reviews.csv@valid")` do so with the settings that are usual, and so do
``--task`` and ``--corpus`` of the command line.
"""
