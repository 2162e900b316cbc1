# The commands of this repository; each builds .venv first, if pyproject.toml or constraints.txt changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := tpdebug tprog trainer analyze cli tests

MINUTES ?= 60
COUNT ?= 200

# One thread each: the arrays are small, and two test workers share the machine.
export OMP_NUM_THREADS = 1

# The tests start hundreds of processes: what Python has compiled once is kept.
unexport PYTHONDONTWRITEBYTECODE

# Print a command as a user would type it, then run it.
type = @printf '\n$$ %s\n' '$(1)'; PATH="$(CURDIR)/$(BIN):$$PATH" $(1)

.PHONY: help demo test soak mutants bench clean

help:
	@echo 'make demo    train a small Transformer Program on sort, too briefly, then look at it and debug it (minutes)'
	@echo 'make test    lint, types and all tests, as continuous integration runs them'
	@echo 'make soak    property tests with fresh examples, for an hour: MINUTES=10 for ten minutes, SEED=7 for those of a seed'
	@echo 'make mutants small faults planted in a room of the code: do its tests notice? ROOM=run, COUNT=200, SEED=1, MOST=60 seconds of tests a fault; hours'
	@echo 'make bench   the figures of docs/results.md that are about speed'
	@echo 'make clean   remove .venv, caches and what make demo wrote'

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "tpdebug needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1); try: make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[train,pyan,frames,figures,dev]'
	@touch $@

# Trained once: a module that you have edited since is not overwritten. `make clean` removes it. A run that was stopped
# goes on where it was.
sort_program.py: | $(STAMP)
	$(call type,tpdebug train sort $(if $(wildcard runs/sort-0/checkpoint.safetensors),--resume,--preset demo) -o $@)

demo: $(STAMP) sort_program.py
	@printf '\nIt was trained for 12 epochs only, so that something is left to debug. What it gets wrong depends on the seed, and\n'
	@printf 'may differ from one maker of processors to another; README shows docs/examples/sort_program.py.\n'
	$(call type,tpdebug verify sort_program.py) || test $$? -eq 1
	$(call type,tpdebug circuits sort_program.py)
	$(call type,tpdebug blame --input "abbc")
	$(call type,tpdebug graph sort_program.py -o sort.svg)
	@PATH="$(CURDIR)/$(BIN):$$PATH"; \
	wrong=$$(tpdebug verify sort_program.py --json 2>/dev/null | python -c 'import json, sys; \
	found = json.load(sys.stdin)["counterexamples"]; print("".join(found[0]["tokens"][1:-1]) if found else "")'); \
	if [ -z "$$wrong" ]; then printf '\nThe program is right on every input there is: nothing is left to debug.\n'; exit 0; fi; \
	printf '\nThe program gets "%s" wrong. Where, and what would mend it?\n' "$$wrong"; \
	printf '\n$$ tpdebug trace --input "%s" --contrast\n' "$$wrong"; tpdebug trace --input "$$wrong" --contrast && \
	printf '\n$$ tpdebug blame --input "%s"\n' "$$wrong"; tpdebug blame --input "$$wrong"
	$(call type,tpdebug repair sort_program.py -o mended_sort.py --force) || test $$? -eq 1
	$(call type,tpdebug simplify sort_program.py --keep right -o small_sort.py --force)

test: $(STAMP)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist worksteal --cov --cov-report=term

soak: $(STAMP)
	$(BIN)/python -m tests.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

mutants: $(STAMP)
	$(BIN)/python -m tests.mutants $(or $(ROOM),--help) $(if $(ROOM),--count $(COUNT) $(if $(SEED),--seed $(SEED)) $(if $(MOST),--most $(MOST)))

bench: $(STAMP)
	$(BIN)/python -m tests.bench.bench_speed

clean:
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf .tpdebug runs sort_program.py mended_sort.py small_sort.py sort.svg
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
