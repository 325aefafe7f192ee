"""Wirings of random training scripts, in the styles that people use: a class `BYOL`, and `run(x0, x1)`.

`run` returns the prediction of one view and the target's projection of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from draft_parts import Draft, Part

SPELLINGS = [
    ("backbone", "projection_head", "prediction_head"),
    ("encoder", "projector", "predictor"),
    ("online_encoder", "online_projector", "online_predictor"),
    ("net", "projection", "prediction"),
]


@dataclass(frozen=True)
class Wiring:
    """The parts of a model, their names, and the first statements of the class."""

    draft: Draft
    names: tuple[str, str, str]
    backbone: Part
    projection: Part
    prediction: Part

    @property
    def setup(self) -> str:
        """Return the statements that build what the parts consist of."""
        return "".join(f"        {line}\n" for line in self.draft.init)

    def features(self, owner: str, x: str) -> str:
        """Return the call of an object's backbone."""
        return self.backbone.call.replace("self.$", owner).replace("%", x)


def _module(parts: Wiring) -> str:
    backbone, projection, prediction = parts.names
    return f"""class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
{parts.setup}        self.{backbone} = {parts.backbone.build}
        self.{projection} = {parts.projection.build}
        self.{prediction} = {parts.prediction.build}
        self.target_{backbone} = copy.deepcopy(self.{backbone})
        self.target_{projection} = copy.deepcopy(self.{projection})

    def forward(self, x):
        h = {parts.features(f"self.{backbone}", "x")}
        return self.{prediction}(self.{projection}(h))

    @torch.no_grad()
    def target(self, x):
        h = {parts.features(f"self.target_{backbone}", "x")}
        return self.target_{projection}(h)


def run(x0, x1):
    model = BYOL()
    return model(x0), model.target(x1)
"""


def _sequence(parts: Wiring) -> str:
    """Build the online network as one sequence, which is copied as a whole."""
    return f"""class Features(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return {parts.features("self.network", "x")}


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
{parts.setup}        self.backbone = Features({parts.backbone.build})
        self.projector = {parts.projection.build}
        self.online_encoder = nn.Sequential(self.backbone, self.projector)
        self.target_encoder = copy.deepcopy(self.online_encoder)
        for parameter in self.target_encoder.parameters():
            parameter.requires_grad = False
        self.predictor = {parts.prediction.build}

    def forward(self, x0, x1):
        p = self.predictor(self.online_encoder(x0))
        with torch.no_grad():
            z = self.target_encoder(x1)
        return p, z


def run(x0, x1):
    return BYOL()(x0, x1)
"""


def _handed(parts: Wiring) -> str:
    """Build the parts outside of the class, and pass them to it."""
    backbone, projection, prediction = parts.names
    setup = parts.setup.replace("        ", "    ")
    return f"""class BYOL(nn.Module):
    def __init__(self, {backbone}, {projection}=None, *, {prediction}):
        super().__init__()
        self.{backbone} = {backbone}
        self.{projection} = {projection} if {projection} is not None else nn.Identity()
        self.{prediction} = {prediction}
        self.{backbone}_ema, self.{projection}_ema = copy.deepcopy({backbone}), copy.deepcopy(self.{projection})

    def project(self, x, ema=False):
        network = self.{backbone}_ema if ema else self.{backbone}
        head = self.{projection}_ema if ema else self.{projection}
        return head({parts.features("network", "x")})

    def forward(self, x):
        return self.{prediction}(self.project(x))


def run(x0, x1):
{setup}    model = BYOL({parts.backbone.build}, {parts.projection.build}, {prediction}={parts.prediction.build})
    p = model.forward(x0)
    with torch.no_grad():
        z = model.project(x1, ema=True)
    return p, z
"""


def _inherited(parts: Wiring) -> str:
    """Split the model into a base class that wires the parts, and a subclass that creates them."""
    return f"""class Base(nn.Module):
    def __init__(self, **settings):
        super().__init__()
        self.settings = settings
        self.backbone = self.make_backbone()
        self.heads = nn.ModuleDict(self.make_heads())
        self.momentum_backbone = copy.deepcopy(self.backbone)
        self.momentum_projector = copy.deepcopy(self.heads["projector"])

    def make_heads(self):
        raise NotImplementedError

    def encode(self, x):
        return {parts.features("self.backbone", "x")}

    def training_step(self, batch, batch_idx):
        x0, x1 = batch
        p = self.heads["predictor"](self.heads["projector"](self.encode(x0)))
        with torch.no_grad():
            z = self.momentum_projector({parts.features("self.momentum_backbone", "x1")})
        return p, z


class BYOL(Base):
    def make_backbone(self):
{parts.setup}        return {parts.backbone.build}

    def make_heads(self):
        return {{"projector": {parts.projection.build}, "predictor": {parts.prediction.build}}}


def run(x0, x1):
    return BYOL(lr=0.1).training_step((x0, x1), 0)
"""


def _trainer(parts: Wiring) -> str:
    """Use an object that holds networks without being a module."""
    setup = parts.setup.replace("        ", "    ")
    return f"""class Trainer:
    def __init__(self, online_network, projector, predictor, **params):
        self.online_network, self.projector, self.predictor = online_network, projector, predictor
        self.target_network = copy.deepcopy(self.online_network)
        self.target_projector = copy.deepcopy(self.projector)
        self.momentum = params["m"]

    def update(self, x0, x1):
        h = {parts.features("self.online_network", "x0")}
        prediction = self.predictor(self.projector(h))
        with torch.no_grad():
            target = self.target_projector({parts.features("self.target_network", "x1")})
        return prediction, target


def run(x0, x1):
{setup}    network, head = {parts.backbone.build}, {parts.projection.build}
    trainer = Trainer(online_network=network, projector=head, predictor={parts.prediction.build}, m=0.99)
    return trainer.update(x0, x1)
"""


WIRINGS: list[Callable[[Wiring], str]] = [_module, _module, _sequence, _handed, _inherited, _trainer]
