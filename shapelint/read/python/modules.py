"""Modules of known libraries: constructing them, calling them, their children and attributes."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from shapelint import chain, dims, shapes
from shapelint.chain import Edge, Flow, Origin
from shapelint.dims import Dim
from shapelint.read.extras import pair_width
from shapelint.read.python import functions, naming, parts, vits
from shapelint.read.python import axes as ax
from shapelint.read.python.calling import Arguments, Keywords
from shapelint.read.python.run import BankCall, Call, Run
from shapelint.read.python.values import (
    NONE,
    UNKNOWN,
    Bound,
    Chained,
    Component,
    Const,
    Data,
    Given,
    Instance,
    Items,
    Library,
    Node,
    Scope,
    Table,
    Tensor,
    Value,
    integer,
    sequence,
    truth,
)
from shapelint.read.text import Span
from shapelint.resolve import resolver, stored
from shapelint.resolve.resolver import Resolved
from shapelint.roles import Role
from shapelint.shapes import Fit, Misfit, StructureValue
from shapelint.spec import Argument, ComponentSpec, Insertion

INPUT = Origin("input")
SELF = frozenset(
    """to cuda cpu train eval requires_grad_ apply half float double bfloat16 to_empty type share_memory
    set_grad_checkpointing compile""".split()
)
QUIET = frozenset(
    """parameters named_parameters buffers named_buffers state_dict load_state_dict zero_grad register_buffer
    register_parameter save_hyperparameters log log_dict print normalize cancel_last_layer_gradients reset_parameters
    init_weights register_forward_hook configure_optimizers modules named_modules set_group_features reset_classifier
    manual_backward optimizers lr_schedulers toggle_optimizer untoggle_optimizer freeze unfreeze extra_repr""".split()
)
MAIN = frozenset({"forward", "encode", "forward_features"})
"""The methods that stand for a module in a chain."""
NO_COMPONENT = ("functional", "init", "utils", "Parameter", "parameter")


def is_component(name: str) -> bool:
    """Whether a dotted name is a module of a known library, to be resolved by its signature."""
    if functions.methods().get(canonical(name)) is not None:
        return True
    target = stored.canonical(name, as_backbone=False)
    library = stored.library_of(target)
    if library is None or name.startswith(tuple(f"torch.nn.{part}" for part in NO_COMPONENT)):
        return False
    last = target.rpartition(".")[2]
    if library.library in ("torch", "lightly"):
        return last[:1].isupper() and (library.library == "torch" or stored.find(target) is not None or "Head" in last)
    return stored.find(target) is not None or last[:1].islower() or vits.describes(target)


def canonical(name: str) -> str:
    """The name under which the tables of methods know a module."""
    head, _, last = name.rpartition(".")
    return f"lightly.models.modules.{last}" if head.startswith("lightly.models") else name


def construct(
    run: Run, name: str, positional: Arguments, keywords: Keywords, node: ast.AST, scope: Scope, complete: bool
) -> Value:
    """A module as written, with the place of every argument."""
    target = canonical(name) if canonical(name) in functions.methods() else stored.canonical(name, as_backbone=False)
    spec = specification(run, target, positional, keywords, node, scope)
    component = Component(spec=spec if complete else replace(spec, note="its arguments are unpacked from elsewhere"))
    component.arguments = _by_name(target, positional, keywords)
    return component


def wrapped(run: Run, name: str, inner: Value, node: ast.AST, scope: Scope) -> Value:
    """A wrapper that a class method makes around a vision transformer, or around its encoder."""
    component = Component(spec=specification(run, canonical(name), [], {}, node, scope))
    vit = inner.part_of if isinstance(inner, Component) and inner.part_of is not None else inner
    component.arguments = {"vit": vit}
    return component


def specification(
    run: Run, target: str, positional: Arguments, keywords: Keywords, node: ast.AST, scope: Scope
) -> ComponentSpec:
    """A call of a library's constructor with the places of its arguments; in another file, those of the call here."""
    main = scope.file is not None and scope.file.main
    anchor = run.anchors[-1] if run.anchors else Span(0, 0)
    span = scope.file.span(node) if scope.file and main else anchor
    head = scope.file.span(node.func) if scope.file and main and isinstance(node, ast.Call) else anchor
    return ComponentSpec(
        spelling="call",
        target=target,
        span=span,
        head=head,
        positional=tuple(_argument(given, main) for given in positional),
        keywords=tuple((name, _argument(given, main)) for name, given in keywords.items()),
        insertion=_insertion(run, span) if main and isinstance(node, ast.Call) else None,
    )


def _by_name(target: str, positional: Arguments, keywords: Keywords) -> dict[str, Value]:
    """The values of the arguments by name, as far as the names are known."""
    found = stored.find(target)
    names = [p.name for p in found[1].parameters if p.kind == "positional"] if found else vits.parameters(target)
    named = {name: given.value for name, given in zip(names, positional)}
    named.update({name: given.value for name, given in keywords.items()})
    for index, given in enumerate(positional):
        named.setdefault(f"({index})", given.value)
    return named


def _argument(given: Given, main: bool) -> Argument:
    """An argument: where its literal stands if it has one in the linted file, else where it is used."""
    value = given.value
    if isinstance(value, Const) and value.place is not None:
        here = () if given.foreign or given.span == value.place else (given.span,)
        return Argument(_plain(value), value.place, value.place, given.key, uses=(*here, *value.hops))
    elements: tuple[Argument, ...] = ()
    if isinstance(value, Items) and value.rest is None:
        elements = tuple(_argument(Given(item, given.span, foreign=True), main) for item in value.items)
    return Argument(_plain(value), given.span, None, given.key, elements=elements)


def _plain(value: Value) -> Any:
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Items) and value.rest is None:
        return tuple(_plain(item) for item in value.items)
    if isinstance(value, Component):
        return value.spec
    if isinstance(value, Library):
        return dims.UNKNOWN
    return dims.UNKNOWN


def _insertion(run: Run, span: Span) -> Insertion | None:
    before = run.text[span.start : span.end - 1].rstrip()
    if run.text[span.end - 1 : span.end] != ")":
        return None
    prefix = "" if before.endswith("(") else " " if before.endswith(",") else ", "
    return Insertion(span.end - 1, prefix, "=")


def container(run: Run, kind: str, positional: Arguments, keywords: Keywords, complete: bool) -> Value:
    """`nn.Sequential(...)`, `nn.ModuleList([...])`, `nn.ModuleDict({...})`."""
    chained = Chained(kind=kind, rest=None if complete else UNKNOWN)
    values = [given.value for given in positional]
    first = values[0] if values else None
    if len(values) == 1 and isinstance(first, Table):
        children = {str(key): value for key, value in first.items.items()}
        chained.rest = UNKNOWN if first.open else chained.rest
    else:
        if kind != "Sequential" and len(values) == 1:
            items = sequence(values[0])
            chained.rest = UNKNOWN if items is None or items.rest is not None else chained.rest
            values = items.items if items is not None else []
        children = {str(index): value for index, value in enumerate(values)}
    for name, value in children.items():
        chained.children[name] = value
        chained.hold(name, value)
    return chained


def call(
    run: Run, module: Component | Chained, positional: Arguments, keywords: Keywords, node: ast.AST, scope: Scope
) -> Value:
    """`module(x)`."""
    from shapelint.read.python import calling

    if isinstance(module, Chained):
        return _call_chained(run, module, positional, keywords, node, scope)
    method = functions.methods().get(module.spec.target, {}).get("forward")
    if method is not None:
        return call_method(run, module, method, positional, keywords, node, scope)
    values = [given.value for given in (*positional, *keywords.values())]
    if not values or len([v for v in values if isinstance(v, Tensor)]) > 1:
        return _several(run, module, values, node, scope)
    value = values[0]
    if isinstance(value, Data):
        value = image(value, _channels(run, module))
    if not isinstance(value, Tensor):
        value = Tensor(Flow(None, (), ax.NOWHERE))
    _ = calling
    return apply(run, module, value, node, scope)


def _call_chained(
    run: Run, module: Chained, positional: Arguments, keywords: Keywords, node: ast.AST, scope: Scope
) -> Value:
    from shapelint.read.python import calling

    if module.kind != "Sequential" or not positional:
        return run.unknown("a list of modules is not called", node, scope.file)
    if module.rest is not None:
        return Tensor(Flow(None, (), ax.NOWHERE))
    value = positional[0].value
    for child in module.children.values():
        value = calling.call(run, child, [Given(value, positional[0].span)], {}, node, scope)
    return value


def _several(run: Run, module: Component, values: list[Value], node: ast.AST, scope: Scope) -> Value:
    """A component with several inputs: the first decides what comes out where all have its shape."""
    tensors = [value for value in values if isinstance(value, Tensor)]
    label = module.spec.target.rpartition(".")[2]
    if tensors and label in ("TransformerDecoderLayer", "TransformerDecoder"):
        return tensors[0]
    if tensors and label == "MultiheadAttention":
        return Items([tensors[0], Tensor(Flow(None, (), tensors[0].flow.maker))], "tuple")
    for value in values:
        run.escape(value)
    return run.unknown(f"{label} with several inputs", node, scope.file)


def apply(run: Run, component: Component, value: Tensor, node: ast.AST, scope: Scope) -> Value:
    """Run a component on a tensor and record the edge."""
    place = naming.place(component)
    resolved = resolve(run, component)
    span = scope.file.span(node) if scope.file and scope.file.main else (run.anchors[-1] if run.anchors else Span(0, 0))
    if component.replaced:
        result = parts.run_replaced(run, component, value, node, scope)
        if result is not None:
            return result
    if resolved.signature is None and resolved.layers:
        return Tensor(Flow(None, (), Origin(place.role, resolved)))
    key = (id(component), value.flow.value, tuple((id(o.component), o.parameter) for o in value.flow.origins))
    if key not in run.steps:
        resolved = parts.rebased(component, resolved, value.flow)
        run.steps[key] = (component, resolved, *chain.step(place.role, resolved, value.flow))
    _, resolved, edge, outgoing = run.steps[key]
    edge = replace(edge, layer=place.layer, consumer=replace(edge.consumer, place=span))
    outgoing = _placed(outgoing, resolved, span)
    if edge.result is not None and _doubtful_input(edge, value):
        edge = replace(edge, result=None)
    loose = _is_loose(value, resolved, edge)
    run.calls.append(Call(component, edge, outgoing, span))
    if isinstance(outgoing.value, StructureValue):
        flows = [
            Tensor(Flow(v, (outgoing.maker,) * len(v), outgoing.maker)) if isinstance(v, tuple) else UNKNOWN
            for v in outgoing.value.elements
        ]
        if outgoing.value.kind == "dict":
            return Table(dict(zip(outgoing.value.keys, flows)))
        return Items(list(flows), outgoing.value.kind)
    return Tensor(outgoing, run.no_grad > 0, loose)


def _is_loose(value: Tensor, component: Resolved, edge: Edge) -> bool:
    """Whether only the last axis of what comes out is known: behind an unknown shape, or a fault that was told."""
    pattern = component.signature.alternatives[0].inputs[0] if component.signature else None
    variadic = pattern is not None and pattern.rank is None
    told = isinstance(edge.result, Misfit) and isinstance(value.flow.value, tuple) and len(value.flow.value) > 2
    return value.loose or (variadic and (value.flow.value is None or told))


def _placed(flow: Flow, made_by: Resolved, span: Span) -> Flow:
    """What a component gives, with the place of the call."""
    origins = tuple(replace(o, place=span) if o.component is made_by else o for o in flow.origins)
    maker = replace(flow.maker, place=span) if flow.maker.component is made_by else flow.maker
    return Flow(flow.value, origins, maker)


def _doubtful_input(edge: Edge, value: Tensor) -> bool:
    """A batch of one is no fault of the model (people probe a model with one image), nor are axes that are not known.

    A width that was given and cannot be read says nothing of what comes either.
    """
    result = edge.result
    if value.loose and isinstance(result, Misfit) and result.kind != "axis":
        return True
    if isinstance(result, Fit) and any(axis is dims.UNKNOWN for axis in result.alternative.inputs[0].axes):
        return True
    return isinstance(result, Misfit) and result.kind == "condition" and "B" in result.condition and bool(value.shape)


def resolve(run: Run, component: Component) -> Resolved:
    """The signature of a component, looked up once."""
    if component.resolved is None:
        place = naming.place(component)
        component.resolved = vits.resolve(component, place.role, run.options) or resolver.resolve(component.spec, place.kind, run.options)
    return component.resolved


def image(data: Data, channels: Dim = 3) -> Tensor:
    """What comes out of a loader, taken for images."""
    shape = (data.rows, channels, dims.symbol("H"), dims.symbol("W"))
    return Tensor(Flow(shape, (INPUT,) * 4, INPUT), True)


def _channels(run: Run, component: Component) -> Dim:
    """The channels that the first consumer of a batch takes: a script does not say how many its images have."""
    signature = resolve(run, component).signature
    axes = signature.alternatives[0].inputs[0].axes if signature else ()
    channels = axes[1] if len(axes) == 4 else 3
    return channels if isinstance(channels, int) else 3


def call_method(
    run: Run,
    component: Component,
    method: functions.Function,
    positional: Arguments,
    keywords: Keywords,
    node: ast.AST,
    scope: Scope,
) -> Value:
    """A method of a module that the tables know; its first axis in conflict is an edge."""
    place = naming.place(component)
    values: dict[str, Any] = {name: functions.plain(value) for name, value in component.arguments.items()}
    values.update(vits.values(run, component))
    given = given_by_name(component)
    resolved = Resolved(component.spec, component.spec.target, "stored", given=given, values=values)
    positional, keywords, edge = _checked(method, resolved, place, positional, keywords)
    span = scope.file.span(node) if scope.file and scope.file.main else (run.anchors[-1] if run.anchors else Span(0, 0))
    _note_bank(run, component, positional, keywords)
    result = functions.call(run, method, positional, keywords, values)
    maker = Origin(place.role, resolved, place=span)
    if isinstance(result, Tensor):
        result = Tensor(_made_by(result.flow, maker, component), result.detached)
        if method.name in MAIN or isinstance(edge.result, Misfit):
            run.calls.append(Call(component, edge, result.flow, span))
    elif isinstance(result, Items):
        result = Items(
            [Tensor(_made_by(r.flow, maker, component), r.detached) if isinstance(r, Tensor) else r for r in result.items],
            result.kind,
        )
        first = result.items[0]
        run.calls.append(Call(component, edge, first.flow if isinstance(first, Tensor) else Flow(None, (), maker), span))
    return result


def _note_bank(run: Run, component: Component, positional: Arguments, keywords: Keywords) -> None:
    """A memory bank stores what it is called with; one that only answers does so where it compares."""
    label = component.spec.target.rpartition(".")[2]
    value = positional[0].value if positional else keywords["output"].value if "output" in keywords else UNKNOWN
    if label not in ("MemoryBankModule", "NNMemoryBankModule") or not isinstance(value, Tensor):
        return
    updates = keywords.get("update")
    stores = updates is not None and truth(updates.value) is True
    size = given_by_name(component).get("size")
    if size is not None and (stores or label == "NNMemoryBankModule"):
        run.banks.append(BankCall(component, pair_width(size), value.flow))


def given_by_name(component: Component) -> dict[str, Argument]:
    """The arguments as written, by name."""
    names = vits.parameters(component.spec.target)
    return {**dict(zip(names, component.spec.positional)), **dict(component.spec.keywords)}


def _checked(
    method: functions.Function, resolved: Resolved, place: naming.Place, positional: Arguments, keywords: Keywords
) -> tuple[Arguments, Keywords, Edge]:
    """The first operand against its pattern: one that does not fit is an edge, and counts as unknown afterwards."""
    name = method.inputs[0]
    given = positional[0] if positional else keywords.get(name)
    value = given.value if given else UNKNOWN
    if isinstance(value, Data):
        value = image(value)
    this = Origin(place.role, resolved)
    if not isinstance(value, Tensor) or value.loose:
        return positional, keywords, Edge(place.role, resolved, Flow(None, (), INPUT), None, this, INPUT, place.layer)
    pattern = method.shapes.split("->")[0].split(",")[0].strip()
    template = shapes.parse_signature(f"{pattern} -> {pattern}")
    signature = shapes.substitute(template, {k: v for k, v in resolved.values.items() if k != pattern})
    checked = replace(resolved, template=template, signature=signature)
    edge, _ = chain.step(Role(place.role, ""), checked, value.flow)
    edge = replace(edge, layer=place.layer)
    if isinstance(edge.result, Misfit):
        blank = Given(UNKNOWN, given.span if given else Span(0, 0))
        if positional:
            return [blank, *positional[1:]], keywords, edge
        return positional, {**keywords, name: blank}, edge
    return positional, keywords, edge


def _made_by(flow: Flow, maker: Origin, component: Component) -> Flow:
    origins = tuple(maker if origin.component is None else origin for origin in flow.origins)
    return Flow(flow.value, origins[:-1] + (maker,) if origins else (), maker)


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
        if name == "save_hyperparameters":
            return NONE
        if name in ("modules", "named_modules", "parameters", "named_parameters"):
            return Items([], "list", UNKNOWN)
        return NONE
    if name in ("children", "named_children"):
        return _children(run, owner, name)
    if name in ("forward", "__call__", "forward_features") and isinstance(owner, (Component, Chained)):
        if isinstance(owner, Component):
            known = functions.methods().get(owner.spec.target, {}).get(name)
            if known is not None:
                return call_method(run, owner, known, positional, keywords, node, scope)
        if name != "forward_features":
            return calling.call(run, owner, positional, keywords, node, scope)
    if isinstance(owner, Component):
        known = functions.methods().get(owner.spec.target, {}).get(name)
        if known is not None:
            return call_method(run, owner, known, positional, keywords, node, scope)
    if isinstance(owner, Chained):
        return _container_method(run, owner, name, positional)
    if name == "add_module" and isinstance(owner, Instance) and len(positional) == 2:
        key = positional[0].value
        if isinstance(key, Const) and isinstance(key.value, str):
            owner.attributes[key.value] = positional[1].value
            owner.hold(key.value, positional[1].value)
        return NONE
    run.escape(owner)
    for given in (*positional, *keywords.values()):
        run.escape(given.value)
    return run.unknown(f".{name}() of a module is not known", node, scope.file)


def _container_method(run: Run, owner: Chained, name: str, positional: Arguments) -> Value:
    values = [given.value for given in positional]
    if name in ("append", "add_module", "insert") and values:
        key, value = str(len(owner.children)), values[-1]
        if name == "add_module" and isinstance(values[0], Const):
            key = str(values[0].value)
        if run.uncertain or name == "insert":
            owner.rest = UNKNOWN
        else:
            owner.children[key] = value
            owner.hold(key, value)
        return owner
    if name in ("keys", "values", "items"):
        pairs = list(owner.children.items())
        if name == "items":
            return Items([Items([Const(key), value], "tuple") for key, value in pairs])
        return Items([Const(key) for key, _ in pairs] if name == "keys" else [value for _, value in pairs])
    if name == "extend" and values:
        items = sequence(values[0])
        if items is None or items.rest is not None or run.uncertain:
            owner.rest = UNKNOWN
            return owner
        for value in items.items:
            key = str(len(owner.children))
            owner.children[key] = value
            owner.hold(key, value)
        return owner
    return UNKNOWN


def _children(run: Run, owner: Instance | Component | Chained, name: str) -> Value:
    pairs: list[tuple[str, Value]] | None
    if isinstance(owner, Chained):
        pairs = list(owner.children.items()) if owner.rest is None else None
    elif isinstance(owner, Instance):
        pairs = [(key, value) for key, value in owner.attributes.items() if isinstance(value, Node) and key != "(base)"]
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
    if name in SELF or name in QUIET or name in functions.methods().get(owner.spec.target, {}) or not _is_described(owner):
        return Bound(owner, name)
    resolved = resolve(run, owner)
    if resolved.component is not None and name in resolved.values:
        value = resolved.values[name]
        return Const(value) if isinstance(value, (int, float, str, bool, type(None))) else UNKNOWN
    child = parts.child(run, owner, name)
    if child is not None:
        return child
    if name in ("in_features", "out_features", "num_features", "in_channels", "out_channels"):
        width = parts.width(run, owner, name)
        return Const(width) if width is not None else UNKNOWN
    if name in ("weight", "bias"):
        return _weight(owner, resolved, name)
    if name == "module":
        return owner
    return Bound(owner, name)


def _is_described(owner: Component) -> bool:
    """Whether looking at the attributes of a component costs no trace, or tells of a model's children."""
    target = owner.spec.target
    return owner.part_of is not None or stored.find(target) is not None or not target.startswith("lightly.")


def _weight(owner: Component, resolved: Resolved, name: str) -> Value:
    inner, outer = resolved.values.get("in_features"), resolved.values.get("out_features")
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
    if isinstance(value, Node):
        if value.holder is None:
            value.name, value.holder = name, owner


def assign_part(owner: Value, index: Value, value: Value) -> None:
    """`vgg.classifier[6] = nn.Identity()`: the replacement belongs to the model that the part is of."""
    if isinstance(owner, Component) and isinstance(owner.part_of, Component):
        position = integer(index)
        names = parts.inner_names(owner)
        if isinstance(position, int) and -len(names) <= position < len(names):
            replace_child(owner.part_of, f"{parts.own_name(owner)}.{names[position]}", value)


_ = (Fit, Table)
