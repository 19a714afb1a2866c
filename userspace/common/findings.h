/* SPDX-License-Identifier: GPL-2.0 */
/* What is wrong with what was gathered, how bad, and what to do about it. Pure. */
#ifndef COMMON_FINDINGS_H
#define COMMON_FINDINGS_H

#include "common/pairs.h"

/* Also the exit codes of the programs. */
enum severity {
	SEVERITY_GOOD,
	SEVERITY_DEGRADED,
	SEVERITY_BAD,
	SEVERITY_UNKNOWN,
};

struct finding {
	enum severity severity;		/* GOOD: worth knowing, nothing wrong */
	const char *code;
	char device[NAME_LEN];		/* the master or card that it is about; "": the machine */
	char *text;
	char *advice;
};

struct findings {
	struct finding *v;
	size_t n;
};

void findings_add(struct findings *findings, enum severity severity, const char *code,
		  const char *device, const char *advice, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
void findings_make(const struct view *view, struct findings *findings);
/* Drops those about devices of no pair of these; the machine's stay. */
void findings_keep(struct findings *findings, const struct pairs *pairs);
void findings_free(struct findings *findings);

/* The worst of those about this device and of the machine's; NULL: of all. */
enum severity findings_worst(const struct findings *findings, const char *device);

#endif
