# `make demo` and `make test` need nothing but Python 3.11 or newer and a package index.
#   make test                            lint, types, laws and commands
#   make test PYTHON=python3.13          the same by another Python, in a folder of its own
#   make hard                            tests of kills, full disks, several devices and processes
#   make browser                         the page of `apical report` in a headless Chromium, if there is one
#   make release                         the wheel in bare environments of every Python that is here
#   make site                            the documentation, into site/: its tutorials, links and pages
#   make memory                          what runs are said to need beside what processes take
#   make mutants                         the tests must catch every planted defect
#   make mutants SINCE=main WORDS=ghost  those that changes since a revision concern; by name
PYTHON ?= python3
VENV ?= .venv$(if $(filter-out python3,$(PYTHON)),-$(notdir $(PYTHON)))
BIN := $(VENV)/bin

.PHONY: demo test lint types suite hard browser site release memory mutants torture clean

demo: $(VENV)/.installed
	$(BIN)/apical compare bp fa dfa --data mnist --hidden 500 500 --epochs 5 --out runs/demo --overwrite

# Types are checked beside the tests, which at times leave a core free.
test: $(VENV)/.installed-dev lint
	$(MAKE) --no-print-directory -j 2 types suite

suite: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal --durations=10

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

hard: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal -m hard

browser: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m browser -rs tests/page

release: $(VENV)/.installed-dev
	$(BIN)/python -m tests.release

site: $(VENV)/.installed-docs
	$(BIN)/python -m pytest -m site --durations=5 tests/site/test_tutorials.py
	$(BIN)/python -m docs.site.build
	$(BIN)/python -m pytest -m site -rs --ignore tests/site/test_tutorials.py tests/site

memory: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 -m memory -rP tests/training/test_memory.py

mutants: $(VENV)/.installed-dev
	$(BIN)/python -m tests.mutants $(if $(SINCE),--since $(SINCE)) $(WORDS)

# Random command lines, kills and damage, on one core at the lowest priority; counts add up in STATE.
MINUTES ?= 10
SEED ?= 0
STATE ?= .cache/torture

torture: $(VENV)/.installed-dev
	$(BIN)/python -m tests.torture --minutes $(MINUTES) --seed $(SEED) --state $(STATE)

clean:
	rm -rf .venv .venv-* .cache build site .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "apical needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: $(VENV)/.installed-dev
	$(BIN)/pip install --quiet --editable '.[dev,docs]'
	touch $@
