// SPDX-License-Identifier: GPL-2.0
/*
 * What of this machine beside its network cards matters to a migration: from
 * sysfs, ethtool's ioctl, getifaddrs() and /proc. On a machine that a test
 * made, files of its tree say the same.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "common/escape.h"
#include "common/guest.h"
#include "common/mem.h"
#include "common/sysfs.h"

const char * const guest_features[] = {
	"scatter-gather", "TX checksums", "RX checksums", "TSO", "GSO", "GRO", NULL,
};

static const uint32_t feature_commands[] = {
	ETHTOOL_GSG, ETHTOOL_GTXCSUM, ETHTOOL_GRXCSUM, ETHTOOL_GTSO, ETHTOOL_GGSO, ETHTOOL_GGRO,
};

static void add_use(struct guest_uses *uses, const char *card, const char *what)
{
	struct guest_use *use;

	uses->v = mem_grow(uses->v, uses->n, sizeof(*uses->v));
	use = &uses->v[uses->n++];
	escape_copy(use->card, sizeof(use->card), card);
	escape_copy(use->what, sizeof(use->what), what);
}

/* At most size - 1 bytes of a file, its length; -1: unreadable. */
static ssize_t read_path(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

/* "0000:02:00.1" is in the slot "0000:02:00"; only slots with hotplug have "power". */
static bool is_slot_of(const char *slots, const char *slot, const char *bus)
{
	char path[PATH_MAX], address[64];
	size_t len = strcspn(bus, ".");
	int n;

	snprintf(path, sizeof(path), "%s/%s/power", slots, slot);
	if (access(path, F_OK))
		return false;
	n = snprintf(path, sizeof(path), "%s/%s/address", slots, slot);
	if (n < 0 || (size_t)n >= sizeof(path) || read_path(path, address, sizeof(address)) < 0)
		return false;
	address[strcspn(address, "\n")] = '\0';
	return *bus && strlen(address) == len && !strncmp(address, bus, len);
}

static bool find_slot(const char *bus)
{
	char *slots = mem_printf("%s/bus/pci/slots", sysfs_root());
	DIR *dir = opendir(slots);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.' && is_slot_of(slots, entry->d_name, bus);
	if (dir)
		closedir(dir);
	free(slots);
	return found;
}

/* A test's card has the bits in a file. */
static void read_recorded_features(struct guest_card *card)
{
	char *path = mem_printf("%s/class/net/%s/ethtool-features", sysfs_root(), card->name);
	char text[32];

	card->known = read_path(path, text, sizeof(text)) > 0;
	if (card->known)
		card->features = strtoul(text, NULL, 16);
	free(path);
}

static bool ask_feature(int fd, const char *name, uint32_t command, uint32_t *value)
{
	struct ethtool_value ask = { .cmd = command };
	struct ifreq request = { .ifr_data = (char *)&ask };

	if (strlen(name) >= sizeof(request.ifr_name))
		return false;
	memcpy(request.ifr_name, name, strlen(name));
	if (ioctl(fd, SIOCETHTOOL, &request) < 0)
		return false;
	*value = ask.data;
	return true;
}

static void read_features(int fd, struct guest_card *card)
{
	uint32_t value;
	size_t i;

	if (sysfs_replaced()) {
		read_recorded_features(card);
		return;
	}
	for (i = 0; guest_features[i]; i++) {
		if (!ask_feature(fd, card->name, feature_commands[i], &value))
			return;
		card->features |= (uint32_t)!!value << i;
	}
	card->known = true;
}

static void look_at_cards(const struct links *links, struct guest *guest)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* any kind serves ethtool */
	size_t i;

	for (i = 0; i < links->n; i++) {
		struct guest_card *card;

		guest->cards = mem_grow(guest->cards, guest->n, sizeof(*guest->cards));
		card = &guest->cards[guest->n++];
		*card = (struct guest_card){ .slot = find_slot(links->v[i].bus) };
		memcpy(card->name, links->v[i].name, sizeof(card->name));
		read_features(fd, card);
	}
	if (fd >= 0)
		close(fd);
}

/* Lines of "card address" in a test's tree. */
static void read_recorded_addresses(struct guest *guest)
{
	char *path = mem_printf("%s/addresses", sysfs_root());
	char text[4096] = "", *save = NULL, *line;

	if (read_path(path, text, sizeof(text)) > 0) {
		for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
			char *address = line + strcspn(line, " ");

			if (*address)
				*address++ = '\0';
			add_use(&guest->addresses, line, address);
		}
	}
	free(path);
}

static void add_address(struct guest *guest, const struct ifaddrs *at)
{
	char text[INET6_ADDRSTRLEN] = "";
	const void *bytes = NULL;

	if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET)
		bytes = &((const struct sockaddr_in *)(const void *)at->ifa_addr)->sin_addr;
	else if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)at->ifa_addr)->sin6_addr;
	if (bytes && inet_ntop(at->ifa_addr->sa_family, bytes, text, sizeof(text)))
		add_use(&guest->addresses, at->ifa_name, text);
}

static void look_at_addresses(struct guest *guest)
{
	struct ifaddrs *all, *at;

	if (sysfs_replaced()) {
		read_recorded_addresses(guest);
		return;
	}
	if (getifaddrs(&all))
		return;
	for (at = all; at; at = at->ifa_next)
		add_address(guest, at);
	freeifaddrs(all);
}

/* The programs, by the last component of argv[0] or, for scripts, of argv[1]. */
static const char * const dhcp_clients[] = {
	"dhclient", "dhcpcd", "udhcpc", "udhcpc6", "dhcp6c", "pump",
};

static bool is_dhcp_client(const char *word)
{
	const char *slash = strrchr(word, '/'), *name = slash ? slash + 1 : word;
	size_t i;

	for (i = 0; i < sizeof(dhcp_clients) / sizeof(*dhcp_clients); i++)
		if (!strcmp(name, dhcp_clients[i]) ||
		    (!strncmp(name, "dhcpcd:", 7) && i == 1))
			return true;
	return false;
}

/* Is a word this card's name, also as in -ieth2? */
static bool has_word(const char *cmdline, size_t len, const char *card)
{
	const char *word;

	for (word = cmdline + strlen(cmdline) + 1; word < cmdline + len;
	     word += strlen(word) + 1)
		if (!strcmp(!strncmp(word, "-i", 2) ? word + 2 : word, card))
			return true;
	return false;
}

/* A client counts once for a card, however often it names it: a user's words are not all kept. */
static void look_at_words(struct guest *guest, const struct links *links, const char *cmdline,
			  size_t len)
{
	const char *slash = strrchr(cmdline, '/');
	size_t i;

	for (i = 0; i < links->n; i++)
		if (has_word(cmdline, len, links->v[i].name))
			add_use(&guest->clients, links->v[i].name, slash ? slash + 1 : cmdline);
}

/* Others' namespaces are unreadable or differ; who may not look, assumes ours. */
static bool in_our_namespace(const char *proc, const char *pid)
{
	char path[PATH_MAX], ours[64] = "", theirs[64] = "";
	ssize_t n;

	snprintf(path, sizeof(path), "%s/self/ns/net", proc);
	n = readlink(path, ours, sizeof(ours) - 1);
	if (n <= 0)
		return true;
	snprintf(path, sizeof(path), "%s/%s/ns/net", proc, pid);
	n = readlink(path, theirs, sizeof(theirs) - 1);
	return n <= 0 || !strcmp(ours, theirs);
}

static void look_at_process(struct guest *guest, const struct links *links, const char *proc,
			    const char *pid)
{
	char path[PATH_MAX], cmdline[4096];
	const char *slash;
	ssize_t n;

	n = snprintf(path, sizeof(path), "%s/%s/cmdline", proc, pid);
	if (n < 0 || (size_t)n >= sizeof(path))
		return;
	n = read_path(path, cmdline, sizeof(cmdline));
	if (n <= 0)
		return;
	slash = strrchr(cmdline, '/');
	if (!strcmp(slash ? slash + 1 : cmdline, "failoverd"))
		guest->failoverd = true;
	else if (is_dhcp_client(cmdline) && in_our_namespace(proc, pid))
		look_at_words(guest, links, cmdline, n);
}

static void look_at_processes(const struct links *links, struct guest *guest)
{
	char *proc = sysfs_replaced() ? mem_printf("%s/proc", sysfs_root()) :
					mem_printf("/proc");
	DIR *dir = opendir(proc);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			look_at_process(guest, links, proc, entry->d_name);
	if (dir)
		closedir(dir);
	free(proc);
}

void guest_look(const struct links *links, struct guest *guest)
{
	*guest = (struct guest){ 0 };
	look_at_cards(links, guest);
	look_at_addresses(guest);
	look_at_processes(links, guest);
}

void guest_free(struct guest *guest)
{
	free(guest->cards);
	free(guest->addresses.v);
	free(guest->clients.v);
	*guest = (struct guest){ 0 };
}

const struct guest_card *guest_card(const struct guest *guest, const char *name)
{
	size_t i;

	for (i = 0; i < guest->n; i++)
		if (!strcmp(guest->cards[i].name, name))
			return &guest->cards[i];
	return NULL;
}
