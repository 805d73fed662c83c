"""The diagnostic level, the distribution, and the classifier both rest on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from edge.errors import InputError
from edge.synthetic import synthesise
from train import labels
from train.__main__ import main
from train.data import corpus
from train.evaluate import calibration, classifier, diagnosis, frechet


def test_the_area_under_the_curve_is_how_often_a_positive_ranks_above_a_negative():
    rng = np.random.default_rng(0)
    true = rng.random(60) < 0.4
    said = np.round(true * 0.3 + rng.random(60), 1)  # with ties
    pairs = [(p > n) + 0.5 * (p == n) for p in said[true] for n in said[~true]]
    assert diagnosis.auroc(true, said) == pytest.approx(np.mean(pairs))
    assert diagnosis.auroc(np.ones(3, bool), np.arange(3.0)) is None


def test_figures_are_those_of_the_table_of_four():
    true = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], bool)
    said = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0, 0], bool)
    found = diagnosis.figures(true, said, said.astype(float))
    assert found["precision"] == 3 / 4
    assert found["recall"] == 3 / 4
    assert found["specificity"] == 5 / 6
    assert found["f1"] == 6 / 8


def test_a_class_nobody_has_is_left_out_of_the_mean():
    true = np.array([[1, 0], [0, 0], [1, 0]], bool)
    found = diagnosis.summary(true, true.astype(float), np.array([0.5, 0.5]), ("a", "b"))
    assert found["by_class"]["b"]["recall"] is None
    assert found["mean"]["recall"] == 1.0
    assert found["mean"]["auroc"] == 1.0


def test_a_record_counts_for_the_classes_that_are_known_of_it():
    true = np.array([[1, 0], [0, 0], [0, 1], [1, 1]], bool)
    known = np.array([[1, 1], [1, 0], [0, 1], [0, 1]], bool)
    said = np.array([[0.9, 0.1], [0.2, 0.9], [0.9, 0.8], [0.1, 0.9]])
    found = diagnosis.summary(true, said, np.array([0.5, 0.5]), ("a", "b"), known)
    assert found["mean"]["auroc"] == found["mean"]["f1"] == 1.0  # all that is wrong is not known
    assert [found["by_class"][name]["positives"] for name in "ab"] == [1, 2]
    assert diagnosis.best_thresholds(true, said, known) == [0.9, 0.8]


def test_a_class_that_no_record_has_is_never_said():
    (threshold,) = diagnosis.best_thresholds(np.zeros((3, 1), bool), np.array([[0.1], [1.0], [0.5]]))
    assert threshold > 1


def test_the_threshold_chosen_is_the_one_of_best_f1():
    rng = np.random.default_rng(1)
    true = rng.random((80, 1)) < 0.3
    said = 0.5 * true + rng.random((80, 1))
    (best,) = diagnosis.best_thresholds(true, said)

    def f1(threshold: float) -> float:
        return diagnosis.figures(true[:, 0], said[:, 0] >= threshold, said[:, 0])["f1"] or 0.0

    assert f1(best) == pytest.approx(max(f1(t) for t in said[:, 0]))


def test_the_frechet_distance_of_two_normals_is_the_closed_form():
    rng = np.random.default_rng(2)
    a = rng.standard_normal((40_000, 2)) * [1.0, 2.0]
    b = rng.standard_normal((40_000, 2)) * [3.0, 2.0] + [0.0, 1.5]
    assert frechet.distance(a, b) == pytest.approx(1.5**2 + (3 - 1) ** 2, rel=0.03)
    assert frechet.distance(a, a) == pytest.approx(0.0, abs=1e-9)
    assert frechet.distance(a, b) == pytest.approx(frechet.distance(b, a))


def test_fewer_records_than_features_still_have_a_distance():
    rng = np.random.default_rng(3)
    assert frechet.distance(rng.standard_normal((5, 20)), rng.standard_normal((5, 20))) > 0


def test_intervals_of_the_right_width_hold_nine_in_ten():
    rng = np.random.default_rng(4)
    sd = np.full((3, 20_000, 12), 0.2)
    sd[:, :, 1] = 0.0  # measured
    truth = 0.2 * rng.standard_normal(sd.shape)
    sd[:, :, 5] *= 0.5
    found = calibration.summary(calibration.inside(truth, np.zeros_like(truth), sd))
    assert found["by_lead"]["I"] == pytest.approx(0.9, abs=0.01)
    assert found["by_lead"]["II"] is None
    assert found["by_lead"]["aVF"] == pytest.approx(0.589, abs=0.02)  # of a normal within 0.82 sd
    assert found["curve_by_lead"]["V6"][0] == pytest.approx(0.5, abs=0.02)


def labelled_corpus(path: Path) -> None:
    """Hearts in sinus rhythm and in fibrillation, the label of which a network can learn."""
    rows = []
    for k in range(64):
        af = k % 2 == 0
        mv = synthesise("af" if af else "sinus", 6.0, seed=k, bpm=80, noise_uv=10).mv
        fold = 8 if k % 4 > 1 else 1
        rows.append(({"name": str(k), "subject": str(k), "fold": fold, "scp_codes": {"AFIB" if af else "NORM": 0}}, mv))
    corpus.save(path, rows)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a labelled corpus, and what a classifier is shown of it."""
    folder = tmp_path_factory.mktemp("seen")
    labelled_corpus(folder / "corpus")
    assert main(["views", "--data", str(folder / "corpus"), "--out", str(folder / "v.npz")]) == 0
    return folder


def test_a_committee_learns_from_views_and_judges_recordings(seen: Path, tmp_path: Path):
    fit = ["classify", "--views", str(seen / "v.npz"), "--out", str(tmp_path / "out"), "--device", "cpu"]
    assert main([*fit, "--members", "2", "--epochs", "20", "--channels", "12,12,12", "--columns", "twelve"]) == 0
    judge = classifier.load(tmp_path / "out" / "twelve.safetensors")
    held = corpus.load(seen / "corpus").select([8])
    probabilities, features = judge.judge(held.mv())
    assert features is not None
    assert features.shape == (32, 24), "of both members"
    true, known = labels.of(held.table, judge.names)
    found = diagnosis.summary(true, probabilities, judge.thresholds, judge.names, known)
    told = json.loads((tmp_path / "out" / "report.json").read_text())["columns"]["twelve"]["fold_8"]["true"]
    assert found["by_class"]["af"]["auroc"] == pytest.approx(told["af"], abs=0.01)
    assert told["af"] > 0.9


def test_folds_are_crossed_without_files(seen: Path, tmp_path: Path):
    fit = ["classify", "--views", str(seen / "v.npz"), "--out", str(tmp_path / "out"), "--device", "cpu"]
    few = ["--members", "1", "--epochs", "2", "--channels", "4", "--columns", "measured", "--cross", "8"]
    assert main([*fit, *few]) == 0
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["report.json"]


def test_a_corpus_without_statements_cannot_be_learnt_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    corpus.save(tmp_path / "c", [({"name": "a", "fold": 1}, synthesise("sinus", 6.0).mv)])
    main(["views", "--data", str(tmp_path / "c"), "--out", str(tmp_path / "v.npz")])
    assert main(["classify", "--views", str(tmp_path / "v.npz"), "--out", str(tmp_path / "out")]) == 2
    assert "no labels" in capsys.readouterr().err


def test_a_file_that_is_no_classifier_says_so(tmp_path: Path):
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, tmp_path / "x.safetensors")
    (tmp_path / "y.onnx").write_bytes(b"nonsense")
    for name, said in (("x.safetensors", "is no classifier"), ("y.onnx", "cannot be read"), ("z", "cannot be read")):
        with pytest.raises(InputError, match=said):
            classifier.load(tmp_path / name)


def test_anybodys_onnx_classifier_can_judge(tmp_path: Path):
    onnx = pytest.importorskip("onnx", reason="writing an ONNX file needs onnx")
    pytest.importorskip("onnxruntime")
    mean = onnx.helper.make_node("ReduceMean", ["x", "axes"], ["m"], keepdims=0)
    share = onnx.helper.make_node("Sigmoid", ["m"], ["p"])
    axes = onnx.numpy_helper.from_array(np.array([2], np.int64), "axes")
    float32 = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [mean, share],
        "c",
        [onnx.helper.make_tensor_value_info("x", float32, ["n", 12, 400])],
        [onnx.helper.make_tensor_value_info(name, float32, ["n", 12]) for name in ("p", "m")],
        [axes],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, tmp_path / "c.onnx")
    names = [f"class{k}" for k in range(12)]
    (tmp_path / "c.json").write_text(json.dumps({"names": names, "rate": 100, "samples": 400}))
    judge = classifier.load(tmp_path / "c.onnx")
    mv = np.ones((3, 1000, 12), np.float32) * np.arange(12)  # 2 s; the network wants 4, the rest is zero
    probabilities, features = judge.judge(mv)
    assert features is not None
    assert probabilities.shape == (3, 12)
    assert features[0] == pytest.approx(np.arange(12) / 2, abs=0.2)
    assert judge.thresholds.tolist() == [0.5] * 12
