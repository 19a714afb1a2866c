# SPDX-License-Identifier: GPL-2.0
# failoverd, and where the files for udev, systemd, ifupdown and the initramfs go. Each folder can be given.

DAEMON_LIBS := libmnl libnl-route-3.0 libsystemd
DAEMON  := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard failoverd/*.c))
SLOT    := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard failoverd-slot/*.c))

ifneq ($(MAKECMDGOALS),clean)
  ifneq ($(shell $(PKG_CONFIG) --exists $(DAEMON_LIBS) 2>/dev/null && echo yes),yes)
    $(error failoverd needs libraries that are not here: apt-get install libmnl-dev libnl-route-3-dev libsystemd-dev pkg-config)
  endif
endif

$(DAEMON): OURS += $(shell $(PKG_CONFIG) --cflags $(DAEMON_LIBS))

TUNE    := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard failoverd-tune/*.c))

all: $(BUILD)/failoverd $(BUILD)/failoverd-slot $(BUILD)/failoverd-tune

$(BUILD)/failoverd: $(DAEMON) $(BUILD)/libcommon.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs $(DAEMON_LIBS))

$(BUILD)/failoverd-tune: $(TUNE) $(BUILD)/libcommon.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs libmnl)

$(BUILD)/failoverd-slot: $(SLOT) $(BUILD)/libcommon.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

-include $(DAEMON:.o=.d) $(SLOT:.o=.d) $(TUNE:.o=.d)

# pkgvar(variable, package, fallback)
pkgvar = $(or $(shell $(PKG_CONFIG) --variable=$(1) $(2) 2>/dev/null),$(3))

SYSCONFDIR  ?= /etc
SBINDIR     ?= $(PREFIX)/sbin
LIBEXECDIR  ?= $(PREFIX)/lib/failoverd
UNITDIR     ?= $(call pkgvar,systemdsystemunitdir,systemd,/usr/lib/systemd/system)
CATALOGDIR  ?= $(call pkgvar,catalogdir,systemd,/usr/lib/systemd/catalog)
SYSUSERSDIR ?= $(call pkgvar,sysusersdir,systemd,/usr/lib/sysusers.d)
UDEVDIR     ?= $(call pkgvar,udevdir,udev,/usr/lib/udev)
SYSTEMDDIR  ?= $(call pkgvar,systemdutildir,systemd,/usr/lib/systemd)
DRACUTDIR   ?= $(call pkgvar,dracutmodulesdir,dracut,/usr/lib/dracut/modules.d)
INITRAMFS_TOOLS ?= /usr/share/initramfs-tools
# Below 243 networkd takes a match by Property= for a match of everything. We build against libsystemd
# of the same version, and its .pc file is there where that of systemd itself is not.
NETWORKD    ?= $(shell $(PKG_CONFIG) --atleast-version=243 libsystemd 2>/dev/null && echo yes)

data = install -D -m 644 $(1) $(DESTDIR)$(2)
prog = install -D -m 755 $(1) $(DESTDIR)$(2)

install: install-failoverd install-system

UNITS   := failoverd.service failoverd-hook@.service failoverd-slot@.service failoverd-tune@.service failoverd-port.service

# Made again each time: SBINDIR= may be another one.
$(UNITS:%=$(BUILD)/%): $(BUILD)/%: systemd/%.in force
	@mkdir -p $(@D)
	sed 's|@SBINDIR@|$(SBINDIR)|; s|@LIBEXECDIR@|$(LIBEXECDIR)|' $< > $@

# An administrator's failoverd.conf stays.
install-failoverd: all $(UNITS:%=$(BUILD)/%)
	$(call prog,$(BUILD)/failoverd,$(SBINDIR)/failoverd)
	$(call prog,failoverd/failoverd-run-hooks,$(LIBEXECDIR)/failoverd-run-hooks)
	$(call data,$(BUILD)/failoverd.service,$(UNITDIR)/failoverd.service)
	$(call data,$(BUILD)/failoverd-hook@.service,$(UNITDIR)/failoverd-hook@.service)
	$(call data,systemd/failoverd-hook.socket,$(UNITDIR)/failoverd-hook.socket)
	$(call prog,$(BUILD)/failoverd-tune,$(LIBEXECDIR)/failoverd-tune)
	$(call data,$(BUILD)/failoverd-tune@.service,$(UNITDIR)/failoverd-tune@.service)
	$(call data,systemd/failoverd-tune.socket,$(UNITDIR)/failoverd-tune.socket)
	$(call prog,$(BUILD)/failoverd-slot,$(LIBEXECDIR)/failoverd-slot)
	$(call data,$(BUILD)/failoverd-slot@.service,$(UNITDIR)/failoverd-slot@.service)
	$(call data,systemd/failoverd-slot.socket,$(UNITDIR)/failoverd-slot.socket)
	$(call data,systemd/failoverd.catalog,$(CATALOGDIR)/failoverd.catalog)
	$(call data,systemd/failoverd.sysusers,$(SYSUSERSDIR)/failoverd.conf)
	test -e $(DESTDIR)$(SYSCONFDIR)/failoverd.conf || $(call data,failoverd/failoverd.conf,$(SYSCONFDIR)/failoverd.conf)
	install -d $(DESTDIR)$(SYSCONFDIR)/failoverd/hooks.d
	$(call data,man/failoverd.8,$(PREFIX)/share/man/man8/failoverd.8)
	$(call data,man/failoverd.conf.5,$(PREFIX)/share/man/man5/failoverd.conf.5)
	$(call data,man/net_failover.4,$(PREFIX)/share/man/man4/net_failover.4)

# The lowers are left alone, from the initramfs on.
install-system:
	$(call data,udev/65-net-failover.rules,$(UDEVDIR)/rules.d/65-net-failover.rules)
	$(call data,udev/81-net-failover-names.rules,$(UDEVDIR)/rules.d/81-net-failover-names.rules)
	$(if $(NETWORKD),$(call data,systemd/network/01-net-failover-lower.network,$(SYSTEMDDIR)/network/01-net-failover-lower.network))
	$(if $(NETWORKD),$(call data,systemd/network/10-net-failover-lower.link,$(SYSTEMDDIR)/network/10-net-failover-lower.link))
	$(call prog,ifupdown/net-failover,$(SYSCONFDIR)/network/if-pre-up.d/net-failover)
	$(call prog,initramfs/initramfs-tools-hook,$(INITRAMFS_TOOLS)/hooks/net_failover)
	$(call prog,initramfs/dracut-module-setup.sh,$(DRACUTDIR)/90net-failover/module-setup.sh)

.PHONY: install-system install-failoverd
