"""The wiring of a method is only in `rules/methods/`; another method needs another file there and no code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from shapelint.judge import rulebook
from shapelint.judge.subjects.ends import IMAGE_PATCHES
from shapelint.knowledge import losses, methods, rule_pages, rules_folder
from shapelint.knowledge.schema.method_packs import MethodPack, Reshape
from shapelint.linting.lint_paths import lint_text
from shapelint.python.state import naming
from shapelint.settings.settings import Settings
from shapelint.signatures import stored
from shapelint.text.source import Source

HEADS = {
    "byol": ("BYOLProjectionHead(512, 1024, 256)", "BYOLPredictionHead(256, 1024, 256)"),
    "simsiam": ("SimSiamProjectionHead(512, 512, 256)", "SimSiamPredictionHead(256, 64, 256)"),
    "simclr": ("SimCLRProjectionHead(512, 512, 128)", ""),
    "moco": ("MoCoProjectionHead(512, 512, 128)", ""),
    "barlowtwins": ("BarlowTwinsProjectionHead(512, 2048, 2048)", ""),
    "vicreg": ("VICRegProjectionHead(512, 2048, 2048, num_layers=2)", ""),
    "swav": ("SwaVProjectionHead(512, 512, 128)", ""),
    "dino": ("DINOProjectionHead(512, 512, 64, 2048)", ""),
    "nnclr": ("NNCLRProjectionHead(512, 2048, 256)", "NNCLRPredictionHead(256, 4096, 256)"),
    "tico": ("TiCoProjectionHead(512, 1024, 256)", ""),
    "mmcr": ("MMCRProjectionHead(512, 1024, 256)", ""),
    "smog": ("SMoGProjectionHead(512, 2048, 128)", "SMoGPredictionHead(128, 2048, 128)"),
    "densecl": ("DenseCLProjectionHead(512, 512, 128)", ""),
    "msn": ("MSNProjectionHead(512, 2048, 256)", ""),
    "pmsn": ("MSNProjectionHead(512, 2048, 256)", ""),
    "dcl": ("SimCLRProjectionHead(512, 512, 128)", ""),
    "fastsiam": ("SimSiamProjectionHead(512, 512, 128)", "SimSiamPredictionHead(128, 64, 128)"),
    "lejepa": ("LeJEPAProjectionHead(512, 1024, 64)", ""),
    "wmse": ("SimCLRProjectionHead(512, 512, 64)", ""),
    "vicregl": ("VICRegProjectionHead(512, 2048, 2048)", ""),
    "detcon": ("SimCLRProjectionHead(512, 512, 128)", ""),
    "pixcontrast": ("[Conv2d(512, 512, 1), BatchNorm2d(512), ReLU(), Conv2d(512, 256, 1)]", ""),
    "ibot": ("DINOProjectionHead(384, 512, 64, 2048)", ""),
    "dinov2": ("DINOv2ProjectionHead(384, 512, 64, 2048)", ""),
    "capi": ("CAPIProjectionHead(384, 1024)", ""),
    "mae": ("[Linear(384, 512), GELU(), Linear(512, 768)]", ""),
    "simmim": ("[Linear(384, 768)]", ""),
    "aim": ("[Linear(384, 512), GELU(), Linear(512, 768)]", ""),
    "ijepa": ("[Linear(384, 192), GELU(), Linear(192, 384)]", ""),
}
KEYS = {"mae": "decoder", "simmim": "decoder", "aim": "prediction_head", "ijepa": "prediction_head"}
"""What a method without a projection head calls its first head."""
OF_TOKENS = frozenset({"ibot", "dinov2", "capi", "mae", "simmim", "aim", "ijepa"})
WITHOUT_HEAD = frozenset({"directclr"})
BESIDE = {
    "moco": "loss: NTXentLoss(memory_bank_size=(4096, 128))\n",
    "swav": "prototypes: SwaVPrototypes(128, 512)\nqueue: [3840, 128]\n",
    "dino": "loss: DINOLoss(output_dim=2048)\n",
    "nnclr": "memory_bank: [4096, 256]\n",
    "smog": "prototypes: [300, 128]\n",
    "densecl": "local_projection_head: DenseCLProjectionHead(512, 512, 128)\n",
    "msn": "prototypes: [1024, 256]\n",
    "pmsn": "prototypes: [1024, 256]\n",
    "ibot": "loss: DINOLoss(output_dim=2048)\npatch_loss: IBOTPatchLoss(output_dim=2048)\n",
    "dinov2": "patch_projection_head: DINOv2ProjectionHead(384, 512, 64, 4096)\nloss: DINOLoss(output_dim=2048)\n"
    "patch_loss: IBOTPatchLoss(output_dim=4096)\n",
    "vicregl": "local_projection_head: VicRegLLocalProjectionHead(512, 128, 128)\n",
    "wmse": "loss: WMSELoss(embedding_dim=64)\n",
    "capi": "target:\n  projection_head: CAPIProjectionHead(384, 1024, bias=True)\n",
}


def config(method: str, is_wrong: bool = False) -> str:
    """Return lightly's example of a method, optionally with another number of features for its first head."""
    projection, prediction = HEADS[method]
    of_tokens = method in OF_TOKENS
    features = "384" if of_tokens else "512"
    lines = [
        f"method: {method}",
        f"backbone: {'timm/vit_small_patch16_224' if of_tokens else 'resnet18'}",
        f"{KEYS.get(method, 'projection_head')}: {projection.replace(features, '256', 1) if is_wrong else projection}",
    ]
    lines += [f"prediction_head: {prediction}"] if prediction else []
    return "\n".join(lines) + "\n" + BESIDE.get(method, "")


def codes(text: str) -> list[str]:
    report = lint_text(Source("model.yaml", text), Settings(isolated=True))
    assert report.status == "checked"
    assert report.models
    return [finding.code for finding in report.findings]


def test_all_methods_are_listed() -> None:
    assert set(methods.names()) == {*HEADS, *WITHOUT_HEAD}


@pytest.mark.parametrize("method", HEADS)
def test_the_example_of_a_method_is_clean(method: str) -> None:
    assert codes(config(method)) == []


@pytest.mark.parametrize("method", HEADS)
def test_a_head_of_another_width_is_found(method: str) -> None:
    assert codes(config(method, is_wrong=True)) == ["SL101"]


@pytest.mark.parametrize("written", ["Barlow-Twins", "barlow_twins", "BarlowTwins", "barlowtwins"])
def test_common_spellings_of_a_method_are_accepted(written: str) -> None:
    assert codes(config("barlowtwins", is_wrong=True).replace("method: barlowtwins", f"method: {written}")) == ["SL101"]


@pytest.mark.parametrize("method", methods.names())
def test_a_method_pack_names_existing_components(method: str) -> None:
    pack = MethodPack.validated(rules_folder.load(f"methods/{method}.yaml"))
    for role in pack.roles.values():
        assert role.default is None or stored.find(role.default) is not None
    roles = {step for step in pack.online if not isinstance(step, Reshape)} | {"input"}
    roles |= {step for branch in pack.branches for step in branch if not isinstance(step, Reshape)}
    assert roles == {*pack.roles, "input"}
    ends = [end for loss in pack.losses.values() for end in (loss.left, loss.right) if end != IMAGE_PATCHES]
    ends += [end for bank in pack.banks.values() for end in bank.meets]
    for branch, _, role in (end.partition(".") for end in ends):
        assert role in pack.roles
        assert branch == "online" or (branch == "target" and pack.target and role in pack.target.copies)
    for loss in pack.losses.values():
        assert (losses.find(loss.default or "") is None) == (loss.formula is not None)
    assert {role.instead for role in pack.roles.values()} <= {"", *pack.roles}
    assert all(role.optional for role in pack.roles.values() if role.instead)


PACK = """
method: twin
roles:
  backbone: {aliases: [encoder]}
  projector: {default: lightly.models.modules.SimCLRProjectionHead}
online: [input, backbone, projector]
target: {copies: [backbone]}
loss: {left: online.projector, right: target.backbone, default: torch.nn.MSELoss}
"""


@pytest.fixture
def with_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Add a method to the rules of the repository."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    (tmp_path / "rules" / "methods" / "twin.yaml").write_text(PACK, encoding="utf-8")
    cached = (methods.pack, rules_folder.load, rule_pages.built_in, rulebook.known, stored.find, stored.load)
    monkeypatch.setattr(rules_folder, "folder", lambda: tmp_path / "rules")
    for function in cached:
        function.cache_clear()
    yield
    monkeypatch.undo()
    for function in cached:
        function.cache_clear()


def test_a_new_method_needs_one_file(with_pack: None) -> None:
    text = "method: twin\nencoder: resnet18\nprojector: SimCLRProjectionHead({}, 512, {})\n"
    assert codes(text.format(512, 512)) == []
    assert codes(text.format(256, 512)) == ["SL101"]
    assert codes(text.format(512, 128)) == ["SL103"]
    assert codes(text.format(512, 1)) == ["SL207"]


def test_the_page_of_configs_lists_every_method(root: Path) -> None:
    text = " ".join((root / "docs" / "configs.md").read_text(encoding="utf-8").split())
    assert "`method` is one of " + ", ".join(f"`{name}`" for name in methods.names()) + "." in text


TAKEN = "method: {}\nbackbone: {}\n{}: [Linear({}, 768)]\n"


def unchecked(text: str) -> list[str]:
    (model,) = lint_text(Source("model.yaml", text), Settings(isolated=True)).models
    return [one.reason for one in model.unchecked]


@pytest.mark.parametrize(
    ("backbone", "features", "found"),
    [
        ("vit_b_16", 768, []),
        ("vit_b_16", 384, ["SL101"]),
        ("timm/deit3_small_patch16_224", 384, []),
        ("timm/vit_base_patch16_siglip_224", 768, []),  # no class token
        ("timm/vit_base_patch32_224", 768, ["SL103"]),  # patches of 3072 pixels
        ("{out_dim: 256}", 256, []),
        ("{out_dim: 256}", 384, ["SL101"]),
    ],
)
def test_a_method_of_masked_patches_takes_all_tokens(backbone: str, features: int, found: list[str]) -> None:
    text = TAKEN.format("simmim", backbone, "decoder", features)
    assert [code for code in codes(text) if code != "SL901"] == found


def test_the_tokens_of_a_convolutional_network_are_the_places_of_its_map() -> None:
    assert codes(TAKEN.format("simmim", "resnet18", "decoder", 512)) == []
    assert codes(TAKEN.format("simmim", "resnet18", "decoder", 384)) == ["SL101"]


def test_the_patches_of_a_backbone_without_tokens_are_not_known() -> None:
    assert unchecked(TAKEN.format("mae", "resnet18", "decoder", 512)) == ["the size of the patches is not known"]
    called = unchecked(TAKEN.format("mae", "torchvision.models.vit_b_16()", "decoder", 768))
    assert "the tokens of its last layer are not known" in called[0]
    assert unchecked(TAKEN.format("mae", "{out_dim: 256}", "decoder", 256)) == ["the size of the patches is not known"]


def test_a_missing_part_is_named() -> None:
    assert unchecked("method: mae\nbackbone: vit_b_16\n") == ["there is no prediction_head in this model"]


@pytest.mark.parametrize("backbone", ["timm/swin_tiny_patch4_window7_224", "my.Network"])
def test_a_map_whose_channels_are_not_where_the_method_takes_them_is_not_known(backbone: str) -> None:
    text = f"method: densecl\nbackbone: {{name: {backbone}}}\nprojection_head: DenseCLProjectionHead(768, 512, 128)\n"
    text = text.replace("{name: timm/swin_tiny_patch4_window7_224}", backbone)
    assert set(codes(text)) <= {"SL901"}
    assert "what pool gives is not known" in unchecked(text)


def test_the_map_of_torchvisions_swin_is_permuted() -> None:
    text = config("densecl").replace("resnet18", "swin_t")
    assert codes(text) == ["SL101", "SL101"]
    assert codes(text.replace("512, 512", "768, 512")) == []


def test_a_second_loss_is_judged_as_well() -> None:
    text = config("dinov2").replace("IBOTPatchLoss(output_dim=4096)", "IBOTPatchLoss(output_dim=2048)")
    assert codes(text) == ["SL112"]
    assert codes(config("ibot").replace("patch_loss: IBOTPatchLoss(output_dim=2048)", "")) == []


@pytest.mark.parametrize("clusters", [1024, 512])
def test_a_head_of_the_target_that_is_trained_may_have_other_parameters(clusters: int) -> None:
    text = (
        config("capi")
        .replace("1024, bias=True", f"{clusters}, bias=True")
        .replace("384, 1024)", "384, 1024, weight_norm=True)")
    )
    assert codes(text) == ([] if clusters == 1024 else ["SL103"])


NAMED = {"VICRegL": "vicregl", "VICReg": "vicreg", "LeJEPA": "lejepa", "DINOv2Module": "dinov2", "IJEPA": "ijepa"}


@pytest.mark.parametrize(("name", "method"), NAMED.items())
def test_a_class_is_named_after_the_longest_method(name: str, method: str) -> None:
    assert naming.method(name) == method
