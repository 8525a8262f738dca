# Every target works by itself on a fresh Debian machine: it makes what it needs first.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# The steps share two cores, the lab and build/.
.NOTPARALLEL:

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/build/collections
export ANSIBLE_HOME := $(CURDIR)/build/ansible
export CONTAINERS_CONF := $(CURDIR)/molecule/lab/containers.conf

TESTS ?=
tools := tests/tools
collection := build/collections/ansible_collections/messaging/migration
heading = @printf '\n=== %s\n' "$(1)"

.PHONY: help system venv lint sanity units integration faults test-faults lab demo bench test clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16

system: ## Debian packages: servers for the tests, podman for the lab
	$(call heading,Packages)
	@$(tools)/install_packages

venv: system .venv/.ready .venv-3.13/.ready $(collection) build/ansible/collections ## Python environments: .venv, and .venv-3.13 where that Python runs

.venv/.ready: requirements-dev.txt requirements-test.txt | system
	$(call heading,Python environment .venv)
	@$(tools)/make_venv .venv requirements-dev.txt 3.11 3.12 3.13

# Left out where no Python 3.13 runs; make then asks again next time.
.venv-3.13/.ready: requirements-3.13.txt requirements-test.txt | system
	$(call heading,Python environment .venv-3.13)
	@$(tools)/make_venv .venv-3.13 requirements-3.13.txt 3.13 || { [ $$? = 3 ] && echo "no Python 3.13 runs here: left out"; }

# Ansible finds a collection only by a path that ends like this.
$(collection):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@

# Molecule would install a copy here, which everything after it would take for the collection.
build/ansible/collections:
	@mkdir -p $(@D)
	@ln -sfn ../collections $@

lint: venv ## style of YAML, playbooks, roles, changelog; the artifact as Galaxy checks it
	@$(tools)/lint

sanity: venv ## ansible-test sanity on each ansible-core
	@$(tools)/on_each_core sanity $(TESTS)

units: venv ## ansible-test units on each ansible-core; TESTS=tests/unit/... for some
	@$(tools)/on_each_core units $(TESTS)

integration: venv ## modules and playbooks against real servers; TESTS=tests/integration/... for some
	$(call heading,Integration tests)
	@pytest -x -n 2 --dist loadfile $(or $(TESTS),tests/integration)

faults: venv ## the same while things break; a sample of test-faults
	$(call heading,Fault tests)
	@pytest $(or $(TESTS),tests/faults)

test-faults: venv ## all of it: kill -9 at every step, and some 400 runs in all; KIND=cut_sent for one kind, SEED=7 for other moments
	$(call heading,Every fault)
	@pytest $(or $(TESTS),tests/faults) --whole $(if $(KIND),--kind $(KIND)) $(if $(SEED),--seed $(SEED))

lab: venv ## the whole migration in the lab, checked
	$(call heading,Lab)
	@pytest $(or $(TESTS),tests/lab)

demo: system .venv/.ready $(collection) ## the whole migration in the lab, to look at
	$(call heading,Demonstration)
	@python tests/lab/demo.py

bench: venv ## speed, compared with other tools; WORK="first_pass no_change" for some lines, ROUNDS=3, QUICK=1
	$(call heading,Benchmark)
	@PYTHONPATH=$(CURDIR)/tests python -m bench.run $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(QUICK),--quick) $(WORK)

test: system venv lint sanity units integration faults lab ## everything that continuous integration runs

clean: ## removes build/, the environments and the lab's containers and network
	@$(tools)/clean
