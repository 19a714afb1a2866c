// SPDX-License-Identifier: GPL-2.0
/*
 * What is known of each primary's settings, or each master's. The file is text, one fact a line:
 *
 *	tuned 1				the format
 *	card MAC IFINDEX DRIVER		then its settings:
 *	set KEY=VALUE			a wish
 *	has KEY=VALUE			as it was found
 *	was KEY=VALUE			at the last look, where that differs
 *	not KEY=VALUE			a wish or find that it had not at the last look
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "failoverd/tuned.h"

#define MAGIC	"tuned 1\n"
#define MAC_FORMAT "%02x:%02x:%02x:%02x:%02x:%02x"
#define MAC_SCAN "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx"

struct tuned *tuned_of(struct tuneds *tuneds, const uint8_t mac[MAC_LEN])
{
	struct tuned *tuned;
	size_t i;

	for (i = 0; i < tuneds->n; i++)
		if (!memcmp(tuneds->v[i]->mac, mac, MAC_LEN))
			return tuneds->v[i];
	tuned = mem_grow(NULL, 0, sizeof(*tuned));
	*tuned = (struct tuned){ 0 };
	memcpy(tuned->mac, mac, MAC_LEN);
	tuneds->v = mem_grow(tuneds->v, tuneds->n, sizeof(struct tuned *));
	tuneds->v[tuneds->n++] = tuned;
	return tuned;
}

void tuned_clear(struct tuneds *tuneds)
{
	size_t i;

	for (i = 0; i < tuneds->n; i++) {
		tune_free(&tuneds->v[i]->learned);
		tune_free(&tuneds->v[i]->seen);
		free(tuneds->v[i]);
	}
	free(tuneds->v);
	*tuneds = (struct tuneds){ 0 };
}

static struct tuned *take_card(struct tuneds *tuneds, const char *line)
{
	char driver[WORD_LEN];
	struct tuned *tuned;
	uint32_t ifindex;
	uint8_t mac[6];

	/* 63 is WORD_LEN - 1 */
	if (sscanf(line, "card " MAC_SCAN " %" SCNu32 " %63s", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5], &ifindex, driver) != 8)
		return NULL;
	tuned = tuned_of(tuneds, mac);
	tuned->ifindex = ifindex;
	memcpy(tuned->driver, driver, sizeof(driver));
	return tuned;
}

/* What differs from seen at the first look was changed while nobody watched. */
static bool take_setting(struct tuned *tuned, const char *line, bool (*knows)(const char *key))
{
	bool set = !strncmp(line, "set ", 4), was = !strncmp(line, "was ", 4);
	bool not = !strncmp(line, "not ", 4);

	if (!set && !was && !not && strncmp(line, "has ", 4))
		return false;
	if (!tune_take_if(&tuned->seen, line + 4, false, knows))
		return false;
	if (not) {
		char *key = mem_printf("%.*s", (int)strcspn(line + 4, "="), line + 4);

		tune_drop(&tuned->seen, key);
		free(key);
	}
	return was || not || tune_take_if(&tuned->learned, line + 4, set, knows);
}

static int take(FILE *file, bool (*knows)(const char *key), struct tuneds *tuneds)
{
	struct tuned *tuned = NULL;
	char line[TUNE_LINE_MAX];

	if (!fgets(line, sizeof(line), file) || strcmp(line, MAGIC))
		return -EBADMSG;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "card ", 5)) {
			tuned = take_card(tuneds, line);
			if (!tuned)
				return -EBADMSG;
		} else if (!tuned || !take_setting(tuned, line, knows)) {
			return -EBADMSG;
		}
	}
	return 0;
}

int tuned_load(const char *path, bool (*knows)(const char *key), struct tuneds *tuneds)
{
	FILE *file = fopen(path, "re");
	int ret;

	*tuneds = (struct tuneds){ 0 };
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	ret = take(file, knows, tuneds);
	fclose(file);
	if (ret)
		tuned_clear(tuneds);
	return ret;
}

static void put(FILE *file, const struct tuned *tuned)
{
	uint32_t ifindex = tuned->pending ? tuned->before : tuned->ifindex;
	const uint8_t *mac = tuned->mac;
	size_t i;

	fprintf(file, "card " MAC_FORMAT " %" PRIu32 " %s\n", mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5], ifindex, *tuned->driver ? tuned->driver : "?");
	for (i = 0; i < tuned->learned.n; i++) {
		const struct tune_item *learned = &tuned->learned.v[i];
		const struct tune_item *seen = tune_find(&tuned->seen, learned->key);

		fprintf(file, "%s %s=%s\n", learned->set ? "set" : "has", learned->key,
			learned->value);
		if (!seen)
			fprintf(file, "not %s=%s\n", learned->key, learned->value);
		else if (strcmp(learned->value, seen->value))
			fprintf(file, "was %s=%s\n", seen->key, seen->value);
	}
}

static int put_all(FILE *file, const struct tuneds *tuneds)
{
	size_t i;

	fputs(MAGIC, file);
	for (i = 0; i < tuneds->n; i++)
		put(file, tuneds->v[i]);
	return ferror(file) ? -EIO : 0;
}

int tuned_save(const char *path, const struct tuneds *tuneds)
{
	char *next = mem_printf("%s.new", path);
	FILE *file = fopen(next, "we");
	int ret = file ? put_all(file, tuneds) : -errno;

	if (file && fclose(file) && !ret)
		ret = -errno;
	if (!ret && rename(next, path) < 0)
		ret = -errno;
	if (ret)
		unlink(next);
	free(next);
	return ret;
}
