"""What the server tells of recordings, asked as a browser asks; and what it does not."""

from __future__ import annotations

import json
import shutil
import struct
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from exports.recorded import Recorded
from review.a_page import served
from sinks.a_run import blocks, info, signal_mv

from edge.exports.run_record import open_run
from edge.review.tiles import find_tiles
from edge.sinks.recorder import Recorder
from edge.web.tile_maker import TileMaker


@pytest.fixture(scope="module")
def folder(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(recorded.path.parent, tmp_path_factory.mktemp("served") / "night"))


@pytest.fixture(scope="module")
def api(folder: Path) -> Iterator[str]:
    with served(folder) as address:
        yield f"{address}/api/recordings"


def get(url: str) -> tuple[int, bytes, dict[str, str]]:
    try:
        with urllib.request.urlopen(url, timeout=10) as got:
            return got.status, got.read(), {key.lower(): value for key, value in got.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), {key.lower(): value for key, value in error.headers.items()}


def told(url: str) -> dict:
    status, body, headers = get(url)
    assert status == 200, body
    assert headers["cache-control"] == "no-store"
    return json.loads(body)


def test_the_list_and_a_recordings_facts(api):
    (entry,) = told(api)["recordings"]
    assert entry["name"] == "bed_7"
    facts = told(f"{api}/bed_7")
    assert facts["samples"] == 20_000
    assert facts["gaps"] == [[10_000, 11_500]]
    assert {lead["name"]: lead["origin"] for lead in facts["leads"]}["III"] == "derived"
    assert facts["start_utc"] == "2026-03-01T12:00:00.250+00:00"
    assert facts["clock"] == [[0, 0.0]]


def test_a_window_is_what_was_recorded(api, recorded):
    status, body, _ = get(f"{api}/bed_7/window?first=9000&last=10500&px=1500&leads=II,V2")
    assert status == 200
    assert struct.unpack_from("<4sBBHIId", body) == (b"EDGW", 0, 1, 2, 1, 1500, 9000.0)
    uv = np.frombuffer(body, "<i2", offset=24).reshape(2, 1500)
    assert np.array_equal(uv, recorded.uv[9000:10500][:, [1, 7]].T)


def test_alerts_marks_and_trends(api):
    alerts = told(f"{api}/bed_7/alerts")
    assert [alert["kind"] for alert in alerts["alerts"]] == ["vt", "gap", "af"]
    assert alerts["alerts"][0]["evidence"] == {"rate_per_min": 140.0}
    marks = told(f"{api}/bed_7/marks?first=0&last=1000")
    assert marks["rhythms"] == [[600, 6000, "sinus"]]
    assert marks["beats"] == {"samples": [100, 500, 900], "kinds": "NNN", "count": 3}
    trend = told(f"{api}/bed_7/trend?points=2")
    assert trend["rate_per_min"]["median"] == [75.0, 75.0]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nope", 404),
        ("/bed_7_0001/window", 422),
        ("/..%2f..%2fetc%2fpasswd", 404),
        ("/%2e%2e/alerts", 404),
        ("/bed_7%00", 404),
        ("/bed_7/window?first=-1", 400),
        ("/bed_7/window?first=5&last=5", 400),
        ("/bed_7/window?first=1e3", 400),
        ("/bed_7/window?px=100000", 400),
        ("/bed_7/window?px=0", 400),
        ("/bed_7/window?last=99999999999999999999", 400),
        ("/bed_7/window?leads=%3Cscript%3E", 400),
        ("/bed_7/window?leads=" + "II," * 500, 400),
        ("/bed_7/window?first=%D9%A3", 400),
        ("/bed_7/trend?points=x", 400),
        ("/bed_7/marks?first=20000", 400),
        ("/bed_7/export?to=exe", 400),
        ("/bed_7/export", 400),
    ],
)
def test_what_makes_no_sense_is_refused_in_words_and_tells_no_path(api, folder, path, status):
    got, body, _ = get(api + path)
    assert got == status
    assert str(folder) not in body.decode()
    if path.startswith("/bed_7/"):
        assert len(json.loads(body)["error"]) > 20


def test_nothing_can_be_changed(api):
    for method in ("POST", "PUT", "DELETE"):
        request = urllib.request.Request(f"{api}/bed_7", method=method, data=b"{}")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        refused.value.close()
        assert refused.value.code == 405


def test_a_stretch_is_kept_as_a_file(api):
    status, body, headers = get(f"{api}/bed_7/export?to=csv&first=500&last=1000")
    assert status == 200
    assert headers["content-disposition"] == 'attachment; filename="bed_7.csv"'
    rows = [line for line in body.decode().splitlines() if not line.startswith("#")]
    assert len(rows) == 1 + 500
    status, body, _ = get(f"{api}/bed_7/export?to=fhir&first=0&last=5000")
    assert status == 200
    assert json.loads(body)["resourceType"] == "Bundle"


def test_an_export_that_is_too_long_names_the_command_that_does_it(api, monkeypatch):
    from edge.review.export import FORMATS, Format

    monkeypatch.setitem(FORMATS, "csv", Format("csv_file.write_csv", ".csv", "text/csv", 10.0))
    status, body, _ = get(f"{api}/bed_7/export?to=csv")
    assert status == 400
    assert "edge-export bed_7 --to csv" in json.loads(body)["error"]


def test_of_two_exports_at_once_the_second_waits_its_turn(api, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slow(form: str, what: object, path: Path) -> None:
        begun.set()
        go_on.wait(10)
        path.write_text("x")

    monkeypatch.setattr("edge.web.review_routes.export", slow)
    monkeypatch.setattr("edge.web.review_routes.EXPORT_WAIT_S", 0.01)
    first: list[int] = []
    thread = threading.Thread(target=lambda: first.append(get(f"{api}/bed_7/export?to=csv")[0]))
    thread.start()
    assert begun.wait(10)
    status, body, _ = get(f"{api}/bed_7/export?to=csv")
    go_on.set()
    thread.join()
    assert (first, status) == ([200], 503)
    assert "another export" in json.loads(body)["error"]
    monkeypatch.undo()
    assert get(f"{api}/bed_7/export?to=csv&last=500")[0] == 200


def test_what_grows_is_seen_to_grow(tmp_path):
    sink = Recorder(tmp_path, raw=False)
    sink.start(info())
    parts = list(blocks(signal_mv(6.0), 500))
    with served(tmp_path) as address:
        for block in parts[:3]:
            sink.twelve(block)
        before = told(f"{address}/api/recordings/bed_7")["samples"]
        for block in parts[3:]:
            sink.twelve(block)
        sink.close({})
        assert told(f"{address}/api/recordings/bed_7")["samples"] == 3000 > before


def test_tiles_are_made_when_a_recording_is_opened(recorded, tmp_path, monkeypatch):
    folder = Path(shutil.copytree(recorded.path.parent, tmp_path / "night"))
    monkeypatch.setattr("edge.web.review_routes.UNTILED_S", 1.0)
    monkeypatch.setattr("edge.web.tile_maker.AFTER_S", 0.0)
    with served(folder) as address:
        url, until_s = f"{address}/api/recordings/bed_7", time.monotonic() + 10
        while told(url)["tiles"]["done"] < 0.8 and time.monotonic() < until_s:
            pass
        assert find_tiles(open_run(folder / "bed_7")).done == 16_384


def test_tiles_of_what_is_being_recorded_are_made_though_nobody_looks(tmp_path, monkeypatch):
    monkeypatch.setattr("edge.web.tile_maker.EVERY_S", 0.01)
    sink = Recorder(tmp_path, raw=False)
    sink.start(info())
    maker = TileMaker(tmp_path, watch=True)
    for block in blocks(signal_mv(20.0), 500):
        sink.twelve(block)
    monkeypatch.setattr("edge.web.tile_maker.EVERY_S", 60.0)
    until_s = time.monotonic() + 10
    while find_tiles(open_run(tmp_path / "bed_7")).done < 8192 and time.monotonic() < until_s:
        pass
    maker.close()
    sink.close({})
    assert find_tiles(open_run(tmp_path / "bed_7")).done == 8192


def test_tiles_that_cannot_be_kept_are_told_and_the_recording_opens(recorded, tmp_path, monkeypatch):
    folder = Path(shutil.copytree(recorded.path.parent, tmp_path / "night"))
    (folder / "bed_7_tiles").write_text("in the way")
    monkeypatch.setattr("edge.web.review_routes.UNTILED_S", 1.0)
    monkeypatch.setattr("edge.web.tile_maker.AFTER_S", 0.0)
    with served(folder) as address:
        url, until_s = f"{address}/api/recordings/bed_7", time.monotonic() + 10
        while "problem" not in told(url)["tiles"] and time.monotonic() < until_s:
            pass
        assert "part of that path is a file" in told(url)["tiles"]["problem"]
        assert get(f"{url}/window?px=100")[0] == 200
