"""What a config says about a model apart from its components: target, loss, banks, batch, hidden layer, checkpoint."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary

from shapelint.common.nearest_words import nearest_word
from shapelint.documents.nodes import Mapping, Scalar, Sequence, YamlNode, is_open_call, pairs
from shapelint.knowledge import banks
from shapelint.knowledge.schema.method_packs import MethodPack
from shapelint.read import call_strings
from shapelint.read.components import Reader
from shapelint.spec.pairs import is_size, pair_width
from shapelint.spec.spec import Argument, BankSpec, ComponentSpec, Extras, TargetSpec

TARGETS = {"copy": "copy", "deepcopy": "copy", "alias": "alias", "online": "alias"}
"""The keywords that `target:` accepts. A copy is the default."""
MAIN_LOSS = "loss"
"""The key of the loss that every method has."""


def read_extras(reader: Reader, entries: Dictionary[str, YamlNode], pack: MethodPack) -> Extras:
    """Read the keys other than roles; anything written in an unknown form is treated as absent."""
    checkpoint, prefix = _checkpoint(reader, entries.get("checkpoint"))
    stored = [name for name in banks.names() if name not in pack.roles]
    samples = _integer(reader, entries.get("dataset_size"))
    return Extras(
        target=_target(reader, entries.get("target"), pack),
        losses={key: loss for key in (*pack.losses, MAIN_LOSS) if (loss := _loss(reader, entries, key)) is not None},
        banks=tuple(bank for name in stored for bank in _bank(reader, name, entries)),
        batch_size=_integer(reader, entries.get("batch_size")),
        keeps_last=not _is_true(entries.get("drop_last")),
        samples=samples.value if samples else None,
        hidden_layer=_layer(reader, entries.get("hidden_layer")),
        checkpoint=checkpoint,
        checkpoint_prefix=prefix,
    )


def _target(reader: Reader, node: YamlNode | None, pack: MethodPack) -> TargetSpec | None:
    if node is None or pack.target is None:
        return None
    node = reader.follow(node)
    if isinstance(node, Scalar):
        return _target_word(reader, node)
    components: dict[str, ComponentSpec] = {}
    for key, value in pairs(node) if isinstance(node, Mapping) else ():
        role = pack.role_of(key.text)
        if role is not None and role in pack.target.copies:
            component = reader.component(value, role, pack.roles[role].default)
            if component is not None:
                components[role] = component
    reader.role = ""
    return TargetSpec("own", node.span, components) if components else None


def _target_word(reader: Reader, node: Scalar) -> TargetSpec | None:
    word = node.value
    if not isinstance(word, str) or not word.isidentifier():
        return None
    kind = TARGETS.get(word)
    if kind is None:
        near = nearest_word(word, TARGETS)
        hint = f"did you mean {near}?" if near else ""
        reader.invalid(node.span, f"expected target: copy, alias, or components, found {word}", actual=word, help=hint)
        return None
    return TargetSpec("alias" if kind == "alias" else "copy", node.span)


def _loss(reader: Reader, entries: Dictionary[str, YamlNode], key: str) -> ComponentSpec | None:
    node = entries.get(key, entries.get("criterion") if key == MAIN_LOSS else None)
    if node is None or isinstance(node, Sequence) or (isinstance(node, Scalar) and is_open_call(node)):
        return None
    node = reader.follow(node)
    if isinstance(node, Mapping) and not _is_named(node):
        return None
    if isinstance(node, Scalar) and not (isinstance(node.value, str) and _names_a_component(node.value)):
        return None
    return reader.component(node, key, None)


def _names_a_component(text: str) -> bool:
    """Whether a text is a name or the beginning of a call; other words under these keys are not for shapelint."""
    return bool(call_strings.NAME.fullmatch(text.strip()) or call_strings.CALL.match(text))


def _is_named(node: Mapping) -> bool:
    return any(key.text in ("_target_", "class_path", "type", "target", "name") for key, _ in pairs(node))


def _bank(reader: Reader, name: str, entries: Dictionary[str, YamlNode]) -> list[BankSpec]:
    """`memory_bank: [4096, 128]`, `{size: [4096, 128]}`, `MemoryBankModule(size=(4096, 128))`, `Linear(128, 3000)`."""
    if name not in entries:
        return []
    node = reader.follow(entries[name])
    if isinstance(node, Mapping) and not _is_named(node):
        inner = {key.text: reader.follow(value) for key, value in pairs(node)}
        node = inner.get("size", node)
    if isinstance(node, Sequence):
        width = _last_of_two(reader, node)
        return [BankSpec(name, width, node.span)] if width else []
    if isinstance(node, Scalar) and (is_open_call(node) or not call_strings.CALL.match(node.text)):
        return []
    component = reader.component(node, name, None)
    width = bank_width(component) if component else None
    return [BankSpec(name, width, component.span)] if component and width else []


def _last_of_two(reader: Reader, node: Sequence) -> Argument | None:
    items = [_integer(reader, item) for item in node.items]
    return items[1] if len(items) == 2 else None


def bank_width(component: ComponentSpec) -> Argument | None:
    """The argument of a bank that is the width of what it stores: the last of `size`, or a width by its name."""
    keywords = dict(component.keywords)
    size = keywords.get("size") or keywords.get("memory_bank_size")
    first = component.positional[0] if component.positional else None
    size = size or (first if first and isinstance(first.value, tuple) else None)
    if size is not None:
        return pair_width(size)
    return next((keywords[name] for name in banks.widths() if name in keywords), first)


def _integer(reader: Reader, node: YamlNode | None) -> Argument | None:
    node = reader.follow(node) if node is not None else None
    if not isinstance(node, Scalar) or not is_size(node.value):
        return None
    return Argument(node.value, node.span, node.home)


def _is_true(node: YamlNode | None) -> bool:
    return isinstance(node, Scalar) and node.value is True


def _layer(reader: Reader, node: YamlNode | None) -> Argument | None:
    node = reader.follow(node) if node is not None else None
    if not isinstance(node, Scalar) or isinstance(node.value, bool) or not isinstance(node.value, (str, int)):
        return None
    if isinstance(node.value, str) and not all(part.isidentifier() or part.isdigit() for part in node.value.split(".")):
        return None
    return Argument(node.value, node.span, node.home)


def _checkpoint(reader: Reader, node: YamlNode | None) -> tuple[Argument | None, str]:
    """`checkpoint: path`, or `checkpoint: {path: ..., prefix: module.}`."""
    node = reader.follow(node) if node is not None else None
    prefix = ""
    if isinstance(node, Mapping):
        inner = {key.text: reader.follow(value) for key, value in pairs(node)}
        given = inner.get("prefix")
        prefix = given.value if isinstance(given, Scalar) and isinstance(given.value, str) else ""
        node = inner.get("path")
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or "${" in node.value or not node.value:
        return None, ""
    return Argument(node.value, node.span, node.home), prefix
