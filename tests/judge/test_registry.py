"""Every page names existing facts; a team's page that does not is reported with its path and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.judge import fact_names, rulebook, templates
from shapelint.knowledge import rule_pages
from shapelint.knowledge.rule_pages import RulePageError
from shapelint.knowledge.schema.front_matter import RulePage
from shapelint.linting.analyse import analyse
from shapelint.resolve.options import Options
from shapelint.text.source import Source

PAGE = """---
code: TEAM001
name: projector-ends-in-256
severity: warning
subject: component
when: component.is_projection_head
require: component.output.features == 256
message: "{component} ends in {component.output.features}, here it is 256"
---

# TEAM001-projector-ends-in-256
"""


@pytest.mark.parametrize("code", rule_pages.built_in())
def test_a_built_in_page_names_existing_facts(code: str) -> None:
    assert list(fact_names.faults(rule_pages.built_in()[code].page)) == []


def test_every_subject_has_its_facts() -> None:
    subjects = {rule.page.subject for rule in rule_pages.built_in().values() if rule.page.emitted_by is None}
    assert subjects == set(fact_names.FACTS)


def test_a_page_of_a_team(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(PAGE, encoding="utf-8")
    assert "TEAM001" in rulebook.known((tmp_path,))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "output.features ==",
            "output.feature ==",
            "require: no fact 'component.output.feature': did you mean features?",
        ),
        ("when: component.", "when: edge.", "when: no fact 'edge.is_projection_head': there are component"),
        ("require: component.output.features == 256", "require: component. ==", "require: not an expression"),
        ("{component.output.features}", "{component.nam}", "message: no fact 'component.nam': did you mean name?"),
        ("output.features == 256", "output.features == +256", "require: operator not allowed: +256"),
        ("output.features == 256", "output.features == 16 @ 16", "require: operator not allowed: 16 @ 16"),
        ("output.features == 256", "size()", "require: call not allowed: component.size()"),
        ("output.features == 256", "output.features in {256}", "require: Set is not allowed"),
        (
            "subject: component",
            "subject: component\nrepair: consumer.output.features := component.outputs",
            "repair: no fact 'component.outputs': did you mean output?",
        ),
        ("severity: warning", "severity: component.loud", "severity: no fact 'component.loud'"),
        ("subject: component", "subject: model", "subject: a page needs a subject"),
        ("subject: component", "subject: chain", "subject: Input should be"),
        ("name: projector-ends-in-256", "name: Projector", "name: String should match pattern"),
        ("code: TEAM001", "code: SL101", "the code SL101 is taken"),
        ("when:", "whenever:", "whenever: Extra inputs are not permitted"),
    ],
)
def test_a_page_that_does_not_validate(tmp_path: Path, old: str, new: str, reason: str) -> None:
    (tmp_path / "page.md").write_text(PAGE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RulePageError) as raised:
        rulebook.known((tmp_path,))
    assert str(raised.value).startswith(str(tmp_path / "page.md"))
    assert reason in str(raised.value)


def test_a_folder_that_is_not_there_has_no_pages(tmp_path: Path) -> None:
    assert rulebook.known((tmp_path / "rules",)) == rule_pages.built_in()


def test_each_fault_of_a_page_is_found() -> None:
    page = RulePage(
        code="X001", name="x", severity="error", subject="edge", when="edge.fits and", require="edge.fit",
        message="{edge.fits +}, {edge.inside}, {edges}", repair="consumer.input.features := edge.; offered",
    )  # fmt: skip
    assert [field for field, _ in fact_names.faults(page)] == ["when", "require", "message", "message", "repair"]


def test_the_arguments_of_a_function_are_facts_and_its_name_is_none() -> None:
    for fact, faulty in (("consumer.axes", ["require"]), ("consumer.input.axes", [])):
        page = RulePage(code="X001", name="x", severity="error", subject="edge", require=f"max({fact}, 2) == 2")
        assert [field for field, _ in fact_names.faults(page)] == faulty


def test_a_value_that_is_not_known_is_shown_as_a_question() -> None:
    assert templates.render("{width} and {other}", {"width": None, "other": 0}) == "? and 0"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("== 256", "== 256 and component.name < 3", "require"),
        ("when: ", "when: component.role + 1 > 0 or ", "when"),
        ("severity: warning", "severity: component.name", "severity"),
    ],
)
def test_an_operation_that_the_facts_do_not_have_is_a_fault_of_its_page(
    tmp_path: Path, old: str, new: str, field: str
) -> None:
    path = tmp_path / "page.md"
    path.write_text(PAGE.replace(old, new, 1), encoding="utf-8")
    text = "method: barlowtwins\nbackbone: resnet18\nprojection_head: [Linear(512, 256)]\n"
    if field != "require":
        text = text.replace("256", "128")
    with pytest.raises(RulePageError) as raised:
        analyse(Source("model.yaml", text), Options(rules=(tmp_path,)))
    assert str(raised.value).startswith(f"{path}:")
    assert f": {field}: " in str(raised.value)


def test_the_test_of_built_in_pages_can_fail() -> None:
    page = RulePage(code="X001", name="x", severity="error", subject="edge", require="consumer.weight == 1")
    assert list(fact_names.faults(page)) == [("require", "no fact 'consumer.weight': there are " + _side())]


def _side() -> str:
    return ", ".join(fact_names.attributes(fact_names.FACTS["edge"]["consumer"]))


def test_the_readme_of_rules_lists_the_facts(root: Path, update: bool) -> None:
    path = root / "rules" / "README.md"
    text = path.read_text(encoding="utf-8")
    before, rest = text.split("<!-- facts -->\n")
    _, after = rest.split("<!-- end of facts -->")
    expected = f"{before}<!-- facts -->\n{fact_names.table()}<!-- end of facts -->{after}"
    if update:
        path.write_text(expected, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == expected


def test_the_page_of_the_readme_is_valid(root: Path, tmp_path: Path) -> None:
    text = (root / "rules" / "README.md").read_text(encoding="utf-8")
    front = next(block for block in text.split("```yaml\n")[1:] if block.startswith("code: TEAM001")).split("```")[0]
    (tmp_path / "page.md").write_text(f"---\n{front}---\n\n# TEAM001\n", encoding="utf-8")
    assert "TEAM001" in rulebook.known((tmp_path,))
