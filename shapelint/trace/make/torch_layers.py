"""What objects of the layers of `torch.nn` have: `python -m shapelint.trace.make.torch_layers`.

torch gives every layer the attributes that it may have, whatever its arguments: a `Linear` without a bias has `bias`,
which is None.
"""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from shapelint.knowledge.class_attributes import OF_TORCH
from shapelint.trace.make.attribute_files import own_attributes, write_rows

BUILT_WITH = 2
"""What an argument without a default gets."""
NUMBERED = re.compile(r"_l\d")
"""What the weights of an LSTM have in their names, which depend on its arguments."""


def _arguments() -> dict[str, tuple[Any, ...]]:
    """Arguments of the classes that cannot be built with numbers alone, or take them by no name."""
    from torch import nn

    layer = (BUILT_WITH, 1)
    return {
        "AdaptiveLogSoftmaxWithLoss": (BUILT_WITH, 4, [BUILT_WITH]),
        "FractionalMaxPool2d": (BUILT_WITH, BUILT_WITH),
        "FractionalMaxPool3d": (BUILT_WITH, BUILT_WITH),
        **dict.fromkeys(("GRU", "LSTM", "RNN"), (BUILT_WITH, BUILT_WITH)),
        "RNNBase": ("LSTM", BUILT_WITH, BUILT_WITH),
        "TransformerDecoder": (nn.TransformerDecoderLayer(*layer), 1),
        "TransformerEncoder": (nn.TransformerEncoderLayer(*layer), 1),
        "Unflatten": (1, (BUILT_WITH,)),
    }


def built() -> Iterator[Any]:
    """Yield an object of each class of `torch.nn`."""
    from torch import nn

    known = _arguments()
    for name, cls in sorted(vars(nn).items()):
        if inspect.isclass(cls) and issubclass(cls, nn.Module) and cls is not nn.Module:
            yield cls(*known.get(name, (BUILT_WITH,) * _required(cls)))


def _required(cls: type) -> int:
    """Return how many arguments have no default."""
    parameters = inspect.signature(cls).parameters.values()
    return sum(one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD for one in parameters)


def attributes(module: Any) -> list[str]:
    """Return the attributes of a layer of its own, but for the weights of a numbered layer."""
    return [name for name in own_attributes(module) if not NUMBERED.search(name)]


def main() -> int:
    """Write the file."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = {type(module).__name__: attributes(module) for module in built()}
    release = torch.__version__.partition("+")[0]
    header = f"# Made by `python -m shapelint.trace.make.torch_layers` with torch {release}; do not edit."
    write_rows(OF_TORCH, header, rows.items())
    return 0


if __name__ == "__main__":
    sys.exit(main())
