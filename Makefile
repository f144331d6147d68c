# What one types here; `make` alone prints the list. Recipes of more than a few lines are scripts in .ci/.
# ARGS are passed on: make run ARGS=--config.file=my.yml, make test ARGS='-k chrony', make lock ARGS=--upgrade.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test lint format lock clean

ARGS ?=
export PYTHON APT

help:  ## print this list
	@sed -nE 's/^([a-z-]+): .*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

run:  ## watch this machine, with no configuration (flags: ARGS=...)
	@.ci/venv run
	@exec .venv/bin/cs-exporter $(ARGS)

test:  ## install what the tests need where that is allowed, then lint and test
	@.ci/venv dev
	@.ci/test $(ARGS)

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
