# SPDX-License-Identifier: GPL-2.0
"""Live migration of a guest with a pair."""
import pytest

from lab.migrate import migrate


@pytest.mark.parametrize("variant", ["intree"])
def test_migration_gives_the_primary_back(lab, variant):
    """unplug -> migrate -> the destination plugs its own VF, and the pair is whole again."""
    guest = lab.boot(variant)
    pair = guest.wait_paired()
    guest.address(pair.master)
    guest.wait_carrier(pair.primary)
    result = migrate(guest)
    assert result.status == "completed"
    assert result.unplug < result.stop <= result.resume
    assert guest.wait_paired().master == pair.master
