"""A checkpoint compared with the model: whether its tensors fit, and whether it has any of the model's names at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from shapelint.chain import taken_layers, tensors
from shapelint.chain.tensors import HeldTensor
from shapelint.chain.wiring import Judged
from shapelint.checkpoints import CHECKPOINT_SUFFIXES, CheckpointError, StateDict, state_dicts
from shapelint.common.frozen import frozen
from shapelint.judge.occasions import Ends, Occasion
from shapelint.knowledge.schema.method_packs import MethodPack
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, signatures
from shapelint.spec.spec import Problem
from shapelint.text.source import Span

OWN_NAMES = ".ckpt"
"""Lightning writes these with the names of its own module and reads them back by those: any prefix is right there."""


@frozen
class CheckpointFacts:
    """A checkpoint and the model: how many names match, and the first tensor that does not fit.

    `loads` is False if no name is the model's; `prefix` is what would have to be removed from the names. `kind` is what
    is wrong with a tensor: its "shape", or that it is "missing" in the checkpoint or "unexpected" in the model.
    """

    name: str
    keys: int
    matches: int
    fits: bool | None = None
    loads: bool | None = None
    role: str = ""
    tensor: str = ""
    expected: str = ""
    actual: str = ""
    others: int = 0
    prefix: str = ""
    example: str = ""
    kind: str = "shape"

    @property
    def difference(self) -> str:
        """What is wrong with the first tensor that does not fit, as a sentence."""
        if self.kind == "missing":
            return f"{self.role} holds {self.tensor}, which {self.name} does not have"
        if self.kind == "unexpected":
            return f"{self.name} has {self.tensor}, which {self.role} does not hold"
        return f"{self.role} holds {self.tensor} as {self.expected}, but {self.name} has it as {self.actual}"

    @property
    def error(self) -> str:
        """How torch's message begins."""
        words = {"missing": "Missing key(s) in state_dict", "unexpected": "Unexpected key(s) in state_dict"}
        return words.get(self.kind, f"size mismatch for {self.tensor}")


@frozen
class _Match:
    """The names of one component that were found under one prefix."""

    role: str
    prefix: str
    found: Mapping[str, HeldTensor]


def occasions(judged: Judged) -> Iterator[Occasion]:
    """The checkpoint of the config, or of the command line, against every component."""
    path = _path(judged)
    if path is None:
        return
    try:
        dictionaries = [_stripped(found, judged.model.extras.checkpoint_prefix) for found in state_dicts(path)]
    except CheckpointError:
        return
    scored = [(best, keys) for keys in dictionaries if (best := _matches(judged, keys, path.suffix == OWN_NAMES))]
    if scored:
        matches, keys = max(scored, key=lambda pair: sum(len(match.found) for match in pair[0]))
        yield from _shapes(judged, path, keys, matches)
    elif dictionaries:
        yield from _nothing(judged, path, max(dictionaries, key=len))


def problems(judged: Judged) -> Iterator[Problem]:
    """A checkpoint that the config names but that cannot be read is reported as unchecked."""
    argument, path = judged.model.extras.checkpoint, _path(judged)
    if argument is None or path is None or judged.checkpoint:
        return
    try:
        state_dicts(path)
    except CheckpointError as error:
        yield Problem("SL901", f"the checkpoint {argument.value} is not read: {error}", argument.span, "")


def _path(judged: Judged) -> Path | None:
    if judged.checkpoint:
        return Path(judged.checkpoint)
    argument = judged.model.extras.checkpoint
    written = str(argument.value) if argument else ""
    if os.path.splitext(written)[1] not in CHECKPOINT_SUFFIXES or "://" in written:
        return None
    return Path(judged.folder) / written


def _stripped(keys: StateDict, prefix: str) -> StateDict:
    if not prefix:
        return keys
    return {key.removeprefix(prefix): shape for key, shape in keys.items() if key.startswith(prefix)}


def _matches(judged: Judged, keys: StateDict, own_names: bool) -> list[_Match]:
    found = []
    for role, component in judged.components.items():
        holdings = tensors.held_by(component)
        known = {tensor.name: tensor for tensor in (*holdings.tensors, *holdings.variants)}
        prefixes = _prefixes(keys, known)
        allowed = [prefix for prefix in prefixes if own_names or _is_place(prefix, role, judged.pack)]
        named = [prefix for prefix in allowed if _names(prefix, role, judged.pack)]
        if not named and role == "backbone":
            others = [other for other in judged.components if other != role]
            named = [prefix for prefix in allowed if not any(_is_within(prefix, one, judged.pack) for one in others)]
        if named:
            prefix = max(named, key=lambda text: (len(prefixes[text]), -len(text)))
            found.append(_Match(role, prefix, {prefix + name: known[name] for name in prefixes[prefix]}))
    return found


def _prefixes(keys: StateDict, known: Mapping[str, HeldTensor]) -> dict[str, list[str]]:
    """The prefixes of a component's names in a checkpoint, with the names found under each."""
    found: dict[str, list[str]] = {}
    for key in keys:
        parts = key.split(".")
        for count in range(len(parts)):
            name = ".".join(parts[count:])
            if name in known:
                found.setdefault(key.removesuffix(name), []).append(name)
    return found


def _is_place(prefix: str, role: str, pack: MethodPack) -> bool:
    """Whether names with this prefix belong to a role of the model, or to a backbone on its own."""
    if not prefix:
        return role == "backbone"
    return prefix.count(".") == 1 and prefix.endswith(".") and _names(prefix, role, pack)


def _names(prefix: str, role: str, pack: MethodPack) -> bool:
    """Whether the last part of a prefix names a role: `projection_head.`, `student_backbone.`, `encoder_q.`."""
    last = prefix.rstrip(".").rpartition(".")[2]
    own = pack.roles[role].aliases if role in pack.roles else ()
    return any(f"_{name}_" in f"_{last}_" for name in (role, *own))


def _is_within(prefix: str, role: str, pack: MethodPack) -> bool:
    """Whether any part of a prefix names a role: what follows `learner.projection_head.layers.` is no backbone's."""
    return any(_names(part, role, pack) for part in prefix.split("."))


def _shapes(judged: Judged, path: Path, keys: StateDict, matches: Iterable[_Match]) -> Iterator[Occasion]:
    total = sum(len(match.found) for match in matches)
    for match in matches:
        different = [
            (name, tensor) for name, tensor in match.found.items() if not _fits(tensor.shape, keys[name])
        ]  # fmt: skip
        first = different[0] if different else None
        facts = CheckpointFacts(
            name=path.name,
            keys=len(keys),
            matches=total,
            fits=first is None,
            loads=True,
            role=match.role,
            tensor=first[0] if first else "",
            expected=_format(first[1].shape) if first else "",
            actual=signatures.format_shape(keys[first[0]]) if first else "",
            others=len(different) - 1,
        )
        argument = judged.model.extras.checkpoint
        head = judged.components[match.role].spec.head
        ends = Ends(
            ("checkpoint", match.role), match.role, head, (argument.span,) if argument else (), facts.expected,
            facts.actual,
        )  # fmt: skip
        yield Occasion("checkpoint", {"checkpoint": facts}, ends)


def _fits(expected: signatures.Shape, actual: tuple[int, ...]) -> bool:
    return len(expected) == len(actual) and not any(dims.equal(a, b) is False for a, b in zip(expected, actual))


def _format(shape: signatures.Shape) -> str:
    return signatures.format_shape(shape)


def _nothing(judged: Judged, path: Path, keys: StateDict) -> Iterator[Occasion]:
    """The facts if no name matches, or none is left behind the prefix that the config takes off."""
    if keys and not _loads_nothing(judged, path, keys):
        return
    argument = judged.model.extras.checkpoint
    place: Span = argument.span if argument else next(iter(judged.components.values())).spec.head
    facts = CheckpointFacts(
        path.name, len(keys), 0, None, False, prefix=_common_prefix(judged, keys), example=next(iter(keys), "")
    )  # fmt: skip
    yield Occasion("checkpoint", {"checkpoint": facts}, Ends(("checkpoint",), "", place, ()))


def _loads_nothing(judged: Judged, path: Path, keys: StateDict) -> bool:
    """Whether names that are not the model's are certainly no names of it.

    This is certain if every tensor of the backbone is known, or none of its layers has such a name. That a name begins
    like that of a role says nothing: `encoder.` and `trunk_output.` are names inside of networks, too.
    """
    components = {role: component for role, component in judged.components.items() if role in judged.pack.roles}
    if not all(_is_seen(component) for component in components.values()):
        return False
    layers = [(role, layer) for role, part in components.items() for layer in taken_layers.layer_names(part)]
    partly = [role for role, part in components.items() if role == "backbone" and not tensors.held_by(part).complete]
    if any(key.split(".")[0] == layer for role, layer in layers if role in partly for key in keys):
        return False
    unsure = [role for role, part in components.items() if not tensors.held_by(part).complete]
    if any(_names(key.split(".")[0], role, judged.pack) for role in unsure for key in keys):
        return False
    return path.suffix != OWN_NAMES or not any(f".{layer}." in f".{key}" for _, layer in layers for key in keys)


def _is_seen(component: Resolved) -> bool:
    return bool(taken_layers.layer_names(component)) and bool(tensors.held_by(component).tensors)


def _common_prefix(judged: Judged, keys: StateDict) -> str:
    """The parts in front of the model's own names that every key begins with: `module.`."""
    parts = next(iter(keys), "").split(".")
    for count in range(1, len(parts)):
        prefix = ".".join(parts[:count]) + "."
        if not all(key.startswith(prefix) for key in keys):
            return ""
        if _matches(judged, _stripped(keys, prefix), False):
            return prefix
    return ""
