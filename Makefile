# Unmix: everything a person or a batch system types. `make` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# What apt gives: MPI, oneDNN with its OpenMP runtime, and the libraries behind pictures, gzip and downloads.
PACKAGES := libopenmpi-dev openmpi-bin libdnnl-dev libgcc-12-dev libpng-dev zlib1g-dev libcurl4-openssl-dev pkg-config

# Built and tested in release, one configuration, so that the two share their objects.
SWIFT_FLAGS := -c release -Xswiftc -enable-testing
LAUNCHER = $(shell swift build $(SWIFT_FLAGS) --show-bin-path)/launcher

# One rank a core is the fastest arrangement; RANKS=4 make train takes another.
RANKS ?= $(shell nproc)
# As root (containers, mostly) Open MPI wants to be told twice.
MPIRUN := mpirun --oversubscribe $(if $(filter 0,$(shell id -u)),--allow-run-as-root)
# About five minutes on two cores; ARGS="--epochs 69" make train trains longer.
BRIEF := --epochs 1 --steps-per-epoch 500 --validation-steps 30 --rounds 2 --pairs 1000
ARGS ?=

.PHONY: help deps build data train test format lint clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

deps: ## install what apt gives; does nothing where all is there
	@missing=(); for package in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing+=($$package); done; \
	if [ $${#missing[@]} -gt 0 ]; then \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -q -y --no-install-recommends "$${missing[@]}"; fi

build: deps ## build the launcher
	swift build $(SWIFT_FLAGS) --product launcher

data: build ## find the pictures, or download them into ./data
	@$(LAUNCHER) data check > /dev/null 2>&1 || $(LAUNCHER) data fetch --connect-timeout 10 \
	  || echo "no pictures found and none could be downloaded: synthetic ones are drawn instead" >&2

train: data ## train briefly, evaluate, write a run folder under runs/
	$(MPIRUN) -n $(RANKS) $(LAUNCHER) train $(BRIEF) $(ARGS)

test: deps ## run all tests
	swift build $(SWIFT_FLAGS) --build-tests
	swift test $(SWIFT_FLAGS) --skip-build --disable-xctest

format: ## format the sources in place
	swift format --in-place --parallel --recursive Package.swift Sources Tests

lint: ## check the format; changes nothing
	swift format lint --strict --parallel --recursive Package.swift Sources Tests

clean: ## remove what was built
	swift package clean
