"""`rules/transformers.yaml` and `rules/transformers_configs.yaml` compared with the installed library.

Programs that build a model and call it are run by Python and by the interpreter, which must find the same shapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from shapelint.knowledge import pretrained_data, rules_folder
from shapelint.knowledge.pretrained_data import CONFIGS_FILE, HUB_FILE, MODELS_FILE
from shapelint.knowledge.schema.pretrained_models import PretrainedConfig, PretrainedModel
from shapelint.linting.lint_paths import lint_text
from shapelint.python.models.entry_points import interpret
from shapelint.python.state.values import NONE, Const, Items, Table, Tensor, Value
from shapelint.resolve.options import Options
from shapelint.settings.settings import Settings
from shapelint.text.source import Source

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from shapelint.trace.make import transformers_configs  # noqa: E402

VIT = "hidden_size=24, num_hidden_layers=3, num_attention_heads=3, intermediate_size=32, image_size=32, patch_size=8"
WIDE = "hidden_size=20, num_hidden_layers=1, num_attention_heads=2, image_size=(24, 40), patch_size=8, num_channels=1"
SQUARE = "hidden_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=40, patch_size=10, num_channels=2"
MAP = "hidden_sizes=[8, 12, 16, 20], depths=[1, 2, 1, 1]"
SWIN = "embed_dim=12, depths=[1, 1, 2], num_heads=[2, 2, 2], window_size=2, image_size=32, patch_size=2"
TEXT = "hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=32, vocab_size=50"
SOUND = (
    "hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=32, layerdrop=0.0, "
    "num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2, conv_dim=[12, 14], conv_stride=[3, 2], "
    "conv_kernel=[5, 3], num_feat_extract_layers=2"
)
SMALL = "torch.randn(2, 3, 32, 32)"
EVERY = f"{SMALL}, output_hidden_states=True"
FREE = "torch.randn(2, 3, 44, 57)"
WORDS = "torch.randint(0, 50, (2, 7))"
MASKED = f"{WORDS}, attention_mask=torch.ones(2, 7)"

PROGRAM = """
import torch
from transformers import {classes}

class SimCLR(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = {model}
        self.projection_head = torch.nn.Identity()

    def forward(self, x):
        return self.projection_head(self.backbone(x).last_hidden_state)

SimCLR()({call})
"""

CASES = [
    *((f"{name}({name.removesuffix('Model')}Config({VIT}))", call) for name in (
        "ViTModel", "DeiTModel", "BeitModel", "Dinov2Model", "Dinov2WithRegistersModel", "DINOv3ViTModel", "IJepaModel",
        "ViTMAEModel", "ViTMSNModel", "SiglipVisionModel", "CLIPVisionModel", "Data2VecVisionModel",
    ) for call in (SMALL, EVERY, f"pixel_values={SMALL}, return_dict=False")),
    *((f"{name}({name.removesuffix('Model')}Config({VIT}))", f"{FREE}, interpolate_pos_encoding=True") for name in (
        "ViTModel", "DeiTModel", "IJepaModel", "ViTMAEModel", "ViTMSNModel", "SiglipVisionModel", "CLIPVisionModel",
    )),
    *((f"{name}({name.removesuffix('Model')}Config({VIT}))", FREE) for name in (
        "BeitModel", "Dinov2Model", "Dinov2WithRegistersModel", "DINOv3ViTModel", "Data2VecVisionModel",
    )),
    *((f"{name}({name.removesuffix('Model')}Config({WIDE}))", "torch.randn(2, 1, 24, 40)") for name in (
        "ViTModel", "DeiTModel", "IJepaModel", "ViTMAEModel", "ViTMSNModel",
    )),
    *((f"{name}({name.removesuffix('Model')}Config({SQUARE}))", "torch.randn(3, 2, 40, 40)") for name in (
        "ViTModel", "BeitModel", "Dinov2Model", "DINOv3ViTModel", "SiglipVisionModel", "CLIPVisionModel",
    )),
    (f"ViTModel(ViTConfig({VIT}, pooler_output_size=10))", SMALL),
    *((f"DPTModel(DPTConfig({VIT}, backbone_out_indices=[0, 1]){pool})", call) for pool in ("", ", False")
      for call in (SMALL, EVERY, FREE)),
    (f"ViTModel(ViTConfig({VIT}, output_hidden_states=True), False)", SMALL),
    (f"ViTModel(ViTConfig({VIT}), add_pooling_layer=False)", f"{SMALL}, return_dict=False"),
    (f"ViTModel(ViTConfig({VIT}), use_mask_token=True)", f"{SMALL}, bool_masked_pos=torch.zeros(2, 16).bool()"),
    (f"BeitModel(BeitConfig({VIT}), add_pooling_layer=False)", SMALL),
    *((f"BeitModel(BeitConfig({VIT}, {bias}=True))", call) for call in (SMALL, FREE) for bias in (
        "use_relative_position_bias", "use_shared_relative_position_bias",
    )),
    (f"Data2VecVisionModel(Data2VecVisionConfig({VIT}, use_relative_position_bias=True))", FREE),
    (f"ViTMAEModel(ViTMAEConfig({VIT}, mask_ratio=0.5))", SMALL),
    (f"ViTMAEModel(ViTMAEConfig({VIT}, mask_ratio=0.0))", SMALL),
    (f"IJepaModel(IJepaConfig({VIT}), add_pooling_layer=True)", SMALL),
    (f"Dinov2WithRegistersModel(Dinov2WithRegistersConfig({VIT}, num_register_tokens=7))", SMALL),
    (f"DINOv3ViTModel(DINOv3ViTConfig({VIT}, num_register_tokens=3))", SMALL),
    (f"CLIPVisionModelWithProjection(CLIPVisionConfig({VIT}, projection_dim=14))", EVERY),
    (f"SiglipVisionModel(SiglipVisionConfig({VIT}, vision_use_head=False))", SMALL),
    (f"AutoModel.from_config(Dinov2Config({VIT}))", SMALL),
    (f"AutoModel.from_config(SwinConfig({SWIN}))", SMALL),
    *((f"{name}({name.removesuffix('Model')}Config({MAP}))", call) for name in (
        "ConvNextModel", "ConvNextV2Model", "DINOv3ConvNextModel", "ResNetModel",
    ) for call in ("torch.randn(2, 3, 64, 64)", "torch.randn(2, 3, 71, 99), return_dict=False")),
    (f"ConvNextModel(ConvNextConfig({MAP}, num_channels=5))", "torch.randn(2, 5, 65, 33), output_hidden_states=True"),
    ("ConvNextModel(ConvNextConfig(hidden_sizes=[8, 12, 16], depths=[1, 1, 1], num_stages=3, patch_size=2))",
     "torch.randn(2, 3, 37, 64), output_hidden_states=True"),
    ("ResNetModel(ResNetConfig(hidden_sizes=[8, 12, 16], depths=[1, 1, 1], layer_type='basic', embedding_size=8))",
     "torch.randn(2, 3, 50, 64)"),
    (f"ResNetModel(ResNetConfig({MAP}, downsample_in_first_stage=True, downsample_in_bottleneck=True))",
     "torch.randn(2, 3, 99, 64)"),
    (f"RegNetModel(RegNetConfig({MAP}, groups_width=4))", "torch.randn(2, 3, 64, 90)"),
    (f"RegNetModel(RegNetConfig({MAP}, groups_width=4, downsample_in_first_stage=False, layer_type='x'))",
     "torch.randn(2, 3, 64, 90)"),
    *((f"{name}({name.removesuffix('Model')}Config({SWIN}))", call) for name in ("SwinModel", "Swinv2Model")
      for call in (EVERY, "torch.randn(2, 3, 44, 57)", "torch.randn(2, 3, 64, 64), return_dict=False")),
    (f"SwinModel(SwinConfig({SWIN}), add_pooling_layer=False)", "torch.randn(2, 3, 64, 32)"),
    (f"SwinModel(SwinConfig({SWIN.replace('window_size=2', 'window_size=5')}))", "torch.randn(2, 3, 33, 40)"),
    (f"Swinv2Model(Swinv2Config({SWIN.replace('window_size=2', 'window_size=5')}))", "torch.randn(2, 3, 24, 32)"),
    ("HieraModel(HieraConfig(embed_dim=12, image_size=[64, 64], depths=[1, 1, 1, 1]))", "torch.randn(2, 3, 64, 64)"),
    ("HieraModel(HieraConfig(embed_dim=12, image_size=[64, 64], depths=[1, 1, 1, 1]), add_pooling_layer=False)",
     "torch.randn(2, 3, 96, 128), interpolate_pos_encoding=True"),
    *((f"{name}({name.removesuffix('Model')}Config({TEXT}))", call) for name in ("BertModel", "RobertaModel")
      for call in (WORDS, f"input_ids={WORDS}, output_hidden_states=True", MASKED)),
    (f"BertModel(BertConfig({TEXT}), add_pooling_layer=False)", WORDS),
    ("DistilBertModel(DistilBertConfig(dim=24, n_layers=2, n_heads=3, hidden_dim=32, vocab_size=50))", WORDS),
    ("DistilBertModel(DistilBertConfig(hidden_size=30, n_layers=2, n_heads=3, vocab_size=50))",
     f"{WORDS}, output_hidden_states=True"),
    *((f"{name}({name.removesuffix('Model')}Config({SOUND}))", "torch.randn(2, 900)") for name in (
        "Wav2Vec2Model", "HubertModel", "WavLMModel",
    )),
    ("ASTModel(ASTConfig(hidden_size=24, num_hidden_layers=2, num_attention_heads=4, max_length=64, num_mel_bins=32))",
     "torch.randn(2, 64, 32), output_hidden_states=True"),
]  # fmt: skip


def shapes_of(output: Any) -> Any:
    """The shapes in what a model returned, by attribute, with those of attentions left out."""
    if torch.is_tensor(output):
        return tuple(output.shape)
    if isinstance(output, Mapping):
        return {name: shapes_of(value) for name, value in output.items()}
    return tuple(shapes_of(value) for value in output)


def shapes_found(value: Value) -> Any:
    """The same of what the interpreter found; None for what it does not know."""
    if isinstance(value, Tensor):
        return value.shape
    if isinstance(value, Table):
        return {name: shapes_found(one) for name, one in value.items.items() if one != NONE}
    return tuple(shapes_found(one) for one in value.items) if isinstance(value, Items) and not value.rest else None


def found_by_interpreter(text: str) -> dict[str, Value]:
    """The names of a program after it was interpreted."""
    _, scope = interpret(Source("model.py", f"projection_head = None\n{text}"), Options())
    return dict(scope.names)


@pytest.mark.parametrize(("model", "call"), CASES)
def test_a_call_gives_what_is_stored(model: str, call: str) -> None:
    classes = ", ".join(re.findall(r"\b(?:[A-Z]\w+(?:Config|Model)|\w+Projection)\b", model))
    text = f"import torch\nfrom transformers import {classes}\nmodel = {model}\noutput = model({call})\n"
    names: dict[str, Any] = {}
    exec(text, names)
    found = found_by_interpreter(text)["output"]
    expected, actual = shapes_of(names["output"]), shapes_found(found)
    if not isinstance(expected, dict):
        assert actual == expected
        return
    assert isinstance(found, Table)
    assert found.kind == type(names["output"]).__name__
    assert list(actual) == list(expected)
    unknown = {name for name, shape in actual.items() if shape is None}
    assert {name: shape for name, shape in actual.items() if name not in unknown} == {
        name: shape for name, shape in expected.items() if name not in unknown
    }
    assert unknown <= {"hidden_states", "reshaped_hidden_states"}
    absent = [name for name in vars(names["output"]) if vars(names["output"])[name] is None]
    assert [name for name, value in found.items.items() if value == NONE and name not in (*absent, "attentions")] == []


def test_every_model_is_run() -> None:
    known = set(rules_folder.load(MODELS_FILE)["models"])
    assert {model.partition("(")[0] for model, _ in CASES} - {"AutoModel.from_config"} == known


@pytest.mark.parametrize("name", sorted(rules_folder.load(CONFIGS_FILE)["configs"]))
def test_a_config_has_the_stored_fields(name: str) -> None:
    """A later version may have more of them."""
    stored, measured = pretrained_data.config(name), transformers_configs.measure(name)
    assert stored is not None
    assert stored.model_type == measured["model_type"]
    assert stored.aliases.items() <= measured.get("aliases", {}).items()
    assert {field: measured["fields"].get(field) for field in stored.fields} == stored.fields


@pytest.mark.parametrize("name", sorted(rules_folder.load(MODELS_FILE)["computed"]))
def test_a_computed_field_is_that_of_the_config(name: str) -> None:
    """Fields that no real config has are of use to the formulas alone."""
    text = f"from transformers import {name}\nconfig = {name}()\n"
    real = getattr(transformers, name)()
    config = found_by_interpreter(text)["config"]
    assert isinstance(config, Table)
    for field in pretrained_data.computed(name):
        assert not hasattr(real, field) or config.items[field] == Const(getattr(real, field) or real.hidden_size)


def test_the_files_are_valid() -> None:
    models, configs = rules_folder.load(MODELS_FILE)["models"], rules_folder.load(CONFIGS_FILE)["configs"]
    assert {PretrainedModel.validated(entry).config for entry in models.values()} == set(configs)
    assert all(PretrainedConfig.validated(entry) for entry in configs.values())


@pytest.mark.parametrize(("model", "call"), [
    (f"ViTModel(ViTConfig({VIT}))", "torch.randn(2, 3, 48, 32)"),
    (f"DeiTModel(DeiTConfig({VIT}))", "torch.randn(2, 3, 64, 64)"),
    (f"SiglipVisionModel(SiglipVisionConfig({VIT}))", "torch.randn(2, 3, 16, 32)"),
    (f"CLIPVisionModel(CLIPVisionConfig({VIT}))", "torch.randn(2, 3, 40, 40)"),
    ("HieraModel(HieraConfig(embed_dim=12, image_size=[64, 64], depths=[1, 1, 1, 1]))", "torch.randn(2, 3, 96, 96)"),
    (f"ResNetModel(ResNetConfig({MAP}))", "torch.randn(2, 4, 64, 64)"),
    ("ASTModel(ASTConfig(hidden_size=24, num_attention_heads=4, max_length=64, num_mel_bins=32))",
     "torch.randn(2, 128, 32)"),
    (f"DINOv3ViTModel(DINOv3ViTConfig({VIT.replace('heads=3', 'heads=4')}))", SMALL),
    (f"BertModel(BertConfig({TEXT.replace('heads=3', 'heads=5')}))", WORDS),
    *((f"SwinModel(SwinConfig({SWIN.replace('window_size=2', 'window_size=5')}))", f"torch.randn(1, 3, {sides})")
      for sides in ("32, 64", "64, 32")),
])  # fmt: skip
def test_what_the_library_refuses_is_reported(model: str, call: str) -> None:
    classes = ", ".join(re.findall(r"\b[A-Z]\w+(?:Config|Model)\b", model))
    text = PROGRAM.format(classes=classes, model=model, call=call)
    with pytest.raises((ValueError, RuntimeError)):
        exec(text, {})
    report = lint_text(Source("model.py", text), Settings(isolated=True))
    assert [finding.severity for finding in report.findings if finding.code != "SL901"] == ["error"]


def test_the_classes_are_those_of_the_library_and_of_earlier_versions() -> None:
    version, names = pretrained_data.classes()
    assert (version, names) == (transformers.__version__, transformers_configs.class_names())


@pytest.mark.parametrize("name", sorted(rules_folder.load(HUB_FILE)))
def test_a_name_on_the_hub_has_a_config_that_can_be_built(name: str) -> None:
    """Its sizes are those of the name; whether they fit each other is what the library says of a model on meta."""
    stored = dict(rules_folder.load(HUB_FILE)[name])
    config, whole = stored.pop("config"), stored.pop("whole", "")
    known = pretrained_data.config(config)
    assert known is not None
    assert stored.keys() <= known.fields.keys()
    assert not whole or hasattr(transformers, whole)
    fewer = {"num_hidden_layers": 1} if "num_hidden_layers" in known.fields else {}
    with torch.device("meta"):
        model = getattr(transformers, pretrained_data.model_of(config))
        assert model(getattr(transformers, config)(**{**stored, **fewer}))
