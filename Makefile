# What one does with a clone of Pileus. `make` alone prints the list.
# A stamp under .venv stands for a finished set-up, so that nothing is done twice.

VENV  := .venv
SETUP := $(VENV)/.setup
DEV   := $(VENV)/.dev
GUEST := guest/build/pileus-guest.qcow2

# The image that the demo boots: the small guest built here, unless you name another.
IMAGE ?= $(GUEST)
# Words for the program that a target runs: make test ARGS="-k inventory"
ARGS  ?=

LOCKS := requirements/system.txt requirements/build.txt requirements/run.txt requirements/client.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

##@ Use it

.PHONY: setup
setup: $(SETUP) ## install what lacks; leaves .venv/bin/pileus and .venv/bin/openstack
	@echo "Pileus is set up: .venv/bin/pileus and .venv/bin/openstack"

$(SETUP): scripts/setup pyproject.toml $(LOCKS)
	@echo "Setting up Pileus"
	@scripts/setup

.PHONY: demo
demo: $(SETUP) $(if $(filter $(GUEST),$(IMAGE)),guest) ## start a cloud, boot a guest in it, show it (IMAGE=file boots another)
	@scripts/demo $(IMAGE) $(ARGS)

.PHONY: up
up: $(SETUP) ## start the cloud and leave it running
	@scripts/up $(ARGS)

.PHONY: down
down: $(SETUP) ## stop the cloud that `up` started
	@scripts/down $(ARGS)

.PHONY: guest
guest: $(GUEST) ## build the small guest image that the demo and the tests boot

$(GUEST): guest/build.py guest/init $(shell find guest/rootfs -type f 2>/dev/null) | $(SETUP)
	@mkdir -p $(@D)
	@$(VENV)/bin/python guest/build.py $@
	@touch $@

##@ Work on it

.PHONY: dev
dev: $(DEV) ## setup, and what the tests and checks need
	@echo "Pileus is set up for development: make test"

$(DEV): scripts/setup pyproject.toml $(LOCKS) requirements/dev.txt
	@echo "Setting up Pileus for development"
	@scripts/setup dev

.PHONY: lint
lint: $(DEV) ## check style, types and layers
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --quiet --check .
	@$(VENV)/bin/mypy --no-error-summary
	@$(VENV)/bin/lint-imports --no-cache >$(VENV)/layers.log || { cat $(VENV)/layers.log; exit 1; }
	@echo "Style, types and layers are fine."

.PHONY: test
test: lint guest ## lint, then every test (ARGS="-k inventory" runs some)
	@$(VENV)/bin/pytest -n auto $(ARGS)

.PHONY: real
real: $(DEV) guest ## do everything that libvirt can do to real guests, which takes minutes
	@scripts/as-libvirt $(VENV)/bin/pytest -m real $(ARGS)

.PHONY: conformance
conformance: $(DEV) ## run other people's test suites, with and without tokens
	@scripts/conformance $(ARGS)

.PHONY: crash
crash: $(DEV) guest ## kill processes at every step of the work and check that nothing is lost
	@scripts/crash $(ARGS)

.PHONY: soak
soak: $(DEV) ## let a storm rage over hundreds of pretended hosts (ARGS="--seed 7 --hosts 500 --steps 1000 --runs 10")
	@$(VENV)/bin/python -m tests.simulation $(ARGS)

.PHONY: bench
bench: $(DEV) ## measure
	@scripts/bench $(ARGS)

.PHONY: lock
lock: $(DEV) ## write the lock files anew (ARGS=--upgrade moves the pins)
	@scripts/lock $(ARGS)

.PHONY: clean
clean: ## remove what was built here: .venv, caches, the guest
	@rm -rf $(VENV) build dist guest/build src/*.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Clean."

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
