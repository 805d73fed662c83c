from __future__ import annotations

import make_device_vectors
import pytest
from device_vectors import VECTORS, feeds, heard, joined, new, run_together, vectors

DEVICES = sorted(make_device_vectors.FILES)
ALL = [pytest.param(name, vector, id=f"{name}: {vector['name']}") for name in DEVICES for vector in vectors(name)]


@pytest.mark.parametrize("name", DEVICES)
def test_the_files_are_what_the_independent_encoder_writes(name):
    assert (VECTORS / f"{name}.json").read_text(encoding="utf-8") == make_device_vectors.text(name)


def test_no_file_is_left_out():
    assert {path.stem for path in VECTORS.iterdir()} == set(DEVICES)


@pytest.mark.parametrize(("name", "vector"), ALL)
def test_the_published_bytes_say_what_the_format_says(name, vector):
    assert joined(heard(new(name), feeds(vector))) == run_together(vector["says"])


@pytest.mark.parametrize(("name", "vector"), [p for p in ALL if p.values[0] != "polar"])
def test_a_byte_at_a_time_says_the_same(name, vector):
    singly = [(at_ns, data[k : k + 1]) for at_ns, data in feeds(vector) for k in range(len(data))]
    assert joined(heard(new(name), singly)) == run_together(vector["says"])


@pytest.mark.parametrize(("name", "vector"), ALL)
def test_every_byte_is_taken_or_counted_as_lost(name, vector):
    decoder = new(name)
    said = heard(decoder, feeds(vector))
    lost = sum(item["corrupt"] for item in joined(said) if "corrupt" in item)
    assert decoder.held == 0
    assert decoder.taken + lost == sum(len(data) for _, data in feeds(vector))
