// SPDX-License-Identifier: GPL-2.0
/*
 * What is wrong with what was gathered, how bad, and what to do about it.
 * Traffic that cannot flow is bad; a pair that would not survive the loss of
 * the card in use, or has already lost one, is degraded.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/findings.h"
#include "common/mem.h"
#include "common/words.h"

void findings_add(struct findings *findings, enum severity severity, const char *code,
		  const char *device, const char *advice, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	findings->v = mem_grow(findings->v, findings->n, sizeof(*findings->v));
	finding = &findings->v[findings->n++];
	*finding = (struct finding){ .severity = severity, .code = code,
				     .advice = mem_printf("%s", advice) };
	snprintf(finding->device, sizeof(finding->device), "%s", device);
	va_start(args, format);
	finding->text = mem_vprintf(format, args);
	va_end(args);
}

#define ENROLL \
	"Secure Boot wants DKMS's key: mokutil --import /var/lib/dkms/mok.pub, then reboot and confirm it"

/* What helps against a refusal, by what modprobe says of it; the last is for all others. */
static const struct {
	const char *reason, *advice;
} refusals[] = {
	{ "command line", "take net_failover=distribution off the kernel's command line" },
	{ "Key ", ENROLL },
	{ "key ", ENROLL },
	{ "not permitted", ENROLL },
	{ "", "build it again (make install, or dpkg-reconfigure net-failover-dkms), then reboot" },
};

static void check_refused(const struct module *module, struct findings *findings)
{
	size_t i = 0;

	while (!strstr(module->refused, refusals[i].reason))
		i++;
	findings_add(findings, SEVERITY_DEGRADED, "module-refused", "", refusals[i].advice,
		     "the distribution's module is loaded instead of ours (%s): each migration cuts traffic for seconds",
		     module->refused);
}

static void check_module(const struct view *view, struct findings *findings)
{
	if (*view->module.refused)
		check_refused(&view->module, findings);
	else if (view->module.kind == MODULE_IN_TREE && view->pairs.n)
		findings_add(findings, SEVERITY_DEGRADED, "module-in-tree", "",
			     "install the net_failover DKMS module and reload virtio_net, or reboot",
			     "the in-tree module drops what arrives on the standby while a primary exists, even one without link; each migration cuts traffic for seconds");
	if (view->netlink_error)
		findings_add(findings, SEVERITY_GOOD, "netlink-unusable", "",
			     "install the failoverctl that belongs to the module",
			     "the module does not answer by netlink (%s); what follows is concluded from sysfs",
			     strerror(-view->netlink_error));
}

static const char *lower_name(const struct pair *pair, uint32_t role)
{
	if (role == NET_FAILOVER_ROLE_PRIMARY)
		return pair->primary.name;
	return role == NET_FAILOVER_ROLE_STANDBY ? pair->standby.name : "";
}

/* The advice with the pair's own names, so that it can be pasted. */
static char *fill_in(const char *advice, const struct pair *pair)
{
	static const char master[] = "<master>", primary[] = "<primary>";
	const char *at = strstr(advice, master);

	if (at)
		return mem_printf("%.*s%s%s", (int)(at - advice), advice, pair->name,
				  at + strlen(master));
	at = strstr(advice, primary);
	if (at)
		return mem_printf("%.*s%s%s", (int)(at - advice), advice, pair->primary.name,
				  at + strlen(primary));
	return mem_printf("%s", advice);
}

static void check_reason(const struct pair *pair, struct findings *findings)
{
	const struct reason_words *words = words_reason(pair->reason);
	char *advice;

	if (words->severity == SEVERITY_GOOD)
		return;
	advice = fill_in(words->advice, pair);
	if (pair->active == NET_FAILOVER_ROLE_NONE)
		findings_add(findings, words->severity, words->code, pair->name, advice,
			     "nothing carries traffic: %s",
			     words->text);
	else
		findings_add(findings, words->severity, words->code, pair->name, advice,
			     "on the %s (%s): %s",
			     words_role(pair->active), lower_name(pair, pair->active), words->text);
	free(advice);
}

/* It sends by the standby, but hears nothing: see the module's finding. */
static void check_deaf(const struct view *view, const struct pair *pair,
		       struct findings *findings)
{
	if (view->module.kind != MODULE_IN_TREE || !pair->primary.present ||
	    pair->active != NET_FAILOVER_ROLE_STANDBY)
		return;
	findings_add(findings, SEVERITY_BAD, "in-tree-deaf", pair->name,
		     "give the primary a link, or have the host unplug it",
		     "receives nothing: the in-tree module drops the standby's frames while %s exists",
		     pair->primary.name);
}

static void check_standby(const struct pair *pair, struct findings *findings)
{
	const struct lower *standby = &pair->standby;
	char *advice;

	if (!standby->present) {
		findings_add(findings, SEVERITY_DEGRADED, "no-standby", pair->name,
			     "look into the kernel's log; a migration would cut traffic",
			     "no standby: its virtio-net card is not part of the pair");
		return;
	}
	/* Some hosts keep it down on purpose and raise it for a migration. */
	if (!standby->link || standby->link->carrier == 1 || !pair->link || !pair->link->up)
		return;
	advice = standby->link->up ?
		 mem_printf("its link must be up on the host before the primary is unplugged") :
		 mem_printf("it must be up before the primary is unplugged: ip link set %s up",
			    standby->name);
	findings_add(findings, SEVERITY_GOOD, "standby-no-carrier", pair->name, advice,
		     "the standby (%s) is %s",
		     standby->name, standby->link->up ? "without carrier" : "down");
	free(advice);
}

static void check_lower(const struct pair *pair, const struct lower *lower,
			const char *role, struct findings *findings)
{
	if (!lower->present)
		return;
	if (lower->error)
		findings_add(findings, SEVERITY_DEGRADED, "lower-error", pair->name,
			     words_error_advice(lower->error),
			     "the %s (%s) cannot be configured: %s",
			     role, lower->name, strerror(-lower->error));
	if (lower->link && pair->link && lower->link->mtu != pair->link->mtu)
		findings_add(findings, SEVERITY_DEGRADED, "mtu-differs", pair->name,
			     "set the MTU on the master alone; host_mtu and the VF's limit must allow it",
			     "the %s (%s) has MTU %d, the master %d",
			     role, lower->name, lower->link->mtu, pair->link->mtu);
}

/* Links that have a MAC address, in its order: a pair finds its own at once. */
struct macs {
	struct mac {
		const struct link *link;
	} *v;
	size_t n;
};

static int by_mac(const void *a, const void *b)
{
	const struct mac *x = a, *y = b;
	int order = memcmp(x->link->mac, y->link->mac, MAC_LEN);

	if (order)
		return order;
	return x->link->ifindex < y->link->ifindex ? -1 : x->link->ifindex > y->link->ifindex;
}

static void sort_macs(const struct links *links, struct macs *macs)
{
	size_t i;

	*macs = (struct macs){ mem_grow(NULL, links->n, sizeof(*macs->v)), 0 };
	for (i = 0; i < links->n; i++)
		if (links->v[i].has_mac)
			macs->v[macs->n++].link = &links->v[i];
	qsort(macs->v, macs->n, sizeof(*macs->v), by_mac);
}

/* Where this address begins, or would. */
static size_t first_of(const struct macs *macs, const uint8_t *mac)
{
	size_t low = 0, high = macs->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(macs->v[middle].link->mac, mac, MAC_LEN) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void check_duplicates(const struct macs *macs, const struct pair *pair,
			     struct findings *findings)
{
	size_t i;

	if (!pair->has_mac)
		return;
	for (i = first_of(macs, pair->mac); i < macs->n; i++) {
		const struct link *link = macs->v[i].link;

		if (memcmp(link->mac, pair->mac, MAC_LEN))
			break;
		if (link->pair == pair->ifindex)
			continue;
		findings_add(findings, SEVERITY_DEGRADED, "duplicate-mac", pair->name,
			     "if it is a spare primary, leave it unconfigured; otherwise give it another MAC on the host",
			     "%s (%s) has the pair's MAC address but is not part of the pair",
			     link->name, link->driver);
	}
}

/* Negotiated, yet in no pair: the host believes that it may plug a VF. */
static void check_loose(const struct view *view, struct findings *findings)
{
	size_t i;

	for (i = 0; i < view->links.n; i++) {
		const struct link *link = &view->links.v[i];

		if (!link->virtio || !link->negotiated || pairs_of(&view->pairs, link))
			continue;
		findings_add(findings, SEVERITY_DEGRADED, "loose-standby", link->name,
			     "look into the kernel's log, and for a pair in another network namespace",
			     "negotiated VIRTIO_NET_F_STANDBY but is part of no pair here");
	}
}

static void check_any(const struct view *view, struct findings *findings)
{
	size_t i;
	bool virtio = false;

	if (view->pairs.n)
		return;
	for (i = 0; i < view->links.n; i++)
		virtio |= view->links.v[i].virtio;
	findings_add(findings, SEVERITY_GOOD, "no-pair", "",
		     "to get one, the host sets <teaming type='persistent'/> (libvirt) or failover=on (QEMU)",
		     "no failover pair%s",
		     virtio ? "" : ", and no virtio-net card that could be its standby");
}

void findings_make(const struct view *view, struct findings *findings)
{
	struct macs macs;
	size_t i;

	*findings = (struct findings){ 0 };
	sort_macs(&view->links, &macs);
	check_module(view, findings);
	for (i = 0; i < view->pairs.n; i++) {
		const struct pair *pair = &view->pairs.v[i];

		check_reason(pair, findings);
		check_deaf(view, pair, findings);
		check_standby(pair, findings);
		check_lower(pair, &pair->primary, "primary", findings);
		check_lower(pair, &pair->standby, "standby", findings);
		check_duplicates(&macs, pair, findings);
	}
	free(macs.v);
	check_loose(view, findings);
	check_any(view, findings);
}

static void free_finding(struct finding *finding)
{
	free(finding->text);
	free(finding->advice);
}

void findings_keep(struct findings *findings, const struct pairs *pairs)
{
	size_t i, kept = 0;

	for (i = 0; i < findings->n; i++) {
		struct finding *finding = &findings->v[i];

		if (!*finding->device || pairs_find(pairs, finding->device))
			findings->v[kept++] = *finding;
		else
			free_finding(finding);
	}
	findings->n = kept;
}

void findings_free(struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->n; i++)
		free_finding(&findings->v[i]);
	free(findings->v);
	*findings = (struct findings){ 0 };
}

enum severity findings_worst(const struct findings *findings, const char *device)
{
	enum severity worst = SEVERITY_GOOD;
	size_t i;

	for (i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->v[i];

		if (device && *finding->device && strcmp(finding->device, device))
			continue;
		if (finding->severity > worst)
			worst = finding->severity;
	}
	return worst;
}
