"""Which objects of an interpreted file are models, and their chains: what was called, on what, in which role."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Sequence
from pathlib import PurePath

from shapelint.chain.chain import Chain, Edge, Flow, LayerFlow, Link, Origin
from shapelint.common.frozen import frozen, replace
from shapelint.documents.overrides import NO_SWEEP, Sweep
from shapelint.python.libraries import library_functions
from shapelint.python.libraries.torch import constructing
from shapelint.python.models import (
    batch_runs,
    coincidences,
    failures,
    given_checkpoint,
    momentum_updates,
    self_supervision,
    shares,
    trained_targets,
    unseen_parts,
    unused_parts,
    wiring_faults,
)
from shapelint.python.models.entry_points import InvalidPythonError, Question, interpret
from shapelint.python.models.groups import (
    Group,
    concerns,
    cut_short,
    groups_of,
    held,
    is_own,
    made_inside,
    touches,
    type_name,
    uses,
)
from shapelint.python.models.shares import Share
from shapelint.python.state import naming
from shapelint.python.state.run import BankCall, Call, LossCall, OpenOperation, Run, Update
from shapelint.python.state.saved_weights import LoadedWeights
from shapelint.python.state.values import Component, Scope
from shapelint.python.tensors import line_shapes
from shapelint.python.tensors.line_shapes import SeenShape
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims
from shapelint.shapes.signatures import Misfit, ShapeOrStructure
from shapelint.spec.roles import Role, kind
from shapelint.spec.spec import Cause, ComponentSpec, Problem, Step
from shapelint.text.source import Source, Span

EXHAUSTED = "the budget of the interpreter ran out, and the rest of the file was not followed"


@frozen
class PythonModel:
    """A model of a file: its chain with every component that was called, and the operands of its losses.

    `reaches_loss` says that every shape from the image to a loss is known, `is_open` that a class of the file gets its
    parts from code that is not in it, `is_own` that the model is of the file itself, `is_traced` that components were
    traced where no signature is stored. `method` is the one that its classes or its file are named after. Nothing but
    what stops it is said of one that is not `is_self_supervised`.
    """

    name: str
    span: Span
    chain: Chain
    losses: tuple[LossCall, ...] = ()
    problems: tuple[Problem, ...] = ()
    targets: tuple[wiring_faults.TargetFault, ...] = ()
    reshapes: tuple[wiring_faults.FixedBatch, ...] = ()
    banks: tuple[BankCall, ...] = ()
    updates: tuple[Update, ...] = ()
    reaches_loss: bool = False
    latent: tuple[coincidences.Latent, ...] = ()
    is_open: bool = False
    is_own: bool = True
    is_cut_short: bool = False
    is_traced: bool = False
    is_self_supervised: bool = True
    method: str | None = None
    unused: tuple[unused_parts.UnusedPart, ...] = ()
    unfollowed: tuple[Cause, ...] = ()
    open_operations: tuple[OpenOperation, ...] = ()
    unread: tuple[Cause, ...] = ()
    update_faults: tuple[momentum_updates.UpdateFault, ...] = ()
    trained: trained_targets.TrainedTarget | None = None
    loads: tuple[LoadedWeights, ...] = ()


@frozen
class ReadModels:
    """The models of a program, what stayed unknown, and its source with the files joined that its numbers are in.

    `sweep` is what its config says of runs with other values, `line_shapes` are the shapes of its tensors. `stop` is
    why a program with models certainly stops with the config that its command line names. One that `takes_config` reads
    a file that its command line names, one that `ignores_config` does not depend on it. `unfollowed` is why a file
    without models may have one.
    """

    models: list[PythonModel]
    notices: tuple[str, ...]
    source: Source
    sweep: Sweep = NO_SWEEP
    line_shapes: tuple[SeenShape, ...] = ()
    stop: Cause | None = None
    takes_config: bool = False
    ignores_config: bool = False
    unfollowed: str = ""


def read_models(source: Source, options: Options, may_trace: bool = False) -> ReadModels:
    """All models of a Python text, and what stayed unknown; raises InvalidPythonError.

    `may_trace` says that components may be traced before it is known that there is a model at all.
    """
    run, scope = interpret(source, options, may_trace=may_trace or options.trace)
    if run.refused:
        raise InvalidPythonError(run.refused, Span(0, min(1, len(source.text))))
    groups = groups_of(run)
    if run.stop_of_module is not None:
        stop = run.stop_of_module if groups else None
        return ReadModels([], (), source, stop=stop, ignores_config=not run.asked_for_config)
    if groups and run.untraced:
        # Importing torch takes seconds: only a file that has a model is worth them.
        run, scope = interpret(source, options)
        groups = groups_of(run)

    def asked(question: Question) -> Run:
        return interpret(source, options, run.may_trace, question)[0]

    if run.rewired and groups:
        unjudged = _unjudged_model(run, groups[0], len(source.text))
        return ReadModels([unjudged], (), run.others.source, ignores_config=not run.asked_for_config)

    names: dict[str, int] = {}
    models: list[PythonModel] = []
    handed = unseen_parts.handed_over(run)
    stopping = failures.of_models(run, [group.node for group in groups])
    for group, share, stops, is_cut in zip(groups, shares.of_groups(run, groups), stopping, cut_short(run, groups)):
        name = group.node.cls.name if group.node and group.node.cls else PurePath(source.path).stem
        names[name] = names.get(name, 0) + 1
        label = name if names[name] == 1 else f"{name} ({names[name]})"
        model = _model(run, group, label, len(source.text), not models, handed.get(id(group.node), ()), share)
        says_so = self_supervision.says_so(run, group.node, group.calls, model.losses, source.path)
        models.append(
            replace(
                model,
                problems=(*model.problems, *stops),
                is_open=run.starved,
                is_own=is_own(group),
                is_traced=run.may_trace,
                is_cut_short=is_cut,
                is_self_supervised=says_so or bool(model.banks),
                method=self_supervision.method(group.node, source.path),
            )
        )
    rows = batch_runs.find(run, asked, _stopping) if models else []
    models = [_with_rows(model, found) for model, found in zip(models, rows)]
    latent = coincidences.find([model.chain.links for model in models], asked)
    models = [replace(model, latent=found) for model, found in zip(models, latent)]
    notices = tuple(f"line {line}: {reason}" for line, reason in sorted(run.notes))
    notices += tuple(run.other_versions)
    if run.exhausted:
        notices += ("the budget of the interpreter ran out: the rest is unknown",)
    takes_config = bool(run.takes_words and run.failed_reads and not options.config)
    return ReadModels(
        models, notices, run.others.source, run.sweep, line_shapes.seen(run), takes_config=takes_config,
        ignores_config=not run.asked_for_config,
        unfollowed=EXHAUSTED if not models and _has_more_networks(run, scope) else "",
    )  # fmt: skip


def _has_more_networks(run: Run, scope: Scope) -> bool:
    """Return whether the budget ran out before a network of the file was defined."""
    classes = (node for node in run.tree.body if isinstance(node, ast.ClassDef)) if run.exhausted else ()
    return any(
        node.name not in scope.names and any(ast.unparse(base).endswith("Module") for base in node.bases)
        for node in classes
    )


def _stopping(run: Run) -> list[list[Problem]]:
    """Return what certainly stops the program in each of its models."""
    return failures.of_models(run, [group.node for group in groups_of(run)])


def _with_rows(model: PythonModel, found: tuple[Problem, ...]) -> PythonModel:
    """Return a model with the faults of its rows, which say more of a reshape than that it is right for one batch."""
    places = [problem.span for problem in found]
    left = tuple(one for one in model.reshapes if not batch_runs.holds(one.span, places))
    return replace(model, problems=(*model.problems, *found), reshapes=left)


def _unjudged_model(run: Run, group: Group, length: int) -> PythonModel:
    """Return the model of a file that changes how its own code works: nothing is reported about it."""
    why = f"the file changes how its own code works ({run.rewired})"
    span = Span(0, min(1, length))
    name = group.node.cls.name if group.node and group.node.cls else "model"
    role = Role("backbone", "backbone")
    nothing = Flow(None, (), Origin(role))
    spec = ComponentSpec("call", name, span, span)
    return PythonModel(
        name, span, Chain((Link(role, Resolved(spec, name, "unknown", reason=why), nothing, nothing, ()),))
    )


def _model(
    run: Run, group: Group, name: str, length: int, first: bool, handed: Sequence[Link], share: Share
) -> PythonModel:
    """Build the model of a group; faults of tensors that no model made are reported with the first model."""
    by_role: dict[str, list[Call]] = {}
    for call in group.calls:
        by_role.setdefault(call.edge.role, []).append(call)
    components = held(group) if share.misuses else frozenset()
    for misuse in share.misuses:
        if _follows_a_fault(misuse, group.calls):
            continue
        flow = misuse.edge.incoming
        is_weight = flow.maker.component is not None and id(flow.maker.component) in components
        if is_weight or made_inside(flow, group, by_role) or (first and _is_of_the_loop(flow)):
            by_role.setdefault(misuse.edge.role, []).append(misuse)
    unseen = unseen_parts.links(run, group.node)
    if group.node is None and any(kind(role) == "backbone" for role in by_role):
        unseen = []
    unseen += [link for link in handed if str(link.role) not in by_role]
    links = (*unseen, *(_link(role, calls, run.chosen) for role, calls in by_role.items()))
    losses = tuple(loss for loss in share.losses if concerns(loss, group, by_role) or (first and _is_of_nobody(loss)))
    banks = tuple(bank for bank in run.banks if uses(bank, group, by_role))
    updates = tuple(wiring_faults.updates(run, group.node)) if group.node else ()
    targets = tuple(wiring_faults.targets(run, group.node, group.calls)) if group.node else ()
    reshapes = tuple(wiring_faults.fixed_batches(run, group.node))
    node = group.node.cls.node if group.node and group.node.cls else None
    span = Span(0, min(1, length))
    if (
        node is not None
        and group.node
        and group.node.cls
        and group.node.cls.scope.file
        and group.node.cls.scope.file.main
    ):
        span = group.node.cls.scope.file.span(node)
    return PythonModel(
        name,
        span,
        Chain(links),
        losses,
        _constructor_problems(run, group),
        targets,
        reshapes,
        banks,
        updates,
        _reaches(links, losses),
        unused=tuple(unused_parts.of_calls(run, group.calls)),
        unfollowed=tuple(_unfollowed(run, group)),
        open_operations=tuple(_open_operations(run, share.open_operations, group, by_role, first)),
        unread=tuple(run.unread.values()) if first else (),
        update_faults=tuple(momentum_updates.faults(run, group.node, first)),
        trained=trained_targets.find(run, group.node, first),
        loads=tuple(_loads(run, group, first) if run.loads else _given_checkpoint(run, group, span)),
    )


def _given_checkpoint(run: Run, group: Group, span: Span) -> Iterator[LoadedWeights]:
    """Yield the comparison with the checkpoint of the command line, if there is one."""
    if not run.options.checkpoint:
        return
    if group.node is not None:
        yield from given_checkpoint.of_model(run, group.node, span)
    else:
        yield from given_checkpoint.of_script(run, group.calls)


def _loads(run: Run, group: Group, first: bool) -> Iterator[LoadedWeights]:
    """Yield the weights that are loaded into a model, a part of it or what holds it; the `first` those of nobody."""
    inside = group.members.inside
    for load in run.loads:
        held = isinstance(load.owner, Component) and id(load.owner) in inside
        if held or any(id(step) in inside for step in load.owner.path) or (first and load.owner.holder is None):
            yield load


def _unfollowed(run: Run, group: Group) -> dict[Cause, None]:
    """Return why code that is not seen may do something to a model: it gets hold of it, or is a base of its class."""
    causes = [cause for nodes, cause in run.unfollowed if touches(nodes, group)]
    causes += wiring_faults.unpaired(run, group.node) if group.node is not None else ()
    base = unseen_parts.base_of_a_method(run, group.node) if group.node is not None else None
    return dict.fromkeys([*causes, base] if base is not None else causes)


def _open_operations(
    run: Run, share: Sequence[tuple[Span, OpenOperation]], group: Group, roles: Container[str], first: bool
) -> Iterator[OpenOperation]:
    """Yield the operations that may not take what the model makes; a loss is a link of its own."""
    losses = {loss.span for loss in run.losses} if share else ()
    for span, operation in share:
        is_inside = any(made_inside(flow, group, roles) for flow in operation.operands)
        if span not in losses and (is_inside or (first and all(map(_is_of_the_loop, operation.operands)))):
            yield operation


def _follows_a_fault(misuse: Call, calls: list[Call]) -> bool:
    """Return whether sizes do not fit that come out of a component which did not take what it got."""
    maker, result = misuse.edge.incoming.maker.component, misuse.edge.result
    if maker is None or not isinstance(result, Misfit) or result.kind != "axis":
        return False
    return any(isinstance(call.edge.result, Misfit) and call.edge.component is maker for call in calls)


def _is_of_the_loop(flow: Flow) -> bool:
    """Return whether no component contributed to a tensor, such as a mask of the training loop."""
    return all(origin.component is None for origin in (flow.maker, *flow.origins))


def _is_of_nobody(loss: LossCall) -> bool:
    """Return whether nothing is known of the operands that a loss compares, so that any model may have made them."""
    return loss.compared and all(flow is None for _, flow in loss.operands)


def _link(role: str, calls: list[Call], taken_apart: set[str]) -> Link:
    """Build the link of one role from the calls of its component, or of the layers inside it."""
    chosen: dict[tuple[int, str], Call] = {}
    for call in calls:
        key = (id(call.component), str(call.edge.component.template))
        before = chosen.get(key)
        if before is None or _weight(call.edge) > _weight(before.edge):
            chosen[key] = call
    kept = list(chosen.values())
    first, last = kept[0], kept[-1]
    # What comes into a layer behind the first is another input of the head, made for tokens as far as is known.
    edges = tuple(replace(call.edge, takes_tokens=index > 0 or role in taken_apart) for index, call in enumerate(kept))
    whole = first.edge.component
    layers: tuple[LayerFlow, ...] = ()
    inside = next((node for node in first.component.path[:-1] if node.name == str(role)), None)
    if first.edge.layer is not None or isinstance(inside, Component):
        layers = tuple(
            LayerFlow(call.edge.component, call.edge.incoming.value, call.outgoing.value)
            for call in kept
            if call.edge.layer is not None or isinstance(inside, Component)
        )
        resolved = tuple(call.edge.component for call in kept)
        label = type_name(inside) if inside is not None else "layers"
        spec = ComponentSpec("call", label, whole.spec.span, whole.spec.head)
        problems = tuple(dict.fromkeys(problem for layer in resolved for problem in layer.problems))
        whole = Resolved(spec, label, "stored", layers=resolved, problems=problems)
    replaced = () if layers else tuple(first.component.replaced)
    return Link(role, whole, first.edge.incoming, last.outgoing, edges, layers, replaced)


def _constructor_problems(run: Run, group: Group) -> tuple[Problem, ...]:
    """Return the problems of components whose constructors would raise."""
    problems: dict[tuple[str, str], Problem] = {}
    leaves = naming.leaves(group.node) if group.node else [call.component for call in group.calls]
    wrapped = [value for leaf in leaves for value in leaf.arguments.values() if isinstance(value, Component)]
    for leaf in (*leaves, *wrapped):
        values = {name: library_functions.plain(value) for name, value in leaf.arguments.items()}
        condition = library_functions.refused(leaf.spec.target, values)
        if condition:
            label, role = leaf.spec.target.rpartition(".")[2], str(naming.place(leaf).role)
            message = f"{label} cannot be built: {condition} does not hold"
            first, *others = _named(run, leaf, condition) or (Step(leaf.spec.head, ""),)
            problems[(role, condition)] = Problem(
                "SL903", message, first.span, role, label=first.action, steps=tuple(others)
            )
    return tuple(problems.values())


def _named(run: Run, component: Component, condition: str) -> tuple[Step, ...]:
    """The arguments of a constructor that a condition names, as they were written, and where they were passed on."""
    given = constructing.given_by_name(run, component)
    found = [(name, given[name]) for name in condition.split() if name in given]
    written = [Step(argument.span, f"{name} is {argument.value}") for name, argument in found]
    defaults = library_functions.defaults(component.spec.target, condition).items()
    written += [
        Step(component.spec.head, f"{name} is {value} by default") for name, value in defaults if name not in given
    ]
    return (*written, *(Step(use, "passed on here") for _, argument in found for use in argument.uses))


def _weight(edge: Edge) -> int:
    """Rank the calls of one component for the report: one that does not fit comes first, then one that may not.

    Images of a size at which the component was never tried may not fit; what is not known of an input says nothing.
    """
    if isinstance(edge.result, Misfit):
        return 4
    if edge.result is None:
        return 3 if edge.component.is_listed and _is_sized(edge.incoming.value) else 0
    return 2 if edge.result.assumed else 1


def _is_sized(shape: ShapeOrStructure | None) -> bool:
    """Return whether the height and the width of images (B, C, H, W) are known."""
    return isinstance(shape, tuple) and len(shape) == 4 and all(isinstance(axis, int) for axis in shape[2:])


def _reaches(links: tuple[Link, ...], losses: tuple[LossCall, ...]) -> bool:
    """Return whether every component's output is known, and every operand of some loss."""
    known = all(link.outgoing.value is not None for link in links) and bool(links)
    return known and any(_known(loss) for loss in losses if loss.loss.target)


def _known(loss: LossCall) -> bool:
    flows = [flow for _, flow in loss.operands]
    return any(flow is not None for flow in flows) and all(
        flow is None or (isinstance(flow.value, tuple) and bool(flow.value) and dims.is_known(flow.value[-1]))
        for flow in flows
    )
