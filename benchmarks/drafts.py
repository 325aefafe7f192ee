"""Random training scripts, as people write them: every part in one of several idioms, every number in one of several
spellings. None of it knows what shapelint says; a script ends by running the model, so that real torch can judge it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from draft_backbones import BACKBONES
from draft_heads import HEADS
from draft_parts import NUMBER, STEP, Draft, once

HEADER = """import argparse
import copy
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
import torchvision
from lightly.loss import NegativeCosineSimilarity
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
from torch import nn
from torchvision import models
"""


LOSSES = [
    "NegativeCosineSimilarity()(p, z)",
    "F.mse_loss(F.normalize(p, dim=-1), F.normalize(z, dim=-1))",
    "-F.cosine_similarity(p, z.detach(), dim=-1).mean()",
    "regression(p, z)",
]


def draw(chance: random.Random) -> str:
    """A script that runs, with its marks for numbers and steps."""
    draft = Draft()
    size = chance.choice([32, 64])
    backbone = chance.choice(BACKBONES)(draft, chance, size)
    hidden, outside, inner = chance.choice([96, 128, 160]), chance.choice([64, 72, 128]), chance.choice([48, 64, 112])
    projection = chance.choice(HEADS)(draft, chance, backbone.width, hidden, outside)
    prediction = chance.choice(HEADS)(draft, chance, outside, inner, outside)
    names = chance.choice(
        [
            ("backbone", "projection_head", "prediction_head"),
            ("encoder", "projector", "predictor"),
            ("online_encoder", "online_projector", "online_predictor"),
            ("net", "projection", "prediction"),
        ]
    )
    draft.init += [f"self.{names[0]} = {backbone.build}", f"self.{names[1]} = {projection.build}"]
    draft.init.append(f"self.{names[2]} = {prediction.build}")
    draft.init += [f"self.target_{names[0]} = copy.deepcopy(self.{names[0]})"]
    draft.init += [f"self.target_{names[1]} = copy.deepcopy(self.{names[1]})"]

    def features(name: str) -> str:
        return backbone.call.replace("{name}", name).replace("$", name).replace("{x}", "x").replace("%", "x")

    loss = chance.choice(LOSSES)
    if "regression" in loss:
        once(
            draft,
            "def regression(x, y):\n    x, y = F.normalize(x, dim=-1), F.normalize(y, dim=-1)\n"
            "    return (2 - 2 * (x * y).sum(dim=-1)).mean()\n",
        )
    init = "\n".join(f"        {line}" for line in draft.init)
    model = (
        f"class BYOL(nn.Module):\n    def __init__(self):\n        super().__init__()\n{init}\n\n"
        f"    def forward(self, x):\n        h = {features(names[0])}\n"
        f"        return self.{names[2]}(self.{names[1]}(h))\n\n"
        f"    @torch.no_grad()\n    def target(self, x):\n        h = {features('target_' + names[0])}\n"
        f"        return self.target_{names[1]}(h)\n"
    )
    end = (
        "def main():\n    model = BYOL()\n"
        f"    x0, x1 = torch.rand(4, 3, {size}, {size}), torch.rand(4, 3, {size}, {size})\n"
        f"    p, z = model(x0), model.target(x1)\n    loss = {loss}\n    loss.backward()\n\n\n"
        'if __name__ == "__main__":\n    main()\n'
    )
    return "\n\n".join([HEADER, *draft.helpers, model, end])


def spell(text: str, chance: random.Random) -> str:
    """Every number in one of the spellings that people use, every step taken."""
    constants: list[str] = []

    def one(match: re.Match[str]) -> str:
        number, name = match[1], f"WIDTH_{len(constants)}"
        way = chance.randrange(8)
        if way == 0:
            constants.append(f"{name} = {number}")
            return name
        if way == 1:
            constants.append(f"{name} = {{'width': {number}, 'other': 7}}")
            return f"{name}['width']"
        if way == 2 and int(number) % 8 == 0:
            return f"{int(number) // 8} * 8"
        if way == 3:
            constants.append(
                f"parser_{len(constants)} = argparse.ArgumentParser()\n"
                f"parser_{len(constants)}.add_argument('--the-width', default={number}, type=int)\n"
                f"{name} = parser_{len(constants)}.parse_args([])"
            )
            return f"{name}.the_width"
        if way == 4:
            constants.append(
                f"@dataclass\nclass Settings{len(constants)}:\n    width: int = {number}\n\n\n{name} = Settings{len(constants)}()"
            )
            return f"{name}.width"
        return number

    body = NUMBER.sub(one, STEP.sub(lambda match: match[1], text))
    return body.replace(HEADER, HEADER + "\n" + "\n".join(constants) + "\n", 1) if constants else body


def variants(text: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    """What was changed, and the changed text: nothing, one number, or one step that is left out."""
    yield "nothing", text
    numbers, steps = list(NUMBER.finditer(text)), list(STEP.finditer(text))
    for match in chance.sample(numbers, min(2, len(numbers))):
        old = int(match[1])
        new = chance.choice([old * 2, old // 2, old + 8, *(int(other[1]) for other in numbers)])
        yield f"{old} -> {new}", f"{text[: match.start()]}<{new}>{text[match.end() :]}"
    if steps and chance.random() < 0.7:
        match = chance.choice(steps)
        yield f"without {match[1]}", f"{text[: match.start()]}{match[2]}{text[match.end() :]}"
