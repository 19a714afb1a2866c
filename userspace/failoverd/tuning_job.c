// SPDX-License-Identifier: GPL-2.0
/*
 * Asks failoverd-tune to set something, and waits for what it says.
 *
 * Before it holds a primary back, it says so ("held"). If it ends without
 * having said "done", which is after it let the primary go, it was killed
 * halfway, and another one is asked to let it go.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "failoverd/ask.h"
#include "failoverd/tuning_job.h"

/* Longer than systemd lets it run: until then it lets the primary go by itself. */
#define PATIENCE_USEC	70000000U
#define ANSWER_MAX	4096
#define LAST_LINES	64

struct tuning_job {
	const char *socket;
	uint32_t ifindex;
	void (*done)(void *data, const char *answer);
	void *data;
	int fd;
	sd_event_source *io, *timer;
	char answer[ANSWER_MAX];
	size_t n;
};

void tuning_job_cancel(struct tuning_job *job)
{
	sd_event_source_disable_unref(job->io);
	sd_event_source_disable_unref(job->timer);
	if (job->fd >= 0)
		close(job->fd);
	free(job);
}

static bool has_line(const struct tuning_job *job, const char *line)
{
	const char *at = strstr(job->answer, line);

	return at && (at == job->answer || at[-1] == '\n');
}

static void add_refused(struct tuning_job *job, const char *who, const char *why)
{
	/* What does not fit any more is of less interest. */
	size_t at = job->n < sizeof(job->answer) / 2 ? job->n : sizeof(job->answer) / 2;

	job->n = at + snprintf(job->answer + at, sizeof(job->answer) - at, "\nrefused: %s: %s\n",
			       who, why);
}

static void let_go(const struct tuning_job *job)
{
	char *text = mem_printf("release %u\n", job->ifindex);
	int fd = ask_send(job->socket, text);

	/* It says nothing that we could do anything about; its own words are in the journal. */
	if (fd >= 0)
		close(fd);
	free(text);
}

static void finish(struct tuning_job *job, const char *how)
{
	if (!has_line(job, "done\n") && !has_line(job, "refused:")) {
		if (has_line(job, "held\n"))
			let_go(job);
		add_refused(job, "failoverd-tune", how);
	}
	job->done(job->data, job->answer);
	tuning_job_cancel(job);
}

/* The first lines and the last one are what we want. */
static void make_room(struct tuning_job *job)
{
	char *to = job->answer + sizeof(job->answer) / 2;

	memmove(to, job->answer + job->n - LAST_LINES, LAST_LINES);
	job->n = to + LAST_LINES - job->answer;
}

static int on_answer(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct tuning_job *job = data;
	ssize_t n = read(fd, job->answer + job->n, sizeof(job->answer) - 1 - job->n);

	(void)source;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		finish(job, "ended halfway");
		return 0;
	}
	job->n += n;
	if (job->n == sizeof(job->answer) - 1)
		make_room(job);
	job->answer[job->n] = '\0';
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	finish(data, "does not end");
	return 0;
}

/* NULL: there is nothing to do. */
static char *request_of(const char *subject, uint32_t ifindex, const struct tune_changes *changes)
{
	char *text = NULL, *longer;
	size_t i;

	for (i = 0; i < changes->n; i++) {
		if (!changes->v[i].value)
			continue;
		longer = text ? mem_printf("%s%s=%s\n", text, changes->v[i].key,
					   changes->v[i].value) :
				mem_printf("%s %u\n%s=%s\n", subject, ifindex, changes->v[i].key,
					   changes->v[i].value);
		free(text);
		text = longer;
	}
	return text;
}

/* 0, or a negative errno: nobody was asked. */
static int send_request(struct tuning_job *job, sd_event *event, const char *text)
{
	job->fd = ask_send(job->socket, text);
	return job->fd < 0 ? job->fd :
	       sd_event_add_io(event, &job->io, job->fd, EPOLLIN, on_answer, job);
}

struct tuning_job *tuning_job_start(sd_event *event, const char *socket, const char *subject,
				    uint32_t ifindex, const struct tune_changes *changes,
				    void (*done)(void *data, const char *answer), void *data)
{
	struct tuning_job *job = mem_grow(NULL, 0, sizeof(*job));
	char *text = request_of(subject, ifindex, changes);
	int ret = 0;

	*job = (struct tuning_job){ .socket = socket, .ifindex = ifindex, .done = done,
				    .data = data, .fd = -1 };
	if (text)
		ret = send_request(job, event, text);
	else
		snprintf(job->answer, sizeof(job->answer), "done\n");
	if (ret < 0)
		add_refused(job, socket, strerror(-ret));
	/* The answer is told by the event loop, even if there was nothing to ask for. */
	sd_event_add_time_relative(event, &job->timer, CLOCK_MONOTONIC,
				   text && ret >= 0 ? PATIENCE_USEC : 0, 1, on_timer, job);
	free(text);
	return job;
}
