# make demo and make test need git, make and Python 3.11 or newer with venv and pip; nothing else.
PYTHON ?= python3
# The newest Python that is supported, where it is here; for make test-latest.
LATEST_PYTHON ?= $(shell for python in python3.13 $(HOME)/.pyenv/versions/3.13.*/bin/python; do \
  $$python -c 'import sys; print(sys.executable)' 2>/dev/null && break; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
LATEST_INSTALL := .venv-latest/bin/python -m pip install --quiet --disable-pip-version-check
MAIN_BRANCHES := $(addprefix git+https://github.com/,dask/dask dask/distributed pydata/xarray zarr-developers/zarr-python)
# Worker processes of pytest; torch, BLAS and Numba use one thread in each.
WORKERS ?= 2
PYTEST := $(BIN)/pytest --durations 25

.PHONY: demo notebook notebook-outputs test test-services test-latest test-development latest-python lint docs pictures linkcheck bench format constraints clean

demo: $(INSTALLED)
	$(BIN)/zpoints demo --root runs/demo

# With the environment's programs in front, since notebooks call zpoints.
notebook: $(INSTALLED)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/jupyter lab --notebook-dir examples

# Executes the notebooks of examples/ on the store of `make demo` and stores their outputs.
notebook-outputs: $(INSTALLED)
	$(BIN)/python -m tests.notebooks

test: $(INSTALLED)
	$(PYTEST) --numprocesses $(WORKERS) --dist worksteal -m 'not services and not slow'

# The other tests: a real Slurm where there is one, servers of buckets, Dask clusters, jobs, and slow tests;
# all on this machine. Three workers more, since many of them wait. Only files with such a mark are
# collected, which each worker does.
test-services: $(INSTALLED)
	$(PYTEST) --numprocesses $$(($(WORKERS) + 3)) --dist loadfile -m 'services or slow' \
	  $$(grep -rlE --include='test_*.py' 'mark\.(services|slow)' tests)

# Storage, sampling, analysis and claims on the newest releases of all libraries but torch, whose
# newest release has no small build in the package index; and stores that both environments share.
# make test-development: the same with what the libraries of a store have not released yet.
test-development: UNRELEASED := $(LATEST_INSTALL) --pre --upgrade icechunk && $(LATEST_INSTALL) --no-deps --upgrade $(MAIN_BRANCHES)
test-latest test-development: $(INSTALLED)
	@test -n "$(LATEST_PYTHON)" || \
	  { echo "expected Python 3.13; name its program with: make $@ LATEST_PYTHON=..."; exit 1; }
	$(LATEST_PYTHON) -m venv --clear .venv-latest
	$(LATEST_INSTALL) --editable '.[analyze,cluster,report,test]'
	$(UNRELEASED)
	.venv-latest/bin/python -m pip list | grep -E '^(icechunk|zarr|numpy|xarray|dask|numba|scipy) '
	ZPOINTS_OTHER_PYTHON="$(CURDIR)/$(BIN)/python" .venv-latest/bin/pytest --numprocesses $(WORKERS) --dist worksteal -m 'not services and not slow' \
	  -k 'not flow' --ignore tests/pipeline/sample/test_flow.py \
	  --ignore tests/pipeline/sample/test_stored_fit.py \
	  tests/storage tests/pipeline/sample tests/pipeline/analyze tests/pipeline/claims

latest-python:
	@echo $(LATEST_PYTHON)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The documentation, without network: docs/_build/html/index.html.
docs: $(INSTALLED)
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo docs/_build/html/index.html

# The pictures of its figures, drawn from the store of `make demo`.
pictures: $(INSTALLED)
	$(BIN)/python docs/pictures.py

# Its external links; needs a network.
linkcheck: $(INSTALLED)
	$(BIN)/sphinx-build --builder linkcheck --quiet docs docs/_build/linkcheck

bench: $(INSTALLED)
	$(BIN)/python -m tests.benchmarks

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The environment: made once, updated when a version or a dependency changes.
$(INSTALLED): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "zpoints needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) -c constraints.txt
	@touch $@

# Pins the versions that the ranges of pyproject.toml resolve to today.
constraints:
	$(PYTHON) -m venv --clear $(VENV)
	$(INSTALL)
	{ head -n 1 constraints.txt; $(BIN)/python -m pip freeze --all --exclude pip --exclude-editable | sed 's/+[a-z0-9.]*$$//'; } > constraints.new
	mv constraints.new constraints.txt
	touch $(INSTALLED)

clean:
	rm -rf $(VENV) .venv-latest runs build dist src/*.egg-info docs/_build docs/notebooks docs/reference/api
