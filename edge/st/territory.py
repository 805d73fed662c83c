"""Which wall: the six territories of the papers, and a hint of the posterior one.

Leads that look at each wall, as handed down with the criteria (Thygesen et al. 2018; Zimetbaum and Josephson 2003):
septal V1, V2; anterior V3, V4 and their neighbours; anteroseptal V1 to V4 with both; anterolateral the middle chest
leads with the lateral ones; lateral I, aVL, V5, V6; inferior II, III, aVF.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from edge.blocks import Origin
from edge.st.confidence import Floats, among, best_pair

Pairs = tuple[tuple[int, int], ...]

WALLS: Mapping[str, Pairs] = MappingProxyType(
    {
        "septal": among(("V1", "V2")),
        "anteroseptal": among(("V1", "V2"), ("V2", "V3")),
        "anterior": among(("V2", "V3"), ("V3", "V4"), ("V4", "V5")),
        "anterolateral": among(("V3", "V4"), ("V4", "V5"), ("V5", "V6")),
        "lateral": among(("I", "aVL"), ("V5", "V6")),
        "inferior": among(("II", "aVF"), ("aVF", "III"), ("II", "III")),
    }
)
FACES: Mapping[str, Pairs] = MappingProxyType(  # where the opposite wall mirrors it
    {
        "inferior": among(("I", "aVL")),
        "lateral": among(("III", "aVF")),
        "anterior": among(("II", "aVF"), ("aVF", "III")),
        "anteroseptal": among(("II", "aVF"), ("aVF", "III")),
        "anterolateral": among(("II", "aVF"), ("aVF", "III")),
        "septal": among(("II", "aVF"), ("aVF", "III")),
    }
)


def walls(passes: Floats, origin: Sequence[Origin], enrolled: bool) -> dict[str, float | None]:
    """How surely each wall shows it, from the probabilities of its leads (12); None where they could not be read."""
    found: dict[str, float | None] = {}
    for wall, pairs in WALLS.items():
        pair = best_pair(passes, origin, enrolled, pairs)
        found[wall] = None if pair is None else pair.confidence
    return found
