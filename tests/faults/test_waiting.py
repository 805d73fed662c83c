from __future__ import annotations

from faulty import kept


def test_what_waits_when_the_patch_starts_anew_stays_where_it_was_sampled():
    """Held frames come late, so it is asked who sent them; before the answer comes the patch reboots."""
    faults = ("reboot:at=4.407,for=1.478", "corrupt:p=0.269", "burst:s=1.987,every=4.91")
    kept(*faults, seed=676936, seconds=11.0)


def test_a_frame_held_up_past_a_reboot_is_put_before_it():
    faults = ("reboot:at=3.923,for=0.902", "reorder:p=0.06,depth=2", "garbage:at=1.892,bytes=4941")
    for seed in range(4):
        kept(*faults, seed=seed, seconds=6.0)
    faults = ("garbage:at=1.892,bytes=4941", "reboot:at=7.165,for=0.082", "reorder:p=0.06,depth=2", faults[0])
    kept(*faults, seed=152667, seconds=9.0)


def test_a_frame_held_up_until_after_a_reboot_does_not_hide_how_long_that_was():
    kept("corrupt:p=0.085", "reorder:p=0.079,depth=3", "reboot:at=0.791,for=2.132", seed=222653, seconds=6.0)
    kept("reboot:at=1.613,for=1.21", "burst:s=1.712,every=2.916", seed=246638, seconds=6.0)
