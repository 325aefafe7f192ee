"""What a component is called in reports: the attribute of its model, and its place among that attribute's layers."""

from __future__ import annotations

import re
from functools import lru_cache

from shapelint.common.frozen import frozen
from shapelint.knowledge import methods
from shapelint.python.state.values import Chained, Component, Instance, Items, Node, Unknown, Value
from shapelint.signatures import stored
from shapelint.spec.roles import Role

ONLINE = ("online", "student", "query", "main", "context", "anchor", "src", "source", "q")
TARGET = ("target", "momentum", "teacher", "ema", "key", "k", "slow", "shadow", "averaged", "copy", "mean")
MAXIMUM_DEPTH = 3
HEADS = frozenset({"projection_head", "prediction_head"})
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
MORE_ALIASES = {
    "backbone": (
        "resnet",
        "vit",
        "model_backbone",
        "base_encoder",
        "base_model",
        "f",
        "student",
        "features",
        "base_network",
        "network",
    ),
    "projection_head": ("head", "proj", "proj_head", "g", "mlp", "projection_layer", "embedder"),
    "prediction_head": ("pred", "pred_head", "q", "predictor_head"),
}


@frozen
class Place:
    """The model that holds a component, the role it fills there, what kind of role that is, and the layer inside."""

    model: Node | None
    role: Role
    kind: str
    layer: int | None


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """`online_projectionHead` is online, projection, head."""
    return tuple(word.lower() for word in WORDS.findall(name))


@lru_cache(maxsize=4096)
def kind(name: str) -> str:
    """The canonical role that an attribute's name means, with `online_`, `target_` and the like taken off; else "".

    A list of them (`encoders`) is called after its elements.
    """
    parts = words(name)
    stripped = tuple(part for part in parts if part not in ONLINE + TARGET) or parts
    return _kind(stripped) or _kind(tuple(part.removesuffix("s") for part in stripped))


def _kind(parts: tuple[str, ...]) -> str:
    """The role that words mean, the longest run of them first."""
    pack = methods.pack(methods.DEFAULT)
    assert pack is not None
    for end in range(len(parts), 0, -1):
        for start in range(0, len(parts) - end + 1):
            text = "_".join(parts[start : start + end])
            found = pack.role_of(text)
            if found is not None:
                return found
            known = next((role for role, names in MORE_ALIASES.items() if text in names and end == len(parts)), None)
            if known is not None:
                return known
    return "projection_head" if "head" in parts else ""


@lru_cache(maxsize=4096)
def is_target(name: str) -> bool:
    """Whether a name says that it is of the momentum branch."""
    return any(word in TARGET for word in words(name))


@lru_cache(maxsize=4096)
def method(name: str) -> str | None:
    """The method that a class is called after: `ResNetSimCLR` is one of simclr, `StaticModel` is none of tico."""
    parts = words(name)
    spans = {"".join(parts[start:end]) for start in range(len(parts)) for end in range(start + 1, len(parts) + 1)}
    return next((known for known in methods.names() if known in spans), None)


def place(component: Node) -> Place:
    """Where a component stands in its model; looked up anew only where the modules around it have changed."""
    path = component.path
    around = tuple((id(node), len(node.attributes) if isinstance(node, Instance) else 0) for node in path)
    if component.placed is None or component.placed[0] != around:
        component.placed = around, _place(component, path)
    found = component.placed[1]
    assert isinstance(found, Place)
    return found


def _place(component: Node, path: tuple[Node, ...]) -> Place:
    instances = [index for index, node in enumerate(path[:-1]) if isinstance(node, Instance)]
    whole = [index for index in instances if has_backbone(path[index])]
    models = whole or [index for index in instances if is_model_like(path[index])]
    if not models and not instances:
        top = path[0]
        role = top.name or "module"
        return Place(None, Role(role, kind(role)), kind(role), _layer(top, component) if top is not path[-1] else None)
    at = models[-1] if models else instances[0]
    top = path[at + 1]
    if _is_shelf(top) and len(path) > at + 2 and kind(path[at + 2].name):
        top = path[at + 2]
    role = top.name or "module"
    return Place(path[at], Role(role, kind(role)), kind(role), _layer(top, component) if top is not path[-1] else None)


def _is_shelf(node: Value) -> bool:
    """Whether a module only keeps others by name, such as `heads` in `self.heads["projector"](x)`."""
    return isinstance(node, Chained) and node.kind == "ModuleDict"


def _part_names(node: Instance) -> list[str]:
    """What an object calls its parts, and the keys of its dicts of modules."""
    parts = {name: value for name, value in node.attributes.items() if isinstance(value, Node)}
    shelves = [value for value in parts.values() if isinstance(value, Chained) and _is_shelf(value)]
    return [*parts, *(name for shelf in shelves for name in shelf.children)]


def has_backbone(node: Node, depth: int = 0) -> bool:
    """Whether an object holds, by name, a backbone-like part beside a head-like one or its own momentum copy.

    What holds both counts as a backbone itself (`self.online = Encoder()` beside `self.predictor`).

    The backbone of a head may be unknown; MoCo's encoders end in their heads (https://arxiv.org/abs/1911.05722), and so
    may those of any class that is called after a method.
    """
    if not isinstance(node, Instance):
        return False
    parts = _part_names(node)
    kinds = {kind(name) for name in parts}
    if not kinds & HEADS:
        backbones = [name for name in parts if kind(name) == "backbone"]
        named = bool(backbones) and node.cls is not None and method(node.cls.name) is not None
        return named or len({is_target(name) for name in backbones}) == 2
    hidden = (kind(name) for name, value in node.attributes.items() if isinstance(value, Unknown))
    if "backbone" in kinds or "backbone" in hidden:
        return True
    inner = (part for part in node.attributes.values() if isinstance(part, Instance) and part is not node)
    return depth < MAXIMUM_DEPTH and any(has_backbone(part, depth + 1) for part in inner)


def is_model_like(node: Node) -> bool:
    """Whether an object holds a backbone-like and a head-like part by name, or a module that only SSL models have."""
    if not isinstance(node, Instance):
        return False
    return has_backbone(node) or any(
        isinstance(value, Component) and (is_head(value) or value.spec.target.startswith("lightly.models.modules."))
        for value in node.attributes.values()
    )


def hold(owner: Node, name: str, child: Value) -> None:
    """Give a child its name, once; one that was taken out of a network that is no model gets a new one."""
    if not isinstance(child, Node) or child is owner:
        return
    if child.holder is None or not child.name or (child.holder is not owner and _is_loose(child)):
        child.name, child.holder = name, owner


def _is_loose(child: Node) -> bool:
    """Whether what holds a module is held by nothing itself, and is no model."""
    return child.holder is not None and child.holder.holder is None and not is_model_like(child.holder)


def is_head(component: Component) -> bool:
    """Whether a component is a known SSL head."""

    target = component.spec.target
    if not target.startswith("lightly."):
        return False
    found = stored.find(target)
    return (found is not None and found[1].role == "head") or target.endswith("Head")


def leaves(node: Value, seen: set[int] | None = None) -> list[Component]:
    """The components under a module, in the order in which it holds them."""
    seen = set() if seen is None else seen
    if id(node) in seen or len(seen) > 2000:
        return []
    seen.add(id(node))
    if isinstance(node, Component):
        return [node]
    children: list[Value] = []
    if isinstance(node, Chained):
        children = list(node.children.values())
    elif isinstance(node, Instance):
        children = [*node.attributes.values(), *([] if node.base is None else [node.base])]
    elif isinstance(node, Items):
        children = list(node.items)
    return [leaf for child in children for leaf in leaves(child, seen)]


def _layer(top: Node, component: Node) -> int | None:
    found = leaves(top)
    return next((index for index, leaf in enumerate(found) if leaf is component), None)
