// SPDX-License-Identifier: GPL-2.0
/*
 * XDP programs that drop what comes for one UDP port.
 *
 *	xdp attach DEVICE native|generic PORT	what the kernel says against it, and exit code 1
 *	xdp count				how many XDP programs the kernel holds
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of a frame without VLAN tag, with an IPv4 header without options. */
#define PROTO_AT 12
#define PROTOCOL_AT 23
#define PORT_AT 36
#define NEEDED 38

#define INSN(c, d, s, o, i) { .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }
#define LOAD(size, dst, src, at) INSN(BPF_LDX | (size) | BPF_MEM, dst, src, at, 0)
#define PASS_UNLESS(reg, value, left) INSN(BPF_JMP | BPF_JNE | BPF_K, reg, 0, left, value)
#define RESULT(value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, value)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load(int port)
{
	struct bpf_insn program[] = {
		LOAD(BPF_W, 2, 1, offsetof(struct xdp_md, data)),
		LOAD(BPF_W, 3, 1, offsetof(struct xdp_md, data_end)),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 4, 2, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, NEEDED),
		INSN(BPF_JMP | BPF_JGT | BPF_X, 4, 3, 8, 0),
		LOAD(BPF_H, 5, 2, PROTO_AT),
		PASS_UNLESS(5, htons(0x0800), 6),
		LOAD(BPF_B, 5, 2, PROTOCOL_AT),
		PASS_UNLESS(5, IPPROTO_UDP, 4),
		LOAD(BPF_H, 5, 2, PORT_AT),
		PASS_UNLESS(5, htons((unsigned short)port), 2),
		RESULT(XDP_DROP),
		EXIT,
		RESULT(XDP_PASS),
		EXIT,
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (unsigned long)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (unsigned long)"GPL",
	};
	long fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		die("bpf");
	return (int)fd;
}

struct request {
	struct nlmsghdr head;
	struct ifinfomsg link;
	struct nlattr xdp;
	struct nlattr fd_head;
	int fd;
	struct nlattr flags_head;
	unsigned int flags;
};

/* The text that the kernel sends with an error. */
static const char *text_of(const struct nlmsghdr *head)
{
	const struct nlmsgerr *err = (const struct nlmsgerr *)(head + 1);
	const char *at = (const char *)(err + 1), *end = (const char *)head + head->nlmsg_len;

	if (!(head->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	while (at + NLA_HDRLEN <= end) {
		const struct nlattr *attr = (const struct nlattr *)at;

		if (attr->nla_type == NLMSGERR_ATTR_MSG)
			return at + NLA_HDRLEN;
		at += NLA_ALIGN(attr->nla_len);
	}
	return "";
}

static int attach(const char *device, bool native, int prog)
{
	struct request request = {
		.head = { sizeof(request), RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0 },
		.link = { .ifi_index = (int)if_nametoindex(device) },
		.xdp = { sizeof(request) - offsetof(struct request, xdp), IFLA_XDP | NLA_F_NESTED },
		.fd_head = { NLA_HDRLEN + sizeof(int), IFLA_XDP_FD },
		.fd = prog,
		.flags_head = { NLA_HDRLEN + sizeof(int), IFLA_XDP_FLAGS },
		.flags = native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE,
	};
	int sock = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), on = 1;
	char reply[4096];
	const struct nlmsghdr *head = (struct nlmsghdr *)reply;
	const struct nlmsgerr *err = (struct nlmsgerr *)(head + 1);

	if (!request.link.ifi_index)
		die(device);
	if (sock < 0 || setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)))
		die("netlink");
	setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (send(sock, &request, sizeof(request), 0) < 0 || recv(sock, reply, sizeof(reply), 0) < 0)
		die("netlink");
	close(sock);
	if (head->nlmsg_type != NLMSG_ERROR || !err->error)
		return 0;
	printf("%s: %s: %s\n", device, strerror(-err->error), text_of(head));
	return 1;
}

static int count(void)
{
	union bpf_attr attr = { 0 };
	int found = 0;

	while (!bpf(BPF_PROG_GET_NEXT_ID, &attr)) {
		struct bpf_prog_info info = { 0 };
		union bpf_attr get = { .prog_id = attr.next_id };
		union bpf_attr ask = { 0 };
		int fd = (int)bpf(BPF_PROG_GET_FD_BY_ID, &get);

		if (fd >= 0) {
			ask.info.bpf_fd = (unsigned int)fd;
			ask.info.info_len = sizeof(info);
			ask.info.info = (unsigned long)&info;
			if (bpf(BPF_OBJ_GET_INFO_BY_FD, &ask))
				die("bpf");
			found += info.type == BPF_PROG_TYPE_XDP;
			close(fd);
		}
		attr.start_id = attr.next_id;
	}
	printf("%d\n", found);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "count"))
		return count();
	if (argc == 5 && !strcmp(argv[1], "attach"))
		return attach(argv[2], !strcmp(argv[3], "native"), load(atoi(argv[4])));
	fprintf(stderr, "usage: xdp attach DEVICE native|generic PORT | xdp count\n");
	return 2;
}
