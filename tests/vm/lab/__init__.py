# SPDX-License-Identifier: GPL-2.0
"""The lab: Debian's kernel in real QEMU guests, networks of its own, live migration."""


class LabError(Exception):
    """The lab itself does not work here; the message is one line for the user."""


class NotRun(Exception):
    """What was asked for cannot be had today (never the tested code's fault)."""
