"""Models of transformers in programs: what they give meets a head, of the right width or of another, as in reality."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from shapelint.knowledge import pretrained_data
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import Report
from shapelint.text.source import Source

VIT = "hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=32, image_size=32, patch_size=8"
MAP = "hidden_sizes=[8, 12, 20], depths=[1, 1, 1], num_stages=3"
MAPS = "embedding_size=6, hidden_sizes=[8, 12, 20], depths=[1, 1, 1], layer_type='basic'"
SWIN = "embed_dim=12, depths=[1, 2], num_heads=[2, 2], window_size=2, image_size=32, patch_size=2"
PROGRAM = """
import torch
import transformers
from torch import nn
from transformers import *

class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = {backbone}
        self.projection_head = nn.Sequential(nn.Linear({width}, 16), nn.ReLU(), nn.Linear(16, 8))
        self.prediction_head = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8))

    def forward(self, x):
        {steps}
        return self.prediction_head(self.projection_head(h))

BYOL()(torch.{image})
"""
IMAGE = "randn(4, 3, 32, 32)"
CASES = [
    (f"ViTModel(ViTConfig({VIT}))", "h = self.backbone(x).pooler_output", 24),
    (f"ViTModel(config=ViTConfig({VIT}))", "h = self.backbone(x).last_hidden_state[:, 0]", 24),
    (f"ViTModel(ViTConfig({VIT}))", "h = self.backbone(pixel_values=x)[0].mean(1)", 24),
    (f"ViTModel(ViTConfig({VIT}))", "h = self.backbone(x)[1]", 24),
    (f"ViTModel(ViTConfig({VIT}))", "h = self.backbone(x)['pooler_output']", 24),
    (f"ViTModel(ViTConfig({VIT}), add_pooling_layer=False)", "h = self.backbone(x)[0][:, 1:].mean(dim=1)", 24),
    (f"ViTModel(ViTConfig({VIT}, pooler_output_size=10))", "h = self.backbone(x).pooler_output", 10),
    (f"ViTModel(ViTConfig({VIT}))", "h = self.backbone(x, return_dict=False)[0][:, 0]", 24),
    (f"ViTModel(ViTConfig({VIT}))", "_, h = self.backbone(x, return_dict=False)", 24),
    (f"ViTModel(ViTConfig({VIT}))", "h = self.backbone(x).to_tuple()[1]", 24),
    (f"ViTModel(ViTConfig({VIT}))", "h = self.backbone(x, output_hidden_states=True).hidden_states[-1][:, 0]", 24),
    (f"ViTModel(ViTConfig({VIT}))",
     "s = self.backbone(x, output_hidden_states=True).hidden_states; h = torch.cat([s[-1], s[-2]], -1)[:, 0]", 48),
    (f"ViTModel(ViTConfig({VIT}))", "h = self.backbone(x).last_hidden_state.flatten(1)", 408),
    (f"ViTModel(ViTConfig({VIT}))",
     "x = torch.cat([x, x], 2); h = self.backbone(x, interpolate_pos_encoding=True).last_hidden_state[:, 0]", 24),
    (f"DeiTModel(DeiTConfig({VIT}))", "h = self.backbone(x).last_hidden_state[:, :2].flatten(1)", 48),
    (f"BeitModel(BeitConfig({VIT}))", "h = self.backbone(x).pooler_output", 24),
    (f"Dinov2Model(Dinov2Config({VIT}))", "h = self.backbone(x).last_hidden_state[:, 0]", 24),
    (f"Dinov2Model(Dinov2Config({VIT}))",
     "t = self.backbone(x).last_hidden_state; h = torch.cat([t[:, 0], t[:, 1:].mean(1)], dim=-1)", 48),
    (f"Dinov2WithRegistersModel(Dinov2WithRegistersConfig({VIT}))", "h = self.backbone(x).last_hidden_state[:, 0]", 24),
    (f"DINOv3ViTModel(DINOv3ViTConfig({VIT}))", "h = self.backbone(x).pooler_output", 24),
    (f"IJepaModel(IJepaConfig({VIT}))", "h = self.backbone(x).last_hidden_state.mean(dim=1)", 24),
    (f"ViTMAEModel(ViTMAEConfig({VIT}))", "h = self.backbone(x).last_hidden_state.flatten(1)", 120),
    (f"ViTMSNModel(ViTMSNConfig({VIT}))", "h = self.backbone(x).last_hidden_state[:, 0, :]", 24),
    (f"CLIPVisionModel(CLIPVisionConfig({VIT}))", "h = self.backbone(x).pooler_output", 24),
    (f"CLIPVisionModelWithProjection(CLIPVisionConfig({VIT}, projection_dim=14))", "h = self.backbone(x).image_embeds",
     14),
    (f"SiglipVisionModel(SiglipVisionConfig({VIT}))", "h = self.backbone(x).pooler_output", 24),
    (f"ConvNextModel(ConvNextConfig({MAP}))", "h = self.backbone(x).pooler_output", 20),
    (f"ConvNextModel(ConvNextConfig({MAP}))", "h = self.backbone(x).last_hidden_state.mean([-2, -1])", 20),
    (f"ConvNextV2Model(ConvNextV2Config({MAP}))", "h = self.backbone(x).last_hidden_state.flatten(1)", 80),
    (f"ResNetModel(ResNetConfig({MAPS}))", "h = self.backbone(x).pooler_output.squeeze(-1).squeeze(-1)", 20),
    (f"ResNetModel(ResNetConfig({MAPS}))", "h = self.backbone(x)[1].flatten(start_dim=1)", 20),
    (f"ResNetModel(ResNetConfig({MAPS}))", "h = self.backbone(x).last_hidden_state.mean(dim=(2, 3))", 20),
    ("RegNetModel(RegNetConfig(hidden_sizes=[8, 16], depths=[1, 1], groups_width=4))",
     "h = torch.flatten(self.backbone(x).pooler_output, 1)", 16),
    (f"SwinModel(SwinConfig({SWIN}))", "h = self.backbone(x).pooler_output", 24),
    (f"SwinModel(SwinConfig({SWIN}))", "h = self.backbone(x).last_hidden_state.mean(1)", 24),
    (f"Swinv2Model(Swinv2Config({SWIN}))", "h = self.backbone(x)[0].mean(1)", 24),
    ("HieraModel(HieraConfig(embed_dim=12, image_size=[32, 32], depths=[1, 1], num_query_pool=1, num_heads=[1, 2], "
     "masked_unit_attention=[True, False]))", "h = self.backbone(x).pooler_output", 24),
    (f"AutoModel.from_config(ViTConfig({VIT}))", "h = self.backbone(x).last_hidden_state[:, 0]", 24),
    (f"AutoModel.from_config(ResNetConfig({MAPS}))", "h = self.backbone(x).pooler_output.flatten(1)", 20),
    (f"transformers.ViTModel(transformers.ViTConfig({VIT}))", "h = self.backbone(x).pooler_output", 24),
]  # fmt: skip
NEEDED = "from transformers import *"
"""The line of the program in whose place the classes are imported that it names."""


def program(backbone: str, steps: str, width: object, image: str = IMAGE) -> str:
    text = PROGRAM.format(backbone=backbone, steps=steps, width=width, image=image)
    names = sorted(set(re.findall(r"\b[A-Z]\w*(?:Config|Model|Projection)\b", backbone)))
    return text.replace(NEEDED, f"from transformers import {', '.join(names)}")


def lint(text: str) -> Report:
    return lint_text(Source("model.py", text), Settings(isolated=True))


@pytest.mark.parametrize("error", [0, 3])
@pytest.mark.parametrize(("backbone", "steps", "width"), CASES)
def test_what_a_model_gives_meets_the_head(backbone: str, steps: str, width: int, error: int) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    text = program(backbone, steps, width + error)
    if error:
        with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
            exec(text, {})
    else:
        exec(text, {})
    report = lint(text)
    codes = [finding.code for finding in report.findings]
    assert codes == (["SL101"] if error else [])
    assert [link for model in report.models for link in model.unchecked] == []


@pytest.mark.parametrize(("backbone", "width", "field"), [
    (f"ViTModel(ViTConfig({VIT}))", "self.backbone.config.hidden_size", 24),
    (f"ResNetModel(ResNetConfig({MAPS}))", "self.backbone.config.hidden_sizes[-1]", 20),
    (f"SwinModel(SwinConfig({SWIN}))", "self.backbone.config.hidden_size", 24),
])  # fmt: skip
def test_the_width_of_a_head_is_read_from_the_config(backbone: str, width: str, field: int) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    for added in (0, 1):
        text = program(backbone, "h = self.backbone(x).pooler_output.flatten(1)", f"{width} + {added}")
        report = lint(text)
        assert [finding.code for finding in report.findings] == ["SL101"] * added
        assert all(f"expects {field + 1} features" in finding.message for finding in report.findings)
        if added:
            with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
                exec(text, {})
        else:
            exec(text, {})


@pytest.mark.parametrize("backbone", [f"ConvNextModel(ConvNextConfig({MAP}))", f"ViTModel(ViTConfig({VIT}))"])
def test_an_output_as_a_whole_is_no_tensor(backbone: str) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    text = program(backbone, "h = self.backbone(x)", 24)
    with pytest.raises(TypeError, match="must be Tensor, not BaseModelOutputWithPooling"):
        exec(text, {})
    (finding,) = lint(text).findings
    assert finding.code == "SL111"
    assert "returns a BaseModelOutputWithPooling" in finding.message


@pytest.mark.parametrize(("backbone", "width"), [
    ("AutoModel.from_pretrained('facebook/dinov2-base')", 768),
    ("AutoModel.from_pretrained('facebook/dinov3-vits16-pretrain-lvd1689m')", 384),
    ("ViTModel.from_pretrained('google/vit-large-patch16-224-in21k', add_pooling_layer=False)", 1024),
    ("CLIPVisionModel.from_pretrained('openai/clip-vit-large-patch14')", 1024),
    ("AutoModel.from_config(AutoConfig.from_pretrained('facebook/dino-vits8'))", 384),
    ("ViTModel(ViTConfig.from_pretrained('google/vit-base-patch16-224-in21k', hidden_size=600))", 600),
    ("AutoModel.from_config(AutoConfig.for_model('vit', hidden_size=240))", 240),
    ("ViTModel(ViTConfig.from_dict({'hidden_size': 300, 'patch_size': 32}))", 300),
])  # fmt: skip
def test_a_name_on_the_hub_is_known_without_fetching_it(backbone: str, width: int) -> None:
    for added in (0, 1):
        text = program(backbone, "h = self.backbone(x)[0][:, 0]", width + added, "randn(2, 3, 224, 224)")
        report = lint(text)
        assert [finding.code for finding in report.findings] == ["SL101"] * added
        assert [link for model in report.models for link in model.unchecked] == []


@pytest.mark.parametrize(("backbone", "reason"), [
    ("AutoModel.from_pretrained('somebody/some-vit')", "the config of 'somebody/some-vit' is not stored here"),
    ("AutoModel.from_pretrained('openai/clip-vit-base-patch32')", "makes of images and text together"),
    ("ViTModel.from_pretrained('microsoft/resnet-50')", "which is not that of ViTModel"),
    (f"BeitModel(BeitConfig({VIT}, use_absolute_position_embeddings=True))", "use_absolute_position_embeddings"),
])  # fmt: skip
def test_a_model_that_is_not_known_is_said_with_its_cause(backbone: str, reason: str) -> None:
    report = lint(program(backbone, "h = self.backbone(x).last_hidden_state[:, 0]", 5))
    assert [finding for finding in report.findings if finding.code != "SL901"] == []
    assert any(reason in link.reason for model in report.models for link in model.unchecked)


PAIRS = [
    ("openai/clip-vit-large-patch14", "CLIPModel", "self.backbone.vision_model(x).pooler_output", 1024),
    ("openai/clip-vit-base-patch16", "AutoModel", "self.backbone.visual_projection(self.backbone.vision_model(x)[1])",
     512),
    ("openai/clip-vit-large-patch14", "AutoModel", "self.backbone.visual_projection(self.backbone.vision_model(x)[1])",
     768),
    ("google/siglip-base-patch16-224", "SiglipModel", "self.backbone.vision_model(pixel_values=x)[0][:, 3]", 768),
]  # fmt: skip


@pytest.mark.parametrize(("name", "cls", "features", "width"), PAIRS)
def test_the_tower_for_images_of_a_model_of_images_and_text(name: str, cls: str, features: str, width: int) -> None:
    """As in the real class, built on the meta device of the config that the name has."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    stored = {key: value for key, value in (pretrained_data.checkpoint(name) or {}).items() if key != "config"}
    whole = stored.pop("whole")
    shared = {"projection_dim": stored["projection_dim"]} if "projection_dim" in stored else {}
    config = getattr(transformers, whole.replace("Model", "Config"))(vision_config=stored, **shared)
    with torch.device("meta"):
        real = getattr(transformers, whole)(config)
        images = torch.zeros(2, 3, 224, 224)
        given = eval(features, {"self": SimpleNamespace(backbone=real), "x": images})
    assert given.shape == (2, width)
    for added in (0, 1):
        text = program(f"{cls}.from_pretrained('{name}')", f"h = {features}", width + added, "randn(2, 3, 224, 224)")
        report = lint(text)
        assert [finding.code for finding in report.findings] == ["SL101"] * added
        assert [link for model in report.models for link in model.unchecked] == []
