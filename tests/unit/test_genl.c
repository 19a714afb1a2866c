// SPDX-License-Identifier: GPL-2.0
/* What genl.c makes of answers: good ones, a newer module's, and hostile ones. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "common/genl_parse.h"
#include "common/genl_watch.h"

static const uint8_t mac[MAC_LEN] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

static struct nlmsghdr *put_head(char *buf)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	nlh->nlmsg_type = 0x20;
	nlh->nlmsg_flags = NLM_F_MULTI;
	genl->cmd = NET_FAILOVER_CMD_PAIR_GET;
	return nlh;
}

static void put_lower(struct nlmsghdr *nlh, uint32_t role, const char *name, uint32_t ifindex,
		      int32_t error)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, NET_FAILOVER_A_LOWER);

	mnl_attr_put_u32(nlh, NET_FAILOVER_A_LOWER_ROLE, role);
	mnl_attr_put_u32(nlh, NET_FAILOVER_A_LOWER_IFINDEX, ifindex);
	mnl_attr_put_strz(nlh, NET_FAILOVER_A_LOWER_IFNAME, name);
	mnl_attr_put_u32(nlh, NET_FAILOVER_A_LOWER_STATE, NET_FAILOVER_LOWER_UP);
	mnl_attr_put_u32(nlh, NET_FAILOVER_A_LOWER_ERROR, error);
	mnl_attr_put_u64(nlh, NET_FAILOVER_A_LOWER_RX_PACKETS, 1000 + ifindex);
	mnl_attr_put_u64(nlh, NET_FAILOVER_A_LOWER_RX_IDLE, 7);
	mnl_attr_put_u64(nlh, NET_FAILOVER_A_LOWER_TX_SILENCED, 9);
	mnl_attr_nest_end(nlh, nest);
}

static struct nlmsghdr *put_pair(char *buf)
{
	struct nlmsghdr *nlh = put_head(buf);

	mnl_attr_put_u32(nlh, NET_FAILOVER_A_IFINDEX, 3);
	mnl_attr_put_strz(nlh, NET_FAILOVER_A_IFNAME, "eth0");
	mnl_attr_put(nlh, NET_FAILOVER_A_MAC, MAC_LEN, mac);
	mnl_attr_put_u32(nlh, NET_FAILOVER_A_ACTIVE, NET_FAILOVER_ROLE_PRIMARY);
	mnl_attr_put_u32(nlh, NET_FAILOVER_A_REASON, NET_FAILOVER_REASON_PRIMARY_FIT);
	mnl_attr_put_u64(nlh, NET_FAILOVER_A_SWITCHES, 1ULL << 40);
	put_lower(nlh, NET_FAILOVER_ROLE_STANDBY, "eth1", 4, 0);
	put_lower(nlh, NET_FAILOVER_ROLE_PRIMARY, "eth2", 5, -EINVAL);
	return nlh;
}

static void test_pair(void **state)
{
	char buf[1024];
	struct pairs pairs;
	struct pair *pair;

	(void)state;
	assert_int_equal(genl_parse(buf, put_pair(buf)->nlmsg_len, &pairs), 0);
	assert_int_equal(pairs.n, 1);
	pair = pairs.v;
	assert_string_equal(pair->name, "eth0");
	assert_int_equal(pair->ifindex, 3);
	assert_true(pair->has_mac);
	assert_memory_equal(pair->mac, mac, MAC_LEN);
	assert_int_equal(pair->active, NET_FAILOVER_ROLE_PRIMARY);
	assert_true(pair->has_switches && pair->switches == 1ULL << 40);
	assert_false(pair->has_since || pair->has_dropped || pair->derived);
	assert_string_equal(pair->standby.name, "eth1");
	assert_int_equal(pair->primary.ifindex, 5);
	assert_int_equal(pair->primary.error, -EINVAL);
	assert_true(pair->primary.has_path && pair->primary.path.rx_packets == 1005);
	assert_int_equal(pair->primary.rx_idle, 7);
	assert_true(pair->primary.has_silenced && pair->primary.tx_silenced == 9);
	free(pairs.v);
}

static void test_several_pairs_and_the_end(void **state)
{
	char buf[4096];
	size_t len = put_pair(buf)->nlmsg_len;
	struct nlmsghdr *done;
	struct pairs pairs;

	(void)state;
	len += put_pair(buf + len)->nlmsg_len;
	done = mnl_nlmsg_put_header(buf + len);
	done->nlmsg_type = NLMSG_DONE;
	assert_int_equal(genl_parse(buf, len + done->nlmsg_len, &pairs), 0);
	assert_int_equal(pairs.n, 2);
	free(pairs.v);
}

static void test_newer_module(void **state)
{
	char buf[1024];
	struct nlmsghdr *nlh = put_pair(buf);
	struct pairs pairs;

	(void)state;
	mnl_attr_put_u64(nlh, NET_FAILOVER_A_MAX + 1, 5);
	mnl_attr_put_strz(nlh, 1000, "new");
	put_lower(nlh, NET_FAILOVER_ROLE_PRIMARY + 1, "eth3", 6, 0);
	assert_int_equal(genl_parse(buf, nlh->nlmsg_len, &pairs), 0);
	assert_string_equal(pairs.v[0].primary.name, "eth2");
	free(pairs.v);
}

static void test_names_are_escaped(void **state)
{
	char buf[1024];
	struct nlmsghdr *nlh = put_head(buf);
	struct pairs pairs;

	(void)state;
	mnl_attr_put_u32(nlh, NET_FAILOVER_A_IFINDEX, 3);
	mnl_attr_put_strz(nlh, NET_FAILOVER_A_IFNAME, "\033[31m\\e");
	assert_int_equal(genl_parse(buf, nlh->nlmsg_len, &pairs), 0);
	assert_string_equal(pairs.v[0].name, "\\x1b[31m\\x5ce");
	free(pairs.v);
}

static void assert_refused(const char *buf, size_t len)
{
	struct pairs pairs;

	assert_true(genl_parse(buf, len, &pairs) < 0);
	assert_int_equal(pairs.n, 0);
	assert_null(pairs.v);
}

/* libmnl takes this length for a negative one. */
static void test_huge_message(void **state)
{
	char buf[1024];
	struct nlmsghdr *nlh = put_pair(buf);
	size_t len = nlh->nlmsg_len;

	(void)state;
	nlh->nlmsg_len = 0xf0000000;
	assert_refused(buf, len);
}

static void test_pair_without_a_name(void **state)
{
	char buf[1024];
	struct nlmsghdr *nlh = put_head(buf);

	(void)state;
	assert_refused(buf, nlh->nlmsg_len);
	mnl_attr_put_u32(nlh, NET_FAILOVER_A_IFINDEX, 3);
	assert_refused(buf, nlh->nlmsg_len);
}

static void test_wrong_sizes(void **state)
{
	static const uint16_t numbers[] = {
		NET_FAILOVER_A_IFINDEX, NET_FAILOVER_A_ACTIVE, NET_FAILOVER_A_REASON,
		NET_FAILOVER_A_SWITCHES, NET_FAILOVER_A_SINCE, NET_FAILOVER_A_TX_DROPPED,
	};
	char buf[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		struct nlmsghdr *nlh = put_pair(buf);

		mnl_attr_put_u8(nlh, numbers[i], 1);
		assert_refused(buf, nlh->nlmsg_len);
	}
}

static void test_short_mac_is_none(void **state)
{
	char buf[1024];
	struct nlmsghdr *nlh = put_pair(buf);
	struct pairs pairs;

	(void)state;
	mnl_attr_put(nlh, NET_FAILOVER_A_MAC, 3, mac);
	assert_int_equal(genl_parse(buf, nlh->nlmsg_len, &pairs), 0);
	assert_false(pairs.v[0].has_mac);
	free(pairs.v);
}

static void test_every_truncation(void **state)
{
	char whole[1024];
	size_t len, total = put_pair(whole)->nlmsg_len;

	(void)state;
	for (len = 0; len < total; len++) {
		char *cut = calloc(1, MNL_ALIGN(len) + !len);	/* a read too far is seen */
		struct pairs pairs;

		memcpy(cut, whole, len);
		if (len >= sizeof(struct nlmsghdr))
			((struct nlmsghdr *)cut)->nlmsg_len = len;
		genl_parse(cut, len, &pairs);
		free(pairs.v);
		free(cut);
	}
}

/* Always the same bytes: a failure can be looked at. */
static void test_many_mutations(void **state)
{
	char whole[1024];
	size_t total = put_pair(whole)->nlmsg_len;
	int i, j;

	(void)state;
	srand(1);
	for (i = 0; i < 200000; i++) {
		char *bent = malloc(total);
		struct pairs pairs;

		memcpy(bent, whole, total);
		for (j = rand() % 4; j >= 0; j--)
			bent[rand() % total] = rand();
		genl_parse(bent, total, &pairs);
		free(pairs.v);
		free(bent);
	}
}

static struct nlmsghdr *put_event(char *buf, uint64_t seq)
{
	struct nlmsghdr *nlh = put_head(buf);
	struct nlattr *nest;

	mnl_attr_put_u32(nlh, NET_FAILOVER_A_IFINDEX, 3);
	mnl_attr_put_strz(nlh, NET_FAILOVER_A_IFNAME, "eth0");
	nest = mnl_attr_nest_start(nlh, NET_FAILOVER_A_EVENT);
	mnl_attr_put_u64(nlh, NET_FAILOVER_A_EVENT_EPOCH, 77);
	mnl_attr_put_u64(nlh, NET_FAILOVER_A_EVENT_SEQ, seq);
	mnl_attr_put_u32(nlh, NET_FAILOVER_A_EVENT_KIND, NET_FAILOVER_EVENT_SWITCH);
	mnl_attr_put_u64(nlh, NET_FAILOVER_A_EVENT_REALTIME, 1ULL << 60);
	mnl_attr_put_u32(nlh, NET_FAILOVER_A_EVENT_ROLE, NET_FAILOVER_ROLE_PRIMARY);
	mnl_attr_put_strz(nlh, NET_FAILOVER_A_EVENT_LOWER_IFNAME, "eth2");
	mnl_attr_put_u32(nlh, NET_FAILOVER_A_EVENT_FROM, NET_FAILOVER_ROLE_STANDBY);
	mnl_attr_put_u32(nlh, NET_FAILOVER_A_EVENT_TO, NET_FAILOVER_ROLE_PRIMARY);
	mnl_attr_put_u64(nlh, NET_FAILOVER_A_EVENT_GAP, 5);
	mnl_attr_put_u32(nlh, NET_FAILOVER_A_EVENT_ERROR, -EBUSY);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

static void test_event(void **state)
{
	char buf[1024];
	struct genl_events events;
	const struct genl_event *event;

	(void)state;
	assert_int_equal(genl_parse_events(buf, put_event(buf, 4)->nlmsg_len, &events), 0);
	assert_int_equal(events.n, 1);
	event = events.v;
	assert_string_equal(event->name, "eth0");
	assert_string_equal(event->lower, "eth2");
	assert_true(event->epoch == 77 && event->seq == 4 && event->realtime == 1ULL << 60);
	assert_int_equal(event->kind, NET_FAILOVER_EVENT_SWITCH);
	assert_true(event->has_switch && event->has_gap && !event->has_dropped);
	assert_int_equal(event->from, NET_FAILOVER_ROLE_STANDBY);
	assert_int_equal(event->to, NET_FAILOVER_ROLE_PRIMARY);
	assert_int_equal(event->error, -EBUSY);
	genl_events_free(&events);
}

/* Also a pair: what has no number is no event. */
static void test_events_refused(void **state)
{
	char buf[1024];
	struct genl_events events;

	(void)state;
	assert_int_equal(genl_parse_events(buf, put_event(buf, 0)->nlmsg_len, &events), -EBADMSG);
	assert_int_equal(genl_parse_events(buf, put_pair(buf)->nlmsg_len, &events), -EBADMSG);
	assert_null(events.v);
}

static void test_bent_events(void **state)
{
	char whole[1024];
	size_t total = put_event(whole, 4)->nlmsg_len;
	int i, j;

	(void)state;
	srand(1);
	for (i = 0; i < 200000; i++) {
		char *bent = malloc(total);
		struct genl_events events;

		memcpy(bent, whole, total);
		for (j = rand() % 4; j >= 0; j--)
			bent[rand() % total] = rand();
		genl_parse_events(bent, total, &events);
		genl_events_free(&events);
		free(bent);
	}
}

static struct nlmsghdr *put_family(char *buf, const char *name)
{
	struct nlmsghdr *nlh = put_head(buf);
	struct nlattr *groups, *group;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, 33);
	groups = mnl_attr_nest_start(nlh, CTRL_ATTR_MCAST_GROUPS);
	group = mnl_attr_nest_start(nlh, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME, "others");
	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, 8);
	mnl_attr_nest_end(nlh, group);
	group = mnl_attr_nest_start(nlh, 2);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME, NET_FAILOVER_MCGRP_EVENTS);
	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, 9);
	mnl_attr_nest_end(nlh, group);
	mnl_attr_nest_end(nlh, groups);
	return nlh;
}

static void test_family(void **state)
{
	struct genl_family family = { 0 };
	char buf[1024];

	(void)state;
	assert_true(genl_add_family(put_family(buf, "nlctrl"), &family) > 0);
	assert_int_equal(family.id, 0);
	assert_true(genl_add_family(put_family(buf, NET_FAILOVER_GENL_NAME), &family) > 0);
	assert_int_equal(family.id, 33);
	assert_int_equal(family.group, 9);
}

/* As the kernel builds it: an error, the request (or just its head), the text. */
static struct nlmsghdr *put_error(char *buf, bool capped, const char *text)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlmsgerr *err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_ACK_TLVS | (capped ? NLM_F_CAPPED : 0);
	err->error = -EPERM;
	err->msg.nlmsg_len = sizeof(err->msg) + 8;
	if (!capped)
		mnl_nlmsg_put_extra_header(nlh, 8);
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	return nlh;
}

static void test_the_kernels_words(void **state)
{
	char buf[1024], why[GENL_WHY_LEN];
	struct nlmsghdr *nlh;
	uint32_t len;

	(void)state;
	genl_read_why(put_error(buf, true, "no primary"), why);
	assert_string_equal(why, "no primary");
	genl_read_why(put_error(buf, false, "not \033 yours"), why);
	assert_string_equal(why, "not \\x1b yours");
	nlh = put_error(buf, false, "no");
	for (len = nlh->nlmsg_len; len >= sizeof(*nlh); len--) {
		nlh->nlmsg_len = len;
		genl_read_why(nlh, why);
	}
	((struct nlmsgerr *)mnl_nlmsg_get_payload(put_error(buf, false, "no")))->msg.nlmsg_len = -4;
	genl_read_why(nlh, why);
	assert_string_equal(why, "");
}

/* A number that is no errno must not be negated, let alone be shown as one. */
static void test_errors_that_are_none(void **state)
{
	char buf[1024];
	struct genl_events events;
	struct nlmsghdr *nlh = put_error(buf, false, "no");
	struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);

	(void)state;
	assert_int_equal(genl_parse_events(buf, nlh->nlmsg_len, &events), -EPERM);
	err->error = INT32_MIN;
	assert_int_equal(genl_parse_events(buf, nlh->nlmsg_len, &events), -EBADMSG);
	assert_int_equal(genl_error(0), 0);
	assert_int_equal(genl_error(-EBUSY), -EBUSY);
	assert_int_equal(genl_error(EBUSY), -EBADMSG);
	assert_int_equal(genl_error(-4096), -EBADMSG);
}

/* Events seq..last of an epoch, and what became news. */
struct stream {
	struct genl_event v[2 * NET_FAILOVER_EVENTS_KEPT];
	struct genl_events events;
};

static const struct genl_events *stream(struct stream *s, uint64_t epoch, uint64_t first,
					uint64_t last)
{
	*s = (struct stream){ .events = { s->v, last - first + 1 } };
	for (uint64_t seq = first; seq <= last; seq++)
		s->v[seq - first] = (struct genl_event){ .epoch = epoch, .seq = seq };
	return &s->events;
}

static void assert_news(struct genl_news *news, uint64_t first, size_t n, uint64_t lost)
{
	assert_int_equal(news->events.n, n);
	if (n)
		assert_int_equal(news->events.v[0].seq, first);
	assert_int_equal(news->lost, lost);
	genl_events_free(&news->events);
	*news = (struct genl_news){ 0 };
}

static void test_what_is_news(void **state)
{
	struct genl_place place = { 0 };
	struct genl_news news = { 0 };
	struct stream *s = malloc(sizeof(*s));

	(void)state;
	/* A first reader has lost nothing, whatever it did not see. */
	assert_int_equal(genl_take_live(&place, stream(s, 1, 140, 141), &news), 0);
	genl_take_ring(&place, stream(s, 1, 14, 141), &news);
	assert_news(&news, 14, 128, 0);
	/* Once is enough. */
	assert_int_equal(genl_take_live(&place, stream(s, 1, 141, 143), &news), 3);
	assert_news(&news, 142, 2, 0);
	/* A number is missing: the ring has it, or another namespace. */
	assert_int_equal(genl_take_live(&place, stream(s, 1, 145, 145), &news), 0);
	genl_take_ring(&place, stream(s, 1, 145, 145), &news);
	assert_news(&news, 145, 1, 0);
	/* The ring ran over: 146..149 are nowhere. */
	genl_take_ring(&place, stream(s, 1, 150, 277), &news);
	assert_news(&news, 150, 128, 4);
	/* The module was loaded anew. */
	assert_int_equal(genl_take_live(&place, stream(s, 2, 1, 1), &news), 0);
	genl_take_ring(&place, stream(s, 2, 1, 3), &news);
	assert_true(news.reloaded);
	assert_news(&news, 1, 3, 0);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_several_pairs_and_the_end),
		cmocka_unit_test(test_newer_module),
		cmocka_unit_test(test_names_are_escaped),
		cmocka_unit_test(test_huge_message),
		cmocka_unit_test(test_pair_without_a_name),
		cmocka_unit_test(test_wrong_sizes),
		cmocka_unit_test(test_short_mac_is_none),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_many_mutations),
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_events_refused),
		cmocka_unit_test(test_bent_events),
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_the_kernels_words),
		cmocka_unit_test(test_errors_that_are_none),
		cmocka_unit_test(test_what_is_news),
	};

	return cmocka_run_group_tests_name("genl", tests, NULL, NULL);
}
