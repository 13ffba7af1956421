# `make demo` and `make test` are all a fresh machine needs; both set up .venv first.
PYTHON ?= python3
VENV   ?= .venv
EXTRAS ?= report,sim,test
BIN    := $(VENV)/bin

.PHONY: demo test lint accuracy bench clean

$(VENV)/.installed: setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[$(EXTRAS)]'
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/humandyn demo

test: lint
	$(BIN)/python -m pytest

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

accuracy: $(VENV)/.installed
	$(BIN)/python -m bench.accuracy

bench: $(VENV)/.installed
	$(BIN)/python -m bench.run

clean:
	rm -rf $(VENV) build *.egg-info
