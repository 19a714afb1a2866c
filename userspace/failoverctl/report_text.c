// SPDX-License-Identifier: GPL-2.0
/* A view for people: at most some 100 columns, the state first. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libsmartcols.h>

#include "common/mem.h"
#include "common/words.h"
#include "failoverctl/report.h"

#define WIDTH 98
#define NSEC_PER_SEC 1000000000ULL

struct page {
	FILE *out;
	bool colour;
};

struct column {
	const char *name;
	bool right;
};

static const char * const colours[] = {
	[SEVERITY_GOOD] = "\033[32m",
	[SEVERITY_DEGRADED] = "\033[33m",
	[SEVERITY_BAD] = "\033[31m",
	[SEVERITY_UNKNOWN] = "\033[35m",
};

static void put_state(const struct page *page, enum severity severity, const char *word)
{
	fprintf(page->out, "%s%s%s", page->colour ? colours[severity] : "", word,
		page->colour ? "\033[0m" : "");
}

/* Words of text in lines of at most WIDTH, each after the first indented. */
static void put_wrapped(const struct page *page, int column, int indent, const char *text)
{
	while (*text) {
		int word = (int)strcspn(text, " ");

		if (column > indent && column + 1 + word > WIDTH) {
			fprintf(page->out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', page->out);
			column++;
		}
		fprintf(page->out, "%.*s", word, text);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', page->out);
}

static struct libscols_table *new_table(const struct column *columns, size_t n)
{
	struct libscols_table *table = scols_new_table();
	size_t i;

	/* As into a file: nothing is cut to a terminal's width. */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	scols_table_enable_noencoding(table, 1);	/* the model is printable already */
	scols_table_set_column_separator(table, "  ");
	for (i = 0; i < n; i++)
		scols_table_new_column(table, columns[i].name, 0,
				       columns[i].right ? SCOLS_FL_RIGHT : 0);
	return table;
}

static void put_table(const struct page *page, struct libscols_table *table, int indent)
{
	char *text = NULL, *line, *rest;

	if (!scols_table_is_empty(table))
		scols_print_table_to_string(table, &text);
	for (rest = text; (line = strsep(&rest, "\n")) && *line;) {
		size_t len = strlen(line);

		while (len && line[len - 1] == ' ')
			len--;
		fprintf(page->out, "%*s%.*s\n", indent, "", (int)len, line);
	}
	free(text);
	scols_unref_table(table);
}

static void set_number(struct libscols_line *line, size_t column, uint64_t value)
{
	char *text = mem_printf("%" PRIu64, value);

	scols_line_refer_data(line, column, text);	/* the line frees it */
}

static const struct column lower_columns[] = {
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
	struct libscols_table *table = new_table(lower_columns, 8);

	add_lower(table, &pair->primary, "primary", pair->active == NET_FAILOVER_ROLE_PRIMARY);
	add_lower(table, &pair->standby, "standby", pair->active == NET_FAILOVER_ROLE_STANDBY);
	put_table(page, table, 4);
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
	char date[32] = "", since[32];
	uint64_t ago, when;
	time_t seconds;
	struct tm tm;

	if (!pair->has_switches)
		return;
	fprintf(page->out, ", %" PRIu64 " switch%s", pair->switches,
		pair->switches == 1 ? "" : "es");
	if (!report_last_switch(report, pair, &ago, &when))
		return;
	seconds = (time_t)(when / NSEC_PER_SEC);
	if (localtime_r(&seconds, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
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
	put_state(page, worst, words_severity(worst));
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

static const struct column virtio_columns[] = {
	{ "NAME", false }, { "MAC", false }, { "BUS", false },
	{ "VIRTIO_NET_F_STANDBY", false }, { "PAIR", false },
};

static void put_virtio(const struct page *page, const struct report *report)
{
	struct libscols_table *table = new_table(virtio_columns, 5);
	size_t i;

	for (i = 0; i < report->view->links.n; i++) {
		const struct link *link = &report->view->links.v[i];
		const struct pair *pair = pairs_find(&report->view->pairs, link->name);
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
	put_table(page, table, 6);
}

static void put_finding(const struct page *page, const struct finding *finding)
{
	const char *word = finding->severity == SEVERITY_GOOD ? "note" :
			   words_severity(finding->severity);
	char *text = mem_printf("%s%s%s", finding->device, *finding->device ? ": " : "",
				finding->text);

	fprintf(page->out, "  ");
	put_state(page, finding->severity, word);
	fprintf(page->out, "%*s", 10 - (int)strlen(word), "");
	put_wrapped(page, 12, 12, text);
	free(text);
	if (!*finding->advice)
		return;
	fprintf(page->out, "%*s-> ", 12, "");
	put_wrapped(page, 15, 15, finding->advice);
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
		put_state(page, worst, words_severity(worst));
	} else {
		fprintf(page->out, ", pairs: none");
	}
	fputc('\n', page->out);
}

void report_text(const struct report *report, FILE *out, bool colour)
{
	const struct page page = { out, colour };
	size_t i;

	put_title(&page, report);
	for (i = 0; i < report->view->pairs.n; i++)
		put_pair(&page, report, &report->view->pairs.v[i]);
	put_virtio(&page, report);
	if (report->findings->n)
		fprintf(out, "\nfindings:\n");
	for (i = 0; i < report->findings->n; i++)
		put_finding(&page, &report->findings->v[i]);
}
