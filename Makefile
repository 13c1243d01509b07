# Every target does its own set-up; nothing beyond Python 3.11 and pip is needed.
PYTHON ?= python3
TORCH_INDEX_URL ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Real frames and pretrained weights are used in place where they lie beside the checkout.
SHARED := $(wildcard ../shared)
ifneq ($(SHARED),)
export SEMALIGN_TEST_DATA ?= $(abspath ../shared/data)
export SEMALIGN_MODELS_MIRROR ?= $(abspath ../shared/weights)
endif
export OMP_WAIT_POLICY ?= passive

.PHONY: setup demo test fuzz lint audit up clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt worker/version.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL)) torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[worker,embedded,bench,dev]'
	touch $@

demo: setup
	$(BIN)/semalign demo $(if $(FRAME),--frame $(FRAME))

# One thread for each of two processes: more would fight over the cores, and the services under test need some too.
test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

# Each format's reader for so many seconds; `make test` tries some hundred inputs of each.
fuzz: FUZZ_SECONDS ?= 300
fuzz: setup
	FUZZ_SECONDS=$(FUZZ_SECONDS) OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/worker/inputs/fuzz -n 2

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Known vulnerabilities of the pinned versions.
audit: setup
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python .ci/audit.py constraints.txt

up: setup
	$(BIN)/semalign up

clean:
	rm -rf $(VENV) demo-output
