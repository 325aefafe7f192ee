"""Shared test helpers: data folders, `--update` for snapshots, a trusted project."""

from __future__ import annotations

import compileall
import os
import signal
from pathlib import Path

import pytest
from command_line import clean_environment

from shapelint.common import gitignore

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="write the expected reports anew; read the diff before committing"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Compile shapelint once: the tests start it a thousand times, also where Python writes no bytecode by itself.

    A shell that runs the tests in the background has them ignore SIGINT, and what they start would inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(ROOT / "shapelint", quiet=2)


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep traces of the tests separate from the user's."""
    os.environ["SHAPELINT_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """Return a folder that is empty, so far below those of other tests that none of their scripts is found from it."""
    alone = tmp_path.joinpath(*["alone"] * gitignore.MOST_FOLDERS_OUTSIDE)
    alone.mkdir(parents=True)
    return alone


@pytest.fixture
def trusting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project: a folder with an empty package `src/mynet`, which its settings trust."""
    package = tmp_path / "src" / "mynet"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (tmp_path / "shapelint.toml").write_text('trust = ["mynet"]\n')
    monkeypatch.setenv("SHAPELINT_ALLOW_TRUSTED", "1")
    monkeypatch.setenv("PYTHONPATH", clean_environment()["PYTHONPATH"])
    return tmp_path
