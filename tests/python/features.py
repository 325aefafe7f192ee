# ruff: noqa: E501 -- a table: one line a case
"""What the interpreter must understand, as a table: a name, the code of a model, and the correct number for its head.

`{H}` in the code is that number in the projection head; each case is linted with it (nothing is reported) and with a
wrong one (SL101 on that number). So no case can pass because its code stayed unknown.
"""

from __future__ import annotations

HEADS = "from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead\n"
IMPORTS = (
    "import copy\nimport torch\nimport torchvision\nfrom torch import nn\nimport torch.nn.functional as F\n" + HEADS
)


def model(init: str, forward: str = "return self.projection_head(self.backbone(x).flatten(1))", rest: str = "") -> str:
    """Return the code of a module with a backbone and a projection head."""
    lines = "".join(f"        {line}\n" for line in init.strip().splitlines())
    steps = "".join(f"        {line}\n" for line in forward.strip().splitlines())
    return (
        f"{IMPORTS}{rest}\n"
        f"class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n{lines}"
        f"    def forward(self, x):\n{steps}\nmodel = Model()\n"
    )


HEAD = "self.projection_head = BYOLProjectionHead({H}, 1024, 256)"
RESNET = "self.backbone = torchvision.models.resnet18()\nself.backbone.fc = nn.Identity()\n"
SEQUENTIAL = "resnet = torchvision.models.resnet18()\nself.backbone = nn.Sequential(*list(resnet.children())[:-1])\n"
MAP = "resnet = torchvision.models.resnet18()\nself.backbone = nn.Sequential(*list(resnet.children())[:-2])\n"
PLAIN = "self.backbone = nn.Sequential(nn.Conv2d(3, 96, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())\n"

CASES: dict[str, tuple[str, int]] = {
    # Imports -----------------------------------------------------------------------------------------------------------
    "from torch.nn import names": (model("self.backbone = Sequential(Conv2d(3, 96, 3), AdaptiveAvgPool2d(1))\n" + HEAD, rest="from torch.nn import *\n"), 96),
    "import as": (model("self.backbone = tv.models.resnet18()\nself.backbone.fc = tn.Identity()\n" + HEAD, rest="import torchvision as tv\nimport torch.nn as tn\n"), 512),
    "import of a submodule": (model("self.backbone = resnet18()\nself.backbone.fc = nn.Identity()\n" + HEAD, rest="from torchvision.models.resnet import resnet18\n"), 512),
    "import in a function": (model("from torchvision.models import resnet18\nself.backbone = resnet18()\nself.backbone.fc = nn.Identity()\n" + HEAD), 512),
    "import that may fail": (model(RESNET + HEAD, rest="try:\n    import apex\n    FUSED = True\nexcept ImportError:\n    FUSED = False\n"), 512),
    # Numbers -----------------------------------------------------------------------------------------------------------
    "a constant": (model(PLAIN + "self.projection_head = BYOLProjectionHead(WIDTH, 1024, 256)", rest="WIDTH = {H}\n"), 96),
    "arithmetic": (model("self.backbone = nn.Sequential(nn.Conv2d(3, 4 * 8 + 2**6, 3), nn.AdaptiveAvgPool2d(1))\n" + HEAD), 96),
    "keyword arguments": (model(PLAIN + "self.projection_head = BYOLProjectionHead(output_dim=256, hidden_dim=1024, input_dim={H})"), 96),
    "a local variable": (model(PLAIN + "width = {H}\nself.projection_head = BYOLProjectionHead(width, 1024, 256)"), 96),
    "a tuple of numbers": (model(PLAIN + "widths = ({H}, 1024, 256)\nself.projection_head = BYOLProjectionHead(*widths)"), 96),
    "a dict of numbers": (model(PLAIN + "given = {{'input_dim': {H}, 'hidden_dim': 1024, 'output_dim': 256}}\nself.projection_head = BYOLProjectionHead(**given)"), 96),
    "a dict by key": (model(PLAIN + "self.projection_head = BYOLProjectionHead(CONFIG['width'], 1024, 256)", rest="CONFIG = {{'width': {H}}}\n"), 96),
    "a dict by attribute": (model(PLAIN + "self.projection_head = BYOLProjectionHead(args.width, 1024, 256)", rest="from argparse import Namespace\nargs = Namespace(width={H})\n"), 96),
    "a dataclass": (model(PLAIN + "self.projection_head = BYOLProjectionHead(Config().width, 1024, 256)", rest="from dataclasses import dataclass\n@dataclass\nclass Config:\n    width: int = {H}\n"), 96),
    "a class attribute": (model(PLAIN + "self.projection_head = BYOLProjectionHead(Config.width, 1024, 256)", rest="class Config:\n    width = {H}\n"), 96),
    "functools.partial": (model(PLAIN + "self.projection_head = partial(BYOLProjectionHead, hidden_dim=1024, output_dim=256)({H})", rest="from functools import partial\n"), 96),
    "a default argument": (model(PLAIN + "self.projection_head = head()", rest="def head(width={H}):\n    return BYOLProjectionHead(width, 1024, 256)\n"), 96),
    "int() of a quotient": (model("self.backbone = nn.Sequential(nn.Conv2d(3, int(192 / 2), 3), nn.AdaptiveAvgPool2d(1))\n" + HEAD), 96),
    "max of two": (model("self.backbone = nn.Sequential(nn.Conv2d(3, max(96, 12), 3), nn.AdaptiveAvgPool2d(1))\n" + HEAD), 96),
    "a choice that is known": (model("self.backbone = nn.Sequential(nn.Conv2d(3, 96 if SMALL else 192, 3), nn.AdaptiveAvgPool2d(1))\n" + HEAD, rest="SMALL = True\n"), 96),
    "a walrus": (model("self.backbone = nn.Sequential(nn.Conv2d(3, (n := 96), 3), nn.BatchNorm2d(n), nn.AdaptiveAvgPool2d(1))\n" + HEAD), 96),
    "a private method": (model(PLAIN + "self.projection_head = self.__head()", rest="").replace("    def forward", "    def __head(self, width={H}):\n        return BYOLProjectionHead(width, 1024, 256)\n    def forward"), 96),
    "a private class attribute": (model(PLAIN + "self.projection_head = BYOLProjectionHead(self.__width, 1024, 256)", rest="").replace("    def __init__", "    __width = {H}\n    def __init__"), 96),
    "a progress bar around numbers": (model("widths = [{H}]\nbar = tqdm(widths)\nbar.set_description('building')\nbar.set_postfix(n=1)\n" + PLAIN + "self.projection_head = BYOLProjectionHead(widths[0], 1024, 256)", rest="from tqdm import tqdm\n"), 96),
    # Backbones ---------------------------------------------------------------------------------------------------------
    "children without the last": (model(SEQUENTIAL + HEAD), 512),
    "children without the last two": (model(MAP + HEAD, "return self.projection_head(self.backbone(x).mean([2, 3]))"), 512),
    "children in a loop": (model("resnet = torchvision.models.resnet18()\nlayers = []\nfor child in resnet.children():\n    layers.append(child)\nself.backbone = nn.Sequential(*layers[:-1])\n" + HEAD), 512),
    "named children": (model("resnet = torchvision.models.resnet18()\nself.backbone = nn.Sequential(*[m for n, m in resnet.named_children() if n != 'fc'])\n" + HEAD), 512),
    "fc = Identity": (model(RESNET + HEAD), 512),
    "fc = Linear": (model("self.backbone = torchvision.models.resnet18()\nself.backbone.fc = nn.Linear(self.backbone.fc.in_features, 96)\n" + HEAD), 96),
    "num_classes": (model("self.backbone = torchvision.models.resnet18(num_classes=96)\n" + HEAD), 96),
    "a CIFAR stem": (model(RESNET + "self.backbone.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)\nself.backbone.maxpool = nn.Identity()\n" + HEAD), 512),
    "in_features": (model(PLAIN.replace("96", "self.width") .replace("self.backbone =", "self.width = torchvision.models.resnet18().fc.in_features\nself.backbone =") + HEAD), 512),
    "getattr of a model": (model("self.backbone = getattr(torchvision.models, 'resnet18')()\nself.backbone.fc = nn.Identity()\n" + HEAD), 512),
    "a table of models": (model("self.backbone = MODELS['resnet18']()\nself.backbone.fc = nn.Identity()\n" + HEAD, rest="MODELS = {{'resnet18': torchvision.models.resnet18, 'resnet50': torchvision.models.resnet50}}\n"), 512),
    "part by part": (model("self.backbone = torchvision.models.resnet18()\n" + HEAD, "net = self.backbone\nx = net.maxpool(net.relu(net.bn1(net.conv1(x))))\nx = net.layer4(net.layer3(net.layer2(net.layer1(x))))\nreturn self.projection_head(net.avgpool(x).flatten(1))"), 512),
    "a timm ViT": (model("self.backbone = vit_small_patch16_224(num_classes=0)\n" + HEAD, rest="from timm.models.vision_transformer import vit_small_patch16_224\n"), 384),
    "create_model": (model("self.backbone = timm.create_model('vit_tiny_patch16_224', pretrained=True, num_classes=0)\n" + HEAD, rest="import timm\n"), 192),
    "embed_dim": (model("vit = timm.create_model('vit_tiny_patch16_224', num_classes=0)\nself.backbone = nn.Sequential(nn.Conv2d(3, vit.embed_dim, 3), nn.AdaptiveAvgPool2d(1))\n" + HEAD, rest="import timm\n"), 192),
    "lightly's masked ViT": (model("self.backbone = MaskedVisionTransformerTIMM(vit=vit_small_patch16_224())\n" + HEAD, "return self.projection_head(self.backbone(images=x))", "from timm.models.vision_transformer import vit_small_patch16_224\nfrom lightly.models.modules import MaskedVisionTransformerTIMM\n"), 384),
    "lightly's ResNetGenerator": (model("resnet = ResNetGenerator('resnet-18')\nself.backbone = nn.Sequential(*list(resnet.children())[:-1], nn.AdaptiveAvgPool2d(1))\n" + HEAD, rest="from lightly.models import ResNetGenerator\n"), 512),
    # Building ----------------------------------------------------------------------------------------------------------
    "a loop that builds layers": (model("layers = []\nwidth = 3\nfor out in (32, 64, 96):\n    layers += [nn.Conv2d(width, out, 3), nn.BatchNorm2d(out), nn.ReLU()]\n    width = out\nself.backbone = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1))\n" + HEAD), 96),
    "a loop over zip": (model("sizes = [3, 32, 96]\nself.backbone = nn.Sequential(*[nn.Conv2d(a, b, 3) for a, b in zip(sizes[:-1], sizes[1:])], nn.AdaptiveAvgPool2d(1))\n" + HEAD), 96),
    "ModuleList": (model("self.backbone = nn.ModuleList([nn.Conv2d(3, 32, 3), nn.Conv2d(32, 96, 3)])\n" + HEAD, "for layer in self.backbone:\n    x = F.relu(layer(x))\nreturn self.projection_head(x.mean(dim=(2, 3)))"), 96),
    "ModuleDict": (model("self.backbone = nn.ModuleDict({{'a': nn.Conv2d(3, 32, 3), 'b': nn.Conv2d(32, 96, 3)}})\n" + HEAD, "x = self.backbone['b'](self.backbone['a'](x))\nreturn self.projection_head(x.mean(dim=(2, 3)))"), 96),
    "an OrderedDict": (model("self.backbone = nn.Sequential(OrderedDict([('conv', nn.Conv2d(3, 96, 3)), ('pool', nn.AdaptiveAvgPool2d(1))]))\n" + HEAD, rest="from collections import OrderedDict\n"), 96),
    "add_module": (model("self.backbone = nn.Sequential()\nself.backbone.add_module('conv', nn.Conv2d(3, 96, 3))\nself.backbone.add_module('pool', nn.AdaptiveAvgPool2d(1))\n" + HEAD), 96),
    "append": (model("self.backbone = nn.Sequential(nn.Conv2d(3, 96, 3))\nself.backbone.append(nn.AdaptiveAvgPool2d(1))\n" + HEAD), 96),
    "setattr": (model(PLAIN + "setattr(self, 'projection_head', BYOLProjectionHead({H}, 1024, 256))"), 96),
    "a helper method": (model("self.backbone = self.make(96)\n" + HEAD + "\n", rest="").replace("    def forward", "    def make(self, width):\n        return nn.Sequential(nn.Conv2d(3, width, 3), nn.AdaptiveAvgPool2d(1))\n    def forward"), 96),
    "a static method": (model("self.backbone = self.make(96)\n" + HEAD).replace("    def forward", "    @staticmethod\n    def make(width):\n        return nn.Sequential(nn.Conv2d(3, width, 3), nn.AdaptiveAvgPool2d(1))\n    def forward"), 96),
    "a property": (model("self.backbone = nn.Sequential(nn.Conv2d(3, self.width, 3), nn.AdaptiveAvgPool2d(1))\n" + HEAD).replace("    def forward", "    @property\n    def width(self):\n        return 96\n    def forward"), 96),
    "a function of the file": (model("self.backbone = build(96)\n" + HEAD, rest="def build(width):\n    return nn.Sequential(nn.Conv2d(3, width, 3), nn.AdaptiveAvgPool2d(1))\n"), 96),
    "a module of the file": (model("self.backbone = Encoder(96)\n" + HEAD, "return self.projection_head(self.backbone(x))", "class Encoder(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n        self.conv = nn.Conv2d(3, width, 3)\n        self.pool = nn.AdaptiveAvgPool2d(1)\n    def forward(self, x):\n        return torch.flatten(self.pool(F.relu(self.conv(x))), 1)\n"), 96),
    "super with arguments": (model("self.backbone = Encoder(96)\n" + HEAD, rest="class Base(nn.Module):\n    def __init__(self, width):\n        super(Base, self).__init__()\n        self.conv = nn.Conv2d(3, width, 3)\n    def forward(self, x):\n        return self.conv(x).mean((2, 3))\nclass Encoder(Base):\n    def __init__(self, width):\n        super().__init__(width)\n"), 96),
    "super().forward": (model("self.backbone = Encoder()\n" + HEAD, rest="class Base(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.conv = nn.Conv2d(3, 96, 3)\n    def forward(self, x):\n        return self.conv(x)\nclass Encoder(Base):\n    def forward(self, x):\n        return super().forward(x).mean((2, 3))\n"), 96),
    "a subclass of Sequential": (model("self.backbone = Encoder()\n" + HEAD, rest="class Encoder(nn.Sequential):\n    def __init__(self):\n        super().__init__(nn.Conv2d(3, 96, 3), nn.AdaptiveAvgPool2d(1))\n"), 96),
    "a subclass of a head": (model(PLAIN + "self.projection_head = Head({H})", rest="class Head(BYOLProjectionHead):\n    def __init__(self, width):\n        super().__init__(width, 1024, 256)\n"), 96),
    "a sequence that a class fills": (model(PLAIN + "self.projection_head = Head({H})", rest="class Head(nn.Sequential):\n    def __init__(self, width):\n        super().__init__()\n        self.add_module('first', nn.Linear(width, 64))\n        self.norm = nn.BatchNorm1d(64)\n        self.append(nn.Linear(64, 32))\n"), 96),
    "a head that is a sequence": (model(PLAIN + "self.projection_head = Head({H}, 32)", rest="class Head(nn.Sequential):\n    def __init__(self, width, out):\n        super().__init__(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, out))\n"), 96),
    "a head that flattens first": (model(SEQUENTIAL + "self.projection_head = Head({H})", "return self.projection_head(self.backbone(x))", "class Head(BYOLProjectionHead):\n    def __init__(self, width):\n        super().__init__(width, 1024, 256)\n    def forward(self, x):\n        return super().forward(x.flatten(1))\n"), 512),
    "a copy of a backbone with a new end": (model(RESNET + "self.encoder = copy.deepcopy(self.backbone)\n" + HEAD, "return self.projection_head(self.encoder(x))"), 512),
    "hyperparameters that are saved": (model(PLAIN + "self.save_hyperparameters()\nself.projection_head = BYOLProjectionHead(self.hparams.width, 1024, 256)").replace("def __init__(self)", "def __init__(self, width={H})"), 96),
    "pooling by a function": (model("self.backbone = nn.Conv2d(3, 96, 3, 2, 1)\n" + HEAD, "x = F.max_pool2d(F.avg_pool2d(self.backbone(x), 2), kernel_size=3, stride=2, padding=1)\nreturn self.projection_head(x.mean((2, 3)))"), 96),
    "scaling by a function": (model("self.backbone = nn.Conv2d(3, 96, 3)\n" + HEAD, "x = F.interpolate(self.backbone(x), size=(7, 7), mode='bilinear')\nreturn self.projection_head(x.flatten(2).mean(2))"), 96),
    "gathered in a loop from an empty tensor": (model(SEQUENTIAL + HEAD, "out = torch.empty(0)\nfor part in parts(x):\n    out = torch.cat((out, self.backbone(x).flatten(1)))\nreturn self.projection_head(out)"), 512),
    "gathered in a loop from None": (model(SEQUENTIAL + HEAD, "out = None\nfor part in parts(x):\n    out = self.backbone(x).flatten(1)\nreturn self.projection_head(out)"), 512),
    "heads in a dict of modules": (model(PLAIN + "self.heads = nn.ModuleDict({{'projection_head': BYOLProjectionHead({H}, 1024, 256), 'predictor': nn.Linear(256, 256)}})", "return self.heads['predictor'](self.heads['projection_head'](self.backbone(x).flatten(1)))"), 96),
    "names with numbers filled in": (model("for i in range(2):\n    self.add_module('conv%d' % i, nn.Conv2d(96 if i else 3, 96, 3))\nsetattr(self, 'pool{}'.format(2), nn.AdaptiveAvgPool2d(1))\n" + HEAD, "x = self.pool2(self.conv1(self.conv0(x)))\nreturn self.projection_head(x.flatten(1))"), 96),
    "a dict of modules that is updated": (model("parts = nn.ModuleDict()\nparts.update({{'conv': nn.Conv2d(3, 96, 3), 'pool': nn.AdaptiveAvgPool2d(1)}})\nself.backbone = parts\n" + HEAD, "for name, part in self.backbone.items():\n    x = part(x)\nreturn self.projection_head(x.flatten(1))"), 96),
    "a residual block": (model("self.backbone = nn.Sequential(nn.Conv2d(3, 96, 3), Block(96), nn.AdaptiveAvgPool2d(1))\n" + HEAD, rest="class Block(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n        self.conv = nn.Conv2d(n, n, 3, padding=1)\n    def forward(self, x):\n        return x + self.conv(x)\n"), 96),
    "a method chain": (model(PLAIN.replace("self.backbone = ", "self.backbone = (").rstrip() + ").to('cpu').train()\n" + HEAD), 96),
    "a deep copy": (model("online = nn.Sequential(nn.Conv2d(3, 96, 3), nn.AdaptiveAvgPool2d(1))\nself.backbone = copy.deepcopy(online)\n" + HEAD), 96),
    "a hook of a base class": (model("self.setup_parts()\n").replace("    def forward", "    def setup_parts(self):\n        self.backbone = nn.Sequential(nn.Conv2d(3, 96, 3), nn.AdaptiveAvgPool2d(1))\n        self.projection_head = BYOLProjectionHead({H}, 1024, 256)\n    def forward"), 96),
    # Tensors -----------------------------------------------------------------------------------------------------------
    "view": (model(MAP + HEAD, "x = self.backbone(x)\nx = x.view(x.size(0), x.size(1), -1).mean(-1)\nreturn self.projection_head(x)"), 512),
    "reshape": (model(SEQUENTIAL + HEAD, "x = self.backbone(x)\nreturn self.projection_head(x.reshape(x.shape[0], -1))"), 512),
    "permute": (model(MAP + HEAD, "x = self.backbone(x).permute(0, 2, 3, 1)\nreturn self.projection_head(x.flatten(1, 2).mean(1))"), 512),
    "transpose": (model(MAP + HEAD, "x = self.backbone(x).flatten(2).transpose(1, 2)\nreturn self.projection_head(x[:, 0])"), 512),
    "squeeze": (model(SEQUENTIAL + HEAD, "return self.projection_head(self.backbone(x).squeeze(-1).squeeze(-1))"), 512),
    "max over an axis": (model(MAP + HEAD, "x, _ = self.backbone(x).flatten(2).max(dim=2)\nreturn self.projection_head(x)"), 512),
    "cat": (model(SEQUENTIAL + HEAD, "x = self.backbone(x).flatten(1)\nreturn self.projection_head(torch.cat([x, x], dim=1))"), 1024),
    "stack and mean": (model(SEQUENTIAL + HEAD, "x = self.backbone(x).flatten(1)\nreturn self.projection_head(torch.stack([x, x]).mean(0))"), 512),
    "chunk": (model(SEQUENTIAL + HEAD, "a, b = self.backbone(x).flatten(1).chunk(2, dim=1)\nreturn self.projection_head(a)"), 256),
    "split": (model(SEQUENTIAL + HEAD, "a, b = torch.split(self.backbone(x).flatten(1), [128, 384], dim=1)\nreturn self.projection_head(b)"), 384),
    "indexing": (model(MAP + HEAD, "return self.projection_head(self.backbone(x)[:, :, 0, 0])"), 512),
    "a slice": (model(SEQUENTIAL + HEAD, "return self.projection_head(self.backbone(x).flatten(1)[:, :100])"), 100),
    "an ellipsis": (model(MAP + HEAD, "return self.projection_head(self.backbone(x)[..., 0, 0])"), 512),
    "unsqueeze and squeeze": (model(SEQUENTIAL + HEAD, "x = self.backbone(x).flatten(1).unsqueeze(1)\nreturn self.projection_head(x.squeeze(1))"), 512),
    "matmul": (model(SEQUENTIAL + "self.weight = nn.Parameter(torch.randn(512, 96))\n" + HEAD, "return self.projection_head(self.backbone(x).flatten(1) @ self.weight)"), 96),
    "einsum": (model(SEQUENTIAL + HEAD, "x = self.backbone(x).flatten(1)\nreturn self.projection_head(torch.einsum('bd,de->be', x, torch.zeros(512, 96)))"), 96),
    "F functions": (model(MAP + HEAD, "x = F.adaptive_avg_pool2d(F.relu(self.backbone(x)), 1)\nreturn self.projection_head(F.normalize(torch.flatten(x, 1), dim=1))"), 512),
    "broadcasting": (model(SEQUENTIAL + HEAD, "x = self.backbone(x).flatten(1)\nreturn self.projection_head(x * torch.ones(1, 512) + 1)"), 512),
    "a tuple": (model(SEQUENTIAL + HEAD, "def both(x):\n    return x, x.flatten(1)\n_, flat = both(self.backbone(x))\nreturn self.projection_head(flat)"), 512),
    "a dict of tensors": (model(SEQUENTIAL + HEAD, "found = {{'features': self.backbone(x).flatten(1)}}\nreturn self.projection_head(found['features'])"), 512),
    "a list of views": (model(SEQUENTIAL + HEAD, "views = [x, x]\nreturn [self.projection_head(self.backbone(view).flatten(1)) for view in views]"), 512),
    "views in one batch": (model(SEQUENTIAL + HEAD, "both = self.backbone(torch.cat([x, x])).flatten(1)\na, b = both.chunk(2)\nreturn self.projection_head(a), self.projection_head(b)"), 512),
    "no_grad": (model(SEQUENTIAL + HEAD, "with torch.no_grad():\n    x = self.backbone(x).flatten(1)\nreturn self.projection_head(x)"), 512),
    "a branch on the unknown": (model(SEQUENTIAL + HEAD, "x = self.backbone(x)\nif self.training:\n    x = F.dropout(x)\nreturn self.projection_head(x.flatten(1))"), 512),
    "a raise on the unknown": (model(SEQUENTIAL + HEAD, "x = self.backbone(x).flatten(1)\nif x.isnan().any():\n    raise ValueError('nan')\nreturn self.projection_head(x)"), 512),
    "unflatten": (model(SEQUENTIAL + HEAD, "x = self.backbone(x).flatten(1).unflatten(1, (4, 128))\nreturn self.projection_head(x.mean(1))"), 128),
    "the head of a timm transformer replaced": (model("self.backbone = timm.create_model('vit_tiny_patch16_224', num_classes=64)\ndel self.backbone.head\nself.backbone.head = nn.Linear(192, 40)\n" + HEAD, rest="import timm\n"), 40),
    "a model by its name in torchvision's registry": (model("self.backbone = torchvision.models.get_model('resnet18', weights=None)\nself.backbone.fc = nn.Identity()\n" + HEAD), 512),
    "match with alternatives": (model("match ARCH:\n    case 'resnet50' | 'resnet101':\n        net = torchvision.models.resnet50()\n    case 'resnet18' | 'resnet34':\n        net = torchvision.models.resnet18()\n    case _:\n        raise ValueError(ARCH)\nnet.fc = nn.Identity()\nself.backbone = net\n" + HEAD, rest="ARCH = 'resnet34'\n"), 512),
    "the value of an enumeration": (model("self.backbone = getattr(torchvision.models, Arch.SMALL.value)()\nself.backbone.fc = nn.Identity()\n" + HEAD, rest="import enum\nclass Arch(str, enum.Enum):\n    SMALL = 'resnet18'\n    LARGE = 'resnet50'\n"), 512),
    "a default factory": (model("config = Config()\nself.backbone = nn.Sequential(nn.Conv2d(3, config.sizes.widths[1], 3), nn.AdaptiveAvgPool2d(1))\n" + HEAD, rest="from dataclasses import dataclass, field\n@dataclass\nclass Sizes:\n    widths: list = field(default_factory=lambda: [32, 96])\n@dataclass\nclass Config:\n    sizes: Sizes = field(default_factory=Sizes)\n"), 96),
    "what is selected from a config, or its default": (model("cfg.sizes = OmegaConf.select(cfg, 'sizes', default={{}})\nwidth = OmegaConf.select(cfg, 'sizes.wide', default=96)\nself.backbone = nn.Sequential(nn.Conv2d(3, width if cfg.sizes != 'None' else 5, 3), nn.AdaptiveAvgPool2d(1))\n" + HEAD, rest="from omegaconf import OmegaConf\ncfg = OmegaConf.create({{'depth': 3}})\n"), 96),
    "a dict that is put into a config": (model("self.backbone = nn.Sequential(nn.Conv2d(3, cfg.sizes.inner.wide, 3), nn.AdaptiveAvgPool2d(1))\n" + HEAD, rest="from omegaconf import OmegaConf\nsizes = {{'inner': {{'wide': 96}}}}\ncfg = OmegaConf.create({{'depth': 3}})\ncfg.sizes = sizes\nsizes['inner']['wide'] = 11\n"), 96),
    "a number that a config still misses": (model("wide = 11 if OmegaConf.is_missing(cfg, 'wide') else 5\nwide = 5 if OmegaConf.is_missing(cfg, 'deep') else wide\nself.backbone = nn.Sequential(nn.Conv2d(3, wide, 3), nn.AdaptiveAvgPool2d(1))\n" + HEAD, rest="from omegaconf import OmegaConf\ncfg = OmegaConf.create({{'wide': '???'}})\n"), 11),
    "the channels that a resnet ends with": (model("self.backbone = nn.Sequential(nn.Conv2d(3, torchvision.models.resnet34().inplanes, 3), nn.AdaptiveAvgPool2d(1))\n" + HEAD), 512),
    "views of a loader that may be one": (model(SEQUENTIAL + HEAD).replace("    def forward", "    def training_step(self, batch, index):\n        _, views, labels = batch\n        views = [views] if isinstance(views, torch.Tensor) else views\n        outs = [self.project(view) for view in views[:2]]\n        return {{'loss': outs[0].mean(), **{{name: [out[name] for out in [{{'z': outs[0]}}]] for name in ['z']}}}}\n    def project"), 512),
}  # fmt: skip
