// SPDX-License-Identifier: GPL-2.0
/* Pairs concluded from what sysfs shows, and what is found wrong with them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/findings.h"
#include "common/words.h"

enum { MASTER, STANDBY, PRIMARY, CARDS };

/* A healthy pair: eth0 over eth1 (virtio-net, the same device) and eth2 (a VF). */
struct setup {
	struct link v[CARDS + 1];
	struct view view;
	struct findings findings;
};

static struct link card(const char *name, uint32_t ifindex, const char *driver)
{
	struct link link = { .ifindex = ifindex, .device = 100 + ifindex, .up = true,
			     .carrier = 1, .mtu = 1500, .has_mac = true,
			     .mac = { 2, 0, 0, 0, 0, 1 } };

	strcpy(link.name, name);
	strcpy(link.driver, driver);
	link.virtio = !strcmp(driver, "virtio_net");
	return link;
}

static int make(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	s->v[MASTER] = card("eth0", 2, "virtio_net");
	s->v[STANDBY] = card("eth1", 3, "virtio_net");
	s->v[PRIMARY] = card("eth2", 4, "e1000e");
	s->v[MASTER].negotiated = true;
	s->v[STANDBY].negotiated = true;
	s->v[STANDBY].standby_port = true;
	s->v[MASTER].device = s->v[STANDBY].device;
	strcpy(s->v[STANDBY].master, "eth0");
	strcpy(s->v[PRIMARY].master, "eth0");
	s->view.links = (struct links){ s->v, CARDS };
	s->view.module.kind = MODULE_OURS;
	*state = s;
	return 0;
}

static int drop(void **state)
{
	struct setup *s = *state;

	findings_free(&s->findings);
	free(s->view.pairs.v);
	free(s);
	return 0;
}

/* Derives, and says what the only pair looks like. */
static const struct pair *derive(struct setup *s)
{
	pairs_derive(&s->view.links, &s->view.pairs);
	findings_make(&s->view, &s->findings);
	assert_int_equal(s->view.pairs.n, 1);
	return s->view.pairs.v;
}

static void assert_choice(const struct pair *pair, enum net_failover_role active,
			  enum net_failover_reason reason)
{
	assert_string_equal(words_role(pair->active), words_role(active));
	assert_string_equal(words_reason(pair->reason)->code, words_reason(reason)->code);
}

static const struct finding *finding(const struct setup *s, const char *code)
{
	size_t i;

	for (i = 0; i < s->findings.n; i++)
		if (!strcmp(s->findings.v[i].code, code))
			return &s->findings.v[i];
	return NULL;
}

static void assert_finding(const struct setup *s, const char *code, enum severity severity)
{
	const struct finding *found = finding(s, code);

	if (!found)
		fail_msg("%s was not found", code);
	assert_int_equal(found->severity, severity);
	assert_true(*found->text);
}

static enum severity worst(const struct setup *s)
{
	return findings_worst(&s->findings, NULL);
}

static void test_healthy(void **state)
{
	const struct pair *pair = derive(*state);
	struct setup *s = *state;

	assert_choice(pair, NET_FAILOVER_ROLE_PRIMARY, NET_FAILOVER_REASON_PRIMARY_FIT);
	assert_string_equal(pair->primary.name, "eth2");
	assert_string_equal(pair->standby.name, "eth1");
	assert_true(pair->derived);
	assert_int_equal(s->findings.n, 0);
}

static void test_no_primary(void **state)
{
	struct setup *s = *state;

	s->view.links.n--;
	assert_choice(derive(s), NET_FAILOVER_ROLE_STANDBY, NET_FAILOVER_REASON_NO_PRIMARY);
	assert_finding(s, "no-primary", SEVERITY_DEGRADED);
}

static void test_primary_down(void **state)
{
	struct setup *s = *state;

	s->v[PRIMARY].up = false;
	s->v[PRIMARY].carrier = -1;
	assert_choice(derive(s), NET_FAILOVER_ROLE_STANDBY, NET_FAILOVER_REASON_PRIMARY_DOWN);
	assert_int_equal(worst(s), SEVERITY_DEGRADED);
}

static void test_primary_without_carrier(void **state)
{
	struct setup *s = *state;

	s->v[PRIMARY].carrier = 0;
	assert_choice(derive(s), NET_FAILOVER_ROLE_STANDBY, NET_FAILOVER_REASON_PRIMARY_NO_CARRIER);
	assert_null(finding(s, "in-tree-deaf"));
}

static void test_in_tree_hears_nothing_on_the_standby(void **state)
{
	struct setup *s = *state;

	s->view.module.kind = MODULE_IN_TREE;
	s->v[PRIMARY].carrier = 0;
	derive(s);
	assert_finding(s, "in-tree-deaf", SEVERITY_BAD);
	assert_finding(s, "module-in-tree", SEVERITY_DEGRADED);
}

static void test_none_fit(void **state)
{
	struct setup *s = *state;

	s->v[PRIMARY].carrier = 0;
	s->v[STANDBY].carrier = 0;
	assert_choice(derive(s), NET_FAILOVER_ROLE_NONE, NET_FAILOVER_REASON_NONE_FIT);
	assert_finding(s, "none-fit", SEVERITY_BAD);
}

static void test_master_down(void **state)
{
	struct setup *s = *state;

	s->v[MASTER].up = false;
	assert_choice(derive(s), NET_FAILOVER_ROLE_NONE, NET_FAILOVER_REASON_MASTER_DOWN);
	assert_int_equal(worst(s), SEVERITY_BAD);
}

static void test_standby_without_carrier_is_a_note(void **state)
{
	struct setup *s = *state;

	s->v[STANDBY].carrier = 0;
	derive(s);
	assert_finding(s, "standby-no-carrier", SEVERITY_GOOD);
	assert_int_equal(worst(s), SEVERITY_GOOD);
}

/* As the in-tree module does at host_mtu=1450. */
static void test_standby_refused(void **state)
{
	struct setup *s = *state;

	s->v[STANDBY].master[0] = '\0';
	derive(s);
	assert_finding(s, "no-standby", SEVERITY_DEGRADED);
	assert_finding(s, "loose-standby", SEVERITY_DEGRADED);
}

static void test_duplicate(void **state)
{
	struct setup *s = *state;

	s->v[CARDS] = card("eth3", 9, "ixgbevf");
	s->view.links.n++;
	derive(s);
	assert_finding(s, "duplicate-mac", SEVERITY_DEGRADED);
}

static void test_another_mac_is_no_duplicate(void **state)
{
	struct setup *s = *state;

	s->v[CARDS] = card("eth3", 9, "ixgbevf");
	s->v[CARDS].mac[5]++;
	s->view.links.n++;
	derive(s);
	assert_int_equal(s->findings.n, 0);
}

static void test_mtu_differs(void **state)
{
	struct setup *s = *state;

	s->v[PRIMARY].mtu = 1400;
	derive(s);
	assert_finding(s, "mtu-differs", SEVERITY_DEGRADED);
}

static void test_not_negotiated(void **state)
{
	struct setup *s = *state;

	s->v[MASTER] = card("eth0", 2, "virtio_net");
	s->view.links.n = 1;
	pairs_derive(&s->view.links, &s->view.pairs);
	findings_make(&s->view, &s->findings);
	assert_int_equal(s->view.pairs.n, 0);
	assert_finding(s, "no-pair", SEVERITY_GOOD);
}

static void test_configure_error(void **state)
{
	struct setup *s = *state;
	struct pair pair = { .ifindex = 2, .name = "eth0", .active = NET_FAILOVER_ROLE_STANDBY,
			     .reason = NET_FAILOVER_REASON_PRIMARY_SETUP,
			     .standby = { .present = true, .ifindex = 3, .name = "eth1" },
			     .primary = { .present = true, .ifindex = 4, .name = "eth2",
					  .error = -EBUSY } };

	s->view.pairs = (struct pairs){ malloc(sizeof(pair)), 1 };
	s->view.pairs.v[0] = pair;
	pairs_attach(&s->view.pairs, &s->view.links);
	findings_make(&s->view, &s->findings);
	assert_ptr_equal(s->view.pairs.v[0].primary.link, &s->v[PRIMARY]);
	assert_finding(s, "lower-error", SEVERITY_DEGRADED);
	assert_non_null(strstr(finding(s, "lower-error")->advice, "bridge"));
}

/* A lower that left between the two readings. */
static void test_lower_gone(void **state)
{
	struct setup *s = *state;

	derive(s);
	findings_free(&s->findings);
	s->view.links.n--;
	pairs_attach(&s->view.pairs, &s->view.links);
	findings_make(&s->view, &s->findings);
	assert_string_equal(words_lower(&s->view.pairs.v[0].primary), "gone");
}

static void test_every_reason_has_words(void **state)
{
	uint32_t reason;

	(void)state;
	for (reason = 0; reason <= NET_FAILOVER_REASON_MAX; reason++) {
		const struct reason_words *words = words_reason(reason);

		assert_non_null(words->code);
		assert_true(*words->text);
		assert_true(words->severity == SEVERITY_GOOD || *words->advice);
	}
	assert_string_equal(words_reason(reason)->code, "newer");
	assert_string_equal(words_role(99), "unknown");
}

static void test_the_first_state_word_counts(void **state)
{
	const uint32_t ready = NET_FAILOVER_LOWER_CONFIGURED | NET_FAILOVER_LOWER_UP |
			       NET_FAILOVER_LOWER_ATTACHED | NET_FAILOVER_LOWER_CARRIER |
			       NET_FAILOVER_LOWER_ACTIVATED;
	struct lower lower = { .present = true, .has_state = true, .state = ready };

	(void)state;
	assert_string_equal(words_lower(&lower), "ready");
	lower.state = ready & ~(NET_FAILOVER_LOWER_CARRIER | NET_FAILOVER_LOWER_ACTIVATED);
	assert_string_equal(words_lower(&lower), "no carrier");
	lower.state = ready | NET_FAILOVER_LOWER_DRAINED | NET_FAILOVER_LOWER_LEAVING;
	assert_string_equal(words_lower(&lower), "leaving");
	lower.state = NET_FAILOVER_LOWER_ADMIN_DOWN;
	assert_string_equal(words_lower(&lower), "down by admin");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_healthy),
		TEST(test_no_primary),
		TEST(test_primary_down),
		TEST(test_primary_without_carrier),
		TEST(test_in_tree_hears_nothing_on_the_standby),
		TEST(test_none_fit),
		TEST(test_master_down),
		TEST(test_standby_without_carrier_is_a_note),
		TEST(test_standby_refused),
		TEST(test_duplicate),
		TEST(test_another_mac_is_no_duplicate),
		TEST(test_mtu_differs),
		TEST(test_not_negotiated),
		TEST(test_configure_error),
		TEST(test_lower_gone),
		cmocka_unit_test(test_every_reason_has_words),
		cmocka_unit_test(test_the_first_state_word_counts),
	};

	return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
