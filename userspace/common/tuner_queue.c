// SPDX-License-Identifier: GPL-2.0
/* Which CPUs serve a card's queues: RPS and XPS masks, which only sysfs has. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/tuner.h"
#include "common/mem.h"
#include "common/sysfs.h"

static const struct {
	const char *prefix, *folder, *file;
} kinds[] = {
	{ "rps.", "rx-", "rps_cpus" },
	{ "xps.", "tx-", "xps_cpus" },
};

/* In the card's folder. */
static char *path_of(const char *prefix, const char *number)
{
	size_t kind = !strncmp(prefix, "xps.", 4);

	return mem_printf("queues/%s%s/%s", kinds[kind].folder, number, kinds[kind].file);
}

static void read_mask(int card, size_t kind, const char *number, struct tune *tune)
{
	char *path = path_of(kinds[kind].prefix, number);
	char text[512] = "", *key;
	int fd = openat(card, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	free(path);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? strcspn(text, "\n") : 0] = '\0';
	if (!*text)
		return;
	key = mem_printf("%s%s", kinds[kind].prefix, number);
	tune_put(tune, key, text, 0, false);
	free(key);
}

static DIR *open_queues(int card)
{
	int fd = openat(card, "queues", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		close(fd);
	return dir;
}

void queue_read(uint32_t ifindex, struct tune *tune)
{
	int card = sysfs_open_card(ifindex);
	DIR *dir = card < 0 ? NULL : open_queues(card);
	struct dirent *entry;
	size_t i;

	while (dir && (entry = readdir(dir)))
		for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
			if (!strncmp(entry->d_name, kinds[i].folder, 3))
				read_mask(card, i, entry->d_name + 3, tune);
	if (dir)
		closedir(dir);
	if (card >= 0)
		close(card);
}

static int write_mask(int card, const char *key, const char *value)
{
	char *path;
	int fd, ret = 0;

	if (!key[4] || key[4 + strspn(key + 4, "0123456789")] ||
	    value[strspn(value, "0123456789abcdefABCDEF,")])
		return -EINVAL;
	path = path_of(key, key + 4);
	fd = openat(card, path, O_WRONLY | O_CLOEXEC);
	free(path);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

void queue_write(uint32_t ifindex, const struct tune *values, ethnl_refused refused, void *data)
{
	int card = sysfs_open_card(ifindex);
	size_t i;

	for (i = 0; i < values->n; i++) {
		const char *key = values->v[i].key;
		int ret;

		if (strncmp(key, "rps.", 4) && strncmp(key, "xps.", 4))
			continue;
		ret = card < 0 ? -ENODEV : write_mask(card, key, values->v[i].value);
		if (ret)
			refused(data, key, ret, "");
	}
	if (card >= 0)
		close(card);
}
