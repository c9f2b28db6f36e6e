SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first interpreter that is new enough; make PYTHON=/path/to/python overrules it.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
READY := .venv/.installed
BENCHMARKS := $(filter-out benchmarks/record.py benchmarks/__init__.py,$(wildcard benchmarks/*.py))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Two test processes with one thread each, instead of two that fight for the same cores.
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: help demo test lint check-results bench clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 20

demo: $(READY) ## calibrate on the bundled samples and score them into out/demo/
	@$(BIN)/qa-nlp demo --out out/demo

test: lint check-results ## check everything: lint, types, recorded results, all tests
	@scripts/system-deps.sh
	$(BIN)/pytest -n 2 --dist loadgroup --durations 30

lint: $(READY) ## check style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

check-results: $(READY) ## compare benchmarks/results/ with what it was measured on (STRICT=1: code too)
	$(BIN)/python -m scripts.check_results $(if $(filter 1,$(STRICT)),--strict)

bench: $(READY) ## run every benchmark anew (needs QA_NLP_DATA for those on public data)
	@for script in $(BENCHMARKS); do echo "== $$script"; \
		name=$${script%.py}; $(BIN)/python -m "$${name//\//.}"; done
	$(BIN)/python -m scripts.check_results --write

clean: ## remove all that make has made: .venv, out/, dist/ and caches
	rm -rf .venv out build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; make PYTHON=/path/to/python"; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version): a few minutes, once"
	$(PYTHON) -m venv --clear .venv
	@# Build back ends: hatchling for this project, setuptools for packages that come as source (pyspark).
	$(BIN)/python -m pip install --constraint constraints.txt hatchling setuptools
	$(BIN)/python -m pip install --constraint constraints.txt --no-build-isolation --editable '.[dev]'
	@touch $@
