// SPDX-License-Identifier: GPL-2.0
/* What sysfs tells of network cards and of the module. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/mem.h"
#include "common/sysfs.h"

/* The position of VIRTIO_NET_F_STANDBY in the text of device/features. */
#define STANDBY_FEATURE 62
/* How often a card is looked for that is being renamed, 1 ms apart. */
#define RENAME_TRIES 20

const char *sysfs_root(void)
{
	const char *root = secure_getenv("FAILOVERCTL_SYSFS");

	return root && *root ? root : "/sys";
}

bool sysfs_replaced(void)
{
	return strcmp(sysfs_root(), "/sys") != 0;
}

/* One read, as sysfs gives every attribute in one; without the final newline. */
static bool read_text(int dir, const char *path, char *buf, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return false;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

static bool read_number(int dir, const char *path, int base, long long *value)
{
	char buf[32], *end;

	if (!read_text(dir, path, buf, sizeof(buf)))
		return false;
	errno = 0;
	*value = strtoll(buf, &end, base);
	return !errno && end != buf && !*end;
}

static int read_int(int dir, const char *path, int otherwise)
{
	long long value;

	if (!read_number(dir, path, 10, &value) || value < INT_MIN || value > INT_MAX)
		return otherwise;
	return (int)value;
}

static uint64_t read_counter(int dir, const char *path)
{
	char buf[32];

	return read_text(dir, path, buf, sizeof(buf)) ? strtoull(buf, NULL, 10) : 0;
}

static bool read_target(int dir, const char *path, char *buf, size_t size)
{
	ssize_t n = readlinkat(dir, path, buf, size - 1);

	if (n < 0)
		return false;
	buf[n] = '\0';
	return true;
}

/* The last component of where a symbolic link points to; empty: no link. */
static void read_target_name(int dir, const char *path, char *out, size_t size)
{
	char target[PATH_MAX];
	const char *slash;

	out[0] = '\0';
	if (!read_target(dir, path, target, sizeof(target)))
		return;
	slash = strrchr(target, '/');
	escape_copy(out, size, slash ? slash + 1 : target);
}

static void read_mac(int dir, struct link *link)
{
	char text[128];
	unsigned char *m = link->mac;
	int end = 0;

	if (!read_text(dir, "address", text, sizeof(text)))
		return;
	link->has_mac = sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n",
			       &m[0], &m[1], &m[2], &m[3], &m[4], &m[5], &end) == MAC_LEN &&
			!text[end];
}

/* "0000:01:00.0"; sscanf() would take more time than all the rest of this file. */
static bool is_pci_address(const char *text)
{
	static const char shape[] = ":hh:hh.h", hex[] = "0123456789abcdef";
	size_t domain = strspn(text, hex), i;

	if (domain < 4 || domain > 8 || strlen(text + domain) != sizeof(shape) - 1)
		return false;
	for (i = 0; shape[i]; i++)
		if (shape[i] == 'h' ? !strchr(hex, text[domain + i]) :
				      text[domain + i] != shape[i])
			return false;
	return true;
}

/*
 * class/net/<name> points into the tree of devices, as in
 * …/0000:01:00.0/virtio0/net/<name>: the last PCI address on the way, else
 * the component before "net".
 */
static void read_bus(int net, const char *name, char bus[WORD_LEN])
{
	char path[PATH_MAX], *save = NULL, *part;
	const char *before = "", *last = "";
	bool pci = false;

	if (!read_target(net, name, path, sizeof(path)))
		return;
	for (part = strtok_r(path, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		if (is_pci_address(part)) {
			escape_copy(bus, WORD_LEN, part);
			pci = true;
		}
		if (!pci && !strcmp(part, "net"))
			before = last;
		last = part;
	}
	if (!pci)
		escape_copy(bus, WORD_LEN, before);
}

static void read_virtio(int dir, struct link *link)
{
	char features[256];

	link->virtio = !strcmp(link->driver, "virtio_net");
	if (!link->virtio || !read_text(dir, "device/features", features, sizeof(features)))
		return;
	link->negotiated = strlen(features) > STANDBY_FEATURE &&
			   features[STANDBY_FEATURE] == '1';
}

/* What netlink tells as well. */
static void read_state(int dir, const char *name, struct link *link)
{
	long long flags = 0;
	char port[16];

	memcpy(link->ifname, name, strnlen(name, sizeof(link->ifname) - 1));
	escape_copy(link->name, sizeof(link->name), name);
	read_target_name(dir, "master", link->master, sizeof(link->master));
	read_mac(dir, link);
	read_number(dir, "flags", 16, &flags);
	link->up = flags & IFF_UP;
	link->carrier = link->up ? read_int(dir, "carrier", -1) : -1;
	link->mtu = read_int(dir, "mtu", 0);
	link->standby_port = read_text(dir, "phys_port_name", port, sizeof(port)) &&
			     !strcmp(port, "sby");
	link->counters.rx_packets = read_counter(dir, "statistics/rx_packets");
	link->counters.rx_bytes = read_counter(dir, "statistics/rx_bytes");
	link->counters.tx_packets = read_counter(dir, "statistics/tx_packets");
	link->counters.tx_bytes = read_counter(dir, "statistics/tx_bytes");
}

/* What a card's device tells. A master and its standby are on the same, one after the other. */
static void read_device(int net, int dir, const struct link *before, struct link *link)
{
	if (before && before->device == link->device) {
		memcpy(link->driver, before->driver, sizeof(link->driver));
		memcpy(link->bus, before->bus, sizeof(link->bus));
		link->virtio = before->virtio;
		link->negotiated = before->negotiated;
		return;
	}
	read_target_name(dir, "device/driver", link->driver, sizeof(link->driver));
	read_bus(net, link->ifname, link->bus);
	read_virtio(dir, link);
}

/*
 * What only sysfs knows; before is the card before it, or NULL. Says false for
 * what is no network card, or left while we looked.
 */
static bool read_card(int net, int dir, const struct link *before, struct link *link)
{
	struct stat device;

	if (fstatat(dir, "device", &device, 0) < 0)
		return false;
	link->device = device.st_ino;
	read_device(net, dir, before, link);
	link->standby_port &= link->negotiated;
	/* A master has none of its own. */
	if (link->up && (!link->negotiated || link->standby_port))
		link->speed = read_int(dir, "speed", -1);
	return true;
}

static bool read_link(int net, int dir, const char *name, struct link *link)
{
	*link = (struct link){ .ifindex = read_int(dir, "ifindex", 0), .speed = -1 };
	if ((int)link->ifindex <= 0)
		return false;
	read_state(dir, name, link);
	return read_card(net, dir, NULL, link);
}

static void add_link(struct links *links, int net, const char *name)
{
	int dir = openat(net, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return;
	links->v = mem_grow(links->v, links->n, sizeof(*links->v));
	if (read_link(net, dir, name, &links->v[links->n]))
		links->n++;
	close(dir);
}

static int by_ifindex(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return x->ifindex < y->ifindex ? -1 : x->ifindex > y->ifindex;
}

static DIR *open_net(void)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/class/net", sysfs_root());

	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return opendir(path);
}

int sysfs_links(struct links *links)
{
	DIR *net = open_net();
	struct dirent *entry;

	*links = (struct links){ 0 };
	if (!net)
		return -errno;
	while ((entry = readdir(net)))
		if (entry->d_name[0] != '.')
			add_link(links, dirfd(net), entry->d_name);
	closedir(net);
	if (links->n)
		qsort(links->v, links->n, sizeof(*links->v), by_ifindex);
	return 0;
}

static bool has_name(int sock, const struct link *link)
{
	struct ifreq request = { 0 };

	memcpy(request.ifr_name, link->ifname, sizeof(request.ifr_name));
	return !ioctl(sock, SIOCGIFINDEX, &request) &&
	       (uint32_t)request.ifr_ifindex == link->ifindex;
}

/* 1: done, 0: no card, -EAGAIN: it left or got another name, so what was read may be another's. */
static int complete(int net, int sock, const struct link *before, struct link *link)
{
	int dir = openat(net, link->ifname, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is = dir >= 0 && read_card(net, dir, before, link);

	if (dir >= 0)
		close(dir);
	return dir < 0 || !has_name(sock, link) ? -EAGAIN : is;
}

static int complete_all(int net, int sock, struct links *links)
{
	size_t i, kept = 0;
	int ret = 0;

	for (i = 0; i < links->n && ret >= 0; i++) {
		ret = complete(net, sock, kept ? &links->v[kept - 1] : NULL, &links->v[i]);
		if (ret > 0)
			links->v[kept++] = links->v[i];
	}
	links->n = kept;
	return ret < 0 ? ret : 0;
}

int sysfs_complete(struct links *links)
{
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = -errno;
	DIR *net = open_net();

	if (sock >= 0)
		ret = net ? complete_all(dirfd(net), sock, links) : -errno;
	if (net)
		closedir(net);
	if (sock >= 0)
		close(sock);
	if (ret)
		sysfs_free(links);
	return ret;
}

/* The folder of this name, if it is this card's; else -1. */
static int open_card(int net, const char *ifname, uint32_t ifindex)
{
	int dir = openat(net, ifname, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 || (uint32_t)read_int(dir, "ifindex", 0) == ifindex)
		return dir;
	close(dir);
	return -1;
}

bool sysfs_bus(const char *ifname, uint32_t ifindex, char bus[WORD_LEN])
{
	DIR *net = open_net();
	struct stat device;
	bool is = false;
	int dir;

	bus[0] = '\0';
	if (!net)
		return false;
	dir = open_card(dirfd(net), ifname, ifindex);
	if (dir >= 0) {
		is = !fstatat(dir, "device", &device, 0);
		close(dir);
	}
	if (is)
		read_bus(dirfd(net), ifname, bus);
	closedir(net);
	return is;
}

int sysfs_open_card(uint32_t ifindex)
{
	DIR *net = open_net();
	char ifname[IFNAMSIZ];
	int tries = RENAME_TRIES, dir = -1;

	while (net && dir < 0 && tries-- && if_indextoname(ifindex, ifname)) {
		dir = open_card(dirfd(net), ifname, ifindex);
		/* The kernel renames the card first, then its folder. */
		if (dir < 0)
			usleep(1000);
	}
	if (net)
		closedir(net);
	return dir;
}

void sysfs_free(struct links *links)
{
	free(links->v);
	*links = (struct links){ 0 };
}

/* What userspace/dkms/load-module left; tests have it beside their sysfs. */
static void read_refused(struct module *module)
{
	char path[PATH_MAX], text[2 * WORD_LEN];

	snprintf(path, sizeof(path), "%s/net_failover.refused",
		 sysfs_replaced() ? sysfs_root() : "/run");
	if (read_text(AT_FDCWD, path, text, sizeof(text)))
		escape_copy(module->refused, sizeof(module->refused), text);
}

void sysfs_module(struct module *module)
{
	char path[PATH_MAX], version[WORD_LEN];
	int dir;

	*module = (struct module){ .kind = MODULE_NONE };
	snprintf(path, sizeof(path), "%s/module/net_failover", sysfs_root());
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		read_refused(module);
		return;
	}
	module->kind = MODULE_IN_TREE;
	if (read_text(dir, "version", version, sizeof(version))) {
		module->kind = MODULE_OURS;
		escape_copy(module->version, sizeof(module->version), version);
	} else {
		read_refused(module);
	}
	close(dir);
}
