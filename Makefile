VENV := .venv
EXTRAS := cli,otel,redis,worker,xlsx
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help

help: ## list what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(READY) ## load the shipped lead list into three reps' queues, on the embedded sandbox
	@$(BIN)/python examples/demo.py

test: $(READY) ## the whole test suite
	$(BIN)/python -m pytest -n auto

coverage: $(READY) ## the whole test suite; fails if it runs a smaller share of lines and branches than before
	$(BIN)/python -m pytest -n auto --cov --cov-report=term:skip-covered

dist: $(READY) ## the sdist and, built of it, the wheel
	rm -rf dist
	$(BIN)/python -m build

test-bare: $(READY) ## the wheel without its extras: it loads numbers, and says what to install for the rest
	./scripts/test-dist bare $(EXTRAS)

test-wheel: $(READY) ## the whole test suite on the built wheel, with the sources out of the way
	./scripts/test-dist wheel $(EXTRAS)

test-sdist: $(READY) ## the sdist, unpacked elsewhere: its test suite and its demo
	./scripts/test-dist sdist $(EXTRAS)

test-lowest: $(READY) ## the whole test suite on the lowest versions of what the package depends on
	./scripts/test-lowest $(EXTRAS)

check: lint types ## format, lint and types

lint: $(READY) ## format and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY) ## types
	$(BIN)/mypy
	$(BIN)/basedpyright

openapi: $(READY) ## thousands of requests, made from the API's OpenAPI documents
	ALLO_OPENAPI_EXAMPLES=300 $(BIN)/python -m pytest -n auto tests/sandbox/test_openapi.py

check-all: check openapi chaos-loads coverage test-bare test-wheel test-sdist test-lowest ## everything that CI checks, one after the other

format: $(READY) ## rewrite the code as ruff would have it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## CPU, stalls, memory and latency beside what one would write instead, and the plots of docs/cost.md
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.plots

bench-compare: $(READY) ## the same without the plots; fails if a ratio has grown by more than 15 %
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.compare

bench-suppress: $(READY) ## the cost of suppression lists
	$(BIN)/python -m benchmarks.suppress

bench-limits: $(READY) ## loading under the API's limits, beside rivals
	$(BIN)/python -m benchmarks.limits

chaos-loads: $(READY) ## 1,000 loads in a storm of faults, with a table by fault
	$(BIN)/python -m tests.chaos

chaos: chaos-loads ## the same, and the command, killed at 800 points
	$(BIN)/python -m tests.chaos.points 40

audit: $(READY) ## look for published advisories about what is installed (needs a network)
	$(BIN)/python -m pip install --quiet --group audit
	$(BIN)/pip-audit --local --skip-editable

lock: clean $(READY) ## write down the versions of a fresh .venv, for CI
	$(BIN)/python -m pip freeze --exclude-editable > requirements-dev.lock

hostile: $(READY) ## each hostile text by itself, in each place where text from outside is shown
	ALLO_HOSTILE_ALONE=1 $(BIN)/python -m pytest -n auto tests/hostile/test_screen.py

clean: ## remove what the other targets made
	rm -rf $(VENV) .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

$(READY): pyproject.toml allo_async/version.py scripts/make-venv
	@echo "Setting up $(VENV) (a minute, once) ..."
	@./scripts/make-venv $(VENV) --editable '.[$(EXTRAS)]' --group dev
	@touch $@

.PHONY: help demo test coverage dist test-bare test-wheel test-sdist test-lowest check lint types openapi check-all format bench \
	bench-compare bench-suppress bench-limits chaos-loads chaos audit lock hostile clean
