"""`${...}` in a config: within calls, and relative to the place where it stands."""

from __future__ import annotations

import pytest

from shapelint.linting.fixing import fixed_text
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source


def lint(text: str) -> FileReport:
    return lint_text(Source("model.yaml", text), Settings())


def errors(text: str) -> list[tuple[str, int, object, object]]:
    found = [one for one in lint(text).findings if one.severity == "error"]
    return [(one.code, one.location.line, one.expected, one.actual) for one in found]


def mended(text: str) -> str:
    return fixed_text(Source("model.yaml", text), lambda source: lint_text(source, Settings()), True)[0]


def call(arguments: str, more: str = "") -> str:
    return f"a: 512\nb: 40\n{more}net:\n  backbone: resnet18\n  projection_head: BYOLProjectionHead({arguments})\n"


@pytest.mark.parametrize("arguments", ["${a}, 96, 40", "input_dim=${ a }, output_dim=${b}", "${a}, 2*${b}, ${b}"])
def test_a_number_in_a_call_is_found_and_mended_where_it_is_written(arguments: str) -> None:
    right = call(arguments)
    wrong = right.replace("a: 512", "a: 500")
    assert (errors(right), lint(right).models[0].chain[1].output) == ([], ["B", 40])
    assert errors(wrong) == [("SL101", 1, 500, 512)]
    assert mended(wrong) == right


def test_a_number_that_is_computed_is_mended_in_the_call() -> None:
    assert errors(call("2*${a}, 96, 40")) == [("SL101", 5, 1024, 512)]


def test_a_path_that_leads_on_is_followed() -> None:
    assert errors(call("${model.width}, 96, 40", "model: {width: '${sizes[0]}'}\nsizes: [500, 3]\n")) == [
        ("SL101", 4, 500, 512)
    ]


@pytest.mark.parametrize(
    "value", ["${oc.env:W}", "${missing}", "${eval:'2*${a}'}", "${.missing}", "${....a}", "${a.b}"]
)
def test_what_is_known_at_run_time_only_is_unknown_in_a_call(value: str) -> None:
    report = lint(call(f"{value}, 96, 40"))
    assert [finding.code for finding in report.findings if finding.severity != "info"] == []
    assert "projection_head" in [link.role for link in report.models[0].unchecked]
    assert report.models[0].chain[1].output == ["B", 40]


@pytest.mark.parametrize(
    ("reference", "place"),
    [("${...width}", 0), ("${..width}", 1), ("${.width}", 2), ("${width}", 0), ("${net.width}", 1)],
)
def test_dots_lead_up_from_the_mapping_that_holds_the_value(reference: str, place: int) -> None:
    widths = [7, 7, 7]
    widths[place] = 512
    text = (
        f"width: {widths[0]}\nnet:\n  width: {widths[1]}\n  backbone: resnet18\n  projection_head:\n"
        f"    _target_: torch.nn.Linear\n    width: {widths[2]}\n    in_features: {reference}\n    out_features: 40\n"
    )
    text = text.replace("    width: ", "    _partial_: ") if place != 2 else text
    codes = [finding.code for finding in lint(text).findings if finding.code != "SL902"]
    assert codes == []
    wrong = text.replace("512", "300")
    assert [one.code for one in lint(wrong).findings if one.code != "SL902"] == ["SL101"]


def test_dots_lead_up_from_a_list() -> None:
    text = "net:\n  width: {}\n  backbone: resnet18\n  projection_head:\n    - Linear(${{..width}}, 8)\n"
    assert errors(text.format(512)) == []
    assert errors(text.format(400)) == [("SL101", 2, 400, 512)]
    assert mended(text.format(400)) == text.format(512)
