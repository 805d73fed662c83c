"""patches.toml is held to its rules before anything starts."""

from __future__ import annotations

import pytest

from edge.cli.gateway import main
from edge.errors import UsageError
from edge.gateway.checked import words
from edge.gateway.rest import FIRST_S, LONGEST_S, PROVEN_S, Rest
from edge.gateway.table import MOST_PATCHES, change, of_toml

TWO = {"bed1": {"port": "/dev/ttyUSB0"}, "bed2": {"ble": "ECG patch"}}


def table(**top):
    return of_toml(top, "patches.toml")


def test_each_patch_has_its_own_settings_over_those_for_all():
    made = table(mains=50, alerts={"asystole_s": 6, "pause_s": 4}, patch={
        "bed1": {"port": "/dev/ttyUSB0", "mains": "off", "alerts": {"pause_s": 5}}, "bed2": {"port": "/dev/ttyUSB1"},
    }).patches  # fmt: skip
    assert (made["bed1"].mains, made["bed2"].mains) == (None, 50.0)
    assert (made["bed1"].alerts.asystole_s, made["bed1"].alerts.pause_s) == (6, 5)
    assert made["bed2"].alerts.pause_s == 4


def test_a_recording_for_all_is_a_folder_a_patch_and_one_of_its_own_stays_as_it_is():
    made = table(record="night", patch={"bed1": TWO["bed1"], "bed2": {**TWO["bed2"], "record": "elsewhere"}}).patches
    assert (str(made["bed1"].record), str(made["bed2"].record)) == ("night/bed1", "elsewhere")


def test_what_means_nothing_to_a_source_is_left_out_where_it_was_said_for_all():
    made = table(baud=230_400, patch=TWO).patches
    assert (made["bed1"].baud, made["bed2"].baud) == (230_400, 115_200)


def test_the_gateways_own_keys_are_not_the_patches():
    made = table(serve=8080, patch=TWO)
    assert made.gateway.serve == "127.0.0.1:8080"
    assert made.patches["bed1"].serve is None


@pytest.mark.parametrize(
    ("top", "says"),
    [
        ({}, r"names no patch: add a table \[patch.NAME\]"),
        ({"patch": {"bed1": {}}}, "patch.bed1 has no source: give port, ble or replay"),
        ({"patch": {"bed 1": TWO["bed1"]}}, "patch.bed 1: a patch's name is up to 32 letters"),
        ({"patch": {"../bed": TWO["bed1"]}}, "a patch's name is"),
        ({"patch": {"gateway": TWO["bed1"]}}, "the name gateway is taken"),
        ({"patch": {"bed1": {"port": "/dev/x", "mians": 50}}}, "patch.bed1: unknown key 'mians'; the keys are"),
        ({"patch": {"bed1": {"port": "/dev/x", "mains": 55}}}, "patch.bed1: mains is 55: it must be 50, 60 or off"),
        ({"patch": {"bed1": {"port": "/dev/x", "ble": "y"}}}, "patch.bed1: --port and --ble exclude each other"),
        ({"patch": {"bed1": {"port": "/dev/x", "serve": 80}}}, "patch.bed1: serve is there once for all patches"),
        ({"patch": {"bed1": {"port": "/dev/x", "events": "-"}}}, "standard output is the gateway's own"),
        ({"patch": {"bed1": {"port": "/dev/x", "view": "live"}}}, "view has no place in a gateway"),
        ({"patch": {"bed1": {"demo": True}}}, "demo has no place in a gateway; edge-run --demo has it"),
        ({"patch": TWO, "events": "all.jsonl"}, "events is one patch's alone"),
        ({"patch": TWO, "port": "/dev/ttyUSB0"}, "port is one patch's alone"),
        ({"patch": TWO, "serve_cert": "a.pem"}, "--serve-cert goes with --serve only"),
        ({"patch": [TWO["bed1"]]}, r"patches stand in tables of their own: \[patch.NAME\]"),
        ({"patch": {f"p{k}": {"port": f"/dev/{k}"} for k in range(MOST_PATCHES + 1)}}, f"takes {MOST_PATCHES} at most"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(top, says):
    with pytest.raises(UsageError, match=says):
        of_toml(top, "patches.toml")


def test_two_patches_on_one_port_are_refused_by_whatever_name_it_goes(tmp_path):
    (tmp_path / "link").symlink_to("/dev/ttyUSB0")
    both = {"bed1": {"port": "/dev/ttyUSB0"}, "bed2": {"port": str(tmp_path / "link")}}
    with pytest.raises(UsageError, match=r"patch.bed1 and patch.bed2 have the same port, /dev/ttyUSB0: give each its"):
        table(patch=both)


@pytest.mark.parametrize("key", ["record", "alert_dir", "events"])
def test_two_patches_do_not_write_into_one_place(key):
    both = {name: {"port": f"/dev/{name}", key: "same"} for name in ("bed1", "bed2")}
    with pytest.raises(UsageError, match="have the same"):
        table(patch=both)


def test_a_change_names_who_is_new_gone_and_changed():
    before = table(patch={**TWO, "bed3": {"port": "/dev/ttyUSB3"}})
    after = table(patch={"bed1": TWO["bed1"], "bed2": {"ble": "another"}, "bed4": {"port": "/dev/ttyUSB4"}})
    found = change(before, after)
    assert (found.gone, found.new, found.changed) == (("bed3",), ("bed4",), ("bed2",))
    assert not change(before, before)


def test_a_check_says_what_would_run(tmp_path, capsys):
    path = tmp_path / "patches.toml"
    path.write_text('serve = 8080\n[patch.bed1]\nport = "/dev/ttyUSB0"\n[patch.b]\nble = "ECG"\n')
    assert main(["--config", str(path), "--check"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told == ["bed1  port /dev/ttyUSB0", "b     ble ECG", "2 patches, a process each; serve 127.0.0.1:8080"]
    assert words(table(patch={"bed1": TWO["bed1"]})).endswith("1 patch, a process each")


@pytest.mark.parametrize(
    ("text", "says"), [("[patch.", "is no TOML"), ("speed = 2", "names no patch"), (None, "cannot be read")]
)
def test_a_bad_table_ends_the_command_with_2(tmp_path, capsys, text, says):
    path = tmp_path / "patches.toml"
    if text is not None:
        path.write_text(text)
    assert main(["--config", str(path)]) == 2
    assert says in capsys.readouterr().err


def test_a_rest_doubles_up_to_its_longest_and_is_short_again_after_a_good_life():
    rest = Rest()
    rests = [rest.after(0.1) for _ in range(7)]
    assert rests == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_S, LONGEST_S]
    assert [rest.after(PROVEN_S), rest.after(0.1)] == [FIRST_S, 2 * FIRST_S]
