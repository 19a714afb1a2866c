// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel's log says of hot-plug slots. A record is
 *
 *   6,1034,95312345,-;pcieport 0000:00:02.0: pciehp: Slot(2): Button press: will power off in 5 sec
 *    SUBSYSTEM=pci
 *    DEVICE=+pci:0000:00:02.0
 *
 * Everybody who may write to the log can write such words, but the kernel puts
 * the writer's facility in front of them, and never its own (0). What devices
 * have the kernel say, a USB stick's name for one, does not begin that way.
 *
 * pciehp prints the name that the slot has in sysfs, with the suffix that it
 * gets there when a firmware counts twice ("2-1").
 *
 * The tracepoint that newer kernels have (pci_hp_event) tells of cards and
 * links, not of the button; ACPI hot-plug ejects at once, without a word.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/kmsg.h"

#define RECORD_MAX	8192	/* the kernel refuses a smaller buffer than the record */
#define TRIES		3

static const struct {
	const char *words;
	enum kmsg_kind kind;
} phrases[] = {
	/* of each kind, the newest kernel's last */
	{ ": Powering off due to button press", KMSG_SLOT_OFF },
	{ ": Button press: will power off in 5 sec", KMSG_SLOT_OFF },
	{ ": Button cancel", KMSG_SLOT_CANCEL },
	{ ": Action canceled due to button press", KMSG_SLOT_CANCEL },
	{ ": Button press: canceling request to power off", KMSG_SLOT_CANCEL },
};

bool kmsg_is_slot(const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_')
			return false;
	return len && len < WORD_LEN;
}

/* Moves behind the prefix, if the text begins with it. */
static bool skip_prefix(const char **text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*text, prefix, len))
		return false;
	*text += len;
	return true;
}

/* The kernel's own facility, any level: "PRIORITY,SEQUENCE,TIME,FLAGS[,...];". */
static bool skip_header(const char **text)
{
	char *end;
	unsigned long priority;

	if (!isdigit((unsigned char)**text))
		return false;
	priority = strtoul(*text, &end, 10);
	if (*end != ',' || priority >> 3)
		return false;
	*text = strchr(end, ';');
	return *text && skip_prefix(text, ";");
}

/* "pcieport 0000:00:02.0: pciehp: Slot(" */
static bool skip_port(const char **text)
{
	if (!skip_prefix(text, "pcieport "))
		return false;
	*text += strspn(*text, "0123456789abcdef:.");
	return (*text)[-1] == ':' && skip_prefix(text, " pciehp: Slot(");
}

static void parse_text(const char *text, struct kmsg_record *record)
{
	size_t len, i;

	if (!skip_header(&text) || !skip_port(&text))
		return;
	len = strcspn(text, ")");
	if (text[len] != ')' || len >= sizeof(record->slot))
		return;
	memcpy(record->slot, text, len);
	record->slot[len] = '\0';
	if (!kmsg_is_slot(record->slot)) {
		record->slot[0] = '\0';
		return;
	}
	text += len + 1;
	record->kind = KMSG_SLOT;
	for (i = 0; i < sizeof(phrases) / sizeof(*phrases); i++)
		if (!strcmp(text, phrases[i].words))
			record->kind = phrases[i].kind;
}

void kmsg_parse(const char *buf, size_t len, struct kmsg_record *record)
{
	char line[256];
	size_t n = 0;

	*record = (struct kmsg_record){ .kind = KMSG_OTHER };
	while (n < len && n < sizeof(line) - 1 && buf[n] && buf[n] != '\n')
		n++;
	memcpy(line, buf, n);
	line[n] = '\0';
	parse_text(line, record);
}

int kmsg_open(bool new)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int ret = fd < 0 ? -errno : 0;

	if (!ret && new && lseek(fd, 0, SEEK_END) < 0) {
		ret = -errno;
		close(fd);
	}
	return ret ? ret : fd;
}

int kmsg_read(int fd, struct kmsg_record *record)
{
	char buf[RECORD_MAX];
	ssize_t n;

	do {
		n = read(fd, buf, sizeof(buf));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (!n)
		return -ENODATA;
	kmsg_parse(buf, n, record);
	return 1;
}

static int read_last(int fd, const char *slot, enum kmsg_kind *kind)
{
	struct kmsg_record record = { 0 };
	int ret;

	*kind = KMSG_OTHER;
	while ((ret = kmsg_read(fd, &record)) > 0)
		if (!strcmp(record.slot, slot))
			*kind = record.kind;
	return ret;
}

int kmsg_last(const char *slot, enum kmsg_kind *kind)
{
	int fd = kmsg_open(false), ret = -EPIPE, i;

	if (fd < 0)
		return fd;
	/* After a gap the reading goes on with the oldest that there is. */
	for (i = 0; i < TRIES && ret == -EPIPE; i++)
		ret = read_last(fd, slot, kind);
	close(fd);
	return ret;
}
