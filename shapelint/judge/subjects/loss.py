"""The two operands of the loss: whether it raises for them, broadcasts them, or compares them over the wrong axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shapelint.chain.chain import Origin
from shapelint.chain.wiring import Judged, WiredLoss
from shapelint.common.frozen import frozen, replace
from shapelint.judge.edge_facts import comes_with_extra_axes
from shapelint.judge.facts import Port, Side
from shapelint.judge.occasions import Ends, Occasion, Slot, origin_span, steps_of
from shapelint.judge.subjects.ends import Output, output_of
from shapelint.knowledge.losses import BoundLoss
from shapelint.shapes import dims, notation, signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.signatures import Fit, Shape
from shapelint.text.source import Span

_BATCH = dims.symbol("B")


@frozen
class Comparison:
    """The result for two operands: `equal` shapes, or shapes that a loss `broadcasts` to `result`; None if unknown."""

    equal: bool | None
    broadcasts: bool | None = False
    result: Shape | None = None


@frozen
class LossFacts:
    """The two operands of the loss, as it takes them.

    `equal` is whether their shapes are equal; `broadcasts` whether they are not and the loss accepts them anyway, with
    `result` as the resulting shape. `axis` is the one that it compares over, `feature_axis` the one that holds
    features.
    """

    left: Side
    right: Side
    equal: bool | None
    broadcasts: bool | None
    name: str = "the loss"
    owner: str = "the target's "
    axes: str = "?"
    axes_fit: bool = True
    result: str = "?"
    axis: int | None = None
    feature_axis: int | None = None
    says: str = ""

    @property
    def conflict(self) -> str:
        """What does not go together, with both numbers."""
        left, right = self.left.output, self.right.output
        if not self.axes_fit:
            return f"{self.name} takes {self.axes} axes, but {self.left} produces {left.shape}"
        other = f"{self.owner}{self.right}"
        if left.axes != right.axes or left.features == right.features:
            return f"the loss compares {left.shape} of {self.left} with {right.shape} of {other}"
        return f"the loss compares {left.features} features of {self.left} with {right.features} of {other}"

    @property
    def crash(self) -> str:
        """torch's own error, "" if that is not known."""
        about_features = self.left.output.axes == self.right.output.axes and self.left.output.features != (
            self.right.output.features
        )
        if not self.says or not self.axes_fit or not about_features:
            return ""
        left, right = self.left.output, self.right.output
        numbers = {"{left}": left.features, "{right}": right.features, "{axis}": (left.axes or 0) - 1}
        words = self.says
        for name, number in numbers.items():
            words = words.replace(name, str(number))
        return f'training would stop with "{words}"'


def occasions(judged: Judged) -> Iterator[Occasion]:
    """The losses of the method of which both operands are known."""
    for loss in judged.losses:
        yield from _wired(judged, loss)


def _wired(judged: Judged, wired: WiredLoss) -> Iterator[Occasion]:
    pack, loss = wired.ends, wired.bound
    if loss is None:
        return
    left, right = output_of(judged, pack.left), output_of(judged, pack.right)
    if left is None or right is None:
        return
    if left.link.outgoing.guess or right.link.outgoing.guess:
        left, right = (replace(side, shape=(side.shape[0], side.shape[-1])) for side in (left, right))
    taken = _reshaped(left.shape, pack.reshape), _reshaped(right.shape, pack.reshape)
    facts = _facts(judged, loss, left, right, taken)
    yield Occasion("loss", {"loss": facts, "left": facts.left, "right": facts.right}, _ends(loss, facts, left, right))


def compared(judged: Judged, loss: BoundLoss, left: Output, right: Output, name: str = "") -> Occasion:
    """A loss that takes two outputs as they are; a hand-written one has a `name` of its own."""
    facts = _facts(judged, loss, left, right, (left.shape, right.shape))
    facts = replace(facts, name=name or facts.name)
    return Occasion("loss", {"loss": facts, "left": facts.left, "right": facts.right}, _ends(loss, facts, left, right))


def _reshaped(shape: Shape, reshape: str) -> Shape:
    if not reshape:
        return shape
    signature = notation.parse_signature(reshape)
    result = signatures.unify(signature, shape)
    if isinstance(result, Fit) and isinstance(result.output, tuple):
        return result.output
    return shape


def _are_extra(judged: Judged) -> bool:
    return any(comes_with_extra_axes(edge) for link in judged.chain.links for edge in link.edges)


def _facts(judged: Judged, loss: BoundLoss, left: Output, right: Output, taken: tuple[Shape, Shape]) -> LossFacts:
    """Return the facts about two outputs; `taken` are the shapes that the loss takes of them."""
    taken_left, taken_right = taken
    least, most = loss.signature.axes
    least = max(least, _needed_axes(loss))
    axes_fit = all(least <= len(shape) <= most for shape in (taken_left, taken_right))
    comparison = compare(loss.signature.operands, taken_left, taken_right) if axes_fit else Comparison(False)
    # Axes that a head was not made for are reported at the head, and not again here.
    axis, feature_axis = (None, None) if _are_extra(judged) else _axes(loss, left)
    return LossFacts(
        left=replace(left.side, output=_port(taken_left)),
        right=replace(right.side, name=right.role, output=_port(taken_right)),
        equal=comparison.equal,
        broadcasts=comparison.broadcasts,
        name=loss.label,
        owner="the target's " if right.name != right.role else "",
        axes=f"{least}" if least == most else f"{least} to {most}",
        axes_fit=axes_fit,
        result=signatures.format_shape(comparison.result),
        axis=axis,
        feature_axis=feature_axis,
        says=loss.signature.says,
    )


def _port(shape: Shape) -> Port:
    return Port(shape[-1], len(shape), signatures.format_shape(shape))


def compare(operands: str, left: Shape, right: Shape) -> Comparison:
    """The result of a loss of some kind for two shapes.

    >>> compare("broadcast", (8, 256), (8, 1)).broadcasts
    True
    """
    if operands in ("flattened", "alone"):
        return Comparison(True)
    if operands == "views":
        left, right, operands = left[1:], right[1:], "equal"
    equal = _all(dims.equal(a, b) for a, b in zip(left, right)) if len(left) == len(right) else False
    if equal is not False or operands == "equal":
        return Comparison(equal)
    if operands == "features" and len(left) != len(right):
        return Comparison(False)
    result = broadcast(left, right)
    if result is None:
        return Comparison(None, None)
    return Comparison(False, bool(result), result or None)


def broadcast(left: Shape, right: Shape) -> Shape | None:
    """The shape that two shapes broadcast to by torch's rules; empty if they do not, None if it is not known.

    If their numbers of axes differ, the batch is compared with another axis: one case in which they are equal is no
    fit.
    """
    length = max(len(left), len(right))
    padded = [(1,) * (length - len(shape)) + tuple(shape) for shape in (left, right)]
    result: list[Dim] = []
    unknown = False
    for a, b in zip(*padded):
        same = dims.equal(a, b)
        if same or b == 1:
            result.append(a)
        elif a == 1:
            result.append(b)
        elif same is False or (len(left) != len(right) and _BATCH in (a, b)):
            return ()
        else:
            unknown = True
    return None if unknown else tuple(result)


def _all(truths: Any) -> bool | None:
    found = list(truths)
    return False if False in found else None if None in found else True


def _needed_axes(loss: BoundLoss) -> int:
    """The number of axes that is necessary for the axis that the loss compares over to exist."""
    axis = loss.value(loss.signature.over)
    if not isinstance(axis, int) or isinstance(axis, bool):
        return 0
    return axis + 1 if axis >= 0 else -axis


def _axes(loss: BoundLoss, output: Output) -> tuple[int | None, int | None]:
    """The axis that the loss compares over, and the one that holds the features."""
    axis = loss.value(loss.signature.over)
    rank = len(output.shape)
    if not isinstance(axis, int) or isinstance(axis, bool) or not -rank <= axis < rank:
        return None, None
    return axis % rank, feature_axis(output)


def feature_axis(output: Output) -> int | None:
    """The axis that an argument of the last component sets; None if there is no such axis, or several."""
    if len(output.shape) == 2:
        return 1
    origins: Sequence[Any] = output.link.outgoing.origins
    named = [index for index, origin in enumerate(origins) if index and origin.parameter and origin.role == output.role]
    return named[0] if len(named) == 1 else None


def _ends(loss: BoundLoss, facts: LossFacts, left: Output, right: Output) -> Ends:
    spans = [origin_span(side.width) or side.link.component.spec.head for side in (left, right)]
    place = loss.spec.head if loss.spec else spans[0]
    over = loss.given.get(loss.signature.over or "")
    slots = {"loss.axis": Slot(over, loss.spec.span if loss.spec else None)} if over else {}
    wrong_axis = facts.axis is not None and facts.feature_axis is not None and facts.axis != facts.feature_axis
    key = ("loss", "axis") if wrong_axis else ("loss",)
    related: tuple[Span, ...] = (spans[0],)
    numbers: tuple[Any, Any] = (facts.axes, facts.left.output.shape)
    if wrong_axis:
        numbers = (over.value if over else facts.axis), facts.feature_axis
        place = over.span if over else place
    elif facts.axes_fit:
        ports = facts.left.output, facts.right.output
        by_width = ports[0].features != ports[1].features
        numbers = ports[0].features if by_width else ports[0].shape, ports[1].features if by_width else ports[1].shape
        place, related = spans[0], (spans[1],)
    by_width = facts.axes_fit and facts.left.output.features != facts.right.output.features
    origins = [origin for side in (left, right) for origin in _origins(side)[: 1 if by_width else None]]
    steps = steps_of(origins, by_width)
    return Ends(key, left.role, place, related, *numbers, left.width, right.width, slots, steps=steps)


def _origins(output: Output) -> tuple[Origin, ...]:
    """The origins of all axes of an operand, the last axis first."""
    return tuple(reversed(output.link.outgoing.origins))
