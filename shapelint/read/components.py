"""Read one component of a config, in any of the spellings in the README, as a ComponentSpec."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from shapelint.common import slips
from shapelint.common.frozen import frozen, record, replace
from shapelint.common.whole_numbers import whole_number
from shapelint.documents.nodes import Mapping, Scalar, Sequence, YamlNode, duplicates, pairs
from shapelint.knowledge.schema.widths import is_width
from shapelint.read import call_strings
from shapelint.read.interpolations import INTERPOLATION, REFERENCE, References, Stand, names, path_of, with_stands
from shapelint.shapes import dims
from shapelint.spec.spec import Argument, ComponentSpec, Insertion, Problem, as_json
from shapelint.text.source import Source, Span

EXPECTED = "expected a component: a name, a call, a list of layers, or a mapping"
NO_CLASS = "no key says which class it is"

NO_LAYER = "one of its layers cannot be read"

PLAIN_TAGS = frozenset(
    {"!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map"))}
)


@frozen
class Wrapper:
    """A mapping that names its class: the keys that group its arguments, and the keys that are no arguments."""

    holders: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()
    native: bool = False


_WRAPPERS = {
    "_target_": Wrapper(own=frozenset({"_target_", "_args_", "_partial_", "_recursive_", "_convert_"})),
    "class_path": Wrapper(("init_args", "dict_kwargs"), frozenset({"class_path", "init_args", "dict_kwargs"})),
    "type": Wrapper(own=frozenset({"type"})),
    "target": Wrapper(("kwargs", "params", "init_args"), frozenset({"target", "out_dim"}), native=True),
    "name": Wrapper(("kwargs",), frozenset({"name", "out_dim"}), native=True),
}


@record
class Reader:
    """Reads the components of one document; problems gather in `problems`, the paths that it followed in `references`.

    `look_up` gives the node at a dotted path of the document, such as `model.dims[0]`.
    """

    source: Source
    look_up: Callable[[str], YamlNode | None]
    parameters_of_default: Callable[[str], tuple[str, ...]]
    places: References
    problems: list[Problem] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    role: str = ""

    def component(self, node: YamlNode, role: str, default: str | None) -> ComponentSpec | None:
        """The component of a role, or None if there is none (absent, or invalid and reported)."""
        self.role = role
        return self._component(self.follow(node), default)

    def follow(self, node: YamlNode) -> YamlNode:
        """Follow `${a.b}` within the file; the value is used here and may be overwritten here."""
        if not isinstance(node, Scalar) or not REFERENCE.fullmatch(node.text.strip()):
            return node
        found = self._referred(node.text, self.places.of(node))
        return node if found is None else replace(found, span=node.span, home=node.home)

    def _referred(self, text: str, place: tuple[str, ...] | None) -> Scalar | None:
        """The scalar that an interpolation at a place leads to, at the place where it is written."""
        found = None
        for _ in range(10):
            match = REFERENCE.fullmatch(text.strip())
            if match is None:
                return found
            path = path_of(match, place)
            node = self.look_up(path) if path else None
            if path:
                self.references.add(path)
            if not isinstance(node, Scalar):
                return found
            found, text, place = node, node.text, tuple(names(path))
        return found

    def invalid(self, span: Span, message: str, **details: Any) -> None:
        """Report SL903 at a span."""
        self.problems.append(Problem("SL903", message, span, self.role, **details))

    def check_keys(self, node: Mapping) -> None:
        """Report the keys of a mapping that occur a second time."""
        for key in duplicates(node):
            self.invalid(key.span, f"the key {key.text!r} stands here a second time")

    def _component(self, node: YamlNode, default: str | None) -> ComponentSpec | None:
        if node.tag.startswith(("!", "tag:")) and node.tag not in PLAIN_TAGS:
            self.invalid(node.span, f"the tag {node.tag} constructs an object, which is never done: {EXPECTED}")
            return unread(node)
        if isinstance(node, Sequence):
            return self._layers(node)
        if isinstance(node, Mapping):
            return self._mapping(node, default)
        return self._scalar(node)

    def _layers(self, node: Sequence) -> ComponentSpec:
        """A list of layers; one with a layer that cannot be read is unknown as a whole."""
        items = [self.follow(item) for item in node.items]
        words = [item for item in items if isinstance(item, Scalar) and not call_strings.CALL.match(item.text)]
        if len(words) == len(items) and not all(map(_may_be_layer, words)):
            return unread(node, "it is a list of settings, not of layers")
        for item in items:
            if (
                isinstance(item, Scalar)
                and item.value is not None
                and not isinstance(item.value, (str, dims.Expression))
            ):
                self.invalid(item.span, f"{EXPECTED}, found {_describe(item.value)}", actual=as_json(item.value))
                return unread(node, NO_LAYER)
        layers = [self._component(item, None) for item in items]
        present = tuple(layer for layer in layers if layer is not None)
        if any(layer.is_unread for layer in present):
            return unread(node, NO_LAYER)
        return ComponentSpec("layers", "torch.nn.Sequential", node.span, node.span, layers=present)

    def _scalar(self, node: Scalar) -> ComponentSpec | None:
        if node.value is None:
            return None
        if node.value is dims.UNKNOWN_DIM and not node.tag:
            return ComponentSpec("name", "", node.span, node.span, note=node.text)
        if not isinstance(node.value, str):
            return unread(node, f"{_describe(node.value)} says nothing of its layers")
        if call_strings.CALL.match(node.value):
            return self._call(node)
        if INTERPOLATION.search(node.value):
            return ComponentSpec("name", "", node.span, node.span, note=f"{node.value} is known at run time only")
        if call_strings.NAME.fullmatch(node.value.strip()):
            insertion = Insertion(node.home.end, "(", "=", ")") if node.style == "" else None
            return ComponentSpec("name", node.value.strip(), node.span, node.span, insertion=insertion)
        return unread(node, f"{node.text.strip()} names no class and is no call of one")

    def _call(self, node: Scalar) -> ComponentSpec:
        written, locate = self._located(node)
        parsed = with_stands(written)
        if parsed is None or "???" in written:
            return ComponentSpec("name", "", node.span, node.span, note=f"{written} is known at run time only")
        text, stands = parsed
        place = self.places.of(node) if stands else None
        try:
            return call_strings.parse_call(
                text, locate, {stand.name: self._stood_for(stand, place) for stand in stands}
            )
        except call_strings.CallError as error:
            self.invalid(locate(error.start, error.end)[0], error.message, actual=node.value)
            return unread(node, "it cannot be read")

    def _stood_for(self, stand: Stand, place: tuple[str, ...] | None) -> Argument | None:
        """What stands behind an interpolation in a call, at the place where its number is written."""
        found = self._referred(stand.text, place)
        if found is None or not isinstance(found.value, (int, float, str)):
            return None
        value = whole_number(found.value.strip()) if isinstance(found.value, str) else found.value
        return None if value is None else Argument(value, found.span, found.home)

    def _located(self, node: Scalar) -> tuple[str, call_strings.Locate]:
        """The text of a scalar, and a function from its offsets to the file."""
        raw = self.source.slice(node.origin)
        quoted = node.style in ("'", '"')
        text, start = (raw[1:-1], node.origin.start + 1) if quoted else (raw, node.origin.start)
        used_elsewhere = node.span != node.origin
        if node.style in ("|", ">") or (quoted and text != node.text):
            return node.text.strip(), lambda _start, _end: (node.span, None)

        def locate(first: int, last: int) -> tuple[Span, Span | None]:
            home = Span(start + first, start + last)
            return (node.span if used_elsewhere else home), home

        return text, locate

    def _mapping(self, node: Mapping, default: str | None) -> ComponentSpec | None:
        self.check_keys(node)
        if node.open:
            return ComponentSpec("name", "", node.span, node.span, note=f"parts of it are not known: {node.open}")
        entries = {key.text: (key, self.follow(value)) for key, value in pairs(node)}
        for wrapper in _WRAPPERS:
            if wrapper in entries and isinstance(entries[wrapper][1], Scalar):
                return self._wrapped(node, wrapper, entries)
        if "out_dim" in entries:
            declared = self._argument(*entries["out_dim"])
            return ComponentSpec(
                "declared", "", node.span, entries["out_dim"][0].span, declared=replace(declared, home=None)
            )
        if default is not None:
            return self._widths(node, entries, default)
        return unread(node, NO_CLASS)

    def _widths(self, node: Mapping, entries: dict[str, tuple[Scalar, YamlNode]], default: str) -> ComponentSpec:
        """`{input_dim: 512, ...}`: the role's default class, if every key is one of its arguments or a misspelt one."""
        parameters = self.parameters_of_default(default)
        absent = [name for name in parameters if name not in entries]
        others = [name for name in entries if name not in parameters]
        if len(others) == len(entries) or not all(_is_misspelt(entries[name], absent) for name in others):
            note = f"{others[0]} is no argument of {default.rpartition('.')[2]}, and {NO_CLASS}" if others else NO_CLASS
            return unread(node, NO_CLASS if len(others) == len(entries) else note)
        keywords = tuple((name, self._argument(key, value)) for name, (key, value) in entries.items())
        width = parameters[0]
        if width in absent and not any(slips.is_slip(name, width) for name in others):
            note = f"no {width} is written, so its input is derived by code that is not seen"
            return replace(unread(node, note), declared=_output(dict(keywords)))
        return ComponentSpec(
            "widths", default, node.span, node.span, keywords=keywords, insertion=self._insertion(node)
        )

    def _wrapped(
        self, node: Mapping, wrapper: str, entries: dict[str, tuple[Scalar, YamlNode]]
    ) -> ComponentSpec | None:
        name_node = entries[wrapper][1]
        assert isinstance(name_node, Scalar)
        name = name_node.value
        if not isinstance(name, str) or not call_strings.NAME.fullmatch(name.strip()):
            unknown = name is dims.UNKNOWN_DIM or (isinstance(name, str) and INTERPOLATION.search(name))
            if not unknown:
                self.invalid(name_node.span, f"expected the name of a class after {wrapper}:", actual=as_json(name))
                return unread(node)
            return ComponentSpec("name", "", node.span, name_node.span, note="its class is known at run time only")
        form = _WRAPPERS[wrapper]
        declared = self._argument(*entries["out_dim"]) if form.native and "out_dim" in entries else None
        holder = next((entries[key][1] for key in form.holders if key in entries), node)
        inner = {k.text: (k, self.follow(v)) for k, v in pairs(holder)} if isinstance(holder, Mapping) else {}
        layers = entries.get("_args_") or inner.get("args")
        if name.strip() == "torch.nn.Sequential" and layers is not None and isinstance(layers[1], Sequence):
            return self._layers(layers[1])
        # Settings of every kind may accompany a backbone's bare name; only `kwargs` are certainly its arguments.
        loose = wrapper == "name" and self.role == "backbone" and holder is node
        names = () if loose else inner if holder is not node else [name for name in inner if name not in form.own]
        keywords = tuple((name, self._argument(*inner[name])) for name in names)
        positional: tuple[Argument, ...] = ()
        if wrapper == "_target_" and "_args_" in entries and isinstance(entries["_args_"][1], Sequence):
            positional = tuple(self._argument(None, self.follow(item)) for item in entries["_args_"][1].items)
        return ComponentSpec(
            spelling="name" if wrapper == "name" or (wrapper == "type" and "." not in name) else "call",
            target=name.strip(),
            span=node.span,
            head=name_node.span,
            positional=positional,
            keywords=keywords,
            declared=replace(declared, home=None) if declared else None,
            insertion=self._insertion(holder) if isinstance(holder, Mapping) else None,
            partial="_partial_" in entries,
        )

    def _argument(self, key: Scalar | None, node: YamlNode) -> Argument:
        scalar = node if isinstance(node, Scalar) else None
        variable = scalar.origin if scalar and scalar.origin != scalar.span else None
        items = node.items if isinstance(node, Sequence) else ()
        listed = tuple(self._argument(None, self.follow(item)) for item in items)
        home, name = (scalar.home if scalar else None), (key.span if key else None)
        return Argument(self._value(node), node.span, home, name, variable, elements=listed)

    def _value(self, node: YamlNode) -> Any:
        if isinstance(node, Sequence):
            return tuple(self._value(self.follow(item)) for item in node.items)
        if isinstance(node, Mapping):
            wrapped = any(key.text in ("_target_", "class_path", "type") for key, _ in pairs(node))
            return self._mapping(node, None) if wrapped else dims.UNKNOWN_DIM
        if not isinstance(node.value, str):
            return node.value
        if node.style == "" and call_strings.CALL.match(node.text):
            return self._call(node)
        return dims.UNKNOWN_DIM if INTERPOLATION.search(node.value) else node.value

    def _insertion(self, node: Mapping) -> Insertion | None:
        """Where a key can be added: before a flow mapping's closing brace, or a block mapping's first key."""
        if node.span != node.home:
            return None
        if node.flow:
            before = self.source.text[: node.span.end - 1].rstrip()
            prefix = "" if before.endswith("{") else " " if before.endswith(",") else ", "
            return Insertion(len(before), prefix, ": ")
        if not node.entries:
            return None
        start = node.entries[0][0].span.start
        column = start - 1 - max(self.source.text.rfind(mark, 0, start) for mark in "\n\r")
        newline = "\r\n" if "\r\n" in self.source.text else "\n"
        return Insertion(start, "", ": ", newline + " " * column)


def look_up(root: YamlNode, path: str) -> YamlNode | None:
    """The node at a dotted path such as `model.dims[0]`."""
    node: YamlNode | None = root
    for name in names(path):
        node = child(node, name)
    return node


def child(node: YamlNode | None, name: str) -> YamlNode | None:
    """What stands in a node under a key or a position."""
    if isinstance(node, Mapping):
        return next((value for key, value in pairs(node) if key.text == name), None)
    place = whole_number(name) if isinstance(node, Sequence) else None
    return node.items[place] if isinstance(node, Sequence) and place is not None and place < len(node.items) else None


def unread(node: YamlNode, why: str = "it cannot be read") -> ComponentSpec:
    """A component of which nothing is known but why: that is said of its link, and nothing else of it."""
    return ComponentSpec("name", "", node.span, node.span, note=why, is_unread=True)


def _may_be_layer(item: Scalar) -> bool:
    """Whether an item of a list may stand for a layer: a name or a call, or what is not known."""
    if item.value is dims.UNKNOWN_DIM:
        return True
    return isinstance(item.value, str) and bool(call_strings.CALL.match(item.text) or _is_name(item.text))


def _is_name(text: str) -> bool:
    return bool(call_strings.NAME.fullmatch(text.strip()) or INTERPOLATION.search(text))


def _is_misspelt(entry: tuple[Scalar, YamlNode], absent: list[str]) -> bool:
    """Whether a key is nearly an argument that is absent, and has a number as its value, as that one would."""
    key, value = entry
    return isinstance(value, Scalar) and type(value.value) is int and bool(slips.meant(key.text, absent))


def _output(keywords: dict[str, Argument]) -> Argument | None:
    """The width that a head without a class gives, where it is written."""
    written = keywords.get("output_dim")
    return replace(written, home=None) if written and is_width(written.value) else None


def _describe(value: Any) -> str:
    kinds = {bool: "the boolean", int: "the number", float: "the number"}
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{kinds.get(type(value), 'the value')} {text}"
