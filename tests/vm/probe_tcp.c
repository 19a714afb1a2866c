// SPDX-License-Identifier: GPL-2.0
/*
 * One TCP stream, at full rate or paced. Times are ns of the wall clock of whoever writes the log.
 *
 *	# probe 1 tcp
 *	recv bytes=N longest=NS			or: send bytes=N retrans=N timeouts=N
 *	stall START END				tcp-recv: each silence of 50 ms and more
 *	timeout TIME N				tcp-send: N retransmission time-outs until TIME
 *	end
 * Time-outs are TcpExt's TCPTimeouts of the whole network namespace, looked at every 20 ms: the one
 * counter that misses none.
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
	if (bind(fd, six ? (void *)&any6 : (void *)&any4, six ? sizeof(any6) : sizeof(any4)) ||
	    listen(fd, 1))
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

static void write_log(const char *path, const char *head, const char *word, const struct events *e)
{
	FILE *f;

	if (!path)
		return;
	f = log_open(path);
	fprintf(f, "# probe 1 tcp\n%s\n", head);
	for (unsigned int i = 0; i < e->n; i++)
		fprintf(f, "%s %lld %lld\n", word,
			(long long)e->list[i].start, (long long)e->list[i].end);
	fputs("end\n", f);
	log_close(f, path);
}

int cmd_tcp_recv(const struct options *o)
{
	int64_t end = now_ns(CLOCK_MONOTONIC) + o->seconds * NSEC, longest = 0;
	int lfd = listen_tcp(o->port), fd = -1;
	static struct events stalls;
	uint64_t bytes = 0;
	char head[80];

	while (!stopped && fd < 0 && now_ns(CLOCK_MONOTONIC) < end)
		if (wait_fd(lfd, POLLIN, NSEC / 10))
			fd = accept(lfd, NULL, NULL);
	if (fd >= 0)
		bytes = drink(fd, end, &stalls, &longest);
	snprintf(head, sizeof(head), "recv bytes=%llu longest=%lld",
		 (unsigned long long)bytes, (long long)longest);
	write_log(o->log, head, "stall", &stalls);
	printf("probe: got %llu bytes, longest stall %lld ms\n",
	       (unsigned long long)bytes, (long long)longest / 1000000);
	return 0;
}

/* The value called `name` in two lines of names and values. */
static uint64_t value_of(char *names, char *values, const char *name)
{
	static const char gap[] = "\n ";
	char *ns, *vs, *n = strtok_r(names, gap, &ns), *v = strtok_r(values, gap, &vs);

	while (n && v && strcmp(n, name)) {
		n = strtok_r(NULL, gap, &ns);
		v = strtok_r(NULL, gap, &vs);
	}
	return n && v ? strtoull(v, NULL, 10) : 0;
}

static uint64_t tcp_timeouts(void)
{
	FILE *f = fopen("/proc/net/netstat", "r");
	char names[8192], values[8192];
	uint64_t found = 0;

	if (!f)
		return 0;
	if (fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f))
		found = value_of(names, values, "TCPTimeouts");
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

/* Writes what is due by now (all that fits where rate is 0); false when the stream has ended. */
static bool pour(int fd, int64_t elapsed, uint64_t *bytes, unsigned int rate)
{
	static char data[1 << 16];

	for (;;) {
		/* in microseconds: five hours at 1 GB/s fit */
		uint64_t due = rate ? (uint64_t)(elapsed / 1000) * rate / 1000000 : UINT64_MAX;
		uint64_t n = due > *bytes ? due - *bytes : 0;
		ssize_t sent;

		if (!n)
			return true;
		if (n > sizeof(data))
			n = sizeof(data);
		sent = send(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN || errno == EINTR;
		*bytes += sent;
	}
}

struct tcp_run {
	int fd;
	int64_t start, sampled;
	uint64_t bytes, before, seen;	/* before, seen: time-outs */
	struct events timeouts;
};

static void sample(struct tcp_run *r, int64_t now)
{
	uint64_t t;

	if (now - r->sampled < 2 * TICK)
		return;
	t = tcp_timeouts();
	if (t != r->seen)
		event_add(&r->timeouts, now_ns(CLOCK_REALTIME), t - r->seen);
	r->seen = t;
	r->sampled = now;
}

int cmd_tcp_send(const struct options *o)
{
	static struct tcp_run r;
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);
	char head[120];
	int64_t now;

	r.before = tcp_timeouts();
	r.seen = r.before;
	r.fd = connect_tcp(o);
	r.start = now_ns(CLOCK_MONOTONIC);
	now = r.start;
	while (!stopped && now - r.start < o->seconds * NSEC &&
	       pour(r.fd, now - r.start, &r.bytes, o->rate)) {
		/* paced: by the clock; full rate: when there is room */
		wait_fd(o->rate ? -1 : r.fd, POLLOUT, TICK);
		now = now_ns(CLOCK_MONOTONIC);
		sample(&r, now);
	}
	getsockopt(r.fd, IPPROTO_TCP, TCP_INFO, &info, &n);
	snprintf(head, sizeof(head), "send bytes=%llu retrans=%u timeouts=%llu",
		 (unsigned long long)r.bytes, info.tcpi_total_retrans,
		 (unsigned long long)(r.seen - r.before));
	write_log(o->log, head, "timeout", &r.timeouts);
	printf("probe: sent %llu bytes, %u retransmitted, %llu time-outs\n",
	       (unsigned long long)r.bytes, info.tcpi_total_retrans,
	       (unsigned long long)(r.seen - r.before));
	close(r.fd);
	return 0;
}
