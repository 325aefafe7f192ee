"""Find the mappings of a config that describe a model, and what they say of its method."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shapelint.common import slips
from shapelint.common.frozen import frozen
from shapelint.common.patterns import pattern
from shapelint.documents.nodes import Mapping, Scalar, Sequence, YamlNode, pairs
from shapelint.knowledge import methods
from shapelint.knowledge.schema.method_packs import MethodPack
from shapelint.read import call_strings
from shapelint.spec.roles import HEADS
from shapelint.spec.spec import Problem
from shapelint.text.source import Span

CLASS_KEYS = ("_target_", "class_path", "type", "target", "name")
"""The keys under which a mapping names its class."""


_HOLDER = pattern(r"^(?:Lit|Lightning|PL)(?=[A-Z])|_?(?:Lightning)?(?:Module|Model|Net|Task|Learner)$")
"""What the name of a class has in addition to that of the method of its model."""


@frozen
class Lookup:
    """What the reader needs to know about components.

    `parameters` are a class's arguments, the width of its input first; `head_role` the role of a known SSL head.
    """

    parameters: Callable[[str], tuple[str, ...]]
    head_role: Callable[[str], str | None]


@frozen
class Named:
    """A method by its name, and where that is written; without a place it is the default.

    What is wrong with it `is_told` by a model before, if that has the same one.
    """

    name: str
    span: Span | None = None
    is_told: bool = False

    @property
    def is_known(self) -> bool:
        """Whether its wiring is known."""
        return methods.pack(self.name) is not None

    @property
    def pack(self) -> MethodPack:
        """Its wiring; of one that is not known, that of a backbone and two heads alone."""
        return methods.pack_or_open(self.name)


def misspelt(method: Named) -> Problem | None:
    """The problem of a method that is not known, but nearly is one that is."""
    if method.is_known or method.span is None or method.is_told:
        return None
    plain = methods.plain(method.name)
    meant = slips.meant(plain, methods.names())
    if not meant:
        return None
    message = f"{method.name} is no method that is known"
    return Problem(
        "SL903", message, method.span, "", meant, method.name, f"did you mean {meant}?", (method.span, meant)
    )


def candidates(
    node: YamlNode, lookup: Lookup, path: tuple[str, ...], above: Named
) -> Iterator[tuple[tuple[str, ...], Mapping, Named]]:
    """The mappings under a node that describe a model, with their key paths and the method that is named above them."""
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from candidates(item, lookup, (*path, str(index)), above)
    if not isinstance(node, Mapping):
        return
    entries = {key.text: value for key, value in pairs(node)}
    named = method_of(entries)
    method = named or above
    roles = roles_of(entries, method.pack, lookup)
    if roles and _is_model(entries, roles, named, above, lookup):
        yield path, node, above
        return
    method = named or _method_of_class(entries) or above
    for key, value in entries.items():
        yield from candidates(value, lookup, (*path, key), method)


def method_of(entries: dict[str, YamlNode]) -> Named | None:
    """The method that a mapping names, known or not; by another key than `method` only if it is known."""
    value = entries.get("method")
    if value is None:
        return _method_of_function(entries)
    if not isinstance(value, Scalar) or not isinstance(value.value, str) or not value.value.strip():
        return None
    known = methods.pack(value.value)
    return Named(value.value.lower() if known else value.value.strip(), value.span)


def _method_of_function(entries: dict[str, YamlNode]) -> Named | None:
    """The method of a function of a library by which a model is trained: `forward: stable_pretraining.forward.byol`."""
    for key, module in methods.functions():
        value = entries.get(key)
        if isinstance(value, Scalar) and isinstance(value.value, str):
            package, _, name = value.value.rpartition(".")
            known = methods.pack(name) if package == module else None
            if known is not None:
                return Named(known.method, value.span)
    return None


def _method_of_class(entries: dict[str, YamlNode]) -> Named | None:
    """The method of the class that holds the parts: `class_path: project.BYOLModule`."""
    value = next((entries[key] for key in CLASS_KEYS[:2] if key in entries), None)
    if not isinstance(value, Scalar) or not isinstance(value.value, str):
        return None
    known = methods.pack(_HOLDER.sub("", value.value.rpartition(".")[2]))
    return Named(known.method, value.span) if known is not None else None


def roles_of(entries: dict[str, YamlNode], pack: MethodPack, lookup: Lookup) -> dict[str, str]:
    """The key of each role: the canonical key first, then aliases, then any key that holds a known SSL head."""
    filled: dict[str, str] = {}
    for key in sorted(entries, key=lambda key: key not in pack.roles):
        role = pack.role_of(key)
        if role and role not in filled:
            filled[role] = key
    for key, value in entries.items():
        role = head_role(value, lookup)
        if role in pack.roles and role not in filled and pack.role_of(key) is None:
            filled[role] = key
    return filled


def _is_model(
    entries: dict[str, YamlNode], roles: dict[str, str], named: Named | None, above: Named, lookup: Lookup
) -> bool:
    """Whether something says that a mapping with these roles is a self-supervised model: aliases alone never do."""
    if (named is not None and named.is_known) or not HEADS.isdisjoint(entries):
        return True
    if "backbone" not in roles:
        return False
    heads = [entries[key] for role, key in roles.items() if role != "backbone"]
    if any(head_role(head, lookup) for head in heads):
        return True
    said = named is not None or (above.span is not None and above.is_known)
    if said and len(heads) > 1 and all(_is_of_class(entries[key]) for key in roles.values()):
        return True
    in_layers = [head for head in heads if _is_in_layers(head)]
    return len(in_layers) == len(heads) and (len(in_layers) > 1 or (said and bool(in_layers)))


def _is_of_class(node: YamlNode) -> bool:
    """Whether a value is a mapping that names its class."""
    return isinstance(node, Mapping) and not {key.text for key, _ in pairs(node)}.isdisjoint(CLASS_KEYS[:2])


def _is_in_layers(node: YamlNode) -> bool:
    """Whether a value is a list with layers as calls or by their classes."""
    if not isinstance(node, Sequence):
        return False
    return any(
        (isinstance(item, Mapping) and not {key.text for key, _ in pairs(item)}.isdisjoint(CLASS_KEYS[:3]))
        or (isinstance(item, Scalar) and bool(call_strings.CALL.match(item.text)))
        for item in node.items
    )


def head_role(node: YamlNode, lookup: Lookup) -> str | None:
    """The role of a known SSL head, from the name of its class."""
    if isinstance(node, Mapping):
        values = {key.text: value for key, value in pairs(node)}
        node = next((values[key] for key in CLASS_KEYS if key in values), node)
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return None
    name = node.value.partition("(")[0].strip()
    return lookup.head_role(name) if name.isidentifier() or "." in name else None
