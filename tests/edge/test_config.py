import math
from pathlib import Path

import pytest

from edge.config import DEFAULT_BUNDLE, RULES, RunSettings, as_table, read, settings
from edge.errors import UsageError
from edge.person import Person, Sex

WELL = {
    "port": "/dev/ttyUSB0",
    "ble": "ECG patch",
    "bond": True,
    "replay": "rec.dcm",
    "demo": True,
    "channels": ["II", "V1"],
    "device": "cyton",
    "uv_per_count": 0.5,
    "device_setup": "x1060100X",
    "bundle": "bundles/mine",
    "engine": "onnx",
    "variant": "int8",
    "patient": "patient.json",
    "threads": 2,
    "hop": 0.5,
    "mains": 50,
    "record": "out",
    "alert_dir": "alerts",
    "raw": False,
    "classify": False,
    "events": "-",
    "mqtt": "mqtts://broker/ward-2",
    "lsl": "bed 7",
    "metrics": "0.0.0.0:9464",
    "summary": "s.json",
    "speed": "max",
    "duration": 60,
    "baud": 921_600,
    "give_up": 5,
    "view": "plain",
    "explain": True,
    "serve": "0.0.0.0:8080",
    "review": "night",
    "serve_token_file": "token",
    "serve_cert": "cert.pem",
    "serve_key": "key.pem",
    "serve_name": ["pi.example.org"],
}
ILL = {
    "port": ["", 3],
    "ble": ["", 3],
    "bond": ["yes", 1],
    "replay": ["", False],
    "demo": ["yes", 1],
    "channels": ["II,,V1", 5, ["II", 3], [" "]],
    "device": ["", 3],
    "device_setup": ["", 3, "µ"],
    "uv_per_count": [0, -1, 30, "big", True, math.nan],
    "bundle": ["", 7],
    "engine": ["torch", "LITERT", 1],
    "variant": ["", 8],
    "patient": ["", 9],
    "threads": [0, 65, 1.5, "many", True],
    "hop": [0, 0.05, 2.1, "fast", True, math.nan, math.inf],
    "mains": [55, "on", True, math.nan],
    "record": ["", True],
    "alert_dir": ["", 2],
    "raw": ["no", 0],
    "classify": ["no", 1],
    "mqtt": ["", "http://broker", "mqtt://", "mqtt://broker:x", 7, True],
    "lsl": ["", 3],
    "metrics": ["", 70_000, -1, "host", "host:x", True, 1.5],
    "events": ["", 1],
    "summary": ["", 1],
    "speed": [0, -1, "fast", math.nan],
    "duration": [0, -5, "long", math.nan, math.inf],
    "baud": [300, 115_200.5, 10**8, "quick"],
    "give_up": [-1, "never", math.nan],
    "view": ["pretty", 1],
    "explain": ["x", 1],
    "serve": ["", "x", 65_536, -1, 1.5, True, "::1:80", "http://pi:80", "a b:80", "pi:"],
    "review": ["", 3],
    "serve_token_file": ["", 3],
    "serve_cert": ["", 3],
    "serve_key": ["", 3],
    "serve_name": ["", "a b", 3, ["a", 3], "-a"],
}


def toml(tmp_path, text):
    path = tmp_path / "edge.toml"
    path.write_text(text)
    return path


def as_toml(value):
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case list():
            return f"[{', '.join(map(as_toml, value))}]"
    return str(value)


def refused(call, *names):
    with pytest.raises(UsageError) as error:
        call()
    assert error.value.exit_code == 2
    assert "\n" not in str(error.value)
    for name in names:
        assert name in str(error.value)


def test_every_setting_has_a_rule_and_every_rule_is_tried_here():
    names = {name for name in RunSettings.__dataclass_fields__ if name not in ("alerts", "person")}  # tables
    assert names == set(RULES) == set(WELL) == set(ILL)


@pytest.mark.parametrize("key", RULES)
def test_a_key_that_keeps_its_rule_is_taken(tmp_path, key):
    assert key in read(toml(tmp_path, f"{key} = {as_toml(WELL[key])}"))


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in ILL.items() for value in values])
def test_a_key_that_breaks_its_rule_is_named_with_its_value_and_its_rule(tmp_path, key, value):
    path = toml(tmp_path, f"{key} = {as_toml(value)}")
    refused(lambda: read(path), f"{path}: {key}", repr(value), RULES[key].text)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("threads", "0"),
        ("hop", "abc"),
        ("mains", "55"),
        ("speed", "0"),
        ("baud", "1"),
        ("channels", "II,,"),
        ("port", ""),
    ],
)
def test_an_option_that_breaks_its_rule_is_named_as_it_is_typed(key, value):
    refused(lambda: settings({"replay": "x.dcm", key: value}), f"--{key}", repr(value), RULES[key].text)


def test_an_option_of_two_words_is_named_as_it_is_typed():
    refused(lambda: settings({"port": "x", "give_up": "-1"}), "--give-up")


def test_options_come_as_text():
    made = settings(
        {"replay": "r.edf", "hop": "0.25", "threads": "2", "mains": "60", "speed": "max", "channels": "II, v5"}
    )
    assert (made.hop, made.threads, made.mains, made.speed, made.channels) == (0.25, 2, 60.0, math.inf, ("II", "v5"))


def test_defaults_stand_where_nothing_is_said():
    assert settings({"port": "/dev/ttyACM0", "hop": None}) == RunSettings(port="/dev/ttyACM0")
    assert RunSettings().bundle == DEFAULT_BUNDLE


def test_the_command_line_wins_over_the_file_and_the_file_over_the_default(tmp_path):
    path = toml(tmp_path, 'replay = "a.dcm"\nhop = 0.5\nthreads = 2\n')
    made = settings({"hop": "0.25"}, path)
    assert (made.replay, made.hop, made.threads, made.baud) == ("a.dcm", 0.25, 2, 115_200)


def test_a_source_on_the_command_line_replaces_the_files(tmp_path):
    path = toml(tmp_path, 'port = "/dev/ttyUSB0"\n')
    made = settings({"replay": "a.dcm"}, path)
    assert (made.replay, made.port) == ("a.dcm", None)


def test_a_flag_can_be_taken_back_on_the_command_line(tmp_path):
    path = toml(tmp_path, 'replay = "a"\nrecord = "out"\nraw = false\nmains = 50\n')
    assert settings({"mains": "off"}, path).mains is None
    assert settings({}, path).raw is False


def test_an_unknown_key_is_named_and_the_known_ones_are_listed(tmp_path):
    path = toml(tmp_path, "hopp = 1\n")
    refused(lambda: read(path), str(path), "'hopp'", "hop", "channels", "[alerts]")


def test_alert_settings_are_a_table_with_rules_of_their_own(tmp_path):
    assert read(toml(tmp_path, "[alerts]\nasystole_s = 6\n"))["alerts"].asystole_s == 6
    for text, *names in (
        ("[alerts]\nasistole_s = 6\n", "alerts", "'asistole_s'"),
        ("[alerts]\nasystole_s = 600\n", "alerts", "asystole_s is 600", "2 to 30"),
        ("[alerts]\nasystole_s = 2.5\n", "alerts", "pause_s is 3.0", "asystole_s"),
        ("alerts = 3\n", "alerts is 3"),
    ):
        path = toml(tmp_path, text)
        refused(lambda path=path: read(path), str(path), *names)


def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path):
    path = toml(tmp_path, "hop = 1\nhop = 2\n")
    refused(lambda: read(path), str(path), "line 2")
    path.write_bytes(b"\xff\xfe")
    refused(lambda: read(path), "UTF-8")


def test_a_file_that_is_not_there_is_told(tmp_path):
    for path in (tmp_path / "no.toml", tmp_path):
        refused(lambda path=path: settings({"demo": True}, path), str(path), "cannot be read")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ["--port", "--replay", "--demo"]),
        ({"port": "a", "replay": "b"}, ["--port", "--replay"]),
        ({"replay": "a", "demo": True}, ["--replay", "--demo"]),
        ({"port": "a", "speed": "2"}, ["--speed", "--replay"]),
        ({"demo": True, "speed": "max"}, ["--speed"]),
        ({"demo": True, "channels": "II"}, ["--channels", "--demo"]),
        ({"replay": "a", "raw": False}, ["--no-raw", "--record"]),
        ({"replay": "a", "events": "-", "view": "live"}, ["--events", "--view"]),
    ],
)
def test_options_that_contradict_each_other_are_named(given, names):
    refused(lambda: settings(given), *names)


def test_the_table_for_the_start_event_is_json_and_leaves_out_what_is_not_set():
    import json

    table = as_table(settings({"replay": "a.dcm", "speed": "max", "record": "out", "channels": "II,V1"}))
    back = json.loads(json.dumps(table, allow_nan=False))
    assert back["record"] == str(Path("out"))
    assert back["speed"] == "inf"
    assert back["channels"] == ["II", "V1"]
    assert "port" not in back


def test_age_and_sex_stand_in_a_table_with_the_patient_file_if_there_is_one(tmp_path):
    path = toml(tmp_path, 'replay = "a.dcm"\n[patient]\nage = 61\nsex = "F"\nfile = "anna.json"\n')
    made = settings({}, path)
    assert made.person == Person(61.0, Sex.FEMALE)
    assert made.patient == Path("anna.json")
    assert settings({"patient": "b.json"}, path).patient == Path("b.json")
    assert settings({"replay": "a.dcm"}).person == Person()


def test_the_patient_file_alone_may_stand_as_it_did(tmp_path):
    made = settings({}, toml(tmp_path, 'replay = "a.dcm"\npatient = "anna.json"\n'))
    assert (made.patient, made.person) == (Path("anna.json"), Person())


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("age = -1", ("age", "-1", "0 to 120")),
        ("age = true", ("age", "True")),
        ('age = "old"', ("age", "'old'")),
        ('sex = "x"', ("sex", "'x'", "female or male")),
        ("sex = 1", ("sex", "1")),
        ("weight = 70", ("weight", "age, sex, file")),
        ("file = 3", ("file", "3")),
    ],
)
def test_what_the_patients_table_may_not_say_is_refused_with_its_rule(tmp_path, line, names):
    path = toml(tmp_path, f"[patient]\n{line}\n")
    refused(lambda: read(path), f"{path}: patient", *names)


def test_who_the_patient_is_stays_out_of_the_events(tmp_path):
    made = settings({}, toml(tmp_path, 'replay = "a.dcm"\n[patient]\nage = 61\nsex = "female"\n'))
    assert "person" not in as_table(made)
    assert "61" not in str(as_table(made))
