/* SPDX-License-Identifier: GPL-2.0 */
/* Reads and writes all the settings of a card that tune.h knows. */
#ifndef COMMON_TUNER_H
#define COMMON_TUNER_H

#include "common/ethnl.h"

/* Adds what can be read of it now. ethnl NULL: without what only netlink tells. */
void tuner_read(struct ethnl *ethnl, uint32_t ifindex, struct tune *tune);
/* Sets these, in their order. What the kernel or the driver refused is told. */
void tuner_write(struct ethnl *ethnl, uint32_t ifindex, const struct tune *values,
		 ethnl_refused refused, void *data);

/* The same of a master, which has less. */
void tuner_read_master(uint32_t ifindex, struct tune *tune);
void tuner_write_master(uint32_t ifindex, const struct tune *values, ethnl_refused refused,
			void *data);

struct ifreq;

/*
 * For the parts: an ioctl that goes by a name, of the card that has this ifindex,
 * also while it is renamed. Sets ifr_name. 0 or a negative errno.
 */
int tuner_ioctl(uint32_t ifindex, unsigned long what, struct ifreq *ifreq);

/* For tuner.c: each adds or sets its part. */
void rss_read(uint32_t ifindex, struct tune *tune);
void rss_write(uint32_t ifindex, const struct tune *values, ethnl_refused refused, void *data);
void queue_read(uint32_t ifindex, struct tune *tune);
void queue_write(uint32_t ifindex, const struct tune *values, ethnl_refused refused, void *data);
void qdisc_read(uint32_t ifindex, struct tune *tune);
void qdisc_write(uint32_t ifindex, const struct tune *values, ethnl_refused refused, void *data);

#endif
