// SPDX-License-Identifier: GPL-2.0
/*
 * What sits in a hot-plug slot. Its address ("0000:02:00") names the bus below
 * its port; switching its power off removes all that is on that bus.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/kmsg.h"
#include "common/mem.h"
#include "common/slot.h"
#include "common/sysfs.h"

static ssize_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

static void add(struct slot *slot, const char *bus, const char *name)
{
	struct slot_card *card;
	char *path, text[32];

	slot->v = mem_grow(slot->v, slot->n, sizeof(*slot->v));
	card = &slot->v[slot->n++];
	*card = (struct slot_card){ 0 };
	escape_copy(card->bus, sizeof(card->bus), bus);
	if (!name)
		return;
	escape_copy(card->name, sizeof(card->name), name);
	path = mem_printf("%s/bus/pci/devices/%s/net/%s/ifindex", sysfs_root(), bus, name);
	if (read_file(path, text, sizeof(text)) > 0)
		card->ifindex = strtoul(text, NULL, 10);
	free(path);
	/* Only a master of ours has this group; only its standby is a virtio device. */
	path = mem_printf("%s/bus/pci/devices/%s/net/%s/master/net_failover", sysfs_root(), bus,
			  name);
	card->ours = !access(path, F_OK);
	free(path);
}

/* Virtio devices have their netdevs one level deeper: they are none of ours here. */
static void add_function(struct slot *slot, const char *bus)
{
	char *path = mem_printf("%s/bus/pci/devices/%s/net", sysfs_root(), bus);
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool any = false;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		add(slot, bus, entry->d_name);
		any = true;
	}
	if (!any)
		add(slot, bus, NULL);
	if (dir)
		closedir(dir);
	free(path);
}

static int add_functions(struct slot *slot, const char *below)
{
	char *path = mem_printf("%s/bus/pci/devices", sysfs_root());
	DIR *dir = opendir(path);
	int ret = dir ? 0 : -errno;
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, below, strlen(below)))
			add_function(slot, entry->d_name);
	if (dir)
		closedir(dir);
	free(path);
	return ret;
}

/* "0000:02:00" -> "0000:02:" */
static int read_bus(const char *name, char *bus, size_t size)
{
	char *path = mem_printf("%s/bus/pci/slots/%s/address", sysfs_root(), name);
	ssize_t n = read_file(path, bus, size);
	char *colon;

	free(path);
	if (n < 0)
		return (int)n;
	colon = strchr(bus, ':');
	colon = colon ? strchr(colon + 1, ':') : NULL;
	if (!colon)
		return -EBADMSG;
	colon[1] = '\0';
	return 0;
}

int slot_read(const char *name, struct slot *slot)
{
	char bus[WORD_LEN];
	int ret;

	*slot = (struct slot){ 0 };
	if (!kmsg_is_slot(name))
		return -EINVAL;
	ret = read_bus(name, bus, sizeof(bus));
	return ret ? ret : add_functions(slot, bus);
}

bool slot_is_ours(const struct slot *slot)
{
	size_t i;

	for (i = 0; i < slot->n; i++)
		if (!slot->v[i].ours)
			return false;
	return slot->n;
}

int slot_open_power(const char *name)
{
	char *path;
	int fd;

	if (!kmsg_is_slot(name))
		return -EINVAL;
	path = mem_printf("%s/bus/pci/slots/%s/power", sysfs_root(), name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(path);
	return fd;
}
