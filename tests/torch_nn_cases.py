"""Constructor arguments to test the layers of torch.nn with: several for each row of the signatures."""

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
    "batch_first": True,
    "beta": 2.0,
    "divisor_override": 3,
    "dropout": 0.25,
    "init": 0.1,
    "k": 2.0,
    "lambd": 0.25,
    "layer_norm_eps": 1e-3,
    "lower": 0.1,
    "max_val": 3.0,
    "min_val": -2.0,
    "norm_first": True,
    "nonlinearity": "relu",
    "padding_idx": 1,
    "max_norm": 2.0,
    "norm_type": 1.0,
    "scale_grad_by_freq": True,
    "sparse": True,
    "_freeze": True,
    "size": 4,
    "threshold": 10.0,
    "upper": 0.5,
    "value": 2.0,
    "args": (54, "unused"),
    "approximate": "tanh",
}
"""A value other than the default for each inert argument, by its name or by component and name."""

SIZES: dict[int, tuple[int, ...]] = {
    **dict.fromkeys(range(4), (1, 2, 3, 4, 7)),
    4: (1, 3, 4, 7),
    5: (1, 4, 7),
    6: (3, 4),
}
"""The sizes of the axes of an input, by its rank."""

NORMS: list[Arguments] = [
    {"num_features": 3},
    {"num_features": 1},
    {"num_features": 2, "track_running_stats": False},
    {"num_features": 3, "affine": False},
    {"num_features": 3, "affine": False, "track_running_stats": False},
]

NORMS_OF_FOUR: list[Arguments] = [{**case, "num_features": 4} for case in NORMS]
INSTANCE_NORMS: list[Arguments] = [
    {"num_features": 4},
    {"num_features": 4, "affine": True},
    {"num_features": 1, "affine": True, "track_running_stats": True},
    {"num_features": 4, "track_running_stats": True},
]
OVER_AN_AXIS: list[Arguments] = [{}, *({"dim": dim} for dim in (0, -1, 1, 2, 3, -2, -3))]
FLATTENED = [(1, -1), (0, -1), (2, -1), (3, -1), (-2, -1), (-3, -1), (0, -2), (1, -2), (0, 1), (1, 1), (0, 2)]
FLATTENED += [(1, 2), (1, 3), (2, 3)]
BARE = [
    *["ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "CELU", "SiLU", "Mish", "Hardswish", "Hardsigmoid", "Hardshrink"],
    *["Softshrink", "Tanhshrink", "Sigmoid", "LogSigmoid", "Tanh", "Softsign", "Softplus", "RReLU", "Hardtanh"],
    *["Softmax2d", "Dropout", "AlphaDropout", "Dropout1d"],
]

CASES: dict[str, list[Arguments]] = {
    "Linear": [{"in_features": 4, "out_features": 3}, {"in_features": 1, "out_features": 1}],
    "Identity": [{}],
    "BatchNorm1d": NORMS,
    "BatchNorm2d": NORMS,
    "BatchNorm3d": NORMS_OF_FOUR,
    "SyncBatchNorm": NORMS,
    "InstanceNorm1d": INSTANCE_NORMS,
    "InstanceNorm2d": INSTANCE_NORMS,
    "InstanceNorm3d": INSTANCE_NORMS,
    "LocalResponseNorm": [{"size": 2}, {"size": 5}],
    "RMSNorm": [{"normalized_shape": 4}, {"normalized_shape": [3, 7]}, {"normalized_shape": (1,)}],
    "Bilinear": [{"in1_features": 4, "in2_features": 2, "out_features": 3}],
    "LazyLinear": [{"out_features": 3}],
    "PReLU": [{}, {"num_parameters": 4}, {"num_parameters": 3}],
    "GELU": [{}, {"approximate": "tanh"}],
    "Softmax": OVER_AN_AXIS,
    "LogSoftmax": OVER_AN_AXIS,
    "Softmin": OVER_AN_AXIS,
    "GLU": [{}, *({"dim": dim} for dim in (-2, -3, 0, 1, 2))],
    "Threshold": [{"threshold": 0.1, "value": 20.0}],
    "Unflatten": [
        {"dim": 0, "unflattened_size": (2, 2)},
        {"dim": 1, "unflattened_size": (2, 2)},
        {"dim": 1, "unflattened_size": [3]},
        {"dim": -1, "unflattened_size": (7, 1)},
    ],
    "PixelShuffle": [{"upscale_factor": factor} for factor in (1, 2)],
    "PixelUnshuffle": [{"downscale_factor": factor} for factor in (1, 2, 3)],
    "ChannelShuffle": [{"groups": groups} for groups in (1, 2, 3)],
    "Unfold": [
        {"kernel_size": 2},
        {"kernel_size": (3, 1), "padding": (1, 0), "stride": (2, 3)},
        {"kernel_size": (2, 3), "dilation": (3, 1), "padding": 1},
    ],
    "Upsample": [
        {"scale_factor": 2},
        {"scale_factor": 3.0, "mode": "nearest-exact"},
        {"scale_factor": 0.5},
        {"size": 5},
        {"size": (3,)},
        {"size": [3, 5]},
        {"size": (3, 5, 2), "mode": "nearest-exact"},
        *(
            {"mode": mode, "align_corners": corners, **size}
            for mode, axes, corners in (
                ("linear", 1, None),
                ("bilinear", 2, True),
                ("bicubic", 2, False),
                ("trilinear", 3, None),
            )
            for size in ({"scale_factor": 2}, {"scale_factor": 0.5}, {"size": 5}, {"size": (3, 5, 2)[:axes]})
        ),
    ],
    "UpsamplingNearest2d": [{"scale_factor": 2}, {"size": 5}, {"size": (2, 5)}],
    "UpsamplingBilinear2d": [{"scale_factor": 2.0}, {"size": 5}, {"size": (2, 5)}],
    **{
        name: [
            {"input_size": 2, "hidden_size": 4, "batch_first": first, "bidirectional": both, **more}
            for first in (False, True)
            for both in (False, True)
            for more in (
                {},
                {"num_layers": 3},
                *([{"proj_size": 3}, {"proj_size": 3, "num_layers": 2}, {"proj_size": 4}] if name == "LSTM" else []),
            )
        ]
        for name in ("RNN", "GRU", "LSTM")
    },
    **{
        f"{name}Cell": [{"input_size": 2, "hidden_size": 4}, {"input_size": 3, "hidden_size": 1}]
        for name in ("RNN", "GRU", "LSTM")
    },
    "Embedding": [{"num_embeddings": 9, "embedding_dim": 4}, {"num_embeddings": 30, "embedding_dim": 1}],
    "MultiheadAttention": [
        {"embed_dim": 4, "num_heads": 2},
        {"embed_dim": 4, "num_heads": 1, "batch_first": True},
        {"embed_dim": 4, "num_heads": 3},
    ],
    "TransformerEncoderLayer": [
        {"d_model": 4, "nhead": 2, "dim_feedforward": 5},
        {"d_model": 3, "nhead": 1, "dim_feedforward": 2, "activation": "gelu"},
        {"d_model": 4, "nhead": 3},
    ],
    "TransformerDecoderLayer": [
        {"d_model": 4, "nhead": 2, "dim_feedforward": 5},
        {"d_model": 2, "nhead": 1, "dim_feedforward": 2, "activation": "gelu", "batch_first": True},
        {"d_model": 4, "nhead": 3},
    ],
    "LayerNorm": [{"normalized_shape": 4}, {"normalized_shape": [3, 7]}, {"normalized_shape": (1,)}],
    "GroupNorm": [
        {"num_groups": 1, "num_channels": 3},
        {"num_groups": 2, "num_channels": 4},
        {"num_groups": 3, "num_channels": 4},
        {"num_groups": 2, "num_channels": 2, "affine": False},
    ],
    "Flatten": [{"start_dim": start, "end_dim": end} for start, end in FLATTENED],
}
CASES |= {name: [{}] for name in BARE}
CASES |= {name: [{"p": p} for p in (0.5, 0.25, 0, 1.0)] for name in ("Dropout2d", "Dropout3d", "FeatureAlphaDropout")}

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
    """Return the cases for this number of spatial axes: lists are cut to it."""
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

PADS: list[Any] = [0, 1, 3, (1, 0, 2, 1, 0, 3)]
for axes in (1, 2, 3):
    for kind in ("Zero", "Reflection", "Replication", "Circular"):
        cut = [pad[: 2 * axes] if isinstance(pad, tuple) else pad for pad in PADS]
        CASES[f"{kind}Pad{axes}d"] = [{"padding": pad} for pad in cut]
    CASES[f"ConstantPad{axes}d"] = [{**case, "value": 1.5} for case in CASES[f"ZeroPad{axes}d"]]
