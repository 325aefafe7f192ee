"""Wire a model to its method pack: the online branch, the target branch and the loss, as they will run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from itertools import pairwise
from typing import Any

from shapelint.chain import propagation, taken_layers
from shapelint.chain.chain import Chain
from shapelint.common.frozen import frozen, replace
from shapelint.knowledge import losses
from shapelint.knowledge.losses import BoundLoss
from shapelint.knowledge.schema.method_packs import MethodPack, PackLoss, PackStep, Reshape
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.resolve import resolver
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, notation, signatures
from shapelint.shapes.dims import Dim
from shapelint.spec.spec import ComponentSpec, InputSpec, ModelSpec, TargetSpec
from shapelint.text.source import Span

_INPUT = "input"


@frozen
class TargetBranch:
    """The momentum branch that was built separately: its chain, and which roles are components of its own."""

    spec: TargetSpec
    components: Mapping[str, Resolved]
    chain: Chain
    open_chain: Chain

    @property
    def own(self) -> frozenset[str]:
        """The roles that the config defines for the target alone."""
        return frozenset(self.spec.components)


@frozen
class WiredLoss:
    """A loss of a method: the key that names it in a config, what it compares, and how it is written (None if not).

    `bound` is the loss with its arguments; None if it is not known what its operands must have in common.
    """

    key: str
    ends: PackLoss
    written: ComponentSpec | None
    bound: BoundLoss | None


@frozen
class Judged:
    """What is judged: the model as written, its chain as configured, and the chain with the image size left open.

    `small_chain` is the chain for the smallest batch in training, if that is a batch of one. `losses` are those of the
    method; the first one is its main loss.
    """

    model: ModelSpec
    pack: MethodPack
    chain: Chain
    open_chain: Chain
    components: Mapping[str, Resolved] = field(default_factory=dict)
    small_chain: Chain | None = None
    target: TargetBranch | None = None
    losses: tuple[WiredLoss, ...] = ()
    folder: str = ""
    checkpoint: str = ""


@frozen
class _Request:
    """A model to be wired, and what determines its wiring."""

    model: ModelSpec
    pack: MethodPack
    options: Options


def wire(model: ModelSpec, pack: MethodPack, image: InputSpec, options: Options, folder: str = "") -> Judged:
    """Resolve the components of a model and let an image flow through them."""
    size = (image.height, image.width) if isinstance(image.height, int) and isinstance(image.width, int) else None
    request = _Request(model, pack, options)
    resolved = {role: _component(spec, role, request, size) for role, spec in model.components.items()}
    places = (None, *image.spans)
    batch = dims.symbol("B")
    closed = (batch, image.channels, image.height, image.width)
    left_open = (batch, image.channels, dims.symbol("H"), dims.symbol("W"))
    online = _branches(pack, resolved, closed, places)
    is_open = closed == left_open
    return Judged(
        model=model,
        pack=pack,
        chain=online,
        open_chain=online if is_open else _branches(pack, resolved, left_open, places),
        components={link.role: link.component for link in online.links},
        small_chain=_branches(pack, resolved, (1, *closed[1:]), places) if smallest_batch(model) == 1 else None,
        target=_target(request, resolved, closed, left_open),
        losses=tuple(_wired(key, ends, model.extras.losses.get(key)) for key, ends in pack.losses.items()),
        folder=folder,
        checkpoint=options.checkpoint,
    )


def _wired(key: str, ends: PackLoss, written: ComponentSpec | None) -> WiredLoss:
    bound = losses.bind(written, ends.default)
    if bound is None and written is None and ends.formula is not None:
        bound = BoundLoss(ends.formula, None)
    return WiredLoss(key, ends, written, bound)


def smallest_batch(model: ModelSpec) -> int | None:
    """The smallest batch of an epoch: the last one, unless it is dropped. None if the config does not determine it."""
    extras = model.extras
    if extras.batch_size is None:
        return None
    size = int(extras.batch_size.value)
    rest = extras.samples % size if extras.samples and extras.keeps_last else 0
    return rest or size


def _component(spec: ComponentSpec, role: str, request: _Request, size: tuple[int, int] | None = None) -> Resolved:
    model = request.model
    component = resolver.resolve(spec, role, request.options, size if role == "backbone" else None)
    if role != "backbone":
        return _dense(component) if request.pack.roles[role].dense else component
    extras = model.extras
    has_own_target = extras.target is not None and extras.target.kind == "own"
    if has_own_target or extras.checkpoint is not None or extras.hidden_layer is not None:
        component = resolver.in_full(component, role, request.options)
    if extras.hidden_layer is not None:
        return taken_layers.taken_at(component, extras.hidden_layer.value)
    taken = request.pack.roles[role].features
    if taken == "map" and spec.spelling == "name" and component.source != "declared":
        return taken_layers.last_map(component)
    return taken_layers.tokens(component) if taken == "tokens" else component


def _dense(component: Resolved) -> Resolved:
    """A component, or its layers, as made for maps or tokens."""
    made = component.component.changed(dense=True) if component.component else None
    return replace(component, component=made, layers=tuple(map(_dense, component.layers)))


def _branches(pack: MethodPack, resolved: Mapping[str, Resolved], image: signatures.Shape, places: Any) -> Chain:
    """The online chain, followed by what each further branch adds to it."""
    steps = _present(pack.online, resolved)
    gaps = _after_a_gap(pack, resolved)
    links = propagation.run(steps, image, places, gaps).links
    for branch in pack.branches:
        first = branch[0]
        roles = list(steps)
        if first not in roles or not any(step in resolved for step in branch[1:]):
            continue
        before = {name: steps[name] for name in roles[: roles.index(str(first)) + 1]}
        further = _present(branch[1:], {**resolved, **before}, before[str(first)])
        whole = propagation.run({**before, **further}, image, places, gaps)
        links += whole.links[len(before) :]
    return Chain(links)


def _after_a_gap(pack: MethodPack, resolved: Mapping[str, Resolved]) -> frozenset[str]:
    """The roles whose preceding role is missing from the model: no default is assumed, so their input is unknown."""
    steps = [step for step in pack.online if isinstance(step, str) and step != "input"]
    roles = [step for step in steps if step in resolved or not pack.roles[step].optional]
    return frozenset(role for before, role in pairwise(roles) if before not in resolved)


def _present(
    steps: Iterable[PackStep], resolved: Mapping[str, Resolved], before: Resolved | None = None
) -> dict[str, Resolved]:
    """The components of a branch in order; a reshape is included if a component of the model follows it."""
    found: dict[str, Resolved] = {}
    waiting: list[Reshape] = []
    for step in steps:
        if isinstance(step, Reshape):
            waiting.append(step)
        elif step in resolved:
            found.update({reshape.name: _reshape(reshape, before) for reshape in waiting if before})
            waiting.clear()
            found[step] = before = resolved[step]
    return found


def _reshape(step: Reshape, before: Resolved) -> Resolved:
    """A reshape of the method as a component; it has no text, so its place is that of the component before it."""
    place: Span = before.spec.head
    signature = notation.parse_signature(step.reshape)
    row = SignatureRow(shapes=step.reshape, weights=0)
    component = ComponentSignature(call=step.name, rows=(row,), dense=True)
    spec = ComponentSpec("call", step.name, place, place)
    return Resolved(spec, step.name, "stored", signature, signature, component=component, row=row)


def _target(
    request: _Request, online: Mapping[str, Resolved], closed: tuple[Dim, ...], left_open: tuple[Dim, ...]
) -> TargetBranch | None:
    model, pack = request.model, request.pack
    spec = model.extras.target
    if spec is None or spec.kind != "own" or pack.target is None:
        return None
    size = (closed[2], closed[3]) if isinstance(closed[2], int) and isinstance(closed[3], int) else None
    own = {role: _component(part, role, request, size) for role, part in spec.components.items()}
    copied = {role: component for role, component in online.items() if role in pack.target.copies}
    components = {**copied, **own}
    places = (None, *model.input.spans)
    return TargetBranch(
        spec, components, _branches(pack, components, closed, places), _branches(pack, components, left_open, places)
    )
