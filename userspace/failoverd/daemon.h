/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon: its event loop and what it does on each event. */
#ifndef FAILOVERD_DAEMON_H
#define FAILOVERD_DAEMON_H

struct daemon_paths {
	const char *config, *state, *hook_socket, *hooks, *slot_socket, *tuned, *tune_socket;
};

/* Until SIGTERM: 0, or a negative errno. */
int daemon_run(const struct daemon_paths *paths);

#endif
