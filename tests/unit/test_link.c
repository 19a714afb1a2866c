// SPDX-License-Identifier: GPL-2.0
/* The daemon's view of links, on real links in a network namespace of the test's own. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../userspace/failoverd/link.c"

#define PATIENCE_USEC	5000000
#define QUIET_USEC	300000

struct seen {
	unsigned int came, changed, left, settled, resynced;
	struct link_state before, now;	/* of the last change */
};

static void on_changed(void *data, const struct link_state *before, const struct link_state *now)
{
	struct seen *seen = data;

	seen->came += !before;
	seen->left += !now;
	seen->changed += before && now;
	if (before)
		seen->before = *before;
	if (now)
		seen->now = *now;
}

static void on_settled(void *data, bool resynced)
{
	struct seen *seen = data;

	seen->settled++;
	seen->resynced += resynced;
}

static struct sd_event *loop;
static struct links_view *view;
static struct seen seen;

static void ip(const char *words)
{
	char *command = mem_printf("ip %s", words);

	assert_int_equal(system(command), 0);
	free(command);
}

/* Until nothing comes any more. */
static void run(void)
{
	while (sd_event_run(loop, QUIET_USEC) > 0)
		;
}

static const struct link_state *named(const char *ifname)
{
	const struct link_state *link = link_by_name(view, ifname);

	assert_non_null(link);
	return link;
}

static int begin(void **state)
{
	static const struct link_watcher watcher = { on_changed, on_settled, &seen };

	(void)state;
	ip("link add a0 address 52:54:00:00:00:01 type veth peer name b0");
	seen = (struct seen){ 0 };
	assert_return_code(sd_event_new(&loop), 0);
	assert_int_equal(link_open(&view, loop), 0);
	link_watch(view, &watcher);
	return 0;
}

static int end(void **state)
{
	(void)state;
	link_close(view);
	sd_event_unref(loop);
	/* A test may have deleted or renamed them; the namespace ends with us. */
	return system("ip link del a0 2>/dev/null || ip link del b0 2>/dev/null || true");
}

static void test_lookups(void **state)
{
	static const uint8_t mac[] = { 0x52, 0x54, 0, 0, 0, 1 }, none[MAC_LEN] = { 1 };
	const struct link_state *a = named("a0");

	(void)state;
	assert_true(a->has_mac && !a->up && !a->carrier && !a->slave && !a->master);
	assert_int_equal(a->mtu, 1500);
	assert_string_equal(a->bus, "");
	assert_ptr_equal(link_by_index(view, a->ifindex), a);
	assert_ptr_equal(link_by_mac(view, mac, NULL), a);
	assert_null(link_by_mac(view, mac, a));
	assert_null(link_by_mac(view, none, NULL));
	assert_null(link_by_bus(view, "0000:02:00.0", NULL));
	assert_null(link_by_index(view, 0x7fffffff));
	assert_null(link_by_name(view, "nope"));
	run();
	assert_int_equal(seen.settled, 0);
}

static void test_life(void **state)
{
	uint32_t ifindex = named("a0")->ifindex;

	(void)state;
	ip("link set a0 up");
	ip("link set b0 up");
	run();
	assert_true(link_carries(named("a0")));
	assert_true(link_carries(named("b0")));
	assert_int_equal(seen.came + seen.left, 0);

	ip("link set b0 down");
	run();
	assert_true(named("a0")->up);
	assert_false(link_carries(named("a0")));

	ip("link set a0 down name 'a\"1' address 52:54:00:00:00:09");
	run();
	assert_int_equal(named("a\"1")->ifindex, ifindex);
	assert_int_equal(named("a\"1")->mac[5], 9);
	assert_null(link_by_name(view, "a0"));

	ip("link del b0");
	run();
	assert_null(link_by_index(view, ifindex));
	assert_int_equal(seen.left, 2);
	assert_int_equal(seen.resynced, 0);
}

/* A bridge tells of its ports in a second way, which must not count as links that leave. */
static void test_bridge(void **state)
{
	(void)state;
	ip("link add br0 type bridge");
	ip("link set a0 master br0");
	run();
	assert_int_equal(seen.came, 1);
	assert_int_equal(named("a0")->master, named("br0")->ifindex);
	ip("link set a0 nomaster");
	run();
	assert_int_equal(named("a0")->master, 0);
	assert_int_equal(seen.left, 0);
	ip("link del br0");
	run();
	assert_int_equal(seen.left, 1);
}

static void change_much(void)
{
	FILE *batch = popen("ip -batch -", "w");
	int i;

	assert_non_null(batch);
	for (i = 0; i < 500; i++)
		fprintf(batch, "link set a0 mtu %d\n", 1000 + i);
	fprintf(batch, "link set b0 name b1\nlink add c0 type veth peer name c1\n"
		       "link del c0\nlink add c2 type veth peer name c3\n");
	assert_int_equal(pclose(batch), 0);
}

/* More than the socket holds: noticed, and all is known afterwards. */
static void test_overrun(void **state)
{
	uint32_t ifindex = named("b0")->ifindex;
	size_t before = view->n;

	(void)state;
	nl_socket_set_buffer_size(view->sock, 16384, 0);
	change_much();
	run();
	assert_true(seen.resynced >= 1);
	assert_int_equal(named("a0")->mtu, 1499);
	assert_int_equal(named("b1")->ifindex, ifindex);
	assert_null(link_by_name(view, "c0"));
	named("c2");
	assert_int_equal(view->n, before + 2);

	ip("link del c2");
	run();
	assert_null(link_by_name(view, "c3"));
	assert_int_equal(view->n, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lookups, begin, end),
		cmocka_unit_test_setup_teardown(test_life, begin, end),
		cmocka_unit_test_setup_teardown(test_bridge, begin, end),
		cmocka_unit_test_setup_teardown(test_overrun, begin, end),
	};

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		perror("FAILED: no network namespace to test in");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
