"""Random training scripts as people write them: each part in one of several styles, each number in one of several ways.

They are independent of shapelint's verdict; a script ends by running the model, so that real torch can judge it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from draft_backbones import BACKBONES
from draft_heads import HEADS
from draft_parts import NUMBER, STEP, Draft, once
from draft_wirings import SPELLINGS, WIRINGS, Wiring

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


REGRESSION = """def regression(x, y):
    x, y = F.normalize(x, dim=-1), F.normalize(y, dim=-1)
    return (2 - 2 * (x * y).sum(dim=-1)).mean()
"""


def draw(chance: random.Random) -> str:
    """Return a script that runs, with marks for numbers and steps."""
    draft = Draft()
    size = chance.choice([32, 64])
    backbone = chance.choice(BACKBONES)(draft, chance, size)
    hidden, outside, inner = chance.choice([96, 128, 160]), chance.choice([64, 72, 128]), chance.choice([48, 64, 112])
    projection = chance.choice(HEADS)(draft, chance, backbone.width, hidden, outside)
    prediction = chance.choice(HEADS)(draft, chance, outside, inner, outside)
    loss = chance.choice(LOSSES)
    if "regression" in loss:
        once(draft, REGRESSION)
    model = chance.choice(WIRINGS)(Wiring(draft, chance.choice(SPELLINGS), backbone, projection, prediction))
    main = f"""def main():
    x0, x1 = torch.rand(4, 3, {size}, {size}), torch.rand(4, 3, {size}, {size})
    p, z = run(x0, x1)
    loss = {loss}
    loss.backward()


if __name__ == "__main__":
    main()
"""
    return "\n\n".join([HEADER, *draft.helpers, model, main])


def spell(text: str, chance: random.Random) -> str:
    """Write every number in one of the forms that people use, and keep every step."""
    constants: list[str] = []

    def one(match: re.Match[str]) -> str:
        number, name = match[1] + match[2], f"WIDTH_{len(constants)}"
        way = chance.randrange(8)
        if way == 0:
            constants.append(f"{name} = {number}")
            return name
        if way == 1:
            constants.append(f"{name} = {{'width': {number}, 'other': 7}}")
            return f"{name}['width']"
        if way == 2 and int(match[1]) % 8 == 0:
            return f"{int(match[1]) // 8}{match[2]} * 8"
        if way == 3:
            constants.append(
                f"parser_{len(constants)} = argparse.ArgumentParser()\n"
                f"parser_{len(constants)}.add_argument('--the-width', default={number}, type=int)\n"
                f"{name} = parser_{len(constants)}.parse_args([])"
            )
            return f"{name}.the_width"
        if way == 4:
            settings = f"Settings{len(constants)}"
            constants.append(f"@dataclass\nclass {settings}:\n    width: int = {number}\n\n\n{name} = {settings}()")
            return f"{name}.width"
        return number

    body = NUMBER.sub(one, STEP.sub(lambda match: match[1], text))
    return body.replace(HEADER, HEADER + "\n" + "\n".join(constants) + "\n", 1) if constants else body


def variants(text: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield changed scripts, each with what was changed: nothing, one number, or one omitted step."""
    yield "nothing", text
    numbers, steps = list(NUMBER.finditer(text)), list(STEP.finditer(text))
    for match in chance.sample(numbers, min(2, len(numbers))):
        old = int(match[1])
        new = chance.choice([old * 2, old // 2, old + 8, *(int(other[1]) for other in numbers)])
        yield f"{old} -> {new}", f"{text[: match.start()]}<{new}¤>{text[match.end() :]}"
    if steps and chance.random() < 0.7:
        match = chance.choice(steps)
        yield f"without {match[1]}", f"{text[: match.start()]}{match[2]}¤{text[match.end() :]}"
