"""DICOM waveforms (PS3.3 C.10.9): one group of up to twelve channels, 16 bits, 1 uV a count.

Up to 16384 samples (32 s at 500 Hz) are a 12-Lead ECG (PS3.3 A.34.3), which every viewer of ECGs knows and which may
hold no more. Longer ones are an Ambulatory ECG (A.34.5), made for long recordings of a few electrodes. Both may hold
a single group of twelve channels (the first at most 13 channels in all, the other one group), so a gap does not begin
a new group: missing samples have the Waveform Padding Value, which is what it is for.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.blocks import Origin
from edge.errors import UsageError
from edge.exports.lead_codes import MEANING, NUMBER, identity
from edge.exports.run_record import MISSING, Excerpt, Lead
from edge.exports.told import Told, told_alerts
from edge.exports.words import HIGH_PASS_HZ, NO_DEVICE, PROGRAM, origins

if TYPE_CHECKING:
    from pydicom import Dataset

TWELVE_LEAD = "1.2.840.10008.5.1.4.1.1.9.1.1"
AMBULATORY = "1.2.840.10008.5.1.4.1.1.9.1.3"
MOST_SAMPLES = 16384  # of a 12-Lead ECG, A.34.3.4.5
LOWEST_HZ, HIGHEST_HZ = 200, 1000  # A.34.3.4.6; an Ambulatory ECG may be as slow as 50
MAX_BYTES = 2**32 - 2  # of one element, PS3.5 7.1: four days
ONE_SAMPLE = b"\0\0"  # in place of all of them
DELIMITERS = bytes.fromhex("fe ff 0d e0 00 00 00 00 fe ff dd e0 00 00 00 00")  # of the item and of the sequence
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


def write_dicom(excerpt: Excerpt, path: Path) -> None:
    """Errors: UsageError without pydicom, or for what a DICOM object cannot hold; OSError."""
    try:
        import pydicom  # noqa: F401
    except ImportError as error:
        raise UsageError("DICOM needs pydicom: pip install 'edge-ecg[exports]'") from error
    if not LOWEST_HZ <= excerpt.rate <= HIGHEST_HZ:
        raise UsageError(f"{excerpt.record.name} has {excerpt.rate:g} Hz: DICOM takes {LOWEST_HZ} to {HIGHEST_HZ}")
    if 2 * excerpt.samples * len(excerpt.leads) > MAX_BYTES:
        raise UsageError(f"{excerpt.seconds:g} s are too long for one DICOM object: cut it with --from and --seconds")
    before, after = _around_samples(excerpt)
    with path.open("wb") as file:  # pydicom would have the whole sequence in memory: a gigabyte a day
        file.write(before)
        for _, counts in excerpt.pieces():
            file.write(np.ascontiguousarray(counts, "<i2").tobytes())
        file.write(after)


def _around_samples(excerpt: Excerpt) -> tuple[bytes, bytes]:
    """The file's bytes up to the samples, and those behind them.

    Written by pydicom around a single sample. The sequence and its item have no length of their own (PS3.5 7.5), so
    only that of the samples, which come last of all elements, is to be set.
    """
    dataset, group = _object(excerpt), _group(excerpt)
    dataset.WaveformSequence = [group]
    dataset["WaveformSequence"].is_undefined_length = True
    group.is_undefined_length_sequence_item = True
    whole = BytesIO()
    dataset.save_as(whole, enforce_file_format=True)
    written = whole.getvalue()
    end = len(written) - len(DELIMITERS)
    begin = end - len(ONE_SAMPLE)
    assert written[end:] == DELIMITERS
    assert written[begin:end] == ONE_SAMPLE
    size = 2 * excerpt.samples * len(excerpt.leads)
    return written[: begin - 4] + size.to_bytes(4, "little"), DELIMITERS


def _object(excerpt: Excerpt) -> Dataset:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID

    began = excerpt.start_utc
    day, time = f"{began:%Y%m%d}", f"{began:%H%M%S.%f}"
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = TWELVE_LEAD if excerpt.samples <= MOST_SAMPLES else AMBULATORY
    dataset.SOPInstanceUID = _uid(excerpt, "instance")
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "ReferringPhysicianName"):
        setattr(dataset, keyword, "")  # a recording knows no patient; whoever keeps it does
    dataset.StudyInstanceUID, dataset.StudyDate, dataset.StudyTime = _uid(excerpt, "study"), day, time
    dataset.StudyID, dataset.AccessionNumber = "", ""
    dataset.Modality, dataset.SeriesInstanceUID, dataset.SeriesNumber = "ECG", _uid(excerpt, "series"), 1
    dataset.Manufacturer, dataset.ManufacturerModelName = "edge-ecg", str(excerpt.record.facts.get("device", ""))[:64]
    dataset.SoftwareVersions = PROGRAM
    dataset.InstanceNumber = 1
    dataset.ContentDate, dataset.ContentTime = day, time
    dataset.AcquisitionDateTime = f"{day}{time}+0000"
    dataset.TimezoneOffsetFromUTC = "+0000"
    dataset.AcquisitionContextSequence = []
    whose = "; ".join(f"{origin}: {names}" for origin, names in origins(excerpt).items())
    remarks = [_remark(text) for text in (NO_DEVICE, whose)]
    dataset.WaveformAnnotationSequence = [*remarks, *_marks(excerpt)]
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE_ENDIAN)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def _group(excerpt: Excerpt) -> Dataset:
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

    group = Dataset()
    group.MultiplexGroupLabel = "RHYTHM"
    altered = any(lead.origin is not Origin.MEASURED for lead in excerpt.leads)
    group.WaveformOriginality = "DERIVED" if altered else "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = len(excerpt.leads), excerpt.samples
    group.SamplingFrequency = f"{excerpt.rate:g}"
    group.ChannelDefinitionSequence = [_channel(lead, excerpt) for lead in excerpt.leads]
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.add(DataElement("WaveformPaddingValue", "OW", int(MISSING).to_bytes(2, "little", signed=True)))
    group.add(DataElement("WaveformData", "OW", ONE_SAMPLE))
    return group


def _channel(lead: Lead, excerpt: Excerpt) -> Dataset:
    from pydicom.dataset import Dataset

    channel = Dataset()
    mark = {Origin.MEASURED: "", Origin.DERIVED: " (derived)", Origin.RECONSTRUCTED: " (estimate)"}
    channel.ChannelLabel = f"{lead.name}{mark.get(lead.origin, '')}"
    channel.ChannelSourceSequence = [_code(f"2:{NUMBER[lead.name]}", "MDC", MEANING[lead.name])]
    channel.ChannelSensitivity, channel.ChannelBaseline = "1", "0"
    channel.ChannelSensitivityUnitsSequence = [_code("uV", "UCUM", "microvolt")]
    channel.ChannelSensitivityCorrectionFactor, channel.ChannelSampleSkew = "1", "0"
    channel.WaveformBitsStored = 16
    channel.FilterLowFrequency = f"{HIGH_PASS_HZ:g}"
    if lead.origin is not Origin.MEASURED:
        channel.ChannelDerivationDescription = f"{lead.words}, from {excerpt.record.montage}"
    return channel


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _remark(text: str) -> Dataset:
    from pydicom.dataset import Dataset

    note = Dataset()
    note.UnformattedTextValue = text
    note.ReferencedWaveformChannels = [1, 0]  # of group 1, all
    return note


def _marks(excerpt: Excerpt) -> list[Dataset]:
    """Alerts and rhythm at their samples, which count from 1. Beats would be a hundred thousand items a day."""
    texts: list[tuple[int, str]] = [(alert.sample, _alert(alert)) for alert in told_alerts(excerpt)]
    texts += [(mark.sample, f"rhythm {mark.aux.strip('(')}") for mark in excerpt.annotations("rhy")]
    notes: list[Any] = []
    for sample, text in sorted(texts):
        note = _remark(text)
        note.TemporalRangeType = "POINT"
        note.ReferencedSamplePositions = sample - excerpt.first + 1
        notes.append(note)
    return notes


def _alert(alert: Told) -> str:
    return f"alert {alert.id}: {alert.words}, {alert.priority} priority"


def _uid(excerpt: Excerpt, what: str) -> str:
    return f"2.25.{identity(excerpt, what).int}"  # PS3.5 B.2: a UUID as an integer
