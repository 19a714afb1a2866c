/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the traffic probe share: the record of a stream, its log, small helpers. */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define NSEC		1000000000LL
#define MAX_SEQ		(1u << 23)
#define MAX_STREAMS	64
#define MAX_FLOWS	256
#define MAX_SIZE	65000
#define EXIT_USAGE	64

struct record {
	int64_t sent;		/* wall clock of the sender, ns; 0: not known */
	int64_t got;		/* wall clock of the first arrival, ns; 0: none */
	uint32_t count;		/* arrivals */
	int32_t error;		/* errno of a send that failed */
};

struct extra {
	uint32_t seq;
	int64_t got;
};

struct stream {
	uint32_t id;
	const char *kind;	/* ping, send, recv */
	unsigned int flows, rate, size;
	uint32_t next;		/* one more than the highest sequence number */
	uint32_t room;		/* records allocated */
	struct record *rec;
	struct extra *extra;	/* second and later arrivals */
	uint32_t extras, extra_room;
	uint32_t failed, got;
	int64_t last, gap;	/* newest arrival; longest time between two */
	uint32_t last_seq, gap_after;
};

struct options {
	const char *to, *log, *bind, *dev, *join, *stream;
	unsigned int port, rate, count, seconds, size, flows, drain_ms, idle_ms;
	uint32_t id;		/* of the stream */
	bool runs;
};

extern volatile int stopped;

struct sockaddr_storage;

int64_t now_ns(clockid_t clock);
unsigned int addr_size(const struct sockaddr_storage *a);
void resolve(const char *text, unsigned int port, struct sockaddr_storage *out);
void die(int code, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

struct record *stream_at(struct stream *s, uint32_t seq);
void stream_arrived(struct stream *s, uint32_t seq, int64_t sent, int64_t got);
FILE *log_open(const char *path);
void log_close(FILE *f, const char *path);
void log_write(const char *path, bool runs, const struct stream *s, unsigned int n);
int cmd_report(const char *path);

int cmd_echo(const struct options *o);
int cmd_recv(const struct options *o);
int cmd_ping(const struct options *o, bool replies);
int cmd_tcp_send(const struct options *o);
int cmd_tcp_recv(const struct options *o);

#endif
