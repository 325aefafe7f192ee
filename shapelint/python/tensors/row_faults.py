"""Rows that do not agree, and batches that are too small: what certainly stops a program, as problems.

They are found where the rows are numbers: of tensors that the program makes, and of batches in a run that feeds a first
or a last one.
"""

from __future__ import annotations

import ast

from shapelint.chain.chain import Edge, Flow, Origin
from shapelint.common.frozen import frozen, replace
from shapelint.python.state import guards, loader_rows
from shapelint.python.state.arguments import Site
from shapelint.python.state.loader_rows import LoaderRows
from shapelint.python.state.run import Failure, Run
from shapelint.python.state.values import Component, Node
from shapelint.python.tensors.axes import Axis
from shapelint.shapes import signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.signatures import Misfit
from shapelint.spec.spec import Problem, Step
from shapelint.text.source import Span

RESHAPES = ("view", "reshape", "unflatten")
LAST_BATCH = "a last batch of another size stops here; drop_last=True is not set"
OF_AN_EPOCH = " (N: the rows of all batches)"
SMALL = "train on at least 2 images at a time"
DROPPED = "drop the last batch (drop_last=True), or choose another batch_size"


@frozen
class RowConflict:
    """An operation, the rows that it takes, and the rows that it gets; `origins` say what made both."""

    name: str
    expected: Dim
    actual: Dim
    origins: tuple[Origin, ...] = ()
    label: str = ""


def note_conflict(run: Run, conflict: RowConflict, site: Site) -> None:
    """Record rows that do not agree, if the program certainly comes here."""
    span = place(run, site)
    if span is None:
        return
    what = f"{conflict.name} gets {conflict.actual} rows where {conflict.expected} are needed"
    if not (isinstance(conflict.actual, int) and isinstance(conflict.expected, int)):
        what += OF_AN_EPOCH
    steps = tuple(step for origin in conflict.origins for step in origin.steps)
    _add(run, site.node, _batch_problem(run, Problem("SL115", what, span, label=conflict.label, steps=steps,
        expected=conflict.expected, actual=conflict.actual)))  # fmt: skip


def compare(run: Run, name: str, expected: Axis, actual: Axis, site: Site) -> bool:
    """Record rows that certainly are others than those that are needed; return whether they are."""
    if not loader_rows.differ(expected.size, actual.size):
        return False
    note_conflict(run, RowConflict(name, expected.size, actual.size, (expected.origin, actual.origin)), site)
    return True


def note_edge(run: Run, edge: Edge, site: Site) -> None:
    """Record that an operation does not take a batch of this run, or that a component does not take its axes."""
    misfit, span = edge.result, place(run, site)
    if not run.feeds or not isinstance(misfit, Misfit) or span is None:
        return
    is_operation = edge.component.spec.target == edge.role
    name, shape = str(edge.role) or edge.component.label, signatures.format_shape(edge.incoming.value)
    steps = tuple(step for origin in edge.incoming.origins for step in origin.steps)
    if misfit.kind == "axis" and is_operation and name in RESHAPES:
        what = f"{name} gets {shape}, which has another number of elements"
        _add(run, site.node, _batch_problem(run, Problem("SL115", what, span, steps=steps)))
    elif misfit.kind == "axis" and is_operation:
        conflict = RowConflict(name, misfit.expected or 0, misfit.actual or 0, edge.incoming.origins)
        note_conflict(run, conflict, site)
    elif misfit.kind == "rank":
        what = f"{name} takes {misfit.expected} axes, but gets {shape}"
        _add(run, site.node, _batch_problem(run, Problem("SL102", what, span, steps=steps)))


def note_labels(run: Run, name: str, scores: Flow | None, labels: Flow, site: Site) -> None:
    """Record labels that are neither one number a row nor one for each class."""
    shapes = [flow.value if flow is not None else None for flow in (scores, labels)]
    (have, want), span = shapes, place(run, site)
    if not isinstance(have, tuple) or not isinstance(want, tuple) or len(have) != 2 or len(want) != 2 or span is None:
        return
    classes, width = have[1], want[1]
    if not isinstance(classes, int) or not isinstance(width, int) or classes == width:
        return
    what = f"{name} takes one label a row, or {classes} of them, but gets {signatures.format_shape(want)}"
    steps = tuple(step for origin in labels.origins for step in origin.steps)
    code = "SL102" if width == 1 else "SL103"
    problem = Problem(code, what, span, steps=steps, expected=classes, actual=width)
    _add(run, site.node, _batch_problem(run, problem) if run.feeds else problem)


def note_single_scores(run: Run, name: str, scores: Flow | None, labels: Flow, site: Site) -> None:
    """Record several labels for a single row of scores."""
    have, want, span = scores.value if scores is not None else None, labels.value, place(run, site)
    if span is None or not isinstance(have, tuple) or not isinstance(want, tuple) or not len(have) == len(want) == 1:
        return
    if not isinstance(want[0], str) and loader_rows.differ(want[0], 1):
        what = f"{name} takes a row of scores for each label, but gets {signatures.format_shape(have)}"
        steps = tuple(
            step for origin in (*labels.origins, *(scores.origins if scores else ())) for step in origin.steps
        )
        _add(run, site.node, _batch_problem(run, Problem("SL102", what, span, steps=steps)))


def note_axes_of_labels(run: Run, name: str, scores: Flow | None, labels: Flow, site: Site) -> None:
    """Record labels that have another number of axes than the scores, where both have to be alike."""
    have, want, span = scores.value if scores is not None else None, labels.value, place(run, site)
    if span is None or not isinstance(have, tuple) or not isinstance(want, tuple) or len(have) == len(want):
        return
    what = f"{name} takes labels of the shape of its scores, {signatures.format_shape(have)}, but gets "
    steps = tuple(step for flow in (scores, labels) if flow is not None for step in flow.maker.steps)
    problem = Problem("SL102", what + signatures.format_shape(want), span, steps=steps)
    _add(run, site.node, _batch_problem(run, problem) if run.feeds else problem)


def note_small(run: Run, component: Component, edge: Edge, span: Span, node: ast.AST) -> None:
    """Record that a component normalises over a single value of each channel in training."""
    role = str(edge.role) or edge.component.label
    name = role if edge.layer is None else f"{role} layer {edge.layer} ({edge.component.label})"
    steps = (Step(edge.component.spec.head, f"{name} normalises over the batch"), *edge.incoming.origins[0].steps)
    _note_too_few(run, name, edge.incoming, Problem("SL107", "", span, role, steps=steps), (node, component))


def note_small_loss(run: Run, name: str, flow: Flow, site: Site) -> None:
    """Record that a loss normalises, or takes a variance, over a batch of one."""
    span = place(run, site)
    if span is not None:
        steps = (Step(span, f"{name} takes the variance over the batch"), *flow.origins[0].steps)
        _note_too_few(run, name, flow, Problem("SL107", "", span, steps=steps), (site.node, None))


def _note_too_few(run: Run, name: str, incoming: Flow, problem: Problem, at: tuple[ast.AST, Node | None]) -> None:
    """Record a problem of a batch of one, if this run certainly comes here with it."""
    fed = run.fed if run.feeds else None
    if not guards.is_certain(run) or run.feeds in ("shorter", "half"):
        return
    shape = signatures.format_shape(incoming.value)
    is_last = fed is not None and run.feeds == "last"
    batch = "the last batch of an epoch" if is_last else "a batch of one image"
    label = f"{fed.samples} images leave one over" if fed is not None and is_last else "one image at a time"
    what = f"{name} needs more than one value a channel in training, but gets {shape} from {batch}"
    span = fed.place if fed is not None and fed.place is not None else problem.span
    whole = replace(problem, message=what, span=span, help=DROPPED if is_last else SMALL, label=label)
    _add(run, at[0], whole, at[1])


def place(run: Run, site: Site) -> Span | None:
    """Return where something is in the linted file; None if it is not in there, or may not be reached."""
    if site.scope.file is None or not site.scope.file.main or not guards.is_certain(run):
        return None
    return site.scope.file.span(site.node)


def of_batch(run: Run, what: str) -> str:
    """Return what happens, with the batch of this run in which it does."""
    if run.fed is None or run.feeds not in ("first", "last"):
        return what
    rows = run.fed.of(run.feeds)
    return what if rows is None else f"{what}, in {run.fed.says(rows)}"


def of_one_size(name: str, loader: LoaderRows) -> str:
    """Return that something takes the batches of a loader but for a last one of another size."""
    return f"{name} fits batches of {loader.size} only: {LAST_BATCH}"


def _batch_problem(run: Run, problem: Problem) -> Problem:
    """Return a problem as that of the batch that this run feeds; one of a shorter last batch is a warning."""
    place = run.fed.place if run.fed is not None else None
    steps = (*problem.steps, *((Step(place, f"batches of {run.fed.size}"),) if place and run.fed else ()))
    code, message = problem.code, of_batch(run, problem.message)
    if run.feeds in ("shorter", "half") and run.fed is not None:
        code, message = "SL211", of_one_size(problem.message.split(" ")[0], run.fed)
    return Problem(
        code, message, problem.span, expected=problem.expected, actual=problem.actual, label=problem.label, steps=steps
    )


def _add(run: Run, node: ast.AST, problem: Problem, owner: Node | None = None) -> None:
    if any(known.problem.message == problem.message for known in run.failures):
        return
    receiver = next((one for one in reversed(run.receivers) if isinstance(one, Node)), None)
    run.failures.append(Failure(node, owner or receiver, problem))


def are_rows(one: Origin, two: Origin) -> bool:
    """Return whether neither of two axes has its size from an argument of a component, or from the image."""
    return all(origin.component is None and origin.role != "input" for origin in (one, two))
