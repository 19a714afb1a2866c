// SPDX-License-Identifier: GPL-2.0
/* The master's counters: its own, summed over CPUs. They count what the master
 * delivered and sent, and never fall when a lower goes.
 */
#include "nfo.h"

/* One path on one CPU. */
static void nfo_stats_add(struct nfo_path_sums *sums, const struct nfo_path_stats *stats)
{
	struct nfo_path_sums one;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&stats->syncp);
		one.rx_packets = u64_stats_read(&stats->rx_packets);
		one.rx_bytes = u64_stats_read(&stats->rx_bytes);
		one.rx_multicast = u64_stats_read(&stats->rx_multicast);
		one.rx_link_local = u64_stats_read(&stats->rx_link_local);
		one.rx_idle = u64_stats_read(&stats->rx_idle);
		one.rx_ignored = u64_stats_read(&stats->rx_ignored);
		one.rx_flood_ignored = u64_stats_read(&stats->rx_flood_ignored);
		one.tx_packets = u64_stats_read(&stats->tx_packets);
		one.tx_bytes = u64_stats_read(&stats->tx_bytes);
		one.tx_silenced = u64_stats_read(&stats->tx_silenced);
		one.tx_not_taken = u64_stats_read(&stats->tx_not_taken);
	} while (u64_stats_fetch_retry(&stats->syncp, start));

	sums->rx_packets += one.rx_packets;
	sums->rx_bytes += one.rx_bytes + one.rx_packets * ETH_HLEN;
	sums->rx_multicast += one.rx_multicast;
	sums->rx_link_local += one.rx_link_local;
	sums->rx_idle += one.rx_idle;
	sums->rx_ignored += one.rx_ignored;
	sums->rx_flood_ignored += one.rx_flood_ignored;
	sums->tx_packets += one.tx_packets;
	sums->tx_bytes += one.tx_bytes;
	sums->tx_silenced += one.tx_silenced;
	sums->tx_not_taken += one.tx_not_taken;
}

static u64 nfo_stats_dropped(const struct nfo_pcpu_stats *stats)
{
	unsigned int start;
	u64 dropped;

	do {
		start = u64_stats_fetch_begin(&stats->syncp);
		dropped = u64_stats_read(&stats->tx_dropped);
	} while (u64_stats_fetch_retry(&stats->syncp, start));
	return dropped;
}

/* Both counters of a path, and the drops of both paths, each have a sequence of
 * their own.
 */
int nfo_stats_init(struct nfo_pair *pair)
{
	int cpu, i;

	pair->stats = netdev_alloc_pcpu_stats(struct nfo_pcpu_stats);
	if (!pair->stats)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		for (i = 0; i < NFO_LOWERS; i++)
			u64_stats_init(&per_cpu_ptr(pair->stats, cpu)->path[i].syncp);
	return 0;
}

/**
 * nfo_stats_sum() - add up what every CPU counted
 * @pair: the pair
 * @sums: where to
 */
void nfo_stats_sum(const struct nfo_pair *pair, struct nfo_sums *sums)
{
	int cpu, i;

	memset(sums, 0, sizeof(*sums));
	for_each_possible_cpu(cpu) {
		const struct nfo_pcpu_stats *stats = per_cpu_ptr(pair->stats, cpu);

		for (i = 0; i < NFO_LOWERS; i++)
			nfo_stats_add(&sums->path[i], &stats->path[i]);
		sums->tx_dropped += nfo_stats_dropped(stats);
	}
	for (i = 0; i < NFO_LOWERS; i++)
		sums->tx_dropped += sums->path[i].tx_not_taken;
}

void nfo_stats_get64(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	struct nfo_sums sums;
	int i;

	nfo_stats_sum(netdev_priv(dev), &sums);
	for (i = 0; i < NFO_LOWERS; i++) {
		stats->rx_packets += sums.path[i].rx_packets;
		stats->rx_bytes += sums.path[i].rx_bytes;
		stats->multicast += sums.path[i].rx_multicast;
		stats->tx_packets += sums.path[i].tx_packets;
		stats->tx_bytes += sums.path[i].tx_bytes;
	}
	stats->tx_dropped += sums.tx_dropped;
}
