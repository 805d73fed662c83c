"""What every export says of itself."""

from __future__ import annotations

from edge import __version__
from edge.blocks import Origin
from edge.exports.run_record import Excerpt

NO_DEVICE = "Not a medical device: for research and development, never for diagnosis or monitoring of patients."
PROGRAM = f"edge-ecg {__version__}"
HIGH_PASS_HZ = 0.05  # the one filter that is always in the signal
ESTIMATES = "Reconstructed leads are estimates made by a network from the measured ones."


def leads_of(excerpt: Excerpt, origin: Origin) -> list[str]:
    return [lead.name for lead in excerpt.leads if lead.origin is origin]


def origins(excerpt: Excerpt) -> dict[Origin, str]:
    """Origin to the names of its leads, the ones that there are."""
    return {origin: ", ".join(names) for origin in Origin if (names := leads_of(excerpt, origin))}
