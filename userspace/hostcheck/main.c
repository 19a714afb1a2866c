// SPDX-License-Identifier: GPL-2.0
/*
 * failover-host-check: asks a guest, through the host's end of its
 * virtio-serial port org.net_failover.0, whether it may be migrated now.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "common/answer.h"
#include "common/mem.h"
#include "hostcheck/reply.h"

#define EXIT_USAGE	64
#define TIMEOUT_MS	5000
#define TIMEOUT_MAX	3600.0

static const char help[] =
	"failover-host-check [--json] [--timeout=SECONDS] SOCKET\n"
	"    ask the guest behind this socket whether it may be migrated now; SOCKET is the host's end\n"
	"    of its virtio-serial port org.net_failover.0\n"
	"    exit code: 0 ready, 1 degraded, 2 not ready, 3 unknown\n"
	"failover-host-check --version | --help\n";

struct ask {
	const char *path;
	bool json;
	int timeout_ms;
	int64_t until;		/* ms */
	char id[32];
};

static int64_t now_ms(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Says why nobody knows. */
static int unknown(const struct ask *ask, const char *why)
{
	printf("FAILOVER %s - %s: %s\n", answer_plugin(SEVERITY_UNKNOWN), ask->path, why);
	return SEVERITY_UNKNOWN;
}

static int wait_for(const struct ask *ask, int fd, short events)
{
	struct pollfd pollfd = { .fd = fd, .events = events };
	int64_t left = ask->until - now_ms();
	int n = left > 0 ? poll(&pollfd, 1, (int)left) : 0;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n ? 0 : -ETIMEDOUT;
}

static int open_socket(const struct ask *ask)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(ask->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, ask->path, strlen(ask->path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int ret = errno == EAGAIN ? -EBUSY : -errno;

		close(fd);
		return ret;
	}
	return fd;
}

/* The newline before it ends what somebody may have left half written. */
static int send_request(const struct ask *ask, int fd)
{
	char *text = mem_printf("\ncheck %s\n", ask->id);
	size_t at = 0, len = strlen(text);
	int ret = 0;

	while (!ret && at < len) {
		ssize_t n = send(fd, text + at, len - at, MSG_NOSIGNAL);

		if (n >= 0)
			at += n;
		else if (errno == EAGAIN)
			ret = wait_for(ask, fd, POLLOUT);
		else if (errno != EINTR)
			ret = -errno;
	}
	free(text);
	return ret;
}

struct lines {
	char buf[REPLY_MAX + 1];
	size_t len;
	bool skip;		/* to the end of a line that is too long */
};

/* Takes the lines that are whole; -EAGAIN: none of them is the answer. */
static int take_lines(const struct ask *ask, struct lines *lines, struct reply *reply)
{
	char *start = lines->buf, *end;
	int ret = -EAGAIN;

	while (ret == -EAGAIN &&
	       (end = memchr(start, '\n', lines->len - (start - lines->buf)))) {
		if (!lines->skip)
			ret = reply_read(start, end - start, ask->id, reply);
		lines->skip = false;
		start = end + 1;
	}
	lines->len -= start - lines->buf;
	memmove(lines->buf, start, lines->len);
	if (lines->len == sizeof(lines->buf)) {
		lines->len = 0;
		lines->skip = true;
	}
	return ret;
}

static int read_reply(const struct ask *ask, int fd, struct reply *reply)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	int ret = lines ? -EAGAIN : -ENOMEM;

	while (ret == -EAGAIN) {
		ssize_t n;

		ret = wait_for(ask, fd, POLLIN);
		if (ret)
			break;
		n = read(fd, lines->buf + lines->len, sizeof(lines->buf) - lines->len);
		ret = n < 0 && errno != EAGAIN && errno != EINTR ? -errno : n ? -EAGAIN : -EPIPE;
		if (n > 0) {
			lines->len += n;
			ret = take_lines(ask, lines, reply);
		}
	}
	free(lines);
	return ret;
}

static int no_answer(const struct ask *ask, int error)
{
	char *why;
	int ret;

	switch (error) {
	case -ETIMEDOUT:
		why = mem_printf("no answer within %g s: %s", ask->timeout_ms / 1000.0,
				 "failoverd-port does not run, or another program is connected");
		break;
	case -EBUSY:
		why = mem_printf("other programs are connected");
		break;
	case -EPIPE:
		why = mem_printf("the connection was closed (did the virtual machine end?)");
		break;
	case -ENOENT:
	case -ECONNREFUSED:
		why = mem_printf("%s: is it the port org.net_failover.0 of a machine that runs?",
				 strerror(-error));
		break;
	default:
		why = mem_printf("%s", strerror(-error));
		break;
	}
	ret = unknown(ask, why);
	free(why);
	return ret;
}

static void show(const struct ask *ask, const struct reply *reply)
{
	if (!ask->json) {
		reply_print(reply);
		return;
	}
	json_object_object_del(reply->root, "id");
	puts(json_object_to_json_string_ext(reply->root, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
}

static int run(struct ask *ask)
{
	struct reply reply = { 0 };
	uint64_t number = 0;
	int fd, ret;

	ask->until = now_ms() + ask->timeout_ms;
	if (getrandom(&number, sizeof(number), 0) < 0)
		number = (uint64_t)now_ms();
	snprintf(ask->id, sizeof(ask->id), "%016llx", (unsigned long long)number);
	fd = open_socket(ask);
	if (fd < 0)
		return no_answer(ask, fd);
	ret = send_request(ask, fd);
	if (!ret)
		ret = read_reply(ask, fd, &reply);
	close(fd);
	if (ret)
		return no_answer(ask, ret);
	show(ask, &reply);
	ret = reply.severity;
	reply_free(&reply);
	return ret;
}

static bool take_timeout(const char *text, struct ask *ask)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds > 0) || seconds > TIMEOUT_MAX) {
		fprintf(stderr, "failover-host-check: --timeout: up to %g seconds, not '%s'\n",
			TIMEOUT_MAX, text);
		return false;
	}
	ask->timeout_ms = (int)(seconds * 1000 + 0.999);
	return true;
}

/* -1: go on, else the exit code. */
static int take_options(int argc, char **argv, struct ask *ask)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "jt:hV", options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			ask->json = true;
			break;
		case 't':
			if (!take_timeout(optarg, ask))
				return EXIT_USAGE;
			break;
		case 'h':
			fputs(help, stdout);
			return 0;
		case 'V':
			puts("failover-host-check " VERSION);
			return 0;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "failover-host-check: which socket? One, please (see --help)\n");
		return EXIT_USAGE;
	}
	ask->path = argv[optind];
	return -1;
}

int main(int argc, char **argv)
{
	struct ask ask = { .timeout_ms = TIMEOUT_MS };
	int ret = take_options(argc, argv, &ask);

	return ret >= 0 ? ret : run(&ask);
}
