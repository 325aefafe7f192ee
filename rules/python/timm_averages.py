"""Stand-ins for the moving averages of models of timm 1.0.31, interpreted in their place and never run."""

import copy

import torch.nn as nn
from lightly.models.utils import update_momentum


class ModelEma:
    def __init__(self, model, decay=0.9999, device="", resume=""):
        self.ema = copy.deepcopy(model)
        self.ema.eval()
        self.decay = decay
        self.ema.requires_grad_(False)

    def update(self, model):
        update_momentum(model, self.ema, self.decay)


class ModelEmaV2(nn.Module):
    def __init__(self, model, decay=0.9999, device=None):
        super().__init__()
        self.module = copy.deepcopy(model)
        self.module.eval()
        self.decay = decay

    def update(self, model):
        update_momentum(model, self.module, self.decay)

    def set(self, model):
        self.module.load_state_dict(model.state_dict())

    def forward(self, *args, **kwargs):
        return self.module(*args, **kwargs)


class ModelEmaV3(ModelEmaV2):
    def __init__(self, model, decay=0.9999, min_decay=0.0, update_after_step=0, use_warmup=False, **options):
        super().__init__(model, decay)

    def update(self, model, step=None):
        update_momentum(model, self.module, self.decay)
