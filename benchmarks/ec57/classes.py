"""WFDB's beat codes and the five classes of EC57: N, S, V, F, Q."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# EC57's definitions, and the table in `bxb`: a supraventricular ectopic beat is an atrial or nodal premature or escape
# beat or an aberrated one; a ventricular one is premature, R-on-T or an escape; paced beats and their fusions go with
# what cannot be classified, and so does a beat of the learning period (?). A flutter wave (!) is no beat.
EC57: Mapping[str, str] = MappingProxyType(
    {
        code: beat
        for beat, codes in {"N": "NLRB", "S": "AaJSejn", "V": "VEr", "F": "F", "Q": "/fQ?"}.items()
        for code in codes
    }
)

# De Chazal 2004 and most papers since count atrial and nodal escape beats (e, j) as normal.
ESCAPES_NORMAL: Mapping[str, str] = MappingProxyType({**EC57, "e": "N", "j": "N"})

PACED = frozenset("/f")
