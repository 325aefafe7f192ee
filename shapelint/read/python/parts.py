"""The children of a library's model, from the table of parts that its signature carries.

A part's shapes are written in the size of the whole model's input. A part is a function of its own input alone, so any
size of image that would give it that input says what comes out: the table also answers for parts that are called by
themselves, or behind a changed stem.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from shapelint import chain, dims, shapes
from shapelint.chain import Edge, Flow, Origin
from shapelint.dims import Dim, Expression
from shapelint.read.python import axes as ax
from shapelint.read.python import naming, vits
from shapelint.read.python.run import Call, Run
from shapelint.read.python.values import NO_SPAN, Component, Const, Given, Node, Scope, Tensor, Unknown, Value
from shapelint.read.python.words import words
from shapelint.resolve.resolver import Resolved
from shapelint.schema import SignatureRow
from shapelint.shapes import Ellipsis_, Misfit, Pattern, Shape
from shapelint.spec import ComponentSpec

LARGEST = 1100
SAME = words(
    """
    Identity Dropout Dropout2d ReLU ReLU6 GELU SiLU Hardswish Sigmoid StochasticDepth
    """
)


def table(run: Run, owner: Component) -> dict[str, str]:
    """The parts of a model by dotted name."""
    from shapelint.read.python import modules

    row = modules.resolve(run, owner).row
    return dict(row.parts) if row else {}


def own_name(part: Component) -> str:
    """The dotted name of a part in its model."""
    return part.spec.note.removeprefix("part ")


def children(run: Run, owner: Component) -> list[tuple[str, Value]] | None:
    """The direct children in order, None where the table does not say."""
    names = [name for name in table(run, owner) if "." not in name]
    if not names or owner.hidden or vits.is_plain(owner):
        return None
    found = [(name, child(run, owner, name)) for name in names]
    return [(name, part) for name, part in found if part is not None]


def child(run: Run, owner: Component, name: str) -> Value | None:
    """A direct child: itself a component, whose signature is its line of the table."""
    if name in owner.replaced:
        return owner.replaced[name]
    if owner.hidden:
        return Unknown(inside=owner)
    if name in owner.parts:
        return owner.parts[name]
    rows = table(run, owner)
    if name not in rows:
        return None
    kind, _, text = rows[name].partition(":")
    parent = owner.resolved
    assert parent is not None
    try:
        template = shapes.parse_signature(_general(kind.strip().rpartition(".")[2], text))
    except shapes.SignatureError:
        return None
    prefix = f"{name}."
    inner = {key[len(prefix) :]: line for key, line in rows.items() if key.startswith(prefix)}
    model = owner.part_of if isinstance(owner.part_of, Component) else owner
    dotted = f"{own_name(owner)}.{name}" if owner.part_of is not None else name
    spec = ComponentSpec("call", kind.strip(), owner.spec.span, owner.spec.head, note=f"part {dotted}")
    part = Component(spec=spec, part_of=model)
    part.name = name
    part.resolved = Resolved(
        spec,
        kind.strip(),
        parent.source,
        template,
        shapes.substitute(template, dict(parent.values)),
        given=parent.given,
        values=parent.values,
        component=parent.component,
        row=SignatureRow.model_construct(shapes=text.strip(), parts=inner),
    )
    owner.parts[name] = part
    return part


def _general(kind: str, text: str) -> str:
    """Layers that take more than the shape they were seen with."""
    before, _, after = text.partition("->")
    if kind in SAME:
        return "... -> ..."
    if kind == "Linear":
        return f"... {before.split()[-1]} -> ... {after.split()[-1]}"
    if kind == "AdaptiveAvgPool2d" and after.split()[-2:] == ["1", "1"]:
        return "... H W -> ... 1 1"
    return text


def inner_names(owner: Component) -> list[str]:
    """The names directly below a part."""
    row = owner.resolved.row if owner.resolved else None
    return [name for name in (row.parts if row else {}) if "." not in name]


def element(run: Run, owner: Component, index: Dim | None) -> Value:
    """`model.classifier[6]`."""
    from shapelint.read.python.values import UNKNOWN

    names = inner_names(owner)
    if not isinstance(index, int) or not -len(names) <= index < len(names):
        return UNKNOWN
    found = child(run, owner, names[index])
    return found if found is not None else UNKNOWN


def width(run: Run, owner: Component, name: str) -> Dim | None:
    """`in_features` of a part: the last axis of what it takes; the second of a convolution."""
    from shapelint.read.python import modules

    signature = modules.resolve(run, owner).signature
    if signature is None or owner.part_of is None:
        return None
    alternative = signature.alternatives[0]
    pattern = alternative.output if name.startswith("out") else alternative.inputs[0]
    if not isinstance(pattern, Pattern) or not pattern.axes:
        return None
    place = 1 if len(pattern.axes) == 4 else len(pattern.axes) - 1
    axis = pattern.axes[place]
    return axis if isinstance(axis, int) else None


def rebased(component: Component, resolved: Resolved, flow: Flow) -> Resolved:
    """A part's signature for what comes, whatever image that came from."""
    if component.part_of is None or resolved.signature is None or not isinstance(flow.value, tuple):
        return resolved
    pattern = resolved.signature.alternatives[0].inputs[0]
    if pattern.rank != len(flow.value):
        return resolved
    bindings: dict[str, Dim] = {}
    for axis, size in zip(pattern.axes[1:], flow.value[1:]):
        if isinstance(axis, Expression) and len(dims.names(axis)) == 1:
            (name,) = dims.names(axis)
            if name not in bindings:
                found = solve(axis, name, size)
                if found is None:
                    return replace(resolved, signature=None, reason="a part behind another shape")
                bindings[name] = found
    moved = shapes.substitute(resolved.signature, bindings)
    return replace(resolved, signature=moved, template=moved)


def solve(axis: Expression, name: str, size: Dim) -> Dim | None:
    """A size of the image for which an axis comes out as given: `(H-1)//4+1` is h for `4*(h-1)+1`."""
    symbol = dims.symbol(name)
    if axis == size or not dims.is_known(size):
        return symbol if axis == size else dims.UNKNOWN
    if isinstance(size, int):
        return next((n for n in range(1, LARGEST) if dims.substitute(axis, {name: n}) == size), None)
    if axis == symbol:
        return size
    constant = dict(axis.terms).get((), 0)
    quotient = axis - constant
    terms = quotient.terms if isinstance(quotient, Expression) else ()
    if len(terms) != 1 or terms[0][1] != 1 or len(terms[0][0]) != 1:
        return None
    (operation,) = terms[0][0]
    if not isinstance(operation, dims.Operation) or operation.operator != "//":
        return None
    numerator, step = operation.operands
    shift = numerator - symbol
    if not isinstance(step, int) or not isinstance(shift, int):
        return None
    candidate = step * (size - constant) - shift
    return candidate if dims.substitute(axis, {name: candidate}) == size else None


def run_replaced(run: Run, owner: Component, value: Tensor, node: ast.AST, scope: Scope) -> Value | None:
    """A model some of whose children were set anew; None where only attributes that are no modules were."""
    rows = table(run, owner)
    top = [name for name in rows if "." not in name]
    changed = {name.partition(".")[0] for name in owner.replaced if name.partition(".")[0] in top}
    if not changed:
        added = any(isinstance(new, (Node, Unknown)) for new in owner.replaced.values())
        # A module in a place that no table knows: what the model then gives is not known either.
        return Tensor(Flow(None, (), Origin(naming.place(owner).role, owner.resolved))) if added else None
    place = naming.place(owner)
    resolved = owner.resolved
    assert resolved is not None
    if _first(run, owner) in changed:
        return _through(run, owner, top, value, node, scope)
    edge, outgoing = chain.step(place.role, resolved, value.flow)
    run.calls.append(Call(owner, edge, outgoing, owner.spec.span))
    if changed == {top[-1]}:
        return _last(run, owner, top[-1], edge, Origin(place.role, resolved), node, scope)
    return _through(run, owner, top, value, node, scope)


def entry(run: Run, owner: Component) -> Value:
    """What takes a model's input: the model itself, or what was put in the place of its first child."""
    if not owner.replaced:
        return owner
    first = _first(run, owner)
    inside = next((new for name, new in owner.replaced.items() if first and name.startswith(f"{first}.")), None)
    return owner.replaced.get(first, owner if inside is None else inside)


def _first(run: Run, owner: Component) -> str:
    """The child that takes what the model takes; "" where the table does not have it."""
    rows, template = table(run, owner), owner.resolved.template if owner.resolved else None
    name = next(iter(rows), "")
    if not name or template is None:
        return ""
    takes = shapes.parse_signature(rows[name].partition(":")[2]).alternatives[0].inputs[0]
    whole = template.alternatives[0].inputs[0]
    return name if len(takes.axes) == len(whole.axes) else ""


def _last(run: Run, owner: Component, name: str, edge: Edge, maker: Origin, node: ast.AST, scope: Scope) -> Value:
    """Only the end was replaced: it gets what the model's own end got."""
    line = table(run, owner)[name].partition(":")[2]
    pattern = shapes.parse_signature(line).alternatives[0].inputs[0]
    bindings = dict(getattr(edge.result, "bindings", None) or {})
    bindings.setdefault("B", dims.symbol("B"))
    filled = shapes.fill(pattern, bindings)
    assert isinstance(filled, tuple)
    batch = edge.incoming.origins[0] if edge.incoming.origins else maker
    flow = Flow(filled, (batch, *(maker,) * (len(filled) - 1)), maker)
    result = _section(run, owner, name, Tensor(flow, run.no_grad > 0), node, scope)
    return _closed(run, owner, name, result)


def _closed(run: Run, owner: Component, last: str, result: Value) -> Value:
    """What a model gives after its last child: that child's output, flattened where the model does so."""
    signature = owner.resolved.template if owner.resolved else None
    line = shapes.parse_signature(table(run, owner)[last].partition(":")[2]).alternatives[0].output
    whole = signature.alternatives[0].output if signature else None
    if not isinstance(line, Pattern) or not isinstance(whole, Pattern) or not isinstance(result, Tensor):
        return result
    gives, takes = _plain(line), _plain(whole)
    if gives is None or takes is None or len(gives) == len(takes):
        return result
    return _glue(gives, takes, result) or Tensor(Flow(None, (), result.flow.maker))


def _through(run: Run, owner: Component, top: list[str], value: Tensor, node: ast.AST, scope: Scope) -> Value:
    """A changed stem: part by part, with the flattening or pooling that the model does between two of them."""
    rows = table(run, owner)
    previous: Shape | None = None
    current: Value = value
    for name in top:
        alternative = shapes.parse_signature(rows[name].partition(":")[2]).alternatives[0]
        takes = _plain(alternative.inputs[0])
        if previous is not None and takes is not None and isinstance(current, Tensor):
            glued = _glue(previous, takes, current)
            if glued is None:
                return Tensor(Flow(None, (), current.flow.maker))
            current = glued
        if not isinstance(current, Tensor):
            return current
        current = _section(run, owner, name, current, node, scope)
        previous = _plain(alternative.output) if isinstance(alternative.output, Pattern) else None
    return _closed(run, owner, top[-1], current)


def _plain(pattern: Pattern) -> Shape | None:
    axes = tuple(axis for axis in pattern.axes if not isinstance(axis, Ellipsis_))
    return axes if len(axes) == len(pattern.axes) else None


def _glue(gives: Shape, takes: Shape, current: Tensor) -> Tensor | None:
    """What stands between two parts in the model's forward: nothing, a flatten, or a global pooling."""
    if gives == takes:
        return current
    axes = None if current.loose else ax.of(current.flow)
    if axes is None or len(gives) != 4 or len(takes) != 2 or len(axes) != 4:
        return None
    flat = ax.flatten(axes, 1)
    if dims.equal(takes[1], gives[1] * gives[2] * gives[3]) and flat is not None:
        return Tensor(ax.flow(flat, current.flow.maker), current.detached)
    if takes[1] == gives[1]:
        return Tensor(ax.flow(axes[:2], current.flow.maker), current.detached)
    return None


def _section(run: Run, owner: Component, name: str, value: Tensor, node: ast.AST, scope: Scope) -> Value:
    """One child of a model, or what was put in its place, or its own children where one of those was replaced."""
    from shapelint.read.python import calling

    if name in owner.replaced:
        return calling.call(run, owner.replaced[name], [Given(value, NO_SPAN)], {}, node, scope)
    part = child(run, owner, name)
    inside = {key[len(name) + 1 :]: new for key, new in owner.replaced.items() if key.startswith(f"{name}.")}
    if not isinstance(part, Component):
        return Tensor(Flow(None, (), value.flow.maker))
    if inside:
        if not part.spec.target.endswith("Sequential") or any("." in key for key in inside):
            return Tensor(Flow(None, (), value.flow.maker))
        current: Value = value
        for inner in inner_names(part):
            step = inside.get(inner) or child(run, part, inner)
            if step is None:
                return Tensor(Flow(None, (), value.flow.maker))
            current = calling.call(run, step, [Given(current, NO_SPAN)], {}, node, scope)
        return current
    return calling.call(run, part, [Given(value, NO_SPAN)], {}, node, scope)


_ = (Const, Misfit)
