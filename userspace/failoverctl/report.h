/* SPDX-License-Identifier: GPL-2.0 */
/* The two forms in which a view is shown. */
#ifndef FAILOVERCTL_REPORT_H
#define FAILOVERCTL_REPORT_H

#include <stdio.h>

#include "failoverctl/page.h"

struct json_object;

struct report {
	const struct view *view;
	const struct findings *findings;
	uint64_t boot_now, real_now;	/* CLOCK_BOOTTIME and CLOCK_REALTIME, ns */
	bool all;			/* no device was named */
};

/* With the times of now. */
struct report report_of(const struct view *view, const struct findings *findings, bool all);
void report_text(const struct report *report, const struct page *page);
struct json_object *report_json(const struct report *report);

/* What both forms need of the report. */
#define MAC_TEXT_LEN 18
void report_mac(const uint8_t *mac, char text[MAC_TEXT_LEN]);
/* ns since the pair last switched, and when that was; false: it never did. */
bool report_last_switch(const struct report *report, const struct pair *pair,
			uint64_t *ago, uint64_t *when);
/* Is this a virtio-net card that the report is to list? */
bool report_lists(const struct report *report, const struct link *link);

#endif
