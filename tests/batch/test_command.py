"""edge-batch as users type it, with a real cluster of processes, and what happens when any of it dies."""

from __future__ import annotations

import os
import re
import resource
import signal
from pathlib import Path

import duckdb
import pytest
from archives import children_of, edge_batch, ended, make_archive, parts_of, rows_of, wait_for

from edge.batch import whole_archive
from edge.batch.listing import listed
from edge.batch.parts import Archive
from edge.batch.scheduler import Place
from edge.cli.batch import EXAMPLE, main

FAST = ("--no-classify", "--chunk", "2")
RECORDINGS = 16


@pytest.fixture(scope="module")
def undisturbed(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two workers make of the archive when nobody dies."""
    out = tmp_path_factory.mktemp("undisturbed")
    with edge_batch(archive, "--out", out, "--workers", 2, *FAST, "--waveforms") as running:
        code, told, said = ended(running)
    assert (code, said) == (0, "")
    assert f"{RECORDINGS} recordings: 0 were done, {RECORDINGS} done now, 0 bad" in told
    return out


def test_one_process_without_dask_makes_the_same_bytes(archive: Path, undisturbed: Path, tmp_path: Path):
    assert main(in_this_process(archive, tmp_path)) == 0
    files = [path.relative_to(undisturbed) for path in undisturbed.rglob("*.parquet")]
    assert len(files) == RECORDINGS
    assert all((tmp_path / file).read_bytes() == (undisturbed / file).read_bytes() for file in files)


def test_the_queries_that_are_told_run_and_find_what_the_rows_hold(
    undisturbed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = make_archive(tmp_path / "set", 12, seconds=10)
    few = ("--limit", "3", "--workers", "0", "--channels", "II,V1,V5")
    assert main([str(source), "--out", str(tmp_path / "out"), *few]) == 0
    asked = re.search(r'duckdb -c "(.*)"', capsys.readouterr().out, re.DOTALL)
    assert asked
    (row, *_), rows = rows_of(tmp_path / "out"), rows_of(tmp_path / "out")
    above = asked[1].replace("0.8", str(row["score_mi"] - 0.001))
    assert "score_mi >" in above
    likely = sorted(r["recording"] for r in rows if r["score_mi"] > row["score_mi"] - 0.001 and r["quality"] > 0.5)
    assert sorted(name for name, *_ in duckdb.sql(above).fetchall()) == likely != []
    by_folder = EXAMPLE.replace("results/", f"{tmp_path}/out/")
    ((folder, mean),) = duckdb.sql(by_folder).fetchall()
    assert (folder, round(mean, 5)) == ("p00", round(sum(r["score_mi"] for r in rows) / 3, 5))


def test_rows_and_waveforms_are_joined_by_recording(undisturbed: Path):
    query = f"""
        SELECT r.recording, w.uv, w.sd_uv FROM read_parquet('{undisturbed}/rows/*/*.parquet') r
        JOIN read_parquet('{undisturbed}/waveforms/*/*.parquet') w USING (recording)
        WHERE w.lead = 'V2' AND w.origin = 'reconstructed' AND r.quality > 0.5"""
    found = duckdb.sql(query).fetchall()
    assert len(found) == RECORDINGS
    assert all(len(uv) == len(sd_uv) for _, uv, sd_uv in found)


def interrupted(archive: Path, out: Path, workers: int = 1) -> tuple[object, ...]:
    return (archive, "--out", out, "--workers", workers, *FAST, "--waveforms")


def in_this_process(archive: Path, out: Path) -> list[str]:
    """The same, without starting a cluster once more."""
    return [str(word) for word in (archive, "--out", out, "--workers", 0, *FAST, "--waveforms")]


def assert_whole(out: Path, undisturbed: Path, before: dict[str, int]) -> None:
    """Nothing lost, nothing twice, nothing that was finished done again, and the same numbers."""
    assert rows_of(out) == rows_of(undisturbed)
    after = parts_of(out)
    assert before.items() <= after.items()
    assert not any((out / "drafts").iterdir())


def test_a_killed_worker_costs_nothing(archive: Path, undisturbed: Path, tmp_path: Path):
    with edge_batch(*interrupted(archive, tmp_path, workers=2)) as running:
        wait_for(lambda: parts_of(tmp_path), running)
        before = parts_of(tmp_path)
        os.kill(children_of(running.pid)[0], signal.SIGKILL)
        code, told, _ = ended(running)
    assert code == 0
    assert f"{RECORDINGS} done now" in told
    assert_whole(tmp_path, undisturbed, before)


def test_a_killed_client_takes_its_workers_along_and_the_same_command_goes_on(
    archive: Path, undisturbed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with edge_batch(*interrupted(archive, tmp_path)) as running:
        wait_for(lambda: parts_of(tmp_path), running)
        workers = children_of(running.pid)
        running.kill()
        running.wait()
        wait_for(lambda: not any(map(_alive, workers)))
    before = parts_of(tmp_path)
    assert 1 <= len(before) < RECORDINGS / 2
    capsys.readouterr()
    assert main(in_this_process(archive, tmp_path)) == 0
    assert f"{2 * len(before)} were done, {RECORDINGS - 2 * len(before)} done now" in capsys.readouterr().out
    assert_whole(tmp_path, undisturbed, before)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def test_ctrl_c_ends_it_in_good_order_and_the_same_command_goes_on(archive: Path, undisturbed: Path, tmp_path: Path):
    with edge_batch(*interrupted(archive, tmp_path)) as running:
        wait_for(lambda: parts_of(tmp_path), running)
        os.killpg(running.pid, signal.SIGINT)  # a terminal's Ctrl-C goes to the workers too
        code, told, _ = ended(running, 30.0)  # a second, on a machine that does nothing else
    assert code == 0
    assert "stopped, and the same command goes on" in told
    before = parts_of(tmp_path)
    assert main(in_this_process(archive, tmp_path)) == 0
    assert_whole(tmp_path, undisturbed, before)


def test_a_full_disk_ends_it_with_words_and_nothing_half_written(archive: Path, undisturbed: Path, tmp_path: Path):
    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    with edge_batch(*interrupted(archive, tmp_path), preexec_fn=small_files_only) as running:
        code, _, said = ended(running)
    assert code == 6
    assert "no file may grow so large" in said
    assert "the same command goes on" in said
    assert parts_of(tmp_path) == {}
    assert not any((tmp_path / "drafts").iterdir())


def test_a_recording_that_no_worker_survives_is_a_bad_one_and_the_others_are_not(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import tasks
    from test_parts import work_of

    monkeypatch.setattr(whole_archive, "processed", tasks.deadly)
    monkeypatch.setattr("edge.batch.scheduler.DEATHS", 0)
    listing, results = listed(archive, limit=6), Archive(tmp_path, work_of())
    with results.claimed():
        outcome = whole_archive.process(listing, results, Place(workers=1), most=3)
    assert (outcome.done, outcome.bad) == (6, 1)
    assert list(results.listed_bad()) == [("p00/r003", "every worker that was at it died: it may need more memory")]


def test_bad_recordings_are_listed_with_their_reasons_and_are_not_fatal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = make_archive(tmp_path / "set", 4)
    (source / "p00" / "r001.dat").unlink()
    (source / "p00" / "r002.dat").write_bytes(b"\0" * 99)
    assert main([str(source), "--out", str(tmp_path / "out"), "--workers", "0", "--no-classify"]) == 0
    told = capsys.readouterr().out
    assert "2 bad" in told
    (path,) = (tmp_path / "out").glob("bad-*.txt")
    assert str(path) in told
    lines = path.read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == ["p00/r001", "p00/r002"]
    assert "truncated" in lines[1]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--workers", "-1"), 2, "a whole number from 0 to 256"),
        (("--workers", "two"), 2, "a whole number from 0 to 256"),
        (("--chunk", "0"), 2, "--chunk"),
        (("--limit", "1e3"), 2, "--limit"),
        (("--memory", "1"), 2, "--memory"),
        (("--hop", "9"), 2, "--hop"),
        (("--channels", "II,II"), 2, "--channels"),
        (("--variant", "float8"), 2, "float8"),
        (("--bundle", "/nowhere"), 3, "no bundle"),
        (("--workers", "1", "--scheduler", "tcp://a:1"), 2, "exclude each other"),
        (("--scheduler", "localhost:8786"), 2, "tcp://HOST:8786"),
    ],
)
def test_a_wrong_value_is_told_before_any_work(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], code: int, said: str
):
    assert main([str(archive), "--out", str(tmp_path / "out"), *options]) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out" / "rows").exists() or not any((tmp_path / "out").glob("rows/*/part-*"))


def test_results_that_cannot_be_written_are_told(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "file").write_text("")
    assert main([str(archive), "--out", str(tmp_path / "file"), "--workers", "0"]) == 6
    assert "choose another --out" in capsys.readouterr().err


def test_without_its_extra_it_says_what_to_install(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    import sys

    for module, workers in (("pyarrow", "0"), ("distributed", "1")):
        with monkeypatch.context() as absent:
            absent.setitem(sys.modules, module, None)
            assert main([str(archive), "--out", str(tmp_path), "--workers", workers]) == 2
        assert "pip install 'edge-ecg[batch]'" in capsys.readouterr().err
