// SPDX-License-Identifier: GPL-2.0
/*
 * A view as JSON. failoverctl(8) documents every key; keys are only ever
 * added, and another "schema" would say that one went or changed its meaning.
 */
#include <string.h>

#include <json-c/json.h>

#include "common/json.h"
#include "common/words.h"
#include "failoverctl/report.h"

#define NSEC_PER_SEC 1000000000ULL

static void put_mac(struct json_object *object, bool known, const uint8_t *mac)
{
	char text[MAC_TEXT_LEN];

	report_mac(mac, text);
	json_put_string(object, "mac", known ? text : NULL);
}

static void put_carrier(struct json_object *object, const struct link *link)
{
	bool known = link && link->carrier >= 0;

	json_put(object, "carrier", known ? json_object_new_boolean(link->carrier) : NULL);
}

static void put_link(struct json_object *object, const struct link *link)
{
	json_put(object, "up", link ? json_object_new_boolean(link->up) : NULL);
	put_carrier(object, link);
	json_put_u64(object, "mtu", link, link ? link->mtu : 0);
}

static struct json_object *state_bits(const struct lower *lower)
{
	struct json_object *bits;
	unsigned int bit;

	if (!lower->has_state)
		return NULL;
	bits = json_object_new_array();
	for (bit = 0; words_state_bit(bit); bit++)
		if (lower->state & (1U << bit))
			json_object_array_add(bits, json_object_new_string(words_state_bit(bit)));
	return bits;
}

/* Ours counts by path; otherwise the card's own counters come nearest. */
static struct json_object *counters(const struct lower *lower)
{
	struct json_object *object = json_object_new_object();
	const struct counters *c = lower->has_path ? &lower->path :
				   lower->link ? &lower->link->counters : NULL;

	json_put_string(object, "source", lower->has_path ? "module" : "card");
	json_put_u64(object, "rx_packets", c, c ? c->rx_packets : 0);
	json_put_u64(object, "rx_bytes", c, c ? c->rx_bytes : 0);
	json_put_u64(object, "tx_packets", c, c ? c->tx_packets : 0);
	json_put_u64(object, "tx_bytes", c, c ? c->tx_bytes : 0);
	json_put_u64(object, "rx_idle", lower->has_path, lower->rx_idle);
	json_put_u64(object, "rx_ignored", lower->has_path, lower->rx_ignored);
	json_put_u64(object, "tx_silenced", lower->has_silenced, lower->tx_silenced);
	return object;
}

static struct json_object *lower_json(const struct lower *lower)
{
	const struct link *link = lower->link;
	struct json_object *object;

	if (!lower->present)
		return NULL;
	object = json_object_new_object();
	json_put_string(object, "name", lower->name);
	json_put_u64(object, "ifindex", true, lower->ifindex);
	json_put_string(object, "driver", link ? link->driver : NULL);
	json_put_string(object, "bus", link ? link->bus : NULL);
	json_put_string(object, "summary", words_lower(lower));
	json_put(object, "state", state_bits(lower));
	put_link(object, link);
	json_put_u64(object, "speed", link && link->speed >= 0, link ? link->speed : 0);
	json_put(object, "error", json_object_new_int(lower->error));
	json_put_string(object, "error_text", lower->error ? strerror(-lower->error) : NULL);
	json_put(object, "counters", counters(lower));
	return object;
}

static void put_last_switch(struct json_object *object, const struct report *report,
			    const struct pair *pair)
{
	char text[JSON_DATE_LEN] = "";
	uint64_t ago, when;

	if (report_last_switch(report, pair, &ago, &when))
		json_date(when - when % NSEC_PER_SEC, text);
	json_put_string(object, "last_switch", text);
	json_put_u64(object, "last_switch_boottime_ns", *text, pair->since);
}

static struct json_object *pair_json(const struct report *report, const struct pair *pair)
{
	const struct reason_words *reason = words_reason(pair->reason);
	struct json_object *object = json_object_new_object();

	json_put_string(object, "name", pair->name);
	json_put_u64(object, "ifindex", true, pair->ifindex);
	put_mac(object, pair->has_mac, pair->mac);
	put_link(object, pair->link);
	json_put_string(object, "state",
			words_severity(findings_worst(report->findings, pair->name)));
	json_put_string(object, "active", words_role(pair->active));
	json_put_string(object, "reason", reason->code);
	json_put_string(object, "reason_text", reason->text);
	json_put_bool(object, "derived", pair->derived);
	json_put_u64(object, "switches", pair->has_switches, pair->switches);
	put_last_switch(object, report, pair);
	json_put_u64(object, "tx_dropped", pair->has_dropped, pair->tx_dropped);
	json_put_u64(object, "flood_lost", pair->has_flood_lost, pair->flood_lost);
	json_put(object, "primary", lower_json(&pair->primary));
	json_put(object, "standby", lower_json(&pair->standby));
	return object;
}

static struct json_object *pairs_json(const struct report *report)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < report->view->pairs.n; i++)
		json_object_array_add(array, pair_json(report, &report->view->pairs.v[i]));
	return array;
}

static struct json_object *virtio_json(const struct report *report)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < report->view->links.n; i++) {
		const struct link *link = &report->view->links.v[i];
		const struct pair *pair = pairs_of(&report->view->pairs, link);
		struct json_object *object;

		if (!report_lists(report, link))
			continue;
		object = json_object_new_object();
		json_put_string(object, "name", link->name);
		json_put_u64(object, "ifindex", true, link->ifindex);
		put_mac(object, link->has_mac, link->mac);
		json_put_string(object, "bus", link->bus);
		json_put_bool(object, "standby_negotiated", link->negotiated);
		json_put_string(object, "pair", pair ? pair->name : NULL);
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *module_json(const struct view *view)
{
	struct json_object *object = json_object_new_object();
	bool netlink = view->module.kind == MODULE_OURS && !view->netlink_error;

	json_put_string(object, "kind", words_module(view->module.kind));
	json_put_string(object, "version", view->module.version);
	json_put_string(object, "source", netlink ? "netlink" : "sysfs");
	return object;
}

struct json_object *report_json(const struct report *report)
{
	struct json_object *root = json_object_new_object();

	json_put(root, "schema", json_object_new_int(JSON_SCHEMA));
	json_put_string(root, "state", words_severity(findings_worst(report->findings, NULL)));
	json_put(root, "module", module_json(report->view));
	json_put(root, "pairs", pairs_json(report));
	json_put(root, "virtio", virtio_json(report));
	json_put(root, "findings", json_findings(report->findings));
	return root;
}
