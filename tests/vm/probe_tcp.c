// SPDX-License-Identifier: GPL-2.0
/*
 * One TCP stream, at full rate or paced. Times are ns of the wall clock of whoever writes the log.
 *
 * tcp-recv:	# probe 1 tcp
 *		recv bytes=N longest=NS
 *		stall START END			each silence of 50 ms and more
 *		end
 * tcp-send:	# probe 1 tcp
 *		send bytes=N retrans=N timeouts=N
 *		timeout TIME N			N retransmission time-outs, noticed at TIME (at most 20 ms late)
 *		end
 * Time-outs are TcpExt's TCPTimeouts of the whole network namespace: the one counter that misses none.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"

#define STALL		(50 * 1000000LL)
#define TICK		(10 * 1000000LL)
#define MAX_EVENTS	1024

struct event {
	int64_t start, end;
};

struct events {
	struct event list[MAX_EVENTS];
	unsigned int n;
};

static void event_add(struct events *e, int64_t start, int64_t end)
{
	if (e->n < MAX_EVENTS)
		e->list[e->n++] = (struct event){ start, end };
}

static bool wait_fd(int fd, short what, int64_t ns)
{
	struct pollfd p = { .fd = fd, .events = what };
	struct timespec t = { ns > 0 ? ns / NSEC : 0, ns > 0 ? ns % NSEC : 0 };
	sigset_t none;

	sigemptyset(&none);
	return ppoll(&p, fd >= 0, &t, &none) > 0;
}

static int listen_tcp(unsigned int port)
{
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, zero = 0;
	bool six = fd >= 0;

	if (!six)
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (six)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, six ? (void *)&any6 : (void *)&any4, six ? sizeof(any6) : sizeof(any4)) || listen(fd, 1))
		die(1, "cannot listen on port %u: %s", port, strerror(errno));
	puts("probe: ready");
	fflush(stdout);
	return fd;
}

/* Reads to the end of the stream; returns the bytes. */
static uint64_t drink(int fd, int64_t end, struct events *stalls, int64_t *longest)
{
	static char data[1 << 16];
	int64_t last = now_ns(CLOCK_MONOTONIC);
	uint64_t bytes = 0;

	while (!stopped && now_ns(CLOCK_MONOTONIC) < end) {
		int64_t now, wall;
		ssize_t n;

		if (!wait_fd(fd, POLLIN, NSEC / 10))
			continue;
		n = recv(fd, data, sizeof(data), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n < 0)
			continue;
		now = now_ns(CLOCK_MONOTONIC);
		wall = now_ns(CLOCK_REALTIME);
		if (bytes && now - last >= STALL)
			event_add(stalls, wall - (now - last), wall);
		if (bytes && now - last > *longest)
			*longest = now - last;
		last = now;
		bytes += n;
	}
	return bytes;
}

int cmd_tcp_recv(const struct options *o)
{
	int64_t end = now_ns(CLOCK_MONOTONIC) + o->seconds * NSEC, longest = 0;
	static struct events stalls;
	uint64_t bytes = 0;
	int lfd = listen_tcp(o->port), fd = -1;
	FILE *f;

	while (!stopped && fd < 0 && now_ns(CLOCK_MONOTONIC) < end)
		if (wait_fd(lfd, POLLIN, NSEC / 10))
			fd = accept(lfd, NULL, NULL);
	if (fd >= 0)
		bytes = drink(fd, end, &stalls, &longest);
	if (o->log) {
		f = log_open(o->log);
		fprintf(f, "# probe 1 tcp\nrecv bytes=%llu longest=%lld\n", (unsigned long long)bytes, (long long)longest);
		for (unsigned int i = 0; i < stalls.n; i++)
			fprintf(f, "stall %lld %lld\n", (long long)stalls.list[i].start, (long long)stalls.list[i].end);
		fputs("end\n", f);
		log_close(f, o->log);
	}
	printf("probe: got %llu bytes, longest stall %lld ms\n", (unsigned long long)bytes, (long long)longest / 1000000);
	return 0;
}

/* TcpExt's two lines in /proc/net/netstat: names, then values. */
static uint64_t tcp_timeouts(void)
{
	FILE *f = fopen("/proc/net/netstat", "r");
	char names[8192], values[8192], *n, *v, *ns, *vs;
	uint64_t found = 0;

	if (!f)
		return 0;
	if (fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f)) {
		n = strtok_r(names, " \n", &ns);
		v = strtok_r(values, " \n", &vs);
		while (n && v && strcmp(n, "TCPTimeouts")) {
			n = strtok_r(NULL, " \n", &ns);
			v = strtok_r(NULL, " \n", &vs);
		}
		if (n && v)
			found = strtoull(v, NULL, 10);
	}
	fclose(f);
	return found;
}

static int connect_tcp(const struct options *o)
{
	struct sockaddr_storage to;
	int fd;

	resolve(o->to, o->port, &to);
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (void *)&to, addr_size(&to)))
		die(1, "cannot connect to %s: %s", o->to, strerror(errno));
	return fd;
}

/* Writes what the pace allows by now (all that fits where rate is 0); false when the stream has ended. */
static bool pour(int fd, int64_t elapsed, uint64_t *bytes, unsigned int rate)
{
	static char data[1 << 16];

	for (;;) {
		uint64_t due = rate ? (unsigned __int128)elapsed * rate / NSEC : UINT64_MAX;
		uint64_t n = due > *bytes ? due - *bytes : 0;
		ssize_t sent;

		if (!n)
			return true;
		sent = send(fd, data, n < sizeof(data) ? n : sizeof(data), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN || errno == EINTR;
		*bytes += sent;
	}
}

int cmd_tcp_send(const struct options *o)
{
	static struct events timeouts;
	uint64_t bytes = 0, before = tcp_timeouts(), seen = before;
	int fd = connect_tcp(o);
	int64_t start = now_ns(CLOCK_MONOTONIC), now = start, sampled = start;
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);
	FILE *f;

	while (!stopped && now - start < o->seconds * NSEC && pour(fd, now - start, &bytes, o->rate)) {
		/* paced: by the clock; full rate: when there is room, but look at the counters too */
		wait_fd(o->rate ? -1 : fd, POLLOUT, TICK);
		now = now_ns(CLOCK_MONOTONIC);
		if (now - sampled >= 2 * TICK) {
			uint64_t t = tcp_timeouts();

			if (t != seen)
				event_add(&timeouts, now_ns(CLOCK_REALTIME), t - seen);
			seen = t;
			sampled = now;
		}
	}
	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n);
	if (o->log) {
		f = log_open(o->log);
		fprintf(f, "# probe 1 tcp\nsend bytes=%llu retrans=%u timeouts=%llu\n",
			(unsigned long long)bytes, info.tcpi_total_retrans, (unsigned long long)(seen - before));
		for (unsigned int i = 0; i < timeouts.n; i++)
			fprintf(f, "timeout %lld %lld\n", (long long)timeouts.list[i].start, (long long)timeouts.list[i].end);
		fputs("end\n", f);
		log_close(f, o->log);
	}
	printf("probe: sent %llu bytes, %u retransmitted, %llu time-outs\n",
	       (unsigned long long)bytes, info.tcpi_total_retrans, (unsigned long long)(seen - before));
	close(fd);
	return 0;
}
