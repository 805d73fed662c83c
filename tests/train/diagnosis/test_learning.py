"""Views, variations, learners and committees, on hearts whose diagnosis is plain to see."""

import json

import numpy as np
import pytest
import torch

from edge.errors import InputError
from edge.leads import INDEPENDENT
from train.diagnosis import committee, views
from train.diagnosis.calibration import calibrate, platt, sigmoid
from train.diagnosis.committee import Answers, Column, Recipe
from train.diagnosis.learner import Learner, Lesson, Plan, fitted, one_cycle
from train.diagnosis.variation import Variation, mixed, varied
from train.diagnosis.views import RECONSTRUCTED, TRUE, Views
from train.models.diagnosis import DiagnosisConfig

SMALL = DiagnosisConfig(leads=2, outputs=2, channels=(8, 8), kernel=5, dropout=0.0)


def hearts(n=96, leads=8, seed=0):
    """Beats up in the sick, down in the well (first output); the second output is the second lead's."""
    rng = np.random.default_rng(seed)
    t = np.arange(400) / 100
    beats = np.exp(-((t % 0.8 - 0.4) ** 2) / 1e-3)
    flags = rng.random((n, 2)) < 0.5
    x = 0.02 * rng.normal(size=(n, leads, len(t)))
    x[:, 0] += np.where(flags[:, :1], 1, -1) * beats
    x[:, 1] += np.where(flags[:, 1:], 1, -1) * beats
    return x.astype(np.float32), flags


def lesson(n=96, known=None):
    x, flags = hearts(n, leads=2)
    known = np.ones_like(flags) if known is None else known
    tensors = (torch.from_numpy(each.astype(np.float32)) for each in (flags, known))
    return Lesson((torch.from_numpy(x),), *tensors, np.arange(n)), flags


def share_right(net, flags, seed=0):
    x, _ = hearts(len(flags), leads=2, seed=seed)
    with torch.no_grad():
        said = net(torch.from_numpy(x)[:, :, None]).numpy() > 0
    return (said == flags).mean(axis=0)


def test_a_learner_finds_what_tells_the_sick_from_the_well():
    what, _ = lesson()
    (net,) = fitted([Learner(what, SMALL, Plan(epochs=25, batch=16))])
    _, unseen = hearts(64, leads=2, seed=5)
    assert (share_right(net, unseen, seed=5) > 0.9).all()


def test_the_same_seed_fits_the_same_network():
    what, _ = lesson()
    first, again, other = (fitted([Learner(what, SMALL, Plan(epochs=1, seed=s))])[0].head.weight for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_what_is_not_known_teaches_nothing():
    known = np.ones((96, 2), bool)
    known[:, 1] = False
    what, flags = lesson(known=known)
    (net,) = fitted([Learner(what, SMALL, Plan(epochs=12, batch=16))])
    first, second = share_right(net, flags)
    assert first > 0.95
    assert second < 0.8
    assert not net.head.bias[1].item() or abs(net.head.bias[1].item()) < 0.6, "as it began"


def test_the_rate_of_learning_rises_and_falls():
    rates = one_cycle(1000)
    assert rates[0] == pytest.approx(1 / 25)
    assert rates.max() == pytest.approx(1, abs=1e-3)
    assert rates.argmax() == pytest.approx(300, abs=2)
    assert rates[-1] < 1e-4


def test_a_varied_recording_is_the_same_heart():
    torch.manual_seed(0)
    x, flags = hearts(32, leads=2)
    y = varied(torch.from_numpy(x), Variation())
    assert y.shape == (32, 2, 320)
    upward = y.amax(2) > -y.amin(2)
    assert (upward.numpy() == flags).all(), "nobody's beats turn over"
    beats = (y[:, 0].abs() > 0.4 * y[:, 0].abs().amax(1, keepdim=True)).float().diff(dim=1).clamp(min=0).sum(1)
    assert beats.min() >= 3
    assert beats.max() <= 5


def test_two_recordings_mix_in_shares_as_their_answers_do():
    x, order, share = torch.tensor([[[1.0]], [[3.0]]]), torch.tensor([1, 0]), torch.tensor([0.75, 1.0])
    assert mixed(x, share, order).flatten().tolist() == [1.5, 3.0]
    assert mixed(torch.tensor([[1.0], [0.0]]), share, order).flatten().tolist() == [0.75, 0.0]


def test_a_calibrated_probability_is_the_share_that_has_it():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=4000) - 1
    has = rng.random(4000) < sigmoid(truth)
    slope, offset = platt(2.5 * truth + 1, has)  # twice too sure, and off
    p = sigmoid(slope * (2.5 * truth + 1) + offset)
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1)):
        inside = (p >= low) & (p < high)
        assert p[inside].mean() == pytest.approx(has[inside].mean(), abs=0.06)


def test_few_positives_move_the_offset_and_leave_the_slope():
    rng = np.random.default_rng(1)
    logits, has = rng.normal(size=200), np.zeros(200, bool)
    has[np.argsort(logits)[-3:]] = True  # a perfect ranking, by luck
    ((slope, offset),) = calibrate(logits[:, None], has[:, None], np.ones((200, 1), bool))
    assert 1 <= slope < 2.5
    assert sigmoid(slope * logits + offset).mean() == pytest.approx(3 / 200, abs=2e-3)
    assert np.isfinite(calibrate(logits[:, None], np.zeros((200, 1), bool), np.ones((200, 1), bool))).all()


def made(n=120, codes=("NORM", "IMI")):
    x, flags = hearts(n)
    table = [
        {"name": str(k), "source": "ptbxl", "fold": k % 8 + 1, "scp_codes": {codes[int(sick)]: 100.0}}
        for k, sick in enumerate(flags[:, 0])
    ]
    return Views({TRUE: x, RECONSTRUCTED: x, views.ENROLLED: x}, np.ones(n, bool), table, ("II", "V1", "V5"))


def test_views_come_back_as_they_were_saved(tmp_path):
    some = made(6)
    views.save(tmp_path / "v.npz", some)
    back = views.load(tmp_path / "v.npz")
    assert np.abs(back.signals[TRUE] - some.signals[TRUE]).max() <= views.STEP_MV / 2 + 1e-6
    assert (back.table, back.measured) == (some.table, some.measured)
    assert back.enrolled.all()


def test_a_file_without_views_is_refused_with_the_way_out(tmp_path):
    (tmp_path / "v.npz").write_bytes(b"rubbish")
    with pytest.raises(InputError, match="python -m train views"):
        views.load(tmp_path / "v.npz")


def test_a_statement_is_worth_an_output_where_enough_records_have_it():
    some = made()
    answers = Answers.of(some.table, np.ones(120, bool))
    told = answers.names[: answers.told]
    assert {"mi", "mi_inferior", "normal", "MI", "NORM"} <= set(told)
    assert "mi_anterior" not in told, "nobody has one"
    assert "IMI" in answers.names[answers.told :], "a statement that only helps to learn"
    assert answers.true[:, answers.names.index("mi")].sum() == sum("IMI" in row["scp_codes"] for row in some.table)


@pytest.fixture(scope="module")
def committees():
    some = made()
    answers = Answers.of(some.table, np.ones(120, bool))
    records = some.folds() < 8
    columns = {"twelve": Column(INDEPENDENT, (TRUE, RECONSTRUCTED)), "lead-I": Column(("I",), (TRUE,))}
    how = Recipe(Plan(epochs=10, batch=16), members=2, channels=(8, 8))
    found = committee.fit(some, answers, records, columns, how)
    for of in found.values():
        committee.settle(of, some, answers)
    return some, answers, found


def test_every_column_sees_its_own_leads_and_says_who_is_sick(committees):
    some, answers, found = committees
    sick = answers.true[:, answers.names.index("mi")]
    for of in found.values():
        logits = of.logits(of.column.shown(some, TRUE))[:, of.names.index("mi")]
        assert logits[sick].min() > logits[~sick].max()


def test_a_committee_comes_back_from_its_file(committees, tmp_path):
    some, _, found = committees
    for name, of in found.items():
        committee.save(tmp_path / name, of)
        back = committee.load(tmp_path / name)
        x = of.column.shown(some, TRUE)[:4]
        assert np.array_equal(back.logits(x), of.logits(x))
        assert back.names == of.names
        assert back.about == json.loads(json.dumps(of.about))
    assert set(found["twelve"].about["calibration"]) == {TRUE, RECONSTRUCTED}
    assert set(found["lead-I"].about["calibration"]) == {TRUE}


def test_a_file_that_is_no_committee_is_refused(tmp_path):
    (tmp_path / "c").write_bytes(b"0" * 64)
    with pytest.raises(InputError, match="python -m train classify"):
        committee.load(tmp_path / "c")
