"""All that a report depends on is asked of the disk in one place, and so is known; and the tests can fail."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import clean_environment
from conftest import ROOT
from import_graph import Sources, sources

QUESTIONS = {
    *("exists", "is_file", "is_dir", "is_symlink", "iterdir", "glob", "rglob", "stat", "lstat", "read_text", "open"),
    *("read_bytes", "samefile", "scandir", "listdir", "isfile", "isdir", "islink", "lexists", "realpath", "getsize"),
    *("getmtime", "access", "readlink", "content_of", "ZipFile", "is_zipfile"),
}
"""What functions and methods are called that ask the disk something."""
IN_PART = {"os.walk", "os.fwalk"}
"""Those whose names others have, too; and `resolve` without arguments is that of a path."""
MAY_ASK = {
    "shapelint.common.disk": "asks all questions",
    "shapelint.common.bounded_files": "reads for it",
    "shapelint.common.reads": "signatures of paths",
    "shapelint.common.cache_folder": "the cache is no part of what a report depends on, or is noted",
    "shapelint.common.whole_files": "writes files",
    "shapelint.checkpoints.pickled": "a checkpoint that is noted whole",
    "shapelint.checkpoints.safetensors": "a checkpoint that is noted whole",
    "shapelint.common.kept_entries": "what is kept",
    "shapelint.cli.streams": "a stream that is closed",
    "shapelint.cli.help": "whether a word is misspelt, which ends the run",
    "shapelint.cli.explain_crash": "is not kept",
    "shapelint.cli.show_settings": "is not kept",
    "shapelint.cli.watch": "starts runs of its own",
    "shapelint.editor.server": "is not kept",
    "shapelint.resolve.tracing_child": "makes a run one that is not kept",
    "shapelint.knowledge.class_attributes": "data of the package",
    "shapelint.knowledge.losses": "data of the package",
    "shapelint.knowledge.methods": "data of the package",
    "shapelint.knowledge.named_rows": "data of the package",
    "shapelint.knowledge.pretrained_data": "data of the package",
    "shapelint.knowledge.rule_pages": "data of the package; those of a team are asked for",
    "shapelint.knowledge.rules_folder": "data of the package",
    "shapelint.knowledge.timm_rows": "data of the package",
    "shapelint.signatures.known_models": "data of the package",
    "shapelint.signatures.nearest": "data of the package",
    "shapelint.signatures.versions": "names next to packages, which are noted",
}
"""Modules that ask the disk by themselves, with the reason."""


def asking(modules: Sources) -> list[str]:
    """Return the calls that ask the disk something, outside of the modules that may."""
    found = []
    for name, text in modules.items():
        if name in MAY_ASK or name.startswith("shapelint.trace."):
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            word = called.rpartition(".")[2]
            is_question = word in QUESTIONS or called in IN_PART or (word == "resolve" and not node.args)
            if is_question and not called.startswith("disk."):
                found.append(f"{name}:{node.lineno} {called}")
    return found


def test_nothing_else_asks_the_disk() -> None:
    assert asking(sources()) == []


def test_every_module_that_may_ask_is_there() -> None:
    assert set(MAY_ASK) <= set(sources())


@pytest.mark.parametrize(
    "line", ["os.path.isfile(x)", "open(x)", "Path(x).read_text()", "[*folder.glob('*')]", "x.resolve()", "os.walk(x)"]
)
def test_the_test_above_can_fail(line: str) -> None:
    assert asking({**sources(), "shapelint.read.other": line}) != []


PROBE = """
import json, os, sys
touched = set()
def hook(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], (str, bytes, os.PathLike)):
        touched.add(os.path.abspath(os.fsdecode(arguments[0])))
from shapelint.cli import kept_runs, start
kept = {}
kept_runs.KeptEntry.store = lambda place, content: kept.update(content)
sys.addaudithook(hook)
PATCH
sys.argv = ["shapelint", *ARGUMENTS]
try:
    start.run()
except SystemExit:
    pass
known = {os.path.abspath(path) for path in kept["reads"]["paths"]}
print(json.dumps([sorted(touched - known), len(known)]), file=sys.stderr)
"""


def unnoted(folder: Path, *arguments: str, patch: str = "") -> tuple[list[str], int]:
    """Return what a run opens or lists without a note, outside of what is installed, and how many paths it noted."""
    code = PROBE.replace("ARGUMENTS", repr(list(arguments))).replace("PATCH", patch)
    environment = clean_environment(SHAPELINT_CACHE_DIR=str(folder.parent / "cache"))
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, env=environment, timeout=600
    )
    opened, count = json.loads(result.stderr.splitlines()[-1])
    installed = (str(ROOT / "shapelint"), str(ROOT / "rules"), *map(os.path.realpath, (sys.prefix, sys.base_prefix)))
    own = (*installed, str(folder.parent / "cache"), os.devnull)
    return [path for path in opened if not os.path.realpath(path).startswith(own)], count


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with all fixtures, with settings, rules of a team, ignored files and a checkpoint."""
    folder = tmp_path_factory.mktemp("noted") / "repository"
    shutil.copytree(ROOT / "fixtures", folder)
    (folder / ".git").mkdir()
    (folder / ".gitignore").write_text("ignored/\n")
    (folder / "own-rules").mkdir()
    page = (ROOT / "rules" / "SL301-narrow-hidden-layer.md").read_text().replace("SL301", "TEAM001")
    (folder / "own-rules" / "page.md").write_text(page.replace("narrow-hidden-layer", "our-layer"))
    (folder / "shapelint.toml").write_text('rules = ["own-rules"]\n')
    return folder


def test_whatever_a_run_opens_or_lists_is_noted(repository: Path) -> None:
    opened, count = unnoted(repository, ".", "--output-format", "json")
    assert opened == []
    assert count > 200


@pytest.mark.parametrize("name", ["lightly-1589.yaml", "python/lightly_1589.py"])
def test_so_it_is_for_a_named_file_and_those_that_use_it(name: str, repository: Path) -> None:
    assert unnoted(repository, name, "--with-dependents", "--show-files")[0] == []


def test_the_test_of_what_is_opened_can_fail(repository: Path) -> None:
    forgetting = "from shapelint.common import reads; reads.Reads.note = lambda *arguments: None"
    assert unnoted(repository, "lightly-1589.yaml", patch=forgetting)[0] != []
