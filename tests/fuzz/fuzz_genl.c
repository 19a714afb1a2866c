// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: what a hostile kernel, or another program's message, does to the netlink parsers. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "common/genl_parse.h"

static void parse_family(const char *buf, size_t len)
{
	struct genl_family family = { 0 };

	if (!genl_check_frames(buf, len))
		mnl_cb_run(buf, len, 0, 0, genl_add_family, &family);
}

static int read_words(const struct nlmsghdr *nlh, void *data)
{
	char why[GENL_WHY_LEN];

	(void)data;
	genl_read_why(nlh, why);
	return MNL_CB_OK;
}

static void parse_error(const char *buf, size_t len)
{
	static mnl_cb_t control[] = { [NLMSG_ERROR] = read_words };

	if (!genl_check_frames(buf, len))
		mnl_cb_run2(buf, len, 0, 0, read_words, NULL, control, 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says what is parsed; a buffer of just the size shows a read too far. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = size ? size - 1 : 0;
	struct genl_events events;
	struct pairs pairs;
	char *buf;

	if (!size)
		return 0;
	buf = calloc(1, MNL_ALIGN(len) + !len);
	memcpy(buf, data + 1, len);
	switch (*data % 4) {
	case 0:
		genl_parse(buf, len, &pairs);
		free(pairs.v);
		break;
	case 1:
		genl_parse_events(buf, len, &events);
		genl_events_free(&events);
		break;
	case 2:
		parse_family(buf, len);
		break;
	case 3:
		parse_error(buf, len);
		break;
	}
	free(buf);
	return 0;
}
