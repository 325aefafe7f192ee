"""A stand-in for the base class of lightly 1.6.0's heads, interpreted in its place and never run."""

import torch.nn as nn


class ProjectionHead(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        layers = []
        for input_dim, output_dim, batch_norm, non_linearity, *_bias in blocks:
            layers.append(nn.Linear(input_dim, output_dim))
            if batch_norm:
                layers.append(batch_norm)
            if non_linearity:
                layers.append(non_linearity)
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)
