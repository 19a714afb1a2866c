// SPDX-License-Identifier: GPL-2.0
/* Asks one of the services that systemd starts for each connection to a socket. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "failoverd/ask.h"

int ask_send(const char *path, const char *text)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, ret = 0;

	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	memcpy(to.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* It fits into the socket's buffer: never waits. */
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text) ||
	    shutdown(fd, SHUT_WR) < 0)
		ret = -errno;
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int ask_receive(int fd, void *buf, int size, int *passed)
{
	char __attribute__((aligned(__alignof__(struct cmsghdr)))) control[CMSG_SPACE(sizeof(int))];
	struct iovec to = { buf, size };
	struct msghdr message = {
		.msg_iov = &to, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

	*passed = -1;
	if (n < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(passed, CMSG_DATA(header), sizeof(int));
	return (int)n;
}
