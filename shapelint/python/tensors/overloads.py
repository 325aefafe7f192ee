"""Selection of the line of `rules/torch_operations.yaml` for the arguments of a call, and its result.

The arguments are the interpreter's values, or real ones of a module in memory: `read` converts either to the plain
argument of a primitive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final, Generic, TypeVar, Union

from shapelint.common.frozen import frozen, replace
from shapelint.knowledge import operations as lines
from shapelint.knowledge.operations import Literally, Operation
from shapelint.knowledge.schema.call_parameters import Parameter
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import refusals, shape_lines
from shapelint.python.tensors.axes import Axes, Axis
from shapelint.python.tensors.pieces import Result
from shapelint.python.tensors.primitives import PRIMITIVES, Primitive, PrimitiveKind, refuses_nothing
from shapelint.python.tensors.refusals import Refusal
from shapelint.shapes import dims

ValueType = TypeVar("ValueType")

UNREAD: Final = object()
"""An argument whose value is unknown."""

OTHER_KIND: Final = object()
"""An argument that is certainly of another kind: another line may take it."""

ArgumentReader = Callable[[PrimitiveKind, Sequence[ValueType]], Any]
"""Convert a value, or those of `*sizes`, to a plain argument; returns UNREAD or OTHER_KIND if it is none."""

OperationArgument = Union[Literally, Sequence[ValueType]]


@frozen
class OperationCall(Generic[ValueType]):
    """A line with the arguments of a call: its steps with plain arguments, and the operands after the first one.

    A step comes with the number of operands that the steps before it take; one whose operand is None is left out.
    `sizes` are the plain arguments of a line in the shape notation.
    """

    operation: Operation
    steps: tuple[tuple[Primitive, tuple[Any, ...], int], ...] = ()
    operands: tuple[ValueType, ...] = ()
    shapes: tuple[Axes | None, ...] = ()
    sizes: Mapping[str, Any] = field(default_factory=dict)

    def result(self, axes: Axes) -> Result:
        """Return the result for a tensor; None if it is unknown."""
        if self.operation.shapes:
            known = [shape for shape in self.shapes if shape is not None]
            whole = len(known) == len(self.shapes)
            return shape_lines.apply(self.operation.shapes, [axes, *known], self.sizes) if whole else None
        current: Result = axes
        for primitive, arguments, _ in self.steps:
            if not isinstance(current, tuple) or UNREAD in arguments:
                return None
            current = primitive.apply(current, *arguments)
        return current

    @property
    def broadcasts(self) -> bool:
        """Whether all that torch may refuse is an operand that does not broadcast."""
        refusing = [primitive for primitive, _, _ in self.steps if primitive.refuses is not refuses_nothing]
        return bool(refusing) and all(primitive.broadcasts for primitive in refusing)

    @property
    def compares(self) -> bool:
        """Whether torch compares operands with each other, and may refuse them."""
        if self.operation.shapes:
            return bool(self.shapes)
        return any(primitive.refuses is not refuses_nothing and primitive.has_operand for primitive, _, _ in self.steps)

    def is_open(self, axes: Axes, made: Sequence[bool]) -> bool:
        """Return whether torch may refuse an operand for a size that is not known.

        `made` says of the tensor and each operand whether a component made it. What a program makes itself for an
        operation that broadcasts, such as the positions of patches, is made to fit.
        """
        if self.operation.shapes:
            opened = [_opened(shape) for shape in (axes, *self.shapes)]
            return opened != [axes, *self.shapes] and any(shape_lines.refuses(self.operation.shapes, opened))
        for primitive, arguments, current, before in self._walk(axes):
            counted = (made[0], made[before + 1]) if primitive.broadcasts else (True,) * (1 + len(arguments))
            opened = [_opened(one) if counts else one for one, counts in zip((current, *arguments), counted)]
            if opened != [current, *arguments] and any(primitive.refuses(*opened)):
                return True
            if primitive is PRIMITIVES["number"] and any(axis.size != 1 for axis in current):
                return True
        return False

    def broadcast_with(self, axes: Axes) -> Iterator[tuple[Axes, Axes]]:
        """Yield the axes of a tensor at each step that broadcasts it, with those of the other operand."""
        for primitive, arguments, current, _ in self._walk(axes):
            if primitive.broadcasts:
                yield current, arguments[0]

    def repeated(self, axes: Axes) -> int | None:
        """Return an axis that is named twice where each may be named once; None if there is none."""
        for primitive, arguments, current, _ in self._walk(axes):
            if primitive.distinct and arguments and arguments[0] is not None:
                places = [ax.position(axis, len(current)) for axis in arguments[0] if isinstance(axis, int)]
                repeated = [place for place in places if place is not None and places.count(place) > 1]
                if repeated:
                    return repeated[0]
        return None

    def _walk(self, axes: Axes) -> Iterator[tuple[Primitive, tuple[Any, ...], Axes, int]]:
        """Yield the steps, each with the axes that it gets, up to the first of which something is not known."""
        current: Result = axes
        for primitive, arguments, before in self.steps:
            if not isinstance(current, tuple) or UNREAD in arguments:
                return
            yield primitive, arguments, current, before
            current = primitive.apply(current, *arguments)

    def refusals(self, axes: Axes) -> Iterator[Refusal]:
        """Yield the operands that torch certainly refuses, up to the first step that refuses one."""
        if self.operation.shapes:
            yield from shape_lines.refuses(self.operation.shapes, [axes, *self.shapes])
            return
        current: Result = axes
        for primitive, arguments, before in self.steps:
            if not isinstance(current, tuple):
                return
            found = list(_refused(primitive, arguments, current))
            # The tensor itself is judged for as long as it has its own axes.
            whole = len(current) == len(axes)
            yield from (
                replace(one, operand=one.operand + before) if one.operand else one
                for one in found
                if one.operand or whole
            )
            if found or UNREAD in arguments:
                return
            current = primitive.apply(current, *arguments)


def _opened(value: Any) -> Any:
    """Return an argument with its lost sizes taken to be other ones than all that they may meet."""
    if isinstance(value, Axis):
        return replace(value, size=dims.otherwise(value.size))
    if isinstance(value, (tuple, list)):
        return type(value)(map(_opened, value))
    return dims.otherwise(value) if isinstance(value, dims.Expression) else value


def _refused(primitive: Primitive, arguments: tuple[Any, ...], axes: Axes) -> Iterator[Refusal]:
    """Yield what one step refuses: an axis that is missing, or what the primitive says."""
    for index, argument in enumerate(arguments):
        if argument is not UNREAD and (text := _missing(primitive.kind(index), argument, len(axes))):
            yield Refusal(0, text)
    if UNREAD not in arguments:
        yield from primitive.refuses(axes, *arguments)


def _missing(kind: PrimitiveKind, argument: Any, rank: int) -> str:
    """Return the axes that a tensor would need for the axes named by an argument; empty if it has them."""
    if argument is None or kind not in ("axis", "axes", "new axis"):
        return ""
    named = argument if kind == "axes" else [argument]
    found = (refusals.missing_axis(axis, rank + (kind == "new axis")) for axis in named)
    return next(filter(None, found), "")


def choose(
    operations: Sequence[Operation],
    first: int,
    positional: Sequence[ValueType],
    keywords: Mapping[str, ValueType],
    read: ArgumentReader[ValueType],
) -> OperationCall[ValueType] | None:
    """Return the first line that takes the arguments, which exclude the `first` parameters of a line."""
    for operation in operations:
        bound = _bind((operation.parameters or ())[first:], positional, keywords)
        if operation.parameters is None:
            bound = {}
        call = _in_notation(operation, bound, read) if operation.shapes else _in_steps(operation, bound, read)
        if call is not None:
            return call
    return None


def _bind(
    parameters: Sequence[Parameter], positional: Sequence[ValueType], keywords: Mapping[str, ValueType]
) -> dict[str, OperationArgument[ValueType]] | None:
    """Return the arguments by parameter name; None if one is missing, or there are too many.

    Keywords without a parameter (`device=`, `out=`) change no shape.
    """
    aliases = lines.aliases()
    named = {aliases.get(name, name): value for name, value in keywords.items()}
    bound: dict[str, OperationArgument[ValueType]] = {}
    left = list(positional)
    for parameter in parameters:
        if parameter.name in named:
            bound[parameter.name] = [named[parameter.name]]
        elif parameter.kind == "variadic":
            bound[parameter.name], left = left, []
        elif left and parameter.kind == "positional":
            bound[parameter.name] = [left.pop(0)]
        elif parameter.required:
            return None
        else:
            bound[parameter.name] = Literally(parameter.default)
    return None if left else bound


def _in_steps(
    operation: Operation, bound: Mapping[str, OperationArgument[ValueType]] | None, read: ArgumentReader[ValueType]
) -> OperationCall[ValueType] | None:
    if bound is None:
        return None
    steps: list[tuple[Primitive, tuple[Any, ...], int]] = []
    operands: list[ValueType] = []
    for step in operation.steps:
        primitive, before = PRIMITIVES[step.primitive], len(operands)
        plain: list[Any] = []
        is_left_out = False
        for index, feed in enumerate(step.feeds):
            argument = feed if isinstance(feed, Literally) else bound[feed]
            plain.append(_plain(primitive.kind(index), argument, read))
            if primitive.kind(index) == "tensor":
                is_left_out = is_left_out or plain[-1] is None
                operands += () if isinstance(argument, Literally) else argument
        if OTHER_KIND in plain:
            return None
        if not is_left_out:
            steps.append((primitive, tuple(plain), before))
    return OperationCall(operation, tuple(steps), tuple(operands))


def _in_notation(
    operation: Operation, bound: Mapping[str, OperationArgument[ValueType]] | None, read: ArgumentReader[ValueType]
) -> OperationCall[ValueType] | None:
    if bound is None:
        return None
    names = list(bound)
    count = shape_lines.count(operation.shapes) - 1
    shapes: list[Axes | None] = []
    operands: list[ValueType] = []
    for name in names[:count]:
        argument = bound[name]
        plain = _plain("tensor", argument, read)
        if plain is OTHER_KIND or isinstance(argument, Literally):
            return None
        # `layer.bias` may be the argument that the layer was built with, and not its tensor.
        shapes.append(None if plain is UNREAD or plain == () else plain)
        operands += argument
    sizes = {name: _plain("size", bound[name], read) for name in names[count:]}
    known = {name: size for name, size in sizes.items() if size is not OTHER_KIND}
    return OperationCall(operation, (), tuple(operands), tuple(shapes), known)


def _plain(kind: PrimitiveKind, argument: OperationArgument[ValueType], read: ArgumentReader[ValueType]) -> Any:
    if isinstance(argument, Literally):
        return [argument.value] if kind == "axes" and isinstance(argument.value, int) else argument.value
    return read(kind, argument)
