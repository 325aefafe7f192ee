"""Backbones of random training scripts, in the styles that people use."""

from __future__ import annotations

import random
from collections.abc import Callable

from draft_parts import Draft, Part, once


def _residual(draft: Draft, chance: random.Random, size: int) -> Part:
    width = chance.choice([48, 64, 96])
    draft.helpers.append(
        "class Block(nn.Module):\n    def __init__(self, inside, outside, stride=1):\n        super().__init__()\n"
        "        self.conv1 = nn.Conv2d(inside, outside, 3, stride=stride, padding=1, bias=False)\n"
        "        self.bn1 = nn.BatchNorm2d(outside)\n"
        "        self.conv2 = nn.Conv2d(outside, outside, 3, padding=1)\n        self.bn2 = nn.BatchNorm2d(outside)\n"
        "        self.shortcut = nn.Sequential()\n        if stride != 1 or inside != outside:\n"
        "            self.shortcut = nn.Sequential(nn.Conv2d(inside, outside, 1, stride), nn.BatchNorm2d(outside))\n\n"
        "    def forward(self, x):\n        out = F.relu(self.bn1(self.conv1(x)))\n"
        "        return F.relu(self.bn2(self.conv2(out)) + self.shortcut(x))\n"
    )
    draft.helpers.append(
        "class Encoder(nn.Module):\n    def __init__(self, width, blocks=(1, 2)):\n        super().__init__()\n"
        "        self.width = 24\n        self.stem = nn.Conv2d(3, <24>, 3, 2, 1)\n"
        "        self.stages = nn.Sequential(self._stage(32, blocks[0]), self._stage(width, blocks[1]))\n"
        "        self.pool = nn.AdaptiveAvgPool2d(1)\n\n"
        "    def _stage(self, width, count):\n        layers = []\n        for stride in [2] + [1] * (count - 1):\n"
        "            layers.append(Block(self.width, width, stride))\n            self.width = width\n"
        "        return nn.Sequential(*layers)\n\n"
        "    def forward(self, x):\n        x = self.stages(self.stem(x))\n        x = {{self.pool(x)|x}}\n"
        "        return {{torch.flatten(x, 1)|x}}\n"
    )
    return Part(f"Encoder(<{width}>)", width)


def _resnet(draft: Draft, chance: random.Random, size: int) -> Part:
    name = chance.choice(["resnet18", "resnet34"])
    made = chance.choice(
        [f"torchvision.models.{name}()", f"models.__dict__['{name}']()", f"getattr(models, '{name}')(weights=None)"]
    )
    if chance.random() < 0.3:
        width = chance.choice([128, 200, 256])
        return Part(f"models.{name}(num_classes=<{width}>)", width)
    if chance.random() < 0.4:
        draft.init.append(f"resnet = {made}")
        draft.init.append("resnet.fc = {{nn.Identity()|resnet.fc}}")
        return Part("resnet", 512)
    if chance.random() < 0.5:
        draft.init.append(f"resnet = {made}")
        call = chance.choice(
            [
                "{{self.$(%).flatten(1)|self.$(%)}}",
                "{{torch.flatten(self.$(%), start_dim=1)|self.$(%)}}",
                "self.$(%).view(%.size(0), -1)",
                "self.$(%).squeeze(-1).squeeze(-1)",
                "self.$(%)[:, :, 0, 0]",
            ]
        )
        return Part("nn.Sequential(*list(resnet.children())[:-1])", 512, call)
    draft.init.append(f"resnet = {made}")
    call = chance.choice(
        [
            "self.$(%).mean(dim=(2, 3))",
            "F.adaptive_avg_pool2d(self.$(%), 1).flatten(1)",
            "self.$(%).flatten(2).mean(-1)",
            "self.$(%).amax((-2, -1))",
            "torch.mean(self.$(%), [2, 3])",
            "self.$(%).permute(0, 2, 3, 1).mean((1, 2))",
        ]
    )
    return Part("nn.Sequential(*list(resnet.children())[:-2])", 512, call)


def _convolutions(draft: Draft, chance: random.Random, size: int) -> Part:
    widths = [3, *chance.choices([16, 24, 32, 48], k=chance.choice([1, 2])), chance.choice([40, 64, 80])]
    numbers = "[" + ", ".join(f"<{width}>" if width != 3 else "3" for width in widths) + "]"
    draft.init.append(f"widths = {numbers}")
    draft.init.append("layers = []")
    loop = chance.choice(
        [
            "for before, after in zip(widths[:-1], widths[1:]):",
            "for before, after in zip(widths, widths[1:]):",
        ]
    )
    draft.init.append(loop)
    draft.init.append(
        "    layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU()]"
    )
    ends = [
        (widths[-1], "{{nn.AdaptiveAvgPool2d(1)|nn.Identity()}}, {{nn.Flatten()|nn.Identity()}}"),
        (widths[-1], "nn.AdaptiveAvgPool2d((1, 1)), {{nn.Flatten(1)|nn.Identity()}}"),
        (widths[-1] * (size // 2 ** (len(widths) - 1)) ** 2, "nn.Flatten()"),
        (widths[-1] * 4, "nn.AdaptiveMaxPool2d(2), nn.Flatten()"),
    ]
    width, end = chance.choice(ends)
    return Part(f"nn.Sequential(*layers, {end})", width)


def _patches(draft: Draft, chance: random.Random, size: int) -> Part:
    width, patch = chance.choice([(48, 8), (64, 16), (96, 8)])
    pick = chance.choice(["x[:, 0]", "x.mean(dim=1)", "x[:, 1:].mean(1)", "self.norm(x)[:, 0]"])
    draft.helpers.append(
        "class Transformer(nn.Module):\n    def __init__(self, width, patch=8, depth=1):\n        super().__init__()\n"
        "        self.patches = nn.Conv2d(3, width, kernel_size=patch, stride=patch)\n"
        "        self.token = nn.Parameter(torch.zeros(1, 1, width))\n"
        f"        self.places = nn.Parameter(torch.zeros(1, ({size} // patch) ** 2 + 1, width))\n"
        "        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, batch_first=True)\n"
        "        self.blocks = nn.TransformerEncoder(layer, depth)\n        self.norm = nn.LayerNorm(<"
        f"{width}>)\n\n"
        "    def forward(self, x):\n        x = self.patches(x).flatten(2).transpose(1, 2)\n"
        "        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1)\n"
        f"        x = self.blocks(x + self.places)\n        return {pick}\n"
    )
    return Part(f"Transformer(<{width}>, patch={patch})", width)


def _small(draft: Draft, chance: random.Random, size: int) -> Part:
    """Return a model whose classifier is removed in another way."""
    way = chance.randrange(4)
    if way == 0:
        draft.init.append("mobile = models.mobilenet_v3_small()")
        draft.init.append("mobile.classifier = {{nn.Identity()|mobile.classifier}}")
        return Part("mobile", 576)
    if way == 1:
        draft.init.append("mobile = models.mobilenet_v3_small()")
        draft.init.append("mobile.classifier[3] = {{nn.Identity()|mobile.classifier[3]}}")
        return Part("mobile", 1024)
    if way == 2:
        draft.init.append("shuffle = models.shufflenet_v2_x0_5(weights=None)")
        draft.init.append("width = shuffle.fc.in_features")
        draft.init.append("shuffle.fc = nn.Linear(width, <96>)")
        return Part("shuffle", 96)
    draft.init.append("squeeze = models.squeezenet1_1().features")
    return Part("squeeze", 512, "{{self.$(%).mean((2, 3))|self.$(%)}}")


def _stem(draft: Draft, chance: random.Random, size: int) -> Part:
    """Return a ResNet adapted to small images, or one that is taken apart."""
    if chance.random() < 0.5:
        draft.init.append("resnet = models.resnet18()")
        draft.init.append("resnet.conv1 = nn.Conv2d(3, <64>, kernel_size=3, stride=1, padding=1, bias=False)")
        draft.init.append("resnet.maxpool = nn.Identity()")
        draft.init.append("resnet.fc = nn.Identity()")
        return Part("resnet", 512)
    once(
        draft,
        """class Apart(nn.Module):
    def __init__(self, net, width):
        super().__init__()
        self.stem = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
        self.layer1, self.layer2 = net.layer1, net.layer2
        self.reduce = nn.Conv2d(<128>, width, 1)
        self.pool = nn.AdaptiveAvgPool2d((1, 1))

    def forward(self, x):
        x = self.stem(x)
        x = self.layer2(self.layer1(x))
        x = self.pool(self.reduce(x))
        return x.flatten(start_dim=1)
""",
    )
    return Part("Apart(models.resnet18(), <96>)", 96)


def _registry(draft: Draft, chance: random.Random, size: int) -> Part:
    draft.helpers.append(
        """def tiny(width=48):
    layers = [nn.Conv2d(3, width, 5, stride=4), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


ENCODERS = {"resnet18": (models.resnet18, 512), "resnet34": (models.resnet34, 512), "tiny": (tiny, 48)}


def create(name, **kwargs):
    function, width = ENCODERS[name]
    net = function(**kwargs)
    if hasattr(net, "fc"):
        net.fc = nn.Identity()
    return net
"""
    )
    if chance.random() < 0.5:
        return Part("create('tiny', width=<56>)", 56)
    return Part("create('resnet18')", 512)


BACKBONES: list[Callable[[Draft, random.Random, int], Part]] = [
    _residual,
    _resnet,
    _resnet,
    _convolutions,
    _patches,
    _small,
    _stem,
    _registry,
]
