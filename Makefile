# `make demo` and `make test` are all a fresh machine needs; both set up .venv first.
# Another interpreter: make demo PYTHON=python3.12
PYTHON ?= python3
VENV   ?= .venv
EXTRAS ?= report,sim,onnx,fast
TEST_EXTRAS ?= train,words,smpl,test
# Another build of PyTorch: make test TORCH=torch==2.9.0
TORCH  ?= torch==2.13.0
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
TESTS  := $(VENV)/.installed-for-tests

# .venv is as wanted: installed to the end, from here, with these extras, and by the interpreter
# that was asked for. A moved checkout, a vanished interpreter or a stopped installation is not.
WANTED := $(CURDIR) [$(EXTRAS)]
ASKED  := $(filter-out file,$(origin PYTHON))
SOUND  := grep -qsxF '$(WANTED)' $(STAMP) && $(BIN)/python -c '' 2>/dev/null && \
	{ [ -z '$(ASKED)' ] || [ "$$($(PYTHON) -V)" = "$$($(BIN)/python -V)" ]; }

.PHONY: demo test lint accuracy bench clean
ifneq ($(shell $(SOUND) && echo yes),yes)
.PHONY: $(STAMP)
endif

$(STAMP): setup.py humandyn_ros/__init__.py
	@$(SOUND) || { \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	    { echo 'Python 3.10 or newer is needed: make PYTHON=python3.12 ...'; exit 1; }; \
	  $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo 'The module venv is missing: apt install python3-venv'; exit 1; }; \
	  echo 'Setting up $(VENV), a minute or two ...'; \
	  $(PYTHON) -m venv --clear $(VENV); }
	@$(BIN)/python -m pip install -qq --upgrade pip
	@$(BIN)/python -m pip install -qq --editable '.[$(EXTRAS)]'
	@$(BIN)/python -m humandyn_ros.kernels || echo 'NumPy will do the arithmetic'
	@echo '$(WANTED)' > $@

# What tests and training need besides is large (PyTorch), so the demonstration goes without.
$(TESTS): $(STAMP)
	@echo 'Adding PyTorch and the test tools ...'
	@$(BIN)/python -m pip install -qq '$(TORCH)'
	@$(BIN)/python -m pip install -qq --editable '.[$(EXTRAS),$(TEST_EXTRAS)]'
	@touch $@

demo: $(STAMP)
	$(BIN)/humandyn demo

test: lint
	$(BIN)/python -m pytest

lint: $(TESTS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
	  echo $(BIN)/mypy; $(BIN)/mypy; \
	else echo 'mypy left out: it needs Python 3.11, as NumPy types arrays differently elsewhere'; fi

accuracy: $(TESTS)
	$(BIN)/python -m bench.accuracy

bench: $(TESTS)
	$(BIN)/python -m bench.run

clean:
	rm -rf $(VENV) build dist *.egg-info
