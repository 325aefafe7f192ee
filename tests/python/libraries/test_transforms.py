"""Image sizes: every line of `rules/transforms.yaml` compared with the library, and their use in scripts."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from shapelint.knowledge import rules_folder
from shapelint.linting.lint_source import lint_source
from shapelint.python.libraries import transforms
from shapelint.python.models.entry_points import interpret
from shapelint.python.state.values import Views
from shapelint.resolve.options import Options
from shapelint.text.source import Source

pytest.importorskip("torch")
pytest.importorskip("lightly")

LINES = [(package, name) for package, lines in transforms.table().items() for name in lines]
ARGUMENTS = {
    "RandomResizedCrop": "48",
    "RandomCrop": "40, padding=32",
    "CenterCrop": "(40, 32)",
    "MultiViewTransform": "[V.CenterCrop(40), V.CenterCrop((32, 24))]",
    "DetConSTransform": "grid_size=(5, 5), input_size=64",
    "DINOTransform": "global_crop_size=64, local_crop_size=32, n_local_views=3",
    "IBOTTransform": "global_crop_size=64, local_crop_size=32",
    "MSNTransform": "random_size=64, focal_size=32, random_views=1, focal_views=2",
    "SwaVTransform": "crop_sizes=(64, 32), crop_counts=(1, 3)",
    "SMoGTransform": "crop_sizes=(64, 32), crop_counts=(1, 3)",
    "BYOLTransform": "view_1_transform=T.BYOLView1Transform(input_size=40)",
    "FDATransform": "view_2_transform=T.FDAView2Transform(input_size=40)",
    "TiCoTransform": "T.TiCoView1Transform(input_size=40), T.TiCoView2Transform(input_size=64)",
    "MMCRTransform": "k=3, input_size=40",
    "WMSETransform": "num_samples=3, input_size=40",
    "FastSiamTransform": "num_views=3, input_size=40",
}
SIZES = {"crop_size": "crop_size=40", "input_size": "input_size=40"}


def test_every_package_of_the_file_is_looked_up() -> None:
    packages = [*transforms.table(), *rules_folder.load("transforms.yaml")["datasets"]]
    assert {package.split(".")[1] for package in packages} == set(transforms.HOMES)


def of_text(text: str) -> Any:
    """Return the value of the name `transform` in a script."""
    head = "import torch\nfrom torch import nn\nprojection_head = None\n"
    _, scope = interpret(Source("train.py", head + text), Options())
    return scope.names["transform"]


def really(transform: Any) -> list[tuple[int, int]]:
    """Return height and width of every image that a transform returns."""
    from PIL import Image

    def images(value: Any) -> list[tuple[int, int]]:
        if isinstance(value, (list, tuple)):
            return [size for item in value for size in images(item)]
        return [tuple(value.shape[-2:])] if hasattr(value, "shape") else [(value.height, value.width)]

    return images(transform(Image.new("RGB", (100, 80))))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("defaults", [False, True], ids=["given", "default"])
@pytest.mark.parametrize(("package", "name"), LINES)
def test_a_line_agrees_with_the_transform(package: str, name: str, defaults: bool) -> None:
    views = transforms.table()[package][name].views
    given = ARGUMENTS.get(name) or SIZES[next(iter(views))]
    if defaults and package == "lightly.transforms":
        given = {"MultiViewTransform": ARGUMENTS["MultiViewTransform"], "DetConSTransform": "grid_size=(5, 5)"}.get(
            name, ""
        )
    call = f"T.{name}({given})"
    home = f"{package}.multi_view_transform" if name == "MultiViewTransform" else package
    real = eval(call, {"T": importlib.import_module(home), "V": importlib.import_module("torchvision.transforms")})
    known = of_text(f"import {home} as T\nimport torchvision.transforms as V\ntransform = {call}\n")
    assert isinstance(known, Views)
    assert [(size.height, size.width) for size in known.sizes] == really(real)


def test_transforms_listed_as_keeping_the_size_keep_it() -> None:
    import torch
    import torchvision.transforms as v1
    from PIL import Image
    from torchvision.transforms import v2

    image = v2.functional.to_image(Image.new("RGB", (40, 24)))
    arguments = {
        "Normalize": ([0.5] * 3, [0.5] * 3),
        "GaussianBlur": (3,),
        "RandomAffine": (10,),
        "RandomPosterize": (4,),
    }
    arguments |= {
        "ToDtype": (torch.float32,),
        "ConvertImageDtype": (torch.float32,),
        "RandomSolarize": (128,),
        "RandomAdjustSharpness": (2,),
    }
    for name in rules_folder.load("transforms.yaml")["same"]["torchvision.transforms"].split():
        made = getattr(v1, name) if name == "ToTensor" or not hasattr(v2, name) else getattr(v2, name)
        source = Image.new("RGB", (40, 24)) if name in ("PILToTensor", "ToTensor", "ToImage") else image
        source = source.float() if name in ("Normalize", "GaussianNoise") else source
        assert really(lambda _, m=made, n=name, s=source: m(*arguments.get(n, ()))(s)) == [(24, 40)], name


MODEL = """
import torch, torchvision
from torch import nn
from lightly.models.modules import SimCLRProjectionHead
from lightly.loss import NTXentLoss
{imports}

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        resnet = torchvision.models.resnet18()
        self.backbone = nn.Sequential(*list(resnet.children())[:-2], nn.Flatten())
        self.projection_head = SimCLRProjectionHead(512, 512, 128)

    def forward(self, x):
        return self.projection_head(self.backbone(x))

model = SimCLR()
criterion = NTXentLoss()
{data}
for batch in loader:
    {views}
    loss = criterion(model(x0), model(x1))
    loss.backward()
"""
"""A backbone without its pool: 512 features for images of 32 pixels, 2048 for images of 64."""


def codes(imports: str, data: str, views: str = "x0, x1 = batch[0]") -> list[tuple[str, Any]]:
    """Return the rules reported for the model with these images."""
    text = MODEL.format(imports=imports, data=data, views=views)
    return [(f.code, f.actual) for f in lint_source(Source("train.py", text), Options()).findings]


LOADER = "loader = torch.utils.data.DataLoader(dataset, batch_size=64)"
CIFAR = "dataset = torchvision.datasets.CIFAR10('.', transform=transform)\n" + LOADER
OWN = """
class Pairs(torch.utils.data.Dataset):
    def __init__(self, files, transform):
        self.files, self.transform = files, transform

    def __getitem__(self, index):
        image = load(self.files[index])
        return self.transform(image), self.transform(image), 0
"""
TWO = """
class TwoCrops:
    def __init__(self, base):
        self.base = base

    def __call__(self, x):
        return [self.base(x), self.base(x)]
"""
COMPOSE = "T.Compose([T.Resize(256), T.RandomResizedCrop({size}), T.RandomHorizontalFlip(), T.ToTensor()])"


@pytest.mark.parametrize(
    ("imports", "transform"),
    [
        ("from lightly.transforms import SimCLRTransform", "transform = SimCLRTransform(input_size={size})\n" + CIFAR),
        (
            "from lightly.transforms.byol_transform import BYOLTransform, BYOLView1Transform, BYOLView2Transform",
            "transform = BYOLTransform(BYOLView1Transform(input_size={size}), BYOLView2Transform({size}))\n" + CIFAR,
        ),
        (f"from torchvision import transforms as T\n{TWO}", f"transform = TwoCrops({COMPOSE})\n" + CIFAR),
        (
            f"from torchvision.transforms import v2 as T\n{TWO}",
            f"SIZE = {{size}}\ntransform = TwoCrops({COMPOSE.replace('{size}', 'SIZE')})\n" + CIFAR,
        ),
    ],
)
def test_the_size_of_the_transform_is_that_of_the_image(imports: str, transform: str) -> None:
    assert codes(imports, transform.replace("{size}", "32")) == []
    assert codes(imports, transform.replace("{size}", "64")) == [("SL101", 2048)]


def test_a_user_defined_dataset_is_followed() -> None:
    imports = f"from torchvision import transforms as T\n{OWN}"
    data = f"dataset = Pairs([], {COMPOSE})\n" + LOADER
    assert codes(imports, data.replace("{size}", "64"), "x0, x1, _ = batch") == [("SL101", 2048)]
    assert codes(imports, data.replace("{size}", "32"), "x0, x1, _ = batch") == []


@pytest.mark.parametrize(
    "data",
    [
        "dataset = unseen()\n" + LOADER,
        "transform = T.Compose([T.RandomResizedCrop(64), unseen])\n" + CIFAR,
        "transform = T.Compose([T.RandomResizedCrop(64), T.Resize(32)])\n" + CIFAR,
        "transform = T.RandomResizedCrop(64)\n"
        + CIFAR
        + "\nloader = torch.utils.data.DataLoader(dataset, collate_fn=c)",
        "transform = T.RandomResizedCrop(64)\n" + CIFAR + "\ndataset.transform = unseen\n" + LOADER,
    ],
)
def test_unknown_transforms_leave_the_size_open(data: str) -> None:
    assert [code for code, _ in codes("from torchvision import transforms as T", data)] == ["SL204"]


@pytest.mark.parametrize("change", ["x0[:, :, ::2, ::2]", "x0.permute(0, 1, 3, 2)", "x0.repeat(1, 1, 2, 2)"])
def test_changed_images_have_an_open_size(change: str) -> None:
    imports = "from lightly.transforms import SimCLRTransform"
    views = f"x0, x1 = batch[0]; x0 = x1 = {change}"
    assert [c for c, _ in codes(imports, f"transform = SimCLRTransform(64)\n{CIFAR}", views)] == ["SL204"]


def test_views_of_two_sizes_are_distinguished() -> None:
    imports = "from lightly.transforms import DINOTransform"
    data = "transform = DINOTransform(global_crop_size=32, local_crop_size=64)\n" + CIFAR
    assert codes(imports, data, "views = batch[0]; x0, x1 = views[0], views[1]") == []
    assert codes(imports, data, "views, _ = batch; x0, x1 = views[2:][0], views[-1]") == [("SL101", 2048)]
    assert codes(imports, data, "x0, x1 = torch.cat(batch[0][:2]), torch.cat(batch[0][:2])") == []
    some = "x0 = x1 = batch[0][: batch[1].shape[0]][-1]"
    assert [code for code, _ in codes(imports, data, some)] == ["SL204"], "how many views are taken is not known"


LIGHTNING = """
import torch, torchvision, pytorch_lightning as pl
from torch import nn
from lightly.models.modules import SimCLRProjectionHead
from lightly.loss import NTXentLoss
from lightly.transforms import SimCLRTransform

class SimCLR(pl.LightningModule):
    def __init__(self):
        super().__init__()
        resnet = torchvision.models.resnet18()
        self.backbone = nn.Sequential(*list(resnet.children())[:-2], nn.Flatten())
        self.projection_head = SimCLRProjectionHead(512, 512, 128)
        self.criterion = NTXentLoss()

    def forward(self, x):
        return self.projection_head(self.backbone(x))

    def training_step(self, batch, batch_index):
        x0, x1 = batch[0]
        return self.criterion(self.forward(x0), self.forward(x1))
{method}
{end}
"""
PHOTOS = "torchvision.datasets.CIFAR10('.', transform=SimCLRTransform(input_size={size}))"
DATA = f"torch.utils.data.DataLoader({PHOTOS}, batch_size=8)"
METHOD = f"\n    def train_dataloader(self):\n        return {DATA}\n"
MODULE = f"class Images(pl.LightningDataModule):{METHOD}\n"


@pytest.mark.parametrize(
    ("method", "end"),
    [
        ("", f"pl.Trainer().fit(SimCLR(), {DATA})"),
        ("", f"loader = {DATA}\npl.Trainer().fit(model=SimCLR(), train_dataloaders=loader)"),
        (METHOD, "pl.Trainer().fit(SimCLR())"),
        ("", f"{MODULE}\npl.Trainer().fit(SimCLR(), datamodule=Images())"),
    ],
)
def test_a_lightning_module_gets_the_batches_of_its_trainer(method: str, end: str, tmp_path: Path) -> None:
    for size, expected in ((32, []), (64, [("SL101", 2048)])):
        text = LIGHTNING.replace("{method}", method).replace("{end}", end).replace("{size}", str(size))
        found = lint_source(Source("train.py", text), Options()).findings
        assert [(f.code, f.actual) for f in found] == expected


VIT = """
import torch, torchvision
from torch import nn
from timm.models.vision_transformer import VisionTransformer
from lightly.models.modules import MaskedVisionTransformerTIMM, SimCLRProjectionHead
from lightly.loss import NTXentLoss
from lightly.transforms import SimCLRTransform

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        vit = VisionTransformer(img_size={fixed}, patch_size=16, embed_dim=192, depth=1, num_heads=3{more})
        self.backbone = MaskedVisionTransformerTIMM(vit=vit)
        self.projection_head = SimCLRProjectionHead(192, 192, 64)

    def forward(self, x):
        return self.projection_head(self.backbone(x))

model = SimCLR()
criterion = NTXentLoss()
dataset = torchvision.datasets.CIFAR10(".", transform=SimCLRTransform(input_size={size}))
for batch in torch.utils.data.DataLoader(dataset, batch_size=8):
    x0, x1 = batch[0]
    loss = criterion(model(x0), model(x1))
"""


@pytest.mark.parametrize(
    ("fixed", "size", "more", "expected"),
    [
        (64, 64, "", []),
        (64, 96, "", [("SL106", "96")]),
        (96, 64, "", [("SL106", "64")]),
        (96, 64, ", dynamic_img_size=True", []),
    ],
)
def test_a_transformer_of_fixed_size_takes_only_this_size(fixed: int, size: int, more: str, expected: Any) -> None:
    import torch
    from lightly.models.modules import MaskedVisionTransformerTIMM
    from timm.models.vision_transformer import VisionTransformer

    text = VIT.replace("{fixed}", str(fixed)).replace("{size}", str(size)).replace("{more}", more)
    found = lint_source(Source("train.py", text), Options()).findings
    assert [(f.code, str(f.actual)) for f in found] == expected
    vit = VisionTransformer(fixed, 16, embed_dim=192, depth=1, num_heads=3, dynamic_img_size=bool(more))
    try:
        MaskedVisionTransformerTIMM(vit=vit)(torch.rand(2, 3, size, size))
    except AssertionError:
        assert expected
    else:
        assert not expected
