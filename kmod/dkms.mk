# SPDX-License-Identifier: GPL-2.0
# DKMS's make step, run in its copy of the sources. A makefile, since DKMS appends CC=clang where needed.
modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules
	sh kmod/check-crcs $(KDIR)/Module.symvers Module.symvers
clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
.PHONY: modules clean
