"""A class with its arguments bound, and which of them are widths: integers that change sizes and no structure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shapelint.common.frozen import frozen
from shapelint.trace import probe
from shapelint.trace.meta import Untraceable, build, quiet
from shapelint.trace.symbolic import Free

if TYPE_CHECKING:
    from torch import nn

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)
STEP = 24
"""Trial widths are multiples of it, so that numbers of groups and heads divide them."""

MAXIMUM_WIDTHS = len(PRIMES)


@frozen
class Variant:
    """A class with its arguments bound, some of which are widths: integers that change sizes and no structure."""

    call: Callable[..., Any]
    bound: inspect.BoundArguments
    widths: tuple[str, ...] = ()

    def make(self, values: Mapping[str, Any]) -> nn.Module:
        """The module with other values of some arguments. Raises Untraceable."""
        return build(lambda: self._call(values))

    def make_real(self, values: Mapping[str, Any]) -> nn.Module:
        """The same module with real memory, in train mode."""
        with quiet():
            module: nn.Module = self._call(values).train()
        return module

    def integers(self) -> dict[str, int]:
        """The arguments that are integers, and the elements of those that are lists of integers, as `name[0]`."""
        found = {}
        for name, value in self.bound.arguments.items():
            elements = (
                {f"{name}[{index}]": element for index, element in enumerate(value)}
                if _is_list(value)
                else {name: value}
            )
            found.update(
                {key: one for key, one in elements.items() if isinstance(one, int) and not isinstance(one, bool)}
            )
        return found

    def _call(self, values: Mapping[str, Any]) -> Any:
        arguments = {name: list(value) if _is_list(value) else value for name, value in self.bound.arguments.items()}
        for key, value in values.items():
            name, _, index = key.partition("[")
            if index:
                arguments[name][int(index[:-1])] = value
            else:
                arguments[name] = value
        kinds = {name: type(value) for name, value in self.bound.arguments.items() if _is_list(value)}
        arguments.update({name: kind(arguments[name]) for name, kind in kinds.items()})
        bound = inspect.BoundArguments(self.bound.signature, arguments)
        return self.call(*bound.args, **bound.kwargs)


def _is_list(value: Any) -> bool:
    return type(value) in (list, tuple)


def bind(call: Callable[..., Any], positional: Sequence[Any], arguments: Mapping[str, Any]) -> Variant:
    """Bind arguments, defaults included, and find the widths. Raises Untraceable if the constructor refuses them."""
    try:
        bound = inspect.signature(call).bind(*positional, **arguments)
    except TypeError as error:
        raise Untraceable(f"takes other arguments: {error}") from error
    bound.apply_defaults()
    variant = Variant(call, bound)
    module = variant.make({})
    widths = tuple(name for name in variant.integers() if _is_width(variant, module, name))[:MAXIMUM_WIDTHS]
    return replace(variant, widths=_usable(variant, module, widths))


def _is_width(variant: Variant, module: nn.Module, name: str) -> bool:
    """Whether changing the argument changes the sizes of parameters or buffers, but not which of them exist."""
    value = variant.integers()[name]
    for other in (value + 1, value * 2):
        try:
            changed = variant.make({name: other})
        except Untraceable:
            continue
        before, after = (
            {key: tuple(tensor.shape) for key, tensor in built.state_dict().items()} for built in (module, changed)
        )
        return list(before) == list(after) and before != after
    return False


def _usable(variant: Variant, module: nn.Module, widths: tuple[str, ...]) -> tuple[str, ...]:
    """The widths that can be chosen freely together: all, or as many as can be added one after another.

    If not one can, but all of them can as long as they are equal, it is all of them.
    """
    masks = [mask(template) for template in probe.accepted(module)]
    if _accepts(variant, masks, base_values(widths)):
        return widths
    kept: tuple[str, ...] = ()
    for name in widths:
        if _accepts(variant, masks, base_values((*kept, name))):
            kept = (*kept, name)
    return kept or (widths if _accepts(variant, masks, dict.fromkeys(widths, STEP)) else ())


def _accepts(variant: Variant, masks: list[list[bool]], values: Mapping[str, int]) -> bool:
    """Whether the class accepts these widths, and then requires no more of its inputs than as written."""
    try:
        accepted = probe.accepted(variant.make(values))
    except Untraceable:
        return False
    return bool(accepted) and all(mask(template) in masks for template in accepted)


def mask(template: probe.Template) -> list[bool]:
    return [isinstance(axis, Free) for axis in template]


def base_values(widths: Sequence[str]) -> dict[str, int]:
    """A different size for every width."""
    return {name: STEP * prime for name, prime in zip(widths, PRIMES)}
