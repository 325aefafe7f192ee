"""numpy: the functions and constants with which scripts compute widths, and arrays of features."""

from __future__ import annotations

import math

from shapelint.python.builtins import standard_library
from shapelint.python.libraries.standard_library_ import siteless
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.kernel import Kind
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import is_number, sequence
from shapelint.python.state.values import UNKNOWN, Bound, Const, Items, NumpyArray, Tensor, Unknown, Value
from shapelint.python.tensors import collected_rows, indexing, joining, tensor_operations
from shapelint.python.tensors.tensor_axes import axes_of

ARRAY_METHODS_THAT_KEEP = frozenset({"astype", "copy"})
OF_A_NUMBER = ("numpy.exp", "numpy.log", "numpy.log2", "numpy.sqrt")
ARRAY_METHODS_OF_TORCH = frozenset({"reshape"})
"""Methods that give the same shapes as those of a tensor."""


def attribute(run: Run, owner: NumpyArray, name: str, site: Site) -> Value:
    """Read `array.shape`, `array.ndim` or `array.T`."""
    axes = axes_of(owner.tensor)
    if name in ("shape", "ndim"):
        return run.attribute(owner.tensor, name, site)
    if name == "T" and axes is not None and len(axes) == 2:
        return NumpyArray(tensor_operations.apply("t", owner.tensor, Arguments()))  # type: ignore[arg-type]
    return Bound(owner, name)


def method(run: Run, owner: NumpyArray, name: str, arguments: Arguments, site: Site) -> Value:
    """Call `array.astype(dtype)` or `array.reshape(-1, 512)`."""
    if name in ARRAY_METHODS_THAT_KEEP:
        return owner
    result = tensor_operations.apply(name, owner.tensor, arguments) if name in ARRAY_METHODS_OF_TORCH else UNKNOWN
    return NumpyArray(result) if isinstance(result, Tensor) else UNKNOWN


def element(run: Run, owner: NumpyArray, index: Value, site: Site) -> Value:
    """Read `array[0]` or `array[:100]`."""
    is_plain = isinstance(index, Const) or (isinstance(index, Items) and index.kind == "slice")
    found = indexing.indexed(owner.tensor, index) if is_plain else UNKNOWN
    return NumpyArray(found) if isinstance(found, Tensor) else UNKNOWN


def _array(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `np.array(rows)`: a list of arrays is stacked, an array is copied."""
    given = arguments.get(0, "object") or arguments.get(0, "a")
    if isinstance(given, (NumpyArray, Tensor)):
        return given if isinstance(given, NumpyArray) else tensor_operations.as_array(given)
    size = collected_rows.numbers_in(given) if isinstance(given, Items) else None
    if size is not None:
        return tensor_operations.as_array(tensor_operations.concrete([size]))
    return _joined("stack", given, Arguments())


def _stack(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `np.stack(arrays, axis=1)`."""
    return _joined("stack", arguments.get(0, "arrays"), _along(arguments))


def _concatenate(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `np.concatenate(arrays, axis=1)`."""
    return _joined("concatenate", arguments.get(0, "arrays"), _along(arguments))


def _in_a_row(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `np.hstack(arrays)`, which joins vectors, and the columns of matrices."""
    joined = _joined("concatenate", arguments.get(0, "tup"), Arguments())
    axes = axes_of(joined.tensor) if isinstance(joined, NumpyArray) else None
    return joined if axes is not None and len(axes) == 1 else UNKNOWN


def _number(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `np.log(1e-9)` of a plain number."""
    given = arguments.positional[0].value if arguments.positional else UNKNOWN
    return Unknown(is_number=True) if is_number(given) else UNKNOWN


def _rows(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `np.vstack(arrays)`, which makes vectors rows."""
    joined = _joined("concatenate", arguments.get(0, "tup"), Arguments())
    axes = axes_of(joined.tensor) if isinstance(joined, NumpyArray) else None
    return joined if axes is not None and len(axes) > 1 else UNKNOWN


def _along(arguments: Arguments) -> Arguments:
    """Return the axis among the arguments of a function whose first one is a list."""
    return Arguments(arguments.positional[1:2], arguments.keywords)


def _joined(primitive: str, given: Value | None, along: Arguments) -> Value:
    """Return the arrays of a list, joined as torch does it."""
    items = sequence(given) if given is not None else None
    if items is None:
        return UNKNOWN
    pieces, rest = [_unwrapped(one) for one in items.items], items.rest
    whole = Items(pieces, items.kind, None if rest is None else _unwrapped(rest), collected=items.collected)
    found = joining.join(primitive, whole, along)
    return tensor_operations.as_array(found) if isinstance(found, Tensor) else UNKNOWN


def _unwrapped(value: Value) -> Value:
    return value.tensor if isinstance(value, NumpyArray) else value


ARRAY = Kind(attribute=attribute, method=method, element=element)
NUMPY = LibraryPlugin(
    "numpy",
    packages=frozenset({"numpy"}),
    functions={
        "numpy.prod": siteless(standard_library.product),
        "numpy.array": _array,
        "numpy.asarray": _array,
        "numpy.concatenate": _concatenate,
        "numpy.stack": _stack,
        "numpy.vstack": _rows,
        "numpy.hstack": _in_a_row,
        **dict.fromkeys(OF_A_NUMBER, _number),
    },
    constants={"numpy.inf": math.inf, "numpy.pi": math.pi},
)
