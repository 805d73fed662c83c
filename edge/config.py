"""Settings of a run: the command line over `edge.toml` over the defaults, each checked by one rule."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from edge import rules
from edge.alert_settings import AlertSettings
from edge.errors import Reason, UsageError
from edge.leads import LEADS, canonical
from edge.mqtt_settings import URL as MQTT_URL
from edge.mqtt_settings import MqttSettings
from edge.person import Person
from edge.rules import NO_LEAD

DEFAULT_BUNDLE = Path(__file__).parent / "bundles" / "default"
ENGINES = ("litert", "onnx")
HOP_RANGE_S = (0.1, 2.0)
VIEWS = ("auto", "live", "plain", "none")
SOURCES = ("port", "ble", "replay", "demo")
NEGATED = ("raw", "classify")  # on unless --no-… is given
WITH_SERVE = ("review", "serve_token_file", "serve_cert", "serve_key", "serve_name")
ONLY_WITH = {  # options that mean nothing to another source
    "speed": ("replay",),
    "baud": ("port",),
    "give_up": ("port", "ble"),
    "bond": ("ble",),
    "device": ("port", "ble"),
}


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything `edge-run` can be told."""

    port: str | None = None
    ble: str | None = None  # a device's name, address or service
    bond: bool = False
    replay: str | None = None
    demo: bool = False
    device: str | None = None  # of another make; None: a patch of ours
    uv_per_count: float | None = None  # of that device, where its gain is not the usual one
    device_setup: str | None = None  # sent to that device before it begins
    channels: tuple[str, ...] = ()
    bundle: Path = DEFAULT_BUNDLE
    engine: str | None = None
    variant: str | None = None
    patient: Path | None = None
    threads: int | None = None  # None: what edge-bench chose for this board, or 1
    hop: float = 1.0  # s
    mains: float | None = None  # Hz
    classify: bool = True
    record: Path | None = None
    raw: bool = True
    alert_dir: Path | None = None
    events: str | None = None
    mqtt: MqttSettings | None = None
    lsl: str | None = None  # the streams' name; empty: the device's
    metrics: str | None = None  # HOST:PORT
    summary: Path | None = None
    speed: float = 1.0  # times real time
    duration: float | None = None  # s
    baud: int = 115_200  # 500 Hz, three channels, 24 bit take a half of it
    give_up: float = 60.0  # s without the port or the link, or without the patch
    view: str = "auto"
    explain: bool = False
    serve: str | None = None  # HOST:PORT of the live page
    review: Path | None = None  # the folder whose recordings the page shows; None: that of record
    serve_token_file: Path | None = None  # None: beside edge-bench's choices
    serve_cert: Path | None = None
    serve_key: Path | None = None
    serve_name: tuple[str, ...] = ()  # by which browsers may call that host
    alerts: AlertSettings = field(default_factory=AlertSettings)
    person: Person = field(default_factory=Person)


RULES: Mapping[str, rules.Rule] = {
    "port": rules.Rule("the path of a serial port, such as /dev/ttyUSB0", rules.text),
    "ble": rules.Rule("a Bluetooth device's name, its address (C0:FF:EE:00:00:01) or a service's UUID", rules.text),
    "bond": rules.Rule("true or false", rules.flag),
    "replay": rules.Rule("the path of a recording", rules.text),
    "demo": rules.Rule("true or false", rules.flag),
    "device": rules.Rule("the name of a device, such as cyton", rules.text),
    "device_setup": rules.Rule("what to send to the device before it begins, in ASCII", rules.ascii_text),
    "uv_per_count": rules.Rule("a number of microvolts, from 0.000001 to 25", rules.number(1e-6, 25)),
    "channels": rules.Rule("lead names, each once, such as II,V1,V5", rules.channels),
    "bundle": rules.Rule("the path of a bundle's folder", lambda value: Path(rules.text(value))),
    "engine": rules.Rule(" or ".join(ENGINES), rules.one_of(ENGINES)),
    "variant": rules.Rule("the name of one of the bundle's variants, such as float32", rules.text),
    "patient": rules.Rule("the path of a patient file, as edge-enrol writes it", lambda value: Path(rules.text(value))),
    "threads": rules.Rule("a whole number from 1 to 64", rules.number(1, 64, whole=True)),
    "hop": rules.Rule(f"a number of seconds from {HOP_RANGE_S[0]:g} to {HOP_RANGE_S[1]:g}", rules.number(*HOP_RANGE_S)),
    "mains": rules.Rule("50, 60 or off", rules.mains),
    "record": rules.Rule("the path of a folder", lambda value: Path(rules.text(value))),
    "classify": rules.Rule("true or false", rules.flag),
    "raw": rules.Rule("true or false", rules.flag),
    "alert_dir": rules.Rule("the path of a folder", lambda value: Path(rules.text(value))),
    "events": rules.Rule("the path of a file, or - for standard output", rules.text),
    "summary": rules.Rule("the path of a file", lambda value: Path(rules.text(value))),
    "mqtt": rules.Rule(MQTT_URL, MqttSettings.of_url),
    "lsl": rules.Rule("a name, or true for the device's", rules.name_or_none),
    "metrics": rules.Rule("a port from 0 to 65535, or HOST:PORT", rules.address),
    "speed": rules.Rule("a number from 0.01 up (1 is real time), or max", rules.speed),
    "duration": rules.Rule("a number of seconds, more than 0", rules.number(1e-3, 1e9)),
    "baud": rules.Rule("a whole number from 1200 to 12000000", rules.number(1200, 12_000_000, whole=True)),
    "give_up": rules.Rule("a number of seconds from 0", rules.number(0, 1e9)),
    "view": rules.Rule(", ".join(VIEWS[:-1]) + " or " + VIEWS[-1], rules.one_of(VIEWS)),
    "explain": rules.Rule("true or false", rules.flag),
    "serve": rules.Rule("a port such as 8080, or an address and a port such as 0.0.0.0:8080", rules.address),
    "review": rules.Rule("the path of a folder", lambda value: Path(rules.text(value))),
    "serve_token_file": rules.Rule("the path of a file", lambda value: Path(rules.text(value))),
    "serve_cert": rules.Rule("the path of a certificate in PEM", lambda value: Path(rules.text(value))),
    "serve_key": rules.Rule("the path of a key in PEM", lambda value: Path(rules.text(value))),
    "serve_name": rules.Rule("host names, joined by commas, such as pi.example.org", rules.host_names),
}


def settings(given: Mapping[str, Any], config: Path | None = None) -> RunSettings:
    """`given` (the command line; None: not given) over the file `config` over the defaults. Raises UsageError."""
    chosen = read(config) if config else {}
    given = {key: value for key, value in given.items() if value is not None}
    if any(key in given for key in SOURCES):  # a source on the command line replaces the file's
        chosen = {key: value for key, value in chosen.items() if key not in SOURCES}
        chosen = {key: value for key, value in chosen.items() if key not in ONLY_WITH or {*ONLY_WITH[key]} & {*given}}
    for key, value in given.items():
        option = f"--no-{key}" if key in NEGATED else f"--{key.replace('_', '-')}"
        told = _checked(key, value, option)
        chosen[key] = chosen[key].over(told) if key == "mqtt" and key in chosen else told
    return made(chosen)


def read(path: Path) -> dict[str, Any]:
    """A configuration file's checked settings."""
    return checked(toml_of(path), str(path))


def toml_of(path: Path) -> dict[str, Any]:
    """What the file says, unchecked. Raises UsageError where it cannot be read, or is no TOML."""
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        text = f"the configuration {path} cannot be read ({error.strerror}): check the name and the folder"
        raise UsageError(text, Reason.UNREADABLE) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8", Reason.CONFIG) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is no TOML: {error}", Reason.CONFIG) from error


def checked(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A table's settings, each held to its rule. `where` begins each message. Raises UsageError."""
    chosen: dict[str, Any] = {}
    for key, value in table.items():
        if key == "alerts":
            chosen[key] = AlertSettings.from_table(value, f"{where}: alerts")
        elif key == "mqtt":
            chosen[key] = MqttSettings.from_table(value, f"{where}: mqtt")
        elif key == "patient" and isinstance(value, Mapping):
            chosen |= _patient(dict(value), f"{where}: patient")
        elif key in RULES:
            chosen[key] = _checked(key, value, f"{where}: {key}")
        else:
            known = ", ".join([*RULES, "[alerts]", "[patient]"])
            raise UsageError(f"{where}: unknown key {key!r}; the keys are {known}", Reason.CONFIG)
    return chosen


def made(chosen: Mapping[str, Any]) -> RunSettings:
    """A run's settings of checked ones. Raises UsageError where they do not go together."""
    settings = RunSettings(**chosen)
    _consistent(settings)
    return settings


def _patient(table: dict[str, Any], where: str) -> dict[str, Any]:
    """`[patient]`: age, sex, and the patient file as `file`; without age and sex `patient = "FILE"` does as well."""
    chosen: dict[str, Any] = {}
    if "file" in table:
        chosen["patient"] = _checked("patient", table.pop("file"), f"{where}: file")
    return chosen | {"person": Person.from_table(table, where)}


def _checked(key: str, value: Any, where: str) -> Any:
    try:
        return RULES[key].convert(value)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise UsageError(f"{where} is {value!r}: it must be {RULES[key].text}", Reason.CONFIG) from error


def _consistent(s: RunSettings) -> None:
    sources = [key for key in SOURCES if getattr(s, key)]
    if len(sources) > 1:
        raise UsageError(f"--{sources[0]} and --{sources[1]} exclude each other: choose one source")
    if not sources and not s.review:
        raise UsageError(
            "no source: give --port DEVICE, --ble NAME, --replay FILE or --demo (--list shows ports and devices)"
        )
    for key, those in ONLY_WITH.items():
        if getattr(s, key) != getattr(RunSettings(), key) and not any(getattr(s, source) for source in those):
            which = " or ".join(f"--{source}" for source in those)
            raise UsageError(f"--{key.replace('_', '-')} goes with {which} only: leave it out, or change the source")
    if NO_LEAD in s.channels and not s.device:
        raise UsageError("--channels has a -, which leaves out a channel of a --device: name the leads alone")
    if (s.uv_per_count or s.device_setup) and not s.device:
        option = "--uv-per-count" if s.uv_per_count else "--device-setup"
        raise UsageError(f"{option} goes with --device only: our patches need nothing of the kind")
    named = [name for name in s.channels if name != NO_LEAD]
    if (s.port or s.ble) and (unknown := [name for name in named if canonical(name) is None]):
        raise UsageError(f"--channels names {unknown[0]!r}, which is no lead: choose from {', '.join(LEADS)}")
    if not s.raw and s.record is None:
        raise UsageError("--no-raw goes with --record only: nothing is recorded without it")
    if s.mqtt and not s.mqtt.url:
        raise UsageError("[mqtt] names no broker: give its url, or --mqtt mqtt://HOST", Reason.CONFIG)
    if s.demo and s.channels:
        raise UsageError("--channels and --demo exclude each other: the demo sends II, V1 and V5")
    if s.demo and s.patient:
        raise UsageError("--patient and --demo exclude each other: the demo enrols its own heart")
    if s.serve is None and (only := [key for key in WITH_SERVE if getattr(s, key)]):
        raise UsageError(f"--{only[0].replace('_', '-')} goes with --serve only: nothing is served without it")
    if (s.serve_cert is None) != (s.serve_key is None):
        raise UsageError("--serve-cert and --serve-key go together: a certificate is of no use without its key")
    if s.events == "-" and s.view in ("live", "plain"):
        raise UsageError(f"--events - and --view {s.view} exclude each other: both want standard output")
    if s.events and s.summary and os.path.realpath(s.events) == os.path.realpath(s.summary):
        raise UsageError(f"--events and --summary name the same file, {s.events}: give each its own")


def as_table(s: RunSettings) -> dict[str, Any]:
    """The settings as JSON can hold them, for the start event."""
    table: dict[str, Any] = {}
    for f in fields(s):
        value = getattr(s, f.name)
        if f.name in ("alerts", "person") or value is None:
            continue
        if isinstance(value, MqttSettings):
            value = value.told()
        table[f.name] = str(value) if isinstance(value, Path) or value == math.inf else value
    return table
