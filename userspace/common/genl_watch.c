// SPDX-License-Identifier: GPL-2.0
/*
 * The subscription to events. Numbers decide: what was told already is
 * skipped, and where one is missing the ring is read, since another
 * namespace's event has it or the kernel could not deliver ours.
 */
#include <errno.h>
#include <stdlib.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "common/genl_parse.h"
#include "common/genl_watch.h"
#include "common/mem.h"

#define BUFFER_SIZE	32768
#define MESSAGES	1000	/* at most in one call: the caller has other things to do */

struct genl_watch {
	struct mnl_socket *nl;
	char *buf;
	struct genl_family family;
	struct genl_place place;
	bool behind;		/* the ring has to be read */
	bool renewed;		/* the family came or went */
};

static bool is_told(const struct genl_place *place, const struct genl_event *event)
{
	return event->epoch == place->epoch && event->seq <= place->seq;
}

static void tell(struct genl_place *place, const struct genl_event *event,
		 struct genl_news *news)
{
	struct genl_events *to = &news->events;

	if (event->epoch != place->epoch && place->epoch)
		news->reloaded = true;
	place->epoch = event->epoch;
	place->seq = event->seq;
	to->v = mem_grow(to->v, to->n, sizeof(*to->v));
	to->v[to->n++] = *event;
}

size_t genl_take_live(struct genl_place *place, const struct genl_events *live,
		      struct genl_news *news)
{
	size_t i;

	for (i = 0; i < live->n; i++) {
		const struct genl_event *event = &live->v[i];

		if (is_told(place, event))
			continue;
		if (event->epoch != place->epoch || event->seq != place->seq + 1)
			break;
		tell(place, event, news);
	}
	return i;
}

/*
 * Of the numbers missing before the oldest, those are lost that a ring which
 * ends with the newest cannot hold; the others are other namespaces' events.
 */
static uint64_t count_lost(const struct genl_place *place, const struct genl_events *ring)
{
	uint64_t told = ring->v[0].epoch == place->epoch ? place->seq : 0;
	uint64_t newest = ring->v[ring->n - 1].seq, missing, forgotten;

	if (!place->epoch || ring->v[0].seq <= told + 1)
		return 0;
	missing = ring->v[0].seq - told - 1;
	forgotten = newest > NET_FAILOVER_EVENTS_KEPT + told ?
		    newest - NET_FAILOVER_EVENTS_KEPT - told : 0;
	return missing < forgotten ? missing : forgotten;
}

void genl_take_ring(struct genl_place *place, const struct genl_events *ring,
		    struct genl_news *news)
{
	size_t i;

	if (!ring->n)
		return;
	news->lost += count_lost(place, ring);
	for (i = 0; i < ring->n; i++)
		if (!is_told(place, &ring->v[i]))
			tell(place, &ring->v[i], news);
}

/* Those that the ring got after it was read. */
static void take_rest(struct genl_watch *watch, const struct genl_events *live, size_t at,
		      struct genl_news *news)
{
	for (; at < live->n; at++)
		if (!is_told(&watch->place, &live->v[at]))
			tell(&watch->place, &live->v[at], news);
}

struct reading {
	struct genl_watch *watch;
	struct genl_events live;
};

static int take_message(const struct nlmsghdr *nlh, void *data)
{
	struct reading *reading = data;
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct genl_family family = { 0 };

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl))
		return MNL_CB_OK;
	if (nlh->nlmsg_type == GENL_ID_CTRL) {
		genl_add_family(nlh, &family);
		reading->watch->renewed |= family.id;
	} else if (nlh->nlmsg_type == reading->watch->family.id &&
		   genl->cmd == NET_FAILOVER_CMD_EVENT_NTF &&
		   genl_add_event(nlh, &reading->live) < 0) {
		reading->watch->behind = true;
	}
	return MNL_CB_OK;
}

static int receive(struct reading *reading, struct genl_news *news)
{
	struct genl_watch *watch = reading->watch;
	int i;

	for (i = 0; i < MESSAGES; i++) {
		ssize_t n = mnl_socket_recvfrom(watch->nl, watch->buf, BUFFER_SIZE);

		if (n < 0 && errno == ENOBUFS) {
			news->overrun = true;
			watch->behind = true;
			watch->renewed = true;
		} else if (n < 0) {
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		} else if (!genl_check_frames(watch->buf, n)) {
			mnl_cb_run(watch->buf, n, 0, 0, take_message, reading);
		}
	}
	return 0;
}

/*
 * The module was loaded, unloaded or both: its numbers are new ones, or the same
 * ones again. A membership has ended with the group either way.
 */
static int renew(struct genl_watch *watch)
{
	struct genl_family family;
	int ret = genl_find_family(&family);

	if (ret && ret != -ENOENT)
		return ret;
	if (family.group &&
	    mnl_socket_setsockopt(watch->nl, NETLINK_ADD_MEMBERSHIP, &family.group,
				  sizeof(family.group)) < 0)
		return -errno;
	watch->behind |= family.group;
	watch->family = family;
	watch->renewed = false;
	return 0;
}

static int catch_up(struct genl_watch *watch, struct genl_news *news)
{
	struct genl_events ring;
	int ret;

	if (!watch->family.group) {
		watch->behind = false;
		return 0;
	}
	ret = genl_events(&ring);
	if (ret)
		return ret == -EINTR ? -EAGAIN : ret;
	genl_take_ring(&watch->place, &ring, news);
	genl_events_free(&ring);
	watch->behind = false;
	return 0;
}

int genl_watch_read(struct genl_watch *watch, struct genl_news *news)
{
	struct reading reading = { .watch = watch };
	size_t at;
	int ret;

	*news = (struct genl_news){ 0 };
	ret = receive(&reading, news);
	if (!ret && watch->renewed)
		ret = renew(watch);
	at = genl_take_live(&watch->place, &reading.live, news);
	watch->behind |= at < reading.live.n;
	if (!ret && watch->behind)
		ret = catch_up(watch, news);
	if (!ret)
		take_rest(watch, &reading.live, at, news);
	news->present = watch->family.group;
	genl_events_free(&reading.live);
	return ret;
}

static int subscribe(struct genl_watch *watch)
{
	unsigned int controller = GENL_ID_CTRL;	/* its group "notify" has the same number */

	watch->nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!watch->nl || mnl_socket_bind(watch->nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(watch->nl, NETLINK_ADD_MEMBERSHIP, &controller,
				  sizeof(controller)) < 0)
		return -errno;
	return renew(watch);
}

int genl_watch_open(struct genl_watch **watch, uint64_t epoch, uint64_t seq)
{
	struct genl_watch *w = mem_grow(NULL, 0, sizeof(*w));
	int ret;

	*w = (struct genl_watch){ .place = { epoch, seq } };
	w->buf = mem_grow(NULL, 0, BUFFER_SIZE);
	ret = subscribe(w);
	if (ret) {
		genl_watch_close(w);
		w = NULL;
	}
	*watch = w;
	return ret;
}

int genl_watch_fd(const struct genl_watch *watch)
{
	return mnl_socket_get_fd(watch->nl);
}

void genl_watch_close(struct genl_watch *watch)
{
	if (!watch)
		return;
	if (watch->nl)
		mnl_socket_close(watch->nl);
	free(watch->buf);
	free(watch);
}
