"""Parts of a config in addition to its components: every way to write them, and what is not checked."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import Finding
from shapelint.text.source import Source

BYOL = """backbone: resnet18
projection_head: BYOLProjectionHead(512, 1024, 256)
prediction_head: BYOLPredictionHead(256, 1024, 256)
"""
MOCO = """method: moco
backbone: resnet18
projection_head: MoCoProjectionHead(512, 512, 128)
"""
SMOG = """method: smog
backbone: resnet18
projection_head: SMoGProjectionHead(512, 2048, 128)
prediction_head: SMoGPredictionHead(128, 2048, 128)
"""


def findings(text: str) -> tuple[Finding, ...]:
    report = lint_text(Source("model.yaml", text), Settings(isolated=True))
    assert report.status == "checked", report.problem
    assert report.models
    return report.findings


def spans(text: str) -> list[tuple[str, str]]:
    """Return the code of each finding, and the text of its span."""
    lines = text.splitlines()
    found = []
    for finding in findings(text):
        place = finding.location
        assert place.line == place.end_line
        found.append((finding.code, lines[place.line - 1][place.column - 1 : place.end_column - 1]))
    return found


@pytest.mark.parametrize(
    "bank",
    [
        "memory_bank: [4096, {}]",
        "memory_bank: {{size: [4096, {}]}}",
        "memory_bank: MemoryBankModule(size=(4096, {}))",
        "memory_bank: lightly.models.modules.memory_bank.MemoryBankModule((4096, {}))",
        "memory_bank: {{_target_: lightly.models.modules.MemoryBankModule, size: [4096, {}]}}",
        "loss: NTXentLoss(memory_bank_size=(4096, {}))",
        "loss: NTXentLoss(0.5, (4096, {}))",
        "loss: {{_target_: lightly.loss.NTXentLoss, memory_bank_size: [4096, {}]}}",
        "criterion: {{class_path: lightly.loss.ntx_ent_loss.NTXentLoss, init_args: {{memory_bank_size: [4096, {}]}}}}",
        "queue: [4096, {}]",
    ],
)
def test_a_bank_and_the_number_that_is_its_width(bank: str) -> None:
    assert spans(MOCO + bank.format(128) + "\n") == []
    assert spans(MOCO + bank.format(256) + "\n") == [("SL112", "256")]


@pytest.mark.parametrize(
    "prototypes",
    [
        "prototypes: [300, {}]",
        "prototypes: Linear({}, 300)",
        "prototypes: {{_target_: torch.nn.Linear, in_features: {}}}",
    ],
)
def test_prototypes_and_the_number_that_is_their_width(prototypes: str) -> None:
    assert spans(SMOG + prototypes.format(128) + "\n") == []
    assert spans(SMOG + prototypes.format(64) + "\n") == [("SL112", "64")]


@pytest.mark.parametrize("word", ["alias", "online"])
def test_a_target_that_is_the_online_branch(word: str) -> None:
    assert spans(BYOL + f"target: {word}\n") == [("SL202", word)]


@pytest.mark.parametrize(
    "word", ["copy", "deepcopy", "my_package.Target", "${target}", "null", "3", "[1, 2]", "{rate: 0.9}"]
)
def test_a_target_that_is_not_the_online_branch(word: str) -> None:
    assert spans(BYOL + f"target: {word}\n") == []


def test_a_misspelt_target_is_reported() -> None:
    (finding,) = findings(BYOL + "target: alais\n")
    assert (finding.code, finding.help) == ("SL903", "did you mean alias?")


@pytest.mark.parametrize("key", ["projection_head", "projector", "neck"])
def test_a_separate_target_uses_the_same_names(key: str) -> None:
    own = f"target:\n  {key}: BYOLProjectionHead(512, {{}}, 256)\n"
    assert spans(BYOL + own.format(1024)) == []
    assert spans(BYOL + own.format(2048)) == [("SL108", "2048")]


def test_a_fault_inside_a_separate_target() -> None:
    own = "target:\n  backbone: resnet50\n"
    width, update = findings(BYOL + own)
    assert (width.code, update.code) == ("SL101", "SL108")
    assert "the target's backbone produces 2048" in width.message


@pytest.mark.parametrize(
    "loss",
    ["VICRegLoss()", "VICRegLoss", "lightly.loss.VICRegLoss()", "lightly.loss.vicreg_loss.VICRegLoss(eps=0.001)"],
)
def test_a_loss_by_any_of_its_names(loss: str) -> None:
    narrow = BYOL.replace("256)\n", "1)\n").replace(
        "BYOLProjectionHead(512, 1024, 1)", "BYOLProjectionHead(512, 1024, 256)"
    )
    assert [code for code, _ in spans(narrow)] == ["SL207"]
    assert [code for code, _ in spans(narrow + f"loss: {loss}\n")] == ["SL103"]


@pytest.mark.parametrize(
    "line",
    [
        "loss: my_package.Loss(3)",
        "loss: byol",
        "loss: cosine + 0.5 * mse",
        "loss: 0.5",
        "loss: [a, b]",
        "loss: {weight: 0.5}",
        "loss: null",
        "loss: ${loss}",
        "memory_bank: true",
        "memory_bank: 4096",
        "memory_bank: large",
        "memory_bank: [4096]",
        "memory_bank: [a, b]",
        "queue: {length: 100}",
        "hidden_layer: null",
        "hidden_layer: 1.5",
        "hidden_layer: [layer3, layer4]",
        "checkpoint: null",
        "checkpoint: last",
        "checkpoint: s3://bucket/model.pt",
        "checkpoint: ${path}/model.pt",
        "checkpoint: {every: 10}",
        "drop_last: maybe",
        "dataset_size: many",
        "batch_size: 256\ndataset_size: true",
    ],
)
def test_lines_that_cannot_be_checked(line: str) -> None:
    assert spans(BYOL + line + "\n") == []
    assert spans(MOCO + line + "\n") == []


@pytest.mark.parametrize("layer", ["avgpool", "layer4.0", "layer4.1.conv2", "-2", "-1", "0"])
def test_a_layer_that_exists_or_may_exist(layer: str) -> None:
    text = BYOL.replace("512", "64" if layer == "0" else "512")
    codes = {code for code, _ in spans(text + f"hidden_layer: {layer}\n")}
    assert "SL110" not in codes


@pytest.mark.parametrize("layer", ["avg_pool", "layer5", "layer4.7", "-11", "10"])
def test_a_layer_that_does_not_exist(layer: str) -> None:
    assert ("SL110", layer) in spans(BYOL + f"hidden_layer: {layer}\n")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("batch_size: 1\n", ["SL107"]),
        ("batch_size: 1\ndrop_last: true\n", ["SL107"]),
        ("batch_size: 2\n", []),
        ("batch_size: 256\ndataset_size: 50177\n", ["SL107"]),
        ("batch_size: 256\ndataset_size: 50177\ndrop_last: true\n", []),
        ("batch_size: 256\ndataset_size: 50178\n", []),
        ("batch_size: 256\n", []),
        ("dataset_size: 50177\n", []),
    ],
)
def test_a_batch_of_one(lines: str, expected: list[str]) -> None:
    assert [code for code, _ in spans(lines + BYOL)] == expected
