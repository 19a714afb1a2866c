/* SPDX-License-Identifier: GPL-2.0 */
/* Where reports go: the journal, or standard error where nobody started us as a service. */
#ifndef FAILOVERD_JOURNAL_H
#define FAILOVERD_JOURNAL_H

#include "failoverd/report.h"

/* On standard error; verbose: with all fields. */
void journal_to_stderr(bool verbose);
void journal_send(const struct report *report);
/* Whether this event is there already; -errno: the journal cannot be asked. */
int journal_has(uint64_t epoch, uint64_t seq);

#endif
