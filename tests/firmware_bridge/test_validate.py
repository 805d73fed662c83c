from __future__ import annotations

from dataclasses import replace

import pytest

from firmware_bridge.messages import Channel, Identity
from firmware_bridge.validate import refusal

PATCH = Identity(1, 0, 7, 9, (1, 2, 3), 500_000, 24, 2, 0, "patch")
LEAD_II = Channel(0, 47_684, (-12, 0, 12, 0, 0, 0, 0, 0, 0))
V1 = Channel(1, 47_684, (-4, -4, -4, 12, 0, 0, 0, 0, 0))
CHANNELS = {0: LEAD_II, 1: V1}


def with_weights(*weights: int) -> dict[int, Channel]:
    return {0: LEAD_II, 1: replace(V1, weights=weights)}


def test_a_patch_that_makes_sense_is_taken() -> None:
    assert refusal(PATCH, CHANNELS) is None


def test_an_unknown_minor_version_is_taken() -> None:
    assert refusal(replace(PATCH, minor=99), CHANNELS) is None


@pytest.mark.parametrize(
    ("major", "way_out"), [(2, "update edge-ecg"), (0, "give the patch a firmware that speaks 1.x")]
)
def test_an_unknown_major_version_is_refused_with_a_way_out(major: int, way_out: str) -> None:
    text = refusal(replace(PATCH, major=major), {})
    assert text is not None
    assert f"protocol {major}.0" in text
    assert way_out in text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"rate_mhz": 500}, "0.5 samples a second"),
        ({"rate_mhz": 49_999}, "50 to 4000 Hz"),
        ({"rate_mhz": 4_000_001}, "500000"),
        ({"channels": 0}, "0 channels: 1 to 12"),
        ({"channels": 13}, "13 channels: 1 to 12"),
        ({"channels": 3}, "never described channel 2"),
        ({"channels": 1}, "describes channel 1 but says it has 1"),
        ({"adc_bits": 10}, "10 bits: 12 to 24"),
        ({"adc_bits": 32}, "32 bits: 12 to 24"),
    ],
)
def test_an_identity_that_makes_no_sense_is_refused(fields: dict[str, int], says: str) -> None:
    assert says in str(refusal(replace(PATCH, **fields), CHANNELS))


@pytest.mark.parametrize(
    ("channels", "says"),
    [
        (with_weights(0, 0, 0, 0, 0, 0, 0, 0, 0), "all its electrode weights are zero"),
        (with_weights(0, 0, 0, 12, 0, 0, 0, 0, 0), "(V1 +12) sum to +12 twelfths"),
        (with_weights(-4, -4, -4, 11, 0, 0, 0, 0, 0), "sum to -1 twelfths"),
        (with_weights(-1, 0, 1, 0, 0, 0, 0, 0, 0), "1 is 12"),  # units instead of twelfths
        (with_weights(-120, 0, 120, 0, 0, 0, 0, 0, 0), "6 to 24 is possible"),
        (with_weights(-12, 12), "2 electrode weights instead of 9"),
    ],
)
def test_a_montage_that_makes_no_sense_is_refused(channels: dict[int, Channel], says: str) -> None:
    text = str(refusal(PATCH, channels))
    assert text.startswith("channel 1 of the patch makes no sense")
    assert says in text


@pytest.mark.parametrize(
    ("gain_pv", "adc_bits", "says"),
    [
        (0, 24, "one count is 0 pV"),
        (48, 24, "one count is 48 pV"),  # nanovolts sent for picovolts
        (47_684_000, 24, "one count is 47.68 uV"),  # femtovolts
        (2_441, 12, "12 bits of 2.441 nV reach +-4.997 uV"),  # nanovolts, 12 bits
        (11_921_000, 24, "24 bits of 11.92 uV reach +-100 V"),  # femtovolts, gain 24
        (47_684, 12, "+-2 mV to +-10 V"),  # 24-bit gain, 12-bit codes
    ],
)
def test_a_gain_that_makes_no_sense_is_refused(gain_pv: int, adc_bits: int, says: str) -> None:
    channels = {k: replace(channel, gain_pv_per_count=gain_pv) for k, channel in CHANNELS.items()}
    assert says in str(refusal(replace(PATCH, adc_bits=adc_bits), channels))


@pytest.mark.parametrize(
    ("gain_pv", "adc_bits"),
    [
        (11_921, 24),  # ADS1298, gain 24
        (286_102, 24),  # ADS1298, gain 1
        (1_000_000, 24),
        (152_588, 16),  # +-5 mV
        (4_882_813, 12),  # +-10 mV
        (1_000_000, 12),  # +-2.047 mV
        (8_056_641, 12),  # AD8232 at 3.3 V, gain 100
    ],
)
def test_real_amplifiers_are_taken(gain_pv: int, adc_bits: int) -> None:
    channels = {k: replace(c, gain_pv_per_count=gain_pv) for k, c in CHANNELS.items()}
    assert refusal(replace(PATCH, adc_bits=adc_bits), channels) is None


@pytest.mark.parametrize(
    "weights",
    [
        (12, -6, -6, 0, 0, 0, 0, 0, 0),  # aVR
        (8, -4, -4, 0, 0, 0, 0, 0, 0),  # RA against Wilson's terminal
        (0, 0, 0, -12, 0, 0, 0, 12, 0),  # V5 - V1
        (0, 0, 0, -6, -6, 0, 0, 6, 6),
    ],
)
def test_rows_that_are_no_standard_lead_are_taken(weights: tuple[int, ...]) -> None:
    assert refusal(PATCH, with_weights(*weights)) is None
