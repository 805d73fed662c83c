import numpy as np
import pytest
from however_cut import bits, cuttings, pieces

import edge
from edge.alerts import Alert, AlertSettings
from edge.blocks import Origin, TwelveLeads
from edge.bundle import open_bundle
from edge.dsp.baseline import remove_baseline
from edge.errors import UsageError
from edge.leads import ELECTRODE, INDEPENDENT, LEAD, LEADS, electrode_weights
from edge.montage import Montage
from edge.pipeline import Pipeline, PipelineSettings
from edge.quality import QualityReport
from edge.rhythm.beat import Beat
from edge.synthetic import synthesise
from edge.timeline import Cause, Chunk, Gap
from edge.whole import joined

PATCH = ("II", "V1", "V5")
RATE = 500
UV = 0.001  # mV
KINDS = (TwelveLeads, Beat, QualityReport, Gap, Alert)


@pytest.fixture(scope="module")
def bundle():
    return open_bundle()


@pytest.fixture(scope="module")
def engine(bundle):
    return bundle.load(bundle.choose("litert"))


@pytest.fixture
def reconstruct(bundle, engine):
    def call(mv, rate=RATE, leads=PATCH, **more):
        return edge.reconstruct(mv, rate, leads, **{"bundle": bundle, "engine": engine} | more)

    return call


@pytest.fixture
def pipeline(bundle, engine):
    def make(leads=PATCH, rate=RATE, **settings):
        return Pipeline(leads, rate, bundle=bundle, engine=engine, settings=PipelineSettings(**settings))

    return make


class Watched:
    """An engine that remembers what it was asked."""

    def __init__(self, engine):
        self.name, self._engine, self.inputs = engine.name, engine, []

    def infer(self, x):
        self.inputs.append(x.copy())
        return self._engine.infer(x)


def heart(seconds, leads=PATCH, rate=RATE, rhythm="sinus", seed=2):
    """A synthetic heart with wander and noise, at another offset in each lead."""
    rng = np.random.default_rng(seed)
    mv = synthesise(rhythm, seconds, rate, seed=seed).mv[:, [LEAD[name] for name in leads]]
    t = np.arange(len(mv))[:, None] / rate
    wander = 0.2 * np.sin(2 * np.pi * 0.25 * t + rng.uniform(0, 6, len(leads)))
    return (mv + wander + rng.normal(0, 0.01, mv.shape) + rng.uniform(-5, 5, len(leads))).astype(np.float32)


def of_kind(out, kind):
    return [item for item in out if isinstance(item, kind)]


def twelve(out):
    return joined(of_kind(out, TwelveLeads))


def as_comparable(item):
    """An output as something that `==` compares to the last bit."""
    if isinstance(item, TwelveLeads):
        return item.start, bits(item.mv), bits(item.sd), item.origin, dict(item.quality), item.rate
    return item


def streamed(pipeline, mv, edges, lost=()):
    """Push `mv` in pieces, the samples in `lost` (ranges) never; everything that comes out."""
    out = []
    kept = np.ones(len(mv), bool)
    for first, last in lost:
        kept[first:last] = False
    for piece in pieces(edges):
        runs = np.flatnonzero(np.diff(kept[piece].astype(int), prepend=0, append=0)).tolist()
        for first, last in zip(runs[::2], runs[1::2], strict=True):
            at = piece.start + first
            out += pipeline.push(Chunk(at, mv[at : piece.start + last]))
    return out + pipeline.flush()


def assert_same(out, whole, what):
    for kind in KINDS:
        ours, theirs = ([as_comparable(item) for item in of_kind(items, kind)] for items in (out, whole))
        assert ours == theirs, f"{kind.__name__}: not the same when cut {what}"


# however it is cut


def test_a_short_stream_gives_the_same_sample_by_sample(pipeline):
    mv = heart(3.1)
    whole = streamed(pipeline(), mv, [0, len(mv)])
    assert_same(streamed(pipeline(), mv, [*range(len(mv) + 1)]), whole, "into single samples")
    assert of_kind(whole, Beat)
    assert of_kind(whole, QualityReport)


@pytest.mark.parametrize("rate", [360, 500])
def test_a_stream_with_losses_and_alerts_gives_the_same_however_it_is_cut(pipeline, rate):
    soon = AlertSettings(pause_s=2.5, asystole_s=3.5)
    mv = heart(18, rate=rate, rhythm="pause")  # of four seconds
    mv[round(15.5 * rate) : round(16 * rate), 1] = np.nan
    lost = [(round(3.0 * rate), round(4.6 * rate)), (round(7.2 * rate), round(7.205 * rate))]
    whole = streamed(pipeline(rate=rate, alerts=soon), mv, [0, len(mv)], lost)
    for kind in KINDS:
        assert of_kind(whole, kind), f"no {kind.__name__} in this test"
    assert [str(a.kind) for a in of_kind(whole, Alert)][:1] == ["gap"]
    assert "asystole" in {str(a.kind) for a in of_kind(whole, Alert)}
    for edges in cuttings(len(mv), singles=400):
        assert_same(streamed(pipeline(rate=rate, alerts=soon), mv, edges, lost), whole, edges[:12])


def test_losses_close_together_are_told_the_same_however_the_stream_is_cut(pipeline):
    mv = heart(9)
    lost = [(2000, 2600), (2630, 3300), (3310, 3321)]
    whole = streamed(pipeline(), mv, [0, 1990, len(mv)], lost)
    assert len(of_kind(whole, Gap)) == 3
    for edges in cuttings(len(mv), seed=3, singles=100):
        assert_same(streamed(pipeline(), mv, edges, lost), whole, edges[:12])


@pytest.mark.parametrize("settings", [{"hop_s": 0.3}, {"hop_s": 2.0}, {"mains_hz": 50.0}])
def test_settings_change_nothing_of_that(pipeline, settings):
    mv = heart(6)
    whole = streamed(pipeline(**settings), mv, [0, len(mv)])
    for edges in cuttings(len(mv), singles=100, ways=2):
        assert_same(streamed(pipeline(**settings), mv, edges), whole, edges[:12])


@pytest.mark.parametrize("rate", [360, 500])
def test_the_call_for_a_whole_recording_gives_what_the_stream_gives(pipeline, reconstruct, rate):
    mv = heart(7, rate=rate)
    stream = twelve(streamed(pipeline(rate=rate), mv, [0, 111, 1500, 1501, len(mv)]))
    whole = reconstruct(mv, rate)
    assert (bits(whole.mv), bits(whole.sd), whole.origin) == (bits(stream.mv), bits(stream.sd), stream.origin)


# what comes out


@pytest.mark.parametrize("rate", [250, 360, 500, 1000])
@pytest.mark.parametrize("seconds", [2.1, 5.013])
def test_every_sample_in_comes_out(pipeline, rate, seconds):
    mv = heart(seconds, rate=rate)
    made = pipeline(rate=rate)
    out = twelve(streamed(made, mv, [0, 100, len(mv)]))
    assert out.start == 0
    assert abs(len(out.mv) - len(mv) * RATE / rate) <= 1
    assert made.samples_out == len(out.mv)
    assert np.isfinite(out.mv).all()
    assert np.isfinite(out.sd).all()


def test_measured_leads_are_the_filtered_input_bit_for_bit(reconstruct):
    mv = heart(6)
    out = reconstruct(mv)
    columns = [LEAD[name] for name in PATCH]
    assert bits(out.mv[:, columns]) == bits(remove_baseline(mv, RATE))
    assert (out.sd[:, columns] == 0).all()
    assert {out.origin[k] for k in columns} == {Origin.MEASURED}


@pytest.mark.parametrize(
    "leads",
    [("V6",), ("aVR", "V4"), ("I", "II", "V2"), ("III", "aVL", "V3", "V5"), LEADS[:6], LEADS],
    ids="+".join,
)
def test_physics_holds_and_origins_are_told_for_any_leads(reconstruct, leads):
    truth = synthesise("sinus", 4, seed=4).mv
    out = reconstruct(truth[:, [LEAD[name] for name in leads]], leads=leads)
    one, two, three, avr, avl, avf = out.mv.astype(np.float64)[:, :6].T
    assert np.abs(one + three - two).max() < UV
    assert np.abs(avr + avl + avf).max() < UV
    limb = set(leads) & set(LEADS[:6])
    for k, name in enumerate(LEADS):
        derived = k < 6 and len(limb) >= 2
        expected = Origin.MEASURED if name in leads else Origin.DERIVED if derived else Origin.RECONSTRUCTED
        assert out.origin[k] is expected, name
        assert (out.sd[:, k] > 0).all() == (expected is Origin.RECONSTRUCTED), name
    known = [k for k in range(12) if out.origin[k] is not Origin.RECONSTRUCTED]
    assert np.abs(out.mv - remove_baseline(truth, RATE))[:, known].max() < UV


def test_a_bipolar_chest_lead_is_a_channel_like_any_other(pipeline):
    weights = np.zeros((2, 9))
    weights[0, [ELECTRODE["V5"], ELECTRODE["V1"]]] = 1, -1
    weights[1] = electrode_weights("II")
    montage = Montage.of_electrodes(weights)
    truth = synthesise("sinus", 5, seed=4).mv
    mv = np.stack([truth[:, LEAD["V5"]] - truth[:, LEAD["V1"]], truth[:, LEAD["II"]]], axis=1)
    out = twelve(streamed(pipeline(montage), mv, [0, 777, len(mv)]))
    seen = out.mv[:, LEAD["V5"]].astype(np.float64) - out.mv[:, LEAD["V1"]]
    assert np.abs(seen - remove_baseline(mv, RATE)[:, 0]).max() < UV
    assert [LEADS[k] for k in range(12) if out.origin[k] is Origin.MEASURED] == ["II"]
    assert Origin.UNAVAILABLE not in out.origin


def test_the_twelve_leads_resemble_the_heart_they_come_from(reconstruct):
    truth = synthesise("sinus", 10, seed=6).mv
    out = reconstruct(truth[:, [LEAD[name] for name in PATCH]])
    for name in ("I", "aVR", "V2", "V4", "V6"):
        k = LEAD[name]
        assert np.corrcoef(out.mv[500:, k], truth[500:, k])[0, 1] > 0.7, name


@pytest.mark.parametrize("rate", [360, 500])
def test_beats_are_where_they_are_whatever_the_rate(pipeline, rate):
    truth = synthesise("sinus", 12, rate, seed=5)
    out = pipeline(rate=rate)
    beats = of_kind(out.push(truth.mv[:, [LEAD[name] for name in PATCH]]) + out.flush(), Beat)
    found, true = np.array([b.sample for b in beats]) / RATE, truth.beats / rate
    assert len(found) >= len(true) - 1
    assert np.abs(found[:, None] - true).min(axis=1).max() < 0.015


# what is lost


def test_what_comes_before_a_gap_and_after_it_knows_nothing_of_the_other_side(pipeline, reconstruct):
    mv = heart(12)
    first, last = 2750, 3130
    out = twelve(streamed(pipeline(), mv, [0, len(mv)], [(first, last)]))
    assert len(out.mv) == len(mv)
    before, after = reconstruct(mv[:first]), reconstruct(mv[last:])
    for part, alone in ((slice(0, first), before), (slice(last, None), after)):
        assert bits(out.mv[part]) == bits(alone.mv)
        assert bits(out.sd[part]) == bits(alone.sd)
    assert np.isnan(out.mv[first:last]).all()
    assert np.isnan(out.sd[first:last]).all()


def test_nothing_is_inferred_where_a_window_would_touch_a_gap(pipeline):
    mv = heart(12, ("I", "II", "V2"))
    gaps = [(2000, 2004), (2004 + 999, 3200), (4200, 4700)]  # runs: 2000, 999 (too short), 1000, the rest
    out = of_kind(streamed(pipeline(("I", "II", "V2")), mv, [0, len(mv)], gaps), TwelveLeads)
    origin = np.concatenate([np.broadcast_to(np.array(block.origin), (len(block.mv), 12)) for block in out])
    at = np.arange(len(mv))
    gone = np.any([(at >= a) & (at < b) for a, b in gaps], axis=0)
    alone = (at >= 2004) & (at < 3003)
    for name in ("V1", "V6"):
        assert np.array_equal(origin[:, LEAD[name]] == Origin.UNAVAILABLE, gone | alone)
    for name in ("I", "II", "V2"):
        assert np.array_equal(origin[:, LEAD[name]] == Origin.MEASURED, ~gone)
    for name in ("III", "aVR", "aVF"):
        assert np.array_equal(origin[:, LEAD[name]] == Origin.DERIVED, ~gone)
    values = np.concatenate([block.mv for block in out])
    assert np.array_equal(np.isnan(values), origin == Origin.UNAVAILABLE)


def test_a_bridged_frame_is_shown_to_nobody_as_signal(pipeline, reconstruct):
    mv = heart(8)
    out = of_kind(streamed(pipeline(), mv, [0, len(mv)], [(2700, 2708)]), TwelveLeads)
    (hole,) = [block for block in out if Origin.UNAVAILABLE in block.origin]
    assert (hole.start, hole.end) == (2700, 2708)
    assert set(hole.origin) == {Origin.UNAVAILABLE}
    assert np.isnan(hole.mv).all()
    assert bits(joined(out).mv[:2700]) == bits(reconstruct(mv[:2700]).mv)


def test_bridged_samples_of_one_lead_are_the_networks_and_not_measured(pipeline):
    mv = heart(6)
    mv[1210:1218, PATCH.index("V5")] = np.nan
    out = of_kind(streamed(pipeline(), mv, [0, len(mv)]), TwelveLeads)
    (hole,) = [block for block in out if block.origin[LEAD["V5"]] is not Origin.MEASURED]
    assert (hole.start, hole.end) == (1210, 1218)
    assert hole.origin[LEAD["V5"]] is Origin.RECONSTRUCTED
    assert (hole.sd[:, LEAD["V5"]] > 0).all()
    assert hole.origin[LEAD["II"]] is Origin.MEASURED


def test_samples_in_are_samples_out_and_losses(pipeline):
    mv = heart(9, rate=360)
    made = pipeline(rate=360)
    out = streamed(made, mv, [*range(0, len(mv), 90), len(mv)], [(700, 800), (2000, 2090)])
    line = made.timeline
    assert line.emitted == len(mv) == line.received + sum(line.lost.values())
    assert line.lost == {Cause.MISSING: 190}
    assert [(g.start, g.samples) for g in of_kind(out, Gap)] == [(973, 139), (2778, 125)]  # at 500 Hz
    assert made.samples_out == len(mv) / 360 * RATE


def test_a_long_gap_takes_no_memory(pipeline):
    mv = heart(5)
    made = pipeline()
    made.push(mv[:2000])
    out = made.push(Chunk(2000 + 60 * RATE, mv[2000:])) + made.flush()
    lost = [block for block in of_kind(out, TwelveLeads) if set(block.origin) == {Origin.UNAVAILABLE}]
    assert sum(len(block.mv) for block in lost) == 60 * RATE
    assert all(block.mv.strides == block.sd.strides == (0, 0) for block in lost), "one NaN, however long it is"


def test_after_a_reboot_the_time_that_passed_is_a_gap_and_the_stream_goes_on(pipeline):
    mv = heart(10)
    made = pipeline()
    out = made.push(Chunk(90_000, mv[:3000])) + made.restart(lost=700) + made.push(Chunk(0, mv[3700:])) + made.flush()
    assert of_kind(out, Gap) == [Gap(3000, 700, Cause.REBOOT)]
    whole = twelve(out)
    expected = twelve(streamed(pipeline(), mv, [0, len(mv)], [(3000, 3700)]))
    assert bits(whole.mv) == bits(expected.mv)


def test_when_a_lead_is_lost_the_rest_goes_on_as_if_it_had_never_been(reconstruct, pipeline):
    mv = heart(10)
    lost_at = 5000 // 2
    mv[lost_at:, PATCH.index("V5")] = np.nan
    out = of_kind(streamed(pipeline(), mv, [0, len(mv)]), TwelveLeads)
    assert not any(Origin.UNAVAILABLE in block.origin for block in out)
    for block in out:
        expected = Origin.MEASURED if block.end <= lost_at else Origin.RECONSTRUCTED
        assert block.origin[LEAD["V5"]] is expected
        assert block.origin[LEAD["II"]] is Origin.MEASURED
    two = reconstruct(mv[:, :2], leads=("II", "V1"))
    whole = joined(out)
    assert np.abs(whole.mv[lost_at:] - two.mv[lost_at:]).max() < 1e-6
    assert np.abs(whole.sd[lost_at:] - two.sd[lost_at:]).max() < 1e-6


def test_a_lead_that_never_says_anything_is_as_good_as_none(reconstruct):
    mv = heart(5)
    mv[:, 1] = np.nan
    out, without = reconstruct(mv), reconstruct(mv[:, [0, 2]], leads=("II", "V5"))
    assert out.origin == without.origin
    assert np.abs(out.mv - without.mv).max() < 1e-6


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_recording_of_nothing_is_unavailable_from_end_to_end(reconstruct, value):
    out = reconstruct(np.full((2100, 3), value))
    assert set(out.origin) == {Origin.UNAVAILABLE}
    assert out.mv.shape == (2100, 12)
    assert np.isnan(out.mv).all()


def test_holes_at_random_in_every_lead_leave_the_physics_standing(reconstruct):
    mv = heart(20, ("I", "II", "V2", "V6"))
    rng = np.random.default_rng(15)
    for first in rng.integers(0, len(mv), 12).tolist():
        mv[first : first + int(rng.integers(1, 400)), int(rng.integers(0, 4))] = np.nan
    mv[3, 1] = np.inf
    out = reconstruct(mv, leads=("I", "II", "V2", "V6"))
    one, two, three, avr, avl, avf = out.mv.astype(np.float64)[:, :6].T
    assert np.nanmax(np.abs(one + three - two)) < UV
    assert np.nanmax(np.abs(avr + avl + avf)) < UV
    measured = remove_baseline(np.where(np.isfinite(mv), mv, np.nan), RATE)
    there = np.isfinite(mv[:, 0])
    assert np.abs(out.mv[there, 0] - measured[there, 0]).max() < 1.0, "a start after a hole differs at most by its mean"
    assert np.isfinite(out.mv[there, 0]).all()


@pytest.mark.parametrize("samples", [1, 2, 499, 950, 999])
def test_a_recording_shorter_than_a_window_has_what_needs_no_network(reconstruct, samples):
    out = reconstruct(heart(2, ("I", "II", "V2"))[:samples], leads=("I", "II", "V2"))
    assert len(out.mv) == samples
    told = dict(zip(LEADS, out.origin, strict=True))
    assert told["I"] is told["II"] is told["V2"] is Origin.MEASURED
    assert told["III"] is told["aVF"] is Origin.DERIVED
    assert told["V1"] is told["V6"] is Origin.UNAVAILABLE


def test_a_recording_of_just_a_window_has_all_twelve(reconstruct):
    assert Origin.UNAVAILABLE not in reconstruct(heart(2)[:1000]).origin


def test_no_samples_at_all_is_an_error_in_words(reconstruct):
    with pytest.raises(ValueError, match="no samples"):
        reconstruct(np.zeros((0, 3)))


# what the network is told


def test_the_network_sees_the_given_leads_and_zeros(bundle, engine):
    watched = Watched(engine)
    mv = heart(5)
    edge.reconstruct(mv, RATE, PATCH, bundle=bundle, engine=watched)
    assert len(watched.inputs) == 4
    columns = [LEAD[name] for name in PATCH]
    absent = [k for k in range(12) if k not in columns]
    for window, x in enumerate(watched.inputs):
        assert (x[absent] == 0).all()
        assert (x[[12 + k for k in absent]] == 0).all()
        assert (x[[12 + k for k in columns]] == 1).all()
        expected = remove_baseline(mv, RATE)[500 * window : 500 * window + 1000]
        assert bits(x[columns].T.copy()) == bits(expected)


def test_nothing_of_a_lead_with_a_hole_reaches_the_network(bundle, engine):
    mv = heart(5)
    mv[1200:1205, 2] = np.nan  # short enough to be bridged
    watched = Watched(engine)
    edge.reconstruct(mv, RATE, PATCH, bundle=bundle, engine=watched)
    there = [bool(x[12 + LEAD["V5"]].all()) for x in watched.inputs]
    assert there == [True, False, False, True]
    for x, known in zip(watched.inputs, there, strict=True):
        assert x[LEAD["V5"]].any() == known


def test_redundant_leads_all_reach_the_network(bundle, engine):
    watched = Watched(engine)
    edge.reconstruct(heart(2, LEADS), RATE, LEADS, bundle=bundle, engine=watched)
    (x,) = watched.inputs
    assert (x[12:] == 1).all()
    assert x[:12].any(axis=1).all()


class Certain:
    """An engine that always says nought, with a standard deviation of 0.1 mV."""

    name = "certain"

    def infer(self, x):
        n = x.shape[1]
        basis = np.zeros((open_bundle().basis, n), np.float32)
        return np.zeros((8, n), np.float32), np.full((8, n), np.log(0.01), np.float32), basis


@pytest.mark.parametrize("leads", [("V1",), ("V2", "V4")], ids="+".join)
def test_the_spread_is_the_networks_scaled_and_correlated_as_the_manifest_says_for_these_leads(bundle, leads):
    out = edge.reconstruct(heart(4, leads), RATE, leads, bundle=bundle, engine=Certain())
    scale, correlation = bundle.sd_scale(leads), bundle.correlation(leads)
    free = [k for k, name in enumerate(INDEPENDENT) if name not in leads]
    for k in free:  # an error that a measured lead's error does not tell is left as it is
        assert np.allclose(out.sd[:, LEAD[INDEPENDENT[k]]], 0.1 * scale[k], rtol=1e-4)
    one, two = 0.1 * scale[:2]
    three = np.sqrt(one**2 + two**2 - 2 * correlation[0, 1] * one * two)  # III = II - I
    assert np.allclose(out.sd[:, LEAD["III"]], three, rtol=1e-4)


def test_both_engines_agree_to_1_uv(bundle, reconstruct):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    mv = heart(8)
    litert, onnx = reconstruct(mv), reconstruct(mv, engine=bundle.load(bundle.choose("onnx")))
    assert np.abs(litert.mv - onnx.mv).max() < UV
    assert np.abs(litert.sd - onnx.sd).max() < UV
    assert litert.origin == onnx.origin


# what is refused


@pytest.mark.parametrize("rate", [0, 49.9, 4001, -500, float("nan")])
def test_a_rate_that_is_none_is_refused(reconstruct, rate):
    with pytest.raises(UsageError, match="Hz"):
        reconstruct(np.zeros((100, 3)), rate)


@pytest.mark.parametrize("hop_s", [0, 0.05, 2.5, float("nan")])
def test_a_hop_that_is_none_is_refused(pipeline, hop_s):
    with pytest.raises(UsageError, match="hop"):
        pipeline(hop_s=hop_s)


@pytest.mark.parametrize("shape", [(100, 2), (100, 4), (100,), (3, 100), (1, 100, 3)])
def test_samples_of_another_shape_are_refused(reconstruct, shape):
    with pytest.raises(UsageError, match="leads is expected"):
        reconstruct(np.zeros(shape))


def test_an_hour_without_signal_is_cheap_and_every_sample_of_it_is_there():
    pipeline = Pipeline(("II", "V1", "V5"))
    x = synthesise("sinus", 10, noise_uv=2).mv[:, [LEAD["II"], LEAD["V1"], LEAD["V5"]]]
    pipeline.push(Chunk(0, x))
    calls = 0

    def counted(block):
        nonlocal calls
        calls += 1
        return found(block)

    found, pipeline.monitor.beats.push = pipeline.monitor.beats.push, counted
    out = pipeline.push(Chunk(len(x) + 1_800_000, x)) + pipeline.flush()
    assert pipeline.samples_out == 2 * len(x) + 1_800_000
    assert calls < 200, "beats are not looked for in nothing"
    assert [item.sample for item in out if isinstance(item, Beat)][-1] > len(x) + 1_800_000


def test_redundant_leads_obey_einthovens_law_after_a_hole_in_one_of_them():
    leads = ("I", "II", "III", "V2")
    mv = synthesise("sinus", 12, seed=3, noise_uv=2).mv[:, [LEAD[lead] for lead in leads]].copy()
    mv += np.linspace(0, 0.4, len(mv))[:, None].astype(np.float32) * np.array([1, 0.5, -0.5, 0], np.float32)
    mv[2000:2050, 0] = np.nan
    twelve = edge.reconstruct(mv, RATE, leads).mv
    there = np.isfinite(twelve).all(axis=1)
    assert np.abs(twelve[there, LEAD["I"]] + twelve[there, LEAD["III"]] - twelve[there, LEAD["II"]]).max() < 1e-3


def test_the_delay_told_is_that_of_the_twelve_leads_and_what_is_found_runs_beside_it():
    pipeline = Pipeline(("II", "V1", "V5"), 500.0)
    delays = pipeline.delays()
    assert delays["rhythm"] > 0
    assert pipeline.delay_ms == sum(delays.values()) - sum(delays[name] for name in ("beats", "rhythm", "ischemia"))
