# The two commands of the README, and what CI runs. Everything happens in .venv; nothing needs a key, a hub or a compiler.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo

.DEFAULT_GOAL := help
.PHONY: help demo test check bench outcome format clean

help:
	@echo "make demo    environment, embedded model, main job, report ($(DEMO)/)"
	@echo "make test    environment with dev extras, the whole test suite"
	@echo "make check   lint, types, import rule, sizes, generated docs"
	@echo "make bench   the benchmarks of benchmarks/engine (minutes)"
	@echo "make outcome what sets are worth in real conversations, reduced (under 15 minutes; needs STAR, see STAR=...)"
	@echo "make clean   remove .venv, caches and $(DEMO)/"

$(VENV)/installed-core: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("turnwright needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[parquet]'
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed-core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(VENV)/installed-core
	$(BIN)/turnwright models pull smollm2-135m-instruct
	$(BIN)/turnwright run examples/telecom_support/factory.yaml --folder $(DEMO)
	@echo
	@echo "Open $(DEMO)/report.html, or look at one conversation: $(BIN)/turnwright show --folder $(DEMO)"

test: $(VENV)/installed-dev
	$(BIN)/turnwright models pull smollm2-135m-instruct
	$(BIN)/python -m pytest

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/house

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/installed-dev
	$(BIN)/python benchmarks/engine/memory.py
	$(BIN)/python benchmarks/engine/embedded.py

outcome: $(VENV)/installed-dev
	$(BIN)/python benchmarks/outcome/run_outcome.py $(STAR) --out out/outcome --arms "walk,fill,full,seeded,real" \
		--sizes 100,300 --seeds 2 --fits 1 --topics arms,decomposition \
		--results out/outcome/results --page out/outcome/results.md

clean:
	rm -rf $(VENV) $(DEMO) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
