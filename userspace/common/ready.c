// SPDX-License-Identifier: GPL-2.0
/*
 * May this guest be migrated now? Not if the unplug of the primary could not
 * end, or nothing would carry traffic after it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/ready.h"
#include "common/words.h"

#define NO_PRIMARY "it can be migrated, on the standby alone; " \
	"if a VF should be there, the host did not plug it (again), or gave it another MAC"

/* What means something else to a migration than to the moment. */
static const struct {
	const char *code;
	enum severity severity;
	const char *advice;	/* NULL: status's own */
} grades[] = {
	{ "primary-drained", SEVERITY_GOOD,
	  "nothing is to be done: the primary of the other host will be used there" },
	{ "standby-no-carrier", SEVERITY_BAD, NULL },
	{ "standby-unfit", SEVERITY_BAD, NULL },
	{ "no-standby", SEVERITY_BAD, NULL },
	{ "no-primary", SEVERITY_DEGRADED, NO_PRIMARY },
};

static void grade(struct finding *finding)
{
	size_t i;

	for (i = 0; i < sizeof(grades) / sizeof(*grades); i++) {
		if (strcmp(grades[i].code, finding->code))
			continue;
		finding->severity = grades[i].severity;
		if (!grades[i].advice)
			return;
		free(finding->advice);
		finding->advice = mem_printf("%s", grades[i].advice);
	}
}

/* The host's side was told "failover", or the VF's MAC was set by hand. */
static void check_negotiated(const struct view *view, struct findings *findings)
{
	size_t i, j;

	for (i = 0; i < view->links.n; i++) {
		const struct link *link = &view->links.v[i];

		if (!link->virtio || link->negotiated || !link->has_mac)
			continue;
		for (j = 0; j < view->links.n; j++) {
			const struct link *other = &view->links.v[j];

			if (other->virtio || !other->has_mac || *other->master ||
			    memcmp(link->mac, other->mac, MAC_LEN))
				continue;
			findings_add(findings, SEVERITY_BAD, "not-negotiated", link->name,
				     "on the host: failover=on (QEMU) or <teaming type='persistent'/> (libvirt) for the virtio-net card; in the guest: load net_failover before virtio_net",
				     "%s has its MAC address, but VIRTIO_NET_F_STANDBY was not negotiated: they are no pair",
				     other->name);
		}
	}
}

static void check_hotplug(const struct pair *pair, const struct guest *guest,
			  struct findings *findings)
{
	const struct lower *primary = &pair->primary;
	const struct guest_card *card = guest_card(guest, primary->name);

	if (!primary->present || !card || card->slot)
		return;
	findings_add(findings, SEVERITY_BAD, "no-hotplug", pair->name,
		     "the kernel needs CONFIG_HOTPLUG_PCI_PCIE or _ACPI, and the host must plug the VF into a port of its own (pcie-root-port)",
		     "no hotplug driver serves the slot of the primary (%s, %s): its unplug would never end",
		     primary->name, primary->link ? primary->link->bus : "?");
}

static char *missing_features(const struct guest_card *standby, const struct guest_card *primary)
{
	uint32_t missing = primary->features & ~standby->features;
	char *text = NULL, *longer;
	size_t i;

	for (i = 0; guest_features[i]; i++) {
		if (!(missing & (1U << i)))
			continue;
		longer = mem_printf("%s%s%s", text ? text : "", text ? ", " : "",
				    guest_features[i]);
		free(text);
		text = longer;
	}
	return text;
}

static void check_features(const struct pair *pair, const struct guest *guest,
			   struct findings *findings)
{
	const struct guest_card *standby = guest_card(guest, pair->standby.name);
	const struct guest_card *primary = guest_card(guest, pair->primary.name);
	char *missing;

	if (!standby || !primary || !standby->known || !primary->known)
		return;
	missing = missing_features(standby, primary);
	if (!missing)
		return;
	findings_add(findings, SEVERITY_GOOD, "features-differ", pair->name,
		     "on the host, give the virtio-net card these offloads (csum, gso, host_tso4, ...); in the guest: ethtool -k",
		     "the standby (%s) lacks what the primary has: %s; it costs CPU while it is in use",
		     pair->standby.name, missing);
	free(missing);
}

/* All that uses this card, in one line; NULL: nothing. */
static char *uses_of(const struct guest_uses *uses, const char *card)
{
	char *text = NULL, *longer;
	size_t i;

	for (i = 0; i < uses->n; i++) {
		if (strcmp(uses->v[i].card, card))
			continue;
		longer = mem_printf("%s%s%s", text ? text : "", text ? ", " : "",
				    uses->v[i].what);
		free(text);
		text = longer;
	}
	return text;
}

static void check_uses(const struct pair *pair, const struct lower *lower, const char *role,
		       const struct guest *guest, struct findings *findings)
{
	char *addresses, *clients;

	if (!lower->present)
		return;
	addresses = uses_of(&guest->addresses, lower->name);
	clients = uses_of(&guest->clients, lower->name);
	if (addresses)
		findings_add(findings, SEVERITY_DEGRADED, "address-on-lower", pair->name,
			     "only the master has addresses: take them off, and have whatever put them there leave the card alone",
			     "the %s (%s) has an IP address of its own: %s",
			     role, lower->name, addresses);
	if (clients)
		findings_add(findings, SEVERITY_DEGRADED, "dhcp-on-lower", pair->name,
			     "stop it, and make it leave the card alone: only the master is configured",
			     "a DHCP client runs on the %s (%s): %s",
			     role, lower->name, clients);
	free(addresses);
	free(clients);
}

static bool has_bad(const struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->n; i++)
		if (findings->v[i].severity == SEVERITY_BAD)
			return true;
	return false;
}

/* A machine without any pair: nothing speaks against it, nothing for it. */
static void grade_no_pair(struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->n && !has_bad(findings); i++)
		if (!strcmp(findings->v[i].code, "no-pair"))
			findings->v[i].severity = SEVERITY_UNKNOWN;
}

void ready_make(const struct view *view, const struct guest *guest, struct findings *findings)
{
	size_t i;

	findings_make(view, findings);
	for (i = 0; i < findings->n; i++)
		grade(&findings->v[i]);
	check_negotiated(view, findings);
	for (i = 0; i < view->pairs.n; i++) {
		const struct pair *pair = &view->pairs.v[i];

		check_hotplug(pair, guest, findings);
		check_features(pair, guest, findings);
		check_uses(pair, &pair->primary, "primary", guest, findings);
		check_uses(pair, &pair->standby, "standby", guest, findings);
	}
	if (view->pairs.n && !guest->failoverd)
		findings_add(findings, SEVERITY_GOOD, "no-failoverd", "",
			     "optional: systemctl enable --now failoverd",
			     "failoverd does not run: nobody writes down what happens, or runs hooks");
	grade_no_pair(findings);
}
