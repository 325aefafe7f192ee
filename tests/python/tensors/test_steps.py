"""Places that a finding names as well as the two components: where a network was cut, where a tensor was reshaped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shapelint.judge.evaluate import MAXIMUM_RELATED
from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import Finding
from shapelint.text.location import Location
from shapelint.text.source import Source

CUT = """
from collections import OrderedDict
import torchvision
from torch import nn
from lightly.models.modules import SimCLRProjectionHead
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        resnet = torchvision.models.resnet18()
        {cut}
        self.projection_head = SimCLRProjectionHead({width}, 512, 128)
        self.pool = nn.AdaptiveAvgPool2d(1)
    def forward(self, x):
        return self.projection_head({features})
"""

RESNET = "torchvision.models.resnet18"
POOLED = "self.pool(self.backbone(x)).flatten(1)"

TOKENS = """
import torch
from torch import nn
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 96, 3, stride=2), nn.ReLU())
        self.projection_head = nn.Linear({width}, 128)
        self.loss = NTXentLoss()
    def forward(self, x):
        {body}
        return tokens
    def training_step(self, batch, index):
        one, two = batch
        left, right = self(one), self(two)
        {pooling}
        return self.loss(left, right)
"""

WRAPPED = """
from torch import nn
import torchvision
from timm.models.vision_transformer import vit_small_patch16_224
from lightly.models.modules import MaskedVisionTransformerTIMM, MaskedVisionTransformerTorchvision, MSNProjectionHead
class Model(nn.Module):
    def __init__(self, vit):
        super().__init__()
        self.backbone = {wrapper}(vit=vit)
        self.projection_head = MSNProjectionHead(input_dim=384)
    def forward(self, images):
        return self.projection_head(self.backbone(images))
vit = {vit}
model = Model(vit)
"""

PROTOTYPES = """
import torch
from torch import nn
from lightly.models.modules import SimCLRProjectionHead, SMoGPrototypes
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 96, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projection_head = SimCLRProjectionHead(96, 512, 128)
        self.prototypes = SMoGPrototypes(
            group_features=torch.rand(300, 64), beta=0.9
        )
    def forward(self, x):
        return self.prototypes.assign_groups(self.projection_head(self.backbone(x)))
"""

PATCHES = """
from torch import nn
from lightly.models import utils
from lightly.models.modules import AIMPredictionHead, MaskedCausalVisionTransformer
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = MaskedCausalVisionTransformer(img_size=64, patch_size=8, embed_dim=96, depth=1, num_heads=3)
        self.projection_head = AIMPredictionHead(input_dim=96, output_dim=3 * 4**2, num_blocks=1)
        self.loss = nn.MSELoss()
    def forward(self, images):
        features = self.backbone.forward_features(images)
        patches = utils.patchify(images, 8)
        return self.loss(self.projection_head(features), patches)
"""

SIZED = """
import torch
from torch import nn
from timm.models.vision_transformer import vit_small_patch16_224
from lightly.models.modules import LeJEPAProjectionHead
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = vit_small_patch16_224(
            img_size=256,
            num_classes=0,
        )
        images = torch.zeros(1, 3, 224, 224)
        self.projection_head = LeJEPAProjectionHead(input_dim=self.backbone(images).shape[1])
    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""

TRANSFORMED = """
import torch
from torch import nn
from timm.models.vision_transformer import vit_small_patch16_224
from lightly.data import LightlyDataset
from lightly.models.modules import MaskedVisionTransformerTIMM, SimCLRProjectionHead
from lightly.transforms import MAETransform
class Model(nn.Module):
    def __init__(self, vit):
        super().__init__()
        self.backbone = MaskedVisionTransformerTIMM(vit=vit)
        self.projection_head = SimCLRProjectionHead(384, 512, 128)
    def forward(self, images):
        return self.projection_head(self.backbone(images))
model = Model(vit_small_patch16_224(img_size=256))
dataset = LightlyDataset("images", transform=MAETransform(input_size=192))
for batch in torch.utils.data.DataLoader(dataset, batch_size=8):
    model(batch[0][0])
"""

DECODER = """
from torch import nn
from lightly.models.modules import MaskedVisionTransformerDecoderTIMM, CAPIPredictorTIMM, SimCLRProjectionHead
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Conv2d(3, 512, 3)
        self.projection_head = SimCLRProjectionHead(512, 512, 128)
        width = {width}
        self.decoder = {decoder}
    def forward(self, x):
        return self.projection_head(self.backbone(x).mean((2, 3)))
"""


def found(text: str) -> list[Finding]:
    """Return the errors and warnings of a script."""
    return [one for one in lint_source(Source("train.py", text), Options()).findings if one.severity != "info"]


def spoken(text: str, location: Location) -> str:
    """Return the source text of a span."""
    line = text.splitlines()[location.line - 1]
    return line[location.column - 1 : location.end_column - 1]


def named(text: str, code: str) -> list[str]:
    """Return the text at the only finding of a rule, and at each related place together with its message."""
    (finding,) = (one for one in found(text) if one.code == code)
    related = (f"{spoken(text, one.location)}: {one.message}" for one in finding.related)
    return [spoken(text, finding.location), *related]


def cases() -> Iterator[tuple[str, str, str, list[str]]]:
    yield (
        "the end of a network is cut off",
        CUT.format(cut="self.backbone = nn.Sequential(*list(resnet.children())[:-3])", width=512, features=POOLED),
        "SL101",
        ["512", f"{RESNET}: backbone produces (B, 256)", "[:-3]: 7 of 10 children are kept here"],
    )
    yield (
        "the beginning of a network is cut off",
        CUT.format(
            cut="self.stem = nn.Conv2d(3, 3, 1); self.backbone = nn.Sequential(*list(resnet.children())[1:-1])",
            width=512,
            features="self.backbone(self.stem(x)).flatten(1)",
        ),
        "SL101",
        [RESNET, "3: stem produces (B, 3, H, W)", "[1:-1]: 8 of 10 children are kept here"],
    )
    yield (
        "cut in two steps, the last one first",
        CUT.format(
            cut="layers = list(resnet.named_children())[:-2]; self.backbone = nn.Sequential(OrderedDict(layers[:-1]))",
            width=512,
            features=POOLED,
        ),
        "SL101",
        [
            "512",
            f"{RESNET}: backbone produces (B, 256)",
            "[:-1]: 7 of 8 children are kept here",
            "[:-2]: 8 of 10 children are kept here",
        ],
    )
    yield (
        "no pooling is left, and what comes is flattened",
        CUT.format(
            cut="self.backbone = nn.Sequential(*list(resnet.children())[:-2])",
            width=512,
            features="self.backbone(x).flatten(start_dim=1)",
        ),
        "SL204",
        [
            "512",
            f"{RESNET}: backbone is flattened without pooling",
            "flatten(start_dim=1): flatten gives (B, 512*((H-1)//32+1)*((W-1)//32+1))",
            "[:-2]: 8 of 10 children are kept here",
        ],
    )
    yield (
        "all children are kept, without the flattening between them",
        CUT.format(cut="self.backbone = nn.Sequential(*resnet.children())", width=1000, features="self.backbone(x)"),
        "SL104",
        ["self.backbone(x)", "children(): children leaves out what the network does between its children"],
    )
    yield (
        "tokens that were turned the wrong way",
        TOKENS.format(
            width=96,
            body="tokens = self.projection_head(self.backbone(x)[:, :, :5, :5].flatten(2).transpose(0, 1))",
            pooling="left, right = left.mean(0), right.mean(0)",
        ),
        "SL102",
        [
            "self.projection_head(self.backbone(x)[:, :, :5, :5].flatten(2).transpose(0, 1))",
            "self.backbone(x): backbone produces (96, B, min((H-1)//2,5)*min((W-1)//2,5))",
            "transpose(0, 1): transpose gives (96, B, min((H-1)//2,5)*min((W-1)//2,5))",
            "flatten(2): flatten gives (B, 96, min((H-1)//2,5)*min((W-1)//2,5))",
            "[:, :, :5, :5]: [:, :, :5, :5] gives (B, 96, min((H-1)//2,5), min((W-1)//2,5))",
        ],
    )
    yield (
        "an operand that was flattened too far",
        TOKENS.format(
            width=96,
            body="tokens = self.projection_head(self.backbone(x).flatten(2).permute(0, 2, 1))",
            pooling="left, right = left.mean(1), right.flatten(0)",
        ),
        "SL103",
        [
            "NTXentLoss",
            "128: projection_head produces (128*((H-1)//2)*((W-1)//2)*B,)",
            "mean(1): mean gives (B, 128)",
            "flatten(0): flatten gives (128*((H-1)//2)*((W-1)//2)*B,)",
            "flatten(2): flatten gives (B, 96, ((H-1)//2)*((W-1)//2))",
        ],
    )
    yield (
        "a width that stands in the tensor which a module is given",
        PROTOTYPES,
        "SL112",
        ["SMoGPrototypes", "128: projection_head produces (B, 128)", "rand(300, 64): rand gives (300, 64)"],
    )
    yield (
        "what was done to the size of no axis is not named where widths differ",
        CUT.format(
            cut="self.backbone = nn.Sequential(*list(resnet.children())[:-1])",
            width=256,
            features="self.backbone(x).mean((2, 3))",
        ),
        "SL101",
        ["256", f"{RESNET}: backbone produces (B, 512)", "[:-1]: 9 of 10 children are kept here"],
    )
    yield (
        "the numbers of patches that are to be restored",
        PATCHES,
        "SL103",
        [
            "3 * 4**2",
            "self.loss(self.projection_head(features), patches): the input produces (B, (H//8)*(W//8), 192)",
            "patchify(images, 8): patchify gives (B, (H//8)*(W//8), 192)",
        ],
    )
    yield (
        "a transformer's width, as an argument",
        WRAPPED.format(
            wrapper="MaskedVisionTransformerTorchvision",
            vit="torchvision.models.VisionTransformer(224, 16, num_layers=12, num_heads=6, hidden_dim=768, mlp_dim=99)",
        ),
        "SL101",
        [
            "384",
            "MaskedVisionTransformerTorchvision: backbone produces (B, 768)",
            "768: hidden_dim is 768",
        ],
    )
    yield (
        "a transformer's width, by its name",
        WRAPPED.format(wrapper="MaskedVisionTransformerTorchvision", vit="torchvision.models.vit_b_32()"),
        "SL101",
        [
            "384",
            "MaskedVisionTransformerTorchvision: backbone produces (B, 768)",
            "torchvision.models.vit_b_32(): vit_b_32 is 768 wide",
        ],
    )
    yield (
        "a size of images, and the size that is expected",
        SIZED,
        "SL106",
        ["vit_small_patch16_224", "zeros(1, 3, 224, 224): zeros gives (1, 3, 224, 224)", "256: img_size is 256"],
    )
    yield (
        "the size of a transform's images, and the size that is expected",
        TRANSFORMED,
        "SL106",
        ["MaskedVisionTransformerTIMM", "192: images are 192 x 192 here", "256: img_size is 256"],
    )
    yield (
        "a constructor that refuses two numbers",
        DECODER.format(
            width=512,
            decoder="MaskedVisionTransformerDecoderTIMM(num_patches=9, embed_dim=width, depth=1, num_heads=24)",
        ),
        "SL903",
        ["512", "24: num_heads is 24", "width: passed on here"],
    )
    yield (
        "a constructor that refuses a number for its default",
        DECODER.format(width=100, decoder="CAPIPredictorTIMM(embed_dim=width, grid_size=4, depth=2)"),
        "SL903",
        ["100", "CAPIPredictorTIMM: num_heads is 6 by default", "width: passed on here"],
    )


def test_findings_with_few_places() -> None:
    assert all(len(one.related) <= MAXIMUM_RELATED for _, text, *_ in cases() for one in found(text))


@pytest.mark.parametrize(("text", "code", "expected"), [pytest.param(*rest, id=name) for name, *rest in cases()])
def test_findings_with_all_their_places(text: str, code: str, expected: list[str]) -> None:
    assert named(text, code) == expected
