"""Short annotation lists, written as what stands at which time."""

from benchmarks.ec57.annotations import Annotations

RATE = 1000.0  # Hz: a sample is a millisecond, and all times here are in ms


def marks(*placed, rate=RATE, length=None):
    """Of (time, code), (time, code, text) or (time, code, text, subtype)."""
    full = [(*mark, "", 0)[: max(2, len(mark))] + ("", 0)[max(0, len(mark) - 2) :] for mark in placed]
    times, symbols, aux, subtypes = zip(*full, strict=True) if full else ((), (), (), ())
    return Annotations(rate, list(times), list(symbols), list(aux), list(subtypes), length)


def beats(codes, first=1000, every=1000, shift=0):
    """A beat a second: "NNVN" has a ventricular beat at 3000 ms; a dot is no beat."""
    return marks(*((first + k * every + shift, code) for k, code in enumerate(codes) if code != "."))
