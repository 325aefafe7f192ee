"""Stand-ins for what stable-pretraining 0.1.8 builds networks with, interpreted in its place.

https://github.com/rbalestr-lab/stable-pretraining: backbone/utils.py, backbone/mlp.py, module.py and manager.py
"""

import copy
from types import SimpleNamespace

import timm
import torch
import torch.nn as nn
import torchvision
from shapelint.stand_ins import unseen

WIDTHS = {"tiny": 192, "small": 384, "base": 768, "large": 1024, "huge": 1280}


def from_torchvision(model_name, low_resolution=False, **settings):
    channels = settings.pop("in_channels", 3)
    classes = settings.get("num_classes")
    model = torchvision.models.get_model(model_name, **settings)
    if "resnet" in model_name and low_resolution:
        model.conv1 = nn.Conv2d(channels, 64, 3, 1, 1, bias=False)
        model.maxpool = nn.Identity()
    elif "resnet" in model_name and channels != 3:
        model.conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
    if classes is None and hasattr(model, "fc"):
        model.fc = nn.Identity()
    elif classes is None and hasattr(model, "classifier"):
        if isinstance(model.classifier, nn.Sequential):
            model.classifier[-1] = nn.Identity()
        else:
            model.classifier = nn.Identity()
    return model


def from_timm(model_name, low_resolution=False, **settings):
    model = timm.create_model(model_name, **settings)
    if low_resolution and "resnet" in model_name:
        model.conv1 = nn.Conv2d(settings.get("in_channels", 3), 64, 3, 1, 1, bias=False)
        model.maxpool = nn.Identity()
    return model


class ViTModel(nn.Module):
    """What transformers' model of that name does to shapes: a class token before the patches."""

    def __init__(self, width, patch_size):
        super().__init__()
        self.config = SimpleNamespace(hidden_size=width, patch_size=patch_size)
        self.patches = nn.Conv2d(3, width, patch_size, patch_size)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.layernorm = nn.LayerNorm(width)

    def forward(self, pixel_values, bool_masked_pos=None, interpolate_pos_encoding=None):
        patches = self.patches(pixel_values).flatten(2).transpose(1, 2)
        token = self.class_token.expand(patches.shape[0], -1, -1)
        tokens = self.layernorm(torch.cat([token, patches], dim=1))
        return SimpleNamespace(last_hidden_state=tokens, pooler_output=None)


def vit_hf(size="tiny", patch_size=16, image_size=224, pretrained=False, use_mask_token=True, **settings):
    width = settings.get("hidden_size", WIDTHS[size])
    return ViTModel(width, patch_size)


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
        layers = []
        width = in_channels
        for wide in hidden_channels[:-1]:
            layers.append(nn.Linear(width, wide, bias=bias))
            if norm_layer == "batch_norm":
                layers.append(nn.BatchNorm1d(wide))
            layers += [activation_layer(), nn.Dropout(dropout)]
            width = wide
        layers += [nn.Linear(width, hidden_channels[-1], bias=bias), nn.Dropout(dropout)]
        super().__init__(*layers)


class TeacherStudentWrapper(nn.Module):
    def __init__(self, student, warm_init=True, base_ema_coefficient=0.996, final_ema_coefficient=1):
        super().__init__()
        self.student = student
        self.teacher = copy.deepcopy(student)
        self.teacher.requires_grad_(False)

    def forward_student(self, *args, **kwargs):
        return self.student(*args, **kwargs)

    def forward_teacher(self, *args, **kwargs):
        with torch.no_grad():
            return self.teacher(*args, **kwargs)

    def forward(self, *args, **kwargs):
        return self.forward_teacher(*args, **kwargs)


class EvalOnly(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.requires_grad_(False)

    def forward(self, *args, **kwargs):
        return self.backbone(*args, **kwargs)


class Module(nn.Module):
    """A module with these attributes, whose step is a function of itself, the batch and the stage."""

    def __init__(self, forward=None, hparams=None, parallelize_fn=None, **attributes):
        super().__init__()
        for name, value in attributes.items():
            setattr(self, name, value)
        self._step = forward

    def forward(self, *args, **kwargs):
        return self._step(self, *args, **kwargs)


class Manager:
    """What trains a module when it is called."""

    def __init__(self, trainer, module, data=None, **settings):
        self.module = module

    def __call__(self):
        self.module({**unseen("what a batch holds is not known")}, stage="fit")
