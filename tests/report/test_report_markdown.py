"""The job summary: a table and a diagram of each chain."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from report_examples import MIXED, NASTY, REPORTS, SEED, at, finding, report_of

from shapelint.common.escaping import escape
from shapelint.report import render
from shapelint.report.mermaid import flowchart
from shapelint.spec.findings import LinkReport, ModelReport


def test_the_seed_case() -> None:
    assert render(SEED, "markdown") == (
        """\
## shapelint

Found 1 error in 1 model (1 file checked).<br>
\\[\\*\\] 1 fixable with --fix.

| Severity | Rule | Where | Finding | Fix |
| --- | --- | --- | --- | --- |
| error | [SL101](https://github.com/shapelint/shapelint/blob/main/rules/SL101-feature-width-mismatch.md) \
| model.yaml:4:37 | projection_head expects 512 features, but backbone produces 256 \
| use BYOLProjectionHead(256, 1024, 256) (safe) |

### model.yaml: model (byol)

```mermaid
flowchart LR
  input(["input"])
  link0["backbone<br/>yolov8n.Backbone"]
  link1["projection_head<br/>BYOLProjectionHead"]:::error
  link2["prediction_head<br/>BYOLPredictionHead"]
  output(["output"])
  input -->|"(B, 3, H, W)"| link0
  link0 --x|"(B, 256), expected 512"| link1
  link1 -->|"(B, 256)"| link2
  link2 -->|"(B, 256)"| output
  linkStyle 1 stroke:#d1242f,stroke-width:3px
  classDef error stroke:#d1242f,stroke-width:3px
  classDef warning stroke:#bf8700,stroke-width:3px
  classDef unknown stroke-dasharray:4 4
```
"""
    )


def test_models_without_a_fault_are_folded() -> None:
    rendered = render(MIXED, "markdown")
    assert re.findall("^(?:### |<details><summary>)(.*?)(?:<.*)?$", rendered, re.MULTILINE) == [
        "model.yaml: model (byol)",
        "other.yaml: second (byol)",
        "other.yaml: third (simsiam)",
    ]
    assert rendered.count("<details>") == rendered.count("</details>") == 1
    assert "| error |  | bad.yaml | not UTF-8: byte 0xff at offset 3 |  |" in rendered
    assert "| use 256<br>or use 128 before it (unsafe) |" in rendered


def test_a_fault_inside_a_component_does_not_break_a_link() -> None:
    """The fault is inside prediction_head of `second`, which takes its input."""
    chart = render(MIXED, "markdown").partition("second")[2].partition("```\n")[0]
    assert 'BYOLPredictionHead"]:::warning' in chart
    assert "--x" not in chart
    assert "linkStyle" not in chart


def test_a_broken_link_shows_the_expected_shape() -> None:
    """It is not what another finding on the same component expects further inside."""
    link = LinkReport("head", "Sequential", ["B", 512, 7, 7], ["B", 256], "stored", broken=True)
    inside = finding(at(1, 1, 2), code="SL104", role="head", expected=64, actual=32)
    rank = finding(at(1, 1, 2), role="head", expected=["B", 512], actual=["B", 512, 7, 7], severity="warning")
    chart = flowchart(ModelReport("m", "byol", (link,)), (inside, rank))
    assert 'input --x|"(B, 512, 7, 7), expected (B, 512)"| link0' in chart
    assert 'input --x|"(B, 512, 7, 7)"| link0' in flowchart(ModelReport("m", "byol", (link,)), (inside,))


def test_an_unknown_component_is_dashed() -> None:
    chart = flowchart(ModelReport("m", "byol", (LinkReport("backbone", "my.Net", None, None, "unknown"),)), ())
    assert 'link0["backbone<br/>my.Net"]:::unknown' in chart
    assert 'input -->|"?"| link0' in chart


def test_several_tensors() -> None:
    chart = flowchart(
        ModelReport("m", "byol", (LinkReport("backbone", "n", ["B", 3], [["B", 7], ["B", 8]], "traced"),)), ()
    )
    assert 'link0 -->|"(B, 7), (B, 8)"| output' in chart


@pytest.mark.parametrize("name", REPORTS)
def test_a_table_row_stays_one_row(name: str) -> None:
    rows = [line for line in render(REPORTS[name], "markdown").split("\n") if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 6 for row in rows)


def test_a_renderer_shows_user_text_literally() -> None:
    """Parsed with a real parser of GitHub's tables and strikethrough, the cells contain exactly the text."""
    message = "~~gone~~ **b** _i_ snake_case `c` | [a](b) <b> &lt; \\\\| ![x](y) " + NASTY
    one = finding(at(1, 2, 3, "_my_|model.yaml"), message=message)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(render(report_of("", one), "markdown"))
    cells = [token for token in tokens if token.type == "inline" and token.level == 4][5:]
    assert [[part.type for part in cell.children or ()] for cell in cells[2:4]] == [["text"], ["text"]]
    assert [part.content for cell in cells[2:4] for part in cell.children or ()] == [
        "_my_|model.yaml:1:2",
        escape(message),
    ]


def test_a_dollar_does_not_start_a_formula() -> None:
    assert "| \\$a\\$ |" in render(report_of("", finding(at(1, 2, 3), message="$a$")), "markdown")


def test_nasty_text_does_not_start_markup() -> None:
    rendered = render(REPORTS["nasty"], "markdown")
    assert {character for character in rendered if not character.isprintable()} == {"\n"}
    tags = set(re.findall(r"<[^>]*>", re.sub("```mermaid.*?```", "", rendered, flags=re.DOTALL)))
    assert tags == {"<br>"}
    outside = re.sub("^```(mermaid)?$", "", rendered, flags=re.MULTILINE)
    assert re.findall(r"(?<!\\)(?:\\\\)*`", outside) == []


def test_nasty_text_stays_inside_the_labels_of_a_diagram() -> None:
    """Between quotes there are only word characters, harmless punctuation and codes; outside, only our own text."""
    chart = flowchart(ModelReport("m", "m", (LinkReport(NASTY, NASTY, [["B", NASTY]], None, "unknown"),)), ())
    for label in re.findall('"(.*?)"', chart):
        assert re.fullmatch(r"(?:[\w ,().:/?=+-]|#\d+;|<br/>)*", label)
    assert re.sub('".*?"', '""', chart).split("\n") == [
        "flowchart LR",
        '  input([""])',
        '  link0[""]:::unknown',
        '  output([""])',
        '  input -->|""| link0',
        '  link0 -->|""| output',
        "  classDef error stroke:#d1242f,stroke-width:3px",
        "  classDef warning stroke:#bf8700,stroke-width:3px",
        "  classDef unknown stroke-dasharray:4 4",
    ]
