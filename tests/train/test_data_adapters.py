"""Each set is read in the layout its publisher ships: leads by name, subjects, folds, ages, sexes, labels."""

from __future__ import annotations

import builtins
import datetime
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from layouts import MIMIC_ORDER, heart, padded, write_code15, write_mimic, write_table, write_wfdb

from edge.errors import InputError, UsageError
from edge.leads import LEAD, LEADS
from train.data import challenge, cinc2011, code15, corpus, cpsc2018, folder, ludb, mimic, ptbxl
from train.data.checks import defect, identity_error_uv
from train.data.preprocess import reordered
from train.data.record import Record, Rejected, Source
from train.prepare import prepare

PTBXL_ENTRY = {"ecg_id": 1, "patient_id": "15709.0", "age": 300.0, "sex": 1, "scp_codes": "{'NORM': 100.0, 'SR': 0.0}"}
PTBXL_ENTRY |= {"pacemaker": "", "strat_fold": 3, "filename_lr": "records100/1_lr", "filename_hr": "records500/1_hr"}


def records(source: Source) -> list[Record]:
    found = list(source.records)
    assert all(isinstance(entry, Record) for entry in found), found
    return [entry for entry in found if isinstance(entry, Record)]


def in_order(record: Record) -> np.ndarray:
    return reordered(record.mv, record.leads)


def test_ptbxl_is_read_at_both_rates_with_its_folds_and_statements(tmp_path: Path):
    write_table(tmp_path / "ptbxl_database.csv", [PTBXL_ENTRY])
    upper = [name.upper() for name in LEADS]
    write_wfdb(tmp_path / "records500/1_hr", heart(1), leads=upper, columns=LEADS)
    write_wfdb(tmp_path / "records100/1_lr", heart(1, rate=100.0), rate=100.0, leads=upper, columns=LEADS)
    (fast,), (slow,) = records(ptbxl.read(tmp_path)), records(ptbxl.read_100hz(tmp_path))
    assert (fast.rate, slow.rate) == (500, 100)
    np.testing.assert_allclose(in_order(fast), heart(1), atol=1e-6)
    told = {key: fast.row[key] for key in ("subject", "fold", "age", "sex", "labels")}
    assert told == {"subject": "15709", "fold": 3, "age": 90, "sex": "female", "labels": ["NORM", "SR"]}


def test_ptbxl_tells_the_stages_of_infarcts_and_the_axis_where_its_table_does(tmp_path: Path):
    more = {"infarction_stadium1": "Stadium I", "infarction_stadium2": "", "heart_axis": "LAD"}
    write_table(tmp_path / "ptbxl_database.csv", [PTBXL_ENTRY | more])
    write_wfdb(tmp_path / "records500/1_hr", heart(1))
    (record,) = records(ptbxl.read(tmp_path))
    assert (record.row["infarction_stages"], record.row["heart_axis"]) == (["Stadium I"], "LAD")


def test_how_many_listed_records_are_not_there_is_told_once(tmp_path: Path):
    rows = [PTBXL_ENTRY | {"ecg_id": k, "filename_hr": f"records500/{k}_hr"} for k in (1, 2, 3)]
    write_table(tmp_path / "ptbxl_database.csv", rows)
    write_wfdb(tmp_path / "records500/2_hr", heart(1))
    found = list(ptbxl.read(tmp_path).records)
    assert str(found[-1]) == "ptbxl_database.csv: 2 of its 3 records are not there"
    assert len(found) == 2


def test_mimic_leads_are_taken_by_name_though_avf_stands_before_avl(tmp_path: Path):
    truth = write_mimic(tmp_path, [10000032, 10000117], [["Sinus rhythm", "Normal ECG"], ["Atrial fibrillation"]])
    write_table(tmp_path / "patients.csv", [{"subject_id": 10000032, "gender": "F", "anchor_age": 52}])
    first, second = records(mimic.read(tmp_path))
    assert first.leads == MIMIC_ORDER
    np.testing.assert_allclose(in_order(first), truth[0], atol=0.0026)  # half a count of 5 uV
    assert defect(in_order(first)) is None
    assert first.row["labels"] == ["NORMAL", "SINUS RHYTHM"]
    assert (first.row["subject"], first.row["age"], first.row["sex"], first.row["rr_ms"]) == (
        *("10000032", 52, "female"),
        None,  # 29999: the cart could not measure
    )
    assert (second.row["labels"], second.row["sex"], second.row["rr_ms"]) == (["AFIB"], None, 800)


def test_cpsc2018_as_published_has_its_classes_ages_and_sexes(tmp_path: Path):
    content = {"sex": "Female", "age": 48, "data": heart(2, 15.9).T}
    (tmp_path / "TrainingSet1").mkdir()
    scipy.io.savemat(tmp_path / "TrainingSet1" / "A0001.mat", {"ECG": content})
    labels = {"Recording": "A0001", "First_label": 5, "Second_label": 2, "Third_label": ""}
    write_table(tmp_path / "REFERENCE.csv", [labels])
    (record,) = records(cpsc2018.read(tmp_path))
    assert (record.row["age"], record.row["sex"], record.row["labels"]) == (48, "female", ["RBBB", "AF"])
    np.testing.assert_allclose(record.mv, heart(2, 15.9))


def test_a_mat_file_that_is_something_else_is_rejected_and_the_rest_read(tmp_path: Path):
    scipy.io.savemat(tmp_path / "A0001.mat", {"other": np.zeros(3)})
    (tmp_path / "A0002.mat").write_bytes(b"no MATLAB file at all")
    scipy.io.savemat(tmp_path / "A0003.mat", {"ECG": {"sex": "Male", "age": np.nan, "data": heart(3).T}})
    (tmp_path / "A0004.mat").write_bytes(b"cut off")
    (tmp_path / "A0005.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400))
    kinds = [type(entry) for entry in cpsc2018.read(tmp_path).records]
    assert kinds == [Rejected, Rejected, Record, Rejected, Rejected]


def challenge_record(at: Path, number: int, comments: tuple[str, ...]) -> None:
    write_wfdb(at, heart(number), comments=[])
    text = at.with_suffix(".hea").read_text().splitlines()
    text[0] += " 00:00:00 00/00/0000"  # as the challenges' headers have it: no such day
    at.with_suffix(".hea").write_text("\n".join([*text, *(f"# {line}" for line in comments)]) + "\n")


def test_challenge_headers_with_impossible_dates_are_read_with_codes_age_and_sex(tmp_path: Path):
    challenge_record(tmp_path / "g1/JS00001", 1, ("Age: 85", "Sex: Male", "Dx: 164889003,59118001", "Rx: Unknown"))
    challenge_record(tmp_path / "g1/E00001", 2, ("Age: NaN", "Sex: Unknown", "Dx: 426783006"))
    with pytest.raises(ValueError, match="month"):
        datetime.date(1, 0, 1)  # what a strict reader stumbles over
    georgia, ningbo = records(challenge.read(tmp_path))
    assert ningbo.row["labels"] == ["164889003", "59118001"]
    assert (ningbo.row["age"], ningbo.row["sex"], "fold" in ningbo.row) == (85, "male", False)
    assert (georgia.row["age"], georgia.row["sex"], georgia.row["fold"]) == (None, None, 0)


def test_ptbxl_records_inside_a_challenge_keep_ptbxls_patients_and_folds(tmp_path: Path):
    challenge_record(tmp_path / "HR00001", 1, ("Age: 56",))
    (without,) = challenge.read(tmp_path).records
    assert isinstance(without, Rejected)
    assert "PTB-XL's record 1" in without.reason
    write_table(tmp_path / "ptbxl_database.csv", [PTBXL_ENTRY])
    (record,) = records(challenge.read(tmp_path))
    assert (record.row["subject"], record.row["fold"]) == ("ptbxl/15709", 3)


def test_code15_padding_is_trimmed_and_what_only_pads_the_file_is_told(tmp_path: Path):
    hearts = [heart(1, 7.0, 400.0), heart(2, 10.0, 400.0)]
    write_code15(tmp_path, hearts, [7, 8])
    *found, last = code15.read(tmp_path).records
    for record, truth in zip(found, hearts, strict=True):
        assert (record.rate, len(record.mv)) == (400, len(truth))
        np.testing.assert_allclose(record.mv, truth, atol=1e-6)
    first = found[0].row
    assert (first["subject"], first["age"], first["sex"], first["labels"]) == ("7", 38, "male", ["1dAVb"])
    assert isinstance(last, Rejected)
    assert "padding" in last.reason


def test_a_code_recording_of_any_other_length_is_trimmed_to_what_is_not_zero(tmp_path: Path):
    odd = heart(1, 8.0, 400.0)
    odd[[0, -1], LEAD["V1"]] = 0.01
    write_code15(tmp_path, [odd], [1])
    record = next(iter(code15.read(tmp_path).records))
    assert isinstance(record, Record)
    np.testing.assert_allclose(record.mv, odd, atol=1e-6)


def test_code_tracings_in_the_other_order_are_put_right_by_goldbergers_identities(tmp_path: Path):
    other = ("I", "II", "III", "aVL", "aVF", "aVR", *LEADS[6:])
    write_code15(tmp_path, [heart(3, 10.0, 400.0)], [1], order=other)
    record = next(iter(code15.read(tmp_path).records))
    assert isinstance(record, Record)
    np.testing.assert_allclose(record.mv, heart(3, 10.0, 400.0), atol=1e-6)
    assert record.row["augmented"] == "aVL aVF aVR"


def test_code15_in_the_wfdb_layout_knows_its_patients(tmp_path: Path):
    comments = ["Exam ID: 101", "Patient ID: 77", "Age: 38", "Sex: Male", "Chagas label: False"]
    write_wfdb(tmp_path / "101", heart(4, 7.0, 400.0), rate=400.0, comments=comments)
    write_wfdb(tmp_path / "102", heart(5, 7.0, 400.0), rate=400.0, comments=["Age: 38"])
    known, unknown = code15.read(tmp_path).records
    assert isinstance(known, Record)
    assert isinstance(unknown, Rejected)
    assert (known.row["name"], known.row["subject"], known.row["sex"], known.rate) == ("101", "77", "male", 400)


def test_code_test_has_ages_sexes_and_the_gold_standard(tmp_path: Path):
    h5py = pytest.importorskip("h5py")
    data = tmp_path / "data"
    data.mkdir()
    with h5py.File(data / "ecg_tracings.hdf5", "w") as file:
        file["tracings"] = np.stack([padded(heart(k, 10.0, 400.0)) for k in (1, 2)])
    write_table(data / "attributes.csv", [{"age": 74, "sex": "M"}, {"age": 35, "sex": "F"}])
    blank = dict.fromkeys(("1dAVb", "RBBB", "LBBB", "SB", "AF", "ST"), 0)
    write_table(data / "annotations/gold_standard.csv", [blank | {"AF": 1}, blank])
    first, second = records(code15.read_test(tmp_path))
    assert (first.row["labels"], first.row["sex"], first.row["fold"]) == (["AF"], "male", None)
    assert (second.row["labels"], second.row["age"]) == ([], 35)
    write_table(data / "attributes.csv", [{"age": 74, "sex": "M"}])
    with pytest.raises(InputError, match="1 rows for 2 tracings"):
        code15.read_test(tmp_path)


def test_hdf5_without_h5py_is_an_error_that_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_code15(tmp_path, [heart(1, 7.0, 400.0)], [1])
    plain = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name == "h5py":
            raise ImportError(name)
        return plain(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match="pip install h5py"):
        code15.read(tmp_path)


def test_a_damaged_hdf5_file_is_named(tmp_path: Path):
    write_code15(tmp_path, [heart(1, 7.0, 400.0)], [1])
    part = tmp_path / "exams_part0.hdf5"
    part.write_bytes(part.read_bytes()[:5000])
    with pytest.raises(InputError, match=r"exams_part0\.hdf5 is no whole HDF5 file"):
        code15.read(tmp_path)


def test_ludb_counts_are_microvolts_whatever_its_headers_say(tmp_path: Path):
    lower = [name.lower() for name in LEADS]
    comments = ["<age>: 51", "<sex>: F", "<diagnoses>:", "Rhythm: Sinus bradycardia.", "STEMI: septal."]
    write_wfdb(tmp_path / "data/1", heart(6), leads=lower, columns=LEADS, comments=comments)
    header = tmp_path / "data/1.hea"
    header.write_text(
        header.read_text().replace(" 1000.0(0)/mV", " 1299(-2)/mV", 1)
    )  # a range of its own, as published
    (record,) = records(ludb.read(tmp_path))
    assert identity_error_uv(in_order(record)) < 5
    np.testing.assert_allclose(in_order(record), heart(6), atol=1e-6)
    assert (record.row["age"], record.row["sex"], record.row["labels"], record.row["fold"]) == (
        *(51, "female", ["Sinus bradycardia"]),
        None,
    )
    assert record.row["diagnoses"] == ["Rhythm: Sinus bradycardia.", "STEMI: septal."]


def test_cinc2011_takes_the_acceptable_and_undoes_its_exchange_of_avl_and_avf(tmp_path: Path):
    exchanged = list(LEADS)
    exchanged[LEAD["aVL"]], exchanged[LEAD["aVF"]] = "aVF", "aVL"
    for k in (1, 2):
        write_wfdb(tmp_path / f"set-a/100{k}", heart(k), columns=exchanged, gain=200.0, comments=["Age: 45  Sex: F"])
    (tmp_path / "set-a/RECORDS-acceptable").write_text("1002\n")
    (record,) = records(cinc2011.read(tmp_path))
    np.testing.assert_allclose(record.mv, heart(2), atol=0.0026)
    assert record.row["augmented"] == "aVR aVF aVL"
    assert (record.row["fold"], record.row["age"], record.row["sex"]) == (0, 45, "female")


def test_a_folder_of_wfdb_knows_a_subject_by_its_first_folder(tmp_path: Path):
    for k, name in enumerate(("patient001/a", "patient001/b", "loose")):
        write_wfdb(tmp_path / name, heart(k), comments=["age: 81", "sex: female"])
    found = {record.row["name"]: record.row["subject"] for record in records(folder.read_wfdb(tmp_path))}
    assert found == {"patient001/a": "patient001", "patient001/b": "patient001", "loose": "loose"}


def test_a_folder_of_edf_files_becomes_a_corpus(tmp_path: Path):
    edfio = pytest.importorskip("edfio")
    truth = heart(7, 10.0, 250.0)
    signals = [
        edfio.EdfSignal(truth[:, k], 250, label=f"ECG {name}", physical_dimension="mV", physical_range=(-8, 8))
        for k, name in enumerate(LEADS)
    ]
    edfio.Edf(signals).write(tmp_path / "ward.edf")
    (tmp_path / "broken.edf").write_bytes(b"0       and then nothing")
    writer = prepare("edf", tmp_path, tmp_path / "corpus")
    assert writer.count == 1
    assert [entry.name for entry in writer.rejected] == ["broken"]
    made = corpus.load(tmp_path / "corpus")
    every_other = made.mv()[0, ::2]
    np.testing.assert_allclose(every_other[250:-250], truth[250:-250], atol=0.003)
