from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.fuzz import c_part, python_part, seeds
from benchmarks.fuzz.decoders import TARGETS, Broken, Target, try_input
from benchmarks.fuzz.mutate import Mutator
from firmware_bridge.decoders.base import Corrupt
from firmware_bridge.decoders.openview import ADS1293, OpenView
from firmware_bridge.messages import Malformed, decode

CRASHERS = Path(__file__).parents[1] / "firmware_bridge" / "decoders" / "crashers.json"
COMPILER = shutil.which("gcc")
needs_gcc = pytest.mark.skipif(COMPILER is None, reason="no gcc here, whose coverage the fuzzer goes by")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return c_part.build(COMPILER, tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("name", TARGETS)
def test_vectors_and_inputs_that_once_broke_something_keep_every_promise(name):
    kept = json.loads(CRASHERS.read_text())[name]
    for data in [*seeds.of_device(name), *map(bytes.fromhex, kept)]:
        try_input(TARGETS[name], data)


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run_finds_nothing(name):
    out = python_part.fuzz(name, inputs=600, seed=2)
    assert out.crashers == []
    assert out.inputs == 600
    assert out.edges >= out.edges_of_vectors > 30


def test_the_same_seed_gives_the_same_inputs():
    corpus = seeds.of_device("cyton")
    one, other, third = (Mutator(seed, (b"\xa0",)) for seed in (7, 7, 8))
    inputs = [[mutator.changed(corpus) for _ in range(50)] for mutator in (one, other, third)]
    assert inputs[0] == inputs[1] != inputs[2]


class Forgetful(OpenView):
    """Loses count of what it threw away."""

    def feed(self, data, at_ns, /):
        return [item for item in super().feed(data, at_ns) if not (isinstance(item, Corrupt) and item.bytes_lost > 40)]


class Impatient(OpenView):
    """Does not wait for the rest of a frame."""

    def feed(self, data, at_ns, /):
        out = super().feed(data, at_ns)
        self.taken += len(self._bytes)
        self._bytes.clear()
        return out


class Raising(OpenView):
    """Has a branch that no vector reaches: light from a board that has none."""

    def _frame(self, at, end, at_ns, runs):
        if self.device is ADS1293 and self._bytes[at + 4] == 4:
            raise IndexError("light")
        super()._frame(at, end, at_ns, runs)


@pytest.mark.parametrize("bad", [Forgetful, Impatient, Raising])
def test_a_decoder_that_breaks_a_promise_is_found(bad, monkeypatch):
    good = TARGETS["openview"]
    monkeypatch.setitem(TARGETS, "openview", Target(bad, good.tokens, good.max_held))
    out = python_part.fuzz("openview", inputs=3000, seed=1)
    assert out.crashers
    data, why = out.crashers[0]
    with pytest.raises((Broken, IndexError)) as told:
        try_input(TARGETS["openview"], data)
    assert str(told.value) in why


@needs_gcc
def test_a_short_run_of_the_c_library_finds_nothing_and_agrees_with_python(program, tmp_path):
    out = c_part.fuzz(program, 20_000, seed=3)
    assert (out.crasher, out.said) == (None, "")
    assert out.edges > 200
    assert len(out.corpus) > len(seeds.of_protocol())
    driver = c_part.build_driver(COMPILER, tmp_path)
    assert c_part.disagreements(driver, out.corpus) == []


@needs_gcc
def test_what_c_and_python_once_told_differently_they_tell_alike(program, tmp_path):
    once = [bytes.fromhex(data) for data in json.loads(CRASHERS.read_text())["both"]]
    assert c_part.replay(program, once) == ""
    assert c_part.disagreements(c_part.build_driver(COMPILER, tmp_path), once) == []


def test_more_values_than_a_message_holds_are_no_samples():
    """PROTOCOL.md: at most 244 bytes, in every 1.x; C never took them, Python once did."""
    (once,) = [bytes.fromhex(data) for data in json.loads(CRASHERS.read_text())["both"]]
    assert decode(once) == Malformed(3, len(once))


@needs_gcc
def test_a_missing_length_check_in_c_is_found(tmp_path):
    """Which reads beyond the message; the input that does can be replayed."""
    library = tmp_path / "c"
    shutil.copytree(c_part.LIBRARY, library)
    wire = library / "eb_wire.c"
    text = wire.read_text()
    check = " || size < EB_SAMPLES_SIZE + 3u * values"
    assert check in text
    wire.write_text(text.replace(check, ""))
    program = c_part.build(COMPILER, tmp_path, library)
    out = c_part.fuzz(program, 200_000, seed=1)
    assert out.crasher is not None
    assert "heap-buffer-overflow" in out.said
    assert "heap-buffer-overflow" in c_part.replay(program, [out.crasher])


@needs_gcc
def test_the_same_seed_takes_the_same_way_in_c(program):
    assert c_part.fuzz(program, 3000, seed=5).corpus == c_part.fuzz(program, 3000, seed=5).corpus
