// SPDX-License-Identifier: GPL-2.0
/*
 * Hears the host ask for a primary, and has its removal completed.
 *
 * What the kernel says of slots comes by an fd of /dev/kmsg that the service
 * failoverd-slot@ opened for us, and the same service switches a slot off, in a
 * process of its own for each: neither needs a privilege of ours, a write to a
 * slot's power file blocks for a second and more, and it ends whatever becomes
 * of us.
 *
 * A second press takes the request back. If it comes
 *   - before we have read of the first: the last word about a slot counts;
 *   - before the service looks: it looks at the log by itself, and refuses;
 *   - between its look and its write, some microseconds: the kernel removes the
 *     card all the same, as it would for an administrator;
 *   - later: the kernel ends the removal and takes the press for a wish to have
 *     the card back, which is what the host meant.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/genl.h"
#include "common/kmsg.h"
#include "common/mem.h"
#include "failoverd/ask.h"
#include "failoverd/hurry.h"
#include "failoverd/unplug.h"

#define RECORDS_AT_ONCE	1000	/* then the event loop has its turn */
#define ANSWER		256

/* A question to the service, and its answer so far. */
struct asking {
	struct asking *next;
	struct unplug *unplug;
	sd_event_source *source;
	int fd;
	char answer[ANSWER];
	size_t answered;
	bool removal;		/* of this primary; else: for the kernel's log */
	struct unplug_report about;
};

struct unplug {
	sd_event *event;
	const char *socket;
	unplug_tell tell;
	void *data;
	bool enabled;
	sd_event_source *source;	/* of the kernel's log */
	int fd;
	struct asking *asking;
};

static void tell(struct unplug *unplug, const struct unplug_report *about)
{
	struct report report;

	report_unplug(&report, about);
	unplug->tell(unplug->data, &report);
}

static void __attribute__((format(printf, 2, 3)))
complain(struct unplug *unplug, const char *format, ...)
{
	struct unplug_report about = { .what = UNPLUG_UNHEARD };
	va_list args;

	va_start(args, format);
	about.why = mem_vprintf(format, args);
	va_end(args);
	tell(unplug, &about);
	free((char *)about.why);
}

static void stop_listening(struct unplug *unplug)
{
	if (!unplug->source)
		return;
	unplug->source = sd_event_source_disable_unref(unplug->source);
	close(unplug->fd);
}

static void free_asking(struct asking *asking)
{
	sd_event_source_disable_unref(asking->source);
	close(asking->fd);
	free(asking);
}

static void end_asking(struct asking *asking)
{
	struct asking **at = &asking->unplug->asking;

	while (*at != asking)
		at = &(*at)->next;
	*at = asking->next;
	free_asking(asking);
}

static void listen_to(struct unplug *unplug, int fd);

/* The service has ended; what it had to say is why it did not do it. */
static void take_answer(struct asking *asking)
{
	struct unplug *unplug = asking->unplug;
	char words[4 * ANSWER];

	asking->answer[asking->answered] = '\0';
	asking->answer[strcspn(asking->answer, "\n")] = '\0';
	escape_copy(words, sizeof(words), asking->answer);
	if (asking->removal && *words) {
		asking->about.what = UNPLUG_FAILED;
		asking->about.why = words;
		tell(unplug, &asking->about);
	} else if (!asking->removal && unplug->enabled && !unplug->source) {
		complain(unplug, "%s", *words ? words : "failoverd-slot gave no answer");
	}
}

static int on_answer(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct asking *asking = data;
	size_t room = ANSWER - 1 - asking->answered;
	char rest[ANSWER];
	int passed, n = ask_receive(fd, room ? asking->answer + asking->answered : rest,
				    room ? (int)room : ANSWER, &passed);

	(void)source;
	(void)events;
	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (passed >= 0) {
		listen_to(asking->unplug, passed);
		return 0;
	}
	if (n > 0) {
		asking->answered += room ? n : 0;
		return 0;
	}
	take_answer(asking);
	end_asking(asking);
	return 0;
}

static int ask(struct unplug *unplug, const char *text, const struct unplug_report *about)
{
	struct asking *asking;
	int fd = ask_send(unplug->socket, text), ret;

	if (fd < 0)
		return fd;
	asking = mem_grow(NULL, 0, sizeof(*asking));
	*asking = (struct asking){
		.next = unplug->asking, .unplug = unplug, .fd = fd, .removal = about,
	};
	if (about)
		asking->about = *about;
	unplug->asking = asking;
	ret = sd_event_add_io(unplug->event, &asking->source, fd, EPOLLIN, on_answer, asking);
	if (ret < 0)
		end_asking(asking);
	return ret < 0 ? ret : 0;
}

static void hurry(struct unplug *unplug, const char *slot, struct unplug_report *about)
{
	char *text = mem_printf("off %s\n", slot);
	int ret = ask(unplug, text, about);

	free(text);
	about->what = UNPLUG_HURRIED;
	if (ret) {
		about->what = UNPLUG_FAILED;
		about->why = strerror(-ret);
	}
	tell(unplug, about);
}

/* Fills in the pair that the slot's card belongs to. */
static void name_pair(struct unplug_report *about, const struct pair *pair)
{
	about->ifindex = pair->ifindex;
	memcpy(about->master, pair->name, sizeof(about->master));
	memcpy(about->primary, pair->primary.name, sizeof(about->primary));
	memcpy(about->standby, pair->standby.name, sizeof(about->standby));
}

/* The last words about a slot: a request, or its end. */
static void act(struct unplug *unplug, const struct kmsg_record *record)
{
	struct unplug_report about = { .what = UNPLUG_CANCELLED };
	struct hurry_answer answer;
	struct pairs pairs;
	struct slot slot;

	memcpy(about.slot, record->slot, sizeof(about.slot));
	genl_pairs(&pairs);
	if (slot_read(record->slot, &slot))
		goto out;
	answer = hurry_decide(&slot, &pairs);
	if (answer.what == HURRY_NOT_OURS)
		goto out;
	name_pair(&about, answer.pair);
	about.why = answer.lack;
	if (record->kind == KMSG_SLOT_CANCEL)
		answer.what = HURRY_NOT_OURS;
	switch (answer.what) {
	case HURRY_NOW:
		hurry(unplug, record->slot, &about);
		break;
	case HURRY_NOT_OURS:
		tell(unplug, &about);
		break;
	case HURRY_SHARED:
	case HURRY_UNFIT:
		about.what = answer.what == HURRY_UNFIT ? UNPLUG_UNFIT : UNPLUG_SHARED;
		tell(unplug, &about);
		break;
	}
out:
	free(slot.v);
	free(pairs.v);
}

/* Keeps the last record about each slot. */
static void keep(struct kmsg_record **v, size_t *n, const struct kmsg_record *record)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (!strcmp((*v)[i].slot, record->slot))
			break;
	if (i == *n) {
		*v = mem_grow(*v, *n, sizeof(**v));
		(*n)++;
	}
	(*v)[i] = *record;
}

static int on_kmsg(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct unplug *unplug = data;
	struct kmsg_record *last = NULL, record;
	int ret = 1, i;
	size_t n = 0;

	(void)source;
	(void)events;
	for (i = 0; ret > 0 && i < RECORDS_AT_ONCE; i++) {
		ret = kmsg_read(fd, &record);
		if (ret > 0 && record.kind != KMSG_OTHER)
			keep(&last, &n, &record);
		if (ret != -EPIPE)
			continue;
		/* The request may have been taken back among what is lost. */
		n = 0;
		ret = 1;
	}
	if (ret < 0) {
		stop_listening(unplug);
		complain(unplug, "the kernel's log: %s", strerror(-ret));
	}
	while (n--)
		if (last[n].kind != KMSG_SLOT)
			act(unplug, &last[n]);
	free(last);
	return 0;
}

static void listen_to(struct unplug *unplug, int fd)
{
	if (!unplug->enabled || unplug->source) {
		close(fd);
		return;
	}
	unplug->fd = fd;
	if (sd_event_add_io(unplug->event, &unplug->source, fd, EPOLLIN, on_kmsg, unplug) < 0)
		close(fd);
}

struct unplug *unplug_new(sd_event *event, const char *socket, unplug_tell teller, void *data)
{
	struct unplug *unplug = mem_grow(NULL, 0, sizeof(*unplug));

	*unplug = (struct unplug){
		.event = event, .socket = socket, .tell = teller, .data = data,
	};
	return unplug;
}

void unplug_enable(struct unplug *unplug, bool enabled)
{
	bool before = unplug->enabled;
	int ret;

	unplug->enabled = enabled;
	if (!enabled)
		stop_listening(unplug);
	if (!enabled || before)
		return;
	ret = ask(unplug, "kmsg\n", NULL);
	if (ret)
		complain(unplug, "%s: %s (is failoverd-slot.socket started?)", unplug->socket,
			 strerror(-ret));
}

void unplug_free(struct unplug *unplug)
{
	struct asking *asking = unplug->asking;

	while (asking) {
		struct asking *next = asking->next;

		free_asking(asking);
		asking = next;
	}
	stop_listening(unplug);
	free(unplug);
}
