VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help

help: ## list what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(READY) ## load the shipped lead list into three reps' queues, on the embedded sandbox
	@$(BIN)/python examples/demo.py

test: $(READY) ## the whole test suite
	$(BIN)/python -m pytest -n auto

check: $(READY) ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/basedpyright

check-all: check ## check, thousands of requests made from the API's OpenAPI documents, and the chaos loads
	ALLO_OPENAPI_EXAMPLES=300 $(BIN)/python -m pytest -n auto tests/sandbox/test_openapi.py
	$(BIN)/python -m tests.chaos

format: $(READY) ## rewrite the code as ruff would have it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## CPU per 1,000 numbers, stalls of the loop, suppression lists, a stream's memory, loading under limits
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.suppress
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.limits

chaos: $(READY) ## 1,000 loads in a storm of faults, with a table by fault; and the command, killed at 800 points
	$(BIN)/python -m tests.chaos
	$(BIN)/python -m tests.chaos.points 40

audit: $(READY) ## look for published advisories about what is installed (needs a network)
	$(BIN)/python -m pip install --quiet --group audit
	$(BIN)/pip-audit --local --skip-editable

lock: clean $(READY) ## write down the versions of a fresh .venv, for CI
	$(BIN)/python -m pip freeze --exclude-editable > requirements-dev.lock

hostile: $(READY) ## each hostile text by itself, in each place where text from outside is shown
	ALLO_HOSTILE_ALONE=1 $(BIN)/python -m pytest -n auto tests/hostile/test_screen.py

clean: ## remove what the other targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

$(READY): pyproject.toml allo_async/version.py scripts/make-venv
	@echo "Setting up $(VENV) (a minute, once) ..."
	@./scripts/make-venv $(VENV)
	@touch $@

.PHONY: help demo test check check-all format bench chaos hostile audit lock clean
