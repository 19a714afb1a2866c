// SPDX-License-Identifier: GPL-2.0
/*
 * For measurements: what a program's send costs, in the time stamp counter's units (instructions
 * under QEMU's -icount shift=0). Prints the median, and where 10 and 90 of 100 are.
 *
 *	send udp ADDRESS BYTES		one datagram, sendto()
 *	send packet DEVICE BYTES	one frame, an AF_PACKET socket
 *	send tcp ADDRESS MEGABYTES	a megabyte of a stream, until it is acknowledged
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/random.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <x86intrin.h>

#define ROUNDS 201
#define WARM_UP 50
#define PAUSE_US 2000	/* so that the card is done with the one before */
#define CHUNK 65536
#define MEGABYTE (1 << 20)

static uint64_t took[ROUNDS];
static char data[CHUNK];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Until the kernel's generator is ready each random number costs thousands of instructions, and IP
 * takes one for a datagram; a guest without any traffic waits long. No secret is made here.
 */
static void pretend_entropy(void)
{
	struct {
		struct rand_pool_info info;
		char buf[64];
	} pool = { .info = { .entropy_count = 512, .buf_size = 64 } };
	int random = open("/dev/urandom", O_RDWR);

	if (random < 0 || ioctl(random, RNDADDENTROPY, &pool))
		fail("/dev/urandom");
	close(random);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void report(size_t count)
{
	qsort(took, count, sizeof(*took), compare);
	printf("%llu %llu %llu\n", (unsigned long long)took[count / 2],
	       (unsigned long long)took[count / 10], (unsigned long long)took[count * 9 / 10]);
}

static void one_by_one(int sock, const struct sockaddr *to, socklen_t to_len, size_t size)
{
	for (int i = -WARM_UP; i < ROUNDS; i++) {
		uint64_t before = __rdtsc();

		if (sendto(sock, data, size, 0, to, to_len) < 0)
			fail("sendto");
		if (i >= 0)
			took[i] = __rdtsc() - before;
		usleep(PAUSE_US);
	}
	report(ROUNDS);
}

static void send_udp(const char *address, size_t size)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int sock = socket(AF_INET, SOCK_DGRAM, 0);

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		fail(address);
	one_by_one(sock, (struct sockaddr *)&to, sizeof(to), size);
}

static void send_packet(const char *device, size_t size)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(device),
		.sll_protocol = htons(0x88b5),
	};
	int sock = socket(AF_PACKET, SOCK_RAW, 0);

	if (sock < 0 || !to.sll_ifindex)
		fail(device);
	memcpy(data, "\2\0\0\0\0\1\2\0\0\0\0\2\x88\xb5", 14);
	one_by_one(sock, (struct sockaddr *)&to, sizeof(to), size + 14);
}

static void megabyte(int sock)
{
	int left = 1;

	for (size_t sent = 0; sent < MEGABYTE; sent += CHUNK)
		if (write(sock, data, CHUNK) != CHUNK)
			fail("write");
	while (left)
		if (ioctl(sock, SIOCOUTQ, &left))
			fail("SIOCOUTQ");
}

static void send_tcp(const char *address, int megabytes)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int sock = socket(AF_INET, SOCK_STREAM, 0);

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    connect(sock, (struct sockaddr *)&to, sizeof(to)))
		fail(address);
	for (int i = -8; i < megabytes && i < ROUNDS; i++) {
		uint64_t before = __rdtsc();

		megabyte(sock);
		if (i >= 0)
			took[i] = __rdtsc() - before;
	}
	report(megabytes);
}

int main(int argc, char **argv)
{
	pretend_entropy();
	if (argc == 4 && !strcmp(argv[1], "udp"))
		send_udp(argv[2], strtoul(argv[3], NULL, 10));
	else if (argc == 4 && !strcmp(argv[1], "packet"))
		send_packet(argv[2], strtoul(argv[3], NULL, 10));
	else if (argc == 4 && !strcmp(argv[1], "tcp"))
		send_tcp(argv[2], atoi(argv[3]));
	else
		return 2;
	return 0;
}
