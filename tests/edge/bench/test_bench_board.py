from dataclasses import asdict

import pytest

from edge.bench.board import board, strain

CPUINFO = """\
processor	: 0
BogoMIPS	: 108.00
CPU implementer	: 0x41
CPU part	: 0xd0b

Hardware	: BCM2835
Revision	: d04170
Serial		: 10000000deadbeef
Model		: Raspberry Pi 5 Model B Rev 1.0
"""
FILES = {
    "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
    "proc/device-tree/serial-number": "10000000deadbeef\0",
    "proc/cpuinfo": CPUINFO,
    "proc/meminfo": "MemTotal:        8245248 kB\nMemFree:         7000000 kB\n",
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\n',
    "etc/hostname": "anna-s-pi\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "2400000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500000\n",
    "sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq": "2400000\n",
    "sys/class/thermal/thermal_zone0/type": "nvme\n",
    "sys/class/thermal/thermal_zone0/temp": "31000\n",
    "sys/class/thermal/thermal_zone1/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone1/temp": "47250\n",
}
THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


def nobody(command):
    return None


@pytest.fixture
def pi(tmp_path):
    """A root folder as a Raspberry Pi 5 has it."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_a_raspberry_pi_is_described(pi):
    told = board(pi)
    assert told.model == "Raspberry Pi 5 Model B Rev 1.0"
    assert told.cpu == "Cortex-A76"
    assert told.memory_mb == 8443
    assert (told.governor, told.max_mhz) == ("ondemand", 2400)
    assert told.system == "Debian GNU/Linux 12 (bookworm)"


def test_strain_is_the_processors_temperature_and_its_fastest_cores_clock(pi):
    told = strain(pi, nobody)
    assert (told.mhz, told.temperature_c, told.throttled) == (2400, 47.25, None)


def test_no_serial_number_and_no_hosts_name_is_kept(pi):
    text = str(asdict(board(pi))) + str(asdict(strain(pi, nobody)))
    assert "deadbeef" not in text
    assert "d04170" not in text
    assert "anna" not in text


def test_what_is_not_told_is_unknown_and_no_failure(tmp_path):
    told = board(tmp_path)
    for name in ("model", "cpu", "memory_mb", "governor", "max_mhz", "system"):
        assert getattr(told, name) is None
    assert asdict(strain(tmp_path, nobody)) == {"mhz": None, "temperature_c": None, "throttled": None}


@pytest.mark.parametrize("content", [b"", b"\0", b"\xff\xfe", b"soon", b"9" * 5000])
def test_files_that_make_no_sense_are_no_failure(pi, content):
    for name in FILES:
        (pi / name).write_bytes(content)
    told = board(pi), strain(pi, nobody)
    assert str(told).isascii()
    assert told[0].memory_mb is None


def test_folders_in_the_files_places_are_no_failure(pi):
    for name in FILES:
        (pi / name).unlink()
        (pi / name).mkdir()
    assert board(pi).model is None
    assert strain(pi, nobody).temperature_c is None


def test_a_processor_that_is_not_known_by_name_is_told_by_its_part(pi):
    (pi / "proc/cpuinfo").write_text("CPU part\t: 0xd4f\n")
    assert board(pi).cpu == "ARM part 0xd4f"


def test_an_x86_processor_has_a_name_of_its_own(pi):
    (pi / "proc/cpuinfo").write_text("model name\t: Some CPU @ 2.5GHz\n")
    assert board(pi).cpu == "Some CPU @ 2.5GHz"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("throttled=0x0\n", "no"),
        ("throttled=0x1", "now: under-voltage"),
        ("throttled=0x50000", "since the start: under-voltage, throttled"),
        ("throttled=0x50005", "now: under-voltage, throttled; since the start: under-voltage, throttled"),
        ("throttled=0xe0008", "now: soft temperature limit; since the start: frequency capped, throttled, soft tem"),
        ("VCHI initialization failed", None),
        ("", None),
    ],
)
def test_throttling_is_told_in_words(tmp_path, told, words):
    found = strain(tmp_path, lambda command: told).throttled
    assert found is None if words is None else found.startswith(words)


def test_the_kernel_is_asked_for_throttling_where_there_is_no_vcgencmd(pi):
    path = pi / THROTTLED
    path.parent.mkdir(parents=True)
    path.write_text("4\n")
    assert strain(pi, nobody).throttled == "now: throttled"


def test_this_very_machine_is_described_without_failure():
    assert board().python
    assert strain()
