"""Whether a patch's description of itself can be right; PROTOCOL.md lists the same bounds."""

from __future__ import annotations

from collections.abc import Mapping

from firmware_bridge.messages import (
    ELECTRODES,
    MAJOR,
    MAX_CHANNELS,
    MINOR,
    WEIGHT_UNIT,
    WEIGHTED,
    Channel,
    Identity,
    full_scale,
)

MIN_RATE_MHZ, MAX_RATE_MHZ = (
    50_000,
    4_000_000,
)  # below 50 Hz a QRS is not sampled; above 4 kHz nothing of an ECG is left
MIN_ADC_BITS, MAX_ADC_BITS = 12, 24  # 24 is what a sample's three bytes hold
MIN_GAIN_PV = 1_000  # 1 nV: a hundredth of an electrode's own noise (10 kOhm, 150 Hz: 0.16 uV)
MAX_GAIN_PV = 25_000_000  # 25 uV: a quarter of the smallest ST change that counts, 0.1 mV
MIN_RANGE_PV = 2_000_000_000  # +-2 mV: a tall QRS must fit
MAX_RANGE_PV = 10_000_000_000_000  # +-10 V: more is no amplifier for skin electrodes
MIN_WEIGHT, MAX_WEIGHT = 6, 24  # twelfths, sum of the positive ones: catches weights given in units instead of twelfths


def refusal(identity: Identity, channels: Mapping[int, Channel]) -> str | None:
    """Why a patch that says this of itself is refused, and what would be right; None where it is not.

    Call it when the description is complete: at the acknowledgement of `Hello`, or when every channel is there.
    """
    if identity.major != MAJOR:
        return (
            f"the patch speaks protocol {identity.major}.{identity.minor}, this host {MAJOR}.{MINOR}: "
            f"{_way_out(identity.major)}"
        )
    return _of_identity(identity) or _of_numbers(identity, channels) or _of_channels(identity, channels)


def refused_rate(rate_mhz: int) -> str | None:
    """Why this rate is none for an ECG, or None."""
    if MIN_RATE_MHZ <= rate_mhz <= MAX_RATE_MHZ:
        return None
    return (
        f"the patch says {rate_mhz / 1000:g} samples a second: {MIN_RATE_MHZ // 1000} to {MAX_RATE_MHZ // 1000} Hz is "
        "possible, sent as millihertz (500 Hz is 500000)"
    )


def _way_out(major: int) -> str:
    if major > MAJOR:
        return f"update edge-ecg, or give the patch a firmware that speaks {MAJOR}.x"
    return f"give the patch a firmware that speaks {MAJOR}.x"


def _of_identity(identity: Identity) -> str | None:
    if not 1 <= identity.channels <= MAX_CHANNELS:
        return f"the patch says it has {identity.channels} channels: 1 to {MAX_CHANNELS} is possible"
    if not MIN_ADC_BITS <= identity.adc_bits <= MAX_ADC_BITS:
        return (
            f"the patch says its codes have {identity.adc_bits} bits: {MIN_ADC_BITS} to {MAX_ADC_BITS} is possible "
            "(the width of the codes it sends)"
        )
    return refused_rate(identity.rate_mhz)


def _of_numbers(identity: Identity, channels: Mapping[int, Channel]) -> str | None:
    wanted = set(range(identity.channels))
    if missing := sorted(wanted - channels.keys()):
        return (
            f"the patch never described channel {_listed(missing)}: one Channel message for each of its "
            f"{identity.channels} channels, 0 to {identity.channels - 1}, must follow the Identity"
        )
    if extra := sorted(channels.keys() - wanted):
        return (
            f"the patch describes channel {_listed(extra)} but says it has {identity.channels}: channels are numbered "
            f"0 to {identity.channels - 1}"
        )
    return None


def _of_channels(identity: Identity, channels: Mapping[int, Channel]) -> str | None:
    for index in range(identity.channels):
        channel = channels[index]
        if reason := _of_weights(channel.weights) or _of_gain(channel.gain_pv_per_count, identity.adc_bits):
            return f"channel {index} of the patch makes no sense: {reason}"
    return None


def _of_weights(weights: tuple[int, ...]) -> str | None:
    if len(weights) != WEIGHTED:
        return f"it has {len(weights)} electrode weights instead of {WEIGHTED}"
    if not any(weights):
        return "all its electrode weights are zero: lead I is LA +12, RA -12"
    named = ", ".join(f"{name} {w:+d}" for name, w in zip(ELECTRODES, weights, strict=False) if w)
    if total := sum(weights):
        return (
            f"its electrode weights ({named}) sum to {total:+d} twelfths: a lead is a difference of potentials, "
            "they must sum to 0"
        )
    if not MIN_WEIGHT <= (positive := sum(w for w in weights if w > 0)) <= MAX_WEIGHT:
        return (
            f"its positive electrode weights ({named}) sum to {positive}: {MIN_WEIGHT} to {MAX_WEIGHT} is possible, "
            f"since weights are sent in twelfths (1 is {WEIGHT_UNIT}) and gain_pv_per_count carries the gain"
        )
    return None


def _of_gain(gain_pv: int, adc_bits: int) -> str | None:
    if not MIN_GAIN_PV <= gain_pv <= MAX_GAIN_PV:
        return (
            f"one count is {_volts(gain_pv)}: {_volts(MIN_GAIN_PV)} to {_volts(MAX_GAIN_PV)} is possible, "
            "sent as picovolts at the electrodes"
        )
    reach_pv = gain_pv * full_scale(adc_bits)
    if not MIN_RANGE_PV <= reach_pv <= MAX_RANGE_PV:
        return (
            f"{adc_bits} bits of {_volts(gain_pv)} reach +-{_volts(reach_pv)}: +-{_volts(MIN_RANGE_PV)} to "
            f"+-{_volts(MAX_RANGE_PV)} is possible, so check the gain (picovolts a count) and the bits"
        )
    return None


def _listed(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _volts(pv: int) -> str:
    for unit, size in (("V", 10**12), ("mV", 10**9), ("uV", 10**6), ("nV", 10**3)):
        if pv >= size:
            return f"{pv / size:.4g} {unit}"
    return f"{pv} pV"
