"""A stand-in for the learner of byol-pytorch 0.9.1, read by the interpreter in its place and never run.

`features` is the network up to its hidden layer: the interpreter cuts it where the library registers a forward hook.
"""

import copy

import torch
import torch.nn as nn


def perceptron(width, projection_size, hidden_size):
    return nn.Sequential(
        nn.Linear(width, hidden_size), nn.BatchNorm1d(hidden_size), nn.ReLU(), nn.Linear(hidden_size, projection_size)
    )


def deep_perceptron(width, projection_size, hidden_size):
    return nn.Sequential(
        nn.Linear(width, hidden_size, bias=False),
        nn.BatchNorm1d(hidden_size),
        nn.ReLU(),
        nn.Linear(hidden_size, hidden_size, bias=False),
        nn.BatchNorm1d(hidden_size),
        nn.ReLU(),
        nn.Linear(hidden_size, projection_size, bias=False),
        nn.BatchNorm1d(projection_size, affine=False),
    )


class Encoder(nn.Module):
    def __init__(self, cut, whole):
        super().__init__()
        self.cut = cut
        self.whole = whole

    def represent(self, x):
        return self.cut(x) if self.whole else self.cut(x).flatten(1)

    def forward(self, x, return_projection=True):
        representation = self.represent(x)
        if not return_projection:
            return representation
        return self.projector(representation), representation


class BYOL(nn.Module):
    def __init__(
        self,
        features,
        net,
        image_size,
        hidden_layer=-2,
        projection_size=256,
        projection_hidden_size=4096,
        augment_fn=None,
        augment_fn2=None,
        moving_average_decay=0.99,
        use_momentum=True,
        sync_batchnorm=None,
        use_simplicial_embeddings=True,
        sem_num_simplices=32,
        sem_simplex_dim=8,
        sem_temperature=0.1,
    ):
        super().__init__()
        self.net = net
        self.image_size = image_size
        self.augments = augment_fn, augment_fn2
        self.use_momentum = use_momentum
        self.online_encoder = Encoder(features, hidden_layer == -1)
        _, width = self.online_encoder.represent(torch.randn(2, 3, image_size, image_size)).shape
        embedding = sem_num_simplices * sem_simplex_dim if use_simplicial_embeddings else width
        build = perceptron if use_momentum else deep_perceptron
        projector = build(embedding, projection_size, projection_hidden_size)
        if use_simplicial_embeddings:
            projector = nn.Sequential(nn.Linear(width, embedding), nn.BatchNorm1d(embedding), projector)
        self.online_encoder.projector = projector
        self.target_encoder = copy.deepcopy(self.online_encoder) if use_momentum else None
        self.online_predictor = perceptron(projection_size, projection_size, projection_hidden_size)

    def update_moving_average(self):
        return None

    def reset_moving_average(self):
        return None

    def views(self, x):
        first, second = self.augments
        if first is None and second is None:
            return torch.randn(2 * x.shape[0], 3, self.image_size, self.image_size)
        return torch.cat([first(x), second(x) if second is not None else first(x)])

    def forward(self, x, return_embedding=False, return_projection=True):
        if return_embedding:
            return self.online_encoder(x, return_projection=return_projection)
        images = self.views(x)
        projections, _ = self.online_encoder(images)
        one, two = self.online_predictor(projections).chunk(2)
        with torch.no_grad():
            target = self.target_encoder if self.use_momentum else self.online_encoder
            target_one, target_two = target(images)[0].chunk(2)
        loss = nn.functional.cosine_similarity(one, target_two.detach(), dim=-1)
        return loss.mean() + nn.functional.cosine_similarity(two, target_one.detach(), dim=-1).mean()
