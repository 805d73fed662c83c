"""ECGFounder's architecture, and a loader that takes its published file and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from published_files import net1d_file
from scipy.signal import butter, filtfilt, iirnotch, medfilt

from edge.errors import InputError
from edge.leads import LEAD
from edge.synthetic import synthesise
from train.data.mimic_labels import TABLE_2, TABLE_3
from train.evaluate import classifier
from train.references import ecgfounder
from train.references.ecgfounder import Preparation, prepared
from train.references.net1d import Net1D, Net1DConfig


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Net1D]:
    path = tmp_path_factory.mktemp("weights") / "12_lead_ECGFounder.pth"
    return path, net1d_file(path)


def recordings(seconds: float = 4.0) -> np.ndarray:
    return np.stack([synthesise("sinus", seconds, seed=k, bpm=60 + 9 * k).mv for k in range(2)])


def test_it_has_thirty_point_eight_million_weights_and_names_its_tensors_as_published():
    net = Net1D(Net1DConfig())
    assert sum(p.numel() for p in net.parameters()) == 30_819_014
    shapes = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    assert shapes["first_conv.conv.weight"] == (64, 12, 16)
    assert shapes["stage_list.0.block_list.0.bn1.running_mean"] == (64,)
    assert shapes["stage_list.3.block_list.2.conv2.conv.weight"] == (400, 16, 16)  # 25 groups of 16
    assert shapes["stage_list.6.block_list.3.se_fc1.weight"] == (512, 1024)
    assert shapes["dense.weight"] == (150, 1024)


def test_ten_seconds_become_150_logits_and_other_lengths_pass_too():
    net = Net1D(Net1DConfig()).eval()
    with torch.no_grad():
        assert net(torch.zeros(1, 12, 5000)).shape == net(torch.zeros(1, 12, 611)).shape == (1, 150)


def test_a_block_halves_the_rate_widens_with_zeros_and_adds_what_it_was_given():
    torch.manual_seed(1)
    net = Net1D(Net1DConfig())
    block = net.stage_list[1].block_list[0]
    with torch.no_grad():
        block.conv3.conv.weight.zero_()
        block.conv3.conv.bias.zero_()
        x = torch.randn(1, 64, 9)
        out = block(x)
    assert out.shape == (1, 160, 5)
    assert torch.equal(out[:, 48:112], torch.nn.functional.max_pool1d(torch.nn.functional.pad(x, (0, 1)), 2))
    assert not out[:, :48].any()
    assert not out[:, 112:].any()


def test_the_published_file_is_loaded_with_the_scalars_beside_its_weights(published: tuple[Path, Net1D]):
    path, net = published
    loaded = ecgfounder.load(path)
    x = torch.randn(1, 12, 1000)
    with torch.no_grad():
        assert torch.equal(loaded(x), net(x))
    assert not any(p.requires_grad for p in loaded.parameters())


def test_it_judges_by_the_statements_that_the_papers_tables_are_named_for(published: tuple[Path, Net1D]):
    path, net = published
    judge = classifier.load(f"ecgfounder:{path}")
    assert set(judge.names) == {*TABLE_2, *TABLE_3}
    mv = recordings()
    said, features = judge.judge(mv)
    assert said.shape == (2, 42)
    assert features is not None
    assert features.shape == (2, 1024)
    with torch.no_grad():
        logits = net(prepared(mv, 12, Preparation.ECGFOUNDER))
    assert said[:, judge.names.index("AFIB")] == pytest.approx(torch.sigmoid(logits[:, 5]).numpy())
    assert said[:, judge.names.index("MI SEPTAL")] == pytest.approx(torch.sigmoid(logits[:, 12]).numpy())


def test_of_one_lead_it_is_shown_lead_i(tmp_path: Path):
    net1d_file(tmp_path / "1_lead.pth", leads=1)
    judge = classifier.load(f"ecgfounder:{tmp_path / '1_lead.pth'}")
    mv = recordings()
    other = mv.copy()
    other[:, :, [k for k in range(12) if k != LEAD["I"]]] = 7.0
    assert np.array_equal(judge.judge(mv)[0], judge.judge(other)[0])


def test_wearecg_z_scores_lead_by_lead_and_a_lead_without_a_signal_stays_zero():
    mv = recordings()
    mv[:, :, LEAD["V2"]] = 0.0
    shown = prepared(mv, 12, Preparation.WEARECG)
    deviation = shown.std(dim=2, correction=0).numpy()
    assert np.delete(deviation, LEAD["V2"], axis=1) == pytest.approx(1, abs=1e-4)
    assert not shown[:, LEAD["V2"]].any()


def test_the_publisher_filters_and_z_scores_a_recording_as_a_whole():
    mv = recordings()
    t = np.arange(mv.shape[1]) / 500
    noisy = mv + (0.3 * np.sin(2 * np.pi * 50 * t) + 2.0 * np.sin(2 * np.pi * 0.1 * t))[None, :, None]
    clean, shown = prepared(mv, 12, Preparation.ECGFOUNDER), prepared(noisy, 12, Preparation.ECGFOUNDER)
    assert shown.std(dim=(1, 2), correction=0).numpy() == pytest.approx(1, abs=1e-4)
    assert float(shown.std(dim=2).max() / shown.std(dim=2).min()) > 2  # leads keep their sizes
    middle = slice(500, 1500)
    assert np.corrcoef(clean[:, :, middle].ravel(), shown[:, :, middle].ravel())[0, 1] > 0.99
    one = filtfilt(*iirnotch(50, 30, 500), noisy[1, :, 7])
    one = filtfilt(*butter(4, [0.67, 40], btype="bandpass", fs=500), one)
    one -= medfilt(one, 201)
    assert np.corrcoef(one, shown[1, 7])[0, 1] == pytest.approx(1.0, abs=1e-6)


def test_without_the_weights_it_says_where_they_are_had(tmp_path: Path):
    with pytest.raises(InputError, match=r"do not come with this project.*huggingface.co/PKUDigitalHealth/ECGFounder"):
        classifier.load(f"ecgfounder:{tmp_path / 'nowhere.pth'}")


def test_what_does_not_fit_is_named(tmp_path: Path):
    weights = dict(Net1D(Net1DConfig()).state_dict())
    del weights["stage_list.2.block_list.1.se_fc2.bias"]
    weights["dense.weight"] = torch.zeros(150, 1000)
    weights["surplus"] = torch.zeros(1)
    torch.save({"state_dict": weights}, tmp_path / "a.pth")
    with pytest.raises(InputError) as found:
        ecgfounder.load(tmp_path / "a.pth")
    for words in ("no stage_list.2.block_list.1.se_fc2.bias", "surplus", r"dense.weight of (150, 1000)"):
        assert words in str(found.value)


def test_a_file_that_is_something_else_is_refused_and_runs_nothing(tmp_path: Path):
    class Trap:
        def __reduce__(self) -> tuple:
            return (Path.touch, (tmp_path / "sprung",))

    torch.save({"state_dict": Trap()}, tmp_path / "trap.pth")
    (tmp_path / "text.pth").write_text("no checkpoint")
    torch.save({"model": {}}, tmp_path / "other.pth")
    net1d_file(tmp_path / "few.pth", classes=5)
    said = {"trap": "cannot|no checkpoint", "text": "no checkpoint", "other": "no weights under", "few": "5 classes"}
    for name, words in said.items():
        with pytest.raises(InputError, match=words):
            classifier.load(f"ecgfounder:{tmp_path / name}.pth")
    assert not (tmp_path / "sprung").exists()
