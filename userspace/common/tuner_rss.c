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

/* rss_config is the table, then the key: room for both of the largest. */
#define RSS_SIZE	(sizeof(struct ethtool_rxfh) + 4 * TABLE_MAX + KEY_MAX)

static int request(uint32_t ifindex, struct ethtool_rxfh *rss)
{
	struct ifreq ifreq = { .ifr_data = (char *)rss };

	return tuner_ioctl(ifindex, SIOCETHTOOL, &ifreq);
}

/* The sizes first: the kernel wants to hear them back. */
static struct ethtool_rxfh *get(uint32_t ifindex)
{
	struct ethtool_rxfh *rss = calloc(1, RSS_SIZE);

	if (!rss)
		return NULL;
	rss->cmd = ETHTOOL_GRSSH;
	if (!request(ifindex, rss)) {
		uint32_t table = rss->indir_size, key = rss->key_size;

		if ((table || key) && table <= TABLE_MAX && key <= KEY_MAX) {
			memset(rss, 0, RSS_SIZE);
			rss->cmd = ETHTOOL_GRSSH;
			rss->indir_size = table;
			rss->key_size = key;
			if (!request(ifindex, rss))
				return rss;
		}
	}
	free(rss);
	return NULL;
}

void rss_read(uint32_t ifindex, struct tune *tune)
{
	struct ethtool_rxfh *rss = get(ifindex);
	char text[TABLE_MAX * 5 + 1] = "";
	const uint8_t *key;
	size_t i, at = 0;

	if (!rss)
		return;
	for (i = 0; i < rss->indir_size && at < sizeof(text); i++)
		at += snprintf(text + at, sizeof(text) - at, "%s%u", i ? "," : "",
			       rss->rss_config[i]);
	if (*text && strlen(text) < TUNE_LINE_MAX / 2)
		tune_put(tune, "rss.table", text, 0, false);
	key = (const uint8_t *)&rss->rss_config[rss->indir_size];
	for (i = 0; i < rss->key_size; i++)
		snprintf(text + 2 * i, 3, "%02x", key[i]);
	if (rss->key_size)
		tune_put(tune, "rss.key", text, 0, false);
	if (rss->hfunc)
		tune_put_number(tune, "rss.hash", rss->hfunc, 0);
	free(rss);
}

static bool fill_table(struct ethtool_rxfh *rss, const struct tune_item *item)
{
	const char *text = item->value;
	uint32_t i;
	char *end;

	for (i = 0; i < rss->indir_size; i++) {
		rss->rss_config[i] = (uint32_t)strtoul(text, &end, 10);
		if (end == text || (*end && *end != ','))
			return false;
		text = *end ? end + 1 : end;
	}
	return !*text;
}

static bool fill_key(struct ethtool_rxfh *rss, const struct tune_item *item)
{
	uint8_t *key = (uint8_t *)&rss->rss_config[rss->indir_size];
	uint32_t i;

	if (strlen(item->value) != 2 * rss->key_size)
		return false;
	for (i = 0; i < rss->key_size; i++)
		if (sscanf(item->value + 2 * i, "%2hhx", &key[i]) != 1)
			return false;
	return true;
}

void rss_write(uint32_t ifindex, const struct tune *values, ethnl_refused refused, void *data)
{
	const struct tune_item *table = tune_find(values, "rss.table");
	const struct tune_item *key = tune_find(values, "rss.key");
	const struct tune_item *hash = tune_find(values, "rss.hash");
	struct ethtool_rxfh *rss;
	int ret = -EOPNOTSUPP;

	if (!table && !key && !hash)
		return;
	rss = get(ifindex);
	if (rss) {
		ret = (table && !fill_table(rss, table)) || (key && !fill_key(rss, key)) ?
		      -EINVAL : 0;
		rss->cmd = ETHTOOL_SRSSH;
		/* What is not to change is not sent: not every driver can set all three. */
		if (!table) {
			memmove(rss->rss_config, rss->rss_config + rss->indir_size, rss->key_size);
			rss->indir_size = ETH_RXFH_INDIR_NO_CHANGE;
		}
		if (!key)
			rss->key_size = 0;
		rss->hfunc = hash ? (uint8_t)strtoul(hash->value, NULL, 10) : 0;
		if (!ret)
			ret = request(ifindex, rss);
	}
	if (ret)
		refused(data, "rss.", ret, "");
	free(rss);
}
