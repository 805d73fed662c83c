"""A model's file that cannot be used is refused by name."""

from __future__ import annotations

import json

import pytest

from edge.errors import InputError
from edge.rhythm import fitted
from edge.rhythm.atrial import AfModel
from edge.rhythm.trees import Boosted
from edge.rhythm.vf_model import Model


@pytest.mark.parametrize("text", ["{", "[1]", "\x00"])
def test_a_file_that_is_no_table_is_refused(tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(InputError, match=r"model\.json"):
        fitted.table(tmp_path / "model.json")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"model\.json"):
        fitted.table(tmp_path / "model.json")


@pytest.mark.parametrize(("name", "kind"), [("beats", Boosted), ("af", AfModel), ("ventricular", Model.of)])
def test_what_is_shipped_says_what_it_was_trained_on_and_by_which_command(name, kind):
    table = fitted.shipped(name)
    kind(table)
    assert "trained_on" in table
    assert table["command"].startswith("python -m train.rhythm.")
    with pytest.raises(InputError):
        kind({key: value for key, value in table.items() if key in ("format", "trained_on")})
    assert json.dumps(table["trained_on"]).count("/tmp") == 0
