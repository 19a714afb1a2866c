// SPDX-License-Identifier: GPL-2.0
/* Links by rtnetlink: real ones in a namespace of the test's own, and bent messages. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "common/mem.h"
#include "common/rtnl.h"
#include "common/sysfs.h"

static void ip(const char *words)
{
	char *command = mem_printf("ip %s", words);

	assert_int_equal(system(command), 0);
	free(command);
}

static const struct link *named(const struct links *links, const char *name)
{
	size_t i;

	for (i = 0; i < links->n; i++)
		if (!strcmp(links->v[i].ifname, name))
			return &links->v[i];
	fail_msg("no link %s", name);
	return NULL;
}

static void test_real_links(void **state)
{
	struct links links;
	const struct link *a, *bridge;
	size_t i;

	(void)state;
	ip("link add a0 address 52:54:00:00:00:01 mtu 1400 type veth peer name 'b\"0'");
	ip("link add br0 type bridge");
	ip("link set a0 master br0 up");
	assert_int_equal(rtnl_links(&links), 0);
	for (i = 1; i < links.n; i++)
		assert_true(links.v[i - 1].ifindex < links.v[i].ifindex);
	a = named(&links, "a0");
	bridge = named(&links, "br0");
	assert_string_equal(a->master, "br0");
	assert_int_equal(a->master_ifindex, bridge->ifindex);
	assert_true(a->has_mac && a->mac[0] == 0x52 && a->mac[5] == 1);
	assert_true(a->up && a->carrier == 0 && a->mtu == 1400);
	assert_true(!bridge->up && bridge->carrier == -1 && !*bridge->master);
	named(&links, "b\"0");
	sysfs_free(&links);
}

/*
 * Others come and go while the kernel tells of them: a list is whole, or there
 * is none. What is left of one that was interrupted is not taken for the next.
 */
static void test_changing_links(void **state)
{
	pid_t child;
	int i, whole = 0;

	(void)state;
	for (i = 0; i < 30; i++)
		ip("link add type veth");
	child = fork();
	if (!child) {
		for (i = 0; i < 10000 && getppid() != 1; i++)
			if (system("ip link add x0 type veth peer name x1 && ip link del x0"))
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < 2000; i++) {
		struct links links;
		int ret = rtnl_links(&links);

		assert_true(!ret || ret == -EINTR);
		assert_true(ret || links.n > 60);
		whole += !ret;
		sysfs_free(&links);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(whole > 0);
}

/* None has hardware: nothing is left, and that is no failure. */
static void test_no_cards(void **state)
{
	struct links links;
	int ret;

	(void)state;
	assert_int_equal(rtnl_links(&links), 0);
	assert_true(links.n > 0);
	ret = sysfs_complete(&links);
	/* Where /sys shows another namespace's links, ours are not in it. */
	assert_true(!ret || ret == -EAGAIN);
	assert_int_equal(links.n, 0);
	sysfs_free(&links);
}

static struct nlmsghdr *put_link(char *buf)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));
	const uint64_t stats[6] = { 1, 2, 3, 4, 5, 6 };

	nlh->nlmsg_type = RTM_NEWLINK;
	info->ifi_index = 7;
	info->ifi_flags = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "eth\0334");
	mnl_attr_put_u8(nlh, IFLA_CARRIER, 1);
	mnl_attr_put(nlh, IFLA_STATS64, sizeof(stats), stats);
	mnl_attr_put_strz(nlh, IFLA_PHYS_PORT_NAME, "sby");
	mnl_attr_put_strz(nlh, 500, "newer");
	return nlh;
}

static void test_message(void **state)
{
	char buf[1024];
	struct links links = { 0 };

	(void)state;
	assert_int_equal(rtnl_add_link(put_link(buf), &links), MNL_CB_OK);
	assert_int_equal(links.v->ifindex, 7);
	assert_string_equal(links.v->name, "eth\\x1b4");
	assert_string_equal(links.v->ifname, "eth\0334");
	assert_true(links.v->standby_port && links.v->carrier == 1 && !links.v->has_mac);
	assert_int_equal(links.v->counters.rx_packets, 1);
	assert_int_equal(links.v->counters.tx_bytes, 4);
	sysfs_free(&links);
}

/* Cut anywhere, it is refused or read as far as it is whole. */
static void test_cut_messages(void **state)
{
	char buf[1024];
	uint32_t len = put_link(buf)->nlmsg_len;

	(void)state;
	for (; len >= sizeof(struct nlmsghdr); len--) {
		char *cut = test_malloc(MNL_ALIGN(len));
		struct links links = { 0 };

		memcpy(cut, buf, len);
		((struct nlmsghdr *)cut)->nlmsg_len = len;
		rtnl_add_link((struct nlmsghdr *)cut, &links);
		assert_true(links.n <= 1);
		sysfs_free(&links);
		test_free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_links),
		cmocka_unit_test(test_changing_links),
		cmocka_unit_test(test_no_cards),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_cut_messages),
	};

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		perror("FAILED: no network namespace to test in");
		return 1;
	}
	return cmocka_run_group_tests_name("rtnl", tests, NULL, NULL);
}
