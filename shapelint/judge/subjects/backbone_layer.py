"""The layer of the backbone whose output is taken as features, by its name or its position."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.chain import taken_layers
from shapelint.chain.wiring import Judged
from shapelint.common.frozen import frozen
from shapelint.judge.occasions import Ends, Occasion, Slot


@frozen
class LayerFacts:
    """A layer by its name in the config; `exists` is None if the layers of the backbone are not known."""

    name: str
    exists: bool | None
    nearest: str
    owner: str


def occasions(judged: Judged) -> Iterator[Occasion]:
    """The occasion of `hidden_layer:`, if the config has it."""
    argument, backbone = judged.model.extras.hidden_layer, judged.components.get("backbone")
    if argument is None or backbone is None:
        return
    found = taken_layers.find(backbone, argument.value)
    owner = backbone.label if not backbone.layers else "the list of layers"
    facts = LayerFacts(str(argument.value), found.exists, found.nearest, owner)
    offers = ((Slot(argument, argument.span), found.nearest),) if found.nearest and not found.exists else ()
    ends = Ends(
        ("layer",), "backbone", argument.span, (backbone.spec.head,), found.nearest or None, str(argument.value),
        offers=offers,
    )  # fmt: skip
    yield Occasion("layer", {"layer": facts}, ends)
