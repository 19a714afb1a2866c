// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: what a hostile kernel, or another program's message, does to the
 * netlink parsers. PARSE names the one of these functions that is fuzzed.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "common/genl_parse.h"
#include "common/rtnl.h"

#define UNLESS_CHOSEN __attribute__((unused))

static void UNLESS_CHOSEN pairs(const char *buf, size_t len)
{
	struct pairs found;

	genl_parse(buf, len, &found);
	free(found.v);
}

static void UNLESS_CHOSEN events(const char *buf, size_t len)
{
	struct genl_events found;

	genl_parse_events(buf, len, &found);
	genl_events_free(&found);
}

static void UNLESS_CHOSEN family(const char *buf, size_t len)
{
	struct genl_family found = { 0 };

	if (!genl_check_frames(buf, len))
		mnl_cb_run(buf, len, 0, 0, genl_add_family, &found);
}

static void UNLESS_CHOSEN links(const char *buf, size_t len)
{
	struct links found = { 0 };

	if (!genl_check_frames(buf, len))
		mnl_cb_run(buf, len, 0, 0, rtnl_add_link, &found);
	free(found.v);
}

static int read_words(const struct nlmsghdr *nlh, void *data)
{
	char why[GENL_WHY_LEN];

	(void)data;
	genl_read_why(nlh, why);
	return MNL_CB_OK;
}

static void UNLESS_CHOSEN error(const char *buf, size_t len)
{
	static mnl_cb_t control[] = { [NLMSG_ERROR] = read_words };

	if (!genl_check_frames(buf, len))
		mnl_cb_run2(buf, len, 0, 0, read_words, NULL, control, 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A buffer of just the size shows a read too far. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *buf = calloc(1, MNL_ALIGN(size) + !size);

	memcpy(buf, data, size);
	PARSE(buf, size);
	free(buf);
	return 0;
}
