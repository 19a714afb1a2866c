// SPDX-License-Identifier: GPL-2.0
/* Where reports go. The one file that knows sd-journal. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <systemd/sd-journal.h>

#include "common/mem.h"
#include "failoverd/journal.h"

static bool to_stderr, with_fields;

void journal_to_stderr(bool verbose)
{
	to_stderr = true;
	with_fields = verbose;
}

static void print(const struct report *report)
{
	size_t i;

	fprintf(stderr, "%s\n", report_field(report, "MESSAGE"));
	for (i = 1; with_fields && i < report->n; i++)
		fprintf(stderr, "    %s\n", report->v[i]);
}

void journal_send(const struct report *report)
{
	struct iovec *iov;
	size_t i;

	if (to_stderr) {
		print(report);
		return;
	}
	iov = mem_grow(NULL, report->n, sizeof(*iov));
	for (i = 0; i < report->n; i++)
		iov[i] = (struct iovec){ report->v[i], strlen(report->v[i]) };
	sd_journal_sendv(iov, (int)report->n);
	free(iov);
}

static int add_match(sd_journal *journal, const char *name, uint64_t value)
{
	char *match = mem_printf("%s=%" PRIu64, name, value);
	int ret = sd_journal_add_match(journal, match, 0);

	free(match);
	return ret;
}

int journal_has(uint64_t epoch, uint64_t seq)
{
	sd_journal *journal;
	int ret;

	if (to_stderr)
		return -EOPNOTSUPP;
	ret = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
	if (ret < 0)
		return ret;
	ret = add_match(journal, "NET_FAILOVER_EPOCH", epoch);
	if (ret >= 0)
		ret = add_match(journal, "NET_FAILOVER_SEQ", seq);
	if (ret >= 0)
		ret = sd_journal_seek_tail(journal);
	if (ret >= 0)
		ret = sd_journal_previous(journal);
	sd_journal_close(journal);
	return ret;
}
