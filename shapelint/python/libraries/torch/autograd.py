"""`torch.autograd.Function`: what a function with a backward of its own gives is what its forward returns."""

from __future__ import annotations

from shapelint.common.frozen import replace
from shapelint.python.libraries import lightning_
from shapelint.python.objects import dicts
from shapelint.python.objects.attributes import APPLY
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import Run
from shapelint.python.state.values import NO_SPAN, Function, Given, UserClass, Value


def class_method(run: Run, cls: UserClass, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a method that a user-defined class inherits from torch or Lightning."""
    forward = class_lookup.find(cls, "forward") if name == APPLY else None
    if not isinstance(forward, Function):
        return lightning_.class_method(run, cls, name, arguments, site)
    context = () if class_lookup.find(cls, "setup_context") is not None else (Given(dicts.namespace({}), NO_SPAN),)
    return run.call_function(forward, replace(arguments, positional=(*context, *arguments.positional)), None)
