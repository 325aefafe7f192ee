"""The wheel alone, in a fresh environment, lints a fixture: its rules are included."""

from __future__ import annotations

import email
import json
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

from shapelint import __version__


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)], check=True, capture_output=True
    )
    return next(folder.glob("*.whl"))


def test_the_index_would_take_it(wheel: Path) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", str(wheel)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, "PASSED" in result.stdout) == (0, True), result.stdout + result.stderr


def test_every_rule_and_signature_is_inside(wheel: Path) -> None:
    inside = {name.removeprefix("shapelint/") for name in zipfile.ZipFile(wheel).namelist()}
    data = [path.relative_to(ROOT).as_posix() for path in (ROOT / "rules").rglob("*") if path.is_file()]
    assert data
    assert set(data) <= inside


def test_the_compact_form_of_the_rules_holds_what_they_hold(wheel: Path, tmp_path: Path) -> None:
    """Every file and page is read from it."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = "import json; from shapelint.knowledge import rule_pages, rules_folder as it; folder = it.folder();"
    script += "names = [p.relative_to(folder).as_posix() for p in sorted(folder.rglob('*.yaml'))];"
    script += (
        "print(json.dumps([len(it._compact()), [repr(it.load(one)) for one in names], repr(rule_pages.built_in())]))"
    )
    found = []
    for _ in range(2):
        made = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True)
        found.append(json.loads(made.stdout))
        (tmp_path / "shapelint" / "rules" / "compact.json").unlink(missing_ok=True)
    (compact, *contents), (none, *written) = found
    assert contents == written
    assert none == 0
    assert compact == len(contents[0]) + len(list((ROOT / "rules").glob("SL*.md")))


@pytest.mark.parametrize(("fixture", "needs"), [("python/lightly_1589.py", False), ("lightly-1589.yaml", True)])
def test_only_what_is_yaml_is_read_as_yaml(wheel: Path, tmp_path: Path, fixture: str, needs: bool) -> None:
    """With the compact rules, a script needs no PyYAML at all."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = "import sys; from shapelint.cli import start\ntry: start.run()\nexcept SystemExit: pass\n"
    script += "print('yaml' in sys.modules)"
    command = [sys.executable, "-c", script, "--isolated", "--no-cache", str(ROOT / "fixtures" / fixture)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "error[SL101]" in result.stdout
    assert result.stdout.endswith(f"{needs}\n")


def test_the_description_holds_without_the_repository(wheel: Path) -> None:
    """On the package index every link is an address, and the version is the one that the package has."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    text = str(metadata.get_payload())
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)]+)\)", re.sub(r"`[^`\n]*`", "", prose))
    assert len(links) > 12
    assert all(link.startswith("https://") for link in links)
    for link in links:
        inside = re.fullmatch(r"https://[^/]+/shapelint/shapelint/(?:blob/)?main/([^#]+).*", link)
        assert inside is None or (ROOT / inside[1]).is_file(), link
    assert metadata["Version"] == __version__
    assert {entry.partition(",")[0] for entry in metadata.get_all("Project-URL")} >= {"Source", "Changelog", "Issues"}


def test_it_lints_a_fixture(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True, capture_output=True)
    fixture = ROOT / "fixtures" / "lightly-1589.yaml"
    result = subprocess.run(
        [tmp_path / "env" / "bin" / "shapelint", "--output-format", "concise", str(fixture)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert result.returncode == 1
    assert "SL101 [*] projection_head expects 512 features, but backbone produces 256" in result.stdout
    assert result.stderr == ""
