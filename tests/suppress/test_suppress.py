"""Ignore comments: what they silence, and SL904 for those that silence nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import CLEAN, ONE_FAULT, run

from shapelint.linting.fixing import fixed_text
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

FAULT_LINE = "projection_head: BYOLProjectionHead(512, 1024, 256)"
BACKBONE_LINE = "backbone: {target: yolov8n.Backbone, out_dim: 256}"


def lint(text: str, **settings: tuple[str, ...]) -> FileReport:
    return lint_text(Source("model.yaml", text), Settings(isolated=True, **settings))


def codes(text: str, **settings: tuple[str, ...]) -> list[str]:
    return [finding.code for finding in lint(text, **settings).findings]


def commented(comment: str, line: str = FAULT_LINE, text: str = ONE_FAULT) -> str:
    assert line in text
    return text.replace(line, f"{line}  {comment}")


def fixed(text: str) -> str:
    return fixed_text(Source("model.yaml", text), lambda source: lint(source.text), unsafe=False)[0]


@pytest.mark.parametrize(
    "comment",
    [
        "# shapelint: ignore[SL101]",
        "# shapelint: ignore[SL101] the adapter makes it 512",
        "#shapelint:ignore[sl101]",
        "# shapelint: ignore [ SL101 ]",
        "# shapelint: ignore[feature-width-mismatch]",
        "# from the paper  # shapelint: ignore[SL101]",
        "# shapelint: ignore[SL101]  # noqa: E501",
        "# shapelint: IGNORE[SL101",
    ],
)
def test_an_ignore_silences_its_line(comment: str) -> None:
    assert codes(commented(comment)) == []


def test_an_ignore_applies_on_the_line_of_a_related_span() -> None:
    assert codes(commented("# shapelint: ignore[SL101]", BACKBONE_LINE)) == []


def test_an_ignore_applies_on_no_other_line() -> None:
    assert codes("# shapelint: ignore[SL101]\n" + ONE_FAULT) == ["SL904", "SL101"]


def test_an_ignore_of_a_whole_file_may_be_anywhere() -> None:
    assert codes("# shapelint: ignore-file[SL101] old\n" + ONE_FAULT) == []
    assert codes(ONE_FAULT + "# shapelint: ignore-file[SL101]\n") == []


def test_text_that_looks_like_a_comment_is_not_one() -> None:
    assert codes(ONE_FAULT + 'note: "x # shapelint: ignore-file[SL101]"\n') == ["SL101"]
    assert codes(ONE_FAULT + "note: |\n  # shapelint: ignore-file[SL101]\n") == ["SL101"]


def test_only_the_named_rule_is_silenced() -> None:
    text = ONE_FAULT.replace("BYOLPredictionHead(256", "BYOLPredictionHead(128")
    assert codes(text) == ["SL101", "SL101"]
    assert codes(commented("# shapelint: ignore[SL101]", BACKBONE_LINE, text)) == ["SL101"]
    assert codes(commented("# shapelint: ignore[SL101]", text=text)) == []  # the related span of the second one is here
    assert codes(commented("# shapelint: ignore[SL102]", text=text)) == ["SL101", "SL904", "SL101"]


def test_every_line_of_a_finding_counts() -> None:
    text = (
        "method: byol\nbackbone: resnet18\nprojection_head:\n  input_dim: 256\n  hidden_dim: 1024\n  output_dim: 256\n"
    )
    assert codes(text) == ["SL101"]
    assert codes(text.replace("input_dim: 256", "input_dim: 256  # shapelint: ignore[SL101]")) == []


def test_a_file_that_does_not_parse_can_be_ignored() -> None:
    text = "# shapelint: ignore-file[SL903] a template\nmethod: byol\nprojection_head: [\n"
    assert codes(text) == []
    assert codes(text.replace("SL903", "SL101")) == ["SL903"]


@pytest.mark.parametrize(
    ("comment", "message", "help", "after"),
    [
        ("# shapelint: ignore[SL101] why", "nothing on this line is SL101", "", None),
        ("# shapelint: ignore[SL101, SL102]", "nothing on this line is SL101 or SL102", "", None),
        ("# shapelint: ignore-file[SL101]", "nothing in this file is SL101", "", None),
        ("# shapelint: ignore", "this ignore names no rule, so it silences nothing", "ignore[SL101]", None),
        ("# shapelint: ignore[]", "this ignore names no rule, so it silences nothing", "ignore[SL101]", None),
        ("# shapelint: ignore-file", "this ignore names no rule, so it silences nothing", "ignore-file[SL101]", None),
        ("# shapelint: ignore[SL1O1]", "no rule is called SL1O1 (the nearest is SL101)", "", None),
        ("# shapelint: ignored[SL101]", "shapelint knows no comment 'ignored'", "did you mean ignore?", "same"),
        ("# shapelint: ignore-files[SL101]", "shapelint knows no comment 'ignore-files'", "ignore-file?", "same"),
        ("# keep # shapelint: ignore[SL101] why", "nothing on this line is SL101", "", "# keep"),
        ("# shapelint: ignore[SL101] why  # keep", "nothing on this line is SL101", "", "# keep"),
    ],
)
def test_an_unused_ignore_is_reported_and_removed(comment: str, message: str, help: str, after: str | None) -> None:
    text = commented(comment, line=FAULT_LINE.replace("512", "256"), text=CLEAN)
    (finding,) = lint(text).findings
    assert (finding.code, finding.severity) == ("SL904", "warning")
    assert finding.message.startswith(message)
    assert help in finding.help
    source = Source("model.yaml", text)
    start = source.offset("", finding.location.line, finding.location.column)
    end = source.offset("", finding.location.end_line, finding.location.end_column)
    assert comment.find(text[start:end]) >= 0
    assert text[start:end].startswith("# shapelint: ignore")
    expected = text if after == "same" else text.replace(f"  {comment}", f"  {after}" if after else "")
    assert fixed(text) == expected


def test_a_comment_on_its_own_line_is_removed_with_the_line() -> None:
    assert fixed(f"a: 1\n  # shapelint: ignore-file[SL101] why\r\n{CLEAN}") == f"a: 1\n{CLEAN}"
    assert fixed(f"{CLEAN}# shapelint: ignore-file[SL101]") == CLEAN


def test_only_unused_codes_are_removed() -> None:
    text = commented("# shapelint: ignore[SL102, SL101,SL1O1] why")
    (finding,) = lint(text).findings
    assert finding.message == "no rule is called SL1O1 (the nearest is SL101); nothing on this line is SL102"
    assert finding.fix is not None
    assert finding.fix.message == "remove SL102, SL1O1"
    assert fixed(text) == commented("# shapelint: ignore[SL101] why")


def test_an_ignore_of_a_rule_that_was_not_judged_is_not_unused() -> None:
    text = commented("# shapelint: ignore[SL101]", FAULT_LINE.replace("512", "256"), CLEAN)
    assert codes(text) == ["SL904"]
    assert codes(text, select=("SL2", "SL904")) == []
    assert codes(text, ignore=("SL101",)) == []


def test_no_ignore_is_unused_if_a_component_is_unknown() -> None:
    """A component that cannot be resolved here may be resolved elsewhere, where the ignore is needed."""
    text = commented("# shapelint: ignore[SL101]").replace(", out_dim: 256", "")
    assert codes(text) == ["SL901"]
    assert codes(text.replace("SL101", "SL999")) == ["SL901", "SL904"]


def test_the_report_of_unused_ignores_can_be_ignored() -> None:
    text = commented("# shapelint: ignore[SL101, SL904] soon", FAULT_LINE.replace("512", "256"), CLEAN)
    assert codes(text) == []
    assert codes(text, ignore=("SL904",)) == []


def test_a_silenced_fault_is_not_fixed_and_does_not_fail(tmp_path: Path) -> None:
    text = commented("# shapelint: ignore[SL101]")
    (tmp_path / "model.yaml").write_text(text)
    assert run(tmp_path, "--fix", "model.yaml").returncode == 0
    assert (tmp_path / "model.yaml").read_text() == text


def test_an_ignore_that_a_fix_makes_unused_is_removed() -> None:
    text = commented("# shapelint: ignore[SL902]", text=ONE_FAULT)
    assert fixed(text) == CLEAN


def test_comments_for_other_tools_are_unchanged() -> None:
    assert codes(CLEAN + "# shapelint: see https://example.org\n# about shapelint: nothing\n# noqa\n") == []


SCRIPT = """\
from torch import nn
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
import torchvision


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(*list(torchvision.models.resnet18().children())[:-1])
        self.projection_head = BYOLProjectionHead(1024, 1024, 256)
        self.prediction_head = BYOLPredictionHead(256, 1024, 256)

    def forward(self, x):
        y = self.backbone(x).flatten(start_dim=1)
        return self.prediction_head(self.projection_head(y))
"""


def test_scripts_are_silenced_in_the_same_way() -> None:
    def lint_script(text: str) -> list[str]:
        report = lint_text(Source("model.py", text), Settings(isolated=True))
        return [finding.code for finding in report.findings]

    line = "BYOLProjectionHead(1024, 1024, 256)"
    assert lint_script(SCRIPT) == ["SL101"]
    assert lint_script(SCRIPT.replace(line, line + "  # shapelint: ignore[SL101] why")) == []
    assert lint_script(SCRIPT.replace(line, line + "  # shapelint: ignore[SL102]")) == ["SL101", "SL904"]
    assert lint_script('"""# shapelint: ignore-file[SL101]"""\n' + SCRIPT) == ["SL101"]
    assert lint_script("# shapelint: ignore-file[SL101]\n" + SCRIPT) == []
    right = SCRIPT.replace("Head(1024,", "Head(512,")
    assert lint_script(right) == []
    assert lint_script("# shapelint: ignore-file[SL101]\n" + right) == ["SL904"]
