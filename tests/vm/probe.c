// SPDX-License-Identifier: GPL-2.0
/*
 * A sequence-numbered traffic probe, for the host and for a busybox guest. `probe` alone prints its usage;
 * probe_log.c documents the logs.
 *
 * Pace: packet N is due at start + N/rate on CLOCK_MONOTONIC (the wall clock may jump at a migration).
 * A sender that fell behind catches up at twice its rate at most and never skips a number. Arrivals carry the
 * kernel's own time stamp (SO_TIMESTAMPNS), so a busy machine doesn't blur them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"

#define MAGIC		0x6e666f70u
#define BATCH		64
#define MAX_SIZE	65000

enum { REQUEST, REPLY };

struct payload {
	uint32_t magic, kind, stream, seq;
	uint32_t flows, rate;
	int64_t sent;
};

volatile int stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NSEC + t.tv_nsec;
}

void die(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("probe: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(code);
}

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
static int udp_socket(int family, const struct options *o)
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
	if (setsockopt(fd, family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP, MCAST_JOIN_GROUP, &req, sizeof(req)))
		die(1, "cannot join %s: %s", o->join, strerror(errno));
}

/* Both families on one port; returns how many sockets there are. */
static unsigned int listen_both(const struct options *o, struct pollfd *fds)
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

struct inbox {
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage from[BATCH];
	char control[BATCH][128];
	char data[BATCH][2048];	/* longer ones are cut: the head is all that is looked at */
};

static int inbox_fill(struct inbox *in, int fd)
{
	for (int i = 0; i < BATCH; i++) {
		in->iov[i] = (struct iovec){ in->data[i], sizeof(in->data[i]) };
		in->msg[i].msg_hdr = (struct msghdr){
			.msg_name = &in->from[i], .msg_namelen = sizeof(in->from[i]),
			.msg_iov = &in->iov[i], .msg_iovlen = 1,
			.msg_control = in->control[i], .msg_controllen = sizeof(in->control[i]),
		};
	}
	/* an error is one left by an ICMP message (ECONNREFUSED) or by an interface that went: the socket lives on */
	return recvmmsg(fd, in->msg, BATCH, MSG_DONTWAIT, NULL);
}

static int64_t arrival(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec t;

			memcpy(&t, CMSG_DATA(c), sizeof(t));
			return t.tv_sec * NSEC + t.tv_nsec;
		}
	return now_ns(CLOCK_REALTIME);
}

static const struct payload *payload_of(const struct inbox *in, int i)
{
	const struct payload *p = (const void *)in->data[i];

	return in->msg[i].msg_len >= sizeof(*p) && p->magic == MAGIC ? p : NULL;
}

/* Waits with the signals open, at most `ns`. */
static void wait_input(struct pollfd *fds, unsigned int n, int64_t ns)
{
	struct timespec t = { ns > 0 ? ns / NSEC : 0, ns > 0 ? ns % NSEC : 0 };
	sigset_t none;

	sigemptyset(&none);
	if (ppoll(fds, n, &t, &none) < 0)
		for (unsigned int i = 0; i < n; i++)
			fds[i].revents = 0;
}

static void echo_one(struct inbox *in, int fd)
{
	int n = inbox_fill(in, fd);

	for (int i = 0; i < n; i++) {
		struct payload *p = (void *)in->data[i];

		if (!payload_of(in, i) || p->kind != REQUEST)
			continue;
		p->kind = REPLY;
		sendto(fd, p, in->msg[i].msg_len, MSG_DONTWAIT, (void *)&in->from[i], addr_size(&in->from[i]));
	}
}

static int cmd_echo(const struct options *o)
{
	int64_t end = now_ns(CLOCK_MONOTONIC) + o->seconds * NSEC, left;
	static struct inbox in;
	struct pollfd fds[2];
	unsigned int n = listen_both(o, fds);

	while (!stopped && (left = end - now_ns(CLOCK_MONOTONIC)) > 0) {
		wait_input(fds, n, left);
		for (unsigned int i = 0; i < n; i++)
			if (fds[i].revents)
				echo_one(&in, fds[i].fd);
	}
	return 0;
}

static struct stream *stream_find(struct stream *all, unsigned int *n, const struct payload *p, unsigned int size)
{
	for (unsigned int i = 0; i < *n; i++)
		if (all[i].id == p->stream)
			return &all[i];
	if (*n == MAX_STREAMS)
		return NULL;
	all[*n] = (struct stream){
		.id = p->stream, .kind = "recv", .flows = p->flows, .rate = p->rate, .size = size,
	};
	return &all[(*n)++];
}

static int cmd_recv(const struct options *o)
{
	int64_t now = now_ns(CLOCK_MONOTONIC), end = now + o->seconds * NSEC, last = 0;
	static struct stream all[MAX_STREAMS];
	static struct inbox in;
	unsigned int streams = 0, got = 0;
	struct pollfd fds[2];
	unsigned int n = listen_both(o, fds);

	while (!stopped && now < end && (!o->count || got < o->count)) {
		if (o->idle_ms && last && now - last > o->idle_ms * 1000000LL)
			break;
		wait_input(fds, n, end - now < NSEC / 10 ? end - now : NSEC / 10);
		now = now_ns(CLOCK_MONOTONIC);
		for (unsigned int i = 0; i < n; i++) {
			int msgs = fds[i].revents ? inbox_fill(&in, fds[i].fd) : 0;

			for (int m = 0; m < msgs; m++) {
				const struct payload *p = payload_of(&in, m);
				struct stream *s = p ? stream_find(all, &streams, p, in.msg[m].msg_len) : NULL;

				if (!s)
					continue;
				stream_arrived(s, p->seq, p->sent, arrival(&in.msg[m].msg_hdr));
				got++;
				last = now;
			}
		}
	}
	if (o->log)
		log_write(o->log, o->runs, all, streams);
	printf("probe: got %u packets of %u streams\n", got, streams);
	return 0;
}

struct sender {
	struct stream stream;
	struct sockaddr_storage to;
	struct pollfd fds[MAX_FLOWS];
	unsigned int flows, size;
};

static void sender_open(struct sender *s, const struct options *o)
{
	resolve(o->to, o->port, &s->to);
	s->flows = o->flows;
	s->size = o->size;
	for (unsigned int i = 0; i < s->flows; i++) {
		struct sockaddr_storage from = { .ss_family = s->to.ss_family };
		int fd = udp_socket(s->to.ss_family, o);

		if (fd < 0)
			die(1, "no socket: %s", strerror(errno));
		if (o->bind)
			resolve(o->bind, 0, &from);
		if (bind(fd, (void *)&from, addr_size(&from)))
			die(1, "cannot bind to %s: %s", o->bind ? o->bind : "any address", strerror(errno));
		s->fds[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
}

/* A pending error of the socket is not this packet's: the second try is. */
static int send_packet(int fd, const void *data, size_t n, const struct sockaddr_storage *to)
{
	for (int try = 0; try < 2; try++) {
		if (sendto(fd, data, n, MSG_DONTWAIT, (const void *)to, addr_size(to)) >= 0)
			return 0;
		if (errno != ECONNREFUSED)
			break;
	}
	return errno;
}

static void send_next(struct sender *s)
{
	static char data[MAX_SIZE];
	struct stream *st = &s->stream;
	uint32_t seq = st->next;
	struct record *r = stream_at(st, seq);
	struct payload p = {
		.magic = MAGIC, .kind = REQUEST, .stream = st->id, .seq = seq,
		.flows = st->flows, .rate = st->rate, .sent = now_ns(CLOCK_REALTIME),
	};

	memcpy(data, &p, sizeof(p));
	r->sent = p.sent;
	r->error = send_packet(s->fds[seq % s->flows].fd, data, s->size, &s->to);
	if (r->error)
		st->failed++;
}

static void take_replies(struct sender *s)
{
	static struct inbox in;

	for (unsigned int f = 0; f < s->flows; f++) {
		int n = s->fds[f].revents ? inbox_fill(&in, s->fds[f].fd) : 0;

		for (int i = 0; i < n; i++) {
			const struct payload *p = payload_of(&in, i);

			if (p && p->kind == REPLY && p->stream == s->stream.id && p->seq < s->stream.next)
				stream_arrived(&s->stream, p->seq, 0, arrival(&in.msg[i].msg_hdr));
		}
	}
}

static void wait_replies(struct sender *s, int64_t ns)
{
	wait_input(s->fds, s->flows, ns);
	take_replies(s);
}

/* Due at `now`, counting from 1 at the start; at most twice the pace in one tick. */
static uint32_t due_count(int64_t elapsed, uint32_t sent, const struct options *o, int64_t tick)
{
	uint32_t quota = (2 * tick * o->rate + NSEC - 1) / NSEC;
	int64_t due = elapsed * o->rate / NSEC + 1 - sent;

	if (due > o->count - sent)
		due = o->count - sent;
	return due > quota ? quota : due;
}

static void send_all(struct sender *s, const struct options *o)
{
	int64_t period = NSEC / o->rate, tick = period > NSEC / 2000 ? period : NSEC / 2000;
	int64_t start = now_ns(CLOCK_MONOTONIC);

	while (!stopped && s->stream.next < o->count) {
		int64_t now = now_ns(CLOCK_MONOTONIC), wake;

		for (uint32_t n = due_count(now - start, s->stream.next, o, tick); n; n--)
			send_next(s);
		wake = start + s->stream.next * NSEC / o->rate;
		if (wake <= now || period < tick)	/* behind, or faster than ticks are */
			wake = now + tick;
		do {
			now = now_ns(CLOCK_MONOTONIC);
			wait_replies(s, wake - now);
		} while (!stopped && now_ns(CLOCK_MONOTONIC) < wake);
	}
}

/* Stragglers: as long as some are missing, and a tenth of that for duplicates once all are there. */
static void drain(struct sender *s, unsigned int ms)
{
	int64_t start = now_ns(CLOCK_MONOTONIC), now = start, end;

	do {
		end = start + ms * (s->stream.got < s->stream.next ? 1000000LL : 100000LL);
		wait_replies(s, end - now < NSEC / 100 ? end - now : NSEC / 100);
		now = now_ns(CLOCK_MONOTONIC);
	} while (now < end);
}

static int cmd_ping(const struct options *o, bool replies)
{
	static struct sender s;

	s.stream = (struct stream){
		.id = o->stream, .kind = replies ? "ping" : "send",
		.flows = o->flows, .rate = o->rate, .size = o->size,
	};
	sender_open(&s, o);
	send_all(&s, o);
	if (replies)
		drain(&s, o->drain_ms);
	if (o->log)
		log_write(o->log, o->runs, &s.stream, 1);
	printf("probe: sent %u failed %u", s.stream.next, s.stream.failed);
	if (replies)
		printf(" got %u lost %u extra %u", s.stream.got, s.stream.next - s.stream.got, s.stream.extras);
	putchar('\n');
	return 0;
}

static void usage(FILE *f)
{
	fputs("usage: probe echo --port P [--seconds S] [--dev IF]\n"
	      "       probe ping --to ADDR --port P --rate PPS (--count N | --seconds S) [--log FILE] [--runs]\n"
	      "                  [--size B] [--flows N] [--bind ADDR] [--dev IF] [--drain MS] [--stream HEX]\n"
	      "       probe send (as ping, without replies)\n"
	      "       probe recv --port P [--log FILE] [--runs] [--seconds S] [--count N] [--idle MS]\n"
	      "                  [--join GROUP] [--dev IF]\n"
	      "       probe report FILE\n"
	      "       probe tcp-recv --port P [--log FILE] [--seconds S]\n"
	      "       probe tcp-send --to ADDR --port P --seconds S [--rate BYTES/S] [--log FILE]\n"
	      "A log of - is the standard output. Ends by itself; SIGTERM ends it early, with its log.\n", f);
}

static unsigned int number(const char *name, const char *text, unsigned int max)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (!*text || *end || *text == '-' || v > max)
		die(EXIT_USAGE, "--%s: not a number from 0 to %u: %s", name, max, text);
	return v;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option opts[] = {
		{ "to", 1, 0, 't' }, { "port", 1, 0, 'p' }, { "rate", 1, 0, 'r' }, { "count", 1, 0, 'n' },
		{ "seconds", 1, 0, 's' }, { "log", 1, 0, 'l' }, { "size", 1, 0, 'b' }, { "flows", 1, 0, 'f' },
		{ "bind", 1, 0, 'B' }, { "dev", 1, 0, 'd' }, { "drain", 1, 0, 'D' }, { "stream", 1, 0, 'i' },
		{ "idle", 1, 0, 'I' }, { "join", 1, 0, 'j' }, { "runs", 0, 0, 'R' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", opts, NULL)) != -1)
		switch (c) {
		case 't': o->to = optarg; break;
		case 'p': o->port = number("port", optarg, 65535); break;
		case 'r': o->rate = number("rate", optarg, 1000000000); break;
		case 'n': o->count = number("count", optarg, MAX_SEQ); break;
		case 's': o->seconds = number("seconds", optarg, 86400); break;
		case 'l': o->log = optarg; break;
		case 'b': o->size = number("size", optarg, MAX_SIZE); break;
		case 'f': o->flows = number("flows", optarg, MAX_FLOWS); break;
		case 'B': o->bind = optarg; break;
		case 'd': o->dev = optarg; break;
		case 'D': o->drain_ms = number("drain", optarg, 600000); break;
		case 'i': o->stream = strtoul(optarg, NULL, 16); break;
		case 'I': o->idle_ms = number("idle", optarg, 600000); break;
		case 'j': o->join = optarg; break;
		case 'R': o->runs = true; break;
		default: exit(EXIT_USAGE);
		}
}

static void check_sender(struct options *o)
{
	if (!o->to || !o->rate || !(o->count || o->seconds))
		die(EXIT_USAGE, "--to, --rate and one of --count and --seconds must be given");
	if (o->rate > 1000000)
		die(EXIT_USAGE, "--rate: at most 1000000 packets/s");
	if (!o->count && (uint64_t)o->rate * o->seconds > MAX_SEQ)
		die(EXIT_USAGE, "at most %u packets", MAX_SEQ);
	if (!o->count)
		o->count = o->rate * o->seconds;
	if (!o->flows)
		die(EXIT_USAGE, "--flows: at least 1");
	if (o->size < sizeof(struct payload))
		die(EXIT_USAGE, "--size: at least %zu", sizeof(struct payload));
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);	/* open in ppoll only */
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
	struct options o = { .size = 64, .flows = 1, .drain_ms = 1000 };
	const char *cmd = argc > 1 ? argv[1] : "";

	if (!strcmp(cmd, "--help")) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(cmd, "report") && argc == 3)
		return cmd_report(argv[2]);
	argc--;
	argv++;
	if (argc < 1) {
		usage(stderr);
		return EXIT_USAGE;
	}
	parse(argc, argv, &o);
	if (optind < argc)
		die(EXIT_USAGE, "unexpected argument: %s", argv[optind]);
	if (!o.port)
		die(EXIT_USAGE, "--port must be given");
	while (!o.stream)
		if (getrandom(&o.stream, sizeof(o.stream), 0) < 0)
			o.stream = getpid() ^ now_ns(CLOCK_REALTIME);
	prctl(PR_SET_TIMERSLACK, 1);
	catch_signals();
	if (!strcmp(cmd, "ping") || !strcmp(cmd, "send")) {
		check_sender(&o);
		setpriority(PRIO_PROCESS, 0, -15);	/* where it may: a late packet measures the machine */
		return cmd_ping(&o, cmd[0] == 'p');
	}
	if (!strcmp(cmd, "tcp-send")) {
		if (!o.to || !o.seconds)
			die(EXIT_USAGE, "--to and --seconds must be given");
		return cmd_tcp_send(&o);
	}
	if (!o.seconds)
		o.seconds = 600;
	if (!strcmp(cmd, "echo"))
		return cmd_echo(&o);
	if (!strcmp(cmd, "recv"))
		return cmd_recv(&o);
	if (!strcmp(cmd, "tcp-recv"))
		return cmd_tcp_recv(&o);
	die(EXIT_USAGE, "no such command: %s", cmd);
}
