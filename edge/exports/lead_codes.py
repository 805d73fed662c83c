"""The leads' numbers in ISO/IEEE 11073-10101 (MDC), as DICOM and FHIR have them; and names that last."""

from __future__ import annotations

import uuid

from edge.exports.run_record import Excerpt
from edge.leads import LEADS

# PS3.16 CID 3001 has them as 2:NUMBER, IEEE 11073-10101 as 131328 + NUMBER in its second partition.
NUMBER = {"I": 1, "II": 2, "III": 61, "aVR": 62, "aVL": 63, "aVF": 64} | {f"V{n}": n + 2 for n in range(1, 7)}
ELECTRIC_POTENTIAL = 131328  # MDC_ECG_ELEC_POTL
MEANING = {lead: f"Lead {lead}" for lead in LEADS} | {
    "aVR": "aVR, augmented voltage, right",
    "aVL": "aVL, augmented voltage, left",
    "aVF": "aVF, augmented voltage, foot",
}
_OURS = uuid.uuid5(uuid.NAMESPACE_DNS, "edge-ecg")


def identity(excerpt: Excerpt, *parts: object) -> uuid.UUID:
    """The same for the same stretch of the same recording: exported twice, it is one object."""
    record = excerpt.record
    leads = "+".join(lead.name for lead in excerpt.leads)
    facts = (record.name, record.start_utc.isoformat(), excerpt.first, excerpt.last, leads, *parts)
    return uuid.uuid5(_OURS, "|".join(map(str, facts)))
