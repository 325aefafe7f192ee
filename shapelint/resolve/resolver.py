"""Resolve a component as written to one with a shape signature: declared, stored, traced, or else unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from shapelint.common.frozen import replace
from shapelint.knowledge import assemblies
from shapelint.knowledge.assemblies import FoundAssembly
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.knowledge.schema.widths import is_width
from shapelint.resolve import assembled_layers
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, expression, notation, signatures
from shapelint.shapes.notation import Ellipsis_, Signature
from shapelint.signatures import absent_models, cache, declared, stored, timm_signatures, versions
from shapelint.signatures.binding import Binding, bind
from shapelint.spec.findings import Provenance
from shapelint.spec.spec import ComponentSpec, Problem
from shapelint.trace.tracing_request import TracingRequest

SEQUENTIAL = frozenset({"Sequential", "nn.Sequential", "torch.nn.Sequential", "torch.nn.modules.container.Sequential"})
DECLARED = "B ... -> B out_dim"
MAXIMUM_KEPT = 512
ALLOWING = "--allow-trusted, or SHAPELINT_ALLOW_TRUSTED=1"
"""How whoever runs shapelint allows the packages that the settings trust."""


def resolve(spec: ComponentSpec, role: str, options: Options, size: tuple[int, int] | None = None) -> Resolved:
    """Find the signature of a component; never raises, whatever the file says.

    `size` is the size of its input images, if that is known.
    """
    with_classes = any(name == "num_classes" for name, _ in spec.keywords)
    as_backbone = role == "backbone" and spec.spelling == "name" and not with_classes
    if spec.target in SEQUENTIAL:
        return _sequential(spec, "torch.nn.Sequential", role, options, size)
    if not spec.note and (assembled := assemblies.find(spec.target)):
        return _assembled(assembled, spec, role, options, size)
    target = stored.canonical(spec.target, as_backbone) if spec.target else ""
    if not target:
        return _declared(spec, target, role, spec.note or "it has no name")
    if options.signatures and (signed := declared.find(options.signatures, spec, {spec.target, target})):
        return replace(_as_declared(signed, target, role), spec=spec)
    if problem := absent_models.absent(spec, target, role):
        return _declared(
            spec, target, role, "", Resolved(spec, target, "unknown", problems=(problem,), reason=problem.message)
        )
    found = stored.find(target) or timm_signatures.find(spec, target)
    result = _from_stored(found, spec, target, role, options) if found else _traced(spec, target, role, "", options)
    if options.checkpoint:
        result = in_full(result, role, options)
    if result.is_listed and size is not None:
        result = at_size(result, role, options, size)
    return _declared(spec, target, role, result.reason, result) if result.signature is None else result


def is_outline(component: Resolved) -> bool:
    """Whether the parts and tensors of a component are stored in outline, so that a trace would show more of them."""
    return component.source == "stored" and component.row is not None and component.row.outline


def in_full(component: Resolved, role: str, options: Options) -> Resolved:
    """The component with all its parts and tensors, traced if they are stored in outline; as it is if it cannot be."""
    if not is_outline(component):
        return component
    traced = _traced(component.spec, component.target, role, "", options)
    return component if traced.signature is None else traced


def _as_declared(signed: tuple[ComponentSignature, ComponentSpec], target: str, role: str) -> Resolved:
    """The component with the signature that the settings give it, if that says what comes out."""
    found = applied(signed[0], signed[1], target, role, "declared")
    if found.row is None or not declared.is_unfinished(found.row.shapes):
        return found
    reason = f"{target} has a signature in the settings that leaves open what it gives: write its axes in place of ..."
    return Resolved(signed[1], target, "unknown", reason=reason)


def is_known_at(listed: Resolved, size: tuple[int, int]) -> bool:
    """Whether the shapes of a component are known for images (B, C, H, W) of a size, or that it refuses them."""
    assert listed.signature is not None
    channels = listed.signature.alternatives[0].inputs[0].axes[1]
    assert not isinstance(channels, Ellipsis_)
    images = (dims.symbol("B"), channels, *size)
    return size == listed.refused or isinstance(signatures.unify(listed.signature, images), signatures.Fit)


def at_size(listed: Resolved, role: str, options: Options, size: tuple[int, int]) -> Resolved:
    """The component with its shapes at one more image size, or with that size as one that it refuses."""
    assert listed.signature is not None
    assert listed.template is not None
    if is_known_at(listed, size):
        return listed
    component, _, _ = _trace(listed.spec, listed.target, role, options, size)
    if component is None:
        return listed
    if not component.rows[0].shapes:
        return replace(listed, refused=size)
    more = applied(component, listed.spec, listed.target, role, "traced")
    if more.template is None or more.signature is None:
        return listed
    both = (listed.template, more.template), (listed.signature, more.signature)
    template, signature = (replace(a, alternatives=(*a.alternatives, *b.alternatives)) for a, b in both)
    return replace(listed, template=template, signature=signature)


def _sequential(
    spec: ComponentSpec, target: str, role: str, options: Options, size: tuple[int, int] | None
) -> Resolved:
    inner = spec.layers or tuple(a.value for a in spec.positional if isinstance(a.value, ComponentSpec))
    layers = tuple(resolve(layer, "", options, None if index else size) for index, layer in enumerate(inner))
    source: Provenance = "traced" if any(layer.source == "traced" for layer in layers) else "stored"
    if not inner and not spec.positional and not spec.note:
        identity = notation.parse_signature("... -> ...")
        return Resolved(spec, target, "stored", template=identity, signature=identity)
    if spec.note or len(inner) < len(spec.positional):
        return Resolved(spec, target, "unknown", reason=spec.note or "not all of its layers can be read")
    problems = tuple(replace(problem, role=role) for layer in layers for problem in layer.problems)
    notices = tuple(notice for layer in layers for notice in layer.notices)
    return Resolved(spec, target, source, layers=layers, problems=problems, notices=notices)


def _assembled(
    found: FoundAssembly, spec: ComponentSpec, role: str, options: Options, size: tuple[int, int] | None
) -> Resolved:
    """A component that is put together from layers, or that is a backbone by another name."""
    target, signature = spec.target, found.assembly.signature
    if options.signatures and (signed := declared.find(options.signatures, spec, {target})):
        return replace(applied(signed[0], signed[1], target, role, "declared"), spec=spec)
    if name := assembled_layers.foreign(found, spec):
        return Resolved(spec, target, "unknown", reason=f"it is not known here with the argument {name}")
    if found.assembly.rows:
        return applied(signature, spec, target, role, "stored")
    binding = bind(signature, spec, role)
    unknown = Resolved(spec, target, "unknown", problems=binding.problems)
    passed = binding.values.get(found.assembly.passes)
    if isinstance(passed, ComponentSpec):
        inner_one = resolve(passed, role, options, size)
        return replace(inner_one, problems=(*binding.problems, *inner_one.problems))
    try:
        assembled_layers.require(found, binding)
        if found.assembly.model:
            name = assembled_layers.model_name(found, binding)
            return _by_name(unknown, name, bool(binding.values.get(found.assembly.loose)), options, size)
        layers = assembled_layers.layers_of(found, binding, spec)
    except assembled_layers.UnknownLayersError as error:
        return replace(unknown, reason=str(error))
    inner = tuple(_dense(resolve(layer, "", options), found.assembly.dense) for layer in layers)
    problems = tuple(replace(problem, role=role) for layer in inner for problem in layer.problems)
    return Resolved(spec, target, "stored", layers=inner, problems=(*binding.problems, *problems))


def _dense(layer: Resolved, is_dense: bool) -> Resolved:
    """A layer of a component that is made for maps or tokens, if it is."""
    if not is_dense or layer.component is None:
        return layer
    return replace(layer, component=layer.component.changed(dense=True))


def _by_name(unknown: Resolved, name: str, is_loose: bool, options: Options, size: tuple[int, int] | None) -> Resolved:
    """The backbone that a component builds by its name, without its classifier."""
    spec = unknown.spec
    model = resolve(ComponentSpec("name", name, spec.span, spec.head), "backbone", options, None if is_loose else size)
    model = replace(model, spec=spec, problems=(*unknown.problems, *model.problems))
    if not is_loose or model.signature is None or model.template is None:
        return model
    loose = (
        replace(one, alternatives=tuple(replace(each, where="") for each in one.alternatives))
        for one in (model.template, model.signature)
    )
    template, signature = loose
    return replace(model, template=template, signature=signature)


def _declared(spec: ComponentSpec, target: str, role: str, reason: str, looked_up: Resolved | None = None) -> Resolved:
    """The width that the config declares, if nothing better is known; otherwise the component stays unknown."""
    before = looked_up or Resolved(spec, target, "unknown", reason=reason)
    if spec.declared is None:
        return before
    value = spec.declared.value
    template = notation.parse_signature(DECLARED)
    problems = before.problems
    if not dims.is_unknown(value) and not is_width(value):
        message = f"out_dim must be a positive integer, found {value!r}"
        problems = (*problems, Problem("SL903", message, spec.declared.span, role, actual=str(value)))
        value = None
    return replace(
        before,
        source="declared",
        template=template,
        signature=signatures.substitute(template, {"out_dim": value}),
        given={"out_dim": spec.declared},
        values={"out_dim": value},
        problems=problems,
        reason="",
    )


def _from_stored(
    found: tuple[Any, ComponentSignature], spec: ComponentSpec, target: str, role: str, options: Options
) -> Resolved:
    file, component = found
    what = _Once(component, spec, target, role)
    result = _applied_once(what) if options.shares else applied(component, spec, target, role, "stored")
    differs = versions.difference(file.library, file.versions)
    notice = f"{target}: stored, verified with {file.library} {', '.join(file.versions)}"
    if result.problems or not (options.trace or differs or result.signature is None):
        return replace(result, notices=(notice,))
    traced = _traced(spec, target, role, differs or result.reason, options)
    if traced.signature is not None:
        return traced
    if result.signature is None:
        return replace(result, reason=spec.note or f"{result.reason}; {traced.reason}")
    return replace(result, notices=(f"{notice}; {differs or 'to be traced'}, but {traced.reason}",))


def _traced(spec: ComponentSpec, target: str, role: str, why: str, options: Options) -> Resolved:
    component, reason, earlier = _trace(spec, target, role, options)
    if component is None:
        reason = "; ".join(filter(None, (absent_models.unlisted(spec, target), reason)))
        return Resolved(spec, target, "unknown", reason=reason)
    notice = f"{target}: traced" + (" earlier" if earlier else "") + (f", {why}" if why else "")
    return replace(applied(component, spec, target, role, "traced"), notices=(notice,))


def _trace(
    spec: ComponentSpec, target: str, role: str, options: Options, at: tuple[int, int] | None = None
) -> tuple[ComponentSignature | None, str, bool]:
    """The traced signature, or the reason why there is none, and whether it comes from an earlier run.

    `at` is the one image size to trace at, None for any.
    """
    library = stored.library_of(target)
    package = target.partition(".")[0]
    trusted = library is None and package in options.trust
    if library is None and not trusted:
        if package in options.untrusted:
            return None, f"{package} is imported only if the run allows it as well ({ALLOWING})", False
        return None, f"{target} is no component that shapelint knows", False
    missing = versions.missing("torch", *([library.library] if library else []))
    if missing:
        return None, f"tracing it takes {' and '.join(missing)}, not installed here", False
    arguments = {name: argument.value for name, argument in spec.keywords}
    positional = tuple(argument.value for argument in spec.positional)
    values = [*arguments.values(), *positional]
    if any(map(_holds_a_module, values)):
        return None, "it is built from other modules, whose shapes are not put together here", False
    if any(map(dims.is_unknown, values)):
        return None, "an argument is known at run time only", False
    if spec.note:
        return None, spec.note, False
    kept = cache.place(library.library, target, arguments, positional, at) if library else None
    component = None if options.trace else cache.load(kept)
    if component is not None:
        return component, "", True
    if not options.trace and (why := cache.reason(kept)):
        return None, why, True
    from shapelint.resolve import tracing_requests

    request = TracingRequest(target, arguments, positional, role, at)
    found, reason = tracing_requests.trace(request, options, trusted)
    if found is not None:
        cache.store(kept, found)
    elif reason:
        cache.store_reason(kept, reason)
    return found, reason, False


def begin(requests: Iterable[TracingRequest]) -> None:
    """Begin traces of known libraries, which are made while this process does something else."""
    for request in requests:
        from shapelint.resolve import tracing_requests

        tracing_requests.begin(request)


def _holds_a_module(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_holds_a_module, value))
    return isinstance(value, ComponentSpec)


class _Once:
    """What a stored signature is applied to; equal if the signature is the same one, and all arguments are."""

    def __init__(self, component: ComponentSignature, spec: ComponentSpec, target: str, role: str) -> None:
        self.component, self.spec, self.target, self.role = component, spec, target, role
        values = [argument.value for argument in spec.arguments]
        kinds = tuple(repr(value) if isinstance(value, (list, tuple)) else type(value) for value in values)
        self.key = (id(component), target, role, spec, kinds)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Once) and self.key == other.key

    def __hash__(self) -> int:
        try:
            return hash(self.key)
        except TypeError:  # a list among the arguments
            return hash((self.target, self.role, self.spec.span))


@lru_cache(maxsize=MAXIMUM_KEPT)
def _applied_once(what: _Once) -> Resolved:
    """Apply a stored signature; that of runs with other values elsewhere is the same."""
    return applied(what.component, what.spec, what.target, what.role, "stored")


def applied(component: ComponentSignature, spec: ComponentSpec, target: str, role: str, source: Provenance) -> Resolved:
    """Bind the arguments, choose the row that holds for them, and substitute."""
    binding = bind(component, spec, role)
    base = Resolved(
        spec,
        target,
        "unknown",
        given=binding.given,
        values=binding.values,
        component=component,
        problems=binding.problems,
    )
    row, reason = _row(component, binding)
    if row is None:
        return replace(base, reason=reason)
    template = notation.parse_signature(row.shapes)
    row = _sized(row, template, binding.values)
    problems = binding.problems
    if refused := _refused(template, binding):
        message = f"{base.label} cannot be built: {refused} does not hold"
        problems = (*problems, Problem("SL903", message, spec.head, role))
        template = Signature(tuple(replace(alternative, where="") for alternative in template.alternatives))
    signature = signatures.substitute(template, dict(binding.values))
    return replace(base, source=source, template=template, signature=signature, row=row, problems=problems)


def _sized(row: SignatureRow, template: Signature, values: Mapping[str, Any]) -> SignatureRow:
    """The row with the image size that an argument sets filled in among its parts; without parts if it is not known."""
    taken = template.alternatives[0].inputs[0] if template.alternatives[0].inputs else None
    sizes = {str(axis) for axis in taken.axes[2:]} & values.keys() if taken is not None and taken.rank == 4 else set()
    if not sizes or not row.parts:
        return row
    if not all(is_width(values[name]) for name in sizes):
        return row.changed(parts={})
    given = {name: values[name] for name in sizes}
    return row.changed(parts={name: _filled(line, given) for name, line in row.parts.items()})


def _filled(line: str, values: Mapping[str, Any]) -> str:
    """A line of the table of parts with some names replaced by their values."""
    kind, colon, shapes = line.partition(": ")
    if not colon or not any(name in shapes for name in values):
        return line
    return f"{kind}: {signatures.substitute(notation.parse_signature(shapes), dict(values))}"


def _refused(template: Signature, binding: Binding) -> str:
    """A condition on constructor arguments alone that fails in every alternative: the constructor would raise."""
    failing = ""
    for alternative in template.alternatives:
        conditions = expression.conjuncts(alternative.where)
        failing = next((condition for condition in conditions if _fails(condition, binding)), "")
        if not failing:
            return ""
    return failing


def _fails(condition: str, binding: Binding) -> bool:
    """Whether a condition is on constructor arguments alone, and does not hold for them."""
    try:
        return expression.evaluate(condition, binding.values) is False
    except expression.ExpressionError:
        return False


def _row(component: ComponentSignature, binding: Binding) -> tuple[SignatureRow | None, str]:
    named = component.named
    defaults = {parameter.name: parameter.default for parameter in component.parameters}
    for name, argument in binding.given.items():
        if name not in component.inert and name not in named and argument.value != defaults[name]:
            return None, f"its stored signature does not cover {name}={argument.value}"
    for row in component.rows:
        try:
            holds = expression.evaluate(row.when, binding.values) if row.when else True
        except (expression.ExpressionError, TypeError):
            holds = None
        if holds is None or isinstance(holds, dims.Expression):
            return None, f"whether {row.when} is not known"
        if holds:
            return row, ""
    return None, "its stored signature does not cover these arguments"
