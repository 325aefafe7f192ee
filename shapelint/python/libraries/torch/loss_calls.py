"""Losses in a program, and the operands they are called with. The losses themselves are in `rules/losses/`."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Union

from shapelint.chain.chain import Flow
from shapelint.common.frozen import replace
from shapelint.common.patterns import pattern
from shapelint.knowledge import losses
from shapelint.knowledge.schema.loss_files import LossSignature
from shapelint.python.libraries.torch import backward, constructing
from shapelint.python.state import gradients, loader_rows, naming
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.gradients import Trained
from shapelint.python.state.kernel import Kind, Observer
from shapelint.python.state.run import LossCall, Run
from shapelint.python.state.value_facts import cause_among
from shapelint.python.state.values import UNKNOWN, Bound, Const, Data, Given, Items, Loss, Tensor, Value
from shapelint.python.tensors import row_faults, tensor_operations
from shapelint.python.tensors.row_faults import RowConflict
from shapelint.shapes.dims import Dim
from shapelint.spec import roles
from shapelint.spec.spec import Cause
from shapelint.text.source import Span

Operands = tuple[tuple[str, Union[Flow, None]], ...]
LOSS_WORDS = pattern(r"loss|criterion|objective", re.IGNORECASE)
"""What attributes that hold a loss, and functions that compute one, are called."""


def is_loss(target: str) -> bool:
    """Return whether a dotted name is a loss."""
    return losses.of_class(target) is not None


def is_function(target: str) -> bool:
    """Return whether a dotted name is a function that computes a loss."""
    return losses.of_function(target) is not None


def construct(run: Run, target: str, arguments: Arguments, site: Site) -> Value:
    """Return a loss object with its arguments as written."""
    return Loss(target=target, spec=constructing.specification(run, target, arguments, site))


def functional(run: Run, name: str, arguments: Arguments, site: Site) -> Value:
    """Interpret `F.mse_loss(a, b)`."""
    signature = losses.of_function(name)
    return call(run, Loss(target=signature.target), arguments, site) if signature else UNKNOWN


OF_CLASSES = ("torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
"""Losses of scores for each class; one row of scores alone is that of a single label."""


def call(run: Run, loss: Loss, arguments: Arguments, site: Site) -> Value:
    """Record the operands of a loss; the result is a number, unless the loss returns the result of an operation."""
    signature = losses.of_class(loss.target)
    if signature is None:
        return UNKNOWN
    names = (*signature.takes, *filter(None, [signature.prototypes]))
    given: dict[str, Given] = dict(zip(names, arguments.positional))
    given.update(arguments.keywords)
    flows = {name: flow_of(given[name].value) if name in given else None for name in names}
    operands = tuple((name, flows[name]) for name in signature.takes)
    compared = signature.is_judged and not signature.labels
    cause = cause_among(*(one.value for name, one in given.items() if name in signature.takes))
    stored = flows.get(signature.prototypes or "")
    rows = label_rows(arguments) if signature.labels and len(signature.takes) == 1 else None
    whole = all(isinstance(one.value, Tensor) for name, one in given.items() if name in signature.takes)
    settings = {**_settings(loss, signature), **arguments.keywords}
    reduces = any(parameter.name == "reduction" for parameter in signature.parameters)
    is_whole = reduces and not _is_averaged(settings)
    noted = len(run.failures)
    for pair in _compared(operands):
        made = LossCall(loss, pair, _span(run, site), compared, stored, "", cause, rows, reduces and not is_whole)
        run.losses.append(made)
        _note_rows(run, signature if whole else None, pair, rows, site)
    if rows is not None and isinstance(labels := arguments.get(1, "target"), Tensor):
        row_faults.note_labels(run, _callee(site), operands[0][1], labels.flow, site)
        if labels.is_index and loss.target in OF_CLASSES:
            row_faults.note_single_scores(run, _callee(site), operands[0][1], labels.flow, site)
    if signature.operands == "equal" and signature.labels and isinstance(labels := arguments.get(1, "target"), Tensor):
        row_faults.note_axes_of_labels(run, _callee(site), operands[0][1], labels.flow, site)
    if not compared and len(run.failures) == noted:
        _note_operands(run, signature, given, arguments, site)
    trained = _trained(signature, given)
    if losses.is_self_supervised(loss.target):
        backward.note(run, trained)
    if signature.operation and (is_whole or not reduces):
        return _operation(run, signature, given, settings)
    return UNKNOWN if is_whole else replace(tensor_operations.concrete([]), trains=trained)


def _note_operands(
    run: Run, signature: LossSignature, given: Mapping[str, Given], arguments: Arguments, site: Site
) -> None:
    """Record operands that the function of a loss refuses, where its data do not say what to compare."""
    first = given[signature.takes[0]].value if signature.takes[0] in given else None
    if isinstance(first, Tensor) and not first.loose:
        keywords = {name: one for name, one in arguments.keywords.items() if name != signature.takes[0]}
        others = Arguments(arguments.positional[1:], keywords, arguments.complete)
        for function in signature.functions:
            run.observe_operation(function.rpartition(".")[2], first, others, site)


def _operation(run: Run, signature: LossSignature, given: Mapping[str, Given], settings: Mapping[str, Given]) -> Value:
    """Return the result of the operation that a loss is, for operands that are tensors."""
    operands = [given[name] for name in signature.takes if name in given]
    first = operands[0].value if len(operands) == 2 else None
    if not isinstance(first, Tensor):
        return UNKNOWN
    others = {name: one for name, one in settings.items() if name not in signature.takes}
    return tensor_operations.apply(signature.operation, first, Arguments((operands[1],), others))


def _is_averaged(settings: Mapping[str, Given]) -> bool:
    """Return whether a loss with a `reduction` gives one number, as it is built and called."""
    given = settings.get("reduction")
    by_name = given is None or (isinstance(given.value, Const) and given.value.value != "none")
    return by_name and not {"reduce", "size_average"} & {*settings}


def _compared(operands: Operands) -> list[Operands]:
    """Return what a loss compares: its first operand with each other one."""
    return [(operands[0], other) for other in operands[1:]] or [operands]


def _settings(loss: Loss, signature: LossSignature) -> dict[str, Given]:
    """Return the arguments that a loss was built with: the axis of a similarity, how elements are reduced."""
    if loss.spec is None:
        return {}
    given = dict(zip((parameter.name for parameter in signature.parameters), loss.spec.positional))
    return {name: Given(Const(one.value), one.span) for name, one in {**given, **dict(loss.spec.keywords)}.items()}


def _trained(signature: LossSignature, given: Mapping[str, Given]) -> Trained:
    """Return what gets gradients through a loss: what made its operands, but for those that it stops."""
    if losses.listed(signature.target) is None:
        return gradients.UNTRAINED
    operands = [one.value for name, one in given.items() if name in signature.takes and name not in signature.stops]
    return gradients.through([each for one in operands for each in (one.items if isinstance(one, Items) else [one])])


def _note_rows(
    run: Run,
    compared: LossSignature | None,
    operands: Operands,
    labels: Dim | None,
    site: Site,
) -> None:
    """Record scores that have another number of rows than their labels, or than what they are compared with.

    `compared` is the loss of two tensors, one row with one row; a single row may be too few for it.
    """
    shapes = [flow.value for _, flow in operands if flow is not None and isinstance(flow.value, tuple)]
    known = compared is not None and len(shapes) == len(operands) and all(len(shape) == 2 for shape in shapes)
    signature = compared if known and compared is not None and compared.is_judged and not compared.prototypes else None
    rows = labels if labels is not None else shapes[1][0] if signature is not None and len(shapes) == 2 else None
    flow = operands[0][1]
    if rows is None or flow is None or not isinstance(flow.value, tuple) or len(flow.value) < 2:
        return
    first = flow.value[0]
    never = labels is not None or (signature is not None and signature.operands != "broadcast")
    name = _callee(site)
    if loader_rows.differ(first, rows) and (never or 1 not in (first, rows)):
        row_faults.note_conflict(run, RowConflict(name, first, rows, flow.origins[:1]), site)
    elif signature is not None and signature.batch > 1 and first == rows == 1:
        row_faults.note_small_loss(run, name, flow, site)


def _callee(site: Site) -> str:
    """Return the last name of what is called."""
    return ast.unparse(site.node.func if isinstance(site.node, ast.Call) else site.node).rpartition(".")[2]


def label_rows(arguments: Arguments) -> Dim | None:
    """Return how many labels a loss of scores and labels gets; None if that is not known."""
    labels = arguments.get(1, "target")
    if isinstance(labels, Data):
        return labels.rows
    flow = flow_of(labels) if labels is not None else None
    return flow.value[0] if flow is not None and isinstance(flow.value, tuple) and flow.value else None


def elementwise(run: Run, operation: str, left: Value, right: Value, site: Site) -> bool:
    """Record a hand-written loss between the unreduced features (B, D) of two heads; return whether it is one."""
    ends = [_end(value) for value in (left, right)]
    if None in ends or ends[0] == ends[1]:
        return False
    known = losses.written_by_hand(operation)
    if known is None:
        return False
    signature, name = known
    operands = tuple((operand, flow_of(value)) for operand, value in zip(signature.takes, (left, right)))
    run.losses.append(LossCall(Loss(target=signature.target), operands, _span(run, site), name=name))
    return True


def _span(run: Run, site: Site) -> Span:
    """Return where a loss is called; for a call in another file, the call in the linted file that led there."""
    if site.scope.file and site.scope.file.main:
        return site.scope.file.span(site.node)
    return run.anchors[-1] if run.anchors else Span(0, 0)


def _end(value: Value) -> str | None:
    """Return the role of the head or target that made a tensor of its full width; None if an axis was reduced."""
    flow = flow_of(value)
    if flow is None or not isinstance(flow.value, tuple) or len(flow.value) != 2 or len(flow.origins) != 2:
        return None
    origin = flow.origins[1]
    whole = origin.component is not None and origin.component.values.get(origin.parameter) == flow.value[1]
    is_head = roles.kind(origin.role) in roles.HEADS or naming.is_target(origin.role)
    return origin.role if whole and is_head and flow.origins[0].component is None else None


def flow_of(value: Value) -> Flow | None:
    """Return the flow of an operand, or of the first element of a list."""
    if isinstance(value, Tensor):
        return None if value.loose else value.flow
    if isinstance(value, Items):
        items = [*value.items, *([value.rest] if value.rest is not None else [])]
        return flow_of(items[0]) if items else None
    return None


def method(run: Run, owner: Loss, name: str, arguments: Arguments, site: Site) -> Value:
    """Interpret `criterion.to(device)` or `criterion.forward(a, b)`."""
    if name in ("to", "cuda", "cpu", "train", "eval"):
        return owner
    return call(run, owner, arguments, site) if name == "forward" else UNKNOWN


def attribute(run: Run, owner: Loss, name: str, site: Site) -> Value:
    """Return a method of a loss."""
    return Bound(owner, name)


def observed(run: Run, operation: str, tensor: Value, arguments: Arguments, site: Site) -> bool:
    """Record an operation if it is a hand-written loss; it is then not reported as a misuse, whatever its widths."""
    return bool(arguments.positional) and elementwise(run, operation, tensor, arguments.positional[0].value, site)


def unseen(run: Run, site: Site, arguments: Arguments) -> None:
    """Record what is called after a loss, and is none that is known, if it takes the output of a component."""
    name = ast.unparse(site.node.func) if isinstance(site.node, ast.Call) else ""
    operands = [flow for given in arguments.every if (flow := flow_of(given.value)) is not None]
    made = any(origin.component is not None for flow in operands for origin in (flow.maker, *flow.origins))
    if made and LOSS_WORDS.search(name.rpartition(".")[2]):
        cause = Cause(f"{name} is no loss that is known here")
        named = tuple(("an operand", flow) for flow in operands)
        run.losses.append(LossCall(Loss(), named, _span(run, site), False, name=name, cause=cause))


LOSS = Kind(attribute=attribute, call=call, method=method)
HAND_WRITTEN_LOSSES = Observer(operation=observed, unseen_call=unseen)
