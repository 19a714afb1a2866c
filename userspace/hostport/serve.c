// SPDX-License-Identifier: GPL-2.0
/*
 * The host is not trusted: nothing that it sends, or does not read, may cost
 * this guest more than a little CPU time and memory.
 *
 *   - What it sends is read a chunk at a time, with CHUNK_USEC between them. Of
 *     the requests that are there, the last one counts: whoever asked before it
 *     has given up, or floods.
 *   - There are ANSWER_USEC between the beginnings of two answers.
 *   - One answer is under way at a time. What the host has not read after
 *     PATIENCE_USEC is dropped, and a newline ends what it has of it.
 *   - Nothing blocks. While no host is connected the port is readable and at
 *     its end all the time, so events are taken at their edges.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "common/mem.h"
#include "hostport/request.h"
#include "hostport/serve.h"

#define CHUNK_USEC	5000
#define CHUNKS		400	/* of a flood, before one of its requests is answered */
#define ANSWER_USEC	200000
#define PATIENCE_USEC	5000000

static const char usage[] =
	"{\"schema\":1,\"error\":\"not understood: write 'check' or 'check ID' and a newline\"}\n";

struct port {
	int fd;
	serve_answer answer;
	struct request request;
	enum request_kind asked;	/* the last one that has no answer yet */
	char id[REQUEST_MAX + 1];
	bool readable;			/* it may be: since the last edge nobody found it empty */
	unsigned int chunks;		/* since it was empty */
	int64_t next_chunk, next_answer;
	char *out;			/* the answer under way, or NULL */
	size_t out_at;
	int64_t give_up;		/* of out */
	bool cut;			/* the last answer was dropped halfway */
};

static int64_t now_usec(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static void drop_answer(struct port *port)
{
	port->cut = port->out_at > 0;
	free(port->out);
	port->out = NULL;
}

static void begin_answer(struct port *port)
{
	char *text = port->asked == REQUEST_CHECK ? port->answer(port->id) :
						    mem_printf("%s", usage);

	port->out = text;
	if (port->cut) {
		port->out = mem_printf("\n%s", text);
		free(text);
	}
	port->asked = REQUEST_NONE;
	port->cut = false;
	port->out_at = 0;
	port->give_up = now_usec() + PATIENCE_USEC;
}

/* -ENODEV: the port is gone. Otherwise it may have to be gone on with after an edge. */
static int send_answer(struct port *port)
{
	size_t len = strlen(port->out);

	while (port->out_at < len) {
		ssize_t n = write(port->fd, port->out + port->out_at, len - port->out_at);

		if (n > 0) {
			port->out_at += n;
		} else if (n < 0 && errno == ENODEV) {
			return -ENODEV;
		} else if (n >= 0 || errno != EINTR) {
			/* Full, or no host: one that comes back must ask again. */
			if (now_usec() >= port->give_up)
				drop_answer(port);
			return 0;
		}
	}
	free(port->out);
	port->out = NULL;
	return 0;
}

static void take(struct port *port, const char *in, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		enum request_kind kind = request_byte(&port->request, in[i]);

		if (kind == REQUEST_NONE)
			continue;
		port->asked = kind;
		if (kind == REQUEST_CHECK)
			memcpy(port->id, port->request.id, strlen(port->request.id) + 1);
	}
}

static int read_chunk(struct port *port)
{
	char in[4096];
	ssize_t n = read(port->fd, in, sizeof(in));

	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0 && errno != EAGAIN)
		return -errno;
	port->readable = n > 0;
	port->chunks = n > 0 ? port->chunks + 1 : 0;
	port->next_chunk = now_usec() + CHUNK_USEC;
	take(port, in, n > 0 ? n : 0);
	return 0;
}

static bool may_answer(const struct port *port)
{
	return port->asked != REQUEST_NONE && !port->out &&
	       (!port->readable || port->chunks >= CHUNKS);
}

static int work(struct port *port)
{
	int64_t now = now_usec();
	int ret = 0;

	if (port->readable && now >= port->next_chunk)
		ret = read_chunk(port);
	if (!ret && may_answer(port) && now >= port->next_answer) {
		port->next_answer = now + ANSWER_USEC;
		port->chunks = 0;
		begin_answer(port);
	}
	if (!ret && port->out)
		ret = send_answer(port);
	return ret;
}

/* In ms, rounded up; -1: until an edge. */
static int patience(const struct port *port)
{
	int64_t until = INT64_MAX, now = now_usec();

	if (port->readable)
		until = port->next_chunk;
	if (may_answer(port) && port->next_answer < until)
		until = port->next_answer;
	if (port->out && port->give_up < until)
		until = port->give_up;
	if (until == INT64_MAX)
		return -1;
	return until <= now ? 0 : (int)((until - now + 999) / 1000);
}

static int loop(struct port *port, int epoll)
{
	struct epoll_event event;
	int ret = 0;

	while (!ret) {
		int n = epoll_wait(epoll, &event, 1, patience(port));

		if (n < 0 && errno != EINTR)
			return -errno;
		port->readable |= n > 0;
		ret = work(port);
	}
	return ret == -ENODEV ? 0 : ret;
}

int serve_port(int fd, serve_answer answer)
{
	struct port port = { .fd = fd, .answer = answer, .readable = true };
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC), ret;

	if (epoll < 0)
		return -errno;
	ret = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : loop(&port, epoll);
	close(epoll);
	free(port.out);
	return ret;
}
