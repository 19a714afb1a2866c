# SPDX-License-Identifier: GPL-2.0
# Every entry point. `make help` lists them.

SHELL    := /bin/bash
KVER     ?= $(shell uname -r)
KDIR     ?= /lib/modules/$(KVER)/build
PREFIX   ?= /usr
PYTEST   ?= /usr/bin/python3 -m pytest
PYTEST_ARGS ?=
TESTS    ?= tests
VERSION  := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
MODDIR   := build/$(KVER)
export VERSION

.PHONY: all modules modules-all userspace install-userspace install uninstall deb demo check check-debug bench soak unit lint fuzz clean help setup-%

all: userspace  ## the programs, and the module where the headers for KVER are there
	@if [ -e "$(KDIR)/Makefile" ]; then $(MAKE) --no-print-directory modules; \
	else echo "make: module not built: no kernel headers for $(KVER) (install linux-headers-$(KVER), or give KVER= or KDIR=)"; fi

modules:  ## build/<KVER>/net_failover.ko for KVER=<release>; KDIR= for headers in an unusual place
	@if [ ! -e "$(KDIR)/Makefile" ]; then \
	  echo "make: no kernel headers for $(KVER) in $(KDIR) (install linux-headers-$(KVER), or give KVER= or KDIR=)" >&2; exit 1; fi
	@mkdir -p $(MODDIR) && cp -rup Kbuild dkms.conf kmod $(MODDIR)/
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$(MODDIR) modules
	@kmod/check-crcs $(KDIR)/Module.symvers $(MODDIR)/Module.symvers

modules-all:  ## net_failover.ko for each kernel of the tests, with its own compiler; KERNELS="5.10 6.12"
	@tests/vm/modules $(KERNELS)

userspace:  ## failoverctl and failoverd
	$(MAKE) --no-print-directory -C userspace

install-userspace: userspace  ## programs, units, udev rules, man pages into DESTDIR= PREFIX=/usr
	$(MAKE) --no-print-directory -C userspace install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)

install: userspace  ## in a guest, as root: the above, the module by DKMS for each installed kernel, their initramfs
	@userspace/packaging/install $(VERSION) $(MAKE) --no-print-directory -C userspace PREFIX=$(PREFIX)

uninstall:  ## back to the distribution's module; nothing is left behind
	@userspace/packaging/uninstall

deb: setup-deb  ## Debian packages (net-failover-dkms, failover-tools) into build/deb
	@userspace/packaging/deb $(VERSION)

setup-%:
	@tests/setup $*

demo: setup-demo  ## boot VMs, migrate them under traffic with the in-tree module and with ours, show both
	@tests/vm/demo

unit: setup-unit  ## host tests of the pure functions
	$(PYTEST) tests/unit $(PYTEST_ARGS)

check: setup-check  ## everything of the default tier: unit, build, CRC and VM tests; KERNELS="5.10 7.2": all on these
	$(PYTEST) $(TESTS) $(if $(KERNELS),--kernels="$(KERNELS)") $(PYTEST_ARGS)

check-debug: setup-debug  ## the VM tests on a kernel with KASAN, lockdep, kmemleak …, which it builds once (half an hour)
	@tests/vm/debug-kernel/check $(PYTEST_ARGS)

bench: setup-bench  ## the measurements, all peers in one run: table, build/bench; BENCH_ARGS="--peers intree,ours"
	@tests/bench/run $(if $(N),-n $(N)) $(BENCH_ARGS)

.PHONY: bench-cost
bench-cost: setup-bench  ## guest instructions per packet: ours, in-tree, bonding, team, in one run
	@tests/bench/cost/run $(BENCH_ARGS)

soak: setup-bench setup-debug  ## the long counts; fails if ours loses a packet outside the VM's pause; N=10 is the unit
	@tests/bench/run --soak $(if $(N),-n $(N)) $(BENCH_ARGS)
	$(PYTEST) tests/install --soak -m soak $(PYTEST_ARGS)
	NFO_STEPS=10000 NFO_MESSAGES=500000 $(PYTEST) tests/vm/test_churn.py tests/vm/test_hostile.py $(PYTEST_ARGS)
	tests/vm/debug-kernel/build --kcsan >/dev/null
	$(PYTEST) tests/vm --soak -m soak $(PYTEST_ARGS)

lint: setup-lint  ## checkpatch, sparse, cppcheck, gcc -fanalyzer, clang-tidy, shellcheck, python
	@tests/lint/run

fuzz: setup-fuzz  ## the parsers under libFuzzer, ASan and UBSan; N= inputs each
	@tests/fuzz/run $(N)

clean:  ## remove what was built (not the download cache)
	rm -rf build

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 26
