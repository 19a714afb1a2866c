/* SPDX-License-Identifier: GPL-2.0 */
/* Which settings are back and which are not, in words. Pure. */
#ifndef FAILOVERD_TUNING_WORDS_H
#define FAILOVERD_TUNING_WORDS_H

#include "common/tune.h"

/* What was asked for and is not left: "ring.rx, txqueuelen", or NULL. */
char *tuning_name_back(const struct tune_changes *asked, const struct tune_changes *left);
size_t tuning_count_back(const struct tune_changes *asked, const struct tune_changes *left);
/*
 * What is left, with the reason: "ring.rx=8192 (the driver allows 4096)", or NULL.
 * answer: failoverd-tune's, a line for each setting or group that was refused.
 */
char *tuning_name_left(const struct tune_changes *left, const struct tune *now,
		       const char *answer);
/* Both, of who: "eth0: the master has its settings: ...", or NULL: nothing was asked for. */
char *tuning_sentence(const char *who, const struct tune_changes *asked,
		      const struct tune_changes *left, const struct tune *now, const char *answer);

#endif
