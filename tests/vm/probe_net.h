/* SPDX-License-Identifier: GPL-2.0 */
/* UDP sockets and what comes out of them. */
#ifndef PROBE_NET_H
#define PROBE_NET_H

#include <poll.h>
#include <sys/socket.h>

#include "probe.h"

#define MAGIC	0x6e666f70u
#define BATCH	64

enum { REQUEST, REPLY };

struct payload {
	uint32_t magic, kind, stream, seq;
	uint32_t flows, rate;
	int64_t sent;
};

struct inbox {
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage from[BATCH];
	char control[BATCH][128];
	char data[BATCH][2048];	/* longer ones are cut: the head is all that is looked at */
};

int udp_socket(int family, const struct options *o);
unsigned int listen_both(const struct options *o, struct pollfd *fds);
int inbox_fill(struct inbox *in, int fd);
int64_t arrival(struct msghdr *m);
const struct payload *payload_of(const struct inbox *in, int i);
void wait_input(struct pollfd *fds, unsigned int n, int64_t ns);

#endif
