# Two commands do everything on a bare machine: `make demo` and `make test`.
# They need bash, make and Python >= 3.11; the rest is installed into .venv.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

# The first Python that runs (a shim may not) and is new enough.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
RUN := .venv/bin/python
# Without a screen, a virtual one.
SCREEN := $(if $(DISPLAY),,xvfb-run -a -s "-screen 0 1600x1000x24")
PACKAGE := napari_uhrnet tests benchmarks recipes examples docs

.PHONY: help demo test lint format wheel bench sample clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/'

demo: .venv/ready ## open napari on the sample scene and press Segment (without a screen: demo/screenshot.png)
	@$(SCREEN) $(RUN) -m napari_uhrnet.widgets.demo --out demo $(if $(DISPLAY),--stay)

test: .venv/ready ## all tests
	@$(SCREEN) $(RUN) -m pytest

lint: .venv/ready ## style, types, and who may import whom
	@$(RUN) -m ruff check $(PACKAGE)
	$(RUN) -m ruff format --check $(PACKAGE)
	$(RUN) -m mypy
	.venv/bin/lint-imports

format: .venv/ready ## bring the code into style
	@$(RUN) -m ruff check --fix $(PACKAGE)
	$(RUN) -m ruff format $(PACKAGE)

wheel: .venv/ready ## dist/*.whl
	@rm -rf dist build
	$(RUN) -m build --wheel

bench: .venv/ready ## measure; prints ratios taken in one run
	@for script in benchmarks/*.py; do echo "== $$script"; $(SCREEN) $(RUN) "$$script"; done

sample: .venv/ready ## draw the sample scene anew
	@$(RUN) -m napari_uhrnet.scene.made.sample src_resources/scenes

clean: ## remove what make made
	@rm -rf .venv build dist demo *.egg-info

.venv/ready: setup.cfg pyproject.toml .ci/system-libraries
	@bash .ci/system-libraries
	[ -n "$(PYTHON)" ] || { echo "napari-uhrnet needs Python 3.11 or newer: install it first" >&2; exit 1; }
	[ -x $(RUN) ] || "$(PYTHON)" -m venv .venv
	echo "Installing into .venv (several minutes the first time: torch is large)"
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet --editable '.[all,dev]'
	touch .venv/ready
