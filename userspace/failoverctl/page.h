/* SPDX-License-Identifier: GPL-2.0 */
/* What every text for people is made of. */
#ifndef FAILOVERCTL_PAGE_H
#define FAILOVERCTL_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/findings.h"

struct libscols_table;

struct page {
	FILE *out;
	bool colour;
};

struct page_column {
	const char *name;
	bool right;
};

/* On standard output; in colour where a terminal is and nobody minds. */
struct page page_stdout(void);
/* A word in the colour of the severity. */
void page_state(const struct page *page, enum severity severity, const char *word);
/* Words of text in lines of some 100 columns, each after the first indented. */
void page_wrapped(const struct page *page, int column, int indent, const char *text);
void page_finding(const struct page *page, const struct finding *finding);

struct libscols_table *page_new_table(const struct page_column *columns, size_t n);
/* Writes the table and frees it. */
void page_table(const struct page *page, struct libscols_table *table, int indent);

/* Local time of so many ns since 1970, in seconds. */
#define PAGE_DATE_LEN 48
void page_date(uint64_t when, char text[PAGE_DATE_LEN]);

#endif
