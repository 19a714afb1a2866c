// SPDX-License-Identifier: GPL-2.0
/* A view for people: at most some 100 columns, the state first. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libsmartcols.h>

#include "common/mem.h"
#include "common/words.h"
#include "failoverctl/page.h"
#include "failoverctl/report.h"

#define NSEC_PER_SEC 1000000000ULL

static void set_number(struct libscols_line *line, size_t column, uint64_t value)
{
	char *text = mem_printf("%" PRIu64, value);

	scols_line_refer_data(line, column, text);	/* the line frees it */
}

static const struct page_column lower_columns[] = {
	{ "  ROLE", false }, { "NAME", false }, { "DRIVER", false }, { "BUS", false },
	{ "STATE", false }, { "SPEED", true }, { "RX PKTS", true }, { "TX PKTS", true },
};

static void add_lower(struct libscols_table *table, const struct lower *lower,
		      const char *role, bool active)
{
	const struct link *link = lower->link;
	const struct counters *c = lower->has_path ? &lower->path :
				   link ? &link->counters : NULL;
	struct libscols_line *line = scols_table_new_line(table, NULL);

	scols_line_refer_data(line, 0, mem_printf("%s %s", active ? ">" : " ", role));
	scols_line_set_data(line, 1, lower->present ? lower->name : "absent");
	if (!lower->present)
		return;
	scols_line_set_data(line, 2, link ? link->driver : "");
	scols_line_set_data(line, 3, link ? link->bus : "");
	scols_line_set_data(line, 4, words_lower(lower));
	if (link && link->speed > 0 && link->carrier == 1)
		scols_line_refer_data(line, 5, mem_printf("%d Mb/s", link->speed));
	if (c) {
		set_number(line, 6, c->rx_packets);
		set_number(line, 7, c->tx_packets);
	}
}

static void put_lowers(const struct page *page, const struct pair *pair)
{
	struct libscols_table *table = page_new_table(lower_columns, 8);

	add_lower(table, &pair->primary, "primary", pair->active == NET_FAILOVER_ROLE_PRIMARY);
	add_lower(table, &pair->standby, "standby", pair->active == NET_FAILOVER_ROLE_STANDBY);
	page_table(page, table, 4);
}

static void put_frames(const struct page *page, uint64_t n, const char *before, const char *after)
{
	if (n)
		fprintf(page->out, "      %s%" PRIu64 " frame%s %s\n", before, n, n == 1 ? "" : "s",
			after);
}

/* The other copies of broadcasts are normal, and not worth a line for people. */
static void put_idle(const struct page *page, const struct lower *lower)
{
	char *before = mem_printf("%s brought ", lower->name);

	put_frames(page, lower->rx_idle, before, "for us while not in use (delivered)");
	free(before);
	before = mem_printf("%s was kept from sending ", lower->name);
	put_frames(page, lower->tx_silenced, before, "of others while not in use");
	free(before);
}

static void format_ago(uint64_t ns, char *text, size_t size)
{
	uint64_t s = ns / NSEC_PER_SEC;

	if (s < 120)
		snprintf(text, size, "%" PRIu64 " s ago", s);
	else if (s < 2 * 3600)
		snprintf(text, size, "%" PRIu64 " min ago", s / 60);
	else if (s < 2 * 86400)
		snprintf(text, size, "%" PRIu64 " h ago", s / 3600);
	else
		snprintf(text, size, "%" PRIu64 " days ago", s / 86400);
}

static void put_switches(const struct page *page, const struct report *report,
			 const struct pair *pair)
{
	char date[PAGE_DATE_LEN], since[32];
	uint64_t ago, when;

	if (!pair->has_switches)
		return;
	fprintf(page->out, ", %" PRIu64 " switch%s", pair->switches,
		pair->switches == 1 ? "" : "es");
	if (!report_last_switch(report, pair, &ago, &when))
		return;
	page_date(when, date);
	format_ago(ago, since, sizeof(since));
	fprintf(page->out, ", last %s (%s)", since, date);
}

static void put_facts(const struct page *page, const struct report *report,
		      const struct pair *pair)
{
	char mac[MAC_TEXT_LEN] = "?";

	if (pair->has_mac)
		report_mac(pair->mac, mac);
	fprintf(page->out, "      MAC %s", mac);
	if (pair->link)
		fprintf(page->out, ", MTU %d, %s", pair->link->mtu,
			!pair->link->up ? "down" :
			pair->link->carrier == 1 ? "up" : "up without carrier");
	put_switches(page, report, pair);
	fputc('\n', page->out);
}

static void put_headline(const struct page *page, const struct report *report,
			 const struct pair *pair)
{
	enum severity worst = findings_worst(report->findings, pair->name);

	fprintf(page->out, "\n%s: ", pair->name);
	page_state(page, worst, words_severity(worst));
	if (pair->active == NET_FAILOVER_ROLE_PRIMARY)
		fprintf(page->out, ", on the primary (%s): ", pair->primary.name);
	else if (pair->active == NET_FAILOVER_ROLE_STANDBY)
		fprintf(page->out, ", on the standby (%s): ", pair->standby.name);
	else
		fprintf(page->out, ", nothing carries traffic: ");
	fprintf(page->out, "%s%s\n", words_reason(pair->reason)->text,
		pair->derived ? " (derived)" : "");
}

static void put_pair(const struct page *page, const struct report *report,
		     const struct pair *pair)
{
	put_headline(page, report, pair);
	put_facts(page, report, pair);
	put_lowers(page, pair);
	put_idle(page, &pair->primary);
	put_idle(page, &pair->standby);
	put_frames(page, pair->tx_dropped, "", "dropped: no card could take them");
	put_frames(page, pair->flood_lost, "", "of broadcast or multicast lost at switches");
}

static const struct page_column virtio_columns[] = {
	{ "NAME", false }, { "MAC", false }, { "BUS", false },
	{ "VIRTIO_NET_F_STANDBY", false }, { "PAIR", false },
};

static void put_virtio(const struct page *page, const struct report *report)
{
	struct libscols_table *table = page_new_table(virtio_columns, 5);
	size_t i;

	for (i = 0; i < report->view->links.n; i++) {
		const struct link *link = &report->view->links.v[i];
		const struct pair *pair = pairs_of(&report->view->pairs, link);
		struct libscols_line *line;
		char mac[MAC_TEXT_LEN];

		if (!report_lists(report, link))
			continue;
		report_mac(link->mac, mac);
		line = scols_table_new_line(table, NULL);
		scols_line_set_data(line, 0, link->name);
		scols_line_set_data(line, 1, mac);
		scols_line_set_data(line, 2, link->bus);
		scols_line_set_data(line, 3, link->negotiated ? "negotiated" : "not negotiated");
		scols_line_set_data(line, 4, pair ? pair->name : "-");
	}
	if (!scols_table_is_empty(table))
		fprintf(page->out, "\nvirtio-net cards:\n");
	page_table(page, table, 6);
}

static void put_title(const struct page *page, const struct report *report)
{
	const struct module *module = &report->view->module;
	enum severity worst = findings_worst(report->findings, NULL);

	switch (module->kind) {
	case MODULE_NONE:
		fprintf(page->out, "module net_failover: not loaded");
		break;
	case MODULE_IN_TREE:
		fprintf(page->out, "module net_failover: the kernel's own (in-tree)");
		break;
	case MODULE_OURS:
		fprintf(page->out, "module net_failover: %s", module->version);
		break;
	}
	if (report->view->pairs.n) {
		fprintf(page->out, ", pairs: %zu, state: ", report->view->pairs.n);
		page_state(page, worst, words_severity(worst));
	} else {
		fprintf(page->out, ", pairs: none");
	}
	fputc('\n', page->out);
}

void report_text(const struct report *report, const struct page *page)
{
	size_t i;

	put_title(page, report);
	for (i = 0; i < report->view->pairs.n; i++)
		put_pair(page, report, &report->view->pairs.v[i]);
	put_virtio(page, report);
	if (report->findings->n)
		fprintf(page->out, "\nfindings:\n");
	for (i = 0; i < report->findings->n; i++)
		page_finding(page, &report->findings->v[i]);
}
