// SPDX-License-Identifier: GPL-2.0
/* failoverctl version: of the program and of the loaded module. */
#include <stdio.h>

#include "common/sysfs.h"
#include "common/words.h"
#include "failoverctl/cmd.h"

int cmd_version(int argc, char **argv)
{
	struct module module;
	int ret = cmd_no_args(argc, argv);

	if (ret)
		return ret;
	sysfs_module(&module);
	printf("failoverctl %s\n", VERSION);
	printf("net_failover %s\n", *module.version ? module.version : words_module(module.kind));
	return 0;
}
