"""byol-pytorch: a learner that takes the output of a hidden layer of a network as its representation.

https://github.com/lucidrains/byol-pytorch
"""

from __future__ import annotations

from typing import Any

from shapelint.chain import taken_layers
from shapelint.chain.taken_layers import Found
from shapelint.common.frozen import frozen
from shapelint.common.nearest_words import nearest_word
from shapelint.knowledge import rules_folder
from shapelint.python.state.arguments import NO_SITE, Arguments, Site
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.run import Failure, Run
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Chained,
    Component,
    Const,
    Given,
    Instance,
    UserClass,
    Value,
)
from shapelint.spec.spec import Problem

PARAMETERS = ("net", "image_size", "hidden_layer", "projection_size", "projection_hidden_size", "augment_fn")
LAST_BUT_ONE = Const(-2)


@frozen
class Cut:
    """A network up to one of its layers, and whether it has that layer."""

    features: Value = UNKNOWN
    found: Found = Found(None)


def learner(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `BYOL(net, image_size=..., hidden_layer=...)`."""
    scope = run.load_file(rules_folder.folder() / "python" / "byol_learner.py")
    cls = scope.names.get("BYOL") if scope is not None else None
    if not isinstance(cls, UserClass):
        return None
    given = {**dict(zip(PARAMETERS, arguments.positional)), **arguments.keywords}
    layer = given.get("hidden_layer", Given(LAST_BUT_ONE, NO_SPAN))
    name = layer.value.value if isinstance(layer.value, Const) else None
    net = given["net"].value if "net" in given else UNKNOWN
    cut = _cut(run, net, name) if isinstance(name, (str, int)) else Cut()
    unseen = f"what the hidden layer {'of the network' if name is None else name} gives is not known here"
    features = run.unknown(unseen, site.node, site.scope.file) if cut.features is UNKNOWN else cut.features
    given["features"] = Given(features, NO_SPAN)
    made = run.call(cls, Arguments((), given, arguments.complete), Site(NO_SITE.node, site.scope))
    if cut.found.exists is False:
        _note(run, site, made, layer, cut.found)
    return made


def _cut(run: Run, net: Value, layer: str | int) -> Cut:
    if layer == -1:
        return Cut(net)
    if isinstance(net, Component):
        return _of_component(run, net, layer)
    if isinstance(net, Chained) and net.kind == "Sequential" and net.rest is None:
        found, names = _among(list(net.children), layer), list(net.children)
        kept = names[: names.index(found.name) + 1] if found.exists else []
        return Cut(Chained(children={name: net.children[name] for name in kept}) if kept else UNKNOWN, found)
    if isinstance(net, Instance) and not net.opaque:
        children = run.children(net)
        return Cut(UNKNOWN, _among([name for name, _ in children], layer) if children else Found(None))
    return Cut()


def _of_component(run: Run, net: Component, layer: str | int) -> Cut:
    """Cut a library model, unless a layer before the cut was replaced; at the nearest layer if it lacks this one."""
    resolved, complete = run.resolve(net), run.libraries.components(net).has_all_parts
    if net.forgotten or (complete is not None and not complete(net)):
        return Cut()
    found = taken_layers.find(resolved, layer)
    names = taken_layers.layer_names(resolved)
    if found.exists is False and isinstance(layer, str) and layer.partition(".")[0] in net.replaced:
        return Cut()
    last = found.name or found.nearest
    if last not in names or any(names.index(one) <= names.index(last) for one in net.replaced if one in names):
        return Cut(UNKNOWN, found)
    cut = taken_layers.taken_at(resolved, last)
    return Cut(Component(spec=net.spec, resolved=cut, arguments=net.arguments), found)


def _among(names: list[str], layer: str | int) -> Found:
    """Look up a layer among the children of a network."""
    if isinstance(layer, int):
        inside = -len(names) <= layer < len(names)
        return Found(inside, names[layer] if inside else "", "")
    if "." in layer:
        return Found(None)
    return Found(layer in names, layer, nearest_word(layer, names, likeness=0.5))


def _note(run: Run, site: Site, made: Value, layer: Given, found: Found) -> None:
    """Remember a hidden layer that the network does not have."""
    if site.scope.file is None or not site.scope.file.main:
        return
    written: Any = layer.value.value if isinstance(layer.value, Const) else None
    place = layer.value.place if isinstance(layer.value, Const) else None
    span = place or layer.span
    help_ = f"the nearest is {found.nearest}" if found.nearest else ""
    replacement = (span, repr(found.nearest).replace("'", '"')) if found.nearest and place is not None else None
    message, nearest = f"the network has no layer {written}", found.nearest or None
    problem = Problem("SL110", message, span, "", nearest, str(written), help_, replacement)
    run.failures.append(Failure(site.node, made, problem))


BYOL_PYTORCH = LibraryPlugin(
    "byol_pytorch",
    packages=frozenset({"byol_pytorch"}),
    functions={"byol_pytorch.BYOL": learner, "byol_pytorch.byol_pytorch.BYOL": learner},
)
