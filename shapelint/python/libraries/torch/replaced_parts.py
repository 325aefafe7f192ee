"""Library models with replaced children, and their output with these replacements."""

from __future__ import annotations

from shapelint.chain import propagation
from shapelint.chain.chain import Edge, Flow, Origin
from shapelint.common.words import words
from shapelint.python.libraries.torch import hooks, parts
from shapelint.python.state import naming, part_names
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import Call, Run
from shapelint.python.state.values import NO_SPAN, Component, Given, Node, Tensor, Unknown, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.image_sizes import INPUT
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, notation, signatures
from shapelint.shapes.notation import Alternative, Ellipsis_, Pattern
from shapelint.shapes.signatures import Fit, Shape
from shapelint.signatures import absent_names

UNFOLLOWED = "it was changed in a way that cannot be followed"
SEQUENCES = words("Sequential Conv2dNormActivation Conv3dNormActivation SimpleStemIN")
"""Classes of parts that call their children one after the other."""


def run_replaced(run: Run, owner: Component, value: Tensor, site: Site) -> Value | None:
    """Run a model with replaced children; None if only attributes that are not modules were replaced."""
    rows = run.parts(owner)
    top = [name for name in rows if "." not in name]
    known = {name: new for name, new in owner.replaced.items() if absent_names.of_component(owner.spec, name) is None}
    changed = {name.partition(".")[0] for name in known if name.partition(".")[0] in top}
    if not changed:
        added = any(isinstance(new, (Node, Unknown, Tensor)) for new in known.values())
        return _run_unseen(run, owner, value, site) if added else None
    place = naming.place(owner)
    resolved = owner.resolved
    assert resolved is not None
    if _first(run, owner) in changed:
        return _run_parts(run, owner, top, value, site)
    edge, outgoing = propagation.step(place.role, resolved, value.flow)
    run.record(Call(owner, edge, outgoing, owner.spec.span))
    if end := _end(owner, rows):
        bindings = edge.result.bindings if isinstance(edge.result, Fit) else None
        hooks.after_parts(run, owner, bindings, site)
        return _run_end(run, owner, end, edge, site)
    return _run_parts(run, owner, top, value, site)


def _run_unseen(run: Run, owner: Component, value: Tensor, site: Site) -> Tensor:
    """Run a model with a module in a place that no table knows: what it then gives is not known either."""
    role = naming.place(owner).role
    resolved = Resolved(owner.spec, owner.spec.target, "unknown", reason=UNFOLLOWED)
    edge, outgoing = propagation.step(role, resolved, value.flow)
    run.record(Call(owner, edge, outgoing, run.place(site.node, site.scope.file) or owner.spec.span))
    return Tensor(outgoing)


def _end(owner: Component, rows: dict[str, str]) -> str:
    """Return the only replaced child if all children after it preserve the shape, otherwise ""."""
    names = [name for name in owner.replaced if name in rows]
    if len(names) != 1:
        return ""
    order = list(rows)
    later = [name for name in order[order.index(names[0]) + 1 :] if not name.startswith(f"{names[0]}.")]
    return "" if any(rows[name].partition(":")[0].rpartition(".")[2] not in parts.SAME for name in later) else names[0]


def entry(run: Run, owner: Component) -> Value:
    """Return what takes a model's input: the model itself, or the replacement of its first child."""
    if not owner.replaced:
        return owner
    first = _first(run, owner)
    inside = next((new for name, new in owner.replaced.items() if first and name.startswith(f"{first}.")), None)
    return owner.replaced.get(first, owner if inside is None else inside)


def _first(run: Run, owner: Component) -> str:
    """Return the child that takes the model's input; "" if the table does not list it."""
    rows, template = run.parts(owner), owner.resolved.template if owner.resolved else None
    name = next(iter(rows), "")
    if not name or template is None:
        return ""
    takes = _ends(run, owner, name).inputs[0]
    whole = template.alternatives[0].inputs[0]
    return name if len(takes.axes) == len(whole.axes) else ""


def _ends(run: Run, owner: Component, name: str) -> Alternative:
    """Return what a child of a model takes and gives, with the model's arguments, from the table of its parts."""
    signature = notation.parse_signature(run.parts(owner)[name].partition(":")[2])
    return signatures.substitute(signature, dict(owner.resolved.values) if owner.resolved else {}).alternatives[0]


def _run_end(run: Run, owner: Component, name: str, edge: Edge, site: Site) -> Value:
    """Run a model whose end was replaced: the replacement gets the input of the original."""
    maker = Origin(naming.place(owner).role, owner.resolved)
    result = _run_part(run, owner, name, _input_of(run, owner, name, edge, maker), site)
    return _finish(run, owner, name, result)


def _input_of(run: Run, owner: Component, name: str, edge: Edge, maker: Origin) -> Tensor:
    """Return the input of a child of a model, from the input of the model."""
    pattern = _ends(run, owner, name).inputs[0]
    bindings = dict(getattr(edge.result, "bindings", None) or {})
    bindings.setdefault("B", dims.symbol("B"))
    filled = signatures.fill(pattern, bindings)
    assert isinstance(filled, tuple)
    batch = edge.incoming.origins[0] if edge.incoming.origins else maker
    return Tensor(Flow(filled, (batch, *(maker,) * (len(filled) - 1)), maker))


def run_until(run: Run, owner: Component, name: str, value: Tensor) -> Tensor:
    """Run a model up to one of its children, and return the input of that child."""
    place, resolved = naming.place(owner), run.resolve(owner)
    edge, _ = propagation.step(place.role, resolved, value.flow)
    given = _input_of(run, owner, name, edge, Origin(place.role, resolved))
    run.record(Call(owner, edge, given.flow, owner.spec.span))
    return given


def _finish(run: Run, owner: Component, last: str, result: Value) -> Value:
    """Return a model's output from that of its last child, flattened if the model does so."""
    signature = owner.resolved.signature if owner.resolved else None
    line = _ends(run, owner, last).output
    whole = signature.alternatives[0].output if signature else None
    if not isinstance(line, Pattern) or not isinstance(whole, Pattern) or not isinstance(result, Tensor):
        return result
    gives, takes = _plain(line), _plain(whole)
    if gives is None or takes is None or len(gives) == len(takes):
        return result
    return _connect(gives, takes, result) or Tensor(Flow(None, (), result.flow.maker))


def _run_parts(run: Run, owner: Component, top: list[str], value: Tensor, site: Site) -> Value:
    """Run a model part by part, with the flattening or pooling that the model does between two of them."""
    previous: Shape | None = None
    current: Value = value
    for name in top:
        alternative = _ends(run, owner, name)
        takes = _plain(alternative.inputs[0])
        if previous is not None and takes is not None and isinstance(current, Tensor):
            connected = _connect(previous, takes, current)
            if connected is None:
                return Tensor(Flow(None, (), current.flow.maker))
            current = connected
        if not isinstance(current, Tensor):
            return current
        current = _run_part(run, owner, name, current, site)
        previous = _plain(alternative.output) if isinstance(alternative.output, Pattern) else None
    return _finish(run, owner, top[-1], current)


def _plain(pattern: Pattern) -> Shape | None:
    axes = tuple(axis for axis in pattern.axes if not isinstance(axis, Ellipsis_))
    return axes if len(axes) == len(pattern.axes) else None


def _connect(gives: Shape, takes: Shape, current: Tensor) -> Tensor | None:
    """Apply what the model's forward does between two parts: nothing, a flatten, or a global pooling."""
    if gives == takes:
        return current
    axes = None if current.loose else ax.of(current.flow)
    if axes is None or len(gives) != 4 or len(takes) != 2 or len(axes) != 4:
        return None
    flat = ax.flatten(axes, 1)
    if dims.equal(takes[1], gives[1] * gives[2] * gives[3]) and flat is not None:
        return Tensor(ax.flow(flat, current.flow.maker), current.trains)
    if takes[1] == gives[1]:
        return Tensor(ax.flow(axes[:2], current.flow.maker), current.trains)
    return None


def _run_part(run: Run, owner: Component, name: str, value: Tensor, site: Site) -> Value:
    """Run one child of a model, its replacement, or its own children if one of those was replaced."""

    if name in owner.replaced:
        return run.call(owner.replaced[name], Arguments((Given(value, NO_SPAN),)), site)
    part = parts.child(run, owner, name)
    inside = {key[len(name) + 1 :]: new for key, new in owner.replaced.items() if key.startswith(f"{name}.")}
    if not isinstance(part, Component):
        return Tensor(Flow(None, (), value.flow.maker))
    if inside:
        return _run_inside(run, part, inside, value, site)
    return run.call(part, Arguments((Given(value, NO_SPAN),)), site)


def _run_inside(run: Run, part: Component, replaced: dict[str, Value], value: Value, site: Site) -> Value:
    """Run a part whose children follow each other, some of which, by their dotted names in it, were replaced."""
    nowhere = Tensor(Flow(None, (), value.flow.maker if isinstance(value, Tensor) else INPUT))
    if part.spec.target.rpartition(".")[2] not in SEQUENCES:
        return nowhere
    current = value
    for inner in part_names.inner_names(part):
        step = replaced.get(inner) or parts.child(run, part, inner)
        deeper = {key[len(inner) + 1 :]: new for key, new in replaced.items() if key.startswith(f"{inner}.")}
        if step is None or not isinstance(current, Tensor):
            return nowhere
        if deeper and isinstance(step, Component) and inner not in replaced:
            current = _run_inside(run, step, deeper, current, site)
        else:
            current = run.call(step, Arguments((Given(current, NO_SPAN),)), site)
    return current
