// SPDX-License-Identifier: GPL-2.0
/* What kind of card a network interface is, as sysfs shows it. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/mem.h"
#include "common/sysfs.h"
#include "failoverd/card.h"

/* "0x8086\n" -> 0x8086 */
static bool read_id(int dir, const char *path, unsigned int *id)
{
	char text[16] = "";
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	*id = (unsigned int)strtoul(text, NULL, 16);
	return n > 0;
}

static void read_driver(int dir, struct trip_card *card)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, "device/driver", target, sizeof(target) - 1);
	const char *slash;

	if (n < 0)
		return;
	target[n] = '\0';
	slash = strrchr(target, '/');
	escape_copy(card->driver, sizeof(card->driver), slash ? slash + 1 : target);
}

static void count_queues(int dir, struct trip_card *card)
{
	int fd = openat(dir, "queues", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *queues = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!queues && fd >= 0)
		close(fd);
	while (queues && (entry = readdir(queues))) {
		card->rx_queues += !strncmp(entry->d_name, "rx-", 3);
		card->tx_queues += !strncmp(entry->d_name, "tx-", 3);
	}
	if (queues)
		closedir(queues);
}

bool card_read(const char *name, struct trip_card *card)
{
	char *path = mem_printf("%s/class/net/%s", sysfs_root(), name);
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned int vendor, device;

	*card = (struct trip_card){ 0 };
	free(path);
	if (dir < 0)
		return false;
	read_driver(dir, card);
	count_queues(dir, card);
	if (read_id(dir, "device/vendor", &vendor) && read_id(dir, "device/device", &device))
		snprintf(card->pci, sizeof(card->pci), "%04x:%04x", vendor & 0xffff,
			 device & 0xffff);
	close(dir);
	return *card->driver && *card->pci;
}
