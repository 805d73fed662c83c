"""What a training run is made of: one frozen recipe, read from TOML, every key checked by one rule."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.errors import Reason, UsageError
from train.recipe_rules import RULES, Masks


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out of a training run, but for its data."""

    architecture: str = "unet"
    shape: Mapping[str, Any] = field(default_factory=dict)  # the architecture's own settings
    start: str = ""  # a checkpoint of the same shape, whose weights the run begins with; empty: drawn from the seed
    masks: Masks = "any"  # leads shown: any subset, a single lead, or one of these sets
    batch: int = 64  # windows a step, over all processes
    hearts: int = 1  # windows of each heart in a batch
    hearts_every: int = 1  # batches, of which one shows its hearts that often and the others each heart once
    steps: int = 0  # in all; or
    epochs: int = 0  # in all
    steps_per_epoch: int = 0  # between validations; 0: as many as show all recordings once
    patience_epochs: int = 0  # without a better validation, then the run ends; 0: never
    optimizer: str = "adamw"
    learning_rate: float = 2e-3  # at its highest
    weight_decay: float = 0.02
    schedule: str = "onecycle"
    warm_up: float = 0.1  # share of all steps over which the learning rate rises
    initial_learning_rate: float = 0.0  # 0: a twenty-fifth of the highest
    final_learning_rate: float = 8e-7  # of onecycle and cosine
    clip: float = 1.0  # the gradient's norm at most; 0: as it is
    ema: float = 0.999  # decay of the averaged weights, which are the ones kept; 0: none
    seed: int = 0
    precision: str = "auto"
    augmentation: bool = True
    plain: float = 0.2  # share of the hearts that keep their torso and their time: the last word should be theirs
    mixed: float = 0.4  # share of the hearts that are two in one
    noise: str = ""  # folder of the MIT-BIH noise stress records; empty: made noise only
    train_folds: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    validation_folds: tuple[int, ...] = (8,)  # choose the weights that are kept; empty: the last are
    teachers: tuple[str, ...] = ()  # checkpoints whose averaged leads are learnt beside the true ones

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            object.__setattr__(self, f.name, _checked(f.name, getattr(self, f.name), f.name))

    def as_table(self) -> dict[str, Any]:
        """The recipe in plain JSON types; `Recipe(**table)` makes it again."""
        return {key: _plain(value) for key, value in dataclasses.asdict(self).items()}


def read(path: Path | None = None, settings: Sequence[str] = (), **given: Any) -> Recipe:
    """The recipe in the TOML file `path` (or the defaults), under `settings` ("key=value", the value as in TOML) and
    `given` values that are not None. Raises UsageError, naming file and key."""
    table = _read_table(path) if path else {}
    where = dict.fromkeys(table, f"{path}: ")
    changes = [("--set ", text.partition("=")[0], _setting(text)) for text in settings]
    changes += [("--", key, {key: value}) for key, value in given.items() if value is not None]
    for option, name, change in changes:
        for key, value in change.items():
            where[key] = option
            if key in ("steps", "epochs"):  # the later of the two says how long
                table = {other: v for other, v in table.items() if other not in ("steps", "epochs")}
            within = "." in name and isinstance(table.get(key), dict)  # shape.channels changes one key of shape
            table[key] = {**table[key], **value} if within else value
    checked = {key: _checked(key, value, f"{where[key]}{key}") for key, value in table.items() if _known(key, where)}
    recipe = Recipe(**checked)
    _consistent(recipe, f"{path}: " if path else "")
    return recipe


def _known(key: str, where: Mapping[str, str]) -> bool:
    if key not in RULES:
        raise UsageError(f"{where[key]}unknown key {key!r}; the keys are {', '.join(RULES)}", Reason.CONFIG)
    return True


def _checked(key: str, value: Any, where: str) -> Any:
    try:
        return RULES[key].convert(value)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise UsageError(f"{where} is {value!r}: it must be {RULES[key].text}", Reason.CONFIG) from error


def _consistent(recipe: Recipe, where: str) -> None:
    if bool(recipe.steps) == bool(recipe.epochs):
        raise UsageError(f"{where}give either steps or epochs, more than 0: how long to train", Reason.CONFIG)
    if recipe.batch % recipe.hearts:
        text = f"{where}batch is {recipe.batch}: it must be a multiple of hearts, {recipe.hearts}"
        raise UsageError(text, Reason.CONFIG)
    if both := set(recipe.train_folds) & set(recipe.validation_folds):
        text = (
            f"{where}fold {min(both)} is in train_folds and in validation_folds: a choice needs hearts not trained on"
        )
        raise UsageError(text, Reason.CONFIG)


def _setting(text: str) -> dict[str, Any]:
    """`key=value` as TOML has it; a bare word is a string, and a.b=value a table."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"--set {text}: it must be key=value, such as --set learning_rate=1e-3")
    for attempt in (text, f'{key} = "{value.strip()}"'):
        try:
            return tomllib.loads(attempt)
        except tomllib.TOMLDecodeError:
            continue
    raise UsageError(f"--set {text}: {value!r} is no TOML value; quote it as TOML would have it")


def _read_table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        text = f"the recipe {path} cannot be read ({error.strerror}): check the name and the folder"
        raise UsageError(text, Reason.UNREADABLE) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8", Reason.CONFIG) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is no TOML: {error}", Reason.CONFIG) from error


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
