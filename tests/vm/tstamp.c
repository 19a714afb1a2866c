// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware time stamps.
 *
 *	tstamp set DEVICE on|off	of PTP messages; 1: the kernel is against it
 *	tstamp get DEVICE		on or off
 *	tstamp receive DEVICE SECONDS N	awaits the Nth: hardware or none, its stamp
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ETH_P_PTP 0x88f7
#define SEQUENCE_AT 30		/* IEEE 1588-2008, 13.3 */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void configure(const char *device, unsigned long request, struct hwtstamp_config *config)
{
	struct ifreq ifr = { .ifr_data = (char *)config };
	int sock = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", device);
	if (ioctl(sock, request, &ifr))
		die(device);
	close(sock);
}

static int set(const char *device, int on)
{
	struct hwtstamp_config config = {
		.tx_type = on ? HWTSTAMP_TX_ON : HWTSTAMP_TX_OFF,
		.rx_filter = on ? HWTSTAMP_FILTER_PTP_V2_EVENT : HWTSTAMP_FILTER_NONE,
	};

	configure(device, SIOCSHWTSTAMP, &config);
	return 0;
}

static int get(const char *device)
{
	struct hwtstamp_config config = { 0 };

	configure(device, SIOCGHWTSTAMP, &config);
	puts(config.rx_filter == HWTSTAMP_FILTER_NONE ? "off" : "on");
	return 0;
}

static int receive(const char *device, int seconds, int number)
{
	struct sockaddr_ll where = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_PTP),
		.sll_ifindex = (int)if_nametoindex(device),
	};
	int flags = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
	int sock = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_PTP));
	struct pollfd ready = { .fd = sock, .events = POLLIN };
	unsigned char data[128] = { 0 }, control[512];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;

	if (bind(sock, (struct sockaddr *)&where, sizeof(where)) ||
	    setsockopt(sock, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)))
		die(device);
	do {
		errno = ETIMEDOUT;
		msg.msg_controllen = sizeof(control);
		if (poll(&ready, 1, seconds * 1000) <= 0 || recvmsg(sock, &msg, 0) < 0)
			die(device);
	} while ((data[SEQUENCE_AT] << 8 | data[SEQUENCE_AT + 1]) != number);
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		const struct scm_timestamping *stamps = (void *)CMSG_DATA(cmsg);

		if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SO_TIMESTAMPING &&
		    (stamps->ts[2].tv_sec || stamps->ts[2].tv_nsec)) {
			puts("hardware");
			return 0;
		}
	}
	puts("none");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "set"))
		return set(argv[2], !strcmp(argv[3], "on"));
	if (argc == 3 && !strcmp(argv[1], "get"))
		return get(argv[2]);
	if (argc == 5 && !strcmp(argv[1], "receive"))
		return receive(argv[2], atoi(argv[3]), atoi(argv[4]));
	fprintf(stderr, "usage: tstamp set DEVICE on|off | get DEVICE |\n"
			"              receive DEVICE SECONDS N\n");
	return 2;
}
