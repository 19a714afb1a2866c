# SPDX-License-Identifier: GPL-2.0
# The module for DKMS, and what gets it into kernels and initramfs: make -C userspace install-dkms

MODPROBEDIR ?= $(patsubst %/udev,%/modprobe.d,$(UDEVDIR))
MODULELIB   := /usr/lib/net_failover
MODULESRC   := /usr/src/net_failover-$(VERSION)
KERNELHOOKS := $(SYSCONFDIR)/kernel
# After DKMS's own, before those that make an initramfs.
KERNELHOOK  := dkms-net-failover

install-dkms:
	install -d $(DESTDIR)$(MODULESRC)
	cp -r --preserve=mode,timestamps ../Kbuild ../dkms.conf ../kmod ../LICENSE $(DESTDIR)$(MODULESRC)/
	@mkdir -p $(BUILD)
	sed 's|@VERSION@|$(VERSION)|' dkms/kernel-module.in > $(BUILD)/kernel-module
	$(call prog,$(BUILD)/kernel-module,$(MODULELIB)/kernel-module)
	$(call prog,dkms/load-module,$(MODULELIB)/load-module)
	$(call prog,dkms/reload-module,$(MODULELIB)/reload-module)
	$(call data,dkms/modprobe.conf,$(MODPROBEDIR)/net_failover.conf)
	$(call prog,dkms/initramfs-tools-hook,$(INITRAMFS_TOOLS)/hooks/net_failover_module)
	$(call prog,dkms/dracut-module-setup.sh,$(DRACUTDIR)/90net-failover-module/module-setup.sh)
	$(call prog,dkms/kernel-postinst,$(KERNELHOOKS)/postinst.d/$(KERNELHOOK))
	$(call prog,dkms/kernel-postinst,$(KERNELHOOKS)/header_postinst.d/$(KERNELHOOK))
	$(call prog,dkms/kernel-prerm,$(KERNELHOOKS)/prerm.d/$(KERNELHOOK))

.PHONY: install-dkms
