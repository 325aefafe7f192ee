"""An interpreter of pickle opcodes: nothing that a pickle names is imported or called."""

from __future__ import annotations

import pickletools
import warnings
from dataclasses import dataclass, field
from typing import Any

from shapelint.checkpoints.bounded_stream import BoundedStream
from shapelint.checkpoints.stored_tensor import StoredTensor, checked_name, is_shape
from shapelint.checkpoints.unreadable import CheckpointError
from shapelint.common import bounds

MARK = object()


@dataclass(eq=False)
class Thing:
    """Any object that is not plain data: `name` is its class or function, or the global itself."""

    name: str = ""


@dataclass
class Machine:
    """The stack of a pickle: plain data as it is, everything else as a Thing."""

    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def run(self, stream: BoundedStream) -> Any:
        """Read one pickle to its end; raises CheckpointError."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of texts with escapes that Python does not know
            return self._read(stream)

    def _read(self, stream: BoundedStream) -> Any:
        try:
            for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):  # type: ignore[arg-type]
                if count > bounds.PICKLE_STEPS:
                    raise CheckpointError("its index has too many entries")
                if opcode.name == "STOP":
                    return self.stack.pop()
                self.step(opcode.name, argument)
        except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
            if isinstance(error, CheckpointError):
                raise
            raise CheckpointError("its index is no pickle that can be read") from None
        raise CheckpointError("its index ends too early")

    def step(self, name: str, argument: Any) -> None:
        """Execute one opcode."""
        if name in ("PROTO", "FRAME"):
            return
        if name in _PUSHED:
            self.stack.append(_PUSHED[name]())
        elif name in _LITERALS:
            self.stack.append(argument)
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            self.memo[int(argument)] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            self.stack.append(self.memo[int(argument)])
        else:
            _STEPS[name](self, argument)

    def pop(self, count: int) -> list[Any]:
        """Pop the last values, in order."""
        taken = self.stack[-count:] if count else []
        if len(taken) < count or MARK in taken:
            raise ValueError("stack is empty")
        del self.stack[len(self.stack) - count :]
        return taken

    def pop_mark(self) -> list[Any]:
        """Pop the values since the last mark, in order."""
        position = len(self.stack) - 1
        while self.stack[position] is not MARK:
            position -= 1
            if position < 0:
                raise ValueError("no mark")
        taken = self.stack[position + 1 :]
        del self.stack[position:]
        return taken


def _tuple(count: int) -> Any:
    return lambda machine, _: machine.stack.append(tuple(machine.pop(count)))


def _pop(machine: Machine, _: Any) -> None:
    machine.stack.pop()


def _set_item(machine: Machine, _: Any) -> None:
    key, value = machine.pop(2)
    _store(machine.stack[-1], [key, value])


def _set_items(machine: Machine, _: Any) -> None:
    pairs = machine.pop_mark()
    _store(machine.stack[-1], pairs)


def _store(owner: Any, pairs: list[Any]) -> None:
    if isinstance(owner, dict):
        for key, value in zip(pairs[::2], pairs[1::2]):
            if isinstance(key, str):
                owner[checked_name(key)] = value
            elif isinstance(key, (int, float, bool, type(None))):
                owner[key] = value


def _append(machine: Machine, _: Any) -> None:
    (value,) = machine.pop(1)
    _extend(machine.stack[-1], [value])


def _appends(machine: Machine, _: Any) -> None:
    values = machine.pop_mark()
    _extend(machine.stack[-1], values)


def _extend(owner: Any, values: list[Any]) -> None:
    if isinstance(owner, list):
        owner.extend(values)


def _global(machine: Machine, argument: Any) -> None:
    machine.stack.append(Thing(str(argument).replace(" ", ".")))


def _stack_global(machine: Machine, _: Any) -> None:
    module, name = machine.pop(2)
    machine.stack.append(Thing(f"{module}.{name}"))


def _reduce(machine: Machine, _: Any) -> None:
    """The result of a call: tensors and ordered dictionaries are kept as such, anything else is a Thing."""
    function, arguments = machine.pop(2)
    machine.stack.append(_called(function.name if isinstance(function, Thing) else "", arguments))


def _called(name: str, arguments: Any) -> Any:
    short = name.rpartition(".")[2]
    arguments = arguments if isinstance(arguments, tuple) else ()
    if short in ("_rebuild_tensor_v2", "_rebuild_tensor") and len(arguments) >= 3 and is_shape(arguments[2]):
        return StoredTensor(arguments[2])
    if short.startswith("_rebuild_parameter") and arguments and isinstance(arguments[0], StoredTensor):
        return arguments[0]
    if short == "_rebuild_from_type_v2" and len(arguments) >= 3 and isinstance(arguments[0], Thing):
        return _called(arguments[0].name, arguments[2])
    if name == "collections.OrderedDict":
        return {} if not arguments else Thing(name)
    return Thing(name)


def _build(machine: Machine, _: Any) -> None:
    machine.pop(1)


def _new_object(count: int) -> Any:
    def step(machine: Machine, _: Any) -> None:
        owner = machine.pop(count)[0]
        machine.stack.append(Thing(owner.name if isinstance(owner, Thing) else ""))

    return step


def _from_mark(make: Any) -> Any:
    return lambda machine, _: machine.stack.append(make(machine.pop_mark()))


def _as_dict(values: list[Any]) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    _store(result, values)
    return result


def _persistent(machine: Machine, _: Any) -> None:
    machine.pop(1)
    machine.stack.append(Thing("storage"))


def _add_items(machine: Machine, _: Any) -> None:
    machine.pop_mark()


def _pop_mark(machine: Machine, _: Any) -> None:
    machine.pop_mark()


def _duplicate(machine: Machine, _: Any) -> None:
    machine.stack.append(machine.stack[-1])


_PUSHED: dict[str, Any] = {
    "MARK": lambda: MARK,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": Thing,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
}

_LITERALS = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4", "BINFLOAT", "FLOAT"),
        *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING", "SHORT_BINSTRING"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)

_STEPS: dict[str, Any] = {
    "TUPLE": _from_mark(tuple),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "LIST": _from_mark(list),
    "DICT": _from_mark(_as_dict),
    "FROZENSET": _from_mark(lambda _: Thing()),
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "APPEND": _append,
    "APPENDS": _appends,
    "ADDITEMS": _add_items,
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "BUILD": _build,
    "NEWOBJ": _new_object(2),
    "NEWOBJ_EX": _new_object(3),
    "OBJ": _from_mark(lambda _: Thing()),
    "INST": _from_mark(lambda _: Thing()),
    "BINPERSID": _persistent,
    "PERSID": lambda machine, _: machine.stack.append(Thing("storage")),
    "POP": _pop,
    "POP_MARK": _pop_mark,
    "DUP": _duplicate,
}
