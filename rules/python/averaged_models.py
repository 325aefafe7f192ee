"""Stand-ins for the averages of models of torch, interpreted in their place and never run.

https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema
"""

import copy

import torch.nn as nn
from lightly.models.utils import update_momentum


class AverageOf:
    def __init__(self, decay):
        self.decay = decay


def get_ema_multi_avg_fn(decay=0.999):
    return AverageOf(decay)


def get_ema_avg_fn(decay=0.999):
    return AverageOf(decay)


class AveragedModel(nn.Module):
    def __init__(self, model, device=None, avg_fn=None, multi_avg_fn=None, use_buffers=False):
        super().__init__()
        self.module = copy.deepcopy(model)
        self.average = multi_avg_fn or avg_fn or AverageOf(1)
        self.use_buffers = use_buffers

    def forward(self, *args, **kwargs):
        return self.module(*args, **kwargs)

    def update_parameters(self, model):
        update_momentum(model, self.module, self.average.decay)
