// SPDX-License-Identifier: GPL-2.0
/*
 * failoverd-tune: what failoverd may not do itself, asked for at the socket
 * that is our standard input: settings of one card, which must be the primary
 * of a failover pair.
 *
 *	card IFINDEX\n
 *	KEY=VALUE\n	as tune.h has them, any number of lines, then the end
 *
 * answered with a line for each that was refused, then "done". Traffic is moved
 * to the standby meanwhile, and kept there, if what is set resets the card.
 */
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/tuner.h"
#include "common/genl.h"
#include "common/pairs.h"

#define LINES_MAX 4096

static int refuse(const char *why)
{
	dprintf(STDOUT_FILENO, "refused: %s\n", why);
	fprintf(stderr, "failoverd-tune: %s\n", why);
	return EXIT_FAILURE;
}

static void tell_refused(void *data, const char *group, int error, const char *why)
{
	(void)data;
	dprintf(STDOUT_FILENO, "%s %s%s%s\n", group, strerror(-error), *why ? ": " : "", why);
}

/* Those that make a driver stop and start its card. */
static bool resets(const struct tune *values)
{
	static const char * const prefixes[] = {
		"flag.", "channels.", "ring.", "feature.", "rss.",
	};
	size_t i, j;

	for (i = 0; i < values->n; i++)
		for (j = 0; j < sizeof(prefixes) / sizeof(*prefixes); j++)
			if (!strncmp(values->v[i].key, prefixes[j], strlen(prefixes[j])))
				return true;
	return false;
}

/* Moves traffic away; says whether it has to be let back. */
static bool drain(const struct pair *pair, const struct tune *values, char master[IFNAMSIZ])
{
	char why[GENL_WHY_LEN];

	return resets(values) && pair->primary.has_state &&
	       !(pair->primary.state & NET_FAILOVER_LOWER_DRAINED) &&
	       if_indextoname(pair->ifindex, master) &&
	       !genl_request(NET_FAILOVER_CMD_DRAIN, master, why);
}

static void undrain(const char *master)
{
	char why[GENL_WHY_LEN];

	if (genl_request(NET_FAILOVER_CMD_UNDRAIN, master, why))
		fprintf(stderr, "failoverd-tune: %s: the primary stays drained: %s\n", master,
			why);
}

static const struct pair *find_pair(const struct pairs *pairs, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < pairs->n; i++)
		if (pairs->v[i].primary.present && pairs->v[i].primary.ifindex == ifindex)
			return &pairs->v[i];
	return NULL;
}

static int apply(uint32_t ifindex, const struct tune *values)
{
	char master[IFNAMSIZ];
	const struct pair *pair;
	struct ethnl *ethnl;
	struct view view;
	bool drained;
	int ret = pairs_gather(&view);

	pair = ret ? NULL : find_pair(&view.pairs, ifindex);
	if (!pair) {
		pairs_free(&view);
		return refuse("this card is not the primary of a failover pair");
	}
	if (ethnl_open(&ethnl))
		ethnl = NULL;
	drained = drain(pair, values, master);
	tuner_write(ethnl, ifindex, values, tell_refused, NULL);
	if (drained)
		undrain(master);
	ethnl_close(ethnl);
	pairs_free(&view);
	dprintf(STDOUT_FILENO, "done\n");
	return EXIT_SUCCESS;
}

int main(void)
{
	struct tune values = { 0 };
	char line[TUNE_LINE_MAX];
	unsigned int ifindex, n = 0;
	bool wrong = false;
	int ret;

	/* Nobody ends us halfway, with the primary held back. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	if (!fgets(line, sizeof(line), stdin) || sscanf(line, "card %u", &ifindex) != 1)
		return refuse("nothing is asked for: failoverd-tune.socket is for failoverd");
	while (!wrong && n++ < LINES_MAX && fgets(line, sizeof(line), stdin)) {
		wrong = !strchr(line, '\n');
		line[strcspn(line, "\n")] = '\0';
		wrong |= !tune_take_line(&values, line, true);
	}
	ret = wrong ? refuse("an unknown setting") : apply(ifindex, &values);
	tune_free(&values);
	return ret;
}
