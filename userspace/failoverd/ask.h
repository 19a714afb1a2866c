/* SPDX-License-Identifier: GPL-2.0 */
/* Asks one of the services that systemd starts for each connection to a socket. */
#ifndef FAILOVERD_ASK_H
#define FAILOVERD_ASK_H

/* Sends all that is asked for: an fd to read the answer from, or a negative errno. Never waits. */
int ask_send(const char *path, const char *text);

/* What came: bytes, 0 at the end, or a negative errno. passed: an fd that came along, or -1. */
int ask_receive(int fd, void *buf, int size, int *passed);

#endif
