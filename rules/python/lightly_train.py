"""Stand-ins for what lightly-train 0.17 does with a network that a program passes, interpreted in its place.

https://github.com/lightly-ai/lightly-train, _models/embedding_model.py, _methods/simclr/simclr.py and dino/dino.py
"""

import torch
import torch.nn as nn
from lightly.models.modules.heads import DINOProjectionHead, SimCLRProjectionHead


class EmbeddingModel(nn.Module):
    def __init__(self, wrapped_model, embed_dim=None):
        super().__init__()
        self.wrapped_model = wrapped_model
        width = wrapped_model.feature_dim()
        self.embed_head = nn.Identity() if embed_dim is None else nn.Conv2d(width, embed_dim, 1)
        self.embed_dim = width if embed_dim is None else embed_dim

    def forward(self, x):
        features = self.wrapped_model.forward_features(x)
        return self.embed_head(self.wrapped_model.forward_pool(features)["pooled_features"])


class SimCLR(nn.Module):
    def __init__(self, embedding_model, settings):
        super().__init__()
        self.backbone = embedding_model
        hidden, width = settings.get("hidden_dim", 2048), settings.get("output_dim", 128)
        self.projection_head = SimCLRProjectionHead(embedding_model.embed_dim, hidden, width)

    def forward(self, x):
        return self.projection_head(self.backbone(x).flatten(1))


class DINO(nn.Module):
    def __init__(self, embedding_model, settings):
        super().__init__()
        self.backbone = embedding_model
        hidden, bottleneck = settings.get("hidden_dim", 2048), settings.get("bottleneck_dim", 256)
        width = settings.get("output_dim", 65536)
        self.projection_head = DINOProjectionHead(embedding_model.embed_dim, hidden, bottleneck, width)

    def forward(self, x):
        return self.projection_head(self.backbone(x).flatten(1))


class Pretraining(nn.Module):
    """Any other method: its first layer takes the features at every place of the map."""

    def __init__(self, embedding_model):
        super().__init__()
        self.backbone = embedding_model
        self.projection_head = nn.Linear(embedding_model.embed_dim, embedding_model.embed_dim)

    def forward(self, x):
        features = self.backbone.embed_head(self.backbone.wrapped_model.forward_features(x)["features"])
        return self.projection_head(features.mean((2, 3)))


def train(out, data, model, method="distillation", *, method_args=None, embed_dim=None, transform_args=None, **more):
    if isinstance(model, str) or not hasattr(model, "feature_dim"):
        return
    embedding_model = EmbeddingModel(model, embed_dim)
    if method == "simclr":
        network = SimCLR(embedding_model, method_args or {})
    elif method == "dino":
        network = DINO(embedding_model, method_args or {})
    else:
        network = Pretraining(embedding_model)
    network(torch.randn(16, 3, 224, 224))


pretrain = train
