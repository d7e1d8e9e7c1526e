# make demo: solve a 15-puzzle on two ranks     make test: the tests     make bench: the figures of the README
PYTHON ?= python3
VENV   ?= .venv
TASKS  ?= tests/data/planning
BIN    := $(VENV)/bin
# what setuptools warns of, links to folders among it, is meant
PIP    := $(BIN)/python -m pip install --quiet

.PHONY: demo test test-wide wheel wheel-installed test-heavy test-torch test-numpy-oldest lint fuzz docs docs-serve bench bench-planning clean

# a dot a second while a command has nothing to say
DOTS   := dots() { "$$@" & job=$$!; while kill -0 $$job 2>/dev/null; do printf .; sleep 1; done; wait $$job; }; dots

# what the demo needs; the rest takes twice as long
$(VENV)/.demo: pyproject.toml
	@echo "making $(VENV) and installing into it: a minute, once"
	@$(DOTS) $(PYTHON) -m venv $(VENV)
	@export PYTHONWARNINGS=ignore PIP_DISABLE_PIP_VERSION_CHECK=1; $(DOTS) $(PIP) --editable ".[mpich]"
	@echo
	@touch $@

$(VENV)/.installed: $(VENV)/.demo
	@echo "installing what the tests need into $(VENV): a minute, once"
	@$(DOTS) $(PIP) --upgrade "pip>=25.1"
	@export PYTHONWARNINGS=ignore; $(DOTS) $(PIP) --editable ".[all]" --group dev
	@echo
	@touch $@

demo: $(VENV)/.demo
	@echo "solving the first of Korf's hundred 15-puzzles on 2 ranks:"
	@echo "$$ mpiexec -n 2 pdsearch solve tiles korf:1 --progress"
	@$(BIN)/mpiexec -n 2 $(BIN)/pdsearch solve tiles korf:1 --progress

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto

# more instances, and what takes seconds of compiling or of processes
test-wide: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto -m "wide and not heavy"

test-heavy: $(VENV)/.installed
	$(BIN)/python -m pytest -m heavy

test-torch: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable ".[torch]"
	$(BIN)/python -m pytest -m "not heavy" tests/test_torch_*.py tests/test_router*.py pdsearch/balance

# the balance tests with the oldest numpy and numba that pyproject.toml allows, in an environment of their own
OLDEST ?= .venv-oldest
test-numpy-oldest:
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(OLDEST)/bin/python -m pip install --quiet --editable ".[mpich,plot]" --group test \
	    $$(sed -n 's/.*"\(numpy\|numba\)>=\([0-9.]*\)".*/\1==\2.0/p' pyproject.toml)
	$(OLDEST)/bin/python -m pytest -m "not heavy" tests/test_balance_*.py tests/test_router*.py pdsearch/balance

# builds the source archive and the wheel, and compares what they hold with the tree
wheel: $(VENV)/.installed
	$(BIN)/python -m pytest -m heavy tests/test_wheel.py -k archive

# and installs it into fresh environments, with nothing, with [all], with each extra; make wheel-installed PYTHON=python3.13
wheel-installed: $(VENV)/.installed
	PYTHON_OF_WHEEL=$(PYTHON) $(BIN)/python -m pytest -m heavy tests/test_wheel.py

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# 20,000 damaged inputs; make fuzz CASES=500 SEED=7
CASES ?= 20000
SEED  ?= 0
fuzz: $(VENV)/.installed
	PYTHONPATH=tests $(BIN)/python -m fuzzing --cases $(CASES) --seed $(SEED)

# the documentation site, into site/; docs-serve shows it on http://localhost:8000 while pages are edited
DOCS_VENV ?= .venv-docs
$(DOCS_VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(DOCS_VENV)
	$(DOCS_VENV)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(DOCS_VENV)/bin/python -m pip install --quiet --group docs
	@touch $@

docs: $(DOCS_VENV)/.installed
	$(DOCS_VENV)/bin/zensical build --clean --strict
	@rm -f site/*.py

docs-serve: $(DOCS_VENV)/.installed
	$(DOCS_VENV)/bin/zensical serve

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/search.py
	$(BIN)/python benchmarks/balance.py
	$(BIN)/python benchmarks/routers.py top-k

# make bench-planning TASKS=folder
bench-planning: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group peers
	$(BIN)/pdsearch bench planning --tasks $(TASKS) --peers

clean:
	rm -rf $(VENV) $(OLDEST) $(DOCS_VENV) site build *.egg-info
