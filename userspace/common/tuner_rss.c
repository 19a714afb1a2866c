// SPDX-License-Identifier: GPL-2.0
/* A card's RSS table, key and hash, by ethtool's ioctl: few kernels set them by netlink. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "common/tuner.h"
#include "common/mem.h"

#define TABLE_MAX	4096	/* entries */
#define KEY_MAX		1024	/* bytes */

/* Table, then key: room for both of the largest. */
struct rss {
	struct ethtool_rxfh head;
	uint32_t room[TABLE_MAX + KEY_MAX / 4];
};

static int request(uint32_t ifindex, struct rss *rss)
{
	struct ifreq ifreq = { .ifr_data = (char *)rss };

	return tuner_ioctl(ifindex, SIOCETHTOOL, &ifreq);
}

/* The sizes first: the kernel wants to hear them back. */
static struct rss *get(uint32_t ifindex)
{
	struct rss *rss = calloc(1, sizeof(*rss));

	if (!rss)
		return NULL;
	rss->head.cmd = ETHTOOL_GRSSH;
	if (!request(ifindex, rss)) {
		uint32_t table = rss->head.indir_size, key = rss->head.key_size;

		if ((table || key) && table <= TABLE_MAX && key <= KEY_MAX) {
			memset(rss, 0, sizeof(*rss));
			rss->head.cmd = ETHTOOL_GRSSH;
			rss->head.indir_size = table;
			rss->head.key_size = key;
			if (!request(ifindex, rss))
				return rss;
		}
	}
	free(rss);
	return NULL;
}

void rss_read(uint32_t ifindex, struct tune *tune)
{
	struct rss *rss = get(ifindex);
	char text[TABLE_MAX * 5 + 1] = "";
	const uint8_t *key;
	size_t i, at = 0;

	if (!rss)
		return;
	for (i = 0; i < rss->head.indir_size && at < sizeof(text); i++)
		at += snprintf(text + at, sizeof(text) - at, "%s%u", i ? "," : "", rss->room[i]);
	if (*text && strlen(text) < TUNE_LINE_MAX / 2)
		tune_put(tune, "rss.table", text, 0, false);
	key = (const uint8_t *)&rss->room[rss->head.indir_size];
	for (i = 0; i < rss->head.key_size; i++)
		snprintf(text + 2 * i, 3, "%02x", key[i]);
	if (rss->head.key_size)
		tune_put(tune, "rss.key", text, 0, false);
	if (rss->head.hfunc)
		tune_put_number(tune, "rss.hash", rss->head.hfunc, 0);
	free(rss);
}

static bool fill_table(struct rss *rss, const struct tune_item *item)
{
	const char *text = item->value;
	uint32_t i;
	char *end;

	for (i = 0; i < rss->head.indir_size; i++) {
		rss->room[i] = (uint32_t)strtoul(text, &end, 10);
		if (end == text || (*end && *end != ','))
			return false;
		text = *end ? end + 1 : end;
	}
	return !*text;
}

static bool fill_key(struct rss *rss, const struct tune_item *item)
{
	uint8_t *key = (uint8_t *)&rss->room[rss->head.indir_size];
	uint32_t i;

	if (strlen(item->value) != 2 * rss->head.key_size)
		return false;
	for (i = 0; i < rss->head.key_size; i++)
		if (sscanf(item->value + 2 * i, "%2hhx", &key[i]) != 1)
			return false;
	return true;
}

void rss_write(uint32_t ifindex, const struct tune *values, ethnl_refused refused, void *data)
{
	const struct tune_item *table = tune_find(values, "rss.table");
	const struct tune_item *key = tune_find(values, "rss.key");
	const struct tune_item *hash = tune_find(values, "rss.hash");
	struct rss *rss;
	int ret = -EOPNOTSUPP;

	if (!table && !key && !hash)
		return;
	rss = get(ifindex);
	if (rss) {
		ret = (table && !fill_table(rss, table)) || (key && !fill_key(rss, key)) ?
		      -EINVAL : 0;
		rss->head.cmd = ETHTOOL_SRSSH;
		/* What is not to change is not sent: not every driver can set all three. */
		if (!table) {
			memmove(rss->room, rss->room + rss->head.indir_size, rss->head.key_size);
			rss->head.indir_size = ETH_RXFH_INDIR_NO_CHANGE;
		}
		if (!key)
			rss->head.key_size = 0;
		rss->head.hfunc = hash ? (uint8_t)strtoul(hash->value, NULL, 10) : 0;
		if (!ret)
			ret = request(ifindex, rss);
	}
	if (ret)
		refused(data, "rss.", ret, "");
	free(rss);
}
