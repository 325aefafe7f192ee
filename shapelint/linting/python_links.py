"""The links of a model in a program, and which of them were checked: its components, losses and banks, as called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.judge.link_checks import LinkCheck, are_alike, component_checks, flow_is_known
from shapelint.knowledge import methods
from shapelint.linting import loaded_weights
from shapelint.python.models.recognise import EXHAUSTED, PythonModel
from shapelint.python.state.run import BankCall, LossCall
from shapelint.shapes import dims
from shapelint.shapes.signatures import Misfit
from shapelint.spec.roles import kind
from shapelint.spec.spec import Cause
from shapelint.text.source import Span

NO_BANK_WIDTH = "the memory bank is built without a width, which lightly 1.6 refuses"
PREDICTION_HEAD = "prediction_head"


def checks(script: PythonModel) -> Iterator[LinkCheck]:
    """Yield the links of a model, and one for each file that it is read from and that is not there or does not parse.

    What says so itself is enough.
    """
    links = list(_checks(script))
    said = {link.reason for link in links}
    yield from links
    yield from (LinkCheck("config", one.reason, "", one.span) for one in script.unread if one.reason not in said)


def _checks(script: PythonModel) -> Iterator[LinkCheck]:
    """Yield a link for each component, loss and bank, and one for code that was not followed."""
    yield from component_checks(script.chain)
    if not script.chain.links and not script.unfollowed:
        yield LinkCheck("the model", "none of its components is called in what can be read", "", script.span)
    yield from _of_losses(script.losses, any(problem.code == "SL115" for problem in script.problems))
    if not script.losses and script.is_self_supervised:
        yield from _of_unseen_loss(script)
    for bank in script.banks:
        yield _of_bank(bank)
    yield from loaded_weights.checks(script.loads)
    said: set[Cause] = set()
    for one in script.open_operations:
        if one.cause not in said:
            yield LinkCheck(one.name, one.cause.reason, one.cause.help, one.cause.span)
        said.add(one.cause)
    for cause in script.unfollowed:
        yield LinkCheck("the model", cause.reason, cause.help, cause.span or script.span)
    if script.is_cut_short:
        yield LinkCheck("the file", EXHAUSTED, "give the width as a number", script.span)


def _of_losses(calls: Sequence[LossCall], are_rows_reported: bool) -> Iterator[LinkCheck]:
    """Yield one link for each place at which a loss is called, however often it runs; one unknown call is enough."""
    places: dict[tuple[Span, str], LinkCheck] = {}
    for call in calls:
        place = (call.span, call.name or call.loss.target)
        if place not in places or places[place].is_checked:
            places[place] = _of_loss(call, are_rows_reported)
    yield from places.values()


def _of_loss(call: LossCall, are_rows_reported: bool) -> LinkCheck:
    """Return the link of a loss, which needs both operands if it compares them, or as many rows as labels."""
    if not call.loss.target and call.cause is not None:
        return LinkCheck("loss", call.cause.reason, "", call.span)
    needed = call.operands if call.compared else call.operands[:1]
    unknown = [name for name, flow in needed if not flow_is_known(flow)]
    fit = _rows_fit(call)
    if fit is False and not are_rows_reported:
        return LinkCheck("loss", f"it does not get as many rows as the {call.label_rows} labels", "", call.span)
    if fit is not None or not unknown or (call.compared and are_alike([flow for _, flow in needed])):
        return LinkCheck("loss")
    label = call.name or call.loss.target.rpartition(".")[2]
    return _unknown("loss", f"what {label} gets as {' and '.join(unknown)} is not known", call.cause, call.span)


def _of_unseen_loss(script: PythonModel) -> Iterator[LinkCheck]:
    """Yield the link of a loss that is not seen, if a prediction is narrower or wider than what it is compared with.

    Where both are equal, every loss that compares them fits; where an operation does not fit, that is said.
    """
    pack = methods.pack(script.method or methods.DEFAULT)
    if pack is None or pack.loss is None or pack.loss.left.partition(".")[2] != PREDICTION_HEAD:
        return
    if any(isinstance(edge.result, Misfit) for link in script.chain.links for edge in link.edges):
        return
    for link in script.chain.links:
        flows = (link.outgoing, link.incoming)
        if kind(link.role) == PREDICTION_HEAD and all(map(flow_is_known, flows)) and not are_alike(flows):
            given, taken = (flow.value[-1] for flow in flows if isinstance(flow.value, tuple))
            reason = f"no loss is seen that compares the {given} features of {link.role} with {taken} of a projection"
            yield LinkCheck("loss", reason, "lint the program that trains the model", link.component.spec.head)


def _rows_fit(call: LossCall) -> bool | None:
    """Return whether scores have as many rows as labels; None if it is not known, or not what the loss fixes."""
    flow = call.operands[0][1]
    if call.label_rows is None or flow is None or not isinstance(flow.value, tuple) or len(flow.value) < 2:
        return None
    return dims.equal(flow.value[0], call.label_rows)


def _unknown(role: str, what: str, cause: Cause | None, span: Span) -> LinkCheck:
    """Return a link that is unchecked because something is not known, and why that is not."""
    if cause is None:
        return LinkCheck(role, what, "", span)
    return LinkCheck(role, f"{what}: {cause.reason}", cause.help, span)


def _of_bank(call: BankCall) -> LinkCheck:
    """Return the link of a bank and the features that are compared with it."""
    has_width = call.width is not None and isinstance(call.width.value, int)
    if has_width and flow_is_known(call.features):
        return LinkCheck("bank")
    if call.has_no_width:
        return LinkCheck("bank", NO_BANK_WIDTH, "write size=(vectors, width)", call.component.spec.head)
    what = "what the memory bank gets" if has_width else "the width of the memory bank"
    return _unknown("bank", f"{what} is not known", call.features.maker.cause, call.component.spec.head)
