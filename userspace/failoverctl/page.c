// SPDX-License-Identifier: GPL-2.0
/* What every text for people is made of: at most some 100 columns. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libsmartcols.h>

#include "common/mem.h"
#include "common/words.h"
#include "failoverctl/page.h"

#define WIDTH 98
#define NSEC_PER_SEC 1000000000ULL

static const char * const colours[] = {
	[SEVERITY_GOOD] = "\033[32m",
	[SEVERITY_DEGRADED] = "\033[33m",
	[SEVERITY_BAD] = "\033[31m",
	[SEVERITY_UNKNOWN] = "\033[35m",
};

void page_state(const struct page *page, enum severity severity, const char *word)
{
	fprintf(page->out, "%s%s%s", page->colour ? colours[severity] : "", word,
		page->colour ? "\033[0m" : "");
}

/* Words of text in lines of at most WIDTH, each after the first indented. */
void page_wrapped(const struct page *page, int column, int indent, const char *text)
{
	while (*text) {
		int word = (int)strcspn(text, " ");

		if (column > indent && column + 1 + word > WIDTH) {
			fprintf(page->out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', page->out);
			column++;
		}
		fprintf(page->out, "%.*s", word, text);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', page->out);
}

struct libscols_table *page_new_table(const struct page_column *columns, size_t n)
{
	struct libscols_table *table = scols_new_table();
	size_t i;

	/* As into a file: nothing is cut to a terminal's width. */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	scols_table_enable_noencoding(table, 1);	/* the model is printable already */
	scols_table_set_column_separator(table, "  ");
	for (i = 0; i < n; i++)
		scols_table_new_column(table, columns[i].name, 0,
				       columns[i].right ? SCOLS_FL_RIGHT : 0);
	return table;
}

void page_table(const struct page *page, struct libscols_table *table, int indent)
{
	char *text = NULL, *line, *rest;

	if (!scols_table_is_empty(table))
		scols_print_table_to_string(table, &text);
	for (rest = text; (line = strsep(&rest, "\n")) && *line;) {
		size_t len = strlen(line);

		while (len && line[len - 1] == ' ')
			len--;
		fprintf(page->out, "%*s%.*s\n", indent, "", (int)len, line);
	}
	free(text);
	scols_unref_table(table);
}

void page_finding(const struct page *page, const struct finding *finding)
{
	const char *word = finding->severity == SEVERITY_GOOD ? "note" :
			   words_severity(finding->severity);
	char *text = mem_printf("%s%s%s", finding->device, *finding->device ? ": " : "",
				finding->text);

	fprintf(page->out, "  ");
	page_state(page, finding->severity, word);
	fprintf(page->out, "%*s", 10 - (int)strlen(word), "");
	page_wrapped(page, 12, 12, text);
	free(text);
	if (!*finding->advice)
		return;
	fprintf(page->out, "%*s-> ", 12, "");
	page_wrapped(page, 15, 15, finding->advice);
}

static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       term && strcmp(term, "dumb");
}

struct page page_stdout(void)
{
	return (struct page){ stdout, wants_colour() };
}

void page_date(uint64_t when, char text[PAGE_DATE_LEN])
{
	time_t seconds = (time_t)(when / NSEC_PER_SEC);
	struct tm tm;

	text[0] = '\0';
	if (localtime_r(&seconds, &tm))
		strftime(text, PAGE_DATE_LEN, "%Y-%m-%d %H:%M:%S", &tm);
}
