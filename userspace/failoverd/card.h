/* SPDX-License-Identifier: GPL-2.0 */
/* What kind of card a network interface is, as sysfs shows it. */
#ifndef FAILOVERD_CARD_H
#define FAILOVERD_CARD_H

#include "failoverd/trip.h"

/* false: there is no such interface any more, or it is no PCI device. */
bool card_read(const char *name, struct trip_card *card);

#endif
