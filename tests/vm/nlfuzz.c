// SPDX-License-Identifier: GPL-2.0
/*
 * Messages for the netlink family net_failover, well formed and not, from a seed.
 *
 *	nlfuzz SEED COUNT [user|userns]
 *
 * user: as nobody, without capabilities; userns: as root of a user namespace that owns no network
 * namespace. Prints how many were answered with which error; 2 where it could not even begin.
 */
#include <errno.h>
#include <grp.h>
#include <linux/genetlink.h>
#include <linux/net_failover.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LONGEST 2048
#define ERRORS 136		/* more than there are errno values */

static unsigned long answered[ERRORS];
static unsigned long messages, told;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static unsigned int below(unsigned int limit)
{
	return (unsigned int)random() % limit;
}

static void *put(char **at, unsigned short type, unsigned short len)
{
	struct nlattr *attr = (struct nlattr *)*at;

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memset(attr + 1, 0, NLA_ALIGN(len));
	*at += NLA_HDRLEN + NLA_ALIGN(len);
	return attr + 1;
}

/* A device that may or may not be there, in both ways of naming it. */
static void put_device(char **at)
{
	char name[IF_NAMESIZE];
	unsigned int index = 1 + below(6);

	if (below(2))
		*(unsigned int *)put(at, NET_FAILOVER_A_IFINDEX, 4) = index;
	else if (if_indextoname(index, name))
		strcpy(put(at, NET_FAILOVER_A_IFNAME, strlen(name) + 1), name);
}

/* Anything; its own length may lie. */
static void put_noise(char **at)
{
	unsigned short len = below(below(4) ? 16 : 256);
	unsigned short type = below(NET_FAILOVER_A_MAX + 4);
	unsigned char *data;
	unsigned int i;

	if (!below(8))
		type |= NLA_F_NESTED;
	if (!below(8))
		type |= NLA_F_NET_BYTEORDER;
	data = put(at, type, len);
	for (i = 0; i < len; i++)
		data[i] = below(4) ? below(256) : 0;
	if (!below(6))
		((struct nlattr *)(data - NLA_HDRLEN))->nla_len = below(65536);
}

static size_t compose(char *message, unsigned short family)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)message;
	struct genlmsghdr *genl = (struct genlmsghdr *)(nlh + 1);
	char *at = (char *)(genl + 1);
	unsigned int more = below(4);

	memset(message, 0, LONGEST);
	nlh->nlmsg_type = family;
	nlh->nlmsg_seq = messages;
	nlh->nlmsg_flags = NLM_F_REQUEST | (below(2) ? NLM_F_ACK : 0) | (below(3) ? 0 : NLM_F_DUMP);
	genl->cmd = below(NET_FAILOVER_CMD_MAX + 3);
	genl->version = below(3);
	if (below(8))
		put_device(&at);
	while (more--)
		put_noise(&at);
	nlh->nlmsg_len = at - message;
	if (!below(10))
		nlh->nlmsg_flags = below(65536) | NLM_F_REQUEST;
	if (!below(10))
		nlh->nlmsg_len = below(at - message + 64);
	return at - message;
}

static void hear(const struct nlmsghdr *nlh, int len)
{
	for (; NLMSG_OK(nlh, (unsigned int)len); nlh = NLMSG_NEXT(nlh, len)) {
		const struct nlmsgerr *answer = NLMSG_DATA(nlh);

		if (nlh->nlmsg_type == NLMSG_ERROR && answer->error > -ERRORS && answer->error <= 0)
			answered[-answer->error]++;
		else
			told++;
	}
}

/* What was said in reply, as far as it is there: a dump goes on when its first part is read. */
static void listen_to(int fd)
{
	static char buffer[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t len;

	while ((len = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0)
		hear((struct nlmsghdr *)buffer, len);
}

static unsigned short resolve(int fd)
{
	char message[256] = "", buffer[8192];
	struct nlmsghdr *nlh = (struct nlmsghdr *)message;
	struct genlmsghdr *genl = (struct genlmsghdr *)(nlh + 1);
	char *at = (char *)(genl + 1);
	struct nlattr *attr;
	char *at_name;
	ssize_t len;

	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	genl->cmd = CTRL_CMD_GETFAMILY;
	at_name = put(&at, CTRL_ATTR_FAMILY_NAME, sizeof(NET_FAILOVER_GENL_NAME));
	strcpy(at_name, NET_FAILOVER_GENL_NAME);
	nlh->nlmsg_len = at - message;
	if (send(fd, message, nlh->nlmsg_len, 0) < 0)
		die("send");
	len = recv(fd, buffer, sizeof(buffer), 0);
	at = buffer + NLMSG_HDRLEN + GENL_HDRLEN;
	for (; at < buffer + len; at += NLA_ALIGN(attr->nla_len)) {
		attr = (struct nlattr *)at;
		if (attr->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(unsigned short *)(attr + 1);
		if (!attr->nla_len)
			break;
	}
	fputs("nlfuzz: no such family\n", stderr);
	exit(2);
}

/* After the socket was opened it is too late: rights are asked for at each message. */
static void become(const char *who)
{
	if (who && (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
		die("setuid");
	if (who && !strcmp(who, "userns") && unshare(CLONE_NEWUSER))
		die("unshare");
}

int main(int argc, char **argv)
{
	struct timeval patience = { .tv_sec = 5 };
	char message[LONGEST];
	unsigned short family;
	unsigned long count;
	int fd, i;

	if (argc < 3) {
		fputs("usage: nlfuzz SEED COUNT [user|userns]\n", stderr);
		return 2;
	}
	srandom(atoi(argv[1]));
	count = strtoul(argv[2], NULL, 10);
	become(argv[3]);
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		die("socket");
	family = resolve(fd);
	for (messages = 0; messages < count; messages++) {
		size_t len = compose(message, family);

		if (send(fd, message, len, MSG_DONTWAIT) < 0 && errno != EAGAIN && errno != ENOBUFS)
			answered[errno]++;
		listen_to(fd);
	}
	printf("%lu messages, %lu told", messages, told);
	for (i = 0; i < ERRORS; i++)
		if (answered[i])
			printf(", %s: %lu", i ? strerrorname_np(i) : "done", answered[i]);
	putchar('\n');
	return 0;
}
