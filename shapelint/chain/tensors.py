"""The tensors that a component holds: names and shapes in order, as stored or as far as its parts determine them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

from shapelint.common.frozen import frozen, replace
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.tensor_rules import TensorRule
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, expression, notation, signatures
from shapelint.shapes.dims import UNKNOWN_DIM, Dim
from shapelint.shapes.notation import Ellipsis_, Pattern
from shapelint.shapes.signatures import Shape
from shapelint.signatures import stored

BIASED = frozenset({"torch.nn.Linear", "torch.nn.Conv1d", "torch.nn.Conv2d"})
_SWITCHES = {"weight": ("affine", "elementwise_affine"), "bias": ("bias", "affine", "elementwise_affine")}
"""Constructor arguments that leave out a tensor when they are False."""


@frozen
class HeldTensor:
    """One tensor of a component; unknown axes are `dims.UNKNOWN_DIM`, `certain` is whether the tensor surely exists."""

    name: str
    shape: Shape
    learned: bool = True
    certain: bool = True


@frozen
class Holdings:
    """The tensors of a component; `complete` is whether there are no others, `variants` are other names of some."""

    tensors: tuple[HeldTensor, ...]
    complete: bool
    variants: tuple[HeldTensor, ...] = ()

    @property
    def learned(self) -> tuple[HeldTensor, ...]:
        """The parameters that an optimiser and a momentum update see."""
        return tuple(tensor for tensor in self.tensors if tensor.learned)


@lru_cache(maxsize=1)
def _layers() -> Mapping[str, TensorRule]:
    return {name: TensorRule.trusted(entry) for name, entry in rules_folder.load("layer_tensors.yaml").items()}


@lru_cache(maxsize=1)
def rules() -> Mapping[str, TensorRule]:
    """Return the layers of `rules/layer_tensors.yaml` whose shapes determine their tensors."""
    return {name: rule for name, rule in _layers().items() if rule.shapes}


def held_by(component: Resolved) -> Holdings:
    """The tensors of a component."""
    if component.layers:
        inner = [(str(index), held_by(layer)) for index, layer in enumerate(component.layers)]
        tensors = tuple(_renamed(tensor, name) for name, holdings in inner for tensor in holdings.tensors)
        variants = tuple(_renamed(tensor, name) for name, holdings in inner for tensor in holdings.variants)
        return Holdings(tensors, all(holdings.complete for _, holdings in inner), variants)
    if component.signature is None or component.row is None or component.row.outline:
        return Holdings((), False)
    if component.target in rules():
        return Holdings(tuple(_of_layer(component)), True)
    rule = _layers().get(component.target)
    if rule is not None and component.component is not None:
        applies = _applies(rule, component)
        return Holdings(tuple(_of_arguments(rule, component)) if applies else (), applies)
    if listed := component.row.tensors or _stored(component, component.row.parts):
        return Holdings(tuple(_listed(listed, dict(component.values))), True)
    if component.row.weights == 0:
        return Holdings((), True)
    return _of_parts(component, component.row.parts)


def _stored(component: Resolved, parts: Mapping[str, str]) -> Mapping[str, str]:
    """The stored tensors of a model, without those of modules that this one lacks or replaces by Identity."""
    return {name: text for name, text in stored.tensors(component.target).items() if _is_there(name, parts)}


def _is_there(module: str, parts: Mapping[str, str]) -> bool:
    """Whether the nearest part around a module exists and is not replaced; the whole itself always exists."""
    listed = module
    while listed and listed not in parts:
        listed = listed.rpartition(".")[0]
    return not module or (bool(listed) and _kind(parts, listed) != "torch.nn.Identity")


def _listed(listed: Mapping[str, str], values: dict[str, Any]) -> Iterator[HeldTensor]:
    for module, text in listed.items():
        for name, pattern, learned in _own(text):
            shape = pattern.axes
            if not all(isinstance(axis, int) for axis in shape):
                same = notation.Alternative((pattern,), pattern)
                shape = signatures.substitute(notation.Signature((same,)), values).alternatives[0].inputs[0].axes
            yield HeldTensor(f"{module}.{name}" if module else name, tuple(_plain(Pattern(shape))), learned)


@lru_cache(maxsize=4096)
def _own(text: str) -> tuple[tuple[str, Pattern, bool], ...]:
    """The tensors of one module: `weight 64, bias 64; running_mean 64, running_var 64, num_batches_tracked`."""
    found = []
    for part, learned in zip(text.split(";"), (True, False)):
        for entry in filter(None, map(str.strip, part.split(","))):
            name, _, shape = entry.partition(" ")
            found.append((name, notation.parse_shape(shape), learned))
    return tuple(found)


def _renamed(tensor: HeldTensor, prefix: str) -> HeldTensor:
    return HeldTensor(f"{prefix}.{tensor.name}", tensor.shape, tensor.learned, tensor.certain)


def _of_layer(component: Resolved) -> Iterator[HeldTensor]:
    """The tensors of a layer whose constructor arguments are known."""
    assert component.signature is not None
    alternative = component.signature.alternatives[0]
    values = component.values
    for tensor in _tensors(component.target, alternative.inputs[0], alternative.output):
        switches = [values[name] for name in _SWITCHES.get(tensor.name, ()) if name in values]
        if not tensor.learned and (values.get("track_running_stats") is False):
            continue
        if all(switch is True for switch in switches):
            yield _with_kernel(tensor, component)
        elif not any(switch is False for switch in switches):
            yield HeldTensor(tensor.name, tensor.shape, tensor.learned, certain=False)


def _applies(rule: TensorRule, component: Resolved) -> bool:
    """Return whether a layer holds what its rule says, by its arguments."""
    try:
        return not rule.when or expression.evaluate(rule.when, component.values) is True
    except expression.ExpressionError:
        return False


def _of_arguments(rule: TensorRule, component: Resolved) -> Iterator[HeldTensor]:
    """The tensors of a layer that follow from its arguments alone."""
    for tensor in _listed(rule.modules, dict(component.values)):
        last = "bias" if tensor.name.endswith("bias") else "weight"
        switches = [component.values[name] for name in _SWITCHES[last] if name in component.values]
        if not any(switch is False for switch in switches):
            yield replace(tensor, certain=all(switch is True for switch in switches))


def _with_kernel(tensor: HeldTensor, component: Resolved) -> HeldTensor:
    """The weight of a convolution in full: its channels per group, and its kernel; that of a norm over several axes."""
    values = component.values
    normalized = values.get("normalized_shape")
    if isinstance(normalized, (tuple, list)):
        return replace(tensor, shape=tuple(normalized))
    channels, groups, kernel = values.get("in_channels"), values.get("groups"), values.get("kernel_size")
    if tensor.name != "weight" or not isinstance(channels, int) or not isinstance(groups, int) or groups < 1:
        return tensor
    sizes: tuple[Any, ...] = kernel if isinstance(kernel, tuple) else (kernel,) * (len(tensor.shape) - 2)
    if len(sizes) != len(tensor.shape) - 2 or not all(isinstance(size, int) for size in sizes):
        return tensor
    return HeldTensor(tensor.name, (tensor.shape[0], channels // groups, *sizes), tensor.learned, tensor.certain)


def _of_parts(component: Resolved, parts: Mapping[str, str]) -> Holdings:
    """The tensors of a component's parts; whether its layers have biases follows from its number of weights."""
    tensors: list[HeldTensor] = []
    variants: list[HeldTensor] = []
    complete = bool(parts)
    for name, text in parts.items():
        kind, _, written = text.partition(":")
        leaf = not any(other.startswith(f"{name}.") for other in parts)
        if kind not in rules():
            complete = complete and not (leaf and not _is_weightless(kind))
            continue
        signature = signatures.substitute(notation.parse_signature(written), dict(component.values))
        alternative = signature.alternatives[0]
        ends = alternative.inputs[0], alternative.output
        tensors += [_renamed(tensor, name) for tensor in _tensors(kind, *ends)]
        variants += [_renamed(tensor, name) for tensor in _tensors(kind, *ends, variants=True)]
    total = component.weights
    for choice in _choices(tensors, parts):
        if complete and total is not None and _count(choice) == total:
            return Holdings(choice, True, tuple(variants))
    doubtful = (HeldTensor(t.name, t.shape, t.learned, certain=not _may_lack(t, parts)) for t in tensors)
    return Holdings(tuple(doubtful), False, tuple(variants))


def _choices(tensors: list[HeldTensor], parts: Mapping[str, str]) -> Iterator[tuple[HeldTensor, ...]]:
    """The usual ways to leave out tensors; the number of weights shows which of them applies.

    They are: no bias before a BatchNorm, no bias at all, or a last BatchNorm without its own weights.
    """
    order = [name for name in parts if parts[name].partition(":")[0] in rules()]
    norms = [name for name in order if _kind(parts, name).startswith("torch.nn.BatchNorm")]
    before_norm = {name for name, following in pairwise(order) if following in norms}
    linear = {name for name in order if _kind(parts, name) in BIASED}
    for without_weights in ([], norms[-1:]):
        for without_bias in (set(), before_norm & linear, linear):
            yield tuple(
                tensor
                for tensor in tensors
                if not (tensor.name.rpartition(".")[2] == "bias" and tensor.name.rpartition(".")[0] in without_bias)
                and not (tensor.learned and tensor.name.rpartition(".")[0] in without_weights)
            )


def _may_lack(tensor: HeldTensor, parts: Mapping[str, str]) -> bool:
    """Whether a layer of this kind may lack the tensor."""
    owner, _, name = tensor.name.rpartition(".")
    return (name == "bias" and _kind(parts, owner) in BIASED) or _kind(parts, owner).startswith("torch.nn.BatchNorm")


def _kind(parts: Mapping[str, str], name: str) -> str:
    return parts[name].partition(":")[0]


def _is_weightless(kind: str) -> bool:
    found = stored.find(kind)
    return found is not None and all(row.weights == 0 for row in found[1].rows)


def _count(tensors: tuple[HeldTensor, ...]) -> int | None:
    total = 0
    for tensor in tensors:
        product: Any = 1
        for dim in tensor.shape:
            product = product * dim
        if not isinstance(product, int):
            return None
        total += product if tensor.learned else 0
    return total


def _tensors(kind: str, taken: Pattern, given: notation.OutputPattern, variants: bool = False) -> Iterator[HeldTensor]:
    """All tensors that a layer of a kind with these shapes may have, or, with `variants`, their other names."""
    rule = rules()[kind]
    alternative = notation.parse_signature(rule.shapes).alternatives[0]
    bindings: dict[str, Any] = {}
    for pattern, actual in ((alternative.inputs[0], taken), (alternative.output, given)):
        if isinstance(pattern, Pattern) and isinstance(actual, Pattern):
            signatures.match(pattern, _plain(actual), bindings)
    named = ((True, rule.variants),) if variants else ((True, rule.parameters), (False, rule.buffers))
    for learned, entries in named:
        for name, axes in entries.items():
            yield HeldTensor(name, tuple(_axis(axis, bindings) for axis in axes.split()), learned)


def _plain(pattern: Pattern) -> Shape:
    return tuple(dims.symbol("N") if isinstance(axis, Ellipsis_) else axis for axis in pattern.axes)


def _axis(axis: str, bindings: Mapping[str, Any]) -> Dim:
    return int(axis) if axis.isdigit() else bindings.get(axis, UNKNOWN_DIM)
