# Unmix: `make train` and `make test` do everything from an empty machine with Swift on it.

# One configuration: what is tested is what runs.
SWIFT_FLAGS := -c release -Xswiftc -enable-testing
LAUNCHER := .build/release/launcher

DEPS := openmpi-bin libopenmpi-dev libdnnl-dev libpng-dev zlib1g-dev libhdf5-dev libcurl4-openssl-dev pkg-config make $(EXTRA_DEPS)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

# What formats the manual page in its test.
TEST_DEPS := groff-base

# What tests on hosts made of network namespaces need.
FAULT_DEPS := iproute2 nftables ethtool iputils-ping python3

# What tests on a Slurm of their own need: besides it its qsub, network namespaces, and the other MPI.
CLUSTER_DEPS := slurm-wlm munge slurm-wlm-torque iproute2 nftables iputils-ping python3 mpich libmpich-dev
# What of Tests/Cluster runs: all, quick, or names of its scripts.
CLUSTER_TESTS ?= all

# What tests in a Debian of their own need.
CHROOT_DEPS := debootstrap iproute2 openssh-client
# The minimal Debian and its packages, kept for the next time.
CHROOT_CACHE ?= .build-chroot

# What tests with other programs need; their Python packages come by pip.
INTEROP_DEPS := python3 python3-venv
# What of Tests/Interop runs: names of its checks; all where there are none.
INTEROP ?=

# The MPI that `make dist` links against: openmpi or mpich.
DIST_MPI ?= openmpi
DIST_DEPS := binutils $(if $(filter mpich,$(DIST_MPI)),libmpich-dev)

# One rank per core; more than 16 have little to do with the 32 pairs of a step.
RANKS ?= $(shell cores=$$(nproc); [ $$cores -gt 16 ] && cores=16; echo $$cores)
# Ranks on hardware threads are welcome, and the system deals out the cores.
MPIRUN ?= mpirun --bind-to none --oversubscribe $(if $(filter 0,$(shell id -u)),--allow-run-as-root)
# A brief run: two to five minutes on two cores, seven with AVX2 alone.
BRIEF := --epochs 4 --steps-per-epoch 150 --validation-steps 20 --rounds 3 --pairs 500
# More options of `launcher train`; they win over the brief run's.
ARGS ?=

SOURCES := Sources Tests Fuzz Examples Package.swift

# What docs and tests of examples build.
DOCC ?= $(dir $(realpath $(shell command -v swift)))docc

# Parsers of files that come from elsewhere: a program in Fuzz/ and a folder in Fuzz/Corpus/ each.
FUZZ_TARGETS := IDX SafeTensors Checkpoint
FUZZ_SECONDS ?= 600

.DEFAULT_GOAL := help
.PHONY: help deps build train data dist test test-faults deps-cluster test-cluster test-mpich test-dist test-examples test-interop docs protocols sanitize fuzz format lint clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  variables: RANKS=$(RANKS) (of make train), ARGS=\"options of launcher train\", CLUSTER_TESTS=all|quick (of make test-cluster)"

deps: ## install the Debian packages that are missing
	@if ! command -v apt-get >/dev/null; then \
	  echo "deps: no apt-get here; install what provides: $(DEPS)"; exit 0; fi; \
	missing=; for package in $(DEPS); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; done; \
	ls /usr/lib/gcc/*/*/libgomp.so >/dev/null 2>&1 || missing="$$missing libgcc-12-dev"; \
	if [ -z "$$missing" ]; then echo "deps: all there"; exit 0; fi; \
	echo "deps: installing$$missing"; \
	$(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing

build: deps ## build everything, optimised
	swift build $(SWIFT_FLAGS)

data: build ## download MNIST and Fashion-MNIST where no data is found
	@[ -z "$(filter --data% --sources%,$(ARGS))" ] || exit 0; \
	  $(LAUNCHER) data check >/dev/null 2>&1 || [ $$? -ne 66 ] || [ -n "$$UNMIX_DATA" ] || \
	  $(LAUNCHER) data fetch --connect-timeout 10 || \
	  echo "data: nothing could be downloaded; going on with synthetic pictures"

train: data ## train briefly on all cores, evaluate, write a run folder
	$(MPIRUN) -n $(RANKS) $(LAUNCHER) train $(BRIEF) $(ARGS)

dist: ## one tarball with the Swift runtime linked in, in .build-dist; DIST_MPI=mpich: for MPICH
	$(MAKE) deps EXTRA_DEPS="$(EXTRA_DEPS) $(DIST_DEPS)"
	UNMIX_MPI=$(DIST_MPI) swift build $(SWIFT_FLAGS) --static-swift-stdlib --scratch-path .build-dist/$(DIST_MPI) --product launcher
	Packaging/pack $(DIST_MPI) .build-dist/$(DIST_MPI)/release/launcher .build-dist

test: ## build and run all tests
	$(MAKE) deps EXTRA_DEPS="$(EXTRA_DEPS) $(TEST_DEPS)"
	swift build $(SWIFT_FLAGS) --build-tests
	swift test $(SWIFT_FLAGS) --disable-xctest --skip-build

test-faults: ## do real faults to real runs; needs root
	$(MAKE) deps EXTRA_DEPS="$(EXTRA_DEPS) $(FAULT_DEPS)"
	swift build $(SWIFT_FLAGS) --build-tests
	.build/release/FaultBench $(FAULTS)

deps-cluster: ## install the Debian packages that make test-cluster needs
	@$(MAKE) deps EXTRA_DEPS="$(EXTRA_DEPS) $(CLUSTER_DEPS)"

test-cluster: deps-cluster ## run the batch scripts on a Slurm of the tests' own; needs root
	swift build $(SWIFT_FLAGS)
	Tests/Cluster/run $(CLUSTER_TESTS)

test-dist: ## run both tarballs and the container's steps in a bare Debian; needs root
	$(MAKE) deps EXTRA_DEPS="$(EXTRA_DEPS) $(CHROOT_DEPS)"
	rm -f .build-dist/*.tar.gz
	$(MAKE) dist DIST_MPI=openmpi
	$(MAKE) dist DIST_MPI=mpich
	Tests/Cluster/dist-chroot --cache $(CHROOT_CACHE) .build-dist/*.tar.gz
	Tests/Cluster/container-chroot --cache $(CHROOT_CACHE) .build-dist/*-openmpi.tar.gz

test-examples: build ## build Examples/ as packages of their own and compare them with the launcher
	Tests/Examples/run

test-interop: ## weights and events in Keras, PyTorch, onnxruntime, TensorBoard, installed in .build-interop
	$(MAKE) deps EXTRA_DEPS="$(EXTRA_DEPS) $(INTEROP_DEPS)"
	swift build $(SWIFT_FLAGS) --product launcher
	Tests/Interop/run $(INTEROP)

# protoc reads the messages, its plug-in of the package that the program is linked with writes Swift.
protocols: ## make the Swift of the .proto files again, after changing one
	$(MAKE) deps EXTRA_DEPS="$(EXTRA_DEPS) protobuf-compiler"
	swift package resolve
	swift build -c release --package-path .build/checkouts/swift-protobuf --scratch-path .build-protocols --product protoc-gen-swift
	for file in Sources/*/Protocol/*.proto; do folder=$$(dirname $$file); \
	  protoc --plugin=.build-protocols/release/protoc-gen-swift --proto_path=$$folder --swift_out=$$folder \
	    --swift_opt=Visibility=Internal --swift_opt=UseAccessLevelOnImports=true $$file || exit 1; done

docs: deps ## build the library's documentation with DocC, in .build-docs/Model.doccarchive
	rm -rf .build-docs/graphs && mkdir -p .build-docs/graphs
	swift build -c release --scratch-path .build-docs --target Model -Xswiftc -emit-symbol-graph \
	  -Xswiftc -emit-symbol-graph-dir -Xswiftc .build-docs/graphs -Xswiftc -symbol-graph-minimum-access-level -Xswiftc public
	rm -f .build-docs/graphs/*@*
	$(DOCC) convert Sources/Model/Model.docc --additional-symbol-graph-dir .build-docs/graphs --warnings-as-errors \
	  --fallback-display-name Model --fallback-bundle-identifier unmix.Model --output-path .build-docs/Model.doccarchive

test-mpich: ## build against MPICH and run the tests that need ranks under its mpiexec
	@$(MAKE) deps EXTRA_DEPS="$(EXTRA_DEPS) mpich libmpich-dev"
	UNMIX_MPI=mpich swift build $(SWIFT_FLAGS) --scratch-path .build-mpich --build-tests
	UNMIX_MPI=mpich swift test $(SWIFT_FLAGS) --scratch-path .build-mpich --disable-xctest --skip-build --filter RanksTests

sanitize: deps ## unit tests and a training under the address, undefined-behaviour and thread sanitizers
	Tests/Sanitizers/run address
	Tests/Sanitizers/run thread

fuzz: deps ## fuzz the parsers for FUZZ_SECONDS (600) each; new inputs stay in .build-fuzz/
	@for name in $(FUZZ_TARGETS); do \
	  UNMIX_FUZZ=1 swift build $(SWIFT_FLAGS) --scratch-path .build-fuzz --product Fuzz$$name || exit 1; \
	  folder=.build-fuzz/corpus/$$name; mkdir -p $$folder; \
	  echo "fuzz: $$name"; \
	  SWIFT_BACKTRACE=enable=no .build-fuzz/release/Fuzz$$name $$folder Fuzz/Corpus/$$name -max_len=4096 \
	    -artifact_prefix=.build-fuzz/ -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 || exit 1; \
	done

format: ## format the sources in place
	swift format --in-place --recursive --parallel $(SOURCES)

lint: ## check the format, change nothing
	swift format lint --strict --recursive --parallel $(SOURCES)

clean: ## remove what was built
	rm -rf .build .build-examples .build-docs .build-mpich .build-fuzz .build-address .build-thread .build-dist .build-interop .build-protocols .build-chroot
