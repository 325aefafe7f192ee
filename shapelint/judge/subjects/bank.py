"""Stored vectors that are compared with features: memory banks, queues, prototypes, and widths built into a loss."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.chain.wiring import Judged, WiredLoss
from shapelint.common.frozen import frozen
from shapelint.judge.facts import Port, Side
from shapelint.judge.occasions import Ends, Occasion, Slot, origin_span, steps_of
from shapelint.judge.subjects.ends import Output, last_output, output_of
from shapelint.knowledge import banks
from shapelint.knowledge.losses import BoundLoss
from shapelint.shapes import signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.signatures import Misfit
from shapelint.spec.pairs import pair_width
from shapelint.spec.spec import Argument, ComponentSpec, Problem
from shapelint.text.source import Span


@frozen
class StoredWidth:
    """The width of stored vectors: their name in reports, the number, and the value around it."""

    name: str
    width: Argument
    whole: Span


@frozen
class BankFacts:
    """A stored width and the features that are compared with it.

    `fits` is None if either is not known; `raises` is whether torch stops if they differ; `cuts` whether the features
    are merely cut to the width; `effect` what follows from a difference that does not raise.
    """

    name: str
    width: int
    features: Dim
    fits: bool | None
    raises: bool
    effect: str = ""


def occasions(judged: Judged) -> Iterator[Occasion]:
    """Every bank, with the first of the outputs that it does not fit."""
    for bank in judged.model.extras.banks:
        rule = judged.pack.banks.get(bank.name)
        if rule is not None:
            yield from _bank(judged, StoredWidth(bank.name, bank.width, bank.span), rule.meets, rule.how)
    for loss in judged.losses:
        yield from _of_loss(judged, loss)
    yield from _prototypes(judged)


def problems(judged: Judged) -> Iterator[Problem]:
    """Banks that the method does not use are reported as unchecked: configs carry numbers that no code reads."""
    for bank in judged.model.extras.banks:
        if bank.name not in judged.pack.banks:
            reason = f"{judged.pack.method} keeps no {bank.name} that shapelint knows of"
            yield Problem("SL901", f"{bank.name} is not checked: {reason}", bank.span, "")


def _bank(judged: Judged, stored: StoredWidth, meets: tuple[str, ...], how: str) -> Iterator[Occasion]:
    for end in meets:
        output = output_of(judged, end)
        if output is None or output.shape[-1] == stored.width.value:
            continue
        features = output.shape[-1]
        raises = how == "multiplied" or features != 1
        effect = "" if raises else f"every one of the {stored.width.value} stored values becomes the same number"
        yield occasion(stored, output, raises, effect)
        return


def occasion(stored: StoredWidth, output: Output, raises: bool, effect: str) -> Occasion:
    """The occasion of one stored width and an output; `effect` is what a difference that does not raise leads to."""
    name, width, whole = stored.name, stored.width, stored.whole
    features = output.shape[-1]
    fits = features == width.value if isinstance(features, int) else None
    facts = BankFacts(name, width.value, features, fits, raises, effect)
    place = origin_span(output.width)
    slots = {"bank.width": Slot(width, whole)}
    ends = Ends(
        ("bank", name), output.role, width.span, (place,) if place else (), width.value, features,
        producer=output.width, slots=slots, steps=steps_of((output.width,), True),
    )  # fmt: skip
    return Occasion("bank", {"bank": facts, "producer": output.side}, ends)


def _of_loss(judged: Judged, wired: WiredLoss) -> Iterator[Occasion]:
    """The bank of a loss (`memory_bank_size=(4096, 128)`), its `output_dim`, and how many features it takes."""
    loss, ends = wired.bound, wired.ends
    if loss is None or loss.spec is None:
        return
    signature, whole = loss.signature, loss.spec.span
    size = loss.given.get(signature.bank or "")
    width = pair_width(size) if size else None
    if width is not None:
        stored = StoredWidth(f"the memory bank of {loss.label}", width, whole)
        yield from _bank(judged, stored, (ends.right, ends.left), "assigned")
    output = output_of(judged, ends.right)
    if output is not None:
        yield from _fixed_width(loss, loss.spec, output)
    # A loss that cuts the features is made for use without a projection head.
    output = output or last_output(judged)
    cut = _argument(loss.value(signature.cut), loss.given.get(signature.cut or ""), loss.spec.head)
    if output is None or cut is None or len(output.shape) != 2:
        return
    features = output.shape[-1]
    if isinstance(features, int) and features < cut.value:
        yield occasion(
            StoredWidth(f"{signature.cut} of {loss.label}", cut, whole), output, False, "it takes all there are"
        )


def _fixed_width(loss: BoundLoss, spec: ComponentSpec, output: Output) -> Iterator[Occasion]:
    """The width that a loss was built for, such as DINO's center."""
    features, name = output.shape[-1], loss.signature.width
    fixed = _argument(loss.value(name), loss.given.get(name or ""), spec.head)
    if fixed is not None and features != fixed.value:
        raises = loss.signature.never_broadcasts or 1 not in (fixed.value, features)
        effect = "" if raises else "its center broadcasts over the scores"
        yield occasion(StoredWidth(f"{name} of {loss.label}", fixed, spec.span), output, raises, effect)


def _argument(value: object, given: Argument | None, head: Span) -> Argument | None:
    """A width of a loss: as written, or its default, which is placed at the name of the class."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return given or Argument(value, head, None)


def _prototypes(judged: Judged) -> Iterator[Occasion]:
    """Prototypes that are a component of the chain."""
    for link in judged.chain.links:
        for edge in link.edges if link.role in banks.names() else ():
            result = edge.result
            if not isinstance(result, Misfit) or result.kind != "axis" or not isinstance(result.expected, int):
                continue
            facts = BankFacts(link.role, result.expected, result.actual or 0, False, True)
            producer = Side(edge.producer.role, edge.producer.role, output=_shape_port(edge.incoming.value))
            place = origin_span(edge.producer)
            ends = Ends(
                ("bank", link.role), link.role, origin_span(edge.consumer) or edge.component.spec.head,
                (place,) if place else (), result.expected, result.actual, edge.consumer, edge.producer,
                steps=steps_of((edge.producer, edge.consumer), True),
            )  # fmt: skip
            yield Occasion("bank", {"bank": facts, "producer": producer}, ends)


def _shape_port(value: signatures.ShapeOrStructure | None) -> Port:
    return Port(value[-1], len(value), signatures.format_shape(value)) if isinstance(value, tuple) and value else Port()
