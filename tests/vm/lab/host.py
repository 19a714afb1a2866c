# SPDX-License-Identifier: GPL-2.0
"""The host's question whether its guest may be migrated, through the port that failoverd-port serves."""
import subprocess

from .run import BUILD

PORT = "org.net_failover.0"        # for Machine.channels
PROGRAM = BUILD / "userspace/failover-host-check"


def host_check(guest, *options):
    """Exit code and output of the host's program; it waits for 20 s unless the options say otherwise."""
    done = subprocess.run([PROGRAM, "--timeout=20", *options, guest.vm.channel(PORT)], text=True,
                          capture_output=True, timeout=90, check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout
