// SPDX-License-Identifier: GPL-2.0
/*
 * failoverd-slot: what failoverd may not do itself, asked for at the socket
 * that is our standard input. It trusts the daemon with nothing: it looks by
 * itself, and does only what the host has asked the kernel for anyway.
 *
 *   kmsg\n	answered with one byte and an fd: what the kernel will say from now on
 *   off N\n	completes the removal of the card in slot N, if the kernel waits
 *		to do just that, and nothing but primaries of ours is in there
 *
 * Then the end, or a line that says why not.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/kmsg.h"
#include "common/mem.h"
#include "common/slot.h"

static int __attribute__((format(printf, 1, 2))) refuse(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = mem_vprintf(format, args);
	va_end(args);
	dprintf(STDOUT_FILENO, "%s\n", text);
	fprintf(stderr, "failoverd-slot: %s\n", text);
	free(text);
	return EXIT_FAILURE;
}

static int send_fd(int fd)
{
	char __attribute__((aligned(__alignof__(struct cmsghdr)))) room[CMSG_SPACE(sizeof(int))];
	struct iovec byte = { "", 1 };
	struct msghdr message = {
		.msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	memset(room, 0, sizeof(room));
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(STDOUT_FILENO, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int give_kmsg(void)
{
	int fd = kmsg_open(true), ret;

	if (fd < 0)
		return refuse("/dev/kmsg: %s", strerror(-fd));
	ret = send_fd(fd);
	close(fd);
	return ret ? refuse("cannot hand over the kernel's log: %s", strerror(-ret)) :
		     EXIT_SUCCESS;
}

static bool holds_only_ours(const char *name, int *error)
{
	struct slot slot;
	bool ours;

	*error = slot_read(name, &slot);
	ours = !*error && slot_is_ours(&slot);
	free(slot.v);
	return ours;
}

/*
 * A cancel after our look at the log and before the write would go unheard: the
 * kernel takes the write as a removal of its own right. So nothing is between.
 */
static int switch_off(const char *name, int power)
{
	enum kmsg_kind kind;
	int ret = kmsg_last(name, &kind);

	if (ret)
		return refuse("slot %s: cannot read the kernel's log: %s", name, strerror(-ret));
	if (kind != KMSG_SLOT_OFF)
		return refuse("slot %s: no removal is pending%s", name,
			      kind == KMSG_SLOT_CANCEL ? " any more" : "");
	if (write(power, "0", 1) == 1)
		return EXIT_SUCCESS;
	/* The five seconds ended just now, and the kernel did it by itself. */
	if (errno == ENODEV)
		return EXIT_SUCCESS;
	return refuse("slot %s: power: %s", name, strerror(errno));
}

static int complete_removal(const char *name)
{
	int power, ret;

	if (!kmsg_is_slot(name))
		return refuse("no name of a slot");
	if (!holds_only_ours(name, &ret))
		return ret ? refuse("slot %s: %s", name, strerror(-ret)) :
			     refuse("slot %s: not just primaries of net_failover", name);
	power = slot_open_power(name);
	if (power < 0)
		return refuse("slot %s: power: %s", name, strerror(-power));
	ret = switch_off(name, power);
	close(power);
	return ret;
}

int main(void)
{
	char line[128];

	if (!fgets(line, sizeof(line), stdin))
		return refuse("nothing is asked for: failoverd-slot.socket is for failoverd");
	line[strcspn(line, "\n")] = '\0';
	if (!strcmp(line, "kmsg"))
		return give_kmsg();
	if (!strncmp(line, "off ", 4))
		return complete_removal(line + 4);
	return refuse("an unknown request");
}
