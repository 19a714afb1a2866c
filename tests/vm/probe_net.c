// SPDX-License-Identifier: GPL-2.0
/* The probe's UDP sockets: opened, listened to, read in batches with the kernel's stamps. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "probe_net.h"

socklen_t addr_size(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* An IPv4 or IPv6 address, fe80::1%eth0 too. No getaddrinfo: the program is static. */
void resolve(const char *text, unsigned int port, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (void *)out;
	struct sockaddr_in6 *v6 = (void *)out;
	char addr[INET6_ADDRSTRLEN + 1];
	const char *scope = strchr(text, '%');

	memset(out, 0, sizeof(*out));
	snprintf(addr, sizeof(addr), "%.*s", scope ? (int)(scope - text) : (int)strlen(text), text);
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
	} else if (inet_pton(AF_INET6, addr, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		v6->sin6_scope_id = scope ? if_nametoindex(scope + 1) : 0;
	} else {
		die(EXIT_USAGE, "not an address: %s", text);
	}
}

static void big_buffer(int fd, int force, int plain)
{
	int bytes = 8 << 20;

	if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof(bytes));
}

/* -1 when the family isn't there (a kernel without IPv6). */
int udp_socket(int family, const struct options *o)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1, zero = 0;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	big_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	big_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	else
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &zero, sizeof(zero));
	if (o->dev && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, o->dev, strlen(o->dev)))
		die(1, "cannot bind to %s: %s", o->dev, strerror(errno));
	return fd;
}

static void join_group(int fd, int family, const struct options *o)
{
	unsigned int index = o->dev ? if_nametoindex(o->dev) : 0;
	struct sockaddr_storage group;
	struct group_req req = { .gr_interface = index };

	resolve(o->join, 0, &group);
	if (group.ss_family != family)
		return;
	memcpy(&req.gr_group, &group, sizeof(group));
	if (setsockopt(fd, family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP, MCAST_JOIN_GROUP,
		       &req, sizeof(req)))
		die(1, "cannot join %s: %s", o->join, strerror(errno));
}

/* Both families on one port; returns how many sockets there are. */
unsigned int listen_both(const struct options *o, struct pollfd *fds)
{
	static const int family[] = { AF_INET, AF_INET6 };
	unsigned int n = 0;

	for (int i = 0; i < 2; i++) {
		struct sockaddr_storage any = { .ss_family = family[i] };
		int fd = udp_socket(family[i], o);

		if (fd < 0)
			continue;
		/* the port is at the same place in both */
		((struct sockaddr_in *)&any)->sin_port = htons(o->port);
		if (bind(fd, (void *)&any, addr_size(&any)))
			die(1, "cannot bind to port %u: %s", o->port, strerror(errno));
		if (o->join)
			join_group(fd, family[i], o);
		fds[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	if (!n)
		die(1, "no socket: %s", strerror(errno));
	puts("probe: ready");
	fflush(stdout);
	return n;
}

int inbox_fill(struct inbox *in, int fd)
{
	for (int i = 0; i < BATCH; i++) {
		in->iov[i] = (struct iovec){ in->data[i], sizeof(in->data[i]) };
		in->msg[i].msg_hdr = (struct msghdr){
			.msg_name = &in->from[i], .msg_namelen = sizeof(in->from[i]),
			.msg_iov = &in->iov[i], .msg_iovlen = 1,
			.msg_control = in->control[i], .msg_controllen = sizeof(in->control[i]),
		};
	}
	/* an error was left by an ICMP message or by an interface that went: the socket lives on */
	return recvmmsg(fd, in->msg, BATCH, MSG_DONTWAIT, NULL);
}

int64_t arrival(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec t;

			memcpy(&t, CMSG_DATA(c), sizeof(t));
			return t.tv_sec * NSEC + t.tv_nsec;
		}
	return now_ns(CLOCK_REALTIME);
}

const struct payload *payload_of(const struct inbox *in, int i)
{
	const struct payload *p = (const void *)in->data[i];

	return in->msg[i].msg_len >= sizeof(*p) && p->magic == MAGIC ? p : NULL;
}

/* Waits with the signals open, at most `ns`. */
void wait_input(struct pollfd *fds, unsigned int n, int64_t ns)
{
	struct timespec t = { ns > 0 ? ns / NSEC : 0, ns > 0 ? ns % NSEC : 0 };
	sigset_t none;

	sigemptyset(&none);
	if (ppoll(fds, n, &t, &none) < 0)
		for (unsigned int i = 0; i < n; i++)
			fds[i].revents = 0;
}
