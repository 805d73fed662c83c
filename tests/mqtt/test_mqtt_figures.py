"""What the benchmark says of an absence: nothing may hide in it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from brokers import Came

from benchmarks import mqtt_tables
from benchmarks.mqtt_faults import _account, _after_kills
from benchmarks.tables import table


def came(seq: int, **more: Any) -> Came:
    told = {"id": f"r-{seq}", "run": "r", "seq": seq, "type": "beat", "sample": seq} | more
    return Came("ward/bed/beat", json.dumps(told).encode(), False)


def test_what_is_missing_and_not_counted_is_told():
    figures = _account([came(1), came(2), came(5)], [], Counter(beat=1))
    assert (figures["messages"], figures["arrived"], figures["uncounted"]) == (5, 3, 1)
    assert _account([came(1), came(2), came(5)], [], Counter(beat=2))["uncounted"] == 0


def test_what_comes_again_is_no_fault_unless_it_comes_as_new():
    good = _account([came(1), came(2), came(2, redelivered=True)], [], Counter())
    assert (good["came_again"], good["twice_as_new"]) == (1, 0)
    assert _account([came(1), came(2), came(2)], [], Counter())["twice_as_new"] == 1
    assert _account([came(2), came(1)], [], Counter())["out_of_order"] == 1


def test_an_alert_that_does_not_come_is_told():
    event = {"type": "alert", "id": "vt-1", "state": "on", "sample": 7}
    assert _account([came(1)], [event], Counter())["alerts_missing"] == 1
    assert _account([came(1, alert="vt-1", state="on", sample=7)], [event], Counter())["alerts_missing"] == 0


def test_after_kills_holes_and_missing_alerts_are_told():
    start = {"id": "r-1", "run": "r", "seq": 1, "type": "start", "utc": "u"}
    alert = {"type": "alert", "id": "vt-1", "state": "on"}
    figures = _after_kills([start, {**start, "id": "r-3", "seq": 3, "type": "beat"}], {"u": [alert]})
    assert (figures["holes"], figures["alerts_missing"], figures["twice_as_new"]) == (1, 1, 0)


def test_tables_show_each_case_and_the_kills():
    case = {"messages": 4591, "left_out": {"leads": 7}, "uncounted": 0, "twice_as_new": 0, "alerts": 80}
    case |= {"alerts_missing": 0, "connected_after_s": 5.8, "all_after_s": 6.4}
    kills = {"kills": 3, "messages": 337, "holes": 0, "twice_as_new": 0, "alerts": 4, "alerts_missing": 0}
    rows = mqtt_tables.absence({"absence": {"alerts": case}, "kills": kills}, table)
    assert rows[2] == "| alerts | 4,591 | 7 leads | 0 | 0 | 80; 0 | 6 s; 6 s |"
    assert rows[3] == "| edge-run killed 3 times as it sends | 337 | 0 | 0 | 0 | 4; 0 | - |"
    error = {"median": 1.24, "p1": -0.5, "p99": 3.0, "most": 3.96}
    one = {"placed": 19000, "error_ms": error, "most_before_settled_ms": 4.0}
    assert (
        mqtt_tables.lab_time({"ppm": {"-200": one}}, table)[2] == "| -200 ppm | 19,000 | 1.2 | -0.5, 3.0 | 4.0 | 4.0 |"
    )
