"""Names of components in reports: the attribute of the model, and the index among the layers of that attribute."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from shapelint.common.frozen import frozen
from shapelint.common.patterns import pattern
from shapelint.knowledge import banks, methods, role_words
from shapelint.python.state.values import Chained, Component, Instance, Items, Node, Unknown, Value
from shapelint.signatures import heads
from shapelint.spec.roles import HEADS, Role

MAXIMUM_MODEL_DEPTH = 3
MINIMUM_METHOD = 4
CONVOLUTION = "torch.nn.Conv"
DEFAULT_ROLES = frozenset({"backbone", *HEADS})
WORDS = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@frozen
class Place:
    """Where a component is located: its model, its role there, the kind of that role, and its layer index inside it."""

    model: Node | None
    role: Role
    kind: str
    layer: int | None


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """Split an attribute name into words: `online_projectionHead` gives online, projection, head."""
    return tuple(word.lower() for word in WORDS.findall(name))


@lru_cache(maxsize=4096)
def kind(name: str, of_method: str | None = None) -> str:
    """The canonical role that an attribute's name means, with `online_`, `target_` and the like taken off; else "".

    A list of them (`encoders`) is called after its elements. In a class that is called after a method, the method's own
    roles are known too.
    """
    parts, known = words(name), role_words.load()
    stripped = tuple(part for part in parts if part not in (*known.online, *known.target)) or parts
    one = tuple(part.removesuffix("s") for part in stripped)
    return _kind(stripped) or _kind(one) or _own_kind(stripped, of_method) or _own_kind(one, of_method)


def _kind(parts: tuple[str, ...]) -> str:
    """The role that words mean, the longest run of them first."""
    pack, known = methods.pack(methods.DEFAULT), role_words.load()
    assert pack is not None
    name = "_".join(parts)
    for text in _runs(parts):
        found = pack.role_of(text)
        if found is None and text == name:
            found = next((role for role, names in known.aliases.items() if name in names), None)
        if found is not None:
            return found
    return next((role for role, names in known.words.items() if any(part in names for part in parts)), "")


def _own_kind(parts: tuple[str, ...], of_method: str | None) -> str:
    """The role that words mean in one method alone; a bank is no part of the chain, a part for tokens is no head."""
    pack = methods.pack(of_method) if of_method else None
    if pack is None or pack.roles.keys() <= DEFAULT_ROLES:
        return ""
    found = filter(None, (pack.role_of(text) for text in _runs(parts)))
    return next((role for role in found if role not in banks.names() and not pack.roles[role].dense), "")


def _runs(parts: tuple[str, ...]) -> Iterator[str]:
    """Every run of words as a name, the longest first."""
    for length in range(len(parts), 0, -1):
        for start in range(len(parts) - length + 1):
            yield "_".join(parts[start : start + length])


@lru_cache(maxsize=4096)
def is_target(name: str) -> bool:
    """Whether a name says that it is of the momentum branch."""
    return any(word in role_words.load().target for word in words(name))


@lru_cache(maxsize=4096)
def method(name: str) -> str | None:
    """Return the method that a class is named after: simclr for `SimCLRLM`, but not tico for `StaticModel`."""
    written = [known for known in methods.names() if _is_written_in(known, name)]
    if written:
        return max(written, key=len)
    parts = words(name)
    spans = {"".join(parts[start:end]) for start in range(len(parts)) for end in range(start + 1, len(parts) + 1)}
    found = next((known for known in methods.names() if known in spans), None)
    return found or next((known for known, names in role_words.load().masked.items() if spans & {*names}), None)


def _is_written_in(known: str, name: str) -> bool:
    """Return whether a method stands in a name as a word: a capital letter, or no letter, comes before and after it.

    Three letters are too few: they must be a word of their own.
    """
    start = name.lower().find(known)
    if start < 0 or len(known) < MINIMUM_METHOD:
        return False
    end = start + len(known)
    begins = start == 0 or not name[start - 1].isalpha() or (name[start].isupper() and name[start - 1].islower())
    return begins and not name[end : end + 1].islower()


def place(component: Node) -> Place:
    """Locate a component in its model; the result is reused until the modules around the component change."""
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
        return _place_in_sequence(path, component) or _placed(None, path[0], component, path[0] is path[-1])
    at = models[-1] if models else instances[0]
    model, top = path[at], path[at + 1]
    if _is_shelf(top) and len(path) > at + 2 and _kind_in(model, path[at + 2].name):
        top = path[at + 2]
    return _placed(model, top, component, top is path[-1])


def _placed(model: Node | None, top: Node, component: Node, is_whole: bool) -> Place:
    """The place of a component in the part of a model that holds it, or is it."""
    name = top.name or "module"
    meant = _kind_in(model, name)
    return Place(model, Role(name, meant), meant, _layer(top, component) if not is_whole else None)


def _place_in_sequence(path: tuple[Node, ...], component: Node) -> Place | None:
    """Return the place of a component in a network that is a sequence of parts with roles of their own."""
    whole = path[0]
    if not isinstance(whole, Chained) or whole.kind != "Sequential" or len(path) < 2:
        return None
    roles, part = _roles_of_children(whole), path[1]
    key = next((key for key, child in whole.children.items() if child is part), None)
    if not roles or key is None:
        return None
    is_part = [*roles.values()].count(roles[key]) == 1
    layer = _layer(part if is_part else whole, component)
    name = f"{whole.name} {roles[key]}".strip()  # there may be several such networks
    role = Role(name, roles[key].kind)
    return Place(None, role, role.kind, None if is_part and part is component else layer)


def _roles_of_children(whole: Chained) -> dict[str, Role]:
    """Return the roles of a sequence's children, by key; none unless a head of self-supervised learning is one.

    What has no role of its own belongs to the part before it; what stands before all parts, to the backbone.
    """
    own = {key: _own_role(child, whole.variables.get(key, "")) for key, child in whole.children.items()}
    if not any(_is_telling_head(child, whole.variables.get(key, "")) for key, child in whole.children.items()):
        return {}
    found: dict[str, Role] = {}
    role = Role("backbone", "backbone")
    for key, meant in own.items():
        role = found[key] = meant or role
    return found if len(set(found.values())) > 1 else {}


def _own_role(child: Value, variable: str) -> Role | None:
    """Return the role of a child by the name of its variable, or by its class if it is a known head."""
    meant = kind(variable)
    if isinstance(child, Component) and is_head(child):
        role = heads.role_of(child.spec.target) or "projection_head"
        return Role(variable, meant) if meant in HEADS else Role(role, role)
    return Role(variable, meant) if meant == "backbone" or meant in HEADS else None


def _is_telling_head(child: Value, variable: str) -> bool:
    """Return whether a child is a head that only self-supervised models have, by its class or by its variable."""
    if isinstance(child, Component) and is_head(child):
        return True
    return kind(variable) in HEADS and not {*words(variable)}.isdisjoint(role_words.load().telling)


def _kind_in(model: Node | None, name: str) -> str:
    """The role that a name means as an attribute of a model, whose class may be called after a method."""
    cls = model.cls if isinstance(model, Instance) else None
    return kind(name, method(cls.name) if cls is not None else None)


def _is_shelf(node: Value) -> bool:
    """Return whether a module only holds others by name, such as `heads` in `self.heads["projector"](x)`."""
    return isinstance(node, Chained) and node.kind == "ModuleDict"


def _part_names(node: Instance) -> list[str]:
    """Return the names of an object's parts, and the keys of its module dicts."""
    parts = {name: value for name, value in node.attributes.items() if isinstance(value, Node)}
    shelves = [value for value in parts.values() if isinstance(value, Chained) and _is_shelf(value)]
    return [*parts, *(name for shelf in shelves for name in shelf.children)]


def has_backbone(node: Node, depth: int = 0) -> bool:
    """Return whether an object holds a backbone-like part, and a head-like part or a momentum copy of the backbone.

    Parts are recognized by name, and the backbone of a head may be unknown. A part that holds both counts as a backbone
    itself (`self.online = Encoder()` next to `self.predictor`).

    MoCo's encoders end in their heads (https://arxiv.org/abs/1911.05722), and so may those of any class that is named
    after a method: such a class needs no head of its own.
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
    return depth < MAXIMUM_MODEL_DEPTH and any(has_backbone(part, depth + 1) for part in inner)


def is_model_like(node: Node) -> bool:
    """Return whether an object holds a backbone-like and a head-like part, or a module that only SSL models have."""
    if not isinstance(node, Instance):
        return False
    return (
        has_backbone(node)
        or predicts_patches(node)
        or is_its_own_backbone(node)
        or has_towers(node)
        or any(
            isinstance(value, Component) and (is_head(value) or value.spec.target.startswith("lightly.models.modules."))
            for value in node.attributes.values()
        )
    )


def is_its_own_backbone(node: Instance) -> bool:
    """Return whether an object holds convolutions of its own, and next to them a head that only these methods have."""
    known = role_words.load().own_heads
    parts = {name: value for name, value in node.attributes.items() if isinstance(value, Node)}
    heads = {name for name in parts if "_".join(words(name)) in known}
    if not heads or (node.cls is not None and kind(node.cls.name) in HEADS):
        return False
    own = (leaf for name, part in parts.items() if name not in heads for leaf in leaves(part))
    return any(leaf.spec.target.startswith(CONVOLUTION) for leaf in own)


def predicts_patches(node: Instance) -> bool:
    """Return whether an object is of a method that predicts masked patches: several modules, and a name that says so.

    The name is that of its class, or of a parameter that stands for what is masked, next to a part that predicts it: an
    encoder may have such a parameter, too.
    """
    known = role_words.load()
    parts = [name for name, part in node.attributes.items() if isinstance(part, Node)]
    named = node.cls is not None and method(node.cls.name) in known.masked
    predicted = any(word in known.predicting for name in parts for word in words(name))
    if not named and not (predicted and node.attributes.keys() & {*known.mask_tokens}):
        return False
    return len(parts) > 1


def has_towers(node: Instance) -> bool:
    """Return whether an object holds an image tower and a text tower whose embeddings are compared."""
    known = role_words.load()
    parts = [set(words(name)) for name, value in node.attributes.items() if isinstance(value, (Node, Unknown))]
    if not all(any(part & {*tower} for part in parts) for tower in known.towers.values()):
        return False
    told = {*node.attributes, *(words(node.cls.name) if node.cls is not None else ())}
    return not told.isdisjoint(known.compared)


def hold(owner: Node, name: str, child: Value) -> None:
    """Set the name and holder of a child, once; a child taken from a network that is not a model gets new ones."""
    if isinstance(child, Unknown) and child.choice is not None:
        for one in child.inside:
            hold(owner, name, one)
    if not isinstance(child, Node) or child is owner:
        return
    if child.holder is None or not child.name or (child.holder is not owner and _is_loose(child)):
        child.name, child.holder = name, owner


def _is_loose(child: Node) -> bool:
    """Return whether the holder of a module has no holder itself and is not a model."""
    return child.holder is not None and child.holder.holder is None and not is_model_like(child.holder)


def is_head(component: Component) -> bool:
    """Whether a component is a known SSL head."""
    return heads.is_head(component.spec.target)


def leaves(node: Value, seen: set[int] | None = None) -> list[Component]:
    """Return the components inside a module, in the order in which it holds them."""
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
