from dataclasses import replace

import pytest

from benchmarks import soak
from benchmarks.fault_check import HELD
from benchmarks.growth import Growth, Limit
from benchmarks.soak_account import wrong
from benchmarks.soak_inside import NOTED, Course
from benchmarks.soak_inside import soak as soaked
from firmware_bridge.faults import Reboot, parse_fault

EVERY_FAULT = (
    "drop:p=0.02",
    "corrupt:p=0.02",
    "duplicate:p=0.02",
    "unplug:at=12,for=4",
    "off:electrode=V5,at=22,for=6",
    "reboot:at=35,for=2",
    "garbage:at=45,bytes=300",
)


@pytest.fixture(scope="module")
def minute():
    return soaked(60.0, EVERY_FAULT, every_s=5.0)


def test_every_sample_of_a_minute_is_accounted_for(minute):
    accounts, _ = minute
    assert wrong(accounts) == {}
    assert accounts.sampled == 30_000
    assert set(accounts.happened) == {"drop", "corrupt", "duplicate", "unplug", "reboot", "garbage"}
    assert accounts.lost["link"] >= 2000
    assert accounts.events["link"] == 2
    assert accounts.events["technical"] >= 2


def test_a_note_is_taken_every_five_seconds(minute):
    _, course = minute
    assert len(course.hours) == 11 or len(course.hours) == 12  # each a message late at most
    assert {name: len(of) for name, of in course.of.items()} == dict.fromkeys(NOTED, len(course.hours))
    assert course.hours == sorted(course.hours)
    assert all(value > 0 for of in course.of.values() for value in of)
    assert 0 < course.held <= HELD


def test_a_patch_at_another_rate_is_accounted_for_as_well():
    accounts, course = soaked(20.0, ("drop:p=0.02", "unplug:at=8,for=2"), every_s=5.0, rate=250.0)
    assert wrong(accounts) == {}
    assert accounts.sampled == 5000
    assert accounts.recorded == 2 * accounts.recorded_raw == pytest.approx(10_000, abs=1)
    assert max(course.of["queue"]) < HELD


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({"delivered": -1}, {"patch", "received"}),
        ({"received": -1}, {"received", "counted", "summary"}),
        ({"emitted": 1}, {"counted", "twelve", "raw", "summary"}),
        ({"twelve_leads": -1}, {"twelve", "recorded"}),
        ({"recorded": -500}, {"recorded"}),
        ({"recorded_raw": 1}, {"raw"}),
        ({"summary_beats": 1}, {"beats"}),
        ({"files_left_open": 1}, {"files"}),
    ],
)
def test_an_account_that_is_off_is_told(minute, changed, broken):
    accounts, _ = minute
    off = replace(accounts, **{name: getattr(accounts, name) + by for name, by in changed.items()})
    assert set(wrong(off)) == broken


def test_a_timeline_of_another_length_is_told(minute):
    accounts, _ = minute
    assert "ended" in wrong(replace(accounts, sampled=accounts.sampled + 500))
    assert "ended" not in wrong(replace(accounts, sampled=accounts.sampled + 10))  # a frame, at the reboot


def test_each_period_has_its_faults():
    settings = soak.faults(2 * soak.PERIOD_S)
    parsed = [parse_fault(text) for text in settings]
    assert len(parsed) == len(soak.ALWAYS) + 2 * len(soak.NOW_AND_THEN)
    reboots = [f.at_s for f in parsed if isinstance(f, Reboot)]
    assert reboots[1] - reboots[0] == soak.PERIOD_S


def test_verdicts():
    limit = Limit("MB", 1.0, 0.5)
    assert soak.verdict(limit, None) == "too short to tell"
    assert soak.verdict(limit, Growth(0.1, 0.0, 0.2)) == "kept"
    assert soak.verdict(limit, Growth(0.1, -1.0, 1.2)) == "too noisy to tell"
    assert soak.verdict(limit, Growth(2.0, 1.5, 2.5)) == soak.BROKEN


def test_time_is_judged_beside_the_yardstick():
    course = Course([1.0, 2.0], {"stages": [8.0, 16.0], "yardstick": [4.0, 8.0]})
    assert soak.in_yardsticks(course, "stages") == [2.0, 2.0]


def test_a_course_without_a_note_makes_a_table_too():
    nothing = dict.fromkeys(soak.LIMITS)
    verdicts = dict.fromkeys(soak.LIMITS, "too short to tell")
    assert soak.table(Course(), nothing, verdicts).count("too short to tell") == len(soak.LIMITS)
