from itertools import pairwise

import pytest

from benchmarks import wheels
from edge.errors import InputError

PROJECT = """
[project]
name = "edge-ecg"
dependencies = ["numpy>=1.26", "cobs>=1.2"]
[project.optional-dependencies]
onnx = ["onnxruntime>=1.20", "numpy>=1.26"]
files = ["pydicom>=3.0"]
both = ["edge_ecg[files,onnx]", "edge-ecg[both]"]
"""


def package(name, version, *needs, wheel=None):
    url = f"https://example.org/a%20b/{wheel or f'{name}-{version}-py3-none-any.whl'}?x=1#sha256=0"
    metadata = {"name": name, "version": version, "requires_dist": list(needs)}
    return {"metadata": metadata, "download_info": {"url": url}}


def test_what_the_device_needs_is_read_from_the_project():
    assert wheels.requirements(PROJECT, []) == ["numpy>=1.26", "cobs>=1.2"]
    assert wheels.requirements(PROJECT, ["onnx"]) == ["numpy>=1.26", "cobs>=1.2", "onnxruntime>=1.20"]


def test_an_extra_that_names_others_stands_for_theirs():
    assert set(wheels.requirements(PROJECT, ["both"])) == {
        "numpy>=1.26",
        "cobs>=1.2",
        "onnxruntime>=1.20",
        "pydicom>=3.0",
    }


def test_an_extra_that_there_is_none_of_is_told():
    with pytest.raises(InputError, match="no extra 'ble'"):
        wheels.requirements(PROJECT, ["ble"])


def test_our_own_project_asks_for_an_engine_and_no_training_library():
    asked = " ".join(wheels.requirements(wheels.PYPROJECT.read_text(), wheels.EXTRAS))
    assert "ai-edge-litert" in asked
    assert "onnxruntime" in asked
    assert "pydicom" in asked
    assert "torch" not in asked


def test_pip_is_asked_for_wheels_of_another_machine_only():
    options = wheels.for_aarch64("3.12")
    assert "--only-binary=:all:" in options
    assert options[options.index("--python-version") + 1] == "3.12"
    platforms = [word for before, word in pairwise(options) if before == "--platform"]
    assert platforms == list(wheels.PLATFORMS)
    assert all(name.endswith("_aarch64") for name in platforms)


def test_a_report_becomes_names_versions_and_files_without_addresses():
    found = wheels.wheels({"install": [package("numpy", "2.0", wheel="numpy-2.0-cp311.whl"), package("Cobs", "1.2")]})
    assert list(found) == ["Cobs", "numpy"]
    assert found["numpy"] == {"version": "2.0", "wheel": "numpy-2.0-cp311.whl", "bytes": None}
    assert "example.org" not in str(found)


@pytest.mark.parametrize(
    ("needs", "python", "reason"),
    [
        ("b", "3.11", None),
        ("b_c>=2", "3.11", "a needs b_c>=2, and b_c was not looked up"),
        ("b>=2", "3.11", "a needs b>=2, and b is 1.5"),
        ('b>=2; python_version >= "3.13"', "3.12", None),
        ('b>=2; python_version >= "3.13"', "3.13", "and b is 1.5"),
        ('c; platform_machine == "x86_64"', "3.11", None),
        ('c; platform_machine == "aarch64"', "3.11", "and c was not looked up"),
        ('c; extra == "more"', "3.11", None),
    ],
)
def test_conditions_are_judged_for_the_python_and_the_machine_that_are_meant(needs, python, reason):
    told = wheels.unmet({"install": [package("a", "1.0", needs), package("B", "1.5")]}, ["a"], python)
    if reason is None:
        assert told is None
    else:
        assert reason in told


def test_a_requirement_of_ours_that_pip_left_out_is_told():
    assert wheels.unmet({"install": []}, ["a>=1"], "3.11").startswith("edge-ecg needs a>=1")


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (
            "ERROR: Could not find a version that\nERROR: No matching distribution found for cobs>=1.2",
            "cobs>=1.2 has no",
        ),
        (
            "WARNING: Retrying (Retry(total=4))\nERROR: No matching distribution found for cobs",
            "index cannot be reached",
        ),
        ("ERROR: 404 for https://example.org/simple/cobs/ here", "404 for … here"),
        ("", "pip failed"),
    ],
)
def test_why_pip_failed_is_one_line_without_addresses(told, line):
    assert line in wheels.why(told)
    assert "\n" not in wheels.why(told)
