// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: has the kernel itself say something, which user space cannot make it do.
 *
 *	echo "words" > /sys/module/nfo_say/parameters/say
 */
#include <linux/module.h>

static int say_set(const char *words, const struct kernel_param *kp)
{
	pr_info("%s", words);
	return 0;
}

static const struct kernel_param_ops say_ops = { .set = say_set };
module_param_cb(say, &say_ops, NULL, 0200);
MODULE_DESCRIPTION("Has the kernel say something, for tests");
MODULE_LICENSE("GPL");
