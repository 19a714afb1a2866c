// SPDX-License-Identifier: GPL-2.0
/* What the kernel's log says of slots: records as each kernel writes them, and those of liars. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/kmsg.c"

#define PORT	"pcieport 0000:00:02.0: pciehp: "
#define MORE	"\n SUBSYSTEM=pci\n DEVICE=+pci:0000:00:02.0\n"

static void expect(const char *text, enum kmsg_kind kind, const char *slot)
{
	struct kmsg_record record;

	kmsg_parse(text, strlen(text), &record);
	assert_int_equal(record.kind, kind);
	assert_string_equal(record.slot, slot);
}

static void both_spellings(void **state)
{
	(void)state;
	expect("6,512,7000000,-;" PORT "Slot(2): Powering off due to button press" MORE,
	       KMSG_SLOT_OFF, "2");
	expect("6,512,7000000,-,caller=T77;" PORT
	       "Slot(2): Button press: will power off in 5 sec" MORE, KMSG_SLOT_OFF, "2");
	expect("6,9,1,-;" PORT "Slot(2): Button cancel" MORE, KMSG_SLOT_CANCEL, "2");
	expect("6,9,1,-;" PORT "Slot(2): Action canceled due to button press" MORE,
	       KMSG_SLOT_CANCEL, "2");
	expect("6,9,1,-;" PORT "Slot(2): Button press: canceling request to power off" MORE,
	       KMSG_SLOT_CANCEL, "2");
}

/* Two slots that firmware gave the same number, a domain of its own, no final newline. */
static void names(void **state)
{
	char longest[WORD_LEN + 1] = "";

	(void)state;
	expect("6,9,1,-;pcieport 10000:e0:06.0: pciehp: Slot(8191-1): Button cancel",
	       KMSG_SLOT_CANCEL, "8191-1");
	expect("6,9,1,-;" PORT "Slot(../2): Button cancel", KMSG_OTHER, "");
	expect("6,9,1,-;" PORT "Slot(): Button cancel", KMSG_OTHER, "");
	expect("6,9,1,-;" PORT "Slot(2", KMSG_OTHER, "");
	assert_true(kmsg_is_slot("2-1"));
	assert_false(kmsg_is_slot(""));
	assert_false(kmsg_is_slot("."));
	assert_false(kmsg_is_slot("2/../3"));
	memset(longest, '1', WORD_LEN);
	assert_false(kmsg_is_slot(longest));
	longest[WORD_LEN - 1] = '\0';
	assert_true(kmsg_is_slot(longest));
}

/* Whatever else is said of the slot, the request is over. */
static void others(void **state)
{
	(void)state;
	expect("6,9,1,-;" PORT "Slot(2): Attention button pressed" MORE, KMSG_SLOT, "2");
	expect("6,9,1,-;" PORT "Slot(2): Card present" MORE, KMSG_SLOT, "2");
	expect("6,9,1,-;" PORT "Slot(2) Powering on due to button press", KMSG_SLOT, "2");
	expect("6,9,1,-;" PORT "Slot(2): Powering off due to button presses", KMSG_SLOT, "2");
	expect("6,9,1,-;pcieport 0000:00:02.0: AER: enabled", KMSG_OTHER, "");
	expect("", KMSG_OTHER, "");
	expect("6,9,1,-", KMSG_OTHER, "");
	expect("garbage;" PORT "Slot(2): Button cancel", KMSG_OTHER, "");
}

static void liars(void **state)
{
	static const char words[] = PORT "Slot(2): Powering off due to button press";
	char record[256];

	(void)state;
	/* facilities of user space: 1 is what the kernel gives who says none */
	expect("14,9,1,-;" PORT "Slot(2): Powering off due to button press", KMSG_OTHER, "");
	expect("30,9,1,-;" PORT "Slot(2): Powering off due to button press", KMSG_OTHER, "");
	expect("-6,9,1,-;" PORT "Slot(2): Powering off due to button press", KMSG_OTHER, "");
	/* what a device calls itself, and what a field says */
	expect("6,9,1,-;usb 1-1: Product: " PORT "Slot(2): Powering off due to button press",
	       KMSG_OTHER, "");
	expect("6,9,1,-;hello\n DEVICE=" PORT "Slot(2): Powering off due to button press",
	       KMSG_OTHER, "");
	/* cut where it ends */
	snprintf(record, sizeof(record), "6,9,1,-;%s", words);
	kmsg_parse(record, strlen(record) - 1, &(struct kmsg_record){ 0 });
}

static void very_long(void **state)
{
	char record[RECORD_MAX];
	struct kmsg_record parsed;

	(void)state;
	memset(record, 'x', sizeof(record));
	memcpy(record, "6,9,1,-;" PORT "Slot(", strlen("6,9,1,-;" PORT "Slot("));
	kmsg_parse(record, sizeof(record), &parsed);
	assert_int_equal(parsed.kind, KMSG_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_spellings), cmocka_unit_test(names),
		cmocka_unit_test(others), cmocka_unit_test(liars), cmocka_unit_test(very_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
