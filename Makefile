# Everything lives in .venv; a target sets up what it needs, once.
PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3,$(shell $(p) -c 'import sys; print("$(p)" if (3, 11) <= sys.version_info < (3, 14) else "")' 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo test lint clean

help:
	@echo "make demo   a real heart's twelve leads out of three, live, in half a minute"
	@echo "make test   the tests"
	@echo "make lint   ruff, mypy and the import contracts"
	@echo "make clean  remove what the others made"

demo: $(VENV)/demo.done
	@$(BIN)/edge-run --demo

test: $(VENV)/test.done
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder  # on two cores too: much of it waits for a patch in real time

lint: $(VENV)/test.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/python.done:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: sudo apt install python3 python3-venv"; exit 2; }
	@echo "setting up $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { echo "no venv module: sudo apt install python3-venv"; exit 2; }
	@touch $@

$(VENV)/demo.done: $(VENV)/python.done pyproject.toml
	@$(PIP) --editable '.[demo]'
	@touch $@

# torch from where a CPU build is offered, else whatever the index has
$(VENV)/test.done: $(VENV)/python.done pyproject.toml
	@$(PIP) 'torch==2.13.0+cpu' 2>/dev/null || $(PIP) 'torch>=2.6'
	@$(PIP) --editable '.[test,train]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache edge-demo.png
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
