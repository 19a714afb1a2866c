// SPDX-License-Identifier: GPL-2.0
/*
 * failoverd-tune: what failoverd may not do itself, asked for at the socket
 * that is our standard input: settings of one card, which must be the primary
 * of a failover pair, or of a master.
 *
 *	card IFINDEX\n	or master IFINDEX\n
 *	KEY=VALUE\n	as tune.h has them, any number of lines, then the end
 *
 * answered with a line for each that was refused, then "done". Traffic is moved
 * to the standby meanwhile, and kept there, if what is set resets the card; the
 * answer begins with "held" then. Whoever sees no "done" after that asks
 *
 *	release IFINDEX\n
 *
 * since somebody killed us halfway.
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

static bool is_drained(const struct pair *pair)
{
	return pair->primary.state & NET_FAILOVER_LOWER_DRAINED;
}

/* Moves traffic away; says whether it has to be let back. An administrator's own drain stays. */
static bool drain(const struct pair *pair, const struct tune *values, char master[IFNAMSIZ])
{
	char why[GENL_WHY_LEN];

	if (!resets(values) || !pair->primary.has_state || is_drained(pair) ||
	    !if_indextoname(pair->ifindex, master))
		return false;
	/* Before it is: we may be killed in between. */
	dprintf(STDOUT_FILENO, "held\n");
	return !genl_request(NET_FAILOVER_CMD_DRAIN, master, why);
}

static void undrain(const char *master)
{
	char why[GENL_WHY_LEN];

	if (genl_request(NET_FAILOVER_CMD_UNDRAIN, master, why))
		fprintf(stderr, "failoverd-tune: %s: the primary stays drained: %s\n", master,
			why);
}

static const struct pair *of_primary(const struct pairs *pairs, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < pairs->n; i++)
		if (pairs->v[i].primary.present && pairs->v[i].primary.ifindex == ifindex)
			return &pairs->v[i];
	return NULL;
}

static const struct pair *of_master(const struct pairs *pairs, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < pairs->n; i++)
		if (pairs->v[i].ifindex == ifindex)
			return &pairs->v[i];
	return NULL;
}

static void set_card(const struct pair *pair, const struct tune *values)
{
	char master[IFNAMSIZ];
	struct ethnl *ethnl;
	bool drained;

	if (ethnl_open(&ethnl))
		ethnl = NULL;
	drained = drain(pair, values, master);
	tuner_write(ethnl, pair->primary.ifindex, values, tell_refused, NULL);
	if (drained)
		undrain(master);
	ethnl_close(ethnl);
}

static void set_master(const struct pair *pair, const struct tune *values)
{
	tuner_write_master(pair->ifindex, values, tell_refused, NULL);
}

static void release(const struct pair *pair, const struct tune *values)
{
	char master[IFNAMSIZ];

	(void)values;
	if (!is_drained(pair) || !if_indextoname(pair->ifindex, master))
		return;
	fprintf(stderr, "failoverd-tune: %s: the primary was still held back, and is used again\n",
		master);
	undrain(master);
}

static const struct verb {
	const char *format;		/* of the first line */
	const struct pair *(*find)(const struct pairs *pairs, uint32_t ifindex);
	const char *other;		/* why a device that it does not find is refused */
	bool (*knows)(const char *key);
	void (*run)(const struct pair *pair, const struct tune *values);
} verbs[] = {
	{ "card %u", of_primary, "this card is not the primary of a failover pair",
	  tune_knows, set_card },
	{ "release %u", of_primary, "this card is not the primary of a failover pair",
	  tune_knows, release },
	{ "master %u", of_master, "this is not the master of a failover pair",
	  tune_knows_of_master, set_master },
};

static const struct verb *read_verb(uint32_t *ifindex)
{
	char line[64] = "";
	size_t i;

	if (!fgets(line, sizeof(line), stdin))
		return NULL;
	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (sscanf(line, verbs[i].format, ifindex) == 1)
			return &verbs[i];
	return NULL;
}

/* false: there is one that we do not know. */
static bool read_values(const struct verb *verb, struct tune *values)
{
	char line[TUNE_LINE_MAX];
	bool wrong = false;
	unsigned int n = 0;

	while (!wrong && n++ < LINES_MAX && fgets(line, sizeof(line), stdin)) {
		wrong = !strchr(line, '\n');
		line[strcspn(line, "\n")] = '\0';
		wrong |= !tune_take_if(values, line, true, verb->knows);
	}
	return !wrong;
}

static int run(const struct verb *verb, uint32_t ifindex, const struct tune *values)
{
	const struct pair *pair = NULL;
	struct view view;

	if (!pairs_gather(&view))
		pair = verb->find(&view.pairs, ifindex);
	if (pair)
		verb->run(pair, values);
	pairs_free(&view);
	if (!pair)
		return refuse(verb->other);
	dprintf(STDOUT_FILENO, "done\n");
	return EXIT_SUCCESS;
}

int main(void)
{
	struct tune values = { 0 };
	const struct verb *verb;
	uint32_t ifindex;
	int ret;

	/* Nobody ends us halfway, with the primary held back. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	verb = read_verb(&ifindex);
	if (!verb)
		return refuse("nothing is asked for: failoverd-tune.socket is for failoverd");
	ret = read_values(verb, &values) ? run(verb, ifindex, &values) :
					   refuse("an unknown setting");
	tune_free(&values);
	return ret;
}
