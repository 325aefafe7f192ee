"""Calls of modules of known libraries: every call is an edge of the chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.chain import propagation
from shapelint.chain.chain import Edge, Flow, Origin
from shapelint.common.frozen import replace
from shapelint.common.patterns import pattern
from shapelint.python.libraries import library_functions, vision_transformers
from shapelint.python.libraries.torch import (
    attention_masks,
    constructing,
    hooks,
    outputs,
    parts,
    recurrent_states,
    replaced_parts,
    single_inputs,
    traced_sizes,
    training_modes,
)
from shapelint.python.state import causes, gradients, naming
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.gradients import Trained
from shapelint.python.state.plugins import Number
from shapelint.python.state.run import Call, Run
from shapelint.python.state.values import (
    NONE,
    UNKNOWN,
    Chained,
    Component,
    Data,
    Given,
    Instance,
    Items,
    Node,
    Size,
    Tensor,
    Value,
)
from shapelint.python.tensors import row_faults, signature_calls, trail
from shapelint.python.tensors.image_sizes import INPUT, image
from shapelint.resolve import resolver
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, notation, signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.notation import Ellipsis_, OutputPattern, Pattern, PatternAxis, Structure
from shapelint.shapes.signatures import Fit, Misfit, StructureValue
from shapelint.signatures import declared, stored, timm_signatures
from shapelint.spec.roles import Role
from shapelint.text.source import Span

MAIN = frozenset({"forward", "encode", "forward_features"})
"""The methods that stand for a module in a chain."""
BATCH_NAME = pattern(r"\bB\b")
ATTENTION = "torch.nn.MultiheadAttention"
ENCODER_LAYER = "torch.nn.TransformerEncoderLayer"
SEVERAL_INPUTS = {
    ATTENTION: ("query", "key", "value"),
    "torch.nn.TransformerDecoderLayer": ("tgt", "memory"),
    "torch.nn.TransformerDecoder": ("tgt", "memory"),
    "torch.nn.Bilinear": ("input1", "input2"),
}
"""The inputs of layers. The first one has the shape of what they give, but for those that are in `COMBINED`."""
COMBINED = frozenset({"torch.nn.Bilinear"})
"""Layers that give another shape than that of their first input."""
PASSED = ("... -> ...", "B C ... -> B C ...", "B C L ... -> B C L ...")
"""The signatures of layers that give images as they get them, whatever their channels and their size."""


def call_component(run: Run, module: Component, arguments: Arguments, site: Site) -> Value:
    """Interpret `module(x)`."""
    method = library_functions.methods().get(module.spec.target, {}).get("forward")
    if method is not None and not module.forgotten:
        return call_method(run, module, method, arguments, site)
    own = run.libraries.components(module).call
    called = own(run, module, arguments, site) if own is not None and not module.forgotten else None
    if called is not None:
        return called
    states = recurrent_states.STATES.get(module.spec.target) or recurrent_states.CELLS.get(module.spec.target)
    if states is not None and len(arguments.every) == 2 and arguments.complete:
        return _with_state(run, module, arguments, site, states)
    values = [given.value for given in arguments.every]
    masks = list(attention_masks.given(arguments).values()) if module.spec.target == ENCODER_LAYER else []
    tensors = [value for value in values if isinstance(value, Tensor) and value not in masks]
    if module.spec.target in SEVERAL_INPUTS or not values or len(tensors) > 1:
        return _several(run, module, arguments, site)
    if masks:
        attention_masks.compare(run, module, tensors or [None], arguments, site)
    value = values[0]
    if isinstance(value, Data):
        if _is_identity(run, module):
            return value
        reshaped = _resized(run, module, value)
        if reshaped is not None:
            return reshaped
        value = image(value, channels(run, module)) if takes_images(run, module) else value
    if not isinstance(value, Tensor):
        several = outputs.flow_of(value) if _takes_one_tensor(run, module) else None
        value = Tensor(several) if several is not None else causes.tensor(value, causes.argument(run, site))
    return apply(run, module, value, site)


def _takes_one_tensor(run: Run, module: Component) -> bool:
    """Return whether a module fails for anything else than a single tensor."""
    signature = resolve(run, module).signature if not module.replaced else None
    single = signature is not None and all(len(one.inputs) == 1 for one in signature.alternatives)
    return single and str(signature) not in PASSED


def call_chained(run: Run, module: Chained, arguments: Arguments, site: Site) -> Value:
    """Interpret `sequence(x)`: call its layers one after another."""
    own = module.children.get("forward")
    if own is not None and not isinstance(own, Node):
        return run.call(own, arguments, site)
    if module.kind != "Sequential" or not arguments.positional:
        return run.unknown("a list of modules is not called", site.node, site.scope.file)
    if module.rest is not None:
        if isinstance(module.holder, Instance):
            run.unseen[(id(module.holder), module.name)] = causes.layers(run, site)
        return causes.tensor(module.rest, causes.layers(run, site))
    value = arguments.positional[0].value
    for child in module.children.values():
        value = run.call(child, Arguments((Given(value, arguments.positional[0].span),)), site)
    return value


def _several(run: Run, module: Component, arguments: Arguments, site: Site) -> Value:
    """Call a component with several inputs: those whose first input has the shape of what they give are known."""
    names = SEVERAL_INPUTS.get(module.spec.target, ())
    values = [arguments.get(position, name) for position, name in enumerate(names)]
    if not any(isinstance(given.value, Tensor) for given in arguments.every) or not names:
        for given in arguments.every:
            run.escape(given.value)
        label = module.spec.target.rpartition(".")[2]
        causes.leave_unknown_open(run, module.spec.target, arguments.every, site)
        return run.unknown(f"{label} with several inputs", site.node, site.scope.file)
    result = _checked_inputs(run, module, values, site)
    result = replace(result, order=()) if isinstance(result, Tensor) else result
    attention_masks.compare(run, module, values, arguments, site)
    if module.spec.target in COMBINED:
        return _combined(run, module, values)
    if module.spec.target != ATTENTION:
        return result
    maker = result.flow.maker if isinstance(result, Tensor) else INPUT
    return Items([result, Tensor(Flow(None, (), maker))], "tuple")


def _combined(run: Run, module: Component, values: list[Value | None]) -> Tensor:
    """Return what a module makes of several inputs that it mixes; unknown if one of them is not known."""
    flows = [value.flow if isinstance(value, Tensor) else None for value in values]
    maker = flows[0].maker if flows[0] is not None else INPUT
    signature = resolve(run, module).signature
    result = None
    if signature is not None and all(flow is not None and flow.value is not None for flow in flows):
        result = signature_calls.apply(str(signature), flows, {}, maker)
    return Tensor(
        result if isinstance(result, Flow) else Flow(None, (), maker),
        gradients.through([value for value in values if value is not None]),
    )


def _with_state(run: Run, module: Component, arguments: Arguments, site: Site, count: int) -> Value:
    """Call a recurrent layer with the `count` tensors of the state that it starts from; None is a state of zeros."""
    resolved = resolve(run, module)
    state = arguments.get(1, "hx") or UNKNOWN
    result = apply(run, module, _tensor(run, arguments.get(0, "input"), site), site)
    if resolved.signature is None or state == NONE:
        return result
    listed = state.items if isinstance(state, Items) and state.rest is None else [state] * count
    for position, value in enumerate(listed[:count] if count > 1 else [state]):
        apply(run, module, _tensor(run, value, site), site, recurrent_states.state_alone(resolved, position))
    for value, made in zip(listed, recurrent_states.end(result, module.spec.target)):
        recurrent_states.compare_rows(run, module, value, made, site)
    return result


def _checked_inputs(run: Run, module: Component, values: list[Value | None], site: Site) -> Value:
    """Compare each input with its own axes; return what the module makes of the first one."""
    resolved = resolve(run, module)
    known = min((len(one.inputs) for one in resolved.signature.alternatives), default=0) if resolved.signature else 1
    first, *others = values
    called = len(run.calls)
    alone = single_inputs.input_alone(resolved, 0)
    given = apply(run, module, _tensor(run, first, site), site, alone)
    misfit = any(isinstance(call.edge.result, Misfit) for call in run.calls[called:])
    seen = [(first, str(alone.signature))]
    for position, value in enumerate(others[: known - 1], 1):
        alone = single_inputs.input_alone(resolved, position)
        taken = str(alone.signature)
        if value is not None and not any(value is earlier and taken == asked for earlier, asked in seen):
            apply(run, module, _tensor(run, value, site), site, alone)
            seen.append((value, taken))
    return first if isinstance(first, Tensor) and not misfit else given


def _tensor(run: Run, value: Value | None, site: Site) -> Tensor:
    return value if isinstance(value, Tensor) else causes.tensor(value or UNKNOWN, causes.argument(run, site))


def apply(run: Run, component: Component, value: Tensor, site: Site, resolved: Resolved | None = None) -> Value:
    """Run a component, or what it is `resolved` to, on a tensor and record the edge."""
    return gradients.added(_applied(run, component, value, site, resolved), _trained(component) | value.trains)


def _trained(component: Component) -> Trained:
    """Return a component that may be of a target: it is named so, or it is a copy."""
    is_target = any(node.origin is not None or naming.is_target(node.name) for node in component.path)
    return frozenset((component,)) if is_target else gradients.UNTRAINED


def _applied(run: Run, component: Component, value: Tensor, site: Site, resolved: Resolved | None) -> Value:
    place = naming.place(component)
    resolved = resolved or resolve(run, component)
    span = (
        site.scope.file.span(site.node)
        if site.scope.file and site.scope.file.main
        else (run.anchors[-1] if run.anchors else Span(0, 0))
    )
    if takes_images(run, component):
        value = _as_input(value)
    if _has_auxiliary_outputs(resolved) and not training_modes.is_certain(run, component):
        resolved = replace(resolved, signature=None, reason="it gives several tensors in training, and one otherwise")
    if component.replaced and resolved.signature is not None:
        result = replaced_parts.run_replaced(run, component, value, site)
        if result is not None:
            return result
    if resolved.signature is None:
        hooks.after_parts(run, component, None, site)
    if resolved.signature is None and resolved.layers:
        return Tensor(Flow(None, (), Origin(place.role, resolved)))
    made = ((id(origin.component), origin.parameter, origin.steps) for origin in value.flow.origins)
    key = (id(component), str(resolved.signature), value.flow.value, *made)
    if key not in run.steps:
        resolved = parts.rebased(component, resolved, value.flow)
        resolved = traced_sizes.at_size_of(run, component, resolved, value.flow.value)
        run.steps[key] = (component, resolved, *propagation.step(place.role, resolved, value.flow))
    _, resolved, edge, outgoing = run.steps[key]
    consumer = trail.placed(edge.consumer, component, span, consumes=True)
    if isinstance(edge.result, Misfit) and takes_images(run, component):
        consumer = replace(
            consumer,
            steps=(
                *vision_transformers.written(component, (*vision_transformers.SIZES, "patch_size")),
                *consumer.steps,
            ),
        )
    edge = replace(edge, layer=place.layer, consumer=consumer)
    outgoing = trail.flow_of(outgoing, resolved, component, span)
    if _is_too_small(edge) and training_modes.is_certain(run, component):
        row_faults.note_small(run, component, edge, span, site.node)
        edge = replace(edge, result=_with_two_rows(edge, value))
    elif not value.loose:
        row_faults.note_edge(run, edge, site)
    if edge.result is not None and _doubtful_input(edge, value):
        edge = replace(edge, result=None)
    loose = _is_loose(value, resolved, edge)
    run.record(Call(component, edge, outgoing, span))
    if resolved.signature is not None:
        hooks.after_parts(run, component, edge.result.bindings if isinstance(edge.result, Fit) else None, site)
    if isinstance(outgoing.value, StructureValue):
        return outputs.of_structure(outgoing.value, outgoing.maker, _output_pattern(resolved, edge))
    return Tensor(outgoing, loose=loose)


def _has_auxiliary_outputs(resolved: Resolved) -> bool:
    """Return whether a model gives its auxiliary logits as well, as some of torchvision do in training."""
    outputs = resolved.signature.alternatives if resolved.signature is not None else ()
    return "aux_logits" in resolved.values and any(isinstance(one.output, Structure) for one in outputs)


def _output_pattern(resolved: Resolved, edge: Edge) -> OutputPattern | None:
    """Return the output as the template writes it, by the names of constructor arguments."""
    if resolved.signature is None or resolved.template is None:
        return None
    fit = edge.result.alternative if isinstance(edge.result, Fit) else resolved.signature.alternatives[0]
    same = [one is fit for one in resolved.signature.alternatives]
    return resolved.template.alternatives[same.index(True)].output if True in same else None


def _as_input(value: Tensor) -> Tensor:
    """Treat the channels of a tensor that the program creates (`torch.randn(4, 3, 224, 224)`) as input channels."""
    origins = value.flow.origins
    if len(origins) != 4 or any(origin.role or origin.component is not None for origin in (value.flow.maker, *origins)):
        return value
    channels = replace(origins[1], role=INPUT.role)
    return replace(value, flow=replace(value.flow, origins=(origins[0], channels, *origins[2:])))


def _is_loose(value: Tensor, component: Resolved, edge: Edge) -> bool:
    """Return whether only the last axis of the output is known: after an unknown shape, or after a reported fault."""
    pattern = component.signature.alternatives[0].inputs[0] if component.signature else None
    variadic = pattern is not None and pattern.rank is None
    reported = isinstance(edge.result, Misfit) and isinstance(value.flow.value, tuple) and len(value.flow.value) > 2
    return value.loose or (variadic and (value.flow.value is None or reported))


def _doubtful_input(edge: Edge, value: Tensor) -> bool:
    """Return whether a misfit says little: a batch of one, which is used to test models, or unknown axes.

    Nor does a fit count if an axis of the signature is unknown, because an argument could not be read.
    """
    result = edge.result
    if value.loose and isinstance(result, Misfit) and result.kind != "axis":
        return True
    if isinstance(result, Fit) and any(axis is dims.UNKNOWN_DIM for axis in result.alternative.inputs[0].axes):
        return True
    return isinstance(result, Misfit) and result.kind == "condition" and "B" in result.condition and bool(value.shape)


def _with_two_rows(edge: Edge, value: Tensor) -> Fit | Misfit | None:
    """Return how the other axes of an input fit: its rows are reported as such."""
    assert isinstance(value.flow.value, tuple)
    flow = replace(value.flow, value=(2, *value.flow.value[1:]))
    return propagation.step(Role(edge.role, ""), edge.component, flow)[0].result


def _is_too_small(edge: Edge) -> bool:
    """Return whether a condition on the batch does not hold of an input of known size."""
    misfit = edge.result
    if not isinstance(misfit, Misfit) or misfit.kind != "condition" or not isinstance(edge.incoming.value, tuple):
        return False
    return bool(BATCH_NAME.search(misfit.condition)) and edge.incoming.value[:1] == (1,)


def resolve(run: Run, component: Component) -> Resolved:
    """Look up the signature of a component once; it has none if it was changed in a way that cannot be followed."""
    if component.forgotten:
        return Resolved(component.spec, component.spec.target, "unknown", reason=replaced_parts.UNFOLLOWED)
    if component.resolved is None:
        place = naming.place(component)
        if not run.may_trace and _needs_trace(run, component):
            run.untraced = True
            return Resolved(component.spec, component.spec.target, "unknown", reason="it would have to be traced")
        own = run.libraries.components(component).resolve
        component.resolved = (own(component, place.role, run.options) if own is not None else None) or resolver.resolve(
            component.spec, place.kind, run.options
        )
    return component.resolved


def _needs_trace(run: Run, component: Component) -> bool:
    """Return whether a component has neither a stored nor a user-declared signature."""
    target = component.spec.target
    is_declared = target in declared.names(run.options.signatures)
    described = run.libraries.components(component).is_described
    is_stored = stored.find(target) is not None or timm_signatures.find(component.spec, target) is not None
    return not is_declared and not is_stored and not (described is not None and described(component))


def _is_identity(run: Run, component: Component) -> bool:
    """Return whether a component returns its input."""
    signature = resolve(run, component).signature
    return signature is not None and str(signature) in PASSED


def _resized(run: Run, component: Component, data: Data) -> Data | None:
    """What a layer gives that changes the height and the width of images and no other axis, such as a padding.

    It is an image still, of as many channels as the next layer takes. None for any other layer.
    """
    signature = resolve(run, component).signature
    if signature is None:
        return None
    before, after = signature.alternatives[0].inputs[0], signature.alternatives[0].output
    if not isinstance(after, Pattern) or not 2 < len(before.axes) == len(after.axes):
        return None
    if before.rank is None and not component.spec.target.endswith("2d"):
        return None
    kept, size = before.axes[:-2], before.axes[-2:]
    if kept != after.axes[:-2] or any(isinstance(axis, (int, Ellipsis_)) for axis in size) or not _is_open(kept):
        return None
    shape = image(data, dims.UNKNOWN_DIM).flow.value
    result = signatures.unify(signature, shape) if isinstance(shape, tuple) else None
    if not isinstance(result, Fit) or not isinstance(result.output, tuple):
        return None
    place = data.size.place if data.size is not None else None
    height, width = result.output[-2:]
    return replace(data, sizes=(Size(height, width, place),))


def _is_open(axes: tuple[PatternAxis, ...]) -> bool:
    """Whether axes of a pattern are those of any batch with any number of channels."""
    return len(axes) == 1 if isinstance(axes[0], Ellipsis_) else [str(axis) for axis in axes] == ["B", "C"]


def takes_images(run: Run, component: Component) -> bool:
    """Return whether a component takes (B, C, H, W), so that loader output passed to it counts as an image."""
    signature = resolve(run, component).signature
    if signature is None:
        return True
    first = signature.alternatives[0].inputs[0]
    return first.rank == 4


def channels(run: Run, component: Component) -> Dim:
    """Return the channels that the first consumer of a batch takes: the script does not tell those of its images."""
    first = replaced_parts.entry(run, component)
    if first is not component:
        leaf = next(iter(naming.leaves(first)), None)
        return dims.UNKNOWN_DIM if leaf is None else channels(run, leaf)
    signature = resolve(run, component).signature
    axes = signature.alternatives[0].inputs[0].axes if signature else ()
    taken = axes[1] if len(axes) == 4 else 3
    return taken if isinstance(taken, int) else 3


def call_method(
    run: Run,
    component: Component,
    method: library_functions.LibraryFunction,
    arguments: Arguments,
    site: Site,
) -> Value:
    """Call a method listed in the tables; the first axis that does not fit makes an edge."""
    place = naming.place(component)
    values: dict[str, Any] = {name: library_functions.plain(value) for name, value in component.arguments.items()}
    known = run.libraries.components(component)
    numbers = known.numbers(component) if known.numbers is not None else {}
    values.update({name: number.value for name, number in numbers.items() if number.value is not None})
    given = constructing.given_by_name(run, component)
    resolved = Resolved(component.spec, component.spec.target, "stored", given=given, values=values)
    arguments, edge = _checked(method, resolved, place, arguments)
    if edge.consumer.parameter not in given:
        edge = replace(edge, consumer=_decided(edge.consumer, edge.consumer.parameter, numbers))
    span = (
        site.scope.file.span(site.node)
        if site.scope.file and site.scope.file.main
        else (run.anchors[-1] if run.anchors else Span(0, 0))
    )
    if known.observe_call is not None:
        known.observe_call(run, component, arguments)
    result = library_functions.call(run, method, arguments, values)
    maker = Origin(place.role, resolved, place=span)
    if isinstance(result, Tensor):
        width = _width(method, maker, numbers)
        result = Tensor(_made_by(result.flow, maker, width), result.trains)
        if method.name in MAIN or isinstance(edge.result, Misfit):
            run.record(Call(component, edge, result.flow, span))
    elif isinstance(result, Items):
        result = Items(
            [Tensor(_made_by(r.flow, maker, maker), r.trains) if isinstance(r, Tensor) else r for r in result.items],
            result.kind,
        )
        first = result.items[0]
        run.record(Call(component, edge, first.flow if isinstance(first, Tensor) else Flow(None, (), maker), span))
    return gradients.added(result, _trained(component))


def _checked(
    method: library_functions.LibraryFunction,
    resolved: Resolved,
    place: naming.Place,
    arguments: Arguments,
) -> tuple[Arguments, Edge]:
    """Compare the first operand with its pattern; if it does not fit, it makes an edge and becomes unknown."""
    name = method.inputs[0]
    given = arguments.positional[0] if arguments.positional else arguments.keywords.get(name)
    value = given.value if given else UNKNOWN
    if isinstance(value, Data):
        value = image(value)
    this = Origin(place.role, resolved)
    if not isinstance(value, Tensor) or value.loose:
        return arguments, Edge(place.role, resolved, Flow(None, (), INPUT), None, this, INPUT, place.layer)
    pattern = method.shapes.split("->")[0].split(",")[0].strip()
    template = notation.parse_signature(f"{pattern} -> {pattern}")
    signature = signatures.substitute(template, {k: v for k, v in resolved.values.items() if k != pattern})
    checked = replace(resolved, template=template, signature=signature)
    edge, _ = propagation.step(Role(place.role, ""), checked, value.flow)
    edge = replace(edge, layer=place.layer)
    if isinstance(edge.result, Misfit):
        blank = Given(UNKNOWN, given.span if given else Span(0, 0))
        if arguments.positional:
            return replace(arguments, positional=(blank, *arguments.positional[1:])), edge
        return replace(arguments, keywords={**arguments.keywords, name: blank}), edge
    return arguments, edge


def _made_by(flow: Flow, maker: Origin, width: Origin) -> Flow:
    origins = tuple(maker if origin.component is None else origin for origin in flow.origins)
    return Flow(flow.value, (*origins[:-1], width) if origins else (), maker)


def _width(method: library_functions.LibraryFunction, maker: Origin, numbers: Mapping[str, Number]) -> Origin:
    """Return the origin of the last axis of a method's output: the argument that sets it, here or in a submodule."""
    output = signature_calls.parsed(method.shapes).alternatives[0].output
    name = str(output.axes[-1]) if isinstance(output, Pattern) and output.axes else ""
    if maker.component and name in maker.component.given:
        return replace(maker, parameter=name)
    return _decided(maker, name, numbers)


def _decided(origin: Origin, name: str, numbers: Mapping[str, Number]) -> Origin:
    """Return an origin with the places outside the module that set a number of it."""
    return replace(origin, steps=numbers[name].steps if name in numbers else ())
