import math
import shutil

import numpy as np
import pytest

from benchmarks import aarch64, aarch64_inside, aarch64_root
from benchmarks.aarch64 import Limits
from benchmarks.silent import Silent
from edge.bundle import open_bundle
from edge.errors import EdgeError, SourceUnavailable
from edge.leads import LEAD, LEADS

ORIGIN = np.array(["measured", "reconstructed"])


def answers(**changed):
    told = {part: np.arange(24.0).reshape(2, 3, 4) for part in ("leads", "log_variance", "basis")}
    told |= {"road_mv": np.array([[0.5, np.nan]]), "road_sd": np.array([[0.0, np.nan]]), "road_origin": ORIGIN}
    return {f"litert-int8/{part}": np.array(values) for part, values in (told | changed).items()}


def test_the_same_answers_are_identical():
    found = aarch64.differences(answers(), answers(), "litert-int8")
    assert found["identical"] is True
    assert found["identical_windows"] == 2
    assert found["leads_uv"] == found["log_variance"] == found["road_leads_uv"] == 0.0
    assert aarch64.beyond_limits(found, 0.0, 0.0) == []


def test_the_largest_difference_of_the_leads_is_told_in_microvolts():
    moved = np.arange(24.0).reshape(2, 3, 4)
    moved[1, 2, 3] -= 0.002
    found = aarch64.differences(answers(), answers(leads=moved), "litert-int8")
    assert found["identical"] is False
    assert found["identical_windows"] == 1
    assert found["leads_uv"] == pytest.approx(2.0)
    assert aarch64.beyond_limits(found, 2.1, 0.0) == []
    assert aarch64.beyond_limits(found, 1.9, 0.0) == ["leads_uv 2.0, limit 1.9"]


def test_a_sample_without_a_value_on_one_side_is_no_small_difference():
    found = aarch64.differences(answers(), answers(road_mv=[[0.5, 0.0]]), "litert-int8")
    assert found["road_leads_uv"] is None
    assert aarch64.beyond_limits(found, 1e9, 1e9) == ["road_leads_uv not comparable, limit 1e+09"]


def test_other_origins_are_beyond_every_limit():
    found = aarch64.differences(answers(), answers(road_origin=ORIGIN[::-1]), "litert-int8")
    assert aarch64.beyond_limits(found, 1e9, 1e9) == ["the leads' origins are not the same"]


def test_the_largest_difference_knows_shapes_and_holes():
    a = np.array([1.0, np.nan, 3.0])
    assert aarch64.largest(a, a + 0.5) == 0.5
    assert aarch64.largest(a, a[:2]) == math.inf
    assert aarch64.largest(np.full(3, np.nan), np.full(3, np.nan)) == 0.0


def test_each_kind_of_variant_has_its_limit():
    limits = Limits(1, 2, 3, 4, 5, 6)
    assert limits.of("litert", "float32") == limits.of("onnx", "float16") == (1, 5)
    assert limits.of("litert", "int8") == (2, 5)
    assert limits.of("litert", "int8-dynamic") == (3, 5)
    assert limits.of("onnx", "int8") == (4, 6)


def test_windows_show_the_leads_of_their_mask_and_nothing_else():
    mv = np.random.default_rng(0).normal(size=(300, 12)).astype(np.float32)
    windows = aarch64.windows_of(mv, ("II,V1", "aVL"), 100)
    assert windows.shape == (2, 24, 100)
    assert set(np.flatnonzero(windows[0, :12].any(axis=1))) == {LEAD["II"], LEAD["V1"]}
    assert set(np.flatnonzero(windows[1, 12:].all(axis=1))) == {LEAD["aVL"]}
    assert np.array_equal(windows[1, LEAD["aVL"]], mv[100:200, LEAD["aVL"]])


def test_the_masks_hold_the_usual_patch_and_all_twelve_leads():
    assert "II,V1,V5" in aarch64.MASKS
    assert ",".join(LEADS) in aarch64.MASKS


def test_one_variant_answers_windows_and_a_recording(monkeypatch):
    bundle = open_bundle()
    monkeypatch.setattr(type(bundle), "load", lambda bundle, variant: Silent(bundle))
    windows = np.zeros((3, 24, bundle.window), np.float32)
    told = aarch64_inside.answers(bundle, bundle.variants[0], windows, np.zeros((1500, 3), np.float32))
    assert told["leads"].shape == told["log_variance"].shape == (3, 8, bundle.window)
    assert told["basis"].shape == (3, bundle.basis, bundle.window)
    assert told["road_mv"].shape == (1500, 12)
    assert list(told["road_origin"][[LEAD["II"], LEAD["V2"]]]) == ["measured", "reconstructed"]


def test_a_missing_tool_is_told_with_the_way_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda tool: None if tool == "debootstrap" else f"/usr/bin/{tool}")
    with pytest.raises(SourceUnavailable, match=r"debootstrap; sudo apt install debootstrap$") as told:
        aarch64_root.build(tmp_path, [])
    assert told.value.exit_code == 4


def test_a_command_that_fails_is_told_by_its_last_word():
    with pytest.raises(EdgeError, match="on a board: ended with 3: no such thing") as told:
        aarch64_root.ran(["sh", "-c", "echo first >&2; echo no such thing >&2; exit 3"], {}, "on a board")
    assert told.value.exit_code == 1


def test_a_core_describes_itself_as_an_arm(tmp_path):
    part, features = aarch64_root.CORES["cortex-a76"]
    aarch64_root._pretend(tmp_path, part, features)
    told = (tmp_path / "proc/cpuinfo").read_text()
    assert told.count("CPU part\t: 0xd0b") == 4
    assert "asimddp" in told
    assert (tmp_path / "sys/devices/system/cpu/online").read_text() == "0-3\n"
    assert "asimddp" not in aarch64_root.CORES["cortex-a72"][1]
