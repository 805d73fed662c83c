import json
import os
from pathlib import Path

import pytest

from edge.bundle import open_bundle
from edge.choice import FILE, FOLDER, MAX_FILE, Choice, decide, prepared_place, save_choice, saved_choice
from edge.config import settings
from edge.errors import OutputError, UsageError

ONNX = Choice("onnx-float32", 2, "2026-01-31")
PORT = {"port": "/dev/ttyUSB0"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Where choices are kept; nothing is there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / FOLDER


@pytest.fixture(scope="module")
def bundle():
    return open_bundle()


def written(home, text):
    home.mkdir()
    (home / FILE).write_text(text)


def entry(text):
    """A file with this as the choice for the bundle ID."""
    return '{"format": 1, "choices": {"ID": ' + text + "}}"


def decided(bundle, **given):
    return decide(settings({**PORT, **given}), bundle)


def test_without_a_choice_the_bundles_first_variant_runs_in_one_thread(home, bundle):
    taken = decided(bundle)
    assert taken.variant is bundle.variants[0]
    assert taken.settings.threads == 1
    assert (taken.choice, taken.ignored) == (None, "")
    assert not home.exists(), "to ask leaves no trace"


def test_a_choice_that_was_saved_is_taken_where_nothing_is_named(home, bundle):
    assert save_choice(bundle.identity, ONNX) == home / FILE
    taken = decided(bundle)
    assert taken.variant.name == "onnx-float32"
    assert (taken.settings.engine, taken.settings.variant, taken.settings.threads) == ("onnx", "onnx-float32", 2)
    assert taken.choice == ONNX


@pytest.mark.parametrize("given", [{"engine": "litert"}, {"variant": "float32"}, {"threads": "1"}])
def test_whatever_is_named_on_the_command_line_leaves_the_choice_out(home, bundle, given):
    save_choice(bundle.identity, ONNX)
    taken = decided(bundle, **given)
    assert taken.variant.name == "litert-float32"
    assert (taken.settings.threads, taken.choice) == (1, None)


def test_so_does_what_the_configuration_names(home, bundle, tmp_path):
    save_choice(bundle.identity, ONNX)
    config = tmp_path / "edge.toml"
    config.write_text("threads = 1\n")
    assert decide(settings(PORT, config), bundle).choice is None


def test_a_variant_that_is_named_and_not_there_is_a_mistake_of_use(home, bundle):
    with pytest.raises(UsageError):
        decided(bundle, variant="int2")


def test_each_bundle_has_a_choice_of_its_own(home, bundle):
    save_choice("another", Choice("litert-int8", 4, "2026-01-01"))
    save_choice(bundle.identity, ONNX)
    assert saved_choice(bundle.identity) == ONNX
    assert saved_choice("another").variant == "litert-int8"
    assert saved_choice("a third") is None


def test_a_new_choice_takes_the_old_ones_place_and_leaves_no_draft(home, bundle):
    save_choice(bundle.identity, ONNX)
    save_choice(bundle.identity, Choice("litert-float32", 1, "2026-02-01"))
    assert saved_choice(bundle.identity).variant == "litert-float32"
    assert [path.name for path in home.iterdir()] == [FILE]


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "[" * 100_000, '{"format": 1}', '{"format": 2, "choices": {}}'),
        *('{"format": 1, "choices": []}', "x" * (MAX_FILE + 1)),
        *(entry(e) for e in ("7", "[]", "{}", '{"variant": 3, "threads": 1}')),
        *(entry('{"variant": "a", "threads": ' + n + "}") for n in ("0", "65", '"1"', "1.5")),
    ],
)
def test_a_damaged_choice_is_ignored_in_one_line_and_can_be_made_anew(home, bundle, text):
    written(home, text.replace("ID", bundle.identity))
    taken = decided(bundle)
    assert taken.variant is bundle.variants[0]
    assert taken.choice is None
    assert "damaged" in taken.ignored
    assert str(home / FILE) in taken.ignored
    assert "edge-bench --select" in taken.ignored
    assert "\n" not in taken.ignored
    save_choice(bundle.identity, ONNX)
    assert decided(bundle).choice == ONNX


def test_a_file_that_is_no_text_is_damaged_too(home, bundle):
    home.mkdir()
    (home / FILE).write_bytes(b"\xff\xfe\0")
    assert "damaged" in decided(bundle).ignored


def test_a_choice_is_not_even_looked_at_where_something_is_named(home, bundle):
    written(home, "{")
    assert decided(bundle, threads="2").ignored == ""


def test_a_variant_that_is_not_there_any_more_is_named(home, bundle):
    save_choice(bundle.identity, Choice("litert-int4", 1, "2026-01-01"))
    taken = decided(bundle)
    assert taken.variant is bundle.variants[0]
    assert "no variant litert-int4 any more" in taken.ignored


def test_an_engine_that_is_not_there_any_more_is_named(home, bundle, monkeypatch):
    save_choice(bundle.identity, ONNX)
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    taken = decided(bundle)
    assert taken.variant.engine == "litert"
    assert "onnx is not installed any more" in taken.ignored


def refused(call, path):
    with pytest.raises(OutputError) as error:
        call()
    assert error.value.exit_code == 6
    assert str(path) in str(error.value)
    assert "XDG_CONFIG_HOME" in str(error.value), "the message says what to do"
    assert "\n" not in str(error.value)


def test_a_place_that_cannot_be_written_is_told_before_anything_is_measured(home, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    refused(prepared_place, tmp_path / "file")
    assert saved_choice("any") is None, "and edge-run goes on without"


def test_a_folder_in_the_files_place_is_told(home):
    (home / FILE).mkdir(parents=True)
    refused(prepared_place, home / FILE)


def test_what_cannot_be_finished_leaves_the_old_choice_and_no_draft(home, bundle, monkeypatch):
    save_choice(bundle.identity, ONNX)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused(lambda: save_choice(bundle.identity, Choice("litert-float32", 1, "2026-02-01")), home / FILE)
    assert saved_choice(bundle.identity) == ONNX
    assert [path.name for path in home.iterdir()] == [FILE]


def test_a_relative_xdg_folder_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert save_choice("any", ONNX) == tmp_path / ".config" / FOLDER / FILE


def test_without_a_home_there_is_no_choice_and_none_can_be_saved(monkeypatch, bundle):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert decided(bundle).ignored == ""
    refused(lambda: save_choice("any", ONNX), "")


def test_the_file_is_json_that_a_person_can_read(home):
    save_choice("any", ONNX)
    assert json.loads((home / FILE).read_text()) == {
        "format": 1,
        "choices": {"any": {"variant": "onnx-float32", "threads": 2, "day": "2026-01-31"}},
    }
