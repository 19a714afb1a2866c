// SPDX-License-Identifier: GPL-2.0
/* The TCP halves of the probe. */
#include "probe.h"

int cmd_tcp_send(const struct options *o)
{
	(void)o;
	die(EXIT_USAGE, "tcp-send is not there yet");
}

int cmd_tcp_recv(const struct options *o)
{
	(void)o;
	die(EXIT_USAGE, "tcp-recv is not there yet");
}
