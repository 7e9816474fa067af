# The doors of the project: `make setup`, `make run`, `make test`. All are safe to repeat.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo
SHOTS ?= 5
PART ?= flange

# What the libraries need from Debian or Ubuntu. libusb is for importing open3d alone.
APT := libgl1 libegl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libusb-1.0-0 libgomp1

.PHONY: setup run test lint clean system

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	@sh resources/system-packages.sh $(APT)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	@touch $@

run: setup
	$(BIN)/pirn demo $(DEMO)
	$(BIN)/pirn train $(DEMO) --category $(PART) --shots $(SHOTS) --seed 0 --out $(DEMO)/$(PART).pirn
	$(BIN)/pirn inspect $(DEMO)/$(PART).pirn $(DEMO) --category $(PART) --out $(DEMO)/results --csv $(DEMO)/results/parts.csv \
		|| test $$? -eq 2

test: setup lint
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) $(DEMO) build dist .pytest_cache .mypy_cache .ruff_cache
