"""What each key of a recipe must be: a text for people, and a conversion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.leads import LEADS, canonical

OPTIMIZERS = ("adam", "adamw", "muon")
SCHEDULES = ("onecycle", "cosine", "constant")
PRECISIONS = ("auto", "float32", "bf16", "fp16")
NAMED_MASKS = ("any", "single")

Masks = str | tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Rule:
    """What a key must be: a text for people, and a conversion that raises ValueError or TypeError."""

    text: str
    convert: Callable[[Any], Any]


def _number(low: float, high: float) -> Rule:
    def convert(value: Any) -> float:
        if isinstance(value, bool) or not low <= float(value) <= high:
            raise ValueError
        return float(value)

    return Rule(f"a number from {low:g} to {high:g}", convert)


def _whole(low: int, high: int = 1_000_000_000) -> Rule:
    def convert(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError
        return value

    return Rule(f"a whole number from {low}" + ("" if high == 1_000_000_000 else f" to {high}"), convert)


def _one_of(names: Sequence[str]) -> Rule:
    def convert(value: Any) -> str:
        if value not in names:
            raise ValueError
        return str(value)

    return Rule(f"{', '.join(names[:-1])} or {names[-1]}", convert)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError
    return dict(value)


def _folds(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or not all(type(fold) is int for fold in value):
        raise ValueError
    return tuple(value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) and text for text in value):
        raise ValueError
    return tuple(value)


def _masks(value: Any) -> Masks:
    if value in NAMED_MASKS:
        return str(value)
    if not isinstance(value, list | tuple) or not value:
        raise ValueError
    sets = [value] if all(isinstance(name, str) for name in value) else value
    return tuple(_leads(names) for names in sets)


def _leads(names: Any) -> tuple[str, ...]:
    leads = [canonical(name) for name in names]
    if not leads or None in leads or len(set(leads)) < len(leads):
        raise ValueError
    return tuple(lead for lead in LEADS if lead in leads)


RULES: Mapping[str, Rule] = {
    "architecture": Rule("the name of an architecture", _text),
    "shape": Rule("a table: the architecture's own settings", _table),
    "start": Rule("a checkpoint's path, or empty", _text),
    "masks": Rule('"any", "single", a list of leads, or a list of such lists', _masks),
    "batch": _whole(1, 65536),
    "hearts": _whole(1, 65536),
    "hearts_every": _whole(1, 65536),
    "steps": _whole(0),
    "epochs": _whole(0),
    "steps_per_epoch": _whole(0),
    "patience_epochs": _whole(0),
    "optimizer": _one_of(OPTIMIZERS),
    "learning_rate": _number(1e-9, 10),
    "weight_decay": _number(0, 10),
    "schedule": _one_of(SCHEDULES),
    "warm_up": _number(0, 0.99),
    "initial_learning_rate": _number(0, 10),
    "final_learning_rate": _number(0, 10),
    "clip": _number(0, 1e9),
    "ema": _number(0, 0.999999),
    "seed": _whole(0),
    "precision": _one_of(PRECISIONS),
    "augmentation": Rule("true or false", _flag),
    "plain": _number(0, 1),
    "mixed": _number(0, 1),
    "noise": Rule("the folder of the MIT-BIH noise stress records, or empty", _text),
    "train_folds": Rule("a list of fold numbers", _folds),
    "validation_folds": Rule("a list of fold numbers; empty: keep the last weights", _folds),
    "teachers": Rule("a list of checkpoints' paths", _texts),
}
