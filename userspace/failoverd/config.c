// SPDX-License-Identifier: GPL-2.0
/* failoverd.conf: sections, Key=Value lines, comments from # or ; to the end of their line. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/tune.h"
#include "failoverd/config.h"
#include "failoverd/policy.h"
#include "failoverd/report.h"

#define SECOND	1000000000ULL
#define LONGEST	(365 * 86400 * SECOND)

static const struct {
	const char *unit;
	uint64_t ns;
} units[] = {
	{ "", SECOND }, { "s", SECOND }, { "sec", SECOND }, { "ms", SECOND / 1000 },
	{ "m", 60 * SECOND }, { "min", 60 * SECOND }, { "h", 3600 * SECOND },
};

/* Each setter returns NULL, or what it wants instead. */
static const char *set_after(struct config *config, char *value)
{
	const char *wants = "a time of up to a year (60, 90s, 500ms, 5min, 1h) or 'never'";
	unsigned long long number;
	char *unit;
	size_t i;

	if (!strcmp(value, "never")) {
		config->degraded_after = POLICY_NEVER;
		return NULL;
	}
	if (!isdigit((unsigned char)*value))
		return wants;
	errno = 0;
	number = strtoull(value, &unit, 10);
	unit += strspn(unit, " \t");
	for (i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(unit, units[i].unit))
			break;
	if (errno || i == sizeof(units) / sizeof(*units) || number > LONGEST / units[i].ns)
		return wants;
	config->degraded_after = number * units[i].ns;
	return NULL;
}

static const char *take_bool(bool *to, const char *value)
{
	static const char * const yes[] = { "yes", "true", "on", "1" };
	static const char * const no[] = { "no", "false", "off", "0" };
	size_t i;

	for (i = 0; i < 4; i++) {
		if (strcmp(value, yes[i]) && strcmp(value, no[i]))
			continue;
		*to = !strcmp(value, yes[i]);
		return NULL;
	}
	return "'yes' or 'no'";
}

static const char *set_hooks(struct config *config, char *value)
{
	return take_bool(&config->hooks, value);
}

static const char *set_hurry(struct config *config, char *value)
{
	return take_bool(&config->hurry, value);
}

static const char *set_events(struct config *config, char *value)
{
	uint32_t bits = 0;
	char *word, *rest;

	for (word = strtok_r(value, " \t,", &rest); word; word = strtok_r(NULL, " \t,", &rest)) {
		int kind = report_kind_of(word);

		if (!strcmp(word, "all"))
			bits = UINT32_MAX;
		else if (kind >= 0)
			bits |= 1U << kind;
		else
			return "'all' or kinds of events (failoverd.conf(5) has the list)";
	}
	config->hook_events = bits;
	return NULL;
}

static const char *set_restore(struct config *config, char *value)
{
	return take_bool(&config->restore, value);
}

static bool is_setting(const char *line)
{
	struct tune tune = { 0 };
	bool ok = tune_take_line(&tune, line, true);

	tune_free(&tune);
	return ok;
}

/* "all ring.rx=1024" */
static const char *set_setting(struct config *config, char *value)
{
	struct config_setting setting = { .one = strncmp(value, "all", 3) };
	char *line = value + strcspn(value, " \t");
	uint8_t *mac = setting.mac;
	int n = 3;

	if (setting.one &&
	    sscanf(value, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
		   &mac[3], &mac[4], &mac[5], &n) != 6)
		n = -1;
	line += strspn(line, " \t");
	if (n != (int)strcspn(value, " \t") || strlen(line) >= sizeof(setting.line) ||
	    !is_setting(line))
		return "a MAC address or 'all', then a setting (failoverd.conf(5) has the list)";
	if (config->n_settings == CONFIG_SETTINGS)
		return "no more of these: there are too many";
	memcpy(setting.line, line, strlen(line) + 1);
	config->settings[config->n_settings++] = setting;
	return NULL;
}

static const struct key {
	const char *section, *name;
	const char *(*set)(struct config *config, char *value);
} keys[] = {
	{ "Degraded", "AfterSec", set_after },
	{ "Hooks", "Enable", set_hooks },
	{ "Hooks", "Events", set_events },
	{ "Settings", "Restore", set_restore },
	{ "Settings", "Set", set_setting },
	{ "Unplug", "Hurry", set_hurry },
};

#define KEYS (sizeof(keys) / sizeof(*keys))

void config_defaults(struct config *config)
{
	*config = (struct config){
		.degraded_after = 60 * SECOND,
		.hooks = true,
		.hook_events = UINT32_MAX,
		.restore = true,
		.hurry = true,
	};
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t\r\n");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]))
		end--;
	*end = '\0';
	return text;
}

struct reading {
	struct config *config;
	const char *section;	/* of keys[]; NULL: none, or an unknown one */
	bool unknown;		/* it was complained about already */
};

/* "[Degraded], [Hooks]" */
static char *list_sections(void)
{
	char *text = NULL;
	size_t i;

	for (i = 0; i < KEYS; i++) {
		char *longer;

		if (i && !strcmp(keys[i].section, keys[i - 1].section))
			continue;
		longer = mem_printf("%s%s[%s]", text ? text : "", text ? ", " : "",
				    keys[i].section);
		free(text);
		text = longer;
	}
	return text;
}

static char *take_section(struct reading *reading, char *text)
{
	size_t i, len = strlen(text);
	char *known, *wrong;

	reading->section = NULL;
	reading->unknown = true;
	if (text[len - 1] != ']')
		return mem_printf("a section has no end: write [%s]", keys[0].section);
	text[len - 1] = '\0';
	for (i = 0; i < KEYS; i++)
		if (!strcmp(keys[i].section, text + 1))
			reading->section = keys[i].section;
	if (reading->section)
		return NULL;
	known = list_sections();
	wrong = mem_printf("no section [%s] (there are %s)", text + 1, known);
	free(known);
	return wrong;
}

static char *take_key(struct reading *reading, char *text)
{
	char *value = strchr(text, '=');
	const char *wants;
	size_t i;

	if (!value)
		return mem_printf("neither a [Section] nor Key=Value: '%s'", text);
	if (!reading->section)
		return reading->unknown ? NULL : mem_printf("a key before any [Section]");
	*value++ = '\0';
	text = trim(text);
	value = trim(value);
	for (i = 0; i < KEYS; i++)
		if (!strcmp(keys[i].section, reading->section) && !strcmp(keys[i].name, text))
			break;
	if (i == KEYS)
		return mem_printf("no key '%s' in [%s]", text, reading->section);
	wants = keys[i].set(reading->config, value);
	return wants ? mem_printf("%s: wants %s", keys[i].name, wants) : NULL;
}

/* NULL, or what is wrong with this line, to be freed. */
static char *take_line(struct reading *reading, char *text)
{
	text[strcspn(text, "#;")] = '\0';
	text = trim(text);
	if (!*text)
		return NULL;
	return *text == '[' ? take_section(reading, text) : take_key(reading, text);
}

unsigned int config_parse(FILE *file, struct config *config, config_complain complain, void *data)
{
	struct reading reading = { .config = config };
	unsigned int line, complaints = 0;
	char *text = NULL;
	size_t size = 0;
	ssize_t len;

	for (line = 1; (len = getline(&text, &size, file)) >= 0; line++) {
		char *wrong = strlen(text) < (size_t)len ? mem_printf("a zero byte") :
			      take_line(&reading, text);

		if (!wrong)
			continue;
		complain(data, line, wrong);
		free(wrong);
		complaints++;
	}
	if (ferror(file)) {
		complain(data, line, strerror(errno));
		complaints++;
	}
	free(text);
	return complaints;
}
