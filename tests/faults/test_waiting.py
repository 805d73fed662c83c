from __future__ import annotations

from faulty import kept


def test_what_waits_when_the_patch_starts_anew_stays_where_it_was_sampled():
    """Held frames come late, so it is asked who sent them; before the answer comes the patch reboots."""
    faults = ("reboot:at=4.407,for=1.478", "corrupt:p=0.269", "burst:s=1.987,every=4.91")
    kept(*faults, seed=676936, seconds=11.0)
