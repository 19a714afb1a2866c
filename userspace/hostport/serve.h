/* SPDX-License-Identifier: GPL-2.0 */
/* Answers what the host asks on a virtio-serial port. */
#ifndef HOSTPORT_SERVE_H
#define HOSTPORT_SERVE_H

/* The answer to one request, one line with its newline, in memory of its own; id "": none. */
typedef char *(*serve_answer)(const char *id);

/*
 * Until the port is gone (0), or a negative errno. What was wrong in a request
 * is answered here.
 */
int serve_port(int fd, serve_answer answer);

#endif
