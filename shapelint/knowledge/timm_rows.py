"""The models of timm, one row each in `rules/timm_models.tsv`, which is searched as text: only one row is parsed."""

from __future__ import annotations

from dataclasses import fields
from functools import cache, lru_cache
from typing import Any, get_type_hints

from shapelint.common.frozen import frozen
from shapelint.knowledge import rules_folder

TIMM_FILE = "timm_models.tsv"
NAMES_FILE = "timm_names.txt"
FIXED, OWN_SIZE = "fixed", "?"
CHANNELS_LAST = "NHWC"


@frozen
class TimmRow:
    """What one model does, as it was measured: `reason` is why nothing is known of it.

    - `classes`, `channels`, `size`: the number of classes, the image channels and the image size of its default weights
    - `accepts`: image sizes: `fixed`, or `32 64` for multiples of 32 from 64 on; `?` if only its own size is known
    - `output`, `features`, `unpooled`: the axes after the batch that a call gives with `num_classes=0`, those of
      `forward_features`, and those of a call with `global_pool=""` as well, as formulas in H and W; empty if unknown
    - `num_features`, `hidden` (`head_hidden_size`), `embed_dim`, `prefix` (`num_prefix_tokens`): attributes
    - `stages`: the channels and reductions of the maps of `features_only=True`: `64/2 256/4`; a minus stands before
      those that it gives only if `out_indices` names them, `NHWC` before all if the channels are the last axis
    - `classifier`: the name of the last layer and the width that it takes, with any number of classes: `fc 512`
    - `any_channels`: whether `in_chans` may be any number
    - `parts`: the direct children in order, as in `SignatureRow.parts`, joined by semicolons; empty if they do not
      simply follow each other
    - `resizes`: with which `img_size` a model of one image size can be built, whose output is the same: `1 112 448 14`
      for multiples of 1 from 112 to 448; the last is the side of the patches that give the tokens of
      `forward_features`
    - `tags`: names of weights, with the number of classes and the image size where they are not the default ones
    - `architecture`: the class of the model, whose attributes are in `rules/timm_attributes.txt`: `ResNet`
    """

    name: str
    classes: int | None = None
    channels: int = 3
    size: str = ""
    accepts: str = ""
    output: str = ""
    features: str = ""
    unpooled: str = ""
    num_features: int | None = None
    hidden: int | None = None
    embed_dim: int | None = None
    prefix: int | None = None
    stages: str = ""
    classifier: str = ""
    any_channels: bool = False
    tags: str = ""
    parts: str = ""
    resizes: str = ""
    architecture: str = ""
    reason: str = ""

    def line(self) -> str:
        """Return the row as a line of the file."""
        return "\t".join(_text(getattr(self, column)) for column in COLUMNS)


COLUMNS = tuple(one.name for one in fields(TimmRow))


def _text(value: Any) -> str:
    return "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)


def _read(name: str) -> str:
    """The text of a file of the rules folder; empty if it is not there."""
    path = rules_folder.folder() / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


@lru_cache(maxsize=1)
def _file() -> str:
    return _read(TIMM_FILE)


@lru_cache(maxsize=1)
def version() -> str:
    """The version of timm that the rows were measured with."""
    return _file().partition(" with timm ")[2].partition(";")[0]


@lru_cache(maxsize=1)
def every_name() -> tuple[str, ...]:
    """The names that `create_model` of that version takes, also of models without a row."""
    return tuple(_read(NAMES_FILE).splitlines()[1:])


def names() -> tuple[str, ...]:
    """The names of the models that have a row."""
    return tuple(line.partition("\t")[0] for line in _file().splitlines()[2:])


@cache
def find(name: str) -> TimmRow | None:
    """The row of a model; None if there is none of that name."""
    text = _file()
    start = text.find(f"\n{name}\t") + 1
    if not start or not name:
        return None
    cells = text[start : text.find("\n", start)].split("\t")
    kinds = get_type_hints(TimmRow)
    return TimmRow(**{column: _value(cell, kinds[column]) for column, cell in zip(COLUMNS, cells, strict=True)})


def _value(cell: str, kind: Any) -> Any:
    if kind is str:
        return cell
    if kind is bool:
        return cell == "1"
    return int(cell) if cell else None
