"""The command line as a user runs it: exit codes, streams, options, and the short form."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

SEED = (ROOT / "fixtures" / "lightly-1589.yaml").read_bytes()


def run(*arguments: str, cwd: Path, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "shapelint", *arguments],
        capture_output=True,
        cwd=cwd,
        input=stdin,
        timeout=120,
        env={**os.environ, **environment},
    )
    return subprocess.CompletedProcess(result.args, result.returncode, result.stdout.decode(), result.stderr.decode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.yaml").write_bytes(SEED)
    (tmp_path / "clean.yaml").write_bytes((ROOT / "fixtures" / "clean.yaml").read_bytes())
    (tmp_path / "other.yaml").write_text("services: {web: {image: nginx}}\n")
    return tmp_path


def findings(result: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(result.stdout)["findings"]
    return found


def test_the_seed_case(folder: Path) -> None:
    result = run("model.yaml", "--output-format", "json", cwd=folder)
    assert result.returncode == 1
    assert result.stderr == ""
    (finding,) = findings(result)
    line = SEED.decode().split("\n")[3]
    assert line[finding["column"] - 1 : finding["end_column"] - 1] == "512"
    assert line[: finding["column"] - 1].endswith("BYOLProjectionHead(")
    assert (finding["line"], finding["end_line"]) == (4, 4)
    assert (finding["code"], finding["expected"], finding["actual"]) == ("SL101", 512, 256)
    fix = finding["fix"]
    assert fix["message"] == "use BYOLProjectionHead(256, 1024, 256)"
    assert (fix["safety"], fix["verified"], fix["alternatives"]) == ("safe", True, [])


def test_fix_changes_three_characters_and_a_second_run_is_clean(folder: Path) -> None:
    first = run("--fix", "model.yaml", cwd=folder)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == (
        "Fixed model.yaml:4:37: SL101 512 -> 256\n\nFixed 1 finding. All clear: 1 model in 1 file fits.\n"
    )
    fixed = (folder / "model.yaml").read_bytes()
    assert fixed == SEED.replace(b"(512, 1024", b"(256, 1024")
    assert run("model.yaml", cwd=folder).returncode == 0
    assert run("--fix", "model.yaml", cwd=folder).returncode == 0
    assert (folder / "model.yaml").read_bytes() == fixed


def test_diff_changes_nothing(folder: Path) -> None:
    result = run("--diff", "model.yaml", cwd=folder)
    assert result.returncode == 1
    assert "-projection_head: BYOLProjectionHead(512, 1024, 256)\n" in result.stdout
    assert "+projection_head: BYOLProjectionHead(256, 1024, 256)\n" in result.stdout
    assert (folder / "model.yaml").read_bytes() == SEED


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_fix_keeps_line_endings_and_the_byte_order_mark(ending: bytes, mark: bytes, folder: Path) -> None:
    before = mark + SEED.replace(b"\n", ending)
    (folder / "model.yaml").write_bytes(before)
    assert run("--fix", "model.yaml", cwd=folder).returncode == 0
    assert (folder / "model.yaml").read_bytes() == before.replace(b"(512, 1024", b"(256, 1024")


def test_unsafe_fixes_need_their_option(folder: Path) -> None:
    text = "backbone: {out_dim: 8}\nprojection_head: Linear(8, 16)\nprediction_head: [Linear(24, 16)]\n"
    text += "---\nbackbone: {out_dim: 8}\nprojection_head: Linear(8, 16)\nprediction_head: Linear(24, 24)\n"
    (folder / "model.yaml").write_text(text)
    found = findings(run("model.yaml", "--output-format", "json", cwd=folder))
    assert [finding["fix"]["safety"] for finding in found] == ["safe", "safe"]
    unsafe = "backbone: {out_dim: 8}\nprojection_head: Linear(8, 16)\nprediction_head: [Linear(24, 4), Linear(4, 17)]\n"
    (folder / "model.yaml").write_text(unsafe)
    found = findings(run("model.yaml", "--output-format", "json", cwd=folder))
    assert [finding["fix"]["safety"] for finding in found] == ["unsafe", "unsafe"]
    assert len(found[0]["fix"]["alternatives"]) == 1
    assert run("--fix", "model.yaml", cwd=folder).returncode == 1
    assert run("--fix", "--unsafe-fixes", "model.yaml", cwd=folder).returncode == 0
    assert run("model.yaml", cwd=folder).returncode == 0


def test_the_short_form_and_the_long_one_agree(folder: Path) -> None:
    forms = [["model.yaml"], ["check", "model.yaml"], ["--output-format", "text", "model.yaml"], ["./model.yaml"]]
    outputs = {run(*form, cwd=folder).stdout for form in forms}
    assert len(outputs) == 1


def test_a_folder_named_like_a_command(folder: Path) -> None:
    (folder / "show").mkdir()
    (folder / "show" / "model.yaml").write_bytes(SEED)
    assert run("./show", "--output-format", "concise", cwd=folder).returncode == 1
    assert run("show", cwd=folder).returncode == 2


def test_an_option_value_named_like_a_command_is_not_a_command(folder: Path) -> None:
    assert run("--output-file", "show", "model.yaml", cwd=folder).returncode == 1
    assert (folder / "show").read_text().startswith("error[SL101]")


def test_files_without_a_model(folder: Path) -> None:
    assert run("other.yaml", cwd=folder).returncode == 2
    assert run("--skip-unrecognised", "other.yaml", cwd=folder).returncode == 0
    assert run("--skip-unrecognised", "other.yaml", "model.yaml", cwd=folder).returncode == 1
    assert run("clean.yaml", cwd=folder).returncode == 0
    walked = run(".", "--output-format", "json", cwd=folder)
    assert json.loads(walked.stdout)["summary"] == {
        "files": 2,
        "models": 2,
        "errors": 1,
        "warnings": 0,
        "infos": 0,
        "unknown": 0,
        "skipped": 1,
        "links": 8,
        "checked": 8,
    }


def test_a_file_that_does_not_parse(folder: Path) -> None:
    (folder / "broken.yaml").write_text("a: [1\n")
    (folder / "model.yaml").write_text("projection_head: [1\n")
    assert run("broken.yaml", cwd=folder).returncode == 1
    assert run("--skip-unrecognised", "broken.yaml", cwd=folder).returncode == 0
    assert run("--skip-unrecognised", "model.yaml", cwd=folder).returncode == 1
    walked = findings(run(".", "--output-format", "json", cwd=folder))
    assert [(finding["code"], finding["path"]) for finding in walked] == [("SL903", "model.yaml")]


def test_select_and_ignore(folder: Path) -> None:
    assert run("--ignore", "SL101", "model.yaml", cwd=folder).returncode == 0
    assert run("--ignore", "feature-width-mismatch", "model.yaml", cwd=folder).returncode == 0
    assert run("--select", "SL2", "model.yaml", cwd=folder).returncode == 0
    assert run("--select", "SL1,SL2", "model.yaml", cwd=folder).returncode == 1
    wrong = run("--select", "SL10I", "model.yaml", cwd=folder)
    assert (wrong.returncode, "did you mean SL101?" in wrong.stderr) == (2, True)


def test_error_on_unknown(folder: Path) -> None:
    (folder / "model.yaml").write_text("backbone: {_target_: my.Net}\nprojection_head: Linear(8, 8)\n")
    assert run("model.yaml", cwd=folder).returncode == 0
    assert run("--error-on-unknown", "model.yaml", cwd=folder).returncode == 1


def test_stdin(folder: Path) -> None:
    result = run("-", "--stdin-filename", "x/model.yaml", "--output-format", "concise", cwd=folder, stdin=SEED)
    assert result.returncode == 1
    assert result.stdout.startswith("x/model.yaml:4:37: SL101 [*]")
    assert run("-", cwd=folder, stdin=SEED).returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--no-such-option", "model.yaml"],
        ["--output-format", "xml", "model.yaml"],
        ["--fix", "--diff", "model.yaml"],
        ["--unsafe-fixes", "model.yaml"],
        ["show"],
        ["rule", "SL999"],
        ["signature", "no.such.Thing"],
        ["signature", "Linear(3"],
        ["--output-file", "no/such/folder/report", "model.yaml"],
    ],
)
def test_bad_usage_exits_2(arguments: list[str], folder: Path) -> None:
    result = run(*arguments, cwd=folder)
    assert result.returncode == 2
    assert result.stderr
    assert "Traceback" not in result.stderr


def test_streams(folder: Path) -> None:
    """stdout contains the report and nothing else."""
    result = run("-v", "model.yaml", "--output-format", "json", cwd=folder)
    json.loads(result.stdout)
    assert "lightly.models.modules.BYOLProjectionHead: stored, verified with lightly" in result.stderr
    quiet = run("-q", "clean.yaml", cwd=folder)
    assert (quiet.stdout.strip(), quiet.stderr) == ("", "")


def test_colour_is_only_used_on_terminals(folder: Path) -> None:
    assert "\x1b[" not in run("model.yaml", cwd=folder).stdout
    assert "\x1b[" in run("model.yaml", cwd=folder, FORCE_COLOR="1").stdout
    assert "\x1b[" not in run("model.yaml", cwd=folder, FORCE_COLOR="1", NO_COLOR="1").stdout


def test_a_closed_pipe_is_not_an_error(folder: Path) -> None:
    command = f"{sys.executable} -m shapelint show --layers model.yaml | true; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True)
    assert result.returncode in (0, 2)
    assert "Traceback" not in result.stderr


def test_show(folder: Path) -> None:
    result = run("show", "model.yaml", cwd=folder)
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "model.yaml: model (byol)"
    assert lines[1].split() == ["component", "signature", "in", "out", "parameters", "source"]
    broken = [line for line in lines if line.startswith("x ")]
    assert broken[0].startswith("x projection_head: lightly.models.modules.BYOLProjectionHead")
    weights = 512 * 1024 + 2 * 1024 + 1024 * 256 + 256  # the first Linear has no bias
    assert broken[0].endswith(f"{weights:,}  stored")
    layers = run("show", "--layers", "model.yaml", cwd=folder).stdout
    assert "layers.0 Linear" in layers


def test_show_lists_the_parts_of_components_for_a_given_size(folder: Path) -> None:
    """conv1 halves 96 to 48, maxpool to 24, layer4 divides by 32: 3."""
    (folder / "sized.yaml").write_text("input: [3, 96, 64]\nbackbone: resnet18\nprojection_head: [Linear(512, 8)]\n")
    shown = run("show", "--layers", "sized.yaml", cwd=folder).stdout.splitlines()
    rows = {" ".join(line.split()[:2]): line for line in shown}
    assert "(B, 3, 96, 64)" in rows["conv1 Conv2d"]
    assert "(B, 64, 48, 32)" in rows["conv1 Conv2d"]
    assert "(B, 64, 24, 16)" in rows["maxpool MaxPool2d"]
    assert "(B, 512, 3, 2)" in rows["layer4 Sequential"]


def test_show_takes_settings_as_check_does(folder: Path) -> None:
    (folder / "open.yaml").write_text("backbone: resnet18\nprojection_head: BYOLProjectionHead(512, 8, 8)\n")
    (folder / "other.toml").write_text("input = [3, 80, 80]\n")
    assert "(B, 3, 80, 80)" in run("show", "open.yaml", "--config", "other.toml", cwd=folder).stdout
    (folder / "shapelint.toml").write_text("input = [3, 80, 80]\n")
    assert "(B, 3, 80, 80)" in run("show", "open.yaml", cwd=folder).stdout
    assert "(B, 3, H, W)" in run("show", "--isolated", "open.yaml", cwd=folder).stdout


@pytest.mark.parametrize(("width", "signatures"), [(200, True), (110, True), (80, False)])
def test_a_table_does_not_exceed_its_width(width: int, signatures: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from shapelint.linting.lint_paths import lint
    from shapelint.report.chain_table import render

    monkeypatch.chdir(ROOT)
    lines = render(lint("fixtures/lightly-1589.yaml"), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert ("B 512 -> B 256" in lines[3]) is signatures
    assert ("lightly.models.modules." in lines[3]) is (width == 200)


def test_signature(folder: Path) -> None:
    assert "... in_features -> ... out_features" in run("signature", "torch.nn.Linear", cwd=folder).stdout
    assert "... 3 -> ... 4" in run("signature", "Linear(3, 4)", cwd=folder).stdout
    assert "B 3 H W -> B 512" in run("signature", "resnet18", cwd=folder).stdout
    assert "B 3 H W -> B num_classes" in run("signature", "torchvision.models.resnet18", cwd=folder).stdout


def test_known_models_are_searched_by_name_and_by_width(folder: Path) -> None:
    lines = [line.split(maxsplit=2) for line in run("signature", "--list", "resnet?8", cwd=folder).stdout.splitlines()]
    libraries = ("torchvision", "timm", "monai", "segmentation_models_pytorch")
    assert [line[:2] for line in lines] == [[f"{library}/resnet18", "512"] for library in libraries]
    wide = run("signature", "convnext", "--width", "768", cwd=folder).stdout.splitlines()
    assert {"torchvision/convnext_tiny", "timm/convnext_tiny"} <= {line.split()[0] for line in wide}
    assert {line.split()[1] for line in wide} == {"768"}
    assert "no model of width 767 is known by a name like '*'" in run("signature", "--width", "767", cwd=folder).stderr
    assert "list what is known with --list" in run("signature", cwd=folder).stderr


def test_rule(folder: Path) -> None:
    assert "SL101" in run("rule", "SL101", cwd=folder).stdout
    assert run("rule", "sl101", cwd=folder).stdout == run("rule", "feature-width-mismatch", cwd=folder).stdout
    listed = run("rule", cwd=folder).stdout.splitlines()
    pages = sorted((ROOT / "rules").glob("SL*.md"))
    assert len(listed) == len(pages)
