"""A network is validated with leads that it is trained to be shown."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from train.validation import shown


@pytest.mark.parametrize(
    ("masks", "leads"),
    [
        ("any", ("II", "V1", "V5")),
        ("single", ("I",)),
        ((("I",),), ("I",)),
        ((("I", "II", "V3"), ("I",)), ("I", "II", "V3")),
        ((("I",), ("II", "V1", "V5")), ("II", "V1", "V5")),
    ],
)
def test_the_leads_shown_are_those_of_the_recipe(masks, leads):
    assert shown(masks) == leads
