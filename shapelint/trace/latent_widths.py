"""A layer that fits only because two arguments of a class are equal: found by changing one argument at a time."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

from shapelint.trace import probe
from shapelint.trace.meta import Untraceable, run
from shapelint.trace.variant import STEP, Variant, mask

if TYPE_CHECKING:
    from torch import nn


def latent(variant: Variant) -> str:
    """The layer that no longer fits if either of two equal arguments changes alone, and the two: `net.4 hidden out`.

    Both changes have to break the same layer of torch, and changing both must break none. If the class's own arithmetic
    breaks (a residual), or its constructor refuses, the two are equal by design. Empty if there is none.
    """
    integers = variant.integers()
    counts = Counter(integers.values())
    values = {name: value for name, value in integers.items() if counts[value] > 1}
    accepted = probe.accepted(variant.make({})) if values else ()
    if not accepted:
        return ""
    broken: dict[str, str] = {}
    for name, value in values.items():
        moved = _made(variant, {name: value + STEP})
        if moved is not None and not _takes(moved, accepted[0]):
            broken[name] = _stops_at(moved, probe.sizes(accepted[0]))
    for one, other in itertools.combinations(broken, 2):
        if values[one] != values[other] or not broken[one] or broken[one] != broken[other]:
            continue
        both = _made(variant, {name: values[name] + STEP for name in (one, other)})
        if both is not None and _takes(both, accepted[0]):
            return f"{broken[one]} {one} {other}"
    return ""


def _takes(module: nn.Module, usual: probe.Template) -> bool:
    """Whether a module accepts inputs with demands on the same axes, of whatever width."""
    return any(mask(template) == mask(usual) for template in probe.accepted(module))


def _made(variant: Variant, values: dict[str, int]) -> nn.Module | None:
    try:
        return variant.make(values)
    except Untraceable:
        return None


def _stops_at(module: nn.Module, size: tuple[int, ...]) -> str:
    """The innermost module whose own forward raises, by name; empty if it is one with children, or none."""
    entered: list[str] = []

    def enter(name: str) -> Any:
        return lambda _module, _inputs: entered.append(name)

    def leave(_module: nn.Module, _inputs: Any, _output: Any) -> None:
        entered.pop()

    children = dict(module.named_modules())
    for name, child in children.items():
        child.register_forward_pre_hook(enter(name))
        child.register_forward_hook(leave)
    try:
        run(module, size)
    except Exception:
        last = entered[-1] if entered else ""
        return "" if any(True for _ in children[last].children()) else last
    return ""
