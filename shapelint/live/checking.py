"""`check`: the findings of a live module, or of a chain of modules, for a unit test."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch._subclasses import fake_tensor

from shapelint.live.fakes import CannotTraceError, Input
from shapelint.live.live_models import Model, Modules, Outcome, model_of, run
from shapelint.live.misfits import MODEL_INPUT, Fault, Maker
from shapelint.live.reporting import report
from shapelint.live.tracing import TooSlowError
from shapelint.spec.findings import Finding
from shapelint.trace.meta import one_line

_USUAL_SIZES = (224, 256, 384, 96, 64, 32, 128, 299, 448, 512)
"""The image sizes to try if a model refuses its input: those that models are made for."""

_BATCH = 2

MOST_SECONDS = 30.0
"""After which no operation of a run begins, and no other size is tried."""

NO_SHAPE_FAULTS = (
    TooSlowError,
    fake_tensor.DataDependentOutputException,
    fake_tensor.DynamicOutputShapeException,
    fake_tensor.UnsupportedOperatorException,
)


def check(module: Modules, input_shape: Any) -> list[Finding]:
    """The shape faults of a model, as `shapelint` reports them: an empty list where every shape fits.

    `module` is a whole model, or a chain of modules that take each other's output: a sequence (backbone, projection
    head, prediction head), or a mapping of their names. `input_shape` is a shape with its batch, `(B, C, H, W)`, or a
    tuple of shapes where the model takes several inputs; a tensor may be given in place of its shape and type (for
    integers, for example). Raises ValueError for the shape of a single image, without a batch.

        assert shapelint.check(model, (2, 3, 64, 64)) == []

    The model is judged in its current mode. It is only read: a copy runs on fake tensors, without memory and without
    arithmetic. All independent faults are found; a layer that gets a wrong width continues with the one it declares.
    Raises CannotTraceError if a model cannot be run on fake tensors, for a reason other than a shape fault, or in time.
    """
    model, inputs, until = model_of(module), _inputs(input_shape), time.monotonic() + MOST_SECONDS
    outcome = run(model, inputs, until)
    if outcome.faults or outcome.error:
        _require_batch(model, inputs, outcome, until)
    faults = list(outcome.faults)
    if not outcome.is_complete:
        faults += _behind(model, inputs, outcome, until)
    modules = {name: inner for inner, name in model.names.items()}
    return report(faults, outcome.widths, modules, model.first, is_image=len(inputs[0].size) > 3)


def _inputs(given: Any) -> list[Input]:
    """The inputs as sizes and types; raises ValueError for anything that is not a shape."""
    is_one = isinstance(given, torch.Tensor) or not any(
        isinstance(value, (tuple, list, torch.Tensor)) for value in given
    )
    inputs = []
    for value in (given,) if is_one else given:
        is_tensor = isinstance(value, torch.Tensor)
        size, dtype = (value.shape, value.dtype) if is_tensor else (value, None)
        if not size or not all(isinstance(axis, int) and axis > 0 for axis in size):
            raise ValueError(f"input_shape is a shape of positive integers, such as (2, 3, 224, 224), not {given!r}")
        inputs.append(Input(tuple(size), dtype))
    return inputs


def _require_batch(model: Model, inputs: Sequence[Input], outcome: Outcome, until: float) -> None:
    """Raise ValueError for the shape of a single item: an axis is missing, and with one more, more fits and none is."""
    is_suspect = outcome.error or len(inputs[0].size) == 3 or _lacks_axes(outcome)
    if not is_suspect or isinstance(outcome.error, NO_SHAPE_FAULTS):
        return
    batched = [replace(one, size=(_BATCH, *one.size)) for one in inputs]
    again = run(model, batched, until)
    fewer = outcome.error is not None or len(again.faults) < len(outcome.faults)
    if again.is_complete and fewer and not _lacks_axes(again):
        given, wanted = (", ".join(str(one.size) for one in many) for many in (inputs, batched))
        raise ValueError(f"input_shape has no batch axis: write {wanted} in place of {given}")


def _lacks_axes(outcome: Outcome) -> bool:
    return any(fault.kind == "rank" for fault in outcome.faults)


def _behind(model: Model, inputs: Sequence[Input], outcome: Outcome, until: float) -> list[Fault]:
    """What other image sizes show after a run that ended early: that the size is at fault, and later faults.

    A later fault is one that two other sizes show alike. Raises CannotTraceError if the run ended in an error that no
    other size avoids, and without an earlier fault that it may follow from.
    """
    found: list[tuple[tuple[int, int], list[Fault]]] = []
    for size in _sizes(model, inputs) if not isinstance(outcome.error, NO_SHAPE_FAULTS) else ():
        if time.monotonic() > until:
            break
        again = run(model, [replace(inputs[0], size=(*inputs[0].size[:2], *size)), *inputs[1:]], until)
        if again.is_complete:
            found.append((size, [fault for fault in again.faults if fault not in outcome.faults]))
        if len(found) == 2:
            break
    if isinstance(outcome.error, TooSlowError) and not outcome.faults:
        raise CannotTraceError(
            f"the model does not run on fake tensors within {MOST_SECONDS:.0f} seconds, which is too long: check its "
            "components, as a chain of modules"
        ) from outcome.error
    if outcome.error is not None and not found and not outcome.faults:
        raise CannotTraceError(
            f"the model does not run on fake tensors: {one_line(outcome.error)}. If a real forward of this shape runs, "
            "its code depends on the values of tensors: check its components without that code, as a chain of modules. "
            "Where an input holds no floats, give a tensor in place of its shape"
        ) from outcome.error
    behind = [fault for fault in found[0][1] if all(fault in faults for _, faults in found)] if found else []
    return (
        behind
        if outcome.error is None or not found
        else [_refused(model, inputs[0], [size for size, _ in found]), *behind]
    )


def _refused(model: Model, image: Input, working: Sequence[tuple[int, int]]) -> Fault:
    """The fault of an image whose size the model's own code refuses; `working` are one or two sizes that it accepts."""
    height, width = working[0]
    only = f"H == {height} and W == {width}"
    return Fault(
        Maker(model.first, model.first),
        Maker(MODEL_INPUT),
        "condition",
        expected=[height, width],
        actual=list(image.size[2:]),
        rank=len(image.size),
        actual_shape=f"(B, {', '.join(str(size) for size in image.size[1:])})",
        condition=only if len(working) == 1 else f"another size, such as {height} x {width}",
    )


def _sizes(model: Model, inputs: Sequence[Input]) -> Iterator[tuple[int, int]]:
    """Image sizes worth trying: those that modules carry as an attribute, then common ones."""
    if len(inputs[0].size) != 4:
        return
    seen = {inputs[0].size[2:]}
    for inner in model.names:
        for name in ("image_size", "img_size"):
            value = vars(inner).get(name)
            size = (value, value) if isinstance(value, int) else value
            if isinstance(size, (tuple, list)) and len(size) == 2 and all(isinstance(side, int) for side in size):
                if tuple(size) not in seen:
                    yield size[0], size[1]
                seen.add(tuple(size))
    yield from ((size, size) for size in _USUAL_SIZES if (size, size) not in seen)
