"""The links of a model in a program, and which of them were checked: its components, losses and banks, as called."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.judge.link_checks import LinkCheck, component_checks, flow_is_known
from shapelint.python.models.recognise import PythonModel
from shapelint.python.state.run import BankCall, LossCall
from shapelint.spec.spec import Cause
from shapelint.text.source import Span

EXHAUSTED = "the budget of the interpreter ran out, and the rest of the file was not followed"


def checks(script: PythonModel) -> Iterator[LinkCheck]:
    """Yield the links of a model, one for each component, loss and bank, and one for code that was not followed."""
    yield from component_checks(script.chain)
    if not script.chain.links:
        yield LinkCheck("the model", "none of its components is called in what can be read", "", script.span)
    for loss in script.losses:
        yield _of_loss(loss)
    for bank in script.banks:
        yield _of_bank(bank)
    for cause in script.unfollowed:
        yield LinkCheck("the model", cause.reason, cause.help, cause.span or script.span)
    if script.is_cut_short:
        yield LinkCheck("the file", EXHAUSTED, "give the width as a number", script.span)


def _of_loss(call: LossCall) -> LinkCheck:
    """Return the link of a loss, which needs both operands if it compares them."""
    if not call.loss.target and call.cause is not None:
        return LinkCheck("loss", call.cause.reason, "", call.span)
    needed = call.operands if call.compared else call.operands[:1]
    unknown = [name for name, flow in needed if not flow_is_known(flow)]
    if not unknown:
        return LinkCheck("loss")
    label = call.name or call.loss.target.rpartition(".")[2]
    return _unknown("loss", f"what {label} gets as {' and '.join(unknown)} is not known", call.cause, call.span)


def _unknown(role: str, what: str, cause: Cause | None, span: Span) -> LinkCheck:
    """Return a link that is unchecked because something is not known, and why that is not."""
    if cause is None:
        return LinkCheck(role, what, "", span)
    return LinkCheck(role, f"{what}: {cause.reason}", cause.help, span)


def _of_bank(call: BankCall) -> LinkCheck:
    """Return the link of a bank and the features that are compared with it."""
    if call.width is not None and isinstance(call.width.value, int) and flow_is_known(call.features):
        return LinkCheck("bank")
    what = "the width of the memory bank" if call.width is None else "what the memory bank gets"
    return _unknown("bank", f"{what} is not known", call.features.maker.cause, call.component.spec.head)
