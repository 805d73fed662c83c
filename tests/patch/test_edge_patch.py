from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import serial

from edge.cli.patch import AMPLIFIER_NOISE_UV, main
from edge.leads import LEAD
from edge.synthetic import synthesise
from firmware_bridge.framing import SerialDecoder, frame
from firmware_bridge.messages import Channel, Hello, Identity, Message, Samples

CHECKOUT = Path(__file__).parents[2]


def heard(file: Path) -> list[Message | object]:
    return list(SerialDecoder().feed(file.read_bytes()))


def millivolts(messages: list[Message | object]) -> np.ndarray:
    gain = next(m.gain_pv_per_count for m in messages if isinstance(m, Channel)) / 1e9
    return gain * np.concatenate([m.counts for m in messages if isinstance(m, Samples)])


@contextlib.contextmanager
def edge_patch(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", "import sys; from edge.cli.patch import main; sys.exit(main())", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_file_holds_what_a_patch_with_these_leads_would_send(tmp_path: Path):
    out = tmp_path / "out.bin"
    assert (
        main(["--out", str(out), "--synthetic", "pvc", "--seed", "4", "--duration", "12", "--channels", "v2,mlii"]) == 0
    )
    truth = synthesise("pvc", 12, seed=4, noise_uv=AMPLIFIER_NOISE_UV).mv[:, [LEAD["V2"], LEAD["II"]]]
    messages = heard(out)
    assert np.abs(millivolts(messages) - truth).max() < 3e-5
    weights = [m.weights for m in messages if isinstance(m, Channel)][:2]
    assert weights == [(-4, -4, -4, 0, 12, 0, 0, 0, 0), (-12, 0, 12, 0, 0, 0, 0, 0, 0)]


def test_the_same_seed_writes_the_same_bytes_and_no_seed_another_boot_id(tmp_path: Path):
    def made(name: str, *more: str) -> bytes:
        assert (
            main(
                ["--out", str(tmp_path / name), "--synthetic", "af", "--duration", "15", "--fault", "drop:p=0.1", *more]
            )
            == 0
        )
        return (tmp_path / name).read_bytes()

    assert made("a", "--seed", "9") == made("b", "--seed", "9") != made("c", "--seed", "10")
    assert made("d") != made("e")


def test_the_account_at_the_end_tells_what_was_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--out", str(tmp_path / "a"), "--synthetic", "sinus", "--fault", "unplug:at=10,for=5"]) == 0
    assert (
        capsys.readouterr().err == "edge-patch: 30000 samples, 27500 sent whole; lost: unplug 2500; faults: unplug 1\n"
    )


def test_a_recording_is_sent_at_its_own_rate_or_at_another(tmp_path: Path):
    pydicom = pytest.importorskip("pydicom.data")
    recording = pydicom.get_testdata_file("waveform_ecg.dcm")
    for rate, samples in (("", 10_000), ("500", 5000), ("360", 3600)):
        out = tmp_path / "out.bin"
        assert main(["--out", str(out), "--replay", recording, *(["--rate", rate] if rate else [])]) == 0
        messages = heard(out)
        identity = next(m for m in messages if isinstance(m, Identity))
        assert identity.rate_mhz == 1000 * int(rate or 1000)
        assert millivolts(messages).shape == (samples, 3)


def test_a_loop_ends_after_the_duration_asked_for(tmp_path: Path):
    out = tmp_path / "out.bin"
    assert main(["--out", str(out), "--synthetic", "sinus", "--loop", "--duration", "70"]) == 0
    mv = millivolts(heard(out))
    assert len(mv) == 35_000
    assert np.array_equal(mv[30_000:], mv[:5000])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("", 2, "--pty --ble --out is required"),
        ("--pty", 2, "--replay --synthetic is required"),
        ("--pty --out x --synthetic af", 2, "not allowed with argument"),
        ("--pty --synthetic waltz", 2, "unknown rhythm 'waltz': choose from sinus"),
        ("--pty --synthetic af --fault drop:q=1", 2, "fault drop: unknown key 'q': choose from p"),
        ("--pty --synthetic af --fault saturate:channel=V6", 2, "channel=V6: must be one of II, V1, V5"),
        ("--pty --synthetic af --fault unplug", 2, "--fault unplug: give --pty a PATH"),
        ("--pty --synthetic af --channels II,V9", 2, "'V9' is no standard lead"),
        ("--pty --synthetic af --channels II,mlii", 2, "lead II is named twice"),
        ("--pty --synthetic af --rate 3", 2, "--rate 3: a patch samples at 50 to 4000 Hz"),
        ("--pty --synthetic af --speed 0", 2, "--speed 0: must be a number above 0, or max"),
        ("--pty --synthetic af --speed quick", 2, "--speed quick: must be"),
        ("--pty --synthetic af --duration nan", 2, "--duration nan: must be"),
        ("--pty --synthetic af --duration 1e9", 2, "needs --loop"),
        ("--pty --synthetic af --seed -1", 2, "--seed -1: must be 0 or more"),
        ("--pty --synthetic af --ring -1", 2, "--ring -1: must be 0 to 600 seconds"),
        ("--pty --synthetic af --seed x", 2, "argument --seed: invalid int value"),
        ("--out x --synthetic af --loop", 2, "--out with --loop never ends"),
        ("--out x --synthetic af --speed 2", 2, "--speed is for --pty"),
        ("--out x --synthetic af --free-run", 2, "--free-run is for --pty"),
        ("--out x --replay no/such/file", 3, "no such recording"),
        ("--out no/such/folder/x --synthetic af", 6, "cannot write no/such/folder/x: No such file or directory"),
        ("--pty no/such/folder/x --synthetic af", 6, "cannot make the link no/such/folder/x"),
        ("--out /dev/full --synthetic af", 6, "cannot write /dev/full: No space left"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(arguments, code, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments.split()) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("edge-patch: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


def test_a_host_that_reads_the_terminal_gets_every_sample_at_full_speed():
    with edge_patch("--pty", "--synthetic", "sinus", "--speed", "max") as process:
        assert process.stdout is not None
        path = process.stdout.readline().strip()
        decoder, messages = SerialDecoder(), []
        with serial.Serial(path, timeout=0.2) as port, contextlib.suppress(serial.SerialException):
            port.write(frame(Hello(1, 1, 0)))
            while process.poll() is None:
                messages += decoder.feed(port.read(max(1, port.in_waiting)))
        assert process.wait(5) == 0
    truth = synthesise("sinus", 60, noise_uv=AMPLIFIER_NOISE_UV).mv[:, [LEAD["II"], LEAD["V1"], LEAD["V5"]]]
    assert np.abs(millivolts(messages) - truth).max() < 3e-5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_it_well_and_take_the_link_away(tmp_path: Path, number: signal.Signals):
    link = tmp_path / "patch"
    with edge_patch("--pty", str(link), "--synthetic", "sinus", "--loop", "--free-run") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{link}\n"
        assert link.exists()
        process.send_signal(number)
        assert process.wait(5) == 0
        assert process.stderr is not None
        assert process.stderr.read().count("\n") == 1
    assert not link.is_symlink()
