"""A run's folder: the state to go on from, the best checkpoint, the curve."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edge.errors import InputError, Reason, UsageError
from train import checkpoint, files

BEST, STATE, CURVE = "best.safetensors", "state.pt", "curve.json"


class RunFolder:
    """Holds one run, known by its `identity`: everything that decides its outcome, in plain JSON types.

    The state is written after what it speaks of, so that whatever is lost to a kill is made again.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path, self.identity = path, identity

    @property
    def best(self) -> Path:
        return self.path / BEST

    def state(self) -> dict[str, Any] | None:
        """What `keep_state` wrote last, or None where no run has begun. Raises UsageError if the folder holds another
        run, InputError if its state is damaged."""
        path = self.path / STATE
        if not path.exists():
            self._refuse_strangers()
            return None
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror})", Reason.UNREADABLE) from error
        try:
            saved: dict[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
            before = json.loads(saved["identity"])
        except Exception as error:  # whatever torch finds in a file that is not its own
            text = (
                f"{path} is no state of a run, or damaged: remove {self.path} to begin again, or choose another --out"
            )
            raise InputError(text) from error
        self._refuse_another(before)
        return saved

    def keep_state(self, state: Mapping[str, Any]) -> None:
        buffer = io.BytesIO()
        torch.save({**state, "identity": json.dumps(self.identity)}, buffer)
        files.write(self.path / STATE, buffer.getvalue())

    def keep_best(self, net: nn.Module, config: Mapping[str, Any]) -> None:
        checkpoint.save(self.best, net, config)

    def keep_curve(self, curve: list[dict[str, Any]]) -> None:
        files.write(self.path / CURVE, (json.dumps(curve, indent=1) + "\n").encode())

    def _refuse_strangers(self) -> None:
        if not self.best.exists():
            return
        there = checkpoint.read_config(self.best).get("architecture", "?")
        text = f"{self.best} is there ({there}) without {STATE} to go on from, and would be overwritten"
        raise UsageError(f"{text}: choose another --out, or move it away")

    def _refuse_another(self, before: Mapping[str, Any]) -> None:
        """Compares in JSON's types, as the identity was stored."""
        now = json.loads(json.dumps(self.identity))
        for part in ("recipe", "data"):
            was, is_ = before.get(part), now.get(part)
            if was == is_:
                continue
            changed = _first_change(was, is_) if part == "recipe" else f"data {_told(was)}, not {_told(is_)}"
            raise UsageError(f"{self.path} holds another run, with {changed}: choose another --out, or that recipe")


def _first_change(was: Any, now: Any) -> str:
    """The first key by which two recipes differ; the architecture comes first."""
    for key in dict.fromkeys([*now, *was]):
        if was.get(key) != now.get(key):
            return f"{key} = {_told(was.get(key))}, not {_told(now.get(key))}"
    return "nothing that differs"


def _told(value: Any) -> str:
    return json.dumps(value)
