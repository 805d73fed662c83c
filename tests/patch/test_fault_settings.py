from __future__ import annotations

import pytest

from firmware_bridge.faults import (
    FAULTS,
    Burst,
    Drop,
    Garbage,
    Off,
    Reorder,
    Stall,
    Unplug,
    describe_faults,
    parse_fault,
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("drop", Drop()),
        ("drop:p=0.25", Drop(p=0.25)),
        ("unplug:at=20,for=5", Unplug(at_s=20, for_s=5)),
        ("stall:for=0.5", Stall(at_s=10, for_s=0.5)),
        ("reorder:depth=2, p=0.5", Reorder(p=0.5, depth=2)),
        ("burst:s=2,every=30", Burst(hold_s=2, every_s=30)),
        ("OFF:electrode=la,reads=noise", Off(electrode="LA", reads="noise")),
        ("garbage:bytes=12", Garbage(size=12)),
    ],
)
def test_a_fault_is_written_kind_and_keys(text, fault):
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flood", "unknown fault 'flood': choose from drop, corrupt"),
        ("drop:q=1", "fault drop: unknown key 'q': choose from p"),
        ("unplug:at=1,until=3", "fault unplug: unknown key 'until': choose from at, for"),
        ("drop:p=1.5", "fault drop: p=1.5: must be a number of 0 to 1"),
        ("drop:p=nan", "fault drop: p=nan: must be"),
        ("drop:p", "fault drop: p needs a value"),
        ("drop:p=0.1,p=0.2", "fault drop: p is given twice"),
        ("reorder:depth=2.5", "fault reorder: depth=2.5: must be a whole number of 1 to 4"),
        ("reorder:depth=5", "fault reorder: depth=5: must be"),
        ("off:electrode=V9", "fault off: electrode=V9: must be one of RA, LA, LL, V1"),
        ("unplug:at=-1", "fault unplug: at=-1: must be"),
        ("drift:ppm=1e9", "fault drift: ppm=1e9: must be"),
    ],
)
def test_a_mistake_names_the_key_and_what_is_allowed(text, message):
    with pytest.raises(ValueError, match="fault") as error:
        parse_fault(text)
    assert str(error.value).startswith(message)


def test_every_kind_works_without_keys_and_is_described():
    lines = describe_faults()
    for kind, line in zip(FAULTS, lines, strict=True):
        assert parse_fault(kind) == FAULTS[kind]()
        assert line.startswith(f"{kind}: ")
