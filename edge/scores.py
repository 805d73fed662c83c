"""One score a condition out of what rhythm, criteria and classifier say of it.

Each says a number from 0 to 1 or nothing. Where more than one speaks the score is their mean logit: on PTB-XL's fold 8
that ranks at least as well as the better of them for infarction, atrial fibrillation, left bundle branch block,
ischaemia and first-degree AV block, but not for hypertrophy and normal, of which the classifier speaks alone. Rate and
pauses are the rhythm's alone. So, once there is half a minute of signal, are fibrillation and ventricular beats: they
come and go, and the classifier's answer is one for all of its windows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

Scores = Mapping[str, float | None]

RATES = ("vt", "brady", "tachy", "pause")
PAROXYSMAL = ("af", "pvc")
CLASSIFIED = ("lvh", "normal")
ENOUGH_S = 30.0  # of signal, for the rhythm to speak alone of what comes and goes
SUREST = 1e-4  # a score nearer to 0 or 1 counts as this near
ABNORMAL = ("af", "vt", "pvc")  # rhythms that no normal recording has


def combined(rhythm: Scores, criteria: Scores, classifier: Scores, seconds: float) -> dict[str, float | None]:
    """For every key of `rhythm`; `seconds` of signal so far."""
    of_rhythm = RATES if seconds < ENOUGH_S else (*RATES, *PAROXYSMAL)
    scores: dict[str, float | None] = {}
    for name in rhythm:
        if name in of_rhythm:
            scores[name] = rhythm[name]
        elif name in CLASSIFIED and classifier.get(name) is not None:
            scores[name] = classifier[name]
        else:
            said = [s for s in (of.get(name) for of in (rhythm, criteria, classifier)) if s is not None]
            scores[name] = round(_mean(said), 4) if said else None
    if (normal := scores["normal"]) is not None and classifier.get("normal") is None:  # criteria see no rhythm
        scores["normal"] = round(normal * math.prod(1 - (rhythm[name] or 0.0) for name in ABNORMAL), 4)
    return scores


def _mean(said: list[float]) -> float:
    logits = [math.log(p / (1 - p)) for p in (min(max(s, SUREST), 1 - SUREST) for s in said)]
    return 1 / (1 + math.exp(-sum(logits) / len(logits)))
