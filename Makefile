# `make help` says what there is. ARGS goes to the program: make run ARGS="--port 9000".
PYTHON ?= python3
ARGS ?=
SEEDS ?= 1000
# How many tests at once: most of them wait, so one more than there are processors, and four at most, since more only
# wait for each other's servers and browsers. JOBS=0 runs one after the other, in one process.
JOBS ?= $(shell n=$$(nproc); echo $$((n < 3 ? n + 1 : 4)))
export PYTHON

VENV := .venv/bin
PYTEST = $(VENV)/python -m pytest -n $(JOBS)
FOR_TESTS = tools/venv.sh run test && tools/npm.sh . tests/client tests/wot && $(VENV)/python hatch_build.py && $(VENV)/python -m tools.testservers
AS_ROOT = $(shell [ "$$(id -u)" -eq 0 ] || command -v sudo)

.DEFAULT_GOAL := help
.PHONY: help run charts test test-long fresh fuzz simulate service wheel check bench docs lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: ## install what is needed and start the gateway with simulated Arduinos
	@tools/venv.sh run
	@if command -v npm >/dev/null; then $(VENV)/python hatch_build.py || true; fi
# exec: the gateway itself gets Ctrl-C and says how it ended, not a shell in between.
	@exec $(VENV)/gateway run --no_i2c $(ARGS)

charts: ## fetch the libraries of the dashboard and of /docs with npm, checked against vendor.json
	@tools/venv.sh run
	@$(VENV)/python hatch_build.py

test: ## install what the tests need, a real MongoDB server too, and run all but the long ones
	@tools/install_packages.sh test
	@$(FOR_TESTS)
	@exec $(PYTEST) $(ARGS)

test-long: ## run what takes long: simulation, soak, measurements, the service on a real systemd; root or sudo
	@tools/install_packages.sh long
	@$(FOR_TESTS)
	@$(PYTEST) --dist worksteal -m long $(ARGS)
	@$(if $(ARGS),,$(MAKE) --no-print-directory service)

fresh: ## in an empty Debian, from git clone to green: make run, then make test; root only
	@tools/fresh.sh $(ARGS)

fuzz: ## let schemathesis look for holes in the API of a real gateway
	@tools/venv.sh run
	@exec $(VENV)/python -m tools.fuzz $(ARGS)

service: wheel ## install, start, update and remove the service in a small Debian with a real systemd; root or sudo
	@tools/install_packages.sh systemd
	@$(AS_ROOT) tests/systemd/build_root.sh $(VENV)/python
# Root leaves nothing in the checkout that its owner could not remove.
	@exec $(AS_ROOT) env PYTHONDONTWRITEBYTECODE=1 $(VENV)/python -m pytest -p no:cacheprovider -m systemd \
		tests/systemd $(ARGS)

wheel: ## build dist/*.whl, which is what a Pi installs
	@tools/venv.sh run test
	@rm -rf dist
	@$(VENV)/hatchling build -t wheel

simulate: ## run the whole gateway against SEEDS=1000 schedules of faults (ARGS="--seed 7 --trace")
	@tools/venv.sh run test
	@exec $(VENV)/python -m tests.simulation --seeds $(SEEDS) $(ARGS)

check: ## format, lint and types; fails on any finding
	@tools/install_packages.sh node
	@tools/venv.sh run check
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/mypy
	@tools/npm.sh
	node_modules/.bin/prettier --check --log-level warn --no-error-on-unmatched-pattern \
		"api/dashboard/**/*.{js,ts}" "gateway/**/*.js" "tests/dashboard/**/*.js" "tests/client/*.ts"
	node_modules/.bin/tsc --project tsconfig.json

bench: ## measure throughput, then memory, processor and start (ARGS="drain --rounds 2" for another)
	@tools/install_packages.sh mongod firmware
	@tools/venv.sh run test
	@$(VENV)/python -m tools.testservers
	@exec $(VENV)/python -m tools.bench $(ARGS)

docs: ## write the API reference for developers into build/docs, from the docstrings
	@tools/venv.sh run docs
	@rm -rf build/docs
	@$(VENV)/python -W error -m pdoc --docformat markdown --no-show-source --output-directory build/docs \
		gateway arduino_iface api dummy_hw
	@echo "open build/docs/index.html"

lock: ## write the locked requirements anew (ARGS=-U takes newer versions)
	@tools/lock.sh $(ARGS)

clean: ## remove everything that was installed or built here
	rm -rf .venv .cache build dist node_modules api/dashboard/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
