// SPDX-License-Identifier: GPL-2.0
/*
 * The probe's records and its two log formats, line by line, times in ns of the wall clock.
 *
 * Full log (--log FILE):
 *	# probe 1 full
 *	stream ID kind=ping flows=1 rate=9 size=64 next=3 failed=1 got=2 extra=1 gap=NS gap_after=0
 *	p SEQ SENT GOT [!ERROR]		one per packet; "-" where there is none
 *	d SEQ GOT			each arrival after the first
 *	end ID
 * ping and send list every sequence number; recv lists those that arrived, SENT being the sender's
 * stamp on the sender's clock. An ERROR (ENETDOWN) is a send that the kernel refused. next is one
 * more than the highest number; gap the longest time between two arrivals, gap_after the number
 * that came before it. Sequence number N belongs to flow N % flows.
 *
 * Runs (--runs, or `probe report FILE`), for a slow serial console: ranges only, no times
 *	# probe 1 runs
 *	stream … (as above)
 *	sent 0-2			several lines when there are many ranges
 *	failed 1
 *	got 0 2
 *	more 2				arrived more than once
 *	end ID
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

struct record *stream_at(struct stream *s, uint32_t seq)
{
	if (seq >= MAX_SEQ)
		return NULL;
	if (seq >= s->room) {
		uint32_t room = s->room ? s->room : 4096;

		while (room <= seq)
			room *= 2;
		s->rec = realloc(s->rec, room * sizeof(*s->rec));
		if (!s->rec)
			die(1, "no memory for %u packets", room);
		memset(s->rec + s->room, 0, (room - s->room) * sizeof(*s->rec));
		s->room = room;
	}
	if (seq >= s->next)
		s->next = seq + 1;
	return &s->rec[seq];
}

static void extra_add(struct stream *s, uint32_t seq, int64_t got)
{
	if (s->extras == MAX_SEQ)
		return;
	if (s->extras == s->extra_room) {
		s->extra_room = s->extra_room ? s->extra_room * 2 : 64;
		s->extra = realloc(s->extra, s->extra_room * sizeof(*s->extra));
		if (!s->extra)
			die(1, "no memory for %u duplicates", s->extra_room);
	}
	s->extra[s->extras++] = (struct extra){ seq, got };
}

/* sent: the sender's stamp, 0 where the record has it already. */
void stream_arrived(struct stream *s, uint32_t seq, int64_t sent, int64_t got)
{
	struct record *r = stream_at(s, seq);

	if (!r)
		return;
	if (sent)
		r->sent = sent;
	if (r->count++) {
		extra_add(s, seq, got);
	} else {
		r->got = got;
		s->got++;
	}
	if (s->last && got - s->last > s->gap) {
		s->gap = got - s->last;
		s->gap_after = s->last_seq;
	}
	s->last = got;
	s->last_seq = seq;
}

/* The log appears whole or not at all: written beside its place, then renamed. */
static void temp_name(char *buf, size_t n, const char *path)
{
	snprintf(buf, n, "%s.part", path);
}

FILE *log_open(const char *path)
{
	char temp[4096];
	FILE *f;

	if (!strcmp(path, "-"))
		return stdout;
	temp_name(temp, sizeof(temp), path);
	f = fopen(temp, "w");
	if (!f)
		die(1, "cannot write %s: %s", temp, strerror(errno));
	return f;
}

void log_close(FILE *f, const char *path)
{
	char temp[4096];

	if (f == stdout) {
		fflush(f);
		return;
	}
	temp_name(temp, sizeof(temp), path);
	if (fclose(f) || rename(temp, path))
		die(1, "cannot write %s: %s", path, strerror(errno));
}

static void write_time(FILE *f, int64_t t)
{
	if (t)
		fprintf(f, " %lld", (long long)t);
	else
		fputs(" -", f);
}

static void write_packets(FILE *f, const struct stream *s)
{
	for (uint32_t i = 0; i < s->next; i++) {
		const struct record *r = &s->rec[i];

		if (!r->sent && !r->got)
			continue;
		fprintf(f, "p %u", i);
		write_time(f, r->sent);
		write_time(f, r->got);
		if (r->error)
			fprintf(f, " !%s", strerrorname_np(r->error));
		fputc('\n', f);
	}
	for (uint32_t i = 0; i < s->extras; i++)
		fprintf(f, "d %u %lld\n", s->extra[i].seq, (long long)s->extra[i].got);
}

static bool was_sent(const struct record *r) { return r->sent; }
static bool has_failed(const struct record *r) { return r->error; }
static bool has_come(const struct record *r) { return r->count; }
static bool came_again(const struct record *r) { return r->count > 1; }

static void write_ranges(FILE *f, const struct stream *s, const char *word,
			 bool (*is)(const struct record *))
{
	int column = 0;

	for (uint32_t i = 0; i < s->next; i++) {
		uint32_t first = i;

		if (!is(&s->rec[i]))
			continue;
		while (i + 1 < s->next && is(&s->rec[i + 1]))
			i++;
		if (column > 90) {
			fputc('\n', f);
			column = 0;
		}
		if (!column)
			column = fprintf(f, "%s", word);
		column += first == i ? fprintf(f, " %u", first) : fprintf(f, " %u-%u", first, i);
	}
	if (column)
		fputc('\n', f);
}

static void write_stream(FILE *f, bool runs, const struct stream *s)
{
	fprintf(f, "stream %08x kind=%s flows=%u rate=%u size=%u ",
		s->id, s->kind, s->flows, s->rate, s->size);
	fprintf(f, "next=%u failed=%u got=%u extra=%u ", s->next, s->failed, s->got, s->extras);
	fprintf(f, "gap=%lld gap_after=%u\n", (long long)s->gap, s->gap_after);
	if (runs) {
		write_ranges(f, s, "sent", was_sent);
		write_ranges(f, s, "failed", has_failed);
		write_ranges(f, s, "got", has_come);
		write_ranges(f, s, "more", came_again);
	} else {
		write_packets(f, s);
	}
	fprintf(f, "end %08x\n", s->id);
}

void log_write(const char *path, bool runs, const struct stream *s, unsigned int n)
{
	FILE *f = log_open(path);

	fprintf(f, "# probe 1 %s\n", runs ? "runs" : "full");
	for (unsigned int i = 0; i < n; i++)
		write_stream(f, runs, &s[i]);
	log_close(f, path);
}

/* One line of a full log, as write_packets wrote it. */
static void read_packet(struct stream *s, const char *line)
{
	char sent[32], got[32], error[32] = "";
	struct record *r;
	long long t;
	uint32_t seq;

	if (sscanf(line, "d %u %lld", &seq, &t) == 2) {
		r = stream_at(s, seq);
		if (r) {
			r->count++;
			extra_add(s, seq, t);
		}
		return;
	}
	if (sscanf(line, "p %u %31s %31s %31s", &seq, sent, got, error) < 3)
		return;
	r = stream_at(s, seq);
	if (!r)
		return;
	r->sent = strtoll(sent, NULL, 10);
	r->got = strtoll(got, NULL, 10);
	r->count = !!r->got;
	r->error = error[0] ? EIO : 0;
}

static bool read_head(struct stream *s, char *kind, const char *line)
{
	long long gap;
	uint32_t next, extra;
	int used = 0;

	if (sscanf(line, "stream %x kind=%15s flows=%u rate=%u size=%u%n", &s->id, kind,
		   &s->flows, &s->rate, &s->size, &used) != 5 || !used)
		return false;
	if (sscanf(line + used, " next=%u failed=%u got=%u extra=%u gap=%lld gap_after=%u",
		   &next, &s->failed, &s->got, &extra, &gap, &s->gap_after) != 6)
		return false;
	s->kind = kind;
	s->gap = gap;
	return true;
}

int cmd_report(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512], kind[16];
	struct stream s;

	if (!f)
		die(1, "cannot read %s: %s", path, strerror(errno));
	if (!fgets(line, sizeof(line), f) || strncmp(line, "# probe 1 full", 14))
		die(1, "%s: not a full log of this probe", path);
	puts("# probe 1 runs");
	memset(&s, 0, sizeof(s));
	while (fgets(line, sizeof(line), f)) {
		if (read_head(&s, kind, line))
			continue;
		if (strncmp(line, "end ", 4)) {
			read_packet(&s, line);
			continue;
		}
		write_stream(stdout, true, &s);
		free(s.rec);
		free(s.extra);
		memset(&s, 0, sizeof(s));
	}
	fclose(f);
	return 0;
}
