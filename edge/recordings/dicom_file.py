"""Reads DICOM waveform files (PS3.3 C.10.9): 12-lead, general and ambulatory ECG."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from edge.blocks import Signal
from edge.errors import InputError, Reason
from edge.leads import canonical
from edge.recordings.channels import Channel, assemble, mv_per_unit
from edge.recordings.recording import Recording, check_size, unreadable

# The last number of a lead's code, the same in SCP-ECG (5.6.3-9-1) and MDC (2:1): PS3.16 CID 3001.
_LEAD_NUMBERS = {1: "I", 2: "II", 61: "III", 62: "aVR", 63: "aVL", 64: "aVF"} | {n + 2: f"V{n}" for n in range(1, 7)}
_DTYPES = {"SS": "<i2", "US": "<u2", "SB": "i1", "UB": "u1", "SL": "<i4", "UL": "<u4"}


def read_dicom(path: Path, wanted: Sequence[str] | None = None) -> Recording:
    """The first group of channels in a DICOM file that is a rhythm and has an ECG channel."""
    dataset = _dataset(path)
    groups = list(dataset.get("WaveformSequence") or [])
    if not groups:
        raise InputError(f"{path} is DICOM without a waveform: give an ECG file", Reason.NO_LEADS)
    rhythms = [group for group in groups if not _is_average(group)] or groups
    note = {"format": "DICOM"}
    for group in rhythms:
        try:
            channels = _channels(path, group, bool(dataset.is_little_endian))
        except (AttributeError, ValueError, TypeError, IndexError, ZeroDivisionError) as error:
            raise InputError(f"{path} has a waveform that makes no sense ({error}): export it again") from None
        if any(channel.is_ecg for channel in channels):
            break
    if len(groups) > 1:
        note["group"] = f"{group.get('MultiplexGroupLabel', 'first')} of {len(groups)}"
    return assemble(path, channels, wanted, start_utc=_start(dataset), note=note)


def _dataset(path: Path) -> Any:
    try:
        import pydicom
    except ImportError:
        raise InputError(
            f"{path} is DICOM, and pydicom is not installed: pip install edge-ecg[files]", Reason.UNREADABLE
        ) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about files that are a little out of the standard, and readable
            dataset = pydicom.dcmread(path)
            dataset.get("WaveformSequence")  # elements are parsed when they are asked for
            return dataset
    except OSError as error:
        raise unreadable(path, error) from None
    except Exception as error:  # noqa: BLE001 - pydicom raises a dozen kinds on damaged files
        raise InputError(f"{path} is DICOM that cannot be read ({error}): copy or export it again") from None


def _is_average(group: Any) -> bool:
    label = str(group.get("MultiplexGroupLabel", "")).upper()
    derived = str(group.get("WaveformOriginality", "")).upper() == "DERIVED"
    return any(word in label for word in ("MEDIAN", "AVERAGE", "TEMPLATE")) or (derived and "RHYTHM" not in label)


def _channels(path: Path, group: Any, little_endian: bool) -> list[Channel]:
    heads = list(group.ChannelDefinitionSequence)
    rate, samples = float(group.SamplingFrequency), int(group.NumberOfWaveformSamples)
    kind = str(group.WaveformSampleInterpretation)
    if kind not in _DTYPES:
        raise InputError(f"{path} has samples of the kind {kind}: only {', '.join(_DTYPES)} are read: export it again")
    if rate <= 0 or len(heads) != int(group.NumberOfWaveformChannels):
        raise InputError(f"{path} has a waveform whose rate or channels contradict each other: export it again")
    dtype = np.dtype(_DTYPES[kind]).newbyteorder("<" if little_endian else ">")
    check_size(path, samples, len(heads))
    data = bytes(group.WaveformData)
    held = len(data) // (dtype.itemsize * len(heads))
    if held < samples:
        raise InputError(f"{path} is truncated: it holds {held} of the {samples} samples it promises: copy it again")
    counts = np.frombuffer(data, dtype, samples * len(heads)).reshape(samples, len(heads))
    padding = _padding(group, dtype)
    return [_channel(head, counts[:, k], rate, padding) for k, head in enumerate(heads)]


def _padding(group: Any, dtype: np.dtype[Any]) -> int | None:
    """The count that stands for a sample which is not there."""
    value = group.get("WaveformPaddingValue")
    if value is None:
        return None
    return int(np.frombuffer(value, dtype, 1)[0]) if isinstance(value, bytes) else int(value)


def _channel(head: Any, counts: Any, rate: float, padding: int | None) -> Channel:
    units = head.get("ChannelSensitivityUnitsSequence")
    unit = str(units[0].CodeValue) if units else ""
    factor = mv_per_unit(unit)
    mv: Signal | None = None
    if factor is not None:
        gain = float(head.ChannelSensitivity) * float(head.get("ChannelSensitivityCorrectionFactor") or 1)
        values = (counts.astype(np.float64) * gain + float(head.get("ChannelBaseline") or 0)) * factor
        mv = values.astype(np.float32)
        if padding is not None:
            mv[counts == padding] = np.nan
    return Channel(_name(head), rate, unit, mv)


def _name(head: Any) -> str:
    source = head.get("ChannelSourceSequence")
    code = source[0] if source else {}
    meaning = str(code.get("CodeMeaning", "") or head.get("ChannelLabel", ""))
    number = str(code.get("CodeValue", "")).replace(":", "-").rpartition("-")[2]
    by_number = _LEAD_NUMBERS.get(int(number)) if number.isdigit() else None
    return canonical(meaning) or by_number or meaning


def _start(dataset: Any) -> datetime | None:
    stamp = str(dataset.get("AcquisitionDateTime") or "") or (
        str(dataset.get("ContentDate") or "") + str(dataset.get("ContentTime") or "")
    )
    zone = str(dataset.get("TimezoneOffsetFromUTC") or "")
    stamp, sign, offset = next(((a, s, b) for s in "+-" for a, t, b in [stamp.partition(s)] if t), (stamp, "", ""))
    zone = sign + offset or zone
    try:
        whole, _, fraction = stamp.partition(".")
        start = datetime.strptime(whole[:14], "%Y%m%d%H%M%S") + timedelta(microseconds=int(f"{fraction:0<6.6}"))
        away = timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[3:5])) if zone else timedelta(0)
        return start.replace(tzinfo=timezone(away)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
