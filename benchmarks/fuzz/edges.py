"""Which steps from line to line a call takes in given files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

Edges = dict[tuple[CodeType, int, int], int]  # code, line before, line; how often


class Watch:
    """Counts the edges that are taken while it watches: coverage of branches, where lines alone would miss some."""

    def __init__(self, files: frozenset[str]) -> None:
        self._files = files
        self.edges: Edges = {}

    def run(self, call: Callable[[], None]) -> Edges:
        self.edges = {}
        outer = sys.gettrace()
        sys.settrace(self._enter)
        try:
            call()
        finally:
            sys.settrace(outer)
        return self.edges

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        if code.co_filename not in self._files:
            return None
        edges, before = self.edges, 0

        def step(frame: FrameType, event: str, arg: Any) -> Callable[..., Any]:
            nonlocal before
            if event == "line":
                line = frame.f_lineno
                edge = (code, before, line)
                edges[edge] = edges.get(edge, 0) + 1
                before = line
            return step

        return step


class Known:
    """The edges of all inputs so far, each with how often: once, twice, to 4, 8, 16 … times."""

    def __init__(self) -> None:
        self._known: dict[tuple[CodeType, int, int], int] = {}

    def __len__(self) -> int:
        return len(self._known)

    def news(self, edges: Edges) -> bool:
        """Whether one is new, or taken more often than ever; remembers them."""
        new = False
        for edge, times in edges.items():
            bit = 1 << times.bit_length()
            before = self._known.get(edge, 0)
            if bit & ~before:
                self._known[edge] = before | bit
                new = True
        return new
