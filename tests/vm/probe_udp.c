// SPDX-License-Identifier: GPL-2.0
/*
 * The UDP halves of the probe: echo and recv listen, ping and send keep a pace.
 *
 * The pace (probe_pace.c) goes by CLOCK_MONOTONIC: the wall clock may jump at a migration. Arrivals
 * carry the kernel's own time stamp (SO_TIMESTAMPNS), so a busy machine doesn't blur them.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "probe_net.h"
#include "probe_pace.h"

static void echo_one(struct inbox *in, int fd)
{
	int n = inbox_fill(in, fd);

	for (int i = 0; i < n; i++) {
		struct payload *p = (void *)in->data[i];

		if (!payload_of(in, i) || p->kind != REQUEST)
			continue;
		p->kind = REPLY;
		sendto(fd, p, in->msg[i].msg_len, MSG_DONTWAIT,
		       (void *)&in->from[i], addr_size(&in->from[i]));
	}
}

int cmd_echo(const struct options *o)
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

static struct stream *stream_find(struct stream *all, unsigned int *n, const struct payload *p,
				  unsigned int size)
{
	for (unsigned int i = 0; i < *n; i++)
		if (all[i].id == p->stream)
			return &all[i];
	if (*n == MAX_STREAMS)
		return NULL;
	all[*n] = (struct stream){
		.id = p->stream, .kind = "recv",
		.flows = p->flows, .rate = p->rate, .size = size,
	};
	return &all[(*n)++];
}

struct receiver {
	struct stream all[MAX_STREAMS];
	struct inbox in;
	unsigned int streams, got;
};

static void receive(struct receiver *r, int fd)
{
	int n = inbox_fill(&r->in, fd);

	for (int i = 0; i < n; i++) {
		const struct payload *p = payload_of(&r->in, i);
		struct stream *s = NULL;

		if (p)
			s = stream_find(r->all, &r->streams, p, r->in.msg[i].msg_len);
		if (!s)
			continue;
		stream_arrived(s, p->seq, p->sent, arrival(&r->in.msg[i].msg_hdr));
		r->got++;
	}
}

int cmd_recv(const struct options *o)
{
	int64_t now = now_ns(CLOCK_MONOTONIC), end = now + o->seconds * NSEC, last = 0;
	static struct receiver r;
	struct pollfd fds[2];
	unsigned int n = listen_both(o, fds);

	while (!stopped && now < end && (!o->count || r.got < o->count)) {
		unsigned int before = r.got;

		if (o->idle_ms && last && now - last > o->idle_ms * 1000000LL)
			break;
		wait_input(fds, n, end - now < NSEC / 10 ? end - now : NSEC / 10);
		now = now_ns(CLOCK_MONOTONIC);
		for (unsigned int i = 0; i < n; i++)
			if (fds[i].revents)
				receive(&r, fds[i].fd);
		if (r.got != before)
			last = now;
	}
	if (o->log)
		log_write(o->log, o->runs, r.all, r.streams);
	printf("probe: got %u packets of %u streams\n", r.got, r.streams);
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
			die(1, "cannot bind to %s: %s", o->bind ? o->bind : "any address",
			    strerror(errno));
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

			if (!p || p->kind != REPLY || p->stream != s->stream.id)
				continue;
			if (p->seq >= s->stream.next)
				continue;
			stream_arrived(&s->stream, p->seq, 0, arrival(&in.msg[i].msg_hdr));
		}
	}
}

static void wait_replies(struct sender *s, int64_t ns)
{
	wait_input(s->fds, s->flows, ns);
	take_replies(s);
}

static void send_all(struct sender *s, const struct options *o)
{
	const struct pace pace = { now_ns(CLOCK_MONOTONIC), o->rate, o->count };

	while (!stopped && s->stream.next < o->count) {
		int64_t now = now_ns(CLOCK_MONOTONIC), wake;

		for (uint32_t n = pace_due(&pace, now, s->stream.next); n; n--)
			send_next(s);
		wake = pace_wake(&pace, now, s->stream.next);
		do {
			now = now_ns(CLOCK_MONOTONIC);
			wait_replies(s, wake - now);
		} while (!stopped && now_ns(CLOCK_MONOTONIC) < wake);
	}
}

/* Stragglers: while some are missing; a tenth of that for duplicates once all are there. */
static void drain(struct sender *s, unsigned int ms)
{
	int64_t start = now_ns(CLOCK_MONOTONIC), now = start, end;

	do {
		end = start + ms * (s->stream.got < s->stream.next ? 1000000LL : 100000LL);
		wait_replies(s, end - now < NSEC / 100 ? end - now : NSEC / 100);
		now = now_ns(CLOCK_MONOTONIC);
	} while (now < end);
}

int cmd_ping(const struct options *o, bool replies)
{
	static struct sender s;

	s.stream = (struct stream){
		.id = o->id, .kind = replies ? "ping" : "send",
		.flows = o->flows, .rate = o->rate, .size = o->size,
	};
	sender_open(&s, o);
	setpriority(PRIO_PROCESS, 0, -15);	/* where it may: being late measures the machine */
	send_all(&s, o);
	if (replies)
		drain(&s, o->drain_ms);
	if (o->log)
		log_write(o->log, o->runs, &s.stream, 1);
	printf("probe: sent %u failed %u", s.stream.next, s.stream.failed);
	if (replies)
		printf(" got %u lost %u extra %u", s.stream.got, s.stream.next - s.stream.got,
		       s.stream.extras);
	putchar('\n');
	return 0;
}
