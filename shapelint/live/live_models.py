"""The named components of a live model, and one run of them on fake tensors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Union

import torch
from torch import nn

from shapelint.common.frozen import frozen
from shapelint.knowledge import methods
from shapelint.live.fakes import Input, fake_copy, fake_inputs, new_mode, running
from shapelint.live.misfits import METHOD, MODEL_INPUT, Fault, FeatureWidth, Maker, maker_of, mark
from shapelint.live.tracing import Following, Stopped, Trace, dotted_names

Modules = Union[nn.Module, Sequence[nn.Module], Mapping[str, nn.Module]]


@frozen
class Model:
    """A live model. `roots` are called one after another: the links of a chain, or one whole model, with an empty name.

    `components` are what messages name: the links, or the parts of the whole model that have roles.
    """

    roots: Mapping[str, nn.Module]
    components: Mapping[str, nn.Module]

    @property
    def names(self) -> dict[nn.Module, str]:
        """The dotted name of every module."""
        return dotted_names(self.roots)

    @property
    def first(self) -> str:
        """The component that takes the input."""
        return next(iter(self.components), "")


@frozen
class Outcome:
    """One run: its faults, the widths of the components' outputs, and the error that ended it, if any.

    `stopped` is whether it ended at a misfit after which no size is known.
    """

    faults: tuple[Fault, ...]
    widths: Mapping[str, FeatureWidth]
    error: Exception | None = None
    stopped: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether the model ran to its end."""
        return self.error is None and not self.stopped


def model_of(module: Modules) -> Model:
    """The components of a model, or of a chain of modules. Raises TypeError for anything else."""
    if isinstance(module, nn.Module) and not isinstance(module, (nn.ModuleList, nn.ModuleDict)):
        return Model({"": module}, _parts(module))
    if isinstance(module, (Mapping, nn.ModuleDict)):
        links = dict(module.items())
    elif isinstance(module, (Sequence, nn.ModuleList)):
        modules = list(module)
        links = dict(zip(_link_names(len(modules)), modules))
    else:
        links = {"": module}
    for link in links.values():
        if not isinstance(link, nn.Module):
            raise TypeError(f"a model is an nn.Module, or a chain of them, not a {type(link).__name__}")
    if not links:
        raise ValueError("a chain of no modules has nothing to check")
    return Model(links, links)


def _link_names(count: int) -> list[str]:
    pack = methods.pack(METHOD)
    names = [step for step in pack.online if isinstance(step, str) and step != MODEL_INPUT] if pack else []
    return [*names[:count], *(f"module_{index}" for index in range(len(names), count))]


def _parts(model: nn.Module) -> dict[str, nn.Module]:
    """Siblings at least two of which are named like roles of the method; otherwise the model as one component."""
    pack = methods.pack(METHOD)
    for prefix, owner in model.named_modules():
        children = dict(owner.named_children())
        if pack and sum(pack.role_of(name) is not None for name in children) > 1:
            return {".".join(filter(None, (prefix, name))): child for name, child in children.items()}
    return {"": model}


def run(model: Model, inputs: Sequence[Input], until: float = math.inf) -> Outcome:
    """Run a fake copy once on inputs of some shapes; no operation of it begins after `until`, a monotonic time."""
    mode = new_mode()
    copies = fake_copy([*model.roots.values(), *model.components.values()], mode)
    roots = dict(zip(model.roots, copies))
    trace = Trace(dict(zip(model.components, copies[len(roots) :])), dotted_names(roots), batch=inputs[0].size[0])
    trace.until = until
    trace.attach()
    error, stopped = None, False
    with running(mode), Following(trace):
        try:
            value: Any = tuple(fake_inputs(inputs, copies[0]))
            for tensor in value:
                mark(tensor, Maker(MODEL_INPUT))
            for root in roots.values():
                value = (root(*value),)
        except Stopped:
            stopped = True
        except Exception as caught:
            error = caught
    return Outcome(tuple(trace.faults.values()), dict(_widths(trace)), error, stopped)


def _widths(trace: Trace) -> Iterator[tuple[str, FeatureWidth]]:
    for name, output in trace.outputs.items():
        if isinstance(output, torch.Tensor) and output.dim() > 1:
            yield name, FeatureWidth(int(output.shape[-1]), maker_of(output))
