/* SPDX-License-Identifier: GPL-2.0 */
/* The words for every number of our own: JSON's, people's, and what to do. */
#ifndef COMMON_WORDS_H
#define COMMON_WORDS_H

#include "common/findings.h"

struct reason_words {
	const char *code;
	const char *text;	/* completes "the standby carries traffic: …" */
	const char *advice;
	enum severity severity;
};

/* Also for a reason that only a newer module knows. */
const struct reason_words *words_reason(uint32_t reason);
const char *words_role(uint32_t role);
/* Also for a kind that only a newer module knows. */
const char *words_event(uint32_t kind);
const char *words_module(enum module_kind kind);
const char *words_severity(enum severity severity);

/* What a configure error, a negative errno, asks of the administrator. */
const char *words_error_advice(int error);

/* The name of one LOWER_STATE bit, as JSON says it; NULL past the last. */
const char *words_state_bit(unsigned int bit);

/* The one word that matters most of a lower's state. */
const char *words_lower(const struct lower *lower);

#endif
