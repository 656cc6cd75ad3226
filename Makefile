# Two commands do everything on a fresh Debian 12 machine, as root:
#   make run    installs what is needed, builds, fetches a Debian kernel and drops you into its shell
#   make test   installs what is needed, builds and runs every test
# `make help` lists the rest.

SHELL := /bin/bash
PREFIX ?= /usr/local
BUILD  ?= build
JOBS   ?= $(shell nproc)
CACHE  ?= $(or $(SKIFF_CACHE),$(HOME)/.cache/skiff)
CMAKE_BUILD := cmake --build
say = @printf '\n==> %s\n' "$(1)"

.PHONY: help deps deps-test build run test test-quick bench bench-linux format format-check lint aarch64 install clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install the Debian packages that building and running need
	@cmake/install-packages.sh build run

deps-test: ## install the Debian packages that the tests need too
	@cmake/install-packages.sh build run test

build: deps ## build the release program: build/skiff
	$(call say,building build/skiff (release))
	@cmake --preset release -DSKIFF_TESTS=OFF >/dev/null || cmake --preset release -DSKIFF_TESTS=OFF
	@$(CMAKE_BUILD) $(BUILD) -j$(JOBS)

run: build ## boot Debian's cloud kernel to a shell (in the lab where this host's KVM cannot)
	@guest/run-demo.sh "$(BUILD)/skiff" "$(CACHE)"

test: deps-test ## build and run every test: unit, kvm, lab, fuzz
	@tests/run-all.sh

test-quick: deps ## unit and kvm tests of the release build only
	@cmake --preset release -DSKIFF_TESTS=ON >/dev/null
	@$(CMAKE_BUILD) $(BUILD) -j$(JOBS)
	@ctest --test-dir $(BUILD) -L 'unit|kvm' -j$(JOBS) --output-on-failure

bench: ## start-up time, memory, exit cost, boot time, consoles and virtio, against the yardstick and QEMU; `skiff bench --quick`
	@cmake/install-packages.sh build run bench
	$(call say,building build/skiff (release) and what measures it)
	@cmake --preset release -DSKIFF_TESTS=ON >/dev/null || cmake --preset release -DSKIFF_TESTS=ON
	@$(CMAKE_BUILD) $(BUILD) -j$(JOBS) --target skiff guest_programs bench_programs lab-expect
	@"$(BUILD)/skiff" bench --quick --vs qemu
	@tests/bench/bench.sh "$(BUILD)"
	@tests/bench/bench-console.sh "$(BUILD)"
	@tests/bench/block-syscalls.sh "$(BUILD)"
	@tests/bench/bench-block-host.sh "$(BUILD)"
	@tests/bench/bench-virtio.sh "$(BUILD)"

bench-linux: build ## `skiff bench linux --quick` with Debian's kernel and fio, fetched once; needs a KVM that runs Linux
	@$(CMAKE_BUILD) $(BUILD) -j$(JOBS) --target guest_bench-linux
	@guest/fetch-kernel.sh generic amd64 "$(CACHE)/kernel/generic-amd64"
	@guest/fetch-programs.sh guest "$(CACHE)/programs/guest"
	@guest/linux/build.sh "$(CACHE)/kernel/generic-amd64/bench.cpio.gz" "$(CACHE)/kernel/generic-amd64" "$(CACHE)/programs/guest" \
	  "$(BUILD)/guest/bench-linux"
	@"$(BUILD)/skiff" bench linux --quick --kernel "$(CACHE)/kernel/generic-amd64/vmlinuz"

SOURCES = $(shell git ls-files '*.cc' '*.h' | grep -v '^guest/')

format: ## rewrite the sources in the house's format
	@clang-format-19 -i $(SOURCES)

format-check:
	$(call say,checking the format)
	@clang-format-19 --dry-run --Werror $(SOURCES)

lint: deps-test format-check ## clang-format, clang's warnings and clang-tidy, as CI does
	$(call say,building with clang-19 and every warning an error)
	@cmake --preset clang -DSKIFF_WERROR=ON >/dev/null
	@$(CMAKE_BUILD) build-clang -j$(JOBS)
	$(call say,clang-tidy)
	@run-clang-tidy-19 -quiet -p build-clang -j $(JOBS) '/(vmm|devices|virtio)/.*\.cc$$' 2>/dev/null

aarch64: ## cross-build everything that is not x86
	@cmake/install-packages.sh aarch64
	@cmake --preset aarch64 >/dev/null
	@$(CMAKE_BUILD) build-aarch64 -j$(JOBS)

install: build ## install under PREFIX (default /usr/local): program, man page, bash completion
	@DESTDIR="$(DESTDIR)" cmake --install $(BUILD) --prefix "$(PREFIX)"

clean: ## remove every build directory
	@rm -rf build build-*
