"""Stand-ins for the perceptrons of torchvision 0.29.1 and timm 1.0.31, interpreted in their place.

https://docs.pytorch.org/vision/stable/generated/torchvision.ops.MLP.html
"""

import torch.nn as nn


class MLP(nn.Sequential):
    def __init__(
        self,
        in_channels,
        hidden_channels,
        norm_layer=None,
        activation_layer=nn.ReLU,
        inplace=None,
        bias=True,
        dropout=0.0,
    ):
        *hidden, last = hidden_channels
        layers = []
        width = in_channels
        for wide in hidden:
            layers.append(nn.Linear(width, wide))
            if norm_layer is not None:
                layers.append(norm_layer(wide))
            layers += [activation_layer(), nn.Dropout(dropout)]
            width = wide
        layers += [nn.Linear(width, last), nn.Dropout(dropout)]
        super().__init__(*layers)


class Mlp(nn.Module):
    def __init__(
        self,
        in_features,
        hidden_features=None,
        out_features=None,
        act_layer=nn.GELU,
        norm_layer=None,
        bias=True,
        drop=0.0,
        use_conv=False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        wide = hidden_features or in_features
        if use_conv:
            raise NotImplementedError
        self.fc1 = nn.Linear(in_features, wide)
        self.act = act_layer()
        self.norm = norm_layer(wide) if norm_layer is not None else nn.Identity()
        self.fc2 = nn.Linear(wide, out_features or in_features)

    def forward(self, x):
        return self.fc2(self.norm(self.act(self.fc1(x))))
