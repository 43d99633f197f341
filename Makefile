# Two commands do all the set-up:  make locomo  (the main table)  and  make test  (the tests).
# Where LOCOMO cannot be had, make locomo makes the table of the generated benchmark, in files of its own name, and says so.
PYTHON ?= python3
VENV := .venv
WORKERS ?= 2
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check -q

.PHONY: locomo test install check clean

locomo: $(VENV)/.embedded
	$(RUN) scripts/fetch_data.py punkt
	$(RUN) scripts/main_table.py

# One thread a worker: two workers of two threads each wait for one another on two cores.
test: $(VENV)/.dev
	$(RUN) scripts/fetch_data.py punkt wordnet
	OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(RUN) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

install: $(VENV)/.embedded

check: $(VENV)/.dev
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m pyright
	$(VENV)/bin/lint-imports

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; run: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -U pip

$(VENV)/.embedded: $(VENV)/bin/python pyproject.toml setup.py constraints.txt
	$(PIP) install -c constraints.txt -e '.[embedded]'
	touch $@

$(VENV)/.dev: $(VENV)/.embedded
	$(PIP) install -c constraints.txt -e '.[embedded,dev]'
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info
