# SPDX-License-Identifier: GPL-2.0
"""Who is compared, one file each; `PEERS` is their order in the table."""
from .bonding import Bonding
from .netfailover import InTree, Ours
from .plain import Plain
from .team import Team
from .vf import Vf

PEERS = (Vf, Plain, InTree, Bonding, Team, Ours)
