"""A batch of one in training: BatchNorm and some losses need more than one value per channel."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.chain.chain import Edge
from shapelint.chain.wiring import Judged, smallest_batch
from shapelint.common.frozen import frozen
from shapelint.judge.edge_facts import words
from shapelint.judge.occasions import Ends, Occasion
from shapelint.shapes import signatures
from shapelint.shapes.signatures import Misfit
from shapelint.text.source import Span


@frozen
class BatchFacts:
    """The smallest batch of training, and the first component that does not accept it.

    `is_last` is whether it is the remainder of the training images, and `fits` whether every component accepts it.
    """

    size: int
    fits: bool
    consumer: str
    shape: str
    is_last: bool
    samples: int | None


def occasions(judged: Judged) -> Iterator[Occasion]:
    """One occasion for a model that gets a batch of one in training."""
    size, batch_size = smallest_batch(judged.model), judged.model.extras.batch_size
    if judged.small_chain is None or size is None or batch_size is None:
        return
    places = list(_places(judged))
    first = places[0] if places else ("", "?", batch_size.span)
    facts = BatchFacts(size, not places, first[0], first[1], batch_size.value != size, judged.model.extras.samples)
    related = tuple(span for _, _, span in places[:1])
    yield Occasion("batch", {"batch": facts}, Ends(("batch",), "", batch_size.span, related, batch_size.value, size))


def _places(judged: Judged) -> Iterator[tuple[str, str, Span]]:
    """The components that do not accept the batch: name, input, and place in the text."""
    assert judged.small_chain is not None
    for small, link in zip(judged.small_chain.links, judged.chain.links):
        for small_edge, edge in zip(small.edges, link.edges):
            if _too_small(small_edge) and not isinstance(edge.result, Misfit):
                name = link.role if edge.layer is None else f"{link.role} layer {edge.layer} ({edge.component.label})"
                yield name, signatures.format_shape(small_edge.incoming.value), edge.component.spec.head
    for loss in filter(None, (one.bound for one in judged.losses)):
        if loss.signature.batch > 1 and judged.chain.links:
            place = loss.spec.head if loss.spec else judged.chain.links[-1].component.spec.head
            yield f"the loss ({loss.label})", "a batch of 1", place


def _too_small(edge: Edge) -> bool:
    result = edge.result
    return isinstance(result, Misfit) and result.kind == "condition" and bool(words(result.condition) & {"B"})
