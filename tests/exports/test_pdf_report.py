"""The report, read back and drawn by PDFium."""

from __future__ import annotations

import numpy as np
import pytest
from exports.recorded import record

from edge.exports import pdf_file
from edge.exports.digest import digest
from edge.exports.pdf_file import write_pdf
from edge.exports.run_record import excerpt, open_run

pytest.importorskip("matplotlib", reason="matplotlib is not installed")
pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
POINTS_PER_MM = 72 / 25.4


def texts(document):
    return [page.get_textpage().get_text_range() for page in document]


@pytest.fixture(scope="module")
def report(recorded, tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / "a.pdf"
    write_pdf(excerpt(open_run(recorded.path)), path)
    with pdfium.PdfDocument(path) as document:
        yield document


def test_it_is_a_summary_a_list_ten_seconds_and_a_page_for_each_alert(report):
    summary, listed, strip, vt, af = texts(report)
    assert "ECG recording bed_7" in summary
    assert "page 4" in listed
    assert "ten seconds from" in strip
    assert vt.startswith("vt, high priority")
    assert af.startswith("af, medium priority")
    assert all("ot a medical device" in page for page in texts(report))


def test_the_summary_counts_and_says_what_was_measured(report):
    summary = texts(report)[0]
    for words in ("0:03 in 1 gap", "II, V1, V5", "III, aVR", "I, aVL, aVF, V2, V3, V4, V6", "mean sd 50 uV"):
        assert words in summary
    assert "ventricular" in summary
    assert "gap 1 (low priority)" in " ".join(summary.split())


def test_a_page_says_when_an_alert_began_and_on_what_it_rests(report):
    page = texts(report)[3]
    for words in ("2026-03-01 12:00:10 UTC (0:10)", "told 2.0 s later", "II, V1, V5 (measured)", "rate per min 140"):
        assert words in page


def test_a_lead_that_was_an_estimate_around_an_alert_is_one_on_its_page(tmp_path):
    write_pdf(excerpt(open_run(record(tmp_path, gap_s=None).path)), tmp_path / "a.pdf")
    with pdfium.PdfDocument(tmp_path / "a.pdf") as document:
        vt, af = texts(document)[3:]
    assert vt.count("estimate") - vt.count("estimates") == 7
    assert af.count("estimate") - af.count("estimates") == 8  # V5 too, whose electrode was off when it was told


def test_a_page_is_paper_to_scale(report):
    """Ten seconds at 25 mm/s, 1 mV at 10 mm: found in the drawn page, on A4."""
    page = report[3]
    assert page.get_width() / POINTS_PER_MM == pytest.approx(297, abs=0.5)
    assert page.get_height() / POINTS_PER_MM == pytest.approx(210, abs=0.5)
    dots_per_mm = 8
    drawn = np.asarray(page.render(scale=dots_per_mm / POINTS_PER_MM).to_pil().convert("L"))
    lead_ii = drawn[110 * dots_per_mm : 140 * dots_per_mm]  # the lowest row
    columns = np.flatnonzero((lead_ii < 60).sum(axis=0))
    traced = columns[(columns > 20 * dots_per_mm)]
    assert (traced[-1] - traced[0]) / dots_per_mm == pytest.approx(250, abs=1)
    pulse = np.flatnonzero((lead_ii[:, : 17 * dots_per_mm] < 60).any(axis=1))
    assert (pulse[-1] - pulse[0]) / dots_per_mm == pytest.approx(10, abs=0.6)


def test_of_too_many_alerts_the_most_urgent_have_a_page(recorded, tmp_path, monkeypatch):
    monkeypatch.setattr(pdf_file, "MOST_EVENTS", 1)
    write_pdf(excerpt(open_run(recorded.path)), tmp_path / "a.pdf")
    with pdfium.PdfDocument(tmp_path / "a.pdf") as document:
        pages = texts(document)
    assert len(pages) == 4
    assert pages[3].startswith("vt")
    assert "no page" in pages[1]


def test_the_heart_rate_is_that_of_the_beats_and_absent_in_a_gap(recorded):
    about = digest(excerpt(open_run(recorded.path)))
    np.testing.assert_allclose(about.rate_per_min[np.isfinite(about.rate_per_min)], 75)
    inside = digest(excerpt(open_run(recorded.path), 20, 3))
    assert np.isnan(inside.rate_per_min).all()
    assert (inside.missing_s, inside.gaps) == (3.0, 1)
    assert about.rhythm_s == pytest.approx({"N": 10.8, "AFIB": 25.0})
