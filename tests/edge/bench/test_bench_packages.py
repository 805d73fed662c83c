import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from edge import __version__
from edge.bench.packages import NEEDED, OPTIONAL, OURS, packages

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


@pytest.fixture(scope="module")
def found():
    return {package.name: package for package in packages()}


def test_the_packages_needed_are_those_that_the_project_names():
    project = tomllib.loads(PROJECT.read_text())["project"]
    assert sorted(NEEDED) == sorted(re.match(r"[\w-]+", line)[0] for line in project["dependencies"])
    assert sorted(OPTIONAL) == sorted(re.match(r"[\w-]+", line)[0] for line in project["optional-dependencies"]["onnx"])


def test_each_has_its_version_and_weighs_something(found):
    assert found[OURS].version == __version__
    assert found[OURS].mb > 1  # the network's two files alone are two
    for name in NEEDED:
        assert found[name].version == distribution(name).version
        assert found[name].mb > 0
        assert found[name].needed_by is None


def test_what_a_package_brings_is_told_with_who_needs_it(found):
    for package in found.values():
        if package.needed_by:
            requires = " ".join(distribution(package.needed_by).requires or ()).lower().replace("_", "-")
            assert package.name.replace("-", ".") in requires or package.name in requires
    assert any(package.needed_by == "ai-edge-litert" for package in found.values())


def test_a_package_that_is_not_installed_is_left_out(monkeypatch):
    import importlib.metadata

    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    assert [package.name for package in packages()] == [OURS]


def test_a_package_that_does_not_say_which_files_are_its_has_no_weight(monkeypatch):
    import importlib.metadata

    class Silent:
        version, files, requires = "1.0", None, None

    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Silent())
    assert {package.mb for package in packages() if package.name != OURS} == {None}
