# SPDX-License-Identifier: GPL-2.0
# How a host can know: failoverd-port in the guest, failover-host-check on the host.

PORT    := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard hostport/*.c))
ASK     := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard hostcheck/*.c))
HOST_LIBS = $(shell $(PKG_CONFIG) --libs libmnl json-c)

all: $(BUILD)/failoverd-port $(BUILD)/failover-host-check

$(BUILD)/failoverd-port: $(PORT) $(BUILD)/libcommon.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(HOST_LIBS)

$(BUILD)/failover-host-check: $(ASK) $(BUILD)/libcommon.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(HOST_LIBS)

-include $(PORT:.o=.d) $(ASK:.o=.d)

install: install-host

install-host: all $(BUILD)/failoverd-port.service
	$(call prog,$(BUILD)/failoverd-port,$(LIBEXECDIR)/failoverd-port)
	$(call data,$(BUILD)/failoverd-port.service,$(UNITDIR)/failoverd-port.service)
	$(call data,udev/66-net-failover-port.rules,$(UDEVDIR)/rules.d/66-net-failover-port.rules)
	$(call prog,$(BUILD)/failover-host-check,$(PREFIX)/bin/failover-host-check)
	$(call data,man/failover-host-check.8,$(PREFIX)/share/man/man8/failover-host-check.8)

.PHONY: install-host
