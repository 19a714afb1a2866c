// SPDX-License-Identifier: GPL-2.0
/*
 * failoverctl metrics: OpenMetrics text. Its types info and stateset are left
 * out, since node_exporter's textfile collector refuses a file that has them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/words.h"
#include "failoverctl/args.h"
#include "failoverctl/cmd.h"
#include "failoverctl/report.h"
#include "failoverctl/view.h"

#define PREFIX "net_failover_"

struct family {
	const char *name, *type, *unit, *help;
};

static void put_family(const struct family *family)
{
	printf("# TYPE " PREFIX "%s %s\n", family->name, family->type);
	if (family->unit)
		printf("# UNIT " PREFIX "%s %s\n", family->name, family->unit);
	printf("# HELP " PREFIX "%s %s\n", family->name, family->help);
}

/* name="value", which may hold quotes and, for bytes that are not ASCII, backslashes. */
static void put_label(const char *before, const char *name, const char *value)
{
	printf("%s%s=\"", before, name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			putchar('\\');
		putchar(*value);
	}
	putchar('"');
}

static void put_sample(const struct family *family, const char *master)
{
	printf(PREFIX "%s%s", family->name, strcmp(family->type, "counter") ? "" : "_total");
	if (master)
		put_label("{", "master", master);
}

/* Of the module. */

static void put_module(const struct view *view)
{
	static const struct family module = { "module_info", "gauge", NULL,
		"Which module is loaded: out-of-tree (with a version), in-tree or none." };
	static const struct family pairs = { "pairs", "gauge", NULL,
		"Failover pairs of this network namespace." };

	put_family(&module);
	put_sample(&module, NULL);
	put_label("{", "kind", words_module(view->module.kind));
	put_label(",", "version", view->module.version);
	puts("} 1");
	put_family(&pairs);
	put_sample(&pairs, NULL);
	printf(" %zu\n", view->pairs.n);
}

/* Of each pair: a value, if it is known. */

struct pair_family {
	struct family family;
	bool (*get)(const struct report *report, const struct pair *pair, uint64_t *value);
};

static bool get_state(const struct report *report, const struct pair *pair, uint64_t *value)
{
	*value = findings_worst(report->findings, pair->name);
	return true;
}

static bool get_up(const struct report *report, const struct pair *pair, uint64_t *value)
{
	(void)report;
	*value = pair->link && pair->link->up;
	return pair->link;
}

static bool get_switches(const struct report *report, const struct pair *pair, uint64_t *value)
{
	(void)report;
	*value = pair->switches;
	return pair->has_switches;
}

static bool get_dropped(const struct report *report, const struct pair *pair, uint64_t *value)
{
	(void)report;
	*value = pair->tx_dropped;
	return pair->has_dropped;
}

static bool get_flood_lost(const struct report *report, const struct pair *pair,
			   uint64_t *value)
{
	(void)report;
	*value = pair->flood_lost;
	return pair->has_flood_lost;
}

static bool get_last_switch(const struct report *report, const struct pair *pair,
			    uint64_t *value)
{
	uint64_t ago, when;

	if (!report_last_switch(report, pair, &ago, &when))
		return false;
	*value = when / 1000000000;
	return true;
}

static const struct pair_family pair_families[] = {
	{ { "state", "gauge", NULL,
	    "What status says: 0 good, 1 degraded, 2 bad." }, get_state },
	{ { "up", "gauge", NULL, "Whether the master is up." }, get_up },
	{ { "switches", "counter", NULL,
	    "How often the card in use changed." }, get_switches },
	{ { "last_switch_timestamp_seconds", "gauge", "seconds",
	    "When it last did, since 1970." }, get_last_switch },
	{ { "tx_dropped_packets", "counter", "packets",
	    "Frames that no card could take." }, get_dropped },
	{ { "flood_lost_packets", "counter", "packets",
	    "Broadcasts and multicasts that no card delivered." }, get_flood_lost },
};

static void put_pair_family(const struct report *report, const struct pair_family *row)
{
	const struct pairs *pairs = &report->view->pairs;
	uint64_t value;
	size_t i;

	put_family(&row->family);
	for (i = 0; i < pairs->n; i++) {
		if (!row->get(report, &pairs->v[i], &value))
			continue;
		put_sample(&row->family, pairs->v[i].name);
		printf("} %" PRIu64 "\n", value);
	}
}

static void put_active(const struct pairs *pairs)
{
	static const struct family active = { "active", "gauge", NULL,
		"Which card carries traffic: 1 for one of primary, standby and none." };
	uint32_t role;
	size_t i;

	put_family(&active);
	for (i = 0; i < pairs->n; i++) {
		for (role = NET_FAILOVER_ROLE_NONE; role <= NET_FAILOVER_ROLE_PRIMARY; role++) {
			put_sample(&active, pairs->v[i].name);
			put_label(",", "role", words_role(role));
			printf("} %d\n", pairs->v[i].active == role);
		}
	}
}

/* Of each card of a pair. */

struct lower_family {
	struct family family;
	bool (*get)(const struct lower *lower, uint64_t *value);
};

static const struct counters *counters_of(const struct lower *lower)
{
	static const struct counters none;

	if (lower->has_path)
		return &lower->path;
	return lower->link ? &lower->link->counters : &none;
}

#define GETTER(name, known, expression)						\
static bool get_##name(const struct lower *lower, uint64_t *value)		\
{										\
	*value = (expression);							\
	return known;								\
}

GETTER(ready, true, !strcmp(words_lower(lower), "ready"))
GETTER(carrier, lower->link && lower->link->carrier >= 0, lower->link && lower->link->carrier > 0)
GETTER(drained, lower->has_state, !!(lower->state & NET_FAILOVER_LOWER_DRAINED))
GETTER(error, lower->has_state, -lower->error)
GETTER(rx_packets, lower->has_path || lower->link, counters_of(lower)->rx_packets)
GETTER(rx_bytes, lower->has_path || lower->link, counters_of(lower)->rx_bytes)
GETTER(tx_packets, lower->has_path || lower->link, counters_of(lower)->tx_packets)
GETTER(tx_bytes, lower->has_path || lower->link, counters_of(lower)->tx_bytes)
GETTER(rx_idle, lower->has_path, lower->rx_idle)
GETTER(rx_ignored, lower->has_path, lower->rx_ignored)
GETTER(silenced, lower->has_silenced, lower->tx_silenced)

static const struct lower_family lower_families[] = {
	{ { "lower_ready", "gauge", NULL,
	    "Whether the card could carry traffic." }, get_ready },
	{ { "lower_carrier", "gauge", NULL, "Whether the card has carrier." }, get_carrier },
	{ { "lower_drained", "gauge", NULL,
	    "Whether an administrator holds the card back." }, get_drained },
	{ { "lower_error", "gauge", NULL,
	    "Errno of the last attempt to configure the card, or 0." }, get_error },
	{ { "lower_receive_packets", "counter", "packets",
	    "Frames that the master took from the card." }, get_rx_packets },
	{ { "lower_receive_bytes", "counter", "bytes",
	    "The same in bytes." }, get_rx_bytes },
	{ { "lower_transmit_packets", "counter", "packets",
	    "Frames that the master sent by the card." }, get_tx_packets },
	{ { "lower_transmit_bytes", "counter", "bytes",
	    "The same in bytes." }, get_tx_bytes },
	{ { "lower_receive_idle_packets", "counter", "packets",
	    "Frames delivered though the card was not in use." }, get_rx_idle },
	{ { "lower_receive_ignored_packets", "counter", "packets",
	    "Frames dropped since the card was not in use." }, get_rx_ignored },
	{ { "lower_transmit_silenced_packets", "counter", "packets",
	    "Frames of others, kept from leaving a card that is not in use." }, get_silenced },
};

static void put_lower(const struct lower_family *row, const struct pair *pair,
		      const struct lower *lower, enum net_failover_role role)
{
	uint64_t value;

	if (!lower->present || !row->get(lower, &value))
		return;
	put_sample(&row->family, pair->name);
	put_label(",", "lower", lower->name);
	put_label(",", "role", words_role(role));
	printf("} %" PRIu64 "\n", value);
}

static void put_lower_family(const struct pairs *pairs, const struct lower_family *row)
{
	size_t i;

	put_family(&row->family);
	for (i = 0; i < pairs->n; i++) {
		const struct pair *pair = &pairs->v[i];

		put_lower(row, pair, &pair->primary, NET_FAILOVER_ROLE_PRIMARY);
		put_lower(row, pair, &pair->standby, NET_FAILOVER_ROLE_STANDBY);
	}
}

static void put_findings(const struct findings *findings)
{
	static const struct family family = { "findings", "gauge", NULL,
		"What status finds, by severity and code." };
	size_t i, j, same;

	put_family(&family);
	for (i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->v[i];

		for (j = 0, same = 0; j < findings->n; j++) {
			if (strcmp(findings->v[j].code, finding->code) ||
			    strcmp(findings->v[j].device, finding->device))
				continue;
			if (j < i)
				break;
			same++;
		}
		if (j < i)		/* told already */
			continue;
		put_sample(&family, finding->device);
		put_label(",", "code", finding->code);
		put_label(",", "severity", words_severity(finding->severity));
		printf("} %zu\n", same);
	}
}

static void put_all(const struct report *report)
{
	size_t i;

	put_module(report->view);
	for (i = 0; i < sizeof(pair_families) / sizeof(*pair_families); i++)
		put_pair_family(report, &pair_families[i]);
	put_active(&report->view->pairs);
	for (i = 0; i < sizeof(lower_families) / sizeof(*lower_families); i++)
		put_lower_family(&report->view->pairs, &lower_families[i]);
	put_findings(report->findings);
	puts("# EOF");
}

int cmd_metrics(int argc, char **argv)
{
	struct findings findings;
	struct report report;
	struct view view;
	struct args args;
	int ret = args_read(argc, argv, "", &args);

	if (ret)
		return ret == ARGS_DONE ? 0 : ret;
	if (*args.names) {
		fprintf(stderr, "%s: takes no arguments\n", argv[0]);
		return EXIT_USAGE;
	}
	ret = view_gather(argv[0], &view);
	if (ret)
		return ret;
	findings_make(&view, &findings);
	report = report_of(&view, &findings, true);
	put_all(&report);
	findings_free(&findings);
	pairs_free(&view);
	return 0;
}
