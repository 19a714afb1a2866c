// SPDX-License-Identifier: GPL-2.0
/* Which settings are back and which are not, in words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "failoverd/tuning_words.h"

#define NAMED_MAX	400	/* of a sentence, more or less */
#define WHY_LEN		128

/* Adds ", name" to a sentence that may become long. */
static void name_one(char **text, const char *key, const char *value, const char *why)
{
	char *longer;

	if (*text && strlen(*text) > NAMED_MAX) {
		if (strcmp(*text + strlen(*text) - 3, "..."))
			longer = mem_printf("%s, ...", *text);
		else
			return;
	} else {
		longer = mem_printf("%s%s%s%.40s%s%s%s", *text ? *text : "", *text ? ", " : "",
				    key, value, *why ? " (" : "", why, *why ? ")" : "");
	}
	free(*text);
	*text = longer;
}

/* The words of failoverd-tune's line about this setting or its group; "": none. */
static void why_of(const char *answer, const char *key, char why[WHY_LEN])
{
	size_t group = strcspn(key, ".") + 1;
	const char *line;

	why[0] = '\0';
	for (line = answer; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t word = strcspn(line, "\n ");

		if ((word == strlen(key) && !strncmp(line, key, word)) ||
		    (word == group && !strncmp(line, key, word)) ||
		    !strncmp(line, "refused:", 8)) {
			snprintf(why, WHY_LEN, "%.*s", (int)strcspn(line + word, "\n") - 1,
				 line + word + 1);
			return;
		}
	}
}

static struct tune_change *find_change(const struct tune_changes *changes, const char *key)
{
	size_t i;

	for (i = 0; i < changes->n; i++)
		if (!strcmp(changes->v[i].key, key))
			return &changes->v[i];
	return NULL;
}

/* What is still not as it should be: "ring.rx=8192 (this driver allows 4096)". */
char *tuning_name_left(const struct tune_changes *left, const struct tune *now,
		       const char *answer)
{
	char *text = NULL;
	size_t i;

	for (i = 0; i < left->n; i++) {
		const struct tune_change *change = &left->v[i];
		const struct tune_item *item = tune_find(now, change->key);
		char why[WHY_LEN], *value = mem_printf("=%s", change->wanted);

		why_of(answer, change->key, why);
		if (change->verdict == TUNE_CLAMP)
			snprintf(why, sizeof(why), "the driver allows %u", item ? item->max : 0);
		else if (change->verdict == TUNE_CANNOT)
			snprintf(why, sizeof(why), "the driver has none%s",
				 item ? " of this size" : "");
		name_one(&text, change->key, value, why);
		free(value);
	}
	return text;
}

size_t tuning_count_back(const struct tune_changes *asked, const struct tune_changes *left)
{
	size_t i, n = 0;

	for (i = 0; i < asked->n; i++)
		n += !find_change(left, asked->v[i].key);
	return n;
}

char *tuning_name_back(const struct tune_changes *asked, const struct tune_changes *left)
{
	char *text = NULL;
	size_t i;

	for (i = 0; i < asked->n; i++)
		if (!find_change(left, asked->v[i].key))
			name_one(&text, asked->v[i].key, "", "");
	return text;
}

char *tuning_sentence(const char *who, const struct tune_changes *asked,
		      const struct tune_changes *left, const struct tune *now, const char *answer)
{
	char *back = tuning_name_back(asked, left);
	char *failed = tuning_name_left(left, now, answer), *text = NULL;

	if (left->n)
		text = mem_printf("%s does not have all its settings: %s%s%s", who, failed,
				  back ? "; set: " : "", back ? back : "");
	else if (back)
		text = mem_printf("%s has its settings: %s", who, back);
	free(back);
	free(failed);
	return text;
}
