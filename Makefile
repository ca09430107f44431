# `make help` says what there is. ARGS goes to the program: make run ARGS="--port 9000".
PYTHON ?= python3
ARGS ?=
export PYTHON

VENV := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test check bench lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: ## install what is needed and start the gateway with simulated Arduinos
	@tools/venv.sh run
# exec: the gateway itself gets Ctrl-C and says how it ended, not a shell in between.
	@exec $(VENV)/gateway run --no_i2c $(ARGS)

test: ## install what the tests need, a real MongoDB server too, and run all of them
	@tools/firmware_packages.sh
	@tools/venv.sh run test
	@$(VENV)/python -m tools.testservers
	@exec $(VENV)/python -m pytest $(ARGS)

check: ## format, lint and types; fails on any finding
	@tools/venv.sh run check
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/mypy

bench: ## measure throughput, latency and memory with a real MongoDB server (ARGS="--seconds 10")
	@tools/venv.sh run test
	@$(VENV)/python -m tools.testservers
	@exec $(VENV)/python -m tools.bench $(ARGS)

lock: ## write the locked requirements anew (ARGS=-U takes newer versions)
	@tools/lock.sh $(ARGS)

clean: ## remove everything that was installed or built here
	rm -rf .venv .cache build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
