# The doors of the project: `make setup`, `make run`, `make test`. All are safe to repeat.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo
SHOTS ?= 5
PART ?= flange

# What the libraries need from Debian or Ubuntu. libusb is for importing open3d alone.
APT := libgl1 libegl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libusb-1.0-0 libgomp1
# For the window under X, and for the test that opens it on a virtual screen.
APT_X := libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0 libxcursor1
APT_TEST := xvfb xauth

.PHONY: setup run test lint clean system

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	@sh resources/system-packages.sh $(APT) $(APT_X)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	@touch $@

run: setup
	$(BIN)/pirn demo $(DEMO)
	$(BIN)/pirn train $(DEMO) --category $(PART) --shots $(SHOTS) --seed 0 --out $(DEMO)/$(PART).pirn
	$(BIN)/pirn inspect $(DEMO)/$(PART).pirn $(DEMO) --category $(PART) --out $(DEMO)/results --csv $(DEMO)/results/parts.csv \
		|| test $$? -eq 2
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then $(BIN)/pirn-app $(DEMO)/$(PART).pirn $(DEMO)/$(PART); \
	else echo "No display: the application takes a tour by itself instead."; \
		$(BIN)/pirn-app tour --demo $(DEMO) --category $(PART) --shots $(SHOTS) --out $(DEMO)/tour; fi

# Without the virtual screen its one test is skipped, all others run.
test: setup lint
	@sh resources/system-packages.sh $(APT_TEST) || true
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) $(DEMO) build dist .pytest_cache .mypy_cache .ruff_cache
