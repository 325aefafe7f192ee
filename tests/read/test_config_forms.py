"""Every way to write a model in a config: what is recognised, how each form resolves, where a finding is located."""

from __future__ import annotations

import pytest

from shapelint.linting.fixing import fixed_text
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport, Finding
from shapelint.text.source import Source

SETTINGS = Settings()


def lint(text: str, path: str = "model.yaml") -> FileReport:
    return lint_text(Source(path, text), SETTINGS)


def only(report: FileReport) -> Finding:
    assert len(report.findings) == 1, report.findings
    return report.findings[0]


def pointed(text: str, finding: Finding) -> str:
    lines = text.split("\n")
    place = finding.location
    assert place.line == place.end_line
    return lines[place.line - 1][place.column - 1 : place.end_column - 1]


def output(text: str, role: str) -> object:
    (model,) = lint(text).models
    return next(link.output for link in model.chain if link.role == role)


@pytest.mark.parametrize(
    ("spelling", "width"),
    [
        ("resnet18", 512),
        ("torchvision/resnet50", 2048),
        ("mobilenet_v3_small", 1024),
        ("torchvision.models.resnet18", 512),
        ("torchvision.models.resnet18()", 1000),
        ("torchvision.models.resnet18(num_classes=10)", 10),
        ("{_target_: torchvision.models.resnet18}", 1000),
        ("{_target_: torchvision.models.resnet18, num_classes: 7}", 7),
        ("{class_path: torchvision.models.resnet18, init_args: {num_classes: 8}}", 8),
        ("{type: resnet18}", 512),
        ("{name: resnet18, kwargs: {}}", 512),
        ("{name: resnet18, pretrained: true}", 512),
        ("{out_dim: 256}", 256),
        ("{target: my.YOLOv8Backbone, out_dim: 256}", 256),
        ("[Conv2d(3, 8, 3), AdaptiveAvgPool2d(1), Flatten()]", 8),
        ("Sequential(Conv2d(3, 8, 3), AdaptiveAvgPool2d(1), Flatten())", 8),
        ("{_target_: torch.nn.Sequential, _args_: [{_target_: torch.nn.Flatten}, 'LazyFoo']}", None),
    ],
)
def test_backbone_spellings(spelling: str, width: int | None) -> None:
    shape = output(f"backbone: {spelling}\nprojection_head: Identity()\n", "backbone")
    assert shape == (None if width is None else ["B", width])


HEAD_SPELLINGS = [
    "BYOLProjectionHead(500, 1024, 256)",
    "BYOLProjectionHead(input_dim=500, hidden_dim=1024, output_dim=256)",
    "lightly.models.modules.BYOLProjectionHead(500, 1024, output_dim=256)",
    "lightly.models.modules.heads.BYOLProjectionHead(500, 1024, 256)",
    "'BYOLProjectionHead(500, 1024, 256)'",
    '"BYOLProjectionHead(500, 1024, 256)"',
    "{input_dim: 500, hidden_dim: 1024, output_dim: 256}",
    "{_target_: lightly.models.modules.BYOLProjectionHead, input_dim: 500, hidden_dim: 1024, output_dim: 256}",
    "{_target_: lightly.models.modules.BYOLProjectionHead, _args_: [500, 1024, 256]}",
    "{class_path: BYOLProjectionHead, init_args: {input_dim: 500, output_dim: 256}}",
    "{type: BYOLProjectionHead, input_dim: 500, output_dim: 256}",
    "{name: BYOLProjectionHead, kwargs: {input_dim: 500, output_dim: 256}}",
    "{name: BYOLProjectionHead, input_dim: 500, output_dim: 256}",
    "{target: lightly.models.modules.BYOLProjectionHead, params: {input_dim: 500, output_dim: 256}}",
    "[Linear(500, 256)]",
    "[Linear(500, 1024), BatchNorm1d(1024), ReLU(), Linear(1024, 256)]",
    "[ReLU, {_target_: torch.nn.Linear, in_features: 500, out_features: 256}]",
    "Sequential(Linear(500, 1024), ReLU(), Linear(1024, 256))",
]


@pytest.mark.parametrize("head", HEAD_SPELLINGS)
@pytest.mark.parametrize("nesting", ["block", "flow", "deep"])
def test_a_wrong_width_is_located_at_its_digits_and_fixed_there(head: str, nesting: str) -> None:
    text = {
        "block": f"backbone: resnet18\nprojection_head: {head}  # a comment\n",
        "flow": f"{{backbone: resnet18, projection_head: {head}, note: 1}}\n",
        "deep": f"runs:\n  - trainer: 1\n    model:\n      backbone: resnet18\n      projection_head: {head}\n",
    }[nesting]
    finding = only(lint(text))
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 500, 512)
    assert pointed(text, finding) == "500"
    fixed, changes = fixed_text(Source("model.yaml", text), lambda source: lint_text(source, SETTINGS), False)
    assert fixed == text.replace("500", "512")
    assert [(change.code, change.texts) for change in changes] == [("SL101", (("500", "512"),))]


@pytest.mark.parametrize(
    "text",
    [
        "backbone: resnet18\nprojection_head: BYOLProjectionHead\n",
        "backbone: resnet18\nprojection_head: BYOLProjectionHead()\n",
        "backbone: resnet18\nprojection_head: BYOLProjectionHead(hidden_dim=1024, output_dim=256,)\n",
        "backbone: resnet18\nprojection_head:\n    _target_: lightly.models.modules.BYOLProjectionHead\n",
        "backbone: resnet18\nprojection_head:\n  class_path: BYOLProjectionHead\n  init_args:\n    hidden_dim: 1024\n",
        "backbone: resnet18\nprojection_head: {type: BYOLProjectionHead, output_dim: 256,}\n",
        "backbone: resnet18\r\nprojection_head:\r\n  type: BYOLProjectionHead  # kept\r\n  output_dim: 256\r\n",
    ],
)
def test_a_default_width_is_written_out(text: str) -> None:
    finding = only(lint(text))
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 2048, 512)
    fixed, changes = fixed_text(Source("model.yaml", text), lambda source: lint_text(source, SETTINGS), False)
    assert len(changes) == 1
    assert lint(fixed).findings == ()
    assert set(text.split()) - {
        "BYOLProjectionHead",
        "BYOLProjectionHead()",
        "256}",
        "256,}",
        "output_dim=256,)",
    } <= set(fixed.split())


def test_anchors_aliases_and_merge_keys_point_at_the_place_of_use() -> None:
    text = (
        "widths: &widths {hidden_dim: 1024, output_dim: 256}\n"
        "dim: &dim 500\n"
        "backbone: resnet18\n"
        "projection_head: {<<: *widths, input_dim: *dim}\n"
    )
    finding = only(lint(text))
    assert pointed(text, finding) == "*dim"
    fixed, _ = fixed_text(Source("model.yaml", text), lambda source: lint_text(source, SETTINGS), False)
    assert fixed == text.replace("input_dim: *dim", "input_dim: 512")


def test_an_interpolation_within_the_file_is_followed() -> None:
    text = "dims: {feature: 500}\nbackbone: resnet18\nprojection_head: BYOLProjectionHead\n"
    text = text.replace("BYOLProjectionHead", "{input_dim: '${dims.feature}', output_dim: 256}")
    finding = only(lint(text))
    assert (finding.expected, finding.actual) == (500, 512)
    assert pointed(text, finding) == "'${dims.feature}'"


@pytest.mark.parametrize("value", ["${oc.env:WIDTH}", "${eval:'2*256'}", "${..dim}", "${missing.key}", "???"])
def test_values_known_only_at_run_time_are_not_errors(value: str) -> None:
    report = lint(f'backbone: resnet18\nprojection_head: {{input_dim: "{value}", output_dim: 256}}\n')
    assert [finding.code for finding in report.findings] == ["SL901"]


def test_several_documents_and_several_models() -> None:
    text = "backbone: resnet18\nprojection_head: Linear(1, 2)\n---\n"
    text += "a: {backbone: resnet18, projection_head: Linear(2, 2)}\n"
    text += "b: {encoder: resnet50, projector: BYOLProjectionHead(2048, 8, 2)}\n"
    report = lint(text)
    assert [model.name for model in report.models] == ["document 1", "document 2.a", "document 2.b"]
    assert [(finding.model, finding.expected) for finding in report.findings] == [
        ("document 1", 1),
        ("document 2.a", 2),
    ]


@pytest.mark.parametrize(
    "text",
    [
        # A detector, a classifier, a segmenter of OpenMMLab.
        "model:\n  type: FasterRCNN\n  backbone: {type: ResNet, depth: 50}\n  neck: {type: FPN, in_channels: [256]}\n",
        "model:\n  type: ImageClassifier\n  backbone: {type: ResNet}\n  neck: {type: Pooling}\n  head: {num: 1}\n",
        "backbone: resnet50\nneck: fpn\nhead: yolo\n",
        "backbone: [[-1, 1, Conv, [64, 3, 2]], [-1, 1, SPPF, [1024, 5]]]\nhead: [[-1, 1, nn.Upsample, [None, 2]]]\n",
        # A Helm template, docker-compose, a workflow, OpenAPI.
        "services:\n  net: {image: nginx}\n  encoder: {image: ffmpeg}\n  projector: {image: x, method: GET}\n",
        "method: POST\nencoder: gzip\nprojector: none\n",
        "on: push\njobs: {build: {runs-on: ubuntu, steps: [{uses: actions/checkout@v4}]}}\n",
        "paths: {/x: {get: {operationId: prediction, method: byol}}}\n",
        "encoder: {type: bert}\npredictor: {type: linear}\nprojection: {type: mlp}\n",
    ],
)
def test_configs_of_other_tools_are_not_models(text: str) -> None:
    report = lint(text)
    assert report.status == "no-model"
    assert report.findings == ()


def test_an_alias_key_counts_next_to_a_known_head() -> None:
    finding = only(lint("encoder: resnet18\nprojector: BYOLProjectionHead(500, 8, 2)\n"))
    assert (finding.role, finding.expected) == ("projection_head", 500)
    assert only(lint("trunk: resnet18\nssl: BYOLProjectionHead(500, 8, 2)\n")).role == "projection_head"


def test_a_missing_role_ends_the_chain() -> None:
    (model,) = lint("backbone: resnet18\nprediction_head: BYOLPredictionHead(512, 8, 512)\n").models
    assert [link.role for link in model.chain] == ["backbone", "prediction_head"]


@pytest.mark.parametrize(
    "written", ["[1, 28, 28]", "{channels: 1, height: 28, width: 28}", "{channels: 1, image_size: 28}"]
)
def test_input_spellings(written: str) -> None:
    text = f"input: {written}\nbackbone: [Flatten(), Linear(784, 64)]\nprojection_head: Linear(64, 8)\n"
    report = lint(text)
    assert [(finding.code, finding.severity) for finding in report.findings] == [("SL204", "info")]
    assert report.models[0].chain[0].input == ["B", 1, 28, 28]


def test_an_image_size_next_to_the_model() -> None:
    (model,) = lint("image_size: 64\nbackbone: resnet18\nprojection_head: Linear(512, 8)\n").models
    assert model.chain[0].input == ["B", 3, 64, 64]


def test_an_empty_list_of_layers_is_the_identity() -> None:
    report = lint("backbone: resnet18\nprojection_head: []\nprediction_head: Linear(512, 512)\n")
    assert report.findings == ()
    assert output("backbone: resnet18\nprojection_head: []\n", "projection_head") == ["B", 512]


def test_an_unqualified_torch_layer_without_a_stored_signature_is_traced() -> None:
    head = (
        "backbone: [Conv2d(3, 8, 3), LPPool2d(2, 2), AdaptiveAvgPool2d(1), Flatten()]\nprojection_head: Linear(9, 4)\n"
    )
    finding = only(lint(head))
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 9, 8)


@pytest.mark.parametrize(
    "text",
    [
        "projection_head: BYOLProjectionHead(2048, 1024, 256)\nprediction_head: BYOLPredictionHead(256, 1024, 256)\n",
        "defaults:\n  - backbone: r18\n  - _self_\nprojection_head: BYOLProjectionHead(2048, 1024, 256)\n",
        "backbone: null\nprojection_head: BYOLProjectionHead(2048, 1024, 256)\n",
        "backbone: resnet18\nprediction_head: BYOLPredictionHead(256, 1024, 256)\n",
    ],
)
def test_the_output_of_an_absent_role_is_unknown(text: str) -> None:
    report = lint(text)
    assert report.status == "checked"
    assert [finding for finding in report.findings if finding.code != "SL901"] == []


def test_nothing_is_judged_after_a_head_that_cannot_be_read() -> None:
    text = "backbone: resnet18\nprojection_head: BYOLProjectionHead(512, 8, 256\nprediction_head: Linear(256, 256)\n"
    assert only(lint(text)).code == "SL903"


@pytest.mark.parametrize("written", ["{type: resnet18, num_classes: 9}", "{name: resnet18, kwargs: {num_classes: 9}}"])
def test_a_registry_entry_with_a_class_count_is_the_classifier(written: str) -> None:
    assert output(f"backbone: {written}\nprojection_head: Linear(9, 4)\n", "backbone") == ["B", 9]
