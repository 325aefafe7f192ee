"""Children, attributes and methods of modules."""

from __future__ import annotations

import ast
from dataclasses import replace

from shapelint import shapes
from shapelint.chain import Flow, Origin
from shapelint.read.python import axes as ax
from shapelint.read.python import command_line, functions, modules, naming, parts, steps, vits
from shapelint.read.python.calling import Arguments, Keywords
from shapelint.read.python.run import Run
from shapelint.read.python.values import (
    NONE,
    UNKNOWN,
    Bound,
    Chained,
    Component,
    Const,
    Instance,
    Items,
    Node,
    Scope,
    Table,
    Tensor,
    Value,
    integer,
    sequence,
)
from shapelint.read.python.words import words
from shapelint.resolve import stored
from shapelint.resolve.resolver import Resolved
from shapelint.shapes import Pattern

SELF = words(
    """
    to cuda cpu train eval requires_grad_ apply half float double bfloat16 to_empty type share_memory
    set_grad_checkpointing compile
    """
)
FAMILIES = (
    "resnet", "resnext", "wide_resnet", "seresn", "ecaresnet", "res2net", "convnext", "regnet", "densenet", "swin_",
    "efficientnet", "tf_efficientnet", "mobilevit", "maxvit", "repvgg", "nfnet", "deit_", "beit_",
)  # fmt: skip
"""How the names of timm's models begin whose `num_features` is the width before the classifier."""
QUIET = words(
    """
    parameters named_parameters buffers named_buffers state_dict load_state_dict zero_grad register_buffer
    register_parameter save_hyperparameters log log_dict print normalize cancel_last_layer_gradients
    reset_parameters init_weights register_forward_hook configure_optimizers modules named_modules
    set_group_features reset_classifier manual_backward optimizers lr_schedulers toggle_optimizer
    untoggle_optimizer freeze unfreeze extra_repr
    """
)


def method(
    run: Run,
    owner: Instance | Component | Chained,
    name: str,
    positional: Arguments,
    keywords: Keywords,
    node: ast.AST,
    scope: Scope,
) -> Value:
    """Methods that every nn.Module has, and those of known modules."""
    from shapelint.read.python import calling

    if name in SELF:
        return owner
    if name in QUIET:
        if name == "register_buffer" and isinstance(owner, Instance) and len(positional) > 1:
            key = positional[0].value
            if isinstance(key, Const) and isinstance(key.value, str):
                owner.attributes[key.value] = positional[1].value
        if name == "save_hyperparameters" and isinstance(owner, Instance):
            owner.attributes["(hparams)"] = _hyperparameters([given.value for given in positional], scope)
        if name in ("modules", "named_modules", "parameters", "named_parameters"):
            return Items([], "list", UNKNOWN)
        return NONE
    if name in ("children", "named_children"):
        children = _children(run, owner, name)
        if not isinstance(owner, Chained):
            steps.listed(children, node, scope)
        return children
    if name in ("forward", "__call__", "forward_features") and isinstance(owner, (Component, Chained)):
        if isinstance(owner, Component):
            known = functions.methods().get(owner.spec.target, {}).get(name)
            if known is not None:
                return modules.call_method(run, owner, known, positional, keywords, node, scope)
        if name != "forward_features":
            return calling.call(run, owner, positional, keywords, node, scope)
    if isinstance(owner, Component):
        known = functions.methods().get(owner.spec.target, {}).get(name)
        if known is not None:
            return modules.call_method(run, owner, known, positional, keywords, node, scope)
    if isinstance(owner, Chained):
        return _container_method(run, owner, name, positional)
    if name == "add_module" and isinstance(owner, Instance) and len(positional) == 2:
        key = positional[0].value
        set_attribute(owner, key.value if isinstance(key, Const) else None, positional[1].value)
        return NONE
    base = owner.attributes.get("(base)") if isinstance(owner, Instance) else None
    if isinstance(base, Chained):
        return _container_method(run, base, name, positional)
    run.escape(owner)
    for given in (*positional, *keywords.values()):
        run.escape(given.value)
    return run.unknown(f".{name}() of a module is not known", node, scope.file)


def set_attribute(owner: Instance, name: object, value: Value) -> None:
    """`owner.name = value`: a module that a sequence of the file is given becomes its next layer.

    An empty tensor is a place for one that comes later, from a hook for instance.
    """
    if isinstance(value, Tensor) and 0 in (value.shape or ()):
        value = Tensor(Flow(None, (), value.flow.maker), value.detached)
    base = owner.attributes.get("(base)")
    if not isinstance(name, str):
        owner.opaque = True
        if isinstance(base, Chained):
            base.hide()
        return
    if isinstance(base, Chained) and isinstance(value, Node):
        base.children[name] = value
    owner.attributes[name] = value
    owner.hold(name, value)


def _hyperparameters(values: list[Value], scope: Scope) -> Value:
    """What `self.hparams` has: a namespace that is handed over, else the arguments of the `__init__` that saves them.

    https://lightning.ai/docs/pytorch/stable/common/hyperparameters.html
    """
    if len(values) == 1 and isinstance(values[0], Table):
        return command_line.namespace(values[0].items)
    if scope.function is None:
        return UNKNOWN
    parameters = scope.function.node.args
    names = [one.arg for one in (*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs)]
    return command_line.namespace({name: scope.names[name] for name in names[1:] if name in scope.names})


def _container_method(run: Run, owner: Chained, name: str, positional: Arguments) -> Value:
    values = [given.value for given in positional]
    if name in ("append", "add_module", "insert") and values:
        key, value = str(len(owner.children)), values[-1]
        if name == "add_module" and isinstance(values[0], Const):
            key = str(values[0].value)
        if run.uncertain or name == "insert":
            owner.hide()
        else:
            owner.children[key] = value
            owner.hold(key, value)
        return owner
    if name in ("keys", "values", "items"):
        pairs = list(owner.children.items())
        if name == "items":
            return Items([Items([Const(key), value], "tuple") for key, value in pairs], rest=owner.rest)
        found: list[Value] = [Const(key) for key, _ in pairs] if name == "keys" else [value for _, value in pairs]
        return Items(found, rest=owner.rest)
    if name == "update" and values and isinstance(values[0], Table) and not values[0].open and not run.uncertain:
        for key, value in values[0].items.items():
            owner.children[str(key)] = value
            owner.hold(str(key), value)
        return NONE
    if name == "extend" and values:
        items = sequence(values[0])
        if items is None or items.rest is not None or run.uncertain:
            owner.hide()
            return owner
        for value in items.items:
            key = str(len(owner.children))
            owner.children[key] = value
            owner.hold(key, value)
        return owner
    owner.hide()
    return UNKNOWN


def _children(run: Run, owner: Instance | Component | Chained, name: str) -> Items:
    pairs: list[tuple[str, Value]] | None
    if isinstance(owner, Chained):
        pairs = list(owner.children.items()) if owner.rest is None else None
    elif isinstance(owner, Instance):
        pairs = (
            None
            if owner.opaque
            else [
                (key, value) for key, value in owner.attributes.items() if isinstance(value, Node) and key != "(base)"
            ]
        )
    else:
        pairs = parts.children(run, owner)
    if pairs is None:
        return Items([], "list", UNKNOWN)
    if name == "named_children":
        return Items([Items([Const(key), value], "tuple") for key, value in pairs])
    return Items([value for _, value in pairs])


def attribute(run: Run, owner: Component, name: str, node: ast.AST, scope: Scope) -> Value:
    """`vit.embed_dim`, `resnet.fc.in_features`, `resnet.layer4`."""
    if name in owner.replaced:
        return owner.replaced[name]
    known = vits.attribute(run, owner, name)
    if known is not None:
        return known
    if name in owner.arguments:
        return owner.arguments[name]
    if (
        name in SELF
        or name in QUIET
        or name in functions.methods().get(owner.spec.target, {})
        or not _is_described(owner)
    ):
        return Bound(owner, name)
    resolved = modules.resolve(run, owner)
    if resolved.component is not None and name in resolved.values:
        value = resolved.values[name]
        return Const(value) if isinstance(value, (int, float, str, bool, type(None))) else UNKNOWN
    child = parts.child(run, owner, name)
    if child is not None:
        return child
    if name == "num_features" and owner.part_of is None:
        return _features(owner, resolved)
    if name in ("in_features", "out_features", "num_features", "in_channels", "out_channels"):
        width = parts.width(run, owner, name)
        return Const(width) if width is not None else UNKNOWN
    if name in ("weight", "bias"):
        return _weight(run, owner, resolved, name)
    if name == "module":
        return owner
    return Bound(owner, name)


def _features(owner: Component, resolved: Resolved) -> Value:
    """`num_features` of a model of timm, in families where it is the width before the classifier."""
    known = owner.spec.target.startswith("timm") and vits.name_of(owner).startswith(FAMILIES)
    if not known or resolved.signature is None or resolved.row is None:
        return UNKNOWN
    classes = owner.arguments.get("num_classes")
    if isinstance(classes, Const) and classes.value == 0:
        pattern = resolved.signature.alternatives[0].output
    else:
        linear = [line for line in resolved.row.parts.values() if line.startswith("torch.nn.Linear")]
        line = linear[-1].partition(":")[2] if linear else "S -> S"
        pattern = shapes.parse_signature(line).alternatives[0].inputs[0]
    width = pattern.axes[-1] if isinstance(pattern, Pattern) and pattern.axes else None
    return Const(width) if isinstance(width, int) else UNKNOWN


def _is_described(owner: Component) -> bool:
    """Whether looking at the attributes of a component costs no trace, or tells of a model's children."""
    target = owner.spec.target
    return owner.part_of is not None or stored.find(target) is not None or not target.startswith("lightly.")


def _weight(run: Run, owner: Component, resolved: Resolved, name: str) -> Value:
    """The weight (out_features, in_features) or bias (out_features,) of a Linear, also inside a library's model."""
    inner, outer = resolved.values.get("in_features"), resolved.values.get("out_features")
    if owner.part_of is not None and owner.spec.target.rpartition(".")[2] == "Linear":
        inner, outer = parts.width(run, owner, "in_features"), parts.width(run, owner, "out_features")
    if isinstance(inner, int) and isinstance(outer, int):
        origin = Origin(naming.place(owner).role, resolved)
        axes = [ax.Axis(outer, replace(origin, parameter="out_features"))]
        if name == "weight":
            axes.append(ax.Axis(inner, replace(origin, parameter="in_features")))
        return Tensor(ax.flow(tuple(axes), origin), True)
    return Tensor(Flow(None, (), ax.NOWHERE), True)


def element(run: Run, owner: Component, index: Value) -> Value:
    """`vgg.classifier[6]`, `densenet.features[0]`."""
    return parts.element(run, owner, integer(index))


def replace_child(owner: Component, name: str, value: Value) -> None:
    """`resnet.fc = nn.Identity()`; what is no module is an attribute."""
    owner.replaced[name] = value
    if isinstance(value, Node) and value.holder is None:
        value.name, value.holder = name, owner


def assign_part(owner: Value, index: Value, value: Value) -> None:
    """`vgg.classifier[6] = nn.Identity()`: the replacement belongs to the model that the part is of."""
    if isinstance(owner, Component) and isinstance(owner.part_of, Component):
        position = integer(index)
        names = parts.inner_names(owner)
        if isinstance(position, int) and -len(names) <= position < len(names):
            replace_child(owner.part_of, f"{parts.own_name(owner)}.{names[position]}", value)
