# Each target does the set-up it needs; everything behind them is the `amanat` command in .venv/bin.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# From make's own command line alone: names so common may mean something else in a person's environment.
STACK := local
ONLY :=
YES :=
SOURCE :=

export STACK ONLY YES SOURCE
amanat := .venv/bin/amanat

.PHONY: help env env-test up preview audit drift status bench drill down tools check test test-fresh test-audits lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\n  STACK=%s   ONLY=<requirement id>   YES=1 (do not ask)   SOURCE=build|download\n' "$$STACK"

env: ## the Python environment .venv, from hashed requirements
	@scripts/bootstrap

env-test:
	@scripts/bootstrap test

up: env ## stand up or update the stack, then audit it
	@$(amanat) up --stack "$$STACK" $(if $(SOURCE),--source "$$SOURCE")

preview: env ## what `up` would change
	@$(amanat) preview --stack "$$STACK"

audit: env ## measure the hosts against the law, with signed evidence
	@$(amanat) audit --stack "$$STACK" $(if $(ONLY),--only "$$ONLY")

drift: env ## what changed on the hosts since the last `up`
	@$(amanat) drift --stack "$$STACK"

status: env ## hosts, addresses, last audit
	@$(amanat) status --stack "$$STACK"

bench: env ## what recording, the encrypted volume, the backups and the logs cost, as ratios
	@$(amanat) bench --stack "$$STACK"

drill: env ## prove the backups: restore on a scratch host, compare, remove it
	@$(amanat) drill --stack "$$STACK"

down: env ## remove all that the stack made, and nothing else
	@$(amanat) down --stack "$$STACK" $(if $(YES),--yes)

tools: env ## Pulumi's tools only; SOURCE=build or SOURCE=download forces one way
	@$(amanat) setup --tools-only $(if $(SOURCE),--source "$$SOURCE")

check: env-test ## linters, types, unit and contract tests: no host needed
	@scripts/check

test: env-test ## everything: set-up, check, then a real stack with breaks
	@$(amanat) setup
	@scripts/check
	@.venv/bin/python -m pytest tests/hosts --verbose --numprocesses=3 --durations=20

test-fresh: env-test ## the first screen of the README on a bare virtual machine (an hour or more; before a release)
	@.venv/bin/python -m tests.fresh

test-audits: env-test ## a stack in twenty states, audited in each: no false alarm (an hour or more; before a release)
	@$(amanat) setup
	@.venv/bin/python -m tests.false_alarms

lock: env-test ## compile requirements/*.in again (UPGRADE=1 takes newer versions)
	@scripts/lock
