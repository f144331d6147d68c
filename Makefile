# What one types here; `make` alone prints the list. Recipes of more than a few lines are scripts in .ci/.
# ARGS are passed on: make run ARGS=--config.file=my.yml, make test ARGS='-k chrony', make lock ARGS=--upgrade.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run demo demo-break demo-heal demo-status test bench matrix lint format lock clean

ARGS ?=
export PYTHON APT
# Some shells export a HOST of their own.
typed = $(if $(filter command,$(origin $(1))),$($(1)))

help:  ## print this list
	@sed -nE 's/^([a-z-]+): .*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

run:  ## watch this machine, with no configuration (flags: ARGS=...)
	@.ci/venv run
	@exec .venv/bin/cs-exporter $(ARGS)

demo:  ## as root: a small cloud on this machine, watched by cs_exporter and Prometheus, until Ctrl-C
	@[ "$$(id -u)" = 0 ] || { echo "cs_exporter demo: it makes network namespaces, which needs root; type: sudo make demo" >&2; exit 2; }
	@.ci/venv run
	@.ci/install-packages demo
	@exec .venv/bin/python -m tests.demo $(ARGS)

demo-break:  ## break something in that cloud: FAULT=nfs HOST=kvm2; without FAULT: list all that can be broken
	@.ci/venv run
	@.venv/bin/python -m tests.demo break "$(FAULT)" "$(call typed,HOST)"

demo-heal:  ## mend all of it, or only FAULT=..., HOST=...
	@.ci/venv run
	@.venv/bin/python -m tests.demo heal "$(FAULT)" "$(call typed,HOST)"

demo-status:  ## what is broken in that cloud, and what shows of it
	@.ci/venv run
	@.venv/bin/python -m tests.demo status

test:  ## install what the tests need where that is allowed, then lint and test
	@.ci/venv dev
	@.ci/test $(ARGS)

bench:  ## what the exporter takes at 500 simulated hosts, in ratios, in two minutes (a quick look: ARGS=--hosts=50)
	@.ci/venv dev
	@exec .venv/bin/python -m tests.bench $(ARGS)

matrix:  ## write alerts, dashboards, runbooks and references anew, after a change to a sheet
	@.ci/venv dev
	@exec .venv/bin/cs-exporter matrix write

lint:  ## ruff, mypy and shellcheck
	@.ci/venv dev
	@.ci/lint

format:  ## format the sources and mend what ruff can mend
	@.ci/venv dev
	.venv/bin/ruff check --quiet --fix
	.venv/bin/ruff format --quiet

lock:  ## write the locks anew from pyproject.toml (ARGS=--upgrade: newest versions)
	@.ci/venv dev
	@.ci/lock $(ARGS)

clean:  ## remove what make made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
	find cs_exporter tests -type d -name __pycache__ -prune -exec rm -rf {} +
