"""Children of a library model, from the table of parts in its signature.

The shapes of a part are written in terms of the size of the whole model's input. A part is a function of its own input
only, so any image size that would produce this input determines the output. The table therefore also applies to parts
that are called on their own, or after a changed stem.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from shapelint.chain.chain import Flow
from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.knowledge.schema.signature_files import SignatureRow
from shapelint.python.state import naming
from shapelint.python.state.part_names import own_name
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import unknown_among
from shapelint.python.state.values import UNKNOWN, Component, Node, Unknown, Value
from shapelint.resolve import resolver
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, notation, signatures
from shapelint.shapes.dims import Dim, Expression
from shapelint.shapes.notation import Alternative, OutputPattern, Pattern, PatternAxis, Signature
from shapelint.shapes.signatures import StructureValue
from shapelint.spec.spec import ComponentSpec

LARGEST = 1100
OF_MAPS = ("Conv", "2d")
"""What the names of layers contain that take maps with their channels as the second axis."""
SAME = words(
    """
    Identity Dropout Dropout2d ReLU ReLU6 GELU SiLU Hardswish Sigmoid StochasticDepth
    """
)
LAST = words("LayerNorm LayerNormFp32 RmsNorm RmsNormFp32 RMSNorm")
"""What normalizes over the last axis alone, as the models of libraries are built."""


def table(run: Run, component: Component) -> dict[str, str]:
    """Return the parts of a model by dotted name."""
    row = run.resolve(component).row
    return dict(row.parts) if row else {}


def rank(line: str) -> int:
    """Return the number of axes a part takes, from its line of the table."""
    return len(line.partition(":")[2].partition("->")[0].split())


def children(run: Run, owner: Component) -> list[tuple[str, Value]] | None:
    """Return the direct children in order, those without a signature as unknown; None if not all are listed."""
    names = [name for name in _rows(run, owner) if "." not in name]
    has_all = run.libraries.components(owner).has_all_parts
    if not names or owner.forgotten or (has_all is not None and not has_all(owner)):
        return None
    added = {name: new for name, new in owner.replaced.items() if "." not in name and name not in names}
    if any(isinstance(new, Unknown) for new in added.values()):
        return None
    found = [(name, child(run, owner, name)) for name in names]
    found += [(name, new) for name, new in added.items() if isinstance(new, Node)]
    return [(name, unknown_among(owner) if part is None else part) for name, part in found]


def child(run: Run, owner: Component, name: str) -> Value | None:
    """Return a direct child: a component whose signature is its line of the table."""
    if name in owner.replaced:
        return owner.replaced[name]
    if owner.forgotten:
        return unknown_among(owner)
    if name in owner.parts:
        return owner.parts[name]
    rows = _rows(run, owner, name)
    if name not in rows:
        return None
    kind, _, text = rows[name].partition(":")
    parent = (owner.part_of if isinstance(owner.part_of, Component) else owner).resolved
    assert parent is not None
    try:
        template = notation.parse_signature(_general(kind.strip().rpartition(".")[2], text))
    except notation.SignatureError:
        return None
    prefix = f"{name}."
    inner = {key[len(prefix) :]: line for key, line in rows.items() if key.startswith(prefix)}
    model = owner.part_of if isinstance(owner.part_of, Component) else owner
    dotted = f"{own_name(owner)}.{name}" if owner.part_of is not None else name
    spec = ComponentSpec("call", kind.strip(), owner.spec.span, owner.spec.head, note=f"part {dotted}")
    part = Component(spec=spec, part_of=model)
    part.name = name
    part.resolved = Resolved(
        spec,
        kind.strip(),
        parent.source,
        template,
        signatures.substitute(template, dict(parent.values)),
        given=parent.given,
        values=parent.values,
        component=parent.component,
        row=SignatureRow(shapes=text.strip(), parts=inner),
    )
    owner.parts[name] = part
    return part


def _rows(run: Run, owner: Component, name: str = "") -> dict[str, str]:
    """Return the parts below an owner; those of a trace if its model is stored in outline and they, or a name, lack."""
    rows = table(run, owner)
    model = owner.part_of if isinstance(owner.part_of, Component) else owner
    known = model.resolved
    if (name in rows if name else rows) or known is None or not resolver.is_outline(known):
        return rows
    if not run.may_trace:
        run.untraced = True
        return rows
    full = resolver.in_full(known, naming.place(model).kind, run.options)
    if full is known or full.row is None:
        return rows
    model.resolved = full
    prefix = f"{own_name(owner)}." if owner is not model else ""
    return {key[len(prefix) :]: line for key, line in full.row.parts.items() if key.startswith(prefix)}


def _general(kind: str, text: str) -> str:
    """Generalize the signature of a layer that takes more shapes than the one it was traced with.

    A layer that a trace did not run, or that takes no tensor, has none.
    """
    if kind in SAME:
        return "... -> ..."
    before, after = (side.split() for side in text.partition("->")[::2])
    if not before or not after:
        return ""
    if kind == "Linear" or (kind in LAST and before[-1] == after[-1]):
        return f"... {before[-1]} -> ... {after[-1]}"
    if kind == "AdaptiveAvgPool2d" and after[-2:] == ["1", "1"]:
        return "... H W -> ... 1 1"
    if "Pool" in kind and len(before) == 4 and after[1:2] == before[1:2]:
        return text.replace(f" {before[1]}", " C")
    return text


def element(run: Run, owner: Component, index: Dim | None) -> Value:
    """Read `model.classifier[6]`."""
    names = [name for name in _rows(run, owner) if "." not in name]
    if not isinstance(index, int) or not -len(names) <= index < len(names):
        return UNKNOWN
    found = child(run, owner, names[index])
    return found if found is not None else UNKNOWN


def width(run: Run, owner: Component, name: str) -> Dim | None:
    """Return `in_features` or `out_features` of a part: its last axis, or the second one of a layer for maps."""

    signature = run.resolve(owner).signature
    if signature is None or owner.part_of is None:
        return None
    kind = owner.spec.target.rpartition(".")[2]
    alternative = signature.alternatives[0]
    pattern = alternative.output if name.startswith("out") else alternative.inputs[0]
    if not isinstance(pattern, Pattern) or not pattern.axes:
        return None
    is_map = len(pattern.axes) == 4
    if is_map and not any(word in kind for word in OF_MAPS):
        return None  # its channels may be its last axis
    axis = pattern.axes[1 if is_map else len(pattern.axes) - 1]
    return axis if isinstance(axis, int) else None


def rebased(component: Component, resolved: Resolved, flow: Flow) -> Resolved:
    """Return a part's signature for this input, for whichever image size produces it."""
    if component.part_of is None or resolved.signature is None or isinstance(flow.value, StructureValue):
        return resolved
    kind, signature = resolved.target.rpartition(".")[2], resolved.signature
    if flow.value is None or any(map(dims.is_unknown, flow.value[1:])):
        signature = _of_unseen_size(signature, kind)
    pattern = signature.alternatives[0].inputs[0]
    if flow.value is None or pattern.rank != len(flow.value):
        return replace(resolved, signature=signature)
    if _of_another_size(pattern.axes, flow.value, kind):
        return replace(resolved, signature=None, reason="a part behind another shape")
    bindings: dict[str, Dim] = {}
    for axis, size in zip(pattern.axes[1:], flow.value[1:]):
        if isinstance(axis, Expression) and len(dims.names(axis)) == 1:
            (name,) = dims.names(axis)
            if name not in bindings:
                found = solve(axis, name, size)
                if found is None:
                    return replace(resolved, signature=None, reason="a part behind another shape")
                bindings[name] = found
    moved = signatures.substitute(signature, bindings)
    return replace(resolved, signature=moved, template=moved)


def _of_another_size(axes: Sequence[PatternAxis], shape: Sequence[Dim], kind: str) -> bool:
    """Tell whether a shape differs from the one that a part was traced with in the sizes of its map or tokens alone.

    The trace cannot tell a size that the part demands from the one that it happened to get.
    """
    differ = [isinstance(axis, int) and isinstance(size, int) and axis != size for axis, size in zip(axes, shape)]
    behind_channels = len(axes) > 3 and any(differ[2:]) and not differ[1]
    before_channels = len(axes) > 2 and all(differ[1:-1]) and isinstance(axes[-1], int) and not differ[-1]
    return behind_channels or (before_channels and not kind.startswith(("Conv", "BatchNorm")))


def _of_unseen_size(signature: Signature, kind: str) -> Signature:
    """Return a signature that gives the features alone, if the part was traced with one size of a map or of tokens."""
    return replace(
        signature,
        alternatives=tuple(replace(one, output=_features(one, kind)) for one in signature.alternatives),
    )


def _features(one: Alternative, kind: str) -> OutputPattern:
    """Return an output without the sizes that another map or number of tokens would change."""
    sizes, output = one.inputs[0].axes[1:], one.output
    numbers = [size for size in sizes if isinstance(size, int)]
    if not isinstance(output, Pattern) or len(sizes) < 2 or len(numbers) < len(sizes):
        return output
    is_flattened = len(output.axes) == 2 and output.axes[1] == math.prod(numbers) not in numbers
    kept = (0,) if is_flattened else (0, _features_axis(output.axes, kind))
    known = (axis if place in kept else dims.UNKNOWN_DIM for place, axis in enumerate(output.axes))
    return replace(output, axes=tuple(known))


def _features_axis(axes: Sequence[PatternAxis], kind: str) -> int | None:
    """Return which axis has the features: of a square map the one that is not its sides, None if that is not clear."""
    if len(axes) == 4:
        return 1 if axes[2] == axes[3] != axes[1] else 3 if axes[1] == axes[2] != axes[3] else None
    return 1 if len(axes) == 3 and kind.startswith(("Conv", "BatchNorm")) else len(axes) - 1


def solve(axis: Expression, name: str, size: Dim) -> Dim | None:
    """Return an image size for which an axis has the given size: for `(H-1)//4+1` and h it is `4*(h-1)+1`."""
    symbol = dims.symbol(name)
    if axis == size or not dims.is_known(size):
        return symbol if axis == size else dims.UNKNOWN_DIM
    if isinstance(size, int):
        return _size_for(axis, name, size)
    if axis == symbol:
        return size
    constant = dict(axis.terms).get((), 0)
    quotient = axis - constant
    terms = quotient.terms if isinstance(quotient, Expression) else ()
    if len(terms) != 1 or terms[0][1] != 1 or len(terms[0][0]) != 1:
        return None
    (operation,) = terms[0][0]
    if not isinstance(operation, dims.DimOperation) or operation.operator != "//":
        return None
    numerator, step = operation.operands
    shift = numerator - symbol
    if not isinstance(step, int) or not isinstance(shift, int):
        return None
    candidate = step * (size - constant) - shift
    return candidate if dims.substitute(axis, {name: candidate}) == size else None


@lru_cache(maxsize=4096)
def _size_for(axis: Expression, name: str, size: int) -> int | None:
    """Return an image size for which an axis has a size; one that does not grow with the image is tried for each."""

    def width(number: int) -> int:
        found = dims.substitute(axis, {name: number})
        return found if isinstance(found, int) else 0

    sizes = range(1, LARGEST)
    likely = bisect_left(sizes, size, key=width) + 1
    return next((number for number in (likely, *sizes) if number < LARGEST and width(number) == size), None)
