// SPDX-License-Identifier: GPL-2.0
/* The master's counters: its own, summed over CPUs. They count what the master
 * delivered and sent, and never fall when a lower goes.
 */
#include "nfo.h"

static void nfo_stats_add(struct nfo_sums *sums, const struct nfo_pcpu_stats *stats)
{
	unsigned int start;
	struct nfo_sums one;
	int i;

	do {
		start = u64_stats_fetch_begin(&stats->syncp);
		for (i = 0; i < NFO_LOWERS; i++) {
			const struct nfo_path_stats *path = &stats->path[i];

			one.path[i].rx_packets = u64_stats_read(&path->rx_packets);
			one.path[i].rx_bytes = u64_stats_read(&path->rx_bytes);
			one.path[i].rx_multicast = u64_stats_read(&path->rx_multicast);
			one.path[i].rx_link_local = u64_stats_read(&path->rx_link_local);
			one.path[i].rx_idle = u64_stats_read(&path->rx_idle);
			one.path[i].rx_ignored = u64_stats_read(&path->rx_ignored);
			one.path[i].rx_flood_ignored = u64_stats_read(&path->rx_flood_ignored);
			one.path[i].tx_packets = u64_stats_read(&path->tx_packets);
			one.path[i].tx_bytes = u64_stats_read(&path->tx_bytes);
			one.path[i].tx_silenced = u64_stats_read(&path->tx_silenced);
		}
		one.tx_dropped = u64_stats_read(&stats->tx_dropped);
	} while (u64_stats_fetch_retry(&stats->syncp, start));

	for (i = 0; i < NFO_LOWERS; i++) {
		sums->path[i].rx_packets += one.path[i].rx_packets;
		sums->path[i].rx_bytes += one.path[i].rx_bytes;
		sums->path[i].rx_multicast += one.path[i].rx_multicast;
		sums->path[i].rx_link_local += one.path[i].rx_link_local;
		sums->path[i].rx_idle += one.path[i].rx_idle;
		sums->path[i].rx_ignored += one.path[i].rx_ignored;
		sums->path[i].rx_flood_ignored += one.path[i].rx_flood_ignored;
		sums->path[i].tx_packets += one.path[i].tx_packets;
		sums->path[i].tx_bytes += one.path[i].tx_bytes;
		sums->path[i].tx_silenced += one.path[i].tx_silenced;
	}
	sums->tx_dropped += one.tx_dropped;
}

/**
 * nfo_stats_sum() - add up what every CPU counted
 * @pair: the pair
 * @sums: where to
 */
void nfo_stats_sum(const struct nfo_pair *pair, struct nfo_sums *sums)
{
	int cpu;

	memset(sums, 0, sizeof(*sums));
	for_each_possible_cpu(cpu)
		nfo_stats_add(sums, per_cpu_ptr(pair->stats, cpu));
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
