"""Recipes of small self-supervised models, as a config and in real torch, and one training step of their method.

The steps follow lightly's examples (`examples/pytorch/` of its repository). They are independent of shapelint.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import lightly.loss
import torch
import torchvision
from lightly.models import modules
from lightly.models.modules import heads
from lightly.models.utils import update_momentum
from torch import Tensor, nn

NAMESPACE: dict[str, Any] = {
    **vars(nn),
    **{name: value for name, value in vars(heads).items() if isinstance(value, type)},
    **{name: value for name, value in vars(lightly.loss).items() if isinstance(value, type)},
    "torchvision": torchvision,
}

DEFAULT_LOSSES = {
    "byol": "NegativeCosineSimilarity()",
    "simsiam": "NegativeCosineSimilarity()",
    "simclr": "NTXentLoss()",
    "moco": "NTXentLoss()",
    "barlowtwins": "BarlowTwinsLoss()",
    "vicreg": "VICRegLoss()",
    "nnclr": "NTXentLoss()",
    "tico": "TiCoLoss()",
    "mmcr": "MMCRLoss()",
    "densecl": "NTXentLoss()",
    "dcl": "DCLLoss()",
    "fastsiam": "NegativeCosineSimilarity()",
    "pmsn": "PMSNLoss()",
}
WITH_TARGET = frozenset({"byol", "moco", "dino", "tico", "mmcr", "smog", "densecl", "msn", "pmsn"})
WITH_PREDICTION = frozenset({"byol", "simsiam", "fastsiam", "nnclr", "smog"})


@dataclass(frozen=True)
class Recipe:
    """A model in terms of a config; `target` is "", "alias", or components by role. Banks are (size, width)."""

    method: str
    backbone: str
    heads: Mapping[str, str]
    image: tuple[int, int, int] = (3, 16, 16)
    size_is_open: bool = False
    batch: int = 4
    samples: int | None = None
    loss: str = ""
    bank: tuple[int, int] | None = None
    target: str | Mapping[str, str] = ""
    hidden_layer: str | int | None = None
    checkpoint: str = ""

    def config(self) -> str:
        """Return the recipe as YAML."""
        lines = [f"method: {self.method}"]
        channels, height, width = self.image
        size = f"{{channels: {channels}}}" if self.size_is_open else f"[{channels}, {height}, {width}]"
        lines.append(f"input: {size}")
        lines.append(f"batch_size: {self.batch}")
        if self.samples is not None:
            lines.append(f"dataset_size: {self.samples}")
        lines += [f"backbone: {self.backbone}", *(f"{role}: {text}" for role, text in self.heads.items())]
        lines += [f"{key}: {text}" for key, text in (("loss", self.loss), ("checkpoint", self.checkpoint)) if text]
        if self.hidden_layer is not None:
            lines.append(f"hidden_layer: {self.hidden_layer}")
        if self.bank is not None:
            lines.append(f"{self.bank_name}: [{self.bank[0]}, {self.bank[1]}]")
        if isinstance(self.target, str):
            lines += [f"target: {self.target}"] if self.target else []
        else:
            lines += ["target:", *(f"  {role}: {text}" for role, text in self.target.items())]
        return "\n".join(lines) + "\n"

    @property
    def bank_name(self) -> str:
        """Return the method's name for its stored vectors."""
        return {"swav": "queue", "msn": "prototypes", "pmsn": "prototypes", "smog": "prototypes"}.get(
            self.method, "memory_bank"
        )


@dataclass
class Run:
    """The result of a step: `error` is the exception, `operands` those of the loss, `inputs` those of each head.

    `center_width` is the width of DINO's center before it was broadcast to that of the scores, `loaded` the number of
    tensors loaded from a checkpoint.
    """

    error: Exception | None = None
    operands: tuple[Tensor, Tensor] | None = None
    criterion: nn.Module | None = None
    center_width: int | None = None
    loaded: int | None = None
    inputs: dict[str, Tensor] = field(default_factory=dict)
    outputs: dict[str, Tensor] = field(default_factory=dict)
    parts: dict[str, nn.Module] = field(default_factory=dict)
    target: dict[str, nn.Module] = field(default_factory=dict)


def build(text: str) -> nn.Module:
    """Build a component: a list of layers, a call, or the bare name of a torchvision model (without its classifier)."""
    if text.startswith("["):
        return nn.Sequential(*eval(text, NAMESPACE))
    if "(" in text:
        return eval(text, NAMESPACE)  # type: ignore[no-any-return]
    model: nn.Module = getattr(torchvision.models, text)(weights=None)
    model.fc = nn.Identity()
    return model


def train(recipe: Recipe, batches: tuple[int, ...] | None = None, image: tuple[int, int, int] | None = None) -> Run:
    """Build the model and train it for a step on each batch; the first error is kept."""
    run = Run()
    try:
        _Trainer(recipe, run).train(batches or batches_of(recipe), image or recipe.image)
    except Exception as error:
        run.error = error
    return run


def batches_of(recipe: Recipe) -> tuple[int, ...]:
    """Return the batch sizes of an epoch: a full batch, and the rest."""
    rest = recipe.samples % recipe.batch if recipe.samples else 0
    return (recipe.batch, rest) if rest else (recipe.batch,)


class _Trainer:
    def __init__(self, recipe: Recipe, run: Run):
        self.recipe, self.run = recipe, run
        self.parts = {"backbone": build(recipe.backbone)}
        self.parts.update({role: build(text) for role, text in recipe.heads.items()})
        self.target = self.build_target() if recipe.method in WITH_TARGET else {}
        self.criterion = self.build_loss()
        self.bank = self.build_bank()
        self.hook: list[Tensor] = []
        run.parts, run.target, run.criterion = self.parts, self.target, self.criterion
        center = getattr(self.criterion, "center", None)
        run.center_width = center.shape[-1] if center is not None else None

    def build_target(self) -> dict[str, nn.Module]:
        copied = {role: part for role, part in self.parts.items() if role != "prediction_head"}
        if self.recipe.target == "alias":
            return copied
        own = {} if isinstance(self.recipe.target, str) else self.recipe.target
        # A DINO head cannot be copied (it uses the old weight norm); lightly's example builds it a second time.
        anew = {role: text for role, text in self.recipe.heads.items() if self.recipe.method == "dino"}
        texts = {**anew, **own}
        return {role: build(texts[role]) if role in texts else copy.deepcopy(part) for role, part in copied.items()}

    def build_loss(self) -> nn.Module:
        method = self.recipe.method
        text = self.recipe.loss or DEFAULT_LOSSES.get(method, "")
        if method in ("moco", "densecl") and self.recipe.bank is not None:
            text = f"NTXentLoss(memory_bank_size={self.recipe.bank})"
        if text:
            return build(text)
        if method == "dino":
            return lightly.loss.DINOLoss(output_dim=self.parts["projection_head"].last_layer.out_features)
        return {"swav": lightly.loss.SwaVLoss, "smog": nn.CrossEntropyLoss, "msn": lightly.loss.MSNLoss}[method]()

    def build_bank(self) -> Any:
        size = self.recipe.bank
        if size is None:
            return None
        if self.recipe.method == "nnclr":
            return modules.NNMemoryBankModule(size=size)
        if self.recipe.method == "swav":
            return [modules.memory_bank.MemoryBankModule(size=size) for _ in range(2)]
        if self.recipe.method == "smog":
            return modules.SMoGPrototypes(torch.rand(size), beta=0.99)
        return torch.rand(size)

    def train(self, batches: tuple[int, ...], image: tuple[int, int, int]) -> None:
        if self.recipe.checkpoint:
            self.load(self.recipe.checkpoint)
        if self.recipe.hidden_layer is not None:
            self.register(self.recipe.hidden_layer)
        for batch in batches:
            images = torch.rand(2, batch, *image)
            loss = STEPS[self.recipe.method](self, images[0], images[1])
            loss.sum().backward()
            with torch.no_grad():
                for role, part in self.target.items():
                    if list(part.parameters()):
                        update_momentum(self.parts[role], part, m=0.9)

    def load(self, path: str) -> None:
        """Load a checkpoint of the whole model, or of the backbone, as with `strict=False`."""
        state = torch.load(path, weights_only=True)
        whole = any(key.partition(".")[0] in self.parts for key in state)
        module = nn.ModuleDict(self.parts) if whole else self.parts["backbone"]
        result = module.load_state_dict(state, strict=False)
        self.run.loaded = len(state) - len(result.unexpected_keys)

    def register(self, layer: str | int) -> None:
        """Use the flattened output of a layer as features, like byol-pytorch."""
        for net in (self.parts["backbone"], self.target.get("backbone")):
            if net is not None:
                children = [*net.children()]
                module = children[layer] if isinstance(layer, int) else dict(net.named_modules())[layer]
                module.register_forward_hook(lambda _m, _i, output: self.hook.append(output.flatten(1)))

    def features(self, x: Tensor, target: bool = False) -> Tensor:
        self.hook.clear()
        net = self.target["backbone"] if target else self.parts["backbone"]
        output = net(x)
        return self.hook[-1] if self.recipe.hidden_layer is not None else output

    def head(self, role: str, x: Tensor, target: bool = False) -> Tensor:
        output: Tensor = (self.target if target else self.parts)[role](x)
        if not target:
            self.run.inputs[role], self.run.outputs[role] = x, output
        return output

    def project(self, x: Tensor, target: bool = False) -> Tensor:
        features = self.features(x, target)
        return self.head("projection_head", features, target) if "projection_head" in self.parts else features

    def compare(self, left: Tensor, right: Tensor) -> Tensor:
        self.run.operands = (left, right)
        return self.criterion(left, right)  # type: ignore[no-any-return]


def _byol(trainer: _Trainer, x0: Tensor, x1: Tensor) -> Tensor:
    prediction = trainer.head("prediction_head", trainer.project(x0)) if "prediction_head" in trainer.parts else None
    with torch.no_grad():
        target = trainer.project(x1, target=True)
    if prediction is None:
        return trainer.project(x0).sum() + target.sum()
    return trainer.compare(prediction, target)


def _simsiam(trainer: _Trainer, x0: Tensor, x1: Tensor) -> Tensor:
    prediction = trainer.head("prediction_head", trainer.project(x0))
    return trainer.compare(prediction, trainer.project(x1).detach())


def _fastsiam(trainer: _Trainer, x0: Tensor, x1: Tensor) -> Tensor:
    views = (x0, x1, x1.flip(-1))
    prediction = trainer.head("prediction_head", trainer.project(views[0]))
    others = torch.stack([trainer.project(view).detach() for view in views[1:]])
    return trainer.compare(prediction, others.mean(dim=0))


def _two_views(trainer: _Trainer, x0: Tensor, x1: Tensor) -> Tensor:
    return trainer.compare(trainer.project(x0), trainer.project(x1))


def _momentum(trainer: _Trainer, x0: Tensor, x1: Tensor) -> Tensor:
    with torch.no_grad():
        key = trainer.project(x1, target=True)
    return trainer.compare(trainer.project(x0), key)


def _swav(trainer: _Trainer, x0: Tensor, x1: Tensor) -> Tensor:
    features = [nn.functional.normalize(trainer.project(x), dim=1) for x in (x0, x1)]
    queues = None
    if trainer.bank is not None:
        stored = [bank(view, update=True)[1].permute(1, 0) for bank, view in zip(trainer.bank, features)]
        queues = [trainer.parts["prototypes"](view) for view in stored]
    scores = [trainer.head("prototypes", view) for view in features]
    return trainer.criterion(scores, [], queues)  # type: ignore[no-any-return]


def _dino(trainer: _Trainer, x0: Tensor, x1: Tensor) -> Tensor:
    with torch.no_grad():
        teacher = [trainer.project(x, target=True) for x in (x0, x1)]
    student = [trainer.project(x) for x in (x0, x1)]
    trainer.run.operands = (student[0], teacher[0])
    return trainer.criterion(teacher, student, epoch=0)  # type: ignore[no-any-return]


def _nnclr(trainer: _Trainer, x0: Tensor, x1: Tensor) -> Tensor:
    z0 = trainer.project(x0)
    prediction = trainer.head("prediction_head", trainer.project(x1))
    neighbour = trainer.bank(z0.detach(), update=True) if trainer.bank is not None else z0.detach()
    return trainer.compare(prediction, neighbour)


def _mmcr(trainer: _Trainer, x0: Tensor, x1: Tensor) -> Tensor:
    online = torch.stack([trainer.project(x) for x in (x0, x1)], dim=1)
    with torch.no_grad():
        momentum = torch.stack([trainer.project(x, target=True) for x in (x0, x1)], dim=1)
    return trainer.compare(online, momentum)


def _smog(trainer: _Trainer, x0: Tensor, x1: Tensor) -> Tensor:
    prediction = trainer.head("prediction_head", trainer.project(x1))
    with torch.no_grad():
        encoded = trainer.project(x0, target=True)
    if trainer.bank is None:
        return prediction.sum()
    groups = trainer.bank.get_updated_group_features(encoded)
    return trainer.criterion(trainer.bank(prediction, groups), trainer.bank.assign_groups(encoded))  # type: ignore[no-any-return]


def _densecl(trainer: _Trainer, x0: Tensor, x1: Tensor) -> Tensor:
    def both(x: Tensor, target: bool) -> tuple[Tensor, Tensor]:
        features = trainer.features(x, target)
        pooled = nn.functional.adaptive_avg_pool2d(features, 1).flatten(1)
        places = features.flatten(start_dim=2).permute(0, 2, 1)
        local = trainer.head("local_projection_head", places, target).flatten(end_dim=1)
        return trainer.head("projection_head", pooled, target), local

    with torch.no_grad():
        key, key_local = both(x1, target=True)
    query, query_local = both(x0, target=False)
    return trainer.compare(query, key) + lightly.loss.NTXentLoss()(query_local, key_local)  # type: ignore[no-any-return]


def _msn(trainer: _Trainer, x0: Tensor, x1: Tensor) -> Tensor:
    with torch.no_grad():
        target = trainer.project(x1, target=True)
    anchor = trainer.project(x0)
    if trainer.bank is None:
        return anchor.sum() + target.sum()
    return trainer.criterion(anchor, target, trainer.bank)  # type: ignore[no-any-return]


STEPS: dict[str, Callable[[_Trainer, Tensor, Tensor], Tensor]] = {
    "byol": _byol,
    "simsiam": _simsiam,
    "simclr": _two_views,
    "barlowtwins": _two_views,
    "vicreg": _two_views,
    "moco": _momentum,
    "tico": _momentum,
    "swav": _swav,
    "dino": _dino,
    "nnclr": _nnclr,
    "mmcr": _mmcr,
    "smog": _smog,
    "densecl": _densecl,
    "msn": _msn,
    "pmsn": _msn,
    "dcl": _two_views,
    "fastsiam": _fastsiam,
}
