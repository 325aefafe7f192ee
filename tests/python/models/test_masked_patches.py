"""Models that predict masked patches, written out: recognised as such, and wrong patch arithmetic is found in them.

Every script is run by torch, right and with one number wrong.
"""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.python.models.recognise import read_models
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

MAE = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, x):
        y = self.norm1(x)
        x = x + self.attn(y, y, y)[0]
        return x + self.mlp(self.norm2(x))


class MaskedAutoencoder(nn.Module):
    def __init__(self, size=48, patch=6, width=80, narrow=40):
        super().__init__()
        self.patch, self.count = patch, (size // patch) ** 2
        self.embed = nn.Conv2d(3, width, kernel_size=patch, stride=patch)
        self.pos = nn.Parameter(torch.zeros(1, {count}, width))
        self.blocks = nn.ModuleList([Block(width, 4) for _ in range(2)])
        self.norm = nn.LayerNorm(width)
        self.narrow = nn.Linear({width}, narrow)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, narrow))
        self.decoder_blocks = nn.ModuleList([Block(narrow, 2) for _ in range(1)])
        self.pixels = nn.Linear(narrow, patch**2 * {channels})

    def patchify(self, images):
        side = images.shape[2] // self.patch
        x = images.reshape(images.shape[0], {split}, side, self.patch, side, self.patch)
        x = torch.einsum("nchpwq->nhwpqc", x)
        return x.reshape(images.shape[0], side * side, self.patch**2 * 3)

    def forward(self, images):
        x = self.embed(images).flatten(2).transpose(1, 2) + self.pos
        for block in self.blocks:
            x = block(x)
        x = self.narrow(self.norm(x))
        for block in self.decoder_blocks:
            x = block(x)
        return ((self.pixels(x) - self.patchify(images)) ** 2).mean()


MaskedAutoencoder()(torch.randn(2, 3, 48, 48))
"""
SIMMIM = """
import torch
from torch import nn
from torch.nn import functional as F


class SimMIM(nn.Module):
    def __init__(self, patch=8, width=64):
        super().__init__()
        self.patch = patch
        self.embed = nn.Conv2d(3, width, patch, patch)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        layer = nn.TransformerEncoderLayer({width}, 4, 128, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.decoder = nn.Sequential(nn.Conv2d(width, patch**2 * {channels}, 1), nn.PixelShuffle({shuffle}))

    def forward(self, images):
        x = self.embed(images)
        side = x.shape[-1]
        tokens = self.encoder(x.flatten(2).transpose(1, 2))
        maps = tokens.transpose(1, 2).reshape(x.shape[0], x.shape[1], side, side)
        return F.l1_loss(self.decoder(maps), images)


SimMIM()(torch.randn(2, 3, 32, 32))
"""
RIGHT = {
    "MaskedAutoencoder": (MAE, {"count": "self.count", "width": "width", "channels": "3", "split": "3"}),
    "SimMIM": (SIMMIM, {"width": "width", "channels": "3", "shuffle": "patch"}),
}
WRONG = [
    ("MaskedAutoencoder", "width", "narrow", {"SL101", "SL104"}),
    ("MaskedAutoencoder", "split", "4", {"SL102", "SL101", "SL104"}),
    ("SimMIM", "width", "2 * width", {"SL101", "SL104"}),
]
METHODS = {"MaskedAutoencoder": "mae", "SimMIM": "simmim"}


def script(name: str, **changed: str) -> str:
    text, right = RIGHT[name]
    for key, value in {**right, **changed}.items():
        text = text.replace(f"{{{key}}}", value)
    return text


def run(text: str) -> None:
    exec(compile(text, "pretrain.py", "exec", dont_inherit=True), {"__name__": "__main__"})


def linted(text: str) -> FileReport:
    return lint_source(Source("pretrain.py", text), Options())


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_one_is_recognised_and_nothing_is_said(name: str) -> None:
    text = script(name)
    run(text)
    report = linted(text)
    assert report.findings == ()
    assert [(model.name, model.method) for model in report.models] == [(name, METHODS[name])]


@pytest.mark.parametrize(("name", "key", "value", "codes"), WRONG)
def test_wrong_arithmetic_is_found_where_torch_stops(name: str, key: str, value: str, codes: set[str]) -> None:
    text = script(name, **{key: value})
    with pytest.raises((RuntimeError, AssertionError)):
        run(text)
    found = {finding.code for finding in linted(text).findings if finding.severity == "error"}
    assert found
    assert found <= codes


def test_a_mask_token_tells_without_a_name() -> None:
    text = script("MaskedAutoencoder").replace("MaskedAutoencoder", "Pretrainer")
    assert [model.name for model in linted(text).models] == ["Pretrainer"]
    without = text.replace("mask_token", "start_token").replace("Pretrainer", "Recogniser")
    assert linted(without).models == ()


def test_a_metric_of_that_name_is_no_model() -> None:
    body = "    def forward(self, x, y):\n        return (x - y).abs().mean()\n"
    text = f"import torch\nfrom torch import nn\nclass MAE(nn.Module):\n{body}MAE()(torch.ones(2), torch.ones(2))\n"
    assert linted(text).models == ()


ENCODER = """
import torch
from torch import nn


class Embed(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.proj = nn.Conv2d(3, width, 8, 8)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class DinoTransformer(nn.Module):
    def __init__(self, width=48, classes=0):
        super().__init__()
        self.patch_embed = Embed(width)
        {token}
        self.{blocks} = nn.Sequential(nn.Linear(width, width), nn.GELU())
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes) if classes else nn.Identity()

    def forward(self, x):
        return self.head(self.norm(self.{blocks}(self.patch_embed(x)))[:, 0])


DinoTransformer({classes})(torch.randn(2, 3, 32, 32))
"""


@pytest.mark.parametrize("classes", ["", "classes=10"])
def test_an_encoder_that_may_mask_patches_is_no_model(classes: str) -> None:
    token = "self.mask_token = nn.Parameter(torch.zeros(1, width))"
    text = ENCODER.format(token=token, blocks="blocks", classes=classes)
    run(text)
    assert linted(text).models == ()


def test_the_projection_of_patches_does_not_make_a_classifier_a_self_supervised_model() -> None:
    text = ENCODER.format(token="pass", blocks="network", classes="classes=10").replace("Dino", "Pool")
    run(text)
    [model] = read_models(Source("pool.py", text), Options()).models
    assert not model.is_self_supervised
    own = text.replace("self.head", "self.projector")
    [model] = read_models(Source("pool.py", own), Options()).models
    assert model.is_self_supervised
