"""Components made from a line of shapes, or from a call, for tests of what flows between them."""

from __future__ import annotations

from typing import Any

from shapelint.chain.chain import Chain, Origin
from shapelint.chain.propagation import run
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.read import call_strings
from shapelint.resolve import resolver
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, notation, signatures
from shapelint.spec.spec import ComponentSpec
from shapelint.text.source import Span

B = dims.symbol("B")
IMAGE = (B, 3, 32, 32)
PLACE = Span(0, 1)


def made(shapes: str, dense: bool = False, parts: dict[str, str] | None = None, **values: Any) -> Resolved:
    """Return a component of a library with these shapes, parts and arguments."""
    row = SignatureRow(shapes=shapes, weights=1000, parts=parts or {})
    template = notation.parse_signature(shapes)
    return Resolved(
        ComponentSpec("call", "lab.Part", PLACE, PLACE), "lab.Part", "stored", template,
        signatures.substitute(template, values), values=values,
        component=ComponentSignature(call="Part", rows=(row,), dense=dense), row=row,
    )  # fmt: skip


def unknown() -> Resolved:
    """Return a component that is not known."""
    return Resolved(ComponentSpec("call", "lab.Lost", PLACE, PLACE), "lab.Lost", "unknown", reason="it is not known")


def listed(*layers: Resolved) -> Resolved:
    """Return a list of layers."""
    return Resolved(ComponentSpec("list", "torch.nn.Sequential", PLACE, PLACE), "", "stored", layers=layers)


def called(text: str, role: str = "") -> Resolved:
    """Return the component of a call, or of the name of a backbone."""
    place = Span(0, len(text))
    named = ComponentSpec("name", text, place, place)
    spec = call_strings.parse_call(text, lambda start, end: (Span(start, end), None)) if "(" in text else named
    return resolver.resolve(spec, role, Options())


def chained(image: signatures.Shape = IMAGE, after_a_gap: tuple[str, ...] = (), **components: Resolved) -> Chain:
    """Return the chain of components, by their roles, for an image."""
    return run(components, image, (), after_a_gap)


def shown(chain: Chain) -> list[str]:
    """Return what comes out of each component."""
    return [signatures.format_shape(link.outgoing.value) for link in chain.links]


def origin(one: Origin) -> tuple[str, str]:
    """Return the role and the argument of an origin."""
    return one.role, one.parameter
