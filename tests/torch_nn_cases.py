"""Constructor arguments with which the layers of torch.nn are tried out: several for each row of the signatures."""

from __future__ import annotations

from typing import Any

import torch

Arguments = dict[str, Any]

INERT: dict[Any, Any] = {
    "inplace": True,
    "bias": False,
    "device": "cpu",
    "dtype": torch.float32,
    "eps": 1e-3,
    "momentum": None,
    "elementwise_affine": False,
    "negative_slope": 0.2,
    "alpha": 0.5,
    "p": 0.25,
    "count_include_pad": False,
    "divisor_override": 3,
    "args": (54, "unused"),
    "approximate": "tanh",
}
"""A value beside the default for each inert argument, by its name or by component and name."""

SIZES: dict[str, tuple[int, ...]] = {}
"""The sizes that the axes of the inputs take, where 1, 2, 3, 4, 7 will not do."""

NORMS: list[Arguments] = [
    {"num_features": 3},
    {"num_features": 1},
    {"num_features": 2, "track_running_stats": False},
    {"num_features": 3, "affine": False},
    {"num_features": 3, "affine": False, "track_running_stats": False},
]

CASES: dict[str, list[Arguments]] = {
    "Linear": [{"in_features": 4, "out_features": 3}, {"in_features": 1, "out_features": 1}],
    "Identity": [{}],
    "BatchNorm1d": NORMS,
    "BatchNorm2d": NORMS,
    "LayerNorm": [{"normalized_shape": 4}, {"normalized_shape": [3, 7]}, {"normalized_shape": (1,)}],
    "GroupNorm": [
        {"num_groups": 1, "num_channels": 3},
        {"num_groups": 2, "num_channels": 4},
        {"num_groups": 3, "num_channels": 4},
        {"num_groups": 2, "num_channels": 2, "affine": False},
    ],
    "Flatten": [
        {},
        {"start_dim": 0},
        {"start_dim": 2},
        {"start_dim": -2},
    ],
}
CASES |= {
    name: [{}]
    for name in (
        "ReLU",
        "ReLU6",
        "LeakyReLU",
        "ELU",
        "SELU",
        "CELU",
        "GELU",
        "SiLU",
        "Mish",
        "Sigmoid",
        "Tanh",
        "Dropout",
    )
}

CONVOLUTIONS: list[Arguments] = [
    {"kernel_size": 1},
    {"kernel_size": 3, "padding": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1, "groups": 2},
    {"kernel_size": 2, "stride": 3, "padding": 2},
    {"kernel_size": 3, "dilation": 2, "padding": 1},
    {"kernel_size": 3, "groups": 3},
    {"kernel_size": 3, "padding": 2, "padding_mode": "replicate"},
    {"kernel_size": 3, "padding": 1, "padding_mode": "reflect"},
    {"kernel_size": 2, "padding": 3, "stride": 2, "padding_mode": "reflect"},
    {"kernel_size": 3, "padding": 1, "padding_mode": "circular"},
    {"kernel_size": 2, "padding": 3, "stride": 2, "padding_mode": "circular"},
    {"kernel_size": 3, "padding": "valid"},
    {"kernel_size": 2, "padding": "valid", "stride": 2, "padding_mode": "reflect"},
    {"kernel_size": 3, "padding": "same"},
    {"kernel_size": 4, "padding": "same", "dilation": 2},
    {"kernel_size": 2, "padding": "same", "padding_mode": "replicate"},
    {"kernel_size": 3, "padding": "same", "stride": 2},
]
UNEVEN: list[Arguments] = [
    {"kernel_size": (3, 1, 2), "stride": (1, 2, 3), "padding": (0, 1, 1), "dilation": (2, 1, 1)},
    {"kernel_size": (1, 4, 2), "padding": (1, 0, 2), "padding_mode": "reflect"},
    {"kernel_size": (1, 4, 2), "padding": (1, 0, 2), "padding_mode": "circular"},
    {"kernel_size": (1, 4, 2), "stride": (2, 1, 3), "padding": "valid"},
    {"kernel_size": (1, 4, 2), "dilation": (2, 1, 3), "padding": "same"},
]
TRANSPOSED: list[Arguments] = [
    {"kernel_size": 1},
    {"kernel_size": 4, "stride": 2, "padding": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
    {"kernel_size": 2, "stride": 3, "dilation": 2, "groups": 2},
    {"kernel_size": 3, "padding": 3},
    {"kernel_size": 3, "output_padding": 1},
    {"kernel_size": (3, 1, 2), "stride": (1, 2, 3), "padding": (0, 1, 1), "output_padding": (0, 1, 2)},
]
POOLS: list[Arguments] = [
    {"kernel_size": 2},
    {"kernel_size": 3, "padding": 1},
    {"kernel_size": 3, "padding": 2},
    {"kernel_size": 2, "ceil_mode": True},
    {"kernel_size": 3, "padding": 1, "ceil_mode": True},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 1, "stride": 3},
    {"kernel_size": 3, "stride": 2, "ceil_mode": True},
    {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True},
    {"kernel_size": 1, "stride": 5, "ceil_mode": True},
    {"kernel_size": (2, 1, 3), "ceil_mode": True},
    {"kernel_size": (3, 1, 2), "stride": (1, 2, 3), "padding": (1, 0, 1)},
]
DILATED: list[Arguments] = [
    {"kernel_size": 2, "dilation": 3, "padding": 1},
    {"kernel_size": 3, "dilation": 2, "padding": 2, "stride": 3, "ceil_mode": True},
    {"kernel_size": (2, 1, 3), "dilation": (3, 1, 2)},
]


def over_axes(cases: list[Arguments], axes: int, **arguments: Any) -> list[Arguments]:
    """The cases for so many spatial axes: lists are cut to them."""
    return [
        {**arguments, **{key: value[:axes] if isinstance(value, tuple) else value for key, value in case.items()}}
        for case in cases
    ]


for axes in (1, 2, 3):
    CASES[f"Conv{axes}d"] = over_axes(CONVOLUTIONS + UNEVEN, axes, in_channels=4, out_channels=2)
    CASES[f"ConvTranspose{axes}d"] = over_axes(TRANSPOSED, axes, in_channels=4, out_channels=2)
    CASES[f"MaxPool{axes}d"] = over_axes(POOLS + DILATED, axes)
    CASES[f"AvgPool{axes}d"] = over_axes(POOLS, axes)
    CASES[f"AdaptiveAvgPool{axes}d"] = [{"output_size": size} for size in (1, 3, (2, 3, 4)[:axes], (1, 1, 1)[:axes])]
    CASES[f"AdaptiveMaxPool{axes}d"] = CASES[f"AdaptiveAvgPool{axes}d"]
HALF_OPEN = [{"output_size": (None, 3)}, {"output_size": (2, None)}]
CASES["AdaptiveMaxPool2d"] = CASES["AdaptiveMaxPool2d"] + HALF_OPEN
CASES["AdaptiveAvgPool2d"] = CASES["AdaptiveAvgPool2d"] + HALF_OPEN
