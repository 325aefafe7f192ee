"""Shortcuts for the operations in which torch's symbolic arithmetic is slow or incomplete.

torch is imported inside the functions: shapelint's default run never needs it.
"""

from __future__ import annotations

from typing import Any

from shapelint.trace.meta import Untraceable

KEEPING = (
    "alpha_dropout", "batch_norm", "celu", "dropout", "dropout1d", "dropout2d", "dropout3d", "elu",
    "feature_alpha_dropout", "gelu", "group_norm", "hardsigmoid", "hardswish", "hardtanh", "instance_norm",
    "layer_norm", "leaky_relu", "logsigmoid", "mish", "normalize", "relu", "relu6", "relu_", "rms_norm", "selu",
    "sigmoid", "silu", "softmax", "softplus", "tanh",
)  # fmt: skip
"""Functions of torch.nn.functional and torch whose result has the shape of their first argument."""


def shortcuts() -> Any:
    """A mode, for `with`, in which functions on fake tensors take a shortcut.

    A function that returns the shape it gets returns its input, and a linear one changes the last axis: whether the
    input fits is decided by a run on the meta device, not here. A constant padding stays symbolic, where torch's own
    kernel turns every size into a number.
    """
    import torch
    from torch._refs import constant_pad_nd
    from torch.nn import functional
    from torch.overrides import TorchFunctionMode
    from torch.utils._sympy.functions import Mod

    keeping = {function for name in KEEPING for home in (functional, torch) if (function := getattr(home, name, None))}

    class Shortcuts(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = dict(kwargs or {})
            if function in keeping:
                return args[0] if args else kwargs["input"]
            if function is functional.linear:
                given = dict(zip(("input", "weight"), args)) | kwargs
                tensor, weight = given["input"], given["weight"]
                return tensor.new_empty((*tensor.shape[:-1], weight.shape[0]))
            if function is functional.pad:
                given = dict(zip(("input", "pad", "mode", "value"), args)) | kwargs
                if given.get("mode", "constant") == "constant":
                    widths = given["pad"]
                    if any(isinstance(width, torch.SymInt) and width.node.expr.has(Mod) for width in widths):
                        raise Untraceable("pads its input to whole windows, for which torch's symbols are too slow")
                    return constant_pad_nd(given["input"], list(widths))
            return function(*args, **kwargs)

    return Shortcuts()
