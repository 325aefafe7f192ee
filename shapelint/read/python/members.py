"""Children, attributes and methods of modules."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from shapelint import shapes
from shapelint.chain import Flow, Origin
from shapelint.read.python import attributes, changing, functions, modules, naming, parts, steps, tables, vits
from shapelint.read.python import axes as ax
from shapelint.read.python.calling import Arguments, Keywords
from shapelint.read.python.hiding import hide
from shapelint.read.python.run import Run
from shapelint.read.python.values import (
    NONE,
    UNKNOWN,
    Bound,
    Chained,
    Component,
    Const,
    Function,
    Instance,
    Items,
    Method,
    Node,
    Scope,
    Table,
    Tensor,
    Unknown,
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
    reset_parameters init_weights configure_optimizers modules named_modules no_weight_decay
    set_group_features manual_backward get_parameter get_buffer optimizers lr_schedulers toggle_optimizer
    untoggle_optimizer freeze unfreeze extra_repr
    """
)


ADDS = words("add_module register_module set_submodule")
LISTS = words("children named_children modules named_modules get_submodule forward __call__")


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
                changing.store(run, owner, key.value, positional[1].value)
        if name == "save_hyperparameters" and isinstance(owner, Instance):
            run.touch(owner)
            owner.attributes["(hparams)"] = _hyperparameters([given.value for given in positional], scope)
        if name in ("modules", "named_modules"):
            inside = Unknown(inside=owner)
            return Items([], "list", inside if name == "modules" else Items([UNKNOWN, inside], "tuple"))
        return Items([], "list", UNKNOWN) if name in ("parameters", "named_parameters") else NONE
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
    if name in ADDS and len(positional) > 1:
        key = positional[0].value
        if isinstance(key, Const) and isinstance(key.value, str):
            changing.set_submodule(run, owner, key.value, positional[1].value)
        else:
            hide(run, owner)
        return NONE
    if name == "get_submodule" and positional and isinstance(positional[0].value, Const):
        return _submodule(run, owner, positional[0].value.value, node, scope)
    if name.startswith("register_") and name.endswith("hook"):
        if not positional or _may_change(positional[0].value):
            hide(run, owner)
        return NONE
    if isinstance(owner, Chained):
        return _container_method(run, owner, name, positional)
    base = owner.attributes.get("(base)") if isinstance(owner, Instance) else None
    if isinstance(base, Chained):
        return _container_method(run, base, name, positional)
    if isinstance(owner, Component):
        hide(run, owner)
    run.escape(owner)
    for given in (*positional, *keywords.values()):
        run.escape(given.value)
    return run.unknown(f".{name}() of a module is not known", node, scope.file)


def _submodule(run: Run, owner: Value, path: object, node: ast.AST, scope: Scope) -> Value:
    for step in path.split(".") if isinstance(path, str) and path else ():
        owner = attributes.get(run, owner, step, node, scope)
    return owner


def _may_change(hook: Value) -> bool:
    """Whether a hook may give something else in the place of what passes: one that returns nothing does not."""
    if not isinstance(hook, (Function, Method)):
        return True
    node = (hook.function if isinstance(hook, Method) else hook).node
    if isinstance(node, ast.Lambda):
        stores = ("append", "update", "__setitem__", "setdefault", "setattr")
        called = node.body.func if isinstance(node.body, ast.Call) else node.body
        return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) not in stores
    return any(isinstance(part, ast.Return) and part.value is not None for part in ast.walk(node))


def _hyperparameters(values: list[Value], scope: Scope) -> Value:
    """What `self.hparams` has: a namespace that is handed over, else the arguments of the `__init__` that saves them.

    https://lightning.ai/docs/pytorch/stable/common/hyperparameters.html
    """
    if len(values) == 1 and isinstance(values[0], Table):
        return tables.namespace(values[0].items)
    if scope.function is None:
        return UNKNOWN
    parameters = scope.function.node.args
    names = [one.arg for one in (*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs)]
    return tables.namespace({name: scope.names[name] for name in names[1:] if name in scope.names})


def _container_method(run: Run, owner: Chained, name: str, positional: Arguments) -> Value:
    values = [given.value for given in positional]
    if name in ("append", "add_module", "register_module") and values:
        key: object = str(len(owner.children))
        if name != "append":
            key = values[0].value if isinstance(values[0], Const) else None
        _add(run, owner, [(key, values[-1])])
        return owner
    if name in ("keys", "values", "items"):
        pairs = list(owner.children.items())
        if name == "items":
            return Items([Items([Const(key), value], "tuple") for key, value in pairs], rest=owner.rest)
        found: list[Value] = [Const(key) for key, _ in pairs] if name == "keys" else [value for _, value in pairs]
        return Items(found, rest=owner.rest)
    if name == "update" and values and isinstance(values[0], Table) and not values[0].open:
        _add(run, owner, list(values[0].items.items()))
        return NONE
    if name == "extend" and values:
        items = sequence(values[0])
        if items is not None and items.rest is None:
            _add(run, owner, [(str(len(owner.children) + index), value) for index, value in enumerate(items.items)])
            return owner
    hide(run, owner)
    return owner if name in ("extend", "insert") else UNKNOWN


def _add(run: Run, owner: Chained, children: Sequence[tuple[object, Value]]) -> None:
    for key, value in children:
        if isinstance(key, str):
            changing.set_child(run, owner, key, value)
        else:
            hide(run, owner)


def _children(run: Run, owner: Instance | Component | Chained, name: str) -> Items:
    pairs = children(run, owner)
    if pairs is None:
        inside = Unknown(inside=owner)
        return Items([], "list", Items([UNKNOWN, inside], "tuple") if name == "named_children" else inside)
    if name == "named_children":
        return Items([Items([Const(key), value], "tuple") for key, value in pairs])
    return Items([value for _, value in pairs])


def children(run: Run, owner: Instance | Component | Chained) -> list[tuple[str, Value]] | None:
    """The children of a module by name, None where they are not known."""
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
    return pairs


def attribute(run: Run, owner: Component, name: str, node: ast.AST, scope: Scope) -> Value:
    """`vit.embed_dim`, `resnet.fc.in_features`, `resnet.layer4`."""
    if name in owner.replaced:
        return owner.replaced[name]
    if name == "_modules":
        return changing.modules_of(owner, children(run, owner))
    if owner.hidden:
        return Bound(owner, name) if name in SELF | QUIET | ADDS | LISTS else Unknown(inside=owner)
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
