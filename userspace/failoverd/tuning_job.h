/* SPDX-License-Identifier: GPL-2.0 */
/* Asks failoverd-tune to set something, and waits for what it says. */
#ifndef FAILOVERD_TUNING_JOB_H
#define FAILOVERD_TUNING_JOB_H

#include <stdint.h>

#include <systemd/sd-event.h>

#include "common/tune.h"

struct tuning_job;

/*
 * subject: "card" or "master", with its ifindex. Calls done once, from the event
 * loop, with failoverd-tune's lines: what was refused, and why; there may be
 * nothing to ask for. The job is freed afterwards.
 */
struct tuning_job *tuning_job_start(sd_event *event, const char *socket, const char *subject,
				    uint32_t ifindex, const struct tune_changes *changes,
				    void (*done)(void *data, const char *answer), void *data);
/* One that is not done: done is not called any more. */
void tuning_job_cancel(struct tuning_job *job);

#endif
