"""Settings: where they are found, which take precedence, the effect of each key, and the messages for wrong ones."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from command_line import ONE_FAULT, run, run_process

from shapelint.common import bounds
from shapelint.settings import config

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HEADER = "[tool.shapelint]\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "conf" / "old").mkdir(parents=True)
    for name in ("model.yaml", "conf/model.yaml", "conf/old/model.yaml"):
        (tmp_path / name).write_text(ONE_FAULT)
    return tmp_path


def codes(project: Path, *arguments: str) -> list[str]:
    result = run(project, "--output-format", "json", *arguments)
    return [finding["code"] for finding in json.loads(result.stdout)["findings"]]


def test_the_nearest_settings_replace_all_others(project: Path) -> None:
    (project / "pyproject.toml").write_text(HEADER + 'ignore = ["SL101"]\n')
    (project / "conf" / "shapelint.toml").write_text('method = "byol"\n')
    assert codes(project, "model.yaml") == []
    assert codes(project, "conf/model.yaml") == ["SL101"]
    assert codes(project, "conf/old/model.yaml") == ["SL101"]


def test_shapelint_toml_takes_precedence_over_pyproject(project: Path) -> None:
    (project / "pyproject.toml").write_text(HEADER + 'ignore = ["SL101"]\n')
    (project / "shapelint.toml").write_text("")
    assert codes(project, "model.yaml") == ["SL101"]


def test_a_pyproject_without_the_section_is_skipped(project: Path) -> None:
    (project / "pyproject.toml").write_text(HEADER + 'ignore = ["SL101"]\n')
    (project / "conf" / "pyproject.toml").write_text('[project]\nname = "shapelint-user"\n')
    assert codes(project, "conf/model.yaml") == []


@pytest.mark.parametrize(
    "text",
    [
        '[tool.shapelint]\nignore = ["SL101"]\n',
        '[ tool . "shapelint" ]\nignore = ["SL101"]\n',
        '[tool]\nshapelint = {ignore = ["SL101"]}\n',
        'tool.shapelint.ignore = ["SL101"]\n',
        'tool = {shapelint = {ignore = ["SL101"]}}\n',
    ],
)
def test_every_spelling_of_the_section_is_read(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(text)
    assert codes(project, "model.yaml") == []


def test_the_command_line_takes_precedence(project: Path) -> None:
    (project / "shapelint.toml").write_text('select = ["SL2"]\nignore = ["SL101"]\n')
    assert codes(project, "model.yaml") == []
    assert codes(project, "model.yaml", "--select", "SL101") == ["SL101"]
    assert codes(project, "model.yaml", "--isolated") == ["SL101"]
    assert codes(project, "model.yaml", "--select", "SL101", "--ignore", "SL101") == []


def test_a_named_settings_file_is_used_for_all_files(project: Path) -> None:
    (project / "strict.toml").write_text('ignore = ["SL101"]\n')
    (project / "conf" / "shapelint.toml").write_text("")
    assert codes(project, "conf/model.yaml", "--config", "strict.toml") == []


@pytest.mark.parametrize(
    ("select", "ignore", "speaks"),
    [
        ([], [], True),
        (["SL1"], [], True),
        (["SL2"], [], False),
        (["ALL"], ["SL101"], False),
        (["SL101"], ["SL1"], True),
        (["SL1"], ["SL101"], False),
        (["SL101"], ["SL101"], False),
        ([], ["ALL"], False),
    ],
)
def test_the_longest_prefix_decides(select: list[str], ignore: list[str], speaks: bool) -> None:
    assert config.is_selected("SL101", select, ignore) is speaks


def test_per_file_ignores(project: Path) -> None:
    (project / "shapelint.toml").write_text('[per-file-ignores]\n"conf/old/*" = ["feature-width-mismatch"]\n')
    assert codes(project, "conf/model.yaml") == ["SL101"]
    assert codes(project, "conf/old/model.yaml") == []


def test_severity(project: Path) -> None:
    (project / "shapelint.toml").write_text('severity = {SL1 = "info", SL102 = "error"}\n')
    result = run(project, "--output-format", "json", "model.yaml")
    assert [finding["severity"] for finding in json.loads(result.stdout)["findings"]] == ["info"]
    assert result.returncode == 0


def test_exclude_applies_to_walks_and_if_forced_to_named_files(project: Path) -> None:
    (project / "shapelint.toml").write_text('exclude = ["old"]\n')
    assert len(codes(project, ".")) == 2
    assert codes(project, "conf/old/model.yaml") == ["SL101"]
    assert codes(project, "conf/old") == ["SL101"]
    assert codes(project, "conf/old/model.yaml", "--force-exclude", "--skip-unrecognised") == []
    (project / "shapelint.toml").write_text('exclude = ["old"]\nforce-exclude = true\n')
    assert codes(project, "conf/old/model.yaml", "model.yaml") == ["SL101"]


def test_exclude_from_the_command_line_adds(project: Path) -> None:
    (project / "shapelint.toml").write_text('exclude = ["old"]\n')
    assert len(codes(project, ".", "--exclude", "conf/*.yaml")) == 1


def test_input_and_method_apply_to_models_without_their_own(project: Path) -> None:
    (project / "shapelint.toml").write_text("input = [13, 64, 64]\n")
    text = "backbone: resnet18\nprojection_head: BYOLProjectionHead(512, 1024, 256)\n"
    (project / "model.yaml").write_text(text)
    assert codes(project, "model.yaml") == ["SL105"]
    (project / "model.yaml").write_text(text + "input: [3, 64, 64]\n")
    assert codes(project, "model.yaml") == []
    (project / "model.yaml").write_text(text + "image_size: 64\n")
    assert codes(project, "model.yaml") == ["SL105"]


@pytest.mark.parametrize(
    ("declaration", "component", "found"),
    [
        ('"my.Trunk" = "B 3 H W -> B 256"', "my.Trunk(depth=4)", ["SL101"]),
        ('"my.Trunk" = "B 3 H W -> B 512"', "my.Trunk(depth=4)", []),
        ('"my.Trunk(width=512)" = "B 3 H W -> B width"', "my.Trunk()", []),
        ('"my.Trunk(width=512)" = "B 3 H W -> B width"', "my.Trunk(256)", ["SL101"]),
        ('"my.Trunk(width=512)" = "B 3 H W -> B width"', "my.Trunk(widht=256)", ["SL902"]),
        ('"my.Trunk" = "B 3 H W -> B 512 (H//32) (W//32)"', "my.Trunk()", ["SL102"]),
        ('"other.Trunk" = "B 3 H W -> B 256"', "my.Trunk()", ["SL901"]),
    ],
)
def test_declared_signatures(project: Path, declaration: str, component: str, found: list[str]) -> None:
    (project / "shapelint.toml").write_text(f"[signatures]\n{declaration}\n")
    (project / "model.yaml").write_text(
        f"method: byol\nbackbone: {component}\nprojection_head: BYOLProjectionHead(512, 1024, 256)\n"
    )
    assert codes(project, "model.yaml") == found
    chain = json.loads(run(project, "--output-format", "json", "model.yaml").stdout)["files"][0]["models"][0]["chain"]
    assert (chain[0]["source"] == "declared") is (found != ["SL901"])
    assert (run(project, "signature", "my.Trunk").returncode == 0) is (found != ["SL901"])


TEAM_PAGE = """---
code: TEAM001
name: projector-not-256
severity: warning
subject: component
when: component.is_projection_head
require: component.output.features == 256
message: "{component} ends in {component.output.features} features, not in 256"
---

# TEAM001-projector-not-256
"""


def test_a_teams_own_rules(project: Path) -> None:
    rules = project / "ci" / "shape-rules"
    rules.mkdir(parents=True)
    (rules / "TEAM001.md").write_text(TEAM_PAGE)
    (rules / "README.md").write_text("# Our rules\n")
    (project / "shapelint.toml").write_text('rules = ["ci/shape-rules"]\n')
    text = "backbone: resnet18\nprojection_head: BYOLProjectionHead(512, 1024, {})\n"
    (project / "model.yaml").write_text(text.format(128))
    assert codes(project, "model.yaml") == ["TEAM001"]
    assert codes(project, "model.yaml", "--ignore", "projector-not-256") == []
    for output_format in ("sarif", "markdown", "json"):  # no page on the web, so no link to one
        assert "TEAM001-projector-not-256.md" not in run(project, "--output-format", output_format, "model.yaml").stdout
    assert codes(project, "model.yaml", "--select", "TEAM") == ["TEAM001"]
    assert run(project, "rule", "TEAM001").stdout == "# TEAM001-projector-not-256\n"
    (project / "model.yaml").write_text(text.format(256))
    assert codes(project, "model.yaml") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('\nselct = ["SL1"]\n', "shapelint.toml:2: unknown key 'selct' in [tool.shapelint]: did you mean 'select'?"),
        ("per_file_ignores = {}\n", "did you mean 'per-file-ignores'?"),
        ("qwertz = 1\n", "it takes extend, select, ignore, severity,"),
        ("input = {chanels = 3}\n", "unknown key 'chanels' in input: did you mean 'channels'?"),
        ("\ninput = [3, 4]\n", "shapelint.toml:2: input: expected [channels, height, width], or {channels = 3, "),
        ("input = [3, 4]\n", ", or {image_size = 224}, found [3, 4]\n"),
        ('input = [3, 4, "a"]\n', ", found [3, 4, 'a']\n"),
        ("input = {image_size = 0}\n", ", found {'image_size': 0}\n"),
        ('severity = {SL204 = "inf"}\n', "severity.SL204: input should be 'error', 'warning' or 'info', found 'inf'"),
        ('select = ["SL1001"]\n', "select: no rule 'SL1001', did you mean SL101?"),
        ('[per-file-ignores]\n"*" = ["SL110x"]\n', "per-file-ignores: no rule 'SL110x'"),
        ('rules = ["nowhere"]\n', "rules: no folder 'nowhere' beside shapelint.toml"),
        ('method = "boyl"\n', "method: no method 'boyl', did you mean 'byol'?"),
        ('[signatures]\n"a.B" = "B 3 -> B 4"\n"my.Net" = "B 3 ("\n', "shapelint.toml:3: signatures: my.Net: "),
        ('[signatures]\n"my.Net(x, y=2)" = "B z"\n', "shapelint.toml:2: signatures: my.Net(x, y=2): "),
        ('[per-file-ignores]\n"a/*" = ["SL101"]\n"*" = ["SL9x"]\n', "shapelint.toml:3: per-file-ignores: "),
        ('[severity]\nSL101 = "info"\nSL99 = "info"\n', "shapelint.toml:3: severity: no rule 'SL99'"),
        ('signatures = {"my Net" = "B -> B"}\n', "'my Net' is not a dotted name"),
        ('trust = "me"\n', "trust: input should be a valid list, found 'me'"),
        ('trust = ["a b"]\n', "trust: 'a b' is not the name of a package"),
        ("x =\n", "not valid TOML"),
        ("force-exclude = 1\n", "force-exclude: input should be a valid boolean, found 1"),
    ],
)
def test_a_wrong_setting_is_an_error_with_its_place(project: Path, text: str, words: str) -> None:
    (project / "shapelint.toml").write_text(text)
    result = run(project, "model.yaml")
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_a_team_rule_cannot_take_the_code_of_another(project: Path) -> None:
    (project / "ci").mkdir()
    (project / "ci" / "page.md").write_text(TEAM_PAGE.replace("TEAM001", "SL101"))
    (project / "shapelint.toml").write_text('rules = ["ci"]\n')
    result = run(project, "model.yaml")
    assert (result.returncode, "the code SL101 is taken" in result.stderr) == (2, True)


def test_config_shows_the_settings_and_their_source(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        HEADER + 'ignore = ["SL3"]\nexclude = ["old"]\n[tool.shapelint.per-file-ignores]\n"conf/*" = ["SL101"]\n'
    )
    lines = run(project, "config", "conf/old/model.yaml").stdout.splitlines()
    assert f"# from {project / 'pyproject.toml'}" in lines
    settings = {line.split(" =")[0]: line for line in lines if not line.startswith("#")}
    assert settings["ignore"].split("#")[0].strip() == 'ignore = ["SL3"]'
    assert settings["ignore"].endswith("# pyproject.toml")
    assert settings["select"].endswith("# default")
    assert settings["per-file-ignores"].startswith('per-file-ignores = {"conf/*" = ["SL101"]}')
    applies = next(line for line in lines if line.startswith("# rules that apply"))
    silent = next(line for line in lines if line.startswith("# rules that do not"))
    assert "SL102" in applies
    assert "SL101" not in applies
    assert "SL101, SL301" in silent
    assert any("excluded" in line for line in lines)


def test_config_without_a_settings_file(project: Path) -> None:
    shown = run(project, "config", "model.yaml", "--isolated").stdout
    assert "# from no settings file: defaults" in shown.splitlines()
    values = tomllib.loads(shown)
    assert (values["select"], values["method"], values["input"]) == (["ALL"], "byol", {"channels": 3})


@pytest.mark.parametrize("given", ["[3, 96, 128]", "{channels = 4}", "{image_size = 64}"])
def test_the_output_of_config_is_valid_as_settings(given: str, project: Path) -> None:
    text = f'method = "simsiam"\ninput = {given}\n[per-file-ignores]\n"*" = ["SL3"]\n[severity]\nSL204 = "error"\n'
    (project / "shapelint.toml").write_text(text)
    shown = run(project, "config", "model.yaml").stdout
    (project / "shapelint.toml").write_text(shown)

    def values(text: str) -> list[str]:
        return [line.partition("#")[0] for line in text.splitlines()]

    assert values(run(project, "config", "model.yaml").stdout) == values(shown)


def test_config_of_a_missing_path(project: Path) -> None:
    result = run(project, "config", "absent.yaml")
    assert (result.returncode, "no such file" in result.stderr) == (2, True)


def test_a_file_extends_another(project: Path) -> None:
    """Values replace those of the other file, tables add to its tables."""
    (project / "base.toml").write_text(
        'ignore = ["SL101", "SL301"]\nmethod = "simsiam"\nseverity = {SL102 = "warning"}\n'
    )
    (project / "shapelint.toml").write_text('extend = "base.toml"\nignore = ["SL204"]\nseverity = {SL204 = "error"}\n')
    assert codes(project, "model.yaml") == ["SL101"]
    shown = run(project, "config", "model.yaml").stdout
    assert re.search(r'^ignore = \["SL204"\] +# shapelint.toml$', shown, re.MULTILINE)
    assert re.search(r'^method = "simsiam" +# base.toml$', shown, re.MULTILINE)
    assert re.search(r'^severity = {SL102 = "warning", SL204 = "error"} +# shapelint.toml$', shown, re.MULTILINE)


def test_an_extended_file_may_extend_another_and_be_a_pyproject(project: Path) -> None:
    (project / "pyproject.toml").write_text(HEADER + 'ignore = ["SL101"]\n')
    (project / "team.toml").write_text('extend = "pyproject.toml"\n')
    (project / "conf" / "shapelint.toml").write_text('extend = "../team.toml"\n')
    assert codes(project, "conf/model.yaml") == []


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"shapelint.toml": 'extend = "shapelint.toml"\n'}, "extends this file itself"),
        (
            {"shapelint.toml": 'extend = "a.toml"\n', "a.toml": 'extend = "shapelint.toml"\n'},
            "extends this file itself",
        ),
        ({"shapelint.toml": 'extend = "absent.toml"\n'}, "absent.toml: cannot be read"),
        ({"shapelint.toml": "extend = 3\n"}, "extend: input should be a valid string"),
        (
            {"shapelint.toml": 'extend = "pyproject.toml"\n', "pyproject.toml": "[tool.ruff]\n"},
            "no [tool.shapelint] in",
        ),
    ],
)
def test_what_cannot_be_extended_is_said(files: dict[str, str], words: str, project: Path) -> None:
    for name, text in files.items():
        (project / name).write_text(text)
    result = run(project, "model.yaml")
    assert result.returncode == 2
    assert words in result.stderr


ROOT_ONLY = pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="modes of files say nothing here")
@pytest.mark.parametrize(("name", "header"), [("shapelint.toml", ""), ("pyproject.toml", HEADER)])
def test_settings_that_everybody_may_write_are_not_used(project: Path, name: str, header: str) -> None:
    settings = project / name
    settings.write_text(header + 'ignore = ["SL101"]\n')
    assert codes(project, "model.yaml") == []
    settings.chmod(0o666)
    result = run_process(project, "model.yaml", "--output-format", "concise")
    assert "SL101" in result.stdout
    assert result.stderr == (
        f"shapelint: {settings}: these settings are not used: everybody may write the file "
        "(--config uses them all the same)\n"
    )
    assert codes(project, "--config", name, "model.yaml") == []


@ROOT_ONLY
def test_settings_of_somebody_else_in_a_shared_folder_are_not_used(project: Path) -> None:
    settings = project / "shapelint.toml"
    settings.write_text('ignore = ["SL101"]\n')
    os.chown(settings, 4321, 4321)
    assert codes(project, "conf/model.yaml") == []  # only its owner may write there
    project.chmod(0o1777)
    assert codes(project, "conf/model.yaml") == ["SL101"]
    os.chown(settings, 0, 0)
    assert codes(project, "conf/model.yaml") == []  # of root, or this user's own
    (project / "conf" / "shapelint.toml").symlink_to(settings)
    (project / "conf").chmod(0o1777)
    assert codes(project, "conf/model.yaml") == []
    os.chown(project / "conf" / "shapelint.toml", 4321, 4321, follow_symlinks=False)
    settings.write_text("select = [1]\n")  # what is not used is not even read
    assert "these settings are not used" in run_process(project, "conf/model.yaml").stderr


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="modes of files say nothing here")
def test_a_shared_pyproject_without_the_section_is_not_mentioned(project: Path) -> None:
    (project / "pyproject.toml").write_text('[project]\nname = "shapelint-user"\n')
    (project / "pyproject.toml").chmod(0o666)
    assert run_process(project, "model.yaml").stderr == ""


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="modes of files say nothing here")
def test_settings_that_everybody_may_write_are_not_extended(project: Path) -> None:
    (project / "base.toml").write_text('ignore = ["SL101"]\n')
    (project / "shapelint.toml").write_text('extend = "base.toml"\n')
    (project / "base.toml").chmod(0o666)
    result = run(project, "model.yaml")
    assert result.returncode == 2
    assert "extend: base.toml is not used: everybody may write the file" in result.stderr


def test_how_many_files_extend_one_another(project: Path) -> None:
    def chain(length: int) -> None:
        for number in range(length):
            (project / f"{number}.toml").write_text(f'extend = "{number + 1}.toml"\n')
        (project / f"{length}.toml").write_text('ignore = ["SL101"]\n')
        (project / "shapelint.toml").write_text('extend = "1.toml"\n')

    chain(bounds.EXTENDED_SETTINGS)
    assert codes(project, "model.yaml") == []
    chain(bounds.EXTENDED_SETTINGS + 1)
    assert "extend: more than 16 files, one after the other" in run(project, "model.yaml").stderr
