"""What a config says in the user's own words is not read as something else: it is unknown, and its link unchecked."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport, ModelReport
from shapelint.text.source import Source

HEAD = "BYOLProjectionHead(512, 96, 48)"


def lint(text: str) -> FileReport:
    return lint_text(Source("model.yaml", text), Settings())


def codes(text: str) -> list[str]:
    return [finding.code for finding in lint(text).findings if finding.severity != "info"]


def model(text: str) -> ModelReport:
    (found,) = lint(text).models
    return found


def unchecked(text: str) -> dict[str, str]:
    return {link.role: link.reason for link in model(text).unchecked}


def head(written: str, method: str = "byol") -> str:
    return f"method: {method}\nbackbone: resnet18\nprojection_head: {written}\n"


def test_widths_without_the_input_leave_it_to_code_that_is_not_seen() -> None:
    text = head("{hidden_dim: 96, output_dim: 48}")
    assert codes(text) == []
    assert (
        unchecked(text)["projection_head"]
        == "no input_dim is written, so its input is derived by code that is not seen"
    )
    assert model(text).chain[1].output == ["B", 48]


def test_the_output_that_is_written_counts_for_what_follows() -> None:
    head_and_predictor = head("{hidden_dim: 96, output_dim: 48}") + "prediction_head: {input_dim: %d, output_dim: 48}\n"
    assert codes(head_and_predictor % 48) == []
    assert codes(head_and_predictor % 64) == ["SL101"]


def test_widths_with_the_input_are_the_default_class() -> None:
    assert codes(head("{input_dim: 512, hidden_dim: 96, output_dim: 48}")) == []
    assert codes(head("{input_dim: 768, hidden_dim: 96, output_dim: 48}")) == ["SL101"]


@pytest.mark.parametrize("key", ["hiden_dim", "hidden_dmi", "hiddendim"])
def test_a_misspelt_width_is_one_where_the_argument_is_missing(key: str) -> None:
    assert codes(head(f"{{input_dim: 512, {key}: 96, output_dim: 48}}")) == ["SL902"]
    assert codes(head(f"{{input_dim: 512, hidden_dim: 96, {key}: 96, output_dim: 48}}")) == []


def test_nothing_is_taken_for_an_argument_whose_name_is_misspelt() -> None:
    assert codes(head("{inputdim: 512, hidden_dim: 96, output_dim: 48}")) == ["SL902"]


@pytest.mark.parametrize("key", ["dropout", "use_bias", "n_layers", "in_dim", "hidden", "proj_dim"])
def test_other_keys_are_the_users_business(key: str) -> None:
    text = head(f"{{input_dim: 64, {key}: 3, output_dim: 48}}", "simclr")
    assert codes(text) == []
    assert "projection_head" in unchecked(text)


@pytest.mark.parametrize(
    "written",
    [
        "true",
        "false",
        "3",
        "0.5",
        "4096-4096-256",
        "'2 x 1024'",
        "[2048, 2048, 128]",
        "['1024', '64']",
        "[96, relu, 48]",
    ],
)
@pytest.mark.parametrize("key", ["projection_head", "projector", "backbone"])
def test_a_switch_or_a_number_is_no_component(key: str, written: str) -> None:
    text = f"method: byol\nbackbone: resnet18\nprojection_head: {HEAD}\n".replace("projection_head", "projector")
    name = {"projection_head": "projector", "projector": "projector", "backbone": "backbone"}[key]
    lines = [f"{key}: {written}" if line.startswith(name) else line for line in text.splitlines()]
    report = lint("\n".join(lines) + "\n")
    assert report.findings == ()
    role = "backbone" if key == "backbone" else "projection_head"
    assert role in {link.role for link in report.models[0].unchecked}


def test_a_call_that_does_not_parse_is_still_said() -> None:
    assert codes(head("BYOLProjectionHead(512, 96 48)")) == ["SL903"]
    assert codes(head("[Linear(512, 96), 7, Linear(96, 48)]")) == ["SL903"]


@pytest.mark.parametrize("sizes", ["image_size: 96x96", "image_size: native", "batch_size: max", "batch_size: null"])
def test_sizes_in_words_are_simply_unknown(sizes: str) -> None:
    assert lint(f"{sizes}\n" + head(HEAD)).findings == ()


@pytest.mark.parametrize("sizes", ["image_size: -96", "image_size: '96'", "batch_size: 0", "batch_size: 1.5"])
def test_sizes_that_are_numbers_must_be_possible(sizes: str) -> None:
    assert codes(f"{sizes}\n" + head(HEAD)) == ["SL903"]


@pytest.mark.parametrize("layer", ["BatchNorm1d(96 2)", "Linear(96,, 96)", "!python/object:x {}"])
def test_a_component_with_a_layer_that_does_not_parse_is_unknown_as_a_whole(layer: str) -> None:
    text = f"method: byol\nbackbone: resnet18\nprojection_head:\n  - Linear(7, 96)\n  - {layer}\n  - Linear(5, 48)\n"
    text += "prediction_head: BYOLPredictionHead(64, 96, 64)\n"
    report = lint(text)
    assert [finding.code for finding in report.findings] == ["SL903"]
    assert {"projection_head", "prediction_head"} <= unchecked(text).keys()
    right = (
        text.replace(layer, "BatchNorm1d(96)").replace("(7, ", "(512, ").replace("(5, ", "(96, ").replace("64", "48")
    )
    assert (lint(right).findings, unchecked(right)) == ((), {})
