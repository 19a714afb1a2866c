// SPDX-License-Identifier: GPL-2.0
/*
 * A sequence-numbered traffic probe, for the host and for a busybox guest: options and commands.
 * `probe` alone prints its usage; probe_log.c documents the logs, probe_pace.c the pace.
 */
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "probe_net.h"

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

static void usage(FILE *f)
{
	fputs("usage: probe echo --port P [--seconds S] [--dev IF]\n"
	      "       probe ping --to ADDR --port P --rate PPS (--count N | --seconds S)\n"
	      "                  [--log FILE] [--runs] [--size B] [--flows N] [--bind ADDR] [--dev IF]\n"
	      "                  [--drain MS] [--stream HEX]\n"
	      "       probe send (as ping, without replies)\n"
	      "       probe recv --port P [--log FILE] [--runs] [--seconds S] [--count N] [--idle MS]\n"
	      "                  [--join GROUP] [--dev IF]\n"
	      "       probe report FILE\n"
	      "       probe tcp-recv --port P [--log FILE] [--seconds S]\n"
	      "       probe tcp-send --to ADDR --port P --seconds S [--rate BYTES/S] [--log FILE]\n"
	      "A log of - is the standard output. Ends by itself; SIGTERM ends it early, with its log.\n",
	      f);
}

/* max: of a number; 0 for a text. */
static const struct {
	const char *name;
	size_t at;
	unsigned int max;
} known[] = {
	{ "to", offsetof(struct options, to), 0 },
	{ "log", offsetof(struct options, log), 0 },
	{ "bind", offsetof(struct options, bind), 0 },
	{ "dev", offsetof(struct options, dev), 0 },
	{ "join", offsetof(struct options, join), 0 },
	{ "stream", offsetof(struct options, stream), 0 },
	{ "port", offsetof(struct options, port), 65535 },
	{ "rate", offsetof(struct options, rate), 1000000000 },
	{ "count", offsetof(struct options, count), MAX_SEQ },
	{ "seconds", offsetof(struct options, seconds), 86400 },
	{ "size", offsetof(struct options, size), MAX_SIZE },
	{ "flows", offsetof(struct options, flows), MAX_FLOWS },
	{ "drain", offsetof(struct options, drain_ms), 600000 },
	{ "idle", offsetof(struct options, idle_ms), 600000 },
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

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
	struct option opts[KNOWN + 2] = { { 0 } };
	int c, i;

	for (size_t k = 0; k < KNOWN; k++)
		opts[k] = (struct option){ known[k].name, required_argument, NULL, 1 };
	opts[KNOWN] = (struct option){ "runs", no_argument, NULL, 2 };
	while ((c = getopt_long(argc, argv, "", opts, &i)) != -1) {
		char *at = (char *)o + (c == 1 ? known[i].at : 0);

		if (c == 1 && known[i].max)
			*(unsigned int *)at = number(known[i].name, optarg, known[i].max);
		else if (c == 1)
			*(const char **)at = optarg;
		else if (c == 2)
			o->runs = true;
		else
			exit(EXIT_USAGE);
	}
	if (optind < argc)
		die(EXIT_USAGE, "unexpected argument: %s", argv[optind]);
	if (!o->port)
		die(EXIT_USAGE, "--port must be given");
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
	if (o->stream)
		o->id = strtoul(o->stream, NULL, 16);
	while (!o->id)
		if (getrandom(&o->id, sizeof(o->id), 0) < 0)
			o->id = getpid() ^ now_ns(CLOCK_REALTIME);
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

static int run(const char *cmd, struct options *o)
{
	if (!strcmp(cmd, "ping") || !strcmp(cmd, "send")) {
		check_sender(o);
		return cmd_ping(o, cmd[0] == 'p');
	}
	if (!strcmp(cmd, "tcp-send")) {
		if (!o->to || !o->seconds)
			die(EXIT_USAGE, "--to and --seconds must be given");
		return cmd_tcp_send(o);
	}
	if (!o->seconds)
		o->seconds = 600;
	if (!strcmp(cmd, "echo"))
		return cmd_echo(o);
	if (!strcmp(cmd, "recv"))
		return cmd_recv(o);
	if (!strcmp(cmd, "tcp-recv"))
		return cmd_tcp_recv(o);
	die(EXIT_USAGE, "no such command: %s", cmd);
}

int main(int argc, char **argv)
{
	struct options o = { .size = 64, .flows = 1, .drain_ms = 1000 };

	if (argc < 2 || !strcmp(argv[1], "--help")) {
		usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? EXIT_USAGE : 0;
	}
	if (!strcmp(argv[1], "report") && argc == 3)
		return cmd_report(argv[2]);
	parse(argc - 1, argv + 1, &o);
	prctl(PR_SET_TIMERSLACK, 1);
	catch_signals();
	return run(argv[1], &o);
}
