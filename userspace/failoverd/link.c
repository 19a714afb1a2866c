// SPDX-License-Identifier: GPL-2.0
/*
 * The daemon's view of links: libnl's cache of them, and beside it a table of
 * what we want to know of each, so that a change can be told with what was
 * before. Where the kernel could not deliver notifications (the socket was
 * full) all links are read again, and what differs is told as changes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/socket.h>

#include "common/escape.h"
#include "common/mem.h"
#include "common/sysfs.h"
#include "failoverd/link.h"

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP	(1 << 16)	/* linux/if.h, which does not go with net/if.h */
#endif

/* Asked for; the kernel gives what net.core.rmem_max allows. */
#define RECEIVE_BUFFER		(1 << 20)
#define READINGS		100	/* at most in one go: it may be filled as fast as we read */
#define AGAIN_FIRST_USEC	20000U
#define AGAIN_MAX_USEC		60000000U

struct links_view {
	struct nl_cache_mngr *manager;
	struct nl_sock *sock;
	struct nl_cache *cache;
	sd_event_source *io, *again;
	uint64_t again_usec;		/* 0: the last reading went well */
	struct link_state *v;
	size_t n;
	struct link_watcher *watchers;
	size_t n_watchers;
};

/* libnl has numbers of its own; those that say something else than "it failed" matter. */
static int to_errno(int error)
{
	switch (-error) {
	case NLE_SUCCESS:
		return 0;
	case NLE_AGAIN:
	case NLE_INTR:
	case NLE_DUMP_INTR:
		return -EAGAIN;
	case NLE_NOMEM:		/* also its word for ENOBUFS */
		return -ENOBUFS;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EACCES;
	case NLE_AF_NOSUPPORT:
	case NLE_PROTO_MISMATCH:
		return -EAFNOSUPPORT;
	default:
		return -EIO;
	}
}

static struct link_state *find(const struct links_view *view, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < view->n; i++)
		if (view->v[i].ifindex == ifindex)
			return &view->v[i];
	return NULL;
}

static void tell(const struct links_view *view, const struct link_state *before,
		 const struct link_state *now)
{
	size_t i;

	for (i = 0; i < view->n_watchers; i++)
		if (view->watchers[i].changed)
			view->watchers[i].changed(view->watchers[i].data, before, now);
}

static void settle(const struct links_view *view, bool resynced)
{
	size_t i;

	for (i = 0; i < view->n_watchers; i++)
		if (view->watchers[i].settled)
			view->watchers[i].settled(view->watchers[i].data, resynced);
}

static bool is_bridge(struct rtnl_link *link)
{
	const char *type = rtnl_link_get_type(link);

	return type && !strcmp(type, "bridge");
}

/*
 * A bridge tells of its ports a second time, as links of the family AF_BRIDGE,
 * and that they leave when they leave the bridge: not our business. But libnl
 * puts the bridge itself into that family too.
 */
static bool is_plain(struct rtnl_link *link)
{
	return rtnl_link_get_family(link) == AF_UNSPEC || is_bridge(link);
}

/* The object that left may have been told last by a message that does not say its type. */
static bool is_end(const struct links_view *view, struct rtnl_link *link)
{
	const struct link_state *at = find(view, rtnl_link_get_ifindex(link));

	return rtnl_link_get_family(link) == AF_UNSPEC || (at && at->bridge);
}

static void take_addr(struct rtnl_link *from, struct link_state *to)
{
	struct nl_addr *addr = rtnl_link_get_addr(from);

	to->has_mac = addr && nl_addr_get_len(addr) == MAC_LEN;
	if (to->has_mac)
		memcpy(to->mac, nl_addr_get_binary_addr(addr), MAC_LEN);
}

static void take(struct rtnl_link *from, struct link_state *to)
{
	unsigned int flags = rtnl_link_get_flags(from);
	const char *name = rtnl_link_get_name(from);

	*to = (struct link_state){ 0 };
	to->ifindex = rtnl_link_get_ifindex(from);
	snprintf(to->ifname, sizeof(to->ifname), "%s", name ? name : "");
	escape_copy(to->name, sizeof(to->name), to->ifname);
	take_addr(from, to);
	to->master = rtnl_link_get_master(from);
	to->up = flags & IFF_UP;
	to->carrier = flags & IFF_LOWER_UP;
	to->slave = flags & IFF_SLAVE;
	to->bridge = is_bridge(from);
	to->mtu = rtnl_link_get_mtu(from);
}

/*
 * Where a card sits never changes. sysfs knows it by a name, which may be
 * another one meanwhile: then its next notification makes us look again.
 */
static void find_bus(struct link_state *now, const struct link_state *before)
{
	if (before && *before->bus)
		memcpy(now->bus, before->bus, sizeof(now->bus));
	else
		sysfs_bus(now->ifname, now->ifindex, now->bus);
}

/* ifindex is. */
static bool is_same(const struct link_state *a, const struct link_state *b)
{
	return !strcmp(a->ifname, b->ifname) && !strcmp(a->bus, b->bus) &&
	       a->has_mac == b->has_mac && !memcmp(a->mac, b->mac, sizeof(a->mac)) &&
	       a->master == b->master && a->up == b->up && a->carrier == b->carrier &&
	       a->slave == b->slave && a->bridge == b->bridge && a->mtu == b->mtu;
}

static void put(struct links_view *view, struct rtnl_link *from, bool quiet)
{
	struct link_state now, before, *at;

	take(from, &now);
	at = find(view, now.ifindex);
	find_bus(&now, at);
	if (at && is_same(at, &now))
		return;
	if (!at) {
		view->v = mem_grow(view->v, view->n, sizeof(*view->v));
		view->v[view->n++] = now;
	} else {
		before = *at;
		*at = now;
	}
	if (!quiet)
		tell(view, at ? &before : NULL, &now);
}

static void drop(struct links_view *view, uint32_t ifindex)
{
	struct link_state before, *at = find(view, ifindex);

	if (!at)
		return;
	before = *at;
	view->n--;
	memmove(at, at + 1, (view->v + view->n - at) * sizeof(*at));
	tell(view, &before, NULL);
}

static void on_change(struct nl_cache *cache, struct nl_object *object, int action, void *data)
{
	struct rtnl_link *link = (struct rtnl_link *)object;

	(void)cache;
	if (action != NL_ACT_DEL && is_plain(link))
		put(data, link, false);
	else if (action == NL_ACT_DEL && is_end(data, link))
		drop(data, rtnl_link_get_ifindex(link));
}

static void take_first(struct nl_object *object, void *data)
{
	struct rtnl_link *link = (struct rtnl_link *)object;

	if (is_plain(link))
		put(data, link, true);
}

static int resync(struct links_view *view)
{
	struct nl_sock *sock = nl_socket_alloc();
	int ret;

	if (!sock)
		return -ENOMEM;
	ret = nl_connect(sock, NETLINK_ROUTE);
	if (ret >= 0)
		ret = nl_cache_resync(sock, view->cache, on_change, view);
	nl_socket_free(sock);
	return ret < 0 ? to_errno(ret) : 0;
}

static void read_again(struct links_view *view)
{
	view->again_usec = view->again_usec ? 2 * view->again_usec : AGAIN_FIRST_USEC;
	if (view->again_usec > AGAIN_MAX_USEC)
		view->again_usec = AGAIN_MAX_USEC;
	sd_event_source_set_time_relative(view->again, view->again_usec);
	sd_event_source_set_enabled(view->again, SD_EVENT_ONESHOT);
}

static void resync_or_retry(struct links_view *view)
{
	if (resync(view)) {
		read_again(view);
		return;
	}
	view->again_usec = 0;
	sd_event_source_set_enabled(view->again, SD_EVENT_OFF);
	settle(view, true);
}

/*
 * What was in the socket before it was full is older than what was lost: it
 * must be out before all is read again, or it would be taken for the newest.
 */
static int on_notification(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct links_view *view = data;
	bool lost = false;
	int i, ret = -1;

	(void)source;
	(void)fd;
	(void)events;
	for (i = 0; i < READINGS && ret < 0; i++) {
		ret = nl_cache_mngr_data_ready(view->manager);
		if (ret < 0 && to_errno(ret) == -EAGAIN)
			break;
		lost |= ret < 0;
	}
	if (lost)
		resync_or_retry(view);
	else
		settle(view, false);
	return 0;
}

static int on_again(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	resync_or_retry(data);
	return 0;
}

static int open_cache(struct links_view *view)
{
	int ret;

	view->sock = nl_socket_alloc();
	if (!view->sock)
		return -ENOMEM;
	ret = nl_cache_mngr_alloc(view->sock, NETLINK_ROUTE, 0, &view->manager);
	if (ret >= 0)
		ret = nl_cache_mngr_add(view->manager, "route/link", on_change, view,
					&view->cache);
	if (ret < 0)
		return to_errno(ret);
	nl_socket_set_buffer_size(view->sock, RECEIVE_BUFFER, 0);
	nl_cache_foreach(view->cache, take_first, view);
	return 0;
}

static int add_sources(struct links_view *view, sd_event *event)
{
	int ret;

	ret = sd_event_add_io(event, &view->io, nl_cache_mngr_get_fd(view->manager), EPOLLIN,
			      on_notification, view);
	if (ret >= 0)
		ret = sd_event_add_time(event, &view->again, CLOCK_MONOTONIC, UINT64_MAX, 0,
					on_again, view);
	if (ret >= 0)
		ret = sd_event_source_set_enabled(view->again, SD_EVENT_OFF);
	return ret < 0 ? ret : 0;
}

int link_open(struct links_view **view, sd_event *event)
{
	struct links_view *v = mem_grow(NULL, 0, sizeof(*v));
	int ret;

	*v = (struct links_view){ 0 };
	ret = open_cache(v);
	if (!ret)
		ret = add_sources(v, event);
	if (ret) {
		link_close(v);
		v = NULL;
	}
	*view = v;
	return ret;
}

void link_watch(struct links_view *view, const struct link_watcher *watcher)
{
	view->watchers = mem_grow(view->watchers, view->n_watchers, sizeof(*view->watchers));
	view->watchers[view->n_watchers++] = *watcher;
}

void link_close(struct links_view *view)
{
	if (!view)
		return;
	sd_event_source_unref(view->io);
	sd_event_source_unref(view->again);
	if (view->manager)
		nl_cache_mngr_free(view->manager);
	nl_socket_free(view->sock);
	free(view->v);
	free(view->watchers);
	free(view);
}

const struct link_state *link_by_index(const struct links_view *view, uint32_t ifindex)
{
	return find(view, ifindex);
}

const struct link_state *link_next(const struct links_view *view, const struct link_state *after)
{
	const struct link_state *next = after ? after + 1 : view->v;

	return next && next < view->v + view->n ? next : NULL;
}

const struct link_state *link_by_name(const struct links_view *view, const char *ifname)
{
	const struct link_state *at = NULL;

	while ((at = link_next(view, at)))
		if (!strcmp(at->ifname, ifname))
			return at;
	return NULL;
}

const struct link_state *link_by_mac(const struct links_view *view, const uint8_t mac[MAC_LEN],
				     const struct link_state *after)
{
	while ((after = link_next(view, after)))
		if (after->has_mac && !memcmp(after->mac, mac, MAC_LEN))
			return after;
	return NULL;
}

const struct link_state *link_by_bus(const struct links_view *view, const char *bus,
				     const struct link_state *after)
{
	while ((after = link_next(view, after)))
		if (!strcmp(after->bus, bus))
			return after;
	return NULL;
}

bool link_carries(const struct link_state *link)
{
	return link && link->up && link->carrier;
}
