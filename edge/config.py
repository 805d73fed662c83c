"""Settings of a run: the command line over `edge.toml` over the defaults, each checked by one rule."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from edge.alert_settings import AlertSettings
from edge.errors import Reason, UsageError
from edge.leads import LEADS, canonical
from edge.person import Person

DEFAULT_BUNDLE = Path(__file__).parent / "bundles" / "default"
ENGINES = ("litert", "onnx")
HOP_RANGE_S = (0.1, 2.0)
NO_LEAD = "-"  # in --channels: this channel of the device is none
VIEWS = ("auto", "live", "plain", "none")
SOURCES = ("port", "ble", "replay", "demo")
NEGATED = ("raw", "classify")  # on unless --no-… is given
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
    summary: Path | None = None
    speed: float = 1.0  # times real time
    duration: float | None = None  # s
    baud: int = 115_200  # 500 Hz, three channels, 24 bit take a half of it
    give_up: float = 60.0  # s without the port or the link, or without the patch
    view: str = "auto"
    explain: bool = False
    alerts: AlertSettings = field(default_factory=AlertSettings)
    person: Person = field(default_factory=Person)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a key must be: a text for people, and a conversion that raises ValueError or TypeError."""

    text: str
    convert: Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _ascii(value: Any) -> str:
    return _text(value).encode("ascii").decode("ascii")


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _number(low: float, high: float, *, whole: bool = False) -> Callable[[Any], float]:
    def convert(value: Any) -> float:
        if isinstance(value, bool):
            raise TypeError
        number = int(value) if whole else float(value)
        if not low <= number <= high or (whole and number != float(value)):
            raise ValueError
        return number

    return convert


def _speed(value: Any) -> float:
    return math.inf if value == "max" else _number(0.01, 1e6)(value)


def _mains(value: Any) -> float | None:
    if value in ("off", False):
        return None
    number = float(value)
    if number not in (50.0, 60.0):
        raise ValueError
    return number


def _one_of(names: tuple[str, ...]) -> Callable[[Any], str]:
    def convert(value: Any) -> str:
        if value not in names:
            raise ValueError
        return str(value)

    return convert


def _channels(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError
    leads = [canonical(name) or name.strip().upper() for name in names if name.strip() != NO_LEAD]
    if len(set(leads)) < len(leads):
        raise ValueError
    return tuple(name.strip() for name in names)


RULES: Mapping[str, Rule] = {
    "port": Rule("the path of a serial port, such as /dev/ttyUSB0", _text),
    "ble": Rule("a Bluetooth device's name, its address (C0:FF:EE:00:00:01) or a service's UUID", _text),
    "bond": Rule("true or false", _flag),
    "replay": Rule("the path of a recording", _text),
    "demo": Rule("true or false", _flag),
    "device": Rule("the name of a device, such as cyton", _text),
    "device_setup": Rule("what to send to the device before it begins, in ASCII", _ascii),
    "uv_per_count": Rule("a number of microvolts, from 0.000001 to 25", _number(1e-6, 25)),
    "channels": Rule("lead names, each once, such as II,V1,V5", _channels),
    "bundle": Rule("the path of a bundle's folder", lambda value: Path(_text(value))),
    "engine": Rule(" or ".join(ENGINES), _one_of(ENGINES)),
    "variant": Rule("the name of one of the bundle's variants, such as float32", _text),
    "patient": Rule("the path of a patient file, as edge-enrol writes it", lambda value: Path(_text(value))),
    "threads": Rule("a whole number from 1 to 64", _number(1, 64, whole=True)),
    "hop": Rule(f"a number of seconds from {HOP_RANGE_S[0]:g} to {HOP_RANGE_S[1]:g}", _number(*HOP_RANGE_S)),
    "mains": Rule("50, 60 or off", _mains),
    "record": Rule("the path of a folder", lambda value: Path(_text(value))),
    "classify": Rule("true or false", _flag),
    "raw": Rule("true or false", _flag),
    "alert_dir": Rule("the path of a folder", lambda value: Path(_text(value))),
    "events": Rule("the path of a file, or - for standard output", _text),
    "summary": Rule("the path of a file", lambda value: Path(_text(value))),
    "speed": Rule("a number from 0.01 up (1 is real time), or max", _speed),
    "duration": Rule("a number of seconds, more than 0", _number(1e-3, 1e9)),
    "baud": Rule("a whole number from 1200 to 12000000", _number(1200, 12_000_000, whole=True)),
    "give_up": Rule("a number of seconds from 0", _number(0, 1e9)),
    "view": Rule(", ".join(VIEWS[:-1]) + " or " + VIEWS[-1], _one_of(VIEWS)),
    "explain": Rule("true or false", _flag),
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
        chosen[key] = _checked(key, value, option)
    made = RunSettings(**chosen)
    _consistent(made)
    return made


def read(path: Path) -> dict[str, Any]:
    """A configuration file's checked settings."""
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        text = f"the configuration {path} cannot be read ({error.strerror}): check the name and the folder"
        raise UsageError(text, Reason.UNREADABLE) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8", Reason.CONFIG) from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is no TOML: {error}", Reason.CONFIG) from error
    chosen: dict[str, Any] = {}
    for key, value in table.items():
        if key == "alerts":
            chosen[key] = AlertSettings.from_table(value, f"{path}: alerts")
        elif key == "patient" and isinstance(value, Mapping):
            chosen |= _patient(dict(value), f"{path}: patient")
        elif key in RULES:
            chosen[key] = _checked(key, value, f"{path}: {key}")
        else:
            known = ", ".join([*RULES, "[alerts]", "[patient]"])
            raise UsageError(f"{path}: unknown key {key!r}; the keys are {known}", Reason.CONFIG)
    return chosen


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
    if not sources:
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
    if s.demo and s.channels:
        raise UsageError("--channels and --demo exclude each other: the demo sends II, V1 and V5")
    if s.demo and s.patient:
        raise UsageError("--patient and --demo exclude each other: the demo enrols its own heart")
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
        table[f.name] = str(value) if isinstance(value, Path) or value == math.inf else value
    return table
