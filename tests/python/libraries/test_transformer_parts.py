"""Transformers that are put together from timm's parts: they have the shapes of the real ones, which run here too."""

from __future__ import annotations

import pytest
import torch
from timm.layers import PatchEmbed
from timm.models.vision_transformer import Attention, Block

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

WRITTEN_OUT = """\
import torch
from torch import nn
from timm.layers import PatchEmbed
from timm.models.vision_transformer import Block


class MaskedAutoencoder(nn.Module):
    def __init__(self, wide=48, narrow=32):
        super().__init__()
        self.patch_embed = PatchEmbed(64, 16, 3, wide)
        count = self.patch_embed.num_patches
        self.cls_token = nn.Parameter(torch.zeros(1, 1, wide))
        self.pos_embed = nn.Parameter(torch.zeros(1, count + 1, wide), requires_grad=False)
        self.blocks = nn.ModuleList([Block(wide, HEADS, 2.0, qkv_bias=True) for _ in range(3)])
        self.norm = nn.LayerNorm(wide)
        self.decoder_embed = nn.Linear(WIDTH, narrow)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, narrow))
        self.decoder_blocks = nn.Sequential(*[Block(narrow, 4, norm_layer=nn.LayerNorm) for _ in range(2)])
        self.decoder_pred = nn.Linear(narrow, 16 * 16 * 3)

    def masked(self, x, ratio):
        rows, length, wide = x.shape
        kept = int(length * (1 - ratio))
        order = torch.argsort(torch.rand(rows, length, device=x.device), dim=1)
        chosen = order[:, :kept].unsqueeze(-1).repeat(1, 1, wide)
        return torch.gather(x, dim=1, index=chosen), torch.argsort(order, dim=1)

    def forward(self, images, ratio=0.75):
        x = self.patch_embed(images) + self.pos_embed[:, 1:, :]
        x, restore = self.masked(x, ratio)
        cls_token = self.cls_token + self.pos_embed[:, :1, :]
        x = torch.cat((cls_token.expand(x.shape[0], -1, -1), x), dim=1)
        for block in self.blocks:
            x = block(x)
        x = self.decoder_embed(self.norm(x))
        missing = self.mask_token.repeat(x.shape[0], restore.shape[1] + 1 - x.shape[1], 1)
        y = torch.cat([x[:, 1:, :], missing], dim=1)
        y = torch.gather(y, dim=1, index=restore.unsqueeze(-1).repeat(1, 1, x.shape[2]))
        x = torch.cat([x[:, :1, :], y], dim=1)
        return self.decoder_pred(self.decoder_blocks(x))[:, 1:]


out = MaskedAutoencoder()(torch.randn(2, 3, 64, 64))
"""
DERIVED = """\
import torch
from torch import nn
from timm.models.vision_transformer import Block, PatchEmbed, VisionTransformer


class Encoder(VisionTransformer):
    def __init__(self, embed_dim=48, **others):
        super().__init__(img_size=64, patch_size=16, embed_dim=embed_dim, depth=1, num_heads=4, num_classes=0, **others)
        self.patch_embed = PatchEmbed(64, 16, 3, embed_dim)
        self.pos_embed = nn.Parameter(torch.zeros(1, self.patch_embed.num_patches, embed_dim))
        self.blocks = nn.Sequential(*[Block(embed_dim, 4, 2.0) for _ in range(2)])
        self.norm = nn.LayerNorm(embed_dim)

    def forward(self, x):
        x = self.norm(self.blocks(self.patch_embed(x) + self.pos_embed))
        return self.forward_head(x)


class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Encoder()
        self.projector = nn.Linear(self.backbone.num_features, 24)
        self.predictor = nn.Linear(WIDTH, 24)

    def forward(self, x):
        return self.predictor(self.projector(self.backbone(x)))


out = SimSiam()(torch.randn(2, 3, 64, 64))
"""


def linted(script: str, width: int, heads: int = 4) -> FileReport:
    return lint_source(Source("train.py", filled(script, width, heads)), Options())


def filled(script: str, width: int, heads: int = 4) -> str:
    return script.replace("WIDTH", str(width)).replace("HEADS", str(heads))


@pytest.mark.parametrize(("script", "width"), [(WRITTEN_OUT, 48), (DERIVED, 24)])
def test_a_transformer_of_parts_is_followed_to_its_end(script: str, width: int) -> None:
    exec(filled(script, width), {})
    report = linted(script, width)
    assert report.findings == ()
    assert [model.links - model.checked for model in report.models] == [0]


@pytest.mark.parametrize(("script", "width"), [(WRITTEN_OUT, 64), (DERIVED, 32)])
def test_a_wrong_width_behind_it_is_found(script: str, width: int) -> None:
    with pytest.raises(RuntimeError):
        exec(filled(script, width), {})
    [finding] = [one for one in linted(script, width).findings if one.severity == "error"]
    assert (finding.expected, finding.actual) == (width, 48 if script is WRITTEN_OUT else 24)


def test_a_block_that_timm_refuses_to_build_is_not_called_clear() -> None:
    with pytest.raises(AssertionError):
        exec(filled(WRITTEN_OUT, 48, 5), {})
    assert any(model.checked < model.links for model in linted(WRITTEN_OUT, 48, 5).models)


def test_the_attributes_are_those_of_the_real_parts() -> None:
    real = PatchEmbed((64, 32), 16, 3, 48)
    names = ("img_size", "patch_size", "grid_size", "num_patches", "flatten")
    assert [getattr(real, name) for name in names] == [(64, 32), (16, 16), (4, 2), 8, True]
    attention = Attention(48, 4)
    assert (attention.num_heads, attention.head_dim, attention.qkv.out_features) == (4, 12, 144)
    assert Block(48, 4, 2.0).mlp.fc1.out_features == 96
    assert real(torch.zeros(1, 3, 64, 32)).shape == (1, 8, 48)
