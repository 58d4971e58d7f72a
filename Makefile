# setup · demo · test · spec-suite · test-full · soundness · fuzz · flips · mutations · thousand · chaos · session · lint · bench · billion · clean. Each target works alone from a fresh clone.
SHELL := /bin/bash
BIN := .venv/bin
STAMP := .venv/.setup-done
NATIVE := $(shell find native -type f -not -path '*/target/*' 2>/dev/null)

.PHONY: setup demo test spec-suite test-full soundness fuzz flips mutations thousand chaos session lint bench billion clean

setup: $(STAMP)
	@:

$(STAMP): pyproject.toml scripts/setup.sh $(NATIVE)
	@scripts/setup.sh .venv
	@touch $@

demo: setup
	@$(BIN)/python samples/demo.py

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

test: lint
	@$(BIN)/python -m pytest -n 2 --dist loadfile

spec-suite: setup
	@$(BIN)/python -m tests.wasm_exec.spec

test-full: setup
	@$(BIN)/python -m tests.wasm_exec.spec.full

soundness: setup
	@$(BIN)/python -m tests.segments.soundness

chaos: setup
	@$(BIN)/python -m tests.bundles.chaos
	@$(BIN)/python -m tests.bundles.chaos --engine dask
	@$(BIN)/python -m pytest tests/bundles/test_resume.py tests/bundles/test_job.py tests/bundles/test_deaths.py tests/bundles/test_cluster.py

session: setup
	@$(BIN)/python -m tests.bundles.proved_session --sample sorter --events 100
	@$(BIN)/python -m tests.bundles.proved_session --profile p100 --events 10000

fuzz: setup
	@$(BIN)/python -m tests.bundles.fuzz
	@$(BIN)/python -m tests.wasm_exec.fuzz

flips: setup
	@$(BIN)/python -m tests.stark.flips 100000

mutations: setup
	@$(BIN)/python -m tests.continuation.mutations 10000

thousand: setup
	@$(BIN)/python -m tests.continuation.thousand 1000

bench: setup
	@$(BIN)/python benchmarks/bench.py $(PARTS)

billion: setup
	@$(BIN)/python -m benchmarks.billion build/billion

clean:
	rm -rf .venv build dist *.egg-info native/target benchmarks/plonky3/target .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
