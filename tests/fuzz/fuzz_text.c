// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: text that others write and we read. PARSE names the one of these
 * functions that is fuzzed. The files are included for their static functions.
 */
#include <stdint.h>
#include <stdio.h>

#include "../../userspace/common/guest.c"
#include "../../userspace/failoverd/hooks.c"
#include "../../userspace/failoverd/state.c"

#include "common/tune.h"
#include "failoverd/config.h"

#define UNLESS_CHOSEN __attribute__((unused))

void journal_send(const struct report *report)
{
	(void)report;
}

static void complained(void *data, unsigned int line, const char *text)
{
	(void)data;
	if (!line || !*text)
		abort();
}

/* An administrator's failoverd.conf. */
static void UNLESS_CHOSEN config(char *text, size_t len)
{
	FILE *file = len ? fmemopen(text, len, "r") : NULL;
	struct config found;

	config_defaults(&found);
	if (!file)
		return;
	config_parse(file, &found, complained, NULL);
	fclose(file);
}

/* What an older or newer daemon left in /run. */
static void UNLESS_CHOSEN state(char *text, size_t len)
{
	FILE *file = len ? fmemopen(text, len, "r") : NULL;
	struct trips_log trips = { 0 };
	struct policy policy = { 0 };
	struct state found;

	if (!file)
		return;
	take(file, &found, &policy, &trips);
	policy_clear(&policy);
	trip_clear(&trips);
	fclose(file);
}

/* What the service that runs hooks answers. */
static void UNLESS_CHOSEN answer(char *text, size_t len)
{
	struct hooks hooks = { .answered = len < ANSWER - 1 ? len : ANSWER - 1 };

	memcpy(hooks.answer, text, hooks.answered);
	tell_answer(&hooks);
}

/* Any user's command line, which failoverctl check looks through as root. */
static void UNLESS_CHOSEN cmdline(char *text, size_t len)
{
	struct link cards[] = { { .name = "eth0" }, { .name = "e" } };
	const struct links links = { cards, 2 };
	struct guest guest = { 0 };

	is_dhcp_client(text);
	look_at_words(&guest, &links, text, len);
	guest_free(&guest);
}

/* Settings, which failoverd-tune takes as root: what is wanted, an empty line, what is there. */
static void UNLESS_CHOSEN setting(char *text, size_t len)
{
	struct tune wanted = { 0 }, now = { 0 }, seen = { 0 }, *to = &wanted;
	struct tune_changes changes;
	char *line, *rest = text;

	(void)len;
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			tune_take_line(to, line, true);
		else
			to = &now;
	}
	tune_decide(&wanted, &now, true, &changes);
	tune_free_changes(&changes);
	tune_learn(&wanted, &seen, &now);
	tune_free(&seen);
	tune_free(&wanted);
	tune_free(&now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As readers get it: with a zero behind, in a buffer of just that size. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	PARSE(text, size);
	free(text);
	return 0;
}
