// SPDX-License-Identifier: GPL-2.0
/* What the text and the JSON form both need of a report. */
#include <string.h>

#include "failoverctl/report.h"

void report_mac(const uint8_t *mac, char text[MAC_TEXT_LEN])
{
	snprintf(text, MAC_TEXT_LEN, "%02x:%02x:%02x:%02x:%02x:%02x",
		 mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

bool report_last_switch(const struct report *report, const struct pair *pair,
			uint64_t *ago, uint64_t *when)
{
	if (!pair->has_since || !pair->since)
		return false;
	*ago = report->boot_now > pair->since ? report->boot_now - pair->since : 0;
	*when = report->real_now > *ago ? report->real_now - *ago : 0;
	return true;
}

/* The master hangs on the same virtio device, but is no card. */
bool report_lists(const struct report *report, const struct link *link)
{
	const struct pair *pair = pairs_of(&report->view->pairs, link);

	if (!link->virtio)
		return false;
	return pair ? pair->ifindex != link->ifindex : report->all;
}
