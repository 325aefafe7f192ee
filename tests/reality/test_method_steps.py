"""Methods whose losses take tokens, maps or stacked views: configs that fit and that do not, trained for a step.

The steps follow lightly's examples (`examples/pytorch/` of its repository); PixContrast's follows
https://github.com/zdaxie/PixPro, contrast/models/PixPro.py. They are independent of shapelint.
"""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

import pytest
import timm
import torch
import torchvision
import yaml
from lightly.loss import CAPILoss, DetConSLoss, LeJEPALoss, VICRegLLoss
from lightly.models.utils import patchify, update_momentum
from torch import Tensor, nn
from training import build

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.text.source import Source

TEXTS = {
    "mae": "decoder_embed: Linear({f}, {h})\ndecoder: [Linear({h}, {h}), GELU()]\nprediction_head: Linear({h}, {p})",
    "simmim": "decoder: Linear({f}, {p})",
    "aim": "prediction_head: [Linear({f}, {h}), GELU(), Linear({h}, {p})]",
    "ijepa": "prediction_head: [Linear({f}, {h}), GELU(), Linear({h}, {f})]",
    "capi": "projection_head: CAPIProjectionHead({f}, {o}, weight_norm=True)\n"
    "target:\n  projection_head: CAPIProjectionHead({f}, {o}, bias=True)",
    "ibot": "projection_head: DINOProjectionHead({f}, {h}, 8, {o})\n"
    "loss: DINOLoss(output_dim={o})\npatch_loss: IBOTPatchLoss(output_dim={o})",
    "dinov2": "projection_head: DINOv2ProjectionHead({f}, {h}, 8, {o})\n"
    "patch_projection_head: DINOv2ProjectionHead({f}, {h}, 8, {q})\n"
    "loss: DINOLoss(output_dim={o})\npatch_loss: IBOTPatchLoss(output_dim={q})",
    "lejepa": "projection_head: LeJEPAProjectionHead({f}, {h}, {o})",
    "vicregl": "projection_head: VICRegProjectionHead({f}, {h}, {o})\n"
    "local_projection_head: VicRegLLocalProjectionHead({f}, {h}, {q})",
    "directclr": "loss: DirectCLRLoss(loss_dim={o})",
    "wmse": "projection_head: [Linear({f}, {h}), ReLU(), Linear({h}, {o})]\n"
    "loss: WMSELoss(embedding_dim={o}, w_size=64)",
    "pixcontrast": "projection_head: [Conv2d({f}, {h}, 1), ReLU(), Conv2d({h}, {o}, 1)]\n"
    "target:\n  projection_head: [Conv2d({f}, {h}, 1), ReLU(), Conv2d({h}, {o}, 1)]",
    "detcon": "projection_head: SimCLRProjectionHead({f}, {h}, {o})",
}
OF_TOKENS = ("mae", "simmim", "aim", "ijepa", "capi", "ibot", "dinov2")
VITS = {
    "timm/vit_tiny_patch16_224": (192, 768),
    "timm/vit_tiny_r_s16_p8_224": (192, 3072),
    "timm/vit_small_patch32_224": (384, 3072),
}
"""Backbones, their features, and the pixels of their patches."""


def config(random: Random, method: str, chance: float) -> str:
    """Return a config of which each number is another than the right one with a chance."""
    backbone = random.choice(sorted(VITS)) if method in OF_TOKENS else "resnet18"
    features, pixels = VITS.get(backbone, (512, 0))
    right = {"f": features, "p": pixels} | {name: random.choice([6, 12, 16, 24]) for name in "hoq"}

    def number(match: re.Match[str]) -> str:
        is_right = random.random() > chance
        return str(right[match[1]] if is_right else random.choice([1, 5, 20, 192, 512, 768]))

    heads = re.sub(r"\{(\w)\}", number, TEXTS[method])
    return f"method: {method}\nbackbone: {backbone}\n{heads}\n"


class Images(nn.Module):
    """What a method takes of a backbone: tokens, a map or a vector."""

    def __init__(self, name: str, method: str):
        super().__init__()
        library, _, short = name.rpartition("/")
        self.net = timm.create_model(short) if library else getattr(torchvision.models, short)()
        self.kind = "tokens" if method in OF_TOKENS else "map" if method in MAPS else "vector"

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == "tokens" and hasattr(self.net, "forward_features"):
            return self.net.forward_features(x)  # type: ignore[no-any-return]
        if self.kind == "tokens":
            tokens = self.net._process_input(x)
            return self.net.encoder(torch.cat([self.net.class_token.expand(len(x), -1, -1), tokens], dim=1))  # type: ignore[no-any-return]
        features = nn.Sequential(*list(self.net.children())[:-2])(x)
        return features if self.kind == "map" else features.mean(dim=(2, 3))  # type: ignore[no-any-return]


MAPS = ("vicregl", "pixcontrast", "detcon")
Parts = Mapping[str, Any]


def reconstruct(loss: nn.Module, *roles: str) -> Callable[[Parts, Tensor, Tensor], Tensor]:
    def step(parts: Parts, x0: Tensor, x1: Tensor) -> Tensor:
        tokens = parts["backbone"](x0)
        side = int(((224 * 224) / (tokens.shape[1] - 1)) ** 0.5)
        for role in roles:
            tokens = parts[role](tokens)
        return loss(tokens[:, 1:], patchify(x0, side))  # type: ignore[no-any-return]

    return step


def ijepa(parts: Parts, x0: Tensor, x1: Tensor) -> Tensor:
    target = parts["target"]["backbone"](x0).detach()
    return nn.SmoothL1Loss()(parts["prediction_head"](parts["backbone"](x0)), target)


def capi(parts: Parts, x0: Tensor, x1: Tensor) -> Tensor:
    scores = parts["target"]["projection_head"](parts["target"]["backbone"](x0).detach())
    predicted = parts["projection_head"](parts["backbone"](x0))
    return CAPILoss()(scores, predicted) + CAPILoss()(scores, scores)  # type: ignore[no-any-return]


def ibot(parts: Parts, x0: Tensor, x1: Tensor) -> Tensor:
    head, patch_head = parts["projection_head"], parts.get("patch_projection_head", parts["projection_head"])
    student, teacher = parts["backbone"](x0), parts["target"]["backbone"](x0).detach()
    side = int((student.shape[1] - 1) ** 0.5)
    mask = torch.zeros(len(x0), side, side, dtype=torch.bool)
    mask[:, 1] = True
    masked = mask.flatten(1)
    scores = [tokens[:, 1:][masked] for tokens in (teacher, student)]
    loss = parts["loss"]([head(teacher[:, 0]).detach()] * 2, [head(student[:, 0])] * 2, epoch=0)
    return loss + parts["patch_loss"](patch_head(scores[0]).detach(), patch_head(scores[1]), mask)  # type: ignore[no-any-return]


def lejepa(parts: Parts, x0: Tensor, x1: Tensor) -> Tensor:
    views = [parts["projection_head"](parts["backbone"](x)) for x in (x0, x1, x0, x1, x0)]
    return LeJEPALoss(sigreg_num_vectors=8)(local_proj=torch.stack(views[2:]), global_proj=torch.stack(views[:2]))  # type: ignore[no-any-return]


def vicregl(parts: Parts, x0: Tensor, x1: Tensor) -> Tensor:
    features = []
    for x in (x0, x1):
        places = parts["backbone"](x)
        pooled = parts["projection_head"](places.mean(dim=(2, 3)))
        features.append((pooled, parts["local_projection_head"](places.permute(0, 2, 3, 1))))
    grids = [torch.rand(len(x0), *one[1].shape[1:3], 2) for one in features]
    return VICRegLLoss(num_matches=(4, 2))(features, grids)  # type: ignore[no-any-return]


def directclr(parts: Parts, x0: Tensor, x1: Tensor) -> Tensor:
    return parts["loss"](parts["backbone"](x0), parts["backbone"](x1))  # type: ignore[no-any-return]


def wmse(parts: Parts, x0: Tensor, x1: Tensor) -> Tensor:
    features = parts["projection_head"](parts["backbone"](torch.cat([x0, x1])))
    return parts["loss"](features.repeat(64, 1) + torch.rand(64 * len(features), features.shape[1]))  # type: ignore[no-any-return]


def pixcontrast(parts: Parts, x0: Tensor, x1: Tensor) -> Tensor:
    query = nn.functional.normalize(parts["projection_head"](parts["backbone"](x0)), dim=1).flatten(2)
    key = nn.functional.normalize(parts["target"]["projection_head"](parts["target"]["backbone"](x1)), dim=1).flatten(2)
    return torch.bmm(query.transpose(1, 2), key.detach()).mean()


def detcon(parts: Parts, x0: Tensor, x1: Tensor) -> Tensor:
    regions = []
    for x in (x0, x1):
        places = parts["backbone"](x)
        pooled = torch.stack([places[..., :1].mean(dim=(2, 3)), places[..., 1:].mean(dim=(2, 3))], dim=1)
        regions.append(parts["projection_head"](pooled.flatten(0, 1)).unflatten(0, (len(x), 2)))
    index = torch.arange(2)[None].expand(len(x0), -1)
    return DetConSLoss(gather_distributed=False)(*regions, index, index)  # type: ignore[no-any-return]


STEPS: dict[str, Callable[[Parts, Tensor, Tensor], Tensor]] = {
    "mae": reconstruct(nn.MSELoss(), "decoder_embed", "decoder", "prediction_head"),
    "simmim": reconstruct(nn.L1Loss(), "decoder"),
    "aim": reconstruct(nn.MSELoss(), "prediction_head"),
    **{"ijepa": ijepa, "capi": capi, "ibot": ibot, "dinov2": ibot, "lejepa": lejepa, "vicregl": vicregl},
    **{"directclr": directclr, "wmse": wmse, "pixcontrast": pixcontrast, "detcon": detcon},
}


def parts_of(text: str) -> Parts:
    """Build what a config says; what the target does not have is a copy."""
    read = yaml.load(text, Loader=yaml.BaseLoader)
    method, name = read.pop("method"), read.pop("backbone")
    own = {role: build(layers(each)) for role, each in read.pop("target", {}).items()}
    parts: dict[str, Any] = {role: build(layers(each)) for role, each in read.items()}
    parts["backbone"] = Images(name, method)
    return {**parts, "target": {"backbone": copy.deepcopy(parts["backbone"]), **own}}


def layers(written: Any) -> str:
    """Return a component as text; YAML takes the commas inside a call apart."""
    return f"[{', '.join(written)}]" if isinstance(written, list) else str(written)


def error_of(text: str, method: str) -> str:
    """Return the error of a step of training with moving averages, "" if it runs."""
    size = 224 if method in OF_TOKENS else 96
    try:
        parts = parts_of(text)
        STEPS[method](parts, *torch.rand(2, 3, 3, size, size)).sum().backward()
        for role, target in parts["target"].items() if method != "capi" else ():
            update_momentum(parts[role], target, m=0.9)
    except (RuntimeError, ValueError, IndexError, AssertionError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def drawn(method: str) -> Iterator[str]:
    """Yield configs: some in which everything fits, and some in which one number or several do not."""
    random = Random(method)
    for chance in (0, 0.2, 0.2, 0.4, 0.4):
        yield config(random, method, chance)


@pytest.mark.parametrize("method", TEXTS)
def test_an_error_is_reported_if_and_only_if_a_step_raises(method: str) -> None:
    seen = set()
    for text in drawn(method):
        report = lint_text(Source("model.yaml", text), Settings(isolated=True))
        reported = [finding.message for finding in report.findings if finding.severity == "error"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            error = error_of(text, method)
        assert bool(error) == bool(reported), (text, error, reported)
        assert all(model.unchecked == () for model in report.models)
        seen.add(bool(error))
    assert seen == ({False} if method == "directclr" else {True, False})  # its loss takes any number of features
