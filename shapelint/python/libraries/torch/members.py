"""Children and attributes of modules."""

from __future__ import annotations

from shapelint.chain.chain import Flow, Origin
from shapelint.common.frozen import replace
from shapelint.python.libraries import library_functions
from shapelint.python.libraries.torch import parts
from shapelint.python.libraries.torch.method_names import ADDS, LISTS
from shapelint.python.objects import absences, mutation
from shapelint.python.state import naming
from shapelint.python.state.arguments import Site
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import integer, truth, unknown_among
from shapelint.python.state.values import (
    NONE,
    UNKNOWN,
    Bound,
    Chained,
    Component,
    Const,
    Instance,
    Items,
    Node,
    Table,
    Tensor,
    Value,
)
from shapelint.python.tensors import axes as ax
from shapelint.resolve.resolved import Resolved
from shapelint.signatures import stored

ATTRIBUTE_SWITCHES = {
    "bias": ("bias", "affine", "elementwise_affine"),
    "weight": ("affine", "elementwise_affine"),
    "running_mean": ("track_running_stats",),
    "running_var": ("track_running_stats",),
}
"""Arguments that leave out the attribute of this name if they are false."""
NORMS = (("num_features",), ("num_channels",), ("normalized_shape",))
WEIGHTS = {
    "weight": (("out_features", "in_features"), ("num_embeddings", "embedding_dim"), *NORMS),
    "bias": (("out_features",), *NORMS),
    "running_mean": NORMS,
    "running_var": NORMS,
}
"""The arguments of layers that are the sizes of a weight, for each kind of them."""
LAYERS = (
    "Linear", "Bilinear", "Conv", "Lazy", "BatchNorm", "SyncBatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm",
    "RMSNorm",
)  # fmt: skip
"""Prefixes of the names of layers that have such arguments."""


def listed(run: Run, owner: Instance | Component | Chained, name: str) -> Items:
    """Interpret `children()` or `named_children()`."""
    pairs = children(run, owner)
    if pairs is None:
        inside = unknown_among(owner)
        return Items([], "list", Items([UNKNOWN, inside], "tuple") if name == "named_children" else inside)
    first = {id(value): key for key, value in reversed(pairs)}
    pairs = [(key, value) for key, value in pairs if first[id(value)] == key or not isinstance(value, Node)]
    if name == "named_children":
        return Items([Items([Const(key), value], "tuple") for key, value in pairs])
    return Items([value for _, value in pairs])


def children(run: Run, owner: Instance | Component | Chained) -> list[tuple[str, Value]] | None:
    """Return the children of a module by name; None if they are unknown."""
    of_kind = run.kind_of(owner).children
    return of_kind(run, owner) if of_kind is not None else None


def children_of_instance(run: Run, owner: Instance) -> list[tuple[str, Value]] | None:
    """Return the modules that are attributes of a user-defined module."""
    if owner.opaque:
        return None
    return [(key, value) for key, value in owner.attributes.items() if isinstance(value, Node)]


def children_of_container(run: Run, owner: Chained) -> list[tuple[str, Value]] | None:
    """Return the layers of an `nn.Sequential`, `nn.ModuleList` or `nn.ModuleDict`."""
    return list(owner.children.items()) if owner.rest is None else None


def attribute(run: Run, owner: Component, name: str, site: Site) -> Value:
    """Read `vit.embed_dim`, `resnet.fc.in_features` or `resnet.layer4`."""
    if name in owner.replaced:
        return owner.replaced[name]
    if absent := absences.note_part(run, owner, name, site):
        return run.unknown(f"{absent.owner} has no attribute {name!r}", site.node, site.scope.file)
    if name == "__dict__":
        return Table({}, True, of=owner)
    if name == "_modules":
        return mutation.modules_of(owner, children(run, owner))
    if owner.forgotten:
        return Bound(owner, name) if _is_method(run, name) or name in ADDS | LISTS else unknown_among(owner)
    components = run.libraries.components(owner)
    if components.attribute is not None and (known := components.attribute(run, owner, name)) is not None:
        return known
    missing = _missing(owner, name)
    if missing is not None:
        return missing
    is_weight = name in ATTRIBUTE_SWITCHES and _switches(owner)
    if name in owner.arguments and not is_weight:
        return owner.arguments[name]
    if (
        _is_method(run, name)
        or name in library_functions.methods().get(owner.spec.target, {})
        or not _is_described(run, owner)
    ):
        return Bound(owner, name)
    resolved = run.resolve(owner)
    if resolved.component is not None and name in resolved.values and not is_weight:
        value = resolved.values[name]
        return Const(value) if isinstance(value, (int, float, str, bool, type(None))) else UNKNOWN
    child = parts.child(run, owner, name)
    if child is not None:
        return child
    if name in ("in_features", "out_features", "num_features", "in_channels", "out_channels"):
        width = parts.width(run, owner, name)
        return Const(width) if width is not None else UNKNOWN
    if name in ATTRIBUTE_SWITCHES:
        return _weight(run, owner, resolved, name)
    if name == "module":
        return owner
    return Bound(owner, name)


def _switches(owner: Component) -> bool:
    """Return whether arguments of a layer decide which weights it has."""
    return owner.spec.target.startswith("torch.nn.") and owner.spec.target.rpartition(".")[2].startswith(LAYERS)


def _missing(owner: Component, name: str) -> Value | None:
    """Return None of Python for a weight that a layer lacks, unknown for one that it may lack; None if it has it."""
    if name not in ATTRIBUTE_SWITCHES or not _switches(owner):
        return None
    if owner.part_of is not None:
        return UNKNOWN if name != "weight" else None
    given = [truth(owner.arguments[switch]) for switch in ATTRIBUTE_SWITCHES[name] if switch in owner.arguments]
    if False in given:
        return NONE
    # Only instance norms have no weights by default.
    return UNKNOWN if None in given or "InstanceNorm" in owner.spec.target or owner.spec.note else None


def _is_method(run: Run, name: str) -> bool:
    """Return whether modules have a method of that name that changes no shape."""
    return name in run.libraries.returns_self or name in run.libraries.quiet


def _is_described(run: Run, owner: Component) -> bool:
    """Return whether reading attributes of a component needs no trace, or its library allows a trace for them."""
    described = owner.part_of is not None or stored.find(owner.spec.target) is not None
    return described or run.libraries.components(owner).traced_for_attributes


def _weight(run: Run, owner: Component, resolved: Resolved, name: str) -> Value:
    """Return a weight of a layer, such as (out_features, in_features) of a Linear, also in a library model."""
    is_part = owner.part_of is not None
    sizes = resolved.values
    if is_part and owner.spec.target.rpartition(".")[2] == "Linear":
        sizes = {one: parts.width(run, owner, one) for one in ("in_features", "out_features")}
    for parameters in WEIGHTS[name] if not is_part or sizes is not resolved.values else ():
        found = [(one, sizes.get(one)) for one in parameters]
        if all(isinstance(size, int) for _, size in found):
            origin = Origin(naming.place(owner).role, resolved)
            axes = [ax.Axis(size, replace(origin, parameter=one)) for one, size in found if isinstance(size, int)]
            return Tensor(ax.flow(tuple(axes), origin), weight_of=owner)
    return Tensor(Flow(None, (), ax.NO_ORIGIN), weight_of=owner)


def element(run: Run, owner: Component, index: Value, site: Site) -> Value:
    """Read `vgg.classifier[6]` or `densenet.features[0]`."""
    return parts.element(run, owner, integer(index))


def container_attribute(run: Run, owner: Chained, name: str, site: Site) -> Value:
    """Return a layer of an `nn.Sequential`, `nn.ModuleList` or `nn.ModuleDict` by name, or else a method."""
    if name == "_modules":
        return mutation.modules_of(owner, children(run, owner))
    if absent := absences.note_of_container(run, owner, name, site):
        return run.unknown(f"{absent.owner} has no attribute {name!r}", site.node, site.scope.file)
    return owner.children.get(name, Bound(owner, name))
