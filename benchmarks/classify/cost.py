"""What the classifier costs beside the reconstruction, in one run: both in the same engine, in turns."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import turns
from edge import engines
from edge.bundle import RATE, Bundle
from edge.bundle_classifier import SAMPLES
from edge.classifier_input import WINDOW_S, shown
from edge.classify import HOP_S
from edge.leads import INDEPENDENT, LEADS


def beside(bundle: Bundle, rounds: int) -> dict[str, Any]:
    """By variant of the classifier: ms of a window of ten seconds, what preparing it takes, and both a second of
    signal, beside the reconstruction's share with a window a second."""
    spec = bundle.classifier
    if spec is None:
        return {}
    rng = np.random.default_rng(0)
    x = rng.normal(size=(len(INDEPENDENT), SAMPLES)).astype(np.float32)
    leads = rng.normal(size=(round(WINDOW_S * RATE), len(INDEPENDENT))).astype(np.float32)
    window = rng.normal(size=(2 * len(LEADS), bundle.window)).astype(np.float32)
    out: dict[str, Any] = {"hop_s": HOP_S, "macs": bundle.manifest["classifier"]["network"]["macs"]}
    for variant in spec.variants:
        shape = (len(INDEPENDENT), SAMPLES, len(spec.names))
        net = engines.load_classifier(variant.engine, bundle.path / variant.file, shape)
        reconstruction = bundle.choose(variant.engine, "int8-dynamic" if variant.engine == "litert" else None)
        engine = bundle.load(reconstruction)
        calls = (lambda n=net: n.logits(x), lambda: shown(leads), lambda e=engine: e.infer(window))
        classifier, preparing, other = (1000 * float(s) for s in turns.medians(calls, rounds))
        per_second = (classifier + preparing) / HOP_S
        out[variant.name] = {
            "ms": round(classifier, 3),
            "preparing_ms": round(preparing, 3),
            "reconstruction": reconstruction.name,
            "reconstruction_ms": round(other, 3),
            "ratio_per_second_of_signal": round(per_second / other, 2),
            "share_of_a_core_percent": round(per_second / 10, 3),
        }
    return out
