"""Tables and pictures come from result files, and the README says what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report, result, tables
from edge.config import DEFAULT_BUNDLE
from edge.errors import UsageError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["README.md", "benchmarks/README.md"])
def test_the_pages_tables_are_those_of_the_result_files(page):
    text = (ROOT / page).read_text()
    assert report.TABLE.search(text), "the page has no marked table"
    assert report.renewed(text, tables.known(result.RESULTS, DEFAULT_BUNDLE)) == text


def test_only_what_is_marked_is_renewed():
    text = "before | a |\n<!-- table: floors -->\nold\n<!-- end -->\nafter\n"
    assert report.renewed(text, {"floors": ["new", "lines"]}) == (
        "before | a |\n<!-- table: floors -->\nnew\nlines\n<!-- end -->\nafter\n"
    )


def test_a_table_without_results_is_named():
    with pytest.raises(UsageError, match="no results for the table limit"):
        report.renewed("<!-- table: limit -->\n<!-- end -->", {"floors": []})


def test_variants_show_what_kept_one_out():
    manifest = {
        "name": "x",
        "variants": [{"engine": "litert", "precision": "float32", "bytes": 1000, "figures": {"parity_mv": 1e-6}}],
        "refused": {"litert-int8": {"bytes": 300, "pcc_loss": 0.0062, "r_error": 0.05}},
    }
    rows = tables.variants(manifest, {"networks": {"x litert-float32": {"to_our_float": 1.0}}})
    assert rows[2] == "| litert-float32 | 1 | 1.00 | 1.00 | - | - | - | - | - |  |"
    assert rows[3] == "| litert-int8 | 0 | 0.30 | - | 0.0062 | - | 5.0 % | - | - | refused |"


def test_a_training_is_converged_only_where_patience_ended_it():
    recipe = {"steps": 0, "patience_epochs": 5}
    training = {"converged": False, "steps": 700, "curve": [[100, 0.5]] * 7, "recipe": recipe}
    assert tables.ended({"training": training}) == "stopped after 7"
    assert tables.ended({"training": training | {"converged": True}}) == "converged"
    planned = training | {"recipe": recipe | {"steps": 700}}
    assert tables.ended({"training": planned}) == "to its plan's end"


def test_what_bluetooth_lost_or_did_not_count_shows_whichever_run_it_was():
    good = {"cpu_percent": 1.0, "notifications_per_s": 22.0, "lost": 0, "uncounted": 0}
    figures = {"mtu": {"247": {"bare": good, "source": good | {"uncounted": -3}, "edge-run": good | {"lost": 5}}}}
    assert tables.ble(figures)[2] == "| 247 | 22 | 5; 3 | 1.0 % | 1.0 % | 1.0 % |"
