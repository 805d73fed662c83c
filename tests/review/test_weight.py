"""Both pages together stay light enough for a phone on a slow link."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import edge.web

STATIC = Path(edge.web.__file__).parent / "static"
MOST_BYTES = 150_000  # as they are sent: packed


def test_all_of_the_pages_parts_are_within_their_weight():
    assert sum(len(gzip.compress(path.read_bytes(), 6)) for path in STATIC.iterdir()) < MOST_BYTES


def test_the_page_of_recordings_names_no_other_host_and_holds_no_inline_script_or_style():
    for path in STATIC.glob("review*"):
        text = path.read_text()
        assert not re.search(r"https?://|//[a-z]+\.[a-z]", text), path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), path.name
    page = (STATIC / "review.html").read_text()
    assert not re.search(r"<style|style=|<script(?![^>]*src=)|\son[a-z]+=", page)
