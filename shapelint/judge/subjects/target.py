"""The momentum branch against the online one: whether it is a copy, whether it is used, whether its update fits."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.chain import tensors
from shapelint.chain.tensors import HeldTensor, Holdings
from shapelint.chain.wiring import Judged
from shapelint.common.frozen import frozen
from shapelint.judge.occasions import Ends, Occasion, Slot
from shapelint.judge.subjects.loss import broadcast
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, signatures
from shapelint.shapes.signatures import Shape
from shapelint.text.source import Span


@frozen
class TargetFacts:
    """The momentum branch, or one role of it that was built separately.

    `update_fits` is False if the moving average raises, `update_broadcasts` True if it does not although the shapes
    differ; `tensor` is the first parameter at fault, with its two shapes, or the two numbers of parameters. `swapped`
    says that the moving average goes the wrong way, or has a wrong decay, and `effect` what that does. `trained` is
    the module that gets gradients although a moving average writes it.
    """

    role: str = ""
    is_online: bool = False
    is_used: bool = True
    update_fits: bool | None = True
    update_broadcasts: bool | None = False
    tensor: str = ""
    online: str = ""
    target: str = ""
    swapped: str = ""
    effect: str = ""
    trained: str = ""


def occasions(judged: Judged) -> Iterator[Occasion]:
    """The occasions of `target:`, if the config has it."""
    spec = judged.model.extras.target
    if spec is not None and spec.kind == "alias":
        yield Occasion("target", {"target": TargetFacts(is_online=True)}, Ends(("target",), "", spec.span))
    if judged.target is None:
        return
    trained = judged.pack.target.trained if judged.pack.target is not None else ()
    for role in judged.target.own.difference(trained):
        online, target = judged.components.get(role), judged.target.components.get(role)
        if online is not None and target is not None:
            yield from updated(role, online, target)


def updated(role: str, online: Resolved, target: Resolved) -> Iterator[Occasion]:
    """The moving average of one component over another that was built separately."""
    facts = update(role, tensors.held_by(online), tensors.held_by(target))
    if facts is None:
        return
    different = list(_different(online, target))
    place = different[0][0].argument.span if different else target.spec.head
    here, there = (different[0][0].argument.value, different[0][1]) if different else (facts.target, facts.online)
    ends = Ends(("target", role), role, place, (_counterpart(online, target),), here, there, offers=tuple(different))
    yield Occasion("target", {"target": facts}, ends)


def _counterpart(online: Resolved, target: Resolved) -> Span:
    """The place in the online component that corresponds to what differs in the target."""
    names = [name for name, given in target.given.items() if online.values.get(name) not in (None, given.value)]
    return next((online.given[name].span for name in names if name in online.given), online.spec.head)


def _different(online: Resolved, target: Resolved) -> Iterator[tuple[Slot, int]]:
    """The target's arguments that differ from those of the online branch, with the online values."""
    if online.target != target.target:
        return
    for name, given in target.given.items():
        wanted = online.values.get(name)
        if isinstance(wanted, int) and given.value != wanted:
            yield Slot(given, target.spec.span), wanted
    if len(online.layers) == len(target.layers):
        for left, right in zip(online.layers, target.layers):
            yield from _different(left, right)


def update(role: str, online: Holdings, target: Holdings) -> TargetFacts | None:
    """The effect of a moving average on two lists of parameters, pair by pair in order; None if nothing is wrong.

    lightly's `update_momentum` adds list to list: it raises if their lengths differ, if a pair does not broadcast, or
    if the target's tensor would have to grow; if the online tensor is the smaller, it broadcasts.
    """
    pairs = _pairs(online, target)
    if pairs is None:
        numbers = len(online.learned), len(target.learned)
        if not (online.complete and target.complete) or numbers[0] == numbers[1]:
            return None
        return TargetFacts(role, update_fits=False, online=f"{numbers[0]} parameters", target=f"{numbers[1]}")
    different = [(a, b) for a, b in pairs if _equal(a.shape, b.shape) is False]
    broken = next(((a, b) for a, b in different if not _grows_into(a.shape, b.shape)), None)
    if not different:
        return None
    first = broken or different[0]
    return TargetFacts(
        role,
        update_fits=broken is None,
        update_broadcasts=broken is None,
        tensor=first[1].name,
        online=signatures.format_shape(first[0].shape),
        target=signatures.format_shape(first[1].shape),
    )


def _pairs(online: Holdings, target: Holdings) -> list[tuple[HeldTensor, HeldTensor]] | None:
    """The parameters in pairs: in order if both lists are complete, otherwise by equal names and order."""
    left, right = online.learned, target.learned
    if len(left) != len(right):
        return None
    alike = [tensor.name for tensor in left] == [tensor.name for tensor in right]
    return list(zip(left, right)) if alike or (online.complete and target.complete) else []


def _equal(left: Shape, right: Shape) -> bool | None:
    if len(left) != len(right):
        return False
    found = [dims.equal(a, b) for a, b in zip(left, right)]
    return False if False in found else None if None in found else True


def _grows_into(online: Shape, target: Shape) -> bool:
    """Whether the online tensor broadcasts into the target's; assumed if it is not known."""
    result = broadcast(online, target)
    return result is None or _equal(result, target) is not False
