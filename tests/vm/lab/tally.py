# SPDX-License-Identifier: GPL-2.0
"""What a whole run of tests did: the closing summary tells it."""
from collections import Counter

TALLY = Counter()
