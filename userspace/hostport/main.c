// SPDX-License-Identifier: GPL-2.0
/*
 * failoverd-port: serves failoverctl check's answer on the virtio-serial port
 * org.net_failover.0, so that a host can ask before it migrates.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/answer.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/pairs.h"
#include "common/ready.h"
#include "hostport/serve.h"

#define EXIT_USAGE	64
#define ANSWER_MAX	65536	/* failover-host-check takes no more */

/* The line of one answer; a root of NULL is out of memory. */
static char *as_line(struct json_object *root)
{
	const char *text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
							  JSON_C_TO_STRING_NOSLASHESCAPE);
	char *line;

	if (strlen(text) >= ANSWER_MAX) {
		json_put(root, "findings", NULL);
		json_put(root, "pairs", NULL);
		json_put_bool(root, "truncated", true);
		text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
	}
	line = mem_printf("%s\n", text);
	json_object_put(root);
	return line;
}

static struct json_object *look(void)
{
	struct json_object *root;
	struct findings findings;
	struct guest guest;
	struct view view;
	int ret = pairs_gather(&view);

	if (ret) {
		root = json_object_new_object();
		json_put(root, "schema", json_object_new_int(JSON_SCHEMA));
		json_put_string(root, "state", answer_word(SEVERITY_UNKNOWN));
		json_put_string(root, "summary", "the guest's network cards are unreadable");
	} else {
		guest_look(&view.links, &guest);
		ready_make(&view, &guest, &findings);
		root = answer_json(&view, &findings);
		findings_free(&findings);
		guest_free(&guest);
	}
	pairs_free(&view);
	return root;
}

static char *answer(const char *id)
{
	struct json_object *root = look();

	json_put_string(root, "id", id);
	return as_line(root);
}

int main(int argc, char **argv)
{
	int fd, ret;

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "failoverd-port PORT: answers the host on this virtio-serial port\n"
			"(systemd's business: see failover-host-check(8))\n");
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	fd = open(argv[1], O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		fprintf(stderr, "failoverd-port: cannot open %s: %s\n", argv[1], strerror(errno));
		return EXIT_FAILURE;
	}
	ret = serve_port(fd, answer);
	if (ret)
		fprintf(stderr, "failoverd-port: %s: %s\n", argv[1], strerror(-ret));
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
