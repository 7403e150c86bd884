.DEFAULT_GOAL := help
VENV   := .venv
PY     := $(VENV)/bin/python
BIN    := $(VENV)/bin
PYTHON ?= python3
OUT    ?= out

.PHONY: help setup demo workbench test check eval bench soak docs clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F':.*?## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("superbill needs Python 3.11 or newer, found " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Installing superbill and its packages into $(VENV) (first run only) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

setup: $(VENV)/.ready ## Create the virtual environment, install, build the knowledge store
	@$(BIN)/superbill knowledge build --quiet

demo: setup ## Code the shipped encounters with the embedded coder and show one table
	@rm -rf $(OUT)/demo
	@$(BIN)/superbill code evals/encounters --model rules --policy evals/encounters/policy.toml \
		--store $(OUT)/demo/store --out $(OUT)/demo

workbench: setup ## The web pages on the shipped encounters: a throw-away store, users and password
	@$(BIN)/superbill workbench --demo

test: setup ## Run the tests
	@$(PY) -m pytest -n auto --dist worksteal

check: setup ## Lint, types, import directions, data files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/superbill knowledge check

eval: setup ## Score the embedded coder on the shipped cases, write the report
	@$(BIN)/superbill eval run --cases evals/cases --solver agent --solver search_only --out $(OUT)/eval --gate all

bench: setup ## Measure speed (figures for docs/measurements.md)
	@$(PY) -m evals.benchmarks

soak: setup ## 50 reviewers while 5 encounters/s come in; 10,000 through superbill batch, killed 20 times (about 40 minutes)
	@$(PY) -m evals.benchmarks.review_load --reviewers 50 --rate 5 --minutes 5
	@$(PY) -m evals.benchmarks.soak --encounters 10000 --kills 20

docs: setup ## Regenerate the generated parts of README and docs
	@$(PY) -m agent.docs
	@$(PY) -m evals.docs

clean: ## Remove outputs and caches (keeps the virtual environment)
	@rm -rf $(OUT) build dist .mypy_cache .ruff_cache .pytest_cache *.egg-info
