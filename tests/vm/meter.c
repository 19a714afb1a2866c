// SPDX-License-Identifier: GPL-2.0
/*
 * Says what things cost in a guest whose clock counts instructions (QEMU's -icount).
 *
 *	meter run N COMMAND...		the cheapest of N runs: instructions, and peak memory in KiB
 *	meter drain MASTER USEC		drains and undrains with pauses until it is ended
 *	meter switch MASTER N USEC	as drain, N times: how long after each request the pair
 *					switched, in ns; one that does not switch is a failure
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include "common/genl.h"

static void run(char **command)
{
	if (!freopen("/dev/null", "w", stdout))
		_exit(127);
	execvp(*command, command);
	_exit(127);
}

static int meter_run(int times, char **command)
{
	unsigned long long least = -1ULL;
	struct rusage usage = { 0 };
	int i;

	for (i = 0; i < times; i++) {
		unsigned long long start = __rdtsc(), cost;
		pid_t pid = fork();
		int status;

		if (!pid)
			run(command);
		if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
			err(1, "%s", *command);
		cost = __rdtsc() - start;
		if (!WIFEXITED(status) || WEXITSTATUS(status) > 2)
			errx(1, "%s ended with %#x", *command, status);
		least = cost < least ? cost : least;
	}
	printf("%llu %ld\n", least, usage.ru_maxrss);
	return 0;
}

static void ask(const char *master, int i)
{
	char why[GENL_WHY_LEN];
	int ret = genl_request(i % 2 ? NET_FAILOVER_CMD_UNDRAIN : NET_FAILOVER_CMD_DRAIN, master,
			       why);

	if (ret)
		errx(1, "%s: %s %s", master, strerror(-ret), why);
}

static __attribute__((noreturn)) void meter_drain(const char *master, int usec)
{
	int i;

	for (i = 0;; i = !i) {
		ask(master, i);
		usleep(usec);
	}
}

/* When the pair switched last, by CLOCK_BOOTTIME. */
static uint64_t switched(const char *master)
{
	struct pairs pairs;
	uint64_t since = 0;
	size_t i;

	if (genl_pairs(&pairs))
		errx(1, "no pairs");
	for (i = 0; i < pairs.n; i++)
		if (!strcmp(pairs.v[i].name, master))
			since = pairs.v[i].since;
	free(pairs.v);
	return since;
}

static int meter_switch(const char *master, int times, int usec)
{
	int i;

	for (i = 0; i < times; i++) {
		struct timespec ts;
		uint64_t start, end;

		clock_gettime(CLOCK_BOOTTIME, &ts);
		start = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
		ask(master, i);
		usleep(usec);
		end = switched(master);
		if (end < start)
			errx(1, "%s: no switch within %d us", master, usec);
		printf("%llu\n", (unsigned long long)(end - start));
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "run"))
		return meter_run(atoi(argv[2]), argv + 3);
	if (argc == 4 && !strcmp(argv[1], "drain"))
		meter_drain(argv[2], atoi(argv[3]));
	if (argc == 5 && !strcmp(argv[1], "switch"))
		return meter_switch(argv[2], atoi(argv[3]), atoi(argv[4]));
	errx(64, "meter run N COMMAND... | meter drain MASTER USEC | meter switch MASTER N USEC");
}
