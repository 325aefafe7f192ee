"""Whether a module is in training for certain: it is built so, and stays so until `eval()` may have been called."""

from __future__ import annotations

import ast
import re

from shapelint.common.patterns import pattern
from shapelint.python.state import guards
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.kernel import Observer
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import truth
from shapelint.python.state.values import Component, Node

MODES = frozenset({"eval", "train"})
BUILT_IN_TRAINING = ("torch.nn.", "torchvision.", "lightly.", "timm.")
"""Libraries that give their modules in training; `from_pretrained` of others sets them to evaluation."""
OTHER_NORMS = pattern(r"sync_?batch_?norm", re.IGNORECASE)
"""Batch norms over several processes, which may take a batch of one."""


def note(run: Run, owner: Node, name: str, arguments: Arguments) -> None:
    """Note a call of `eval()` or `train()` on a module."""
    mode = arguments.get(0, "mode")
    trains = name == "train" and (mode is None or truth(mode) is True)
    if not trains:
        run.asleep[id(owner)] = owner
    elif guards.is_certain(run):
        run.asleep = {key: node for key, node in run.asleep.items() if owner not in node.path}


def unseen(run: Run, site: Site, arguments: Arguments) -> None:
    """Note a call of `eval()` or `train()` on something that is not known."""
    callee = site.node.func if isinstance(site.node, ast.Call) else None
    if isinstance(callee, ast.Attribute) and callee.attr in MODES:
        run.is_any_asleep = True


def is_certain(run: Run, component: Component) -> bool:
    """Return whether a component is in training for certain."""
    if run.is_any_asleep or OTHER_NORMS.search(run.text) or not component.spec.target.startswith(BUILT_IN_TRAINING):
        return False
    copied = [one.origin for one in component.path if one.origin is not None]
    return not any(id(one) in run.asleep for node in (component, *copied) for one in node.path)


MODE_OBSERVER = Observer(unseen_call=unseen)
